/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Store buffer depth: behind a chain of divisions, which keeps everything that
 * comes later from retiring, how many stores are taken in before the next
 * instruction has to wait until the chain has ended? */
#include "bench.h"

#include <stdio.h>

#include "stats.h"

/*
 * One timed sequence: the chain; N stores with a multiplication behind every
 * second one; more multiplications. Each multiplication waits for the one
 * before, and for nothing else: while all stores fit they run in the shadow of
 * the chain. The first store that does not fit holds up what is behind it, so
 * that those multiplications come after the chain, all of them at once: time
 * jumps there. The control has instructions that do nothing in place of the
 * stores: where it jumps, something else was full (the reorder buffer, which
 * holds 32 + 3/2 N + 20 of these). Little else is used for the same reason: few
 * divisions rather than many loads, no flags, one register.
 */
enum {
	MOST = 128,
	STEP = 2,
	SIZES = MOST / STEP + 1,
	AFTER = 20, /* multiplications behind all stores */
	WARM = 4,   /* sequences not timed: its code comes to the cache */
	TIMED = 16,
	ROUNDS = 8, /* means of TIMED sequences, of which a point is made */
	TRIES = 12,
};

#if defined(__x86_64__)
#define DIVIDE "divsd %[by], %[chain]"
#define MULTIPLY "imul %[work], %[work]"
#define STORE "mov %[other], %[to]"
#define NOTHING "nop"
#define FLOATING "x"
#elif defined(__aarch64__)
#define DIVIDE "fdiv %d[chain], %d[chain], %d[by]"
#define MULTIPLY "mul %[work], %[work], %[work]"
#define STORE "str %[other], %[to]"
#define NOTHING "nop"
#define FLOATING "w"
#elif defined(__riscv)
#define DIVIDE "fdiv.d %[chain], %[chain], %[by]"
#define MULTIPLY "mul %[work], %[work], %[work]"
#define STORE "sd %[other], %[to]"
#define NOTHING "nop"
#define FLOATING "f"
#endif

/* clang-format off */
#define EACH_SIZE(DO) \
	DO(0) DO(2) DO(4) DO(6) DO(8) DO(10) DO(12) DO(14) \
	DO(16) DO(18) DO(20) DO(22) DO(24) DO(26) DO(28) DO(30) \
	DO(32) DO(34) DO(36) DO(38) DO(40) DO(42) DO(44) DO(46) \
	DO(48) DO(50) DO(52) DO(54) DO(56) DO(58) DO(60) DO(62) \
	DO(64) DO(66) DO(68) DO(70) DO(72) DO(74) DO(76) DO(78) \
	DO(80) DO(82) DO(84) DO(86) DO(88) DO(90) DO(92) DO(94) \
	DO(96) DO(98) DO(100) DO(102) DO(104) DO(106) DO(108) DO(110) \
	DO(112) DO(114) DO(116) DO(118) DO(120) DO(122) DO(124) DO(126) \
	DO(128)
/* clang-format on */

/* What a sequence works on; a line of its own. */
struct scratch {
	_Alignas(128) uint64_t to, other, work;
};

/* NAME_N: ticks of one sequence. The readings of the counter wait until what is
 * between them has retired, and not for the store buffer. */
#define DEFINE(name, N, instruction)                                     \
	static uint64_t name##_##N(struct scratch *s)                    \
	{                                                                \
		double chain = 1.7, by = 1.0000001;                      \
		uint64_t work = s->work, other = s->other, from;         \
                                                                         \
		from = clock_counter();                                  \
		__asm__ volatile(".rept 32\n\t" DIVIDE "\n\t.endr\n\t"   \
				 ".rept " #N " / 2\n\t" instruction      \
				 "\n\t" instruction "\n\t" MULTIPLY      \
				 "\n\t.endr\n\t"                         \
				 ".rept 20\n\t" MULTIPLY "\n\t.endr"     \
				 : [chain] "+" FLOATING(chain),          \
				   [work] "+r"(work), [to] "=m"(s->to)   \
				 : [by] FLOATING(by), [other] "r"(other) \
				 : "memory");                            \
		from = clock_counter() - from;                           \
		s->work = work;                                          \
		return from;                                             \
	}
#define DEFINE_BOTH(N)           \
	DEFINE(stores, N, STORE) \
	DEFINE(nops, N, NOTHING)

EACH_SIZE(DEFINE_BOTH)

typedef uint64_t sequence(struct scratch *s);
enum kind { STORES, NOPS, KINDS };

static sequence *const sequences[KINDS][SIZES] = {
#define STORES_ROW(N) stores_##N,
#define NOPS_ROW(N) nops_##N,
	{ EACH_SIZE(STORES_ROW) },
	{ EACH_SIZE(NOPS_ROW) },
};

struct state {
	struct scratch scratch;
	uint64_t turn;
	bool lost; /* a sequence did not do its work */
	bool told; /* by the last curve */
	char why[160];
	double x[SIZES], ns[KINDS][SIZES];
};

/* Mean ns of `timed` sequences; whether each has stored and multiplied is
 * looked at for the last of them. */
static double time_sequence(const struct run *r, enum kind kind, size_t size,
			    uint64_t timed)
{
	sequence *once = sequences[kind][size];
	struct state *s = r->state;
	uint64_t ticks = 0, work;

	s->scratch.other = ++s->turn;
	for (int i = 0; i < WARM; i++)
		once(&s->scratch);
	for (uint64_t i = 0; i < timed; i++) {
		s->scratch.work = 3;
		ticks += once(&s->scratch);
	}
	work = 3;
	for (size_t i = 0; i < size + AFTER; i++)
		work *= work;
	s->lost |= s->scratch.work != work;
	if (kind == STORES && size)
		s->lost |= s->scratch.to != s->turn;
	return clock_ns(&r->clock, ticks) / (double)timed - r->clock.cost_ns;
}

/* ------------------------------------------------------------- the depth */

/*
 * All sizes and both kinds in turn; of some rounds the lower quartile. Whatever
 * disturbs makes a sequence longer. So does a busy SMT sibling, one of another
 * guest too: many CPUs give each of the two half of the store buffer, and of
 * the reorder buffer, as long as both run.
 */
static void measure_curves(const struct run *r)
{
	struct state *s = r->state;
	static double ns[KINDS][SIZES][ROUNDS];

	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < SIZES; i++)
			for (int kind = 0; kind < KINDS; kind++)
				ns[kind][i][round] = time_sequence(
					r, (enum kind)kind, i, TIMED);
	for (size_t i = 0; i < SIZES; i++)
		for (int kind = 0; kind < KINDS; kind++)
			s->ns[kind][i] =
				stats_quantile(ns[kind][i], ROUNDS, 0.25);
}

/* A knee is sure, and so large that no wavering of a curve passes for it. */
static bool stands_out(const struct knee *k, double whole_ns)
{
	return k->p < 0.01 && k->rise > 0.05 * whole_ns;
}

/*
 * Of what stores take more than the control, up to where the control has a knee
 * itself: behind that the store buffer cannot be told from what is full there.
 */
static bool find_depth(struct state *s, struct knee *depth)
{
	double more[SIZES] = { 0 }, last = 0, whole_ns = s->ns[STORES][0];
	struct knee knee =
		stats_knee(s->x, s->ns[NOPS], SIZES, BEND_FREE, 0.95, s->turn);
	bool limited = stands_out(&knee, whole_ns);
	double limit = limited ? knee.at : MOST;
	size_t n = (size_t)limit / STEP + 1;

	for (size_t i = 0; i < n; i++)
		more[i] = last = s->ns[STORES][i] - s->ns[NOPS][i];
	knee = stats_knee(s->x, more, n, BEND_FREE, 0.95, s->turn);
	*depth = knee;
	if (stands_out(&knee, whole_ns))
		return true;
	snprintf(s->why, sizeof(s->why),
		 "no knee stands out up to %g stores (%+.1f ns more than "
		 "nops, of %.1f ns)%s",
		 limit, last - more[0], whole_ns,
		 limited ? "; behind that something else is full" : "");
	return false;
}

/* Some looks, as a disturbance may hide it from one. */
static void look_for_depth(struct run *r)
{
	struct state *s = r->state;
	struct knee depth;

	s->told = false;
	for (int i = 0; i < TRIES && !s->told; i++) {
		measure_curves(r);
		s->told = find_depth(s, &depth);
	}
	if (!s->told)
		return;
	run_value(r, 0, depth.at);
	run_value(r, 1, depth.at_ci.low);
	run_value(r, 2, depth.at_ci.high);
}

/* --------------------------------------------------------- the benchmark */

/* What a variant is: one of the curves, or NULL: where the first bends. */
static const enum kind of_stores = STORES, of_nops = NOPS;

static uint64_t run(struct run *r, uint64_t n)
{
	const enum kind *kind = r->variant->arg;

	if (!kind) {
		for (uint64_t i = 0; i < n; i++)
			look_for_depth(r);
		return n;
	}
	/* a mean of each group, so that one disturbance spoils few */
	for (uint64_t left = n, group; left; left -= group) {
		group = left < 2 * r->least_n ? left : r->least_n;
		run_mean(r, 0, time_sequence(r, *kind, r->value / STEP, group));
	}
	return n;
}

static int settle(struct run *r, uint64_t n)
{
	const struct state *s = r->state;

	(void)n;
	if (s->lost || bench_broken("store_buffer_depth"))
		return bench_fail(r, "a sequence did not do its work");
	if (!r->variant->arg && !s->told)
		return bench_absent(r, "cannot tell: %s", s->why);
	return 0;
}

/* So many that they are a thousand steps of the clock. */
static uint64_t least_sequences(const struct run *r)
{
	static const double steps = 1000;
	double once_ns = time_sequence(r, STORES, 0, TIMED);

	return once_ns > 1 ?
		       1 + (uint64_t)(steps * r->clock.step_ns / once_ns) :
		       1000;
}

static int setup(struct run *r)
{
	static struct state s;

	r->state = &s;
	if (r->clock.source != CLOCK_RAW_COUNTER)
		return bench_absent(r, "needs the raw counter, but: %s",
				    r->clock.why);
	for (size_t i = 0; i < SIZES; i++)
		s.x[i] = (double)(STEP * i);
	if (r->variant->arg)
		r->least_n = least_sequences(r);
	else
		r->most_n = 1;
	return 0;
}

static const struct metric depth[] = {
	{ "depth", "count" }, /* the most stores that fit, to STEP - 1 */
	/* of the bootstrap, in each process: 95 % */
	{ "depth_low", "count" },
	{ "depth_high", "count" },
	{ NULL, NULL },
};

static const struct metric metrics[] = {
	{ "latency", "ns" },
	{ NULL, NULL },
};

static const uint64_t once[] = { PARAM_NONE, PARAM_END };
static const uint64_t sizes[] = {
	0,  4,   8,   12,  16,  20,  24,  28,  32,  36,        40, 44,
	48, 52,  56,  60,  64,  68,  72,  76,  80,  84,        88, 92,
	96, 100, 104, 108, 112, 116, 120, 124, 128, PARAM_END,
};

static const struct variant variants[] = {
	{ "-", .values = once, .metrics = depth },
	{ "stores", &of_stores, .tier = FULL },
	{ "nops", &of_nops, .tier = FULL },
	{ NULL },
};

const struct bench bench_store_buffer_depth = {
	.name = "store_buffer_depth",
	.title = "how many stores wait until the front end does",
	.unit = "ns",
	.least_s = 0.05,
	.variants = variants,
	.param = "stores",
	.values = sizes,
	.metrics = metrics,
	.setup = setup,
	.run = run,
	.settle = settle,
};
