/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run's invocations, read back as one series for each case and metric. */
#ifndef HANDOFF_SERIES_H
#define HANDOFF_SERIES_H

#include <stddef.h>

#include "cases.h"

/* One metric of one case: what its invocations measured, in their order. */
struct series {
	char id[CASE_ID], metric[16], unit[16];
	double *value;
	size_t count, room;
	double noise; /* |ln ratio| of the two arms of an A/A run; 0: unknown */
};

struct series_set {
	struct series *series;
	size_t count, room;
	double clock_step_ns;
};

/* Reads DIR/invocations.csv, what it needs of DIR/env.csv, and DIR/noise.csv
 * where it is there. Exits 2 with
 * "path:line: what" where they cannot be read. */
void series_read(struct series_set *set, const char *dir);
void series_free(struct series_set *set);

/* NULL: the run has no such case and metric. */
struct series *series_find(const struct series_set *set, const char *id,
			   const char *metric);

/* The value of a name in DIR/env.csv; malloc'd; NULL: not recorded. */
char *series_env(const char *dir, const char *name);

#endif
