/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Merging log-linear histograms and reading quantiles from them. */
#include "hist.h"

#include <errno.h>
#include <float.h>
#include <stdbool.h>
#include <stdlib.h>

_Static_assert(DBL_MANT_DIG == 53 && sizeof(double) == sizeof(uint64_t),
	       "hist_bucket() reads the bits of an IEEE 754 double");

/* What quantiles are read from: a dense histogram, or a sparse one's cells. */
struct view {
	const uint64_t *count;        /* NULL if sparse */
	const struct hist_cell *cell; /* NULL if dense */
	size_t length;
	uint64_t n;
	double min, max;
	bool whole;
};

void hist_clear(struct hist *h)
{
	memset(h, 0, sizeof(*h));
}

/* Let min and max of n values take in those of from, which is not empty. */
static void widen(uint64_t n, double *min, double *max, const struct hist *from)
{
	if (!n || from->min < *min)
		*min = from->min;
	if (!n || from->max > *max)
		*max = from->max;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	into->bad += from->bad;
	if (!from->n)
		return;
	widen(into->n, &into->min, &into->max, from);
	into->n += from->n;
	into->fractions += from->fractions;
	into->sum += from->sum;
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		into->count[i] += from->count[i];
}

double hist_mean(const struct hist *h)
{
	return h->n ? h->sum / (double)h->n : NAN;
}

/* The smaller limit of the i-th bucket from zero, 0 <= i <= HIST_SIDE. */
static double edge(size_t i)
{
	const size_t sub = (size_t)1 << HIST_SUB_BITS;

	return ldexp(1 + (double)(i % sub) / (double)sub,
		     (int)(i / sub) + HIST_LOW_OCTAVE);
}

double hist_bucket_low(size_t i)
{
	return i <= HIST_ZERO ? -edge(HIST_ZERO - i) : edge(i - HIST_ZERO - 1);
}

double hist_bucket_high(size_t i)
{
	return i < HIST_ZERO ? -edge(HIST_ZERO - 1 - i) : edge(i - HIST_ZERO);
}

/* A value in this bucket with the given share of its fellows below it. */
static double inside(const struct view *v, size_t bucket, double share)
{
	double low, high, value;

	/* What the outermost buckets hold may lie beyond their limits. */
	low = bucket == 0 ? v->min : fmax(hist_bucket_low(bucket), v->min);
	high = bucket == HIST_BUCKETS - 1 ?
		       v->max :
		       fmin(hist_bucket_high(bucket), v->max);
	value = bucket == HIST_ZERO ? 0 : low + (high - low) * share;

	/* Towards zero is where the whole number of a narrow bucket is. */
	if (v->whole)
		value = trunc(value);
	return fmin(fmax(value, v->min), v->max);
}

static struct hist_cell cell_at(const struct view *v, size_t i)
{
	if (v->cell)
		return v->cell[i];
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one is set */
	return (struct hist_cell){ (uint32_t)i, v->count[i] };
}

/* The value at a rank from 0 to n - 1 in ascending order. */
static double ranked(const struct view *v, uint64_t rank)
{
	uint64_t below = 0;

	if (rank == 0)
		return v->min;
	for (size_t i = 0; i < v->length && rank < v->n - 1; i++) {
		struct hist_cell c = cell_at(v, i);

		if (rank - below < c.count)
			return inside(v, c.bucket,
				      ((double)(rank - below) + 0.5) /
					      (double)c.count);
		below += c.count;
	}
	return v->max;
}

static double quantile(const struct view *v, double q)
{
	double position, part, value;
	uint64_t rank;

	if (!v->n || isnan(q))
		return NAN;
	if (q <= 0)
		return v->min;
	if (q >= 1)
		return v->max;
	position = q * (double)(v->n - 1);
	rank = (uint64_t)position;
	part = position - (double)rank;
	value = ranked(v, rank);
	if (part > 0)
		value += part * (ranked(v, rank + 1) - value);
	return value;
}

double hist_quantile(const struct hist *h, double q)
{
	const struct view v = {
		.count = h->count,
		.length = HIST_BUCKETS,
		.n = h->n,
		.min = h->min,
		.max = h->max,
		.whole = !h->fractions,
	};

	return quantile(&v, q);
}

double hist_sparse_quantile(const struct hist_sparse *h, double q)
{
	const struct view v = {
		.cell = h->cell,
		.length = h->used,
		.n = h->n,
		.min = h->min,
		.max = h->max,
		.whole = !h->fractions,
	};

	return quantile(&v, q);
}

/* How many buckets of from have no cell in into yet. */
static size_t count_new(const struct hist_sparse *into, const struct hist *from)
{
	size_t at = 0, fresh = 0;

	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		if (!from->count[i])
			continue;
		while (at < into->used && into->cell[at].bucket < i)
			at++;
		if (at == into->used || into->cell[at].bucket != i)
			fresh++;
	}
	return fresh;
}

static int reserve(struct hist_sparse *h, size_t cells)
{
	struct hist_cell *cell;

	if (cells <= h->room)
		return 0;
	cell = realloc(h->cell, cells * sizeof(*cell));
	if (!cell) {
		errno = ENOMEM;
		return -1;
	}
	h->cell = cell;
	h->room = cells;
	return 0;
}

int hist_sparse_merge(struct hist_sparse *into, const struct hist *from)
{
	size_t old = into->used, to = old + count_new(into, from);

	if (reserve(into, to))
		return -1;
	into->used = to;

	/* From the far end, so that no cell is overwritten before it moved. */
	for (size_t i = HIST_BUCKETS; i-- > 0;) {
		if (!from->count[i])
			continue;
		while (old && into->cell[old - 1].bucket > i)
			into->cell[--to] = into->cell[--old];
		/* read before written: they may be one cell */
		uint64_t count = from->count[i];

		if (old && into->cell[old - 1].bucket == i)
			count += into->cell[--old].count;
		into->cell[--to] = (struct hist_cell){ (uint32_t)i, count };
	}

	into->bad += from->bad;
	if (!from->n)
		return 0;
	widen(into->n, &into->min, &into->max, from);
	into->n += from->n;
	into->fractions += from->fractions;
	into->sum += from->sum;
	return 0;
}

void hist_sparse_free(struct hist_sparse *h)
{
	free(h->cell);
	*h = (struct hist_sparse){ 0 };
}
