/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Visible: how long from a store on one PU until another sees it, spinning, by
 * each kind of store, or woken up after it; and whether every store is seen. */
#include "bench.h"

#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apart.h"
#include "atomics.h"
#include "pair.h"
#include "party.h"

/*
 * Of stores there and back, both parties spinning. ROUND_TRIP: a store is seen,
 * and one in answer to it. ISSUE: how long who stores is held up by it, between
 * two readings of the clock. SEEN: the share of stores seen within the
 * deadline. UNSEEN_MOST: the share that may have escaped so many tries, at 95
 * %.
 */
enum { ROUND_TRIP, ISSUE, SEEN, UNSEEN_MOST };
/* Of stores stamped on both sides: from before it until the other sees it. */
enum { LATENCY };

enum {
	CHUNK = 64,           /* round trips between two readings, and */
	ISSUES = 8,           /* as many after them that are stamped */
	MOST_TRIPS = 1 << 16, /* in a batch, before jitter */
	LEAST_TRIPS = 1024,
	SPINS = 1 << 16, /* between two looks at the time: some 100 µs */
};

/* What happened in none of N tries happens, at 95 %, in less than 3/N of them
 * (rule of three; Hanley and Lippman-Hand 1983). */
static const double rule_of_three = 3;
static const double deadline_ns = 1e9, broken_deadline_ns = 2e7;

struct way {
	struct channel channel; /* r->variant->arg is the engine's, too */
	bool halves;            /* both sides are stamped */
};

/* In memory both parties share: a word each, written by the other alone. */
struct sight {
	_Alignas(CACHE_LINES) uint64_t to_driver;
	_Alignas(CACHE_LINES) uint64_t to_server;
	/* SPINS looks each, by a server that sees nothing new */
	_Alignas(CACHE_LINES) _Atomic uint64_t looks;
	struct word door; /* the sleeper's futex; it stays 0 */
};

/* The driver's own. */
static struct state {
	const struct clock *clock;
	struct apart apart;
	double deadline_ns;
	bool withhold;       /* a store: the tests' */
	uint64_t from[2048]; /* of each chunk of the batch, ticks */
	uint64_t to[2048];
	unsigned chunks;
	uint64_t issue_ticks, issues; /* of the batch */
	uint64_t tries, unseen;       /* so far */
} state;

/* ---------------------------------------------------------- the stores */

/* STORE(op, instructions, needs, when): %1 to %0; when: the tier by threads. */
#if defined(__x86_64__)
#define PLAIN_STORE(STORE) STORE(mov, "mov %1, %0", NULL, HEADLINE)
#define STORES(STORE)                              \
	PLAIN_STORE(STORE)                         \
	STORE(xchg, "xchg %1, %0", NULL, HEADLINE) \
	STORE(mov_mfence, "mov %1, %0\n\tmfence", NULL, HEADLINE)
#define MEMORY "+m"
#elif defined(__aarch64__)
#define PLAIN_STORE(STORE) STORE(str, "str %1, %0", NULL, HEADLINE)
#define STORES(STORE)                                                    \
	PLAIN_STORE(STORE)                                               \
	STORE(stlr, "stlr %1, %0", NULL, FULL)                           \
	STORE(swpal, ".arch_extension lse\n\tswpal %1, %1, %0", for_lse, \
	      HEADLINE)                                                  \
	STORE(str_dmb_ish, "str %1, %0\n\tdmb ish", NULL, HEADLINE)
#define MEMORY "+Q"
#elif defined(__riscv)
#define PLAIN_STORE(STORE) STORE(sd, "sd %1, %0", NULL, HEADLINE)
#define STORES(STORE)                                                    \
	PLAIN_STORE(STORE)                                               \
	STORE(amoswap_aqrl, "amoswap.d.aqrl %1, %1, %0", NULL, HEADLINE) \
	STORE(sd_fence, "sd %1, %0\n\tfence rw, rw", NULL, HEADLINE)
#define MEMORY "+A"
#else
#error "the stores of this architecture are not known"
#endif

typedef void store(uint64_t *to, uint64_t value);

#define DEFINE_STORE(op, text, needs, when)                       \
	PAIR_INLINE void op##_store(uint64_t *to, uint64_t value) \
	{                                                         \
		__asm__ volatile(text                             \
				 : MEMORY(*to), "+r"(value)       \
				 :                                \
				 : "memory");                     \
	}
STORES(DEFINE_STORE)

/* ------------------------------------------------------------- the sight */

static uint64_t look(const uint64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

/*
 * The driver has waited long for the answer to `number`. It judges that its
 * store is not seen when the deadline has passed and the server has looked at
 * least SPINS times since; then stores again, with a fence. Until then it does
 * nothing that would drain its store buffer.
 */
static __attribute__((noinline)) void wait_longer(struct sight *sight,
						  uint64_t number)
{
	static uint64_t waits_for, since, looks;
	static bool late;
	uint64_t now = clock_now();

	if (waits_for != number) {
		waits_for = number;
		since = now;
		late = false;
	}
	if (clock_diff_ns(state.clock, since, now) < state.deadline_ns)
		return;
	if (!late)
		looks = atomic_load(&sight->looks);
	late = true;
	if (atomic_load(&sight->looks) < looks + 2)
		return;
	state.unseen++;
	since = now;
	late = false;
	__atomic_store_n(&sight->to_server, number, __ATOMIC_SEQ_CST);
}

/* No pause between two looks: it would be part of the time. Each number comes,
 * in sequence. */
PAIR_INLINE void see(struct sight *sight, const uint64_t *at, uint64_t number)
{
	bool is_driver = at == &sight->to_driver;
	uint64_t seen;

	for (uint32_t spins = 1; (seen = look(at)) != number; spins++) {
		if (seen != number - 1)
			die("saw store %llu, not %llu",
			    (unsigned long long)seen,
			    (unsigned long long)number);
		if (spins % SPINS)
			continue;
		if (is_driver)
			wait_longer(sight, number);
		else
			atomic_fetch_add(&sight->looks, 1);
	}
}

/* ------------------------------------------------------ both parties spin */

/* The tests': the first store of a batch does not happen. */
static uint64_t drive_withheld(struct sight *sight, uint64_t number)
{
	if (!state.withhold)
		return number;
	see(sight, &sight->to_driver, ++number);
	return number;
}

PAIR_INLINE uint64_t drive_issues(struct sight *sight, uint64_t number,
				  store *put)
{
	for (int i = 0; i < ISSUES; i++) {
		uint64_t from = clock_now();

		put(&sight->to_server, ++number);
		state.issue_ticks += clock_now() - from;
		see(sight, &sight->to_driver, number);
	}
	state.issues += ISSUES;
	return number;
}

PAIR_INLINE uint64_t drive_chunk(struct sight *sight, uint64_t number,
				 uint64_t n, store *put)
{
	for (uint64_t last = number + n; number < last;) {
		put(&sight->to_server, ++number);
		see(sight, &sight->to_driver, number);
	}
	return number;
}

PAIR_INLINE uint64_t drive(struct end *e, uint64_t n, store *put)
{
	struct sight *sight = e->shared;
	uint64_t number = e->sent, last = number + n, from;

	state.chunks = 0;
	state.issue_ticks = state.issues = 0;
	number = drive_withheld(sight, number);
	while (last - number >= CHUNK + ISSUES) {
		from = clock_now();
		number = drive_chunk(sight, number, CHUNK, put);
		state.to[state.chunks] = clock_now();
		state.from[state.chunks++] = from;
		number = drive_issues(sight, number, put);
	}
	number = drive_chunk(sight, number, last - number, put);
	e->sent = (uint32_t)number;
	return n;
}

PAIR_INLINE uint64_t serve(struct end *e, uint64_t n, store *put)
{
	struct sight *sight = e->shared;
	uint64_t number = e->received;

	for (uint64_t last = number + n; number < last;) {
		see(sight, &sight->to_server, ++number);
		put(&sight->to_driver, number);
	}
	e->received = (uint32_t)number;
	return n;
}

/* ------------------------------------------------ stamped on both sides */

PAIR_INLINE uint64_t drive_halves(struct end *e, uint64_t n, store *put)
{
	struct sight *sight = e->shared;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t *stamp = &e->stamps[3 * i];

		stamp[0] = clock_now();
		put(&sight->to_server, ++e->sent);
		stamp[1] = clock_now();
		see(sight, &sight->to_driver, e->sent);
		stamp[2] = clock_now();
	}
	return n;
}

PAIR_INLINE uint64_t serve_halves(struct end *e, uint64_t n, store *put)
{
	struct sight *sight = e->shared;

	for (uint64_t i = 0; i < n; i++) {
		see(sight, &sight->to_server, ++e->received);
		e->stamps[i] = clock_now();
		put(&sight->to_driver, e->received);
	}
	return n;
}

/* ------------------------------------------------------------- woken up */

static long futex(struct word *word, int op, uint32_t value)
{
	return syscall(SYS_futex, &word->value, op, value, NULL, NULL, 0);
}

/* On another PU the sleeper shall be asleep, not on its way there. */
static void let_it_sleep(const struct end *e)
{
	uint64_t from = clock_now();

	while (e->flags &&
	       clock_diff_ns(state.clock, from, clock_now()) < 20000)
		;
}

/* Stores and wakes until one was there to be woken, which proves that it slept,
 * and so has not looked. The time before the store that was followed by that.
 */
PAIR_INLINE uint64_t store_and_wake(struct sight *sight, uint64_t number,
				    store *put)
{
	for (;;) {
		uint64_t before = clock_now();

		if (!state.withhold)
			put(&sight->to_server, number);
		long woken = futex(&sight->door, FUTEX_WAKE, 1);

		if (woken == 1)
			return before;
		if (woken < 0)
			die_errno("FUTEX_WAKE");
		sched_yield();
	}
}

/* The answer, for which the driver sleeps, too: both may be on one PU. */
static void await_answer(struct end *e)
{
	uint32_t seen;

	while ((seen = atomic_load(&e->mine->value)) != e->sent)
		if (futex(e->mine, FUTEX_WAIT, seen) && errno != EAGAIN &&
		    errno != EINTR)
			die_errno("FUTEX_WAIT");
}

PAIR_INLINE uint64_t drive_wakes(struct end *e, uint64_t n, store *put)
{
	struct sight *sight = e->shared;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t *stamp = &e->stamps[3 * i];

		let_it_sleep(e);
		e->sent++;
		stamp[0] = store_and_wake(sight, e->sent, put);
		stamp[1] = clock_now();
		await_answer(e);
		stamp[2] = clock_now();
	}
	return n;
}

static void sleep_at(struct word *door)
{
	while (futex(door, FUTEX_WAIT, 0))
		if (errno != EAGAIN && errno != EINTR)
			die_errno("FUTEX_WAIT");
}

/* Its first look must find the store. */
static uint64_t serve_wakes(struct end *e, uint64_t n)
{
	struct sight *sight = e->shared;

	for (uint64_t i = 0; i < n; i++) {
		sleep_at(&sight->door);
		uint64_t seen = look(&sight->to_server);
		e->stamps[i] = clock_now();
		if (seen != ++e->received)
			die("woken after store %u, it sees %llu", e->received,
			    (unsigned long long)seen);
		atomic_store(&e->theirs->value, e->received);
		futex(e->theirs, FUTEX_WAKE, 1);
	}
	return n;
}

/* --------------------------------------------------------- the channels */

static int open_sight(struct run *r, struct end *driver, struct end *server)
{
	driver->shared = server->shared =
		party_shared(sizeof(struct sight), r->pu_a);
	driver->flags = r->pu_a < 0 || r->pu_a != r->pu_b;
	return driver->shared ? 0 : -1;
}

static void close_sight(struct end *driver, struct end *server)
{
	(void)server;
	party_unshare(driver->shared, sizeof(struct sight));
}

#define DEFINE_WAYS(op, text, needs, when)                             \
	static uint64_t op##_drive(struct end *e, uint64_t n,          \
				   uint64_t *stamps)                   \
	{                                                              \
		(void)stamps;                                          \
		return drive(e, n, op##_store);                        \
	}                                                              \
	static uint64_t op##_serve(struct end *e, uint64_t n)          \
	{                                                              \
		return serve(e, n, op##_store);                        \
	}                                                              \
	static uint64_t op##_drive_halves(struct end *e, uint64_t n)   \
	{                                                              \
		return drive_halves(e, n, op##_store);                 \
	}                                                              \
	static uint64_t op##_serve_halves(struct end *e, uint64_t n)   \
	{                                                              \
		return serve_halves(e, n, op##_store);                 \
	}                                                              \
	static const struct way op##_way = { { .name = #op,            \
					       .open = open_sight,     \
					       .drive = op##_drive,    \
					       .serve = op##_serve,    \
					       .close = close_sight }, \
					     false };                  \
	static const struct way op##_one_way = {                       \
		{ .name = #op "_one_way",                              \
		  .open = open_sight,                                  \
		  .drive_halves = op##_drive_halves,                   \
		  .serve_halves = op##_serve_halves,                   \
		  .close = close_sight },                              \
		true                                                   \
	};
#define DEFINE_WAKE(op, text, needs, when)                          \
	static uint64_t op##_drive_wakes(struct end *e, uint64_t n) \
	{                                                           \
		return drive_wakes(e, n, op##_store);               \
	}                                                           \
	static const struct way op##_then_wake = {                  \
		{ .name = #op "_then_wake",                         \
		  .open = open_sight,                               \
		  .drive_halves = op##_drive_wakes,                 \
		  .serve_halves = serve_wakes,                      \
		  .close = close_sight },                           \
		true                                                \
	};
PLAIN_STORE(DEFINE_WAKE)
STORES(DEFINE_WAYS)

/* ------------------------------------------------------------- the bench */

static bool stamps_halves(const struct run *r)
{
	const struct way *way = r->variant->arg;

	return way->halves;
}

static int setup(struct run *r)
{
	memset(&state, 0, sizeof(state));
	state.clock = &r->clock;
	state.withhold = bench_broken("visible");
	state.deadline_ns = state.withhold ? broken_deadline_ns : deadline_ns;
	if (stamps_halves(r))
		return apart_open(r, &state.apart) ||
				       pair_setup_halves(r, NULL) ?
			       -1 :
			       0;
	if (pair_setup(r))
		return -1;
	r->least_n = LEAST_TRIPS;
	r->most_n = MOST_TRIPS;
	return 0;
}

/* A store that is not seen would vanish in a median: it fails the case. */
static int settle_spins(struct run *r, uint64_t n)
{
	state.tries += n;
	if (state.unseen)
		return bench_fail(r,
				  "%llu of %llu stores were not seen within "
				  "%g s by a party that kept looking",
				  (unsigned long long)state.unseen,
				  (unsigned long long)state.tries,
				  state.deadline_ns / 1e9);
	for (unsigned i = 0; i < state.chunks; i++)
		run_mean(r, ROUND_TRIP,
			 run_elapsed_ns(r, state.from[i], state.to[i]) / CHUNK);
	if (state.issues)
		run_mean(r, ISSUE,
			 clock_ns(&r->clock, state.issue_ticks) /
					 (double)state.issues -
				 r->clock.cost_ns);
	run_value(r, SEEN, 1 - (double)state.unseen / (double)state.tries);
	run_value(r, UNSEEN_MOST, rule_of_three / (double)state.tries);
	return 0;
}

static int settle_halves(struct run *r, uint64_t n)
{
	for (uint64_t i = 1; i <= n; i++) {
		struct halves h = pair_halves(r, i);

		if (apart_wake(r, &state.apart, LATENCY, h.before, h.ran))
			return -1;
	}
	return 0;
}

static int settle(struct run *r, uint64_t n)
{
	if (pair_settle(r, n))
		return -1;
	return stamps_halves(r) ? settle_halves(r, n) : settle_spins(r, n);
}

static int teardown(struct run *r)
{
	if (pair_teardown(r))
		return -1;
	return stamps_halves(r) ? apart_judge(r, &state.apart) : 0;
}

static const struct metric spin_metrics[] = {
	{ "round_trip", "ns" },
	{ "issue", "ns" },
	{ "seen", "count" },        /* of each store */
	{ "unseen_most", "count" }, /* the same */
	{ NULL, NULL },
};
static const struct metric metrics[] = {
	{ "latency", "ns" },
	{ NULL, NULL },
};

/* Threads first: the same code runs in processes, and need not in every run. */
#define ROWS(text, way, places, needs, when, own)                   \
	{ text, way, PEER_THREAD, places, needs, when, NULL, own }, \
		{ text, way, PEER_PROCESS, places, needs, FULL, NULL, own },
#define SPIN_ROWS(op, text, needs, when) \
	ROWS(#op, &op##_way, PLACES_TWO_PUS, needs, when, spin_metrics)
#define ONE_WAY_ROWS(op, text, needs, when)                              \
	ROWS(#op "_one_way", &op##_one_way, PLACES_TWO_PUS, needs, FULL, \
	     metrics)
#define WAKE_ROWS(op, text, needs, when)                                 \
	ROWS(#op "_then_wake", &op##_then_wake, PLACES_ALL, needs, when, \
	     metrics)

static const struct variant variants[] = {
	STORES(SPIN_ROWS) STORES(ONE_WAY_ROWS) PLAIN_STORE(WAKE_ROWS){ NULL },
};

const struct bench bench_visible = {
	.name = "visible",
	.title = "from a store on one PU until another sees it",
	.unit = "ns",
	.variants = variants,
	.metrics = metrics,
	.counts = COUNT_SYSCALLS,
	.setup = setup,
	.arm = pair_arm,
	.run = pair_run,
	.settle = settle,
	.teardown = teardown,
};
