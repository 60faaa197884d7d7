/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is it two switches a round trip, does each party write to its set every
 * time, and is what that takes not part of the switch? */
#include "bench.h"

#include <math.h>

#include "channel.h"
#include "machine.h"
#include "sample.h"

extern const struct bench bench_context_switch;

struct setting {
	enum peer peer;
	uint64_t set;
	enum run_mode mode;
	const struct variant *variant;
};

static int body(struct child *child, void *arg)
{
	const struct sample_plan shortest = { .method = -1, .seed = 1 };
	const struct setting *s = arg;
	static struct sample sample;
	struct run r = {
		.bench = &bench_context_switch,
		.variant = s->variant,
		.value = s->set,
		.peer = s->peer,
		.pu_a = topo_pu(0),
		.pu_b = topo_pu(0),
		.mode = s->mode,
		.clock = ticks,
		.counts = COUNTS_DENIED,
		.traced = &child->traced,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	if (sample_run(&r, &shortest, &sample))
		return -1;
	if (sample.metrics < 1)
		return child_fail(child, "no metric");
	for (unsigned i = 0; i < sample.metrics; i++)
		if (!strcmp(sample.metric[i].name, "switches"))
			child->number[1] = sample.metric[i].value;
	child->number[0] = sample.metric[0].value;
	return 0;
}

static const char *name_of(enum peer peer)
{
	return peer == PEER_THREAD ? "threads" : "processes";
}

static struct child measure(enum peer peer, uint64_t set, enum run_mode mode)
{
	struct setting s = { peer, set, mode, bench_context_switch.variants };
	struct child child;

	expect_child(name_of(peer), body, &s, false, &child);
	return child;
}

static void test_every_case(void **state)
{
	(void)state;
	for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS; peer <<= 1)
		for (const uint64_t *set = bench_context_switch.values;
		     *set != PARAM_END; set++) {
			struct child c =
				measure((enum peer)peer, *set, RUN_MEASURE);

			assert_true(isfinite(c.number[0]));
			/* with nothing to take off it is a time */
			if (!*set)
				assert_true(c.number[0] > 0);
		}
}

/* There and back again on one PU. Whoever pushes the parties off it meanwhile
 * adds to the shorter batch or to the longer one, and so takes away or adds. */
static void test_two_switches(void **state)
{
	(void)state;
	for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS; peer <<= 1) {
		struct setting s = { (enum peer)peer, 64 << 10, RUN_COUNT,
				     bench_context_switch.variants };

		expect_count(name_of((enum peer)peer), body, &s, false,
			     (struct within){ 1, 1.9, 4 });
	}
}

/* A server that does not write is found out. */
static channel_serve *serve_well;

static uint64_t serve_one_less(struct end *e, uint64_t n)
{
	uint64_t done = serve_well(e, n);

	*(uint64_t *)e->own -= 1;
	return done;
}

static void test_unwritten_set(void **state)
{
	const struct channel *good = bench_context_switch.variants->arg;
	struct channel bad = *good;
	struct variant variant = { .name = "bad", .arg = &bad };
	struct setting s = { PEER_PROCESS, 4096, RUN_MEASURE, &variant };
	struct child child;

	(void)state;
	serve_well = good->serve;
	bad.serve = serve_one_less;
	assert_int_not_equal(run_child(body, &s, false, &child), 0);
	if (!strstr(child.reason, "was not written to each time"))
		fail_msg("%s", child.reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_case),
		cmocka_unit_test(test_two_switches),
		cmocka_unit_test(test_unwritten_set),
	};

	return cmocka_run_group_tests(tests, machine_open, machine_close);
}
