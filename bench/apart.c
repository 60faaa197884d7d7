/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What benches of one-way times share: how far the clocks of the two parties
 * may be apart, and whether that matters beside a wake-up. */
#include "apart.h"

#include <math.h>
#include <string.h>

#include "topo.h"
#include "units.h"

static const double share = 0.1;

/* A bound is never 0 between two PUs: these have not been compared, as happens
 * to pairs that are no place's (--places all-pairs). */
static int compare(struct run *r)
{
	struct clock_offset *o = &r->offset;

	if (r->pu_a < 0 || r->pu_a == r->pu_b || o->bound_ns > 0)
		return 0;
	if (clock_compare(&r->clock, r->pu_a, r->pu_b, topo_bind, o))
		return bench_absent(r,
				    "the clocks of PUs %d and %d cannot be "
				    "compared: %s",
				    r->pu_a, r->pu_b, strerror(errno));
	return 0;
}

int apart_open(struct run *r, struct apart *apart)
{
	if (compare(r))
		return -1;
	apart->most_ns = fabs(r->offset.offset_ns) + r->offset.bound_ns;
	if ((r->pu_a < 0 && !r->clocks_agree) || r->offset.warp ||
	    !isfinite(apart->most_ns))
		return bench_absent(r, "a time from one PU to another needs "
				       "clocks that agree");
	return 0;
}

/* On one PU the waker reads the clock a second time before it sleeps, unless it
 * is preempted within its call; only one reading is taken off. */
int apart_wake(struct run *r, struct apart *apart, unsigned metric,
	       uint64_t from, uint64_t to)
{
	double ns = clock_diff_ns(&r->clock, from, to);
	char text[2][UNITS_SIZE];

	/* a reading is good to a step */
	if (ns < -apart->most_ns - r->clock.step_ns)
		return bench_fail(
			r,
			"the clocks do not agree after all: woken %s "
			"before the signal, with at most %s between them",
			units_time(text[0], sizeof(text[0]), -ns),
			units_time(text[1], sizeof(text[1]), apart->most_ns));
	ns = run_elapsed_ns(r, from, to);
	run_sample(r, metric, ns);
	if (r->sample)
		hist_add(&apart->wake, ns);
	return 0;
}

int apart_judge(struct run *r, const struct apart *apart)
{
	double median = hist_quantile(&apart->wake, 0.5);
	char text[3][UNITS_SIZE];

	if (!apart->wake.n || apart->most_ns <= share * median)
		return 0;
	return bench_absent(
		r,
		"clock offset of the PUs is known to %s ± %s, more than a "
		"tenth of a wake-up of %s",
		units_time(text[0], sizeof(text[0]), r->offset.offset_ns),
		units_time(text[1], sizeof(text[1]), r->offset.bound_ns),
		units_time(text[2], sizeof(text[2]), median));
}
