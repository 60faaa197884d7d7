/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory a run's files go to: made and tried before anything is
 * measured; env.csv, topology.xml and the link `latest`. */
#ifndef HANDOFF_RUNDIR_H
#define HANDOFF_RUNDIR_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "platform.h"

struct env_row;

struct rundir {
	char path[PATH_MAX];   /* absolute */
	char run[32];          /* UTC start: "20260131T120000Z" */
	char latest[PATH_MAX]; /* the link to set at the end; "": none */
	char target[PATH_MAX];
	struct env_row *row;
	size_t rows, room;
	int fd;          /* the directory, locked while the run lasts */
	int topology_fd; /* topology.xml, for programs that are started */
};

/* As mkdir -p does. 0, or -1 and errno. */
int rundir_make(const char *path);

/* Whether files can be made in a directory: 0, or -1 and errno. */
int rundir_try(const char *path);

/*
 * Makes the directory NAME in dir if there is none. 0, or -1 and errno: ENOTDIR
 * where NAME is a symbolic link, which is not followed.
 */
int rundir_make_part(const char *dir, const char *name);

/*
 * Locks a directory, so that one process alone writes a run's results there: a
 * descriptor of it, which closes to unlock, as a killed process does; or -1 and
 * errno. *writer: the process that has it locked, 1 where that is not to be
 * seen; 0: none has.
 */
int rundir_lock(const char *path, long *writer);

/*
 * Before a run is read: 0, or -1 with one line in err that names what stands in
 * place of one of its files and cannot be read as one: a FIFO, a device, a
 * directory, a topology larger than any machine's. No run at all is fine.
 */
int rundir_check(const char *dir, char *err, size_t size);

/*
 * Writes DIR/NAME by write(), whole or not at all (whole.h): NAME may be in a
 * part of dir, "charts/x.svg". 0, or -1, said on stderr.
 */
int rundir_write(const char *dir, const char *name,
		 void (*write)(const void *what, FILE *out), const void *what);

/* The same of several files that belong together: none is named before all are
 * written. */
struct rundir_file {
	const char *name;
	void (*write)(const void *what, FILE *out);
	const void *what;
};
enum { RUNDIR_FILES_MAX = 4 };
int rundir_write_all(const char *dir, const struct rundir_file *file,
		     size_t count);

/*
 * wish: the directory (made if missing; refused if it holds a run, or one is
 * writing there), or NULL: results/<machine>/<run>. Writes topology.xml and
 * env.csv as known so far. 0, or -1 with one line in err: nothing can be
 * written there.
 */
int rundir_open(struct rundir *dir, const char *wish,
		const struct platform *platform, char *err, size_t size);

/*
 * Sees to it that the directory is still there. Where somebody has removed it,
 * it is made again with topology.xml and env.csv, or another in its place where
 * that cannot be; said on stderr. 0: it is there; 1: it is new, and so may be
 * `path`; -1: there is none (said, too).
 */
int rundir_mend(struct rundir *dir);

/* A fact about the run itself, into env.csv. */
void rundir_note(struct rundir *dir, const char *name, uint64_t value);
void rundir_note_text(struct rundir *dir, const char *name, const char *value);

/* The environment after the run, env.csv again, and the link. 0 or -1 (said
 * on stderr). */
int rundir_finish(struct rundir *dir, const struct platform *platform);

#endif
