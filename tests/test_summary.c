/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is summary.csv read as it was written, and what is not one refused with the
 * line at fault? */
#include "summary.h"

#include <ftw.h>
#include <malloc.h>
#include <math.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "results.h"
#include "scratch.h"
#include "support.h"

#define PATH "summary.csv"
#define HEADER                                                            \
	"schema,machine,run,bench,variant,peer,place,param,metric,unit,"  \
	"status,reason,invocations,samples,value,ci_low,ci_high,min,p50," \
	"p90,p99,p999,max,method,flags\n"
#define START "1,box-1234,20260131T120000Z,"
#define OK                                                                \
	START "roundtrip,pipe,process,l3,-,latency,ns,ok,,16,12345,"      \
	      "4210.5,4100,4300,3900,4200,5000,6000,,99000,single,drift;" \
	      "bimodal\n"
#define ABSENT                                                              \
	START "message,pipe,thread,core,size=64KiB,latency,ns,absent,\"no " \
	      "SMT, here\",,,,,,,,,,,,,\n"

static char err[512];
static struct summary summary;

static void write_text(const char *text)
{
	FILE *f = fopen(PATH, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void read_text(const char *text)
{
	write_text(text);
	if (summary_read(&summary, PATH, err, sizeof(err)))
		fail_msg("%s", err);
}

/* -1 and "path:line: …", and nothing is left to free. */
static void refuse(const char *text, const char *where, const char *why)
{
	write_text(text);
	err[0] = '\0';
	assert_int_equal(summary_read(&summary, PATH, err, sizeof(err)), -1);
	if (strncmp(err, where, strlen(where)) || !strstr(err, why))
		fail_msg("\"%s\" is not \"%s … %s\"", err, where, why);
	assert_null(strchr(err, '\n'));
	assert_null(summary.row);
	assert_int_equal(summary.count, 0);
}

static void test_rows(void **state)
{
	const struct summary_row *row;

	(void)state;
	read_text(HEADER OK ABSENT);
	assert_int_equal(summary.count, 2);
	row = &summary.row[0];
	assert_string_equal(row->machine, "box-1234");
	assert_string_equal(row->run, "20260131T120000Z");
	assert_string_equal(row->bench, "roundtrip");
	assert_string_equal(row->variant, "pipe");
	assert_string_equal(row->peer, "process");
	assert_string_equal(row->place, "l3");
	assert_string_equal(row->param, "-");
	assert_string_equal(row->metric, "latency");
	assert_string_equal(row->unit, "ns");
	assert_string_equal(row->status, "ok");
	assert_string_equal(row->reason, "");
	assert_true(row->ok);
	assert_true(row->invocations == 16);
	assert_true(row->samples == 12345);
	assert_true(row->value == 4210.5);
	assert_true(row->ci.low == 4100);
	assert_true(row->ci.high == 4300);
	assert_true(row->p50 == 4200);
	assert_true(row->p90 == 5000);
	assert_true(row->p99 == 6000);
	assert_true(isnan(row->p999));
	assert_string_equal(row->method, "single");
	assert_string_equal(row->flags, "drift;bimodal");

	row = &summary.row[1];
	assert_string_equal(row->param, "size=64KiB");
	assert_string_equal(row->status, "absent");
	assert_string_equal(row->reason, "no SMT, here");
	assert_false(row->ok);
	assert_true(isnan(row->value));
	assert_true(isnan(row->ci.low));
	assert_true(isnan(row->invocations));
	summary_free(&summary);
	assert_null(summary.row);
	summary_free(&summary); /* twice is fine */
}

static void test_directory_or_file(void **state)
{
	(void)state;
	write_text(HEADER OK);
	assert_int_equal(summary_read(&summary, ".", err, sizeof(err)), 0);
	assert_int_equal(summary.count, 1);
	summary_free(&summary);
	assert_int_equal(summary_read(&summary, scratch_dir, err, sizeof(err)),
			 0);
	summary_free(&summary);
}

static void test_matching(void **state)
{
	(void)state;
	read_text(HEADER OK ABSENT);
	assert_true(summary_matches(&summary.row[0],
				    "roundtrip/pipe/process/l3/-"));
	assert_true(summary_matches(&summary.row[0], "roundtrip/*"));
	assert_true(summary_matches(&summary.row[1], "message/*/size=64KiB"));
	assert_false(summary_matches(&summary.row[0], "roundtrip"));
	assert_false(summary_matches(&summary.row[0], "*/thread/*"));
	assert_ptr_equal(summary_find(&summary, "roundtrip/pipe/process/l3/-",
				      "latency"),
			 &summary.row[0]);
	assert_null(summary_find(&summary, "roundtrip/pipe/process/l3/-",
				 "syscalls"));
	assert_null(summary_find(&summary, "roundtrip/pipe/process/l2/-",
				 "latency"));
	summary_free(&summary);
}

/* Columns are found by name: a later schema may only add some, and people
 * move them about. */
static void test_other_columns(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	fputs("p99,note,schema,flags,method,max,p999,p90,p50,min,ci_high,"
	      "ci_low,value,samples,invocations,reason,status,unit,metric,"
	      "param,place,peer,variant,bench,run,machine\n"
	      "6,\"by\nhand\",1,,batch,7,,5,4,3,2,1,1.5,9,8,,ok,ns,latency,-,"
	      "-,-,-,getppid,r,m\n",
	      f);
	fclose(f);
	read_text(text);
	free(text);
	assert_true(summary.row[0].p99 == 6);
	assert_true(summary.row[0].value == 1.5);
	assert_string_equal(summary.row[0].bench, "getppid");
	summary_free(&summary);
}

static void test_many_rows(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	enum { ROWS = 3000 };

	(void)state;
	assert_non_null(f);
	fputs(HEADER, f);
	for (int i = 0; i < ROWS; i++)
		fprintf(f,
			START "b,v,-,-,n=%d,latency,ns,ok,,6,6,%d,,,,,,,,,"
			      "batch,\n",
			i, i);
	fclose(f);
	read_text(text);
	free(text);
	assert_int_equal(summary.count, ROWS);
	for (int i = 0; i < ROWS; i++)
		assert_true(summary.row[i].value == i);
	summary_free(&summary);
}

/* --------------------------------------------------------------- refused */

static void test_missing_columns(void **state)
{
	static const char *const column[] = {
		"schema", "machine", "bench",       "reason", "value",
		"ci_low", "flags",   "invocations", "p999",   "unit",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(column); i++) {
		char header[] = HEADER, why[64];
		/* from the back: "p99" is in "p999", "run" in nothing */
		char *at = strstr(header, column[i]);

		assert_non_null(at);
		*at = 'X';
		snprintf(why, sizeof(why), "no column '%s'", column[i]);
		refuse(header, PATH ":1: ", why);
	}
	refuse("a,b\n1,2\n", PATH ":1: ", "not a summary.csv");
}

static void test_wrong_schema(void **state)
{
	(void)state;
	refuse(HEADER "2,box,r,b,v,-,-,-,latency,ns,ok,,6,6,1,,,,,,,,,batch,\n",
	       PATH ":2: schema '2'", "reads 1");
	refuse(HEADER OK ABSENT
	       "one,box,r,b,v,-,-,-,latency,ns,ok,,6,6,1,,,,,,,,,batch,\n",
	       PATH ":4: schema 'one'", "reads 1");
	refuse(HEADER ",box,r,b,v,-,-,-,latency,ns,ok,,6,6,1,,,,,,,,,batch,\n",
	       PATH ":2: schema ''", "reads 1");
}

static void test_bad_numbers(void **state)
{
	(void)state;
	refuse(HEADER OK START
	       "b,v,-,-,-,latency,ns,ok,,6,6,fast,,,,,,,,,batch,\n",
	       PATH ":3: ", "fast");
	refuse(HEADER START
	       "b,v,-,-,-,latency,ns,ok,,6,6,1,,inf,,,,,,,batch,\n",
	       PATH ":2: ", "inf");
	refuse(HEADER START "b,v,-,-,-,latency,ns,ok,,6,6,\"1,5\",,,,,,,,,"
			    "batch,\n",
	       PATH ":2: ", "1,5");
}

static void test_torn_rows(void **state)
{
	(void)state;
	refuse(HEADER OK "1,box,r\n", PATH ":3: ", "");
	refuse(HEADER "1,\"box\n", PATH ":2: ", "");
}

/* Two rows of one thing. */
static void test_given_twice(void **state)
{
	(void)state;
	refuse(HEADER OK ABSENT OK,
	       PATH ":4: roundtrip/pipe/process/l3/- "
		    "latency is given on line 2 already",
	       "remove one");
}

/* Runs put behind each other, of one machine or two. */
static void test_two_runs(void **state)
{
	static const char rest[] = "roundtrip,pipe,process,l3,-,latency,ns,ok,,"
				   "16,1,1,,,,,,,,,single,\n";
	static const char *const other[] = { "1,box-1234,20260202T120000Z,",
					     "1,box-5678,20260131T120000Z," };
	char text[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(other); i++) {
		snprintf(text, sizeof(text), "%s%s%s", HEADER ABSENT, other[i],
			 rest);
		refuse(text, PATH ":3: of machine 'box-",
		       "one file holds one run");
	}
}

/* What a shell, a terminal or a table would take for something else, what is
 * empty and what is longer than any name. */
static void test_names(void **state)
{
	static const char *const name[] = {
		"x';touch${IFS}PWN;'",
		"$(id)",
		"a b",
		"../b",
		"a|b",
		"<b>",
		"\x1b[31mb",
		"\"a\nb\"",
		"µs",
		"",
		"a23456789012345678901234567890123456789012345678x",
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(name); i++)
		for (int part = 0; part < 6; part++) {
			int used = snprintf(text, sizeof(text), "%s",
					    HEADER START);

			for (int k = 0; k < 6; k++)
				used += snprintf(text + used,
						 sizeof(text) - (size_t)used,
						 "%s,",
						 k == part ? name[i] : "b");
			snprintf(text + used, sizeof(text) - (size_t)used,
				 "ns,ok,,6,6,1,,,,,,,,,batch,\n");
			refuse(text, PATH ":2: '", "is no name of a case's");
			assert_null(strpbrk(err, "\x1b\n"));
		}
}

/* A file that is cut off anywhere is never read as if it were whole. */
static void test_cut_off(void **state)
{
	static const char whole[] = HEADER ABSENT OK;
	char text[sizeof(whole)];

	(void)state;
	for (size_t end = 0; end < sizeof(whole) - 1; end++) {
		snprintf(text, sizeof(text), "%.*s", (int)end, whole);
		/* a whole row fewer cannot be seen */
		if (end == sizeof(HEADER ABSENT) - 1)
			continue;
		refuse(text, PATH ":", "");
	}
	refuse(HEADER OK START "b,v,-,-,-,latency,ns,ok,,6,6,1,,,,,,,,,batch,",
	       PATH ":3: ", "cut off");
}

static void write_rows(size_t rows)
{
	FILE *f = fopen(PATH, "w");

	assert_non_null(f);
	fputs(HEADER, f);
	for (size_t i = 0; i < rows; i++)
		fprintf(f,
			START "b,v,thread,l3,n=%zu,latency,ns,ok,,6,6,%zu,,,,,"
			      ",,,,batch,\n",
			i, i);
	assert_int_equal(fclose(f), 0);
}

static long resident_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* A million rows: refused where they become too many, in bounded memory. */
static void test_huge(void **state)
{
	long before = resident_kib();
	char where[64];

	(void)state;
	write_rows(1000000);
	err[0] = '\0';
	assert_int_equal(summary_read(&summary, PATH, err, sizeof(err)), -1);
	snprintf(where, sizeof(where), PATH ":%d: more than",
		 SUMMARY_ROWS_MAX + 2);
	if (strncmp(err, where, strlen(where)))
		fail_msg("\"%s\" is not \"%s\"", err, where);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	assert_true(resident_kib() - before < 200 << 10);
#else
	(void)before;
#endif
	write_rows(SUMMARY_ROWS_MAX);
	assert_int_equal(summary_read(&summary, PATH, err, sizeof(err)), 0);
	assert_true(summary.row[SUMMARY_ROWS_MAX - 1].value ==
		    SUMMARY_ROWS_MAX - 1);
	summary_free(&summary);
}

/* One row of whatever somebody may have put there. */
static void test_hostile(void **state)
{
	char *text = malloc(3 << 20);

	(void)state;
	assert_non_null(text);
	/* longer than any buffer of ours */
	strcpy(text, HEADER START);
	for (int i = 0; i < 6; i++) {
		size_t used = strlen(text);

		memset(text + used, 'a' + i, 60000);
		strcpy(text + used + 60000, ",");
	}
	strcat(text, "ns,ok,,6,6,1,,,,,,,,,batch,\n");
	refuse(text, PATH ":2: 'aaaa", "is no name of a case's");
	/* a quote that is never closed swallows no more than a row may */
	strcpy(text, HEADER "1,\"");
	memset(text + strlen(text), 'x', 2 << 20);
	text[(2 << 20) + sizeof(HEADER) + 2] = '\0';
	refuse(text, PATH ":2: ", "a row of more than");
	free(text);
	refuse(HEADER "1,\x01\x02\n", PATH ":2: ", "fields");
	refuse("\x7f"
	       "ELF\x02\x01\x01\n",
	       PATH ":1: ", "");
	refuse("{\"schema\": 1}\n", PATH ":1: ", "");
	refuse(HEADER START "%s%n,%s,%n,%d,%p,%s,%n,ok,,6,6,%n,,,,,,,,,b,\n",
	       PATH ":2: ", "%n");
}

static void test_nothing_in_it(void **state)
{
	(void)state;
	refuse(HEADER, PATH ":1: ", "no rows");
	refuse("", PATH, "");
	assert_int_equal(unlink(PATH), 0);
	assert_int_equal(summary_read(&summary, PATH, err, sizeof(err)), -1);
	assert_non_null(strstr(err, PATH));
	assert_non_null(strstr(err, "No such file"));
	assert_int_equal(summary_read(&summary, ".", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "./" PATH));
}

/* ------------------------------------------------------------------------ */

static int enter(void **state)
{
	/* memory not written to is not 0 by luck */
	mallopt(M_PERTURB, 0xa5);
	return scratch_enter(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_directory_or_file),
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_other_columns),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_missing_columns),
		cmocka_unit_test(test_wrong_schema),
		cmocka_unit_test(test_bad_numbers),
		cmocka_unit_test(test_torn_rows),
		cmocka_unit_test(test_given_twice),
		cmocka_unit_test(test_two_runs),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_nothing_in_it),
	};

	return cmocka_run_group_tests(tests, enter, scratch_leave);
}
