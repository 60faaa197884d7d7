/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the clock advance, at the rate it says, alike on every PU? */
#include "clock.h"

#include <math.h>

#include "support.h"
#include "topo.h"

static struct clock here;

static int open_all(void **state)
{
	char err[256];

	(void)state;
	unsetenv("HANDOFF_CLOCK");
	clock_open(&here);
	clock_use(&here);
	return topo_open(NULL, err, sizeof(err));
}

static int close_all(void **state)
{
	(void)state;
	topo_close();
	return 0;
}

/* Each test begins on any PU, with the clock this machine has. */
static int begin(void **state)
{
	(void)state;
	clock_use(&here);
	return topo_bind(TOPO_ANY_PU);
}

static void wait_ns(uint64_t ns)
{
	uint64_t from = clock_kernel_raw();

	while (clock_kernel_raw() - from < ns)
		;
}

static void assert_described(const struct clock *clock)
{
	assert_true(isfinite(clock->ns_per_tick) && clock->ns_per_tick > 0);
	assert_true(isfinite(clock->step_ns) && clock->step_ns > 0);
	assert_true(isfinite(clock->cost_ns) && clock->cost_ns >= 0);
	assert_int_not_equal(clock->why[0], '\0');
	assert_null(strchr(clock->why, '\n'));
	assert_true(clock->source == CLOCK_RAW_COUNTER ||
		    clock->ns_per_tick == 1);
}

static void test_open(void **state)
{
	(void)state;
	assert_described(&here);
	assert_int_equal(clock_current, here.source);
}

static void assert_monotonic(void)
{
	uint64_t last = clock_now();

	for (int i = 0; i < 500000; i++) {
		uint64_t now = clock_now();

		assert_false(now < last);
		last = now;
	}
}

static void test_monotonic(void **state)
{
	struct clock kernel = here;

	(void)state;
	assert_monotonic();
	kernel.source = CLOCK_KERNEL_RAW;
	clock_use(&kernel);
	assert_monotonic();
}

/* Carried from PU to PU, readings must not go back either. */
static void test_monotonic_across_pus(void **state)
{
	uint64_t last = clock_now();

	(void)state;
	if (topo_pu_count() < 2)
		skip_because("one PU");
	for (int i = 0; i < 2000; i++) {
		uint64_t now;

		assert_int_equal(
			topo_bind(topo_pu((size_t)i % topo_pu_count())), 0);
		now = clock_now();
		assert_false(now < last);
		last = now;
	}
}

/* Over a wait of its own, not the one that it was calibrated by. */
static void test_rate(void **state)
{
	struct clock_pair from, to;
	double kernel, ours;

	(void)state;
	from = clock_bracket();
	wait_ns(30000000);
	to = clock_bracket();
	kernel = (double)(to.kernel_ns - from.kernel_ns);
	assert_true(kernel >= 30000000);
	ours = here.source == CLOCK_RAW_COUNTER ?
		       clock_diff_ns(&here, from.counter, to.counter) :
		       kernel;
	if (fabs(ours / kernel - 1) > 0.01)
		fail_msg("%.0f ns by the kernel's clock are %.0f ns", kernel,
			 ours);
	if (here.source == CLOCK_RAW_COUNTER)
		assert_true(fabs(clock_rate(from, to) / here.ns_per_tick - 1) <
			    0.01);
}

static void test_rate_by_hand(void **state)
{
	const struct clock_pair from = { 1000, 5000 }, to = { 3000, 6000 };

	(void)state;
	assert_true(clock_rate(from, to) == 0.5);
}

static void test_differences(void **state)
{
	const struct clock clock = { .ns_per_tick = 0.5 };

	(void)state;
	assert_true(clock_ns(&clock, 10) == 5);
	assert_true(clock_diff_ns(&clock, 10, 30) == 10);
	/* signed, and over the counter's end */
	assert_true(clock_diff_ns(&clock, 30, 10) == -10);
	assert_true(clock_diff_ns(&clock, UINT64_MAX - 9, 10) == 10);
}

/* The cost of a reading is about what a loop of readings costs, when nothing
 * else takes the PU. */
static void test_cost(void **state)
{
	enum { LOOPS = 50, READINGS = 5000 };
	double each = INFINITY;

	(void)state;
	for (int loop = 0; loop < LOOPS; loop++) {
		uint64_t from = clock_now(), to = from;

		for (int i = 0; i < READINGS; i++)
			to = clock_now();
		each = fmin(each, clock_diff_ns(&here, from, to) / READINGS);
	}
	if (here.cost_ns > 2 * (each + here.step_ns) ||
	    each > 2 * (here.cost_ns + here.step_ns))
		fail_msg("a reading is said to cost %g ns (step %g) and takes "
			 "%g",
			 here.cost_ns, here.step_ns, each);
}

/* The differences of readings back to back that are not rare, ascending. */
static size_t common_gaps(uint64_t *gap, size_t room)
{
	enum { READINGS = 100000, LONGEST = 4096 };
	static unsigned times[LONGEST];
	uint64_t last = clock_now();
	size_t found = 0;

	memset(times, 0, sizeof(times));
	for (int i = 0; i < READINGS; i++) {
		uint64_t now = clock_now();

		if (now - last < LONGEST)
			times[now - last]++;
		last = now;
	}
	for (uint64_t g = 0; g < LONGEST && found < room; g++)
		if (times[g] > READINGS / 1000)
			gap[found++] = g;
	return found;
}

/*
 * A hypervisor that scales the counter makes one step now 24 ticks, now 25:
 * that is rounding, and two readings 1 tick apart in length are not told
 * apart. A step is at least the distance between groups of gaps that are
 * neighbours within a tick, or a quarter of it where gaps are noisy.
 */
static void test_step(void **state)
{
	enum { TIMES = 5 }; /* others may hide a group for a while */
	uint64_t gap[64], least = 0;

	(void)state;
	for (int time = 0; time < TIMES; time++) {
		size_t gaps = common_gaps(gap, COUNT(gap));

		assert_true(gaps > 0);
		for (size_t i = 1; i < gaps; i++) {
			uint64_t distance = gap[i] - gap[i - 1];

			if (distance > 1 && (!least || distance < least))
				least = distance;
		}
	}
	if (!least)
		skip_because("all readings are equally far apart");
	if (4 * here.step_ns < clock_ns(&here, least))
		fail_msg("the clock advances by %g ns and its step is said to "
			 "be %g",
			 clock_ns(&here, least), here.step_ns);
}

static void test_forced_fall_back(void **state)
{
	struct clock clock;
	uint64_t before, now, after;

	(void)state;
	setenv("HANDOFF_CLOCK", "kernel", 1);
	clock_open(&clock);
	unsetenv("HANDOFF_CLOCK");
	assert_int_equal(clock.source, CLOCK_KERNEL_RAW);
	assert_described(&clock);
	assert_non_null(strstr(clock.why, "HANDOFF_CLOCK=kernel"));
	clock_use(&clock);
	before = clock_kernel_raw();
	now = clock_now();
	after = clock_kernel_raw();
	assert_true(before <= now && now <= after);

	/* any other wish is no reason to distrust */
	setenv("HANDOFF_CLOCK", "counter", 1);
	clock_open(&clock);
	unsetenv("HANDOFF_CLOCK");
	assert_int_equal(clock.source, here.source);
}

static void test_fall_back(void **state)
{
	struct clock clock = here;

	(void)state;
	clock_fall_back(&clock, "the clocks of PUs 0 and 1 disagree");
	assert_int_equal(clock.source, CLOCK_KERNEL_RAW);
	assert_described(&clock);
	assert_non_null(strstr(clock.why, "PUs 0 and 1 disagree"));
	assert_int_equal(clock_current, CLOCK_KERNEL_RAW);
}

/* ------------------------------------------------------ between PUs */

static void assert_agree(const struct clock *clock, int pu_a, int pu_b)
{
	struct clock_offset offset;

	clock_use(clock);
	assert_int_equal(clock_compare(clock, pu_a, pu_b, topo_bind, &offset),
			 0);
	assert_false(offset.warp);
	assert_true(isfinite(offset.bound_ns) && offset.bound_ns > 0);
	/* without a warp the answer lies within its exchange */
	if (fabs(offset.offset_ns) > offset.bound_ns)
		fail_msg("PUs %d and %d are %g ns apart, which is not within "
			 "%g",
			 pu_a, pu_b, offset.offset_ns, offset.bound_ns);
}

static void test_compare(void **state)
{
	struct clock kernel = here;

	(void)state;
	if (topo_pu_count() < 2)
		skip_because("one PU");
	assert_agree(&here, topo_pu(0), topo_pu(1));
	assert_agree(&here, topo_pu(1), topo_pu(0));
	clock_fall_back(&kernel, "to be compared");
	assert_agree(&kernel, topo_pu(0), topo_pu(1));
}

static int refuse_second(int pu)
{
	if (pu != 1)
		return 0;
	errno = EPERM;
	return -1;
}

static void test_compare_cannot_bind(void **state)
{
	struct clock_offset offset;

	(void)state;
	errno = 0;
	assert_int_equal(clock_compare(&here, 0, 1, refuse_second, &offset),
			 -1);
	assert_int_equal(errno, EPERM);
	assert_true(isnan(offset.offset_ns));
	errno = 0;
	assert_int_equal(clock_compare(&here, 1, 0, refuse_second, &offset),
			 -1);
	assert_int_equal(errno, EPERM);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		TEST(test_open),
		TEST(test_monotonic),
		TEST(test_monotonic_across_pus),
		TEST(test_rate),
		TEST(test_rate_by_hand),
		TEST(test_differences),
		TEST(test_cost),
		TEST(test_step),
		TEST(test_forced_fall_back),
		TEST(test_fall_back),
		TEST(test_compare),
		TEST(test_compare_cannot_bind),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
