/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a fence costs over the stores outstanding before it, in five figures:
 * with none, the step at the first, what each more adds, and all told. */
#include "fence_curve.h"

#include <math.h>
#include <stdlib.h>
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
	row = summary_beside(s, of, (struct summary_other){ .param = param },
			     "latency");
	return row && row->ok ? (struct fence_figure){ row->value, row->ci } :
				unknown;
}

/* What more stores add, between two numbers of them. */
static struct fence_figure rise(const struct summary *s,
				const struct summary_row *of, unsigned from,
				unsigned to)
{
	struct fence_figure low = figure_at(s, of, from),
			    high = figure_at(s, of, to);

	return (struct fence_figure){
		high.value - low.value,
		{ high.ci.low - low.ci.high, high.ci.high - low.ci.low },
	};
}

/* And each of them. */
static struct fence_figure slope(const struct summary *s,
				 const struct summary_row *of, unsigned from,
				 unsigned to)
{
	struct fence_figure all = rise(s, of, from, to);
	double stores = to - from;

	return (struct fence_figure){
		all.value / stores,
		{ all.ci.low / stores, all.ci.high / stores },
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
		.whole = rise(s, row, 0, 32),
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
	static const char *const head[] = { "fence, ns",
					    "no store outstanding",
					    "the first adds",
					    "each more to 8 adds",
					    "each more to 32 adds",
					    "32 add, all told" };
	struct table *t = table_new(sizeof(head) / sizeof(*head), 1);

	for (size_t i = 0; i < sizeof(head) / sizeof(*head); i++)
		table_cell(t, "%s", head[i]);
	return t;
}

/* ------------------------------------------------- in which order they come */

/* Where the stores go is the end of a variant's name, unless they miss. */
static bool misses(const char *variant)
{
	static const char *const hit[] = { "_same_line", "_l1", "_l2", "_l3" };
	size_t n = strlen(variant);

	for (size_t i = 0; i < sizeof(hit) / sizeof(*hit); i++) {
		size_t m = strlen(hit[i]);

		if (n > m && !strcmp(variant + n - m, hit[i]))
			return false;
	}
	return true;
}

static int by_value(const void *a, const void *b)
{
	const struct summary_row *const *p = a, *const *q = b;

	return ((*p)->value > (*q)->value) - ((*p)->value < (*q)->value);
}

/* "`a` 1.00 ≈ `b` 1.10 < `c` 5.00": ≈ unless the intervals are apart. */
static bool print_order(const struct summary *s, unsigned outstanding,
			const char *head, FILE *out)
{
	enum { MOST = 16 };
	const struct summary_row *row[MOST];
	char param[32];
	size_t n = 0;

	snprintf(param, sizeof(param), "outstanding=%u", outstanding);
	for (size_t i = 0; i < s->count && n < MOST; i++)
		if (s->row[i].ok && !strcmp(s->row[i].bench, "fence") &&
		    !strcmp(s->row[i].metric, "latency") &&
		    !strcmp(s->row[i].param, param) &&
		    misses(s->row[i].variant))
			row[n++] = &s->row[i];
	if (n < 2)
		return false;
	qsort(row, n, sizeof(*row), by_value);
	fputs(head, out);
	for (size_t i = 0; i < n; i++) {
		if (i)
			fputs(row[i - 1]->ci.high < row[i]->ci.low ? " < " :
								     " ≈ ",
			      out);
		fprintf(out, "`%s` %.2f", row[i]->variant, row[i]->value);
	}
	return true;
}

/* A locked instruction by itself is a full fence; MFENCE orders more kinds of
 * memory, and some processors take it for serialising (Intel SDM 3A, 9.2.5). */
static const char why_apart[] =
	"`xchg` is store and fence in one, `mov_lock_add` a store and a "
	"locked instruction on the stack; `mov_mfence` orders non-temporal "
	"stores, too. Behind stores that miss all of them wait for the same.\n";

static void print_orders(const struct summary *s, FILE *out)
{
	bool any =
		print_order(s, 0, "\nIn order, with none outstanding: ", out);

	any |= print_order(
		s, 32,
		any ? "; with 32: " : "\nIn order, with 32 outstanding: ", out);
	if (!any)
		return;
	fputs(" (ns; ≈ where two that follow each other cannot be told apart "
	      "by their 95 % intervals). ",
	      out);
	fputs(summary_find(s, "fence/mov_lock_add/-/-/outstanding=0",
			   "latency") ?
		      why_apart :
		      "\n",
	      out);
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
		cell(t, &c.whole);
	}
	if (!t)
		return;
	fputc('\n', out);
	table_print(t, TABLE_MARKDOWN, out);
	fputs("\nThe plain names are of stores that miss every cache. What "
	      "waits for them pays for the first; those behind it miss at the "
	      "same time and add less. A plain store waits for none.\n",
	      out);
	print_orders(s, out);
}
