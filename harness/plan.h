/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run does with its time: which cases, which passes, in what order, for
 * how long each, and when to stop. Arithmetic only: no clock, no process. */
#ifndef HANDOFF_PLAN_H
#define HANDOFF_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench.h"

enum {
	PLAN_GROUPS = 64,
	/* Beside 1 << RUN_MEASURE: the case's interval is wider than asked. */
	PLAN_WIDE = 1 << RUN_MODES,
};

struct plan_case {
	bool headline;
	unsigned group;  /* of cases that take about as long; < PLAN_GROUPS */
	double least_s;  /* what an invocation is expected to take beside the
			  * time that it measures; 0: the usual */
	unsigned passes; /* mask of 1 << enum run_mode: what there is to do;
			  * 0: it cannot be run */
};

struct plan_options {
	double budget_s;
	double end_s; /* when to stop; 0: as the budget ends */
	uint64_t invocations, seed;
	int arms;        /* timed invocations of a case in a block */
	bool add_blocks; /* while a case is PLAN_WIDE */
	double settle_s; /* from the end of tracing until others may begin */
};

/* One thing to do within a block. */
struct plan_job {
	size_t index; /* of the case */
	enum run_mode mode;
	int arm; /* of an A/A run: 0 or 1 */
};

/* What was found out before anything is measured. */
struct plan_fit {
	size_t headline, full;           /* cases that can be run */
	size_t headline_kept, full_kept; /* of these */
	/* to time each once: all, and the headline cases if there are any */
	double all_s, least_s;
	/* most of the headline cases (where there are none, one case) fit */
	bool sensible;
};

struct plan {
	struct plan_options options;
	struct plan_case *cases;
	unsigned *left_out; /* passes of a case that plan_fit() left out */
	double *took_s; /* per case: the last invocation, beside measuring */
	size_t count;
	unsigned groups;
	double prior_s[PLAN_GROUPS];

	/* the block that was begun, and where it stands */
	bool begun, added; /* added: after the last that was asked for */
	enum run_mode mode;
	uint64_t nth, block; /* of its pass; of the run */
	struct plan_job *job, *spare;
	size_t jobs, next, done; /* done: of this block's jobs */
	size_t begun_jobs;       /* of all */

	uint64_t cut[RUN_MODES]; /* blocks of a pass at most */
	double settled_s;        /* when tracing no longer slows */
	bool traced;             /* something was */
	bool ended;              /* the budget did, with things left to do */

	/* cases that have something to do by pass and group, PLAN_WIDE last;
	 * jobs of this block by group; what invocations took */
	size_t due[RUN_MODES + 1][PLAN_GROUPS], due_all[RUN_MODES + 1];
	size_t left[PLAN_GROUPS];
	struct plan_cost {
		size_t seen;
		double mean_s;
	} cost[RUN_MODES][PLAN_GROUPS];
	struct plan_cost pace[RUN_MODES]; /* logarithms of a ratio, no times */
};

/* Copies the cases. 0, or -1 (no memory). */
int plan_open(struct plan *plan, const struct plan_options *options,
	      const struct plan_case *cases, size_t count);
void plan_close(struct plan *plan);

/* Leaves out cases that cannot be timed even once within the budget: those that
 * are not headline cases first, each tier from its end. May be called again
 * before the first block, once more is known. */
struct plan_fit plan_fit(struct plan *plan);

/* A case to be timed before the run, so that what fits is told from this
 * machine's speed; the number of cases: that does not matter. */
size_t plan_probe(const struct plan *plan);
/* It took so long beside the time that it measured. */
void plan_learn_pace(struct plan *plan, size_t index, double seconds);

/*
 * In the following now_s is the time since the run began, in seconds.
 *
 * Begins the next block: trace, names, count, time, each pass of as many blocks
 * as are due and fit; every case of a pass once, in an order that depends on
 * the seed, the pass and the block's number in it alone (in a pass' first block
 * the headline cases come first). False: there is nothing left to do, or no
 * time.
 */
bool plan_begin_block(struct plan *plan, double now_s);

/* The next job of the block; NULL: it ends, done or not. */
const struct plan_job *plan_next(struct plan *plan, double now_s);

/* What the case of a job still has to do, which may be less than before. */
void plan_update(struct plan *plan, size_t index, unsigned passes);

/* An invocation took so long beside the time that it measured. */
void plan_learn(struct plan *plan, const struct plan_job *job, double seconds);

/* How long the next timed invocation may measure: what is left of the budget is
 * shared by all that are left. Warm-up takes a tenth of it on top. */
double plan_measure_s(const struct plan *plan, double now_s);

/* When an invocation that begins now must end: after deadline_s, or soon after
 * the budget has. Seconds from now. */
double plan_limit_s(const struct plan *plan, double now_s, double deadline_s);

/* What is left to do, which ends with the budget. */
double plan_left_s(const struct plan *plan, double now_s);

/* Of a look for gaps. */
double plan_look_s(const struct plan *plan);

/* Blocks in all, from the first to the last that is expected; those that are
 * added as long as a case is wide are not. */
uint64_t plan_blocks(const struct plan *plan);

/* Invocations of a case in a pass, if time suffices. */
uint64_t plan_asked(const struct plan *plan, enum run_mode mode);

/* The i-th number that a seed gives: splitmix64; Steele, Lea and Flood 2014. */
uint64_t plan_drawn(uint64_t seed, uint64_t i);

#endif
