/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory a run's files go to: made and tried before anything is
 * measured; env.csv, topology.xml and the link `latest`. */
#include "rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clean.h"
#include "csv.h"
#include "die.h"
#include "files.h"
#include "grow.h"
#include "journal.h"
#include "topo.h"
#include "whole.h"

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

int rundir_make_part(const char *dir, const char *name)
{
	struct stat st = { 0 };
	int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), error = 0;

	if (at < 0)
		return -1;
	if ((mkdirat(at, name, 0777) && errno != EEXIST) ||
	    fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
		error = errno;
	else if (!S_ISDIR(st.st_mode))
		error = ENOTDIR;
	close(at);
	errno = error;
	return error ? -1 : 0;
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

/* The process that holds a lock of a file, by /proc/locks; 1 where that does
 * not say. */
static long lock_holder(const struct stat *st)
{
	FILE *file = fopen("/proc/locks", "re");
	char *line = NULL, inode[32];
	size_t room = 0;
	long pid = 0;

	snprintf(inode, sizeof(inode), ":%llu ",
		 (unsigned long long)st->st_ino);
	/* "1: FLOCK  ADVISORY  WRITE 1234 00:2a:5678 0 EOF" */
	while (pid <= 0 && file && getline(&line, &room, file) > 0)
		if (strstr(line, inode) && strstr(line, " WRITE "))
			pid = strtol(strstr(line, " WRITE ") + 7, NULL, 10);
	free(line);
	if (file)
		fclose(file);
	return pid > 0 ? pid : 1;
}

int rundir_lock(const char *path, long *writer)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	*writer = 0;
	/* a file system without such locks has none that are held */
	if (fd < 0 || !flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		return fd;
	*writer = fstat(fd, &st) ? 1 : lock_holder(&st);
	close(fd);
	errno = EWOULDBLOCK;
	return -1;
}

int rundir_check(const char *dir, char *err, size_t size)
{
	static const struct {
		const char *name;
		uint64_t most;
	} file[] = {
		{ "summary.csv", FILES_ANY_SIZE },
		{ "invocations.csv", FILES_ANY_SIZE },
		{ "histogram.csv", FILES_ANY_SIZE },
		{ "noise.csv", FILES_ANY_SIZE },
		{ "env.csv", FILES_ANY_SIZE },
		{ JOURNAL_NAME, FILES_ANY_SIZE },
		{ "topology.xml", TOPO_XML_MAX },
	};
	int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, result = 0;

	for (size_t i = 0;
	     at >= 0 && !result && i < sizeof(file) / sizeof(*file); i++) {
		fd = files_open_regular(at, file[i].name, file[i].most);
		if (fd >= 0) {
			close(fd);
			continue;
		}
		if (errno != EISDIR && errno != EINVAL && errno != EFBIG)
			continue; /* its reader says so, if it is needed */
		result = -1;
		snprintf(err, size,
			 "%s/%s: %s; put the run's own file there, or remove "
			 "it",
			 dir, file[i].name,
			 errno == EISDIR ? "a directory" :
			 errno == EINVAL ? "not a regular file" :
					   "larger than any machine's");
	}
	if (at >= 0)
		close(at);
	return result;
}

static int holds_run(const char *path)
{
	static const char *const file[] = { "summary.csv", "env.csv",
					    "invocations.csv", JOURNAL_NAME };
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
	snprintf(path, size, "results/%s", machine);
	rundir_make(path);
	/* two runs within one second are two runs */
	snprintf(stamp, sizeof(stamp), "%s", dir->run);
	for (int i = 2;; i++) {
		snprintf(path, size, "results/%s/%s", machine, dir->run);
		if (!mkdir(path, 0777) || errno != EEXIST)
			break;
		snprintf(dir->run, sizeof(dir->run), "%.20s-%d", stamp, i);
	}
	snprintf(dir->target, sizeof(dir->target), "%s/%s", machine, dir->run);
}

/* Markdown is what people see on a terminal, too. */
static bool is_text(const char *name)
{
	size_t length = strlen(name);

	return length > 3 && !strcmp(name + length - 3, ".md");
}

/* True, and errno, where there is no memory. */
static bool write_clean(FILE *to, void (*write)(const void *what, FILE *out),
			const void *what)
{
	FILE *out = clean_open(to);

	if (!out)
		return true;
	write(what, out);
	fclose(out); /* what `to` meets is its own */
	return false;
}

/* One file but for its name; NULL and errno. */
static struct whole *prepare(const char *dir, const struct rundir_file *file)
{
	struct whole *whole = whole_begin(dir, file->name);
	bool bad = false;

	if (!whole)
		return NULL;
	if (is_text(file->name))
		bad = write_clean(whole_file(whole), file->write, file->what);
	else
		file->write(file->what, whole_file(whole));
	if (!bad && !whole_end(whole))
		return whole;
	whole_drop(whole);
	return NULL;
}

int rundir_write_all(const char *dir, const struct rundir_file *file,
		     size_t count)
{
	struct whole *whole[RUNDIR_FILES_MAX];
	size_t ready = 0, named = 0;

	while (ready < count && (whole[ready] = prepare(dir, &file[ready])))
		ready++;
	while (ready == count && named < count && !whole_name(whole[named]))
		named++;
	if (named == count)
		return 0;
	warn("%s/%s: %s", dir, file[ready < count ? ready : named].name,
	     strerror(errno));
	/* whole_name() has freed the one that it could not name */
	for (size_t i = ready < count ? 0 : named + 1; i < ready; i++)
		whole_drop(whole[i]);
	return -1;
}

int rundir_write(const char *dir, const char *name,
		 void (*write)(const void *what, FILE *out), const void *what)
{
	const struct rundir_file file = { name, write, what };

	return rundir_write_all(dir, &file, 1);
}

static int refuse_used(const char *path, char *err, size_t size)
{
	char journal[PATH_MAX + 32];

	if (!holds_run(path))
		return 0;
	snprintf(journal, sizeof(journal), "%s/" JOURNAL_NAME, path);
	if (!access(journal, F_OK))
		snprintf(err, size,
			 "%s: already holds a run, which was cut: `handoff "
			 "report` reads it; name a new directory",
			 path);
	else
		snprintf(err, size,
			 "%s: already holds a run; name a new directory", path);
	return -1;
}

/* Makes, locks and tries the directory of a run that begins. */
static int claim(struct rundir *dir, const char *path, char *err, size_t size)
{
	long writer;

	if (rundir_make(path)) {
		snprintf(err, size,
			 "%s: cannot be made: %s; choose another "
			 "directory with -o",
			 path, strerror(errno));
		return -1;
	}
	dir->fd = rundir_lock(path, &writer);
	if (dir->fd < 0 && writer > 1) {
		snprintf(err, size,
			 "%s: another run (process %ld) is writing there; "
			 "name another directory with -o",
			 path, writer);
		return -1;
	}
	if (dir->fd < 0) {
		snprintf(err, size, "%s: %s; name another directory with -o",
			 path,
			 writer ? "another run is writing there" :
				  strerror(errno));
		return -1;
	}
	if (refuse_used(path, err, size))
		return -1;
	if (!realpath(path, dir->path)) {
		snprintf(err, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

/* Inherited by invocations, which read it even if its name is gone: no
 * O_CLOEXEC. */
static int write_topology(struct rundir *dir, char *err, size_t size)
{
	char file[PATH_MAX + 32];

	snprintf(file, sizeof(file), "%s/topology.xml", dir->path);
	if (!topo_export(file))
		dir->topology_fd =
			openat(dir->fd, "topology.xml", O_RDONLY | O_NOFOLLOW);
	if (dir->topology_fd >= 0)
		return 0;
	snprintf(err, size,
		 "%s: cannot be written: %s; choose "
		 "another directory with -o",
		 file, strerror(errno));
	return -1;
}

int rundir_open(struct rundir *dir, const char *wish,
		const struct platform *platform, char *err, size_t size)
{
	char path[PATH_MAX], results[PATH_MAX];
	time_t now = time(NULL);
	struct tm utc;

	memset(dir, 0, sizeof(*dir));
	dir->fd = dir->topology_fd = -1;
	gmtime_r(&now, &utc);
	strftime(dir->run, sizeof(dir->run), "%Y%m%dT%H%M%SZ", &utc);
	choose_path(dir, wish, platform->machine, path, sizeof(path));
	if (claim(dir, path, err, size))
		return -1;
	if (!wish && realpath("results", results))
		snprintf(dir->latest, sizeof(dir->latest), "%.4000s/latest",
			 results);
	if (write_topology(dir, err, size))
		return -1;
	platform_facts(platform, remember, dir);
	env_facts("", remember, dir);
	platform_changing(platform, "before", remember, dir);
	env_changing("", "before", remember, dir);
	return write_env(dir, err, size);
}

/* What topology.xml was when the run began. */
static void copy_topology(const void *what, FILE *out)
{
	const struct rundir *dir = what;
	char text[4096];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(dir->topology_fd, text, sizeof(text), at)) > 0) {
		fwrite(text, 1, (size_t)n, out);
		at += n;
	}
}

static bool is_there(const struct rundir *dir)
{
	struct stat named, own;

	return !stat(dir->path, &named) && !fstat(dir->fd, &own) &&
	       named.st_ino == own.st_ino && named.st_dev == own.st_dev;
}

/* Where path cannot be made again: a directory of its own among temporary
 * ones. 0, or -1 and errno. */
static int make_elsewhere(struct rundir *dir)
{
	const char *at = getenv("TMPDIR");
	char path[PATH_MAX];
	long writer;

	snprintf(path, sizeof(path), "%.4000s/handoff-%s-XXXXXX",
		 at && *at ? at : "/tmp", dir->run);
	if (!mkdtemp(path) || !realpath(path, dir->path))
		return -1;
	dir->fd = rundir_lock(dir->path, &writer);
	dir->latest[0] = '\0';
	return dir->fd < 0 ? -1 : 0;
}

int rundir_mend(struct rundir *dir)
{
	char err[PATH_MAX + 128], old[PATH_MAX];
	int fd, why;
	long writer;

	if (is_there(dir))
		return 0;
	snprintf(old, sizeof(old), "%s", dir->path);
	fd = rundir_make(old) ? -1 : rundir_lock(old, &writer);
	if (fd >= 0 && holds_run(old)) {
		close(fd);
		fd = -1;
		errno = EEXIST;
	}
	why = errno;
	close(dir->fd);
	dir->fd = fd;
	if (fd < 0 && make_elsewhere(dir)) {
		warn("%s was removed and cannot be made again: %s", old,
		     strerror(why));
		return -1;
	}
	if (fd < 0)
		warn("%s was removed and cannot be made again: %s; the run "
		     "goes to %s",
		     old, strerror(why), dir->path);
	else
		warn("%s was removed; it is made again", old);
	if (rundir_write(dir->path, "topology.xml", copy_topology, dir))
		return -1;
	if (write_env(dir, err, sizeof(err))) {
		warn("%s", err);
		return -1;
	}
	return 1;
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
	/* a killed run with this one's number may have left it */
	unlink(fresh);
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
	close(dir->topology_fd);
	close(dir->fd); /* and unlocked */
	dir->fd = dir->topology_fd = -1;
	return result;
}
