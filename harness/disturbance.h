/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the machine does to a run while it measures: others on its PUs, a quota,
 * heat, PUs taken away; and what of it cannot be told. */
#ifndef HANDOFF_DISTURBANCE_H
#define HANDOFF_DISTURBANCE_H

#include "allowed.h"
#include "invocation.h"
#include "noise.h"
#include "results.h"
#include "rundir.h"
#include "throttle.h"

struct disturbance {
	struct throttle_watch throttle;
	struct allowed allowed; /* as the run began */
	char quota_why[THROTTLE_WHY], books_why[NOISE_WHY]; /* not known; "" */
	char changed[CASE_REASON]; /* which PUs have been taken away, or given;
				    * "": none */
};

/* What there was before a job; times in seconds. */
struct disturbance_mark {
	struct noise_books books;
	struct throttle throttle;
	double own_cpu_s, start_s;
};

/* Before the first job, with the calling thread on all PUs allowed. */
void disturbance_open(struct disturbance *d);

/* Around a job on those PUs: end fills what the runner adds to `inv`. */
void disturbance_begin(const struct disturbance *d, const int *pu, size_t count,
		       struct disturbance_mark *mark);
void disturbance_end(struct disturbance *d, const int *pu, size_t count,
		     const struct disturbance_mark *mark,
		     struct invocation *inv);

/* Whether the PUs allowed are others than at the beginning, now or at an
 * earlier look; d->changed says it then. */
bool disturbance_moved(struct disturbance *d);

/* Says at the end, a line for each cause, what disturbed the run, and notes it
 * in env.csv: "noise.…" */
void disturbance_conclude(const struct disturbance *d,
			  const struct results *results, struct rundir *dir);

#endif
