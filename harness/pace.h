/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A schedule that does not wait for anyone: what comes i-th is due at start +
 * i × gap, whatever became of those before it. */
#ifndef HANDOFF_PACE_H
#define HANDOFF_PACE_H

#include "clock.h"

struct pace {
	uint64_t gap; /* ticks */
	double ns_per_tick;
	bool sleeps;    /* until it is time, rather than spins */
	uint64_t start; /* when the 0th came; ticks */
};

/* In the thread that will wait. sleeps: leaves its PU to others meanwhile;
 * the kernel then no longer groups this thread's timers. */
void pace_open(struct pace *p, const struct clock *clock, double gap_ns,
	       bool sleeps);

/* Sleeps that long, or a little less. */
void pace_sleep(const struct pace *p, uint64_t ticks);

static inline uint64_t pace_due(const struct pace *p, uint64_t i)
{
	return p->start + i * p->gap;
}

/* Returns the time as it has become the i-th's, or at once where it was that
 * already; the 0th's is now. Spinning needs no `pause`: the fences of
 * clock_now() leave the core to its other hardware thread. */
static inline uint64_t pace_wait(struct pace *p, uint64_t i)
{
	uint64_t now = clock_now(), due;

	if (!i)
		p->start = now;
	due = pace_due(p, i);
	while (now < due) {
		if (p->sleeps)
			pace_sleep(p, due - now);
		now = clock_now();
	}
	return now;
}

#endif
