/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What channels through io_uring share: submitting and waiting in one system
 * call, as a program would that lives by its ring; and what they need. */
#ifndef HANDOFF_URING_H
#define HANDOFF_URING_H

#include "needs.h"
#include "pair.h"
#include "version.h" /* HANDOFF_LIBURING: whether this build has it */

/* For open(), where it has not; always -1. */
int uring_missing(struct run *r, struct end *driver, struct end *server);

#if HANDOFF_LIBURING

#include <liburing.h>

enum { URING_ENTRIES = 8 };

/* As user_data, of what succeeds in silence: seen only if it has failed. */
#define URING_SILENT UINT64_MAX

/* Submits what is prepared, waits for one completion and returns it; it is
 * the caller's until io_uring_cqe_seen(). */
PAIR_INLINE struct io_uring_cqe *uring_await(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	do {
		int error = io_uring_submit_and_wait(ring, 1);

		if (error < 0 && error != -EINTR)
			die_at(__FILE__, __LINE__, -error, "io_uring_enter");
	} while (io_uring_peek_cqe(ring, &cqe));
	if (cqe->res < 0)
		die("io_uring: %s: %s",
		    cqe->user_data == URING_SILENT ? "signal" : "await",
		    strerror(-cqe->res));
	return cqe;
}

/* A request of which only failure is to be heard. */
PAIR_INLINE void uring_silence(struct io_uring_sqe *sqe)
{
	io_uring_sqe_set_data64(sqe, URING_SILENT);
	io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
}

PAIR_INLINE struct io_uring_sqe *uring_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		die("io_uring: the ring is full");
	return sqe;
}

/* The last signal of a batch, with no await to go with. */
static inline void uring_flush(struct io_uring *ring)
{
	int done = io_uring_submit(ring);

	if (done < 0)
		die_at(__FILE__, __LINE__, -done, "io_uring_enter");
}

#endif
#endif
