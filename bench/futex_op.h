/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the variants of the bench futex are: operations, each with the hooks of
 * its kind. */
#ifndef HANDOFF_FUTEX_OP_H
#define HANDOFF_FUTEX_OP_H

#include "bench.h"
#include "channel.h"

/* The bench's own, by which it calls those of the variant's kind. */
struct futex_kind {
	int (*setup)(struct run *r);
	void (*arm)(struct run *r, uint64_t n); /* or NULL */
	uint64_t (*run)(struct run *r, uint64_t n);
	int (*settle)(struct run *r, uint64_t n); /* or NULL */
	int (*teardown)(struct run *r);           /* or NULL */
};

struct futex_op {
	/* of kinds that are pairs; first, as the pair engine takes what
	 * r->variant->arg points to for a channel */
	struct channel channel;
	const struct futex_kind *kind;
	int flags; /* FUTEX_PRIVATE_FLAG, or 0 */
	/* of one party: n operations. It dies if one did not do its work. */
	void (*loop)(struct word *word, int flags, uint64_t n);
	/* of one that may not be there: tries it, without any effect */
	long (*probe)(void);
	const char *call; /* what it tries: "futex_waitv" */
};

/* Metric 0 of every variant. */
enum { FUTEX_TIME };

/* One party alone: its loop, timed as a whole. */
extern const struct futex_kind futex_alone;

/* Those that stand in files of their own; …_private: of threads alone. */
#define OPERATION(name) extern const struct futex_op futex_##name;
OPERATION(run_private)
OPERATION(run_shared)
OPERATION(run_bitset_private)
OPERATION(run_bitset_shared)
OPERATION(run_waitv_private)
OPERATION(run_waitv_shared)
OPERATION(hand_over_pi_private)
OPERATION(hand_over_pi_shared)
OPERATION(requeue_private)
OPERATION(requeue_shared)
OPERATION(atomics_store)
OPERATION(atomics_load)
OPERATION(atomics_exchange)
OPERATION(atomics_notify)
OPERATION(atomics_wait)
OPERATION(atomics_wait_notify)
#undef OPERATION

/* Of atomics_wait: the calls of FUTEX_WAIT beside the time. */
extern const struct metric futex_wait_metrics[];

/* Tries FUTEX_LOCK_PI. */
long futex_probe_pi(void);

/* 0 if the operation's call is there; else the case is absent or denied. */
int futex_is_there(struct run *r);

/* A time from one party to the other, by apart.h: 0 where one can be told, else
 * absent; one wake-up handed in; and whether all that was known of the clocks
 * is enough for it, at the end. */
int futex_clocks(struct run *r);
int futex_woken(struct run *r, uint64_t from, uint64_t to);
int futex_judge(struct run *r);

/* Lets the one on another PU fall asleep, rather than catch it between
 * queueing itself and sleeping; on one PU it must be asleep already. In ticks
 * of the clock: 0 on one PU. */
uint64_t futex_sleep_ticks(const struct run *r);
static inline void futex_let_sleep(uint64_t ticks)
{
	uint64_t from = clock_now();

	while (clock_now() - from < ticks)
		;
}

/* Wakes until exactly one was there to be woken: that proves that it slept.
 * Returns the time just before the wake that found it. */
uint64_t futex_wake_sleeper(struct word *word, int flags);

#endif
