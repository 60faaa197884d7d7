/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where in the control-group tree we are, v1 and v2, and what its files say. */
#ifndef HANDOFF_CGROUP_H
#define HANDOFF_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A directory of the hierarchy that has a controller: ours at first, then its
 * parents up to the mount. In a container what is mounted may be a part of the
 * tree only, and whatever is above it stays unknown.
 */
struct cgroup {
	char dir[PATH_MAX]; /* without the root of the functions below */
	size_t top;         /* how much of dir is the mount point */
	bool v2;
};

/*
 * In all of these, root is put before every path: "" on the real machine, a
 * directory in tests. file is a file's name within the group. path gets the
 * whole name, without root, of what was read or could not be; text what it
 * holds, cut to size. Errors are errno values; text is "" then.
 */

/*
 * Finds our group in the v1 hierarchy that has a controller ("cpu", "memory"
 * …), or else in v2, whether the controller is enabled there or not. Where our
 * path lies outside of what is mounted, the group is the mount itself. ENOENT
 * where there is no such hierarchy or none is mounted.
 */
int cgroup_find(const char *root, const char *controller, struct cgroup *g);

/* Steps up to the parent; false, and g is as it was, at the mount point. */
bool cgroup_up(struct cgroup *g);

/* Names a file of this very level. Returns 0 or ENAMETOOLONG. */
int cgroup_path(const struct cgroup *g, const char *file, char path[PATH_MAX]);

/* Reads a file of this very level. */
int cgroup_read(const char *root, const struct cgroup *g, const char *file,
		char path[PATH_MAX], char *text, size_t size);

/* Moves g to the nearest level that has a file, and reads it. Where none has,
 * the error and the path are those of the level g stays at. */
int cgroup_nearest(const char *root, struct cgroup *g, const char *file,
		   char path[PATH_MAX], char *text, size_t size);

/* The same for a file that holds a limit, which binds from any level: moves to
 * the least; without a limit, to the nearest level that has the file. */
int cgroup_least(const char *root, struct cgroup *g, const char *file,
		 char path[PATH_MAX], char *text, size_t size);

/*
 * The same for the CPU quota, which is least where quota / period is. text is
 * "quota period" in µs, or "max period", in v1 too, which keeps them in two
 * files; path names the quota's.
 */
int cgroup_quota(const char *root, struct cgroup *g, char path[PATH_MAX],
		 char *text, size_t size);

/* The number that a limit's file holds; ULLONG_MAX for "max", for v1's way to
 * say it, which is a number too large to mean anything, and for no number. */
unsigned long long cgroup_limit(const char *text);

#endif
