/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do rows, claims and reports say what disturbed them, and what is unknown? */
#include "results.h"
#include "scratch.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "claims.h"
#include "csv.h"
#include "made_up_rows.h"
#include "noise_text.h"

/* ------------------------------------------------------- made-up answers */

static const struct metric own[] = { { "rate", "1/s" },
				     { "speedup", "ratio" },
				     { "same", "bool" },
				     { NULL, NULL } };
static const struct bench bench = {
	.name = "b",
	.unit = "ns",
	.metrics = own,
	.counts = COUNT_SWITCHES | COUNT_CPU_TIME | COUNT_COPIES,
};
static const struct variant only = { .name = "-" };
static const struct test_case the_case = {
	.bench = &bench, .variant = &only, .value = PARAM_NONE, .param = "-"
};
static struct results results;
static struct invocation inv;
static char err[512];

static int begin(void **state)
{
	(void)state;
	memset(&results, 0, sizeof(results));
	snprintf(results.machine, sizeof(results.machine), "m");
	snprintf(results.run, sizeof(results.run), "r");
	return results_open(&results, &the_case, 1);
}

static int end(void **state)
{
	(void)state;
	results_close(&results);
	return 0;
}

static struct measured *put(const char *name, const char *unit,
			    enum method method, bool is_count)
{
	struct measured *m = &inv.sample.metric[inv.sample.metrics++];

	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->unit, sizeof(m->unit), "%s", unit);
	m->method = method;
	m->is_count = is_count;
	m->samples = 10;
	m->value = 2;
	return m;
}

/* A timed invocation that nothing disturbed. */
static void answer(void)
{
	memset(&inv, 0, sizeof(inv));
	inv.mode = RUN_MEASURE;
	inv.wall_s = 0.1;
	inv.sample.evidence.batches = 100;
	inv.sample.evidence.pu_a = inv.sample.evidence.pu_b = -1;
	hist_add(&put("rate", "1/s", METHOD_BATCH, false)->hist, 2);
	put("speedup", "ratio", METHOD_EXACT, true);
	put("same", "bool", METHOD_EXACT, true);
}

static void take(void)
{
	static size_t order;

	assert_int_equal(results_add(&results, 0, &inv, 0, order++, 0), 0);
}

/* A field of a row, the last one of that metric. */
static const char *field(const char *file, const char *metric,
			 const char *column)
{
	static char value[512];
	struct csv_in *in = csv_open(file, err, sizeof(err));
	bool found = false;

	assert_non_null(in);
	if (csv_column(in, column) < 0)
		fail_msg("%s has no column %s", file, column);
	while (csv_read(in) > 0) {
		if (strcmp(csv_field(in, csv_column(in, "metric")), metric))
			continue;
		found = true;
		snprintf(value, sizeof(value), "%s",
			 csv_field(in, csv_column(in, column)));
	}
	csv_in_close(in);
	if (!found)
		fail_msg("%s has no row of %s", file, metric);
	return value;
}

static void write_all(void)
{
	if (results_write(&results, ".", err, sizeof(err)))
		fail_msg("%s", err);
}

static void expect(const char *metric, const char *column, const char *want)
{
	const char *got = field("summary.csv", metric, column);

	if (strcmp(got, want))
		fail_msg("%s: %s is '%s', not '%s'", metric, column, got, want);
}

static void expect_record(const char *column, const char *want)
{
	const char *got = field("invocations.csv", "rate", column);

	if (strcmp(got, want))
		fail_msg("%s is '%s', not '%s'", column, got, want);
}

/* ---------------------------------------------------------------- flags */

/* What is handed in by run_value() rests on the same times; what is yes or no
 * does not. */
static void test_own_metrics(void **state)
{
	(void)state;
	answer();
	take();
	write_all();
	expect("speedup", "flags", "");
	answer();
	inv.sample.evidence.disturbed = 50;
	take();
	write_all();
	expect("rate", "flags", "disturbed");
	expect("speedup", "flags", "disturbed");
	expect("same", "flags", "");
}

static void expect_disturbed(void)
{
	take();
	write_all();
	expect("rate", "flags", "disturbed");
	expect_record("disturbed", "1");
	end(NULL);
	begin(NULL);
}

static void test_throttled(void **state)
{
	struct results_noise noise;

	(void)state;
	answer();
	inv.throttled = (struct throttle){ 40, 0, 0, 0, 0 };
	take();
	write_all();
	expect("rate", "flags", "");
	expect_record("throttled", "0");
	inv.throttled = (struct throttle){ 40, 39, 1.5, NAN, 2 };
	take();
	results_noise(&results, &noise);
	assert_int_equal(noise.timed, 2);
	assert_int_equal(noise.disturbed, 1);
	assert_int_equal(noise.quota, 1);
	assert_int_equal(noise.thermal, 1);
	assert_int_equal(noise.memory_high, 0);
	assert_int_equal(noise.others, 0);
	assert_true(noise.periods == 80 && noise.stopped == 39);
	write_all();
	expect_record("throttled", "39");
	expect_record("throttled_s", "1.5");
	expect_record("memory_high", "");
	expect_record("thermal", "2");
	expect_disturbed();
	answer();
	inv.throttled.memory_high = 1;
	expect_disturbed();
	answer();
	inv.throttled.thermal = 1;
	expect_disturbed();
}

/* Books that could not be read do not say that nobody ran. */
static void test_unwatched(void **state)
{
	(void)state;
	answer();
	inv.foreign_s = inv.books.busy_s = inv.books.steal_s = NAN;
	inv.books.interrupts = NAN;
	inv.throttled = (struct throttle){ NAN, NAN, NAN, NAN, NAN };
	take();
	write_all();
	expect("rate", "flags", "unwatched");
	expect("speedup", "flags", "unwatched");
	expect("same", "flags", "");
	expect_record("unwatched", "1");
	expect_record("disturbed", "0");
	expect_record("foreign_s", "");
	expect_record("steal_s", "");
	expect_record("interrupts", "");
	expect_record("throttled", "");
	/* what is known all the same says more */
	inv.sample.evidence.disturbed = 50;
	take();
	write_all();
	expect("rate", "flags", "disturbed");
	expect_record("unwatched", "0");
}

static void test_untold(void **state)
{
	struct evidence *e = &inv.sample.evidence;

	(void)state;
	answer();
	e->untold = e->batches;
	e->lost_ns = NAN;
	e->pu_unknown = true;
	e->driver.voluntary = e->driver.involuntary = e->driver.faults = NAN;
	e->driver.cpu_ns = e->peer.cpu_ns = NAN;
	take();
	write_all();
	expect("rate", "flags", "unwatched");
	expect_record("disturbed_batches", "");
	expect_record("lost_ns", "");
	expect_record("moves", "");
	expect_record("voluntary", "");
	expect_record("cpu_ns", "");
	expect_record("peer_cpu_ns", "");
	expect_record("peer_voluntary", "0");
}

/* --------------------------------------------------------------- counts */

/* One invocation that could not count is none; where none could, the row says
 * why. */
static void test_unread(void **state)
{
	(void)state;
	answer();
	take();
	answer();
	inv.mode = RUN_COUNT;
	inv.sample.metrics = 0;
	inv.sample.unread[count_index(COUNT_SWITCHES)] = EPERM;
	inv.sample.unread[count_index(COUNT_CPU_TIME)] = EINVAL;
	inv.sample.unread[count_index(COUNT_COPIES)] = SAMPLE_UNREAD;
	take();
	write_all();
	expect("switches", "status", "denied");
	expect("switches", "reason", "getrusage(): Operation not permitted");
	expect("switches", "value", "");
	expect("cpu_time", "status", "absent");
	expect("cpu_time", "reason",
	       "clock_gettime() of processor time: Invalid argument");
	expect("copies", "status", "absent");
	put("switches", "count", METHOD_BATCH, true);
	take();
	write_all();
	expect("switches", "status", "ok");
	expect("switches", "invocations", "1");
	expect("cpu_time", "status", "absent");
}

/* A run that ended for a reason of its own says it in every row that lacks. */
static void test_ended_early(void **state)
{
	static const char why[] =
		"the allowed PUs changed from 0-1 to 0 during the run";

	(void)state;
	results.ended_why = why;
	write_all();
	expect("rate", "status", "absent");
	expect("rate", "reason", why);
	answer();
	take();
	write_all();
	expect("rate", "status", "ok");
	expect("switches", "reason", why);
}

/* --------------------------------------------------------------- readers */

static const char *measured(const char *flags_of_row, const char *flags_of_to)
{
	static char text[200];
	static const struct env_file none;
	struct claim_line *line;
	struct summary s;
	size_t lines;

	rows_begin(NULL);
	rows_flags = flags_of_row;
	rows_put("parallel/compute/thread/any/workers=2", "speedup", "ratio",
		 2.53, 2.4, 2.6);
	rows_flags = flags_of_to;
	rows_put("parallel/compute/process/any/workers=2", "speedup", "ratio",
		 2, 1.9, 2.1);
	rows_read(&s);
	line = claims_decide(&s, &none, &lines);
	assert_non_null(line);
	*text = '\0';
	for (size_t i = 0; i < lines; i++)
		if (!strncmp(line[i].claim, "speed-up of 2 threads", 21))
			snprintf(text, sizeof(text), "%s", line[i].measured);
	free(line);
	summary_free(&s);
	return text;
}

/* No claim rests on what was disturbed without a word; a ratio rests on both.
 */
static void test_claims(void **state)
{
	(void)state;
	assert_null(strstr(measured("drift", ""), "("));
	assert_non_null(strstr(measured("drift;disturbed", ""), "(disturbed)"));
	assert_non_null(strstr(measured("", "disturbed"), "(disturbed)"));
	assert_non_null(strstr(measured("unwatched", ""), "(unwatched)"));
	assert_non_null(
		strstr(measured("unwatched", "disturbed"), "(disturbed)"));
}

static void note(FILE *env, const char *name, const char *value)
{
	fprintf(env, "%s,%s,handoff run\n", name, value);
}

static void test_noise_text(void **state)
{
	char text[NOISE_TEXT];
	struct env_file env;
	struct summary s;
	FILE *file;

	(void)state;
	rows_begin(NULL);
	rows_put("a/-/-/-/-", "latency", "ns", 1, 1, 1);
	rows_flags = "disturbed";
	rows_put("b/-/-/-/-", "latency", "ns", 1, 1, 1);
	rows_read(&s);

	/* a run that knows nothing of it: as it always was */
	assert_int_equal(env_file_read(&env, ".", err, sizeof(err)), 0);
	assert_string_equal(noise_text(&s, &env, text, sizeof(text)), "");
	env_file_free(&env);

	file = fopen("env.csv", "w");
	assert_non_null(file);
	fputs("name,value,source\n", file);
	note(file, "noise.timed", "160");
	note(file, "noise.quota", "156");
	note(file, "noise.others", "3");
	assert_int_equal(fclose(file), 0);
	if (env_file_read(&env, ".", err, sizeof(err)))
		fail_msg("%s", err);
	assert_string_equal(
		noise_text(&s, &env, text, sizeof(text)),
		"1 of 2 rows are flagged disturbed, 0 unwatched: of 160 timed "
		"invocations 156 were stopped by the cgroup's CPU quota, 3 "
		"shared their PUs with others, or lost them to a hypervisor.");
	env_file_free(&env);
	summary_free(&s);
	unlink("env.csv");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_own_metrics),
		TEST(test_throttled),
		TEST(test_unwatched),
		TEST(test_untold),
		TEST(test_unread),
		TEST(test_ended_early),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_noise_text),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
