/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A log-linear histogram of doubles that holds any number of samples. */
#ifndef HANDOFF_HIST_H
#define HANDOFF_HIST_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Buckets, from most negative to most positive: HIST_SIDE negative ones, one
 * for |v| < 2^-4, which counts as 0, and HIST_SIDE positive ones. Each octave
 * from 2^-4 to 2^36 is cut into 128 equal buckets, so that a bucket is at most
 * 1/128 of its smaller limit wide. With nanoseconds: 62.5 ps to 68.7 s.
 * Magnitudes of 2^36 and more go into the outermost bucket of their side.
 */
#define HIST_SUB_BITS 7
#define HIST_LOW_OCTAVE (-4)
#define HIST_HIGH_OCTAVE 36
#define HIST_SIDE \
	((size_t)(HIST_HIGH_OCTAVE - HIST_LOW_OCTAVE) << HIST_SUB_BITS)
#define HIST_ZERO HIST_SIDE /* index of the bucket around 0 */
#define HIST_BUCKETS (2 * HIST_SIDE + 1)
#define HIST_LIMIT ((double)(UINT64_C(1) << HIST_HIGH_OCTAVE))

/*
 * Plain data, 80 KiB, without pointers: may live in memory shared between
 * processes. All bytes zero is an empty histogram. Values have the unit of
 * what was added. Nothing is locked: one writer at a time.
 */
struct hist {
	uint64_t n;           /* values counted, those in bad not among them */
	uint64_t bad;         /* NANs and infinities: a fault of the caller */
	uint64_t fractions;   /* how many of n are not whole numbers */
	double sum, min, max; /* exact; min and max mean nothing if n == 0 */
	uint64_t count[HIST_BUCKETS];
};

void hist_clear(struct hist *h);

/*
 * The bucket of a finite v. A double's exponent and upper mantissa bits are
 * the octave and the place in it, so no logarithm is needed.
 */
static inline size_t hist_bucket(double v)
{
	const uint64_t first = (uint64_t)(1023 + HIST_LOW_OCTAVE)
			       << HIST_SUB_BITS;
	uint64_t bits;
	size_t i;

	memcpy(&bits, &v, sizeof(bits));
	bits = (bits & ~(UINT64_C(1) << 63)) >> (52 - HIST_SUB_BITS);
	if (bits < first)
		return HIST_ZERO;
	i = bits - first < HIST_SIDE ? bits - first : HIST_SIDE - 1;
	return v < 0 ? HIST_ZERO - 1 - i : HIST_ZERO + 1 + i;
}

/* Count one value; NAN and infinities only in bad. */
static inline void hist_add(struct hist *h, double v)
{
	if (!isfinite(v)) {
		h->bad++;
		return;
	}
	if (!h->n || v < h->min)
		h->min = v;
	if (!h->n || v > h->max)
		h->max = v;
	h->n++;
	h->sum += v;
	h->fractions +=
		v > -HIST_LIMIT && v < HIST_LIMIT && v != (double)(int64_t)v;
	h->count[hist_bucket(v)]++;
}

/* As if everything added to from had been added to into as well. */
void hist_merge(struct hist *into, const struct hist *from);

/*
 * The q-quantile, q from 0 to 1 (beyond: the nearer of the two), as R's type 7
 * and GSL define it: the value at rank q * (n - 1), linear between neighbours.
 * A value is known to within its bucket, so the result is at most 1/128 off
 * the exact one while values lie between 2^-4 and 2^36 and have one sign.
 * Exact at q = 0 and 1. Where every value was a whole number, so is the one at
 * each rank: a count of 4 is 4, not 4.02. NAN if n == 0 or q is NAN.
 */
double hist_quantile(const struct hist *h, double q);

/* sum / n; exact, not from buckets; NAN if n == 0. */
double hist_mean(const struct hist *h);

/*
 * Limits of bucket i < HIST_BUCKETS, ascending with i; each bucket's upper
 * limit is the next one's lower. The outermost are given as -2^36 and 2^36,
 * though they hold what lies beyond too. A positive bucket includes its lower
 * limit, a negative one its upper, the middle one neither.
 */
double hist_bucket_low(size_t i);
double hist_bucket_high(size_t i);

/* The same without the empty buckets, for keeping many. {0} is an empty one. */
struct hist_cell {
	uint32_t bucket;
	uint64_t count;
};

struct hist_sparse {
	size_t used, room;      /* cells in use and allocated */
	struct hist_cell *cell; /* ascending by bucket, no count is 0 */
	uint64_t n, bad, fractions;
	double sum, min, max;
};

/* hist_merge() into a sparse one; 0, or -1 with ENOMEM and into unchanged. */
int hist_sparse_merge(struct hist_sparse *into, const struct hist *from);

/* Exactly what hist_quantile() says of the same values. */
double hist_sparse_quantile(const struct hist_sparse *h, double q);

/* Frees the cells and leaves an empty histogram. */
void hist_sparse_free(struct hist_sparse *h);

#endif
