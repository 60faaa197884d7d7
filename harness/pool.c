/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One value and interval from several runs of one machine. */
#include "pool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

static const struct pool_estimate unknown = { NAN, { NAN, NAN } };

/* All invocations in one array, which is malloc'd; NULL: none, or no memory. */
static double *join(const struct pool_sample *run, size_t runs, size_t *count)
{
	double *all;

	*count = 0;
	for (size_t i = 0; i < runs; i++)
		*count += run[i].count;
	all = *count ? malloc(*count * sizeof(*all)) : NULL;
	for (size_t i = 0, used = 0; all && i < runs; used += run[i++].count)
		if (run[i].count)
			memcpy(all + used, run[i].value,
			       run[i].count * sizeof(*all));
	return all;
}

/* Mean and t interval of n values. */
static struct pool_estimate mean_of(const double *x, size_t n, double level)
{
	struct pool_estimate e = { 0, { NAN, NAN } };
	double squares = 0, reach;

	for (size_t i = 0; i < n; i++)
		e.value += x[i] / (double)n;
	if (n < 2)
		return e;
	for (size_t i = 0; i < n; i++)
		squares += (x[i] - e.value) * (x[i] - e.value);
	reach = gsl_cdf_tdist_Pinv((1 + level) / 2, (double)n - 1) *
		sqrt(squares / ((double)n - 1) / (double)n);
	e.ci = (struct interval){ e.value - reach, e.value + reach };
	return e;
}

/* The same of the runs' medians, of which there are n, on the scale on which
 * they differ. */
static struct pool_estimate mean_of_medians(double *median, size_t n,
					    double level)
{
	bool positive = n > 1; /* one stays as it is */
	struct pool_estimate e;

	for (size_t i = 0; i < n; i++)
		positive &= median[i] > 0;
	for (size_t i = 0; positive && i < n; i++)
		median[i] = log(median[i]);
	e = mean_of(median, n, level);
	if (positive)
		e = (struct pool_estimate){ exp(e.value),
					    { exp(e.ci.low), exp(e.ci.high) } };
	return e;
}

struct pool_estimate pool_times(const struct pool_sample *run, size_t runs,
				double level)
{
	double *median = malloc((runs + 1) * sizeof(*median)), *all;
	struct pool_estimate e;
	struct interval within;
	size_t n = 0, count;

	all = join(run, runs, &count);
	if (!median || !all) {
		free(median);
		free(all);
		return unknown;
	}
	for (size_t i = 0; i < runs; i++)
		if (run[i].count)
			median[n++] = stats_median(run[i].value, run[i].count);
	e = mean_of_medians(median, n, level);
	within = stats_median_interval(all, count, level);
	/* a NAN is the other's */
	if (!isnan(e.ci.low))
		e.ci = (struct interval){ fmin(e.ci.low, within.low),
					  fmax(e.ci.high, within.high) };
	free(median);
	free(all);
	return e;
}

struct pool_estimate pool_counts(const struct pool_sample *run, size_t runs,
				 double level)
{
	struct pool_estimate e = { NAN, { INFINITY, -INFINITY } };
	size_t count;
	double *all = join(run, runs, &count);

	for (size_t i = 0; all && i < count; i++) {
		e.ci.low = fmin(e.ci.low, all[i]);
		e.ci.high = fmax(e.ci.high, all[i]);
	}
	if (all && count >= 2 && e.ci.high - e.ci.low <= 0.005)
		e.value = stats_median(all, count);
	free(all);
	return isnan(e.value) ? pool_times(run, runs, level) : e;
}

struct pool_estimate pool_totals(const struct pool_sample *run, size_t runs)
{
	struct pool_estimate e = unknown;
	double sum = 0;
	size_t count = 0;

	for (size_t i = 0; i < runs; i++)
		for (size_t k = 0; k < run[i].count; k++, count++)
			sum += run[i].value[k];
	if (count)
		e.value = sum;
	return e;
}
