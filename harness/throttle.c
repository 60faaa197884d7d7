/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether tasks of this process's control groups were held back: by a CPU
 * quota, by memory.high; or its PUs slowed down by heat. */
#include "throttle.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "files.h"

/* The number of a key of a file; NAN: the file cannot be read, or the key is
 * not there. errno tells. */
static double key_number(const char *root, const char *path, const char *key)
{
	char text[64], *end;
	double number;

	errno = files_key(root, path, key, text, sizeof(text));
	if (errno)
		return NAN;
	number = strtod(text, &end);
	if (end == text)
		errno = EINVAL;
	return end == text ? NAN : number;
}

/*
 * The levels of a hierarchy whose file has a key, from ours up to the mount
 * point. A level without it limits nothing: the root of the tree, and those
 * for which the controller is not enabled. 0, or the errno of a level that
 * cannot be read.
 */
static int find_levels(const char *root, struct cgroup *g, const char *file,
		       const char *key, char level[THROTTLE_LEVELS][PATH_MAX],
		       size_t *levels)
{
	*levels = 0;
	do {
		char *path = level[*levels];

		if (cgroup_path(g, file, path))
			return ENAMETOOLONG;
		if (!isnan(key_number(root, path, key))) {
			if (++*levels == THROTTLE_LEVELS)
				return ENOSPC;
		} else if (errno != ENOENT) {
			return errno;
		}
	} while (cgroup_up(g));
	return 0;
}

void throttle_open(struct throttle_watch *watch, const char *root, char *why)
{
	struct cgroup g;
	int error;

	*watch = (struct throttle_watch){ .root = root };
	*why = '\0';
	error = cgroup_find(root, "cpu", &g);
	if (!error)
		error = find_levels(root, &g, "cpu.stat", "nr_throttled",
				    watch->quota, &watch->quotas);
	watch->quota_known = !error;
	if (error)
		snprintf(why, THROTTLE_WHY, "the cgroup's cpu.stat: %s",
			 error == ENOENT ? "no such hierarchy is mounted" :
					   strerror(error));
	/* the first version has no memory.high */
	watch->memory_known = !cgroup_find(root, "memory", &g) && g.v2 &&
			      !find_levels(root, &g, "memory.events", "high",
					   watch->memory, &watch->memories);
}

static double sum(const char *root, char level[][PATH_MAX], size_t levels,
		  const char *key)
{
	double all = 0;

	for (size_t i = 0; i < levels; i++)
		all += key_number(root, level[i], key);
	return all;
}

/* v1 tells nanoseconds, v2 microseconds. */
static double stopped_s(const char *root, const char *path)
{
	double us = key_number(root, path, "throttled_usec");

	return isnan(us) ? key_number(root, path, "throttled_time") / 1e9 :
			   us / 1e6;
}

/* How often a PU got too hot, or its package; NAN: there is no such count. */
static double times_hot(const char *root, int pu)
{
	static const char *const file[] = { "core_throttle_count",
					    "package_throttle_count" };
	double hot = NAN;

	for (size_t i = 0; i < sizeof(file) / sizeof(*file); i++) {
		char path[PATH_MAX], text[32], *end;
		double times;

		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%d/thermal_throttle/%s",
			 pu, file[i]);
		if (files_read(root, path, text, sizeof(text)))
			continue;
		times = strtod(text, &end);
		if (end != text)
			hot = isnan(hot) ? times : hot + times;
	}
	return hot;
}

void throttle_read(const struct throttle_watch *watch, const int *pu,
		   size_t count, struct throttle *now)
{
	const char *root = watch->root;

	*now = (struct throttle){ NAN, NAN, NAN, NAN, NAN };
	if (watch->quota_known) {
		char(*quota)[PATH_MAX] = (char(*)[PATH_MAX])watch->quota;

		now->periods = sum(root, quota, watch->quotas, "nr_periods");
		now->stopped = sum(root, quota, watch->quotas, "nr_throttled");
		now->stopped_s = 0;
		for (size_t i = 0; i < watch->quotas; i++)
			now->stopped_s += stopped_s(root, quota[i]);
	}
	if (watch->memory_known)
		now->memory_high = sum(root, (char(*)[PATH_MAX])watch->memory,
				       watch->memories, "high");
	for (size_t i = 0; i < count; i++) {
		double hot = times_hot(root, pu[i]);

		now->thermal = i ? now->thermal + hot : hot;
	}
}

static double growth(double before, double after)
{
	return after >= before ? after - before : NAN;
}

struct throttle throttle_growth(const struct throttle *before,
				const struct throttle *after)
{
	return (struct throttle){
		.periods = growth(before->periods, after->periods),
		.stopped = growth(before->stopped, after->stopped),
		.stopped_s = growth(before->stopped_s, after->stopped_s),
		.memory_high = growth(before->memory_high, after->memory_high),
		.thermal = growth(before->thermal, after->thermal),
	};
}

bool throttle_any(const struct throttle *t)
{
	return t->stopped > 0 || t->memory_high > 0 || t->thermal > 0;
}
