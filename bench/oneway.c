/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One way: the two halves of a round trip, from the driver to the other party
 * only, where the clocks of their PUs are provably together. */
#include <string.h>

#include "apart.h"
#include "channel.h"
#include "pair.h"

/* CALL: the signal itself, until it returns. WAKE: from before the signal until
 * the other party has returned from its wait, on its own clock. */
enum { CALL, WAKE };

enum { BOTH = PEER_THREAD | PEER_PROCESS };

struct state {
	struct apart apart;
	double calls_ns; /* of all calls, the clock's cost among them */
};

static int setup(struct run *r)
{
	static struct state s;

	memset(&s, 0, sizeof(s));
	r->state = &s;
	if (apart_open(r, &s.apart))
		return -1;
	return pair_setup_halves(r, NULL);
}

/* A clock coarser than a call may read the same before and after it, but never
 * less, and never throughout a run. Only an unbound party may change clocks. */
static int take_call(struct run *r, struct halves h)
{
	struct state *s = r->state;
	double ns = clock_diff_ns(&r->clock, h.before, h.returned);

	if (ns < (r->pu_a < 0 ? -s->apart.most_ns : 0))
		return bench_fail(r,
				  "a call of %.0f ns: its clock runs "
				  "backwards",
				  ns);
	s->calls_ns += ns;
	run_sample(r, CALL, run_elapsed_ns(r, h.before, h.returned));
	return 0;
}

static int settle(struct run *r, uint64_t n)
{
	struct state *s = r->state;

	if (pair_settle(r, n))
		return -1;
	for (uint64_t i = 1; i <= n; i++) {
		struct halves h = pair_halves(r, i);

		if (take_call(r, h) ||
		    apart_wake(r, &s->apart, WAKE, h.before, h.ran))
			return -1;
	}
	return 0;
}

static int teardown(struct run *r)
{
	struct state *s = r->state;

	if (pair_teardown(r) || apart_judge(r, &s->apart))
		return -1;
	if (s->apart.wake.n && !(s->calls_ns > 0))
		return bench_fail(r, "its calls take no time");
	return 0;
}

static const struct variant variants[] = {
	{ "pipe", &via_pipe, BOTH, PLACES_ALL },
	{ "socketpair", &via_socketpair, BOTH, PLACES_ALL },
	{ "eventfd", &via_eventfd, BOTH, PLACES_ALL },
	{ "futex", &via_futex, BOTH, PLACES_ALL },
	/* as fast as the exchange that compares the clocks: the case can only
	 * be told where their offset is known in another way */
	{ "spin", &via_spin, BOTH, PLACES_TWO_PUS },
	{ NULL },
};

static const struct metric metrics[] = {
	{ "call", "ns" },
	{ "wake", "ns" },
	{ NULL, NULL },
};

const struct bench bench_oneway = {
	.name = "oneway",
	.title = "half a round trip: the signal, and until the other runs",
	.unit = "ns",
	.least_s = 0.04,
	.variants = variants,
	.metrics = metrics,
	.setup = setup,
	.arm = pair_arm,
	.run = pair_run,
	.settle = settle,
	.teardown = teardown,
};
