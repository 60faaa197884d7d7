/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does each atomic operation, alone and against others, leave the value that it
 * must, and does the case fail where it does not? */
#include "bench.h"

#include <math.h>
#include <sched.h>

#include "cases.h"
#include "invocation.h"
#include "lacks.h"
#include "machine.h"
#include "sample.h"
#include "topo.h"

extern const struct bench bench_atomic;

/* One case, and what it must come to. */
struct setting {
	const struct variant *variant;
	enum peer peer;
	uint64_t value;
	int pu_a, pu_b;
	enum run_mode mode;
	const char *reason; /* must be found in it; NULL: the case is ok */
};

enum { LATENCY, THROUGHPUT, FAIRNESS, RETRIES };

static struct run make_run(const struct setting *s, struct child *child)
{
	return (struct run){
		.bench = &bench_atomic,
		.variant = s->variant,
		.value = s->value,
		.peer = s->peer,
		.pu_a = s->pu_a,
		.pu_b = s->pu_b,
		.mode = s->mode,
		.clock = ticks,
		.counts = COUNTS_PTRACE,
		.traced = &child->traced,
		.peer_pu = -1,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};
}

static bool is(const struct variant *v, const char *what)
{
	return strstr(v->name, what);
}

static bool is_shared(const struct variant *v)
{
	return v->peers && !is(v, "_remote");
}

static unsigned parties(const struct setting *s)
{
	return s->value == PARAM_PUS  ? (unsigned)topo_pu_count() :
	       s->value == PARAM_NONE ? 2 :
					(unsigned)s->value;
}

/* Of what several did, each number follows from another. */
static int check_shares(struct child *child, const struct setting *s,
			const struct sample *sample)
{
	const struct measured *m = sample->metric;
	double each = 1e9 * parties(s) / m[THROUGHPUT].value;
	bool retries = is(s->variant, "cas") || is(s->variant, "cmpxchg");

	if (sample->metrics != (retries ? 4 : 3))
		return child_fail(child, "%u metrics", sample->metrics);
	/* both are medians of the same batches, told in other units */
	if (!(each >= 0.99 * m[LATENCY].hist.min) ||
	    !(each <= 1.01 * m[LATENCY].hist.max))
		return child_fail(child, "%g ns each, %g/s by %u",
				  m[LATENCY].value, m[THROUGHPUT].value,
				  parties(s));
	if (!(m[FAIRNESS].value >= 0 && m[FAIRNESS].value <= 1))
		return child_fail(child, "fairness %g", m[FAIRNESS].value);
	if (retries && !(m[RETRIES].value >= 0))
		return child_fail(child, "%g retries", m[RETRIES].value);
	return 0;
}

static int check_sample(struct child *child, const struct setting *s,
			const struct sample *sample)
{
	const struct measured *m = &sample->metric[LATENCY];

	if (s->mode == RUN_TRACE)
		return sample->metric[0].value == 0 ?
			       0 :
			       child_fail(child, "%g system calls",
					  sample->metric[0].value);
	if (strcmp(m->name, "latency") || m->method != METHOD_BATCH)
		return child_fail(child, "its first metric is %s", m->name);
	if (m->samples != sample->evidence.batches || !(m->value > 0))
		return child_fail(child, "%g ns in %d of %d batches", m->value,
				  (int)m->samples,
				  (int)sample->evidence.batches);
	child->number[0] = m->value;
	return is_shared(s->variant) ? check_shares(child, s, sample) : 0;
}

static int case_body(struct child *child, void *arg)
{
	const struct sample_plan plan = {
		.measure_ns = 4e6, .warm_ns = 1e6, .method = -1, .seed = 1
	};
	const struct setting *s = arg;
	static struct sample sample;
	struct run r = make_run(s, child);

	/* as an invocation does; a party that contends binds itself */
	if (topo_bind(s->pu_a))
		return child_fail(child, "cannot bind");
	if (sample_run(&r, &plan, &sample)) {
		if (s->reason && strstr(child->reason, s->reason))
			return 0;
		return child_fail(child, "failed without a reason");
	}
	return s->reason ? child_fail(child, "did not fail") :
			   check_sample(child, s, &sample);
}

static double expect_case(const struct setting *s)
{
	struct child child;

	expect_child(s->variant->name, case_body, (void *)(uintptr_t)s,
		     s->mode == RUN_TRACE, &child);
	return child.number[0];
}

/* The first two PUs, or all of them. */
static struct setting setting_of(const struct variant *v, enum run_mode mode)
{
	return (struct setting){
		.variant = v,
		.peer = v->peers & PEER_THREAD ? PEER_THREAD :
			v->peers               ? PEER_PROCESS :
						 PEER_NONE,
		.value = is(v, "_crowd") ? PARAM_PUS : PARAM_NONE,
		.pu_a = topo_pu(0),
		.pu_b = v->places ? topo_pu(topo_pu_count() - 1) : -1,
		.mode = mode,
	};
}

static void every_case(enum run_mode mode, const char *reason)
{
	for (const struct variant *v = bench_atomic.variants; v->name; v++) {
		struct setting s = setting_of(v, mode);

		if (lacks(v) || (v->peers && topo_pu_count() < 2))
			continue;
		s.reason = reason;
		expect_case(&s);
	}
	if (topo_pu_count() < 2)
		print_message("skipped: what needs two PUs\n");
}

static void test_every_case(void **state)
{
	(void)state;
	every_case(RUN_MEASURE, NULL);
}

/* All but the counting itself is in user space. */
static void test_no_system_calls(void **state)
{
	(void)state;
	if (SANITIZED)
		skip_because("a sanitizer makes system calls of its own");
	skip_if_emulated("lets nobody count system calls");
	every_case(RUN_TRACE, NULL);
}

static const struct variant *find(const char *name)
{
	const struct variant *v = bench_atomic.variants;

	while (v->name && strcmp(v->name, name))
		v++;
	return v->name ? v : NULL;
}

/* A word or a line that holds what it must not: a lost update would be the
 * same. */
static void test_wrong_values_fail(void **state)
{
	static const struct {
		const char *variant, *reason;
	} wrong[] = {
		{ "c11_load_seq_cst", "a load gave what was not there" },
		{ "c11_store_seq_cst", "what nobody stored last" },
		{ "c11_exchange_seq_cst", "lost or doubled a value" },
		{ "c11_fetch_add_seq_cst", "operations changed the word by" },
		{ "c11_cas_seq_cst", "operations changed the word by" },
		{ "c11_store_seq_cst_contended", "what nobody stored last" },
		{ "c11_exchange_relaxed_contended", "lost or doubled a value" },
		{ "c11_fetch_add_relaxed_contended", "changed the word by" },
		{ "c11_cas_relaxed_contended", "changed the word by" },
		{ "false_sharing", "changed the word by" },
		{ "separate_lines", "changed the word by" },
		{ "false_sharing_atomic", "changed the word by" },
		{ "separate_lines_atomic", "changed the word by" },
		{ "c11_fetch_add_seq_cst_remote", "lines did not hold" },
	};

	(void)state;
	setenv("HANDOFF_BREAK", "atomic", 1);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		const struct variant *v = find(wrong[i].variant);

		if (!v)
			fail_msg("there is no %s", wrong[i].variant);
		struct setting s = setting_of(v, RUN_MEASURE);
		s.reason = wrong[i].reason;
		if (!v->peers || topo_pu_count() > 1)
			expect_case(&s);
	}
	every_case(RUN_MEASURE, ""); /* none at all passes */
	unsetenv("HANDOFF_BREAK");
}

/* They must reach the process that measures them whole. */
static void test_names_fit(void **state)
{
	(void)state;
	for (const struct variant *v = bench_atomic.variants; v->name; v++)
		if (strlen(v->name) >=
		    sizeof(((struct invocation *)0)->variant))
			fail_msg("%s is too long a name", v->name);
}

static void test_too_few_pus(void **state)
{
	(void)state;
	for (const struct variant *v = bench_atomic.variants; v->name; v++) {
		struct setting s = setting_of(v, RUN_MEASURE);

		if (!is(v, "_crowd") || lacks(v))
			continue;
		s.value = topo_pu_count() + 1;
		s.reason = "need a PU each";
		expect_case(&s);
	}
}

/* With one PU allowed, what needs two is absent, and says why. */
static int one_pu_body(struct child *child, void *arg)
{
	char *pattern[] = { (char *)(uintptr_t) "atomic" };
	const struct case_filter filter = { pattern, 1, .full = 1 };
	struct setting s = *(struct setting *)arg;
	struct test_case *cases;
	char err[256];
	cpu_set_t *one;
	size_t count, size = CPU_ALLOC_SIZE(s.pu_a + 1);

	one = CPU_ALLOC(s.pu_a + 1);
	CPU_ZERO_S(size, one);
	CPU_SET_S(s.pu_a, size, one);
	topo_close();
	if (sched_setaffinity(0, size, one) ||
	    topo_open(NULL, err, sizeof(err)))
		return child_fail(child, "cannot be bound to one PU");
	/* ThreadSanitizer's own thread is still allowed all of them */
	if (SANITIZED && topo_pu_count() > 1)
		return 0;
	cases = cases_select(&filter, &count, err, sizeof(err));
	if (!cases)
		return child_fail(child, "%s", err);
	for (size_t i = 0; i < count; i++)
		if (cases[i].place &&
		    (cases[i].status != STATUS_ABSENT || !cases[i].reason[0]))
			return child_fail(child, "%s is not absent",
					  cases[i].id);
	s.reason = "only one PU";
	return case_body(child, &s);
}

static void test_one_pu(void **state)
{
	(void)state;
	skip_if_emulated("has PUs of its own");
	for (const struct variant *v = bench_atomic.variants; v->name; v++) {
		struct setting s = setting_of(v, RUN_MEASURE);

		if (!is(v, "_crowd") || lacks(v))
			continue;
		expect_child(v->name, one_pu_body, &s, false, NULL);
		return;
	}
	fail_msg("nothing is measured of as many as there are PUs");
}

/* A line from another core takes longer than one's own. */
static void test_remote_is_slower(void **state)
{
	struct setting own = setting_of(find("c11_load_seq_cst"), RUN_MEASURE),
		       other = setting_of(find("c11_load_seq_cst_remote"),
					  RUN_MEASURE);
	const struct place *place;
	size_t count;

	(void)state;
	place = topo_places(&count);
	for (size_t i = 0; i < count; i++, place++)
		if (place->present && place->pu_a != place->pu_b &&
		    strcmp(place->name, "core"))
			break;
		else if (i + 1 == count)
			skip_because("no two PUs on cores of their own");
	if (SANITIZED)
		skip_because("a sanitizer takes longer than either");
	skip_if_emulated("takes longer than either");
	own.pu_a = other.pu_a = place->pu_a;
	other.pu_b = place->pu_b;
	double alone = 0, remote = 0;
	for (int tries = 0; tries < 10; tries++) {
		alone = expect_case(&own);
		remote = expect_case(&other);
		if (remote >= 2 * alone)
			return;
	}
	fail_msg("%g ns alone, %g ns remote", alone, remote);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_case),
		cmocka_unit_test(test_no_system_calls),
		cmocka_unit_test(test_wrong_values_fail),
		cmocka_unit_test(test_names_fit),
		cmocka_unit_test(test_too_few_pus),
		cmocka_unit_test(test_one_pu),
		cmocka_unit_test(test_remote_is_slower),
	};

	return cmocka_run_group_tests(tests, machine_open, machine_close);
}
