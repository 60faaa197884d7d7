/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the instrument recover known truths on this machine? */
#include "selftest.h"

#include <ftw.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "die.h"
#include "runner.h"
#include "series.h"
#include "stats.h"
#include "summary.h"
#include "tables.h"

enum { INVOCATIONS = 16 };

/* What a run left, read back from its CSV files. */
struct evidence_read {
	struct summary summary;
	struct series_set set;
	double step_ns; /* of the clock */
};

enum outcome { PASSED, NOT_RECOVERED, SKIPPED };

struct result {
	enum outcome outcome;
	char measured[160];
};

struct truth {
	const char *name, *expected;
	struct result (*check)(const struct evidence_read *run);
};

static struct result say(bool recovered, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static struct result say(bool recovered, const char *format, ...)
{
	struct result result = { recovered ? PASSED : NOT_RECOVERED, "" };
	va_list args;

	va_start(args, format);
	vsnprintf(result.measured, sizeof(result.measured), format, args);
	va_end(args);
	return result;
}

/* The value of a case's metric; NAN, and why in result, where there is none:
 * lacking is skipped, failed is not recovered. */
static double value_of(const struct evidence_read *run, const char *id,
		       const char *metric, struct result *result)
{
	const struct summary_row *row = summary_find(&run->summary, id, metric);

	if (row && row->ok)
		return row->value;
	if (!row) /* the case failed before it had this metric */
		for (size_t i = 0; i < run->summary.count && !row; i++)
			if (summary_matches(&run->summary.row[i], id))
				row = &run->summary.row[i];
	result->outcome = row && (!strcmp(row->status, "absent") ||
				  !strcmp(row->status, "denied")) ?
				  SKIPPED :
				  NOT_RECOVERED;
	snprintf(result->measured, sizeof(result->measured), "%s: %.120s",
		 row ? row->status : "missing", row ? row->reason : id);
	return NAN;
}

/* Waits of 0.1 … 100 µs: y = intercept + slope x, each point weighing the same
 * relative to its length: y/x = slope + intercept/x. */
static struct result check_waits(const struct evidence_read *run)
{
	static const double wait[] = { 100, 1000, 10000, 100000 };
	double tolerance = 2 * fmax(run->step_ns, 1), x[4], y[4];
	struct result result;
	struct line line;

	for (int i = 0; i < 4; i++) {
		char id[64];
		double measured;

		snprintf(id, sizeof(id), "selftest_wait/-/-/-/ns=%.0f",
			 wait[i]);
		measured = value_of(run, id, "latency", &result);
		if (isnan(measured))
			return result;
		x[i] = 1 / wait[i];
		y[i] = measured / wait[i];
	}
	line = stats_line(x, y, 4, 0.95);
	return say(line.intercept >= 0.95 && line.intercept <= 1.05 &&
			   fabs(line.slope) <= tolerance,
		   "slope %.4f, intercept %.2f ns (2 steps: %.2f ns)",
		   line.intercept, line.slope, tolerance);
}

static struct result check_empty(const struct evidence_read *run)
{
	struct result result;
	double ns = value_of(run, "selftest_empty/-/-/-/-", "latency", &result);

	return isnan(ns) ? result :
			   say(fabs(ns) <= run->step_ns,
			       "%.3f ns (step %.2f ns)", ns, run->step_ns);
}

static struct result check_twice(const struct evidence_read *run)
{
	struct result result;
	double once = value_of(run, "selftest_work/-/-/-/times=1", "latency",
			       &result);
	double twice = value_of(run, "selftest_work/-/-/-/times=2", "latency",
				&result);

	if (isnan(once) || isnan(twice))
		return result;
	return say(fabs(twice / once - 2) <= 0.1, "%.4f", twice / once);
}

static struct result near(const struct evidence_read *run, const char *id,
			  const char *metric, double expected, double tolerance)
{
	struct result result;
	double value = value_of(run, id, metric, &result);

	return isnan(value) ?
		       result :
		       say(fabs(value - expected) <= tolerance, "%.4f", value);
}

static struct result check_eventfd(const struct evidence_read *run)
{
	return near(run, "selftest_count/eventfd_pair/-/-/-", "syscalls", 2,
		    1e-9);
}

static struct result check_getppid(const struct evidence_read *run)
{
	return near(run, "getppid/-/-/-/-", "syscalls", 1, 1e-9);
}

static struct result check_memory(const struct evidence_read *run)
{
	return near(run, "selftest_count/shared_memory/-/-/-", "syscalls", 0,
		    1e-9);
}

static struct result check_pipe_copies(const struct evidence_read *run)
{
	return near(run, "selftest_copies/pipe/-/-/size=32KiB", "copies", 2,
		    0.001);
}

static struct result check_pread_copies(const struct evidence_read *run)
{
	return near(run, "selftest_copies/pread/-/-/size=32KiB", "copies", 1,
		    0.001);
}

static struct result check_no_copies(const struct evidence_read *run)
{
	return near(run, "selftest_copies/in_place/-/-/size=32KiB", "copies", 0,
		    0.001);
}

static struct result check_sleeps(const struct evidence_read *run)
{
	struct result result;
	double switches = value_of(run, "selftest_count/sleep/-/-/-",
				   "switches", &result);

	return isnan(switches) ? result :
				 say(switches >= 0.999, "%.3f", switches);
}

/* Arm b, slower by so much, against arm a as it is. */
static struct result check_slower(const struct evidence_read *run, int permille,
				  enum verdict expected)
{
	static const char *const name[] = { "faster", "slower", "equivalent",
					    "inconclusive" };
	char id[64];
	const struct series *a, *b;
	struct shift shift, shift90;
	enum verdict verdict;

	a = series_find(&run->set, "selftest_slow/a/-/-/permille=0", "latency");
	snprintf(id, sizeof(id), "selftest_slow/b/-/-/permille=%d", permille);
	b = series_find(&run->set, id, "latency");
	if (!a || !b)
		return say(false, "missing: %s", id);
	shift = stats_shift(a->value, a->count, b->value, b->count, 0.95);
	shift90 = stats_shift(a->value, a->count, b->value, b->count, 0.90);
	/* a threshold below the slow-downs that are to be found */
	verdict = stats_verdict(
		shift90.ci,
		stats_permutation_test(a->value, a->count, b->value, b->count),
		0.01, 0.01);
	bool right = expected == SLOWER ?
			     verdict == SLOWER :
			     verdict != SLOWER && verdict != FASTER;

	return say(right, "%+.2f %% [%+.2f, %+.2f]: %s",
		   100 * (shift.ratio - 1), 100 * (shift.ci.low - 1),
		   100 * (shift.ci.high - 1), name[verdict]);
}

static struct result check_slower_2(const struct evidence_read *run)
{
	return check_slower(run, 20, SLOWER);
}

static struct result check_slower_5(const struct evidence_read *run)
{
	return check_slower(run, 50, SLOWER);
}

static struct result check_same(const struct evidence_read *run)
{
	return check_slower(run, 0, EQUIVALENT);
}

static struct result check_stall(const struct evidence_read *run)
{
	struct result result;
	const struct summary_row *row = summary_find(
		&run->summary, "selftest_stall/-/-/-/-", "latency");

	if (isnan(value_of(run, "selftest_stall/-/-/-/-", "latency", &result)))
		return result;
	return say(strstr(row->flags, "disturbed"), "flags: %.100s",
		   row->flags[0] ? row->flags : "none");
}

/* A party seen off its PU fails the case; so that the rows are ok is the
 * evidence, for every place that there is. */
static struct result check_places(const struct evidence_read *run)
{
	size_t seen = 0, bad = 0;

	for (size_t i = 0; i < run->summary.count; i++) {
		const struct summary_row *row = &run->summary.row[i];

		if (!summary_matches(row, "roundtrip/pipe/*") ||
		    strcmp(row->metric, "latency") ||
		    !strcmp(row->status, "absent"))
			continue;
		seen++;
		bad += !row->ok;
	}
	if (!seen)
		return (struct result){ SKIPPED, "no place for two parties" };
	return say(!bad, "%zu of %zu bound cases stayed", seen - bad, seen);
}

static const struct truth truths[] = {
	{ "waits of 0.1, 1, 10 and 100 µs", "slope 0.95–1.05, intercept 0",
	  check_waits },
	{ "an empty body", "0 ± 1 step", check_empty },
	{ "twice the work", "2 ± 0.1", check_twice },
	{ "system calls: eventfd write and read", "2", check_eventfd },
	{ "system calls: getppid", "1", check_getppid },
	{ "system calls: shared memory", "0", check_memory },
	{ "copies: pipe", "2", check_pipe_copies },
	{ "copies: pread of a memfd", "1", check_pread_copies },
	{ "copies: in place", "0", check_no_copies },
	{ "context switches of a sleep", "≥ 1", check_sleeps },
	{ "a slow-down of 2 %", "slower", check_slower_2 },
	{ "a slow-down of 5 %", "slower", check_slower_5 },
	{ "no slow-down (A/A)", "not different", check_same },
	{ "stalls of 5 ms from outside", "disturbed", check_stall },
	{ "two parties on their PUs", "never off them", check_places },
};

enum { TRUTHS = sizeof(truths) / sizeof(*truths) };

static int report(const struct evidence_read *run, FILE *out)
{
	static const char *const name[] = { "ok", "NOT RECOVERED", "skipped" };
	struct table *t = table_new(4, 4);
	size_t bad = 0;

	table_cell(t, "truth");
	table_cell(t, "expected");
	table_cell(t, "measured");
	table_cell(t, "verdict");
	for (size_t i = 0; i < TRUTHS; i++) {
		struct result result = truths[i].check(run);

		bad += result.outcome == NOT_RECOVERED;
		table_cell(t, "%s", truths[i].name);
		table_cell(t, "%s", truths[i].expected);
		table_cell(t, "%s", result.measured);
		table_cell(t, "%s", name[result.outcome]);
	}
	table_print(t, TABLE_TERMINAL, out);
	if (bad)
		fprintf(out,
			"\n%zu of %d truths were not recovered on this "
			"machine: its numbers are not to be trusted\n",
			bad, (int)TRUTHS);
	else
		fprintf(out, "\nevery truth that could be tried was "
			     "recovered\n");
	return bad ? EXIT_CASE_FAILED : EXIT_DONE;
}

static int remove_one(const char *path, const struct stat *st, int kind,
		      struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

int selftest_run(FILE *out, double budget_s)
{
	static char *const patterns[] = {
		(char *)(uintptr_t) "selftest_*",
		(char *)(uintptr_t) "getppid",
		(char *)(uintptr_t) "roundtrip/pipe/*",
	};
	const char *tmp = getenv("TMPDIR");
	char base[PATH_MAX], dir[PATH_MAX], used[PATH_MAX];
	char err[PATH_MAX + 256];
	struct run_options options = {
		.filter = { .patterns = patterns,
			    .pattern_count = 3,
			    .hidden = 1 },
		.budget_s = budget_s,
		.invocations = INVOCATIONS,
		.seed = (uint64_t)time(NULL),
	};
	struct evidence_read run;
	int result;

	snprintf(base, sizeof(base), "%.3000s/handoff-selftest-XXXXXX",
		 tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(base))
		die_usage("%s: cannot be made; set TMPDIR", base);
	snprintf(dir, sizeof(dir), "%.4000s/run", base);
	options.dir = dir;
	result = runner_run(&options, used);
	if (result != EXIT_INT) {
		if (summary_read(&run.summary, dir, err, sizeof(err)) ||
		    series_read(&run.set, dir, &run.summary, err, sizeof(err)))
			die("%s", err);
		run.step_ns = run.set.clock_step_ns;
		result = report(&run, out);
		summary_free(&run.summary);
		series_free(&run.set);
	}
	nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return result;
}
