/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do histograms give back what was added to within one bucket, 1/128? */
#include "hist.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MANY 20000

/* Too large for the stack of a thread; each test clears what it uses. */
static struct hist hist, other, all;
static double value[MANY];

/* A uniform number from 0 to 1, the same ones in every run. */
static double uniform(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) * 0x1p-53;
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* R's type 7 from sorted values. */
static double exact_quantile(const double *sorted, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t i = (size_t)at;

	if (i + 1 >= n)
		return sorted[n - 1];
	return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

static const double probes[] = { 0,    1e-4, 0.001, 0.01,  0.1,    0.25, 0.5,
				 0.75, 0.9,  0.99,  0.999, 0.9999, 1 };
#define PROBES (sizeof(probes) / sizeof(probes[0]))

static void add_all(struct hist *h, const double *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hist_add(h, from[i]);
}

/* Sorts the first n values and compares quantiles; `within` is absolute. */
static void check_quantiles(size_t n, double within)
{
	double last = -INFINITY;

	hist_clear(&hist);
	add_all(&hist, value, n);
	qsort(value, n, sizeof(value[0]), ascending);
	for (size_t i = 0; i < PROBES; i++) {
		double exact = exact_quantile(value, n, probes[i]);
		double got = hist_quantile(&hist, probes[i]);

		if (fabs(got - exact) > fabs(exact) / 128 + within)
			fail_msg("n %zu, q %g: %g, exactly %g", n, probes[i],
				 got, exact);
		assert_true(got >= last);
		last = got;
	}
	assert_true(hist_quantile(&hist, 0) == value[0]);
	assert_true(hist_quantile(&hist, 1) == value[n - 1]);
}

static void test_buckets_tile_the_line(void **state)
{
	(void)state;
	assert_true(hist_bucket_low(0) == -HIST_LIMIT);
	assert_true(hist_bucket_high(HIST_BUCKETS - 1) == HIST_LIMIT);
	assert_true(hist_bucket_low(HIST_ZERO) == -0x1p-4);
	assert_true(hist_bucket_high(HIST_ZERO) == 0x1p-4);
	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		double low = hist_bucket_low(i), high = hist_bucket_high(i);
		double mirrored = -hist_bucket_high(HIST_BUCKETS - 1 - i);

		assert_true(low < high);
		assert_true(low == mirrored);
		if (i)
			assert_true(low == hist_bucket_high(i - 1));
		if (i != HIST_ZERO)
			assert_true(high - low <=
				    0.01 * fmin(fabs(low), fabs(high)));
	}
}

static void test_values_fall_into_their_bucket(void **state)
{
	(void)state;
	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		double low = hist_bucket_low(i), high = hist_bucket_high(i);

		assert_int_equal(hist_bucket((low + high) / 2), i);
		assert_int_equal(hist_bucket(nextafter(low, high)), i);
		assert_int_equal(hist_bucket(nextafter(high, low)), i);
		if (i > HIST_ZERO)
			assert_int_equal(hist_bucket(low), i);
		if (i < HIST_ZERO)
			assert_int_equal(hist_bucket(high), i);
	}
	assert_int_equal(hist_bucket(0.0), HIST_ZERO);
	assert_int_equal(hist_bucket(-0.0), HIST_ZERO);
	assert_int_equal(hist_bucket(DBL_TRUE_MIN), HIST_ZERO);
	assert_int_equal(hist_bucket(HIST_LIMIT), HIST_BUCKETS - 1);
	assert_int_equal(hist_bucket(DBL_MAX), HIST_BUCKETS - 1);
	assert_int_equal(hist_bucket(-DBL_MAX), 0);
}

static void test_quantiles_of_many_shapes(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 10, 101, 1000, MANY };

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		size_t n = sizes[s];

		for (size_t i = 0; i < n; i++) /* over the whole range */
			value[i] = exp2(-3.9 + 39.8 * uniform());
		check_quantiles(n, 0);
		for (size_t i = 0; i < n; i++)
			value[i] = -exp2(-3.9 + 39.8 * uniform());
		check_quantiles(n, 0);
		for (size_t i = 0; i < n; i++) /* two far modes, an even n */
			value[i] = i % 2 ? 4000 + uniform() : 90000 * uniform();
		check_quantiles(n, 0x1p-4);
		for (size_t i = 0; i < n; i++) /* a small range: one bucket */
			value[i] = 1000.25 + uniform();
		check_quantiles(n, 0);
		for (size_t i = 0; i < n; i++) /* around zero */
			value[i] = 20 * (uniform() - 0.5);
		check_quantiles(n, 0x1p-4);
	}
}

static void test_one_value_is_exact(void **state)
{
	static const double one[] = { 0,      4,       123.456, -77.7,
				      0.0001, -0.0001, 1e15,    -1e300 };

	(void)state;
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		hist_clear(&hist);
		hist_add(&hist, one[i]);
		hist_add(&hist, one[i]);
		hist_add(&hist, one[i]);
		for (size_t p = 0; p < PROBES; p++)
			assert_true(hist_quantile(&hist, probes[p]) == one[i]);
	}
}

static void test_counts_stay_whole(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		hist_clear(&hist);
		for (int i = 0; i < 1000; i++)
			hist_add(&hist, sign * (i < 10 ? 0 : i < 900 ? 4 : 5));
		assert_true(hist_quantile(&hist, 0.5) == sign * 4);
		assert_true(hist_quantile(&hist, sign < 0 ? 0.05 : 0.95) ==
			    sign * 5);
	}
	hist_clear(&hist);
	for (int i = 0; i < 900; i++)
		hist_add(&hist, i < 600 ? 0 : 1);
	assert_true(hist_quantile(&hist, 0.5) == 0);
	assert_true(hist_quantile(&hist, 0.9) == 1);
	assert_int_equal(hist.fractions, 0);
	hist_add(&hist, 0.5);
	assert_int_equal(hist.fractions, 1);
}

static void test_empty(void **state)
{
	struct hist_sparse sparse = { 0 };

	(void)state;
	memset(&hist, 0xff, sizeof(hist));
	hist_clear(&hist);
	assert_int_equal(hist.n, 0);
	assert_true(isnan(hist_quantile(&hist, 0)));
	assert_true(isnan(hist_quantile(&hist, 0.5)));
	assert_true(isnan(hist_mean(&hist)));
	assert_true(isnan(hist_sparse_quantile(&sparse, 0.5)));
	assert_int_equal(hist_sparse_merge(&sparse, &hist), 0);
	assert_int_equal(sparse.used, 0);
	hist_sparse_free(&sparse);

	/* merging with an empty one does not bring its min and max of 0 */
	hist_clear(&other);
	hist_add(&other, 5);
	hist_merge(&hist, &other);
	assert_true(hist.min == 5 && hist.max == 5);
	hist_clear(&other);
	hist_merge(&hist, &other);
	assert_true(hist.min == 5 && hist.max == 5);
}

static void test_strange_arguments(void **state)
{
	(void)state;
	hist_clear(&hist);
	hist_add(&hist, NAN);
	hist_add(&hist, INFINITY);
	hist_add(&hist, -INFINITY);
	assert_int_equal(hist.n, 0);
	assert_int_equal(hist.bad, 3);
	hist_add(&hist, 1);
	hist_add(&hist, 3);
	assert_int_equal(hist.n, 2);
	assert_true(hist_mean(&hist) == 2);
	assert_true(hist_quantile(&hist, -1) == 1);
	assert_true(hist_quantile(&hist, 2) == 3);
	assert_true(isnan(hist_quantile(&hist, NAN)));
	hist_clear(&other);
	hist_add(&other, NAN);
	hist_merge(&hist, &other);
	assert_int_equal(hist.bad, 4);
	assert_int_equal(hist.n, 2);
}

static void test_beyond_the_range(void **state)
{
	double got;

	(void)state;
	hist_clear(&hist);
	for (int i = 0; i < 100; i++)
		hist_add(&hist, 100.5);
	hist_add(&hist, 1e12);
	hist_add(&hist, 1e15);
	hist_add(&hist, -DBL_MAX);
	assert_true(hist.max == 1e15);
	assert_true(hist.min == -DBL_MAX);
	assert_true(hist_quantile(&hist, 1) == 1e15);
	assert_true(hist_quantile(&hist, 0) == -DBL_MAX);
	assert_true(fabs(hist_quantile(&hist, 0.5) - 100.5) < 1);
	got = hist_quantile(&hist, 101. / 102);
	assert_true(got >= 0x1p35 && got <= 1e15);

	hist_clear(&hist);
	for (int i = 0; i < 3; i++)
		hist_add(&hist, i ? DBL_MAX : -DBL_MAX);
	assert_true(isfinite(hist_quantile(&hist, 0.5)));
}

static void fill(struct hist *h, int round)
{
	for (int i = 0; i < 500; i++) {
		double v = (uniform() - 0.3) * exp2(3 * round);

		hist_add(h, v);
		hist_add(&all, v);
	}
	hist_add(h, NAN);
	hist_add(&all, NAN);
}

static void test_merge_is_adding_all(void **state)
{
	(void)state;
	hist_clear(&all);
	hist_clear(&hist);
	for (int round = 0; round < 8; round++) {
		hist_clear(&other);
		fill(&other, round);
		hist_merge(&hist, &other);
	}
	assert_memory_equal(hist.count, all.count, sizeof(hist.count));
	assert_int_equal(hist.n, all.n);
	assert_int_equal(hist.bad, all.bad);
	assert_int_equal(hist.fractions, all.fractions);
	assert_true(hist.min == all.min && hist.max == all.max);
	assert_true(fabs(hist.sum - all.sum) <= 1e-9 * fabs(all.sum));
}

static void check_same(const struct hist_sparse *sparse, const struct hist *h)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < sparse->used; i++) {
		if (i)
			assert_true(sparse->cell[i - 1].bucket <
				    sparse->cell[i].bucket);
		assert_true(sparse->cell[i].count ==
			    h->count[sparse->cell[i].bucket]);
		sum += sparse->cell[i].count;
	}
	assert_int_equal(sum, h->n);
	assert_int_equal(sparse->n, h->n);
	assert_int_equal(sparse->bad, h->bad);
	assert_int_equal(sparse->fractions, h->fractions);
	assert_true(sparse->min == h->min && sparse->max == h->max);
	for (size_t p = 0; p < PROBES; p++)
		assert_true(hist_sparse_quantile(sparse, probes[p]) ==
			    hist_quantile(h, probes[p]));
}

static void test_sparse_is_dense(void **state)
{
	struct hist_sparse sparse = { 0 };

	(void)state;
	hist_clear(&all);
	for (int round = 7; round >= 0; round--) {
		hist_clear(&other);
		fill(&other, round);
		assert_int_equal(hist_sparse_merge(&sparse, &other), 0);
		check_same(&sparse, &all);
	}
	assert_true(sparse.used < HIST_BUCKETS / 4);
	hist_sparse_free(&sparse);
	assert_null(sparse.cell);
	assert_int_equal(sparse.n, 0);

	/* every bucket in use, then all of them once more */
	hist_clear(&hist);
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		hist_add(&hist, (hist_bucket_low(i) + hist_bucket_high(i)) / 2);
	assert_int_equal(hist_sparse_merge(&sparse, &hist), 0);
	assert_int_equal(sparse.used, HIST_BUCKETS);
	check_same(&sparse, &hist);
	assert_int_equal(hist_sparse_merge(&sparse, &hist), 0);
	assert_int_equal(sparse.used, HIST_BUCKETS);
	assert_int_equal(sparse.n, 2 * HIST_BUCKETS);
	hist_sparse_free(&sparse);
}

/* Buckets that both have, and nothing new: each cell is read before the merge
 * writes over it. */
static void test_merging_the_same_again(void **state)
{
	static struct hist one;
	struct hist_sparse sparse = { 0 };

	(void)state;
	hist_clear(&one);
	hist_clear(&all);
	for (int i = 0; i < 1000; i++)
		hist_add(&one, 4000 + i);
	for (int k = 0; k < 6; k++) {
		assert_int_equal(hist_sparse_merge(&sparse, &one), 0);
		hist_merge(&all, &one);
		check_same(&sparse, &all);
	}
	hist_sparse_free(&sparse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets_tile_the_line),
		cmocka_unit_test(test_values_fall_into_their_bucket),
		cmocka_unit_test(test_quantiles_of_many_shapes),
		cmocka_unit_test(test_one_value_is_exact),
		cmocka_unit_test(test_counts_stay_whole),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_strange_arguments),
		cmocka_unit_test(test_beyond_the_range),
		cmocka_unit_test(test_merge_is_adding_all),
		cmocka_unit_test(test_sparse_is_dense),
		cmocka_unit_test(test_merging_the_same_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
