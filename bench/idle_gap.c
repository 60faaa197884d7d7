/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Idle gap: how long a wake-up takes by how long the sleeper has slept. The
 * loop is open: wake-ups are due at fixed times, whatever became of the last.
 */
#include <stdio.h>
#include <string.h>

#include "apart.h"
#include "channel.h"
#include "idle_states.h"
#include "pace.h"
#include "pair.h"
#include "topo.h"
#include "units.h"

/*
 * WAKE: from before the signal until the other party runs. LATE: until then
 * from when the wake-up was due, which is what someone who asked for it then
 * would wait; back to back, each is due when the last is answered.
 *
 * On two PUs the driver spins until a wake-up is due, so that only the other
 * PU idles, and WAKE is what leaving idle costs. On one PU it has to sleep for
 * the PU to idle at all: its own timer ends the idling, so that the cost is in
 * LATE, and WAKE is a switch on a PU that has just woken.
 */
enum { WAKE, LATE, IDLE_ENTRIES };

enum {
	BOTH = PEER_THREAD | PEER_PROCESS,
	BOUND = PLACE_ONE_PU | PLACES_TWO_PUS,
};

struct state {
	struct apart apart;
	struct pace pace;
	bool counts_idle;   /* entries into idle states of the server's PU */
	struct hist answer; /* from a signal to its answer; ns */
};

static bool has_idle_states(char *why, size_t size, bool *denied)
{
	uint64_t entries;
	int states = idle_states("", topo_pu(0), &entries);

	if (states > 0)
		return true;
	*denied = states < 0 && (errno == EACCES || errno == EPERM);
	if (states < 0)
		snprintf(why, size, "the idle states of PU %d: %s", topo_pu(0),
			 strerror(errno));
	else
		snprintf(why, size,
			 "no cpuidle driver in this (virtual) machine");
	return false;
}

static int setup(struct run *r)
{
	static struct state s;
	char why[96];
	bool denied = false;

	memset(&s, 0, sizeof(s));
	r->state = &s;
	s.counts_idle = r->variant->metrics;
	if (s.counts_idle && !has_idle_states(why, sizeof(why), &denied))
		return denied ? bench_denied(r, "%s", why) :
				bench_absent(r, "%s", why);
	if (apart_open(r, &s.apart))
		return -1;
	r->idles = r->value && r->pu_a == r->pu_b;
	pace_open(&s.pace, &r->clock, (double)r->value, r->idles);
	return pair_setup_halves(r, r->value ? &s.pace : NULL);
}

/* The harness's own time of the batch is not looked at: reading the books
 * around it costs nothing that is measured. */
static uint64_t run(struct run *r, uint64_t n)
{
	struct state *s = r->state;
	uint64_t before = 0, after = 0, done;

	if (!s->counts_idle)
		return pair_run(r, n);
	if (idle_states("", r->pu_b, &before) <= 0)
		die_errno("the idle states of PU %d", r->pu_b);
	done = pair_run(r, n);
	if (idle_states("", r->pu_b, &after) <= 0)
		die_errno("the idle states of PU %d", r->pu_b);
	run_value(r, IDLE_ENTRIES, (double)(after - before) / (double)(n + 1));
	return done;
}

static int settle(struct run *r, uint64_t n)
{
	struct state *s = r->state;

	if (pair_settle(r, n))
		return -1;
	for (uint64_t i = 1; i <= n; i++) {
		struct halves h = pair_halves(r, i);
		uint64_t due = r->value ? pace_due(&s->pace, i) : h.before;

		if (apart_wake(r, &s->apart, WAKE, h.before, h.ran))
			return -1;
		run_sample(r, LATE, run_elapsed_ns(r, due, h.ran));
		if (r->sample)
			hist_add(&s->answer,
				 run_elapsed_ns(r, h.before, h.answered));
	}
	return 0;
}

/* Where they are due faster than they are answered, LATE only tells how long
 * the batches were. A quarter that was answered in time lets a party catch up
 * that has been held up by others. */
static int judge_pace(struct run *r)
{
	const struct state *s = r->state;
	double quarter = hist_quantile(&s->answer, 0.25);
	char gap[UNITS_SIZE], answer[UNITS_SIZE];

	if (!r->value || !s->answer.n || quarter < (double)r->value)
		return 0;
	units_time(gap, sizeof(gap), (double)r->value);
	units_time(answer, sizeof(answer), hist_quantile(&s->answer, 0.5));
	return bench_absent(r,
			    "due every %s, but a wake-up is answered only "
			    "after %s",
			    gap, answer);
}

static int teardown(struct run *r)
{
	struct state *s = r->state;

	if (pair_teardown(r) || judge_pace(r))
		return -1;
	return apart_judge(r, &s->apart);
}

static const struct metric metrics[] = {
	{ "wake", "ns" },
	{ "late", "ns" },
	{ NULL, NULL },
};

static const struct metric metrics_and_idle[] = {
	{ "wake", "ns" },
	{ "late", "ns" },
	{ "idle_entries", "count" }, /* a wake-up */
	{ NULL, NULL },
};

static const struct need need_idle_states = { has_idle_states };
static const struct need *const for_idle_states[] = { &need_idle_states, NULL };

/* The wake-up is the scheduler's and the machine's: the others hardly differ */
static const struct variant variants[] = {
	{ "eventfd", &via_eventfd, BOTH, BOUND },
	{ "futex", &via_futex, BOTH, BOUND, NULL, FULL },
	{ "pipe", &via_pipe, BOTH, BOUND, NULL, FULL },
	{ "eventfd_idle_states", &via_eventfd, BOTH, BOUND, for_idle_states,
	  .metrics = metrics_and_idle },
	{ NULL },
};

static const uint64_t gaps[] = {
	0, 10000, 100000, 1000000, 10000000, PARAM_END
};

const struct bench bench_idle_gap = {
	.name = "idle_gap",
	.title = "wake the other party after it has slept for a gap",
	.unit = "ns",
	.variants = variants,
	.param = "gap",
	.values = gaps,
	.param_is_ns = true,
	.metrics = metrics,
	.least_n = 5,
	.setup = setup,
	.arm = pair_arm,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
