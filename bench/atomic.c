/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Atomic operations: what each takes on a line that is in its own cache, on one
 * that another PU wrote last, while others want the same word, and while they
 * want another word of the same line. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "atomics.h"
#include "channel.h"
#include "contenders.h"
#include "party.h"
#include "topo.h"

/* LATENCY: of one operation, to the party that does it. */
enum { LATENCY, THROUGHPUT, FAIRNESS, RETRIES };

enum kind { LOAD, STORE, EXCHANGE, ADD, COMPARE };

/*
 * ALONE: one word, again and again. REMOTE: each of many lines once, right
 * after another PU has written them all. CONTENDED: all parties on one word;
 * the last two: two parties, a word each.
 */
enum situation { ALONE, REMOTE, CONTENDED, SAME_LINE, SEPARATE_LINES };

enum {
	LINES = 128, /* written by the other at a time */
	/* Bytes between them: neither neighbours, which a prefetcher fetches
	 * together, nor one cache set. */
	STRIDE = 17 * 64,
	CHUNK = 64, /* operations between two looks at whether to stop */
	/* of the first party in a batch: the others stop up to a chunk later */
	LEAST_CONTENDED = 64 * CHUNK,
};

struct way {
	enum kind kind;
	enum situation situation;
	uint64_t (*times)(uint64_t *word, uint64_t value, uint64_t n);
	uint64_t (*each)(char *lines, const uint32_t *place, uint64_t n,
			 uint64_t expected, uint64_t put);
};

/* What one party has; only it writes them. */
struct side {
	_Alignas(CACHE_LINES) uint64_t value; /* the kind's, see below */
	uint64_t done;                        /* operations in this batch */
};

/* In memory that all parties share. */
struct arena {
	_Alignas(CACHE_LINES) uint64_t word[CACHE_LINES / sizeof(uint64_t)];
	_Alignas(CACHE_LINES) uint64_t second;
	/* REMOTE: the round that the other shall write, and has written */
	_Alignas(CACHE_LINES) _Atomic uint64_t wanted;
	_Alignas(CACHE_LINES) _Atomic uint64_t written;
	_Alignas(CACHE_LINES) char lines[LINES * STRIDE];
	struct side side[];
};

struct state {
	const struct way *way;
	struct arena *arena;
	size_t arena_size;
	struct contenders *contenders; /* NULL: alone */
	unsigned parties;
	int *pu;
	uint32_t place[LINES]; /* of the lines in the order of operations */
	uint64_t before[2];    /* the words, when the batch began */
	uint64_t retries[2];   /* of all, before the batch and after */
	double elapsed_ns;
	uint64_t wrong; /* operations that did not find what they must */
};

/* ------------------------------------------------------ the timed loops */

/*
 * NAME_times(): n operations on one word. value goes in and comes out: of loads
 * an address, each loaded from the last; of stores the number last stored; of
 * exchanges what is held now; of adds how many there were; of
 * compare-and-swap, which adds one too, how often it has had to try again.
 */
#define TIMES(name)                                                          \
	static uint64_t name##_times(__attribute__((unused)) uint64_t *word, \
				     uint64_t value, uint64_t n)
#define TIMES_LOAD(name)                                                     \
	TIMES(name)                                                          \
	{                                                                    \
		for (uint64_t i = 0; i < n; i++)                             \
			value = name##_once((uint64_t *)(uintptr_t)value, 0, \
					    0);                              \
		return value;                                                \
	}
#define TIMES_STORE(name)                              \
	TIMES(name)                                    \
	{                                              \
		for (uint64_t i = 0; i < n; i++)       \
			name##_once(word, 0, ++value); \
		return value;                          \
	}
#define TIMES_EXCHANGE(name)                                 \
	TIMES(name)                                          \
	{                                                    \
		for (uint64_t i = 0; i < n; i++)             \
			value = name##_once(word, 0, value); \
		return value;                                \
	}
/* What was there is taken, or a compiler would leave out to fetch it. */
#define TIMES_ADD(name)                                                        \
	TIMES(name)                                                            \
	{                                                                      \
		for (uint64_t i = 0; i < n; i++)                               \
			__asm__ volatile("" : : "r"(name##_once(word, 0, 1))); \
		return value + n;                                              \
	}
#define TIMES_COMPARE(name)                                                  \
	TIMES(name)                                                          \
	{                                                                    \
		uint64_t expected = __atomic_load_n(word, __ATOMIC_RELAXED); \
                                                                             \
		for (uint64_t i = 0; i < n; i++, expected++) {               \
			uint64_t seen;                                       \
                                                                             \
			while ((seen = name##_once(word, expected,           \
						   expected + 1)) !=         \
			       expected) {                                   \
				expected = seen;                             \
				value++;                                     \
			}                                                    \
		}                                                            \
		return value;                                                \
	}
#define DEFINE_TIMES(name, kind, needs, tier) TIMES_##kind(name)
ATOMICS_ALONE(DEFINE_TIMES)
DEFINE_TIMES(plain_add, ADD, NULL, HEADLINE)

/* Nothing, but only once `value` is there: an address that it is added to waits
 * for the operation before, so that no two misses overlap. */
static inline uint64_t nothing_of(uint64_t value)
{
#if defined(__x86_64__)
	__asm__ volatile("and $0, %0" : "+r"(value) : : "cc");
#elif defined(__aarch64__)
	__asm__ volatile("eor %0, %0, %0" : "+r"(value));
#else
	__asm__ volatile("andi %0, %0, 0" : "+r"(value));
#endif
	return value;
}

/* NAME_each(): once on each of n lines; the sum of what was there. */
#define DEFINE_EACH(name, kind, needs, tier)                                   \
	static uint64_t name##_each(char *lines, const uint32_t *place,        \
				    uint64_t n, uint64_t expected,             \
				    uint64_t put)                              \
	{                                                                      \
		uint64_t seen = 0, sum = 0;                                    \
                                                                               \
		for (uint64_t i = 0; i < n; i++) {                             \
			char *line = lines + place[i] + nothing_of(seen);      \
                                                                               \
			seen = name##_once((uint64_t *)(void *)line, expected, \
					   put);                               \
			sum += seen;                                           \
		}                                                              \
		return sum;                                                    \
	}
ATOMICS_REMOTE(DEFINE_EACH)

/* ------------------------------------------------------------- the others */

/* Where a party's operations go. */
static uint64_t *word_of(const struct state *s, unsigned number)
{
	struct arena *a = s->arena;

	if (!number || s->way->situation == CONTENDED)
		return &a->word[0];
	return s->way->situation == SAME_LINE ? &a->word[1] : &a->second;
}

static void contend_for_word(struct contenders *c, unsigned number, void *arg)
{
	const struct state *s = arg;
	struct side *side = &s->arena->side[number];
	uint64_t *word = word_of(s, number), value = side->value, done = 0;

	for (; !contenders_stopped(c); done += CHUNK)
		value = s->way->times(word, value, CHUNK);
	side->value = value;
	side->done = done;
}

/* What the lines hold in a round, before and after an operation. */
static uint64_t remote_value(uint64_t round)
{
	return round << 1;
}

static uint64_t *line(const struct arena *a, unsigned i)
{
	return (uint64_t *)(void *)(uintptr_t)(a->lines + i * STRIDE);
}

/* Writes all lines each time that the first party asks for it. */
static void write_lines(struct contenders *c, unsigned number, void *arg)
{
	const struct state *s = arg;
	struct arena *a = s->arena;

	(void)number;
	while (!contenders_stopped(c)) {
		uint64_t round =
			atomic_load_explicit(&a->wanted, memory_order_acquire);

		if (round ==
		    atomic_load_explicit(&a->written, memory_order_relaxed))
			continue;
		for (unsigned i = 0; i < LINES; i++)
			*(volatile uint64_t *)line(a, i) = remote_value(round);
		atomic_store_explicit(&a->written, round, memory_order_release);
	}
}

/* ---------------------------------------------------------------- the first */

static uint64_t run_alone(struct run *r, uint64_t n)
{
	struct state *s = r->state;
	struct side *side = &s->arena->side[0];
	uint64_t from, value = side->value;

	from = clock_now();
	value = s->way->times(word_of(s, 0), value, n);
	s->elapsed_ns = run_elapsed_ns(r, from, clock_now());
	side->value = value;
	side->done = n;
	return n;
}

static uint64_t run_contended(struct run *r, uint64_t n)
{
	struct state *s = r->state;

	contenders_go(s->contenders);
	run_alone(r, n);
	contenders_stop(s->contenders);
	return n;
}

/* After each operation but a load, what it found and 1. */
static uint64_t lines_sum(const struct arena *a)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < LINES; i++)
		sum += *(volatile uint64_t *)line(a, i);
	return sum;
}

static uint64_t round_of_lines(struct run *r, uint64_t n)
{
	struct state *s = r->state;
	struct arena *a = s->arena;
	uint64_t round = atomic_load(&a->wanted) + 1,
		 value = remote_value(round);
	bool changes = s->way->kind != LOAD;
	uint64_t put = s->way->kind == ADD ? 1 : value + 1, from, sum;

	atomic_store_explicit(&a->wanted, round, memory_order_release);
	while (atomic_load_explicit(&a->written, memory_order_acquire) != round)
		;
	from = clock_now();
	sum = s->way->each(a->lines, s->place, n, value, put);
	s->elapsed_ns += run_elapsed_ns(r, from, clock_now());
	s->wrong += sum != n * value ||
		    lines_sum(a) != LINES * value + (changes ? n : 0);
	return n;
}

static uint64_t run_remote(struct run *r, uint64_t n)
{
	struct state *s = r->state;
	uint64_t done = 0;

	s->elapsed_ns = 0;
	contenders_go(s->contenders);
	while (done < n)
		done += round_of_lines(r, n - done < LINES ? n - done : LINES);
	contenders_stop(s->contenders);
	run_mean(r, LATENCY, s->elapsed_ns / (double)n);
	return n;
}

static uint64_t run(struct run *r, uint64_t n)
{
	const struct state *s = r->state;

	return s->way->situation == REMOTE ? run_remote(r, n) :
	       s->contenders               ? run_contended(r, n) :
					     run_alone(r, n);
}

/* ------------------------------------------------- what must have come of it
 */

static uint64_t total(const struct state *s)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < s->parties; i++)
		sum += s->arena->side[i].done;
	return sum;
}

/* Each address was loaded from the word that holds its own. */
static bool loads_agree(const struct state *s)
{
	const struct arena *a = s->arena;

	return a->side[0].value == (uintptr_t)&a->word[0] &&
	       a->word[0] == (uintptr_t)&a->word[0];
}

/* What stands there is the last that one of the parties stored. */
static bool stores_agree(const struct state *s)
{
	for (unsigned i = 0; i < s->parties; i++)
		if (s->arena->side[i].value == s->arena->word[0])
			return true;
	return false;
}

/* The word held 0 and each party its own number + 1: whoever has which now,
 * none has been lost and none doubled. */
static bool exchanges_agree(const struct state *s)
{
	for (uint64_t wanted = 0; wanted <= s->parties; wanted++) {
		unsigned found = s->arena->word[0] == wanted;

		for (unsigned i = 0; i < s->parties; i++)
			found += s->arena->side[i].value == wanted;
		if (found != 1)
			return false;
	}
	return true;
}

/* Each operation has added 1 to its word. */
static bool sums_agree(const struct state *s)
{
	const struct side *side = s->arena->side;

	if (s->way->situation == ALONE || s->way->situation == CONTENDED)
		return s->arena->word[0] - s->before[0] == total(s);
	return *word_of(s, 0) - s->before[0] == side[0].done &&
	       *word_of(s, 1) - s->before[1] == side[1].done;
}

static int check(struct run *r)
{
	struct state *s = r->state;
	enum kind kind = s->way->kind;

	if (bench_broken("atomic"))
		s->arena->word[0]++;
	if (kind == LOAD && !loads_agree(s))
		return bench_fail(r, "a load gave what was not there");
	if (kind == STORE && !stores_agree(s))
		return bench_fail(r, "the word holds what nobody stored last");
	if (kind == EXCHANGE && !exchanges_agree(s))
		return bench_fail(r, "an exchange lost or doubled a value");
	if ((kind == ADD || kind == COMPARE) && !sums_agree(s))
		return bench_fail(
			r, "%llu operations changed the word by %llu",
			(unsigned long long)total(s),
			(unsigned long long)(*word_of(s, 0) - s->before[0]));
	return 0;
}

static int check_remote(struct run *r)
{
	struct state *s = r->state;

	if (bench_broken("atomic"))
		s->wrong++;
	return s->wrong ? bench_fail(r,
				     "%llu rounds in which lines did not hold "
				     "what was written, or its change",
				     (unsigned long long)s->wrong) :
			  0;
}

/* Of the least to the most that a party did: 1 is fair. */
static double fairness(const struct state *s)
{
	uint64_t least = UINT64_MAX, most = 1;

	for (unsigned i = 0; i < s->parties; i++) {
		uint64_t done = s->arena->side[i].done;

		least = done < least ? done : least;
		most = done > most ? done : most;
	}
	return (double)least / (double)most;
}

/* The others go on until the first has done its n: all of them are counted for
 * as long as that took. */
static void report(struct run *r)
{
	struct state *s = r->state;
	double all = (double)total(s);

	run_mean(r, LATENCY, s->elapsed_ns * s->parties / all);
	if (!s->contenders)
		return;
	run_value(r, THROUGHPUT, 1e9 * all / s->elapsed_ns);
	run_value(r, FAIRNESS, fairness(s));
	if (s->way->kind == COMPARE)
		run_value(r, RETRIES,
			  (double)(s->retries[1] - s->retries[0]) / all);
}

static uint64_t retries(const struct state *s)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < s->parties; i++)
		sum += s->arena->side[i].value;
	return sum;
}

static void arm(struct run *r, uint64_t n)
{
	struct state *s = r->state;

	(void)n;
	s->retries[0] = retries(s);
	s->before[0] = *word_of(s, 0);
	s->before[1] = *word_of(s, 1);
	if (s->contenders)
		contenders_arm(s->contenders);
}

static int settle(struct run *r, uint64_t n)
{
	struct state *s = r->state;

	(void)n;
	if (s->contenders && contenders_settle(s->contenders))
		return -1;
	if (s->way->situation == REMOTE)
		return check_remote(r);
	s->retries[1] = retries(s);
	if (check(r))
		return -1;
	report(r);
	return 0;
}

/* ------------------------------------------------------------------ set up */

/* Two: those of the place. More, or as many as there are: the first allowed
 * ones. */
static int choose_pus(struct run *r, struct state *s)
{
	size_t count = topo_pu_count();

	s->parties = s->way->situation == ALONE ? 1 :
		     r->value == PARAM_NONE     ? 2 :
						  (unsigned)run_count(r);
	if (s->way->situation != ALONE && s->parties < 2)
		return bench_absent(r, "only one PU is allowed");
	if (r->value != PARAM_NONE && s->parties > count)
		return bench_absent(r,
				    "%u parties need a PU each, %zu are "
				    "allowed",
				    s->parties, count);
	s->pu = calloc(s->parties, sizeof(*s->pu));
	if (!s->pu)
		return bench_fail(r, "out of memory");
	for (unsigned i = 0; i < s->parties; i++)
		s->pu[i] = r->value != PARAM_NONE ? topo_pu(i) :
			   i                      ? r->pu_b :
						    r->pu_a;
	return 0;
}

/* In no order that a prefetcher could know: Fisher and Yates' shuffle, by
 * Knuth's multiplier; the same each time. */
static void choose_places(struct state *s)
{
	uint64_t random = 1;

	for (uint32_t i = 0; i < LINES; i++) {
		uint32_t j;

		random = random * 6364136223846793005ULL +
			 1442695040888963407ULL;
		j = (uint32_t)(random >> 33) % (i + 1);
		s->place[i] = s->place[j];
		s->place[j] = i * STRIDE;
	}
}

/* See exchanges_agree() and NAME_times(). */
static void fill(struct state *s)
{
	for (unsigned i = 0; i < s->parties; i++)
		s->arena->side[i].value =
			s->way->kind == LOAD     ? (uintptr_t)s->arena->word :
			s->way->kind == STORE    ? (uint64_t)(i + 1) << 48 :
			s->way->kind == EXCHANGE ? i + 1 :
						   0;
	if (s->way->kind == LOAD)
		s->arena->word[0] = (uintptr_t)s->arena->word;
}

static int setup(struct run *r)
{
	static struct state s;

	r->state = &s;
	s = (struct state){ .way = r->variant->arg };
	if (choose_pus(r, &s))
		return -1;
	choose_places(&s);
	s.arena_size = sizeof(*s.arena) + s.parties * sizeof(*s.arena->side);
	s.arena = party_shared(s.arena_size, s.pu[0]);
	if (!s.arena)
		return bench_errno(r, "mmap of shared memory");
	fill(&s);
	if (s.way->situation == ALONE)
		return 0;
	r->least_n = s.way->situation == REMOTE ? LINES : LEAST_CONTENDED;
	return contenders_open(r, &s.contenders, s.parties, s.pu,
			       s.way->situation == REMOTE ? write_lines :
							    contend_for_word,
			       &s);
}

static int teardown(struct run *r)
{
	struct state *s = r->state;
	int result = s->contenders ? contenders_close(s->contenders) : 0;

	party_unshare(s->arena, s->arena_size);
	free(s->pu);
	return result;
}

/* -------------------------------------------------------------- what there is
 */

#if defined(__aarch64__)
static bool has(unsigned long bit, const char *name, char *why, size_t size)
{
	if (getauxval(AT_HWCAP) & bit)
		return true;
	snprintf(why, size, "this processor has no %s instructions", name);
	return false;
}

static bool lse_there(char *why, size_t size, bool *denied)
{
	(void)denied;
	return has(HWCAP_ATOMICS, "LSE", why, size);
}

static bool rcpc_there(char *why, size_t size, bool *denied)
{
	(void)denied;
	return has(HWCAP_LRCPC, "RCpc", why, size);
}

static const struct need need_lse = { lse_there }, need_rcpc = { rcpc_there };
const struct need *const for_lse[] = { &need_lse, NULL };
static const struct need *const for_rcpc[] = { &need_rcpc, NULL };
#endif

static const struct metric many[] = {
	{ "latency", "ns" },
	{ "throughput", "1/s" }, /* of all together */
	{ "fairness", "count" }, /* the least a party did, to the most */
	{ NULL, NULL },
};
static const struct metric many_that_retry[] = {
	{ "latency", "ns" },
	{ "throughput", "1/s" },
	{ "fairness", "count" },
	{ "retries", "count" }, /* for each that succeeded */
	{ NULL, NULL },
};
static const struct metric metrics[] = {
	{ "latency", "ns" },
	{ NULL, NULL },
};

static const uint64_t once[] = { PARAM_NONE, PARAM_END };
static const uint64_t all_parties[] = { PARAM_PUS, PARAM_END };
static const uint64_t some_parties[] = { 2,  4,   8,         16,       32,
					 64, 128, PARAM_PUS, PARAM_END };

#define METRICS_STORE many
#define METRICS_EXCHANGE many
#define METRICS_ADD many
#define METRICS_COMPARE many_that_retry

#define WAY(name, kind, situation) \
	(&(const struct way){ kind, situation, name##_times, NULL })
#define ROW_ALONE(name, kind, needs, tier)                  \
	{                                                   \
#name, WAY(name, kind, ALONE)               \
		, PEER_NONE, PLACES_NONE, needs, tier, once \
	}                                                   \
	,
/* Of both peers, but only one in every run: they run the same code. */
#define ROWS(text, way, needs, tier, own)                                   \
	{ text, way, PEER_THREAD, PLACES_TWO_PUS, needs, tier, once, own }, \
		{ text,  way,  PEER_PROCESS, PLACES_TWO_PUS,                \
		  needs, FULL, once,         own },
#define ROW_REMOTE(name, kind, needs, tier)                                    \
	ROWS(#name "_remote",                                                  \
	     (&(const struct way){ kind, REMOTE, name##_times, name##_each }), \
	     needs, tier, metrics)
#define ROW_CONTENDED(name, kind, needs, tier)                            \
	ROWS(#name "_contended", WAY(name, kind, CONTENDED), needs, tier, \
	     METRICS_##kind)
#define ROW_CROWD(name, kind, needs, parties)                     \
	{                                                         \
#name "_crowd", WAY(name, kind, CONTENDED)        \
		, PEER_THREAD, PLACES_NONE, needs, FULL, parties, \
			METRICS_##kind                            \
	}                                                         \
	,

static const struct variant variants[] = {
	ATOMICS_ALONE(ROW_ALONE) ATOMICS_REMOTE(ROW_REMOTE)
		ATOMICS_CONTENDED(ROW_CONTENDED) ATOMICS_CROWD(ROW_CROWD)
			ROWS("false_sharing", WAY(plain_add, ADD, SAME_LINE),
			     NULL, HEADLINE, many)
				ROWS("separate_lines",
				     WAY(plain_add, ADD, SEPARATE_LINES), NULL,
				     HEADLINE, many)
	/* what is stored plainly may wait for the line all at once */
	ROWS("false_sharing_atomic", WAY(c11_fetch_add_seq_cst, ADD, SAME_LINE),
	     NULL, HEADLINE, many)
		ROWS("separate_lines_atomic",
		     WAY(c11_fetch_add_seq_cst, ADD, SEPARATE_LINES), NULL,
		     HEADLINE, many){ NULL },
};

const struct bench bench_atomic = {
	.name = "atomic",
	.title = "atomic operations: alone, on another's line, contended",
	.unit = "ns",
	.variants = variants,
	.param = "parties",
	.metrics = metrics,
	.counts = COUNT_SYSCALLS,
	.setup = setup,
	.arm = arm,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
