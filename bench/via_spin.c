/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a shared word each way that the other party spins on; no kernel at
 * all. */
#include "pair.h"
#include "relax.h"

static void spin_signal(struct end *e)
{
	atomic_store_explicit(&e->theirs->value, ++e->sent,
			      memory_order_release);
}

static void spin_await(struct end *e)
{
	uint32_t want = ++e->received;

	while (atomic_load_explicit(&e->mine->value, memory_order_acquire) !=
	       want)
		relax();
}

static uint64_t spin_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, spin_signal, spin_await);
}

static uint64_t spin_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, spin_await, spin_signal);
}

PAIR_HALVES(spin, spin_signal, spin_await)

const struct channel via_spin = {
	.name = "spin",
	.drive = spin_drive,
	.serve = spin_serve,
	.drive_halves = spin_drive_halves,
	.serve_halves = spin_serve_halves,
};
