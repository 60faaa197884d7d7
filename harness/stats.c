/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics over arrays of double: intervals, comparisons, distributions. */
#include "stats.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fft_halfcomplex.h>
#include <gsl/gsl_fft_real.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Up to so many pairs the null distribution of the rank sum is counted out. */
#define EXACT_PAIRS 4096

/* Worth fewer independent values, a series cannot tell drift from wandering. */
#define DRIFT_MIN 20

/* Share and number of samples that make a mode, and where a valley is deep. */
#define MODE_MASS 0.05
#define MODE_COUNT 10
#define MODE_DEPTH 0.5
/* Grid cells per bandwidth, reach of the kernel in bandwidths, grid limit. */
#define KERNEL_CELLS 4
#define KERNEL_REACH 4
#define MAX_CELLS 16384

static const struct interval no_interval = { NAN, NAN };

static bool is_level(double level)
{
	return level > 0 && level < 1;
}

static bool has_nan(const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isnan(x[i]))
			return true;
	return false;
}

static bool all_finite(const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return false;
	return true;
}

static bool is_constant(const double *x, size_t n)
{
	return gsl_stats_max(x, 1, n) <= gsl_stats_min(x, 1, n);
}

/* calloc() that takes 0 and gives NULL for no memory alone. */
static void *allocate(size_t n, size_t size)
{
	return calloc(n ? n : 1, size);
}

/* A copy to rearrange; NULL where the header promises NAN. */
static double *copy_of(const double *x, size_t n)
{
	double *copy;

	if (!n || has_nan(x, n))
		return NULL;
	copy = allocate(n, sizeof(*copy));
	if (copy)
		memcpy(copy, x, n * sizeof(*copy));
	return copy;
}

static double *sorted_copy(const double *x, size_t n)
{
	double *sorted = copy_of(x, n);

	if (sorted)
		gsl_sort(sorted, 1, n);
	return sorted;
}

/*
 * Twice the rank of each value, from 0: ties have their mean rank, which twice
 * is a whole number. 0, or -1 without memory.
 */
static int double_ranks(const double *x, size_t n, double *rank)
{
	size_t *order = allocate(n, sizeof(*order));

	if (!order)
		return -1;
	gsl_sort_index(order, x, 1, n);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && x[order[end]] <= x[order[i]];)
			end++;
		for (size_t k = i; k < end; k++)
			rank[order[k]] = (double)(i + end - 1);
	}
	free(order);
	return 0;
}

/* ------------------------------------------------------- one sample */

/* Distinct values ascending and how often each came. */
struct tally {
	double *x, *weight;
	size_t n;
	double total;
};

static void free_tally(struct tally *tally)
{
	free(tally->x);
	free(tally->weight);
}

/* 0; or -1, with nothing to free, where there is nothing to count. */
static int take_tally(struct tally *tally, const double *x,
		      const double *weight, size_t n)
{
	size_t last = 0;

	*tally = (struct tally){ allocate(n, sizeof(double)),
				 allocate(n, sizeof(double)), 0, 0 };
	if (!tally->x || !tally->weight)
		goto nothing;
	for (size_t i = 0; i < n; i++) {
		const double w = weight ? weight[i] : 1;

		if (!isfinite(x[i]) || !isfinite(w) || w < 0)
			goto nothing;
		if (w == 0)
			continue;
		tally->x[tally->n] = x[i];
		tally->weight[tally->n++] = w;
		tally->total += w;
	}
	if (!tally->n)
		goto nothing;
	gsl_sort2(tally->x, 1, tally->weight, 1, tally->n);
	for (size_t i = 1; i < tally->n; i++) {
		if (tally->x[i] > tally->x[last]) {
			tally->x[++last] = tally->x[i];
			tally->weight[last] = tally->weight[i];
		} else {
			tally->weight[last] += tally->weight[i];
		}
	}
	tally->n = last + 1;
	return 0;
nothing:
	free_tally(tally);
	return -1;
}

double stats_median(const double *x, size_t n)
{
	double *copy = copy_of(x, n);
	double median;

	if (!copy)
		return NAN;
	median = gsl_stats_median(copy, 1, n);
	free(copy);
	return median;
}

double stats_quantile(const double *x, size_t n, double q)
{
	double *sorted, value;

	if (!(q >= 0 && q <= 1))
		return NAN;
	sorted = sorted_copy(x, n);
	if (!sorted)
		return NAN;
	value = gsl_stats_quantile_from_sorted_data(sorted, 1, n, q);
	free(sorted);
	return value;
}

size_t stats_quantile_min_n(double q, double level)
{
	double tail, far, n;

	if (!is_level(q) || !is_level(level))
		return 0;
	/* The further of the two extremes has to miss in one tail at most. */
	tail = (1 - level) / 2;
	far = q > 0.5 ? q : 1 - q;
	n = ceil(log(tail) / log(far));
	/* Rounding: 0.5 at 75 % is 3 exactly, whatever the logarithms say. */
	while (n > 1 && pow(far, n - 1) <= tail * (1 + 1e-12))
		n--;
	return n < (double)SIZE_MAX ? (size_t)n : 0;
}

double stats_grouped_median(const double *x, const double *weight, size_t n,
			    double step)
{
	struct tally tally;
	double below = 0, median = NAN, left = NAN;

	if (!(step >= 0) || take_tally(&tally, x, weight, n))
		return NAN;
	for (size_t i = 0; i < tally.n && isnan(median); i++) {
		const double v = tally.x[i], w = tally.weight[i];
		double low = v - step / 2, high = v + step / 2;

		if (i > 0)
			low = fmax(low, (tally.x[i - 1] + v) / 2);
		if (i + 1 < tally.n)
			high = fmin(high, (v + tally.x[i + 1]) / 2);
		/* Half of them ended just before this cell, or end in it. */
		if (below >= tally.total / 2)
			median = (left + low) / 2;
		else if (below + w > tally.total / 2)
			median = low +
				 (high - low) * (tally.total / 2 - below) / w;
		below += w;
		left = high;
	}
	free_tally(&tally);
	return median;
}

/* That the r-th smallest of n is below quantile q: P(binomial (n, q) >= r). */
static double chance_below(size_t r, double q, size_t n)
{
	if (r == 0)
		return 1;
	return r > n ? 0 :
		       gsl_cdf_binomial_Q((unsigned)(r - 1), q, (unsigned)n);
}

/*
 * What quantile q exceeds with probability beta: between the last rank that
 * is sure enough and the next, weighted as Nyblom (1992) says. From above
 * (`mirror`) it is the same with the order and q reversed.
 */
static double lower_bound(const double *sorted, size_t n, double q, double beta,
			  bool mirror)
{
	size_t r = 1, beyond = n + 1;
	double sure, next, weight;

	while (beyond - r > 1) {
		const size_t middle = r + (beyond - r) / 2;

		if (chance_below(middle, q, n) >= beta)
			r = middle;
		else
			beyond = middle;
	}
	if (r == n)
		return sorted[mirror ? 0 : n - 1];
	sure = chance_below(r, q, n) - beta;
	next = beta - chance_below(r + 1, q, n);
	weight = 1 / (1 + (double)r * (1 - q) * next /
				  ((double)(n - r) * q * sure));
	if (mirror)
		return sorted[n - r] +
		       weight * (sorted[n - r - 1] - sorted[n - r]);
	return sorted[r - 1] + weight * (sorted[r] - sorted[r - 1]);
}

struct interval stats_quantile_interval(const double *x, size_t n, double q,
					double level)
{
	const double beta = (1 + level) / 2;
	const size_t min_n = stats_quantile_min_n(q, level);
	struct interval ci;
	double *sorted;

	if (!min_n || n < min_n || n > UINT_MAX)
		return no_interval;
	sorted = sorted_copy(x, n);
	if (!sorted)
		return no_interval;
	ci.low = lower_bound(sorted, n, q, beta, false);
	ci.high = lower_bound(sorted, n, 1 - q, beta, true);
	free(sorted);
	return ci;
}

struct interval stats_median_interval(const double *x, size_t n, double level)
{
	return stats_quantile_interval(x, n, 0.5, level);
}

/* ------------------------------------------------------ two samples */

/*
 * How often each sum comes up when m of n ascending ranks are drawn:
 * (*count)[s] for the sum s above the smallest. Ranks are whole numbers. Counts
 * are doubles, since C(128, 64) is 2e37, and good to 1e-14, since they only
 * ever grow. Returns how many sums there are, or 0 without memory.
 *
 * Row k of `ways` counts the sums of k ranks above the sum of the k smallest,
 * of which there are reach[k] so far.
 */
static size_t count_sums(const double *rank, size_t n, size_t m, double **count)
{
	size_t width = 1, *reach = allocate(m + 1, sizeof(*reach));
	double *ways;

	for (size_t k = 0; k < m; k++)
		width += (size_t)(rank[n - m + k] - rank[k]);
	ways = allocate((m + 1) * width, sizeof(*ways));
	if (!ways || !reach) {
		free(ways);
		free(reach);
		return 0;
	}

	ways[0] = 1;
	reach[0] = 1;
	for (size_t i = 0; i < n; i++) {
		/* Fewer than `least` so far, and the rest could not make m. */
		const size_t least = m + i + 1 > n ? m + i + 1 - n : 1;

		for (size_t k = i + 1 < m ? i + 1 : m; k >= least; k--) {
			const size_t step = (size_t)(rank[i] - rank[k - 1]);
			const double *from = ways + (k - 1) * width;
			double *to = ways + k * width + step;

			for (size_t s = 0; s < reach[k - 1]; s++)
				to[s] += from[s];
			reach[k] = reach[k - 1] + step;
		}
	}
	free(reach);
	memmove(ways, ways + m * width, width * sizeof(*ways));
	*count = ways;
	return width;
}

/*
 * The largest c for which the c-th smallest and the c-th largest of the na * nb
 * differences enclose the shift at `level`: P(U < c) is at most half of what is
 * left. 0 if there is none, or no memory.
 */
static size_t moses_rank(size_t na, size_t nb, double level)
{
	const double pairs = (double)na * (double)nb;
	const size_t n = na + nb, m = na < nb ? na : nb;
	double *rank, *count, all = 0, below = 0;
	size_t sums, c = 0;

	if (pairs > EXACT_PAIRS) {
		const double z = gsl_cdf_ugaussian_Pinv((1 + level) / 2);
		const double sd = sqrt(pairs * ((double)n + 1) / 12);

		return (size_t)fmax(0, floor(pairs / 2 + 0.5 - z * sd));
	}
	rank = allocate(n, sizeof(*rank));
	if (!rank)
		return 0;
	for (size_t i = 0; i < n; i++)
		rank[i] = (double)i;
	sums = count_sums(rank, n, m, &count);
	free(rank);
	if (!sums)
		return 0;
	for (size_t s = 0; s < sums; s++)
		all += count[s];
	while (c < sums) {
		below += count[c];
		/* Rounding: 3 against 3 at 90 % is exactly 1 in 20 a side. */
		if (2 * below > all * (1 - level) * (1 + 1e-12))
			break;
		c++;
	}
	free(count);
	return c;
}

static enum stats_reason usable(const double *x, size_t n)
{
	enum stats_reason reason = n ? STATS_OK : STATS_TOO_FEW;

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(x[i]))
			return STATS_NOT_FINITE;
		if (x[i] <= 0)
			reason = STATS_NOT_POSITIVE;
	}
	return reason;
}

/* How many of all b / a are at most `ratio`. Ascending, so that what a larger a
 * is compared with begins where the smaller one's ended. */
static size_t pairs_up_to(const double *a, size_t na, const double *b,
			  size_t nb, double ratio)
{
	size_t count = 0, j = 0;

	for (size_t i = 0; i < na; i++) {
		while (j < nb && b[j] / a[i] <= ratio)
			j++;
		count += j;
	}
	return count;
}

static uint64_t bits_of(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static double of_bits(uint64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/*
 * The k-th smallest, from 1, of all b / a, which are never laid out: there may
 * be more than memory holds. Of numbers above 0 the bits ascend as they do, so
 * halving them ends at the very number after 64 steps at most.
 */
static double kth_ratio(const double *a, size_t na, const double *b, size_t nb,
			size_t k)
{
	uint64_t low = bits_of(b[0] / a[na - 1]);
	uint64_t high = bits_of(b[nb - 1] / a[0]);

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (pairs_up_to(a, na, b, nb, of_bits(middle)) < k)
			low = middle + 1;
		else
			high = middle;
	}
	return of_bits(low);
}

/* An ascending copy; NULL: no memory. */
static double *sorted(const double *x, size_t n)
{
	double *copy = allocate(n, sizeof(*copy));

	if (!copy)
		return NULL;
	memcpy(copy, x, n * sizeof(*copy));
	gsl_sort(copy, 1, n);
	return copy;
}

/* Of ascending values above 0. */
static void find_shift(struct shift *shift, const double *a, size_t na,
		       const double *b, size_t nb, double level)
{
	const size_t pairs = na * nb, c = moses_rank(na, nb, level);

	shift->ratio = exp((log(kth_ratio(a, na, b, nb, (pairs + 1) / 2)) +
			    log(kth_ratio(a, na, b, nb, pairs / 2 + 1))) /
			   2);
	if (!c) {
		shift->reason = STATS_TOO_FEW;
		return;
	}
	shift->ci.low = exp(log(kth_ratio(a, na, b, nb, c)));
	shift->ci.high = exp(log(kth_ratio(a, na, b, nb, pairs - c + 1)));
}

struct shift stats_shift(const double *a, size_t na, const double *b, size_t nb,
			 double level)
{
	struct shift shift = { NAN, no_interval, usable(a, na) };
	double *x, *y;

	if (!shift.reason)
		shift.reason = usable(b, nb);
	if (!shift.reason && !is_level(level))
		shift.reason = STATS_NOT_FINITE;
	if (!shift.reason && na > SIZE_MAX / nb)
		shift.reason = STATS_NO_MEMORY;
	if (shift.reason)
		return shift;
	x = sorted(a, na);
	y = sorted(b, nb);
	if (x && y)
		find_shift(&shift, x, na, y, nb, level);
	else
		shift.reason = STATS_NO_MEMORY;
	free(x);
	free(y);
	return shift;
}

/* Of m of n ascending doubled ranks: P(sum is `off` or more off its mean). */
static double exact_p(double *rank, size_t n, size_t m, double off)
{
	double all = 0, as_far = 0, mean = (double)m * ((double)n - 1), *count;
	double unit = 2;
	size_t sums;

	for (size_t k = 0; k < m; k++)
		mean -= rank[k];
	/* Where no tie needs the halves, half the sums are enough. */
	for (size_t i = 0; i < n; i++)
		if (fmod(rank[i], 2) > 0)
			unit = 1;
	for (size_t i = 0; i < n; i++)
		rank[i] /= unit;
	sums = count_sums(rank, n, m, &count);
	if (!sums)
		return NAN;
	for (size_t s = 0; s < sums; s++) {
		all += count[s];
		if (fabs((double)s * unit - mean) >= off)
			as_far += count[s];
	}
	free(count);
	return as_far / all;
}

/* The same by the normal approximation, with corrections for ties and steps. */
static double normal_p(const double *rank, size_t n, size_t m, double off)
{
	double ties = 0, variance;

	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && rank[end] <= rank[i];)
			end++;
		ties += pow((double)(end - i), 3) - (double)(end - i);
	}
	variance = (double)m * (double)(n - m) / 3 *
		   ((double)n + 1 - ties / ((double)n * ((double)n - 1)));
	if (off <= 1 || variance <= 0)
		return 1;
	return 2 * gsl_cdf_ugaussian_Q((off - 1) / sqrt(variance));
}

double stats_permutation_test(const double *a, size_t na, const double *b,
			      size_t nb)
{
	const size_t n = na + nb, m = na < nb ? na : nb;
	double *both, *rank, off, sum = 0, p = NAN;

	if (!na || !nb || !all_finite(a, na) || !all_finite(b, nb))
		return NAN;
	both = allocate(n, sizeof(*both));
	rank = allocate(n, sizeof(*rank));
	if (!both || !rank)
		goto out;
	memcpy(both, a, na * sizeof(*both));
	memcpy(both + na, b, nb * sizeof(*both));
	if (double_ranks(both, n, rank))
		goto out;
	for (size_t i = 0; i < na; i++)
		sum += rank[i];
	/* As far as one sample's sum is off its mean, the other's is too. */
	off = fabs(sum - (double)na * ((double)n - 1));
	gsl_sort(rank, 1, n);
	if ((double)na * (double)nb <= EXACT_PAIRS)
		p = exact_p(rank, n, m, off);
	else
		p = normal_p(rank, n, m, off);
out:
	free(rank);
	free(both);
	return p;
}

/* Whether all of one lie beyond all of the other, above 0. */
static bool are_apart(const double *a, size_t na, const double *b, size_t nb)
{
	double a_low, a_high, b_low, b_high;

	gsl_stats_minmax(&a_low, &a_high, a, 1, na);
	gsl_stats_minmax(&b_low, &b_high, b, 1, nb);
	return a_low > 0 && b_low > 0 && (a_high < b_low || b_high < a_low);
}

/* Mean of the logarithms, and the square of its standard error. */
static double log_mean(const double *x, size_t n, double *error2)
{
	double mean = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		mean += log(x[i]) / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += pow(log(x[i]) - mean, 2);
	*error2 = squares / (double)(n - 1) / (double)n;
	return mean;
}

/* Two-sided, with the degrees of freedom of Welch and Satterthwaite; of samples
 * that are apart. */
static double welch_p(const double *a, size_t na, const double *b, size_t nb)
{
	double va, vb, off = log_mean(a, na, &va) - log_mean(b, nb, &vb), df;

	if (va + vb <= 0)
		return 0;
	df = pow(va + vb, 2) /
	     (va * va / (double)(na - 1) + vb * vb / (double)(nb - 1));
	return 2 * gsl_cdf_tdist_Q(fabs(off) / sqrt(va + vb), df);
}

double stats_separation_test(const double *a, size_t na, const double *b,
			     size_t nb)
{
	double p = stats_permutation_test(a, na, b, nb);
	double two_modes = exp2(1 - (double)(na + nb)), further;

	if (isnan(p) || na < 2 || nb < 2 || !are_apart(a, na, b, nb))
		return p;
	further = fmax(welch_p(a, na, b, nb), two_modes);
	return further < p ? further : p;
}

double stats_detectable(const double *a, size_t na, const double *b, size_t nb,
			double alpha, size_t tests, double power)
{
	const struct shift shift = stats_shift(a, na, b, nb, 1 - alpha);
	double half, df, t, found;

	if (shift.reason || !is_level(power) || !tests)
		return NAN;
	half = log(shift.ci.high / shift.ci.low) / 2;
	df = (double)(na + nb) - 2;
	t = gsl_cdf_tdist_Pinv(1 - alpha / 2, df);
	found = gsl_cdf_tdist_Qinv(alpha / 2 / (double)tests, df);
	return exp(half * (found + gsl_cdf_tdist_Pinv(power, df)) / t);
}

bool stats_equivalent(struct interval ratio90, double delta)
{
	return delta > 0 && ratio90.low > 1 / (1 + delta) &&
	       ratio90.high < 1 + delta;
}

enum verdict stats_verdict(struct interval ratio90, double p, double alpha,
			   double delta)
{
	if (stats_equivalent(ratio90, delta))
		return EQUIVALENT;
	if (p <= alpha && ratio90.high < 1)
		return FASTER;
	if (p <= alpha && ratio90.low > 1)
		return SLOWER;
	return INCONCLUSIVE;
}

/*
 * Both adjustments are p times a factor of its place, made monotone: Holm from
 * the smallest p up, Benjamini and Hochberg from the largest down.
 */
static int adjust(const double *p, size_t n, double *adjusted, bool holm)
{
	double *copy = allocate(n, sizeof(*copy)), so_far = holm ? 0 : 1;
	size_t *order = allocate(n, sizeof(*order)), m = 0;
	const int result = copy && order ? 0 : -1;

	if (result)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			copy[m++] = p[i];
	if (m)
		gsl_sort_index(order, copy, 1, m);
	for (size_t i = 0; i < m; i++) {
		const size_t place = holm ? i : m - 1 - i;
		double *value = &copy[order[place]];

		if (holm)
			so_far = fmax(so_far, *value * (double)(m - place));
		else
			so_far = fmin(so_far,
				      *value * (double)m / (double)(place + 1));
		*value = fmin(so_far, 1);
	}
	for (size_t i = 0, k = 0; i < n; i++)
		adjusted[i] = isnan(p[i]) ? NAN : copy[k++];
out:
	free(order);
	free(copy);
	return result;
}

int stats_adjust_holm(const double *p, size_t n, double *adjusted)
{
	return adjust(p, n, adjusted, true);
}

int stats_adjust_bh(const double *p, size_t n, double *adjusted)
{
	return adjust(p, n, adjusted, false);
}

/* ------------------------------------- the samples of one invocation */

/*
 * Add to sum[k], k < lags, the products of centred x at distance k: the inverse
 * transform of the power spectrum, padded so that the ends do not meet.
 */
static int add_autocovariance(const double *x, size_t n, double *sum,
			      size_t lags)
{
	const double mean = gsl_stats_mean(x, 1, n);
	size_t size = 1;
	double *z;

	while (size < n + lags)
		size *= 2;
	z = allocate(size, sizeof(*z));
	if (!z)
		return -1;
	for (size_t i = 0; i < n; i++)
		z[i] = x[i] - mean;
	gsl_fft_real_radix2_transform(z, 1, size);
	z[0] *= z[0];
	z[size / 2] *= z[size / 2];
	for (size_t i = 1; i < size / 2; i++) {
		z[i] = z[i] * z[i] + z[size - i] * z[size - i];
		z[size - i] = 0;
	}
	gsl_fft_halfcomplex_radix2_inverse(z, 1, size);
	for (size_t k = 0; k < lags; k++)
		sum[k] += z[k];
	free(z);
	return 0;
}

/* Variance of the values, and n times that of their mean. */
struct spread {
	double plain, long_run;
	double df; /* degrees of freedom of long_run */
};

/*
 * Of `segments` stretches of n values each, one after another, each about its
 * own mean. Geyer's (1992) initial monotone sequence: autocovariances are
 * summed in pairs, which are positive and fall for as long as they are more
 * than noise; less than 2 / n of the variance is none of it, or a series that
 * alternates would never end. long_run is NAN where that takes half a stretch.
 *
 * Centring takes long_run / n off every autocovariance, hence the divisor.
 */
static struct spread spread_of(const double *x, size_t n, size_t segments)
{
	const double total = (double)(n * segments);
	const size_t lags = n / 2;
	struct spread spread = { NAN, NAN, NAN };
	double *cov = allocate(lags + 2, sizeof(*cov));
	double pair = INFINITY, sum = 0, used;
	size_t k;

	if (!cov)
		return spread;
	for (size_t i = 0; i < segments; i++)
		if (add_autocovariance(x + i * n, n, cov, lags))
			goto out;
	for (k = 0; k + 1 < lags; k += 2) {
		const double next = (cov[k] + cov[k + 1]) / total;

		if (next <= 2 * cov[0] / total / (double)n)
			break;
		pair = fmin(pair, next);
		sum += 2 * pair;
	}
	if (k + 1 >= lags)
		goto out;
	spread.plain = cov[0] / total;
	used = k > 0 ? 2 * (double)k - 1 : 1;
	spread.long_run =
		fmax(sum - spread.plain, spread.plain) / (1 - used / (double)n);
	spread.plain += spread.long_run / (double)n;
	spread.df = total / used;
out:
	free(cov);
	return spread;
}

double stats_effective_size(const double *x, size_t n)
{
	struct spread spread;

	if (n < 8 || !all_finite(x, n) || is_constant(x, n))
		return NAN;
	spread = spread_of(x, n, 1);
	return (double)n * spread.plain / spread.long_run;
}

struct drift stats_drift(const double *x, size_t n)
{
	const size_t half = n / 2;
	struct drift drift = { NAN, NAN, NAN };
	struct spread spread;
	double first, second, t, *rank;

	if (n < DRIFT_MIN || has_nan(x, n))
		return drift;
	first = stats_median(x, half);
	second = stats_median(x + n - half, half);
	if (first > 0 && second > 0)
		drift.ratio = second / first;
	if (is_constant(x, n)) {
		drift.p = 1;
		return drift;
	}
	rank = allocate(n, sizeof(*rank));
	if (!rank || double_ranks(x, n, rank)) {
		free(rank);
		return drift;
	}
	/* An odd one in the middle belongs to neither half. */
	memmove(rank + half, rank + n - half, half * sizeof(*rank));
	spread = spread_of(rank, half, 2);
	t = gsl_stats_mean(rank + half, 1, half) -
	    gsl_stats_mean(rank, 1, half);
	t = fabs(t) / sqrt(2 * spread.long_run / (double)half);
	free(rank);
	if (spread.long_run <= 0) {
		/* Two constants; they differ, since x as a whole does. */
		drift.p = 0;
		return drift;
	}
	drift.effective = 2 * (double)half * spread.plain / spread.long_run;
	if (drift.effective >= DRIFT_MIN)
		drift.p = 2 * gsl_cdf_tdist_Q(t, spread.df);
	return drift;
}

/* The value in `of`, ascending, at which the weights pass the share q. */
static double weighted_quantile(const double *of, const double *weight,
				size_t n, double total, double q)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += weight[i];
		if (sum >= q * total)
			return of[i];
	}
	return of[n - 1];
}

/* The step of a clock that most samples show: the gap to their neighbours. */
static double guess_step(const struct tally *tally)
{
	const size_t n = tally->n;
	double *gap = allocate(n, sizeof(*gap));
	double *weight = allocate(n, sizeof(*weight)), step = NAN;

	if (!gap || !weight)
		goto out;
	memcpy(weight, tally->weight, n * sizeof(*weight));
	for (size_t i = 0; i < n; i++) {
		gap[i] = INFINITY;
		if (i > 0)
			gap[i] = tally->x[i] - tally->x[i - 1];
		if (i + 1 < n)
			gap[i] = fmin(gap[i], tally->x[i + 1] - tally->x[i]);
	}
	gsl_sort2(gap, 1, weight, 1, n);
	step = weighted_quantile(gap, weight, n, tally->total, 0.5);
out:
	free(weight);
	free(gap);
	return step;
}

/* Silverman's (1986, equation 3.31), of the logarithms. */
static double bandwidth(const struct tally *tally)
{
	const double *y = tally->x, *w = tally->weight;
	const double iqr =
		weighted_quantile(y, w, tally->n, tally->total, 0.75) -
		weighted_quantile(y, w, tally->n, tally->total, 0.25);
	double mean = 0, square = 0, sd;

	for (size_t i = 0; i < tally->n; i++)
		mean += w[i] * y[i] / tally->total;
	for (size_t i = 0; i < tally->n; i++)
		square += w[i] * (y[i] - mean) * (y[i] - mean);
	sd = sqrt(square / tally->total);
	return 0.9 * (iqr > 0 ? fmin(sd, iqr / 1.34) : sd) *
	       pow(tally->total, -0.2);
}

/* One peak of a density and its basin: cells, and the samples in them. */
struct mode {
	size_t from, peak, to;
	double mass;
};

/* A density over an even grid of logarithms. */
struct density {
	double start, cell; /* logarithm of cell 0, and from one to the next */
	size_t cells, modes;
	double *mass, *height; /* samples in each cell; the same smoothed */
	struct mode *mode;
};

/* Spread each sample by a normal kernel: h wide, or step or grain if more. */
static void smooth(struct density *d, const struct tally *tally, double h,
		   double step, double grain)
{
	memset(d->mass, 0, d->cells * sizeof(*d->mass));
	memset(d->height, 0, d->cells * sizeof(*d->height));
	for (size_t i = 0; i < tally->n; i++) {
		const double place = (tally->x[i] - d->start) / d->cell;

		d->mass[(size_t)(place + 0.5)] += tally->weight[i];
	}
	for (size_t i = 0; i < d->cells; i++) {
		const double x = exp(d->start + (double)i * d->cell);
		const double wide = fmax(h, fmax(grain, step / x)) / d->cell;
		const double reach = ceil(KERNEL_REACH * wide);
		size_t from = 0, to = d->cells;

		if (d->mass[i] <= 0)
			continue;
		if (reach < (double)i)
			from = i - (size_t)reach;
		if (reach < (double)(d->cells - i))
			to = i + (size_t)reach;
		for (size_t k = from; k < to; k++) {
			const double z = ((double)k - (double)i) / wide;

			d->height[k] += d->mass[i] / wide * exp(-z * z / 2);
		}
	}
}

/* Every peak, and as its basin the cells from valley to valley. */
static void find_modes(struct density *d)
{
	const double *f = d->height;
	size_t i = 0;

	d->modes = 0;
	while (i < d->cells) {
		struct mode *mode = &d->mode[d->modes++];

		*mode = (struct mode){ .from = i };
		while (i + 1 < d->cells && f[i + 1] >= f[i])
			i++;
		mode->peak = i;
		while (i + 1 < d->cells && f[i + 1] <= f[i])
			i++;
		mode->to = i++;
		for (size_t k = mode->from; k <= mode->to; k++)
			mode->mass += d->mass[k];
	}
}

/* Join neighbours, shallowest valley first, until all valleys are deep. */
static void join_modes(struct density *d)
{
	const double *f = d->height;

	while (d->modes > 1) {
		double shallow = 0;
		struct mode *low = d->mode, *high;

		for (size_t i = 0; i + 1 < d->modes; i++) {
			struct mode *mode = &d->mode[i];
			const double lower =
				fmin(f[mode->peak], f[mode[1].peak]);
			const double depth = f[mode->to] / lower;

			if (depth > shallow) {
				shallow = depth;
				low = mode;
			}
		}
		if (shallow < MODE_DEPTH)
			return;
		high = low + 1;
		if (f[high->peak] > f[low->peak])
			low->peak = high->peak;
		low->to = high->to;
		low->mass += high->mass;
		d->modes--;
		memmove(high, high + 1,
			(size_t)(d->mode + d->modes - high) * sizeof(*high));
	}
}

/* Samples a cell over the shortest stretch that holds half of a mode. */
static double core_density(const struct density *d, const struct mode *mode)
{
	size_t start = mode->from, shortest = mode->to - mode->from + 1;
	double sum = 0;

	for (size_t i = mode->from; i <= mode->to; i++) {
		sum += d->mass[i];
		while (start < i && sum - d->mass[start] >= mode->mass / 2)
			sum -= d->mass[start++];
		if (sum >= mode->mass / 2 && i - start + 1 < shortest)
			shortest = i - start + 1;
	}
	/* Finer than the kernel nothing is known. */
	if (shortest < KERNEL_CELLS)
		shortest = KERNEL_CELLS;
	return mode->mass / 2 / (double)shortest;
}

/*
 * Whether the valley is more than a chance gap in the lower mode. Were the
 * stretch below `limit` as dense as that mode's core, so few samples in it
 * would have to be less likely than 1 in 100 for all gaps of the mode together,
 * by Chernoff's bound on a Poisson count.
 */
static bool is_real(const struct density *d, const struct mode *lower,
		    size_t bottom, double limit)
{
	size_t from = bottom, to = bottom;
	double expected, got = 0, exponent;

	while (from > 0 && d->height[from - 1] < limit)
		from--;
	while (to + 1 < d->cells && d->height[to + 1] < limit)
		to++;
	for (size_t i = from; i <= to; i++)
		got += d->mass[i];
	expected = core_density(d, lower) * (double)(to - from + 1);
	exponent = expected - got;
	if (got > 0)
		exponent -= got * log(expected / got);
	return got < expected && exponent >= log(100 * lower->mass);
}

/* Whether the two heaviest of the modes left are two of a bimodal whole. */
static bool judge(const struct density *d, double total, struct modes *found)
{
	const struct mode none = { 0 };
	const struct mode *first = &none, *second = &none, *low, *high, *lower;
	size_t bottom;

	for (size_t i = 0; i < d->modes; i++) {
		const struct mode *mode = &d->mode[i];

		if (mode->mass > first->mass) {
			second = first;
			first = mode;
		} else if (mode->mass > second->mass) {
			second = mode;
		}
	}
	if (second->mass < fmax(MODE_MASS * total, MODE_COUNT))
		return false;

	low = first < second ? first : second;
	high = first < second ? second : first;
	lower = d->height[low->peak] < d->height[high->peak] ? low : high;
	bottom = low->peak;
	for (size_t k = low->peak; k < high->peak; k++)
		if (d->height[k] < d->height[bottom])
			bottom = k;
	if (!is_real(d, lower, bottom, MODE_DEPTH * d->height[lower->peak]))
		return false;

	*found = (struct modes){
		.bimodal = true,
		.low = exp(d->start + (double)low->peak * d->cell),
		.high = exp(d->start + (double)high->peak * d->cell),
		.low_mass = low->mass / total,
		.high_mass = high->mass / total,
		.valley = d->height[bottom] / d->height[lower->peak],
	};
	return true;
}

struct modes stats_modes(const double *x, const double *weight, size_t n,
			 double step, double grain)
{
	struct modes found = { false, NAN, NAN, NAN, NAN, NAN };
	struct density d = { 0 };
	struct tally tally;
	double h, range;

	if (take_tally(&tally, x, weight, n))
		return found;
	if (!(step > 0) && !(grain > 0))
		step = guess_step(&tally);
	d.mass = allocate(MAX_CELLS, sizeof(*d.mass));
	d.height = allocate(MAX_CELLS, sizeof(*d.height));
	d.mode = allocate(MAX_CELLS, sizeof(*d.mode));
	if (!d.mass || !d.height || !d.mode || isnan(step) || tally.x[0] <= 0)
		goto out;
	for (size_t i = 0; i < tally.n; i++)
		tally.x[i] = log(tally.x[i]);

	d.start = tally.x[0];
	range = tally.x[tally.n - 1] - d.start;
	h = fmax(bandwidth(&tally), fmax(grain, step / exp(d.start + range)));
	h = fmax(h, KERNEL_CELLS * range / (MAX_CELLS - 2));
	for (bool done = false; h < range / 2 && !done; h *= 2) {
		d.cell = h / KERNEL_CELLS;
		d.cells = (size_t)(range / d.cell) + 2;
		smooth(&d, &tally, h, step, grain);
		find_modes(&d);
		join_modes(&d);
		done = judge(&d, tally.total, &found);
	}
out:
	free(d.mode);
	free(d.height);
	free(d.mass);
	free_tally(&tally);
	return found;
}

/* ------------------------------------------------------------- lines */

struct line stats_line(const double *x, const double *y, size_t n, double level)
{
	struct line line = { NAN, NAN, no_interval, no_interval, NAN };
	double c00, c01, c11, squares, t;

	if (n < 2 || !all_finite(x, n) || !all_finite(y, n) ||
	    is_constant(x, n))
		return line;
	gsl_fit_linear(x, 1, y, 1, n, &line.intercept, &line.slope, &c00, &c01,
		       &c11, &squares);
	if (n == 2)
		return line;
	line.residual = sqrt(squares / ((double)n - 2));
	if (!is_level(level))
		return line;
	t = gsl_cdf_tdist_Pinv((1 + level) / 2, (double)n - 2);
	line.intercept_ci.low = line.intercept - t * sqrt(c00);
	line.intercept_ci.high = line.intercept + t * sqrt(c00);
	line.slope_ci.low = line.slope - t * sqrt(c11);
	line.slope_ci.high = line.slope + t * sqrt(c11);
	return line;
}

/* -------------------------------------------------------- two segments */

/* Draws of residuals, points that make a segment. */
#define KNEE_DRAWS 200
#define KNEE_POINTS 3

/* y = from[0].intercept + from[0].slope x up to `at`, from[1]… behind it. */
struct broken {
	double at, square; /* sum of squared residuals */
	struct {
		double intercept, slope;
	} from[2];
	size_t first; /* points of the first segment */
};

static double fitted(const struct broken *b, size_t i, double x)
{
	int segment = i >= b->first;

	return b->from[segment].intercept + b->from[segment].slope * x;
}

/* One line through n points, and what it leaves. */
static double fit_line(const double *x, const double *y, size_t n,
		       double *intercept, double *slope)
{
	double c00, c01, c11, square;

	gsl_fit_linear(x, 1, y, 1, n, intercept, slope, &c00, &c01, &c11,
		       &square);
	return square;
}

/* Sums of a stretch of points, as far from the middle of all. */
struct sums {
	double n, x, y, xx, xy, yy;
};

static void add_point(struct sums *s, double x, double y, double sign)
{
	s->n += sign;
	s->x += sign * x;
	s->y += sign * y;
	s->xx += sign * x * x;
	s->xy += sign * x * y;
	s->yy += sign * y * y;
}

/* What one line through them leaves. */
static double left_by_line(const struct sums *s)
{
	double xx = s->xx - s->x * s->x / s->n, xy = s->xy - s->x * s->y / s->n,
	       yy = s->yy - s->y * s->y / s->n;

	return fmax(0, yy - xy * xy / xx);
}

/* A point at a time goes over from the second segment to the first. */
static struct broken fit_free(const double *x, const double *y, size_t n)
{
	double x0 = gsl_stats_mean(x, 1, n), y0 = gsl_stats_mean(y, 1, n);
	struct broken best = { .square = INFINITY };
	struct sums first = { 0 }, second = { 0 };

	for (size_t i = 0; i < n; i++)
		add_point(&second, x[i] - x0, y[i] - y0, 1);
	for (size_t k = 1; k + KNEE_POINTS <= n; k++) {
		double square;

		add_point(&first, x[k - 1] - x0, y[k - 1] - y0, 1);
		add_point(&second, x[k - 1] - x0, y[k - 1] - y0, -1);
		if (k < KNEE_POINTS)
			continue;
		square = left_by_line(&first) + left_by_line(&second);
		if (square < best.square) {
			best.square = square;
			best.first = k;
		}
	}
	best.at = x[best.first - 1];
	fit_line(x, y, best.first, &best.from[0].intercept,
		 &best.from[0].slope);
	fit_line(x + best.first, y + best.first, n - best.first,
		 &best.from[1].intercept, &best.from[1].slope);
	return best;
}

/*
 * The joined fit with its knee given: to the line is added bend × (x - at) for
 * what lies behind. The bend is what is left of y without a line over what is
 * left of that ramp without one (Frisch and Waugh, 1933). ramp: room for n.
 */
static struct broken fit_joined_at(const double *x, const double *y, size_t n,
				   double at, double *ramp)
{
	struct broken b = { .at = at };
	double of_ramp[2], of_y[2], top = 0, bottom = 0, bend;

	for (size_t i = 0; i < n; i++) {
		ramp[i] = x[i] > at ? x[i] - at : 0;
		b.first += x[i] <= at;
	}
	fit_line(x, ramp, n, &of_ramp[0], &of_ramp[1]);
	b.square = fit_line(x, y, n, &of_y[0], &of_y[1]);
	for (size_t i = 0; i < n; i++) {
		double left = ramp[i] - of_ramp[0] - of_ramp[1] * x[i];

		top += left * (y[i] - of_y[0] - of_y[1] * x[i]);
		bottom += left * left;
	}
	bend = bottom > 0 ? top / bottom : 0;
	b.square = fmax(0, b.square - bend * top);
	b.from[0].intercept = of_y[0] - bend * of_ramp[0];
	b.from[0].slope = of_y[1] - bend * of_ramp[1];
	b.from[1].intercept = b.from[0].intercept - bend * at;
	b.from[1].slope = b.from[0].slope + bend;
	return b;
}

/* The best knee between two neighbouring x, by ternary search. */
static struct broken refine(const double *x, const double *y, size_t n,
			    double low, double high, double *ramp)
{
	for (int i = 0; i < 12; i++) {
		double third = (high - low) / 3;
		double a = fit_joined_at(x, y, n, low + third, ramp).square;
		double b = fit_joined_at(x, y, n, high - third, ramp).square;

		if (a < b)
			high -= third;
		else
			low += third;
	}
	return fit_joined_at(x, y, n, (low + high) / 2, ramp);
}

static struct broken fit_joined(const double *x, const double *y, size_t n,
				double *ramp)
{
	struct broken best = { .square = INFINITY };
	size_t knee = 0;

	for (size_t k = KNEE_POINTS - 1; k + KNEE_POINTS <= n; k++) {
		struct broken b = fit_joined_at(x, y, n, x[k], ramp);

		if (b.square < best.square) {
			best = b;
			knee = k;
		}
	}
	for (size_t k = knee - 1; k <= knee; k++) {
		struct broken b;

		if (k + 1 < KNEE_POINTS || k + 1 + KNEE_POINTS > n)
			continue;
		b = refine(x, y, n, x[k], x[k + 1], ramp);
		if (b.square < best.square)
			best = b;
	}
	return best;
}

static struct broken fit_broken(const double *x, const double *y, size_t n,
				enum bend bend, double *ramp)
{
	return bend == BEND_FREE ? fit_free(x, y, n) :
				   fit_joined(x, y, n, ramp);
}

/* The fit again with its residuals drawn anew, each scaled for what fitting
 * took from them. parameters: of the fit. */
static void draw_residuals(gsl_rng *random, const double *fit,
			   const double *residual, size_t n, size_t parameters,
			   double *y)
{
	double scale = sqrt((double)n / (double)(n - parameters));

	for (size_t i = 0; i < n; i++)
		y[i] = fit[i] +
		       scale * residual[gsl_rng_uniform_int(random, n)];
}

/* What is needed of memory, each of n values. */
struct knee_room {
	double *fit, *residual, *y, *ramp;
};

static struct interval knee_interval(const double *x, const double *y, size_t n,
				     enum bend bend, const struct broken *b,
				     double level, gsl_rng *random,
				     const struct knee_room *room)
{
	double at[KNEE_DRAWS];

	for (size_t i = 0; i < n; i++) {
		room->fit[i] = fitted(b, i, x[i]);
		room->residual[i] = y[i] - room->fit[i];
	}
	for (size_t i = 0; i < KNEE_DRAWS; i++) {
		draw_residuals(random, room->fit, room->residual, n, 4,
			       room->y);
		at[i] = fit_broken(x, room->y, n, bend, room->ramp).at;
	}
	return (struct interval){
		stats_quantile(at, KNEE_DRAWS, (1 - level) / 2),
		stats_quantile(at, KNEE_DRAWS, (1 + level) / 2)
	};
}

/* How often one line, drawn anew, is mended as much by a knee. */
static double knee_p(const double *x, const double *y, size_t n, enum bend bend,
		     double square, gsl_rng *random,
		     const struct knee_room *room)
{
	double intercept, slope;
	double line = fit_line(x, y, n, &intercept, &slope);
	size_t as_much = 0;

	/* nothing is left to mend but rounding */
	if (!(line > 1e-20 * gsl_stats_tss(y, 1, n)))
		return 1;
	for (size_t i = 0; i < n; i++) {
		room->fit[i] = intercept + slope * x[i];
		room->residual[i] = y[i] - room->fit[i];
	}
	for (size_t i = 0; i < KNEE_DRAWS; i++) {
		double one, two, a, b;

		draw_residuals(random, room->fit, room->residual, n, 2,
			       room->y);
		one = fit_line(x, room->y, n, &a, &b);
		two = fit_broken(x, room->y, n, bend, room->ramp).square;
		as_much += two * line <= square * one;
	}
	return (double)(as_much + 1) / (KNEE_DRAWS + 1);
}

static bool ascends(const double *x, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (!(x[i] > x[i - 1]))
			return false;
	return true;
}

struct knee stats_knee(const double *x, const double *y, size_t n,
		       enum bend bend, double level, unsigned long seed)
{
	struct knee knee = { NAN, no_interval, NAN, NAN, NAN, NAN };
	double *memory = allocate(4 * n, sizeof(*memory));
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	struct knee_room room;
	struct broken b;

	if (!memory || !random || n < 8 || !is_level(level) ||
	    !all_finite(x, n) || !all_finite(y, n) || !ascends(x, n))
		goto out;
	room = (struct knee_room){ memory, memory + n, memory + 2 * n,
				   memory + 3 * n };
	gsl_rng_set(random, seed);
	b = fit_broken(x, y, n, bend, room.ramp);
	knee.at = b.at;
	knee.before = b.from[0].slope;
	knee.after = b.from[1].slope;
	knee.rise = fitted(&b, n - 1, x[n - 1]) -
		    (b.from[0].intercept + b.from[0].slope * x[n - 1]);
	knee.at_ci = knee_interval(x, y, n, bend, &b, level, random, &room);
	knee.p = knee_p(x, y, n, bend, b.square, random, &room);
out:
	if (random)
		gsl_rng_free(random);
	free(memory);
	return knee;
}
