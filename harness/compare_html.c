/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare.html: machines or runs side by side, in one page that needs nothing
 * beside it. */
#include "compare_html.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "die.h"
#include "html.h"
#include "markdown.h"
#include "report_html.h"
#include "svg.h"
#include "units.h"
#include "version.h"

enum { GROUPS, CLAIMS, CHARTS, RESULTS, DIFFERENCES, RULES, SECTIONS };

static const struct html_link section[SECTIONS + 1] = {
	[GROUPS] = { "compared", "What is compared" },
	[CLAIMS] = { "claims", "Claims" },
	[CHARTS] = { "charts", "Charts" },
	[RESULTS] = { "results", "Every case" },
	[DIFFERENCES] = { "differences", "What differs around them" },
	[RULES] = { "rules", "The rules" },
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Columns of which some are one a group: first, then the groups', then last. */
struct columns {
	struct html_column *column;
	char (*name)[40]; /* of the groups' */
	const char **cell;
	size_t count;
};

static void make_columns(struct columns *to, const struct comparison *c,
			 const struct html_column *first, size_t firsts,
			 const char *const *each, size_t eaches,
			 const struct html_column *last, size_t lasts)
{
	static const enum html_kind kind[] = { HTML_NUMBER, HTML_VERDICT };
	size_t all = firsts + eaches * c->groups + lasts, at = 0;

	to->column = calloc(all, sizeof(*to->column));
	to->name = calloc(eaches * c->groups + 1, sizeof(*to->name));
	to->cell = calloc(all, sizeof(*to->cell));
	to->count = all;
	if (!to->column || !to->name || !to->cell)
		die("out of memory for compare.html");
	for (size_t i = 0; i < firsts; i++)
		to->column[at++] = first[i];
	for (size_t g = 0; g < c->groups; g++)
		for (size_t i = 0; i < eaches; i++) {
			char *name = to->name[g * eaches + i];

			snprintf(name, sizeof(*to->name), "%.6s%s%.24s",
				 c->group[g].label, each[i][0] ? " " : "",
				 each[i]);
			to->column[at++] =
				(struct html_column){ name, kind[i] };
		}
	for (size_t i = 0; i < lasts; i++)
		to->column[at++] = last[i];
}

static void free_columns(struct columns *columns)
{
	free(columns->column);
	free(columns->name);
	free(columns->cell);
}

/* ------------------------------------------------------ what is compared */

static void write_answer(const struct comparison *c, FILE *out)
{
	fputs("<section class=\"answer\" aria-labelledby=\"question\">\n"
	      "<h2 id=\"question\">Which is faster, and by how much?</h2>\n",
	      out);
	for (size_t g = 1; g < c->groups; g++) {
		size_t of[COMPARE_VERDICTS] = { 0 }, ratios = 0;
		double sum = 0;
		char mean[32] = "";

		for (size_t i = 0; i < c->pairings; i++) {
			const struct compare_pairing *p = &c->pairing[i];

			if (p->group != g)
				continue;
			of[p->verdict]++;
			if (isnan(p->ratio) || p->row->kind != COMPARE_TIME)
				continue;
			sum += log(p->ratio);
			ratios++;
		}
		if (ratios)
			snprintf(mean, sizeof(mean), "%.2f",
				 exp(sum / (double)ratios));
		html_put(out,
			 "<p>%s (%s) beside %s (%s): %zu metrics of cases "
			 "faster, %zu slower, %zu equivalent, %zu "
			 "inconclusive",
			 c->group[g].label, c->group[g].name, c->group[0].label,
			 c->group[0].name, of[COMPARE_FASTER],
			 of[COMPARE_SLOWER], of[COMPARE_EQUIVALENT],
			 of[COMPARE_INCONCLUSIVE]);
		if (ratios)
			html_put(out,
				 "; times are %s × as long in the geometric "
				 "mean of %zu",
				 mean, ratios);
		fputs(".</p>\n", out);
	}
	fputs("</section>\n", out);
}

static const char *fact(const struct compare_run *run, const char *name)
{
	const char *value = env_file_value(&run->env, name);

	return value ? value : "-";
}

static void write_lines(const char *what, char *const *line, size_t count,
			FILE *out)
{
	if (!count)
		return;
	html_put(out, "<h3>%s</h3>\n<ul>\n", what);
	for (size_t i = 0; i < count; i++)
		html_put(out, "<li>%s</li>\n", line[i]);
	fputs("</ul>\n", out);
}

static void write_groups(const struct comparison *c, FILE *out)
{
	static const struct html_column column[] = {
		{ "it", HTML_TEXT },         { "name", HTML_CODE },
		{ "processor", HTML_TEXT },  { "shape", HTML_TEXT },
		{ "hypervisor", HTML_TEXT }, { "emulation", HTML_TEXT },
		{ "Linux", HTML_TEXT },      { "runs", HTML_TEXT },
	};

	html_section(out, &section[GROUPS]);
	html_table(out, NULL, "The machines or runs; ratios are to the first",
		   column, COUNT(column));
	for (size_t g = 0; g < c->groups; g++) {
		const struct compare_group *group = &c->group[g];
		const struct compare_run *run = &c->run[group->run[0]];
		char runs[32];

		snprintf(runs, sizeof(runs), "%zu", group->runs);
		html_row(out, column, COUNT(column),
			 (const char *[]){ group->label, group->name,
					   fact(run, "cpu.model"),
					   fact(run, "topology.shape"),
					   fact(run, "hypervisor"),
					   fact(run, "emulation"),
					   fact(run, "kernel.release"), runs });
	}
	html_table_end(out);
	write_lines("What makes the comparison unsafe", c->unsafe, c->unsafes,
		    out);
	write_lines("How it was made", c->note, c->notes, out);
	html_section_end(out);
}

/* --------------------------------------------------------------- claims */

static void write_claim_table(const struct comparison *c,
			      const struct claim_table *of, FILE *out)
{
	static const struct html_column first[] = {
		{ "what", HTML_TEXT }, { "claimed", HTML_NUMBER }
	};
	static const char *const each[] = { "measured", "verdict" };
	const char *title = of ? of->title : "Others";
	struct columns columns;
	bool begun = false;

	make_columns(&columns, c, first, COUNT(first), each, COUNT(each), NULL,
		     0);
	for (size_t i = 0; i < c->claims; i++) {
		const struct compare_claim *claim = &c->claim[i];

		if (claim_table_of(claim->id) != of)
			continue;
		if (!begun) {
			html_put(out,
				 "<h3>%s</h3>\n<div class=\"known claims\">\n",
				 title);
			html_table(out, NULL, title, columns.column,
				   columns.count);
		}
		begun = true;
		columns.cell[0] = claim->claim;
		columns.cell[1] = claim->claimed;
		for (size_t g = 0; g < c->groups; g++) {
			columns.cell[2 + 2 * g] = claim->of[g].measured;
			columns.cell[3 + 2 * g] = claim->of[g].verdict;
		}
		html_row(out, columns.column, columns.count, columns.cell);
	}
	if (begun) {
		html_table_end(out);
		fputs("</div>\n", out);
	}
	free_columns(&columns);
}

static void write_claims(const struct comparison *c, FILE *out)
{
	html_section(out, &section[CLAIMS]);
	fputs("<p>What widely copied tables say, and what each machine "
	      "measures.</p>\n",
	      out);
	for (int i = 0; i <= CLAIM_TABLES; i++)
		write_claim_table(c, i < CLAIM_TABLES ? &claim_tables[i] : NULL,
				  out);
	html_section_end(out);
}

/* --------------------------------------------------------------- charts */

static void write_charts(const char *dir, unsigned charts, FILE *out)
{
	static const struct {
		unsigned bit;
		const char *name, *title, *text;
	} chart[] = {
		{ COMPARE_CHARTS, "compare_forest", "Ratios",
		  "Each case's time over the first machine's, with its 95 % "
		  "interval: left of the line it is faster, right of it "
		  "slower. The sign says the verdict, too." },
		{ COMPARE_CHARTS, "compare_bars", "Times",
		  "The same cases machine beside machine, with intervals: how "
		  "far apart they are in time." },
		{ COMPARE_CDF_CHART, "compare_cdf", "Distributions",
		  "What share of round trips took at most so long: a curve "
		  "further left is faster, a steeper one steadier." },
	};

	html_section(out, &section[CHARTS]);
	if (!charts)
		html_put(out, "<p>No chart could be drawn when this page was "
			      "made.</p>\n");
	for (size_t i = 0; i < COUNT(chart); i++) {
		char path[PATH_MAX];

		if (!(charts & chart[i].bit))
			continue;
		snprintf(path, sizeof(path), "%.4000s/charts/%s.svg", dir,
			 chart[i].name);
		html_put(out, "<h3>%s</h3>\n", chart[i].title);
		svg_figure(path, chart[i].name, chart[i].title, chart[i].text,
			   out);
	}
	html_section_end(out);
}

/* -------------------------------------------------------------- results */

static void format_verdict(char *buf, size_t size,
			   const struct compare_pairing *p)
{
	const char *name = compare_verdict_name(p->verdict);
	const struct compare_side *side = &p->row->side[p->group];

	if (p->verdict == COMPARE_INCONCLUSIVE && !isnan(p->detectable))
		snprintf(buf, size, "%s: sees %.1f %%", name,
			 100 * p->detectable);
	else if (p->verdict == COMPARE_INCONCLUSIVE)
		snprintf(buf, size, "%s: %.200s", name, p->basis);
	else if (p->verdict == COMPARE_MISSING)
		snprintf(buf, size, "%s: %.20s %.200s", name, side->status,
			 side->reason ? side->reason : "");
	else
		snprintf(buf, size, "%s", name);
}

static void write_pairing(const struct compare_pairing *p,
			  const struct comparison *c,
			  const struct html_column *column, size_t columns,
			  FILE *out)
{
	const struct compare_row *row = p->row;
	char a[UNITS_SIZE] = "-", b[UNITS_SIZE] = "-", ratio[96] = "-";
	char verdict[320];

	if (row->side[0].ok)
		units_value(a, sizeof(a), row->row->unit, row->side[0].value);
	if (row->side[p->group].ok)
		units_value(b, sizeof(b), row->row->unit,
			    row->side[p->group].value);
	if (!isnan(p->ratio) && isnan(p->ci.low))
		snprintf(ratio, sizeof(ratio), "%.3f", p->ratio);
	else if (!isnan(p->ratio))
		snprintf(ratio, sizeof(ratio), "%.3f [%.3f, %.3f]", p->ratio,
			 p->ci.low, p->ci.high);
	format_verdict(verdict, sizeof(verdict), p);
	html_row(out, column, columns,
		 (const char *[]){ row->id, row->row->metric,
				   c->group[p->group].label, a, b, ratio,
				   verdict });
}

static void write_results(const struct comparison *c, FILE *out)
{
	static const struct html_column column[] = {
		{ "case", HTML_CODE },     { "metric", HTML_TEXT },
		{ "it", HTML_TEXT },       { "the first", HTML_NUMBER },
		{ "it has", HTML_NUMBER }, { "ratio [95 %]", HTML_NUMBER },
		{ "it is", HTML_VERDICT },
	};
	static const char id[] = "result-table";

	html_section(out, &section[RESULTS]);
	html_put(out,
		 "<p class=\"paper\">%zu rows, not printed: they are in "
		 "compare.csv.</p>\n<div class=\"screen\">\n",
		 c->pairings);
	html_details(out, "Largest effect first; what is missing comes last");
	html_filter(out, id, "rows", c->pairings);
	html_table(out, id, "Every case and metric", column, COUNT(column));
	for (size_t i = 0; i < c->pairings; i++)
		write_pairing(&c->pairing[i], c, column, COUNT(column), out);
	html_table_end(out);
	html_details_end(out);
	fputs("</div>\n", out);
	html_section_end(out);
}

/* ---------------------------------------------------------- differences */

static void write_some(const struct comparison *c, bool minor,
		       const char *caption, FILE *out)
{
	static const struct html_column first[] = { { "name", HTML_CODE } };
	static const char *const each[] = { "" };
	struct columns columns;
	size_t count = 0;

	for (size_t i = 0; i < c->differences; i++)
		count += c->difference[i].minor == minor;
	if (!count)
		return;
	make_columns(&columns, c, first, COUNT(first), each, COUNT(each), NULL,
		     0);
	html_details(out, caption);
	fputs("<div class=\"env\">\n", out);
	html_table(out, NULL, caption, columns.column, columns.count);
	for (size_t i = 0; i < c->differences; i++) {
		const struct compare_difference *d = &c->difference[i];

		if (d->minor != minor)
			continue;
		columns.cell[0] = d->name;
		for (size_t g = 0; g < c->groups; g++)
			columns.cell[1 + g] = d->value[g];
		html_row(out, columns.column, columns.count, columns.cell);
	}
	html_table_end(out);
	fputs("</div>\n", out);
	html_details_end(out);
	free_columns(&columns);
}

static void write_differences(const struct comparison *c, FILE *out)
{
	html_section(out, &section[DIFFERENCES]);
	if (!c->differences)
		fputs("<p>Nothing that is recorded differs.</p>\n", out);
	write_some(c, false, "What is known to matter", out);
	write_some(c, true, "The rest", out);
	for (size_t g = 0; g < c->groups; g++) {
		char title[320];

		snprintf(title, sizeof(title),
			 "All that was recorded of %s, %s", c->group[g].label,
			 c->group[g].name);
		report_html_env(&c->run[c->group[g].run[0]].env, title, out);
	}
	html_section_end(out);
}

/* ------------------------------------------------------------- the page */

/* As Markdown; NULL: no memory. */
static char *rules_text(const struct comparison *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	compare_print_rules(c, out);
	fprintf(out, "\n%s", claims_rules);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

static void write_rules(const struct comparison *c, FILE *out)
{
	char *text = rules_text(c);

	if (!text)
		die("out of memory for compare.html");
	html_section(out, &section[RULES]);
	if (markdown_html(text, out))
		die("out of memory for compare.html");
	html_section_end(out);
	free(text);
}

void compare_html_write(const struct comparison *c, const char *dir,
			unsigned charts, FILE *out)
{
	html_begin(out, "Side by side",
		   "What it costs to hand work over: medians over fresh "
		   "processes, and their ratios to the first, with 95 % "
		   "intervals in brackets.",
		   section);
	write_answer(c, out);
	write_groups(c, out);
	write_claims(c, out);
	write_charts(dir, charts, out);
	write_results(c, out);
	write_differences(c, out);
	write_rules(c, out);
	html_end(out, "Made by handoff " HANDOFF_VERSION " (" HANDOFF_COMMIT
		      ") from the runs' CSV files alone.");
}
