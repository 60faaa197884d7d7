/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Round trip: one party wakes the other and is woken by it, by every mechanism.
 */
#include "channel.h"
#include "pair.h"

enum { BOTH = PEER_THREAD | PEER_PROCESS };

static const struct variant variants[] = {
	{ "pipe", &via_pipe, BOTH, PLACES_ALL },
	{ "socketpair", &via_socketpair, BOTH, PLACES_ALL },
	{ "eventfd", &via_eventfd, BOTH, PLACES_ALL },
	{ "futex", &via_futex, BOTH, PLACES_ALL },
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
	.counts = COUNT_SYSCALLS | COUNT_SWITCHES | COUNT_CPU_TIME,
	.stamps = true,
	.setup = pair_setup,
	.arm = pair_arm,
	.run = pair_run,
	.settle = pair_settle,
	.teardown = pair_teardown,
};
