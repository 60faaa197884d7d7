/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run's invocations, read back as one series for each case and metric. */
#ifndef HANDOFF_SERIES_H
#define HANDOFF_SERIES_H

#include <stddef.h>

#include "lookup.h"

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
	int has_noise;        /* it was an A/A run */
};

/* Reads DIR/invocations.csv, row by row; what it needs of DIR/env.csv, and
 * DIR/noise.csv, where they are there. Time grows with the rows, memory with
 * the values. Exits 2 with "path:line: what" where they cannot be read. */
void series_read(struct series_set *set, const char *dir);
void series_free(struct series_set *set);

/* NULL: the run has no such case and metric. */
struct series *series_find(const struct series_set *set, const char *id,
			   const char *metric);

#endif
