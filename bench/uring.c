/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether this build, this kernel and its administrator know io_uring, and the
 * operations of it that channels use. */
#include "uring.h"

#include <stdio.h>

static const char missing[] = "built without liburing 2.2 or later";

int uring_missing(struct run *r, struct end *driver, struct end *server)
{
	(void)driver;
	(void)server;
	return bench_absent(r, "%s", missing);
}

#if HANDOFF_LIBURING

static bool refused(int error, char *why, size_t size, bool *denied)
{
	*denied = error == EPERM || error == EACCES;
	snprintf(why, size, "io_uring: %s%s", strerror(error),
		 *denied         ? " (kernel.io_uring_disabled, or seccomp)" :
		 error == ENOSYS ? " (Linux 5.1; or a seccomp filter)" :
		 error == ENOMEM ? " (ulimit -l)" :
				   "");
	return false;
}

/* op and what it is called; features: of the ring, all of them. */
static bool has(int op, const char *name, char *why, size_t size, bool *denied)
{
	struct io_uring_params params = { 0 };
	struct io_uring_probe *probe;
	struct io_uring ring;
	bool there;
	int error = -io_uring_queue_init_params(URING_ENTRIES, &ring, &params);

	if (error)
		return refused(error, why, size, denied);
	probe = io_uring_get_probe_ring(&ring);
	there = probe && io_uring_opcode_supported(probe, op) &&
		params.features & IORING_FEAT_CQE_SKIP;
	if (!there)
		snprintf(why, size, "this kernel's io_uring has no %s",
			 probe && io_uring_opcode_supported(probe, op) ?
				 "IOSQE_CQE_SKIP_SUCCESS (Linux 5.17)" :
				 name);
	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
	return there;
}

static bool msg_ring_there(char *why, size_t size, bool *denied)
{
	return has(IORING_OP_MSG_RING, "IORING_OP_MSG_RING (Linux 5.18)", why,
		   size, denied);
}

static bool eventfd_there(char *why, size_t size, bool *denied)
{
	return has(IORING_OP_READ, "IORING_OP_READ (Linux 5.6)", why, size,
		   denied);
}

#else

static bool msg_ring_there(char *why, size_t size, bool *denied)
{
	(void)denied;
	snprintf(why, size, "%s", missing);
	return false;
}

static bool eventfd_there(char *why, size_t size, bool *denied)
{
	return msg_ring_there(why, size, denied);
}

#endif

const struct need need_io_uring_msg_ring = { msg_ring_there };
const struct need need_io_uring_eventfd = { eventfd_there };
