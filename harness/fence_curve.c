/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a fence costs over the stores outstanding before it, in four figures:
 * with none, the step at the first, and what each more adds. */
#include "fence_curve.h"

#include <math.h>
#include <string.h>

#include "tables.h"

static const struct fence_figure unknown = { NAN, { NAN, NAN } };

static struct fence_figure figure_at(const struct summary *s,
				     const struct summary_row *of,
				     unsigned outstanding)
{
	const struct summary_row *row;
	char param[32];

	snprintf(param, sizeof(param), "outstanding=%u", outstanding);
	row = summary_beside(s, of, NULL, NULL, param, "latency");
	return row && row->ok ? (struct fence_figure){ row->value, row->ci } :
				unknown;
}

/* What each store more adds between two numbers of them. */
static struct fence_figure slope(const struct summary *s,
				 const struct summary_row *of, unsigned from,
				 unsigned to)
{
	struct fence_figure low = figure_at(s, of, from),
			    high = figure_at(s, of, to);
	double stores = to - from;

	return (struct fence_figure){
		(high.value - low.value) / stores,
		{ (high.ci.low - low.ci.high) / stores,
		  (high.ci.high - low.ci.low) / stores },
	};
}

struct fence_curve fence_curve_of(const struct summary *s,
				  const struct summary_row *row)
{
	return (struct fence_curve){
		.none = figure_at(s, row, 0),
		.step = slope(s, row, 0, 1),
		.early = slope(s, row, 1, 8),
		.late = slope(s, row, 8, 32),
	};
}

static void cell(struct table *t, const struct fence_figure *f)
{
	if (isnan(f->value))
		table_cell(t, "%s", "");
	else if (isnan(f->ci.low) || isnan(f->ci.high))
		table_cell(t, "%.2f", f->value);
	else
		table_cell(t, "%.2f [%.2f, %.2f]", f->value, f->ci.low,
			   f->ci.high);
}

static struct table *begin(void)
{
	static const char *const head[] = { "fence, ns", "no store outstanding",
					    "the first adds",
					    "each more to 8 adds",
					    "each more to 32 adds" };
	struct table *t = table_new(sizeof(head) / sizeof(*head), 1);

	for (size_t i = 0; i < sizeof(head) / sizeof(*head); i++)
		table_cell(t, "%s", head[i]);
	return t;
}

void fence_curve_print(const struct summary *s, FILE *out)
{
	struct table *t = NULL;

	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];
		struct fence_curve c;

		if (!row->ok || strcmp(row->bench, "fence") ||
		    strcmp(row->metric, "latency") ||
		    strcmp(row->param, "outstanding=0"))
			continue;
		c = fence_curve_of(s, row);
		if (isnan(c.step.value))
			continue;
		if (!t)
			t = begin();
		table_cell(t, "`%s`", row->variant);
		cell(t, &c.none);
		cell(t, &c.step);
		cell(t, &c.early);
		cell(t, &c.late);
	}
	if (!t)
		return;
	fputc('\n', out);
	table_print(t, TABLE_MARKDOWN, out);
	fputs("\nThe plain names are of stores that miss every cache. What "
	      "waits for them pays for the first; those behind it miss at the "
	      "same time and add less. A plain store waits for none.\n",
	      out);
}
