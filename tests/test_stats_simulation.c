/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the statistics promise, counted over many simulated experiments. */
#include "stats.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Seeds are fixed, so a figure changes only when the code does.
 * HANDOFF_SIM_SCALE divides the number of experiments, for sanitizers and
 * valgrind; limits then give way by the error of the smaller count.
 */
#define LENGTH(x) (sizeof(x) / sizeof((x)[0]))
#define MAX_K 32
#define SAMPLES 100 /* of an invocation */
#define SERIES 200  /* where modes and drift are looked for */
#define STEP_NS 40

static gsl_rng *rng;

static double gaussian(void)
{
	return gsl_ran_gaussian_ziggurat(rng, 1);
}

static double scale(void)
{
	const char *text = getenv("HANDOFF_SIM_SCALE");
	const double value = text ? strtod(text, NULL) : 1;

	return value > 1 ? value : 1;
}

static size_t experiments(size_t n)
{
	const double scaled = (double)n / scale();

	return scaled < 50 ? 50 : (size_t)scaled;
}

/* How far a share counted in n experiments may be off, 1 in 30 000 times. */
static double error_of(double share, size_t n)
{
	return 4 * sqrt(share * (1 - share) / (double)n);
}

/* hits of n, in percent: printed, and held against low … high. */
static void assert_share(const char *what, size_t hits, size_t n, double low,
			 double high)
{
	const double share = (double)hits / (double)n;
	const double slack = scale() > 1 ? 1 : 0;

	print_message("%-58s %6.2f %%  of %6zu, %g to %g\n", what, 100 * share,
		      n, 100 * low, 100 * high);
	assert_true(share >= low - slack * error_of(low, n));
	assert_true(share <= high + slack * error_of(high, n));
}

static bool covers(struct interval ci, double truth)
{
	return ci.low <= truth && truth <= ci.high;
}

/* ------------------------------------- what invocations come up with */

/* n samples about 0, sd 1, each correlated with the one before by phi. */
static void fill_ar1(double *x, size_t n, double phi)
{
	double value = gaussian();

	for (size_t i = 0; i < n; i++) {
		x[i] = value;
		value = phi * value + sqrt(1 - phi * phi) * gaussian();
	}
}

/*
 * All around a truth in ns, the true median of the invocations' values. Unless
 * said otherwise a fresh process is worth 1 %, and its samples 5 % more.
 */
static double effect(double truth)
{
	return truth * exp(0.01 * gaussian());
}

static double normal(double truth)
{
	return truth * (1 + 0.01 * gaussian());
}

static double lognormal(double truth)
{
	return truth * exp(0.3 * gaussian());
}

/* One process in five is laid out badly and half as slow again. */
static double bimodal(double truth)
{
	/* 0.5 of all is 0.625 of the fast ones. */
	const double fast = truth * exp(-0.01 * 0.3186394);

	return effect(gsl_rng_uniform(rng) < 0.2 ? 1.5 * fast : fast);
}

/* One sample in five is half as slow again. */
static double bimodal_samples(double truth)
{
	const double centre = effect(truth) * exp(-0.05 * 0.3186394);
	double x[SAMPLES];

	for (size_t i = 0; i < SAMPLES; i++)
		x[i] = centre * exp(0.05 * gaussian()) *
		       (gsl_rng_uniform(rng) < 0.2 ? 1.5 : 1);
	return stats_median(x, SAMPLES);
}

static double autocorrelated(double truth, double phi)
{
	const double centre = effect(truth);
	double x[SAMPLES];

	fill_ar1(x, SAMPLES, phi);
	for (size_t i = 0; i < SAMPLES; i++)
		x[i] = centre * (1 + 0.05 * x[i]);
	return stats_median(x, SAMPLES);
}

static double ar1_half(double truth)
{
	return autocorrelated(truth, 0.5);
}

static double ar1_most(double truth)
{
	return autocorrelated(truth, 0.9);
}

/* Between two readings of a clock that steps: whole steps, started anywhere. */
static void fill_quantised(double *x, size_t n, double centre)
{
	for (size_t i = 0; i < n; i++) {
		const double start = STEP_NS * gsl_rng_uniform(rng);
		const double end = start + centre * (1 + 0.025 * gaussian());

		x[i] = STEP_NS *
		       (floor(end / STEP_NS) - floor(start / STEP_NS));
	}
}

/* Processes that differ by half a step, on a clock that cannot tell. */
static double quantised(double truth)
{
	double x[SAMPLES];

	fill_quantised(x, SAMPLES, truth * exp(0.005 * gaussian()));
	return stats_grouped_median(x, NULL, SAMPLES, STEP_NS);
}

static double quantised_plain(double truth)
{
	double x[SAMPLES];

	fill_quantised(x, SAMPLES, truth * exp(0.005 * gaussian()));
	return stats_median(x, SAMPLES);
}

/* experiments: fewer where an invocation has samples, for the time it takes. */
static const struct kind {
	const char *name;
	double (*value)(double truth);
	size_t experiments;
} kinds[] = {
	{ "normal", normal, 8000 },
	{ "lognormal", lognormal, 8000 },
	{ "bimodal invocations", bimodal, 8000 },
	{ "bimodal samples", bimodal_samples, 3000 },
	{ "AR(1) 0.5 samples", ar1_half, 3000 },
	{ "AR(1) 0.9 samples", ar1_most, 4000 },
	{ "40 ns quantised samples", quantised, 4000 },
};

static void draw(const struct kind *kind, double truth, double *x, size_t k)
{
	for (size_t i = 0; i < k; i++)
		x[i] = kind->value(truth);
}

/* Near 4 µs, anywhere between two steps of the clock. */
static double some_truth(void)
{
	return 4000 + STEP_NS * gsl_rng_uniform(rng);
}

/* -------------------------------------------------------- intervals */

static size_t median_hits(const struct kind *kind, size_t k, size_t n)
{
	size_t hits = 0;
	double x[MAX_K];

	for (size_t i = 0; i < n; i++) {
		const double truth = some_truth();

		draw(kind, truth, x, k);
		hits += covers(stats_median_interval(x, k, 0.95), truth);
	}
	return hits;
}

static void test_median_coverage_by_size(void **state)
{
	const size_t n = experiments(6000);
	char what[80];

	(void)state;
	for (size_t k = 6; k <= MAX_K; k += k < 12 ? 1 : 4) {
		for (size_t i = 0; i < 2; i++) {
			snprintf(what, sizeof(what),
				 "median, 95 %%: %s, K = %zu", kinds[i].name,
				 k);
			assert_share(what, median_hits(&kinds[i], k, n), n,
				     0.93, 0.97);
		}
	}
}

/* What not to do, and that it is told from what to do. */
static void test_naive_coverage(void **state)
{
	const struct kind plain = { "", quantised_plain, 0 };
	const size_t n = experiments(400);
	size_t hits = 0, k = 16;
	double *pool = malloc(k * SAMPLES * sizeof(*pool));

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const double truth = some_truth();

		for (size_t j = 0; j < k; j++) {
			const double centre = effect(truth);
			double *x = pool + j * SAMPLES;

			fill_ar1(x, SAMPLES, 0.9);
			for (size_t s = 0; s < SAMPLES; s++)
				x[s] = centre * (1 + 0.05 * x[s]);
		}
		hits += covers(stats_median_interval(pool, k * SAMPLES, 0.95),
			       truth);
	}
	free(pool);
	assert_share("WRONG: all samples of AR(1) 0.9 pooled, K = 16", hits, n,
		     0, 0.8);
	assert_share("WRONG: plain medians of quantised samples, K = 16",
		     median_hits(&plain, k, n), n, 0, 0.85);
}

static void test_quantile_coverage(void **state)
{
	static const struct {
		double q, z;
		size_t size;
	} table[] = {
		{ 0.9, 1.2815516, 60 },
		{ 0.1, -1.2815516, 60 },
		{ 0.99, 2.3263479, 500 },
	};
	const size_t n = experiments(4000);
	char what[80];
	double x[500];

	(void)state;
	for (size_t t = 0; t < LENGTH(table); t++) {
		size_t hits = 0;

		for (size_t i = 0; i < n; i++) {
			for (size_t j = 0; j < table[t].size; j++)
				x[j] = lognormal(4000);
			hits += covers(stats_quantile_interval(x, table[t].size,
							       table[t].q,
							       0.95),
				       4000 * exp(0.3 * table[t].z));
		}
		snprintf(what, sizeof(what),
			 "quantile %g, 95 %%: lognormal, n = %zu", table[t].q,
			 table[t].size);
		assert_share(what, hits, n, 0.93, 0.97);
	}
}

static void test_line_coverage(void **state)
{
	const size_t n = experiments(10000);
	size_t slope = 0, intercept = 0;
	double x[8], y[8];

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct line line;

		for (size_t j = 0; j < 8; j++) {
			x[j] = (double)j;
			y[j] = 5 + 2 * x[j] + gaussian();
		}
		line = stats_line(x, y, 8, 0.95);
		slope += covers(line.slope_ci, 2);
		intercept += covers(line.intercept_ci, 5);
	}
	assert_share("slope, 95 %: 8 points", slope, n, 0.93, 0.97);
	assert_share("intercept, 95 %: 8 points", intercept, n, 0.93, 0.97);
}

/* ------------------------------------------------------ comparisons */

/*
 * A against A: the interval of A's median, that of the ratio, the test, and
 * that the last two agree.
 */
static void test_same(void **state)
{
	static const size_t sizes[] = { 10, 16 };
	char what[80];
	double a[MAX_K], b[MAX_K];

	(void)state;
	for (size_t i = 0; i < LENGTH(kinds); i++) {
		for (size_t j = 0; j < LENGTH(sizes); j++) {
			const size_t n = experiments(kinds[i].experiments);
			const size_t k = sizes[j];
			size_t found = 0, covered = 0, agreed = 0, median = 0;

			for (size_t e = 0; e < n; e++) {
				const double truth = some_truth();
				struct shift shift;
				bool significant;

				draw(&kinds[i], truth, a, k);
				draw(&kinds[i], truth, b, k);
				median += covers(
					stats_median_interval(a, k, 0.95),
					truth);
				shift = stats_shift(a, k, b, k, 0.95);
				significant = stats_permutation_test(a, k, b,
								     k) <= 0.05;
				found += significant;
				covered += covers(shift.ci, 1);
				agreed += significant != covers(shift.ci, 1);
			}
			snprintf(what, sizeof(what),
				 "median, 95 %%: %s, K = %zu", kinds[i].name,
				 k);
			assert_share(what, median, n, 0.93, 0.97);
			snprintf(what, sizeof(what),
				 "A/A found at 5 %%: %s, K = %zu",
				 kinds[i].name, k);
			assert_share(what, found, n, 0.034, 0.066);
			snprintf(what, sizeof(what),
				 "ratio, 95 %%: %s, K = %zu", kinds[i].name, k);
			assert_share(what, covered, n, 0.93, 0.97);
			/* With a tie the interval may touch 1. */
			assert_true((double)agreed >= 0.97 * (double)n);
		}
	}
}

/* Where the tail is told further than the permutation test can, chance passes
 * for a change no more often than it says: at 6 against 6, whose permutation
 * test ends at 0.0022. */
static void test_separated_by_chance(void **state)
{
	const size_t k = 6;
	char what[80];
	double a[MAX_K], b[MAX_K];

	(void)state;
	for (size_t i = 0; i < LENGTH(kinds); i++) {
		const size_t n = 4 * experiments(kinds[i].experiments);
		size_t found = 0;

		for (size_t e = 0; e < n; e++) {
			draw(&kinds[i], 4000, a, k);
			draw(&kinds[i], 4000, b, k);
			found += stats_separation_test(a, k, b, k) <= 0.001;
		}
		snprintf(what, sizeof(what), "A/A found at 0.1 %%: %s, K = 6",
			 kinds[i].name);
		assert_share(what, found, n, 0, 0.002);
	}
}

/* B slower by `ratio`, everything 1 %: how often each verdict, delta 2 %. */
static void count_verdicts(double ratio, double sd, size_t n, size_t count[4])
{
	const size_t k = 16;
	double a[MAX_K], b[MAX_K];

	memset(count, 0, 4 * sizeof(*count));
	for (size_t i = 0; i < n; i++) {
		struct shift shift;

		for (size_t j = 0; j < k; j++) {
			a[j] = 4000 * exp(sd * gaussian());
			b[j] = 4000 * exp(sd * gaussian()) * ratio;
		}
		shift = stats_shift(a, k, b, k, 0.9);
		count[stats_verdict(shift.ci,
				    stats_permutation_test(a, k, b, k), 0.05,
				    0.02)]++;
	}
}

static void test_verdicts(void **state)
{
	const size_t n = experiments(4000);
	size_t count[4];

	(void)state;
	count_verdicts(1.05, 0.01, n, count);
	assert_share("5 % slower, sigma 1 %, K = 16: slower", count[SLOWER], n,
		     0.95, 1);
	count_verdicts(1 / 1.05, 0.01, n, count);
	assert_share("5 % faster, sigma 1 %, K = 16: faster", count[FASTER], n,
		     0.95, 1);
	count_verdicts(1.02, 0.005, n, count);
	assert_share("2 % slower, sigma 0.5 %, K = 16: slower", count[SLOWER],
		     n, 0.9, 1);
	count_verdicts(1, 0.01, n, count);
	assert_share("A/A, sigma 1 %, K = 16: equivalent", count[EQUIVALENT], n,
		     0.95, 1);
	assert_share("A/A, sigma 1 %, K = 16: faster or slower",
		     count[FASTER] + count[SLOWER], n, 0, 0.01);
	count_verdicts(1, 0.1, n, count);
	assert_share("A/A, sigma 10 %, K = 16: inconclusive",
		     count[INCONCLUSIVE], n, 0.93, 1);
	assert_share("A/A, sigma 10 %, K = 16: equivalent", count[EQUIVALENT],
		     n, 0, 0.05);
	/* At the border each one-sided test at 5 % is wrong in 5 %. */
	count_verdicts(1.02, 0.01, n, count);
	assert_share("2 % slower, delta 2 %, K = 16: equivalent",
		     count[EQUIVALENT], n, 0.03, 0.06);
	count_verdicts(1 / 1.02, 0.01, n, count);
	assert_share("2 % faster, delta 2 %, K = 16: equivalent",
		     count[EQUIVALENT], n, 0.03, 0.06);
}

/* The smallest detectable change is found as often as it says. */
static void test_detectable(void **state)
{
	const size_t n = experiments(3000), k = 16;
	double *log_ratio = malloc(n * sizeof(*log_ratio));
	char what[80];
	double a[MAX_K], b[MAX_K];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t found = 0;
		double ratio;

		for (size_t e = 0; e < n; e++) {
			draw(&kinds[i], 4000, a, k);
			draw(&kinds[i], 4000, b, k);
			log_ratio[e] =
				log(stats_detectable(a, k, b, k, 0.05, 1, 0.8));
		}
		ratio = exp(stats_median(log_ratio, n));
		for (size_t e = 0; e < n; e++) {
			draw(&kinds[i], 4000, a, k);
			draw(&kinds[i], 4000 * ratio, b, k);
			found += stats_permutation_test(a, k, b, k) <= 0.05;
		}
		snprintf(what, sizeof(what),
			 "detectable at 80 %%: %s, K = 16, %.2f %% found",
			 kinds[i].name, 100 * (ratio - 1));
		assert_share(what, found, n, 0.75, 0.85);
	}
	free(log_ratio);
}

/* Twenty cases where nothing changed: a family with a find is one too many. */
static void test_families(void **state)
{
	const size_t n = experiments(2000), k = 16, cases = 20;
	size_t bh_found = 0, holm_found = 0;
	double a[MAX_K], b[MAX_K], p[20], bh[20], holm[20];
	double limit;

	(void)state;
	for (size_t e = 0; e < n; e++) {
		bool by_bh = false, by_holm = false;

		for (size_t i = 0; i < cases; i++) {
			draw(&kinds[0], 4000, a, k);
			draw(&kinds[0], 4000, b, k);
			p[i] = stats_permutation_test(a, k, b, k);
		}
		assert_int_equal(stats_adjust_bh(p, cases, bh), 0);
		assert_int_equal(stats_adjust_holm(p, cases, holm), 0);
		for (size_t i = 0; i < cases; i++) {
			by_bh |= bh[i] <= 0.05;
			by_holm |= holm[i] <= 0.05;
		}
		bh_found += by_bh;
		holm_found += by_holm;
	}
	/* The promise is 5 %; what is counted has an error of its own. */
	limit = 0.05 + error_of(0.05, n) / 2;
	assert_share("A/A families of 20 with a find at 5 %, BH", bh_found, n,
		     0, limit);
	assert_share("A/A families of 20 with a find at 5 %, Holm", holm_found,
		     n, 0, limit);
}

/* ------------------------------------- the samples of one invocation */

static void test_effective_size(void **state)
{
	static const double phis[] = { 0, 0.5, 0.9 };
	const size_t n = experiments(200);
	double x[2000];

	(void)state;
	for (size_t i = 0; i < LENGTH(phis); i++) {
		const double truth = 2000 * (1 - phis[i]) / (1 + phis[i]);
		double sum = 0;

		for (size_t e = 0; e < n; e++) {
			fill_ar1(x, 2000, phis[i]);
			sum += stats_effective_size(x, 2000) / (double)n;
		}
		print_message("effective size of 2000 of AR(1) %g: "
			      "mean %.0f, true %.0f\n",
			      phis[i], sum, truth);
		assert_true(sum > 0.85 * truth && sum < 1.15 * truth);
	}
}

static void test_drift(void **state)
{
	static const double phis[] = { 0, 0.5, 0.9 };
	static const size_t sizes[] = { 200, 1000 };
	const size_t n = experiments(2000);
	char what[80];
	double x[1000];
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(phis); i++) {
		for (size_t j = 0; j < LENGTH(sizes); j++) {
			size_t unsettled = 0;

			found = 0;
			for (size_t e = 0; e < n; e++) {
				struct drift drift;

				fill_ar1(x, sizes[j], phis[i]);
				drift = stats_drift(x, sizes[j]);
				found += drift.p <= 0.05;
				unsettled += isnan(drift.p) != 0;
			}
			snprintf(what, sizeof(what),
				 "drift at 5 %%: AR(1) %g, n = %zu, "
				 "%.0f %% not settled",
				 phis[i], sizes[j],
				 100 * (double)unsettled / (double)n);
			assert_share(what, found, n, 0.01, 0.07);
		}
	}

	found = 0;
	for (size_t e = 0; e < n; e++) {
		fill_ar1(x, 200, 0.5);
		for (size_t i = 100; i < 200; i++)
			x[i] += 1;
		found += stats_drift(x, 200).p <= 0.05;
	}
	assert_share("drift by 1 sigma: AR(1) 0.5, n = 200", found, n, 0.9, 1);

	found = 0;
	for (size_t e = 0; e < n / 10; e++) {
		fill_ar1(x, 200, 0.9);
		found += stats_permutation_test(x, 100, x + 100, 100) <= 0.05;
	}
	assert_share("WRONG: halves of AR(1) 0.9 as if independent", found,
		     n / 10, 0.3, 1);
}

static void fill_one_mode(double *x, size_t n, int which)
{
	if (which == 4) {
		fill_ar1(x, n, 0.9);
		for (size_t i = 0; i < n; i++)
			x[i] = 4000 + 40 * x[i];
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const double z = gaussian();

		if (which == 0)
			x[i] = 4000 + 40 * z;
		else if (which == 1)
			x[i] = exp(z);
		else if (which == 2)
			x[i] = gsl_ran_exponential(rng, 1);
		else
			x[i] = STEP_NS * round((4000 + which * z) / STEP_NS);
	}
}

static void test_modality(void **state)
{
	static const struct {
		const char *name;
		int which;
	} single[] = {
		{ "normal", 0 },
		{ "lognormal", 1 },
		{ "exponential", 2 },
		{ "AR(1) 0.9", 4 },
		{ "40 ns quantised, sigma 20 ns", 20 },
		{ "40 ns quantised, sigma 100 ns", 100 },
		{ "40 ns quantised, sigma 400 ns", 400 },
	};
	const size_t n = experiments(1000);
	size_t found, quantised_found = 0;
	char what[80];
	double x[SERIES];

	(void)state;
	for (size_t i = 0; i < LENGTH(single); i++) {
		found = 0;
		for (size_t e = 0; e < n; e++) {
			fill_one_mode(x, SERIES, single[i].which);
			found += stats_modes(x, NULL, SERIES, 0, 0).bimodal;
		}
		snprintf(what, sizeof(what), "bimodal: %s, n = 200",
			 single[i].name);
		assert_share(what, found, n, 0, 0.02);
	}

	found = 0;
	for (size_t e = 0; e < n; e++) {
		for (size_t i = 0; i < SERIES; i++) {
			x[i] = 4000 + 40 * gaussian();
			if (gsl_rng_uniform(rng) < 0.2)
				x[i] += 6 * 40;
		}
		found += stats_modes(x, NULL, SERIES, 0, 0).bimodal;
		for (size_t i = 0; i < SERIES; i++) {
			const double far = x[i] > 4120 ? 500 : 0;

			x[i] = STEP_NS * round((x[i] + far) / STEP_NS);
		}
		quantised_found +=
			stats_modes(x, NULL, SERIES, STEP_NS, 0).bimodal;
	}
	assert_share("bimodal: 20 % six sigma away, n = 200", found, n, 0.9, 1);
	assert_share("bimodal: 20 % far away, 40 ns quantised, n = 200",
		     quantised_found, n, 0.9, 1);
}

/* Each test has the same draws whether or not the others run. */
static int seed(void **state)
{
	(void)state;
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return -1;
	gsl_rng_set(rng, 20240229);
	return 0;
}

static int unseed(void **state)
{
	(void)state;
	gsl_rng_free(rng);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_median_coverage_by_size,
						seed, unseed),
		cmocka_unit_test_setup_teardown(test_naive_coverage, seed,
						unseed),
		cmocka_unit_test_setup_teardown(test_quantile_coverage, seed,
						unseed),
		cmocka_unit_test_setup_teardown(test_line_coverage, seed,
						unseed),
		cmocka_unit_test_setup_teardown(test_same, seed, unseed),
		cmocka_unit_test_setup_teardown(test_separated_by_chance, seed,
						unseed),
		cmocka_unit_test_setup_teardown(test_verdicts, seed, unseed),
		cmocka_unit_test_setup_teardown(test_detectable, seed, unseed),
		cmocka_unit_test_setup_teardown(test_families, seed, unseed),
		cmocka_unit_test_setup_teardown(test_effective_size, seed,
						unseed),
		cmocka_unit_test_setup_teardown(test_drift, seed, unseed),
		cmocka_unit_test_setup_teardown(test_modality, seed, unseed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
