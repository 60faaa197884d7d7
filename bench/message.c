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
	{ "tcp", &via_tcp, BOTH, BOUND },
	{ "uv_pipe", &via_uv_pipe, BOTH, BOUND },
	{ "seqpacket", &via_seqpacket, BOTH, BOUND },
	{ "queue_eventfd", &via_eventfd, BOTH, BOUND },
	{ "queue_uv_async", &via_uv_async, PEER_THREAD, BOUND },
	{ "port", &via_port, PEER_THREAD, BOUND },
	{ "port_pipe", &via_port_pipe, PEER_PROCESS, BOUND },
	{ NULL },
};

static const uint64_t sizes[] = {
	1,        64,        1 << 10, 4 << 10,   16 << 10,
	64 << 10, 256 << 10, 1 << 20, PARAM_END,
};

static const uint64_t full_sizes[] = { 4 << 20, 16 << 20, PARAM_END };

const struct bench bench_message = {
	.name = "message",
	.title = "a payload to the other party and an answer",
	.unit = "ns",
	.variants = variants,
	.param = "size",
	.values = sizes,
	.full_values = full_sizes,
	.param_is_bytes = true,
	.counts = COUNT_SYSCALLS | COUNT_SWITCHES | COUNT_COPIES,
	.stamps = true,
	.setup = pair_setup_message,
	.arm = pair_arm,
	.run = pair_run,
	.settle = pair_settle,
	.teardown = pair_teardown,
};
