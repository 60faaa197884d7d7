/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines or runs side by side: the command, from arguments to files. */
#include "compare.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "charts.h"
#include "compare_html.h"
#include "csv.h"
#include "die.h"
#include "interrupt.h"
#include "rundir.h"

void compare_make(struct comparison *c, const struct compare_options *options)
{
	compare_read(c, options);
	compare_decide(c);
	compare_environment(c);
	compare_claims(c);
}

/* ------------------------------------------------------------------ files */

static int complain(const char *path)
{
	warn("%s: %s", path, strerror(errno));
	return -1;
}

/* A comparison, and the charts there are of it: 1 << COMPARE_…_CHART. */
struct page {
	const struct comparison *c;
	const char *dir;
	unsigned charts;
};

static void write_markdown(const void *what, FILE *out)
{
	const struct page *page = what;

	compare_print(page->c, COMPARE_MARKDOWN, true, page->charts, out);
}

static void write_html(const void *what, FILE *out)
{
	const struct page *page = what;

	compare_html_write(page->c, page->dir, page->charts, out);
}

static int write_csv(const struct comparison *c, const char *dir)
{
	char path[PATH_MAX];
	struct csv_out *out;

	snprintf(path, sizeof(path), "%.4000s/compare.csv", dir);
	out = csv_create(path);
	if (!out || compare_write_csv(c, out))
		return complain(path);
	snprintf(path, sizeof(path), "%.4000s/compare_cdf.csv", dir);
	out = csv_create(path);
	if (!out || compare_write_cdf(c, out))
		return complain(path);
	return 0;
}

/* Before anything is printed, and after everything could be read. */
static void make_directory(const char *dir)
{
	if (rundir_make(dir) || rundir_try(dir))
		die_usage("%s: cannot be written: %s; choose another "
			  "directory with -o",
			  dir, strerror(errno));
}

/* Draws those of `wanted`; those that are drawn. */
static unsigned draw_charts(const char *dir, unsigned wanted)
{
	static const char *const chart[] = { "compare_forest", "compare_bars" };
	static const char *const cdf = "compare_cdf";

	if (charts_draw_named(dir, "compare.csv", chart, 2))
		return 0;
	if (wanted & COMPARE_CDF_CHART &&
	    charts_draw_named(dir, "compare_cdf.csv", &cdf, 1))
		return COMPARE_CHARTS;
	return wanted;
}

/* The files, one after the other until a signal comes. */
static int write_files(const struct comparison *c, const char *dir)
{
	unsigned wanted = COMPARE_CHARTS | (c->curves ? COMPARE_CDF_CHART : 0);
	sigset_t before;
	int result;

	interrupt_hold(&before);
	result = write_csv(c, dir);
	/* the pages show what there is */
	struct page page = { c, dir, draw_charts(dir, wanted) };

	if (page.charts != wanted)
		result = -1;
	const struct rundir_file pages[] = {
		{ "compare.md", write_markdown, &page },
		{ "compare.html", write_html, &page }
	};

	if (!interrupt_came() && rundir_write_all(dir, pages, 2))
		result = -1;
	if (interrupt_came()) {
		fprintf(stderr,
			"handoff: interrupted; what could be made is "
			"in %s\n",
			dir);
		exit(EXIT_INT);
	}
	interrupt_release(&before);
	return result;
}

/* ---------------------------------------------------------------- command */

static int print(const struct comparison *c, const struct compare_options *o,
		 FILE *out)
{
	struct csv_out *csv;

	switch (o->format) {
	case COMPARE_TABLE:
	case COMPARE_MARKDOWN:
		compare_print(c, o->format, o->claims, 0, out);
		return 0;
	case COMPARE_CSV:
		csv = csv_stream(out);
		return csv && !compare_write_csv(c, csv) ? 0 : -1;
	case COMPARE_JSON:
		compare_write_json(c, out);
		return 0;
	}
	return -1;
}

/* A gate bounds the chance of any false alarm: Holm. */
static bool is_found(const struct comparison *c, unsigned fail_on)
{
	for (size_t i = 0; i < c->pairings; i++)
		if (fail_on >> c->pairing[i].gate & 1)
			return true;
	return false;
}

int compare_runs(const struct compare_options *o, FILE *out)
{
	struct comparison c;
	int result = EXIT_DONE;

	compare_make(&c, o);
	if (o->dir) {
		compare_read_cdf(&c);
		make_directory(o->dir);
	}
	if (is_found(&c, o->fail_on))
		result = EXIT_CASE_FAILED;
	if (print(&c, o, out))
		result = EXIT_CASE_FAILED;
	if (o->dir && write_files(&c, o->dir))
		result = EXIT_CASE_FAILED;
	compare_free(&c);
	return result;
}
