/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Litmus: how often two parties (of IRIW, four) see each other's accesses in an
 * order that no interleaving of them explains, with and without fences. */
#include "bench.h"
#include "channel.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include "litmus_fences.h"
#include "party.h"
#include "relax.h"
#include "topo.h"

enum { OUTCOMES = 4 }; /* of two bits */
enum {
	TRIES,
	OUTCOME,
	WEAK = OUTCOME + OUTCOMES,
	CONTROL,
	CONTROL_TRIES,
	RATE,
	FORBIDDEN
};
enum {
	MOST_PARTIES = 4,
	CHUNK = 1024, /* tries between two looks at what came of them */
	CONTROL_CHUNK = 256,
	/* Steps of a cycle or so that a party waits at random before a try:
	 * they never come out of meet() at once, and what they are apart is
	 * drawn anew, within what a cache line takes to arrive and a bit more.
	 */
	DELAYS = 256,
	PATIENCE = 2000, /* breaths before a party gives its PU away */
	LEAST_TRIES = 100000,
	LEAST_TRIES_IN_TURN = 1000, /* a time slice each beside a hog */
};

/* A try's two words, each far from the other and from the next try's. */
struct cells {
	_Alignas(CACHE_LINES) uint64_t x;
	_Alignas(CACHE_LINES) uint64_t y;
};

/* What a party writes for itself, and who counts reads between chunks. */
struct notes {
	_Alignas(CACHE_LINES) uint64_t seen[2][CHUNK]; /* by 1st, 2nd access */
	uint8_t delay[CHUNK];
	int pu; /* where it ended the chunk */
};

struct litmus;

struct shared {
	struct word progress[MOST_PARTIES]; /* free-running: steps begun */
	/* The chunk, written by the driver before its first step. In words
	 * that were written for it stands `fresh` or fresh + 1, and in others
	 * something less: nothing need be cleared. */
	_Alignas(CACHE_LINES) const struct litmus *litmus; /* NULL: leave */
	uint64_t tries, fresh;
	struct notes notes[MOST_PARTIES];
	struct cells cells[CHUNK];
};

/* A party's own. */
struct actor {
	struct shared *shared;
	struct notes *notes;
	unsigned me, all;     /* parties there are */
	unsigned taking_part; /* in this chunk: 0 … taking_part - 1 */
	unsigned patience;
	uint32_t progress;
	uint64_t random;
	struct party party; /* not of the driver */
};

/* ------------------------------------------------------------ the walks */

/* Nobody goes on before parties 0 … parties - 1 have come this far. */
static __attribute__((noinline)) void meet(struct actor *a, unsigned parties)
{
	struct word *progress = a->shared->progress;
	unsigned breaths = 0;

	atomic_store_explicit(&progress[a->me].value, ++a->progress,
			      memory_order_release);
	for (unsigned k = 0; k < parties; k++)
		while ((int32_t)(atomic_load_explicit(&progress[k].value,
						      memory_order_acquire) -
				 a->progress) < 0)
			if (breaths++ < a->patience)
				relax();
			else
				sched_yield();
}

static __attribute__((noinline)) void begin_try(struct actor *a, uint64_t i)
{
	meet(a, a->taking_part);
	for (unsigned steps = a->notes->delay[i]; steps; steps--)
		__asm__ volatile("");
}

/* The races are what is looked for, and checks between two accesses are none of
 * the test's. */
#define RACY __attribute__((no_sanitize("address", "thread", "undefined")))

#define ACCESS(access, word, variable)       \
	{                                    \
		uint64_t *at = (word);       \
		uint64_t value = (variable); \
                                             \
		access;                      \
		(void)at;                    \
		(variable) = value;          \
	}

/* All tries of a chunk; first and second: the words of the first try that the
 * two accesses go to. Between two tries the compiler moves nothing; nor does it
 * make one function of two, which a comment keeps apart. */
#define WALK(name, FIRST, AFTER, SECOND)                                  \
	static RACY void name(struct actor *a, uint64_t *first,           \
			      uint64_t *second)                           \
	{                                                                 \
		const uint64_t tries = a->shared->tries;                  \
		const uint64_t fresh = a->shared->fresh;                  \
		struct notes *notes = a->notes;                           \
                                                                          \
		for (uint64_t i = 0; i < tries; i++) {                    \
			uint64_t one = fresh, two = fresh + 1;            \
                                                                          \
			begin_try(a, i);                                  \
			BARRIER("/* " #name " */");                       \
			ACCESS(FIRST, first, one)                         \
			AFTER;                                            \
			ACCESS(SECOND, second, two)                       \
			notes->seen[0][i] = one;                          \
			notes->seen[1][i] = two;                          \
			first += sizeof(struct cells) / sizeof(*first);   \
			second += sizeof(struct cells) / sizeof(*second); \
		}                                                         \
	}

/* What a party does in a try. */
enum kind { WRITE_READ, WRITE_WRITE, READ_READ, READ_WRITE, WRITE, KINDS };

struct fence {
	void (*walk[KINDS])(struct actor *a, uint64_t *first, uint64_t *second);
	unsigned forbids;
};

#define DEFINE_FENCE(name, store, load, after_store, after_load, forbids, ...) \
	WALK(write_read_##name, store, after_store, load)                      \
	WALK(write_write_##name, store, after_store, store)                    \
	WALK(read_read_##name, load, after_load, load)                         \
	WALK(read_write_##name, load, after_load, store)                       \
	WALK(write_##name, store, NOTHING, NOTHING)                            \
	static const struct fence fence_##name = {                             \
		{ write_read_##name, write_write_##name, read_read_##name,     \
		  read_write_##name, write_##name },                           \
		forbids                                                        \
	};

FENCES(DEFINE_FENCE)

/* ------------------------------------------------------------ the tests */

struct test {
	unsigned bit, parties;
	struct side {
		enum kind kind;
		bool from_y; /* its first access is to y, the second to x */
	} side[MOST_PARTIES];
	/* r0 and r1 of a try, as 2 * r0 + r1 */
	unsigned (*outcome)(const struct shared *s, uint64_t i);
	unsigned weak; /* the outcome that no interleaving has */
};

static unsigned is_new(const struct shared *s, unsigned party, unsigned access,
		       uint64_t i)
{
	return s->notes[party].seen[access][i] >= s->fresh;
}

/* What each party read second, or, in load buffering, first. */
static unsigned both_second(const struct shared *s, uint64_t i)
{
	return 2 * is_new(s, 0, 1, i) + is_new(s, 1, 1, i);
}

static unsigned both_first(const struct shared *s, uint64_t i)
{
	return 2 * is_new(s, 0, 0, i) + is_new(s, 1, 0, i);
}

/* What the second party read of the flag and of the message. */
static unsigned flag_and_message(const struct shared *s, uint64_t i)
{
	return 2 * is_new(s, 1, 0, i) + is_new(s, 1, 1, i);
}

/* Whether a word holds what was written to it second in its party. */
static unsigned both_words(const struct shared *s, uint64_t i)
{
	return 2 * (s->cells[i].x == s->fresh + 1) +
	       (s->cells[i].y == s->fresh + 1);
}

/* Whether a reader saw its first word written before its second. */
static unsigned both_readers(const struct shared *s, uint64_t i)
{
	return 2 * (is_new(s, 2, 0, i) && !is_new(s, 2, 1, i)) +
	       (is_new(s, 3, 0, i) && !is_new(s, 3, 1, i));
}

static const struct test
	test_sb = { SB,
		    2,
		    { { WRITE_READ, false }, { WRITE_READ, true } },
		    both_second,
		    0 },
	test_mp = { MP,
		    2,
		    { { WRITE_WRITE, false }, { READ_READ, true } },
		    flag_and_message,
		    2 },
	test_lb = { LB,
		    2,
		    { { READ_WRITE, false }, { READ_WRITE, true } },
		    both_first,
		    3 },
	test_w22 = { W22,
		     2,
		     { { WRITE_WRITE, false }, { WRITE_WRITE, true } },
		     both_words,
		     0 },
	test_iriw = { IRIW,
		      4,
		      { { WRITE, false },
			{ WRITE, true },
			{ READ_READ, false },
			{ READ_READ, true } },
		      both_readers,
		      3 };

/* A test with a fence; one a variant. */
struct litmus {
	const struct test *test;
	const struct fence *fence;
};

#define DEFINE_LITMUS(test, fence)                                  \
	static const struct litmus test##_##fence = { &test_##test, \
						      &fence_##fence };
#define DEFINE_LITMUSES(fence, ...) \
	DEFINE_LITMUS(sb, fence)    \
	DEFINE_LITMUS(mp, fence)    \
	DEFINE_LITMUS(lb, fence)    \
	DEFINE_LITMUS(w22, fence)   \
	DEFINE_LITMUS(iriw, fence)

FENCES(DEFINE_LITMUSES)

/* -------------------------------------------------------------- a chunk */

/* xorshift64*; Vigna 2016. */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/* Reads all words, so that both have them in their caches: a store then takes
 * as long as it can, and a load as short. */
static void prepare(struct actor *a)
{
	struct shared *s = a->shared;
	volatile uint64_t *word;

	for (uint64_t i = 0; i < s->tries; i++) {
		word = &s->cells[i].x;
		(void)*word;
		word = &s->cells[i].y;
		(void)*word;
		a->notes->delay[i] = draw(&a->random) % DELAYS;
	}
}

static void walk(struct actor *a)
{
	struct shared *s = a->shared;
	const struct test *test = s->litmus->test;
	const struct side *side = &test->side[a->me];
	uint64_t *x = &s->cells[0].x, *y = &s->cells[0].y;

	a->taking_part = test->parties;
	if (a->me < test->parties) {
		prepare(a);
		s->litmus->fence->walk[side->kind](a, side->from_y ? y : x,
						   side->from_y ? x : y);
	} else { /* as many steps as those that it is not in step with */
		a->progress += (uint32_t)s->tries;
	}
	a->notes->pu = sched_getcpu();
	meet(a, a->all);
}

static int other_main(void *arg)
{
	struct actor *a = arg;

	for (;;) {
		meet(a, a->all);
		if (!a->shared->litmus)
			return 0;
		walk(a);
	}
}

/* ----------------------------------------------------------- the driver */

struct counts {
	uint64_t tries, outcome[OUTCOMES];
	uint64_t lost; /* tries whose words do not hold what was written, or
			* that read what nobody wrote */
};

static struct state {
	const struct litmus *litmus;
	bool forbidden;
	const char *why; /* by what */
	struct actor actor[MOST_PARTIES];
	int pu[MOST_PARTIES];
	unsigned parties;
	struct counts treatment, control; /* of the batch */
} state;

static bool is_lost(const struct shared *s, uint64_t word)
{
	return word != s->fresh && word != s->fresh + 1;
}

static void tally(const struct shared *s, struct counts *counts)
{
	const struct test *test = s->litmus->test;

	for (uint64_t i = 0; i < s->tries; i++) {
		bool lost =
			is_lost(s, s->cells[i].x) || is_lost(s, s->cells[i].y);

		for (unsigned k = 0; k < test->parties; k++)
			lost |= s->notes[k].seen[0][i] > s->fresh + 1 ||
				s->notes[k].seen[1][i] > s->fresh + 1;
		counts->lost += lost;
		counts->outcome[test->outcome(s, i)]++;
	}
	counts->tries += s->tries;
}

static void try_some(struct state *st, const struct litmus *litmus,
		     uint64_t tries, struct counts *counts)
{
	struct actor *a = &st->actor[0];
	struct shared *s = a->shared;

	s->litmus = litmus;
	s->tries = tries;
	s->fresh += 2;
	meet(a, a->all);
	if (litmus) {
		walk(a);
		if (bench_broken("litmus_lost"))
			s->cells[tries - 1].y = 0;
		tally(s, counts);
	}
}

static double weak(const struct counts *c, const struct test *test)
{
	return (double)c->outcome[test->weak];
}

static void hand_in(struct run *r, const struct state *st)
{
	const struct counts *c = &st->treatment;
	const struct test *test = st->litmus->test;

	run_value(r, TRIES, (double)c->tries);
	for (unsigned i = 0; i < OUTCOMES; i++)
		run_value(r, OUTCOME + i, (double)c->outcome[i]);
	run_value(r, WEAK, weak(c, test));
	run_value(r, RATE, 1e6 * weak(c, test));
	run_value(r, CONTROL, weak(&st->control, &test_sb));
	run_value(r, CONTROL_TRIES, (double)st->control.tries);
	run_value(r, FORBIDDEN, st->forbidden);
}

/* The case's own tries, and after each chunk of them some of plain store
 * buffering between the first two parties: where that is not seen, nothing else
 * could have been. */
static uint64_t run(struct run *r, uint64_t n)
{
	struct state *st = &state;

	memset(&st->treatment, 0, sizeof(st->treatment));
	memset(&st->control, 0, sizeof(st->control));
	for (uint64_t left = n; left;) {
		uint64_t tries = left < CHUNK ? left : CHUNK;

		try_some(st, st->litmus, tries, &st->treatment);
		try_some(st, &sb_plain, CONTROL_CHUNK, &st->control);
		left -= tries;
	}
	if (bench_broken("litmus"))
		st->treatment.outcome[st->litmus->test->weak]++;
	hand_in(r, st);
	return st->treatment.tries;
}

static int settle(struct run *r, uint64_t n)
{
	const struct state *st = &state;
	const struct counts *c = &st->treatment, *control = &st->control;
	unsigned w = st->litmus->test->weak;

	(void)n;
	r->peer_pu = st->actor[1].notes->pu;
	for (unsigned k = 0; k < st->parties; k++)
		if (st->pu[k] >= 0 && st->actor[k].notes->pu != st->pu[k])
			return bench_fail(r, "party %u ran on PU %d, not %d", k,
					  st->actor[k].notes->pu, st->pu[k]);
	if (c->lost || control->lost)
		return bench_fail(
			r,
			"in %llu of %llu tries, and in %llu of %llu of the "
			"control, a word was lost, or holds what nobody wrote",
			(unsigned long long)c->lost,
			(unsigned long long)c->tries,
			(unsigned long long)control->lost,
			(unsigned long long)control->tries);
	if (st->forbidden && c->outcome[w])
		return bench_fail(
			r,
			"outcome %u%u is forbidden (%s), and was seen in %llu "
			"of %llu tries (00 %llu, 01 %llu, 10 %llu, 11 %llu; "
			"control: %llu of %llu)",
			w >> 1, w & 1, st->why,
			(unsigned long long)c->outcome[w],
			(unsigned long long)c->tries,
			(unsigned long long)c->outcome[0],
			(unsigned long long)c->outcome[1],
			(unsigned long long)c->outcome[2],
			(unsigned long long)c->outcome[3],
			(unsigned long long)control->outcome[test_sb.weak],
			(unsigned long long)control->tries);
	return 0;
}

/* ------------------------------------------------- beginning and ending */

static unsigned different_pus(const struct state *st)
{
	unsigned count = 0;

	for (unsigned k = 0; k < st->parties; k++) {
		unsigned like = 0;

		while (st->pu[like] != st->pu[k])
			like++;
		count += like == k;
	}
	return count;
}

static void place(const struct run *r, struct state *st)
{
	st->parties = st->litmus->test->parties;
	st->pu[0] = r->pu_a;
	st->pu[1] = r->pu_b;
	if (st->parties > 2) /* no place holds four: the first that there are */
		for (unsigned k = 0; k < st->parties; k++)
			st->pu[k] = topo_pu(k % topo_pu_count());
}

static void decide(struct run *r, struct state *st)
{
	unsigned pus = different_pus(st);
	unsigned bit = pus == 1 ? ONE_PU : st->litmus->test->bit;

	st->forbidden = st->litmus->fence->forbids & bit;
	st->why = pus == 1 ? "one PU" : ARCHITECTURE;
	r->least_n = pus < st->parties ? LEAST_TRIES_IN_TURN : LEAST_TRIES;
	for (unsigned k = 0; k < st->parties; k++)
		st->actor[k].patience = pus < st->parties ? 0 : PATIENCE;
}

static int setup(struct run *r)
{
	struct state *st = &state;
	struct shared *s;

	st->litmus = r->variant->arg;
	place(r, st);
	decide(r, st);
	s = party_shared(sizeof(*s), st->pu[0]);
	if (!s)
		return bench_errno(r, "mmap of shared memory");
	if (bench_bind(r, st->pu[0]))
		return -1;
	for (unsigned k = 0; k < st->parties; k++) {
		struct actor *a = &st->actor[k];

		a->shared = s;
		a->notes = &s->notes[k];
		a->me = k;
		a->all = st->parties;
		a->progress = 0;
		a->random = clock_now() * 2 + k * 2 + 1;
		if (k &&
		    party_start(&a->party, r->peer, st->pu[k], other_main, a))
			return party_refused(r);
	}
	return 0;
}

static int teardown(struct run *r)
{
	struct state *st = &state;
	int result = 0;

	try_some(st, NULL, 0, NULL);
	for (unsigned k = 1; k < st->parties; k++)
		result |= party_join(&st->actor[k].party);
	party_unshare(st->actor[0].shared, sizeof(struct shared));
	return result ? bench_fail(r, "another party ended with %d", result) :
			0;
}

/* ------------------------------------------------------------ the cases */

static bool four_pus(char *why, size_t size, bool *denied)
{
	(void)denied;
	if (topo_pu_count() >= MOST_PARTIES)
		return true;
	snprintf(why, size, "IRIW needs four PUs");
	return false;
}

static const struct need need_four_pus = { four_pus };
static const struct need *const needs_no[] = { NULL };
static const struct need *const needs_no_iriw[] = { &need_four_pus, NULL };

#if defined(__aarch64__)
static bool has_lse(char *why, size_t size, bool *denied)
{
	(void)denied;
	if (getauxval(AT_HWCAP) & HWCAP_ATOMICS)
		return true;
	snprintf(why, size, "this CPU has no atomic instructions (LSE)");
	return false;
}

static const struct need need_lse = { has_lse };
static const struct need *const needs_lse[] = { &need_lse, NULL };
static const struct need *const needs_lse_iriw[] = { &need_four_pus, &need_lse,
						     NULL };
#endif

enum { BOUND = PLACE_ONE_PU | PLACES_TWO_PUS };

#define TIER(headline, test) ((headline) & (test) ? HEADLINE : FULL)
#define ROW(test, fence, peers, places, needs, tier) \
	{ #test "_" #fence, &test##_##fence, peers, places, needs, tier },

/* In each test's rows: of `make bench` first. */
#define SB_ROWS(fence, store, load, after_store, after_load, forbids,         \
		headline, needs)                                              \
	ROW(sb, fence, PEER_THREAD, BOUND, needs_##needs, TIER(headline, SB)) \
	ROW(sb, fence, PEER_PROCESS, BOUND, needs_##needs, FULL)
#define REST_ROWS(test, bit, fence, headline, needs)                     \
	ROW(test, fence, PEER_THREAD, PLACES_TWO_PUS, needs_##needs,     \
	    TIER(headline, bit))                                         \
	ROW(test, fence, PEER_THREAD, PLACE_ONE_PU, needs_##needs, FULL) \
	ROW(test, fence, PEER_PROCESS, BOUND, needs_##needs, FULL)
#define MP_ROWS(fence, store, load, after_store, after_load, forbids, \
		headline, needs)                                      \
	REST_ROWS(mp, MP, fence, headline, needs)
#define LB_ROWS(fence, store, load, after_store, after_load, forbids, \
		headline, needs)                                      \
	REST_ROWS(lb, LB, fence, headline, needs)
#define W22_ROWS(fence, store, load, after_store, after_load, forbids, \
		 headline, needs)                                      \
	REST_ROWS(w22, W22, fence, headline, needs)
#define IRIW_ROWS(fence, store, load, after_store, after_load, forbids, \
		  headline, needs)                                      \
	ROW(iriw, fence, PEER_THREAD, PLACES_NONE, needs_##needs##_iriw, FULL)

static const struct variant variants[] = {
	FENCES(SB_ROWS) FENCES(MP_ROWS) FENCES(LB_ROWS) FENCES(W22_ROWS)
		FENCES(IRIW_ROWS){ NULL },
};

static const struct metric metrics[] = {
	[TRIES] = { "tries", "count", .total = true },
	/* r0 and r1: what was read (1: the other's write), or in w22 what x and
	 * y hold in the end (1: the second write), or in iriw whether a reader
	 * saw the one write before the other */
	[OUTCOME] = { "outcome_00", "count", .total = true },
	{ "outcome_01", "count", .total = true },
	{ "outcome_10", "count", .total = true },
	{ "outcome_11", "count", .total = true },
	/* the outcome that sequential consistency forbids */
	[WEAK] = { "weak", "count", .total = true },
	[CONTROL] = { "control", "count", .total = true },
	[CONTROL_TRIES] = { "control_tries", "count", .total = true },
	[RATE] = { "rate", "ppm", .share_of = "tries" },
	[FORBIDDEN] = { "forbidden", "bool" }, /* here, with that fence */
	{ NULL, NULL },
};

const struct bench bench_litmus = {
	.name = "litmus",
	.title = "orders that no interleaving explains, by fence",
	.unit = "count",
	.variants = variants,
	.metrics = metrics,
	.setup = setup,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
