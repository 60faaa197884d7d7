/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory a run's files go to: made and tried before anything is
 * measured; env.csv, topology.xml and the link `latest`. */
#include "rundir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "csv.h"
#include "die.h"
#include "grow.h"
#include "topo.h"

struct env_row {
	char *name, *value, *source;
};

static char *copy(const char *text)
{
	char *own = strdup(text ? text : "");

	if (!own)
		die("out of memory for env.csv");
	return own;
}

static void remember(void *ctx, const char *name, const char *value,
		     const char *source)
{
	struct rundir *dir = ctx;

	dir->row = grow(dir->row, dir->rows, &dir->room, sizeof(*dir->row),
			"env.csv");
	dir->row[dir->rows++] =
		(struct env_row){ copy(name), copy(value), copy(source) };
}

static int write_env(const struct rundir *dir, char *err, size_t size)
{
	char path[PATH_MAX + 16];
	struct csv_out *out;

	snprintf(path, sizeof(path), "%s/env.csv", dir->path);
	out = csv_create(path);
	if (out) {
		csv_str(out, "name");
		csv_str(out, "value");
		csv_str(out, "source");
		csv_end(out);
		for (size_t i = 0; i < dir->rows; i++) {
			csv_str(out, dir->row[i].name);
			csv_str(out, dir->row[i].value);
			csv_str(out, dir->row[i].source);
			csv_end(out);
		}
	}
	if (!out || csv_close(out)) {
		snprintf(err, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

int rundir_make(const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *c = part + 1; *c; c++) {
		if (*c != '/')
			continue;
		*c = '\0';
		if (mkdir(part, 0777) && errno != EEXIST)
			return -1;
		*c = '/';
	}
	return mkdir(part, 0777) && errno != EEXIST ? -1 : 0;
}

int rundir_try(const char *path)
{
	struct stat st;

	if (!stat(path, &st) && !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	return access(path, W_OK | X_OK);
}

static int holds_run(const char *path)
{
	static const char *const file[] = { "summary.csv", "env.csv",
					    "invocations.csv" };
	char name[PATH_MAX + 32];

	for (size_t i = 0; i < sizeof(file) / sizeof(*file); i++) {
		snprintf(name, sizeof(name), "%s/%s", path, file[i]);
		if (!access(name, F_OK))
			return 1;
	}
	return 0;
}

static void choose_path(struct rundir *dir, const char *wish,
			const char *machine, char *path, size_t size)
{
	char stamp[sizeof(dir->run)];

	if (wish) {
		snprintf(path, size, "%s", wish);
		return;
	}
	/* two runs within one second are two runs */
	snprintf(stamp, sizeof(stamp), "%s", dir->run);
	for (int i = 2;; i++) {
		snprintf(path, size, "results/%s/%s", machine, dir->run);
		if (!holds_run(path))
			break;
		snprintf(dir->run, sizeof(dir->run), "%.20s-%d", stamp, i);
	}
	snprintf(dir->target, sizeof(dir->target), "%s/%s", machine, dir->run);
}

int rundir_write(const char *dir, const char *name,
		 void (*write)(const void *what, FILE *out), const void *what)
{
	char path[PATH_MAX], temporary[PATH_MAX + 8];
	FILE *out;

	snprintf(path, sizeof(path), "%.4000s/%s", dir, name);
	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	out = fopen(temporary, "we");
	if (out) {
		bool bad;

		write(what, out);
		bad = ferror(out);
		bad = fclose(out) || bad;
		if (!bad && !rename(temporary, path))
			return 0;
		unlink(temporary);
	}
	warn("%s: %s", path, strerror(errno));
	return -1;
}

int rundir_open(struct rundir *dir, const char *wish,
		const struct platform *platform, char *err, size_t size)
{
	char path[PATH_MAX], file[PATH_MAX + 32];
	time_t now = time(NULL);
	struct tm utc;

	memset(dir, 0, sizeof(*dir));
	gmtime_r(&now, &utc);
	strftime(dir->run, sizeof(dir->run), "%Y%m%dT%H%M%SZ", &utc);
	choose_path(dir, wish, platform->machine, path, sizeof(path));
	if (rundir_make(path)) {
		snprintf(err, size,
			 "%s: cannot be made: %s; choose another "
			 "directory with -o",
			 path, strerror(errno));
		return -1;
	}
	if (holds_run(path)) {
		snprintf(err, size,
			 "%s: already holds a run; name a new "
			 "directory",
			 path);
		return -1;
	}
	if (!realpath(path, dir->path)) {
		snprintf(err, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (!wish && realpath("results", file))
		snprintf(dir->latest, sizeof(dir->latest), "%.4000s/latest",
			 file);
	snprintf(file, sizeof(file), "%s/topology.xml", dir->path);
	if (topo_export(file)) {
		snprintf(err, size,
			 "%s: cannot be written: %s; choose "
			 "another directory with -o",
			 file, strerror(errno));
		return -1;
	}
	platform_facts(platform, remember, dir);
	env_facts("", remember, dir);
	platform_changing(platform, "before", remember, dir);
	env_changing("", "before", remember, dir);
	return write_env(dir, err, size);
}

void rundir_note(struct rundir *dir, const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	remember(dir, name, text, "handoff run");
}

void rundir_note_text(struct rundir *dir, const char *name, const char *value)
{
	remember(dir, name, value, "handoff run");
}

/* A link under another name, renamed: `latest` is never missing. */
static int point_latest(const struct rundir *dir)
{
	char fresh[PATH_MAX + 16];

	if (!dir->latest[0])
		return 0;
	snprintf(fresh, sizeof(fresh), "%s.%d", dir->latest, (int)getpid());
	if (symlink(dir->target, fresh) || rename(fresh, dir->latest)) {
		warn("%s: %s", dir->latest, strerror(errno));
		unlink(fresh);
		return -1;
	}
	return 0;
}

int rundir_finish(struct rundir *dir, const struct platform *platform)
{
	char err[PATH_MAX + 128];
	int result = 0;

	platform_changing(platform, "after", remember, dir);
	env_changing("", "after", remember, dir);
	if (write_env(dir, err, sizeof(err))) {
		warn("%s", err);
		result = -1;
	}
	if (point_latest(dir))
		result = -1;
	for (size_t i = 0; i < dir->rows; i++) {
		free(dir->row[i].name);
		free(dir->row[i].value);
		free(dir->row[i].source);
	}
	free(dir->row);
	dir->row = NULL;
	dir->rows = dir->room = 0;
	return result;
}
