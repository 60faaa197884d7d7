/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a knee found where it is, with an interval that covers it as often as it
 * says, and none where there is none? */
#include "stats.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* As in test_stats_simulation.c: HANDOFF_SIM_SCALE divides the experiments. */
enum { POINTS = 33, STEP = 4, EXPERIMENTS = 100, LEAST = 40 };

/* 100 up to the knee but for a small slope, steeper behind it. */
struct truth {
	double knee, jump, slope, sd;
};

static double x[POINTS], y[POINTS];
static gsl_rng *rng;

static int seed(void **state)
{
	(void)state;
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return -1;
	gsl_rng_set(rng, 20240229);
	for (size_t i = 0; i < POINTS; i++)
		x[i] = (double)(STEP * i);
	return 0;
}

static int unseed(void **state)
{
	(void)state;
	gsl_rng_free(rng);
	return 0;
}

static void simulate(const struct truth *t)
{
	for (size_t i = 0; i < POINTS; i++) {
		y[i] = 100 + 0.1 * x[i] + gsl_ran_gaussian(rng, t->sd);
		if (x[i] > t->knee)
			y[i] += t->jump + t->slope * (x[i] - t->knee);
	}
}

static size_t experiments(void)
{
	const char *text = getenv("HANDOFF_SIM_SCALE");
	double n = EXPERIMENTS / (text ? fmax(1, strtod(text, NULL)) : 1);

	return n < LEAST ? LEAST : (size_t)n;
}

/* A share counted in n experiments, as likely off as 1 in 30 000 times. */
static void assert_share(const char *what, size_t hits, size_t n, double low,
			 double high)
{
	double share = (double)hits / (double)n;
	double more = n < EXPERIMENTS ? 4 * sqrt(0.25 * 0.2 / (double)n) : 0;

	print_message("%-40s %5.1f %% of %zu\n", what, 100 * share, n);
	assert_true(share >= low - more);
	assert_true(share <= high + more);
}

static void test_exact(void **state)
{
	static const struct truth joined = { .knee = 50, .slope = 2 }, jumps = {
		.knee = 64, .jump = 30, .slope = 1
	};
	struct knee k;

	(void)state;
	simulate(&joined);
	k = stats_knee(x, y, POINTS, BEND_JOINED, 0.95, 1);
	assert_float_equal(k.at, 50, 0.05);
	assert_float_equal(k.before, 0.1, 0.01);
	assert_float_equal(k.after, 2.1, 0.01);
	assert_float_equal(k.rise, 2 * (128 - 50), 0.5);
	assert_true(k.p < 0.01);
	simulate(&jumps);
	k = stats_knee(x, y, POINTS, BEND_FREE, 0.95, 1);
	assert_float_equal(k.at, 64, 0);
	assert_float_equal(k.at_ci.low, 64, 0);
	assert_float_equal(k.at_ci.high, 64, 0);
	assert_float_equal(k.rise, 30 + 64, 1e-6);
	assert_true(k.p < 0.01);
}

/* The same seed gives the same; the input stays. */
static void test_repeats(void **state)
{
	static const struct truth t = { .knee = 50, .slope = 1, .sd = 5 };
	struct knee a, b;
	double before;

	(void)state;
	simulate(&t);
	before = y[7];
	a = stats_knee(x, y, POINTS, BEND_JOINED, 0.95, 7);
	b = stats_knee(x, y, POINTS, BEND_JOINED, 0.95, 7);
	assert_float_equal(a.at_ci.low, b.at_ci.low, 0);
	assert_float_equal(a.p, b.p, 0);
	assert_float_equal(y[7], before, 0);
}

static void cover(const char *what, const struct truth *t, enum bend bend,
		  double near, double low, double high)
{
	size_t n = experiments(), covered = 0, found = 0, close = 0;

	for (size_t i = 0; i < n; i++) {
		struct knee k;

		simulate(t);
		k = stats_knee(x, y, POINTS, bend, 0.95, i);
		covered += k.at_ci.low <= t->knee && t->knee <= k.at_ci.high;
		found += k.p <= 0.05;
		close += fabs(k.at - t->knee) <= near;
	}
	print_message("%s:\n", what);
	assert_share("  the interval covers the knee", covered, n, low, high);
	assert_share("  it stands out", found, n, 0.99, 1);
	assert_share("  it is found nearby", close, n, 0.95, 1);
}

static void test_covers(void **state)
{
	static const struct truth joined = { .knee = 50, .slope = 1, .sd = 6 },
				  early = { .knee = 22, .slope = 2, .sd = 6 },
				  between = { .knee = 63, .slope = 1, .sd = 4 },
				  jumps = { .knee = 64,
					    .jump = 20,
					    .slope = 0.5,
					    .sd = 4 };

	(void)state;
	cover("joined at 50", &joined, BEND_JOINED, 14, 0.88, 1);
	cover("joined at 22", &early, BEND_JOINED, 12, 0.88, 1);
	cover("joined at 63", &between, BEND_JOINED, 10, 0.88, 1);
	cover("free at 64", &jumps, BEND_FREE, 4, 0.88, 1);
}

static void test_no_knee(void **state)
{
	static const struct truth line = { .sd = 3 };
	static const enum bend bends[] = { BEND_JOINED, BEND_FREE };

	(void)state;
	for (int b = 0; b < 2; b++) {
		size_t n = experiments(), found = 0;

		for (size_t i = 0; i < n; i++) {
			simulate(&line);
			found +=
				stats_knee(x, y, POINTS, bends[b], 0.95, i).p <=
				0.05;
		}
		assert_share(b ? "no knee, free: found" :
				 "no knee, joined: found",
			     found, n, 0.01, 0.10);
	}
	/* nothing but a line */
	for (size_t i = 0; i < POINTS; i++)
		y[i] = 3 + 2 * x[i];
	assert_true(stats_knee(x, y, POINTS, BEND_JOINED, 0.95, 1).p > 0.99);
	assert_true(stats_knee(x, y, POINTS, BEND_FREE, 0.95, 1).p > 0.99);
	for (size_t i = 0; i < POINTS; i++)
		y[i] = 3;
	assert_true(stats_knee(x, y, POINTS, BEND_FREE, 0.95, 1).p > 0.99);
}

static void refuses(size_t n, double level)
{
	struct knee k = stats_knee(x, y, n, BEND_JOINED, level, 1);

	assert_true(isnan(k.at));
	assert_true(isnan(k.p));
	assert_true(isnan(k.rise));
	assert_true(isnan(k.at_ci.low));
}

static void test_refuses(void **state)
{
	static const struct truth t = { .knee = 50, .slope = 1, .sd = 1 };

	(void)state;
	simulate(&t);
	refuses(7, 0.95);
	refuses(0, 0.95);
	refuses(POINTS, 1);
	y[3] = NAN;
	refuses(POINTS, 0.95);
	y[3] = 0;
	x[5] = x[4];
	refuses(POINTS, 0.95);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, seed, unseed)
	const struct CMUnitTest tests[] = {
		TEST(test_exact),   TEST(test_repeats), TEST(test_covers),
		TEST(test_no_knee), TEST(test_refuses),
	};

	return cmocka_run_group_tests_name("knee", tests, NULL, NULL);
}
