/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a futex word each way; the waiter sleeps until it is woken. */
#include "pair.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

static void futex_signal(struct end *e)
{
	atomic_store_explicit(&e->theirs->value, ++e->sent,
			      memory_order_release);
	if (syscall(SYS_futex, &e->theirs->value, FUTEX_WAKE | e->flags, 1,
		    NULL, NULL, 0) < 0)
		die_errno("FUTEX_WAKE");
}

/* Sleeps unless the signal came first: then FUTEX_WAIT is not needed, and the
 * count of system calls is rightly below 2 a direction. */
static void futex_await(struct end *e)
{
	uint32_t want = ++e->received, seen;

	while ((seen = atomic_load_explicit(&e->mine->value,
					    memory_order_acquire)) != want) {
		if (seen != want - 1)
			die("signal %u lost: the word holds %u", want, seen);
		if (syscall(SYS_futex, &e->mine->value, FUTEX_WAIT | e->flags,
			    seen, NULL, NULL, 0) < 0 &&
		    errno != EAGAIN && errno != EINTR)
			die_errno("FUTEX_WAIT");
	}
}

/* Threads use private futexes, as every library does; processes cannot. */
static int futex_open(struct run *r, struct end *driver, struct end *server)
{
	driver->flags = r->peer == PEER_THREAD ? FUTEX_PRIVATE_FLAG : 0;
	server->flags = driver->flags;
	return 0;
}

static uint64_t futex_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, futex_signal, futex_await);
}

static uint64_t futex_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, futex_await, futex_signal);
}

PAIR_HALVES(futex, futex_signal, futex_await)

const struct channel via_futex = {
	.name = "futex",
	.open = futex_open,
	.drive = futex_drive,
	.serve = futex_serve,
	.drive_halves = futex_drive_halves,
	.serve_halves = futex_serve_halves,
};
