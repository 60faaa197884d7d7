/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One invocation: a fresh process that measures one case. What the runner asks
 * of it and what it answers, in memory both map. */
#ifndef HANDOFF_INVOCATION_H
#define HANDOFF_INVOCATION_H

#include <limits.h>

#include "cases.h"
#include "clock.h"
#include "counts.h"
#include "noise.h"
#include "sample.h"

/* The hidden first argument that makes a handoff process an invocation; the
 * second is the descriptor of the shared memory. */
#define INVOCATION_ARGUMENT "--invocation"

struct invocation {
	/* asked */
	char bench[32], variant[32];
	enum peer peer;
	uint64_t value;
	int pu_a, pu_b;
	enum run_mode mode;
	struct sample_plan plan;
	enum counts_method counts;
	struct clock clock;
	bool clocks_agree;
	struct clock_offset offset;   /* between the clocks of pu_a and pu_b */
	char topology[PATH_MAX + 32]; /* hwloc XML */
	int topology_fd;              /* closed once it is read; -1: none */
	char helper[PATH_MAX + 32];   /* the exec'd program */
	pid_t runner;
	bool fifo; /* measure under SCHED_FIFO */
	/* answered */
	bool answered;
	int died_of; /* an errno, of a party that was refused a system call */
	enum status status;
	char reason[CASE_REASON];
	struct counts_traced traced;
	struct sample sample;
	/* added by the runner: what the kernel booked meanwhile on the PUs
	 * used; foreign_s: time that was not this invocation's */
	struct noise_books books;
	double foreign_s, wall_s;
	bool outside; /* it could not be taken, for a reason (in `reason`) that
		       * is none of the case's: the rest of the case counts */
};

/* Measures what the shared memory behind fd asks for; the process's exit
 * code. */
int invocation_main(int fd);

#endif
