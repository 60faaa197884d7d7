/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows between every two PUs as tables of text: PU × PU, or, of a larger
 * machine, by what the two share. */
#include "pair_tables.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "pairs.h"
#include "stats.h"
#include "units.h"

/* What is printed, and how. */
struct print {
	const struct pairs *pairs;
	const char *bench, *metric;
	enum table_style style;
	FILE *out;
};

static void series_name(const struct pairs_series *s, char *buf, size_t size)
{
	const char *const part[] = { s->variant, s->peer, s->param };

	summary_join(part, 3, buf, size);
}

static struct table *new_table(size_t columns, size_t left)
{
	struct table *t = table_new(columns, left);

	if (!t)
		die("out of memory for a table");
	return t;
}

/* --------------------------------------------------------------- PU × PU */

/* So many at most: more would not fit, whatever they hold. */
enum { PUS_MAX = PAIR_TABLES_WIDTH / 5 };

static struct table *matrix(const struct print *p, const struct pairs_series *s)
{
	size_t pus = p->pairs->pus;
	const struct summary_row **row = calloc(pus * pus, sizeof(*row));
	struct table *t = new_table(pus + 1, 1);
	char name[160], value[UNITS_SIZE];

	if (!row)
		die("out of memory for a table");
	for (size_t i = 0; i < s->pairs; i++)
		row[s->pair[i].a * pus + s->pair[i].b] = s->pair[i].row;
	series_name(s, name, sizeof(name));
	table_cell(t, "%s", name);
	for (size_t b = 0; b < pus; b++)
		table_cell(t, "pu%d", p->pairs->pu[b].pu);
	for (size_t a = 0; a < pus; a++) {
		table_cell(t, "pu%d", p->pairs->pu[a].pu);
		for (size_t b = 0; b < pus; b++) {
			const struct summary_row *at = row[a * pus + b];

			if (!at)
				table_cell(t, "%s", a == b ? "·" : "");
			else if (!at->ok)
				table_cell(t, "%s", at->status);
			else
				table_cell(t, "%s",
					   units_value(value, sizeof(value),
						       at->unit, at->value));
		}
	}
	free(row);
	return t;
}

/* All series as matrices; false, and nothing printed: one is too wide. */
static bool print_matrices(const struct print *p)
{
	bool fits = p->pairs->pus <= PUS_MAX;

	for (size_t k = 0; fits && k < p->pairs->count; k++) {
		struct table *t = matrix(p, &p->pairs->series[k]);

		fits = table_width(t, p->style) <= PAIR_TABLES_WIDTH;
		table_free(t);
	}
	if (!fits)
		return false;
	fprintf(p->out,
		"%s %s between every two PUs: rows drive, columns "
		"answer.\n",
		p->bench, p->metric);
	for (size_t k = 0; k < p->pairs->count; k++) {
		fputc('\n', p->out);
		table_print(matrix(p, &p->pairs->series[k]), p->style, p->out);
	}
	return true;
}

/* ------------------------------------------------- by what the two share */

/* A pair's figure, and which it is. */
struct figure {
	double value;
	const struct pairs_row *pair;
};

static int by_value(const void *a, const void *b)
{
	const struct figure *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->pair < y->pair ? -1 : x->pair > y->pair;
}

static bool is_near(const struct pairs *pairs, const struct pairs_row *pair,
		    int near)
{
	return near == PAIRS_NEARS ||
	       pairs_near(&pairs->pu[pair->a], &pairs->pu[pair->b]) ==
		       (enum pairs_near)near;
}

/* A row of the table, of the pairs that are so near (PAIRS_NEARS: of all). */
static void add_row(struct table *t, const struct print *p,
		    const struct pairs_series *s, int near,
		    struct figure *figure)
{
	static const double quantile[] = { 0, 0.25, 0.5, 0.75, 1 };
	double *sorted = calloc(s->pairs + 1, sizeof(*sorted));
	size_t count = 0, lacking = 0;
	char name[160], value[UNITS_SIZE];
	const char *unit = "ns";

	if (!sorted)
		die("out of memory for a table");
	for (size_t i = 0; i < s->pairs; i++) {
		if (!is_near(p->pairs, &s->pair[i], near))
			continue;
		lacking += !s->pair[i].row->ok;
		if (!s->pair[i].row->ok)
			continue;
		unit = s->pair[i].row->unit;
		figure[count++] =
			(struct figure){ s->pair[i].row->value, &s->pair[i] };
	}
	if (count || lacking) {
		qsort(figure, count, sizeof(*figure), by_value);
		for (size_t i = 0; i < count; i++)
			sorted[i] = figure[i].value;
		series_name(s, name, sizeof(name));
		table_cell(t, "%s", name);
		table_cell(t, "%s",
			   near == PAIRS_NEARS ? "all" : pairs_near_name[near]);
		table_cell(t, "%zu", count);
		table_cell(t, "%zu", lacking);
		for (size_t q = 0; q < 5; q++)
			table_cell(
				t, "%s",
				!count ? "" :
					 units_value(
						 value, sizeof(value), unit,
						 stats_quantile(sorted, count,
								quantile[q])));
		for (int last = 0; last < 2; last++)
			table_cell(t, "%s",
				   !count ? "" :
					    figure[last ? count - 1 : 0]
						    .pair->row->place);
	}
	free(sorted);
}

/* PUs whose place is known, or there is nothing to tell apart. */
static bool is_located(const struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->pus; i++)
		if (pairs->pu[i].package < 0)
			return false;
	return true;
}

static void print_summary(const struct print *p, bool by_place)
{
	static const char *const column[] = {
		"the two share", "pairs", "none of", "lowest",    "25 %",
		"median",        "75 %",  "highest", "lowest is", "highest is"
	};
	enum { COLUMNS = sizeof(column) / sizeof(*column) };
	struct table *t = new_table(COLUMNS + 1, 2);
	struct figure *figure;
	size_t most = 0;

	for (size_t k = 0; k < p->pairs->count; k++)
		if (p->pairs->series[k].pairs > most)
			most = p->pairs->series[k].pairs;
	figure = calloc(most + 1, sizeof(*figure));
	if (!figure)
		die("out of memory for a table");
	table_cell(t, "%s %s", p->bench, p->metric);
	for (int i = 0; i < COLUMNS; i++)
		table_cell(t, "%s", column[i]);
	for (size_t k = 0; k < p->pairs->count; k++) {
		const struct pairs_series *s = &p->pairs->series[k];

		if (!by_place) {
			add_row(t, p, s, PAIRS_NEARS, figure);
			continue;
		}
		for (int near = 0; near < PAIRS_NEARS; near++)
			add_row(t, p, s, near, figure);
	}
	free(figure);
	table_print(t, p->style, p->out);
}

void pair_tables_print(const struct summary *s, const struct env_file *env,
		       const char *bench, const char *metric,
		       enum table_style style, bool chart, FILE *out)
{
	struct pairs pairs;
	struct print p = { &pairs, bench, metric, style, out };
	bool time;

	pairs_read(&pairs, s, env, bench, metric);
	if (pairs.count) {
		time = !strcmp(pairs.series->pair->row->unit, "ns") &&
		       strcmp(metric, "cpu_time");
		if (!time) {
			print_summary(&p, false);
		} else if (!print_matrices(&p)) {
			fprintf(out,
				"%s %s between every two of %zu PUs: %zu × %zu "
				"are too many for a table; here by what the "
				"two share. %s\n\n",
				bench, metric, pairs.pus, pairs.pus, pairs.pus,
				chart ? "Each is in charts/matrix.svg and in "
					"summary.csv." :
					"Each is in summary.csv.");
			print_summary(&p, is_located(&pairs));
		}
	}
	pairs_free(&pairs);
}
