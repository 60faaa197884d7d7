/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock: the CPU's raw counter where it can be trusted, else
 * CLOCK_MONOTONIC_RAW; with its rate, step, cost and agreement between PUs. */
#include "clock.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "die.h"

enum { BRACKETS = 50, READINGS = 4096, EXCHANGES = 2000 };

enum clock_source clock_current = CLOCK_KERNEL_RAW;

void clock_use(const struct clock *clock)
{
	clock_current = clock->source;
}

struct clock_pair clock_bracket(void)
{
	struct clock_pair best = { 0, 0 };
	uint64_t narrowest = UINT64_MAX;

	for (int i = 0; i < BRACKETS; i++) {
		uint64_t before = clock_counter();
		uint64_t kernel = clock_kernel_raw();
		uint64_t after = clock_counter();

		if (after - before < narrowest) {
			narrowest = after - before;
			best.counter = before + narrowest / 2;
			best.kernel_ns = kernel;
		}
	}
	return best;
}

double clock_rate(struct clock_pair from, struct clock_pair to)
{
	return (double)(to.kernel_ns - from.kernel_ns) /
	       (double)(to.counter - from.counter);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/*
 * The step in ticks, from sorted differences of readings back to back. A
 * counter that advances in steps leaves clusters, two ticks wide at most where
 * a hypervisor scales it: the step is how far neighbours are apart. One that
 * ticks finer than it can be read leaves no gaps between them: its step is the
 * least difference.
 */
static uint64_t find_step(const uint64_t *gap, size_t count)
{
	uint64_t apart = UINT64_MAX, finest = UINT64_MAX, begin = gap[0];
	uint64_t widest = 0;

	for (size_t i = 1; i < count; i++) {
		uint64_t difference = gap[i] - gap[i - 1];

		if (!difference)
			continue;
		if (difference < finest)
			finest = difference;
		if (difference > 1) {
			/* centres are as far apart as beginnings */
			if (gap[i] - begin < apart)
				apart = gap[i] - begin;
			begin = gap[i];
		} else if (gap[i] - begin > widest) {
			widest = gap[i] - begin;
		}
	}
	if (finest == UINT64_MAX) /* all alike: the clock's own cost, at most */
		return gap[0] ? gap[0] : 1;
	return widest <= 2 && apart != UINT64_MAX && apart > 3 ? apart : finest;
}

/* Step and cost by reading the clock back to back. */
static void measure_step(struct clock *clock)
{
	static uint64_t gap[READINGS];
	/* what interrupted the last hundredth is no property of the clock */
	const int kept = READINGS * 99 / 100;
	uint64_t last;
	double sum = 0;

	clock_use(clock);
	last = clock_now();
	for (int i = 0; i < READINGS; i++) {
		uint64_t now = clock_now();

		gap[i] = now - last;
		last = now;
	}
	qsort(gap, READINGS, sizeof(gap[0]), compare_u64);
	clock->step_ns = clock_ns(clock, find_step(gap, kept));
	/* the mean: of a slow counter the median is none or one whole tick */
	for (int i = 0; i < kept; i++)
		sum += (double)gap[i];
	clock->cost_ns = sum / kept * clock->ns_per_tick;
}

void clock_fall_back(struct clock *clock, const char *why)
{
	clock->source = CLOCK_KERNEL_RAW;
	clock->ns_per_tick = 1.0;
	snprintf(clock->why, sizeof(clock->why), "%s", why);
	measure_step(clock);
	/* A vDSO call takes tens of ns; a system call, hundreds. */
	if (clock->cost_ns > 200)
		snprintf(clock->why, sizeof(clock->why),
			 "%.100s; a reading costs %.0f ns: not a vDSO call",
			 why, clock->cost_ns);
}

/* NULL if the raw counter runs at one rate, else why it is not trusted. */
static const char *counter_distrust(void)
{
	static char why[160];
	const char *wish = getenv("HANDOFF_CLOCK");

	if (wish && !strcmp(wish, "kernel"))
		return "HANDOFF_CLOCK=kernel";
#if defined(__x86_64__)
	unsigned a, b, c, d;
	char source[64] = "";
	FILE *f;

	if (!__get_cpuid(0x80000007u, &a, &b, &c, &d) || !(d & 1u << 8))
		return "the TSC is not invariant (CPUID 80000007h EDX[8])";
	f = fopen("/sys/devices/system/clocksource/clocksource0/"
		  "current_clocksource",
		  "re");
	if (!f)
		return "the kernel does not say which clocksource it uses";
	if (!fgets(source, sizeof(source), f))
		source[0] = '\0';
	fclose(f);
	source[strcspn(source, "\n")] = '\0';
	if (strcmp(source, "tsc") && strcmp(source, "kvm-clock")) {
		snprintf(why, sizeof(why),
			 "the kernel itself does not use the TSC "
			 "(clocksource %s)",
			 source);
		return why;
	}
	return NULL;
#elif defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64)
	(void)why;
	return NULL; /* architected constant-rate counters */
#else
	(void)why;
	return "no raw counter is known on this architecture";
#endif
}

void clock_open(struct clock *clock)
{
	const struct timespec wait = { .tv_nsec = 50 * 1000 * 1000 };
	const char *why = counter_distrust();
	struct clock_pair from, to;
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC_RAW, &now))
		die_errno("nothing can be timed: "
			  "clock_gettime(CLOCK_MONOTONIC_RAW)");
	memset(clock, 0, sizeof(*clock));
	if (why) {
		clock_fall_back(clock, why);
		return;
	}
	from = clock_bracket();
	nanosleep(&wait, NULL);
	to = clock_bracket();
	clock->source = CLOCK_RAW_COUNTER;
	clock->ns_per_tick = clock_rate(from, to);
	if (!isfinite(clock->ns_per_tick) || clock->ns_per_tick <= 0 ||
	    clock->ns_per_tick > 1000) {
		clock_fall_back(clock, "the raw counter does not advance");
		return;
	}
	snprintf(clock->why, sizeof(clock->why),
		 "raw counter: constant rate, used by the kernel");
	measure_step(clock);
	if (clock->cost_ns > 1000)
		clock_fall_back(clock, "reading the raw counter takes over "
				       "1 µs (trapped by a hypervisor?)");
}

/* One word each way, each on lines of its own. */
struct exchange {
	_Alignas(128) _Atomic uint64_t question; /* number of the exchange */
	_Alignas(128) uint64_t answer;           /* b's clock */
	_Atomic uint64_t answered; /* number of the exchange; a coarse clock
				    * may read the same twice */
	_Alignas(128) int pu_b;
	int (*bind)(int pu);
	int error;
	_Atomic int ready;
};

static void *answer_exchanges(void *arg)
{
	struct exchange *x = arg;

	x->error = x->bind(x->pu_b) ? errno : 0;
	atomic_store(&x->ready, 1);
	if (x->error)
		return NULL;
	for (uint64_t i = 1; i <= EXCHANGES; i++) {
		while (atomic_load_explicit(&x->question,
					    memory_order_acquire) < i)
			;
		x->answer = clock_now();
		atomic_store_explicit(&x->answered, i, memory_order_release);
	}
	return NULL;
}

int clock_compare(const struct clock *clock, int pu_a, int pu_b,
		  int (*bind)(int pu), struct clock_offset *out)
{
	static struct exchange x;
	pthread_t thread;
	double narrowest = INFINITY;

	memset(&x, 0, sizeof(x));
	x.pu_b = pu_b;
	x.bind = bind;
	*out = (struct clock_offset){ .offset_ns = NAN, .bound_ns = NAN };
	if (bind(pu_a))
		return -1;
	errno = pthread_create(&thread, NULL, answer_exchanges, &x);
	if (errno)
		return -1;
	while (!atomic_load(&x.ready))
		;
	for (uint64_t i = 1; i <= EXCHANGES && !x.error; i++) {
		uint64_t before, between, after;

		before = clock_now();
		atomic_store_explicit(&x.question, i, memory_order_release);
		while (atomic_load_explicit(&x.answered,
					    memory_order_acquire) != i)
			;
		between = x.answer;
		after = clock_now();
		if ((int64_t)(between - before) < 0 ||
		    (int64_t)(after - between) < 0)
			out->warp = true;
		if (clock_diff_ns(clock, before, after) < narrowest) {
			narrowest = clock_diff_ns(clock, before, after);
			/* each reading may lie a step behind its clock */
			out->bound_ns = narrowest / 2 + clock->step_ns;
			out->offset_ns = clock_diff_ns(clock, before, between) -
					 narrowest / 2;
		}
	}
	pthread_join(thread, NULL);
	if (x.error) {
		errno = x.error;
		return -1;
	}
	return 0;
}
