/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A summary.csv made up row by row in the directory of the test, and read
 * back as a run's is. */
#ifndef HANDOFF_TESTS_MADE_UP_ROWS_H
#define HANDOFF_TESTS_MADE_UP_ROWS_H

#include <math.h>

#include "results.h"
#include "summary.h"
#include "support.h"

static FILE *rows;
static const char *rows_flags = ""; /* of all to come */

/* As a test's setup, too. */
static inline int rows_begin(void **state)
{
	(void)state;
	rows_flags = "";
	rows = fopen("summary.csv", "w");
	return rows ? fprintf(rows, "%s\n", RESULTS_SUMMARY_HEADER) < 0 : -1;
}

/* id: "bench/variant/peer/place/param" */
static inline void rows_id(const char *id)
{
	fputs("1,m,r,", rows);
	for (; *id; id++)
		fputc(*id == '/' ? ',' : *id, rows);
}

/* A measured row; no interval where low is NAN. */
static inline void rows_put(const char *id, const char *metric,
			    const char *unit, double value, double low,
			    double high)
{
	rows_id(id);
	fprintf(rows, ",%s,%s,ok,,16,1000,%.12g,", metric, unit, value);
	if (isnan(low))
		fputs(",,", rows);
	else
		fprintf(rows, "%.12g,%.12g,", low, high);
	/* what came out below 0 did so in some sample */
	if (value < 0)
		fprintf(rows, "%.12g,,,,,%.12g,", value, value);
	else
		fputs(",,,,,,", rows);
	fprintf(rows, "batch,%s\n", rows_flags);
}

static inline void rows_lack(const char *id, const char *metric,
			     const char *status, const char *reason)
{
	rows_id(id);
	fprintf(rows, ",%s,ns,%s,%s,,,,,,,,,,,,,\n", metric, status, reason);
}

/* No more rows come. */
static inline void rows_read(struct summary *s)
{
	char err[256];

	assert_int_equal(fclose(rows), 0);
	*s = (struct summary){ 0 };
	if (summary_read(s, "summary.csv", err, sizeof(err)))
		fail_msg("%s", err);
}

#endif
