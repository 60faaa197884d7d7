/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a case's latencies are distributed, read back from histogram.csv. */
#ifndef HANDOFF_DISTRIBUTION_H
#define HANDOFF_DISTRIBUTION_H

#include <stddef.h>

#include "summary.h"

/* How many took so long. */
struct distribution_bucket {
	double high, count; /* ns: where it ends */
	double low;         /* ns: where it begins */
};

/* All zeros: empty. */
struct distribution {
	struct distribution_bucket *bucket;
	size_t count, room;
	double lowest; /* ns: where the first bucket begins */
};

/*
 * Whether DIR/histogram.csv, where there is one, is whole and of the run whose
 * summary this is: 0; or -1 with one line in err: "path:line: what; what to
 * do". Takes a microsecond or so a row, and memory for the summary's rows.
 */
int distribution_check(const char *dir, const struct summary *summary,
		       char *err, size_t size);

/*
 * Adds to of[i] the latencies of the case id[i], from DIR/histogram.csv where
 * there is one; buckets of several runs may stand twice, and in any order. 0,
 * or -1 with one line in err: "path:line: what; what to do". A file cut off,
 * a bucket given twice, or one such as no run writes is refused.
 */
int distribution_read(const char *dir, const char *const *id, size_t cases,
		      struct distribution *of, char *err, size_t size);

/* The same of another metric than the latency. */
int distribution_read_of(const char *dir, const char *metric,
			 const char *const *id, size_t cases,
			 struct distribution *of, char *err, size_t size);

/* The shortest first. */
void distribution_sort(struct distribution *d);
void distribution_free(struct distribution *d);

#endif
