/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streaming: messages one way, one after the other, over how many may be on
 * their way: what a batch of them takes until the last is known to have
 * arrived. */
#include "channel.h"
#include "pair.h"

enum { PER_MESSAGE, RATE, BANDWIDTH, COALESCING };

/* Filling and emptying the window is then little of a batch. */
enum { WINDOWS = 32, LEAST = 256 };

struct flow {
	const struct channel *channel;
	uint64_t size;
};

static int setup(struct run *r)
{
	const struct flow *flow = r->variant->arg;
	uint64_t least = WINDOWS * r->value;

	r->least_n = least > LEAST ? least : LEAST;
	return pair_setup_flow(r, flow->channel, flow->size,
			       (uint32_t)r->value);
}

static uint64_t run(struct run *r, uint64_t n)
{
	uint64_t from = clock_now(), done = pair_run(r, n);
	double ns = run_elapsed_ns(r, from, clock_now()) / (double)n;

	run_mean(r, PER_MESSAGE, ns);
	run_mean(r, RATE, 1e9 / ns);
	run_mean(r, BANDWIDTH, (double)r->payload_bytes * 1e9 / ns);
	return done;
}

static int settle(struct run *r, uint64_t n)
{
	if (pair_settle(r, n))
		return -1;
	run_value(r, COALESCING, (double)n / (double)pair_wakeups(r));
	return 0;
}

enum {
	BOTH = PEER_THREAD | PEER_PROCESS,
	BOUND = PLACE_ONE_PU | PLACES_TWO_PUS
};

#define OF(way, bytes) (&(const struct flow){ &via_##way, bytes })
/* name: what it is called; small and large: whether 64 B and 64 KiB are in
 * `make bench`, which has no time for all. */
#define SIZES(name, way, peers, small, large)                                 \
	{ name "_64B", OF(way, 64), peers, BOUND, .tier = small },            \
		{ name "_4KiB", OF(way, 4 << 10), peers, BOUND,               \
		  .tier = FULL },                                             \
	{                                                                     \
		name "_64KiB", OF(way, 64 << 10), peers, BOUND, .tier = large \
	}

static const struct variant variants[] = {
	SIZES("pipe", pipe, BOTH, HEADLINE, HEADLINE),
	SIZES("socketpair", socketpair, BOTH, FULL, FULL),
	SIZES("queue_eventfd", eventfd, BOTH, HEADLINE, FULL),
	SIZES("port", port, PEER_THREAD, HEADLINE, FULL),
	SIZES("port_pipe", port_pipe, PEER_PROCESS, HEADLINE, FULL),
	{ "vmsplice_64KiB", OF(vmsplice, 64 << 10), BOTH, BOUND, .tier = FULL },
	{ "splice_64KiB", OF(splice, 64 << 10), BOTH, BOUND, .tier = FULL },
	{ NULL },
};

static const uint64_t in_flight[] = { 1, 64, PARAM_END };
static const uint64_t full_in_flight[] = { 8, PARAM_END };

static const struct metric metrics[] = {
	{ "per_message", "ns" },
	{ "rate", "1/s" },
	{ "bandwidth", "B/s" },    /* of payload */
	{ "coalescing", "count" }, /* messages for each time that the receiver
				    * was woken: a read, a callback */
	{ NULL, NULL },
};

const struct bench bench_streaming = {
	.name = "streaming",
	.title = "messages one way, several at a time on their way",
	.unit = "ns",
	.least_s = 0.08,
	.variants = variants,
	.param = "in_flight",
	.values = in_flight,
	.full_values = full_in_flight,
	.metrics = metrics,
	.counts = COUNT_SYSCALLS | COUNT_SWITCHES | COUNT_COPIES | COUNT_FAULTS,
	.count_n = 300,
	.setup = setup,
	.arm = pair_arm,
	.run = run,
	.settle = settle,
	.teardown = pair_teardown,
};
