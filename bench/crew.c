/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A crew: several parties, threads or processes, that work off a batch
 * together, all awake and bound before the first of them begins. */
#include "crew.h"

#include <limits.h>
#include <linux/futex.h>
#include <math.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "refusal.h"
#include "relax.h"
#include "topo.h"

/* In memory that all share. */
struct crew_shared {
	struct word batch;   /* its number; the caller's */
	struct word arrived; /* at the gate, in all batches so far */
	struct word left;    /* who have done their part, the same */
	struct word over;    /* the batch that all have */
	_Alignas(CACHE_LINES) uint64_t n; /* of the batch; 0: go home */
	struct member member[CREW_MOST];
};

static long futex(struct word *word, int op, uint32_t value)
{
	return syscall(SYS_futex, &word->value, op, value, NULL, NULL, 0);
}

static void announce(struct word *word, uint32_t value)
{
	atomic_store(&word->value, value);
	futex(word, FUTEX_WAKE, INT_MAX);
}

/* One call at least, so that a batch costs the caller as many whatever its
 * length. */
static void wait_for(struct word *word, uint32_t value)
{
	do
		futex(word, FUTEX_WAIT, value - 1);
	while (atomic_load(&word->value) != value);
}

/* Whether all have come to the gate. */
static bool has_begun(const struct crew *crew, uint32_t batch)
{
	uint32_t came = atomic_load(&crew->shared->arrived.value);

	return (int32_t)(came - batch * crew->parties) >= 0;
}

/*
 * The gate: who has come looks until the last one has. All are awake then, and
 * where each has a PU of its own all go on within the time that a cache line
 * takes; where not, each when it is its turn.
 */
static void pass_gate(struct crew *crew, uint32_t batch)
{
	atomic_fetch_add(&crew->shared->arrived.value, 1);
	while (!has_begun(crew, batch))
		if (crew->yields)
			sched_yield();
		else
			relax();
}

/* Neither the gate's calls nor the wake-ups are within the tally. */
static void work_once(struct crew *crew, unsigned me, uint32_t batch)
{
	struct member *m = &crew->shared->member[me];
	struct run *r = crew->run;
	unsigned what = r->mode == RUN_MEASURE ? TALLY_THREAD : TALLY_COUNTING;
	struct tally before, after;
	uint64_t from, to;

	pass_gate(crew, batch);
	tally_begin(&before, what);
	from = clock_now();
	m->did = crew->work(crew->arg, me, crew->shared->n);
	to = clock_now();
	tally_end(&after, what);
	m->ns = run_elapsed_ns(r, from, to);
	m->used = (struct tally){ 0 };
	tally_add(&m->used, &before, &after);
	m->pu = sched_getcpu();
}

static int member_main(void *arg)
{
	const struct seat *seat = arg;
	struct crew *crew = seat->crew;
	struct crew_shared *shared = crew->shared;
	struct run *r = crew->run;
	unsigned me = seat->me;
	uint64_t cpu_ns = counts_thread_cpu_ns();

	if ((r->mode == RUN_TRACE || r->mode == RUN_NAMES) &&
	    counts_thread(r->counts, r->traced, 0))
		die_errno("counting the system calls of party %u", me);
	for (uint32_t batch = 1;; batch++) {
		struct member *m = &shared->member[me];
		uint64_t before = cpu_ns;

		wait_for(&shared->batch, batch);
		if (!shared->n)
			return 0;
		work_once(crew, me, batch);
		cpu_ns = counts_thread_cpu_ns();
		m->other_cpu_ns = cpu_ns - before - m->used.cpu_ns;
		if (atomic_fetch_add(&shared->left.value, 1) + 1 ==
		    batch * crew->parties)
			announce(&shared->over, batch);
	}
}

/* Whether parties share a PU, or may. */
static bool is_crowded(const struct run *r, unsigned parties)
{
	return r->pu_a < 0 || parties > (r->pu_a == r->pu_b ? 1 : 2);
}

static bool is_fifo(void)
{
	return sched_getscheduler(0) == SCHED_FIFO;
}

/* The caller is on the PU of the first party, unless all are free. */
bool crew_is_stuck(const struct run *r, unsigned parties)
{
	return is_fifo() && (r->pu_a >= 0 || parties >= topo_pu_count());
}

int crew_setup(struct run *r, struct crew *crew, unsigned parties,
	       crew_work *work, void *arg)
{
	if (!parties || parties > CREW_MOST)
		return bench_fail(r, "a crew of %u: at most %d", parties,
				  CREW_MOST);
	*crew = (struct crew){
		.run = r, .work = work, .arg = arg, .parties = parties
	};
	crew->crowded = r->crowded = is_crowded(r, parties);
	/* a party begins on the PU of the one who starts it */
	crew->yields = crew->crowded || is_fifo();
	crew->shared = party_shared(sizeof(*crew->shared), r->pu_a);
	if (!crew->shared)
		return refusal_memory(r, "mmap", sizeof(*crew->shared));
	if (bench_bind(r, r->pu_a))
		return -1;
	for (unsigned i = 0; i < parties; i++) {
		struct seat *seat = &crew->seat[i];

		*seat = (struct seat){ .crew = crew, .me = i };
		if (!party_start(&seat->party, r->peer,
				 i % 2 ? r->pu_b : r->pu_a, member_main, seat))
			continue;
		return party_refused(r);
	}
	return 0;
}

void crew_start(struct crew *crew, uint64_t n)
{
	crew->shared->n = n;
	announce(&crew->shared->batch, ++crew->batch);
}

bool crew_is_over_within(struct crew *crew, double ns)
{
	struct word *word = &crew->shared->over;
	const struct timespec most = {
		.tv_sec = (time_t)(ns / 1e9),
		.tv_nsec = (long)fmod(ns, 1e9),
	};
	bool begun, over;

	do {
		begun = has_begun(crew, crew->batch);
		syscall(SYS_futex, &word->value, FUTEX_WAIT, crew->batch - 1,
			&most, NULL, 0);
		over = atomic_load(&word->value) == crew->batch;
	} while (!begun && !over);
	return over;
}

void crew_finish(struct crew *crew)
{
	struct crew_shared *shared = crew->shared;

	wait_for(&shared->over, crew->batch);
	crew->ns = 0;
	for (unsigned i = 0; i < crew->parties; i++)
		if (shared->member[i].ns > crew->ns)
			crew->ns = shared->member[i].ns;
}

uint64_t crew_run(struct crew *crew, uint64_t n)
{
	crew_start(crew, n);
	crew_finish(crew);
	return n;
}

int crew_settle(struct crew *crew)
{
	struct run *r = crew->run;

	crew->used = (struct tally){ 0 };
	r->peer_tally = &crew->used;
	r->peer_settle_ns = 0;
	for (unsigned i = 0; i < crew->parties; i++) {
		const struct member *m = crew_member(crew, i);
		int pu = crew->seat[i].party.pu;

		tally_add(&crew->used, &(struct tally){ 0 }, &m->used);
		r->peer_settle_ns += (double)m->other_cpu_ns;
		r->peer_pu = m->pu;
		if (pu >= 0 && m->pu != pu)
			return bench_fail(r, "party %u ran on PU %d, not %d", i,
					  m->pu, pu);
	}
	return 0;
}

int crew_teardown(struct crew *crew)
{
	struct run *r = crew->run;
	int result = 0;

	crew->shared->n = 0;
	announce(&crew->shared->batch, ++crew->batch);
	for (unsigned i = 0; i < crew->parties; i++) {
		int end = party_join(&crew->seat[i].party);

		if (end)
			result =
				bench_fail(r, "party %u ended with %d", i, end);
	}
	party_unshare(crew->shared, sizeof(*crew->shared));
	r->peer_tally = NULL;
	return result;
}

const struct member *crew_member(const struct crew *crew, unsigned i)
{
	return &crew->shared->member[i];
}

uint64_t crew_did(const struct crew *crew)
{
	uint64_t did = 0;

	for (unsigned i = 0; i < crew->parties; i++)
		did += crew_member(crew, i)->did;
	return did;
}
