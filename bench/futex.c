/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Futex: what a wake costs when nobody waits, a wait when the value has
 * changed or its time is over, and how long from a wake to the first
 * instruction of the waiter, by every call that the kernel has for it. */
#include "apart.h"
#include "futex_call.h"
#include "futex_op.h"

#include <sched.h>
#include <string.h>
#include <sys/prctl.h>

#include "pair.h"
#include "party.h"
#include "topo.h"

/* ---------------------------------------------------- what all kinds share */

int futex_is_there(struct run *r)
{
	const struct futex_op *op = r->variant->arg;

	/* EINVAL: it is, and found that it was only tried */
	if (!op->probe || op->probe() >= 0 || errno == EINVAL)
		return 0;
	return bench_errno(r, "%s", op->call);
}

static bool is_one_pu(const struct run *r)
{
	return r->pu_a == r->pu_b && r->pu_a >= 0;
}

static struct apart apart;

int futex_clocks(struct run *r)
{
	return apart_open(r, &apart);
}

int futex_woken(struct run *r, uint64_t from, uint64_t to)
{
	return apart_wake(r, &apart, FUTEX_TIME, from, to);
}

int futex_judge(struct run *r)
{
	return apart_judge(r, &apart);
}

uint64_t futex_sleep_ticks(const struct run *r)
{
	const double ns = 20000;

	return is_one_pu(r) ? 0 : (uint64_t)(ns / r->clock.ns_per_tick);
}

uint64_t futex_wake_sleeper(struct word *word, int flags)
{
	struct timespec since = { 0 };
	uint64_t before;
	long woken;

	do {
		before = clock_now();
		woken = futex_wake(word, flags, 1);
		if (woken < 0)
			die_errno("FUTEX_WAKE");
		if (!woken && futex_tired(&since))
			die("the waiter never slept");
	} while (!woken);
	return before;
}

/* --------------------------------------------------------- one party alone */

static struct word *alone; /* stays 0 but for Atomics, which store in it */

static int alone_setup(struct run *r)
{
	if (futex_is_there(r))
		return -1;
	alone = party_shared(sizeof(*alone), r->pu_a);
	if (!alone)
		return bench_errno(r, "mmap of shared memory");
	return 0;
}

static uint64_t alone_run(struct run *r, uint64_t n)
{
	const struct futex_op *op = r->variant->arg;
	uint64_t from = clock_now();

	op->loop(alone, op->flags, n);
	run_mean(r, FUTEX_TIME,
		 run_elapsed_ns(r, from, clock_now()) / (double)n);
	return n;
}

const struct futex_kind futex_alone = { .setup = alone_setup,
					.run = alone_run };

static void wake_none(struct word *word, int flags, uint64_t n)
{
	uint64_t woken = 0;

	for (uint64_t i = 0; i < n; i++)
		woken |= (uint64_t)futex_wake(word, flags, 1);
	if (woken)
		die("a wake found a waiter where there is none, or failed");
}

/* The word holds 0 and is expected to hold 1: the kernel must say EAGAIN. */
static void wait_changed(struct word *word, int flags, uint64_t n)
{
	uint64_t refused = 0;

	for (uint64_t i = 0; i < n; i++)
		refused += futex_wait(word, flags, 1, NULL) == -1 &&
			   errno == EAGAIN;
	if (refused != n)
		die("%llu of %llu waits on a changed value were not refused",
		    (unsigned long long)(n - refused), (unsigned long long)n);
}

/* To another word of nobody's. */
static void requeue_none(struct word *word, int flags, uint64_t n)
{
	static struct word other;
	uint64_t moved = 0;

	for (uint64_t i = 0; i < n; i++)
		moved |= (uint64_t)futex_requeue(word, flags, 1, 1, &other, 0);
	if (moved)
		die("a requeue found a waiter where there is none, or failed");
}

/* By the kernel, which a library only asks where the word is not free. */
static void lock_pi(struct word *word, int flags, uint64_t n)
{
	uint64_t failed = 0;

	for (uint64_t i = 0; i < n; i++) {
		failed |= (uint64_t)futex_lock_pi(word, flags);
		failed |= (uint64_t)futex_unlock_pi(word, flags);
	}
	if (failed || atomic_load(&word->value))
		die("FUTEX_LOCK_PI, FUTEX_UNLOCK_PI: %s", strerror(errno));
}

/* ------------------------------------------------------ a wait that runs out
 */

enum { LATE, SLACK };

static const struct timespec timeout = { .tv_nsec = 100000 };

struct timeout_op {
	struct futex_op op;
	unsigned long slack_ns; /* 0: what the thread has */
};

static int timeout_setup(struct run *r)
{
	const struct timeout_op *op = r->variant->arg;

	if (op->slack_ns && prctl(PR_SET_TIMERSLACK, op->slack_ns))
		return bench_errno(r, "prctl(PR_SET_TIMERSLACK)");
	r->idles = true;
	r->count_n = 200;
	return alone_setup(r);
}

static uint64_t timeout_run(struct run *r, uint64_t n)
{
	const struct futex_op *op = r->variant->arg;
	uint64_t i = 0;

	while (i < n) {
		uint64_t from = clock_now(), to;
		long result = futex_wait(alone, op->flags, 0, &timeout);

		to = clock_now();
		if (result == -1 && errno == EINTR)
			continue;
		if (result != -1 || errno != ETIMEDOUT)
			die("nobody woke it, yet FUTEX_WAIT did not time out");
		/* a reading is good to a step */
		if (clock_diff_ns(&r->clock, from, to) + r->clock.step_ns <
		    (double)timeout.tv_nsec * 0.999)
			die("FUTEX_WAIT timed out before its time");
		run_sample(r, LATE,
			   run_elapsed_ns(r, from, to) -
				   (double)timeout.tv_nsec);
		i++;
	}
	return n;
}

/* Rounding by the kernel, so that it can wake several at a time. */
static int timeout_settle(struct run *r, uint64_t n)
{
	(void)n;
	run_value(r, SLACK, prctl(PR_GET_TIMERSLACK));
	return 0;
}

static const struct futex_kind runs_out = {
	.setup = timeout_setup,
	.run = timeout_run,
	.settle = timeout_settle,
};

/* ---------------------------------------------------------- the benchmark */

static const struct futex_kind *kind_of(const struct run *r)
{
	const struct futex_op *op = r->variant->arg;

	return op->kind;
}

static int setup(struct run *r)
{
	return kind_of(r)->setup(r);
}

static void arm(struct run *r, uint64_t n)
{
	if (kind_of(r)->arm)
		kind_of(r)->arm(r, n);
}

static uint64_t run(struct run *r, uint64_t n)
{
	return kind_of(r)->run(r, n);
}

static int settle(struct run *r, uint64_t n)
{
	return kind_of(r)->settle ? kind_of(r)->settle(r, n) : 0;
}

static int teardown(struct run *r)
{
	return kind_of(r)->teardown ? kind_of(r)->teardown(r) : 0;
}

/* -------------------------------------------------------------- the table */

#define PRIVATE_AND_SHARED(NAME, ...)                                       \
	static const struct futex_op NAME##_private = {                     \
		.kind = &futex_alone,                                       \
		.flags = FUTEX_PRIVATE_FLAG,                                \
		.loop = NAME,                                               \
		__VA_ARGS__                                                 \
	};                                                                  \
	static const struct futex_op NAME##_shared = {                      \
		.kind = &futex_alone, .flags = 0, .loop = NAME, __VA_ARGS__ \
	};
PRIVATE_AND_SHARED(wake_none)
PRIVATE_AND_SHARED(wait_changed)
PRIVATE_AND_SHARED(requeue_none)
PRIVATE_AND_SHARED(lock_pi, .probe = futex_probe_pi, .call = "FUTEX_LOCK_PI")

static const struct timeout_op
	timeout_private = { { .kind = &runs_out,
			      .flags = FUTEX_PRIVATE_FLAG } },
	timeout_shared = { { .kind = &runs_out } },
	timeout_no_slack = { { .kind = &runs_out, .flags = FUTEX_PRIVATE_FLAG },
			     1 };

static const struct metric timeout_metrics[] = {
	{ "late", "ns" },  /* from the deadline until the waiter runs */
	{ "slack", "ns" }, /* how late the kernel may make it, to save power */
	{ NULL, NULL },
};

enum {
	THREAD = PEER_THREAD,
	BOTH = PEER_THREAD | PEER_PROCESS,
	BOUND = PLACE_ONE_PU | PLACES_TWO_PUS,
};

static const struct variant variants[] = {
	{ "wake_none_private", &wake_none_private },
	{ "wake_none_shared", &wake_none_shared },
	{ "wait_changed_private", &wait_changed_private },
	{ "wait_changed_shared", &wait_changed_shared },
	{ "wake_to_run_private", &futex_run_private, THREAD, PLACES_ALL },
	{ "wake_to_run_shared", &futex_run_shared, BOTH, PLACES_ALL },
	{ "atomics_store", &futex_atomics_store },
	{ "atomics_load", &futex_atomics_load },
	{ "atomics_exchange", &futex_atomics_exchange },
	{ "atomics_notify", &futex_atomics_notify },
#define ATOMICS_WAIT "atomics_wait", &futex_atomics_wait
	/* what it asks of the kernel is in every run, the rest not */
	{ ATOMICS_WAIT, THREAD, BOUND, .metrics = futex_wait_metrics },
#define MORE NULL, FULL
	{ ATOMICS_WAIT, THREAD, PLACE_ANY, MORE,
	  .metrics = futex_wait_metrics },
	{ ATOMICS_WAIT, PEER_PROCESS, PLACES_ALL, MORE,
	  .metrics = futex_wait_metrics },
	{ "atomics_wait_notify", &futex_atomics_wait_notify, BOTH, PLACES_ALL,
	  MORE },
	{ "wait_timeout_private", &timeout_private, 0, 0, MORE,
	  .metrics = timeout_metrics },
	{ "wait_timeout_shared", &timeout_shared, 0, 0, MORE,
	  .metrics = timeout_metrics },
	{ "wait_timeout_no_slack", &timeout_no_slack, 0, 0, MORE,
	  .metrics = timeout_metrics },
	{ "requeue_none_private", &requeue_none_private, 0, 0, MORE },
	{ "requeue_none_shared", &requeue_none_shared, 0, 0, MORE },
	{ "lock_pi_private", &lock_pi_private, 0, 0, MORE },
	{ "lock_pi_shared", &lock_pi_shared, 0, 0, MORE },
	{ "requeue_private", &futex_requeue_private, THREAD, BOUND, MORE },
	{ "requeue_shared", &futex_requeue_shared, BOTH, BOUND, MORE },
	{ "wake_to_run_bitset_private", &futex_run_bitset_private, THREAD,
	  PLACES_ALL, MORE },
	{ "wake_to_run_bitset_shared", &futex_run_bitset_shared, BOTH,
	  PLACES_ALL, MORE },
	{ "wake_to_run_waitv_private", &futex_run_waitv_private, THREAD,
	  PLACES_ALL, MORE },
	{ "wake_to_run_waitv_shared", &futex_run_waitv_shared, BOTH, PLACES_ALL,
	  MORE },
	{ "hand_over_pi_private", &futex_hand_over_pi_private, THREAD,
	  PLACES_ALL, MORE },
	{ "hand_over_pi_shared", &futex_hand_over_pi_shared, BOTH, PLACES_ALL,
	  MORE },
	{ NULL },
};

static const struct metric metrics[] = {
	{ "latency", "ns" },
	{ NULL, NULL },
};

const struct bench bench_futex = {
	.name = "futex",
	.title = "futex wait and wake, and from the wake to the waiter running",
	.unit = "ns",
	.variants = variants,
	.metrics = metrics,
	.counts = COUNT_SYSCALLS | COUNT_SWITCHES | COUNT_NAMES,
	.stamps = true,
	.setup = setup,
	.arm = arm,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
