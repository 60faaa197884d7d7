/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: an eventfd each way, written and read through a ring: the write of
 * the answer and the next read go to the kernel together. */
#include "pair.h"

#include "uring.h"

#if HANDOFF_LIBURING

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct event_end {
	struct io_uring ring;
	uint64_t put, got; /* must outlast their requests */
};

/* One eventfd a direction, as in via_eventfd.c. Not to block, though nothing
 * ever finds it full: else the kernel hands each write to a worker thread
 * (loop_rw_iter, io_uring/rw.c), and a round trip takes over ten times as long.
 */
static int event_open(struct run *r, struct end *driver, struct end *server)
{
	driver->in = server->out = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	driver->out = server->in = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return driver->in < 0 || driver->out < 0 ? bench_errno(r, "eventfd") :
						   0;
}

static int event_enter(struct end *e)
{
	struct event_end *own = calloc(1, sizeof(*own));

	e->own = own;
	if (!own)
		return -1;
	errno = -io_uring_queue_init(URING_ENTRIES, &own->ring, 0);
	if (errno)
		die_errno("io_uring_setup");
	return 0;
}

/* An eventfd adds up what is written: the number itself shows whether one was
 * lost or doubled. */
static void event_signal(struct end *e)
{
	struct event_end *own = e->own;
	struct io_uring_sqe *sqe = uring_sqe(&own->ring);

	own->put = ++e->sent;
	io_uring_prep_write(sqe, e->out, &own->put, sizeof(own->put), 0);
	uring_silence(sqe);
}

static void event_await(struct end *e)
{
	struct event_end *own = e->own;
	struct io_uring_sqe *sqe = uring_sqe(&own->ring);
	struct io_uring_cqe *cqe;

	io_uring_prep_read(sqe, e->in, &own->got, sizeof(own->got), 0);
	cqe = uring_await(&own->ring);
	if (cqe->res != sizeof(own->got) || own->got != ++e->received)
		die("signal %u lost or doubled", e->received);
	io_uring_cqe_seen(&own->ring, cqe);
}

static uint64_t event_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, event_signal, event_await);
}

static uint64_t event_serve(struct end *e, uint64_t n)
{
	struct event_end *own = e->own;
	uint64_t done = pair_serve(e, n, event_await, event_signal);

	uring_flush(&own->ring);
	return done;
}

static void event_leave(struct end *e)
{
	struct event_end *own = e->own;

	io_uring_queue_exit(&own->ring);
	free(own);
}

static void event_close(struct end *driver, struct end *server)
{
	(void)server;
	close(driver->in);
	close(driver->out);
}

const struct channel via_io_uring_eventfd = {
	.name = "io_uring_eventfd",
	.open = event_open,
	.enter = event_enter,
	.drive = event_drive,
	.serve = event_serve,
	.leave = event_leave,
	.close = event_close,
};

#else

const struct channel via_io_uring_eventfd = {
	.name = "io_uring_eventfd",
	.open = uring_missing,
};

#endif
