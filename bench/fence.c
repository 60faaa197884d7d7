/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fence: what a plain store, an exchange and a store with a fence behind it
 * cost, back to back (param -) and right behind stores that wait in the store
 * buffer (outstanding=N) for lines of the same line, L1, L2, L3 or none. */
#include "bench.h"

#include <linux/membarrier.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fences.h"
#include "files.h"
#include "party.h"
#include "relax.h"
#include "stats.h"

enum { LATENCY, LOAD };

/* ----------------------------------- where the lines are that are stored to */

enum residency { SAME_LINE, IN_L1, IN_L2, IN_L3, MISSING };

enum {
	LINE = 64,
	MOST_STORES = 128,
	PROBED = 32, /* dependent loads of a probe */
	PROBES = 15,
	LOOKS = 20,
	/* MISSING: this many, so that those of one bracket are not those of
	 * the last */
	MISSING_LINES = 1 << 10,
};

/* Places for stores, used in an order of their own, each once before the first
 * is again: prefetchers learn any that has a rule. */
struct lines {
	char *base;
	uint32_t *order; /* offsets from base, mask + 1 of them */
	uint64_t mask, at;
	enum residency where;
};

static inline char *place_of(const struct lines *l, uint64_t i)
{
	return l->base + l->order[i & l->mask];
}

static void flush_line(const char *line)
{
#if defined(__x86_64__)
	__asm__ volatile("clflush %0" : : "m"(*line) : "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dc civac, %0" : : "r"(line) : "memory");
#else
	(void)line;
#endif
}

static bool can_flush(void)
{
#if defined(__x86_64__) || defined(__aarch64__)
	return true;
#else
	return false;
#endif
}

static void full_fence(void)
{
#if defined(__x86_64__)
	__asm__ volatile("mfence" ::: "memory");
#elif defined(__aarch64__)
	/* a DMB orders stores, and need not wait for them */
	__asm__ volatile("dsb ish" ::: "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* Never inlined: each operation and the control go through the same code, lest
 * a loop that lies otherwise in memory pass for the cost of a fence. */
static __attribute__((noinline)) void store_to(const struct lines *l,
					       uint64_t n, uint64_t value)
{
	for (uint64_t i = 0; i < n; i++)
		*(volatile uint64_t *)place_of(l, l->at + i) = value;
}

/* Reads the next n places, each load waiting for the one before. */
static inline __attribute__((always_inline)) void
load_from(const struct lines *l, uint64_t n)
{
	uint64_t zero = 0, value = 0;

	__asm__ volatile("" : "+r"(zero));
	for (uint64_t i = 0; i < n; i++)
		value = *(volatile uint64_t *)(place_of(l, l->at + i) +
					       (value & zero));
}

/* The next n lines are where they should be, without what is to be stored,
 * their order is at hand, and no store is outstanding. Lines of L2 and L3 are
 * there since the last time round: more than the nearer caches hold has been
 * used since. A delay that varies keeps what follows from going in step with
 * the clock. */
static void prepare(const struct lines *l, uint64_t n, uint64_t turn)
{
	for (uint64_t i = 0; i < (turn * 7 & 63); i++)
		__asm__ volatile("");
	for (uint64_t i = 0; i < n; i++) {
		const char *line = place_of(l, l->at + i);

		__asm__ volatile("" : : "r"(line));
		if (l->where == MISSING)
			flush_line(line);
	}
	if (l->where <= IN_L1)
		store_to(l, n, ~turn);
	full_fence();
}

/* The same lines again in L1, others elsewhere. */
static void go_on(struct lines *l, uint64_t n)
{
	if (l->where > IN_L1)
		l->at += n;
}

/* Every line once, so that it is as it would be in the middle of measuring. */
static void go_round(const struct lines *l)
{
	if (l->where == IN_L2 || l->where == IN_L3)
		load_from(l, l->mask + 1);
}

/* A load of a line, in ns. */
static double load_ns(const struct run *r, struct lines *l, uint64_t turn)
{
	uint64_t from, to;

	prepare(l, PROBED, turn);
	from = clock_counter();
	load_from(l, PROBED);
	to = clock_counter();
	go_on(l, PROBED);
	return run_elapsed_ns(r, from, to) / PROBED;
}

/* Bytes of the data cache of a level that a PU uses; 0: unknown, or none. */
static uint64_t cache_bytes(int pu, unsigned level)
{
	for (int i = 0; i < 16; i++) {
		char path[96], type[32], text[32];
		unsigned of;
		unsigned long kib;

#define READ(what, into)                                                       \
	(snprintf(path, sizeof(path),                                          \
		  "/sys/devices/system/cpu/cpu%d/cache/index%d/" what, pu, i), \
	 files_read("", path, into, sizeof(into)))
		if (READ("level", text))
			return 0;
		if (sscanf(text, "%u", &of) != 1 || of != level ||
		    READ("type", type) || !strncmp(type, "Instr", 5))
			continue;
		if (!READ("size", text) && sscanf(text, "%luK", &kib) == 1)
			return (uint64_t)kib << 10;
#undef READ
	}
	return 0;
}

/* Bytes to go round in so that each line is found in a level: twice the nearer
 * one, which keeps none of them then, and half of it at most, as others use it
 * too. A power of two; -1: absent. */
static int working_set(struct run *r, enum residency where, uint64_t *bytes)
{
	unsigned level = (unsigned)where;
	uint64_t near = cache_bytes(r->pu_a, level - 1),
		 here = cache_bytes(r->pu_a, level);

	if (!here || !near)
		return bench_absent(r,
				    "the kernel names no size of a level %u "
				    "cache",
				    here ? level - 1 : level);
	*bytes = LINE;
	while (*bytes < 2 * near)
		*bytes *= 2;
	if (*bytes > here / 2)
		return bench_absent(r,
				    "a level %u cache of %llu KiB is too small "
				    "beside the nearer one's %llu KiB",
				    level, (unsigned long long)here >> 10,
				    (unsigned long long)near >> 10);
	return 0;
}

/* In an order without a rule (Fisher and Yates; Marsaglia's xorshift64), the
 * same every time. */
static void shuffle(uint32_t *order, uint64_t n)
{
	uint64_t random = 88172645463325252u;

	for (uint64_t i = n - 1; i > 0; i--) {
		uint64_t k;
		uint32_t other;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		k = random % (i + 1);
		other = order[k];
		order[k] = order[i];
		order[i] = other;
	}
}

static void free_lines(struct lines *l)
{
	if (l->where != SAME_LINE)
		free(l->base);
	free(l->order);
}

/* count places, `apart` bytes from each other. */
static int lay_out(struct run *r, struct lines *l, uint64_t count,
		   uint64_t apart)
{
	l->mask = count - 1;
	l->order = calloc(count, sizeof(*l->order));
	if (!l->base)
		l->base = aligned_alloc(1 << 12, count * apart);
	if (!l->base || !l->order)
		return bench_fail(r, "no memory for the lines");
	for (uint64_t i = 0; i < count; i++)
		l->order[i] = (uint32_t)(i * apart);
	if (l->where > IN_L1)
		shuffle(l->order, count);
	store_to(l, count, 0);
	go_round(l);
	return 0;
}

static int place_lines(struct run *r, enum residency where, char *same_line,
		       struct lines *l)
{
	uint64_t bytes = LINE;

	*l = (struct lines){ .where = where };
	switch (where) {
	case SAME_LINE:
		l->base = same_line;
		return lay_out(r, l, LINE / 2 / sizeof(uint64_t),
			       sizeof(uint64_t));
	case IN_L1:
		if (cache_bytes(r->pu_a, 1) >= 2 * MOST_STORES * LINE)
			return lay_out(r, l, MOST_STORES, LINE);
		return bench_absent(r, "the kernel names no level 1 cache of "
				       "16 KiB or more");
	case IN_L2:
	case IN_L3:
		return working_set(r, where, &bytes) ?
			       -1 :
			       lay_out(r, l, bytes / LINE, LINE);
	case MISSING:
		break;
	}
	if (!can_flush())
		return bench_absent(r, "no way to flush a line from user "
				       "space on this architecture");
	/* not neighbours, which are fetched together, nor one cache set */
	return lay_out(r, l, MISSING_LINES, 17 * LINE);
}

static double median_load_ns(struct run *r, struct lines *l)
{
	double ns[PROBES];

	go_round(l);
	for (int i = 0; i < PROBES; i++)
		ns[i] = load_ns(r, l, (uint64_t)i);
	return stats_median(ns, PROBES);
}

/* Of lines with another residency, which may be less than a reading of the
 * clock costs; NAN: they cannot be placed. */
static double other_load_ns(struct run *r, enum residency where,
			    char *same_line)
{
	struct lines other;
	double ns = NAN;

	if (!place_lines(r, where, same_line, &other))
		ns = median_load_ns(r, &other);
	free_lines(&other);
	return ns;
}

/* Whether loads tell the lines from such as are nearer, and from memory, by a
 * ratio that no two levels are nearer than. A busy neighbour may spoil one
 * look, not all. */
static int prove_residency(struct run *r, struct lines *l, char *same_line)
{
	static const double ratio = 1.5;
	double near_ns = 0, here_ns = 0, far_ns = INFINITY;

	if (l->where <= IN_L1)
		return 0;
	for (int look = 0; look < LOOKS; look++) {
		near_ns = other_load_ns(
			r, l->where == IN_L3 ? IN_L2 : SAME_LINE, same_line);
		if (l->where != MISSING && can_flush())
			far_ns = other_load_ns(r, MISSING, same_line);
		if (isnan(near_ns) || isnan(far_ns))
			return -1;
		here_ns = median_load_ns(r, l);
		if (here_ns > ratio * near_ns && far_ns > ratio * here_ns)
			return 0;
	}
	return bench_absent(r,
			    "lines do not stay where they are put: a load "
			    "takes %.1f ns, %.1f ns in the nearer cache, %.1f "
			    "ns in memory",
			    here_ns, near_ns,
			    l->where == MISSING ? here_ns : far_ns);
}

/* -------------------------------------------------- what is measured */

/* Stores before an operation: so many before the first reading of the counter,
 * and so many behind it. */
struct stores {
	uint64_t first, then, value;
};

struct op {
	uint64_t (*alone)(uint64_t *to, uint64_t n);
	uint64_t (*bracket)(uint64_t *to, const struct lines *l,
			    const struct stores *s);
	unsigned flags; /* enum fence_flags */
};

/*
 * NAME_alone: n times in a row, ticks. NAME_bracket: once, between two readings
 * of the counter, right behind its stores; ticks. The readings wait for
 * instructions, not for the store buffer: what waits for it is the operation.
 * All brackets lie alike in memory.
 */
#define DEFINE_OP(name, issue, fence_flags)                                    \
	static uint64_t name##_alone(uint64_t *to, uint64_t n)                 \
	{                                                                      \
		uint64_t value = n, from = clock_now();                        \
                                                                               \
		for (uint64_t i = 0; i < n; i++)                               \
			issue;                                                 \
		return clock_now() - from;                                     \
	}                                                                      \
	static __attribute__((noinline, aligned(64))) uint64_t name##_bracket( \
		uint64_t *to, const struct lines *l, const struct stores *s)   \
	{                                                                      \
		uint64_t value = s->value, from;                               \
                                                                               \
		store_to(l, s->first, value);                                  \
		from = clock_counter();                                        \
		store_to(l, s->then, value);                                   \
		issue;                                                         \
		return clock_counter() - from;                                 \
	}                                                                      \
	static const struct op name##_op = { name##_alone, name##_bracket,     \
					     fence_flags };

#define DEFINE_FENCE(name, text, flags) \
	DEFINE_OP(name, FENCE_ISSUE(text, to, value), flags)

FENCES(DEFINE_FENCE)

/* A store, and a barrier on every PU that runs a thread of this process. */
static inline void store_and_membarrier(uint64_t *to, uint64_t value)
{
	*(volatile uint64_t *)to = value;
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
		die_errno("membarrier");
}

DEFINE_OP(membarrier, store_and_membarrier(to, value), 0)

/* The control: the same code but for the operation. */
DEFINE_OP(empty, __asm__ volatile("" : FENCE_MEMORY(*to), "+r"(value) : :), 0)

/* ------------------------------------------------------------ the benchmark */

/* A row of variants: what, and where the stores before it go. */
struct way {
	const struct op *op;
	enum residency where;
};

/* The line that the operation stores to: words before it are the same line's
 * other stores. */
struct target {
	_Alignas(128) uint64_t before[4];
	uint64_t word;
};

struct state {
	struct target target;
	struct lines lines;
	uint64_t turn, wanted;    /* what the target should hold */
	uint64_t stores, arrived; /* of those before the last operation */
	uint64_t group;           /* operations of a mean */
	struct party other;
	atomic_bool stop;
};

/*
 * Those that miss take longer than a reading of the counter: they go before the
 * first, since issuing many takes a time that varies more than what is looked
 * for. Others would be done by then: they go behind it.
 */
static struct stores stores_of(const struct run *r, const struct state *s)
{
	bool miss = s->lines.where == MISSING;

	return (struct stores){ .first = miss ? r->value : 0,
				.then = miss ? 0 : r->value,
				.value = s->turn };
}

/* The next lines, ready for stores. */
static struct stores ready(const struct run *r, struct state *s)
{
	prepare(&s->lines, r->value, s->turn);
	return stores_of(r, s);
}

/* Treatment and control alternate, with the same stores outstanding, so that
 * whatever else a bracket holds cancels in the difference; ticks of both. */
static void compare(const struct run *r, const struct op *op, uint64_t *fenced,
		    uint64_t *empty)
{
	struct state *s = r->state;
	struct stores stores;

	s->turn++;
	stores = ready(r, s);
	*fenced += op->bracket(&s->target.word, &s->lines, &stores);
	go_on(&s->lines, r->value);
	stores = ready(r, s);
	*empty += empty_op.bracket(&s->target.word, &s->lines, &stores);
	go_on(&s->lines, r->value);
}

/* How many of the stores outstanding before the last operation, and before its
 * control, have arrived, up to the first that has not. */
static void see_arrived(const struct run *r, struct state *s)
{
	const struct lines *l = &s->lines;
	bool apart = l->where > IN_L1; /* from the control's */
	uint64_t wanted = s->turn + (bench_broken("fence_stores") ? 1 : 0);
	uint64_t from = apart ? l->at - 2 * r->value : l->at;

	s->stores = apart ? 2 * r->value : r->value;
	for (s->arrived = 0; s->arrived < s->stores; s->arrived++)
		if (*(volatile uint64_t *)place_of(l, from + s->arrived) !=
		    wanted)
			break;
}

/* A mean of each group of them, so that one disturbance spoils few. */
static void run_brackets(struct run *r, const struct op *op, uint64_t n)
{
	struct state *s = r->state;

	for (uint64_t left = n, group; left; left -= group) {
		uint64_t fenced = 0, empty = 0;

		group = left < 2 * s->group ? left : s->group;
		for (uint64_t i = 0; i < group; i++)
			compare(r, op, &fenced, &empty);
		run_mean(r, LATENCY,
			 ((double)fenced - (double)empty) *
				 r->clock.ns_per_tick / (double)group);
	}
	s->wanted = s->turn;
	see_arrived(r, s);
	if (!r->variant->metrics)
		return;
	go_round(&s->lines);
	run_mean(r, LOAD, load_ns(r, &s->lines, s->turn));
}

static void run_alone(struct run *r, const struct op *op, uint64_t n)
{
	struct state *s = r->state;
	/* what is swapped comes back every other time */
	uint64_t times = op->flags & FENCE_SWAPS ? n | 1 : n, ticks;

	s->target.word = ~times;
	ticks = op->alone(&s->target.word, times);
	run_mean(r, LATENCY,
		 (clock_ns(&r->clock, ticks) - r->clock.cost_ns) /
			 (double)times);
	s->wanted = times;
}

static uint64_t run(struct run *r, uint64_t n)
{
	const struct way *way = r->variant->arg;

	if (r->value == PARAM_NONE)
		run_alone(r, way->op, n);
	else
		run_brackets(r, way->op, n);
	return n;
}

/* The last operation has stored, and so have those outstanding before it, and
 * before its control. */
static int settle(struct run *r, uint64_t n)
{
	const struct state *s = r->state;

	(void)n;
	if (s->target.word != s->wanted + (bench_broken("fence") ? 1 : 0))
		return bench_fail(r, "the last store did not arrive");
	if (s->arrived < s->stores)
		return bench_fail(r, "store %llu before it did not arrive",
				  (unsigned long long)s->arrived);
	return 0;
}

/* So many operations that their brackets are a thousand steps of the clock: the
 * harness looks at all that a batch takes, preparing too. */
static uint64_t least_operations(const struct run *r, struct state *s)
{
	static const double steps = 1000;
	enum { BRACKETS = 64 };
	uint64_t ticks = 1;

	for (int i = 0; i < BRACKETS; i++) {
		struct stores stores = ready(r, s);

		ticks += empty_op.bracket(&s->target.word, &s->lines, &stores);
		go_on(&s->lines, r->value);
	}
	return 1 + (uint64_t)(steps * r->clock.step_ns * BRACKETS /
			      clock_ns(&r->clock, ticks));
}

/* The other thread, of which nothing is asked but that it runs. */
static int keep_running(void *arg)
{
	struct state *s = arg;

	while (!atomic_load_explicit(&s->stop, memory_order_relaxed))
		relax();
	return 0;
}

static int setup_membarrier(struct run *r, struct state *s)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
		    0, 0))
		return bench_errno(r, "membarrier");
	if (r->peer &&
	    party_start(&s->other, r->peer, r->pu_b, keep_running, s))
		return party_refused(r);
	return 0;
}

static int setup(struct run *r)
{
	const struct way *way = r->variant->arg;
	static struct state s;
	char *same_line = (char *)s.target.before;
	/* where none is outstanding nothing needs to be flushed */
	enum residency where =
		way->where == MISSING && !r->value ? SAME_LINE : way->where;

	r->state = &s;
	if (way->op == &membarrier_op && setup_membarrier(r, &s))
		return -1;
	if (r->value == PARAM_NONE)
		return 0;
	if (r->clock.source != CLOCK_RAW_COUNTER)
		return bench_absent(r, "needs the raw counter, but: %s",
				    r->clock.why);
	if (place_lines(r, where, same_line, &s.lines) ||
	    prove_residency(r, &s.lines, same_line))
		return -1;
	s.group = least_operations(r, &s);
	r->least_n = s.group;
	return 0;
}

static int teardown(struct run *r)
{
	struct state *s = r->state;

	atomic_store(&s->stop, true);
	return r->peer && party_join(&s->other) ?
		       bench_fail(r, "the other thread ended badly") :
		       0;
}

/* ------------------------------------------------------------------ tables */

static bool has_membarrier(char *why, size_t size, bool *denied)
{
	long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	*denied = commands < 0 && errno != ENOSYS;
	if (commands > 0 && commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED)
		return true;
	snprintf(why, size, "membarrier: %s",
		 commands < 0 ? strerror(errno) :
				"this kernel has no expedited one");
	return false;
}

static bool cpu_has_it(char *why, size_t size, bool *denied)
{
	(void)denied;
	return !fence_lacking(FENCE_NEEDS_CPU, why, size);
}

static const struct need need_cpu = { cpu_has_it };
static const struct need *const for_cpu[] = { &need_cpu, NULL };
static const struct need need_membarrier = { has_membarrier };
static const struct need *const for_membarrier[] = { &need_membarrier, NULL };

/* The name alone is of stores that miss every cache. */
static const uint64_t outstanding[] = { PARAM_NONE, 0, 1, 8, 32, PARAM_END };
static const uint64_t outstanding_full[] = { 2, 4, 16, 64, 128, PARAM_END };
static const uint64_t outstanding_near[] = { 0,  1,  2,  4,   8,
					     16, 32, 64, 128, PARAM_END };
static const uint64_t back_to_back[] = { PARAM_NONE, PARAM_END };

static const struct metric metrics[] = {
	{ "latency", "ns" },
	{ NULL, NULL },
};

static const struct metric metrics_and_load[] = {
	{ "latency", "ns" },
	{ "load", "ns" }, /* of a line that is where those stored to are */
	{ NULL, NULL },
};

/* clang-format off */
#define ROW(op_name, suffix, flags, where, ...)                       \
	{ .name = #op_name suffix,                                    \
	  .arg = &(const struct way){ &op_name##_op, where },         \
	  .needs = (flags) & FENCE_NEEDS_CPU ? for_cpu : NULL,     \
	  __VA_ARGS__ }
#define NEAR .tier = FULL, .values = outstanding_near, \
	.metrics = metrics_and_load
#define ROWS(name, text, flags)                                    \
	ROW(name, "", flags, MISSING,                              \
	    .tier = (flags) & FENCE_RARE ? FULL : HEADLINE),       \
	ROW(name, "_same_line", flags, SAME_LINE, NEAR),           \
	ROW(name, "_l1", flags, IN_L1, NEAR),                      \
	ROW(name, "_l2", flags, IN_L2, NEAR),                      \
	ROW(name, "_l3", flags, IN_L3, NEAR),
/* clang-format on */

static const struct way by_membarrier = { &membarrier_op, MISSING };

static const struct variant variants[] = {
	FENCES(ROWS)
	/* alone, the kernel finds nobody to interrupt */
	{ "membarrier", &by_membarrier, .needs = for_membarrier, .tier = FULL },
	{ "membarrier_running", &by_membarrier, PEER_THREAD, PLACES_TWO_PUS,
	  for_membarrier, FULL, back_to_back },
	{ NULL },
};

const struct bench bench_fence = {
	.name = "fence",
	.title = "stores and fences, behind stores that are outstanding",
	.unit = "ns",
	.variants = variants,
	.param = "outstanding",
	.values = outstanding,
	.full_values = outstanding_full,
	.metrics = metrics,
	.setup = setup,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
