/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does facts find what a thread and what a process is known to share, and say
 * so where it cannot or where it is not sure? */
#include "bench.h"

#include <math.h>

#include "machine.h"
#include "sample.h"
#include "topo.h"

extern const struct bench bench_facts;

/* What POSIX and Linux promise. */
static const struct fact {
	const char *variant, *metric;
	double thread, process;
} facts[] = {
	{ "identity", "same_pid", 1, 0 },
	{ "identity", "same_tid", 0, 0 },
	{ "identity", "same_descriptors", 1, 0 },
	{ "identity", "same_maps", 1, 0 },
	{ "identity", "tasks", 2, 1 },
	{ "memory", "private_seen", 1, 0 },
	{ "memory", "private_seen_back", 1, 0 },
	{ "memory", "shared_seen", 1, 1 },
	{ "memory", "shared_seen_back", 1, 1 },
	{ "memory", "heap_seen", 1, 0 },
	{ "memory", "static_seen", 1, 0 },
	{ "page_frames", "same_private_frame", 1, 1 },
	{ "page_frames", "same_private_frame_after_write", 1, 0 },
	{ "page_frames", "same_shared_frame", 1, 1 },
	{ "containment", "survives", 0, 1 },
};

struct setting {
	const struct variant *variant;
	enum peer peer;
	int pu;
};

static const struct variant *find_variant(const char *name)
{
	const struct variant *v = bench_facts.variants;

	while (v->name && strcmp(v->name, name))
		v++;
	if (!v->name)
		fail_msg("there is no %s", name);
	return v;
}

static struct run make_run(const struct setting *s, struct child *child)
{
	return (struct run){
		.bench = &bench_facts,
		.variant = s->variant,
		.value = PARAM_NONE,
		.peer = s->peer,
		.pu_a = s->pu,
		.pu_b = s->pu,
		.mode = RUN_MEASURE,
		.clock = ticks,
		.counts = COUNTS_DENIED,
		.traced = &child->traced,
		.peer_pu = -1,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};
}

/* ------------------------------------------------------- what is found */

enum { LACKS = 7 }; /* of the child's numbers: more than a case has facts */

static int sample_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .measure_ns = 5e6, .method = -1 };
	const struct metric *metric = s->variant->metrics;
	struct run r = make_run(s, child);
	static struct sample sample;
	unsigned i;

	if (sample_run(&r, &plan, &sample)) {
		child->number[LACKS] = 1;
		return (r.absent || r.denied) && child->reason[0] ? 0 : -1;
	}
	for (i = 0; metric[i].name; i++) {
		const struct measured *m = &sample.metric[i];

		if (strcmp(m->name, metric[i].name) ||
		    strcmp(m->unit, metric[i].unit))
			return child_fail(child, "%s is called %s in %s",
					  metric[i].name, m->name, m->unit);
		if (m->method != METHOD_EXACT || !m->is_count ||
		    m->samples != sample.evidence.operations)
			return child_fail(child, "%s is no exact value",
					  m->name);
		child->number[i] = m->value;
	}
	return sample.metrics == i ? 0 : child_fail(child, "more metrics");
}

static void check_fact(const struct setting *s, const struct child *child,
		       const struct fact *fact, const struct metric *metric)
{
	double wanted = s->peer == PEER_THREAD ? fact->thread : fact->process;
	double found = child->number[metric - s->variant->metrics];

	/* a sanitizer or an emulator may have a thread of its own */
	if ((SANITIZED || emulated()) && !strcmp(fact->metric, "tasks"))
		return;
	if (found != wanted)
		fail_msg("%s, %s, %s: %g, not %g", fact->variant, fact->metric,
			 s->peer == PEER_THREAD ? "thread" : "process", found,
			 wanted);
}

/* Every fact of a variant is known here. */
static void check_variant(const struct setting *s)
{
	const struct metric *metric = s->variant->metrics;
	struct child child;

	expect_child(s->variant->name, sample_body, (void *)(uintptr_t)s, false,
		     &child);
	if (child.number[LACKS]) {
		print_message("skipped: %s: %s\n", s->variant->name,
			      child.reason);
		return;
	}
	for (; metric->name; metric++) {
		size_t i = 0;

		while (i < COUNT(facts) &&
		       (strcmp(facts[i].variant, s->variant->name) ||
			strcmp(facts[i].metric, metric->name)))
			i++;
		if (i == COUNT(facts))
			fail_msg("%s %s is not tested", s->variant->name,
				 metric->name);
		check_fact(s, &child, &facts[i], metric);
	}
}

/* Free, and on one PU. */
static void test_variant(void **state)
{
	const char *name = *state;

	for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS; peer <<= 1) {
		struct setting s = { find_variant(name), (enum peer)peer,
				     TOPO_ANY_PU };

		check_variant(&s);
		s.pu = topo_pu(0);
		check_variant(&s);
	}
}

/* None is forgotten in either table. */
static void test_all_variants(void **state)
{
	const struct variant *v = bench_facts.variants;
	size_t metrics = 0;

	(void)state;
	for (; v->name; v++) {
		assert_int_equal(v->peers, PEER_THREAD | PEER_PROCESS);
		assert_int_equal(v->places, PLACE_ANY);
		for (size_t i = 0; v->metrics[i].name; i++, metrics++)
			assert_true(i < LACKS);
	}
	assert_int_equal(metrics, COUNT(facts));
}

/* ------------------------------------------------------ what goes wrong */

static int unprivileged_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .method = -1 };
	struct run r = make_run(s, child);
	static struct sample sample;
	char why[256] = "";
	bool denied = false;

	if (!geteuid() && setuid(65534))
		return child_fail(child, "setuid: %s", strerror(errno));
	if (s->variant->needs[0]->met(why, sizeof(why), &denied))
		return child_fail(child, "page frames are told to all");
	if (!denied || !strstr(why, "CAP_SYS_ADMIN"))
		return child_fail(child, "\"%s\", %d", why, denied);
	/* the same of one who did not ask before */
	if (!sample_run(&r, &plan, &sample) || !r.denied)
		return child_fail(child, "not denied");
	return strcmp(child->reason, why) != 0;
}

static void test_frames_denied(void **state)
{
	struct setting s = { find_variant("page_frames"), PEER_PROCESS,
			     TOPO_ANY_PU };

	(void)state;
	expect_child("denied", unprivileged_body, &s, false, NULL);
}

/* A fact that is one now and another then is none. */
static int unsure_body(struct child *child, void *arg)
{
	struct run r = make_run(arg, child);

	if (bench_facts.setup(&r))
		return -1;
	bench_facts.arm(&r, 3);
	if (bench_facts.run(&r, 3) != 3 || bench_facts.settle(&r, 3))
		return child_fail(child, "not even at first");
	setenv("HANDOFF_BREAK", "facts", 1);
	bench_facts.arm(&r, 3);
	if (bench_facts.run(&r, 3) != 3)
		return child_fail(child, "did less");
	if (!bench_facts.settle(&r, 3))
		return child_fail(child, "it passes");
	if (strcmp(child->reason, "private_seen: it was not the same 3 times"))
		return -1;
	/* the next batch begins anew */
	unsetenv("HANDOFF_BREAK");
	bench_facts.arm(&r, 3);
	if (bench_facts.run(&r, 3) != 3 || bench_facts.settle(&r, 3))
		return -1;
	return bench_facts.teardown(&r);
}

static void test_unsure(void **state)
{
	struct setting s = { find_variant("memory"), PEER_THREAD, TOPO_ANY_PU };

	(void)state;
	expect_child("unsure", unsure_body, &s, false, NULL);
}

int main(void)
{
#define VARIANT(name)                                    \
	{                                                \
		"test_" #name, test_variant, NULL, NULL, \
			(void *)(uintptr_t) #name        \
	}
	const struct CMUnitTest tests[] = {
		VARIANT(identity),
		VARIANT(memory),
		VARIANT(page_frames),
		VARIANT(containment),
		cmocka_unit_test(test_all_variants),
		cmocka_unit_test(test_frames_denied),
		cmocka_unit_test(test_unsure),
	};

	return cmocka_run_group_tests(tests, machine_open, machine_close);
}
