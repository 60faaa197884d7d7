/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What benches of one-way times share: how far the clocks of the two parties
 * may be apart, and whether that matters beside a wake-up. */
#ifndef HANDOFF_APART_H
#define HANDOFF_APART_H

#include "bench.h"
#include "hist.h"

struct apart {
	double most_ns;   /* the clocks differ by no more; 0 on one PU */
	struct hist wake; /* what was handed in; ns */
};

/* *apart is zeroed. From the run's offset, or by comparing the clocks now where
 * nobody has. The case is absent, and -1, where nothing is known of them. */
int apart_open(struct run *r, struct apart *apart);

/* Hands in one wake-up, between readings of two clocks. A time so negative
 * that the clocks must differ by more than most_ns fails the case. */
int apart_wake(struct run *r, struct apart *apart, unsigned metric,
	       uint64_t from, uint64_t to);

/* At the end: the case is absent, and -1, where most_ns is more than a tenth
 * of the median wake-up. Nothing is ever corrected. */
int apart_judge(struct run *r, const struct apart *apart);

#endif
