/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics over arrays of double: intervals, comparisons, distributions. */
#ifndef HANDOFF_STATS_H
#define HANDOFF_STATS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The unit is the invocation. Where a function takes the medians of
 * invocations, hand it one value for each fresh process: the samples of one
 * process are alike, and pooled as if independent they give 95 % intervals that
 * cover the truth 4 times in 10 (tests/test_stats_simulation.c).
 *
 * No function prints, keeps state, exits or changes its input. Where the data
 * cannot say, the answer is NAN: so it is when an array holds a NAN, when a
 * level or a quantile is not strictly between 0 and 1, and when memory is
 * short. A value has the unit of the array it came from; `level`, `alpha`,
 * `power` and `p` are probabilities (0.95, not 95); a ratio is B over A, 1 for
 * no change.
 */

/* A closed interval; NAN, NAN where it cannot be given. */
struct interval {
	double low, high;
};

/* Why a comparison of two samples has no answer. */
enum stats_reason {
	STATS_OK,
	STATS_TOO_FEW,      /* empty, or too small for this level */
	STATS_NOT_POSITIVE, /* a value of 0 or below has no logarithm */
	STATS_NOT_FINITE,   /* a NAN or an infinity; a level not in (0, 1) */
	STATS_NO_MEMORY,
};

/* ------------------------------------------------------- one sample */

/* Median of n values; x unchanged; NAN if n == 0. */
double stats_median(const double *x, size_t n);

/*
 * Sample quantile, 0 <= q <= 1, linear between order statistics (Hyndman and
 * Fan, 1996, type 7). Whether n supports it is for stats_quantile_min_n().
 */
double stats_quantile(const double *x, size_t n, double q);

/*
 * Median of values that a clock has rounded to multiples of `step`: each stands
 * for a cell as wide as the step, over which its samples spread evenly (the
 * grouped median of any textbook), so that the median is known more finely than
 * the clock. n values, or buckets with their counts in `weight` (NULL: one
 * each); cells of neighbours nearer than a step meet halfway. step 0: the plain
 * median.
 *
 * For the median of an invocation timed by single samples: on a 40 ns clock
 * plain medians stick to the step, and their 95 % interval over invocations
 * covers the truth 20 to 90 % of the time, that of grouped medians 94 to 96 %,
 * as soon as the samples spread over two steps. Not for counts, where 2 means
 * 2. For a histogram's bucket that holds one multiple of the step give that
 * multiple: the middle of the bucket is off.
 */
double stats_grouped_median(const double *x, const double *weight, size_t n,
			    double step);

/*
 * Distribution-free interval of the median by binomial order statistics,
 * interpolated between the two ranks that enclose the level (Hettmansperger and
 * Sheather, 1986). Whole ranks alone offer 92.3 or 97.9 % at n = 16;
 * interpolated, 95 % covers 94.5 to 95.5 % on smooth data from n = 6 on and
 * 94 to 96 % on two far peaks from n = 7 on. n < 6 at 95 % gives NAN.
 */
struct interval stats_median_interval(const double *x, size_t n, double level);

/*
 * The same for the quantile q, 0 < q < 1, with equal tails (Nyblom, 1992, which
 * is Hettmansperger and Sheather at q = 0.5). NAN where
 * n < stats_quantile_min_n(q, level).
 */
struct interval stats_quantile_interval(const double *x, size_t n, double q,
					double level);

/*
 * Smallest n at which the extreme values of a sample are an equal-tailed
 * interval of quantile q at `level`: 6 for the median, 368 for p99, 3688 for
 * p99.9 at 95 %. 0 where the arguments make no sense.
 */
size_t stats_quantile_min_n(double q, double level);

/* ------------------------------------------------------ two samples */

/* How B differs from A. */
struct shift {
	double ratio;       /* B over A; NAN unless both are usable */
	struct interval ci; /* of the ratio, at the level asked for */
	enum stats_reason reason;
};

/*
 * Ratio of B to A: exp of the Hodges-Lehmann estimate, the median of all
 * ln b - ln a (Hodges and Lehmann, 1963), with the interval that inverts the
 * Mann-Whitney test (Moses, 1965; Hollander and Wolfe, 1999, 4.3). a and b hold
 * the medians of invocations, above 0. Distribution-free and exact up to
 * na * nb = 4096 pairs, by the normal approximation beyond. Levels come in
 * steps, of which the next above is taken: 95 % asked covers 95.2 % at 16
 * against 16, 95.7 % at 10 and 97.1 % at 4; for 3 against 3 there is a ratio
 * and no interval (STATS_TOO_FEW). Memory grows with na + nb, and so does time,
 * but for sorting.
 */
struct shift stats_shift(const double *a, size_t na, const double *b, size_t nb,
			 double level);

/*
 * Two-sided p of "A and B are draws of one distribution": the permutation test
 * of the rank sum, ties sharing their mean rank (Wilcoxon, 1945; Mann and
 * Whitney, 1947). All C(na + nb, na) splits are counted, not sampled, by
 * dynamic programming over ranks (the shift algorithm of Streitberg and
 * Roehmel, 1986): exact at 16 against 16, whose 601 million splits of means
 * could only be drawn from. It needs no seed, outliers do not blunt it (its
 * efficiency against the t test is 0.955 on normal data and never below 0.864),
 * and it is the test that stats_shift() inverts: p <= 1 - level exactly when
 * the interval excludes 1, save that with ties it may still touch it. Beyond
 * 4096 pairs the normal approximation, corrected for ties and continuity. Any
 * finite values.
 */
double stats_permutation_test(const double *a, size_t na, const double *b,
			      size_t nb);

/*
 * The same p, told further where all of one sample lies beyond all of the
 * other. There the permutation test has said all it can, 1.6e-4 at 8 against 8,
 * which a correction for hundreds of cases always turns into chance. Welch's t
 * test of the logarithms (Welch, 1947) extends the tail, as parametric tails
 * extend permutation tests (Knijnenburg et al., 2009), to 2^(1 - na - nb): how
 * often chance alone puts all of A in one of two modes and all of B in the
 * other. Never larger than the permutation test's, which it is where samples
 * overlap or are not above 0.
 */
double stats_separation_test(const double *a, size_t na, const double *b,
			     size_t nb);

/*
 * Smallest true change that a comparison like this one would have found with
 * probability `power` at level alpha (0.8 and 0.05 are customary), were it the
 * only one among `tests` of which no chance may pass for it, as the ratio above
 * 1; below 1 it is the reciprocal. From the width of the Hodges-Lehmann
 * interval, which holds spread and size of both samples (Lehmann, 1963). 1
 * where neither sample spreads at all; NAN where there is no interval.
 */
double stats_detectable(const double *a, size_t na, const double *b, size_t nb,
			double alpha, size_t tests, double power);

/*
 * Equivalence by two one-sided tests at 5 % (Schuirmann, 1987): whether the
 * 90 % interval of the ratio lies inside 1/(1 + delta) … 1 + delta. Symmetric
 * in the logarithm, so that swapping A and B changes nothing. delta 0.02 is
 * ±2 %.
 */
bool stats_equivalent(struct interval ratio90, double delta);

/* What can be said of B, lower being faster: for a bandwidth, swap A and B. */
enum verdict {
	FASTER,
	SLOWER,
	EQUIVALENT,
	INCONCLUSIVE,
};

/*
 * EQUIVALENT where the 90 % interval is inside ±delta, whatever p says: delta
 * holds the clock's step and the machine's own A/A spread, so that a difference
 * inside it is not the change's, however sure. Otherwise FASTER or SLOWER where
 * p <= alpha and the interval excludes 1, else INCONCLUSIVE. p: adjusted with
 * stats_adjust_*() where several cases are compared.
 */
enum verdict stats_verdict(struct interval ratio90, double p, double alpha,
			   double delta);

/*
 * Adjusted p-values of a family, to be held against alpha as they are. Holm
 * (1979) bounds the chance of any false positive: for gates. Benjamini and
 * Hochberg (1995) bounds the false share of the positives: for tables. A NAN in
 * p stays NAN and is not of the family. p and adjusted may be one array.
 * Returns 0, or -1 with `adjusted` untouched when memory is short.
 */
int stats_adjust_holm(const double *p, size_t n, double *adjusted);
int stats_adjust_bh(const double *p, size_t n, double *adjusted);

/* ------------------------------------- the samples of one invocation */

/*
 * How many independent values n samples in order of time are worth for a mean:
 * n over the integrated autocorrelation time, by the initial monotone sequence
 * (Geyer, 1992), corrected for the mean having been estimated. From 1 to n:
 * samples that alternate count as independent. NAN for n < 8, for constant
 * data, and where the correlation lasts for half the series.
 */
double stats_effective_size(const double *x, size_t n);

/* First half of a series against its second half. */
struct drift {
	double p;         /* of "no drift", two-sided */
	double ratio;     /* median of the second half over the first's */
	double effective; /* effective size of the whole series */
};

/*
 * Halves compared by mean rank, the long-run variance within them in place of
 * the plain one so that autocorrelation does not pass for drift (as
 * stats_effective_size(); Geweke, 1992, compares stretches of a chain so), by a
 * t quantile with that variance's degrees of freedom. x in order of time; an
 * odd one in the middle is left out. At 5 % it fires on 2 to 6 % of stationary
 * series whatever their correlation, on fewer where they are short or
 * alternate.
 *
 * p is NAN where the series is worth fewer than 20 independent values: too
 * short to tell drift from wandering. A steady trend or a long warm-up looks
 * like that too, so from 100 samples on take NAN for "not settled". In a long
 * series the least drift is significant: look at the ratio as well, which is
 * NAN unless both medians are above 0.
 */
struct drift stats_drift(const double *x, size_t n);

/* The two heaviest modes of a distribution. */
struct modes {
	bool bimodal;               /* the rest is NAN unless true */
	double low, high;           /* where they peak */
	double low_mass, high_mass; /* their shares of the samples */
	double valley;              /* its height over the lower peak's */
};

/*
 * Two peaks with at least 5 % of the samples each, and at least 10, and between
 * them a valley lower than half the lower peak and emptier than chance gaps in
 * that mode: in a kernel density of the logarithms at Silverman's (1986)
 * bandwidth and at its doubles, lest a broad mode beside a narrow one go to
 * pieces. x: above 0, in any order; n values, or buckets with their counts in
 * `weight` (NULL: one each). What the samples are known to: the clock's `step`
 * in x's unit, and `grain`, a bucket's width over its value; modes must be some
 * three of them apart. Both 0: guessed from the ties, which takes two far
 * values and nothing else for one coarse step.
 *
 * At n = 200 it finds 20 % of the samples 6 standard deviations away in 99 %,
 * 5 away in 69 %, and fires on normal, lognormal or exponential data, rounded
 * or autocorrelated, in 0.2 %. A flat tail that holds a tenth of them it takes
 * for a mode in one case of six, for want of samples: 0 at n = 20000.
 */
struct modes stats_modes(const double *x, const double *weight, size_t n,
			 double step, double grain);

/* ------------------------------------------------------------- lines */

/* y = intercept + slope * x. */
struct line {
	double intercept, slope;
	struct interval intercept_ci, slope_ci;
	double residual; /* standard deviation about the line */
};

/*
 * Least squares with t intervals (any textbook; GSL's gsl_fit_linear). All NAN
 * for n < 2 or where all x are equal; intervals and residual NAN for n == 2.
 */
struct line stats_line(const double *x, const double *y, size_t n,
		       double level);

/* How the second of two segments goes on from the first. */
enum bend {
	BEND_JOINED, /* it begins where the first ends, with another slope */
	BEND_FREE,   /* anywhere */
};

/* y over x as two straight segments. */
struct knee {
	/* where the first one ends; free, its last x: the second begins between
	 * that and the next */
	double at;
	struct interval at_ci;
	double before, after; /* slopes */
	double rise; /* of the second over the first, at the largest x */
	double p;    /* of "one line does" */
};

/*
 * Least squares over every place that leaves each segment three points (Quandt,
 * 1958; joined: Hudson, 1966, refined between the x). x ascends, n >= 8; else
 * all NAN. Interval and p by drawing residuals (Efron and Tibshirani, 1993, 9.5
 * and 16), of the two segments for the one and of one line for the other: a
 * knee that was looked for everywhere has no table of F. seed: the same gives
 * the same. Over simulated curves of 33 points a 95 % interval covers the knee
 * in 94 %, and at 5 % p fires on 4 to 6 % of straight lines. A free knee's
 * interval has x for ends; where the jump is plain it is one x.
 */
struct knee stats_knee(const double *x, const double *y, size_t n,
		       enum bend bend, double level, unsigned long seed);

#endif
