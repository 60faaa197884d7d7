/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charts: runs gnuplot on the programs in plots/, which are given tables, and
 * writes what it draws. */
#include "charts.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "captions.h"
#include "chart_data.h"
#include "die.h"
#include "html.h"
#include "pairs.h"
#include "rundir.h"
#include "svg.h"
#include "tool.h"
#include "version.h"

/* The programs, and what each shows: see chart_data.h. */
static const struct chart chart[] = {
	{ "roundtrip", "roundtrip", "round trip by mechanism and place",
	  "latency", CHART_DOTS },
	{ "distribution", "roundtrip", "distribution of round trips", "latency",
	  CHART_CDF, .order = "pipe socketpair eventfd futex uv_async spin",
	  .variants_max = 6 },
	{ "create", "create", "creation: call, first instruction, done",
	  "call first done", CHART_DOTS },
	{ "oneway", "oneway", "one way: the call, and the other runs",
	  "call wake", CHART_DOTS },
	{ "startup", "worker", "start of worker and child, layer by layer",
	  "ready done" },
	{ "message", "message", "message latency over size", "latency",
	  CHART_CURVES },
	{ "streaming", "streaming", "messages one way: time and bandwidth",
	  "per_message", CHART_DOTS },
	{ "share", "share", "a buffer shared by reference or copied", "latency",
	  CHART_CURVES },
	{ "idle_gap", "idle_gap", "wake-up after an idle gap", "wake late",
	  CHART_CURVES },
	{ "waterfall", "message", "what each layer adds", "latency",
	  .cases = "message/port/thread/*", .also = "roundtrip" },
	{ "matrix", "roundtrip", "round trips between every two PUs", "latency",
	  CHART_PAIRS },
	{ "waiters", "waiters", "one wake for many: the first, the last runs",
	  "first last", CHART_CURVES },
	{ "atomic", "atomic", "atomic operations, alone and contended",
	  "latency", CHART_DOTS, "atomic/*/-" },
	{ "contention", "atomic", "atomic operations over who contends",
	  "latency", CHART_CURVES, "atomic/*_crowd/*" },
	{ "visible", "visible", "from a store until another sees it",
	  "round_trip", CHART_CDF },
	{ "fence", "fence", "fences over outstanding stores", "latency" },
	{ "litmus", "litmus", "litmus tests: seen, or how rare at most",
	  "tries weak control control_tries forbidden" },
	{ "store_buffer_depth", "store_buffer_depth",
	  "time over stores that cannot retire", "latency depth",
	  .cases = "store_buffer_depth/stores/*" },
	{ "fork_memory", "fork_memory", "fork, exit and reap over memory",
	  "done" },
	{ "page", "page", "page faults by kind", "latency faults" },
	{ "lock", "lock", "a lock over who contends for it", "latency",
	  CHART_CURVES },
};

enum { CHARTS = sizeof(chart) / sizeof(*chart) };

/* The path of a chart that the run has, or NULL. */
static const char *path_of(const struct summary *s, const struct chart *c,
			   const char *dir)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.4000s/charts/%s.svg", dir, c->name);
	return chart_data_has(s, c) && !access(path, F_OK) ? path : NULL;
}

void charts_link(const struct summary *s, const char *dir, const char *bench,
		 FILE *out)
{
	for (size_t i = 0; i < CHARTS; i++)
		if (!strcmp(chart[i].bench, bench) &&
		    path_of(s, &chart[i], dir))
			fprintf(out, "\n![%s](charts/%s.svg)\n", chart[i].text,
				chart[i].name);
}

size_t charts_inline(const struct summary *s, const char *dir, FILE *out)
{
	struct summary cases;
	size_t count = 0;

	pairs_without(s, &cases);
	for (size_t i = 0; i < CHARTS; i++) {
		const struct chart *c = &chart[i];
		const char *path = path_of(s, c, dir);
		char id[64], see[CAPTION_SIZE];

		if (!path)
			continue;
		snprintf(id, sizeof(id), "chart-%s", c->name);
		html_put(out, "<h3>%s: %s</h3>\n", c->name, c->text);
		svg_figure(
			path, id, c->text,
			caption_of(&cases, c->name, c->text, see, sizeof(see)),
			out);
		count++;
	}
	free(cases.row);
	return count;
}

/* plots/ of the build, or of an installation. */
static const char *plots_dir(void)
{
	static const char *const candidates[] = { HANDOFF_PLOTS,
						  HANDOFF_INSTALLED_PLOTS };

	for (size_t i = 0; i < 2; i++)
		if (!access(candidates[i], R_OK))
			return candidates[i];
	return NULL;
}

/* What gnuplot draws, by the name of its terminal and of the file, and how a
 * whole one ends. */
static const struct format {
	const char *name, *end;
} format[] = {
	{ "svg", "</svg>" },
	{ "png", "IEND\xae\x42\x60\x82" },
};

enum { FORMATS = sizeof(format) / sizeof(*format) };

/* Line ends may follow the end. */
static bool is_whole(const struct tool *drawn, const char *end)
{
	size_t length = strlen(end), size = drawn->size;

	while (size && drawn->output[size - 1] == '\n')
		size--;
	return size >= length &&
	       !memcmp(drawn->output + size - length, end, length);
}

/* A path as a string of gnuplot's: within ' only ' has a meaning, and is
 * doubled. */
static void quote(char *buf, size_t size, const char *path)
{
	size_t used = 0;

	for (; *path && used + 2 < size; path++) {
		if (*path == '\'')
			buf[used++] = '\'';
		buf[used++] = *path;
	}
	buf[used] = '\0';
}

static void write_picture(const void *what, FILE *out)
{
	const struct tool *drawn = what;

	fwrite(drawn->output, 1, drawn->size, out);
}

/* What gnuplot had to say, each line a warning. */
static void pass_on(const char *name, char *said)
{
	for (char *line; (line = strsep(&said, "\n"));)
		if (*line)
			warn("chart %s: %s", name, line);
}

/* How drawing goes on after a chart. */
enum progress { GOES_ON, HANGS, ENDS };

/* Writes a picture into dir/charts once it is known to be whole: gnuplot exits
 * 0 on a full disk, too. 0, or -1, said on stderr. */
static int keep(const char *dir, const char *name, const struct format *f,
		const struct tool *drawn)
{
	char file[128];
	const char *why = drawn->why;

	snprintf(file, sizeof(file), "charts/%s.%s", name, f->name);
	if (drawn->state == TOOL_DONE && drawn->output &&
	    is_whole(drawn, f->end))
		return rundir_write(dir, file, write_picture, drawn);
	if (drawn->state == TOOL_DONE)
		why = "gnuplot wrote a part of it alone; is the disk full?";
	if (drawn->state != TOOL_INTERRUPTED)
		warn("chart %s/%s could not be drawn: %s", dir, file, why);
	return -1;
}

/* One program as SVG and PNG, side by side: gnuplot is one thread. *result
 * becomes -1 where that cannot be done, said on stderr. */
static enum progress draw(const char *dir, const char *plots, const char *name,
			  struct chart_data *data, int *result)
{
	char program[PATH_MAX], quoted[2 * PATH_MAX], *settings[FORMATS];
	const char *argv[FORMATS][6];
	struct tool tool[FORMATS];
	enum progress progress = GOES_ON;
	int late = 0;

	snprintf(program, sizeof(program), "%.3900s/%s.gp", plots, name);
	quote(quoted, sizeof(quoted), plots);
	for (size_t i = 0; i < FORMATS; i++) {
		if (asprintf(&settings[i], "term='%s'; %s", format[i].name,
			     data->settings) < 0)
			die("out of memory for a chart");
		memcpy(argv[i],
		       (const char *[]){ "gnuplot", "-d", "-e", settings[i],
					 program, NULL },
		       sizeof(argv[i]));
		tool[i] = (struct tool){ .argv = argv[i],
					 .fd = data->fd,
					 .fds = data->fds };
	}
	tool_run(tool, FORMATS);
	if (tool[0].said)
		pass_on(name, tool[0].said);
	for (size_t i = 0; i < FORMATS; i++) {
		bool is_there = tool[i].state != TOOL_NOT_THERE;

		if (!is_there && !i)
			warn("no charts: %s; scripts/deps --check names the "
			     "package",
			     tool[i].why);
		if (!is_there || keep(dir, name, &format[i], &tool[i]))
			*result = -1;
		if (!is_there || tool[i].state == TOOL_INTERRUPTED)
			progress = ENDS;
		late += tool[i].state == TOOL_LATE;
		tool_free(&tool[i]);
		free(settings[i]);
	}
	return progress == ENDS ? ENDS : late == FORMATS ? HANGS : GOES_ON;
}

/* plots/, with dir/charts made; NULL: said on stderr. */
static const char *prepare(const char *dir)
{
	const char *plots = plots_dir();

	if (!plots) {
		warn("no charts: %s is not there", HANDOFF_PLOTS);
		return NULL;
	}
	if (rundir_make_part(dir, "charts")) {
		warn("%s/charts: %s", dir, strerror(errno));
		return NULL;
	}
	return plots;
}

/* A gnuplot that hangs for every chart shall not cost a deadline for each:
 * after so many one after the other, no more are tried. */
enum { HANGS_MAX = 2 };

/* Whether to go on after a chart, or else the rest are left out, said. */
static bool goes_on(enum progress progress, int *hangs)
{
	*hangs = progress == HANGS ? *hangs + 1 : 0;
	if (*hangs == HANGS_MAX)
		warn("no further charts: gnuplot hangs");
	return progress != ENDS && *hangs < HANGS_MAX;
}

int charts_draw(const struct summary *s, const struct env_file *env,
		const char *dir)
{
	const char *plots = prepare(dir);
	int result = plots ? 0 : -1, hangs = 0;
	char path[PATH_MAX], err[PATH_MAX + 256];
	bool goes = plots, histogram;

	snprintf(path, sizeof(path), "%.4000s/histogram.csv", dir);
	histogram = !access(path, F_OK);
	for (size_t i = 0; goes && i < CHARTS; i++) {
		const struct chart *c = &chart[i];
		struct chart_data data;

		if (!chart_data_has(s, c) ||
		    (c->kind == CHART_CDF && !histogram))
			continue;
		if (chart_data_make(&data, c, s, env, dir, err, sizeof(err))) {
			warn("chart %s: %s", c->name, err);
			result = -1;
			continue;
		}
		if (data.left_out[0])
			warn("chart %s: %s", c->name, data.left_out);
		if (data.rows)
			goes = goes_on(
				draw(dir, plots, c->name, &data, &result),
				&hangs);
		chart_data_free(&data);
	}
	return result;
}

int charts_draw_named(const char *dir, const char *file,
		      const char *const *name, size_t count)
{
	const char *plots = prepare(dir);
	int result = plots ? 0 : -1, hangs = 0;
	char err[PATH_MAX + 256];
	struct chart_data data;

	if (!plots)
		return -1;
	if (chart_data_compare(&data, dir, file, err, sizeof(err))) {
		warn("no charts: %s", err);
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		if (!goes_on(draw(dir, plots, name[i], &data, &result), &hangs))
			break;
	chart_data_free(&data);
	return result;
}
