/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Atomics of JavaScript as the kernel sees them: store, load and exchange of a
 * shared word, notify and wait, and the four as a round trip. */
#include "futex_call.h"
#include "futex_op.h"
#include "pair.h"

#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "party.h"
#include "topo.h"

/* ------------------------------------------------------------- one of them */

static void store_loop(struct word *word, int flags, uint64_t n)
{
	(void)flags;
	for (uint64_t i = 0; i < n; i++)
		atomic_store(&word->value, (uint32_t)i);
	if (atomic_load(&word->value) != (uint32_t)(n - 1))
		die("the word does not hold what was stored last");
}

static void load_loop(struct word *word, int flags, uint64_t n)
{
	uint32_t seen = 0;

	(void)flags;
	for (uint64_t i = 0; i < n; i++)
		seen |= atomic_load(&word->value);
	if (seen)
		die("a load found what nobody stored");
}

static void exchange_loop(struct word *word, int flags, uint64_t n)
{
	uint32_t wrong = 0, first = atomic_load(&word->value);

	(void)flags;
	for (uint64_t i = 1; i <= n; i++)
		wrong |= atomic_exchange(&word->value, first + (uint32_t)i) -
			 (first + (uint32_t)i - 1);
	if (wrong)
		die("an exchange did not return what was there");
}

/* As it is used: what is to be found is stored before. */
static void notify_loop(struct word *word, int flags, uint64_t n)
{
	uint64_t woken = 0;

	for (uint64_t i = 0; i < n; i++) {
		atomic_store(&word->value, (uint32_t)i);
		woken |= (uint64_t)futex_wake(word, flags, 1);
	}
	if (woken)
		die("a wake found a waiter where there is none, or failed");
}

const struct futex_op futex_atomics_store = { .kind = &futex_alone,
					      .loop = store_loop };
const struct futex_op futex_atomics_load = { .kind = &futex_alone,
					     .loop = load_loop };
const struct futex_op futex_atomics_exchange = { .kind = &futex_alone,
						 .loop = exchange_loop };
const struct futex_op futex_atomics_notify = { .kind = &futex_alone,
					       .flags = FUTEX_PRIVATE_FLAG,
					       .loop = notify_loop };

/* Threads use private futexes, as every library does; processes cannot. */
static int flags_of(const struct run *r)
{
	return r->peer == PEER_THREAD ? FUTEX_PRIVATE_FLAG : 0;
}

/* -------------------------------------------------------------- round trip */

static void notify(struct end *e)
{
	atomic_exchange(&e->theirs->value, ++e->sent);
	if (futex_wake(e->theirs, e->flags, 1) < 0)
		die_errno("FUTEX_WAKE");
}

/* Looks before it waits, as a program does that may have been notified
 * already. */
static void await(struct end *e)
{
	uint32_t want = ++e->received, seen;

	while ((seen = atomic_load(&e->mine->value)) != want) {
		if (seen != want - 1)
			die("notification %u lost: the word holds %u", want,
			    seen);
		if (futex_wait(e->mine, e->flags, seen, NULL) &&
		    errno != EAGAIN && errno != EINTR)
			die_errno("FUTEX_WAIT");
	}
}

static int trip_open(struct run *r, struct end *driver, struct end *server)
{
	driver->flags = server->flags = flags_of(r);
	return 0;
}

static uint64_t trip_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, notify, await);
}

static uint64_t trip_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, await, notify);
}

/* Each is stamped, as round trips are: one more primes, and the jitter. */
enum { MOST_TRIPS = 1 << 14 };
static uint64_t stamps[MOST_TRIPS + MOST_TRIPS / 4 + 1];

static int trip_setup(struct run *r)
{
	r->most_n = MOST_TRIPS;
	if (r->mode == RUN_MEASURE)
		r->stamps = stamps;
	return pair_setup(r);
}

static int trip_settle(struct run *r, uint64_t n)
{
	if (pair_settle(r, n))
		return -1;
	for (uint64_t i = 0; r->stamps && i < n; i++)
		run_sample(r, FUTEX_TIME,
			   run_elapsed_ns(r, stamps[i], stamps[i + 1]));
	return 0;
}

static const struct futex_kind trip = {
	.setup = trip_setup,
	.arm = pair_arm,
	.run = pair_run,
	.settle = trip_settle,
	.teardown = pair_teardown,
};

const struct futex_op futex_atomics_wait_notify = {
	.channel = { "atomics", trip_open, .drive = trip_drive,
		     .serve = trip_serve },
	.kind = &trip,
};

/* --------------------------------------------------------- a wait that waits
 */

/*
 * Here the driver is the one who waits and the other party notifies, so that
 * what is counted is the wait alone. The pair engine would count both.
 */
enum { MOST_WAITS = 1 << 12, ROOM = MOST_WAITS + MOST_WAITS / 4 };

struct shared {
	struct word word;  /* waited on; stays 0, so that a wait sleeps */
	struct word taken; /* waits that have ended; free-running */
	struct word batch, done;
	_Alignas(CACHE_LINES) _Atomic uint64_t n; /* of the batch; 0: leave */
	_Atomic int pu;                           /* the notifier's */
	_Atomic uint64_t notified[ROOM];          /* just before */
};

static struct {
	struct run *run;
	struct party party;
	struct shared *shared;
	int flags;
	uint32_t batch;
	uint64_t calls, slept;
	uint64_t ended[ROOM];
} s;

/* Untimed. After a failure the driver may be further on. */
static void wait_for(struct word *word, uint32_t value)
{
	uint32_t seen;

	while ((int32_t)((seen = atomic_load(&word->value)) - value) < 0)
		futex_wait(word, 0, seen, NULL);
}

static void announce(struct word *word, uint32_t value)
{
	atomic_store(&word->value, value);
	futex_wake(word, 0, 1);
}

static void notify_batch(struct shared *shared, uint32_t *notified,
			 uint64_t ticks)
{
	for (uint64_t i = 0; i < shared->n; i++) {
		futex_let_sleep(ticks);
		shared->notified[i] =
			futex_wake_sleeper(&shared->word, s.flags);
		++*notified;
		while (atomic_load(&shared->taken.value) != *notified)
			sched_yield();
	}
}

static int notifier_main(void *arg)
{
	struct shared *shared = s.shared;
	uint64_t ticks = futex_sleep_ticks(s.run);
	uint32_t notified = 0;

	(void)arg;
	for (uint32_t batch = 1;; batch++) {
		wait_for(&shared->batch, batch);
		if (!shared->n)
			return 0;
		notify_batch(shared, &notified, ticks);
		shared->pu = sched_getcpu();
		announce(&shared->done, batch);
	}
}

static int wait_setup(struct run *r)
{
	s.run = r;
	s.flags = flags_of(r);
	s.batch = 0; /* the notifier counts them from there */
	r->most_n = MOST_WAITS;
	if (futex_clocks(r))
		return -1;
	s.shared = party_shared(sizeof(*s.shared), r->pu_a);
	if (!s.shared)
		return bench_errno(r, "mmap of shared memory");
	if (bench_bind(r, r->pu_a))
		return -1;
	if (party_start(&s.party, r->peer, r->pu_b, notifier_main, NULL))
		return party_refused(r);
	return 0;
}

static void wait_arm(struct run *r, uint64_t n)
{
	(void)r;
	if (n > ROOM)
		die("no room to stamp %llu waits", (unsigned long long)n);
	s.shared->n = n;
	announce(&s.shared->batch, ++s.batch);
}

static uint64_t wait_loop(uint64_t n)
{
	struct shared *shared = s.shared;
	uint64_t calls = n;

	for (uint64_t i = 0; i < n; i++) {
		while (futex_wait(&shared->word, s.flags, 0, NULL)) {
			if (errno != EINTR)
				die_errno("FUTEX_WAIT");
			calls++;
		}
		s.ended[i] = clock_now();
		atomic_fetch_add(&shared->taken.value, 1);
	}
	return calls;
}

static uint64_t times_slept(void)
{
	struct rusage use;

	getrusage(RUSAGE_THREAD, &use);
	return (uint64_t)use.ru_nvcsw;
}

/* That a wait slept is known from two sides: the wake found somebody, and the
 * kernel took the waiter off its PU. */
static uint64_t wait_run(struct run *r, uint64_t n)
{
	uint64_t before = times_slept();

	(void)r;
	s.calls = wait_loop(n);
	s.slept = times_slept() - before;
	return n;
}

static int wait_settle(struct run *r, uint64_t n)
{
	struct shared *shared = s.shared;

	/* one that was woken on its way to sleep never left its PU */
	if (s.slept < n / 2)
		return bench_fail(r, "of %llu waits only %llu slept",
				  (unsigned long long)n,
				  (unsigned long long)s.slept);
	wait_for(&shared->done, s.batch);
	r->peer_pu = shared->pu;
	if (r->pu_b >= 0 && shared->pu != r->pu_b)
		return bench_fail(r, "the notifier ran on PU %d, not %d",
				  shared->pu, r->pu_b);
	if (s.slept)
		run_value(r, FUTEX_TIME + 1, (double)s.calls / (double)s.slept);
	for (uint64_t i = 0; i < n; i++)
		if (futex_woken(r, shared->notified[i], s.ended[i]))
			return -1;
	return 0;
}

static int wait_teardown(struct run *r)
{
	s.shared->n = 0;
	announce(&s.shared->batch, ++s.batch);
	if (party_join(&s.party))
		return bench_fail(r, "the notifier failed");
	return futex_judge(r);
}

static const struct futex_kind blocked_wait = {
	.setup = wait_setup,
	.arm = wait_arm,
	.run = wait_run,
	.settle = wait_settle,
	.teardown = wait_teardown,
};

const struct futex_op futex_atomics_wait = { .kind = &blocked_wait };

const struct metric futex_wait_metrics[] = {
	{ "latency", "ns" },  /* from the notify until the waiter runs */
	{ "waits", "count" }, /* calls of FUTEX_WAIT each time it slept */
	{ NULL, NULL },
};
