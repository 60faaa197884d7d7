/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do all waiters sleep, run once for each wake, and where they should; and is
 * one that does not found out? */
#include "futex_call.h"

#include <math.h>
#include <sys/resource.h>

#include "futex_faults.h"
#include "machine.h"
#include "sample.h"
#include "topo.h"

extern const struct bench bench_waiters;

enum { CALL, FIRST, LAST, METRICS };

/* One case, as it is to be run. */
struct setting {
	const struct variant *variant;
	enum peer peer;
	uint64_t waiters;
	int pu_a, pu_b;
	void (*suffer)(void); /* what happens to the child before */
	bool clocks_differ;
	double bound_ns; /* of the difference of the clocks; 0: unknown */
};

enum { ABSENT, DENIED };

static const char *describe(const struct setting *s)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s, %d of %s, PUs %d and %d",
		 s->variant->name, (int)s->waiters,
		 s->peer == PEER_THREAD ? "thread" : "process", s->pu_a,
		 s->pu_b);
	return text;
}

/* What holds by construction. That the call returns before any of them runs
 * does not: the kernel may switch to one within it. */
static int check_sample(struct child *child, const struct setting *s,
			const struct sample *sample)
{
	static const char *const name[] = { "call", "first", "last" };
	const struct measured *m = sample->metric;

	if (sample->metrics != METRICS)
		return child_fail(child, "%u metrics", sample->metrics);
	for (int i = 0; i < METRICS; i++) {
		if (strcmp(m[i].name, name[i]) || strcmp(m[i].unit, "ns"))
			return child_fail(child, "no %s", name[i]);
		if (m[i].samples != sample->evidence.operations)
			return child_fail(child, "%s of %d in %d", name[i],
					  (int)m[i].samples,
					  (int)sample->evidence.operations);
	}
	if (hist_mean(&m[FIRST].hist) > hist_mean(&m[LAST].hist) ||
	    m[FIRST].hist.min > m[LAST].hist.min)
		return child_fail(child, "the last ran before the first");
	if (s->waiters == 1 &&
	    hist_mean(&m[FIRST].hist) != hist_mean(&m[LAST].hist))
		return child_fail(child, "one is not first and last");
	return 0;
}

static int case_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .measure_ns = 2e6, .method = -1 };
	static struct sample sample;
	struct run r = {
		.bench = &bench_waiters,
		.variant = s->variant,
		.value = s->waiters,
		.peer = s->peer,
		.pu_a = s->pu_a,
		.pu_b = s->pu_b,
		.mode = RUN_MEASURE,
		.clock = ticks,
		.clocks_agree = !s->clocks_differ,
		.offset.bound_ns = s->bound_ns,
		.counts = COUNTS_DENIED,
		.traced = &child->traced,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	if (s->suffer)
		s->suffer();
	if (!sample_run(&r, &plan, &sample))
		return check_sample(child, s, &sample);
	child->number[ABSENT] = r.absent;
	child->number[DENIED] = r.denied;
	return (r.absent || r.denied) && child->reason[0] ? 0 : -1;
}

static void expect_case(const struct setting *s)
{
	struct child child;

	expect_child(describe(s), case_body, (void *)(uintptr_t)s, false,
		     &child);
	if (child.number[ABSENT] > 0 || child.number[DENIED] > 0)
		print_message("skipped: %s: %s\n", describe(s), child.reason);
}

static void everywhere(uint64_t waiters)
{
	for (const struct variant *v = bench_waiters.variants; v->name; v++)
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1) {
			struct setting s = { v, (enum peer)peer, waiters,
					     topo_pu(0), topo_pu(0) };

			if (!(v->peers & peer))
				continue;
			if (v->places & PLACE_ONE_PU)
				expect_case(&s);
			if (v->places & PLACES_TWO_PUS && topo_pu_count() > 1) {
				s.pu_b = topo_pu(1);
				expect_case(&s);
			}
			if (v->places & PLACE_ANY) {
				s.pu_a = s.pu_b = TOPO_ANY_PU;
				expect_case(&s);
			}
		}
}

static void test_one(void **state)
{
	(void)state;
	everywhere(1);
}

static void test_few(void **state)
{
	(void)state;
	everywhere(5);
}

static void test_many(void **state)
{
	(void)state;
	everywhere(64);
}

static struct setting first_variant(uint64_t waiters)
{
	return (struct setting){ bench_waiters.variants, PEER_THREAD, waiters,
				 topo_pu(0), topo_pu(0) };
}

static const struct variant *find_variant(const char *name)
{
	const struct variant *v = bench_waiters.variants;

	while (v->name && strcmp(v->name, name))
		v++;
	if (!v->name)
		fail_msg("there is no %s", name);
	return v;
}

/* ------------------------------------------------------- what is not there */

static void start_none(void)
{
	answer_call(SYS_clone, EAGAIN);
#ifdef SYS_clone3
	answer_call(SYS_clone3, EAGAIN);
#endif
}

/* As a user who may have but few; root may have as many as it likes. */
static void start_few(void)
{
	const struct rlimit few = { 5, 5 };
	const uid_t nobody = 54321;

	if (setrlimit(RLIMIT_NPROC, &few) ||
	    (!geteuid() && setresuid(nobody, nobody, nobody)))
		die_errno("become a user with a limit");
}

static void test_limits(void **state)
{
	static void (*const limit[])(void) = { start_none, start_few };

	(void)state;
	skip_if_emulated("has no seccomp filters");
	for (size_t i = 0; i < COUNT(limit); i++)
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1) {
			struct setting s = first_variant(16);
			struct child child;

			s.variant = find_variant("wake_all_shared");
			s.peer = (enum peer)peer;
			s.suffer = limit[i];
			expect_child(describe(&s), case_body, &s, false,
				     &child);
			assert_true(child.number[DENIED] > 0);
			assert_non_null(strstr(child.reason, "RLIMIT_NPROC"));
		}
}

static void test_clocks(void **state)
{
	struct setting s = first_variant(2);
	struct child child;

	(void)state;
	s.clocks_differ = true;
	expect_child("one PU", case_body, &s, false, &child);
	assert_true(child.number[ABSENT] == 0);
	s.pu_a = s.pu_b = TOPO_ANY_PU;
	expect_child("unbound", case_body, &s, false, &child);
	assert_true(child.number[ABSENT] > 0);
	assert_non_null(strstr(child.reason, "clocks that agree"));
	if (topo_pu_count() < 2)
		return;
	s.pu_a = topo_pu(0);
	s.pu_b = topo_pu(1);
	s.bound_ns = 1e9;
	expect_child("too wide", case_body, &s, false, &child);
	assert_true(child.number[ABSENT] > 0);
	assert_non_null(strstr(child.reason, "a tenth of a wake-up"));
}

/* ---------------------------------------------------------- what goes wrong */

static void never_wait(void)
{
	answer_futex(FUTEX_WAIT, 0);
}

static void refuse_requeue(void)
{
	answer_futex(FUTEX_CMP_REQUEUE, EINVAL);
}

static void expect_failure(const char *variant, void (*suffer)(void),
			   const char *reason)
{
	struct setting s = first_variant(3);
	struct child child;
	int status;

	s.variant = find_variant(variant);
	s.suffer = suffer;
	status = run_child(case_body, &s, false, &child);
	if (!status || child.number[ABSENT] || child.number[DENIED])
		fail_msg("%s: nobody noticed", describe(&s));
	if (reason && !strstr(child.reason, reason))
		fail_msg("%s: %s: %s", describe(&s), child_end(status),
			 child.reason);
}

static void test_broken(void **state)
{
	(void)state;
	skip_if_emulated("has no seccomp filters");
	expect_failure("wake_all_private", never_wait, "ever slept");
	expect_failure("requeue_private", never_wait, "ever slept");
	expect_failure("requeue_private", refuse_requeue, "FUTEX_CMP_REQUEUE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),    cmocka_unit_test(test_few),
		cmocka_unit_test(test_many),   cmocka_unit_test(test_limits),
		cmocka_unit_test(test_clocks), cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, machine_open, machine_close);
}
