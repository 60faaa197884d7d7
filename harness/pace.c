/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A schedule that does not wait for anyone: what comes i-th is due at start +
 * i × gap, whatever became of those before it. */
#include "pace.h"

#include <errno.h>
#include <math.h>
#include <sys/prctl.h>

#include "die.h"

void pace_open(struct pace *p, const struct clock *clock, double gap_ns,
	       bool sleeps)
{
	*p = (struct pace){
		.gap = (uint64_t)llround(gap_ns / clock->ns_per_tick),
		.ns_per_tick = clock->ns_per_tick,
		.sleeps = sleeps,
	};
	/* else the kernel may wake it 50 µs late */
	if (sleeps)
		prctl(PR_SET_TIMERSLACK, 1);
}

/* The schedule's clock cannot be slept on: what is left of the wait is
 * translated each time, so that the two clocks' rates do not add up. */
void pace_sleep(const struct pace *p, uint64_t ticks)
{
	const uint64_t second = 1000000000;
	struct timespec t;
	uint64_t ns;

	if (clock_gettime(CLOCK_MONOTONIC, &t))
		die_errno("clock_gettime(CLOCK_MONOTONIC)");
	ns = (uint64_t)t.tv_nsec + (uint64_t)((double)ticks * p->ns_per_tick);
	t.tv_sec += (time_t)(ns / second);
	t.tv_nsec = (long)(ns % second);
	/* a signal ends it early, and the caller looks at its clock */
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}
