/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Futexes between two parties: from a wake to the first instruction of who
 * slept, by every kind of wait; and a sleeper put from one word to another. */
#include "futex_call.h"
#include "futex_op.h"
#include "pair.h"

#include <sched.h>

#include "party.h"

/* Of both ends, beside the two words that they have anyway: the server sleeps
 * on its own, the driver on its own for the answer. */
struct extra {
	struct word second; /* another word to sleep on; stays 0, as the first
			     * does, so that a waiter always sleeps */
	uint64_t sleep_ticks;
};

static int open_words(struct run *r, struct end *driver, struct end *server)
{
	const struct futex_op *op = r->variant->arg;
	struct extra *extra;

	if (futex_is_there(r))
		return -1;
	extra = party_shared(sizeof(*extra), r->pu_a);
	if (!extra)
		return -1;
	extra->sleep_ticks = futex_sleep_ticks(r);
	driver->shared = server->shared = extra;
	driver->flags = server->flags = op->flags;
	return 0;
}

static void close_words(struct end *driver, struct end *server)
{
	(void)server;
	party_unshare(driver->shared, sizeof(struct extra));
}

static struct word *second_word(const struct end *e)
{
	struct extra *extra = e->shared;

	return &extra->second;
}

static void let_it_sleep(const struct end *e)
{
	const struct extra *extra = e->shared;

	futex_let_sleep(extra->sleep_ticks);
}

/* ------------------------------------------------ wait and wake, the answer */

/* The way back is always the same futex, whatever is measured there. */
static void answer(struct end *e)
{
	atomic_store(&e->theirs->value, ++e->sent);
	if (futex_wake(e->theirs, 0, 1) < 0)
		die_errno("FUTEX_WAKE");
}

static void await_answer(struct end *e)
{
	uint32_t want = ++e->received, seen;

	while ((seen = atomic_load(&e->mine->value)) != want)
		if (futex_wait(e->mine, 0, seen, NULL) && errno != EAGAIN &&
		    errno != EINTR)
			die_errno("FUTEX_WAIT");
}

static void wait_sleep(struct end *e)
{
	while (futex_wait(e->mine, e->flags, 0, NULL))
		if (errno != EINTR)
			die_errno("FUTEX_WAIT");
}

static uint64_t wait_wake(struct end *e)
{
	let_it_sleep(e);
	return futex_wake_sleeper(e->theirs, e->flags);
}

/* ------------------------------------------------------------------ bitset */

enum { BIT = 1 << 7 };

static void bitset_sleep(struct end *e)
{
	while (futex_wait_bits(e->mine, e->flags, 0, BIT))
		if (errno != EINTR)
			die_errno("FUTEX_WAIT_BITSET");
}

static uint64_t bitset_wake(struct end *e)
{
	struct timespec since = { 0 };
	uint64_t before;
	long woken;

	let_it_sleep(e);
	do {
		before = clock_now();
		woken = futex_wake_bits(e->theirs, e->flags, 1, BIT);
		if (woken < 0)
			die_errno("FUTEX_WAKE_BITSET");
		if (!woken && futex_tired(&since))
			die("the waiter never slept");
	} while (!woken);
	return before;
}

/* ------------------------------------------------------------------- waitv */

static uint64_t address_of(struct word *word)
{
	return (uint64_t)(uintptr_t)&word->value;
}

/* On two words, of which the second is always the one that is woken. */
static void waitv_sleep(struct end *e)
{
	uint32_t flags = FUTEX_WATCHED_32_BITS | (uint32_t)e->flags;
	const struct futex_watched watched[] = {
		{ 0, address_of(second_word(e)), flags, 0 },
		{ 0, address_of(e->mine), flags, 0 },
	};
	long which;

	while ((which = futex_wait_any(watched, 2)) != 1)
		if (which >= 0)
			die("futex_waitv: woken at word %ld", which);
		else if (errno != EINTR)
			die_errno("futex_waitv");
}

static long probe_waitv(void)
{
	return futex_wait_any(NULL, 0);
}

/* ------------------------------------------- a lock handed over by priority */

/*
 * The driver has the lock, gives it to the server and takes it back, which
 * waits for it in turn. On two PUs the kernel lets who waits spin for as long
 * as the owner runs (rtmutex_spin_on_owner), so that not every wait sleeps:
 * the switches tell.
 */
static struct word *lock_of(const struct end *e)
{
	return e->is_driver ? e->theirs : e->mine;
}

static void pi_lock(struct end *e)
{
	while (futex_lock_pi(lock_of(e), e->flags))
		if (errno != EINTR && errno != EAGAIN)
			die_errno("FUTEX_LOCK_PI");
}

static bool pi_is_mine(const struct end *e)
{
	uint32_t owner = atomic_load(&lock_of(e)->value) & FUTEX_TID_MASK;

	return owner == *(const uint32_t *)e->own;
}

/*
 * Returns once the other has it, or it could be taken a second time; whether
 * the kernel handed it over to one who slept: only then is the word marked as
 * waited for while its former owner does not wait yet.
 */
static bool pi_unlock(struct end *e)
{
	uint32_t value;

	if (futex_unlock_pi(lock_of(e), e->flags))
		die("FUTEX_UNLOCK_PI: %s", strerror(errno));
	while (!((value = atomic_load(&lock_of(e)->value)) & FUTEX_TID_MASK))
		sched_yield();
	return value & FUTEX_WAITERS;
}

/* That the other is about to wait for the lock. */
static struct word *about_to_wait(const struct end *e, bool driver)
{
	return driver ? second_word(e) : e->is_driver ? e->mine : e->theirs;
}

static void pi_sleep(struct end *e)
{
	atomic_fetch_add(&about_to_wait(e, e->is_driver)->value, 1);
	pi_lock(e);
}

static void pi_await_sleeper(struct end *e)
{
	struct word *about = about_to_wait(e, !e->is_driver);
	uint32_t want = ++e->received;

	while (atomic_load(&about->value) != want)
		sched_yield();
}

/* 0: it did not sleep yet, and this was no wake. */
static uint64_t pi_wake(struct end *e)
{
	uint64_t before;

	pi_await_sleeper(e);
	let_it_sleep(e);
	before = clock_now();
	return pi_unlock(e) ? before : 0;
}

static void pi_answer(struct end *e)
{
	if (!pi_is_mine(e))
		die("FUTEX_LOCK_PI returned without the lock");
	pi_await_sleeper(e);
	pi_unlock(e);
}

static int pi_enter(struct end *e)
{
	static _Thread_local uint32_t tid;

	tid = (uint32_t)gettid();
	e->own = &tid;
	if (e->is_driver)
		pi_lock(e);
	return 0;
}

static void pi_leave(struct end *e)
{
	if (e->is_driver && futex_unlock_pi(lock_of(e), e->flags))
		die("FUTEX_UNLOCK_PI: %s", strerror(errno));
}

long futex_probe_pi(void)
{
	struct word free = { 0 };

	return futex_lock_pi(&free, FUTEX_PRIVATE_FLAG);
}

/* -------------------------------------------------------------- wake to run */

/* wake and sleep are what is measured, and known at compile time; the way back
 * is not timed. A wake says when it was made; 0: it found nobody asleep. */
PAIR_INLINE uint64_t drive_wakes(struct end *e, uint64_t n,
				 uint64_t (*wake)(struct end *),
				 void (*await)(struct end *))
{
	for (uint64_t i = 0; i < n; i++) {
		e->stamps[3 * i] = wake(e);
		await(e);
	}
	return n;
}

/* The first thing the sleeper does is to read the clock. */
PAIR_INLINE uint64_t serve_wakes(struct end *e, uint64_t n,
				 void (*sleep)(struct end *),
				 void (*back)(struct end *))
{
	for (uint64_t i = 0; i < n; i++) {
		sleep(e);
		e->stamps[i] = clock_now();
		back(e);
	}
	return n;
}

#define WAKES(NAME, wake, await, sleep, back)                         \
	static uint64_t NAME##_drive_wakes(struct end *e, uint64_t n) \
	{                                                             \
		return drive_wakes(e, n, wake, await);                \
	}                                                             \
	static uint64_t NAME##_serve_wakes(struct end *e, uint64_t n) \
	{                                                             \
		return serve_wakes(e, n, sleep, back);                \
	}
WAKES(wait, wait_wake, await_answer, wait_sleep, answer)
WAKES(bitset, bitset_wake, await_answer, bitset_sleep, answer)
WAKES(waitv, wait_wake, await_answer, waitv_sleep, answer)
WAKES(pi, pi_wake, pi_sleep, pi_sleep, pi_answer)

static int run_setup(struct run *r)
{
	return futex_clocks(r) ? -1 : pair_setup_halves(r, NULL);
}

static int run_settle(struct run *r, uint64_t n)
{
	uint64_t woken = 0;

	if (pair_settle(r, n))
		return -1;
	for (uint64_t i = 1; i <= n; i++) {
		struct halves h = pair_halves(r, i);

		if (!h.before)
			continue;
		woken++;
		if (futex_woken(r, h.before, h.ran))
			return -1;
	}
	if (woken < n / 2)
		return bench_fail(r, "only %llu of %llu slept when woken",
				  (unsigned long long)woken,
				  (unsigned long long)n);
	return 0;
}

static int run_teardown(struct run *r)
{
	return pair_teardown(r) ? -1 : futex_judge(r);
}

static const struct futex_kind wake_to_run = {
	.setup = run_setup,
	.arm = pair_arm,
	.run = pair_run,
	.settle = run_settle,
	.teardown = run_teardown,
};

/* ------------------------------------------------------------------ requeue */

/*
 * The server sleeps once a batch, and is put from one word to the other and
 * back meanwhile. A wake of before that comes late may rouse it once: the
 * kernel then lets it wait again, on the word where it began.
 */
static struct {
	struct word *word[2];
	unsigned at; /* the word where it sleeps now */
	int flags;
} asleep;

static long put_over(void)
{
	struct word *from = asleep.word[asleep.at];
	long moved;

	asleep.at ^= 1;
	moved = futex_requeue(from, asleep.flags, 0, 1, asleep.word[asleep.at],
			      0);
	if (moved < 0)
		die_errno("FUTEX_CMP_REQUEUE");
	return moved;
}

static void find_it(void)
{
	struct timespec since = { 0 };

	while (put_over() != 1)
		if (futex_tired(&since))
			die("the waiter sleeps on neither word");
}

static uint64_t requeue_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	(void)e;
	(void)stamps;
	for (uint64_t i = 0; i < n; i++)
		if (put_over() != 1)
			find_it();
	return n;
}

static uint64_t requeue_serve(struct end *e, uint64_t n)
{
	wait_sleep(e);
	return n;
}

static int requeue_open(struct run *r, struct end *driver, struct end *server)
{
	if (open_words(r, driver, server))
		return -1;
	asleep.word[0] = driver->theirs;
	asleep.word[1] = second_word(driver);
	asleep.flags = driver->flags;
	return 0;
}

/* It sleeps from the first operation on: it is still there after time to be
 * roused and to sleep again. */
static void requeue_arm(struct run *r, uint64_t n)
{
	pair_arm(r, n);
	do {
		find_it();
		sched_yield();
		futex_let_sleep(futex_sleep_ticks(r));
	} while (put_over() != 1);
}

static uint64_t requeue_run(struct run *r, uint64_t n)
{
	uint64_t from = clock_now(), moved = pair_run(r, n);

	run_mean(r, FUTEX_TIME,
		 run_elapsed_ns(r, from, clock_now()) / (double)n);
	return moved;
}

/* It still sleeps, on the word where it was put last, and nobody else. */
static int requeue_settle(struct run *r, uint64_t n)
{
	long woken = futex_wake(asleep.word[asleep.at], asleep.flags, 2);

	if (woken != 1) {
		bench_fail(r, "%ld woken where one was requeued to", woken);
		futex_wake(asleep.word[asleep.at ^ 1], asleep.flags, 2);
	}
	return pair_settle(r, n) || woken != 1 ? -1 : 0;
}

static const struct futex_kind requeue = {
	.setup = pair_setup,
	.arm = requeue_arm,
	.run = requeue_run,
	.settle = requeue_settle,
	.teardown = pair_teardown,
};

/* -------------------------------------------------------------- the table */

#define PRIVATE_AND_SHARED(NAME, ...)                               \
	const struct futex_op futex_##NAME##_private = {            \
		.flags = FUTEX_PRIVATE_FLAG, __VA_ARGS__            \
	};                                                          \
	const struct futex_op futex_##NAME##_shared = { .flags = 0, \
							__VA_ARGS__ };

#define RUNS(NAME, ...)                                                        \
	.kind = &wake_to_run, .channel = { #NAME,                              \
					   open_words,                         \
					   .close = close_words,               \
					   .drive_halves = NAME##_drive_wakes, \
					   .serve_halves = NAME##_serve_wakes, \
					   __VA_ARGS__ }

PRIVATE_AND_SHARED(run, RUNS(wait))
PRIVATE_AND_SHARED(run_bitset, RUNS(bitset))
PRIVATE_AND_SHARED(run_waitv, RUNS(waitv), .probe = probe_waitv,
		   .call = "futex_waitv")
PRIVATE_AND_SHARED(hand_over_pi, RUNS(pi, .enter = pi_enter, .leave = pi_leave),
		   .probe = futex_probe_pi, .call = "FUTEX_LOCK_PI")
PRIVATE_AND_SHARED(requeue, .kind = &requeue,
		   .channel = { "requeue", requeue_open, .close = close_words,
				.drive = requeue_drive,
				.serve = requeue_serve })
