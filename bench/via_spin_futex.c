/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a shared word each way; the waiter spins for a while, then announces
 * that it sleeps and does, by futex. A signal that meets a spinning waiter
 * costs no system call. */
#include "pair.h"
#include "relax.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The looks before it sleeps, as many as of glibc's adaptive mutexes: 2.5 µs
 * with Zen 3's pause, about what it costs to sleep and be woken, so that at
 * worst twice the least is spent (Karlin et al. 1991). A number and not a time,
 * as reading the clock takes longer than looking; other processors' pauses are
 * from a tenth of that to twice as long.
 */
enum { LOOKS = 100 };

/* The word: twice the number of the signal, and whether its waiter sleeps. */
enum { SLEEPS = 1 };

static void spin_futex_signal(struct end *e)
{
	uint32_t before = atomic_exchange(&e->theirs->value, ++e->sent << 1);

	if (before >> 1 != (e->sent - 1) << 1 >> 1)
		die("signal %u lost or doubled: the word held %#x", e->sent,
		    before);
	if (before & SLEEPS &&
	    syscall(SYS_futex, &e->theirs->value, FUTEX_WAKE | e->flags, 1,
		    NULL, NULL, 0) < 0)
		die_errno("FUTEX_WAKE");
}

/* False: not yet. */
static bool has_come(struct end *e, uint32_t want)
{
	uint32_t seen =
		atomic_load_explicit(&e->mine->value, memory_order_acquire);

	if (seen == want << 1)
		return true;
	if (seen >> 1 != (want - 1) << 1 >> 1)
		die("signal %u lost or doubled: the word holds %#x", want,
		    seen);
	return false;
}

static void sleep_until(struct end *e, uint32_t want)
{
	uint32_t awake = (want - 1) << 1;

	/* fails if the signal has come, and then nobody would wake us */
	if (!atomic_compare_exchange_strong(&e->mine->value, &awake,
					    awake | SLEEPS))
		return;
	while (!has_come(e, want))
		if (syscall(SYS_futex, &e->mine->value, FUTEX_WAIT | e->flags,
			    (want - 1) << 1 | SLEEPS, NULL, NULL, 0) < 0 &&
		    errno != EAGAIN && errno != EINTR)
			die_errno("FUTEX_WAIT");
}

static void spin_futex_await(struct end *e)
{
	uint32_t want = ++e->received;

	for (int i = 0; i < LOOKS; i++) {
		if (has_come(e, want))
			return;
		relax();
	}
	sleep_until(e, want);
	if (!has_come(e, want))
		die("signal %u has not come", want);
}

/* Threads use private futexes, as every library does; processes cannot. */
static int spin_futex_open(struct run *r, struct end *driver,
			   struct end *server)
{
	driver->flags = r->peer == PEER_THREAD ? FUTEX_PRIVATE_FLAG : 0;
	server->flags = driver->flags;
	return 0;
}

static uint64_t spin_futex_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, spin_futex_signal, spin_futex_await);
}

static uint64_t spin_futex_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, spin_futex_await, spin_futex_signal);
}

const struct channel via_spin_futex = {
	.name = "spin_futex",
	.open = spin_futex_open,
	.drive = spin_futex_drive,
	.serve = spin_futex_serve,
};
