/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several runs of one machine, put together as one. */
#ifndef HANDOFF_POOL_RUN_H
#define HANDOFF_POOL_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "env_file.h"
#include "hist.h"
#include "series.h"
#include "summary.h"

/* One of the runs. */
struct pool_source {
	const char *path; /* of its directory */
	struct summary summary;
	struct series_set series;
	struct env_file env;
	double *min, *max;  /* of each row of its summary; NAN: none */
	struct lookup rows; /* which of its rows a case and metric is */
	bool has_histogram;
};

/* What a row of the pooled summary has beside it. */
struct pool_row {
	double min, max;
	size_t runs; /* that have a value of it */
	struct hist_sparse hist;
};

struct pool_run {
	struct pool_source *source;
	size_t sources;
	struct summary summary; /* a case's metrics together, in the order of
				 * the first run that has it */
	struct pool_row *row;   /* of each of its rows */
	struct env_file env;    /* the first run's; of what is not the same in
				 * all of them the source says so */
	char run[32];           /* the first one's name, and how many more */
	bool has_histogram;     /* all of them have one */
	size_t partial;         /* cases and metrics that not all runs have */
	size_t alone;           /* of those, how many just one has */
	struct lookup rows;
};

/*
 * Reads the runs in `path` and puts them together: values and intervals as
 * pool.h says, counts that agree as they are, totals added up, quantiles of all
 * samples. What some runs lack is taken from those that have it, with the flag
 * "runs:2/3". 0, or -1 with one line in err: a run that cannot be read, has no
 * invocations.csv, is of another machine or is given twice.
 */
int pool_run_read(struct pool_run *pool, char *const *path, size_t paths,
		  char *err, size_t size);
void pool_run_free(struct pool_run *pool);

/*
 * Writes summary.csv, invocations.csv, env.csv, and histogram.csv and
 * topology.xml where the runs have one, into dir, which is there. The run's
 * blocks and invocations are numbered on from one run to the next. 0, or -1
 * with one line in err.
 */
int pool_run_write(const struct pool_run *pool, const char *dir, char *err,
		   size_t size);

#endif
