/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Message: a payload to the other party and a one-byte answer, over sizes. */
#include "channel.h"
#include "pair.h"

enum {
	BOTH = PEER_THREAD | PEER_PROCESS,
	BOUND = PLACE_ONE_PU | PLACES_TWO_PUS
};

static const struct variant variants[] = {
	{ "pipe", &via_pipe, BOTH, BOUND },
	{ "socketpair", &via_socketpair, BOTH, BOUND },
	{ "queue_eventfd", &via_eventfd, BOTH, BOUND },
	{ "queue_uv_async", &via_uv_async, PEER_THREAD, BOUND },
	{ NULL },
};

static const uint64_t sizes[] = {
	1,        64,        1 << 10, 4 << 10,   16 << 10,
	64 << 10, 256 << 10, 1 << 20, PARAM_END,
};

const struct bench bench_message = {
	.name = "message",
	.title = "a payload to the other party and an answer",
	.unit = "ns",
	.variants = variants,
	.param = "size",
	.values = sizes,
	.param_is_bytes = true,
	.counts = COUNT_SYSCALLS | COUNT_SWITCHES | COUNT_COPIES,
	.stamps = true,
	.setup = pair_setup_message,
	.arm = pair_arm,
	.run = pair_run,
	.settle = pair_settle,
	.teardown = pair_teardown,
};
