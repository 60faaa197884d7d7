/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contenders: several parties, each on a PU of its own, that begin a batch
 * together at a gate and end it when the first says so. */
#ifndef HANDOFF_CONTENDERS_H
#define HANDOFF_CONTENDERS_H

#include "bench.h"

struct contenders;

/* What a party other than the first does in a batch, until contenders_stopped()
 * says so. number: 1 … */
typedef void contend(struct contenders *c, unsigned number, void *arg);

/* Starts parties - 1 others (threads or processes, as r->peer says) on pu[1] …
 * and binds the caller, number 0, to pu[0]. pu and arg must last; a process
 * sees a copy of them. 0, or -1 after bench_fail(). */
int contenders_open(struct run *r, struct contenders **out, unsigned parties,
		    const int *pu, contend *work, void *arg);

/* Returns when all stand at the gate, awake and spinning. */
void contenders_arm(struct contenders *c);
void contenders_go(struct contenders *c);
void contenders_stop(struct contenders *c);
bool contenders_stopped(const struct contenders *c);

/* Waits until all have stopped. 0, or -1 where one ran on another PU; what
 * they used is in r->peer_tally, and r->peer_pu is number 1's. */
int contenders_settle(struct contenders *c);

/* Sends all home and frees *c. 0, or -1 where one failed. */
int contenders_close(struct contenders *c);

#endif
