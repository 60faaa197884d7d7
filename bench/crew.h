/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A crew: several parties, threads or processes, that work off a batch
 * together, all awake and bound before the first of them begins. */
#ifndef HANDOFF_CREW_H
#define HANDOFF_CREW_H

#include "bench.h"
#include "channel.h"
#include "party.h"

enum { CREW_MOST = 32 };

/*
 * The part of one party in a batch of n operations of the crew, timed; how many
 * were its own. The case's memory is shared, and found through arg.
 */
typedef uint64_t crew_work(void *arg, unsigned me, uint64_t n);

/* What one party leaves of a batch. */
struct member {
	_Alignas(CACHE_LINES) uint64_t did; /* what its work returned */
	double ns;                          /* what it took, by its own clock */
	struct tally used;
	uint64_t other_cpu_ns; /* processor time it took beside the work */
	int pu;
};

struct crew;
struct seat {
	struct crew *crew;
	unsigned me;
	struct party party;
};

struct crew {
	struct run *run;
	crew_work *work;
	void *arg;
	unsigned parties;
	bool crowded; /* parties share a PU, or may */
	bool yields;  /* at the gate */
	struct seat seat[CREW_MOST];
	struct crew_shared *shared;
	struct tally used; /* by all, in the batch last settled */
	double ns;         /* that the batch took */
	uint32_t batch;
};

/* Whether parties that go on until the caller says stop would go on for ever:
 * first in, first out, and no PU is left for it. */
bool crew_is_stuck(const struct run *r, unsigned parties);

/*
 * Starts the parties, of r->peer's kind, bound by turns to r->pu_a and r->pu_b.
 * The calling thread is none of them: it sleeps on r->pu_a while they work.
 * After all that they are to share has been made; 0, or -1.
 */
int crew_setup(struct run *r, struct crew *crew, unsigned parties,
	       crew_work *work, void *arg);

/*
 * One batch. It begins when every party runs and ends when all are done: what
 * the longest took is crew->ns. The time that waking them takes is no part of
 * it, and nothing but their work is of their tallies. In two parts, for those
 * who do something meanwhile; or whole: returns n.
 */
void crew_start(struct crew *crew, uint64_t n);
/* Waits for its end, so long at most once it has begun. */
bool crew_is_over_within(struct crew *crew, double ns);
void crew_finish(struct crew *crew);
uint64_t crew_run(struct crew *crew, uint64_t n);

/* Where each party ran, and what it used; 0, or -1. */
int crew_settle(struct crew *crew);
int crew_teardown(struct crew *crew);

/* Of the batch last run. */
const struct member *crew_member(const struct crew *crew, unsigned i);
uint64_t crew_did(const struct crew *crew); /* all members' */

#endif
