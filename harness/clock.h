/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock: the CPU's raw counter where it can be trusted, else
 * CLOCK_MONOTONIC_RAW; with its rate, step, cost and agreement between PUs. */
#ifndef HANDOFF_CLOCK_H
#define HANDOFF_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum clock_source { CLOCK_RAW_COUNTER, CLOCK_KERNEL_RAW };

/* What a run knows of its clock. Plain data: the runner measures it once and
 * hands it to every invocation. */
struct clock {
	enum clock_source source;
	double ns_per_tick;
	double step_ns; /* finest difference that readings tell apart */
	double cost_ns; /* of a reading: mean difference of two back to back,
			 * without the longest hundredth */
	char why[160];  /* why this source; one line */
};

/* Set by clock_use(); read by clock_now(). */
extern enum clock_source clock_current;

/* clock_open() has tried it: a kernel that refuses later ends the process, for
 * there is no time to go on with. */
static inline uint64_t clock_kernel_raw(void)
{
	struct timespec t;

	if (__builtin_expect(clock_gettime(CLOCK_MONOTONIC_RAW, &t), 0))
		__builtin_trap();
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/*
 * The raw counter, ordered: nothing before it is still executing and nothing
 * after it has begun. Stores may still be in the store buffer.
 * x86: Intel SDM 2B, RDTSC. TSC ticks are not cycles.
 */
static inline uint64_t clock_counter(void)
{
#if defined(__x86_64__)
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence"
			 : "=a"(low), "=d"(high)
			 :
			 : "memory");
	return (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("isb; mrs %0, cntvct_el0; isb"
			 : "=r"(ticks)
			 :
			 : "memory");
	return ticks;
#elif defined(__riscv) && __riscv_xlen == 64
	uint64_t ticks;

	/* a fence takes reading a CSR for device input (Zicsr) */
	__asm__ volatile("fence r, i; rdtime %0; fence i, rw"
			 : "=r"(ticks)
			 :
			 : "memory");
	return ticks;
#else
	return clock_kernel_raw();
#endif
}

/* Ticks of the clock in use; the same on every PU of the run. */
static inline uint64_t clock_now(void)
{
	if (__builtin_expect(clock_current == CLOCK_RAW_COUNTER, 1))
		return clock_counter();
	return clock_kernel_raw();
}

/* Decides whether the raw counter is trusted, measures rate, step and cost.
 * Takes about 60 ms. HANDOFF_CLOCK=kernel forces the fallback. */
void clock_open(struct clock *clock);

/* Makes clock_now() read this clock. */
void clock_use(const struct clock *clock);

/* Falls back to CLOCK_MONOTONIC_RAW, for the reason given, and measures step
 * and cost again. */
void clock_fall_back(struct clock *clock, const char *why);

static inline double clock_ns(const struct clock *clock, uint64_t ticks)
{
	return (double)ticks * clock->ns_per_tick;
}

/* Signed difference to - from in ns. */
static inline double clock_diff_ns(const struct clock *clock, uint64_t from,
				   uint64_t to)
{
	return (double)(int64_t)(to - from) * clock->ns_per_tick;
}

/* A reading of both clocks at one instant, the narrowest of many brackets. */
struct clock_pair {
	uint64_t counter, kernel_ns;
};
struct clock_pair clock_bracket(void);

/* ns per counter tick between two brackets. */
double clock_rate(struct clock_pair from, struct clock_pair to);

/*
 * Do the clocks of two PUs agree? Two threads exchange readings over a cache
 * line; the narrowest exchange bounds the offset (Cristian 1989).
 * offset_ns: estimate of b's clock minus a's; bound_ns: half of the narrowest
 * round trip, and a step of the clock. warp: a reading was seen that lies
 * before one that precedes it. 0, or -1 and errno where a thread cannot be
 * started or bound.
 */
struct clock_offset {
	double offset_ns, bound_ns;
	bool warp;
};
int clock_compare(const struct clock *clock, int pu_a, int pu_b,
		  int (*bind)(int pu), struct clock_offset *out);

#endif
