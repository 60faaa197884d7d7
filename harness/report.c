/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a run: tables on the terminal, tables.md, claims.csv, charts,
 * report.html; from the run's files alone. */
#include "report.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "charts.h"
#include "claims.h"
#include "copies.h"
#include "counts.h"
#include "die.h"
#include "distribution.h"
#include "env_file.h"
#include "fence_curve.h"
#include "grow.h"
#include "interrupt.h"
#include "litmus_table.h"
#include "lookup.h"
#include "noise_file.h"
#include "noise_text.h"
#include "pair_tables.h"
#include "pairs.h"
#include "param_order.h"
#include "places_table.h"
#include "report_html.h"
#include "report_pool.h"
#include "rundir.h"
#include "summary.h"
#include "tables.h"
#include "units.h"

/* Distinct strings in order of appearance: a matrix's rows, columns. */
struct names {
	struct lookup index;
	char **name;
	size_t count, room;
};

static size_t name_index(struct names *names, const char *name)
{
	size_t at = lookup_add(&names->index, name, "", names->count);

	if (at < names->count)
		return at;
	names->name = grow(names->name, at, &names->room, sizeof(*names->name),
			   "a table");
	names->name[at] = strdup(name);
	if (!names->name[at])
		die("out of memory for a table");
	return names->count++;
}

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
	lookup_free(&names->index);
	*names = (struct names){ .count = 0 };
}

/* What a matrix shows: one metric of one bench. */
struct view {
	const char *bench, *metric;
	bool swept; /* columns are parameters, else places */
};

static void row_name(const struct view *v, const struct summary_row *row,
		     char *buf, size_t size)
{
	const char *const part[] = { row->variant, row->peer,
				     v->swept ? row->place : "-" };

	if (!*summary_join(part, 3, buf, size))
		snprintf(buf, size, "%s", row->bench);
}

static const char *column_name(const struct view *v,
			       const struct summary_row *row)
{
	const char *name = v->swept ? row->param : row->place;

	return strcmp(name, "-") ? name : "alone";
}

static bool in_view(const struct view *v, const struct summary_row *row)
{
	return !strcmp(row->bench, v->bench) && !strcmp(row->metric, v->metric);
}

static void print_value(struct table *t, const struct summary_row *row,
			enum table_style style)
{
	char value[UNITS_SIZE], low[UNITS_SIZE], high[UNITS_SIZE];

	if (!row) {
		table_cell(t, "%s", "");
	} else if (!row->ok) {
		table_cell(t, "%s", row->status);
	} else if (style == TABLE_TERMINAL || isnan(row->ci.low) ||
		   !strcmp(row->method, "exact")) {
		table_cell(t, "%s",
			   units_value(value, sizeof(value), row->unit,
				       row->value));
	} else {
		table_cell(
			t, "%s [%s, %s]",
			units_value(value, sizeof(value), row->unit,
				    row->value),
			units_value(low, sizeof(low), row->unit, row->ci.low),
			units_value(high, sizeof(high), row->unit,
				    row->ci.high));
	}
}

static bool is_shown(const struct view *v, const struct summary_row *row)
{
	return in_view(v, row) && strcmp(row->status, "absent");
}

/* Columns that a case of the view has, in the order in which the bench's cases
 * come, absent ones too: a parameter that the first variants lack is not put
 * last. Values of a parameter stand by size. */
static void list_columns(const struct summary *s, const struct view *v,
			 struct names *columns)
{
	struct names all = { .count = 0 };
	size_t count = 0;
	char **name;
	bool *used;

	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->row[i].bench, v->bench))
			name_index(&all, column_name(v, &s->row[i]));
	used = calloc(all.count + 1, sizeof(*used));
	name = calloc(all.count + 1, sizeof(*name));
	if (!used || !name)
		die("out of memory for a table");
	for (size_t i = 0; i < s->count; i++)
		if (is_shown(v, &s->row[i]))
			used[name_index(&all, column_name(v, &s->row[i]))] =
				true;
	for (size_t i = 0; i < all.count; i++)
		if (used[i])
			name[count++] = all.name[i];
	if (v->swept)
		param_sort(name, count);
	for (size_t i = 0; i < count; i++)
		name_index(columns, name[i]);
	free(name);
	free(used);
	names_free(&all);
}

static bool is_named_call(const struct summary_row *row)
{
	return !strncmp(row->metric, COUNTS_NAMED, strlen(COUNTS_NAMED));
}

/* Rows × columns of one view; places and parameters that no case has here are
 * left out. False: no case is in it. */
static bool print_matrix(const struct summary *s, const struct view *v,
			 enum table_style style, FILE *out)
{
	struct names rows = { .count = 0 }, columns = { .count = 0 };
	const struct summary_row **at;
	struct table *t;
	char name[SUMMARY_ID];

	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];

		if (!is_shown(v, row))
			continue;
		row_name(v, row, name, sizeof(name));
		name_index(&rows, name);
	}
	if (!rows.count) {
		names_free(&rows);
		return false;
	}
	list_columns(s, v, &columns);
	at = calloc(rows.count * columns.count + 1, sizeof(*at));
	t = table_new(columns.count + 1, 1);
	if (!at || !t)
		die("out of memory for a table");
	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];

		if (!is_shown(v, row))
			continue;
		row_name(v, row, name, sizeof(name));
		at[name_index(&rows, name) * columns.count +
		   name_index(&columns, column_name(v, row))] = row;
	}
	table_cell(t, "%s %s", v->bench, v->metric);
	for (size_t c = 0; c < columns.count; c++)
		table_cell(t, "%s", columns.name[c]);
	for (size_t r = 0; r < rows.count; r++) {
		table_cell(t, "%s", rows.name[r]);
		for (size_t c = 0; c < columns.count; c++)
			print_value(t, at[r * columns.count + c], style);
	}
	table_print(t, style, out);
	free(at);
	names_free(&rows);
	names_free(&columns);
	return true;
}

/* The views of a run: every bench's metrics, in the file's order; malloc'd. */
static struct view *list_views(const struct summary *s, size_t *views)
{
	struct view *view = NULL;
	size_t count = 0, room = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];
		size_t k = 0;

		if (!strcmp(row->status, "absent") || is_named_call(row) ||
		    (row->ok && litmus_has(row)))
			continue;
		while (k < count && !in_view(&view[k], row))
			k++;
		if (k == count) {
			view = grow(view, count, &room, sizeof(*view),
				    "a table");
			view[count++] =
				(struct view){ row->bench, row->metric, false };
		}
		if (strcmp(row->param, "-") &&
		    !pairs_is(row->place, NULL, NULL))
			view[k].swept = true;
	}
	*views = count;
	return view;
}

/* The thread's row beside a process's time; NULL: the row is no such, or there
 * is none. */
static const struct summary_row *thread_beside(const struct summary *s,
					       const struct summary_row *row,
					       const char *bench)
{
	if (!row->ok || strcmp(row->bench, bench) ||
	    strcmp(row->peer, "process") || strcmp(row->metric, "latency"))
		return NULL;
	return summary_beside(s, row,
			      (struct summary_other){ .peer = "thread" }, NULL);
}

static void ratio_name(const struct summary_row *row, char *buf, size_t size)
{
	bool swept = strcmp(row->param, "-");

	snprintf(buf, size, "%.48s%s%.40s", row->variant, swept ? " " : "",
		 swept ? row->param : "");
}

static void print_ratio(struct table *t, const struct summary_row *process,
			const struct summary_row *thread)
{
	if (!process || !thread || !thread->ok)
		table_cell(t, "%s", "");
	else if (isnan(process->ci.low) || isnan(thread->ci.low))
		table_cell(t, "%.2f", process->value / thread->value);
	else
		table_cell(t, "%.2f [%.2f, %.2f]",
			   process->value / thread->value,
			   process->ci.low / thread->ci.high,
			   process->ci.high / thread->ci.low);
}

/* How many times as long a process takes as a thread, with the interval that
 * both intervals allow: the question of the whole suite, in one table. */
static void print_ratios(const struct summary *s, const char *bench, FILE *out)
{
	struct names rows = { .count = 0 }, columns = { .count = 0 };
	const struct summary_row **at;
	struct table *t;
	char name[SUMMARY_ID];

	for (size_t i = 0; i < s->count; i++) {
		if (!thread_beside(s, &s->row[i], bench))
			continue;
		ratio_name(&s->row[i], name, sizeof(name));
		name_index(&rows, name);
		name_index(&columns, s->row[i].place);
	}
	if (!rows.count) {
		names_free(&rows);
		names_free(&columns);
		return;
	}
	at = calloc(rows.count * columns.count, sizeof(*at));
	t = table_new(columns.count + 1, 1);
	if (!at || !t)
		die("out of memory for a table");
	for (size_t i = 0; i < s->count; i++) {
		if (!thread_beside(s, &s->row[i], bench))
			continue;
		ratio_name(&s->row[i], name, sizeof(name));
		at[name_index(&rows, name) * columns.count +
		   name_index(&columns, s->row[i].place)] = &s->row[i];
	}
	table_cell(t, "%s: process ÷ thread", bench);
	for (size_t c = 0; c < columns.count; c++)
		table_cell(t, "%s", columns.name[c]);
	for (size_t i = 0; i < rows.count * columns.count; i++) {
		if (i % columns.count == 0)
			table_cell(t, "%s", rows.name[i / columns.count]);
		print_ratio(t, at[i],
			    at[i] ? thread_beside(s, at[i], bench) : NULL);
	}
	fputc('\n', out);
	table_print(t, TABLE_MARKDOWN, out);
	free(at);
	names_free(&rows);
	names_free(&columns);
}

/* The system calls of each case of a bench by name, in one table. */
static void print_calls(const struct summary *s, const char *bench, FILE *out)
{
	const struct summary_row *of = NULL;
	char calls[1024] = "", id[SUMMARY_ID];
	struct table *t = NULL;

	for (size_t i = 0; i <= s->count; i++) {
		const struct summary_row *row =
			i < s->count ? &s->row[i] : NULL;
		char value[UNITS_SIZE];
		size_t used;

		if (row && (!row->ok || strcmp(row->bench, bench) ||
			    !is_named_call(row)))
			continue;
		if (of && (!row || !summary_same_case(of, row))) {
			table_cell(t, "`%s`", summary_id(of, id, sizeof(id)));
			table_cell(t, "%s", calls);
			calls[0] = '\0';
		}
		if (!row)
			break;
		if (!t) {
			t = table_new(2, 2);
			table_cell(t, "%s", bench);
			table_cell(t, "system calls an operation, by name");
		}
		used = strlen(calls);
		snprintf(calls + used, sizeof(calls) - used, "%s%s %s",
			 used ? ", " : "", row->metric + strlen(COUNTS_NAMED),
			 units_count(value, sizeof(value), row->value));
		of = row;
	}
	if (!of)
		return;
	fputc('\n', out);
	table_print(t, TABLE_MARKDOWN, out);
}

/* What a report is made from. */
struct report {
	const char *dir;
	struct summary summary;
	struct summary cases; /* less those between every two PUs */
	struct env_file env;
	struct report_digest digest;
	struct claim_line *claim;
	size_t claims;
};

/* A run of a few cases is no news about the other claims. */
static bool is_news(const struct claim_line *line, enum table_style style)
{
	return style == TABLE_MARKDOWN ||
	       strcmp(claim_verdict_word(line), "not run");
}

static void print_claim(struct table *t, const struct claim_line *line,
			enum table_style style)
{
	bool markdown = style == TABLE_MARKDOWN;

	if (markdown)
		table_cell(t, "%s", line->id);
	table_cell(t, "%s", line->claim);
	table_cell(t, "%s", line->claimed);
	table_cell(t, "%s", line->measured);
	table_cell(t, markdown ? "**%s**" : "%s", line->verdict);
	if (markdown)
		table_cell(t, "`%s`", line->basis);
}

/* One table of the claims; NULL: of those in none. How many lines it had. */
static size_t print_claim_table(const struct report *r,
				const struct claim_table *of,
				enum table_style style, FILE *out)
{
	bool markdown = style == TABLE_MARKDOWN;
	struct table *t = table_new(markdown ? 6 : 4, markdown ? 6 : 2);
	size_t count = 0;

	if (!t)
		die("out of memory for the claims");
	if (markdown)
		table_cell(t, "claim");
	table_cell(t, "what");
	table_cell(t, "claimed");
	table_cell(t, "measured");
	table_cell(t, "verdict");
	if (markdown)
		table_cell(t, "rests on");
	for (size_t i = 0; i < r->claims; i++) {
		if (claim_table_of(r->claim[i].id) != of ||
		    !is_news(&r->claim[i], style))
			continue;
		print_claim(t, &r->claim[i], style);
		count++;
	}
	if (count) {
		fprintf(out, "%s%s\n\n", markdown ? "\n### " : "",
			of ? of->title : "Others");
		table_print(t, style, out);
	} else {
		table_free(t);
	}
	if (count && !markdown)
		fputc('\n', out);
	return count;
}

static void print_claims(const struct report *r, enum table_style style,
			 FILE *out)
{
	size_t count = 0;

	for (int i = 0; i <= CLAIM_TABLES; i++)
		count += print_claim_table(
			r, i < CLAIM_TABLES ? &claim_tables[i] : NULL, style,
			out);
	if (count < r->claims)
		fprintf(out,
			"%zu of %zu claims were not run: tables.md says why\n",
			r->claims - count, r->claims);
}

static size_t reason_index(struct names *reasons, const struct summary_row *row)
{
	char text[96];

	snprintf(text, sizeof(text), "%s: %.80s", row->status, row->reason);
	return name_index(reasons, text);
}

/* Cases that have no number, grouped by their reason: a machine that lacks a
 * place lacks it for every mechanism. */
static void print_missing(const struct summary *s, const char *level, FILE *out)
{
	struct names reasons = { .count = 0 };
	struct {
		const struct summary_row *example;
		size_t count;
	} * of;
	struct table *t;
	char id[SUMMARY_ID];

	for (size_t i = 0; i < s->count; i++)
		if (!s->row[i].ok)
			reason_index(&reasons, &s->row[i]);
	if (!reasons.count)
		goto out;
	of = calloc(reasons.count, sizeof(*of));
	if (!of)
		die("out of memory for a table");
	for (size_t i = s->count; i--;) {
		size_t k;

		if (s->row[i].ok)
			continue;
		k = reason_index(&reasons, &s->row[i]);
		of[k].example = &s->row[i]; /* the first */
		of[k].count++;
	}
	fprintf(out, "\n%s Not measured\n\n", level);
	t = table_new(3, 1);
	table_cell(t, "why");
	table_cell(t, "cases");
	table_cell(t, "for example");
	for (size_t k = 0; k < reasons.count; k++) {
		table_cell(t, "%s", reasons.name[k]);
		table_cell(t, "%zu", of[k].count);
		table_cell(t, "`%s`",
			   summary_id(of[k].example, id, sizeof(id)));
	}
	table_print(t, TABLE_MARKDOWN, out);
	free(of);
out:
	names_free(&reasons);
}

static bool is_emulated(const struct summary *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (summary_emulated(&s->row[i]))
			return true;
	return false;
}

/* One metric's tables: its cases, and the pairs. */
static void print_view(const struct report *r, const struct view *v,
		       enum table_style style, FILE *out)
{
	bool chart =
		!strcmp(v->bench, "roundtrip") && !strcmp(v->metric, "latency");
	char *text = NULL;
	size_t size;
	FILE *pairs;
	bool any = print_matrix(&r->cases, v, style, out);

	pairs = open_memstream(&text, &size);
	if (pairs)
		pair_tables_print(&r->summary, &r->env, v->bench, v->metric,
				  style, chart, pairs);
	if (!pairs || fclose(pairs))
		die("out of memory for a table");
	if (*text)
		fprintf(out, "%s%s", any ? "\n" : "", text);
	free(text);
}

/* Every bench's tables under headings of a level, with links to the charts of
 * the run in dir, or none where that is NULL. */
static void write_benches(const struct report *r, const char *level,
			  const char *dir, FILE *out)
{
	const struct summary *s = &r->cases;
	size_t views;
	struct view *view = list_views(&r->summary, &views);
	const char *bench = "";

	for (size_t i = 0; i < views; i++) {
		if (strcmp(bench, view[i].bench)) {
			bench = view[i].bench;
			fprintf(out, "\n%s %s\n", level, bench);
			if (dir)
				charts_link(&r->summary, dir, bench, out);
		}
		fputc('\n', out);
		print_view(r, &view[i], TABLE_MARKDOWN, out);
		if (i + 1 < views && !strcmp(bench, view[i + 1].bench))
			continue;
		print_ratios(s, bench, out);
		copies_print(s, bench, out);
		litmus_print(s, bench, out);
		if (!strcmp(bench, "fence"))
			fence_curve_print(s, out);
		print_calls(s, bench, out);
	}
	free(view);
	print_missing(&r->summary, level, out);
}

static void write_markdown(const void *what, FILE *out)
{
	const struct report *r = what;
	const struct summary *s = &r->summary;
	char noise[NOISE_TEXT], pooled[REPORT_POOLED];

	noise_text(s, &r->env, noise, sizeof(noise));
	report_pooled(&r->env, pooled);
	fprintf(out,
		"# What it costs to hand work over on %s\n\n"
		"Run %s. Medians over fresh processes with their 95 %% "
		"intervals; places as hwloc names them (`pu`: both parties on "
		"one PU; `any`: not bound).\n\n%s%s%s%s%s%s## Claims\n",
		s->row[0].machine, s->row[0].run, pooled, *pooled ? "\n\n" : "",
		is_emulated(s) ?
			"**Emulated**: a program executed the instructions "
			"(`emulation` in env.csv). Every time here is that "
			"program's; counts are the kernel's.\n\n" :
			"",
		*noise ? "**Noise**: " : "", noise, *noise ? "\n\n" : "");
	print_claims(r, TABLE_MARKDOWN, out);
	fprintf(out, "\n%s", claims_rules);
	places_table_print(&r->env, "##", out);
	write_benches(r, "##", r->dir, out);
}

/* report.html has the same tables, from the same Markdown. */
static void write_html(const void *what, FILE *out)
{
	const struct report *r = what;
	struct report_html html = { .dir = r->dir,
				    .summary = &r->summary,
				    .cases = &r->cases,
				    .digest = &r->digest,
				    .env = &r->env,
				    .claim = r->claim,
				    .claims = r->claims };
	char *tables = NULL;
	size_t size;
	FILE *text = open_memstream(&tables, &size);

	if (text) {
		places_table_print(&r->env, "###", text);
		write_benches(r, "###", NULL, text);
	}
	if (!text || fclose(text))
		die("out of memory for report.html");
	html.tables = tables;
	report_html_write(&html, out);
	free(tables);
}

/* The terminal shows times of operations and the claims; the rest is in
 * tables.md. */
static void print_terminal(const struct report *r, FILE *out)
{
	const struct summary *s = &r->summary;
	char noise[NOISE_TEXT];
	size_t views;
	struct view *view = list_views(s, &views);

	if (*noise_text(s, &r->env, noise, sizeof(noise)))
		fprintf(out, "Noise: %s\n\n", noise);
	for (size_t i = 0; i < views; i++) {
		const struct summary_row *row = s->row;

		while (!in_view(&view[i], row))
			row++;
		if (strcmp(row->unit, "ns") || !strcmp(row->metric, "cpu_time"))
			continue;
		print_view(r, &view[i], TABLE_TERMINAL, out);
		fputc('\n', out);
	}
	free(view);
	print_claims(r, TABLE_TERMINAL, out);
}

static void read_run(struct report *r, const char *dir)
{
	char err[PATH_MAX + 256];

	r->dir = dir;
	if (summary_read(&r->summary, dir, err, sizeof(err)))
		die_usage("%s", err);
	if (rundir_try(dir))
		die_usage("%s: cannot be written: %s; name the directory of a "
			  "run, or a copy of it that you may write",
			  dir, strerror(errno));
	if (env_file_read(&r->env, dir, err, sizeof(err)) ||
	    report_digest_read(&r->digest, dir, &r->summary, err,
			       sizeof(err)) ||
	    distribution_check(dir, &r->summary, err, sizeof(err)) ||
	    noise_file_read(dir, &r->summary, NULL, NULL, err, sizeof(err)) < 0)
		die_usage("%s", err);
	pairs_without(&r->summary, &r->cases);
	r->claim = claims_decide(&r->summary, &r->env, &r->claims);
	if (!r->claim)
		die("out of memory for the claims");
}

static int make_claims(const struct report *r)
{
	char err[PATH_MAX + 256];

	if (!claims_write(r->claim, r->claims, &r->summary, r->dir, err,
			  sizeof(err)))
		return EXIT_DONE;
	warn("%s", err);
	return EXIT_CASE_FAILED;
}

void report_print(const struct summary *summary, const struct env_file *env,
		  FILE *terminal, FILE *markdown)
{
	struct report r = { .summary = *summary, .env = *env };

	pairs_without(summary, &r.cases);
	r.claim = claims_decide(summary, env, &r.claims);
	if (!r.claim)
		die("out of memory for the claims");
	print_terminal(&r, terminal);
	if (markdown)
		write_markdown(&r, markdown);
	free(r.cases.row);
	free(r.claim);
}

/* The files of a report, made one after the other until a signal comes. */
static int make_files(const struct report *r)
{
	const struct rundir_file page[] = { { "tables.md", write_markdown, r },
					    { "report.html", write_html, r } };
	int result = make_claims(r);

	/* first: the rest links what charts there are */
	if (!interrupt_came() && charts_draw(&r->summary, &r->env, r->dir))
		result = EXIT_CASE_FAILED;
	if (!interrupt_came() && rundir_write_all(r->dir, page, 2))
		result = EXIT_CASE_FAILED;
	return result;
}

int report_make(const char *dir, FILE *out)
{
	struct report r;
	sigset_t before;
	int result;

	read_run(&r, dir);
	print_terminal(&r, out);
	interrupt_hold(&before);
	result = make_files(&r);
	if (interrupt_came()) {
		fprintf(stderr,
			"handoff: interrupted; what was measured is in %s, and "
			"`handoff report` makes the rest\n",
			dir);
		exit(EXIT_INT);
	}
	interrupt_release(&before);
	if (result == EXIT_DONE)
		fprintf(out,
			"\n%s: report.html, tables.md, charts/, summary.csv, "
			"claims.csv\n",
			dir);
	if (fflush(out) || ferror(out)) {
		warn("standard output: %s", strerror(errno));
		result = EXIT_CASE_FAILED;
	}
	free(r.claim);
	free(r.cases.row);
	env_file_free(&r.env);
	summary_free(&r.summary);
	return result;
}
