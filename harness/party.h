/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second party: a thread or a process, started bound to a PU, and the
 * memory both share. */
#ifndef HANDOFF_PARTY_H
#define HANDOFF_PARTY_H

#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>

#include "bench.h"

struct party {
	enum peer kind;
	pthread_t thread;
	pid_t pid;
	int pu;
	int (*entry)(void *arg); /* returns 0, or an exit code */
	void *arg;
};

/* Starts entry(arg) as a thread or a process (fork) bound to pu (or free,
 * with TOPO_ANY_PU). A process dies with its parent. 0, or -1 and errno. A
 * party that cannot bind itself ends loudly (die). */
int party_start(struct party *party, enum peer kind, int pu,
		int (*entry)(void *arg), void *arg);

/* What r's kind of party is started by: "fork", "pthread_create". */
const char *party_call(const struct run *r);

/* After party_start() has failed: the case is denied, absent or failed for what
 * errno says of that call. Always -1. */
int party_refused(struct run *r);

/* Waits for its end; entry's result, or -1 if it was killed. */
int party_join(struct party *party);

/* Zeroed memory that a forked process shares too, every page touched, on the
 * NUMA node of pu where that can be asked for. NULL and errno. */
void *party_shared(size_t size, int pu);
void party_unshare(void *memory, size_t size);

#endif
