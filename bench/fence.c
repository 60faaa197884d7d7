/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fence: what a plain store, LOCK XCHG and the full fences cost, back to back
 * (param -) and while stores that miss every cache wait in the store buffer
 * (outstanding=N). */
#include "bench.h"

#include "fences.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LATENCY };
enum {
	LINE = 64,
	/* Bytes between the stores: not neighbours (a prefetcher fetches
	 * those together) and not one cache set. */
	STRIDE = 17 * LINE,
	MAX_STORES = 128,
	BLOCK = MAX_STORES * STRIDE,
	BLOCKS = 8,
};

struct state {
	char *lines;                   /* BLOCKS × MAX_STORES lines */
	_Alignas(128) uint64_t target; /* what the fenced store writes to */
	_Alignas(128) uint64_t end;
};

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

static void full_fence(void)
{
#if defined(__x86_64__)
	__asm__ volatile("mfence" ::: "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
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

/* Flushes the lines and stores to each: nothing is left of the flushes, and
 * the stores have just been issued. */
static void miss(char *block, uint64_t stores)
{
	for (uint64_t i = 0; i < stores; i++)
		flush_line(block + i * STRIDE);
	full_fence();
	for (uint64_t i = 0; i < stores; i++)
		*(volatile uint64_t *)(block + i * STRIDE) = i;
}

static uint64_t bracket_empty(uint64_t *to, char *block, uint64_t stores)
{
	uint64_t from;

	(void)to;
	miss(block, stores);
	from = clock_counter();
	return clock_counter() - from;
}

/* NAME_alone: n times in a row, ticks. NAME_bracket: once, between two
 * readings of the counter, right after `stores` missing stores; ticks. The
 * counter waits for instructions, not for the store buffer to drain. */
#define DEFINE_OP(name, text, flags)                                       \
	static uint64_t name##_alone(uint64_t *to, uint64_t n)             \
	{                                                                  \
		uint64_t value = n, from = clock_now();                    \
                                                                           \
		for (uint64_t i = 0; i < n; i++)                           \
			__asm__ volatile(text                              \
					 : FENCE_MEMORY(*to), "+r"(value)  \
					 :                                 \
					 : FENCE_CLOBBERS);                \
		return clock_now() - from;                                 \
	}                                                                  \
	static uint64_t name##_bracket(uint64_t *to, char *block,          \
				       uint64_t stores)                    \
	{                                                                  \
		uint64_t value = stores, from;                             \
                                                                           \
		miss(block, stores);                                       \
		from = clock_counter();                                    \
		__asm__ volatile(text                                      \
				 : FENCE_MEMORY(*to), "+r"(value)          \
				 :                                         \
				 : FENCE_CLOBBERS);                        \
		return clock_counter() - from;                             \
	}                                                                  \
	static const struct op name##_op = { name##_alone, name##_bracket, \
					     flags };

struct op {
	uint64_t (*alone)(uint64_t *to, uint64_t n);
	uint64_t (*bracket)(uint64_t *to, char *block, uint64_t stores);
	unsigned flags;
};

FENCES(DEFINE_OP)

/* Treatment and control alternate, with the same stores outstanding, so that
 * whatever else a bracket holds cancels in the difference. */
static uint64_t run(struct run *r, uint64_t n)
{
	const struct op *op = r->variant->arg;
	struct state *s = r->state;
	uint64_t fenced = 0, empty = 0;

	if (r->value == PARAM_NONE) {
		double ns = clock_ns(&r->clock, op->alone(&s->target, n));

		run_mean(r, LATENCY, (ns - r->clock.cost_ns) / (double)n);
		return n;
	}
	for (uint64_t i = 0; i < n; i++) {
		char *block = s->lines + i % BLOCKS * BLOCK;

		fenced += op->bracket(&s->target, block, r->value);
		empty += bracket_empty(&s->target, block, r->value);
	}
	run_mean(r, LATENCY,
		 ((double)fenced - (double)empty) * r->clock.ns_per_tick /
			 (double)n);
	return n;
}

static int setup(struct run *r)
{
	static struct state s;

	const struct op *op = r->variant->arg;
	char why[96];

	r->state = &s;
	if (fence_lacking(op->flags, why, sizeof(why)))
		return bench_absent(r, "%s", why);
	if (r->value == PARAM_NONE)
		return 0;
	if (r->clock.source != CLOCK_RAW_COUNTER)
		return bench_absent(r, "needs the raw counter, but: %s",
				    r->clock.why);
	if (r->value && !can_flush())
		return bench_absent(r, "no way to flush a line from user "
				       "space on this architecture");
	s.lines = mmap(NULL, BLOCKS * BLOCK, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s.lines == MAP_FAILED)
		return bench_fail(r, "no memory for the lines: %s",
				  strerror(errno));
	memset(s.lines, 1, BLOCKS * BLOCK);
	return 0;
}

static const struct variant variants[] = {
#define ROW(name, text, flags) { #name, &name##_op },
	FENCES(ROW){ NULL },
};

static const uint64_t outstanding[] = { PARAM_NONE, 0, 8, 16, 32, PARAM_END };
static const struct metric metrics[] = {
	{ "latency", "ns" },
	{ NULL, NULL },
};

const struct bench bench_fence = {
	.name = "fence",
	.title = "stores and fences, with stores outstanding that miss",
	.unit = "ns",
	.variants = variants,
	.param = "outstanding",
	.values = outstanding,
	.metrics = metrics,
	.setup = setup,
	.run = run,
};
