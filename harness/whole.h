/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that is written whole or not at all: under a temporary name beside
 * its own, which it is given once all of it is there. */
#ifndef HANDOFF_WHOLE_H
#define HANDOFF_WHOLE_H

#include <stdio.h>

/*
 * Nobody sees half of a file, and a process that is killed leaves only
 * "NAME.<pid>-<n>.tmp". Permissions are what the umask leaves of 0666. What has
 * the name already, be it a symbolic link, is replaced and not followed; a
 * directory (EISDIR) and what is neither file nor link (EINVAL) stay.
 */
struct whole;

/*
 * Begins NAME in a directory. dir is followed where it is a link, for its user
 * named it; "charts/x.svg" is such a name too, and `charts` is then not
 * followed (ENOTDIR). NULL and errno on failure.
 */
struct whole *whole_begin(const char *dir, const char *name);

/* The same of a path: whatever stands before its last slash is dir. */
struct whole *whole_begin_path(const char *path);

/* Where to write; whole_end() closes it. */
FILE *whole_file(struct whole *whole);

/* All is written: 0, or -1 and the errno of the first write that failed. To be
 * followed by whole_name() or whole_drop(): files that belong together are all
 * ended before the first is named. */
int whole_end(struct whole *whole);

/* Gives an ended file its name and frees whole. 0, or -1 and errno; the
 * temporary is then gone and what had the name is as it was. */
int whole_name(struct whole *whole);

/* Removes the temporary and frees whole; keeps errno. NULL is fine. */
void whole_drop(struct whole *whole);

/* Removes what killed processes left of such files in a directory. Only where
 * nobody else is writing there. */
void whole_sweep(int dir_fd);

#endif
