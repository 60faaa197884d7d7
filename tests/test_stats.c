/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics against closed forms, textbook examples and edge cases. */
#include "stats.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(x) (sizeof(x) / sizeof((x)[0]))

#define assert_near(value, expected, tolerance) \
	assert_near_at(value, expected, tolerance, #value, __LINE__)

static void assert_near_at(double value, double expected, double tolerance,
			   const char *what, int line)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("line %d: %s = %.12g, expected %.12g", line, what,
			 value, expected);
}

static void assert_no_interval(struct interval ci)
{
	assert_true(isnan(ci.low));
	assert_true(isnan(ci.high));
}

/* 1, 2 … n. */
static void count_up(double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (double)i + 1;
}

/* ------------------------------------------------------- one sample */

static void test_median(void **state)
{
	const double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 };
	const double ties[] = { 2, 2, 1, 2, 2 }, bad[] = { 1, NAN, 3 };
	const double ends[] = { -INFINITY, 5, INFINITY };
	double kept[] = { 9, 7, 8 };

	(void)state;
	assert_true(isnan(stats_median(NULL, 0)));
	assert_near(stats_median(odd, 1), 3, 0);
	assert_near(stats_median(odd, 3), 2, 0);
	assert_near(stats_median(even, 2), 2.5, 0);
	assert_near(stats_median(even, 4), 2.5, 0);
	assert_near(stats_median(ties, 5), 2, 0);
	assert_near(stats_median(ends, 3), 5, 0);
	assert_true(isnan(stats_median(bad, 3)));

	stats_median(kept, 3);
	assert_true(kept[0] == 9 && kept[1] == 7 && kept[2] == 8);
}

static void test_quantile(void **state)
{
	const double x[] = { 4, 2, 1, 3 };

	(void)state;
	/* R: quantile(1:4, c(0, .25, .5, .9, 1)) */
	assert_near(stats_quantile(x, 4, 0), 1, 0);
	assert_near(stats_quantile(x, 4, 0.25), 1.75, 1e-12);
	assert_near(stats_quantile(x, 4, 0.5), 2.5, 1e-12);
	assert_near(stats_quantile(x, 4, 0.9), 3.7, 1e-12);
	assert_near(stats_quantile(x, 4, 1), 4, 0);
	assert_near(stats_quantile(x, 1, 0.99), 4, 0);
	assert_true(isnan(stats_quantile(x, 0, 0.5)));
	assert_true(isnan(stats_quantile(x, 4, -0.1)));
	assert_true(isnan(stats_quantile(x, 4, 1.1)));
	assert_true(isnan(stats_quantile(x, 4, NAN)));
}

static void test_grouped_median(void **state)
{
	/* The examples of Python's statistics.median_grouped(). */
	const double a[] = { 1, 2, 2, 3, 4, 4, 4, 4, 4, 5 };
	const double b[] = { 52, 52, 53, 54 };
	const double c[] = { 1, 3, 3, 5, 7 };
	const double value[] = { 7, 5, 3, 9, 1 }, count[] = { 1, 1, 2, 0, 1 };
	const double even[] = { 4, 1, 3, 2 }, apart[] = { 4000, 4000, 6000 };

	(void)state;
	assert_near(stats_grouped_median(a, NULL, LENGTH(a), 1), 3.7, 1e-12);
	assert_near(stats_grouped_median(b, NULL, LENGTH(b), 1), 52.5, 1e-12);
	assert_near(stats_grouped_median(c, NULL, LENGTH(c), 1), 3.25, 1e-12);
	assert_near(stats_grouped_median(c, NULL, LENGTH(c), 2), 3.5, 1e-12);
	assert_near(stats_grouped_median(value, count, LENGTH(value), 2), 3.5,
		    1e-12);

	/* Finer than the values are apart: the plain median. */
	assert_near(stats_grouped_median(even, NULL, 4, 0), 2.5, 1e-12);
	assert_near(stats_grouped_median(even, NULL, 3, 0), 3, 1e-12);
	/* A far neighbour does not widen the cell: 3980 + 40 * 1.5 / 2. */
	assert_near(stats_grouped_median(apart, NULL, 3, 40), 4010, 1e-9);
	/* Cells overlap where the step is coarser than the values. */
	assert_near(stats_grouped_median(even, NULL, 4, 100), 2.5, 1e-12);

	assert_near(stats_grouped_median(b, NULL, 1, 4), 52, 1e-12);
	assert_true(isnan(stats_grouped_median(b, NULL, 0, 1)));
	assert_true(isnan(stats_grouped_median(b, NULL, 4, -1)));
	assert_true(isnan(stats_grouped_median(b, NULL, 4, NAN)));
	assert_true(isnan(stats_grouped_median(b, c, 0, 1)));
}

static void test_quantile_min_n(void **state)
{
	(void)state;
	assert_int_equal(stats_quantile_min_n(0.5, 0.95), 6);
	assert_int_equal(stats_quantile_min_n(0.9, 0.95), 36);
	assert_int_equal(stats_quantile_min_n(0.99, 0.95), 368);
	assert_int_equal(stats_quantile_min_n(0.01, 0.95), 368);
	assert_int_equal(stats_quantile_min_n(0.999, 0.95), 3688);
	/* Exactly representable: (1/2)^3 = 12.5 % in each tail. */
	assert_int_equal(stats_quantile_min_n(0.5, 0.75), 3);
	assert_int_equal(stats_quantile_min_n(0.5, 0.5), 2);
	assert_int_equal(stats_quantile_min_n(0.5, 1e-9), 2);
	assert_int_equal(stats_quantile_min_n(0, 0.95), 0);
	assert_int_equal(stats_quantile_min_n(1, 0.95), 0);
	assert_int_equal(stats_quantile_min_n(0.5, 0), 0);
	assert_int_equal(stats_quantile_min_n(0.5, 1), 0);
	assert_int_equal(stats_quantile_min_n(NAN, 0.95), 0);
}

static void test_median_interval(void **state)
{
	double x[16], kept[16];
	struct interval ci;

	(void)state;
	count_up(x, 16);
	for (size_t n = 0; n < 6; n++)
		assert_no_interval(stats_median_interval(x, n, 0.95));

	/* At the level of whole ranks, the whole ranks: 1 - 2 P(B <= d - 1). */
	ci = stats_median_interval(x, 6, 1 - 2 * 1. / 64);
	assert_near(ci.low, 1, 1e-9);
	assert_near(ci.high, 6, 1e-9);
	ci = stats_median_interval(x, 10, 1 - 2 * 11. / 1024);
	assert_near(ci.low, 2, 1e-9);
	assert_near(ci.high, 9, 1e-9);
	ci = stats_median_interval(x, 16, 1 - 2 * 697. / 65536);
	assert_near(ci.low, 4, 1e-9);
	assert_near(ci.high, 13, 1e-9);

	/*
	 * In between by hand, after Hettmansperger and Sheather: n = 6 has 62 /
	 * 64 and 50 / 64, so I = 0.1 and lambda = 5 I / (1 + 4 I); n = 10 has
	 * 1002 / 1024 and 912 / 1024, so I = 0.32444 and 8 I / (2 + 6 I).
	 */
	ci = stats_median_interval(x, 6, 0.95);
	assert_near(ci.low, 1 + 0.5 / 1.4, 1e-9);
	assert_near(ci.high, 6 - 0.5 / 1.4, 1e-9);
	ci = stats_median_interval(x, 10, 0.95);
	assert_near(ci.low, 2.6576577, 1e-6);
	assert_near(ci.high, 8.3423423, 1e-6);

	memcpy(kept, x, sizeof(x));
	kept[0] = 16;
	kept[15] = 1;
	ci = stats_median_interval(kept, 16, 0.95);
	assert_near(ci.low, stats_median_interval(x, 16, 0.95).low, 0);
	assert_true(kept[0] == 16 && kept[15] == 1);

	for (size_t i = 0; i < 16; i++)
		kept[i] = 7;
	ci = stats_median_interval(kept, 16, 0.95);
	assert_true(ci.low == 7 && ci.high == 7);
	kept[3] = NAN;
	assert_no_interval(stats_median_interval(kept, 16, 0.95));
	assert_no_interval(stats_median_interval(x, 16, 0));
	assert_no_interval(stats_median_interval(x, 16, 1));
	assert_no_interval(stats_median_interval(x, 16, NAN));
}

static void test_quantile_interval(void **state)
{
	double x[4000], mirrored[4000];
	struct interval ci, other;

	(void)state;
	count_up(x, LENGTH(x));
	for (size_t i = 0; i < LENGTH(x); i++)
		mirrored[i] = -x[i];

	assert_no_interval(stats_quantile_interval(x, 367, 0.99, 0.95));
	ci = stats_quantile_interval(x, 368, 0.99, 0.95);
	assert_true(ci.low > 355 && ci.low < 362);
	assert_true(ci.high > 367 && ci.high <= 368);
	assert_no_interval(stats_quantile_interval(x, 3687, 0.999, 0.95));
	ci = stats_quantile_interval(x, 3688, 0.999, 0.95);
	assert_true(ci.high > 3687 && ci.high <= 3688);

	ci = stats_quantile_interval(x, 500, 0.9, 0.95);
	other = stats_quantile_interval(mirrored, 500, 0.1, 0.95);
	assert_near(ci.low, -other.high, 1e-9);
	assert_near(ci.high, -other.low, 1e-9);
	/* n q plus and minus 1.96 sqrt(n q (1 - q)). */
	assert_near(ci.low, 450.5 - 13.1, 1);
	assert_near(ci.high, 450.5 + 13.1, 1);

	/* A single value is enough for a level below its chance. */
	ci = stats_quantile_interval(x, 2, 0.5, 0.4);
	assert_true(ci.low >= 1 && ci.high <= 2 && ci.low < ci.high);
	assert_no_interval(stats_quantile_interval(x, 500, 0, 0.95));
	assert_no_interval(stats_quantile_interval(x, 500, 1, 0.95));
}

/* ------------------------------------------------------ two samples */

static void test_shift_by_hand(void **state)
{
	/* Ratios 2, 4, 4, 8; each end is missed by 1 of the 6 orders. */
	const double a[] = { 1, 2 }, b[] = { 4, 8 };
	struct shift shift = stats_shift(a, 2, b, 2, 0.6);

	(void)state;
	assert_int_equal(shift.reason, STATS_OK);
	assert_near(shift.ratio, 4, 1e-12);
	assert_near(shift.ci.low, 2, 1e-12);
	assert_near(shift.ci.high, 8, 1e-12);

	shift = stats_shift(a, 2, b, 2, 2. / 3);
	assert_int_equal(shift.reason, STATS_OK);
	shift = stats_shift(a, 2, b, 2, 0.67);
	assert_int_equal(shift.reason, STATS_TOO_FEW);
	assert_near(shift.ratio, 4, 1e-12);
	assert_no_interval(shift.ci);

	shift = stats_shift(b, 2, a, 2, 0.6);
	assert_near(shift.ratio, 1. / 4, 1e-12);
	assert_near(shift.ci.low, 1. / 8, 1e-12);
	assert_near(shift.ci.high, 1. / 2, 1e-12);

	shift = stats_shift(a, 1, b, 1, 0.95);
	assert_near(shift.ratio, 4, 1e-12);
	assert_int_equal(shift.reason, STATS_TOO_FEW);
}

/* Tritiated water diffusion (Hollander and Wolfe, 1999, example 4.1). */
static void test_shift_textbook(void **state)
{
	double term[] = { 0.80, 0.83, 1.89, 1.04, 1.45,
			  1.38, 1.91, 1.64, 0.73, 1.46 };
	double early[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };
	struct shift shift;

	(void)state;
	assert_near(stats_permutation_test(early, 5, term, 10), 0.2544, 5e-5);
	for (size_t i = 0; i < LENGTH(term); i++)
		term[i] = exp(term[i]);
	for (size_t i = 0; i < LENGTH(early); i++)
		early[i] = exp(early[i]);
	shift = stats_shift(early, 5, term, 10, 0.95);
	assert_near(log(shift.ratio), 0.305, 1e-9);
	/* The 9th from either end: Mann-Whitney tables have 8 at 5 and 10. */
	assert_near(log(shift.ci.low), -0.15, 1e-9);
	assert_near(log(shift.ci.high), 0.76, 1e-9);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The very median of all pairs laid out, with ties, and beyond what a double
 * holds. */
static void test_shift_is_of_all_pairs(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double a[9], b[9], d[81];

	(void)state;
	for (int round = 0; round < 500; round++) {
		const size_t na = 1 + gsl_rng_uniform_int(rng, LENGTH(a));
		const size_t nb = 1 + gsl_rng_uniform_int(rng, LENGTH(b));
		const size_t pairs = na * nb;
		const double huge = round % 10 ? 1 : 1e300;
		double median;

		for (size_t i = 0; i < na; i++)
			a[i] = (double)(1 + gsl_rng_uniform_int(rng, 7)) / huge;
		for (size_t i = 0; i < nb; i++)
			b[i] = (double)(1 + gsl_rng_uniform_int(rng, 7)) * huge;
		for (size_t i = 0; i < pairs; i++)
			d[i] = log(b[i % nb] / a[i / nb]);
		qsort(d, pairs, sizeof(*d), ascending);
		median = exp((d[(pairs - 1) / 2] + d[pairs / 2]) / 2);
		if (stats_shift(a, na, b, nb, 0.95).ratio < median ||
		    stats_shift(a, na, b, nb, 0.95).ratio > median)
			fail_msg("not %.17g, round %d", median, round);
	}
	gsl_rng_free(rng);
}

/* Pairs that no memory holds: forty thousand million of them. */
static void test_shift_of_many(void **state)
{
	const size_t n = 200000;
	double *a = calloc(2 * n, sizeof(*a)), *b = a + n;
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct shift shift;

	(void)state;
	assert_non_null(a);
	for (size_t i = 0; i < n; i++) {
		a[i] = 1 + gsl_rng_uniform(rng);
		b[i] = 2 * (1 + gsl_rng_uniform(rng));
	}
	shift = stats_shift(a, n, b, n, 0.95);
	assert_int_equal(shift.reason, STATS_OK);
	assert_near(shift.ratio, 2, 0.01);
	assert_true(shift.ci.low < shift.ratio && shift.ratio < shift.ci.high);
	assert_near(shift.ci.high / shift.ci.low, 1, 0.01);
	gsl_rng_free(rng);
	free(a);
}

/* How many ratios lie below the interval is the tabulated critical value. */
static void test_shift_ranks(void **state)
{
	static const struct {
		size_t na, nb, critical;
	} table[] = {
		{ 4, 4, 0 },    { 5, 5, 2 },    { 5, 10, 8 },   { 8, 8, 13 },
		{ 10, 10, 23 }, { 12, 20, 69 }, { 16, 16, 75 }, { 20, 20, 127 },
	};
	double a[20], b[20];
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	(void)state;
	for (size_t t = 0; t < LENGTH(table); t++) {
		size_t below = 0, above = 0;
		struct shift shift;

		for (size_t i = 0; i < table[t].na; i++)
			a[i] = 1 + gsl_rng_uniform(rng);
		for (size_t i = 0; i < table[t].nb; i++)
			b[i] = 1 + gsl_rng_uniform(rng);
		shift = stats_shift(a, table[t].na, b, table[t].nb, 0.95);
		assert_int_equal(shift.reason, STATS_OK);
		for (size_t i = 0; i < table[t].na; i++) {
			for (size_t j = 0; j < table[t].nb; j++) {
				const double d = log(b[j] / a[i]);

				below += d < log(shift.ci.low) - 1e-12;
				above += d > log(shift.ci.high) + 1e-12;
			}
		}
		assert_int_equal(below, table[t].critical);
		assert_int_equal(above, table[t].critical);
	}
	gsl_rng_free(rng);
}

static void test_shift_refuses(void **state)
{
	const double good[] = { 1, 2, 3, 4, 5, 6 };
	const double zero[] = { 1, 2, 0, 4, 5, 6 };
	const double below[] = { 1, 2, -3, 4, 5, 6 };
	const double unknown[] = { 1, 0, NAN, 4, 5, 6 };
	const double endless[] = { 1, INFINITY, 3, 4, 5, 6 };
	struct shift shift;

	(void)state;
	shift = stats_shift(good, 6, zero, 6, 0.95);
	assert_int_equal(shift.reason, STATS_NOT_POSITIVE);
	assert_true(isnan(shift.ratio));
	assert_no_interval(shift.ci);
	shift = stats_shift(below, 6, good, 6, 0.95);
	assert_int_equal(shift.reason, STATS_NOT_POSITIVE);
	shift = stats_shift(good, 6, unknown, 6, 0.95);
	assert_int_equal(shift.reason, STATS_NOT_FINITE);
	shift = stats_shift(endless, 6, good, 6, 0.95);
	assert_int_equal(shift.reason, STATS_NOT_FINITE);
	shift = stats_shift(good, 0, good, 6, 0.95);
	assert_int_equal(shift.reason, STATS_TOO_FEW);
	shift = stats_shift(good, 6, good, 0, 0.95);
	assert_int_equal(shift.reason, STATS_TOO_FEW);
	assert_true(isnan(shift.ratio));
	shift = stats_shift(good, 6, good, 6, 1);
	assert_int_equal(shift.reason, STATS_NOT_FINITE);

	shift = stats_shift(good, 6, good, 6, 0.95);
	assert_int_equal(shift.reason, STATS_OK);
	assert_near(shift.ratio, 1, 1e-12);
	assert_true(shift.ci.low < 1 && shift.ci.high > 1);
}

/* p by trying every split of the midranks, bit by bit. */
static double enumerated_p(const double *a, size_t na, const double *b,
			   size_t nb)
{
	const size_t n = na + nb;
	double both[16], rank[16], mean, seen = 0;
	size_t all = 0, as_far = 0;

	memcpy(both, a, na * sizeof(*a));
	memcpy(both + na, b, nb * sizeof(*b));
	for (size_t i = 0; i < n; i++) {
		rank[i] = 0.5;
		for (size_t k = 0; k < n; k++)
			rank[i] += both[k] < both[i] ? 1 :
				   both[k] > both[i] ? 0 :
						       0.5;
	}
	mean = (double)na * ((double)n + 1) / 2;
	for (size_t i = 0; i < na; i++)
		seen += rank[i];
	for (unsigned split = 0; split < 1u << n; split++) {
		double sum = 0;

		if (__builtin_popcount(split) != (int)na)
			continue;
		for (size_t i = 0; i < n; i++)
			if (split & 1u << i)
				sum += rank[i];
		all++;
		as_far += fabs(sum - mean) >= fabs(seen - mean) - 1e-9;
	}
	return (double)as_far / (double)all;
}

static void test_permutation(void **state)
{
	const double low[] = { 1, 2, 3 }, high[] = { 4, 5, 6 };
	const double same[] = { 7, 7, 7, 7 };
	const double tied[] = { 1, 1 }, mixed[] = { 1, 2 };
	double a[16], b[16];
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	(void)state;
	/* 2 of the 20 splits are as extreme; of the 6, 2. */
	assert_near(stats_permutation_test(low, 3, high, 3), 0.1, 1e-12);
	assert_near(stats_permutation_test(high, 3, low, 3), 0.1, 1e-12);
	assert_near(stats_permutation_test(low, 2, high, 2), 1. / 3, 1e-12);
	/* Mean ranks 2 2 2 4: every split is one off the mean. */
	assert_near(stats_permutation_test(tied, 2, mixed, 2), 1, 1e-12);
	assert_near(stats_permutation_test(same, 4, same, 4), 1, 1e-12);
	assert_near(stats_permutation_test(low, 1, high, 1), 1, 1e-12);

	for (int trial = 0; trial < 300; trial++) {
		const size_t na = 1 + gsl_rng_uniform_int(rng, 6);
		const size_t nb = 1 + gsl_rng_uniform_int(rng, 6);
		const unsigned long values = 2 + gsl_rng_uniform_int(rng, 12);

		for (size_t i = 0; i < na; i++)
			a[i] = (double)gsl_rng_uniform_int(rng, values) - 3;
		for (size_t i = 0; i < nb; i++)
			b[i] = (double)gsl_rng_uniform_int(rng, values);
		assert_near(stats_permutation_test(a, na, b, nb),
			    enumerated_p(a, na, b, nb), 1e-12);
	}
	gsl_rng_free(rng);

	/* Of 601 080 390 splits, 2. */
	count_up(a, 16);
	for (size_t i = 0; i < 16; i++)
		b[i] = 100 + a[i];
	assert_near(stats_permutation_test(a, 16, b, 16),
		    2 / gsl_sf_choose(32, 16), 1e-20);

	a[5] = NAN;
	assert_true(isnan(stats_permutation_test(a, 16, b, 16)));
	assert_true(isnan(stats_permutation_test(b, 16, a, 16)));
	a[5] = INFINITY;
	assert_true(isnan(stats_permutation_test(a, 16, b, 16)));
	assert_true(isnan(stats_permutation_test(b, 0, b, 16)));
	assert_true(isnan(stats_permutation_test(b, 16, b, 0)));
}

/* Further only where all of one lies beyond all of the other. */
static void test_separation(void **state)
{
	static const double same[] = { 100, 101, 102, 100, 101, 102, 103, 101 };
	static const double other[] = { 7, 7, 7, 7, 7, 7, 7, 7 };
	double far[8], close[8], below[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		far[i] = 10 * same[i];
		close[i] = same[i] + 2;
		below[i] = -same[i];
	}
	/* ten times as much: as sure as two modes let it be */
	assert_near(stats_separation_test(same, 8, far, 8), 0x1p-15, 1e-12);
	assert_near(stats_separation_test(far, 8, same, 8), 0x1p-15, 1e-12);
	/* neither spreads */
	assert_near(stats_separation_test(other, 8, same, 8), 0x1p-15, 1e-12);
	for (size_t i = 0; i < 8; i++)
		far[i] = 8;
	assert_near(stats_separation_test(other, 8, far, 8), 0x1p-15, 1e-12);
	/* else it is the permutation test */
	assert_near(stats_separation_test(same, 8, close, 8),
		    stats_permutation_test(same, 8, close, 8), 0);
	assert_near(stats_separation_test(same, 8, below, 8),
		    stats_permutation_test(same, 8, below, 8), 0);
	assert_near(stats_separation_test(same, 1, other, 8),
		    stats_permutation_test(same, 1, other, 8), 0);
	assert_true(isnan(stats_separation_test(same, 0, other, 8)));
}

/* Where counting ends, the approximation takes over without a jump. */
static void test_large_samples(void **state)
{
	double a[65], b[65], exact, near;
	struct shift counted, approximate;
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	(void)state;
	for (size_t i = 0; i < 65; i++) {
		a[i] = exp(gsl_ran_ugaussian(rng));
		b[i] = exp(gsl_ran_ugaussian(rng) + 0.3);
	}
	/* The last to come lies in the middle of the others. */
	a[64] = b[64] = 1.16;
	exact = stats_permutation_test(a, 64, b, 64);
	near = stats_permutation_test(a, 64, b, 65);
	assert_near(near / exact, 1, 0.05);
	counted = stats_shift(a, 64, b, 64, 0.95);
	approximate = stats_shift(a, 64, b, 65, 0.95);
	assert_near(approximate.ci.low / counted.ci.low, 1, 0.03);
	assert_near(approximate.ci.high / counted.ci.high, 1, 0.03);

	/* Heavily tied, and all tied. */
	for (size_t i = 0; i < 65; i++) {
		a[i] = (double)(i % 3);
		b[i] = (double)(i % 4);
	}
	exact = stats_permutation_test(a, 64, b, 64);
	near = stats_permutation_test(a, 65, b, 64);
	assert_near(near / exact, 1, 0.1);
	assert_near(stats_permutation_test(a, 1, a, 1), 1, 0);
	for (size_t i = 0; i < 65; i++)
		a[i] = 3;
	assert_near(stats_permutation_test(a, 65, a, 65), 1, 0);
	gsl_rng_free(rng);
}

static void test_detectable(void **state)
{
	double a[16], b[16], once, twice;

	(void)state;
	for (size_t i = 0; i < 16; i++) {
		const double z = gsl_cdf_ugaussian_Pinv((i + 0.5) / 16);

		a[i] = 100 * exp(0.01 * z);
		b[i] = 107 * exp(0.01 * z);
	}
	once = stats_detectable(a, 16, b, 16, 0.05, 1, 0.8);
	/* (1.96 + 0.84) sigma sqrt(2 / n), a little more for ranks and t. */
	assert_near(log(once), 2.8 * 0.01 * sqrt(2. / 16), 0.0015);
	assert_near(stats_detectable(b, 16, a, 16, 0.05, 1, 0.8), once, 1e-12);
	assert_true(stats_detectable(a, 16, b, 16, 0.05, 1, 0.95) > once);
	assert_true(stats_detectable(a, 16, b, 16, 0.01, 1, 0.8) > once);
	/* alone among a thousand: (4.69 + 0.85) sigma sqrt(2 / n) */
	assert_near(log(stats_detectable(a, 16, b, 16, 0.05, 1000, 0.8)),
		    5.54 * 0.01 * sqrt(2. / 16), 0.003);

	for (size_t i = 0; i < 16; i++)
		a[i] *= a[i];
	for (size_t i = 0; i < 16; i++)
		b[i] *= b[i];
	twice = stats_detectable(a, 16, b, 16, 0.05, 1, 0.8);
	assert_near(log(twice) / log(once), 2, 1e-9);

	for (size_t i = 0; i < 16; i++)
		a[i] = b[i] = 5;
	assert_near(stats_detectable(a, 16, b, 16, 0.05, 1, 0.8), 1, 0);
	assert_true(isnan(stats_detectable(a, 3, b, 3, 0.05, 1, 0.8)));
	assert_true(isnan(stats_detectable(a, 16, b, 16, 0, 1, 0.8)));
	assert_true(isnan(stats_detectable(a, 16, b, 16, 0.05, 1, 1)));
	a[0] = 0;
	assert_true(isnan(stats_detectable(a, 16, b, 16, 0.05, 1, 0.8)));
}

static void test_verdict(void **state)
{
	static const struct {
		double low, high, p, delta;
		enum verdict verdict;
	} table[] = {
		/* clear of 1 and significant: the sign decides */
		{ 1.03, 1.07, 0.001, 0.02, SLOWER },
		{ 0.93, 0.97, 0.001, 0.02, FASTER },
		/* within delta: equivalent, significant or not */
		{ 0.99, 1.01, 0.60, 0.02, EQUIVALENT },
		{ 1.003, 1.012, 0.001, 0.02, EQUIVALENT },
		/* partly beyond delta: p decides */
		{ 1.005, 1.03, 0.01, 0.02, SLOWER },
		{ 0.97, 0.995, 0.05, 0.02, FASTER },
		{ 1.005, 1.03, 0.051, 0.02, INCONCLUSIVE },
		{ 0.95, 1.06, 0.80, 0.02, INCONCLUSIVE },
		/* p without the interval's consent: ties that touch 1 */
		{ 1.00, 1.03, 0.04, 0.02, INCONCLUSIVE },
		/* symmetric in the logarithm: 1 / 1.02 = 0.9804 */
		{ 0.9803, 1.0, 0.5, 0.02, INCONCLUSIVE },
		{ 0.9805, 1.0, 0.5, 0.02, EQUIVALENT },
		{ 1.0, 1.02, 0.5, 0.02, INCONCLUSIVE },
		{ 1.0, 1.0199, 0.5, 0.02, EQUIVALENT },
		/* nothing known, nothing said */
		{ NAN, NAN, 0.1, 0.02, INCONCLUSIVE },
		{ NAN, NAN, NAN, 0.02, INCONCLUSIVE },
		{ 1.03, 1.07, NAN, 0.02, INCONCLUSIVE },
		{ 1.0, 1.0, 1, 0, INCONCLUSIVE },
		{ 1.03, 1.07, 0.01, NAN, SLOWER },
		{ 1.0, 1.0, 1, NAN, INCONCLUSIVE },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		const struct interval ci = { table[i].low, table[i].high };

		if (stats_verdict(ci, table[i].p, 0.05, table[i].delta) !=
		    table[i].verdict)
			fail_msg("row %zu of the table", i);
		assert_int_equal(stats_equivalent(ci, table[i].delta),
				 table[i].verdict == EQUIVALENT);
	}
}

static void test_adjust(void **state)
{
	/* R: p.adjust(c(.01, .04, .03, .005), "holm") and "BH". */
	const double p[] = { 0.01, 0.04, 0.03, 0.005 };
	const double holm[] = { 0.03, 0.06, 0.06, 0.02 };
	const double bh[] = { 0.02, 0.04, 0.04, 0.02 };
	/* Benjamini and Hochberg (1995), section 4: 4 found, by Holm 3. */
	const double paper[] = { 0.0001, 0.0004, 0.0019, 0.0095, 0.0201,
				 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
				 0.4262, 0.5719, 0.6528, 0.7590, 1.0000 };
	double out[15], gaps[] = { NAN, 0.01, NAN, 0.04, 0.03, 0.005 };

	(void)state;
	assert_int_equal(stats_adjust_holm(p, 4, out), 0);
	for (size_t i = 0; i < 4; i++)
		assert_near(out[i], holm[i], 1e-12);
	assert_int_equal(stats_adjust_bh(p, 4, out), 0);
	for (size_t i = 0; i < 4; i++)
		assert_near(out[i], bh[i], 1e-12);

	assert_int_equal(stats_adjust_bh(paper, 15, out), 0);
	for (size_t i = 0; i < 15; i++)
		assert_int_equal(out[i] <= 0.05, i < 4);
	assert_near(out[3], 0.0095 * 15 / 4, 1e-12);
	assert_near(out[14], 1, 0);
	assert_int_equal(stats_adjust_holm(paper, 15, out), 0);
	for (size_t i = 0; i < 15; i++)
		assert_int_equal(out[i] <= 0.05, i < 3);
	assert_near(out[0], 0.0015, 1e-12);
	assert_near(out[14], 1, 0);

	/* In place, and with gaps that are not of the family. */
	assert_int_equal(stats_adjust_bh(gaps, 6, gaps), 0);
	assert_true(isnan(gaps[0]) && isnan(gaps[2]));
	assert_near(gaps[1], bh[0], 1e-12);
	assert_near(gaps[5], bh[3], 1e-12);
	assert_int_equal(stats_adjust_holm(gaps, 1, out), 0);
	assert_true(isnan(out[0]));
	assert_int_equal(stats_adjust_holm(p, 0, out), 0);
	assert_int_equal(stats_adjust_holm(p + 1, 1, out), 0);
	assert_near(out[0], 0.04, 0);
}

/* ------------------------------------- the samples of one invocation */

static void test_effective_size(void **state)
{
	double x[1000], white, sticky;
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		x[i] = gsl_ran_ugaussian(rng);
	white = stats_effective_size(x, 1000);
	assert_true(white > 700 && white <= 1000);
	/* Each value ten times over is worth a tenth. */
	for (size_t i = 0; i < 1000; i++)
		x[i] = x[i - i % 10];
	sticky = stats_effective_size(x, 1000);
	assert_true(sticky > 60 && sticky < 140);

	for (size_t i = 0; i < 1000; i++)
		x[i] = i % 2 ? 1 : -1;
	assert_near(stats_effective_size(x, 1000), 1000, 2);
	for (size_t i = 0; i < 1000; i++)
		x[i] = 0.1;
	assert_true(isnan(stats_effective_size(x, 1000)));
	assert_true(isnan(stats_effective_size(x, 0)));
	x[7] = 1;
	assert_true(isnan(stats_effective_size(x, 7)));
	x[3] = NAN;
	assert_true(isnan(stats_effective_size(x, 1000)));
	x[3] = INFINITY;
	assert_true(isnan(stats_effective_size(x, 1000)));
	gsl_rng_free(rng);
}

static void test_drift(void **state)
{
	double x[1001];
	struct drift drift;
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	(void)state;
	for (size_t i = 0; i < 1001; i++)
		x[i] = 100 + gsl_ran_ugaussian(rng);
	drift = stats_drift(x, 1000);
	assert_true(drift.p > 0.05);
	assert_near(drift.ratio, 1, 0.005);
	assert_true(drift.effective > 700 && drift.effective <= 1000);
	/* What lies in the middle of an odd count is nobody's. */
	x[500] = 1e9;
	drift = stats_drift(x, 1001);
	assert_near(drift.ratio, 1, 0.005);

	for (size_t i = 500; i < 1001; i++)
		x[i] = 101 + gsl_ran_ugaussian(rng);
	drift = stats_drift(x, 1000);
	assert_true(drift.p < 1e-6);
	assert_near(drift.ratio, 1.01, 0.005);
	drift = stats_drift(x + 1, 1000);
	assert_true(drift.p < 1e-6);

	for (size_t i = 0; i < 1000; i++)
		x[i] = i < 500 ? 2 : 4;
	drift = stats_drift(x, 1000);
	assert_true(drift.p <= 0 && drift.ratio == 2);
	for (size_t i = 0; i < 1000; i++)
		x[i] = 2;
	drift = stats_drift(x, 1000);
	assert_true(drift.p == 1 && drift.ratio == 1);
	assert_true(isnan(drift.effective));

	/* No telling: a random walk, too short, and NAN. */
	for (size_t i = 1; i < 1000; i++)
		x[i] = x[i - 1] + gsl_ran_ugaussian(rng);
	drift = stats_drift(x, 1000);
	assert_true(isnan(drift.p) || drift.p > 1e-4);
	for (size_t i = 0; i < 1000; i++)
		x[i] = 100 + (double)i;
	drift = stats_drift(x, 1000);
	assert_true(isnan(drift.p) || drift.p < 0.01);
	assert_near(drift.ratio, 849.5 / 349.5, 1e-9);
	drift = stats_drift(x, 19);
	assert_true(isnan(drift.p) && isnan(drift.ratio));
	for (size_t i = 0; i < 20; i++)
		x[i] = i < 10 ? -1 : 1;
	assert_true(isnan(stats_drift(x, 20).ratio));
	x[3] = NAN;
	assert_true(isnan(stats_drift(x, 1000).p));
	gsl_rng_free(rng);
}

/* n values as if drawn with perfect luck: evenly by probability. */
static void fill_normal(double *x, size_t n, double mean, double sd)
{
	for (size_t i = 0; i < n; i++)
		x[i] = mean + sd * gsl_cdf_ugaussian_Pinv(((double)i + 0.5) /
							  (double)n);
}

static void test_modes(void **state)
{
	double x[1000], weight[1000];
	struct modes modes;

	(void)state;
	fill_normal(x, 1000, 4000, 40);
	modes = stats_modes(x, NULL, 1000, 0, 0);
	assert_false(modes.bimodal);
	assert_true(isnan(modes.low) && isnan(modes.high) &&
		    isnan(modes.low_mass) && isnan(modes.high_mass) &&
		    isnan(modes.valley));

	fill_normal(x + 800, 200, 6000, 60);
	fill_normal(x, 800, 4000, 40);
	modes = stats_modes(x, NULL, 1000, 0, 0);
	assert_true(modes.bimodal);
	assert_near(modes.low, 4000, 20);
	assert_near(modes.high, 6000, 30);
	assert_near(modes.low_mass, 0.8, 1e-9);
	assert_near(modes.high_mass, 0.2, 1e-9);
	assert_true(modes.valley >= 0 && modes.valley < 0.01);

	/* Not below 5 %, nor below 10 samples, nor where the valley is flat. */
	fill_normal(x, 960, 4000, 40);
	fill_normal(x + 960, 40, 6000, 60);
	assert_false(stats_modes(x, NULL, 1000, 0, 0).bimodal);
	fill_normal(x, 91, 4000, 40);
	fill_normal(x + 91, 9, 6000, 60);
	assert_false(stats_modes(x, NULL, 100, 0, 0).bimodal);
	fill_normal(x, 500, 4000, 40);
	fill_normal(x + 500, 500, 4100, 40);
	assert_false(stats_modes(x, NULL, 1000, 0, 0).bimodal);
	fill_normal(x + 500, 500, 4240, 40);
	assert_true(stats_modes(x, NULL, 1000, 0, 0).bimodal);

	/* The heaviest two of three. */
	fill_normal(x, 500, 4000, 40);
	fill_normal(x + 500, 100, 5000, 40);
	fill_normal(x + 600, 400, 6000, 40);
	modes = stats_modes(x, NULL, 1000, 0, 0);
	assert_true(modes.bimodal);
	assert_near(modes.low, 4000, 20);
	assert_near(modes.high, 6000, 30);
	assert_near(modes.low_mass + modes.high_mass, 0.9, 1e-9);

	/* Two spikes are two modes, or one coarse step: the caller knows. */
	for (size_t i = 0; i < 1000; i++)
		x[i] = i % 3 ? 4000 : 6000;
	assert_true(stats_modes(x, NULL, 1000, 40, 0).bimodal);
	assert_true(stats_modes(x, NULL, 1000, 0, 1. / 128).bimodal);
	assert_false(stats_modes(x, NULL, 1000, 2000, 0).bimodal);
	assert_false(stats_modes(x, NULL, 1000, 0, 0).bimodal);
	/* The same as buckets, an empty one among them. */
	x[0] = 6000;
	x[1] = 5000;
	x[2] = 4000;
	weight[0] = 334;
	weight[1] = 0;
	weight[2] = 666;
	modes = stats_modes(x, weight, 3, 40, 0);
	assert_true(modes.bimodal);
	assert_near(modes.low, 4000, 50);
	assert_near(modes.high_mass, 0.334, 1e-9);

	/* Neighbouring buckets are one mode. */
	x[0] = 4000;
	x[1] = 4031;
	weight[0] = weight[1] = 1e6;
	assert_false(stats_modes(x, weight, 2, 0, 1. / 128).bimodal);
}

static void test_modes_refuses(void **state)
{
	double x[100], weight[100];

	(void)state;
	fill_normal(x, 80, 4000, 40);
	fill_normal(x + 80, 20, 6000, 60);
	assert_true(stats_modes(x, NULL, 100, 0, 0).bimodal);
	assert_false(stats_modes(x, NULL, 0, 0, 0).bimodal);
	assert_false(stats_modes(x, NULL, 1, 0, 0).bimodal);
	for (size_t i = 0; i < 100; i++)
		weight[i] = 0;
	assert_false(stats_modes(x, weight, 100, 0, 0).bimodal);
	weight[0] = -1;
	assert_false(stats_modes(x, weight, 100, 0, 0).bimodal);
	x[50] = 0;
	assert_false(stats_modes(x, NULL, 100, 0, 0).bimodal);
	x[50] = -1;
	assert_false(stats_modes(x, NULL, 100, 0, 0).bimodal);
	x[50] = NAN;
	assert_false(stats_modes(x, NULL, 100, 0, 0).bimodal);
	for (size_t i = 0; i < 100; i++)
		x[i] = 5;
	assert_false(stats_modes(x, NULL, 100, 0, 0).bimodal);
	/* Eighteen decades and a spike. */
	x[0] = 1e-9;
	x[99] = 1e9;
	assert_false(stats_modes(x, NULL, 100, 0, 0).bimodal);
}

/* ------------------------------------------------------------- lines */

/* NIST's Norris, with its certified values (Statistical Reference Datasets). */
static void test_line_norris(void **state)
{
	static const double yx[][2] = {
		{ 0.1, 0.2 },     { 338.8, 337.4 }, { 118.1, 118.2 },
		{ 888.0, 884.6 }, { 9.2, 10.1 },    { 228.1, 226.5 },
		{ 668.5, 666.3 }, { 998.5, 996.3 }, { 449.1, 448.6 },
		{ 778.9, 777.0 }, { 559.2, 558.2 }, { 0.3, 0.4 },
		{ 0.1, 0.6 },     { 778.1, 775.5 }, { 668.8, 666.9 },
		{ 339.3, 338.0 }, { 448.9, 447.5 }, { 10.8, 11.6 },
		{ 557.7, 556.0 }, { 228.3, 228.1 }, { 998.0, 995.8 },
		{ 888.8, 887.6 }, { 119.6, 120.2 }, { 0.3, 0.3 },
		{ 0.6, 0.3 },     { 557.6, 556.8 }, { 339.3, 339.1 },
		{ 888.0, 887.2 }, { 998.5, 999.0 }, { 778.9, 779.0 },
		{ 10.2, 11.1 },   { 117.6, 118.3 }, { 228.9, 229.2 },
		{ 668.4, 669.1 }, { 449.2, 448.9 }, { 0.2, 0.5 },
	};
	double x[36], y[36], t;
	struct line line;

	(void)state;
	for (size_t i = 0; i < 36; i++) {
		y[i] = yx[i][0];
		x[i] = yx[i][1];
	}
	line = stats_line(x, y, 36, 0.95);
	assert_near(line.intercept, -0.262323073774029, 1e-11);
	assert_near(line.slope, 1.00211681802045, 1e-13);
	assert_near(line.residual, 0.884796396144373, 1e-11);
	t = gsl_cdf_tdist_Pinv(0.975, 34);
	assert_near(line.intercept_ci.high - line.intercept,
		    t * 0.232818234301152, 1e-11);
	assert_near(line.intercept - line.intercept_ci.low,
		    t * 0.232818234301152, 1e-11);
	assert_near(line.slope_ci.high - line.slope, t * 0.429796848199937e-3,
		    1e-13);
}

static void test_line_edges(void **state)
{
	const double x[] = { 1, 2, 3, 4 }, y[] = { 5, 7, 9, 11 };
	const double same[] = { 2, 2, 2, 2 }, bad[] = { 1, NAN, 3, 4 };
	struct line line = stats_line(x, y, 4, 0.95);

	(void)state;
	assert_near(line.intercept, 3, 1e-12);
	assert_near(line.slope, 2, 1e-12);
	assert_near(line.residual, 0, 1e-12);
	assert_near(line.slope_ci.high - line.slope_ci.low, 0, 1e-12);

	line = stats_line(x, y, 2, 0.95);
	assert_near(line.slope, 2, 1e-12);
	assert_no_interval(line.slope_ci);
	assert_no_interval(line.intercept_ci);
	assert_true(isnan(line.residual));
	line = stats_line(x, y, 4, 1);
	assert_near(line.slope, 2, 1e-12);
	assert_no_interval(line.slope_ci);
	assert_near(stats_line(x, same, 4, 0.95).slope, 0, 1e-12);

	assert_true(isnan(stats_line(x, y, 0, 0.95).slope));
	assert_true(isnan(stats_line(x, y, 1, 0.95).slope));
	assert_true(isnan(stats_line(same, y, 4, 0.95).slope));
	assert_true(isnan(stats_line(bad, y, 4, 0.95).slope));
	assert_true(isnan(stats_line(x, bad, 4, 0.95).intercept));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_quantile),
		cmocka_unit_test(test_grouped_median),
		cmocka_unit_test(test_quantile_min_n),
		cmocka_unit_test(test_median_interval),
		cmocka_unit_test(test_quantile_interval),
		cmocka_unit_test(test_shift_by_hand),
		cmocka_unit_test(test_shift_textbook),
		cmocka_unit_test(test_shift_is_of_all_pairs),
		cmocka_unit_test(test_shift_of_many),
		cmocka_unit_test(test_shift_ranks),
		cmocka_unit_test(test_shift_refuses),
		cmocka_unit_test(test_permutation),
		cmocka_unit_test(test_separation),
		cmocka_unit_test(test_large_samples),
		cmocka_unit_test(test_detectable),
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_adjust),
		cmocka_unit_test(test_effective_size),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_modes_refuses),
		cmocka_unit_test(test_line_norris),
		cmocka_unit_test(test_line_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
