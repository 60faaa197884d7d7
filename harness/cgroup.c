/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where in the control-group tree we are, v1 and v2, and what its files say. */
#include "cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

/* ---- where we are ---- */

/* Undoes mountinfo's octal escapes, in place. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++, out++) {
		if (s[0] == '\\' && isdigit((unsigned char)s[1]) &&
		    isdigit((unsigned char)s[2]) &&
		    isdigit((unsigned char)s[3])) {
			*out = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
				      (s[3] - '0'));
			s += 3;
		} else {
			*out = *s;
		}
	}
	*out = '\0';
}

/* True where the comma-separated list holds word. */
static bool listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = list; (s = strstr(s, word)); s++)
		if ((s == list || s[-1] == ',') && strchr(",\n", s[len]))
			return true;
	return false;
}

/*
 * Reads which group we are in: the v1 hierarchy that has the controller, or
 * else v2. Returns 0 or an errno.
 */
static int own_path(const char *root, const char *controller, bool *v2,
		    char *path, size_t size)
{
	FILE *file = files_open(root, "/proc/self/cgroup");
	char *line = NULL;
	size_t room = 0;
	int err = ENOENT;

	if (!file)
		return errno;
	while (getline(&line, &room, file) >= 0) {
		char *controllers = strchr(line, ':'), *where;

		where = controllers ? strchr(++controllers, ':') : NULL;
		if (!where)
			continue;
		*where++ = '\0';
		where[strcspn(where, "\n")] = '\0';
		if (*controllers && !listed(controllers, controller))
			continue;
		*v2 = !*controllers;
		snprintf(path, size, "%s", where);
		err = 0;
		if (!*v2)
			break;
	}
	free(line);
	fclose(file);
	return err;
}

/*
 * What of our path is to be put after the mount point, given which part of the
 * tree is mounted there.
 */
static const char *path_within(const char *path, const char *mounted)
{
	const char *nothing = path + strlen(path), *inside = path;
	size_t len = strlen(mounted);

	/*
	 * In a container without a cgroup namespace the path is the host's,
	 * and what is mounted here is a part of its tree.
	 */
	if (strcmp(mounted, "/") != 0)
		inside =
			!strncmp(path, mounted, len) && strchr("/", path[len]) ?
				path + len :
				nothing;
	/* "/" and what is above our namespace are the mount. */
	if (!strcmp(inside, "/") || !strncmp(inside, "/..", 3))
		return nothing;
	return inside;
}

int cgroup_find(const char *root, const char *controller, struct cgroup *g)
{
	char path[PATH_MAX], *line = NULL;
	FILE *file;
	size_t room = 0;
	int err;

	err = own_path(root, controller, &g->v2, path, sizeof(path));
	if (err)
		return err;
	file = files_open(root, "/proc/self/mountinfo");
	if (!file)
		return errno;
	err = ENOENT;
	while (err == ENOENT && getline(&line, &room, file) >= 0) {
		char *fields[5] = { NULL }, *type, *options, *save = NULL;
		char *tail = strstr(line, " - ");
		int n;

		if (!tail)
			continue;
		*tail = '\0';
		type = strtok_r(tail + 3, " \n", &save);
		strtok_r(NULL, " \n", &save); /* the device */
		options = strtok_r(NULL, " \n", &save);
		if (!type || !options ||
		    strcmp(type, g->v2 ? "cgroup2" : "cgroup") != 0 ||
		    (!g->v2 && !listed(options, controller)))
			continue;
		fields[0] = strtok_r(line, " ", &save);
		for (int i = 1; i < 5 && fields[i - 1]; i++)
			fields[i] = strtok_r(NULL, " ", &save);
		if (!fields[4])
			continue;
		unescape(fields[3]);
		unescape(fields[4]);
		g->top = strlen(fields[4]);
		n = snprintf(g->dir, sizeof(g->dir), "%s%s", fields[4],
			     path_within(path, fields[3]));
		err = n >= 0 && (size_t)n < sizeof(g->dir) ? 0 : ENAMETOOLONG;
	}
	free(line);
	fclose(file);
	return err;
}

bool cgroup_up(struct cgroup *g)
{
	char *slash = strrchr(g->dir, '/');

	if (!slash || slash < g->dir + g->top)
		return false;
	*slash = '\0';
	return true;
}

/* ---- what its files say ---- */

int cgroup_path(const struct cgroup *g, const char *file, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s", g->dir, file);

	return n >= 0 && n < PATH_MAX ? 0 : ENAMETOOLONG;
}

int cgroup_read(const char *root, const struct cgroup *g, const char *file,
		char path[PATH_MAX], char *text, size_t size)
{
	int err = cgroup_path(g, file, path);

	*text = '\0';
	return err ? err : files_read(root, path, text, size);
}

int cgroup_nearest(const char *root, struct cgroup *g, const char *file,
		   char path[PATH_MAX], char *text, size_t size)
{
	struct cgroup level = *g;
	int err, first = 0;

	do {
		err = cgroup_read(root, &level, file, path, text, size);
		if (!err) {
			*g = level;
			return 0;
		}
		first = first ? first : err;
	} while (cgroup_up(&level));
	return cgroup_path(g, file, path) ? ENAMETOOLONG : first;
}

/* Reads a level's file and the limit it sets, INFINITY for none. */
typedef int read_limit(const char *root, const struct cgroup *g,
		       const char *file, char path[PATH_MAX], char *text,
		       size_t size, double *limit);

static int tightest(read_limit *read_level, const char *root, struct cgroup *g,
		    const char *file, char path[PATH_MAX], char *text,
		    size_t size)
{
	struct cgroup level = *g, best = *g;
	double limit, least = INFINITY;
	bool found = false;
	int err, first = 0;

	do {
		err = read_level(root, &level, file, path, text, size, &limit);
		first = first ? first : err;
		if (err || (found && limit >= least))
			continue;
		best = level;
		least = limit;
		found = true;
	} while (cgroup_up(&level));
	if (!found) {
		*text = '\0';
		return cgroup_path(g, file, path) ? ENAMETOOLONG : first;
	}
	*g = best;
	return read_level(root, g, file, path, text, size, &limit);
}

static int read_number(const char *root, const struct cgroup *g,
		       const char *file, char path[PATH_MAX], char *text,
		       size_t size, double *limit)
{
	int err = cgroup_read(root, g, file, path, text, size);
	unsigned long long n = cgroup_limit(text);

	*limit = n == ULLONG_MAX ? INFINITY : (double)n;
	return err;
}

int cgroup_least(const char *root, struct cgroup *g, const char *file,
		 char path[PATH_MAX], char *text, size_t size)
{
	return tightest(read_number, root, g, file, path, text, size);
}

/* v1 keeps quota and period in two files: makes one line of them, as in v2. */
static int read_quota(const char *root, const struct cgroup *g,
		      const char *file, char path[PATH_MAX], char *text,
		      size_t size, double *limit)
{
	char quota[64], period[64], period_path[PATH_MAX];
	unsigned long long n, every;
	int err;

	if (g->v2) {
		err = cgroup_read(root, g, file, path, text, size);
	} else {
		err = cgroup_read(root, g, file, path, quota, sizeof(quota));
		if (!err)
			err = cgroup_read(root, g, "cpu.cfs_period_us",
					  period_path, period, sizeof(period));
		if (!err)
			snprintf(text, size, "%s %s",
				 *quota == '-' ? "max" : files_trim(quota),
				 files_trim(period));
	}
	if (err)
		return err;
	*limit = INFINITY;
	if (sscanf(text, "%llu %llu", &n, &every) == 2 && every)
		*limit = (double)n / (double)every;
	return 0;
}

int cgroup_quota(const char *root, struct cgroup *g, char path[PATH_MAX],
		 char *text, size_t size)
{
	return tightest(read_quota, root, g,
			g->v2 ? "cpu.max" : "cpu.cfs_quota_us", path, text,
			size);
}

unsigned long long cgroup_limit(const char *text)
{
	unsigned long long n = strtoull(text, NULL, 10);

	if (!isdigit((unsigned char)*text) || n > LLONG_MAX - (1 << 20))
		return ULLONG_MAX;
	return n;
}
