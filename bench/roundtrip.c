/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Round trip: one party wakes the other and is woken by it, by every mechanism.
 */
#include "channel.h"
#include "needs.h"
#include "pair.h"

enum { BOTH = PEER_THREAD | PEER_PROCESS };

static const struct need
	*const for_pidfd[] = { &need_pidfd_signal, NULL },
	       *const for_msg_ring[] = { &need_io_uring_msg_ring, NULL },
	       *const for_ring[] = { &need_io_uring_eventfd, NULL };

/* Left to the scheduler only where someone claims something. */
#define FREE_IN_FULL .full_places = PLACE_ANY

static const struct variant variants[] = {
	{ "pipe", &via_pipe, BOTH, PLACES_ALL },
	{ "socketpair", &via_socketpair, BOTH, PLACES_ALL },
	{ "eventfd", &via_eventfd, BOTH, PLACES_ALL },
	{ "futex", &via_futex, BOTH, PLACES_ALL },
	{ "seqpacket", &via_seqpacket, BOTH, PLACES_ALL, FREE_IN_FULL },
	{ "epoll_eventfd", &via_epoll_eventfd, BOTH, PLACES_ALL, FREE_IN_FULL },
	{ "epoll_pipe", &via_epoll_pipe, BOTH, PLACES_ALL, FREE_IN_FULL },
	{ "condvar", &via_condvar, BOTH, PLACES_ALL, FREE_IN_FULL },
	{ "semaphore", &via_semaphore, BOTH, PLACES_ALL, FREE_IN_FULL },
	{ "mqueue", &via_mqueue, BOTH, PLACES_ALL, FREE_IN_FULL },
	{ "sysv_semaphore", &via_sysv_semaphore, BOTH, PLACES_ALL,
	  FREE_IN_FULL },
	{ "sched_yield", &via_sched_yield, BOTH, PLACES_ALL, FREE_IN_FULL },
	{ "spin_futex", &via_spin_futex, BOTH, PLACES_ALL, FREE_IN_FULL },
	{ "tcp", &via_tcp, BOTH, PLACES_ALL, FREE_IN_FULL },
	{ "udp", &via_udp, BOTH, PLACES_ALL, FREE_IN_FULL },
	{ "signal", &via_signal, BOTH, PLACES_ALL, FREE_IN_FULL },
	{ "signalfd", &via_signalfd, BOTH, PLACES_ALL, FREE_IN_FULL },
	/* a process's, for which any of its threads may take the signal */
	{ "pidfd_signal", &via_pidfd_signal, PEER_PROCESS, PLACES_ALL,
	  for_pidfd, FREE_IN_FULL },
	{ "io_uring_msg_ring", &via_io_uring_msg_ring, BOTH, PLACES_ALL,
	  for_msg_ring, FREE_IN_FULL },
	{ "io_uring_eventfd", &via_io_uring_eventfd, BOTH, PLACES_ALL, for_ring,
	  FREE_IN_FULL },
	{ "uv_pipe", &via_uv_pipe, BOTH, PLACES_ALL },
	/* a libuv loop belongs to one process */
	{ "uv_async", &via_uv_async, PEER_THREAD, PLACES_ALL },
	/* spinning never lets the other party onto the same PU */
	{ "spin", &via_spin, BOTH, PLACES_TWO_PUS },
	{ NULL },
};

const struct bench bench_roundtrip = {
	.name = "roundtrip",
	.title = "wake the other party and be woken by it",
	.unit = "ns",
	.variants = variants,
	.counts =
		COUNT_SYSCALLS | COUNT_NAMES | COUNT_SWITCHES | COUNT_CPU_TIME,
	.stamps = true,
	.setup = pair_setup,
	.arm = pair_arm,
	.run = pair_run,
	.settle = pair_settle,
	.teardown = pair_teardown,
};
