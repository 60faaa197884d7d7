/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One value and interval from several runs of one machine. */
#ifndef HANDOFF_POOL_H
#define HANDOFF_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "stats.h"

/*
 * Runs of one machine differ by more than their invocations make likely: it was
 * started anew, the memory lies elsewhere, a neighbour has left. So the run is
 * a level of its own (Kalibera and Jones, 2013, "Rigorous Benchmarking in
 * Reasonable Time"): the unit of an interval is the run, as within a run it is
 * the invocation. All invocations in one heap would give 95 % intervals that
 * cover the truth six times in ten where runs differ by 5 % and invocations by
 * 2 % (tests/test_pool.c).
 *
 * Values are in any unit, NAN where nothing can be told.
 */
struct pool_sample {
	const double *value; /* one an invocation */
	size_t count;
};

struct pool_estimate {
	double value;
	struct interval ci; /* NAN: fewer than two runs, that do not agree */
};

/*
 * The mean of the runs' medians, with the t interval of runs - 1 degrees of
 * freedom; of their logarithms where all are above 0, so that it is the
 * geometric mean. It reaches at least as far as the interval of the median of
 * all invocations: few runs may be alike by chance. Exact for runs that differ
 * normally, or lognormally, however they and their invocations do: at 95 % it
 * covers 94 to 97 % from two runs on. Runs without an invocation do not count.
 */
struct pool_estimate pool_times(const struct pool_sample *run, size_t runs,
				double level);

/* Counts: where no invocation of any run is further than 0.005 from another,
 * there are two of them and more, the median of all and what they span; else
 * as pool_times(). */
struct pool_estimate pool_counts(const struct pool_sample *run, size_t runs,
				 double level);

/* Totals: all that they came to, without an interval. */
struct pool_estimate pool_totals(const struct pool_sample *run, size_t runs);

#endif
