/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run's invocations, read back as one series for each case and metric. */
#ifndef HANDOFF_SERIES_H
#define HANDOFF_SERIES_H

#include <stdbool.h>
#include <stddef.h>

#include "lookup.h"
#include "summary.h"

/* One metric of one case: what its invocations measured, in their order. */
struct series {
	double *value;
	size_t count, room;
	double noise; /* |ln ratio| of the two arms of an A/A run; 0: unknown */
};

struct series_set {
	struct series *series;
	size_t count, room;
	struct lookup index;  /* of each case id and metric */
	double clock_step_ns; /* 0: not recorded */
	bool is_there;        /* the run has an invocations.csv */
	int has_noise;        /* it was an A/A run */
};

/*
 * Reads DIR/invocations.csv, row by row; where it is there, what it needs of
 * DIR/env.csv, and DIR/noise.csv. Time grows with the rows, memory with the
 * values. 0, or -1 with one line in err: "path:line: what; what to do". Rows
 * given twice or such as no run writes, a file cut off, more than
 * INVOCATION_ROWS_MAX rows, not as many of a case as the run's summary says, or
 * a case that it lacks are refused.
 */
int series_read(struct series_set *set, const char *dir,
		const struct summary *summary, char *err, size_t size);
void series_free(struct series_set *set);

/* NULL: the run has no such case and metric. */
struct series *series_find(const struct series_set *set, const char *id,
			   const char *metric);

#endif
