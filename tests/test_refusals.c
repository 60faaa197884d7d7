/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a run refused, with file and line, as soon as one field of it is such as
 * no run writes? A small run is changed field by field. */
#include <math.h>

#include "distribution.h"
#include "env_file.h"
#include "noise_file.h"
#include "records.h"
#include "results.h"
#include "scratch.h"
#include "series.h"
#include "support.h"

#define PIPE "roundtrip,pipe,thread,pu,-,"
#define FENCE "fence,mov,-,-,outstanding=0,"
#define BROKEN "oneway,futex,process,any,-,"
#define INVOCATIONS_HEADER                                                 \
	"bench,variant,peer,place,param,metric,unit,block,order,arm,pass," \
	"value,samples,batches,batch_n,elapsed_ns,pu_a,pu_b,voluntary,"    \
	"involuntary,faults,cpu_ns,peer_voluntary,peer_involuntary,"       \
	"peer_faults,peer_cpu_ns,drift,disturbed,disturbed_batches,moves," \
	"lost_ns,foreign_s,steal_s,interrupts,gap_before_ns,gap_after_ns"
#define EVIDENCE                                                         \
	",4,11,5073071.5,0,1,56,1,0,2460193,50,0,0,1304267,0,1,1,0,0.5," \
	"0.015,0.01,300,5000,\n"
#define NOISE_HEADER                                                     \
	"machine,run,bench,variant,peer,place,param,metric,invocations," \
	"ratio,ci_low,ci_high,p,p_adjusted,spread"
#define HISTOGRAM_HEADER \
	"bench,variant,peer,place,param,metric,unit,low,high,count"

enum { SUMMARY, INVOCATIONS, HISTOGRAM, NOISE, ENV, FILES };

/* What a run of three cases writes: one of them below 0, as a difference may
 * come out, and one that went wrong after its first invocation. */
static const struct {
	const char *name, *text;
} whole[FILES] = {
	[SUMMARY] = { "summary.csv", RESULTS_SUMMARY_HEADER
		      "\n1,m,r," PIPE "latency,ns,ok,,2,400,4210.5,4100,4300,"
		      "3900,4200,5000,6000,,99000,single,drift;wide:12.5%\n"
		      "1,m,r," PIPE "syscalls,count,ok,,2,80,4,4,4,,,,,,,slope,"
		      "\n"
		      "1,m,r," FENCE "latency,ns,ok,,1,10,-0.007,,,-37.4,0.5,"
		      ",,,31,batch,\n"
		      "1,m,r," BROKEN "call,ns,failed,\"no result, at all\",,,,"
		      ",,,,,,,,,\n" },
	[INVOCATIONS] = { "invocations.csv", INVOCATIONS_HEADER
			  "\n" PIPE
			  "latency,ns,5,10,0,time,4200,200" EVIDENCE PIPE
			  "syscalls,count,0,1,0,trace,4,40" EVIDENCE PIPE
			  "syscalls,count,1,5,0,trace,4,40" EVIDENCE PIPE
			  "latency,ns,6,12,1,time,4221,200" EVIDENCE FENCE
			  "latency,ns,5,11,0,time,-0.007,10" EVIDENCE BROKEN
			  "wake,ns,5,13,0,time,6205,12" EVIDENCE },
	[HISTOGRAM] = { "histogram.csv", HISTOGRAM_HEADER
			"\n" PIPE "latency,ns,3880,3904,100\n" PIPE
			"latency,ns,4192,4224,299\n" PIPE
			"latency,ns,98816,99328,1\n" FENCE
			"latency,ns,-37.5,-37.25,4\n" FENCE
			"latency,ns,30.75,31,6\n" BROKEN
			"wake,ns,6200,6216,12\n" },
	[NOISE] = { "noise.csv", NOISE_HEADER
		    "\nm,r," PIPE "latency,2,1.005,0.99,1.02,0.5,1,0.005\n"
		    "m,r," FENCE "latency,1,,,,,,\n" },
	[ENV] = { "env.csv", "name,value,source\n"
			     "cpu.model,\"Xeon, a \"\"gold\"\" one\",x\n"
			     "clock.step_ns,10,measured\n" },
};

static void write_file(const char *name, const char *text, size_t length)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, length, f), length);
	assert_int_equal(fclose(f), 0);
}

static void write_text(int file, const char *text)
{
	write_file(whole[file].name, text, strlen(text));
}

static void write_whole(void)
{
	for (int i = 0; i < FILES; i++)
		write_text(i, whole[i].text);
}

static int start_afresh(void **state)
{
	(void)state;
	write_whole();
	return 0;
}

/* ------------------------------------------------------- reading it all */

static char err[1024];

static int take_record(void *ctx, const struct record *record)
{
	(void)ctx;
	assert_true(isfinite(record->value));
	assert_true(record->samples >= 0);
	return 0;
}

/* What is read holds, whatever the reader let pass. */
static void check_row(const struct summary_row *row)
{
	assert_true(*row->machine && *row->run && *row->unit);
	if (!row->ok) {
		assert_true(*row->reason && isnan(row->value));
		return;
	}
	assert_true(row->invocations >= 1 && row->samples >= 0);
	assert_true(isfinite(row->value) && *row->method);
	assert_true(isnan(row->ci.low) == isnan(row->ci.high));
	assert_false(row->ci.low > row->value + 1e-6);
	assert_false(row->ci.high < row->value - 1e-6);
	assert_false(row->p50 > 1.02 * row->p90 || row->p90 > 1.02 * row->p99);
}

/* As a report and a comparison read a run; 0, or -1 and err. */
static int read_run(void)
{
	struct distribution of = { 0 };
	static const char *const id[] = { "roundtrip/pipe/thread/pu/-" };
	struct summary s;
	struct env_file env;
	struct series_set set;
	int result = -1;

	*err = '\0';
	if (summary_read(&s, ".", err, sizeof(err)))
		return -1;
	for (size_t i = 0; i < s.count; i++)
		check_row(&s.row[i]);
	if (!env_file_read(&env, ".", err, sizeof(err))) {
		env_file_free(&env);
		result = 0;
	}
	if (!result) {
		result = series_read(&set, ".", &s, err, sizeof(err));
		if (!result)
			series_free(&set);
	}
	if (!result)
		result = records_each(".", &s, take_record, NULL, err,
				      sizeof(err));
	if (!result)
		result = distribution_check(".", &s, err, sizeof(err));
	if (!result)
		result = distribution_read(".", id, 1, &of, err, sizeof(err));
	if (!result &&
	    noise_file_read(".", &s, NULL, NULL, err, sizeof(err)) < 0)
		result = -1;
	distribution_free(&of);
	summary_free(&s);
	return result;
}

static void expect_read(const char *what)
{
	if (read_run())
		fail_msg("%s: %s", what, err);
}

/* "./FILE:LINE: …", on one line, and both texts in it. */
static void expect_refused(const char *what, const char *where,
			   const char *fragment)
{
	const char *line;

	if (!read_run())
		fail_msg("%s: read", what);
	line = strstr(err, ".csv:");
	if (strncmp(err, where, strlen(where)) || !strstr(err, fragment) ||
	    strncmp(err, "./", 2) || !line || atoi(line + 5) < 1 ||
	    strchr(err, '\n') || !strchr(err, ';'))
		fail_msg("%s: \"%s\" is not \"%s … %s; …\"", what, err, where,
			 fragment);
}

static void test_whole(void **state)
{
	(void)state;
	expect_read("the run");
	/* it need not have anything but its summary */
	for (int i = INVOCATIONS; i < FILES; i++)
		unlink(whole[i].name);
	expect_read("the summary alone");
}

/* --------------------------------------------------- one field is changed */

static int column_of(const char *header, const char *name)
{
	size_t length = strlen(name);
	int column = 0;

	for (;; column++) {
		size_t span = strcspn(header, ",\n");

		if (span == length && !strncmp(header, name, length))
			return column;
		if (header[span] != ',')
			fail_msg("no column %s", name);
		header += span + 1;
	}
}

/* Past the field's end. */
static const char *skip_field(const char *at)
{
	bool quoted = false;

	for (; *at && (quoted || (*at != ',' && *at != '\n')); at++)
		quoted ^= *at == '"';
	return at;
}

/* Writes a file with another field in a line (from 2) and column. */
static void change(int file, int line, const char *column, const char *field)
{
	const char *text = whole[file].text, *at = text, *end;
	int skip = column_of(text, column);
	char *changed;
	int length;

	for (int i = 1; i < line; i++)
		at = strchr(at, '\n') + 1;
	for (; skip; skip--)
		at = skip_field(at) + 1;
	end = skip_field(at);
	length = asprintf(&changed, "%.*s\"%s\"%s", (int)(at - text), text,
			  field, end);
	assert_true(length > 0);
	write_file(whole[file].name, changed, (size_t)length);
	free(changed);
}

struct mutation {
	int file, line;
	const char *column, *field;
	const char *why; /* NULL: it is read */
};

static const struct mutation mutation[] = {
	/* texts */
	{ SUMMARY, 2, "schema", "2", "schema '2'" },
	{ SUMMARY, 2, "machine", "", "machine is empty" },
	{ SUMMARY, 2, "run", "", "run is empty" },
	{ SUMMARY, 2, "status", "OK", "status 'OK' is none of ok, absent" },
	{ SUMMARY, 2, "status", "", "status '' is none" },
	{ SUMMARY, 2, "status", "okay", "status 'okay' is none" },
	{ SUMMARY, 2, "status", "absent", "reason is empty" },
	{ SUMMARY, 5, "status", "unknown", "status 'unknown' is none" },
	{ SUMMARY, 5, "status", "absent", NULL },
	{ SUMMARY, 5, "status", "denied", NULL },
	{ SUMMARY, 5, "status", "timeout", NULL },
	{ SUMMARY, 5, "status", "ok", "is none of single" },
	{ SUMMARY, 2, "unit", "", "unit '' is no word" },
	{ SUMMARY, 2, "unit", "n s", "unit 'n s' is no word" },
	{ SUMMARY, 2, "unit", "us", "unit is 'ns', and in summary.csv 'us'" },
	{ SUMMARY, 2, "method", "", "method '' is none of single, batch" },
	{ SUMMARY, 2, "method", "guess", "method 'guess' is none" },
	{ SUMMARY, 2, "method", "batch", NULL },
	{ SUMMARY, 2, "reason", "why", "status is ok, and there is a reason" },
	{ SUMMARY, 5, "reason", "", "status is failed, and reason is empty" },
	{ SUMMARY, 5, "reason", "1,5;\t", NULL },
	{ SUMMARY, 2, "flags", "", NULL },
	{ SUMMARY, 2, "flags", "drift", NULL },
	{ SUMMARY, 2, "flags", "throttled:12.5%;some_day", NULL },
	{ SUMMARY, 2, "flags", "drift;", "flags 'drift;' are not words" },
	{ SUMMARY, 2, "flags", ";drift", "flags ';drift' are not words" },
	{ SUMMARY, 2, "flags", "wide:", "flags 'wide:' are not words" },
	{ SUMMARY, 2, "flags", "a b", "flags 'a b' are not words" },
	{ SUMMARY, 2, "flags", "<b>", "flags '<b>' are not words" },
	/* numbers of what was measured */
	{ SUMMARY, 2, "invocations", "", "ok, and invocations is empty" },
	{ SUMMARY, 2, "invocations", "0", "invocations is 0, and should be" },
	{ SUMMARY, 2, "invocations", "-2", "invocations is -2, and should" },
	{ SUMMARY, 2, "invocations", "1.5", "should be a whole number from 1" },
	{ SUMMARY, 2, "invocations", "3", "has 2 rows here and 3 invocations" },
	{ SUMMARY, 2, "samples", "", "ok, and samples is empty" },
	{ SUMMARY, 2, "samples", "-1", "samples is -1, and should be a whole" },
	{ SUMMARY, 2, "samples", "0.5", "samples is 0.5, and should be" },
	{ SUMMARY, 2, "samples", "399", "400 samples here and 399 in summ" },
	{ SUMMARY, 2, "value", "", "status is ok, and value is empty" },
	{ SUMMARY, 2, "value", "-4210.5", "is not within its interval" },
	{ SUMMARY, 2, "value", "4099", "4099 is not within its interval" },
	{ SUMMARY, 2, "value", "4301", "4301 is not within its interval" },
	{ SUMMARY, 2, "value", "4100", NULL },
	{ SUMMARY, 2, "value", "4300", NULL },
	{ SUMMARY, 2, "value", "fast", "value is not a number but \"fast\"" },
	{ SUMMARY, 2, "value", "4210,5", "write decimal points" },
	{ SUMMARY, 2, "value", "1e999", "value is not a number" },
	{ SUMMARY, 2, "value", "nan", "value is not a number" },
	{ SUMMARY, 2, "value", "inf", "value is not a number" },
	{ SUMMARY, 2, "value", "0x1p12", "value is not a number" },
	{ SUMMARY, 2, "value", "+4210.5", "value is not a number" },
	{ SUMMARY, 2, "value", " 4210.5", "value is not a number" },
	{ SUMMARY, 2, "value", "4210.5 ", "value is not a number" },
	{ SUMMARY, 2, "value", "4.2105e3", NULL },
	{ SUMMARY, 3, "value", "", "status is ok, and value is empty" },
	{ SUMMARY, 3, "value", "-0.007", "is not within its interval" },
	{ SUMMARY, 4, "value", "-38", NULL }, /* of min, as buckets go */
	{ SUMMARY, 4, "value", "-400", "is not between min, -37.4, and max" },
	{ SUMMARY, 4, "value", "-2e6",
	  "value is -2000000 ns: no run measures" },
	{ SUMMARY, 4, "value", "500", "value 500 is not between min" },
	{ SUMMARY, 4, "min", "1", "-0.007, and min is not below 0" },
	{ SUMMARY, 4, "min", "0.1", "value is -0.007, and min is not below 0" },
	{ SUMMARY, 4, "min", "", "min is empty, and max is not" },
	{ SUMMARY, 2, "ci_low", "", "ci_low is empty, and ci_high is not" },
	{ SUMMARY, 2, "ci_high", "", "ci_high is empty, and ci_low is not" },
	{ SUMMARY, 2, "ci_low", "4300.1", "ci_low is 4300.1, above ci_high" },
	{ SUMMARY, 2, "ci_high", "4099", "ci_low is 4100, above ci_high" },
	{ SUMMARY, 2, "ci_low", "4211", "4210.5 is not within its interval" },
	{ SUMMARY, 2, "ci_high", "low", "ci_high is not a number" },
	{ SUMMARY, 4, "ci_low", "-1", "ci_high is empty, and ci_low is not" },
	{ SUMMARY, 2, "min", "fast", "min is not a number but \"fast\"" },
	{ SUMMARY, 2, "max", "slow", "max is not a number but \"slow\"" },
	{ SUMMARY, 2, "min", "", "min is empty, and max is not" },
	{ SUMMARY, 2, "max", "", "max is empty, and min is not" },
	{ SUMMARY, 2, "min", "4300", "min is 4300, above p50, 4200" },
	{ SUMMARY, 2, "min", "4220", NULL }, /* of p50, as buckets go */
	{ SUMMARY, 2, "max", "5900", "p99 is 6000, above max, 5900" },
	{ SUMMARY, 2, "p50", "5100", "p50 is 5100, above p90, 5000" },
	{ SUMMARY, 2, "p90", "4000", "p50 is 4200, above p90, 4000" },
	{ SUMMARY, 2, "p99", "3950", "p90 is 5000, above p99, 3950" },
	{ SUMMARY, 2, "p999", "5000", "p99 is 6000, above p999, 5000" },
	{ SUMMARY, 2, "p999", "1e9", "p999 is 1000000000, above max" },
	{ SUMMARY, 2, "p999", "7000", NULL },
	{ SUMMARY, 2, "p50", "median", "p50 is not a number" },
	/* numbers of what was not */
	{ SUMMARY, 5, "invocations", "1", "failed, and invocations is not" },
	{ SUMMARY, 5, "samples", "0", "failed, and samples is not empty" },
	{ SUMMARY, 5, "value", "5", "failed, and value is not empty" },
	{ SUMMARY, 5, "ci_low", "5", "failed, and ci_low is not empty" },
	{ SUMMARY, 5, "ci_high", "5", "failed, and ci_high is not empty" },
	{ SUMMARY, 5, "min", "5", "failed, and min is not empty" },
	{ SUMMARY, 5, "p50", "5", "failed, and p50 is not empty" },
	{ SUMMARY, 5, "p999", "5", "failed, and p999 is not empty" },
	{ SUMMARY, 5, "max", "5", "failed, and max is not empty" },
	{ SUMMARY, 5, "method", "single", "failed, and method is not empty" },
	{ SUMMARY, 5, "flags", "drift", "failed, and flags is not empty" },
	/* another case than the other files'; what is named is where it lacks
	 */
	{ SUMMARY, 2, "bench", "message", "is not in summary.csv" },
	{ SUMMARY, 2, "metric", "call", "is not in summary.csv" },
	{ SUMMARY, 2, "metric", "", "is no name of a case's part" },
	{ SUMMARY, 3, "metric", "latency", "is given on line 2 already" },
	{ SUMMARY, 4, "machine", "n", "one file holds one run" },

	{ INVOCATIONS, 2, "bench", "message", "is not in summary.csv" },
	{ INVOCATIONS, 2, "metric", "syscalls",
	  "unit is 'ns', and in summary" },
	{ INVOCATIONS, 7, "metric", "late", NULL }, /* it went wrong later */
	{ INVOCATIONS, 2, "unit", "", "unit is '', and should be a word" },
	{ INVOCATIONS, 2, "unit", "s", "unit is 's', and in summary.csv 'ns'" },
	{ INVOCATIONS, 2, "block", "-1",
	  "block is '-1', and should be a whole" },
	{ INVOCATIONS, 2, "block", "", "block is '', and should be a whole" },
	{ INVOCATIONS, 2, "order", "1.5", "order is '1.5', and should be" },
	{ INVOCATIONS, 2, "order", "13",
	  "of invocation 12 follows that of 13" },
	{ INVOCATIONS, 2, "arm", "2", "arm is '2', and should be 0 or 1" },
	{ INVOCATIONS, 2, "pass", "",
	  "pass '' is none of trace, names, count" },
	{ INVOCATIONS, 2, "pass", "timed", "pass 'timed' is none of trace" },
	{ INVOCATIONS, 2, "value", "", "value is '', and should be a number" },
	{ INVOCATIONS, 2, "value", "x", "value is not a number but \"x\"" },
	{ INVOCATIONS, 2, "value", "4200,1", "write decimal points" },
	{ INVOCATIONS, 2, "samples", "-1", "samples is '-1', and should be" },
	{ INVOCATIONS, 2, "samples", "", "samples is '', and should be" },
	{ INVOCATIONS, 2, "batches", "-4", "batches is '-4', and should be" },
	{ INVOCATIONS, 2, "batch_n", "many", "batch_n is not a number" },
	{ INVOCATIONS, 2, "elapsed_ns", "-1",
	  "elapsed_ns is '-1', and should" },
	{ INVOCATIONS, 2, "pu_a", "-1", "pu_a is '-1', and should be a whole" },
	{ INVOCATIONS, 2, "pu_b", "0.5", "pu_b is '0.5', and should be a" },
	{ INVOCATIONS, 2, "pu_a", "", NULL },
	{ INVOCATIONS, 2, "voluntary", "-1", "voluntary is '-1', and should" },
	{ INVOCATIONS, 2, "voluntary", "", NULL }, /* not known */
	{ INVOCATIONS, 2, "involuntary", "x", "involuntary is not a number" },
	{ INVOCATIONS, 2, "faults", "1e999", "faults is not a number" },
	{ INVOCATIONS, 2, "cpu_ns", "-1", "cpu_ns is '-1', and should be" },
	{ INVOCATIONS, 2, "peer_voluntary", "nan", "is not a number" },
	{ INVOCATIONS, 2, "peer_involuntary", "-1", "should be a whole" },
	{ INVOCATIONS, 2, "peer_faults", "-1", "should be a whole number" },
	{ INVOCATIONS, 2, "peer_cpu_ns", "-1", "should be a whole number" },
	{ INVOCATIONS, 2, "drift", "yes", "drift is not a number but \"yes\"" },
	{ INVOCATIONS, 2, "drift", "2", "drift is '2', and should be 0 or 1" },
	{ INVOCATIONS, 2, "disturbed", "-1", "disturbed is '-1', and should" },
	{ INVOCATIONS, 2, "disturbed", "", NULL }, /* not known */
	{ INVOCATIONS, 2, "disturbed_batches", "-1", "should be a whole" },
	{ INVOCATIONS, 2, "moves", "0.1", "moves is '0.1', and should be a" },
	{ INVOCATIONS, 2, "lost_ns", "-1", "should be a number from 0 on" },
	{ INVOCATIONS, 2, "foreign_s", "-1", "should be a number from 0 on" },
	{ INVOCATIONS, 2, "steal_s", "-0.01", NULL }, /* kernels have that */
	{ INVOCATIONS, 2, "steal_s", "some", "steal_s is not a number" },
	{ INVOCATIONS, 2, "interrupts", "-1", "should be a whole number" },
	{ INVOCATIONS, 2, "gap_before_ns", "-1", "a number from 0 on" },
	{ INVOCATIONS, 2, "gap_after_ns", "inf", "is not a number" },

	{ HISTOGRAM, 2, "bench", "message", "is not in summary.csv" },
	{ HISTOGRAM, 2, "metric", "call", "is not in summary.csv" },
	{ HISTOGRAM, 2, "low", "", "no run writes such" },
	{ HISTOGRAM, 2, "low", "3905", "no run writes such" },
	{ HISTOGRAM, 2, "low", "x", "low is not a number" },
	{ HISTOGRAM, 2, "high", "4193", "follows that up to 4193 on line 2" },
	{ HISTOGRAM, 2, "high", "1e999", "high is not a number" },
	{ HISTOGRAM, 2, "count", "0", "no run writes such" },
	{ HISTOGRAM, 2, "count", "-1", "no run writes such" },
	{ HISTOGRAM, 2, "count", "0.5", "no run writes such" },
	{ HISTOGRAM, 2, "count", "", "no run writes such" },
	{ HISTOGRAM, 2, "count", "99", "has 399 samples here and 400 in" },
	{ HISTOGRAM, 7, "count", "many", "count is not a number" },
	{ HISTOGRAM, 7, "metric", "late", NULL }, /* it went wrong later */

	{ NOISE, 2, "machine", "n", "of machine 'n' and run 'r', and summary" },
	{ NOISE, 2, "run", "", "of machine 'm' and run '', and summary" },
	{ NOISE, 2, "bench", "message", "is not in summary.csv" },
	{ NOISE, 3, "bench", "fence", NULL },
	{ NOISE, 2, "invocations", "-1", "should be a whole number from 0" },
	{ NOISE, 2, "ratio", "-1", "ratio is '-1', and should be a number" },
	{ NOISE, 2, "ci_low", "1.03", "ci_low is 1.03, above ci_high, 1.02" },
	{ NOISE, 2, "ci_high", "x", "ci_high is not a number" },
	{ NOISE, 2, "p", "1.01", "p is '1.01', and should be a number from 0" },
	{ NOISE, 2, "p_adjusted", "-0.1", "a number from 0 to 1" },
	{ NOISE, 2, "spread", "-0.1", "spread is '-0.1', and should be" },
	{ NOISE, 2, "spread", "0,1", "write decimal points" },

	{ ENV, 2, "name", "", "name is empty" },
	{ ENV, 2, "name", "clock.step_ns", "is given on line 2 already" },
	{ ENV, 3, "value", "ten", "value is not a number but \"ten\"" },
	{ ENV, 3, "value", "-10", "clock.step_ns is -10, and should be" },
	{ ENV, 3, "value", "9,8", "write decimal points" },
	{ ENV, 3, "value", "", NULL },
};

static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mutation); i++) {
		const struct mutation *m = &mutation[i];
		char what[160], where[64];

		change(m->file, m->line, m->column, m->field);
		snprintf(what, sizeof(what), "%s:%d: %s '%s'",
			 whole[m->file].name, m->line, m->column, m->field);
		snprintf(where, sizeof(where), "./%s:%d: ", whole[m->file].name,
			 m->line);
		/* what two rows or files do not agree on is named where the
		 * second is read */
		if (m->why &&
		    (strstr(m->why, "summ") || strstr(m->why, "here") ||
		     strstr(m->why, "follows") || strstr(m->why, "already")))
			where[2] = '\0';
		if (m->why)
			expect_refused(what, where, m->why);
		else
			expect_read(what);
		write_text(m->file, whole[m->file].text);
	}
}

static bool is_among(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

/* How one field that no run writes is taken: refused with its line; but a name
 * may be refused where other files do not know it, and words of some columns
 * may be any. True: refused. */
static bool try_field(int file, int line, const char *column, const char *text)
{
	static const char *const name[] = { "machine", "run",    "bench",
					    "variant", "peer",   "place",
					    "param",   "metric", "unit" };
	static const char *const any[] = { "flags", "reason", "source",
					   "metric", "unit" };
	char what[160], where[64];

	change(file, line, column, text);
	/* nobody asks what else the environment is */
	if ((file == ENV || is_among(any, COUNT(any), column)) && !read_run())
		return false;
	snprintf(what, sizeof(what), "%s:%d: %s '%s'", whole[file].name, line,
		 column, text);
	snprintf(where, sizeof(where), "./%s:%d: ", whole[file].name, line);
	if (is_among(name, COUNT(name), column))
		where[2] = '\0';
	expect_refused(what, where, "");
	return true;
}

/* In every field of every row what is nowhere a number. */
static void test_every_field(void **state)
{
	static const char *const text[] = { "<b>",  "1e999", "nan",
					    "0x10", "+1",    " 1" };
	size_t refused = 0, read = 0;

	(void)state;
	for (int file = 0; file < FILES; file++) {
		const char *header = whole[file].text;
		int line = 2;

		write_whole();

		for (const char *row = strchr(header, '\n') + 1; *row;
		     row = strchr(row, '\n') + 1, line++)
			for (const char *at = header; *at != '\n';) {
				int span = (int)strcspn(at, ",\n");
				char column[32];

				snprintf(column, sizeof(column), "%.*s", span,
					 at);
				at += span + (at[span] == ',');
				for (size_t i = 0; i < COUNT(text); i++)
					if (try_field(file, line, column,
						      text[i]))
						refused++;
					else
						read++;
			}
	}
	print_message("%zu refused, %zu read\n", refused, read);
	assert_true(refused > 20 * read);
}

/* ------------------------------------------------------ rows that are lost */

static size_t end_of_line(const char *text, int line)
{
	const char *at = text;

	for (int i = 0; i < line; i++)
		at = strchr(at, '\n') + 1;
	return (size_t)(at - text);
}

/* A file that ends where a row does says so by what others hold. */
static void test_cut_at_a_row(void **state)
{
	static const struct {
		int file, lines;
		const char *where, *why;
	} cut[] = {
		{ SUMMARY, 4,
		  "./invocations.csv:7: ", "is not in summary.csv" },
		{ SUMMARY, 3,
		  "./invocations.csv:6: ", "is not in summary.csv" },
		{ SUMMARY, 2,
		  "./invocations.csv:3: ", "is not in summary.csv" },
		{ SUMMARY, 1, "./summary.csv:1: ", "no rows; the run" },
		{ INVOCATIONS, 5, "./invocations.csv:5: ", "has 0 rows here" },
		{ INVOCATIONS, 4, "./invocations.csv:4: ", "has 1 rows here" },
		{ INVOCATIONS, 1, "./invocations.csv:1: ", "has 0 rows here" },
		{ HISTOGRAM, 5, "./histogram.csv:5: ", "has 4 samples here" },
		{ HISTOGRAM, 4, "./histogram.csv:4: ", "has 0 samples here" },
		{ HISTOGRAM, 3, "./histogram.csv:3: ", "has 399 samples here" },
		{ HISTOGRAM, 1, "./histogram.csv:1: ", "has 0 samples here" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cut); i++) {
		const char *text = whole[cut[i].file].text;

		write_whole();
		write_file(whole[cut[i].file].name, text,
			   end_of_line(text, cut[i].lines));
		expect_refused(whole[cut[i].file].name, cut[i].where,
			       cut[i].why);
	}
	/* the same without the invocations, which would have said so first */
	write_whole();
	unlink("invocations.csv");
	write_file("summary.csv", whole[SUMMARY].text,
		   end_of_line(whole[SUMMARY].text, 3));
	expect_refused("summary.csv", "./histogram.csv:5: ", "is not in summ");
	unlink("histogram.csv");
	expect_refused("summary.csv", "./noise.csv:3: ", "is not in summ");
}

/* ------------------------------------------------- saved by a spreadsheet */

/* Every comma between fields becomes another separator; quotes around all
 * fields where asked for. */
static char *separated(const char *text, char separator, bool quoted)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	while (*text) {
		const char *end = skip_field(text);
		bool has = *text == '"';

		fprintf(f, "%s%.*s%s", quoted && !has ? "\"" : "",
			(int)(end - text), text, quoted && !has ? "\"" : "");
		fputc(*end == ',' ? separator : '\n', f);
		text = end + 1;
	}
	assert_int_equal(fclose(f), 0);
	return out;
}

/* In 16 bits a character; little-endian or big-endian, with its mark. */
static void write_utf16(const char *name, const char *text, bool big, bool mark)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	if (mark)
		fputs(big ? "\xFE\xFF" : "\xFF\xFE", f);
	for (; *text; text++) {
		if (big)
			fputc(0, f);
		fputc(*text, f);
		if (!big)
			fputc(0, f);
	}
	assert_int_equal(fclose(f), 0);
}

static void test_spreadsheets(void **state)
{
	static const struct {
		char separator;
		const char *named;
	} other[] = { { ';', "separated by ';' and not by ','" },
		      { '\t', "separated by tabs and not by ','" } };

	(void)state;
	for (int file = 0; file < FILES; file++) {
		const char *name = whole[file].name, *text = whole[file].text;
		char where[64], *saved, *marked;

		snprintf(where, sizeof(where), "./%s:1: ", name);
		for (size_t i = 0; i < COUNT(other); i++)
			for (int quoted = 0; quoted < 2; quoted++) {
				write_whole();
				saved = separated(text, other[i].separator,
						  quoted);
				write_text(file, saved);
				free(saved);
				expect_refused(name, where, other[i].named);
				assert_non_null(
					strstr(err, "save it with commas"));
			}
		for (int i = 0; i < 4; i++) {
			write_whole();
			write_utf16(name, text, i & 1, i & 2);
			expect_refused(name, where, "UTF-16");
		}
		write_whole();
		assert_true(asprintf(&saved, "sep=;\n%s", text) > 0);
		write_text(file, saved);
		free(saved);
		expect_refused(name, where, "\"sep=;\" is a spreadsheet's");

		/* all fields quoted, and a byte order mark */
		write_whole();
		saved = separated(text, ',', true);
		assert_true(asprintf(&marked, "\xEF\xBB\xBF%s", saved) > 0);
		write_text(file, marked);
		free(saved);
		free(marked);
		expect_read(name);
	}
}

/* The last column of each line goes first, and an unknown one follows. */
static char *rearranged(const char *text)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	while (*text) {
		const char *last = text, *at = text;

		while (at = skip_field(at), *at == ',')
			last = ++at;
		fprintf(f, "%.*s,%.*s%s\n", (int)(at - last), last,
			(int)(last - text - 1), text,
			ftell(f) ? ",<anything>" : ",new_column");
		text = at + 1;
	}
	assert_int_equal(fclose(f), 0);
	return out;
}

static void test_columns(void **state)
{
	(void)state;
	for (int file = 0; file < FILES; file++) {
		char *text = rearranged(whole[file].text);

		write_whole();
		write_text(file, text);
		free(text);
		expect_read(whole[file].name);
	}
}

/* ------------------------------------------------------------------------ */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_whole, start_afresh),
		cmocka_unit_test_setup(test_fields, start_afresh),
		cmocka_unit_test_setup(test_every_field, start_afresh),
		cmocka_unit_test_setup(test_cut_at_a_row, start_afresh),
		cmocka_unit_test_setup(test_spreadsheets, start_afresh),
		cmocka_unit_test_setup(test_columns, start_afresh),
	};

	end_if_it_hangs();
	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
