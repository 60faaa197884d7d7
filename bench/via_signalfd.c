/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a real-time signal to the other party's thread each way, read from
 * a signalfd. */
#include "pair.h"

#include <sys/signalfd.h>

#include "signals.h"

/* One of each party's own, though reading fetches the reader's signals from
 * whichever descriptor. */
static int signalfd_enter(struct end *e)
{
	struct signals *s;

	if (signals_enter(e))
		return -1;
	s = e->own;
	e->in = signalfd(-1, &s->set, SFD_CLOEXEC);
	if (e->in < 0)
		die_errno("signalfd");
	return 0;
}

static void signalfd_await(struct end *e)
{
	struct signalfd_siginfo got;

	if (read(e->in, &got, sizeof(got)) != sizeof(got))
		die_errno("read from a signalfd");
	signals_check(e, got.ssi_int);
}

static void signalfd_leave(struct end *e)
{
	signals_leave(e);
	close(e->in);
}

static uint64_t signalfd_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, signals_queue, signalfd_await);
}

static uint64_t signalfd_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, signalfd_await, signals_queue);
}

const struct channel via_signalfd = {
	.name = "signalfd",
	.open = signals_open,
	.enter = signalfd_enter,
	.drive = signalfd_drive,
	.serve = signalfd_serve,
	.leave = signalfd_leave,
};
