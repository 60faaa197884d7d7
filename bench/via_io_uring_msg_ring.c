/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: IORING_OP_MSG_RING each way, which puts a completion straight into
 * the other party's ring. */
#include "pair.h"

#include "uring.h"

#if HANDOFF_LIBURING

#include <stdlib.h>

/* A party's ring, and the descriptor of the other's. */
struct msg_end {
	struct io_uring ring;
	int other;
};

/* Made before the second party starts, which inherits both: a ring is named
 * by its descriptor, and is anyone's who has it. */
static int msg_ring_open(struct run *r, struct end *driver, struct end *server)
{
	struct msg_end *own = calloc(2, sizeof(*own));

	if (!own)
		return -1;
	for (int i = 0; i < 2; i++) {
		errno = -io_uring_queue_init(URING_ENTRIES, &own[i].ring, 0);
		if (errno)
			return bench_errno(r, "io_uring_setup");
	}
	own[0].other = own[1].ring.ring_fd;
	own[1].other = own[0].ring.ring_fd;
	driver->own = &own[0];
	server->own = &own[1];
	return 0;
}

static void msg_ring_signal(struct end *e)
{
	struct msg_end *own = e->own;
	struct io_uring_sqe *sqe = uring_sqe(&own->ring);

	io_uring_prep_msg_ring(sqe, own->other, 0, ++e->sent, 0);
	uring_silence(sqe);
}

/* What was prepared goes out with it. */
static void msg_ring_await(struct end *e)
{
	struct msg_end *own = e->own;
	struct io_uring_cqe *cqe = uring_await(&own->ring);

	if (cqe->user_data != ++e->received)
		die("signal %u lost or doubled", e->received);
	io_uring_cqe_seen(&own->ring, cqe);
}

static uint64_t msg_ring_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, msg_ring_signal, msg_ring_await);
}

static uint64_t msg_ring_serve(struct end *e, uint64_t n)
{
	struct msg_end *own = e->own;
	uint64_t done = pair_serve(e, n, msg_ring_await, msg_ring_signal);

	uring_flush(&own->ring);
	return done;
}

static void msg_ring_leave(struct end *e)
{
	struct msg_end *own = e->own;
	struct io_uring_cqe *cqe;

	if (!io_uring_peek_cqe(&own->ring, &cqe))
		die("signal %u doubled", e->received);
}

static void msg_ring_close(struct end *driver, struct end *server)
{
	struct msg_end *own = driver->own;

	(void)server;
	io_uring_queue_exit(&own[0].ring);
	io_uring_queue_exit(&own[1].ring);
	free(own);
}

const struct channel via_io_uring_msg_ring = {
	.name = "io_uring_msg_ring",
	.open = msg_ring_open,
	.drive = msg_ring_drive,
	.serve = msg_ring_serve,
	.leave = msg_ring_leave,
	.close = msg_ring_close,
};

#else

const struct channel via_io_uring_msg_ring = {
	.name = "io_uring_msg_ring",
	.open = uring_missing,
};

#endif
