/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PUs that this process may use, and whether they are still the same. */
#ifndef HANDOFF_ALLOWED_H
#define HANDOFF_ALLOWED_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

enum { ALLOWED_PUS = 8192 };

/* By the calling thread's affinity, of which the kernel takes what its cpuset
 * loses and what goes offline. */
struct allowed {
	size_t count; /* 0: not known */
	cpu_set_t set[ALLOWED_PUS / CPU_SETSIZE];
};

/* 0, or -1 and errno: not known. */
int allowed_read(struct allowed *allowed);

/* False where either is not known: nothing can be said. */
bool allowed_differ(const struct allowed *a, const struct allowed *b);

/* "0-3,8", cut to size, into buf, which is returned. */
char *allowed_list(const struct allowed *allowed, char *buf, size_t size);

#endif
