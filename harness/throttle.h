/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether tasks of this process's control groups were held back: by a CPU
 * quota, by memory.high; or its PUs slowed down by heat. */
#ifndef HANDOFF_THROTTLE_H
#define HANDOFF_THROTTLE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { THROTTLE_LEVELS = 16, THROTTLE_WHY = 160 };

/* The files that tell, found once. */
struct throttle_watch {
	const char
		*root; /* "", or a directory that holds another /proc, /sys */
	bool quota_known, memory_known;
	size_t quotas, memories; /* levels of the tree that count any */
	char quota[THROTTLE_LEVELS][PATH_MAX];  /* cpu.stat */
	char memory[THROTTLE_LEVELS][PATH_MAX]; /* memory.events */
};

/* So far, and growing; NAN: not known. Summed over the levels of the tree. */
struct throttle {
	double periods;     /* of quotas, */
	double stopped;     /* of them: those in which tasks were stopped, */
	double stopped_s;   /* and for how long, all PUs together */
	double memory_high; /* times that tasks were made to reclaim, as their
			     * group was beyond memory.high */
	double thermal;     /* times that a PU used, or its package, got hot */
};

/*
 * Finds where this process is in the tree; invocations stay there. root must
 * outlive it. why, of THROTTLE_WHY bytes: what of the quota cannot be known;
 * "": nothing. A level above the mount point, as in a container, stays unseen.
 */
void throttle_open(struct throttle_watch *watch, const char *root, char *why);

/* pu: those whose heat counts, OS indices. */
void throttle_read(const struct throttle_watch *watch, const int *pu,
		   size_t count, struct throttle *now);

/* What after has more than before; NAN also for what has fallen. */
struct throttle throttle_growth(const struct throttle *before,
				const struct throttle *after);

/* Whether anything was held back, as far as is known. */
bool throttle_any(const struct throttle *growth);

#endif
