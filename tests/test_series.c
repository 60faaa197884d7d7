/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a run's invocations.csv read whole, whatever its order and size, and what
 * is none refused with the line at fault? */
#include "scratch.h"
#include "series.h"

#include <time.h>

#include "made_up_run.h"
#include "row_check.h"

#define NOISE_HEADER "bench,variant,peer,place,param,metric,spread\n"

static void write_text(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Of a summary without rows nothing is expected. */
static void read_here(struct series_set *set, const struct summary *summary)
{
	static const struct summary none;
	char err[512];

	if (series_read(set, ".", summary ? summary : &none, err, sizeof(err)))
		fail_msg("%s", err);
}

static int start_afresh(void **state)
{
	(void)state;
	unlink("env.csv");
	unlink("noise.csv");
	unlink("invocations.csv");
	return 0;
}

static void expect_series(const struct series_set *set, const char *id,
			  const char *metric, size_t count, double first,
			  double last)
{
	const struct series *s = series_find(set, id, metric);

	assert_non_null(s);
	assert_int_equal(s->count, count);
	assert_float_equal(s->value[0], first, 1e-9);
	assert_float_equal(s->value[count - 1], last, 1e-9);
}

/* Rows of one series need not follow each other. */
static void test_interleaved(void **state)
{
	struct series_set set;

	(void)state;
	write_text("invocations.csv",
		   INVOCATIONS_HEADER "\n"
				      "b,v,thread,pu,-,latency,ns,1\n"
				      "b,w,thread,pu,-,latency,ns,10\n"
				      "b,v,thread,pu,-,call,ns,100\n"
				      "b,v,thread,pu,-,latency,ns,2\n"
				      "b,w,thread,pu,-,latency,ns,20\n"
				      "b,v,thread,pu,-,latency,ns,3\n");
	write_text("env.csv", "name,value,source\nclock.step_ns,9.5,test\n");
	write_text("noise.csv", "bench,variant,peer,place,param,metric,spread\n"
				"b,v,thread,pu,-,latency,0.03\n"
				"b,other,thread,pu,-,latency,0.5\n");
	read_here(&set, NULL);
	assert_int_equal(set.count, 3);
	expect_series(&set, "b/v/thread/pu/-", "latency", 3, 1, 3);
	expect_series(&set, "b/w/thread/pu/-", "latency", 2, 10, 20);
	expect_series(&set, "b/v/thread/pu/-", "call", 1, 100, 100);
	assert_null(series_find(&set, "b/v/thread/pu/-", "done"));
	assert_null(series_find(&set, "b/v/thread/pu", "latency"));
	assert_float_equal(set.clock_step_ns, 9.5, 1e-9);
	assert_true(set.has_noise);
	assert_float_equal(
		series_find(&set, "b/v/thread/pu/-", "latency")->noise, 0.03,
		1e-9);
	series_free(&set);
}

/* Names of metrics are as long as they are: none is taken for another. */
static void test_long_names(void **state)
{
	struct series_set set;

	(void)state;
	write_text("invocations.csv", INVOCATIONS_HEADER
		   "\n"
		   "b,v,-,-,-,syscalls.rt_sigprocmask,count,1\n"
		   "b,v,-,-,-,syscalls.rt_sigpending,count,2\n");
	read_here(&set, NULL);
	expect_series(&set, "b/v/-/-/-", "syscalls.rt_sigprocmask", 1, 1, 1);
	expect_series(&set, "b/v/-/-/-", "syscalls.rt_sigpending", 1, 2, 2);
	assert_float_equal(set.clock_step_ns, 0, 0);
	assert_false(set.has_noise);
	series_free(&set);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double seconds_to_read(size_t series, size_t rows)
{
	FILE *f = fopen("invocations.csv", "w");
	struct series_set set;
	double before;

	assert_non_null(f);
	fputs(INVOCATIONS_HEADER "\n", f);
	for (size_t i = 0; i < rows; i++)
		fprintf(f, "b,v%zu,thread,pu,-,latency,ns,%zu\n", i % series,
			i / series);
	assert_int_equal(fclose(f), 0);
	before = seconds();
	read_here(&set, NULL);
	before = seconds() - before;
	assert_int_equal(set.count, series);
	for (size_t i = 0; i < set.count; i++)
		assert_int_equal(set.series[i].count, rows / series);
	series_free(&set);
	return before;
}

/* Ten thousand series take no longer than a hundred of the same rows, but for
 * memory that is farther away; a search from one end to the other takes a
 * hundred times as long. */
static void test_many_series(void **state)
{
	const size_t rows = 100000;
	double few = 1e9, many = 1e9;

	(void)state;
	for (int i = 0; i < 3; i++) {
		few = fmin(few, seconds_to_read(100, rows));
		many = fmin(many, seconds_to_read(10000, rows));
	}
	if (many > 10 * few)
		fail_msg("%g s and %g s", few, many);
}

/* ------------------------------------------------------------ refusals */

static void refuse_what_is_there(const struct summary *summary,
				 const char *where)
{
	struct series_set set;
	char err[512] = "";

	assert_int_equal(series_read(&set, ".", summary, err, sizeof(err)), -1);
	if (strncmp(err, where, strlen(where)) != 0)
		fail_msg("\"%s\" is not \"%s …\"", err, where);
	assert_null(strchr(err, '\n'));
	assert_null(set.series);
	assert_int_equal(set.count, 0);
}

static void refuse(const char *name, const char *text, const char *where)
{
	static const struct summary none;

	start_afresh(NULL);
	write_text("invocations.csv",
		   INVOCATIONS_HEADER "\nb,v,-,-,-,m,ns,1\n");
	write_text(name, text);
	refuse_what_is_there(&none, where);
}

static void test_refusals(void **state)
{
	(void)state;
	refuse("invocations.csv", "city,mayor\nUtrecht,Dijksma\n",
	       "./invocations.csv:1: no column 'bench'");
	refuse("invocations.csv",
	       INVOCATIONS_HEADER "\nb,v,-,-,-,m,ns,1\nb,v,-,-,-,m",
	       "./invocations.csv:3: ");
	refuse("invocations.csv",
	       INVOCATIONS_HEADER "\nb,v,-,-,-,m,ns,twelve\n",
	       "./invocations.csv:2: ");
	refuse("noise.csv", "bench,variant\n", "./noise.csv:1: no column");
	refuse("env.csv", "name,source\n", "./env.csv:1: no column 'value'");
	refuse("noise.csv", NOISE_HEADER "b,v,-,-,-,m,0.1\nb,v,-,-,-,m,0.1\n",
	       "./noise.csv:3: b/v/-/-/- m is given on line 2 already");
	refuse("noise.csv", NOISE_HEADER "b,v,-,-,-,m,0.1",
	       "./noise.csv:2: the last line has no end");
	refuse("env.csv", "name,value,source\nclock.step_ns,\"9,x\n",
	       "./env.csv:2: ");
}

#define ORDERED INVOCATIONS_HEADER ",order\n"

/* What no run writes. */
static void test_not_of_a_run(void **state)
{
	(void)state;
	refuse("invocations.csv",
	       ORDERED "b,v,-,-,-,m,ns,1,7\n"
		       "b,w,-,-,-,m,ns,1,3\n"
		       "b,v,-,-,-,m,ns,1,7\n",
	       "./invocations.csv:4: b/v/-/-/- m of invocation 7 follows that "
	       "of 7 on line 2");
	refuse("invocations.csv",
	       INVOCATIONS_HEADER "\nb,v,-,-,-,m,ns,1\nb,v,-,-,-,m,ns,1",
	       "./invocations.csv:3: the last line has no end");
	refuse("invocations.csv", INVOCATIONS_HEADER,
	       "./invocations.csv:1: the last line has no end");
}

static void test_too_many(void **state)
{
	static const struct summary none;
	FILE *f = fopen("invocations.csv", "w");

	(void)state;
	assert_non_null(f);
	fputs(INVOCATIONS_HEADER "\n", f);
	for (int i = 0; i <= INVOCATION_ROWS_MAX; i++)
		fputs("b,v,-,-,-,m,ns,1\n", f);
	assert_int_equal(fclose(f), 0);
	refuse_what_is_there(&none, "./invocations.csv:4000002: more than "
				    "4000000 rows");
}

/* As many of each case and metric as the summary says; of what has no number
 * there may be any. */
static void test_as_many_as_in_summary(void **state)
{
	struct summary_row row[] = {
		{ .bench = "b",
		  .variant = "v",
		  .peer = "-",
		  .place = "-",
		  .param = "-",
		  .metric = "m",
		  .ok = true,
		  .invocations = 2 },
		{ .bench = "b",
		  .variant = "w",
		  .peer = "-",
		  .place = "-",
		  .param = "-",
		  .metric = "m",
		  .invocations = NAN },
	};
	const struct summary summary = { .row = row, .count = COUNT(row) };
	struct series_set set;

	(void)state;
	read_here(&set, &summary);
	assert_false(set.is_there);
	write_text("invocations.csv",
		   INVOCATIONS_HEADER "\nb,v,-,-,-,m,ns,1\nb,w,-,-,-,m,ns,1\n"
				      "b,v,-,-,-,m,ns,2\n");
	read_here(&set, &summary);
	assert_true(set.is_there);
	expect_series(&set, "b/v/-/-/-", "m", 2, 1, 2);
	series_free(&set);
	row[0].invocations = 3;
	refuse_what_is_there(&summary, "./invocations.csv:4: b/v/-/-/- m has 2 "
				       "rows here and 3 invocations");
	row[0].invocations = 1;
	refuse_what_is_there(&summary, "./invocations.csv:4: ");
	write_text("invocations.csv", INVOCATIONS_HEADER "\n");
	refuse_what_is_there(&summary, "./invocations.csv:1: b/v/-/-/- m has 0 "
				       "rows");
}

/* A link that leads nowhere is not the lack of a file. */
static void test_loops(void **state)
{
	static const struct summary none;

	(void)state;
	assert_int_equal(symlink("invocations.csv", "invocations.csv"), 0);
	refuse_what_is_there(&none, "./invocations.csv:1: cannot open: ");
	unlink("invocations.csv");
	write_text("invocations.csv", INVOCATIONS_HEADER "\n");
	assert_int_equal(symlink("env.csv", "env.csv"), 0);
	refuse_what_is_there(&none, "./env.csv:1: cannot open: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_interleaved, start_afresh),
		cmocka_unit_test_setup(test_long_names, start_afresh),
		cmocka_unit_test_setup(test_many_series, start_afresh),
		cmocka_unit_test_setup(test_refusals, start_afresh),
		cmocka_unit_test_setup(test_not_of_a_run, start_afresh),
		cmocka_unit_test_setup(test_too_many, start_afresh),
		cmocka_unit_test_setup(test_as_many_as_in_summary,
				       start_afresh),
		cmocka_unit_test_setup(test_loops, start_afresh),
	};

	end_if_it_hangs();
	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
