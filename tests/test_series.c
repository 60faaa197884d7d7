/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a run's invocations.csv read whole, whatever its order and size, and what
 * is none refused with the line at fault? */
#include "scratch.h"
#include "series.h"

#include <time.h>

#include "made_up_run.h"

static void write_text(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
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
	series_read(&set, ".");
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
	series_read(&set, ".");
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
	series_read(&set, ".");
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

static int read_here(struct child *child, void *arg)
{
	struct series_set set;

	(void)arg;
	if (!freopen("err", "w", stderr))
		return child_fail(child, "err: cannot be opened");
	series_read(&set, ".");
	return child_fail(child, "it was read");
}

static void refuse(const char *name, const char *text, const char *where)
{
	struct child child;
	char said[512] = "";
	int status;
	FILE *f;

	start_afresh(NULL);
	write_text("invocations.csv", INVOCATIONS_HEADER "\n");
	write_text(name, text);
	status = run_child(read_here, NULL, false, &child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_USAGE);
	f = fopen("err", "r");
	assert_non_null(f);
	assert_non_null(fgets(said, sizeof(said), f));
	fclose(f);
	if (!strstr(said, where))
		fail_msg("\"%s\" does not say \"%s\"", said, where);
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
	refuse("env.csv", "name,value,source\nclock.step_ns,\"9,x\n",
	       "./env.csv:2: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_interleaved, start_afresh),
		cmocka_unit_test_setup(test_long_names, start_afresh),
		cmocka_unit_test_setup(test_many_series, start_afresh),
		cmocka_unit_test_setup(test_refusals, start_afresh),
	};

	end_if_it_hangs();
	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
