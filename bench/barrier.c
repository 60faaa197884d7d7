/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Barrier: how long a round takes in which all parties wait for each other. */
#include "bench.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crew.h"
#include "relax.h"

enum { LATENCY };

/* In memory that all share. */
struct shared {
	_Alignas(CACHE_LINES) pthread_barrier_t posix;
	struct word arrived;            /* in this round */
	struct word round;              /* free-running */
	struct word reached[CREW_MOST]; /* the round each party is in */
};

static struct state {
	struct crew crew;
	struct shared *shared;
	unsigned parties;
	int futex_flags;
	bool verify; /* every party, in every round */
} s;

/* ------------------------------------------------------------ the barriers */

/* Each returns true to one of those who meet. */

static inline bool meet_posix(struct shared *shared)
{
	int result = pthread_barrier_wait(&shared->posix);

	if (__builtin_expect(result && result != PTHREAD_BARRIER_SERIAL_THREAD,
			     0)) {
		errno = result;
		die_errno("wait at a barrier");
	}
	return result;
}

/* The last to come; it lets the others go. */
static inline bool last_to_come(struct shared *shared)
{
	if (atomic_fetch_add(&shared->arrived.value, 1) + 1 != s.parties)
		return false;
	/* before anybody can come to the next round */
	atomic_store_explicit(&shared->arrived.value, 0, memory_order_relaxed);
	atomic_fetch_add(&shared->round.value, 1);
	return true;
}

static inline bool meet_futex(struct shared *shared)
{
	uint32_t round = atomic_load(&shared->round.value);

	if (last_to_come(shared)) {
		if (syscall(SYS_futex, &shared->round.value,
			    FUTEX_WAKE | s.futex_flags, INT_MAX, NULL, NULL,
			    0) < 0)
			die_errno("FUTEX_WAKE");
		return true;
	}
	while (atomic_load(&shared->round.value) == round)
		if (syscall(SYS_futex, &shared->round.value,
			    FUTEX_WAIT | s.futex_flags, round, NULL, NULL,
			    0) < 0 &&
		    errno != EAGAIN && errno != EINTR)
			die_errno("FUTEX_WAIT");
	return false;
}

static inline bool meet_spin(struct shared *shared)
{
	uint32_t round = atomic_load(&shared->round.value);

	if (last_to_come(shared))
		return true;
	while (atomic_load(&shared->round.value) == round)
		relax();
	return false;
}

static inline bool meet_nobody(struct shared *shared)
{
	(void)shared;
	return false;
}

/* ---------------------------------------------------------- the timed part */

/* Nobody leaves a round that somebody has not come to. */
static void check_all_came(struct shared *shared, uint32_t round)
{
	for (unsigned i = 0; i < s.parties; i++) {
		uint32_t reached = atomic_load(&shared->reached[i].value);

		if ((int32_t)(reached - round) < 0)
			die("a barrier let go of round %u before party %u came",
			    round, i);
	}
}

/* n rounds; how many of them it was the one chosen in. */
static inline __attribute__((always_inline)) uint64_t
meet(struct shared *shared, unsigned me, uint64_t n,
     bool (*once)(struct shared *))
{
	struct word *mine = &shared->reached[me];
	bool verify = s.verify;
	uint64_t chosen = 0;

	for (uint64_t i = 0; i < n; i++) {
		if (verify)
			atomic_fetch_add(&mine->value, 1);
		chosen += once(shared);
		if (verify)
			check_all_came(shared, atomic_load(&mine->value));
	}
	return chosen;
}

#define MEET(name)                                                        \
	static uint64_t rounds_##name(void *arg, unsigned me, uint64_t n) \
	{                                                                 \
		return meet(arg, me, n, meet_##name);                     \
	}

MEET(posix)
MEET(futex)
MEET(spin)
MEET(nobody)

/* ----------------------------------------------------------- the benchmark */

struct kind {
	crew_work *work;
	bool posix;
};

static int open_posix(bool processes)
{
	pthread_barrierattr_t attr;
	int error;

	pthread_barrierattr_init(&attr);
	error = pthread_barrierattr_setpshared(
		&attr,
		processes ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
	if (!error)
		error = pthread_barrier_init(&s.shared->posix, &attr,
					     s.parties);
	pthread_barrierattr_destroy(&attr);
	return error;
}

static int setup(struct run *r)
{
	const struct kind *kind = r->variant->arg;
	bool processes = r->peer == PEER_PROCESS;
	int error = 0;

	s.parties = (unsigned)run_count(r);
	if (s.parties > CREW_MOST)
		return bench_absent(r, "no more than %d parties, of %u",
				    CREW_MOST, s.parties);
	s.futex_flags = processes ? 0 : FUTEX_PRIVATE_FLAG;
	s.verify = r->mode == RUN_COUNT || r->verify_all;
	s.shared = party_shared(sizeof(*s.shared), r->pu_a);
	if (!s.shared)
		return bench_fail(r, "memory for %u parties", s.parties);
	if (kind->posix)
		error = open_posix(processes);
	errno = error;
	if (error)
		return bench_errno(r, "pthread_barrier_init");
	return crew_setup(r, &s.crew, s.parties,
			  bench_broken("barrier") ? rounds_nobody : kind->work,
			  s.shared);
}

static uint64_t run(struct run *r, uint64_t n)
{
	uint64_t done = crew_run(&s.crew, n);

	run_mean(r, LATENCY, s.crew.ns / (double)n);
	return done;
}

/* Each round has one whom it chose. */
static int settle(struct run *r, uint64_t n)
{
	uint64_t chosen = crew_did(&s.crew);

	if (chosen != n)
		return bench_fail(r,
				  "%llu of %llu rounds had one party that was "
				  "the last",
				  (unsigned long long)chosen,
				  (unsigned long long)n);
	return crew_settle(&s.crew);
}

static int teardown(struct run *r)
{
	const struct kind *kind = r->variant->arg;
	int result = crew_teardown(&s.crew);

	if (kind->posix)
		pthread_barrier_destroy(&s.shared->posix);
	party_unshare(s.shared, sizeof(*s.shared));
	return result;
}

/* ------------------------------------------------------------- the table */

static const struct kind posix = { rounds_posix, true },
			 by_futex = { rounds_futex }, by_spin = { rounds_spin };

enum {
	THREAD = PEER_THREAD,
	PROCESS = PEER_PROCESS,
	BOTH = PEER_THREAD | PEER_PROCESS,
};

static const uint64_t two[] = { 2, PARAM_END },
		      four_and_many[] = { 4, 16, PARAM_END },
		      two_four_many[] = { 2, 4, 16, PARAM_TWICE_PUS,
					  PARAM_END };

/* Who spins without end needs a PU of its own. */
static const struct variant variants[] = {
	{ "pthread_barrier", &posix, THREAD, PLACES_TWO_PUS, .values = two },
	{ "pthread_barrier", &posix, PROCESS, PLACES_TWO_PUS, .values = two,
	  .tier = FULL },
	{ "pthread_barrier", &posix, BOTH, PLACES_TWO_PUS, .tier = FULL,
	  .values = four_and_many },
	{ "pthread_barrier", &posix, BOTH, PLACE_ONE_PU | PLACE_ANY,
	  .tier = FULL, .values = two_four_many },
	{ "futex_barrier", &by_futex, BOTH, PLACES_ALL, .tier = FULL,
	  .values = two_four_many },
	{ "spin_barrier", &by_spin, BOTH, PLACES_TWO_PUS, .tier = FULL,
	  .values = two },
	{ NULL },
};

static const struct metric metrics[] = {
	{ "latency", "ns" }, /* of a round */
	{ NULL, NULL },
};

const struct bench bench_barrier = {
	.name = "barrier",
	.title = "a barrier: a round in which all wait for each other",
	.unit = "ns",
	.variants = variants,
	.param = "parties",
	.values = two, /* a row of the table has its own */
	.metrics = metrics,
	.counts =
		COUNT_SYSCALLS | COUNT_NAMES | COUNT_SWITCHES | COUNT_CPU_TIME,
	.setup = setup,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
