/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the rows of invocations.csv are such as a run writes. */
#include "row_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "field_rule.h"
#include "grow.h"

struct row_check_series {
	size_t rows, line; /* of the last one */
	double order;
};

/* What the kernel would not tell is empty; and so is what an older run did not
 * write, which lacks the column. */
static const struct field_rule rule[] = {
	{ "unit", FIELD_WORD, false },
	{ "block", FIELD_WHOLE, false },
	{ "order", FIELD_WHOLE, false },
	{ "arm", FIELD_FLAG, false },
	{ "value", FIELD_NUMBER, false },
	{ "samples", FIELD_WHOLE, false },
	{ "batches", FIELD_WHOLE, false },
	{ "batch_n", FIELD_WHOLE, false },
	{ "elapsed_ns", FIELD_AMOUNT, true },
	{ "pu_a", FIELD_WHOLE, true },
	{ "pu_b", FIELD_WHOLE, true },
	{ "voluntary", FIELD_WHOLE, true },
	{ "involuntary", FIELD_WHOLE, true },
	{ "faults", FIELD_WHOLE, true },
	{ "cpu_ns", FIELD_WHOLE, true },
	{ "peer_voluntary", FIELD_WHOLE, true },
	{ "peer_involuntary", FIELD_WHOLE, true },
	{ "peer_faults", FIELD_WHOLE, true },
	{ "peer_cpu_ns", FIELD_WHOLE, true },
	{ "drift", FIELD_FLAG, true },
	{ "disturbed", FIELD_FLAG, true },
	{ "disturbed_batches", FIELD_WHOLE, true },
	{ "moves", FIELD_WHOLE, true },
	{ "lost_ns", FIELD_AMOUNT, true },
	{ "foreign_s", FIELD_AMOUNT, true },
	{ "steal_s", FIELD_NUMBER, true }, /* some kernels' goes backwards */
	{ "interrupts", FIELD_WHOLE, true },
	{ "gap_before_ns", FIELD_AMOUNT, true },
	{ "gap_after_ns", FIELD_AMOUNT, true },
};

_Static_assert(sizeof(rule) / sizeof(*rule) == ROW_CHECK_RULES,
	       "each rule has a column");

void row_check_begin(struct row_check *check, const struct csv_in *in,
		     const struct summary *summary)
{
	memset(check, 0, sizeof(*check));
	check->summary = summary;
	check->count = summary->count;
	check->room = summary->count + 1;
	check->series = calloc(check->room, sizeof(*check->series));
	if (!check->series)
		die("out of memory for the invocations");
	for (size_t i = 0; i < check->count; i++)
		check->series[i].order = -INFINITY;
	field_rules_find(in, rule, check->at, ROW_CHECK_RULES);
	check->pass = csv_column(in, "pass");
}

static int check_pass(const struct row_check *check, struct csv_in *in)
{
	static const char *const name[] = { "trace", "names", "count", "time" };
	const char *pass = csv_field(in, check->pass);

	if (check->pass < 0)
		return 0;
	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++)
		if (!strcmp(pass, name[i]))
			return 0;
	return csv_refuse(in,
			  "pass '%.40s' is none of trace, names, count and "
			  "time; " FIELD_ADVICE,
			  pass);
}

/* What the summary has no row of may be of a case that went wrong after some
 * invocations: of that it has one row, which says why. */
static int check_other(struct row_check *check, struct csv_in *in,
		       const char *id, const char *metric)
{
	if (!check->summary->count)
		return 0;
	if (!check->cases.used)
		summary_cases(check->summary, &check->cases);
	if (lookup_find(&check->cases, id, "") == 0)
		return 0;
	return csv_refuse(
		in,
		"%.200s %.60s is not in summary.csv: that file is cut "
		"off, or the two are not of one run; give both as "
		"handoff wrote them, or do without invocations.csv",
		id, metric);
}

static int check_unit(struct row_check *check, struct csv_in *in,
		      const struct summary_row *row)
{
	const char *unit = csv_field(in, check->at[0]);

	/* of a file without units, or a summary made by hand */
	if (!*unit || !row->unit || !strcmp(unit, row->unit))
		return 0;
	return csv_refuse(in,
			  "unit is '%.40s', and in summary.csv '%.40s'; give "
			  "both files as handoff wrote them",
			  unit, row->unit);
}

/* The case and metric's own, begun where there is none; NULL and an error of
 * `in`. */
static struct row_check_series *series_of(struct row_check *check,
					  struct csv_in *in, const char *id,
					  const char *metric)
{
	const struct summary_row *row =
		summary_exact(check->summary, id, metric);
	size_t i;

	if (row)
		return check_unit(check, in, row) ?
			       NULL :
			       &check->series[row - check->summary->row];
	if (check_other(check, in, id, metric))
		return NULL;
	i = lookup_add(&check->others, id, metric, check->count);
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
	if (field_rules_check(in, rule, check->at, ROW_CHECK_RULES) ||
	    check_pass(check, in))
		return -1;
	s = series_of(check, in, id, metric);
	if (!s)
		return -1;
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

int row_check_end(const struct row_check *check, struct csv_in *in)
{
	const struct summary *summary = check->summary;

	if (csv_check_end(in))
		return -1;
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->row[i];
		size_t rows = check->series[i].rows;
		char id[SUMMARY_ID];

		/* of a case that failed later some rows may be there */
		if (row->ok && (double)rows != row->invocations)
			return csv_refuse(in,
					  "%.200s %.60s has %zu rows here and "
					  "%.0f invocations in summary.csv: "
					  "not of one run, or not whole; make "
					  "both again, or do without "
					  "invocations.csv",
					  summary_id(row, id, sizeof(id)),
					  row->metric, rows, row->invocations);
	}
	return 0;
}

void row_check_free(struct row_check *check)
{
	lookup_free(&check->others);
	lookup_free(&check->cases);
	free(check->series);
	memset(check, 0, sizeof(*check));
}
