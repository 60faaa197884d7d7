/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is every store seen that visible makes, is one noticed that is not, and is a
 * time from one PU to another only told where their clocks allow it? */
#include "bench.h"

#include <math.h>

#include "lacks.h"
#include "machine.h"
#include "sample.h"
#include "topo.h"

extern const struct bench bench_visible;

static struct clock_offset between; /* topo_pu(0) and topo_pu(1) */

/* One case, and what it must come to. */
struct setting {
	const struct variant *variant;
	enum peer peer;
	int pu_a, pu_b;
	struct clock_offset offset;
	enum run_mode mode;
	const char *reason; /* must be found in it; NULL: the case is ok, or
			     * absent for its clocks */
};

enum { ROUND_TRIP, ISSUE, SEEN, UNSEEN_MOST };
enum { CALLS, ABSENT }; /* a child's numbers */

static bool spins(const struct variant *v)
{
	return !strcmp(v->metrics[0].name, "round_trip");
}

static bool wakes(const struct variant *v)
{
	return strstr(v->name, "_then_wake");
}

static struct run make_run(const struct setting *s, struct child *child)
{
	return (struct run){
		.bench = &bench_visible,
		.variant = s->variant,
		.value = PARAM_NONE,
		.peer = s->peer,
		.pu_a = s->pu_a,
		.pu_b = s->pu_b,
		.mode = s->mode,
		.clock = ticks,
		.clocks_agree = true,
		.offset = s->offset,
		.counts = COUNTS_PTRACE,
		.traced = &child->traced,
		.peer_pu = -1,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};
}

static int check_spins(struct child *child, const struct sample *sample)
{
	const struct measured *m = sample->metric;
	uint64_t tries = sample->evidence.operations;

	if (sample->metrics != 4 || strcmp(m[SEEN].name, "seen") ||
	    strcmp(m[UNSEEN_MOST].name, "unseen_most"))
		return child_fail(child, "other metrics");
	if (m[SEEN].value != 1)
		return child_fail(child, "a share of %g was seen",
				  m[SEEN].value);
	/* warm-up was tried, too; the first batches had been fewer */
	if (!(m[UNSEEN_MOST].value > 0) || m[UNSEEN_MOST].value > 3 / 1024.0)
		return child_fail(child, "%g may be unseen of %d",
				  m[UNSEEN_MOST].value, (int)tries);
	if (m[ROUND_TRIP].samples * 64 > tries ||
	    m[ROUND_TRIP].samples * 72 < tries - m[ISSUE].samples * 72)
		return child_fail(child, "%d chunks of %d trips",
				  (int)m[ROUND_TRIP].samples, (int)tries);
	if (!(m[ROUND_TRIP].value > 0) ||
	    m[ISSUE].samples != sample->evidence.batches)
		return child_fail(child, "%g ns a round trip, %d issues",
				  m[ROUND_TRIP].value, (int)m[ISSUE].samples);
	return 0;
}

static int check_sample(struct child *child, const struct setting *s,
			const struct run *r, const struct sample *sample)
{
	const struct measured *m = sample->metric;
	double most = fabs(s->offset.offset_ns) + s->offset.bound_ns;

	if (s->mode == RUN_TRACE) {
		child->number[CALLS] = m->value;
		return wakes(s->variant) || m->value == 0 ?
			       0 :
			       child_fail(child, "%g system calls", m->value);
	}
	if (s->pu_b >= 0 && r->peer_pu != s->pu_b)
		return child_fail(child, "on PU %d", r->peer_pu);
	if (spins(s->variant))
		return check_spins(child, sample);
	if (m->samples != sample->evidence.operations)
		return child_fail(child, "%d of %d operations", (int)m->samples,
				  (int)sample->evidence.operations);
	if (most > 0.1 * m->value * 1.01)
		return child_fail(child, "± %g of %g ns was let pass", most,
				  m->value);
	return 0;
}

static int case_body(struct child *child, void *arg)
{
	const struct sample_plan plan = {
		.measure_ns = 5e6, .warm_ns = 1e6, .method = -1, .seed = 1
	};
	const struct setting *s = arg;
	static struct sample sample;
	struct run r = make_run(s, child);
	const char *wanted = s->reason ? s->reason : "clock";

	if (!sample_run(&r, &plan, &sample))
		return s->reason ? child_fail(child, "did not fail") :
				   check_sample(child, s, &r, &sample);
	if (!strstr(child->reason, wanted) || (!s->reason && !r.absent))
		return -1;
	child->number[ABSENT] = r.absent;
	return 0;
}

static const char *describe(const struct setting *s)
{
	static char text[96];

	snprintf(text, sizeof(text), "%s, %s, PUs %d and %d", s->variant->name,
		 s->peer == PEER_THREAD ? "thread" : "process", s->pu_a,
		 s->pu_b);
	return text;
}

/* A wake-up there and one back, at least; whom it finds awake is woken again.
 */
static void expect_wakes(const struct setting *s)
{
	expect_count(describe(s), case_body, (void *)(uintptr_t)s, true,
		     (struct within){ CALLS, 2, INFINITY });
}

/* Whether the case is absent. */
static bool expect_case(const struct setting *s)
{
	bool traced = s->mode == RUN_TRACE;
	struct child child;

	if (traced && wakes(s->variant)) {
		expect_wakes(s);
		return false;
	}
	expect_child(describe(s), case_body, (void *)(uintptr_t)s, traced,
		     &child);
	return child.number[ABSENT] > 0;
}

/* It dies as a party does that cannot go on: the whole case. */
static void expect_death(const struct setting *s, const char *reason)
{
	struct child child;
	int status = run_child(case_body, (void *)(uintptr_t)s, false, &child);

	if (!status || !strstr(child.reason, reason))
		fail_msg("%s: %s: \"%s\", not \"%s\"", s->variant->name,
			 child_end(status), child.reason, reason);
}

/* Each row at a place that it has; a row is of one peer. */
static void every_case(enum run_mode mode)
{
	for (const struct variant *v = bench_visible.variants; v->name; v++) {
		struct setting s = { v, (enum peer)v->peers, topo_pu(0),
				     topo_pu(0), .mode = mode };

		if (lacks(v))
			continue;
		if (v->places & PLACE_ONE_PU)
			assert_false(expect_case(&s));
		if (topo_pu_count() < 2)
			continue;
		s.pu_b = topo_pu(1);
		s.offset = between;
		expect_case(&s);
		s.pu_a = s.pu_b = TOPO_ANY_PU;
		if (v->places & PLACE_ANY)
			expect_case(&s);
	}
	if (topo_pu_count() < 2)
		print_message("skipped: what needs two PUs\n");
}

static void test_every_case(void **state)
{
	(void)state;
	every_case(RUN_MEASURE);
}

static void test_system_calls(void **state)
{
	(void)state;
	if (SANITIZED)
		skip_because("a sanitizer makes system calls of its own");
	skip_if_emulated("lets nobody count system calls");
	every_case(RUN_TRACE);
}

/* A store that does not happen is never seen, and one that was seen is not
 * said to be. */
static void test_unseen_store_fails(void **state)
{
	(void)state;
	setenv("HANDOFF_BREAK", "visible", 1);
	for (const struct variant *v = bench_visible.variants; v->name; v++) {
		struct setting s = { v, (enum peer)v->peers, topo_pu(0),
				     topo_pu(0), .mode = RUN_MEASURE };

		if (spins(v)) {
			if (topo_pu_count() < 2 || lacks(v))
				continue;
			s.pu_b = topo_pu(1);
			s.offset = between;
			s.reason = "1 of 1 stores were not seen within 0.02 s "
				   "by a party that kept looking";
			expect_case(&s);
		}
		if (wakes(v))
			expect_death(&s, "woken after store 1, it sees 0");
	}
	unsetenv("HANDOFF_BREAK");
}

/* Spinning it is never known which of two clocks is right; half of the round
 * trip remains. */
static void test_clocks_too_far_apart(void **state)
{
	(void)state;
	for (const struct variant *v = bench_visible.variants; v->name; v++) {
		struct setting s = { v, (enum peer)v->peers, topo_pu(0),
				     topo_pu(0), .mode = RUN_MEASURE };

		if (spins(v) || lacks(v) || (!wakes(v) && topo_pu_count() < 2))
			continue;
		if (!wakes(v))
			s.pu_b = topo_pu(1);
		s.offset = (struct clock_offset){ 1e9, 250 };
		s.reason = "clock offset of the PUs is known to 1.00 s";
		assert_true(expect_case(&s));
		s.offset = (struct clock_offset){ 0, 20, .warp = true };
		s.reason = "clocks that agree";
		assert_true(expect_case(&s));
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
		cmocka_unit_test(test_system_calls),
		cmocka_unit_test(test_unseen_store_fails),
		cmocka_unit_test(test_clocks_too_far_apart),
	};

	return cmocka_run_group_tests(tests, open_all, machine_close);
}
