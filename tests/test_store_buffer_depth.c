/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a depth told that can be one, or why there is none; and does each sequence
 * do its work? */
#include <math.h>

#include "machine.h"
#include "sample.h"
#include "topo.h"

extern const struct bench bench_store_buffer_depth;

struct setting {
	const char *variant;
	uint64_t value;
	bool breaks, kernel_clock;
};

enum { VALUE, ABSENT, LOW, HIGH };

static int sample_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .measure_ns = 4e6, .method = -1 };
	static struct sample sample;
	struct run r = {
		.bench = &bench_store_buffer_depth,
		.variant = bench_store_buffer_depth.variants,
		.value = s->value,
		.pu_a = topo_pu(0),
		.pu_b = -1,
		.mode = RUN_MEASURE,
		.clock = ticks,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	while (strcmp(r.variant->name, s->variant))
		r.variant++;
	if (s->breaks)
		setenv("HANDOFF_BREAK", "store_buffer_depth", 1);
	if (s->kernel_clock)
		clock_fall_back(&r.clock, "asked for by a test");
	if (topo_bind(r.pu_a))
		return child_fail(child, "cannot be bound");
	if (sample_run(&r, &plan, &sample)) {
		child->number[ABSENT] = r.absent;
		return r.absent && child->reason[0] ? 0 : -1;
	}
	child->number[VALUE] = sample.metric[0].value;
	child->number[LOW] = sample.metric[1].value;
	child->number[HIGH] = sample.metric[2].value;
	return 0;
}

static void sample(const struct setting *s, struct child *child)
{
	expect_child(s->variant, sample_body, (void *)(uintptr_t)s, false,
		     child);
}

static void test_depth(void **state)
{
	static const struct setting s = { "-", PARAM_NONE };
	struct child child;

	(void)state;
	sample(&s, &child);
	if (child.number[ABSENT]) {
		if (!strstr(child.reason, "cannot tell: no knee") &&
		    !strstr(child.reason, "raw counter"))
			fail_msg("%s", child.reason);
		skip_because("%s", child.reason);
	}
	print_message("depth %g\n", child.number[VALUE]);
	assert_true(child.number[LOW] <= child.number[HIGH]);
	assert_true(child.number[LOW] >= 4 && child.number[HIGH] <= 122);
	/* a segment has three points */
	assert_true(child.number[VALUE] >= 4);
	assert_true(child.number[VALUE] <= 122);
	/* of even numbers, or midway between two */
	assert_float_equal(fmod(child.number[VALUE], 1), 0, 0);
}

/* Both curves: of none, of many; with many stores it takes no less. */
static void test_curves(void **state)
{
	static const struct setting some[] = {
		{ "stores", 0 },
		{ "stores", 128 },
		{ "nops", 0 },
		{ "nops", 128 },
	};
	struct child child;

	(void)state;
	for (size_t i = 0; i < COUNT(some); i++) {
		sample(&some[i], &child);
		if (child.number[ABSENT])
			skip_because("%s", child.reason);
		assert_true(child.number[VALUE] > 0);
	}
}

static void test_found_out(void **state)
{
	static const struct setting some[] = {
		{ "stores", 64, .breaks = true },
		{ "-", PARAM_NONE, .breaks = true },
	};
	struct child child;

	(void)state;
	for (size_t i = 0; i < COUNT(some); i++) {
		int status = run_child(sample_body, (void *)(uintptr_t)&some[i],
				       false, &child);

		if (child.number[ABSENT])
			skip_because("%s", child.reason);
		if (!status || !strstr(child.reason, "did not do its work"))
			fail_msg("%s: %s", child_end(status), child.reason);
	}
}

static void test_needs_the_counter(void **state)
{
	static const struct setting s = { "-", PARAM_NONE,
					  .kernel_clock = true };
	struct child child;

	(void)state;
	sample(&s, &child);
	assert_true(child.number[ABSENT] == 1);
	assert_non_null(strstr(child.reason, "raw counter"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_curves),
		cmocka_unit_test(test_found_out),
		cmocka_unit_test(test_needs_the_counter),
	};

	return cmocka_run_group_tests_name("store_buffer_depth", tests,
					   machine_open, machine_close);
}
