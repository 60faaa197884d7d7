/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The runner: cases in randomised blocks, each invocation a fresh process
 * with a deadline, results and environment into a directory. */
#ifndef HANDOFF_RUNNER_H
#define HANDOFF_RUNNER_H

#include <stdint.h>

#include "cases.h"

struct run_options {
	struct case_filter filter;
	const char *dir; /* where the files go; NULL: results/… */
	double budget_s;
	uint64_t invocations; /* of each case */
	uint64_t seed;
	double deadline_s; /* of one invocation; 0: chosen */
	double precision;  /* blocks are added until every headline's interval
			    * reaches no further than this share to either
			    * side; 0: no */
	int aa;            /* every case as two interleaved arms; noise.csv */
	int no_counts;     /* time only; leaves no trace in the scheduler */
	const char *tune;  /* "fifo,cpu-dma-latency", or NULL */
};

enum { RUNNER_INVOCATIONS = 10 };

/*
 * Measures and writes summary.csv, invocations.csv, histogram.csv, env.csv and
 * topology.xml. dir: the directory used, for the report; size PATH_MAX.
 * Returns an exit code (0, 1: a case failed, 2: the directory cannot be
 * written, 130: interrupted, what was measured is written).
 */
int runner_run(const struct run_options *options, char *dir);

#endif
