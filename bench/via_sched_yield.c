/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a shared word each way; the waiter gives up its PU between looks, so
 * that both may be on one. */
#include "pair.h"

#include <sched.h>

static void sched_yield_signal(struct end *e)
{
	atomic_store_explicit(&e->theirs->value, ++e->sent,
			      memory_order_release);
}

static void sched_yield_await(struct end *e)
{
	uint32_t want = ++e->received, seen;

	while ((seen = atomic_load_explicit(&e->mine->value,
					    memory_order_acquire)) != want) {
		if (seen != want - 1)
			die("signal %u lost or doubled: the word holds %u",
			    want, seen);
		sched_yield();
	}
}

static uint64_t sched_yield_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, sched_yield_signal, sched_yield_await);
}

static uint64_t sched_yield_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, sched_yield_await, sched_yield_signal);
}

const struct channel via_sched_yield = {
	.name = "sched_yield",
	.drive = sched_yield_drive,
	.serve = sched_yield_serve,
};
