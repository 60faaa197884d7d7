/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measuring one case in this process: warm-up, calibrated jittered batches,
 * histograms; or counting, by slope between two lengths. Never prints. */
#ifndef HANDOFF_SAMPLE_H
#define HANDOFF_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench.h"
#include "counts.h"
#include "hist.h"

enum { SAMPLE_MAX_METRICS = 16, SAMPLE_NAME = 32, SAMPLE_MAX_CALLS = 48 };
enum { SAMPLE_COUNTS = 5, SAMPLE_UNREAD = -1 };

/* One metric as this process measured it. Plain data. */
struct measured {
	char name[SAMPLE_NAME], unit[SAMPLE_NAME];
	enum method method;
	bool is_count;    /* no distribution: a slope, or METHOD_EXACT */
	bool total;       /* added up over invocations */
	uint64_t samples; /* operations (single), batches (batch), operations
			   * between the two lengths (counts) */
	double value;     /* median of the samples, or the count */
	double sum;       /* of what was counted or found out */
	struct hist hist;
};

/* What a measurement leaves besides its metrics. */
struct evidence {
	uint64_t operations, batches;
	uint64_t batch_n;          /* operations per batch, before jitter */
	double elapsed_ns;         /* in timed batches */
	struct tally driver, peer; /* used during the timed batches */
	uint64_t off_pu;           /* batches that ended on another PU */
	/* batches in which others ran on our PUs, by the kernel's books; and
	 * those of which the books, which should tell, could not be read */
	uint64_t disturbed, untold;
	uint64_t moves;  /* batches that ended on other PUs than the last */
	bool pu_unknown; /* the kernel did not say where some ended */
	double lost_ns;  /* of batches on one PU: what no party used; NAN */
	int pu_a, pu_b;  /* PUs last seen; -1: no such party */
	bool drift;      /* second half differs from the first */
};

struct sample_plan {
	double warm_ns, measure_ns; /* wall time to spend, at least one batch */
	int method;    /* METHOD_…, or -1: by the operation's length */
	uint64_t seed; /* of the jitter */
};

/* System calls of one name, an operation. */
struct named_calls {
	char name[SAMPLE_NAME]; /* "syscalls.futex" */
	double value;
	uint64_t samples; /* operations between the two lengths */
};

struct sample {
	struct measured metric[SAMPLE_MAX_METRICS];
	unsigned metrics;
	struct named_calls call[SAMPLE_MAX_CALLS];
	unsigned calls;
	/* by COUNT_… bit: why it could not be counted, an errno; or
	 * SAMPLE_UNREAD where the other party could not, and did not say why;
	 * 0: it could, or was not asked for */
	int unread[SAMPLE_COUNTS];
	struct evidence evidence;
};

/* Metric and unit of one COUNT_… bit, its place in `unread`, and where it is
 * read. */
unsigned count_index(unsigned kind);
enum counts_source count_source(unsigned kind);
const char *count_name(unsigned kind);
const char *count_unit(unsigned kind);

/* Runs setup, the measurement (r->mode), and teardown. 0, or -1 with
 * r->reason set (and r->absent or r->denied). */
int sample_run(struct run *r, const struct sample_plan *plan,
	       struct sample *out);

#endif
