/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This machine, open for a group of tests: its clock and its topology. */
#ifndef HANDOFF_TESTS_MACHINE_H
#define HANDOFF_TESTS_MACHINE_H

#include "clock.h"
#include "support.h"
#include "topo.h"

static struct clock ticks;

static inline int machine_open(void **state)
{
	char err[256];

	(void)state;
	end_if_it_hangs();
	clock_open(&ticks);
	clock_use(&ticks);
	return topo_open(NULL, err, sizeof(err));
}

/* The same, and how far the clocks of the first two PUs are apart. */
static inline int machine_open_apart(struct clock_offset *between)
{
	if (machine_open(NULL))
		return -1;
	if (topo_pu_count() > 1 &&
	    clock_compare(&ticks, topo_pu(0), topo_pu(1), topo_bind, between))
		return -1;
	return topo_bind(TOPO_ANY_PU);
}

static inline int machine_close(void **state)
{
	(void)state;
	topo_close();
	return 0;
}

#endif
