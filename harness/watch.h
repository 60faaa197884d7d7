/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second of looking at the machine: who uses its CPUs, and how long a
 * thread that spins on each PU is kept from it. */
#ifndef HANDOFF_WATCH_H
#define HANDOFF_WATCH_H

#include <stddef.h>

#include "clock.h"
#include "env.h"
#include "noise.h"

enum {
	WATCH_PUS = 64,   /* that are spun on, at most */
	WATCH_LOOKS = 10, /* at what is runnable */
};

/* From how much of a PU on another's use counts. */
#define WATCH_USER_SHARE 0.1

/* The PUs that were spun on, and those beside them on the same cores. */
struct watch {
	struct noise_gaps gaps[WATCH_PUS];
	size_t count;
	int siblings[WATCH_PUS * 8];
	size_t sibling_count;
};

/*
 * Spins on our PUs for a second, and emits the facts doctor.* that doctor.h
 * lists, and those of env_changing() before and after. topo must be open; *w
 * zeroed. w->count is 0 where nothing could be spun on.
 */
void watch_machine(const struct clock *clock, env_emit *emit, void *ctx,
		   struct watch *w);

#endif
