/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charts: runs gnuplot on the programs in plots/, which read CSV alone. */
#include "charts.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "captions.h"
#include "die.h"
#include "html.h"
#include "rundir.h"
#include "svg.h"
#include "version.h"

/* The programs, the bench each is about, and the cases that it needs: NULL, any
 * of the bench. */
static const struct chart {
	const char *name, *bench, *text, *cases;
	bool of_histogram; /* which a run that is kept may be without */
} chart[] = {
	{ "roundtrip", "roundtrip", "round trip by mechanism and place" },
	{ "distribution", "roundtrip", "distribution of round trips",
	  .of_histogram = true },
	{ "create", "create", "creation: call, first instruction, done" },
	{ "oneway", "oneway", "one way: the call, and the other runs" },
	{ "startup", "worker", "start of worker and child, layer by layer" },
	{ "message", "message", "message latency over size" },
	{ "streaming", "streaming", "messages one way: time and bandwidth" },
	{ "share", "share", "a buffer shared by reference or copied" },
	{ "idle_gap", "idle_gap", "wake-up after an idle gap" },
	{ "waterfall", "message", "what each layer adds",
	  "message/port/thread/*" },
	{ "matrix", "roundtrip", "round trips between every two PUs",
	  "roundtrip/*/*/pu*-pu*/-" },
	{ "waiters", "waiters", "one wake for many: the first, the last runs" },
	{ "atomic", "atomic", "atomic operations, alone and contended",
	  "atomic/*/-" },
	{ "contention", "atomic", "atomic operations over who contends",
	  "atomic/*_crowd/*" },
	{ "visible", "visible", "from a store until another sees it",
	  .of_histogram = true },
	{ "fence", "fence", "fences over outstanding stores" },
	{ "litmus", "litmus", "litmus tests: seen, or how rare at most" },
	{ "store_buffer_depth", "store_buffer_depth",
	  "time over stores that cannot retire",
	  "store_buffer_depth/stores/*" },
	{ "fork_memory", "fork_memory", "fork, exit and reap over memory" },
	{ "page", "page", "page faults by kind" },
	{ "lock", "lock", "a lock over who contends for it" },
};

enum { CHARTS = sizeof(chart) / sizeof(*chart) };

static bool has_data(const struct summary *s, const struct chart *c)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->row[i].ok && !strcmp(s->row[i].bench, c->bench) &&
		    (!c->cases || summary_matches(&s->row[i], c->cases)))
			return true;
	return false;
}

/* The path of a chart that the run has, or NULL. */
static const char *path_of(const struct summary *s, const struct chart *c,
			   const char *dir)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.4000s/charts/%s.svg", dir, c->name);
	return has_data(s, c) && !access(path, F_OK) ? path : NULL;
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
	size_t count = 0;

	for (size_t i = 0; i < CHARTS; i++) {
		const struct chart *c = &chart[i];
		const char *path = path_of(s, c, dir);
		char id[64];

		if (!path)
			continue;
		snprintf(id, sizeof(id), "chart-%s", c->name);
		html_put(out, "<h3>%s: %s</h3>\n", c->name, c->text);
		svg_figure(path, id, c->text, caption_of(c->name, c->text),
			   out);
		count++;
	}
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

/* gnuplot's strings are quoted by ', which is doubled within. */
static void add_setting(char *buf, size_t size, const char *name,
			const char *value)
{
	size_t used = strlen(buf);

	used += (size_t)snprintf(buf + used, size - used, "%s='", name);
	for (; *value && used + 4 < size; value++) {
		if (*value == '\'')
			buf[used++] = '\'';
		buf[used++] = *value;
	}
	snprintf(buf + used, size - used, "'; ");
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

/* Where gnuplot draws a chart, less the format that it appends. A file of this
 * name is not whole, or not known to be. */
static void put_temporary(char *buf, size_t size, const char *dir,
			  const char *name)
{
	snprintf(buf, size, "%.3900s/charts/%s.%d.tmp", dir, name,
		 (int)getpid());
}

static pid_t start(const char *dir, const char *plots, const char *name,
		   const char *terminal)
{
	char settings[3 * PATH_MAX] = "", out[PATH_MAX], program[PATH_MAX];
	char *argv[] = { (char *)(uintptr_t) "gnuplot",
			 (char *)(uintptr_t) "-e", settings, program, NULL };
	posix_spawnattr_t attr;
	sigset_t none;
	pid_t pid;

	put_temporary(out, sizeof(out), dir, name);
	snprintf(program, sizeof(program), "%.3900s/%s.gp", plots, name);
	add_setting(settings, sizeof(settings), "dir", dir);
	add_setting(settings, sizeof(settings), "plots", plots);
	add_setting(settings, sizeof(settings), "out", out);
	add_setting(settings, sizeof(settings), "term", terminal);
	/* the runner has blocked SIGINT: gnuplot shall heed it */
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &none);
	errno = posix_spawnp(&pid, "gnuplot", NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	return errno ? -1 : pid;
}

static bool succeeded(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* Line ends may follow the end. */
static bool is_whole(const char *path, const char *end)
{
	char tail[32] = ""; /* no chart is as short */
	size_t length = strlen(end), count = 0;
	FILE *in = fopen(path, "re");

	if (!in)
		return false;
	if (!fseek(in, -(long)sizeof(tail), SEEK_END))
		count = fread(tail, 1, sizeof(tail), in);
	fclose(in);
	while (count && tail[count - 1] == '\n')
		count--;
	return count >= length && !memcmp(tail + count - length, end, length);
}

/* Gives a chart its name once gnuplot, which exits 0 on a full disk too, has
 * drawn all of it. 0, or -1, said on stderr. */
static int finish(const char *dir, const char *name, const struct format *f,
		  pid_t pid)
{
	char out[PATH_MAX], temporary[PATH_MAX + 8], path[PATH_MAX];
	const char *why;

	put_temporary(out, sizeof(out), dir, name);
	snprintf(temporary, sizeof(temporary), "%s.%s", out, f->name);
	snprintf(path, sizeof(path), "%.3900s/charts/%s.%s", dir, name,
		 f->name);
	if (!succeeded(pid))
		why = "gnuplot failed";
	else if (!is_whole(temporary, f->end))
		why = "gnuplot wrote a part of it alone; is the disk full?";
	else if (rename(temporary, path))
		why = strerror(errno);
	else
		return 0;
	unlink(temporary);
	warn("chart %s could not be drawn: %s", path, why);
	return -1;
}

/* One program as SVG and PNG. 0, or -1 (said on stderr); *started: there is a
 * gnuplot. */
static int draw(const char *dir, const char *plots, const char *name,
		bool *started)
{
	pid_t pid[FORMATS];
	int result = 0, why = 0;

	/* side by side: gnuplot is one thread */
	for (size_t i = 0; i < FORMATS; i++) {
		pid[i] = start(dir, plots, name, format[i].name);
		why = pid[i] < 0 ? errno : why;
	}
	*started = !why;
	if (why) {
		warn("no charts: gnuplot cannot be started: %s; "
		     "scripts/deps --check names the package",
		     strerror(why));
		result = -1;
	}
	for (size_t i = 0; i < FORMATS; i++)
		if (pid[i] >= 0 && finish(dir, name, &format[i], pid[i]))
			result = -1;
	return result;
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

int charts_draw(const struct summary *s, const char *dir)
{
	const char *plots = prepare(dir);
	bool started = true, histogram;
	int result = plots ? 0 : -1;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.4000s/histogram.csv", dir);
	histogram = !access(path, F_OK);
	for (size_t i = 0; plots && started && i < CHARTS; i++) {
		const struct chart *c = &chart[i];

		if (!has_data(s, c) || (c->of_histogram && !histogram))
			continue;
		if (draw(dir, plots, c->name, &started))
			result = -1;
	}
	return result;
}

int charts_draw_named(const char *dir, const char *const *name, size_t count)
{
	const char *plots = prepare(dir);
	bool started = true;
	int result = plots ? 0 : -1;

	for (size_t i = 0; plots && started && i < count; i++)
		if (draw(dir, plots, name[i], &started))
			result = -1;
	return result;
}
