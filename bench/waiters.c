/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiters: many sleep on one futex; from the one wake for all until it returns,
 * the first of them runs and the last; or they are handed on one by one. */
#include "apart.h"
#include "futex_call.h"
#include "refusal.h"

#include <limits.h>
#include <sched.h>
#include <stdlib.h>

#include "party.h"
#include "topo.h"

/* From just before the call, all by one clock. */
enum { CALL, FIRST, LAST };

enum {
	STACK = 1 << 20,    /* addresses of a thread's, hardly any touched */
	TOUCHED = 64 << 10, /* memory of a waiter, about */
};

struct kind {
	int flags;
	bool requeues; /* wakes one and puts the rest on another word, where
			* each that runs wakes the next, as a mutex is handed
			* on; else wakes all */
};

/* One of them, on lines of its own. */
struct waiter {
	_Alignas(CACHE_LINES) _Atomic uint64_t ran_at;
	_Atomic uint32_t woken; /* wake-ups answered; free-running */
	_Atomic int pu;
};

/* In memory all share. */
struct shared {
	struct word word;   /* waited on: the number of the wake-up */
	struct word second; /* where the rest are put; stays 0 */
	struct word about;  /* times that one was about to wait */
	struct word ran;    /* and ran; both free-running */
	_Atomic bool quit;
	struct waiter waiter[];
};

static struct state {
	struct run *run;
	struct kind kind;
	uint32_t count, started;
	struct shared *shared;
	size_t shared_size;
	struct party *party;
	struct apart apart;
	bool failed; /* the clocks do not agree after all */
} s;

/* The others alternate between the PUs of the place, the farther one first. */
static int pu_of(const struct run *r, uint32_t i)
{
	return i % 2 ? r->pu_a : r->pu_b;
}

/* ------------------------------------------------------------- the waiters */

static void sleep_until(struct word *word, uint32_t passed)
{
	while (atomic_load(&word->value) == passed)
		if (futex_wait(word, s.kind.flags, passed, NULL) &&
		    errno != EAGAIN && errno != EINTR)
			die_errno("FUTEX_WAIT");
}

/* The last to run wakes the driver, which sleeps meanwhile: it may be on the
 * PU of some. */
static void tell(struct shared *shared, uint32_t round)
{
	uint32_t all = (round + 1) * s.count;

	if (atomic_fetch_add(&shared->ran.value, 1) + 1 == all &&
	    futex_wake(&shared->ran, 0, 1) < 0)
		die_errno("FUTEX_WAKE");
}

/* The first thing it does after its sleep is to read the clock, and the second,
 * where it has to, to wake the next. */
static int waiter_main(void *arg)
{
	struct waiter *me = arg;
	struct shared *shared = s.shared;

	for (uint32_t round = 0;; round++) {
		uint64_t now;

		atomic_fetch_add(&shared->about.value, 1);
		sleep_until(&shared->word, round);
		now = clock_now();
		if (s.kind.requeues &&
		    futex_wake(&shared->second, s.kind.flags, 1) < 0)
			die_errno("FUTEX_WAKE");
		if (atomic_load(&shared->quit))
			return 0;
		me->ran_at = now;
		me->pu = sched_getcpu();
		me->woken = round + 1;
		tell(shared, round);
	}
}

/* -------------------------------------------------------------- the driver */

/* How many it found asleep. */
static long wake_all(uint32_t round)
{
	struct shared *shared = s.shared;

	atomic_store(&shared->word.value, round + 1);
	if (s.kind.requeues)
		return futex_requeue(&shared->word, s.kind.flags, 1, INT_MAX,
				     &shared->second, round + 1);
	return futex_wake(&shared->word, s.kind.flags, INT_MAX);
}

/* Another PU's need time to fall asleep after they have said that they will. */
static void let_them_sleep(const struct run *r, uint32_t round)
{
	uint32_t all = (round + 1) * s.count;
	uint64_t from;

	while (atomic_load(&s.shared->about.value) != all)
		sched_yield();
	sched_yield();
	if (r->pu_a == r->pu_b && r->pu_a >= 0)
		return;
	from = clock_now();
	while (clock_diff_ns(&r->clock, from, clock_now()) < 20000)
		;
}

static void await_all(uint32_t round)
{
	struct word *ran = &s.shared->ran;
	uint32_t all = (round + 1) * s.count, seen;

	while ((seen = atomic_load(&ran->value)) != all)
		futex_wait(ran, 0, seen, NULL);
}

/* Every one ran, once, where it should; when the first and the last did. */
static void check_all(const struct run *r, uint32_t round, uint64_t *first,
		      uint64_t *last)
{
	*first = UINT64_MAX;
	*last = 0;
	for (uint32_t i = 0; i < s.count; i++) {
		const struct waiter *w = &s.shared->waiter[i];
		uint64_t ran_at = w->ran_at;

		if (w->woken != round + 1)
			die("waiter %u ran %u times in %u wake-ups", i,
			    w->woken, round + 1);
		if (pu_of(r, i) >= 0 && w->pu != pu_of(r, i))
			die("waiter %u ran on PU %d, not %d", i, w->pu,
			    pu_of(r, i));
		*first = ran_at < *first ? ran_at : *first;
		*last = ran_at > *last ? ran_at : *last;
	}
}

/* Whether all slept; only then is it a sample. */
static bool wake_once(struct run *r)
{
	uint32_t round = atomic_load(&s.shared->word.value);
	uint64_t before, after, first, last;
	long found;

	let_them_sleep(r, round);
	before = clock_now();
	found = wake_all(round);
	after = clock_now();
	if (found < 0)
		die_errno(s.kind.requeues ? "FUTEX_CMP_REQUEUE" : "FUTEX_WAKE");
	await_all(round);
	check_all(r, round, &first, &last);
	if (found != (long)s.count)
		return false;
	run_sample(r, CALL, run_elapsed_ns(r, before, after));
	if (apart_wake(r, &s.apart, FIRST, before, first))
		s.failed = true;
	run_sample(r, LAST, run_elapsed_ns(r, before, last));
	return true;
}

static uint64_t run(struct run *r, uint64_t n)
{
	struct timespec since = { 0 };

	for (uint64_t i = 0; i < n;) {
		if (wake_once(r)) {
			since.tv_sec = 0;
			i++;
		} else if (futex_tired(&since)) {
			die("not all of %u waiters ever slept", s.count);
		}
	}
	r->peer_pu = s.shared->waiter[0].pu;
	return n;
}

static int settle(struct run *r, uint64_t n)
{
	(void)r;
	(void)n;
	return s.failed ? -1 : 0;
}

/* --------------------------------------------------------- setup and an end */

/* The default is 8 MiB of addresses each, which a limit may not allow. */
static int shrink_stacks(void)
{
	pthread_attr_t attr;
	int error;

	pthread_attr_init(&attr);
	error = pthread_attr_setstacksize(&attr, STACK);
	if (!error)
		error = pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
	return error;
}

static void let_go(void)
{
	struct shared *shared = s.shared;

	atomic_store(&shared->quit, true);
	atomic_fetch_add(&shared->word.value, 1);
	futex_wake(&shared->word, s.kind.flags, INT_MAX);
}

static int join_all(void)
{
	int failed = 0;

	for (uint32_t i = 0; i < s.started; i++)
		failed |= party_join(&s.party[i]);
	return failed;
}

static int start_all(struct run *r)
{
	for (; s.started < s.count; s.started++)
		if (party_start(&s.party[s.started], r->peer,
				pu_of(r, s.started), waiter_main,
				&s.shared->waiter[s.started])) {
			party_refused(r);
			let_go();
			join_all();
			return -1;
		}
	return 0;
}

static int setup(struct run *r)
{
	s.run = r;
	s.kind = *(const struct kind *)r->variant->arg;
	s.count = (uint32_t)run_count(r);
	r->state = &s;
	if (apart_open(r, &s.apart))
		return -1;
	if (bench_needs_memory(r, s.count * (uint64_t)TOUCHED))
		return -1;
	s.shared_size = sizeof(*s.shared) + s.count * sizeof(struct waiter);
	s.shared = party_shared(s.shared_size, r->pu_a);
	s.party = calloc(s.count, sizeof(*s.party));
	if (!s.shared || !s.party)
		return refusal_memory(r, "memory", s.shared_size);
	errno = r->peer == PEER_THREAD ? shrink_stacks() : 0;
	if (errno)
		return bench_errno(r, "mmap of stacks of %d bytes", STACK);
	if (bench_bind(r, r->pu_a))
		return -1;
	return start_all(r);
}

static int teardown(struct run *r)
{
	int failed;

	let_go();
	failed = join_all();
	free(s.party);
	party_unshare(s.shared, s.shared_size);
	return failed ? bench_fail(r, "a waiter failed") :
			apart_judge(r, &s.apart);
}

/* -------------------------------------------------------------- the table */

static const struct kind all_private = { FUTEX_PRIVATE_FLAG },
			 all_shared = { 0 },
			 requeue_private = { FUTEX_PRIVATE_FLAG, true },
			 requeue_shared = { 0, true };

enum {
	THREAD = PEER_THREAD,
	BOTH = PEER_THREAD | PEER_PROCESS,
	BOUND = PLACE_ONE_PU | PLACES_TWO_PUS,
};

static const struct variant variants[] = {
#define ALL_PRIVATE "wake_all_private", &all_private
	{ ALL_PRIVATE, THREAD, BOUND },
	{ ALL_PRIVATE, THREAD, PLACE_ANY, NULL, FULL },
	{ "wake_all_shared", &all_shared, BOTH, PLACES_ALL, NULL, FULL },
	{ "requeue_private", &requeue_private, THREAD, PLACES_ALL, NULL, FULL },
	{ "requeue_shared", &requeue_shared, BOTH, PLACES_ALL, NULL, FULL },
	{ NULL },
};

static const struct metric metrics[] = {
	/* until the call returns: on one PU often only after some have run, as
	 * the kernel switches to them within it */
	{ "call", "ns" },
	{ "first", "ns" },
	{ "last", "ns" },
	{ NULL, NULL },
};

static const uint64_t counts[] = { 1, 4, 16, PARAM_END };
static const uint64_t more_counts[] = { 2,        8, 64, 256, PARAM_TWICE_PUS,
					PARAM_END };

const struct bench bench_waiters = {
	.name = "waiters",
	.title = "many sleep on a futex: one wake until the first, the last "
		 "runs",
	.unit = "ns",
	.variants = variants,
	.param = "waiters",
	.values = counts,
	.full_values = more_counts,
	.metrics = metrics,
	.spawns = true,
	.setup = setup,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
