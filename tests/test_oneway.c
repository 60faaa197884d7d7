/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are the two halves of a round trip stamped where they say, and is a time
 * between two clocks only told where they are close enough together? */
#include "apart.h"

#include <math.h>

#include "machine.h"
#include "pair.h"
#include "sample.h"
#include "stream.h"
#include "topo.h"

extern const struct bench bench_oneway;

static struct clock_offset between; /* topo_pu(0) and topo_pu(1) */

static const struct sample_plan brief_plan = {
	.measure_ns = 5e6, .warm_ns = 1e6, .method = -1, .seed = 1
};

/* One case, and what it must come to. */
struct setting {
	const struct variant *variant;
	enum peer peer;
	int pu_a, pu_b;
	bool clocks_agree;
	struct clock_offset offset;
	const char *absent; /* must be found in the reason; NULL: it may be ok,
			     * or absent for its clocks */
};

static struct run make_run(const struct setting *s, struct child *child)
{
	return (struct run){
		.bench = &bench_oneway,
		.variant = s->variant,
		.value = PARAM_NONE,
		.peer = s->peer,
		.pu_a = s->pu_a,
		.pu_b = s->pu_b,
		.mode = RUN_MEASURE,
		.clock = ticks,
		.clocks_agree = s->clocks_agree,
		.offset = s->offset,
		.counts = COUNTS_DENIED,
		.traced = &child->traced,
		.peer_pu = -1,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};
}

/* What holds by construction. That the call returns before the other party
 * runs does not: on two PUs it may run first, and on one the kernel may switch
 * to it within the call. */
static int check_sample(struct child *child, const struct run *r,
			const struct sample *sample)
{
	const struct measured *call = &sample->metric[0],
			      *wake = &sample->metric[1];
	double most = fabs(r->offset.offset_ns) + r->offset.bound_ns;

	if (sample->metrics != 2 || strcmp(call->name, "call") ||
	    strcmp(wake->name, "wake"))
		return child_fail(child, "other metrics");
	if (call->samples != sample->evidence.operations ||
	    wake->samples != sample->evidence.operations)
		return child_fail(child, "%d calls and %d wake-ups in %d",
				  (int)call->samples, (int)wake->samples,
				  (int)sample->evidence.operations);
	if (call->hist.bad || wake->hist.bad)
		return child_fail(child, "samples that are no numbers");
	/* less the clock's cost */
	if (call->hist.min < -ticks.cost_ns)
		return child_fail(child, "a call of %g ns", call->hist.min);
	if (wake->hist.min < -most - ticks.step_ns - ticks.cost_ns)
		return child_fail(child, "a wake-up of %g ns, ± %g",
				  wake->hist.min, most);
	if (most > 0.1 * wake->value * 1.01)
		return child_fail(child, "± %g of %g ns was let pass", most,
				  wake->value);
	if (r->pu_b >= 0 && r->peer_pu != r->pu_b)
		return child_fail(child, "on PU %d", r->peer_pu);
	return 0;
}

static int case_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	static struct sample sample;
	struct run r = make_run(s, child);

	if (!sample_run(&r, &brief_plan, &sample))
		return s->absent ? child_fail(child, "not absent") :
				   check_sample(child, &r, &sample);
	if (!r.absent)
		return child_fail(child, "failed without a reason");
	child->number[0] = 1;
	if (!strstr(child->reason, s->absent ? s->absent : "clock"))
		return -1;
	return 0;
}

static void describe(char *text, size_t size, const struct setting *s)
{
	snprintf(text, size, "%s, %s, PUs %d and %d", s->variant->name,
		 s->peer == PEER_THREAD ? "thread" : "process", s->pu_a,
		 s->pu_b);
}

static void expect_case(const struct setting *s)
{
	char what[96];
	struct child child;

	describe(what, sizeof(what), s);
	expect_child(what, case_body, (void *)(uintptr_t)s, false, &child);
	if (child.number[0] > 0)
		print_message("%s: %s\n", what, child.reason);
}

static void everywhere(const struct variant *v, enum peer peer)
{
	struct setting s = { v, peer, topo_pu(0), topo_pu(0), true };

	if (v->places & PLACE_ONE_PU)
		expect_case(&s);
	if (topo_pu_count() < 2)
		return;
	s.pu_b = topo_pu(1);
	s.offset = between;
	expect_case(&s);
	if (!(v->places & PLACE_ANY))
		return;
	s.pu_a = s.pu_b = TOPO_ANY_PU;
	expect_case(&s);
	s.clocks_agree = false;
	s.absent = "clocks that agree";
	expect_case(&s);
}

static void test_every_case(void **state)
{
	(void)state;
	for (const struct variant *v = bench_oneway.variants; v->name; v++)
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1)
			everywhere(v, (enum peer)peer);
}

static const struct variant *find(const char *name)
{
	const struct variant *v = bench_oneway.variants;

	while (v->name && strcmp(v->name, name))
		v++;
	return v;
}

/* -------------------------------------------------- clocks that are apart */

/* On one PU too, where such an offset is made up all the more. */
static void test_offset_too_wide(void **state)
{
	struct setting s = { find("eventfd"), PEER_THREAD, topo_pu(0),
			     topo_pu(0), true };

	(void)state;
	s.offset = (struct clock_offset){ 1e9, 250 };
	s.absent = "clock offset of the PUs is known to 1.00 s ± 250 ns, more "
		   "than a tenth of a wake-up of";
	expect_case(&s);
	s.offset = (struct clock_offset){ -3e6, 5e8 };
	s.absent = "known to -3.00 ms ± 500 ms, more";
	expect_case(&s);
	s.peer = PEER_PROCESS;
	expect_case(&s);
}

static void test_offset_unknown(void **state)
{
	struct setting s = { find("pipe"), PEER_PROCESS, topo_pu(0), topo_pu(0),
			     true };

	(void)state;
	s.offset = (struct clock_offset){ 0, 20, .warp = true };
	s.absent = "clocks that agree";
	expect_case(&s);
	s.pu_a = s.pu_b = TOPO_ANY_PU;
	s.offset = (struct clock_offset){ NAN, NAN };
	expect_case(&s);
}

static int compare_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	struct run r = make_run(s, child);
	static struct apart apart;

	if (apart_open(&r, &apart))
		return -1;
	child->number[0] = r.offset.bound_ns;
	child->number[1] = apart.most_ns;
	return 0;
}

/* Pairs that are no place's are compared by the invocation itself. */
static void test_compares_itself(void **state)
{
	struct setting s = { find("pipe"), PEER_THREAD, topo_pu(0), 0 };
	static const double unknown[] = { 0, NAN };
	struct child child;

	(void)state;
	if (topo_pu_count() < 2)
		skip_because("one PU");
	s.pu_b = topo_pu(1);
	for (size_t i = 0; i < COUNT(unknown); i++) {
		s.offset = (struct clock_offset){ unknown[i], unknown[i] };
		expect_child("not compared", compare_body, &s, false, &child);
		assert_true(child.number[0] > 0);
		assert_true(child.number[1] >= child.number[0]);
	}
	s.offset = (struct clock_offset){ 12, 34 };
	expect_child("compared", compare_body, &s, false, &child);
	assert_true(child.number[0] == 34 && child.number[1] == 46);
}

/* ------------------------------------------------- stamps that are wrong */

static uint64_t second; /* in ticks */

static uint64_t serve_early(struct end *e, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		stream_await(e);
		e->stamps[i] = clock_now() - second;
		stream_signal(e);
	}
	return n;
}

static uint64_t drive_backwards(struct end *e, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		e->stamps[3 * i] = clock_now();
		stream_signal(e);
		e->stamps[3 * i + 1] = e->stamps[3 * i] - second;
		stream_await(e);
	}
	return n;
}

static uint64_t serve_one_less(struct end *e, uint64_t n)
{
	return pair_serve_halves(e, n, stream_await, stream_signal) - 1;
}

static int broken_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	static struct sample sample;
	struct run r = make_run(s, child);

	if (!sample_run(&r, &brief_plan, &sample))
		return child_fail(child, "passes");
	return r.absent ? child_fail(child, "absent") : 0;
}

static void expect_failure(channel_serve *drive, channel_serve *serve,
			   const char *reason)
{
	struct channel broken = via_pipe;
	struct variant variant = { .name = "broken", .arg = &broken };
	struct setting s = { &variant, PEER_PROCESS, topo_pu(0), topo_pu(0) };
	struct child child;

	if (drive)
		broken.drive_halves = drive;
	if (serve)
		broken.serve_halves = serve;
	expect_child(reason, broken_body, &s, false, &child);
	if (!strstr(child.reason, reason))
		fail_msg("\"%s\", not \"%s\"", child.reason, reason);
}

static void test_wrong_stamps(void **state)
{
	(void)state;
	second = (uint64_t)(1e9 / ticks.ns_per_tick);
	expect_failure(NULL, serve_early,
		       "the clocks do not agree after all: woken ");
	expect_failure(drive_backwards, NULL, "its clock runs backwards");
	expect_failure(NULL, serve_one_less, "the other party served");
}

/* -------------------------------------------------------- the engine's part */

enum { TRIPS = 50 };

/* Both halves are within their own round trip, and the next comes after it. */
static int order_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	struct run r = make_run(s, child);
	int64_t apart = (int64_t)((fabs(s->offset.offset_ns) +
				   s->offset.bound_ns + ticks.step_ns) /
				  ticks.ns_per_tick) +
			1;
	uint64_t from, to;

	if (pair_setup_halves(&r, NULL))
		return -1;
	for (int batch = 0; batch < 3; batch++) {
		pair_arm(&r, TRIPS);
		from = clock_now();
		if (pair_run(&r, TRIPS) != TRIPS)
			return child_fail(child, "drove another number");
		to = clock_now();
		if (pair_settle(&r, TRIPS))
			return -1;
		for (uint64_t i = 0; i <= TRIPS; i++) {
			struct halves h = pair_halves(&r, i);

			if (h.before < from || h.returned < h.before ||
			    h.answered < h.returned || h.answered > to)
				return child_fail(child, "call %d out of order",
						  (int)i);
			if ((int64_t)(h.ran - h.before) < -apart ||
			    (int64_t)(h.answered - h.ran) < -apart)
				return child_fail(child,
						  "wake-up %d out of order",
						  (int)i);
			from = h.answered;
		}
	}
	return pair_teardown(&r);
}

static void test_order(void **state)
{
	(void)state;
	for (const struct variant *v = bench_oneway.variants; v->name; v++) {
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1) {
			struct setting s = { v, (enum peer)peer, topo_pu(0),
					     topo_pu(0) };
			char what[96];

			describe(what, sizeof(what), &s);
			if (v->places & PLACE_ONE_PU)
				expect_child(what, order_body, &s, false, NULL);
			if (topo_pu_count() < 2)
				continue;
			s.pu_b = topo_pu(1);
			s.offset = between;
			describe(what, sizeof(what), &s);
			expect_child(what, order_body, &s, false, NULL);
		}
	}
}

static int open_all(void **state)
{
	(void)state;
	return machine_open_apart(&between);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_case),
		cmocka_unit_test(test_offset_too_wide),
		cmocka_unit_test(test_offset_unknown),
		cmocka_unit_test(test_compares_itself),
		cmocka_unit_test(test_wrong_stamps),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, open_all, machine_close);
}
