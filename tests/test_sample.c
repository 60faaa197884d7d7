/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does sample_run() find what a bench is known to take, and refuse a bench
 * that does not do its work? */
#include "sample.h"

#include <math.h>
#include <sched.h>
#include <sys/syscall.h>

#include "lacks.h"
#include "stats.h"
#include "support.h"
#include "topo.h"

static struct clock ticks, first_clock;
static int pu; /* that the test is bound to */

/* A bench of the tests: what it does in an operation, and what it answers. */
static struct {
	uint64_t busy_ns;    /* by a clock that is not the one under test */
	uint64_t less;       /* operations it says it did not do */
	uint64_t calls;      /* system calls an operation, and */
	uint64_t calls_once; /* a batch */
	uint64_t uids;       /* calls of another name an operation */
	uint64_t pages;      /* fresh ones touched an operation */
	uint64_t bytes;      /* written and read an operation */
	uint64_t switches;   /* sleeps an operation */
	double metric[2];    /* own metrics to hand in */
	bool means;          /* …as means */
	bool values;         /* …the second as values, each one larger */
	int setup, teardown; /* what they return */
	uint64_t settle_at;  /* operations a batch from which it fails */
	bool moves;          /* to another PU */
	uint64_t
		grows_after; /* ns from the first operation on: twice as long */
	uint64_t first;
	uint64_t batches, armed, operations, runs, done_setup, done_teardown;
	int pipe[2];
} does;

static void busy(uint64_t ns)
{
	uint64_t from = clock_kernel_raw();

	if (!does.first)
		does.first = from;
	if (does.grows_after && from - does.first > does.grows_after)
		ns *= 2;
	while (clock_kernel_raw() - from < ns)
		;
}

static void move_bytes(uint64_t n)
{
	char buffer[4096] = "";

	if (write(does.pipe[1], buffer, n) != (ssize_t)n ||
	    read(does.pipe[0], buffer, n) != (ssize_t)n)
		die_errno("a pipe of %d bytes", (int)n);
}

static void touch_pages(uint64_t pages)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die_errno("map %d pages", (int)pages);
	madvise(memory, pages * page, MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < pages; i++)
		((volatile char *)memory)[i * page] = 1;
	munmap(memory, pages * page);
}

static void hand_in(struct run *r)
{
	for (unsigned k = 0; k < 2; k++) {
		if (does.means)
			run_mean(r, k, does.metric[k]);
		else if (does.values && k == 1)
			run_value(r, k, does.metric[k]++);
		else
			run_sample(r, k, does.metric[k]);
	}
}

static uint64_t run_busy(struct run *r, uint64_t n)
{
	const struct timespec nap = { .tv_nsec = 1000 };

	does.runs++;
	does.operations += n;
	for (uint64_t i = 0; i < does.calls_once; i++)
		syscall(SYS_getppid);
	for (uint64_t i = 0; i < n; i++) {
		if (does.busy_ns)
			busy(does.busy_ns);
		for (uint64_t k = 0; k < does.calls; k++)
			syscall(SYS_getppid);
		for (uint64_t k = 0; k < does.uids; k++)
			syscall(SYS_getuid);
		if (does.pages)
			touch_pages(does.pages);
		if (does.bytes)
			move_bytes(does.bytes);
		for (uint64_t k = 0; k < does.switches; k++)
			nanosleep(&nap, NULL);
		if (r->bench->metrics)
			hand_in(r);
	}
	if (does.moves && topo_bind(topo_pu(1)))
		die_errno("bind");
	return n - does.less;
}

static uint64_t run_empty(struct run *r, uint64_t n)
{
	(void)r;
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile("");
	return n;
}

static uint64_t run_nothing(struct run *r, uint64_t n)
{
	(void)r;
	return n;
}

static void arm(struct run *r, uint64_t n)
{
	(void)r;
	does.armed = n;
	does.batches++;
}

static int setup(struct run *r)
{
	does.done_setup++;
	switch (does.setup) {
	case 1:
		return bench_fail(r, "out of %s", "luck");
	case 2:
		return bench_absent(r, "no unicorn here");
	case 3:
		return bench_denied(r, "not for you");
	case 4:
		return -1; /* without a word */
	}
	return 0;
}

static int settle(struct run *r, uint64_t n)
{
	if (n != does.armed)
		return bench_fail(r, "armed for another batch");
	if (does.settle_at && n >= does.settle_at)
		return bench_fail(r, "the other side saw less");
	return 0;
}

static int teardown(struct run *r)
{
	does.done_teardown++;
	return does.teardown ? bench_fail(r, "cannot undo it") : 0;
}

static const struct variant only = { .name = "-" };
static const struct metric own[] = { { "first", "ns" },
				     { "second", "ns" },
				     { NULL, NULL } };

#define HOOKS                                                        \
	.name = "made_up", .unit = "ns", .setup = setup, .arm = arm, \
	.settle = settle, .teardown = teardown
static const struct bench plain = { HOOKS, .run = run_busy };
static const struct bench empty = { HOOKS, .run = run_empty };
static const struct bench nothing = { HOOKS, .run = run_nothing };
static const struct bench with_own = { HOOKS, .run = run_busy, .metrics = own };
static const struct bench counted = {
	HOOKS,
	.run = run_busy,
	.counts = COUNT_SYSCALLS | COUNT_SWITCHES | COUNT_CPU_TIME |
		  COUNT_COPIES | COUNT_FAULTS | COUNT_NAMES,
	.count_n = 100,
};

static struct sample sample;
static char reason[256];

static struct run make_run(const struct bench *bench, enum run_mode mode)
{
	memset(reason, 0, sizeof(reason));
	return (struct run){
		.bench = bench,
		.variant = &only,
		.value = PARAM_NONE,
		.pu_a = pu,
		.pu_b = TOPO_ANY_PU,
		.mode = mode,
		.clock = ticks,
		.counts = COUNTS_DENIED,
		.reason = reason,
		.reason_size = sizeof(reason),
	};
}

static struct sample_plan plan;

static void measure(const struct bench *bench)
{
	struct run r = make_run(bench, RUN_MEASURE);

	if (sample_run(&r, &plan, &sample))
		fail_msg("%s", reason);
	assert_string_equal(reason, "");
	assert_int_equal(does.done_setup, 1);
	assert_int_equal(does.done_teardown, 1);
}

static void expect_failure(const struct bench *bench, enum run_mode mode,
			   const char *why)
{
	struct run r = make_run(bench, mode);

	assert_int_equal(sample_run(&r, &plan, &sample), -1);
	if (!strstr(reason, why))
		fail_msg("\"%s\", not \"%s\"", reason, why);
	assert_false(r.absent);
	assert_false(r.denied);
}

/* ---------------------------------------------------- known durations */

static double measure_busy(uint64_t ns, int method)
{
	memset(&does, 0, sizeof(does));
	does.busy_ns = ns;
	plan.method = method;
	measure(&plain);
	assert_int_equal(sample.metrics, 1);
	assert_string_equal(sample.metric[0].name, "latency");
	assert_string_equal(sample.metric[0].unit, "ns");
	assert_false(sample.metric[0].is_count);
	return sample.metric[0].value;
}

/* Whether others ran here in so many batches that the median may show it, or
 * an emulator did. */
static bool crowded(void)
{
	return emulated() ||
	       5 * sample.evidence.driver.involuntary > sample.evidence.batches;
}

/* A wait takes up to one reading of its clock longer than it is asked to.
 * Where others, or a hypervisor, take the PU meanwhile, that is no fault of the
 * instrument: again, on the next. */
static void assert_recovers(uint64_t ns, int method)
{
	enum { TRIES = 10 };
	double once = 0, twice = 0;
	int excused = 0;

	for (size_t tries = 0; tries < TRIES; tries++) {
		double ratio;
		bool others;

		assert_int_equal(topo_bind(topo_pu(tries % topo_pu_count())),
				 0);
		pu = topo_pu(tries % topo_pu_count());
		once = measure_busy(ns, method);
		others = crowded();
		twice = measure_busy(2 * ns, method);
		excused += crowded() || others;
		ratio = twice / once;
		if (method >= 0)
			assert_int_equal(sample.metric[0].method, method);
		if (once > 0.95 * (double)ns && once < 1.1 * (double)ns + 100 &&
		    ratio > 1.8 && ratio < 2.2)
			return;
	}
	if (2 * excused < TRIES)
		fail_msg("%d ns are measured as %g, and twice that as %g",
			 (int)ns, once, twice);
	skip_because("other programs take the PUs");
}

static void assert_all_recover(int method)
{
	assert_recovers(4000, method);
	assert_recovers(20000, method);
	assert_recovers(100000, method);
}

static void test_recovers_single(void **state)
{
	(void)state;
	assert_all_recover(METHOD_SINGLE);
}

static void test_recovers_batch(void **state)
{
	(void)state;
	assert_all_recover(METHOD_BATCH);
}

/* By the kernel's clock too. */
static void test_recovers_by_fallback(void **state)
{
	(void)state;
	clock_fall_back(&ticks, "to be tested"); /* begin() takes it back */
	assert_recovers(20000, -1);
}

/* The instrument adds nothing, at its best: whatever else runs meanwhile only
 * adds to what an empty body is said to take. */
static void assert_adds_at_most(double most_ns, int method)
{
	enum { TRIES = 10 };
	double least = INFINITY;

	for (int tries = 0; tries < TRIES; tries++) {
		memset(&does, 0, sizeof(does));
		plan.method = method;
		measure(&empty);
		assert_int_equal(sample.metric[0].method, method);
		least = fmin(least, fabs(sample.metric[0].value));
		if (least <= most_ns)
			return;
	}
	fail_msg("an empty body takes %g ns, not at most %g; a step is %g, a "
		 "reading costs %g",
		 least, most_ns, ticks.step_ns, ticks.cost_ns);
}

static void test_empty_batch(void **state)
{
	(void)state;
	/* an emulator's instructions are not as long each time */
	assert_adds_at_most((emulated() ? 10 : 1) * ticks.step_ns,
			    METHOD_BATCH);
}

/* One by one there is a call through a pointer, too, and a sanitizer's calls at
 * both its ends. */
static void test_empty_single(void **state)
{
	(void)state;
	assert_adds_at_most(ticks.step_ns +
				    (SANITIZED ? 2 : 0.5) * ticks.cost_ns,
			    METHOD_SINGLE);
}

static void test_method_by_length(void **state)
{
	(void)state;
	measure_busy(20000, -1);
	assert_int_equal(sample.metric[0].method, METHOD_SINGLE);
	memset(&does, 0, sizeof(does));
	plan.method = -1;
	measure(&empty);
	assert_int_equal(sample.metric[0].method, METHOD_BATCH);
}

static void test_evidence(void **state)
{
	const struct evidence *e = &sample.evidence;
	const struct measured *m = &sample.metric[0];

	(void)state;
	measure_busy(20000, METHOD_SINGLE);
	assert_int_equal(m->samples, e->operations);
	assert_int_equal(m->hist.n, e->operations);
	assert_int_equal(m->hist.bad, 0);
	assert_true(e->operations < does.operations); /* warm-up */
	assert_true(e->batches > 1);
	assert_true(e->batches < does.batches);
	assert_true(e->operations >= e->batches * e->batch_n);
	assert_true(e->operations <= e->batches * (e->batch_n * 6 / 5 + 1));
	assert_true(e->elapsed_ns >= 0.95 * 20000 * (double)e->operations);
	assert_int_equal(e->pu_a, pu);
	assert_int_equal(e->pu_b, -1);
	assert_int_equal(e->off_pu, 0);
	assert_true(e->driver.cpu_ns > 0);
	assert_int_equal(e->peer.cpu_ns, 0);

	measure_busy(20000, METHOD_BATCH);
	assert_int_equal(m->samples, e->batches);
	assert_int_equal(m->hist.n, e->batches);
}

static void test_at_least_one_batch(void **state)
{
	(void)state;
	plan.warm_ns = plan.measure_ns = 0;
	measure_busy(20000, METHOD_BATCH);
	assert_int_equal(sample.evidence.batches, 1);
	assert_int_equal(sample.metric[0].samples, 1);
}

/* Twice as long from the middle on. */
static void test_drift(void **state)
{
	(void)state;
	for (int tries = 0; tries < 4; tries++) {
		memset(&does, 0, sizeof(does));
		does.busy_ns = 5000;
		does.grows_after = 150000000;
		plan.measure_ns = 300e6;
		plan.method = METHOD_BATCH;
		measure(&plain);
		if (sample.evidence.drift)
			return;
	}
	/* neighbours can hide a drift once, not four times */
	if (!crowded())
		fail_msg("not seen in %d batches",
			 (int)sample.evidence.batches);
	skip_because("other programs take the PU");
}

/* ------------------------------------------------------- own metrics */

static void test_own_samples(void **state)
{
	(void)state;
	does.busy_ns = 5000;
	does.metric[0] = 123;
	does.metric[1] = 4567.5;
	measure(&with_own);
	assert_int_equal(sample.metrics, 2);
	assert_string_equal(sample.metric[0].name, "first");
	assert_string_equal(sample.metric[1].name, "second");
	for (int i = 0; i < 2; i++) {
		const struct measured *m = &sample.metric[i];

		assert_int_equal(m->method, METHOD_SINGLE);
		assert_int_equal(m->samples, sample.evidence.operations);
		assert_int_equal(m->hist.n, m->samples);
		assert_true(fabs(m->value / does.metric[i] - 1) < 0.01);
	}
	assert_true(sample.metric[0].value == 123);
}

static void test_own_means(void **state)
{
	(void)state;
	does.busy_ns = 50000;
	does.means = true;
	does.metric[0] = 0.3;
	does.metric[1] = -2.25;
	measure(&with_own);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sample.metric[i].method, METHOD_BATCH);
		/* the median of the means themselves: exact */
		assert_true(sample.metric[i].value == does.metric[i]);
	}
}

/* A difference of two readings may be negative: it is not clamped. */
static void test_negative_samples(void **state)
{
	(void)state;
	does.busy_ns = 5000;
	does.metric[0] = -12;
	measure(&with_own);
	assert_true(sample.metric[0].value == -12);
	assert_true(sample.metric[0].hist.min == -12);
	assert_true(sample.metric[0].hist.max == -12);
}

/* More means than are kept: their histogram, whose buckets are narrow. */
static void test_many_own_means(void **state)
{
	(void)state;
	does.means = true;
	does.metric[0] = 100.25;
	does.metric[1] = 1;
	measure(&with_own);
	assert_true(sample.metric[0].samples > 4096);
	assert_true(fabs(sample.metric[0].value / 100.25 - 1) < 0.01);
}

/* A number that was found out: no distribution, and the median of what was
 * handed in while measuring, here 1, 2, 3 … after the warm-up's. */
static void test_own_values(void **state)
{
	const struct measured *m = &sample.metric[1];

	(void)state;
	does.busy_ns = 200000;
	does.values = true;
	does.metric[0] = 5;
	measure(&with_own);
	assert_int_equal(sample.metric[0].method, METHOD_SINGLE);
	assert_false(sample.metric[0].is_count);
	assert_true(sample.metric[0].hist.n > 0);
	assert_int_equal(m->method, METHOD_EXACT);
	assert_true(m->is_count);
	assert_int_equal(m->samples, sample.evidence.operations);
	assert_true(m->samples < 4096);
	assert_int_equal(m->hist.n, 0);
	/* the last ones, up to what would have come next */
	if (m->value != does.metric[1] - ((double)m->samples + 1) / 2)
		fail_msg("%g of %d values up to %g", m->value, (int)m->samples,
			 does.metric[1] - 1);
}

/* More of them than are kept: of the first 4096, which tell as well. */
static void test_many_own_values(void **state)
{
	const struct measured *m = &sample.metric[1];
	double before;

	(void)state;
	does.values = true;
	does.metric[0] = 5;
	measure(&with_own);
	assert_true(m->samples > 4096);
	before = does.metric[1] - (double)m->samples;
	if (m->value != before + 4095.0 / 2)
		fail_msg("%g, the first was %g", m->value, before);
}

static const struct metric totals[] = { { "first", "count",
					  .share_of = "second" },
					{ "second", "count", .total = true },
					{ NULL, NULL } };

static uint64_t run_totals(struct run *r, uint64_t n)
{
	busy(does.busy_ns);
	does.operations += n;
	for (uint64_t i = 0; i < n; i++) {
		/* rare enough that a median of it would be 0 */
		run_value(r, 0, does.runs++ % 4 ? 0 : 2);
		run_value(r, 1, 1);
	}
	return n;
}

/* A total is all that was handed in while measuring, and a share its part of
 * it: no medians, however many there were. */
static void test_totals(void **state)
{
	static const struct bench with_totals = { HOOKS, .run = run_totals,
						  .metrics = totals };
	const struct measured *share = &sample.metric[0],
			      *total = &sample.metric[1];

	(void)state;
	does.busy_ns = 1000;
	measure(&with_totals);
	assert_true(total->samples > 4096);
	assert_true(total->value == (double)sample.evidence.operations);
	assert_true(total->value < (double)does.operations); /* warm-up's */
	assert_true(total->total);
	assert_false(share->total);
	assert_int_equal(share->method, METHOD_EXACT);
	assert_true(fabs(share->value - 0.5) < 0.001);
}

/* ------------------------------------------------------------ counts */

static int counts_body(struct child *child, void *arg)
{
	const enum counts_method *method = arg;
	enum run_mode mode = *method == COUNTS_DENIED ? RUN_COUNT : RUN_TRACE;
	struct run r = make_run(&counted, mode);

	r.counts = *method;
	r.traced = &child->traced;
	r.value = 2 * does.bytes;
	if (pipe(does.pipe))
		return child_fail(child, "pipe");
	if (sample_run(&r, &plan, &sample))
		return child_fail(child, "%s", reason);
	for (unsigned i = 0; i < sample.metrics; i++) {
		const struct measured *m = &sample.metric[i];

		if (!m->is_count || m->samples != 200)
			return child_fail(child, "%s is no slope of 200",
					  m->name);
		for (unsigned kind = 1, k = 0; kind <= COUNT_LAST;
		     kind <<= 1, k++)
			if (!strcmp(m->name, count_name(kind)))
				child->number[k] = m->value;
	}
	child->number[7] = sample.metrics;
	return 0;
}

static void test_system_calls(void **state)
{
	static const enum counts_method methods[] = { COUNTS_PERF,
						      COUNTS_PTRACE };
	static const char *const wish[] = { "perf", "ptrace" };
	int tried = 0;

	(void)state;
	does.calls = 3;
	does.calls_once = 1000; /* vanishes in the slope */
	for (size_t i = 0; i < COUNT(methods); i++) {
		enum counts_method method = methods[i], found;
		struct child child;
		char why[160];

		setenv("HANDOFF_COUNT", wish[i], 1);
		found = counts_probe(why, sizeof(why));
		unsetenv("HANDOFF_COUNT");
		if (found != method) {
			print_message("skipped: %s\n", why);
			continue;
		}
		expect_child(wish[i], counts_body, &method,
			     method == COUNTS_PTRACE, &child);
		tried++;
		assert_true(child.number[7] == 1); /* nothing but calls */
		if (child.number[0] != 3)
			fail_msg("3 calls are %g by %s", child.number[0],
				 wish[i]);
	}
	if (!tried)
		skip();
}

static void test_other_counts(void **state)
{
	enum counts_method denied = COUNTS_DENIED;
	struct child child;
	double seen[3][3]; /* switches, processor time, copies */

	(void)state;
	if (!counts_have_io())
		skip_because("the kernel does not account I/O of a task");
	does.bytes = 1000;
	does.switches = 1;
	does.busy_ns = 20000;
	/* as in a run: the median over processes, some of them disturbed */
	for (int i = 0; i < 3; i++) {
		expect_child("counting", counts_body, &denied, false, &child);
		assert_true(child.number[7] == 4); /* no calls */
		for (int k = 0; k < 3; k++)
			seen[k][i] = child.number[1 + k];
	}
	assert_true(stats_median(seen[0], 3) >= 0.99);
	assert_true(stats_median(seen[0], 3) < 1.5);
	assert_true(stats_median(seen[1], 3) >= 0.9 * 20000);
	/* written once and read once, over twice as much "payload" */
	assert_true(fabs(stats_median(seen[2], 3) - 1) < 0.005);
}

static void test_page_faults(void **state)
{
	static const uint64_t pages[] = { 0, 1, 17 };
	enum counts_method denied = COUNTS_DENIED;

	(void)state;
	if (SANITIZED)
		skip_because("a sanitizer touches pages of its own");
	skip_if_emulated("touches pages of its own");
	for (size_t i = 0; i < COUNT(pages); i++) {
		struct child child;

		does.pages = pages[i];
		does.bytes = 1; /* there is a payload to copy */
		expect_child("counting", counts_body, &denied, false, &child);
		if (child.number[4] != (double)pages[i])
			fail_msg("%d faults are %g", (int)pages[i],
				 child.number[4]);
	}
}

static int names_body(struct child *child, void *arg)
{
	struct run r = make_run(&counted, RUN_NAMES);

	(void)arg;
	r.counts = COUNTS_PTRACE;
	r.traced = &child->traced;
	if (sample_run(&r, &plan, &sample))
		return child_fail(child, "%s", reason);
	if (sample.metrics)
		return child_fail(child, "more than names");
	child->number[0] = sample.calls;
	for (unsigned i = 0; i < sample.calls; i++) {
		const struct named_calls *call = &sample.call[i];

		if (call->samples != 200)
			return child_fail(child, "%s is no slope of 200",
					  call->name);
		if (!strcmp(call->name, "syscalls.getppid"))
			child->number[1] = call->value;
		else if (!strcmp(call->name, "syscalls.getuid"))
			child->number[2] = call->value;
		else if (!SANITIZED)
			return child_fail(child, "%s: %g", call->name,
					  call->value);
	}
	return 0;
}

/* Each with its name and number, and none that is made but once a batch. */
static void test_calls_by_name(void **state)
{
	struct child child;
	char why[160];

	(void)state;
	if (!counts_can_name(why, sizeof(why)))
		skip_because("%s", why);
	does.calls = 3;
	does.uids = 1;
	expect_child("names", names_body, NULL, true, &child);
	assert_true(child.number[1] == 3 && child.number[2] == 1);
	assert_true(SANITIZED || child.number[0] == 2);
	does.uids = 0;
	does.calls_once = 100;
	expect_child("names", names_body, NULL, true, &child);
	assert_true(child.number[1] == 3);
	assert_true(SANITIZED || child.number[0] == 1);
	/* what makes no call has no names, which is no failure */
	does.calls = 0;
	expect_child("names", names_body, NULL, true, &child);
	assert_true(SANITIZED || child.number[0] == 0);
}

/* Unknown is not 0. */
static void test_calls_not_counted(void **state)
{
	struct run r = make_run(&counted, RUN_TRACE);

	(void)state;
	r.value = 1;
	does.calls = 3;
	if (!sample_run(&r, &plan, &sample))
		for (unsigned i = 0; i < sample.metrics; i++)
			assert_string_not_equal(sample.metric[i].name,
						"syscalls");
}

static void test_count_names(void **state)
{
	static const char *const name[] = { "syscalls", "switches", "cpu_time",
					    "copies", "faults" };
	static const char *const unit[] = { "count", "count", "ns", "count",
					    "count" };

	(void)state;
	assert_int_equal(1 << (COUNT(name) - 1), COUNT_LAST);
	for (unsigned kind = 1, i = 0; kind <= COUNT_LAST; kind <<= 1, i++) {
		assert_string_equal(count_name(kind), name[i]);
		assert_string_equal(count_unit(kind), unit[i]);
	}
}

/* What a bench asks for beside the length of a batch; setup() may too. */
static int setup_at_least(struct run *r)
{
	r->least_n = 7;
	return setup(r);
}

static void test_batch_limits(void **state)
{
	static const struct bench at_least = { HOOKS, .run = run_busy,
					       .least_n = 5 },
				  at_most = { HOOKS, .run = run_busy,
					      .most_n = 10 },
				  by_setup = { .name = "made_up",
					       .unit = "ns",
					       .setup = setup_at_least,
					       .run = run_busy,
					       .teardown = teardown };

	(void)state;
	does.busy_ns = 2000000;
	measure(&at_least);
	assert_int_equal(sample.evidence.batch_n, 5);
	assert_true(sample.metric[0].samples >= 5);
	memset(&does, 0, sizeof(does));
	does.busy_ns = 2000000;
	measure(&by_setup);
	assert_int_equal(sample.evidence.batch_n, 7);
	memset(&does, 0, sizeof(does));
	does.busy_ns = 2000;
	measure(&at_most);
	assert_int_equal(sample.evidence.batch_n, 10);
	assert_true(does.armed <= 12); /* jitter adds up to a fifth */
	memset(&does, 0, sizeof(does));
	measure(&at_most); /* takes no time, and ends all the same */
	assert_int_equal(sample.evidence.batch_n, 10);
}

/* A variant may have metrics of its own. */
static void test_metrics_of_variant(void **state)
{
	static const struct metric more[] = { { "first", "ns" },
					      { "second", "ns" },
					      { "third", "count" },
					      { NULL, NULL } };
	const struct variant with_more = { .name = "-", .metrics = more };
	struct run r = make_run(&with_own, RUN_MEASURE);

	(void)state;
	does.busy_ns = 1000;
	r.variant = &with_more;
	assert_int_equal(sample_run(&r, &plan, &sample), -1);
	assert_non_null(strstr(reason, "never said what its third is"));
	assert_int_equal(sample.metrics, 3);
}

/* ------------------------------------------------- the benches themselves */

struct once {
	const struct bench *bench;
	const struct variant *variant;
	enum peer peer;
};

/* As short as can be: one batch, timed and counted, of the first parameter. */
static int once_body(struct child *child, void *arg)
{
	const struct once *once = arg;
	const struct bench *b = once->bench;
	const uint64_t *values =
		once->variant->values ? once->variant->values : b->values;
	const struct sample_plan shortest = { .method = -1, .seed = 1 };
	char helper[4096];

	find_helper(helper, sizeof(helper));
	for (int mode = RUN_COUNT; mode <= RUN_MEASURE; mode++) {
		struct run r = make_run(b, (enum run_mode)mode);

		r.variant = once->variant;
		r.peer = once->peer;
		r.value = values ? values[0] : PARAM_NONE;
		r.pu_a = topo_pu(0);
		r.pu_b = !once->variant->places               ? TOPO_ANY_PU :
			 once->variant->places & PLACE_ONE_PU ? topo_pu(0) :
								topo_pu(1);
		r.clocks_agree = true; /* one PU, or only round trips */
		r.traced = &child->traced;
		r.helper = helper;
		r.reason = child->reason;
		r.reason_size = sizeof(child->reason);
		if (mode == RUN_COUNT && !b->counts)
			continue;
		if (sample_run(&r, &shortest, &sample))
			return r.absent || r.denied ?
				       0 :
				       child_fail(child, "no reason");
		for (unsigned i = 0; i < sample.metrics; i++)
			if (!isfinite(sample.metric[i].value) ||
			    !sample.metric[i].samples)
				return child_fail(child, "%s has no value",
						  sample.metric[i].name);
	}
	return 0;
}

/* Every bench works, all its variants do; under the sanitizers, too. */
static void test_every_bench(void **state)
{
	size_t count;
	const struct bench *const *bench = bench_all(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct variant *v = bench[i]->variants;

		if (!strcmp(bench[i]->name, "misbehave"))
			continue;
		for (v = v ? v : &only; v->name; v++) {
			if (v->tier != HIDDEN && !has_needs(v))
				continue;
			for (unsigned peer = 0; peer <= PEER_PROCESS; peer++) {
				struct once once = { bench[i], v,
						     (enum peer)peer };
				char what[128];

				if (v->tier == HIDDEN ||
				    (peer ? !(v->peers & peer) : v->peers) ||
				    (v->places == PLACES_TWO_PUS &&
				     topo_pu_count() < 2))
					continue;
				snprintf(what, sizeof(what), "%s/%s/%u",
					 bench[i]->name, v->name, peer);
				expect_child(what, once_body, &once, false,
					     NULL);
			}
			if (v == &only)
				break;
		}
	}
}

/* ------------------------------------------------------ what goes wrong */

static void test_lies_about_its_work(void **state)
{
	(void)state;
	does.less = 1;
	does.busy_ns = 1000;
	expect_failure(&plain, RUN_MEASURE, "did 0 of 1 operations");
	memset(&does, 0, sizeof(does));
	does.less = 1;
	does.busy_ns = 1000;
	/* calibration is skipped: the first batch is count_n long */
	expect_failure(&counted, RUN_COUNT, "did 99 of 100 operations");
}

static void test_other_side_disagrees(void **state)
{
	(void)state;
	does.busy_ns = 1000;
	does.settle_at = 20;
	expect_failure(&plain, RUN_MEASURE, "the other side saw less");
}

static void test_takes_no_time(void **state)
{
	(void)state;
	expect_failure(&nothing, RUN_MEASURE, "its operation takes no time");
}

static void test_leaves_its_pu(void **state)
{
	(void)state;
	if (topo_pu_count() < 2)
		skip_because("one PU");
	does.busy_ns = 10000;
	does.moves = true;
	expect_failure(&plain, RUN_MEASURE, "ran off its PU");
}

static void test_setup_fails(void **state)
{
	(void)state;
	does.setup = 1;
	expect_failure(&plain, RUN_MEASURE, "out of luck");
	assert_string_equal(reason, "out of luck"); /* the first word stays */
	assert_int_equal(does.runs, 0);
	does.setup = 4;
	expect_failure(&plain, RUN_COUNT, "setup failed");
	assert_int_equal(does.runs, 0);
}

static void test_setup_lacks(void **state)
{
	struct run r = make_run(&plain, RUN_MEASURE);

	(void)state;
	does.setup = 2;
	assert_int_equal(sample_run(&r, &plan, &sample), -1);
	assert_true(r.absent);
	assert_false(r.denied);
	assert_string_equal(reason, "no unicorn here");

	r = make_run(&plain, RUN_COUNT);
	does.setup = 3;
	assert_int_equal(sample_run(&r, &plan, &sample), -1);
	assert_false(r.absent);
	assert_true(r.denied);
	assert_string_equal(reason, "not for you");
	assert_int_equal(does.runs, 0);
}

static void test_teardown_fails(void **state)
{
	(void)state;
	does.busy_ns = 1000;
	does.teardown = 1;
	expect_failure(&plain, RUN_MEASURE, "cannot undo it");
}

/* A reason is cut, never written beyond its end. */
static void test_long_reason(void **state)
{
	struct run r = make_run(&plain, RUN_MEASURE);

	(void)state;
	r.reason_size = 8;
	assert_int_equal(bench_fail(&r, "%s", "0123456789"), -1);
	assert_string_equal(reason, "0123456");
	assert_int_equal(reason[8], 0);
}

static int open_all(void **state)
{
	char err[256];

	(void)state;
	end_if_it_hangs();
	clock_open(&first_clock);
	return topo_open(NULL, err, sizeof(err));
}

static int close_all(void **state)
{
	(void)state;
	topo_close();
	return 0;
}

/* Bound, as an invocation is. */
static int begin(void **state)
{
	(void)state;
	memset(&does, 0, sizeof(does));
	plan = (struct sample_plan){
		.warm_ns = 3e6, .measure_ns = 60e6, .method = -1, .seed = 1
	};
	ticks = first_clock;
	clock_use(&ticks);
	pu = topo_pu(0);
	return topo_bind(pu);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		TEST(test_recovers_single),
		TEST(test_recovers_batch),
		TEST(test_recovers_by_fallback),
		TEST(test_empty_batch),
		TEST(test_empty_single),
		TEST(test_method_by_length),
		TEST(test_batch_limits),
		TEST(test_metrics_of_variant),
		TEST(test_evidence),
		TEST(test_at_least_one_batch),
		TEST(test_drift),
		TEST(test_own_samples),
		TEST(test_own_means),
		TEST(test_negative_samples),
		TEST(test_many_own_means),
		TEST(test_own_values),
		TEST(test_many_own_values),
		TEST(test_totals),
		TEST(test_system_calls),
		TEST(test_other_counts),
		TEST(test_page_faults),
		TEST(test_calls_by_name),
		TEST(test_calls_not_counted),
		TEST(test_count_names),
		TEST(test_every_bench),
		TEST(test_lies_about_its_work),
		TEST(test_other_side_disagrees),
		TEST(test_takes_no_time),
		TEST(test_leaves_its_pu),
		TEST(test_setup_fails),
		TEST(test_setup_lacks),
		TEST(test_teardown_fails),
		TEST(test_long_reason),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
