/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a case's latencies are distributed, read back from histogram.csv. */
#include "distribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "grow.h"
#include "hist.h"
#include "lookup.h"
#include "run_table.h"
#include "summary.h"

enum {
	BENCH,
	VARIANT,
	PEER,
	PLACE,
	PARAM,
	METRIC,
	UNIT,
	LOW,
	HIGH,
	SAMPLES,
	ALL
};

static const char *const column[ALL] = { "bench", "variant", "peer", "place",
					 "param", "metric",  "unit", "low",
					 "high",  "count" };

/* A case's buckets ascend: one that does not was there before, or was moved. */
struct ascent {
	double high;
	double samples;
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
	if (!(low <= high) || !(count >= 1) || count != floor(count))
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
	last->samples += count;
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

/* Of a case that went wrong later the buckets may be there, and its one row is
 * of another metric. */
static int check_is_lacking(struct csv_in *in, const char *id,
			    struct lookup *cases)
{
	if (lookup_find(cases, id, "") == 0)
		return 0;
	return csv_refuse(in,
			  "%.200s %.60s is not in summary.csv: that file is "
			  "cut off, or the two are not of one run; give both "
			  "as handoff wrote them, or do without histogram.csv",
			  id, csv_field(in, csv_column(in, "metric")));
}

static int check_row(struct csv_in *in, const int *at,
		     const struct summary *summary, struct lookup *cases,
		     struct ascent *last)
{
	double low = csv_field_num(in, at[LOW]);
	double high = csv_field_num(in, at[HIGH]);
	double count = csv_field_num(in, at[SAMPLES]);
	const struct summary_row *row;
	char id[SUMMARY_ID];

	if (csv_error(in))
		return -1;
	run_table_id(in, at, id);
	row = summary_exact(summary, id, csv_field(in, at[METRIC]));
	if (!row)
		return check_is_lacking(in, id, cases);
	if (strcmp(csv_field(in, at[UNIT]), row->unit))
		return csv_refuse(
			in,
			"unit is '%.40s', and in summary.csv '%.40s'; "
			"give both files as handoff wrote them",
			csv_field(in, at[UNIT]), row->unit);
	return check_bucket(in, id, &last[row - summary->row], low, high,
			    count);
}

/* After the last row: what has buckets has as many samples as it should, and
 * what has a median has buckets. */
static int check_samples(struct csv_in *in, const struct summary *summary,
			 const struct ascent *last)
{
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->row[i];
		char id[SUMMARY_ID];

		if (!row->ok || last[i].samples == row->samples ||
		    (!last[i].buckets && isnan(row->p50)))
			continue;
		return csv_refuse(in,
				  "%.200s %.60s has %.0f samples here and %.0f "
				  "in summary.csv: not of one run, or not "
				  "whole; make both again, or do without "
				  "histogram.csv",
				  summary_id(row, id, sizeof(id)), row->metric,
				  last[i].samples, row->samples);
	}
	return 0;
}

int distribution_check(const char *dir, const struct summary *summary,
		       char *err, size_t size)
{
	int at[ALL];
	struct csv_in *in = run_table_open(dir, "histogram.csv", column, at,
					   ALL, err, size);
	struct ascent *last;
	struct lookup cases = { 0 };

	if (!in)
		return *err ? -1 : 0;
	last = calloc(summary->count + 1, sizeof(*last));
	if (!last)
		die("out of memory for distributions");
	summary_cases(summary, &cases);
	while (csv_read(in) > 0)
		check_row(in, at, summary, &cases, last);
	if (!csv_check_end(in))
		check_samples(in, summary, last);
	lookup_free(&cases);
	free(last);
	return run_table_close(in, err, size);
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
