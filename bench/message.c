/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Message: a payload to the other party and a one-byte answer, over sizes. */
#include "channel.h"
#include "needs.h"
#include "pair.h"

enum {
	BOTH = PEER_THREAD | PEER_PROCESS,
	BOUND = PLACE_ONE_PU | PLACES_TWO_PUS
};

static const struct need *const for_nodes[] = { &need_nodes, NULL };

static const struct variant variants[] = {
	{ "pipe", &via_pipe, BOTH, BOUND },
	{ "socketpair", &via_socketpair, BOTH, BOUND },
	{ "tcp", &via_tcp, BOTH, BOUND, .tier = FULL },
	{ "uv_pipe", &via_uv_pipe, BOTH, BOUND, .tier = FULL },
	{ "seqpacket", &via_seqpacket, BOTH, BOUND, .tier = FULL },
	{ "queue_eventfd", &via_eventfd, BOTH, BOUND },
	/* the same with its slots on the node of one party */
	{ "queue_writers_node", &via_writers_node, BOTH, PLACES_TWO_PUS,
	  for_nodes },
	{ "queue_readers_node", &via_readers_node, BOTH, PLACES_TWO_PUS,
	  for_nodes },
	{ "queue_uv_async", &via_uv_async, PEER_THREAD, BOUND },
	{ "port", &via_port, PEER_THREAD, BOUND },
	{ "port_pipe", &via_port_pipe, PEER_PROCESS, BOUND },
	{ NULL },
};

static const uint64_t sizes[] = {
	1, 1 << 10, 64 << 10, 1 << 20, PARAM_END,
};

static const uint64_t full_sizes[] = {
	64, 4 << 10, 16 << 10, 256 << 10, 4 << 20, 16 << 20, PARAM_END,
};

const struct bench bench_message = {
	.name = "message",
	.title = "a payload to the other party and an answer",
	.unit = "ns",
	.variants = variants,
	.param = "size",
	.values = sizes,
	.full_values = full_sizes,
	.param_is_bytes = true,
	.counts = COUNT_SYSCALLS | COUNT_NAMES | COUNT_SWITCHES | COUNT_COPIES,
	.stamps = true,
	.setup = pair_setup_message,
	.arm = pair_arm,
	.run = pair_run,
	.settle = pair_settle,
	.teardown = pair_teardown,
};
