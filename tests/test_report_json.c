/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a run as JSON whole, escaped and in the schema that others read? */
#include "report_json.h"

#include "json.h"
#include "scratch.h"

#include <math.h>
#include <sys/stat.h>
#include <time.h>

#include "results.h"
#include "support.h"

#define ITERATIONS                                                         \
	"bench,variant,peer,place,param,metric,unit,block,order,arm,pass," \
	"value,samples,batches,batch_n,elapsed_ns,pu_a,pu_b,cpu_ns,"       \
	"peer_cpu_ns,drift,disturbed,gap_before_ns,gap_after_ns\n"

static char *json;
static size_t json_size;

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int end(void **state)
{
	(void)state;
	free(json);
	json = NULL;
	remove("env.csv");
	remove("invocations.csv");
	return 0;
}

/* rows: of summary.csv from bench on, each after "1,m,RUN,". */
static void make(const char *rows)
{
	char text[8192];
	FILE *out = open_memstream(&json, &json_size);

	snprintf(text, sizeof(text), "%s\n%s", RESULTS_SUMMARY_HEADER, rows);
	write_file("summary.csv", text);
	assert_non_null(out);
	assert_int_equal(report_json(".", out), EXIT_DONE);
	assert_int_equal(fclose(out), 0);
}

static void expect_has(const char *text)
{
	if (!strstr(json, text))
		fail_msg("no %s in: %s", text, json);
}

static size_t count(const char *text)
{
	size_t n = 0;

	for (const char *at = json; (at = strstr(at, text)); at++)
		n++;
	return n;
}

#define PIPE                                                                 \
	"1,m,20261124T140012Z,roundtrip,pipe,process,pu,-,latency,ns,ok,,2," \
	"900,5000,4900,5100,,,,,,,single,\n"

/* ------------------------------------------------------------------ text */

static const struct {
	const char *text, *json;
} escaped[] = {
	{ "", "\"\"" },
	{ "µs \"q\" \\ /", "\"µs \\\"q\\\" \\\\ /\"" },
	{ "\n\t\x01", "\"\\u000a\\u0009\\u0001\"" },
	{ "a\xff", "\"a\\ufffd\"" },
	{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "</script>", "\"</script>\"" },
};

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(escaped); i++) {
		FILE *out = open_memstream(&json, &json_size);

		json_text(out, escaped[i].text);
		assert_int_equal(fclose(out), 0);
		assert_string_equal(json, escaped[i].json);
		free(json);
		json = NULL;
	}
}

/* --------------------------------------------------------------- entries */

static void test_entries(void **state)
{
	(void)state;
	write_file("invocations.csv", ITERATIONS
		   /* both parties were on a processor all the time */
		   "roundtrip,pipe,process,pu,-,latency,ns,0,0,0,time,4900,400,"
		   "4,100,1000,0,0,400,600,0,0,,\n"
		   "roundtrip,pipe,process,pu,-,latency,ns,1,1,0,time,5100,500,"
		   "4,100,1000,0,0,1000,1000,0,0,,\n"
		   /* another pass counts, and is no timing */
		   "roundtrip,pipe,process,pu,-,syscalls,count,0,2,0,trace,4,"
		   "400,0,0,0,,,0,0,0,0,,\n"
		   "roundtrip,pipe,process,pu,-,syscalls,count,1,3,0,trace,4,"
		   "400,0,0,0,,,0,0,0,0,,\n");
	make(PIPE "1,m,20261124T140012Z,roundtrip,pipe,process,pu,-,syscalls,"
		  "count,ok,,2,900,4,4,4,,,,,,,slope,\n");
	assert_int_equal(count("\"run_type\": \"iteration\""), 2);
	assert_int_equal(count("\"run_type\": \"aggregate\""), 1);
	expect_has("\"name\": \"roundtrip/pipe/process/pu/-/latency\", ");
	expect_has("\"name\": \"roundtrip/pipe/process/pu/-/latency_median\"");
	expect_has("\"aggregate_name\": \"median\"");
	expect_has("\"repetition_index\": 0, \"iterations\": 400, "
		   "\"real_time\": 4900, \"cpu_time\": 4900, "
		   "\"time_unit\": \"ns\"");
	expect_has("\"repetition_index\": 1, \"iterations\": 500, "
		   "\"real_time\": 5100, \"cpu_time\": 10200, ");
	expect_has("\"iterations\": 2, \"real_time\": 5000, "
		   "\"cpu_time\": 7500, \"time_unit\": \"ns\", "
		   "\"ci_low\": 4900, \"ci_high\": 5100, \"syscalls\": 4}");
	expect_has("\"threads\": 1");
	expect_has("\"date\": \"2026-11-24T14:00:12+00:00\"");
	expect_has("\"library_build_type\": \"debug\"");
	assert_int_equal(count("\"repetitions\": 2"), 3);
}

/* A batch's samples are means over its operations. */
static void test_batches(void **state)
{
	(void)state;
	write_file("invocations.csv", ITERATIONS
		   "getppid,-,-,-,-,latency,ns,0,0,0,time,50,8,8,1000,4e5,0,,"
		   "4e5,0,0,0,,\n");
	make("1,m,r,getppid,-,-,-,-,latency,ns,ok,,1,8,50,,,,,,,,,batch,\n");
	expect_has("\"iterations\": 8000, \"real_time\": 50");
	expect_has("\"date\": \"r\"");
}

/* What has no number has no entry; what is no time neither. */
static void test_left_out(void **state)
{
	(void)state;
	make("1,m,r,b,v,-,-,-,latency,ns,absent,no,,,,,,,,,,,,,\n"
	     "1,m,r,b,v,-,-,-,cpu_time,ns,ok,,2,9,5,,,,,,,,,slope,\n"
	     "1,m,r,b,v,-,-,-,yes,bool,ok,,2,9,1,,,,,,,,,exact,\n");
	expect_has("\"benchmarks\": [\n  ]");
	assert_int_equal(count("\"run_name\""), 0);
}

static void test_context(void **state)
{
	(void)state;
	write_file("env.csv", "name,value,source\n"
			      "topology.allowed_pus,4,x\n"
			      "cpuinfo.cpu_mhz.median.before,2445.41,x\n"
			      "cpufreq.scaling_governor,powersave,x\n"
			      "loadavg.before,0.60 1.17 1.40 2/139 1,x\n"
			      "build.optimized,yes,x\n");
	make(PIPE);
	expect_has("\"num_cpus\": 4, \"mhz_per_cpu\": 2445");
	expect_has("\"cpu_scaling_enabled\": true");
	expect_has("\"load_avg\": [0.6, 1.17, 1.4]");
	expect_has("\"library_build_type\": \"release\"");
	/* unknown: not said, rather than guessed */
	free(json);
	write_file("env.csv", "name,value,source\nloadavg.before,no,x\n");
	make(PIPE);
	assert_int_equal(count("num_cpus"), 0);
	assert_int_equal(count("cpu_scaling_enabled"), 0);
	expect_has("\"load_avg\": []");
}

/* Those of its own case, in the file's order, wherever they stand. */
static void test_counters(void **state)
{
	(void)state;
	make("1,m,r,b,v,-,-,-,zeroth,count,ok,,2,9,1,,,,,,,,,slope,\n"
	     "1,m,r,b,w,-,-,-,others,count,ok,,2,9,2,,,,,,,,,slope,\n"
	     "1,m,r,b,v,-,-,-,latency,ns,ok,,2,9,5,,,,,,,,,single,\n"
	     "1,m,r,b,v,-,-,-,lacks,count,denied,no,,,,,,,,,,,,,\n"
	     "1,m,r,b,w,-,-,-,latency,ns,ok,,2,9,5,,,,,,,,,single,\n"
	     "1,m,r,b,x,-,-,-,latency,ns,ok,,2,9,5,,,,,,,,,single,\n"
	     "1,m,r,b,v,-,-,-,call,ns,ok,,2,9,5,,,,,,,,,single,\n"
	     "1,m,r,b,v,-,-,-,first,count,ok,,2,9,3,,,,,,,,,slope,\n");
	assert_int_equal(count("\"ns\", \"zeroth\": 1, \"first\": 3}"), 2);
	assert_int_equal(count("\"ns\", \"others\": 2}"), 1);
	assert_int_equal(count("\"ns\"}"), 1);
}

static double seconds_to_make(size_t cases)
{
	FILE *f = fopen("summary.csv", "w");
	struct timespec before, after;

	assert_non_null(f);
	fputs(RESULTS_SUMMARY_HEADER "\n", f);
	for (size_t i = 0; i < cases; i++)
		fprintf(f,
			"1,m,r,b,v%zu,-,-,-,latency,ns,ok,,2,9,5,,,,,,,,,"
			"single,\n"
			"1,m,r,b,v%zu,-,-,-,syscalls,count,ok,,2,9,4,,,,,,,,,"
			"slope,\n",
			i, i);
	assert_int_equal(fclose(f), 0);
	f = open_memstream(&json, &json_size);
	assert_non_null(f);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	assert_int_equal(report_json(".", f), EXIT_DONE);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(count("\"syscalls\": 4}"), cases);
	free(json);
	json = NULL;
	return (double)(after.tv_sec - before.tv_sec) +
	       1e-9 * (double)(after.tv_nsec - before.tv_nsec);
}

/* Ten times as many cases take ten times as long, but for memory that is
 * farther away; a look through all rows for each, a hundred times. */
static void test_many_cases(void **state)
{
	double few = 1e9, many = 1e9;

	(void)state;
	for (int i = 0; i < 3; i++) {
		few = fmin(few, seconds_to_make(1000));
		many = fmin(many, seconds_to_make(10000));
	}
	if (many > 30 * few)
		fail_msg("%g s and %g s", few, many);
}

/* What would end a string, where a file may hold such. */
static void test_hostile(void **state)
{
	(void)state;
#define EVIL "1,\"m\"\"\\\x01\",\"r\"\",\",b,v,thread,pu,-,"
	make(EVIL "latency,ns,ok,,2,9,5,4,6,,,,,,,single,\n" EVIL
		  "count,count,ok,,2,9,5,4,6,,,,,,,slope,\n");
	expect_has("\"host_name\": \"m\\\"\\\\\\u0001\"");
	expect_has("\"run_name\": \"b/v/thread/pu/-/latency\"");
	expect_has("\"count\": 5}");
	expect_has("\"threads\": 2");
	if (system("python3 -c 'import json' 2>/dev/null"))
		return; /* the end-to-end test says that it is missing */
	write_file("hostile.json", json);
	assert_int_equal(system("python3 -c 'import json; "
				"d = json.load(open(\"hostile.json\")); "
				"assert len(d[\"benchmarks\"]) == 1, d'"),
			 0);
}

/* A decimal comma is no JSON. */
static void test_locale(void **state)
{
	const char *comma = scratch_comma_locale(".");

	(void)state;
	if (!comma)
		skip_because("no locale with a decimal comma");
	make("1,m,r,b,v,-,-,-,latency,ns,ok,,2,9,5.25,4.5,6.75,,,,,,,single,"
	     "\n");
	setlocale(LC_ALL, "C");
	expect_has("\"real_time\": 5.25");
	expect_has("\"ci_low\": 4.5");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, end)
	const struct CMUnitTest tests[] = {
		TEST(test_text),       TEST(test_entries), TEST(test_batches),
		TEST(test_left_out),   TEST(test_context), TEST(test_counters),
		TEST(test_many_cases), TEST(test_hostile), TEST(test_locale),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
