/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many rows the files of a run will have, told before it begins: report and
 * compare read so many only. */
#include "row_count.h"

#include <math.h>
#include <stdio.h>

#include "row_check.h"
#include "summary.h"

/* System calls by name, of a case in which they are named: pairs, of which
 * there may be many, make none to four. */
static const double likely_names = 2;
/* No invocation takes less. */
static const double shortest_s = 0.008;

static double own_metrics(const struct test_case *c)
{
	const struct metric *metric =
		c->variant->metrics ? c->variant->metrics : c->bench->metrics;
	double count = 0;

	for (; metric && metric->name; metric++)
		count++;
	return fmax(count, 1);
}

static double kinds_counted(const struct test_case *c)
{
	double kinds = 0;

	for (unsigned kind = 1; kind <= COUNT_LAST; kind <<= 1)
		kinds += !!(c->bench->counts & kind);
	return kinds;
}

struct row_count row_count(const struct test_case *cases, size_t count,
			   const struct row_count_options *options)
{
	double times = (double)options->invocations * options->arms;
	struct row_count rows = { 0 };
	double timed = 0;

	for (size_t i = 0; i < count; i++) {
		const struct test_case *c = &cases[i];
		double own = own_metrics(c), kinds = kinds_counted(c);
		double names =
			c->bench->counts & COUNT_NAMES ? likely_names : 0;

		if (c->status != STATUS_OK) {
			rows.summary++;
			continue;
		}
		timed += times;
		rows.invocations += times * own;
		/* what is not counted has a row that says so */
		rows.summary +=
			own + kinds + (options->no_counts ? !!names : names);
		if (!options->no_counts)
			rows.invocations += 2 * kinds + names;
	}
	if (timed > 0)
		rows.invocations *=
			fmin(1, options->budget_s / shortest_s / timed);
	return rows;
}

int row_count_check(const struct test_case *cases, size_t count,
		    const struct row_count_options *options, char *err,
		    size_t size)
{
	struct row_count rows = row_count(cases, count, options);

	if (rows.summary > SUMMARY_ROWS_MAX) {
		snprintf(err, size,
			 "%zu cases make about %.0f rows, more than the %d "
			 "that report and compare read: name fewer (a pattern, "
			 "--places)",
			 count, rows.summary, SUMMARY_ROWS_MAX);
		return -1;
	}
	if (rows.invocations > INVOCATION_ROWS_MAX) {
		snprintf(err, size,
			 "%zu cases in %llu invocations make about %.0f rows "
			 "of invocations.csv, more than the %d that report and "
			 "compare read: lower --invocations, or name fewer (a "
			 "pattern, --places)",
			 count, (unsigned long long)options->invocations,
			 rows.invocations, INVOCATION_ROWS_MAX);
		return -1;
	}
	return 0;
}
