/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Futex: what a wake costs when nobody waits, a wait when the value has
 * changed, and how long from a wake to the first instruction of the waiter. */
#include "bench.h"

#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "party.h"
#include "topo.h"

enum { LATENCY };

/* In memory both parties share. */
struct shared {
	struct word word;  /* the futex; stays 0, so a waiter always sleeps */
	struct word woken; /* wake-ups the waiter has answered */
	struct word quit;
	/* The waiter's clock and PU; atomic, as only the futex orders them. */
	_Alignas(CACHE_LINES) _Atomic uint64_t ran_at;
	_Atomic int pu;
};

struct state {
	struct run *run;
	struct party party;
	struct shared *shared;
	int flags;
};

struct op {
	int flags;
	uint64_t (*run)(struct run *r, uint64_t n);
	bool waiter;
};

static long futex(struct word *word, int op, uint32_t value)
{
	return syscall(SYS_futex, &word->value, op, value, NULL, NULL, 0);
}

static uint64_t wake_none(struct run *r, uint64_t n)
{
	struct state *s = r->state;
	uint64_t from = clock_now(), woken = 0;

	for (uint64_t i = 0; i < n; i++)
		woken |= (uint64_t)futex(&s->shared->word,
					 FUTEX_WAKE | s->flags, 1);
	run_mean(r, LATENCY, run_elapsed_ns(r, from, clock_now()) / (double)n);
	if (woken)
		die("a wake found a waiter where there is none, or failed");
	return n;
}

/* The word holds 0 and is expected to hold 1: the kernel must say EAGAIN. */
static uint64_t wait_changed(struct run *r, uint64_t n)
{
	struct state *s = r->state;
	uint64_t from = clock_now(), refused = 0;

	for (uint64_t i = 0; i < n; i++)
		refused += futex(&s->shared->word, FUTEX_WAIT | s->flags, 1) ==
				   -1 &&
			   errno == EAGAIN;
	run_mean(r, LATENCY, run_elapsed_ns(r, from, clock_now()) / (double)n);
	return refused;
}

/* The first thing the waiter does after its sleep is to read the clock. */
static int waiter_main(void *arg)
{
	struct state *s = arg;
	struct shared *shared = s->shared;

	if (s->run->mode == RUN_TRACE &&
	    counts_thread(s->run->counts, s->run->traced, 0))
		die_errno("counting the waiter's system calls");
	for (;;) {
		long result = futex(&shared->word, FUTEX_WAIT | s->flags, 0);
		uint64_t now = clock_now();

		if (atomic_load(&shared->quit.value))
			return 0;
		if (result) {
			if (errno != EINTR && errno != EAGAIN)
				die_errno("FUTEX_WAIT");
			continue;
		}
		shared->ran_at = now;
		shared->pu = sched_getcpu();
		atomic_fetch_add(&shared->woken.value, 1);
		futex(&shared->woken, FUTEX_WAKE, 1);
	}
}

/* Lets the waiter on another PU fall asleep, rather than catch it between
 * queueing itself and sleeping; on one PU it must be asleep already. */
static void let_it_sleep(const struct run *r)
{
	uint64_t from = clock_now();

	if (r->pu_a == r->pu_b && r->pu_a >= 0)
		return;
	while (clock_diff_ns(&r->clock, from, clock_now()) < 20000)
		;
}

/* Wakes until exactly one waiter was there to be woken: that proves that it
 * slept. Returns the time just before the wake that found it. */
static uint64_t wake_one(struct state *s)
{
	for (;;) {
		uint64_t before = clock_now();
		long woken = futex(&s->shared->word, FUTEX_WAKE | s->flags, 1);

		if (woken == 1)
			return before;
		if (woken < 0)
			die_errno("FUTEX_WAKE");
		sched_yield();
	}
}

static uint64_t wake_to_run(struct run *r, uint64_t n)
{
	struct state *s = r->state;
	struct shared *shared = s->shared;

	for (uint64_t i = 0; i < n; i++) {
		uint32_t seen = atomic_load(&shared->woken.value);

		let_it_sleep(r);
		uint64_t woken_at = wake_one(s);
		while (atomic_load(&shared->woken.value) == seen)
			futex(&shared->woken, FUTEX_WAIT, seen);
		run_sample(r, LATENCY,
			   run_elapsed_ns(r, woken_at, shared->ran_at));
	}
	return n;
}

static uint64_t run(struct run *r, uint64_t n)
{
	const struct op *op = r->variant->arg;

	return op->run(r, n);
}

static int setup(struct run *r)
{
	static struct state s;
	const struct op *op = r->variant->arg;

	s.run = r;
	s.flags = op->flags;
	r->state = &s;
	s.shared = party_shared(sizeof(*s.shared), r->pu_a);
	if (!s.shared)
		return bench_fail(r, "shared memory: %s", strerror(errno));
	if (topo_bind(r->pu_a))
		return bench_fail(r, "bind to PU %d: %s", r->pu_a,
				  strerror(errno));
	if (!op->waiter)
		return 0;
	if (!r->clocks_agree)
		return bench_absent(r, "a time from one PU to another needs "
				       "clocks that agree");
	if (party_start(&s.party, r->peer, r->pu_b, waiter_main, &s))
		return bench_fail(r, "start the waiter: %s", strerror(errno));
	return 0;
}

static int settle(struct run *r, uint64_t n)
{
	struct state *s = r->state;
	const struct op *op = r->variant->arg;

	(void)n;
	if (!op->waiter)
		return 0;
	r->peer_pu = s->shared->pu;
	if (r->pu_b >= 0 && r->peer_pu != r->pu_b)
		return bench_fail(r, "the waiter ran on PU %d, not %d",
				  r->peer_pu, r->pu_b);
	return 0;
}

static int teardown(struct run *r)
{
	struct state *s = r->state;
	const struct op *op = r->variant->arg;

	if (!op->waiter)
		return 0;
	atomic_store(&s->shared->quit.value, 1);
	wake_one(s);
	return party_join(&s->party) ? bench_fail(r, "the waiter failed") : 0;
}

static const struct op none_private = { FUTEX_PRIVATE_FLAG, wake_none };
static const struct op none_shared = { 0, wake_none };
static const struct op changed_private = { FUTEX_PRIVATE_FLAG, wait_changed };
static const struct op changed_shared = { 0, wait_changed };
static const struct op run_private = { FUTEX_PRIVATE_FLAG, wake_to_run, true };
static const struct op run_shared = { 0, wake_to_run, true };

static const struct variant variants[] = {
	{ "wake_none_private", &none_private },
	{ "wake_none_shared", &none_shared },
	{ "wait_changed_private", &changed_private },
	{ "wait_changed_shared", &changed_shared },
	{ "wake_to_run_private", &run_private, PEER_THREAD, PLACES_ALL },
	{ "wake_to_run_shared", &run_shared, PEER_THREAD | PEER_PROCESS,
	  PLACES_ALL },
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
	.counts = COUNT_SYSCALLS,
	.setup = setup,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
