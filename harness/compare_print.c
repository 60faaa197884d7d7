/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A comparison as tables: for a terminal, or in Markdown. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "die.h"
#include "tables.h"
#include "units.h"

struct page {
	const struct comparison *c;
	enum table_style style;
	FILE *out;
};

static bool is_markdown(const struct page *page)
{
	return page->style == TABLE_MARKDOWN;
}

static void heading(const struct page *page, const char *text)
{
	fprintf(page->out, is_markdown(page) ? "\n## %s\n\n" : "\n", text);
}

static struct table *new_table(size_t columns, size_t left)
{
	struct table *t = table_new(columns, left);

	if (!t)
		die("out of memory for a table");
	return t;
}

/* A long value is cut, at the end of a character. */
static void cut_cell(struct table *t, const char *text, size_t most)
{
	size_t length = strlen(text);

	if (length <= most) {
		table_cell(t, "%s", text);
		return;
	}
	length = most;
	while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	table_cell(t, "%.*s…", (int)length, text);
}

/* ------------------------------------------------------ what is compared */

static void print_groups(const struct page *page)
{
	const struct comparison *c = page->c;
	const char *bullet = is_markdown(page) ? "- " : "";

	for (size_t g = 0; g < c->groups; g++) {
		const struct compare_group *group = &c->group[g];

		fprintf(page->out, "%s%s: %s", bullet, group->label,
			group->name);
		for (size_t i = 0; i < group->runs; i++) {
			const struct compare_run *run = &c->run[group->run[i]];

			if (strcmp(run->path, group->name))
				fprintf(page->out, "%s%s", i ? ", " : "  ",
					run->path);
		}
		fputc('\n', page->out);
	}
}

static void print_lines(const struct page *page, const char *what,
			char *const *line, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(page->out, "%s%s: %s\n", is_markdown(page) ? "- " : "",
			what, line[i]);
}

/* On a terminal only what is known to matter. */
static void print_differences(const struct page *page)
{
	const struct comparison *c = page->c;
	size_t minor = 0, most = is_markdown(page) ? 160 :
				 c->groups == 2    ? 60 :
				 c->groups <= 4    ? 32 :
						     18;
	struct table *t = new_table(1 + c->groups, 1 + c->groups);

	heading(page, "What differs between the machines");
	table_cell(t, "differs");
	for (size_t g = 0; g < c->groups; g++)
		table_cell(t, "%s", c->group[g].label);
	for (size_t i = 0; i < c->differences; i++) {
		const struct compare_difference *d = &c->difference[i];

		minor += d->minor;
		if (d->minor && !is_markdown(page))
			continue;
		table_cell(t, "%s", d->name);
		for (size_t g = 0; g < c->groups; g++)
			cut_cell(t, d->value[g], most);
	}
	if (c->differences > minor || (minor && is_markdown(page)))
		table_print(t, page->style, page->out);
	else
		table_free(t);
	if (!c->differences)
		fputs("nothing that is recorded differs between the "
		      "machines\n",
		      page->out);
	if (minor && !is_markdown(page))
		fprintf(page->out,
			"%zu other setting%s of env.csv: -o DIR or --format "
			"markdown shows %s\n",
			minor, minor == 1 ? "" : "s",
			minor == 1 ? "it" : "them");
}

/* -------------------------------------------------------------- results */

static void value_cell(struct table *t, const struct compare_row *row, size_t g)
{
	char text[UNITS_SIZE];

	table_cell(t, "%s",
		   units_value(text, sizeof(text), row->row->unit,
			       row->side[g].value));
}

static void ratio_cell(struct table *t, const struct compare_pairing *p)
{
	if (isnan(p->ratio))
		table_cell(t, "-");
	else if (isnan(p->ci.low))
		table_cell(t, "%.3f", p->ratio);
	else
		table_cell(t, "%.3f [%.3f, %.3f]", p->ratio, p->ci.low,
			   p->ci.high);
}

static void verdict_cell(struct table *t, const struct compare_pairing *p,
			 bool bold)
{
	const char *mark = bold && (p->verdict == COMPARE_FASTER ||
				    p->verdict == COMPARE_SLOWER ||
				    p->verdict == COMPARE_DIFFERS) ?
				   "**" :
				   "";

	if (p->verdict == COMPARE_INCONCLUSIVE && !isnan(p->detectable))
		table_cell(t, "inconclusive (sees %.1f %%)",
			   100 * p->detectable);
	else if (p->verdict == COMPARE_INCONCLUSIVE)
		table_cell(t, "inconclusive (%s)", p->basis);
	else
		table_cell(t, "%s%s%s", mark, compare_verdict_name(p->verdict),
			   mark);
}

/* Counts that are the same are many and no news: listed where a case has no
 * other line, or where they are asked for. */
static bool *choose(const struct comparison *c, size_t *left_out)
{
	bool *chosen = calloc(c->pairings + 1, sizeof(*chosen));
	bool asked = c->verdicts == 1u << COMPARE_SAME;
	struct lookup cases = { 0 };

	if (!chosen)
		die("out of memory for a table");
	for (size_t i = 0; i < c->pairings; i++) {
		const struct compare_pairing *p = &c->pairing[i];

		if (p->verdict == COMPARE_MISSING || !compare_shows(c, p))
			continue;
		chosen[i] = asked || p->verdict != COMPARE_SAME;
		if (chosen[i])
			lookup_add(&cases, p->row->id, c->group[p->group].label,
				   i);
	}
	*left_out = 0;
	for (size_t i = 0; i < c->pairings; i++) {
		const struct compare_pairing *p = &c->pairing[i];

		if (p->verdict != COMPARE_SAME || !compare_shows(c, p) ||
		    chosen[i])
			continue;
		chosen[i] = lookup_add(&cases, p->row->id,
				       c->group[p->group].label, i) == i;
		*left_out += !chosen[i];
	}
	lookup_free(&cases);
	return chosen;
}

static void result_header(struct table *t, const struct comparison *c,
			  bool several)
{
	const char *b = several ? "it" : c->group[1].label;

	table_cell(t, "case");
	if (several)
		table_cell(t, "it");
	table_cell(t, "A");
	table_cell(t, "%s", b);
	table_cell(t, "%s over A [95 %%]", b);
	table_cell(t, "%s is", b);
}

static void print_results(const struct page *page)
{
	const struct comparison *c = page->c;
	bool several = c->groups > 2, markdown = is_markdown(page);
	struct table *t = new_table(several ? 6 : 5, several ? 2 : 1);
	size_t left_out, count = 0;
	bool *chosen = choose(c, &left_out);

	heading(page, "Case by case, the largest effect first");
	result_header(t, c, several);
	for (size_t i = 0; i < c->pairings; i++) {
		const struct compare_pairing *p = &c->pairing[i];

		if (!chosen[i])
			continue;
		count++;
		table_cell(t, markdown ? "`%s` %s" : "%s %s", p->row->id,
			   p->row->row->metric);
		if (several)
			table_cell(t, "%s", c->group[p->group].label);
		value_cell(t, p->row, 0);
		value_cell(t, p->row, p->group);
		ratio_cell(t, p);
		verdict_cell(t, p, markdown);
	}
	if (count)
		table_print(t, page->style, page->out);
	else
		table_free(t);
	if (!count)
		fputs("nothing that has such a verdict\n", page->out);
	if (left_out)
		fprintf(page->out,
			"%s%zu counts are the same and not listed: --verdict "
			"same, or --format csv\n",
			markdown ? "\n" : "", left_out);
	free(chosen);
}

/* -------------------------------------------------------------- missing */

/* "A ok; B, C absent: no core has two PUs" */
static char *sides_text(const struct comparison *c,
			const struct compare_row *row)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die("out of memory for a table");
	for (size_t g = 0; g < c->groups; g++) {
		const struct compare_side *side = &row->side[g];
		bool said = false;

		for (size_t k = 0; k < g && !said; k++)
			said = !strcmp(row->side[k].status, side->status) &&
			       !strcmp(row->side[k].reason, side->reason);
		if (said)
			continue;
		fprintf(out, "%s%s", g ? "; " : "", c->group[g].label);
		for (size_t k = g + 1; k < c->groups; k++)
			if (!strcmp(row->side[k].status, side->status) &&
			    !strcmp(row->side[k].reason, side->reason))
				fprintf(out, ", %s", c->group[k].label);
		fprintf(out, " %s%s%s", side->status, *side->reason ? ": " : "",
			side->reason);
	}
	if (fclose(out))
		die("out of memory for a table");
	return text;
}

static bool is_lacking(const struct comparison *c,
		       const struct compare_row *row)
{
	for (size_t g = 0; g < c->groups; g++)
		if (!row->side[g].ok)
			return true;
	return false;
}

/* A line for each case, with those of its metrics that fare alike. */
static void print_missing(const struct page *page)
{
	const struct comparison *c = page->c;
	struct lookup lines = { 0 };
	size_t *line, *count, used = 0;
	char **text;
	struct table *t;

	if (!(c->verdicts >> COMPARE_MISSING & 1))
		return;
	line = calloc(c->rows + 1, sizeof(*line));
	count = calloc(c->rows + 1, sizeof(*count));
	text = calloc(c->rows + 1, sizeof(*text));
	if (!line || !count || !text)
		die("out of memory for a table");
	for (size_t i = 0; i < c->rows; i++) {
		const struct compare_row *row = &c->row[i];
		char *sides;
		size_t k;

		if (!is_lacking(c, row))
			continue;
		sides = sides_text(c, row);
		k = lookup_add(&lines, row->id, sides, used);
		count[k]++;
		if (k == used) {
			line[used] = i;
			text[used++] = sides;
		} else {
			free(sides);
		}
	}
	t = new_table(3, 3);
	table_cell(t, "missing");
	table_cell(t, "metrics");
	table_cell(t, "where and why");
	for (size_t k = 0; k < used; k++) {
		const struct compare_row *row = &c->row[line[k]];

		table_cell(t, is_markdown(page) ? "`%s`" : "%s", row->id);
		if (count[k] > 1)
			table_cell(t, "%s and %zu more", row->row->metric,
				   count[k] - 1);
		else
			table_cell(t, "%s", row->row->metric);
		table_cell(t, "%s", text[k]);
		free(text[k]);
	}
	if (used) {
		heading(page, "Missing on one side or on all");
		table_print(t, page->style, page->out);
	} else {
		table_free(t);
	}
	free(line);
	free(count);
	free(text);
	lookup_free(&lines);
}

/* -------------------------------------------------------------- summary */

struct tally {
	const char *bench;
	size_t of[COMPARE_VERDICTS], ratios;
	double log_sum;
};

static struct tally *tally_for(struct tally *tally, size_t *count,
			       const char *bench)
{
	size_t i = 0;

	while (i < *count && strcmp(tally[i].bench, bench))
		i++;
	if (i == *count)
		tally[(*count)++].bench = bench;
	return &tally[i];
}

static void take(struct tally *tally, const struct compare_pairing *p)
{
	tally->of[p->verdict]++;
	if (p->row->kind != COMPARE_TIME || isnan(p->ratio))
		return;
	tally->ratios++;
	tally->log_sum += log(p->ratio);
}

static size_t count_benches(const struct comparison *c)
{
	struct lookup benches = { 0 };
	size_t count;

	for (size_t i = 0; i < c->rows; i++)
		lookup_add(&benches, c->row[i].row->bench, "", i);
	count = benches.used;
	lookup_free(&benches);
	return count;
}

static void tally_cells(struct table *t, const struct tally *tally,
			const char *label)
{
	table_cell(t, "%s", tally->bench);
	table_cell(t, "%s", label);
	for (int v = 0; v < COMPARE_VERDICTS; v++)
		table_cell(t, "%zu", tally->of[v]);
	if (tally->ratios)
		table_cell(t, "%.3f",
			   exp(tally->log_sum / (double)tally->ratios));
	else
		table_cell(t, "-");
}

/* How many of each verdict, bench by bench, whatever is shown above. */
static void print_tally(const struct page *page)
{
	const struct comparison *c = page->c;
	size_t room = count_benches(c) + 1;
	struct tally *tally = calloc(room, sizeof(*tally));
	struct table *t = new_table(3 + COMPARE_VERDICTS, 2);

	if (!tally)
		die("out of memory for a table");
	heading(page, "How many of each verdict");
	table_cell(t, "bench");
	table_cell(t, "it");
	for (int v = 0; v < COMPARE_VERDICTS; v++)
		table_cell(t, "%s", compare_verdict_name(v));
	table_cell(t, "times over A's, mean");
	for (size_t g = 1; g < c->groups; g++) {
		size_t count = 1;

		memset(tally, 0, room * sizeof(*tally));
		tally[0].bench = "all";
		/* in the order of the rows, not of the effects */
		for (size_t i = 0; i < c->rows; i++)
			tally_for(tally, &count, c->row[i].row->bench);
		for (size_t i = 0; i < c->pairings; i++) {
			const struct compare_pairing *p = &c->pairing[i];

			if (p->group != g)
				continue;
			take(tally_for(tally, &count, p->row->row->bench), p);
			take(&tally[0], p);
		}
		for (size_t k = 1; k < count; k++)
			tally_cells(t, &tally[k], c->group[g].label);
		if (count > 2)
			tally_cells(t, &tally[0], c->group[g].label);
	}
	table_print(t, page->style, page->out);
	free(tally);
}

/* --------------------------------------------------------------- claims */

static bool is_run(const struct comparison *c,
		   const struct compare_claim *claim)
{
	for (size_t g = 0; g < c->groups; g++)
		if (strncmp(claim->of[g].verdict, "not run", 7))
			return true;
	return false;
}

static void print_claims(const struct page *page)
{
	const struct comparison *c = page->c;
	bool markdown = is_markdown(page);
	struct table *t = new_table(2 + 2 * c->groups, 2 + 2 * c->groups);
	size_t most = markdown ? 160 : c->groups == 2 ? 44 : 24, left_out = 0;

	heading(page, "Claims, machine beside machine");
	table_cell(t, "claim");
	table_cell(t, "claimed");
	for (size_t g = 0; g < c->groups; g++) {
		table_cell(t, "%s measured", c->group[g].label);
		table_cell(t, "%s", c->group[g].label);
	}
	for (size_t i = 0; i < c->claims; i++) {
		const struct compare_claim *claim = &c->claim[i];

		/* a run of a few cases is no news about the others */
		if (!markdown && !is_run(c, claim)) {
			left_out++;
			continue;
		}
		table_cell(t, "%s", claim->claim);
		table_cell(t, "%s", claim->claimed);
		for (size_t g = 0; g < c->groups; g++) {
			cut_cell(t, claim->of[g].measured, most);
			if (markdown)
				table_cell(t, "**%s**", claim->of[g].verdict);
			else
				cut_cell(t, claim->of[g].verdict, most);
		}
	}
	if (left_out < c->claims)
		table_print(t, page->style, page->out);
	else
		table_free(t);
	if (left_out)
		fprintf(page->out,
			"%zu of %zu claims were not run: --format markdown "
			"says why\n",
			left_out, c->claims);
}

void compare_print_rules(const struct comparison *c, FILE *out)
{
	fprintf(out,
		"The ratio is the Hodges–Lehmann estimate over "
		"the medians of fresh processes, with its 95 %% interval. "
		"`equivalent`: its 90 %% interval lies within ±δ, δ being the "
		"most of %.3g %%, two steps of the clock, and what either "
		"machine differs from itself by: the arms of an A/A run, or "
		"its several runs. `faster`, `slower`: all of that interval "
		"lies beyond ±δ, and the exact permutation test says so at "
		"5 %%, adjusted by Benjamini and Hochberg over the whole "
		"table; where it has said all it can, all processes of one "
		"being beyond all of the other, Welch's t test goes on. "
		"`inconclusive`: neither; "
		"(sees x %%) is the smallest change that would have been found "
		"four times in five, were it the table's only one. For rates "
		"(B/s, 1/s) more is faster. "
		"Counts `differ` where their values are apart and their "
		"intervals do not meet.\n",
		100 * c->threshold);
}

static void print_charts(const struct page *page, unsigned charts)
{
	static const struct {
		unsigned bit;
		const char *name, *text;
	} chart[] = {
		{ COMPARE_CHARTS, "compare_forest",
		  "ratios with their intervals" },
		{ COMPARE_CHARTS, "compare_bars", "times, group by group" },
		{ COMPARE_CDF_CHART, "compare_cdf",
		  "distributions of round trips" },
	};

	if (charts)
		heading(page, "Charts");
	for (size_t i = 0; i < sizeof(chart) / sizeof(*chart); i++)
		if (charts & chart[i].bit)
			fprintf(page->out, "![%s](charts/%s.svg)\n\n",
				chart[i].text, chart[i].name);
}

void compare_print(const struct comparison *c, enum compare_format format,
		   bool claims, unsigned charts, FILE *out)
{
	struct page page = { c,
			     format == COMPARE_MARKDOWN ? TABLE_MARKDOWN :
							  TABLE_TERMINAL,
			     out };

	if (is_markdown(&page))
		fputs("# Side by side\n\n", out);
	print_groups(&page);
	print_differences(&page);
	fputc('\n', out);
	print_lines(&page, "unsafe", c->unsafe, c->unsafes);
	print_lines(&page, "note", c->note, c->notes);
	if (claims || is_markdown(&page))
		print_claims(&page);
	print_charts(&page, charts);
	print_results(&page);
	print_missing(&page);
	print_tally(&page);
	if (is_markdown(&page))
		heading(&page, "Rules");
	compare_print_rules(c, out);
}
