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
};

/* As mkdir -p does. 0, or -1 and errno. */
int rundir_make(const char *path);

/* Whether files can be made in a directory: 0, or -1 and errno. */
int rundir_try(const char *path);

/* Writes DIR/NAME by write(), whole or not at all. 0, or -1, said on stderr. */
int rundir_write(const char *dir, const char *name,
		 void (*write)(const void *what, FILE *out), const void *what);

/*
 * wish: the directory (made if missing; refused if it holds a run), or NULL:
 * results/<machine>/<run>. Writes topology.xml and env.csv as known so far. 0,
 * or -1 with one line in err: nothing can be written there.
 */
int rundir_open(struct rundir *dir, const char *wish,
		const struct platform *platform, char *err, size_t size);

/* A fact about the run itself, into env.csv. */
void rundir_note(struct rundir *dir, const char *name, uint64_t value);
void rundir_note_text(struct rundir *dir, const char *name, const char *value);

/* The environment after the run, env.csv again, and the link. 0 or -1 (said
 * on stderr). */
int rundir_finish(struct rundir *dir, const struct platform *platform);

#endif
