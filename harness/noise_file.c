/* SPDX-License-Identifier: GPL-3.0-or-later */
/* noise.csv, read back: what the two arms of an A/A run differ by. */
#include "noise_file.h"

#include <math.h>
#include <string.h>

#include "field_rule.h"
#include "run_table.h"

enum { BENCH, VARIANT, PEER, PLACE, PARAM, METRIC, SPREAD, ALL };

static const char *const column[ALL] = { "bench", "variant", "peer",  "place",
					 "param", "metric",  "spread" };

static const struct field_rule rule[] = {
	{ "invocations", FIELD_WHOLE, false },
	{ "ratio", FIELD_AMOUNT, true },
	{ "ci_low", FIELD_AMOUNT, true },
	{ "ci_high", FIELD_AMOUNT, true },
	{ "p", FIELD_SHARE, true },
	{ "p_adjusted", FIELD_SHARE, true },
	{ "spread", FIELD_AMOUNT, true },
};

enum { RULES = sizeof(rule) / sizeof(*rule) };

struct reader {
	struct csv_in *in;
	const struct summary *summary;
	int at[ALL], rule_at[RULES], low, high, machine, run;
	struct lookup cases; /* of the summary */
	struct lookup lines; /* of each case and metric so far */
};

static int check_is_of_run(struct reader *r, const char *id)
{
	const struct summary_row *row = r->summary->row;

	if (!r->summary->count)
		return 0;
	if ((r->machine >= 0 &&
	     strcmp(csv_field(r->in, r->machine), row->machine)) ||
	    (r->run >= 0 && strcmp(csv_field(r->in, r->run), row->run)))
		return csv_refuse(r->in,
				  "of machine '%.60s' and run '%.40s', and "
				  "summary.csv is of '%.60s' and '%.40s'; give "
				  "the files of one run",
				  csv_field(r->in, r->machine),
				  csv_field(r->in, r->run), row->machine,
				  row->run);
	if (lookup_find(&r->cases, id, "") != LOOKUP_NONE)
		return 0;
	return csv_refuse(r->in,
			  "%.200s is not in summary.csv: that file is cut off, "
			  "or the two are not of one run; give both as handoff "
			  "wrote them, or do without noise.csv",
			  id);
}

static int check_row(struct reader *r, const char *id, const char *metric)
{
	size_t line = csv_line(r->in), first;

	if (field_rules_check(r->in, rule, r->rule_at, RULES) ||
	    check_is_of_run(r, id))
		return -1;
	if (csv_field_num(r->in, r->low) > csv_field_num(r->in, r->high))
		return csv_refuse(
			r->in,
			"ci_low is %.40s, above ci_high, %.40s; " FIELD_ADVICE,
			csv_field(r->in, r->low), csv_field(r->in, r->high));
	first = lookup_add(&r->lines, id, metric, line);
	return first == line ? 0 :
			       csv_refuse(r->in,
					  "%.200s %.60s is given on line %zu "
					  "already; remove one",
					  id, metric, first);
}

int noise_file_read(const char *dir, const struct summary *summary,
		    noise_file_take *take, void *ctx, char *err, size_t size)
{
	struct reader r = { .summary = summary };

	r.in = run_table_open(dir, "noise.csv", column, r.at, ALL, err, size);
	if (!r.in)
		return *err ? -1 : 0;
	field_rules_find(r.in, rule, r.rule_at, RULES);
	r.low = csv_column(r.in, "ci_low");
	r.high = csv_column(r.in, "ci_high");
	r.machine = csv_column(r.in, "machine");
	r.run = csv_column(r.in, "run");
	summary_cases(summary, &r.cases);
	while (csv_read(r.in) > 0) {
		const char *metric = csv_field(r.in, r.at[METRIC]);
		char id[SUMMARY_ID];

		run_table_id(r.in, r.at, id);
		if (!check_row(&r, id, metric) && take)
			take(ctx, id, metric,
			     csv_field_num(r.in, r.at[SPREAD]));
	}
	lookup_free(&r.cases);
	lookup_free(&r.lines);
	return run_table_close(r.in, err, size) ? -1 : 1;
}
