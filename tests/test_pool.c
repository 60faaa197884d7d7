/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do intervals over several runs cover the truth, where those over all
 * invocations in one heap do not; and is what the runs agree on kept? */
#include "pool.h"

#include <math.h>
#include <stdio.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "support.h"

enum { RUNS = 6, INVOCATIONS = 8, TIMES = 400 };

static const double truth = 5000;

#define assert_near(x, expected, within) \
	check_near(x, expected, within, __LINE__)

static void check_near(double x, double expected, double within, int line)
{
	if (!(fabs(x - expected) <= within))
		fail_msg("line %d: %.12g, not %.12g", line, x, expected);
}

/* How often the interval of pool_times() and that of all in one heap hold the
 * truth, in percent, where runs and invocations differ lognormally. */
struct covered {
	double pooled, heap;
};

static struct covered simulate(size_t runs, double run_sigma,
			       double invocation_sigma, unsigned long seed)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct covered covered = { 0, 0 };

	assert_non_null(rng);
	gsl_rng_set(rng, seed);
	for (int t = 0; t < TIMES; t++) {
		double value[RUNS * INVOCATIONS];
		struct pool_sample run[RUNS];
		struct pool_estimate e;
		struct interval heap;

		for (size_t r = 0; r < runs; r++) {
			double *x = value + r * INVOCATIONS;
			double own = gsl_ran_gaussian(rng, run_sigma);

			for (size_t i = 0; i < INVOCATIONS; i++)
				x[i] = truth *
				       exp(own +
					   gsl_ran_gaussian(rng,
							    invocation_sigma));
			run[r] = (struct pool_sample){ x, INVOCATIONS };
		}
		e = pool_times(run, runs, 0.95);
		heap = stats_median_interval(value, runs * INVOCATIONS, 0.95);
		assert_true(e.ci.low <= e.value && e.value <= e.ci.high);
		assert_true(e.ci.low <= heap.low && heap.high <= e.ci.high);
		covered.pooled += (e.ci.low <= truth && truth <= e.ci.high) *
				  100.0 / TIMES;
		covered.heap += (heap.low <= truth && truth <= heap.high) *
				100.0 / TIMES;
	}
	gsl_rng_free(rng);
	return covered;
}

static void test_covers(void **state)
{
	(void)state;
	for (size_t runs = 2; runs <= RUNS; runs++) {
		struct covered c = simulate(runs, 0.05, 0.02, 20260101 + runs);

		printf("%zu runs: %.1f %%, in one heap %.1f %%\n", runs,
		       c.pooled, c.heap);
		if (c.pooled < 90 || c.pooled > 99)
			fail_msg("%zu runs: %.1f %% covered", runs, c.pooled);
		/* or the test could pass by accident */
		if (c.heap > 75)
			fail_msg("%zu runs in one heap: %.1f %% covered", runs,
				 c.heap);
	}
}

/* Nor is it worth less where runs do not differ. */
static void test_covers_alike(void **state)
{
	(void)state;
	for (size_t runs = 2; runs <= RUNS; runs++) {
		struct covered c = simulate(runs, 0, 0.02, 77 + runs);

		if (c.pooled < 93)
			fail_msg("%zu runs: %.1f %% covered", runs, c.pooled);
	}
}

static struct pool_sample of(const double *value, size_t count)
{
	return (struct pool_sample){ value, count };
}

#define SAMPLE(...)                         \
	of((const double[]){ __VA_ARGS__ }, \
	   sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double))

/* By hand: medians 100 and 200, their logarithms' mean and t of 1 degree. */
static void test_by_hand(void **state)
{
	const struct pool_sample run[] = { SAMPLE(90, 100, 110),
					   SAMPLE(190, 200, 210) };
	struct pool_estimate e = pool_times(run, 2, 0.95);
	double reach = 12.706204736 * log(2) / 2;

	(void)state;
	assert_near(e.value, sqrt(100.0 * 200.0), 1e-9);
	assert_near(log(e.ci.high / e.value), reach, 1e-8);
	assert_near(log(e.value / e.ci.low), reach, 1e-8);
}

/* What may be 0 or below has no logarithm. */
static void test_around_zero(void **state)
{
	const struct pool_sample run[] = { SAMPLE(-2, -1, 0), SAMPLE(0, 1, 2),
					   SAMPLE(2, 3, 4) };
	struct pool_estimate e = pool_times(run, 3, 0.95);
	double reach = 4.302652730 * 2 / sqrt(3);

	(void)state;
	assert_near(e.value, 1, 1e-12);
	assert_near(e.ci.high, 1 + reach, 1e-8);
	assert_near(e.ci.low, 1 - reach, 1e-8);
}

/* Runs that are alike by chance say no more than their invocations do. */
static void test_no_narrower_than_invocations(void **state)
{
	const struct pool_sample run[] = {
		SAMPLE(70, 80, 90, 100, 110, 120, 130),
		SAMPLE(70, 80, 90, 100, 110, 120, 130)
	};
	struct pool_estimate e = pool_times(run, 2, 0.95);

	(void)state;
	assert_near(e.value, 100, 1e-9);
	assert_true(e.ci.low <= 90 && e.ci.high >= 110);
}

static void test_one_run(void **state)
{
	const struct pool_sample run[] = { SAMPLE(1, 2, 3, 4, 5, 6, 7, 8) };
	const struct pool_sample with_none[] = { run[0],
						 { NULL, 0 },
						 { NULL, 0 } };

	(void)state;
	/* how runs differ is not known */
	assert_near(pool_times(run, 1, 0.95).value, 4.5, 1e-9);
	assert_true(isnan(pool_times(run, 1, 0.95).ci.low));
	assert_near(pool_times(with_none, 3, 0.95).value, 4.5, 1e-9);
	assert_true(isnan(pool_times(with_none, 3, 0.95).ci.low));
	assert_true(isnan(pool_times(with_none + 1, 2, 0.95).value));
	assert_true(isnan(pool_times(run, 0, 0.95).value));
}

static void test_counts(void **state)
{
	const struct pool_sample same[] = { SAMPLE(4, 4.001), SAMPLE(4) };
	const struct pool_sample other[] = { SAMPLE(4, 4), SAMPLE(6, 6) };
	const struct pool_sample one[] = { SAMPLE(4) };
	struct pool_estimate e = pool_counts(same, 2, 0.95);

	(void)state;
	assert_near(e.value, 4, 0);
	assert_near(e.ci.low, 4, 0);
	assert_near(e.ci.high, 4.001, 0);
	/* what each run is sure of, they are not together */
	e = pool_counts(other, 2, 0.95);
	assert_near(e.value, sqrt(24), 1e-9);
	assert_true(e.ci.low < 4 && e.ci.high > 6);
	assert_true(isnan(pool_counts(one, 1, 0.95).ci.low));
	assert_near(pool_counts(one, 1, 0.95).value, 4, 0);
}

static void test_totals(void **state)
{
	const struct pool_sample run[] = { SAMPLE(1000, 2000), SAMPLE(500) };
	struct pool_estimate e = pool_totals(run, 2);

	(void)state;
	assert_near(e.value, 3500, 0);
	assert_true(isnan(e.ci.low) && isnan(e.ci.high));
	assert_true(isnan(pool_totals(run, 0).value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_covers_alike),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_around_zero),
		cmocka_unit_test(test_no_narrower_than_invocations),
		cmocka_unit_test(test_one_run),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_totals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
