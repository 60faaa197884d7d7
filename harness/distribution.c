/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a case's latencies are distributed, read back from histogram.csv. */
#include "distribution.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "grow.h"
#include "hist.h"
#include "lookup.h"
#include "run_table.h"
#include "summary.h"

enum { BENCH, VARIANT, PEER, PLACE, PARAM, METRIC, LOW, HIGH, SAMPLES, ALL };

static const char *const column[ALL] = { "bench", "variant", "peer",
					 "place", "param",   "metric",
					 "low",   "high",    "count" };

/* A case's buckets ascend: one that does not was there before, or was moved. */
struct ascent {
	double high;
	size_t line, buckets; /* 0: none yet */
};

static void add_bucket(struct distribution *d, double low, double high,
		       double count)
{
	d->bucket = grow(d->bucket, d->count, &d->room, sizeof(*d->bucket),
			 "distributions");
	if (!d->count || low < d->lowest)
		d->lowest = low;
	d->bucket[d->count++] =
		(struct distribution_bucket){ high, count, low };
}

static int check_bucket(struct csv_in *in, const char *id, struct ascent *last,
			double low, double high, double count)
{
	/* NAN, too: an empty field */
	if (!(low <= high) || !(count > 0))
		return csv_refuse(in,
				  "the bucket of %.200s from %g to %g holds "
				  "%g: no run writes such; make the file again",
				  id, low, high, count);
	if (++last->buckets > HIST_BUCKETS)
		return csv_refuse(in,
				  "more than %zu buckets of %.200s; no "
				  "histogram has as many: make the file again",
				  (size_t)HIST_BUCKETS, id);
	if (last->line && low < last->high)
		return csv_refuse(in,
				  "the bucket of %.200s from %g follows that "
				  "up to %g on line %zu: rows are given twice "
				  "or were moved; make the file again",
				  id, low, last->high, last->line);
	last->high = high;
	last->line = csv_line(in);
	return 0;
}

/* The row last read, where it is of one of these cases. */
static void take_row(struct csv_in *in, const int *at, const char *metric,
		     const struct lookup *cases, struct ascent *last,
		     struct distribution *of)
{
	double low = csv_field_num(in, at[LOW]);
	double high = csv_field_num(in, at[HIGH]);
	double count = csv_field_num(in, at[SAMPLES]);
	char id[SUMMARY_ID];
	size_t k;

	if (strcmp(csv_field(in, at[METRIC]), metric))
		return;
	run_table_id(in, at, id);
	k = lookup_find(cases, id, "");
	if (k != LOOKUP_NONE &&
	    !check_bucket(in, id, &last[k], low, high, count))
		add_bucket(&of[k], low, high, count);
}

int distribution_read(const char *dir, const char *const *id, size_t cases,
		      struct distribution *of, char *err, size_t size)
{
	return distribution_read_of(dir, "latency", id, cases, of, err, size);
}

int distribution_read_of(const char *dir, const char *metric,
			 const char *const *id, size_t cases,
			 struct distribution *of, char *err, size_t size)
{
	int at[ALL];
	struct csv_in *in = run_table_open(dir, "histogram.csv", column, at,
					   ALL, err, size);
	struct lookup index = { 0 };
	struct ascent *last;

	if (!in)
		return *err ? -1 : 0;
	last = calloc(cases + 1, sizeof(*last));
	if (!last)
		die("out of memory for distributions");
	for (size_t k = 0; k < cases; k++)
		lookup_add(&index, id[k], "", k);
	while (csv_read(in) > 0)
		take_row(in, at, metric, &index, last, of);
	lookup_free(&index);
	free(last);
	return run_table_close(in, err, size);
}

static int by_high(const void *a, const void *b)
{
	double x = ((const struct distribution_bucket *)a)->high;
	double y = ((const struct distribution_bucket *)b)->high;

	return (x > y) - (x < y);
}

void distribution_sort(struct distribution *d)
{
	if (d->count)
		qsort(d->bucket, d->count, sizeof(*d->bucket), by_high);
}

void distribution_free(struct distribution *d)
{
	free(d->bucket);
	*d = (struct distribution){ 0 };
}
