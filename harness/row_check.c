/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the rows of invocations.csv are such as a run writes. */
#include "row_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"

struct row_check_series {
	size_t rows, line; /* of the last one */
	double order;
};

/* The case and metric's own, begun where there is none. */
static struct row_check_series *series_of(struct row_check *check,
					  const char *id, const char *metric)
{
	size_t i = lookup_add(&check->index, id, metric, check->count);

	if (i < check->count)
		return &check->series[i];
	check->series = grow(check->series, check->count, &check->room,
			     sizeof(*check->series), "the invocations");
	check->series[check->count] =
		(struct row_check_series){ .order = -INFINITY };
	return &check->series[check->count++];
}

int row_check_add(struct row_check *check, struct csv_in *in, const char *id,
		  const char *metric, double order)
{
	struct row_check_series *s;

	if (++check->rows > INVOCATION_ROWS_MAX)
		return csv_refuse(in,
				  "more than %d rows; no run has as many: give "
				  "one run's file",
				  INVOCATION_ROWS_MAX);
	s = series_of(check, id, metric);
	/* a run counts its invocations and writes a case's one by one */
	if (order <= s->order)
		return csv_refuse(in,
				  "%.200s %.60s of invocation %.0f follows "
				  "that of %.0f on line %zu: rows are given "
				  "twice or were moved; make the file again",
				  id, metric, order, s->order, s->line);
	s->rows++;
	s->line = csv_line(in);
	if (!isnan(order))
		s->order = order;
	return 0;
}

int row_check_end(const struct row_check *check, struct csv_in *in,
		  const struct summary *summary)
{
	if (csv_check_end(in))
		return -1;
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->row[i];
		char id[SUMMARY_ID];
		size_t at, rows;

		/* of a case that failed later some rows may be there */
		if (!row->ok)
			continue;
		at = lookup_find(&check->index, summary_id(row, id, sizeof(id)),
				 row->metric);
		rows = at == LOOKUP_NONE ? 0 : check->series[at].rows;
		if ((double)rows != row->invocations)
			return csv_refuse(in,
					  "%.200s %.60s has %zu rows here and "
					  "%.0f invocations in summary.csv: "
					  "not of one run, or not whole; make "
					  "both again, or do without "
					  "invocations.csv",
					  id, row->metric, rows,
					  row->invocations);
	}
	return 0;
}

void row_check_free(struct row_check *check)
{
	lookup_free(&check->index);
	free(check->series);
	memset(check, 0, sizeof(*check));
}
