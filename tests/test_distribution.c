/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are the distributions of the cases asked for read whole, those of several
 * runs together, and what no run writes refused with its line? */
#include "distribution.h"

#include <sys/stat.h>

#include "scratch.h"
#include "support.h"

#define HEADER "bench,variant,peer,place,param,metric,unit,low,high,count\n"
#define PIPE "roundtrip,pipe,thread,pu,-,"
#define FUTEX "roundtrip,futex,thread,pu,-,"

static const char *const id[] = { "roundtrip/pipe/thread/pu/-",
				  "roundtrip/futex/thread/pu/-" };

enum { CASES = COUNT(id) };

static void write_run(const char *dir, const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/histogram.csv", dir);
	mkdir(dir, 0777);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void read_run(const char *dir, struct distribution *of)
{
	char err[256];

	if (distribution_read(dir, id, CASES, of, err, sizeof(err)))
		fail_msg("%s", err);
}

static void expect_bucket(const struct distribution *d, size_t i, double high,
			  double count)
{
	assert_true(i < d->count);
	assert_float_equal(d->bucket[i].high, high, 1e-9);
	assert_float_equal(d->bucket[i].count, count, 1e-9);
}

static void free_all(struct distribution *of)
{
	for (size_t i = 0; i < CASES; i++)
		distribution_free(&of[i]);
}

/* Counts are not latencies, and other cases were not asked for. */
static void test_cases(void **state)
{
	struct distribution of[CASES] = { { 0 } };

	(void)state;
	write_run("run", HEADER FUTEX
		  "latency,ns,5,6,1\n" PIPE "latency,ns,100,101,7\n" PIPE
		  "late,ns,1,2,9\n" PIPE "latency,ns,200,202,8\n"
		  "roundtrip,pipe,process,pu,-,latency,ns,"
		  "1,2,9\n");
	read_run("run", of);
	assert_int_equal(of[0].count, 2);
	assert_float_equal(of[0].lowest, 100, 1e-9);
	expect_bucket(&of[0], 0, 101, 7);
	expect_bucket(&of[0], 1, 202, 8);
	assert_int_equal(of[1].count, 1);
	expect_bucket(&of[1], 0, 6, 1);
	free_all(of);
}

static void test_several_runs(void **state)
{
	struct distribution of[CASES] = { { 0 } };

	(void)state;
	write_run("one", HEADER PIPE "latency,ns,100,101,7\n" PIPE
				     "latency,ns,300,303,1\n");
	write_run("two", HEADER PIPE "latency,ns,50,51,2\n" PIPE
				     "latency,ns,100,101,3\n");
	read_run("one", of);
	read_run("two", of);
	read_run("three", of); /* it has none */
	distribution_sort(&of[0]);
	distribution_sort(&of[1]);
	assert_int_equal(of[0].count, 4);
	assert_float_equal(of[0].lowest, 50, 1e-9);
	expect_bucket(&of[0], 0, 51, 2);
	expect_bucket(&of[0], 3, 303, 1);
	assert_float_equal(of[0].bucket[1].count + of[0].bucket[2].count, 10,
			   1e-9);
	assert_int_equal(of[1].count, 0);
	free_all(of);
}

static void refuse(const char *text, const char *where)
{
	struct distribution of[CASES] = { { 0 } };
	char err[256] = "";

	write_run("bad", text);
	assert_int_equal(
		distribution_read("bad", id, CASES, of, err, sizeof(err)), -1);
	if (strncmp(err, where, strlen(where)) != 0)
		fail_msg("\"%s\" is not \"%s …\"", err, where);
	assert_null(strchr(err, '\n'));
	free_all(of);
}

static void test_refusals(void **state)
{
	(void)state;
	refuse("", "bad/histogram.csv:1: ");
	refuse("bench,variant\n", "bad/histogram.csv:1: no column 'peer'");
	refuse(HEADER PIPE "latency,ns,100,101,7",
	       "bad/histogram.csv:2: the last line has no end");
	refuse(HEADER PIPE "latency,ns,100,101,many\n",
	       "bad/histogram.csv:2: count is not a number");
	refuse(HEADER PIPE "latency,ns,,101,7\n",
	       "bad/histogram.csv:2: the bucket of "
	       "roundtrip/pipe/thread/pu/- ");
	refuse(HEADER PIPE "latency,ns,102,101,7\n",
	       "bad/histogram.csv:2: the bucket of ");
	refuse(HEADER PIPE "latency,ns,100,101,-1\n",
	       "bad/histogram.csv:2: the bucket of ");
	refuse(HEADER PIPE "latency,ns,100,101,7\n" FUTEX
			   "latency,ns,5,6,1\n" PIPE "latency,ns,100,101,7\n",
	       "bad/histogram.csv:4: the bucket of roundtrip/pipe/thread/pu/- "
	       "from 100 follows that up to 101 on line 2: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_several_runs),
		cmocka_unit_test(test_refusals),
	};

	end_if_it_hangs();
	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
