/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are several runs of a machine put together as one that every reader takes for
 * a run? */
#include "pool_run.h"
#include "scratch.h"

#include "compare.h"
#include "csv.h"
#include "made_up_run.h"
#include "records.h"

#define PIPE "roundtrip,pipe,thread,pu,-"

static const double fast[] = { 100, 101, 102, 103, 104, 105, 106 };
static const double slow[] = { 110, 111, 112, 113, 114, 115 };
static const double calls[] = { 4, 4 };
static const double tries[] = { 1000, 2000, 3000 };

/* A total, which made_up_values() has no idea of. */
static void put_total(struct made_up *m, const char *names, const double *value,
		      size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += value[i];
	fprintf(m->summary, "1,%s,%s,%s,ok,,%zu,%zu,%.10g,,,,,,,,,exact,\n",
		m->machine, m->run, names, n, n, sum);
	for (size_t i = 0; i < n; i++)
		fprintf(m->invocations, "%s,%.10g\n", names, value[i]);
}

/* a: all of it; b: another order of cases, one of them missing, one failed. */
static void make_runs(void)
{
	struct made_up m = made_up_begin("a", "m", "r1");

	made_up_values(&m, PIPE ",latency,ns", "single", fast, 7);
	made_up_lacks(&m, PIPE ",calls:by_name,count", "absent",
		      "the run ended before counting");
	made_up_values(&m, PIPE ",syscalls,count", "slope", calls, 2);
	put_total(&m, "litmus,sb_plain,thread,l3,-,tries,count", tries, 3);
	made_up_lacks(&m, "create,fork,process,pu,-,call,ns", "failed",
		      "it did not end");
	made_up_lacks(&m, "roundtrip,pipe,thread,l3,-,latency,ns", "absent",
		      "one PU");
	made_up_fact(&m, "kernel.release", "6.1");
	made_up_fact(&m, "topology.allowed_pus", "2");
	made_up_end(&m);

	m = made_up_begin("b", "m", "r2");
	made_up_values(&m, "create,fork,process,pu,-,call,ns", "batch", slow,
		       6);
	put_total(&m, "litmus,sb_plain,thread,l3,-,tries,count", tries, 2);
	made_up_values(&m, PIPE ",latency,ns", "single", slow, 6);
	made_up_values(&m, PIPE ",syscalls,count", "slope", calls, 2);
	made_up_values(&m, PIPE ",calls:read,count", "slope", calls, 2);
	made_up_lacks(&m, "roundtrip,pipe,thread,l3,-,latency,ns", "absent",
		      "one PU");
	made_up_fact(&m, "kernel.release", "6.2");
	made_up_fact(&m, "topology.allowed_pus", "2");
	made_up_end(&m);
}

static struct pool_run pool;

static void read_ok(char *const *path, size_t paths)
{
	char err[PATH_MAX + 256];

	if (pool_run_read(&pool, path, paths, err, sizeof(err)))
		fail_msg("%s", err);
}

static char *const both[] = { (char *)"a", (char *)"b" };

static const struct summary_row *row(const char *id, const char *metric)
{
	const struct summary_row *found =
		summary_find(&pool.summary, id, metric);

	if (!found)
		fail_msg("no %s %s", id, metric);
	return found;
}

static void test_rows(void **state)
{
	const struct summary_row *r;

	(void)state;
	make_runs();
	read_ok(both, 2);
	/* medians 103 and 112.5 */
	r = row("roundtrip/pipe/thread/pu/-", "latency");
	assert_true(r->ok && r->invocations == 13 && r->samples == 13);
	assert_true(fabs(r->value - sqrt(103 * 112.5)) < 1e-9);
	assert_true(r->ci.low < 100 && r->ci.high > 115);
	assert_string_equal(r->flags, "");
	assert_string_equal(r->run, "r1+1");
	/* counts that agree, and sums */
	r = row("roundtrip/pipe/thread/pu/-", "syscalls");
	assert_true(r->value == 4 && r->ci.low == 4 && r->ci.high == 4);
	assert_int_equal((int)r->invocations, 4);
	r = row("litmus/sb_plain/thread/l3/-", "tries");
	assert_true(r->value == 9000 && isnan(r->ci.low));
	/* from the run that has it */
	r = row("create/fork/process/pu/-", "call");
	assert_true(r->ok && r->value == 112.5 && isnan(r->ci.low));
	assert_string_equal(r->flags, "runs:1/2");
	assert_string_equal(r->reason, "");
	r = row("roundtrip/pipe/thread/pu/-", "calls:read");
	assert_string_equal(r->flags, "runs:1/2");
	/* and where none has, why */
	r = row("roundtrip/pipe/thread/l3/-", "latency");
	assert_false(r->ok);
	assert_string_equal(r->reason, "one PU");
	/* what stood for all names is no news beside them */
	assert_null(summary_find(&pool.summary, "roundtrip/pipe/thread/pu/-",
				 "calls:by_name"));
	assert_int_equal(pool.partial, 2);
	assert_int_equal(pool.alone, 2);
	pool_run_free(&pool);
}

/* A case's metrics come together, in the order of the first run. */
static void test_order(void **state)
{
	static const char *const metric[] = { "latency",    "syscalls",
					      "calls:read", "tries",
					      "call",       "latency" };

	(void)state;
	make_runs();
	read_ok(both, 2);
	assert_int_equal(pool.summary.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(pool.summary.row[i].metric, metric[i]);
	pool_run_free(&pool);
}

static int count_record(void *ctx, const struct record *r)
{
	(void)r;
	++*(size_t *)ctx;
	return 0;
}

/* What is written is a run: its readers check one file against the other. */
static void test_written(void **state)
{
	char err[PATH_MAX + 256];
	struct summary summary;
	struct series_set series;
	struct env_file env;

	(void)state;
	make_runs();
	read_ok(both, 2);
	mkdir("both", 0777);
	if (pool_run_write(&pool, "both", err, sizeof(err)))
		fail_msg("%s", err);
	if (summary_read(&summary, "both", err, sizeof(err)) ||
	    series_read(&series, "both", &summary, err, sizeof(err)) ||
	    env_file_read(&env, "both", err, sizeof(err)))
		fail_msg("%s", err);
	assert_int_equal(summary.count, pool.summary.count);
	for (size_t i = 0; i < summary.count; i++) {
		const struct summary_row *a = &summary.row[i],
					 *b = &pool.summary.row[i];

		assert_true(summary_same_case(a, b));
		assert_string_equal(a->status, b->status);
		assert_string_equal(a->flags, b->flags);
		assert_true(a->ok == b->ok);
		assert_true(!a->ok ||
			    fabs(a->value - b->value) <= 1e-9 * b->value);
	}
	assert_int_equal(
		series_find(&series, "roundtrip/pipe/thread/pu/-", "latency")
			->count,
		13);
	assert_string_equal(env_file_value(&env, "pool.runs"), "2");
	assert_string_equal(env_file_value(&env, "pool.run.2"), "r2");
	assert_string_equal(env_file_value(&env, "kernel.release"), "6.1");
	for (size_t i = 0; i < env.count; i++)
		assert_int_equal(strstr(env.fact[i].source, "others differ") !=
					 NULL,
				 !strcmp(env.fact[i].name, "kernel.release"));
	series_free(&series);
	summary_free(&summary);
	env_file_free(&env);
	pool_run_free(&pool);
}

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

#define SUMMARY_ROW(run, n, sum)                                            \
	RESULTS_SUMMARY_HEADER "\n1,m," run "," PIPE ",latency,ns,ok,,1," n \
			       "," sum ",,,100,,,,,200,single,\n"
#define BUCKETS "bench,variant,peer,place,param,metric,unit,low,high,count\n"

/* Blocks and invocations number on, quantiles are of all samples, and columns
 * that one run's program did not know are empty. */
static void test_numbering_and_quantiles(void **state)
{
	char *const path[] = { (char *)"c", (char *)"d" };
	char err[PATH_MAX + 256];
	struct csv_in *in;

	(void)state;
	mkdir("c", 0777);
	mkdir("d", 0777);
	put_file("c", "summary.csv", SUMMARY_ROW("r1", "10", "110"));
	put_file("d", "summary.csv", SUMMARY_ROW("r2", "30", "130"));
	put_file("c", "invocations.csv",
		 INVOCATIONS_HEADER ",block,order,new\n" PIPE
				    ",latency,ns,110,3,7,x\n");
	put_file("d", "invocations.csv",
		 INVOCATIONS_HEADER ",order,block\n" PIPE
				    ",latency,ns,130,2,1\n");
	put_file("c", "histogram.csv", BUCKETS PIPE ",latency,ns,110,111,10\n");
	put_file("d", "histogram.csv",
		 BUCKETS PIPE ",latency,ns,110,111,15\n" PIPE
			      ",latency,ns,190,191,15\n");
	read_ok(path, 2);
	assert_true(pool.has_histogram);
	assert_int_equal(pool.row[0].hist.used, 2);
	assert_true(pool.row[0].hist.n == 40);
	/* 25 of 40 are below */
	assert_true(pool.summary.row[0].p50 > 109 &&
		    pool.summary.row[0].p50 < 112);
	assert_true(isnan(pool.summary.row[0].p99));
	assert_true(pool.row[0].min == 100 && pool.row[0].max == 200);
	mkdir("cd", 0777);
	if (pool_run_write(&pool, "cd", err, sizeof(err)))
		fail_msg("%s", err);
	in = csv_open("cd/invocations.csv", err, sizeof(err));
	assert_non_null(in);
	assert_int_equal(csv_read(in), 1);
	assert_string_equal(csv_field(in, csv_column(in, "block")), "3");
	assert_string_equal(csv_field(in, csv_column(in, "order")), "7");
	assert_string_equal(csv_field(in, csv_column(in, "new")), "x");
	assert_int_equal(csv_read(in), 1);
	assert_string_equal(csv_field(in, csv_column(in, "block")), "5");
	assert_string_equal(csv_field(in, csv_column(in, "order")), "10");
	assert_string_equal(csv_field(in, csv_column(in, "new")), "");
	assert_string_equal(csv_field(in, csv_column(in, "value")), "130");
	assert_int_equal(csv_read(in), 0);
	csv_in_close(in);
	pool_run_free(&pool);

	/* without one of the histograms there are none */
	unlink("d/histogram.csv");
	read_ok(path, 2);
	assert_false(pool.has_histogram);
	assert_true(isnan(pool.summary.row[0].p50));
	pool_run_free(&pool);
}

static void expect_refused(const char *a, const char *b, const char *says)
{
	char *const path[] = { (char *)(uintptr_t)a, (char *)(uintptr_t)b };
	char err[PATH_MAX + 256];

	assert_int_equal(pool_run_read(&pool, path, 2, err, sizeof(err)), -1);
	if (!strstr(err, says) || strchr(err, '\n'))
		fail_msg("%s + %s: %s, not %s", a, b, err, says);
}

static void test_refused(void **state)
{
	struct made_up m;

	(void)state;
	make_runs();
	m = made_up_begin("other", "n", "r3");
	made_up_values(&m, PIPE ",latency,ns", "single", fast, 7);
	made_up_end(&m);
	m = made_up_begin("seconds", "m", "r4");
	made_up_values(&m, PIPE ",latency,s", "single", fast, 7);
	made_up_end(&m);
	m = made_up_begin("bare", "m", "r5");
	made_up_values(&m, PIPE ",latency,ns", "single", fast, 7);
	made_up_end(&m);
	unlink("bare/invocations.csv");
	expect_refused("a", "other", "other is of machine n, and a of m");
	expect_refused("a", "a", "a and a are the same run, r1");
	expect_refused("a", "seconds",
		       "the unit of roundtrip/pipe/thread/pu/-");
	expect_refused("a", "bare", "bare: no invocations.csv");
	expect_refused("a", "a/summary.csv", "not a directory");
	expect_refused("a", "nowhere", "nowhere");
	put_file("b", "histogram.csv", BUCKETS PIPE ",latency,ns,111,110,10\n");
	expect_refused("a", "b", "b/histogram.csv:2: the bucket");
	unlink("b/histogram.csv");
}

/* The whole of it read row by row, as a report does. */
static void test_records(void **state)
{
	char *const path[] = { (char *)"e", (char *)"f" };
	char err[PATH_MAX + 256];
	static const char header[] =
		"bench,variant,peer,place,param,metric,unit,block,order,arm,"
		"pass,value,samples,batches,batch_n,elapsed_ns,pu_a,pu_b,"
		"voluntary,involuntary,faults,cpu_ns,peer_voluntary,"
		"peer_involuntary,peer_faults,peer_cpu_ns,drift,disturbed,"
		"disturbed_batches,moves,lost_ns,foreign_s,steal_s,interrupts,"
		"gap_before_ns,gap_after_ns\n";
	struct summary summary;
	size_t count = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		char text[2048];

		mkdir(path[i], 0777);
		put_file(path[i], "summary.csv",
			 i ? SUMMARY_ROW("r2", "10", "110") :
			     SUMMARY_ROW("r1", "10", "110"));
		snprintf(text, sizeof(text),
			 "%s" PIPE ",latency,ns,0,0,0,time,110,10,1,10,1100,"
			 "0,,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,,\n",
			 header);
		put_file(path[i], "invocations.csv", text);
	}
	read_ok(path, 2);
	mkdir("ef", 0777);
	if (pool_run_write(&pool, "ef", err, sizeof(err)) ||
	    summary_read(&summary, "ef", err, sizeof(err)) ||
	    records_each("ef", &summary, count_record, &count, err,
			 sizeof(err)))
		fail_msg("%s", err);
	assert_int_equal(count, 2);
	summary_free(&summary);
	pool_run_free(&pool);
}

static void make_first(const char *dir, const char *machine, const char *run,
		       double scale)
{
	struct made_up m = made_up_begin(dir, machine, run);
	double first[7];

	for (int i = 0; i < 7; i++)
		first[i] = fast[i] * scale;
	made_up_values(&m, "create,pthread,thread,pu,-,first,ns", "single",
		       first, 7);
	made_up_end(&m);
}

/* Claims of a machine with several runs are not its first run's. */
static void test_claims_of_machine(void **state)
{
	char *const path[] = { (char *)"m1", (char *)"m2", (char *)"n1" };
	const struct compare_options options = { .paths = path,
						 .path_count = 3,
						 .threshold = 0.02 };
	struct comparison c;
	bool found = false;

	(void)state;
	/* 1 ms and 20 ms, where less than 5 ms are claimed */
	make_first("m1", "m", "r1", 1e4);
	make_first("m2", "m", "r2", 2e5);
	make_first("n1", "n", "r3", 1e4);
	compare_make(&c, &options);
	assert_int_equal(c.groups, 2);
	for (size_t i = 0; i < c.claims; i++) {
		const struct compare_claim *claim = &c.claim[i];

		if (strncmp(claim->claim, "first instruction of a worker: pth",
			    34))
			continue;
		found = true;
		assert_string_equal(claim->of[0].verdict, "cannot tell");
		assert_string_equal(claim->of[1].verdict, "holds");
	}
	assert_true(found);
	found = false;
	for (size_t i = 0; i < c.notes; i++)
		found |= !strcmp(c.note[i],
				 "A: claims are decided by its 2 runs, pooled");
	assert_true(found);
	compare_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_numbering_and_quantiles),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_claims_of_machine),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
