/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does every fence store what it should, does what lacks say why, and do the
 * full fences alone wait for stores that miss? */
#include <math.h>
#include <sys/prctl.h>

#include "fences.h"
#include "machine.h"
#include "sample.h"
#include "topo.h"

extern const struct bench bench_fence;

struct setting {
	const struct variant *variant;
	uint64_t value;
	const char *breaks; /* what the bench should find out */
	bool kernel_clock;
};

enum { VALUE, ABSENT, LOAD, GROUP };

static const struct variant *find_variant(const char *name)
{
	const struct variant *v = bench_fence.variants;

	while (v->name && strcmp(v->name, name))
		v++;
	return v->name ? v : NULL;
}

static int sample_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .measure_ns = 4e6, .method = -1 };
	static struct sample sample;
	struct run r = {
		.bench = &bench_fence,
		.variant = s->variant,
		.value = s->value,
		.peer = s->variant->peers ? PEER_THREAD : PEER_NONE,
		.pu_a = topo_pu(0),
		.pu_b = topo_pu(topo_pu_count() > 1),
		.mode = RUN_MEASURE,
		.clock = ticks,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	if (s->breaks)
		setenv("HANDOFF_BREAK", s->breaks, 1);
	if (s->kernel_clock)
		clock_fall_back(&r.clock, "asked for by a test");
	for (const struct need *const *n = s->variant->needs; n && *n; n++) {
		bool denied = false;

		if (!(*n)->met(child->reason, sizeof(child->reason), &denied)) {
			child->number[ABSENT] = 1;
			return 0;
		}
	}
	child->reason[0] = '\0';
	if (topo_bind(r.pu_a))
		return child_fail(child, "cannot be bound");
	if (sample_run(&r, &plan, &sample)) {
		child->number[ABSENT] = r.absent;
		return r.absent && child->reason[0] ? 0 : -1;
	}
	child->number[VALUE] = sample.metric[0].value;
	child->number[LOAD] = sample.metrics > 1 ? sample.metric[1].value : NAN;
	child->number[GROUP] = (double)r.least_n;
	return 0;
}

static void sample(const struct setting *s, struct child *child)
{
	char what[96];

	snprintf(what, sizeof(what), "%s, %lld outstanding", s->variant->name,
		 (long long)s->value);
	expect_child(what, sample_body, (void *)(uintptr_t)s, false, child);
	if (child->number[ABSENT])
		print_message("%s: absent: %s\n", what, child->reason);
	else if (!isfinite(child->number[VALUE]))
		fail_msg("%s: no number", what);
}

/* Each ends well or says what it lacks; that it has stored is its own check. */
static void test_all(void **state)
{
	static const uint64_t values[] = { PARAM_NONE, 0, 1, 128 };
	/* an emulator's load may seem to take less than a clock reading */
	const double least = emulated() ? -INFINITY : 0;

	(void)state;
	for (const struct variant *v = bench_fence.variants; v->name; v++)
		for (size_t i = 0; i < COUNT(values); i++) {
			struct setting s = { v, values[i] };
			struct child child;

			if (v->values && v->values[0] != values[i] &&
			    (values[i] == PARAM_NONE ||
			     v->values[0] == PARAM_NONE))
				continue;
			if (v->peers && topo_pu_count() < 2)
				continue;
			sample(&s, &child);
			if (child.number[ABSENT] || !v->metrics)
				continue;
			for (int more = 0; !(child.number[LOAD] > least);
			     more++) {
				if (more == 8)
					fail_msg("%s: a load takes no time",
						 v->name);
				sample(&s, &child);
			}
		}
}

/* A store that did not arrive, of the operation or of those before it. */
static void test_found_out(void **state)
{
	static const struct {
		const char *variant;
		uint64_t value;
		const char *breaks;
	} broken[] = {
		{ "", PARAM_NONE, "fence" },
		{ "", 0, "fence" },
		{ "", 8, "fence" },
		{ "", 8, "fence_stores" },
		{ "_same_line", 8, "fence_stores" },
		{ "_l1", 8, "fence_stores" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct setting s = { NULL, broken[i].value, broken[i].breaks };
		struct child child;
		char name[64];

		snprintf(name, sizeof(name), "%s%s",
			 bench_fence.variants[0].name, broken[i].variant);
		s.variant = find_variant(name);
		assert_non_null(s.variant);
		int status = run_child(sample_body, &s, false, &child);

		if (child.number[ABSENT])
			continue;
		if (!status || !strstr(child.reason, "did not arrive"))
			fail_msg("%s: %s", child_end(status), child.reason);
	}
}

static void test_needs_the_counter(void **state)
{
	struct setting s = { bench_fence.variants, 8, .kernel_clock = true };
	struct child child;

	(void)state;
	sample(&s, &child);
	assert_true(child.number[ABSENT] == 1);
	assert_non_null(strstr(child.reason, "raw counter"));
	s.value = PARAM_NONE;
	sample(&s, &child);
	assert_true(child.number[ABSENT] == 0);
}

/* What 8 stores that miss add to a fence; NAN: absent. */
static double added(const char *name)
{
	const struct variant *v = find_variant(name);
	double ns[2];

	for (int i = 0; v && i < 2; i++) {
		struct setting s = { v, i ? 8 : 0 };
		struct child child;

		sample(&s, &child);
		if (child.number[ABSENT])
			return NAN;
		ns[i] = child.number[VALUE];
	}
	return v ? ns[1] - ns[0] : NAN;
}

/* A busy machine may spoil a look, not each of many. */
static void expect_waits(const char *waits, const char *does_not)
{
	double more = NAN, less = NAN;

	for (int look = 0; look < 8; look++) {
		more = added(waits);
		less = added(does_not);
		if (isnan(more) || isnan(less)) {
			print_message("skipped: %s or %s is absent\n", waits,
				      does_not);
			return;
		}
		if (more >= 5 * fabs(less))
			return;
	}
	fail_msg("8 stores that miss add %.1f ns to %s and %.1f ns to %s", more,
		 waits, less, does_not);
}

static void test_waits(void **state)
{
	(void)state;
	skip_if_emulated("has no store buffer");
	if (SANITIZED)
		skip_because("sanitized: not what is measured");
#if defined(__x86_64__)
	expect_waits("xchg", "mov");
	expect_waits("mov_mfence", "mov");
	expect_waits("mov_lock_add", "mov");
	expect_waits("xchg", "mov_lfence");
#elif defined(__aarch64__)
	expect_waits("str_dmb_ish", "str");
#else
	skip_because("nothing is known of this architecture");
#endif
}

/* Batches are long enough for the clock: a thousand steps of brackets, each of
 * which is a reading at least. */
static void test_long_enough(void **state)
{
	struct setting s = { bench_fence.variants, 0 };
	struct child child;

	(void)state;
	sample(&s, &child);
	if (child.number[ABSENT])
		skip_because("%s", child.reason);
	/* none takes a microsecond */
	assert_true(child.number[GROUP] >= ticks.step_ns);
}

static void test_table(void **state)
{
	unsigned plain = 0, orders = 0;

	(void)state;
#define COUNT_ROW(name, text, flags)           \
	plain += ((flags)&FENCE_PLAIN) != 0;   \
	orders += ((flags)&FENCE_ORDERS) != 0; \
	assert_non_null(find_variant(#name "_same_line"));
	/* cppcheck-suppress unknownMacro */
	FENCES(COUNT_ROW)
	assert_int_equal(plain, 1);
	assert_true(orders >= 2);
	/* the plain store comes first */
	assert_null(strchr(bench_fence.variants[0].name, '_'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_found_out),
		cmocka_unit_test(test_needs_the_counter),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_long_enough),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests_name("fence", tests, machine_open,
					   machine_close);
}
