/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do the files of a run say what its invocations answered? */
#include "results.h"
#include "scratch.h"

#include <ftw.h>
#include <math.h>
#include <sys/stat.h>

#include "csv.h"
#include "summary.h"
#include "support.h"

static char err[512];

/* ------------------------------------------------------- made-up cases */

static const struct metric facts[] = { { "rate", "1/s" },
				       { "open", "bool" },
				       { NULL, NULL } };
static const struct metric own[] = { { "call", "ns" },
				     { "done", "ns" },
				     { NULL, NULL } };
static const struct bench alpha = { .name = "alpha", .unit = "ns" },
			  beta = { .name = "beta",
				   .unit = "ns",
				   .counts = COUNT_SYSCALLS | COUNT_SWITCHES |
					     COUNT_COPIES },
			  gamma_bench = { .name = "gamma",
					  .unit = "ns",
					  .metrics = own },
			  delta = { .name = "delta",
				    .unit = "ns",
				    .metrics = facts,
				    .counts = COUNT_SYSCALLS | COUNT_FAULTS |
					      COUNT_NAMES };
static const struct variant only = { .name = "-" }, piped = { .name = "pipe" };
static const struct place l3 = { .name = "l3", .present = true };

enum { ALPHA, BETA, GAMMA, LACKING, DELTA, CASES };

static const struct test_case cases[CASES] = {
	[ALPHA] = { .bench = &alpha,
		    .variant = &only,
		    .value = PARAM_NONE,
		    .param = "-" },
	[BETA] = { .bench = &beta,
		   .variant = &piped,
		   .peer = PEER_PROCESS,
		   .place = &l3,
		   .value = 65536,
		   .param = "size=64KiB" },
	[GAMMA] = { .bench = &gamma_bench,
		    .variant = &only,
		    .peer = PEER_THREAD,
		    .value = PARAM_NONE,
		    .param = "-" },
	[LACKING] = { .bench = &gamma_bench,
		      .variant = &piped,
		      .value = PARAM_NONE,
		      .param = "-",
		      .status = STATUS_ABSENT,
		      .reason = "no \"unicorn\", here" },
	[DELTA] = { .bench = &delta,
		    .variant = &only,
		    .value = PARAM_NONE,
		    .param = "-" },
};

static struct results results;
static struct invocation inv;

static int begin(void **state)
{
	(void)state;
	memset(&results, 0, sizeof(results));
	if (results_open(&results, cases, CASES))
		return -1;
	snprintf(results.machine, sizeof(results.machine), "box-1234");
	snprintf(results.run, sizeof(results.run), "20260131T120000Z");
	results.clock_step_ns = 10;
	results.counts_why = "perf: no; ptrace: no";
	results.names_why = "ptrace: Operation not permitted";
	return 0;
}

static int end(void **state)
{
	(void)state;
	results_close(&results);
	return 0;
}

/* An answer without metrics. */
static void answer(enum run_mode mode)
{
	memset(&inv, 0, sizeof(inv));
	inv.mode = mode;
	inv.answered = true;
	inv.sample.evidence.pu_a = inv.sample.evidence.pu_b = -1;
	inv.sample.evidence.batches = 100;
}

static struct measured *metric(const char *name, enum method method,
			       double value)
{
	struct measured *m = &inv.sample.metric[inv.sample.metrics++];

	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->unit, sizeof(m->unit), "ns");
	m->method = method;
	m->value = value;
	return m;
}

static void count_metric(const char *name, double value)
{
	struct measured *m = metric(name, METHOD_BATCH, value);

	snprintf(m->unit, sizeof(m->unit), "count");
	m->is_count = true;
	m->samples = 200;
}

static void add(size_t index)
{
	static size_t order;

	assert_int_equal(results_add(&results, index, &inv, order / CASES,
				     order, (int)(order % 2)),
			 0);
	order++;
}

/* One invocation with n samples from, from + 1, … */
static void add_samples(size_t index, const char *name, double value,
			double from, size_t n)
{
	struct measured *m;

	answer(RUN_MEASURE);
	m = metric(name, METHOD_SINGLE, value);
	for (size_t i = 0; i < n; i++)
		hist_add(&m->hist, from + (double)i);
	m->samples = n;
	add(index);
}

static void write_all(void)
{
	err[0] = '\0';
	if (results_write(&results, ".", err, sizeof(err)))
		fail_msg("%s", err);
}

/* A field of the row whose case and metric are given, of summary.csv. */
static const char *field(const char *id, const char *name, const char *column)
{
	static char value[512];
	struct csv_in *in = csv_open("summary.csv", err, sizeof(err));
	bool found = false;

	assert_non_null(in);
	assert_true(csv_column(in, column) >= 0);
	while (csv_read(in) > 0) {
		char here[256];

		snprintf(here, sizeof(here), "%s/%s/%s/%s/%s",
			 csv_field(in, csv_column(in, "bench")),
			 csv_field(in, csv_column(in, "variant")),
			 csv_field(in, csv_column(in, "peer")),
			 csv_field(in, csv_column(in, "place")),
			 csv_field(in, csv_column(in, "param")));
		if (strcmp(here, id) ||
		    strcmp(csv_field(in, csv_column(in, "metric")), name))
			continue;
		assert_false(found); /* one row a case and metric */
		found = true;
		snprintf(value, sizeof(value), "%s",
			 csv_field(in, csv_column(in, column)));
	}
	assert_null(csv_error(in));
	csv_in_close(in);
	return found ? value : NULL;
}

static const char alpha_id[] = "alpha/-/-/-/-",
		  beta_id[] = "beta/pipe/process/l3/size=64KiB",
		  gamma_id[] = "gamma/-/thread/-/-",
		  delta_id[] = "delta/-/-/-/-";

static void expect(const char *id, const char *name, const char *column,
		   const char *want)
{
	const char *got = field(id, name, column);

	if (!got || strcmp(got, want))
		fail_msg("%s %s: %s is \"%s\", not \"%s\"", id, name, column,
			 got ? got : "(no row)", want);
}

static double number(const char *id, const char *name, const char *column)
{
	const char *got = field(id, name, column);

	assert_non_null(got);
	assert_int_not_equal(got[0], '\0');
	return strtod(got, NULL);
}

static void expect_near(const char *id, const char *name, const char *column,
			double want, double off)
{
	double got = number(id, name, column);

	if (fabs(got - want) > off)
		fail_msg("%s %s: %s is %.10g, not %.10g", id, name, column, got,
			 want);
}

/* --------------------------------------------------------------- summary */

static void read_line(const char *path, size_t which, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	do {
		assert_non_null(fgets(buf, (int)size, f));
	} while (which--);
	fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
}

/* As it stands in the design; whoever changes it changes the schema. */
static void test_header(void **state)
{
	char header[1024];

	(void)state;
	write_all();
	read_line("summary.csv", 0, header, sizeof(header));
	assert_string_equal(
		header,
		"schema,machine,run,bench,variant,peer,place,param,metric,"
		"unit,status,reason,invocations,samples,value,ci_low,ci_high,"
		"min,p50,p90,p99,p999,max,method,flags");
	assert_string_equal(header, RESULTS_SUMMARY_HEADER);
	assert_string_equal(RESULTS_SCHEMA, "1");
}

/* The median over invocations, and between the first and second value from
 * either end its interval: at n = 6 ranks 1 and 6 are 96.875 % apart, 2 and 5
 * 78.125 %, which for 95 % puts a weight of 5/14 on the inner ones (Hettmans-
 * perger and Sheather, by hand). */
static void test_median_and_interval(void **state)
{
	static const double value[] = { 5, 1, 6, 2, 4, 3 };

	(void)state;
	for (size_t i = 0; i < COUNT(value); i++)
		add_samples(ALPHA, "latency", value[i], 100, 10);
	write_all();
	expect(alpha_id, "latency", "status", "ok");
	expect(alpha_id, "latency", "reason", "");
	expect(alpha_id, "latency", "unit", "ns");
	expect(alpha_id, "latency", "invocations", "6");
	expect(alpha_id, "latency", "samples", "60");
	expect(alpha_id, "latency", "value", "3.5");
	expect_near(alpha_id, "latency", "ci_low", 1 + 5.0 / 14, 1e-8);
	expect_near(alpha_id, "latency", "ci_high", 6 - 5.0 / 14, 1e-8);
	expect(alpha_id, "latency", "method", "single");
	expect(alpha_id, "latency", "machine", "box-1234");
	expect(alpha_id, "latency", "run", "20260131T120000Z");
	expect(alpha_id, "latency", "schema", "1");
}

static void test_too_few_for_an_interval(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		add_samples(ALPHA, "latency", i, 100, 10);
	write_all();
	expect(alpha_id, "latency", "value", "2");
	expect(alpha_id, "latency", "ci_low", "");
	expect(alpha_id, "latency", "ci_high", "");
	expect(alpha_id, "latency", "invocations", "5");
}

/* A quantile that n cannot support is empty: a two-sided 95 % interval needs
 * 6 for the median, 36 for p90, 368 for p99, 3688 for p99.9. */
static void test_quantiles_supported(void **state)
{
	static const struct {
		size_t n;
		const char *first_empty;
	} need[] = {
		{ 1, "p50" },    { 5, "p50" },     { 6, "p90" },
		{ 35, "p90" },   { 36, "p99" },    { 367, "p99" },
		{ 368, "p999" }, { 3687, "p999" }, { 3688, "" },
	};
	static const char *const column[] = { "p50", "p90", "p99", "p999" };

	for (size_t i = 0; i < COUNT(need); i++) {
		bool empty = false;

		begin(state);
		add_samples(ALPHA, "latency", 100, 100, need[i].n);
		write_all();
		for (size_t k = 0; k < COUNT(column); k++) {
			const char *got = field(alpha_id, "latency", column[k]);

			empty = empty ||
				!strcmp(column[k], need[i].first_empty);
			if (empty != (got[0] == '\0'))
				fail_msg("%d samples: %s is \"%s\"",
					 (int)need[i].n, column[k], got);
		}
		end(state);
	}
	begin(state);
}

static void test_quantiles(void **state)
{
	(void)state;
	/* 1 … 2000 and 2001 … 4000: of all samples of all invocations */
	add_samples(ALPHA, "latency", 1000, 1, 2000);
	add_samples(ALPHA, "latency", 3000, 2001, 2000);
	write_all();
	expect(alpha_id, "latency", "min", "1");
	expect(alpha_id, "latency", "max", "4000");
	expect(alpha_id, "latency", "samples", "4000");
	expect(alpha_id, "latency", "value", "2000");
	expect_near(alpha_id, "latency", "p50", 2000.5, 20);
	expect_near(alpha_id, "latency", "p90", 3600, 36);
	expect_near(alpha_id, "latency", "p99", 3960, 40);
	expect_near(alpha_id, "latency", "p999", 3996, 40);
}

static void test_counts(void **state)
{
	static const char *const empty[] = { "min",  "p50", "p90",  "p99",
					     "p999", "max", "flags" };

	(void)state;
	for (int i = 0; i < 6; i++) {
		answer(RUN_TRACE);
		count_metric("syscalls", 4);
		add(BETA);
		answer(RUN_COUNT);
		count_metric("switches", 2 + i / 10.0);
		count_metric("copies", 2);
		add(BETA);
		add_samples(BETA, "latency", 4000 + i, 4000, 100);
	}
	write_all();
	expect(beta_id, "syscalls", "value", "4");
	expect(beta_id, "syscalls", "ci_low", "4");
	expect(beta_id, "syscalls", "ci_high", "4");
	expect(beta_id, "syscalls", "unit", "count");
	expect(beta_id, "syscalls", "method", "slope");
	expect(beta_id, "syscalls", "invocations", "6");
	expect(beta_id, "syscalls", "samples", "1200");
	expect(beta_id, "switches", "value", "2.25");
	expect(beta_id, "copies", "value", "2");
	expect(beta_id, "latency", "value", "4002.5");
	for (size_t i = 0; i < COUNT(empty); i++)
		expect(beta_id, "syscalls", empty[i], "");
}

static void test_own_metrics(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		answer(RUN_MEASURE);
		hist_add(&metric("call", METHOD_SINGLE, 10)->hist, 10);
		hist_add(&metric("done", METHOD_BATCH, 0.25)->hist, 0.25);
		add(GAMMA);
	}
	write_all();
	expect(gamma_id, "call", "value", "10");
	expect(gamma_id, "call", "method", "single");
	expect(gamma_id, "done", "value", "0.25");
	expect(gamma_id, "done", "method", "batch");
	assert_null(field(gamma_id, "latency", "value"));
}

static void exact_metric(const char *name, const char *unit, double value)
{
	struct measured *m = metric(name, METHOD_EXACT, value);

	snprintf(m->unit, sizeof(m->unit), "%s", unit);
	m->is_count = true;
	m->samples = 3;
}

static void add_facts(double rate, double open)
{
	answer(RUN_MEASURE);
	exact_metric("rate", "1/s", rate);
	exact_metric("open", "bool", open);
	add(DELTA);
}

/* What was found out has a value and its interval, but no distribution. */
static void test_exact(void **state)
{
	static const char *const empty[] = { "min",  "p50", "p90",  "p99",
					     "p999", "max", "flags" };

	(void)state;
	for (int i = 0; i < 6; i++)
		add_facts(1000 + i, 1);
	results.precision = 1e-9; /* too wide for it: but it is no time */
	write_all();
	expect(delta_id, "rate", "status", "ok");
	expect(delta_id, "rate", "method", "exact");
	expect(delta_id, "rate", "unit", "1/s");
	expect(delta_id, "rate", "value", "1002.5");
	expect(delta_id, "rate", "invocations", "6");
	expect(delta_id, "rate", "samples", "18");
	assert_true(number(delta_id, "rate", "ci_low") < 1002.5);
	assert_true(number(delta_id, "rate", "ci_high") > 1002.5);
	expect(delta_id, "open", "value", "1");
	expect(delta_id, "open", "unit", "bool");
	expect(delta_id, "open", "method", "exact");
	expect(delta_id, "open", "ci_low", "1");
	for (size_t i = 0; i < COUNT(empty); i++)
		expect(delta_id, "rate", empty[i], "");
	/* it was timed, though nothing has a spread: nothing to wait for */
	assert_true(results_width(&results, DELTA) == 0);
}

/* So many of so many tries, which no median would add up. */
static void add_tries(double tries, double rate)
{
	answer(RUN_MEASURE);
	exact_metric("rate", "1/s", rate);
	exact_metric("open", "bool", tries);
	inv.sample.metric[1].total = true;
	add(DELTA);
}

/* A total is the sum over invocations, and has no interval. */
static void test_total(void **state)
{
	static const char *const empty[] = { "ci_low", "ci_high", "min",
					     "p50",    "p90",     "p99",
					     "p999",   "max",     "flags" };
	double sum = 0;

	(void)state;
	for (int i = 0; i < 7; i++) {
		double tries = 1e6 + 1000 * i * i;

		add_tries(tries, 5 + i);
		sum += tries;
	}
	results.precision = 1e-9;
	write_all();
	assert_true(number(delta_id, "open", "value") == sum);
	expect(delta_id, "open", "invocations", "7");
	expect(delta_id, "open", "samples", "21");
	expect(delta_id, "open", "method", "exact");
	for (size_t i = 0; i < COUNT(empty); i++)
		expect(delta_id, "open", empty[i], "");
	/* its neighbour is what it was */
	expect(delta_id, "rate", "value", "8");
	assert_true(number(delta_id, "rate", "ci_low") < 8);
}

/* Totals that are the same each time are no more certain for it. */
static void test_equal_totals(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		add_tries(10, 0);
	write_all();
	expect(delta_id, "open", "value", "40");
	expect(delta_id, "open", "ci_low", "");
	expect(delta_id, "rate", "value", "0");
	expect(delta_id, "rate", "ci_high", "0");
}

static void name_calls(const char *name, double value)
{
	struct named_calls *call = &inv.sample.call[inv.sample.calls++];

	snprintf(call->name, sizeof(call->name), "syscalls.%.22s", name);
	call->value = value;
	call->samples = 8;
}

static void test_named_calls(void **state)
{
	struct csv_in *in;
	size_t rows = 0;

	(void)state;
	add_facts(1000, 1);
	answer(RUN_NAMES);
	name_calls("clone3", 1);
	name_calls("futex", 0.875);
	add(DELTA);
	write_all();
	expect(delta_id, "syscalls.clone3", "status", "ok");
	expect(delta_id, "syscalls.clone3", "value", "1");
	expect(delta_id, "syscalls.clone3", "unit", "count");
	expect(delta_id, "syscalls.clone3", "method", "slope");
	expect(delta_id, "syscalls.clone3", "invocations", "1");
	expect(delta_id, "syscalls.clone3", "samples", "8");
	expect(delta_id, "syscalls.clone3", "p50", "");
	expect(delta_id, "syscalls.clone3", "flags", "");
	expect(delta_id, "syscalls.futex", "value", "0.875");
	/* they are all there is: nothing is missing by name */
	assert_null(field(delta_id, "syscalls.by_name", "status"));
	assert_null(field(delta_id, "syscalls.exit", "status"));
	/* their sum is none of them */
	expect(delta_id, "syscalls", "status", "denied");

	in = csv_open("invocations.csv", err, sizeof(err));
	assert_non_null(in);
	while (csv_read(in) > 0) {
		if (strncmp(csv_field(in, csv_column(in, "metric")),
			    "syscalls.", 9) != 0)
			continue;
		rows++;
		assert_string_equal(csv_field(in, csv_column(in, "pass")),
				    "names");
		assert_string_equal(csv_field(in, csv_column(in, "samples")),
				    "8");
	}
	csv_in_close(in);
	assert_int_equal(rows, 2);
}

/* A case that makes none was looked at, too. */
static void test_no_calls(void **state)
{
	(void)state;
	add_facts(1000, 1);
	answer(RUN_NAMES);
	add(DELTA);
	write_all();
	assert_null(field(delta_id, "syscalls.by_name", "status"));
}

/* ------------------------------------------------- rows without a number */

/* Numbers, method and flags empty, the reason filled. */
static void expect_lacking(const char *id, const char *name, const char *status,
			   const char *reason)
{
	static const char *const empty[] = { "invocations", "samples", "value",
					     "ci_low",      "ci_high", "min",
					     "p50",         "p90",     "p99",
					     "p999",        "max",     "method",
					     "flags" };

	expect(id, name, "status", status);
	expect(id, name, "reason", reason);
	for (size_t i = 0; i < COUNT(empty); i++)
		expect(id, name, empty[i], "");
}

static void fail_case(size_t index, enum status status, const char *reason)
{
	answer(RUN_MEASURE);
	inv.status = status;
	snprintf(inv.reason, sizeof(inv.reason), "%s", reason);
	add(index);
}

static void test_not_ok(void **state)
{
	char row[1024];

	(void)state;
	fail_case(ALPHA, STATUS_FAILED, "killed by signal 11, alas");
	fail_case(BETA, STATUS_TIMEOUT, "no result within 20 s");
	fail_case(GAMMA, STATUS_DENIED, "two\nlines");
	write_all();
	expect_lacking(alpha_id, "latency", "failed",
		       "killed by signal 11, alas");
	expect_lacking(beta_id, "latency", "timeout", "no result within 20 s");
	/* a bench without latency goes by its first metric */
	expect_lacking(gamma_id, "call", "denied", "two\nlines");
	expect_lacking("gamma/pipe/-/-/-", "call", "absent",
		       "no \"unicorn\", here");
	/* RFC 4180 */
	read_line("summary.csv", 1, row, sizeof(row));
	assert_string_equal(row,
			    "1,box-1234,20260131T120000Z,alpha,-,-,-,-,latency,"
			    "ns,failed,\"killed by signal 11, alas\","
			    ",,,,,,,,,,,,");
	assert_int_equal(results_with(&results, STATUS_FAILED), 1);
	assert_int_equal(results_with(&results, STATUS_TIMEOUT), 1);
	assert_int_equal(results_with(&results, STATUS_DENIED), 1);
	assert_int_equal(results_with(&results, STATUS_ABSENT), 1);
	/* not reached, and so not known to be anything else */
	assert_int_equal(results_with(&results, STATUS_OK), 1);
}

/* A case that once failed is not trusted, whatever it answered before. */
static void test_failed_later(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		add_samples(BETA, "latency", 100, 100, 10);
	fail_case(BETA, STATUS_FAILED, "message 7 lost");
	write_all();
	expect_lacking(beta_id, "latency", "failed", "message 7 lost");
	assert_null(field(beta_id, "syscalls", "status"));
}

static void test_not_reached(void **state)
{
	(void)state;
	write_all();
	expect_lacking(alpha_id, "latency", "absent",
		       "the run ended before it");
}

/* An interrupted run may have counted what it has not timed yet: that there
 * is no latency is said, rather than left out. */
static void test_counted_but_not_timed(void **state)
{
	(void)state;
	answer(RUN_TRACE);
	count_metric("syscalls", 4);
	add(BETA);
	write_all();
	expect(beta_id, "syscalls", "value", "4");
	assert_non_null(field(beta_id, "latency", "status"));
	assert_string_not_equal(field(beta_id, "latency", "status"), "ok");
	assert_string_not_equal(field(beta_id, "latency", "reason"), "");
}

/* What could not be counted: never 0, and never left out. */
static void test_uncounted(void **state)
{
	(void)state;
	add_samples(BETA, "latency", 100, 100, 10);
	answer(RUN_COUNT);
	count_metric("switches", 2);
	add(BETA);
	write_all();
	expect(beta_id, "latency", "status", "ok");
	expect(beta_id, "switches", "status", "ok");
	expect_lacking(beta_id, "syscalls", "denied", "perf: no; ptrace: no");
	expect(beta_id, "syscalls", "unit", "count");
	expect(beta_id, "copies", "status", "absent");
	assert_string_not_equal(field(beta_id, "copies", "reason"), "");
	/* not asked for, not missed */
	assert_null(field(beta_id, "cpu_time", "status"));
}

static void test_unnamed(void **state)
{
	(void)state;
	add_facts(1000, 1);
	write_all();
	expect_lacking(delta_id, "syscalls.by_name", "denied",
		       "ptrace: Operation not permitted");
	expect(delta_id, "syscalls.by_name", "unit", "count");
	expect_lacking(delta_id, "faults", "absent",
		       "the run ended before counting");
	/* nothing of it where names are not asked for */
	add_samples(BETA, "latency", 100, 100, 10);
	write_all();
	assert_null(field(beta_id, "syscalls.by_name", "status"));
}

/* --no-counts: what was not asked for is absent, not denied. */
static void test_no_counts(void **state)
{
	static const char *const counts[] = { "syscalls", "faults",
					      "syscalls.by_name" };

	(void)state;
	results.uncounted = true;
	add_facts(1000, 1);
	add_samples(BETA, "latency", 100, 100, 10);
	write_all();
	for (size_t i = 0; i < COUNT(counts); i++)
		expect_lacking(delta_id, counts[i], "absent",
			       "not asked for (--no-counts)");
	expect_lacking(beta_id, "copies", "absent",
		       "not asked for (--no-counts)");
	expect(delta_id, "rate", "status", "ok");
	expect(beta_id, "latency", "status", "ok");
	assert_null(field(alpha_id, "syscalls", "status"));
}

/* ----------------------------------------------------------------- flags */

static bool has_flag(const char *id, const char *name, const char *flag)
{
	const char *flags = field(id, name, "flags");
	size_t length = strlen(flag);

	assert_non_null(flags);
	for (const char *at = flags; *at; at += *at == ';') {
		size_t span = strcspn(at, ";");

		if (span >= length && !strncmp(at, flag, length))
			return true;
		at += span;
	}
	return false;
}

static void add_spread(enum method method, double width)
{
	struct measured *m;

	answer(RUN_MEASURE);
	m = metric("latency", method, 1000);
	for (int i = 0; i < 1000; i++)
		hist_add(&m->hist, 1000 + width * i / 1000);
	m->samples = 1000;
	add(ALPHA);
}

/* A spread under two steps of the clock; batches are long enough. */
static void test_flag_resolution(void **state)
{
	(void)state;
	add_spread(METHOD_SINGLE, 15);
	write_all();
	assert_true(has_flag(alpha_id, "latency", "resolution"));
	end(state);
	begin(state);
	add_spread(METHOD_SINGLE, 100);
	write_all();
	assert_false(has_flag(alpha_id, "latency", "resolution"));
	end(state);
	begin(state);
	add_spread(METHOD_BATCH, 15);
	write_all();
	assert_false(has_flag(alpha_id, "latency", "resolution"));
}

static void add_drifting(size_t drifting, size_t all)
{
	for (size_t i = 0; i < all; i++) {
		answer(RUN_MEASURE);
		hist_add(&metric("latency", METHOD_BATCH, 100)->hist, 100);
		inv.sample.evidence.drift = i < drifting;
		add(ALPHA);
	}
	write_all();
}

/* More than a fifth of the invocations, and more than one by chance. */
static void test_flag_drift(void **state)
{
	add_drifting(1, 3);
	assert_false(has_flag(alpha_id, "latency", "drift"));
	end(state);
	begin(state);
	add_drifting(2, 10);
	assert_false(has_flag(alpha_id, "latency", "drift"));
	end(state);
	begin(state);
	add_drifting(3, 10);
	assert_true(has_flag(alpha_id, "latency", "drift"));
}

static void test_flag_bimodal(void **state)
{
	struct measured *m;

	(void)state;
	answer(RUN_MEASURE);
	m = metric("latency", METHOD_SINGLE, 4000);
	for (int i = 0; i < 1000; i++) {
		hist_add(&m->hist, 4000 + i % 100);
		hist_add(&m->hist, 50000 + i % 1000);
	}
	add(ALPHA);
	write_all();
	assert_true(has_flag(alpha_id, "latency", "bimodal"));
	end(state);
	begin(state);
	add_samples(ALPHA, "latency", 4500, 4000, 1000);
	write_all();
	assert_false(has_flag(alpha_id, "latency", "bimodal"));
}

static void add_disturbed(size_t disturbed, size_t all)
{
	for (size_t i = 0; i < all; i++) {
		answer(RUN_MEASURE);
		hist_add(&metric("latency", METHOD_BATCH, 100)->hist, 100);
		inv.sample.evidence.disturbed = i < disturbed ? 11 : 10;
		add(ALPHA);
	}
	write_all();
}

static void test_flag_disturbed(void **state)
{
	add_disturbed(2, 10);
	assert_false(has_flag(alpha_id, "latency", "disturbed"));
	end(state);
	begin(state);
	add_disturbed(3, 10);
	assert_true(has_flag(alpha_id, "latency", "disturbed"));
}

static void test_width(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		add_samples(ALPHA, "latency", 99 + i % 3, 100, 10);
	assert_true(isinf(results_width(&results, ALPHA)));
	add_samples(ALPHA, "latency", 101, 100, 10);
	/* 99 99 100 100 101 101: a median of 100, and to 99 or 101 */
	assert_true(fabs(results_width(&results, ALPHA) - 0.01) < 1e-9);
	assert_true(isinf(results_width(&results, BETA)));
	results.precision = 0.02;
	write_all();
	assert_false(has_flag(alpha_id, "latency", "wide"));
	results.precision = 0.005;
	write_all();
	assert_true(has_flag(alpha_id, "latency", "wide:1.0%"));
}

/* -------------------------------------------------------- the other files */

static void test_invocations(void **state)
{
	struct csv_in *in;
	size_t rows = 0;

	(void)state;
	answer(RUN_MEASURE);
	metric("call", METHOD_SINGLE, 10.5)->samples = 7;
	metric("done", METHOD_SINGLE, 20.25)->samples = 7;
	inv.sample.evidence.operations = 7;
	inv.sample.evidence.batches = 3;
	inv.sample.evidence.batch_n = 2;
	inv.sample.evidence.elapsed_ns = 1234.5;
	inv.sample.evidence.pu_a = 0;
	inv.sample.evidence.driver.voluntary = 11;
	inv.sample.evidence.driver.cpu_ns = 22;
	inv.sample.evidence.peer.involuntary = 33;
	inv.sample.evidence.drift = true;
	assert_int_equal(results_add(&results, GAMMA, &inv, 5, 42, 0), 0);
	answer(RUN_COUNT);
	count_metric("copies", 2);
	assert_int_equal(results_add(&results, BETA, &inv, 6, 43, 1), 0);
	write_all();

	in = csv_open("invocations.csv", err, sizeof(err));
	assert_non_null(in);
#define IS(name, want) \
	assert_string_equal(csv_field(in, csv_column(in, name)), want)
	while (csv_read(in) > 0) {
		if (!rows++) {
			IS("bench", "beta");
			IS("param", "size=64KiB");
			IS("metric", "copies");
			IS("block", "6");
			IS("order", "43");
			IS("pass", "count");
			IS("value", "2");
			continue;
		}
		IS("bench", "gamma");
		IS("peer", "thread");
		IS("block", "5");
		IS("order", "42");
		IS("pass", "time");
		IS("metric", rows == 2 ? "call" : "done");
		IS("value", rows == 2 ? "10.5" : "20.25");
		IS("samples", "7");
		IS("batches", "3");
		IS("batch_n", "2");
		IS("elapsed_ns", "1234.5");
		IS("pu_a", "0"); /* PU 0 is a PU */
		IS("pu_b", "");  /* and no second party is none */
		IS("voluntary", "11");
		IS("cpu_ns", "22");
		IS("peer_involuntary", "33");
		IS("drift", "1");
	}
#undef IS
	assert_null(csv_error(in));
	csv_in_close(in);
	assert_int_equal(rows, 3);
}

static void test_histogram(void **state)
{
	struct csv_in *in;
	double last = 0, total = 0;

	(void)state;
	add_samples(ALPHA, "latency", 500, 1, 600);
	add_samples(ALPHA, "latency", 500, 401, 600);
	answer(RUN_COUNT); /* counts have no distribution */
	count_metric("copies", 2);
	add(BETA);
	write_all();
	in = csv_open("histogram.csv", err, sizeof(err));
	assert_non_null(in);
	while (csv_read(in) > 0) {
		double low = csv_field_num(in, csv_column(in, "low"));
		double high = csv_field_num(in, csv_column(in, "high"));
		double count = csv_field_num(in, csv_column(in, "count"));

		assert_string_equal(csv_field(in, csv_column(in, "bench")),
				    "alpha");
		assert_true(low >= last && high > low && count >= 1);
		assert_true(high / low <= 1 + 1.0 / 128 + 1e-9);
		/* samples 401 … 600 are there twice */
		if (low >= 401 && high <= 600)
			assert_true(count >= 2 * (high - low) - 2 &&
				    count <= 2 * (high - low) + 2);
		last = high;
		total += count;
	}
	assert_null(csv_error(in));
	csv_in_close(in);
	if (total != 1200)
		fail_msg("%g", total);
}

/* What reports and comparisons are made from. */
static void test_read_back(void **state)
{
	struct summary summary;
	const struct summary_row *row;

	(void)state;
	for (int i = 0; i < 6; i++)
		add_samples(BETA, "latency", 4210.123456 + i, 4000, 1000);
	fail_case(GAMMA, STATUS_FAILED, "it broke, \"badly\"");
	write_all();
	assert_int_equal(summary_read(&summary, ".", err, sizeof(err)), 0);
	row = summary_find(&summary, beta_id, "latency");
	assert_non_null(row);
	assert_true(row->ok);
	assert_true(fabs(row->value - 4212.623456) < 1e-5);
	assert_true(row->ci.low < row->value && row->ci.high > row->value);
	assert_true(row->invocations == 6 && row->samples == 6000);
	if (!(row->p50 > 4400 && row->p50 < 4600))
		fail_msg("p50 %g", row->p50);
	assert_true(row->p99 > row->p90 && row->p90 > row->p50);
	assert_false(isnan(row->p999));
	assert_string_equal(row->method, "single");
	row = summary_find(&summary, gamma_id, "call");
	assert_non_null(row);
	assert_false(row->ok);
	assert_true(isnan(row->value));
	assert_string_equal(row->reason, "it broke, \"badly\"");
	row = summary_find(&summary, beta_id, "syscalls");
	assert_non_null(row);
	assert_string_equal(row->status, "denied");
	/* alpha, beta with three counts, gamma twice, delta */
	assert_int_equal(summary.count, 8);
	summary_free(&summary);
}

/* Of an A/A run: what its two arms differ by. */
static void test_noise(void **state)
{
	struct csv_in *in;
	size_t rows = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		answer(RUN_MEASURE);
		metric("latency", METHOD_BATCH,
		       (100 + i / 2) * (i % 2 ? 1.5 : 1));
		assert_int_equal(
			results_add(&results, ALPHA, &inv, 0, (size_t)i, i % 2),
			0);
		answer(RUN_COUNT);
		count_metric("copies", 2);
		assert_int_equal(
			results_add(&results, BETA, &inv, 0, (size_t)i, i % 2),
			0);
	}
	if (results_write_noise(&results, ".", err, sizeof(err)))
		fail_msg("%s", err);
	in = csv_open("noise.csv", err, sizeof(err));
	assert_non_null(in);
	while (csv_read(in) > 0) {
		double ratio = csv_field_num(in, csv_column(in, "ratio"));
		double low = csv_field_num(in, csv_column(in, "ci_low"));
		double high = csv_field_num(in, csv_column(in, "ci_high"));

		rows++;
		assert_string_equal(csv_field(in, csv_column(in, "bench")),
				    "alpha");
		assert_true(fabs(ratio - 1.5) < 0.01);
		assert_true(low < 1.5 && high > 1.5);
		assert_true(csv_field_num(in, csv_column(in, "p")) < 0.001);
		assert_true(fabs(csv_field_num(in, csv_column(in, "spread")) -
				 log(ratio)) < 1e-6);
	}
	assert_null(csv_error(in));
	csv_in_close(in);
	assert_int_equal(rows, 1); /* counts are no noise */
	assert_int_equal(unlink("noise.csv"), 0);
	assert_int_equal(
		results_write_noise(&results, "/nowhere", err, sizeof(err)),
		-1);
	assert_non_null(strstr(err, "/nowhere/noise.csv"));
}

/* ------------------------------------------------------------ what fails */

static void test_cannot_write(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(results_write(&results, "/nowhere", err, sizeof(err)),
			 -1);
	assert_non_null(strstr(err, "/nowhere/"));
	assert_non_null(strstr(err, "No such file"));
	assert_null(strchr(err, '\n'));

	/* one that cannot be written: they are all as they were */
	assert_int_equal(mkdir("part", 0700), 0);
	assert_int_equal(mkdir("part/invocations.csv", 0700), 0);
	assert_int_equal(results_write(&results, "part", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "part/invocations.csv"));
	assert_int_equal(stat("part/summary.csv", &st), -1);
	assert_int_equal(stat("part/histogram.csv", &st), -1);
}

/* More metrics than a case may have end the run loudly, not in memory that is
 * another's. */
static void test_too_many_metrics(void **state)
{
	(void)state;
	for (int i = 0; i < RESULTS_MAX_METRICS; i++) {
		char name[SAMPLE_NAME];

		snprintf(name, sizeof(name), "m%d", i);
		add_samples(ALPHA, name, i, 100, 10);
	}
	answer(RUN_MEASURE);
	metric("one more", METHOD_SINGLE, 1);
	assert_int_equal(results_add(&results, ALPHA, &inv, 0, 0, 0), -1);
	answer(RUN_NAMES);
	name_calls("one_more", 1);
	assert_int_equal(results_add(&results, ALPHA, &inv, 0, 0, 0), -1);
}

/* As many as one process can answer, metrics and names, all have rows. */
static void test_many_metrics(void **state)
{
	char name[SAMPLE_NAME];

	(void)state;
	answer(RUN_MEASURE);
	for (int i = 0; i < SAMPLE_MAX_METRICS; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		hist_add(&metric(name, METHOD_BATCH, i)->hist, i);
	}
	add(DELTA);
	answer(RUN_NAMES);
	for (int i = 0; i < SAMPLE_MAX_CALLS; i++) {
		snprintf(name, sizeof(name), "call%d", i);
		name_calls(name, i);
	}
	add(DELTA);
	write_all();
	for (int i = 0; i < SAMPLE_MAX_METRICS; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		expect_near(delta_id, name, "value", i, 0);
	}
	for (int i = 0; i < SAMPLE_MAX_CALLS; i++) {
		snprintf(name, sizeof(name), "syscalls.call%d", i);
		expect_near(delta_id, name, "value", i, 0);
	}
}

/* Arrays grow; each value is kept. */
static void test_many_invocations(void **state)
{
	(void)state;
	for (int i = 0; i < 1001; i++) {
		answer(RUN_MEASURE);
		metric("latency", METHOD_BATCH, i);
		assert_int_equal(results_add(&results, ALPHA, &inv, (size_t)i,
					     (size_t)i, 0),
				 0);
	}
	write_all();
	expect(alpha_id, "latency", "invocations", "1001");
	expect(alpha_id, "latency", "value", "500");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_header),
		TEST(test_median_and_interval),
		TEST(test_too_few_for_an_interval),
		TEST(test_quantiles_supported),
		TEST(test_quantiles),
		TEST(test_counts),
		TEST(test_own_metrics),
		TEST(test_exact),
		TEST(test_total),
		TEST(test_equal_totals),
		TEST(test_named_calls),
		TEST(test_no_calls),
		TEST(test_not_ok),
		TEST(test_failed_later),
		TEST(test_not_reached),
		TEST(test_counted_but_not_timed),
		TEST(test_uncounted),
		TEST(test_unnamed),
		TEST(test_no_counts),
		TEST(test_flag_resolution),
		TEST(test_flag_drift),
		TEST(test_flag_bimodal),
		TEST(test_flag_disturbed),
		TEST(test_width),
		TEST(test_invocations),
		TEST(test_histogram),
		TEST(test_read_back),
		TEST(test_noise),
		TEST(test_cannot_write),
		TEST(test_too_many_metrics),
		TEST(test_many_metrics),
		TEST(test_many_invocations),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
