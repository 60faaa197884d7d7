/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a comparison say what made-up runs were made to say, and no more? */
#include "compare.h"
#include "scratch.h"

#include <argz.h>

#include "csv.h"
#include "json.h"
#include "made_up_run.h"

static struct comparison c;
static gsl_rng *rng;

static struct compare_options options_for(char *const *paths, size_t count)
{
	return (struct compare_options){ .paths = paths,
					 .path_count = count,
					 .threshold = 0.02 };
}

static void make(char *const *paths, size_t count)
{
	struct compare_options o = options_for(paths, count);

	compare_make(&c, &o);
}

static char a_dir[] = "a", b_dir[] = "b", c_dir[] = "c", d_dir[] = "d";
static char *two[] = { a_dir, b_dir }, *four[] = { a_dir, b_dir, c_dir, d_dir };

static int afresh(void **state)
{
	(void)state;
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(rng, 12345);
	return system("rm -rf a b c d");
}

static int done(void **state)
{
	(void)state;
	gsl_rng_free(rng);
	compare_free(&c);
	return 0;
}

/* The pairing of a case's metric in a group. */
static const struct compare_pairing *pairing(const char *id, const char *metric,
					     size_t group)
{
	for (size_t i = 0; i < c.pairings; i++) {
		const struct compare_pairing *p = &c.pairing[i];

		if (!strcmp(p->row->id, id) && p->group == group &&
		    !strcmp(p->row->row->metric, metric))
			return p;
	}
	fail_msg("no %s %s", id, metric);
	return NULL;
}

static void expect(const char *id, const char *metric, const char *verdict)
{
	const struct compare_pairing *p = pairing(id, metric, 1);

	if (strcmp(compare_verdict_name(p->verdict), verdict))
		fail_msg("%s %s is %s, not %s: ratio %g [%g, %g], p %g", id,
			 metric, compare_verdict_name(p->verdict), verdict,
			 p->ratio, p->ci.low, p->ci.high, p->p_bh);
}

static bool says(char *const *line, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(line[i], text))
			return true;
	return false;
}

#define expect_unsafe(text)                               \
	do {                                              \
		if (!says(c.unsafe, c.unsafes, text))     \
			fail_msg("not unsafe: %s", text); \
	} while (0)

static size_t count_of(enum compare_verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < c.pairings; i++)
		count += c.pairing[i].verdict == verdict;
	return count;
}

/* -------------------------------------------------------------- verdicts */

/* Medians of A and B, and what follows: ns, sigma 1 %, 16 invocations. */
static void test_verdicts(void **state)
{
	static const struct {
		const char *names, *id;
		double a, b;
		const char *verdict;
	} row[] = {
		{ "t,slow,-,-,-,latency,ns", "t/slow/-/-/-", 5000, 5500,
		  "slower" },
		{ "t,fast,-,-,-,latency,ns", "t/fast/-/-/-", 5000, 4500,
		  "faster" },
		{ "t,same,-,-,-,latency,ns", "t/same/-/-/-", 5000, 5000,
		  "equivalent" },
		/* more is faster */
		{ "r,fast,-,-,-,bandwidth,B/s", "r/fast/-/-/-", 1e9, 1.1e9,
		  "faster" },
		{ "r,slow,-,-,-,rate,1/s", "r/slow/-/-/-", 1e5, 0.9e5,
		  "slower" },
	};
	struct made_up a = made_up_begin("a", "m", "1"),
		       b = made_up_begin("b", "m", "2");

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		made_up_draw(&a, rng, row[i].names, "batch", row[i].a, 0.01,
			     16);
		made_up_draw(&b, rng, row[i].names, "batch", row[i].b, 0.01,
			     16);
	}
	made_up_end(&a);
	made_up_end(&b);
	make(two, 2);
	assert_int_equal(c.groups, 2);
	assert_int_equal(c.pairings, COUNT(row));
	for (size_t i = 0; i < COUNT(row); i++)
		expect(row[i].id, c.row[i].row->metric, row[i].verdict);
	/* the ratio is of values, whichever way is faster */
	assert_true(pairing("r/fast/-/-/-", "bandwidth", 1)->ratio > 1.05);
	/* the largest effect first */
	for (size_t i = 1; i < c.pairings; i++)
		assert_true(fabs(log(c.pairing[i - 1].ratio)) >=
			    fabs(log(c.pairing[i].ratio)));
}

/* A wide spread says nothing, and how much it would have had to be. */
static void test_inconclusive(void **state)
{
	struct made_up a = made_up_begin("a", "m", "1"),
		       b = made_up_begin("b", "m", "2");
	const struct compare_pairing *p;
	double two_values[] = { 100, 110 }, negative[] = { -1, 1, 2, 3, 4, 5 };

	(void)state;
	made_up_draw(&a, rng, "t,wide,-,-,-,latency,ns", "single", 1e5, 0.2, 8);
	made_up_draw(&b, rng, "t,wide,-,-,-,latency,ns", "single", 1e5, 0.2, 8);
	made_up_values(&a, "t,few,-,-,-,latency,ns", "batch", two_values, 2);
	made_up_values(&b, "t,few,-,-,-,latency,ns", "batch", two_values, 2);
	made_up_values(&a, "t,late,-,-,-,late,ns", "batch", negative, 6);
	made_up_values(&b, "t,late,-,-,-,late,ns", "batch", negative, 6);
	made_up_end(&a);
	made_up_end(&b);
	make(two, 2);
	expect("t/wide/-/-/-", "latency", "inconclusive");
	p = pairing("t/wide/-/-/-", "latency", 1);
	assert_true(p->detectable > 0.1 && p->detectable < 1);
	expect("t/few/-/-/-", "latency", "inconclusive");
	p = pairing("t/few/-/-/-", "latency", 1);
	assert_float_equal(p->ratio, 1, 1e-9);
	assert_true(isnan(p->ci.low));
	assert_non_null(strstr(p->basis, "too few"));
	expect("t/late/-/-/-", "late", "inconclusive");
	p = pairing("t/late/-/-/-", "late", 1);
	assert_true(isnan(p->ratio));
	assert_non_null(strstr(p->basis, "0 or below"));
}

/* A difference is none within two steps of the clock, of what is stamped one by
 * one; and within what an A/A run differed by. */
static void test_difference_of_none(void **state)
{
	struct made_up a = made_up_begin("a", "m", "1"),
		       b = made_up_begin("b", "m", "2");
	FILE *noise;

	(void)state;
	/* the step is 10 ns */
	for (int i = 0; i < 2; i++) {
		struct made_up *m = i ? &b : &a;
		double by = i ? 1.05 : 1;

		made_up_draw(m, rng, "t,stamped,-,-,-,latency,ns", "single",
			     200 * by, 0.005, 16);
		made_up_draw(m, rng, "t,batched,-,-,-,latency,ns", "batch",
			     200 * by, 0.005, 16);
		made_up_draw(m, rng, "t,noisy,-,-,-,latency,ns", "batch",
			     5000 * by, 0.005, 16);
	}
	made_up_end(&a);
	made_up_end(&b);
	noise = made_up_file("b", "noise.csv",
			     "bench,variant,peer,place,param,metric,spread");
	fputs("t,noisy,-,-,-,latency,0.08\n", noise);
	fclose(noise);
	make(two, 2);
	expect("t/stamped/-/-/-", "latency", "equivalent");
	assert_true(pairing("t/stamped/-/-/-", "latency", 1)->delta > 0.09);
	expect("t/batched/-/-/-", "latency", "slower");
	assert_float_equal(pairing("t/batched/-/-/-", "latency", 1)->delta,
			   0.02, 1e-9);
	expect("t/noisy/-/-/-", "latency", "equivalent");
	expect_unsafe("no A/A spread (run --aa) of: A");
}

static void test_counts(void **state)
{
	struct made_up a = made_up_begin("a", "m", "1"),
		       b = made_up_begin("b", "m", "2");
	static const double four_times[] = { 4, 4, 4, 4, 4, 4 },
			    five_times[] = { 5, 5, 5, 5, 5, 5 },
			    about_a[] = { 1.1, 1.2, 1.3, 1.4, 1.5, 1.6 },
			    about_b[] = { 1.15, 1.25, 1.35, 1.45, 1.55, 1.65 },
			    off[] = { 0 }, on[] = { 1 };

	(void)state;
	made_up_values(&a, "t,v,-,-,-,syscalls,count", "slope", four_times, 6);
	made_up_values(&b, "t,v,-,-,-,syscalls,count", "slope", five_times, 6);
	made_up_values(&a, "t,v,-,-,-,copies,count", "slope", four_times, 6);
	made_up_values(&b, "t,v,-,-,-,copies,count", "slope", four_times, 6);
	made_up_values(&a, "t,v,-,-,-,switches,count", "slope", about_a, 6);
	made_up_values(&b, "t,v,-,-,-,switches,count", "slope", about_b, 6);
	made_up_values(&a, "t,v,-,-,-,seen,bool", "exact", off, 1);
	made_up_values(&b, "t,v,-,-,-,seen,bool", "exact", on, 1);
	made_up_end(&a);
	made_up_end(&b);
	make(two, 2);
	expect("t/v/-/-/-", "syscalls", "differs");
	expect("t/v/-/-/-", "copies", "same");
	expect("t/v/-/-/-", "switches", "same");
	expect("t/v/-/-/-", "seen", "differs");
}

/* ------------------------------------------------------ many at once */

enum { CASES = 40, K = 16 };

static void draw_bench(struct made_up *m, const char *bench, double factor,
		       size_t n)
{
	for (int i = 0; i < CASES; i++) {
		char names[64];

		snprintf(names, sizeof(names), "%s,v%d,-,-,-,latency,ns", bench,
			 i);
		made_up_draw(m, rng, names, "batch", factor * (1000 + 100 * i),
			     0.01, n);
	}
}

/* One bench 5 % slower: its cases, and no other. */
static void test_one_bench_slower(void **state)
{
	static const char *const bench[] = { "p", "q", "r", "s", "t" };
	struct made_up a = made_up_begin("a", "m", "1"),
		       b = made_up_begin("b", "m", "2");

	(void)state;
	for (size_t i = 0; i < COUNT(bench); i++) {
		draw_bench(&a, bench[i], 1, K);
		draw_bench(&b, bench[i], i == 2 ? 1.05 : 1, K);
	}
	made_up_end(&a);
	made_up_end(&b);
	make(two, 2);
	assert_int_equal(count_of(COMPARE_SLOWER), CASES);
	for (size_t i = 0; i < c.pairings; i++)
		if (c.pairing[i].verdict == COMPARE_SLOWER)
			assert_string_equal(c.pairing[i].row->row->bench, "r");
	/* the rest is shown not to differ, but for what chance spreads */
	assert_true(count_of(COMPARE_EQUIVALENT) > 4 * CASES * 9 / 10);
	/* Benjamini and Hochberg allow a false one in twenty */
	assert_true(count_of(COMPARE_FASTER) <= 2);
}

/* One run's invocations dealt into two at random: nothing is faster or slower
 * in nearly all of twenty deals. */
static void test_splits(void **state)
{
	static const double sigma[] = { 0.005, 0.01, 0.05, 0.3 };
	static double value[CASES][2 * K];
	int deals_with_any = 0;

	(void)state;
	for (int i = 0; i < CASES; i++)
		for (int k = 0; k < 2 * K; k++)
			value[i][k] =
				1000 * exp(gsl_ran_gaussian(rng, sigma[i % 4]));
	for (int deal = 0; deal < 20; deal++) {
		struct made_up a = made_up_begin("a", "m", "1"),
			       b = made_up_begin("b", "m", "2");

		for (int i = 0; i < CASES; i++) {
			char names[64];

			gsl_ran_shuffle(rng, value[i], (size_t)2 * K,
					sizeof(double));
			snprintf(names, sizeof(names), "t,v%d,-,-,-,latency,ns",
				 i);
			made_up_values(&a, names, "batch", value[i], K);
			made_up_values(&b, names, "batch", value[i] + K, K);
		}
		made_up_end(&a);
		made_up_end(&b);
		make(two, 2);
		deals_with_any +=
			count_of(COMPARE_FASTER) || count_of(COMPARE_SLOWER);
		compare_free(&c);
	}
	assert_true(deals_with_any <= 2);
}

/* ---------------------------------------------------- groups and gaps */

static void draw_run(const char *dir, const char *machine, const char *run,
		     double factor)
{
	struct made_up m = made_up_begin(dir, machine, run);

	made_up_draw(&m, rng, "t,v,-,-,-,latency,ns", "batch", 1000 * factor,
		     0.01, 8);
	made_up_end(&m);
}

/* A machine whose two runs are 10 % apart cannot tell 7 % from another. */
static void test_own_noise(void **state)
{
	(void)state;
	draw_run("a", "x", "1", 1);
	draw_run("b", "y", "2", 1.12);
	draw_run("c", "x", "3", 1.1);
	draw_run("d", "y", "4", 1.12);
	make(four, 4);
	assert_true(pairing("t/v/-/-/-", "latency", 1)->delta > 0.07);
	expect("t/v/-/-/-", "latency", "inconclusive");
	/* far beyond it, it can */
	draw_run("b", "y", "2", 1.5);
	draw_run("d", "y", "4", 1.5);
	make(four, 4);
	expect("t/v/-/-/-", "latency", "slower");
}

static void test_groups(void **state)
{
	struct compare_options o = options_for(four, 4);
	const struct compare_side *side;

	(void)state;
	draw_run("a", "x", "1", 1);
	draw_run("b", "y", "2", 1.2);
	draw_run("c", "x", "3", 1.1);
	draw_run("d", "y", "4", 1.2);
	/* two machines, two runs each: machines */
	compare_make(&c, &o);
	assert_true(c.by_machine);
	assert_int_equal(c.groups, 2);
	assert_string_equal(c.group[0].name, "x");
	assert_string_equal(c.group[1].name, "y");
	side = &c.row[0].side[0];
	assert_int_equal(side->samples, 16);
	assert_float_equal(side->value,
			   stats_median(side->sample, side->samples), 1e-9);
	assert_true(side->spread > 0.05 && side->spread < 0.15);
	assert_true(says(c.note, c.notes,
			 "A: the invocations of 2 runs are taken together; in "
			 "1 of 1 metrics the runs differ by more than 2 %"));
	expect_unsafe("the runs of A differ from each other");
	assert_false(says(c.unsafe, c.unsafes, "the runs of B"));
	expect_unsafe("platform and machine cannot be told apart");
	compare_free(&c);
	/* as asked */
	o.grouping = COMPARE_BY_RUN;
	compare_make(&c, &o);
	assert_int_equal(c.groups, 4);
	assert_int_equal(c.pairings, 3);
	assert_string_equal(c.group[3].label, "D");
	assert_string_equal(c.group[3].name, "4");
	compare_free(&c);
	/* one machine: runs, and nothing is said of platforms */
	make((char *[]){ a_dir, c_dir }, 2);
	assert_int_equal(c.groups, 2);
	assert_string_equal(c.group[0].name, "1");
	assert_false(says(c.unsafe, c.unsafes, "platform"));
	compare_free(&c);
	/* a run beside itself */
	make((char *[]){ a_dir, a_dir }, 2);
	expect_unsafe("A and B are one run, 1 of x");
}

/* What one side lacks is listed with why, whichever metric it has it under. */
static void test_missing(void **state)
{
	struct made_up a = made_up_begin("a", "x", "1"),
		       b = made_up_begin("b", "y", "2");
	const struct compare_side *side;
	double value[] = { 1, 2, 3, 4, 5, 6 };

	(void)state;
	made_up_values(&a, "t,v,-,-,-,latency,ns", "batch", value, 6);
	made_up_values(&a, "t,v,-,-,-,syscalls,count", "slope", value, 6);
	made_up_values(&a, "t,only,-,-,-,latency,ns", "batch", value, 6);
	made_up_lacks(&a, "t,none,-,core,-,latency,ns", "absent",
		      "no, \"\"SMT\"\"");
	made_up_lacks(&b, "t,v,-,-,-,latency,ns", "failed", "it lied");
	made_up_lacks(&b, "t,none,-,core,-,latency,ns", "denied", "by law");
	made_up_end(&a);
	made_up_end(&b);
	make(two, 2);
	assert_int_equal(c.rows, 4);
	assert_int_equal(count_of(COMPARE_MISSING), 4);
	side = pairing("t/v/-/-/-", "syscalls", 1)->row->side;
	assert_true(side[0].ok);
	assert_string_equal(side[1].status, "failed");
	assert_string_equal(side[1].reason, "it lied");
	side = pairing("t/only/-/-/-", "latency", 1)->row->side;
	assert_string_equal(side[1].status, "missing");
	assert_string_equal(side[1].reason, "not in the run");
	side = pairing("t/none/-/core/-", "latency", 1)->row->side;
	assert_string_equal(side[0].reason, "no, \"SMT\"");
	assert_string_equal(side[1].status, "denied");
}

/* Of a summary.csv alone only the intervals are known. */
static void test_intervals(void **state)
{
	static char summary_a[] = "a/summary.csv",
		    summary_b[] = "b/summary.csv";
	char *files[] = { summary_a, summary_b };
	const struct compare_pairing *p;
	struct made_up a = made_up_begin("a", "m", "1"),
		       b = made_up_begin("b", "m", "2");

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct made_up *m = i ? &b : &a;
		double by = i ? 1.2 : 1;

		made_up_draw(m, rng, "t,slow,-,-,-,latency,ns", "batch",
			     1000 * by, 0.01, 16);
		made_up_draw(m, rng, "t,same,-,-,-,latency,ns", "batch", 1000,
			     0.001, 16);
		made_up_draw(m, rng, "t,wide,-,-,-,latency,ns", "batch",
			     1000 * by, 0.5, 16);
	}
	made_up_end(&a);
	made_up_end(&b);
	make(files, 2);
	expect("t/slow/-/-/-", "latency", "slower");
	expect("t/same/-/-/-", "latency", "equivalent");
	expect("t/wide/-/-/-", "latency", "inconclusive");
	p = pairing("t/slow/-/-/-", "latency", 1);
	assert_string_equal(p->basis, "intervals");
	assert_true(isnan(p->p));
	assert_float_equal(p->ci.low,
			   p->row->side[1].ci.low / p->row->side[0].ci.high,
			   1e-9);
	expect_unsafe("compared by intervals alone");
	expect_unsafe("nothing is known of the machine");
}

/* ------------------------------------------------------- environment */

static void test_environment(void **state)
{
	static const struct {
		const char *name, *a, *b, *unsafe;
	} fact[] = {
		{ "kernel.release", "6.1", "6.2", NULL },
		{ "handoff.commit", "abc", "def-dirty",
		  "built from changed sources, which nothing identifies: "
		  "B def-dirty" },
		{ "run.budget_s", "270", "60",
		  "different budgets (s): A 270, B 60" },
		{ "run.seed", "1", "2", NULL },
		{ "emulation", "none", "qemu-tcg",
		  "emulated, which times "
		  "nothing that a processor "
		  "does: B qemu-tcg" },
		{ "cpufreq.scaling_governor", "performance", "powersave",
		  "the frequency governor is not performance: B powersave" },
		{ "tune.fifo", "", "yes", "measured with --tune fifo: B yes" },
		{ "net.core.busy_poll", "0", "1", NULL },
		{ "loadavg.before", "0.1", "9", NULL },
		{ "throttle.core_throttle_count.before", "0", "0", NULL },
		{ "throttle.core_throttle_count.after", "0", "7",
		  "throttled while measuring: B" },
		{ "software.libc", "glibc 2.36", "glibc 2.36", NULL },
	};
	struct made_up a = made_up_begin("a", "x", "1"),
		       b = made_up_begin("b", "y", "2");
	size_t major = 0, minor = 0;
	double value[] = { 1, 2, 3, 4, 5, 6 };

	(void)state;
	made_up_values(&a, "t,v,-,-,-,latency,ns", "single", value, 6);
	made_up_values(&b, "t,v,-,-,-,latency,ns", "batch", value, 6);
	for (size_t i = 0; i < COUNT(fact); i++) {
		made_up_fact(&a, fact[i].name, fact[i].a);
		made_up_fact(&b, fact[i].name, fact[i].b);
	}
	made_up_end(&a);
	made_up_end(&b);
	make(two, 2);
	for (size_t i = 0; i < COUNT(fact); i++)
		if (fact[i].unsafe)
			expect_unsafe(fact[i].unsafe);
	expect_unsafe("timed by different methods: 1, such as t/v/-/-/-");
	for (size_t i = 0; i < c.differences; i++) {
		major += !c.difference[i].minor;
		minor += c.difference[i].minor;
		assert_int_not_equal(strcmp(c.difference[i].name, "run.seed"),
				     0);
	}
	assert_int_equal(major, 6);
	assert_int_equal(minor, 1);
}

static void test_disturbed(void **state)
{
	(void)state;
	draw_run("a", "m", "1", 1);
	draw_run("b", "m", "2", 1);
	/* the flag is the last column */
	assert_int_equal(system("sed -i '2s/batch,$/batch,drift;disturbed/' "
				"b/summary.csv"),
			 0);
	make(two, 2);
	expect_unsafe("disturbed by other work: B, in 100 % of what it timed");
	assert_false(says(c.unsafe, c.unsafes, "disturbed by other work: A"));
}

/* --------------------------------------------------------------- output */

static void test_filters(void **state)
{
	struct compare_options o = options_for(two, 2);
	struct made_up a = made_up_begin("a", "m", "1"),
		       b = made_up_begin("b", "m", "2");
	double value[] = { 1, 2, 3, 4, 5, 6 };
	const char *bad;

	(void)state;
	for (int i = 0; i < 2; i++) {
		made_up_values(i ? &b : &a, "t,v,-,-,-,latency,ns", "batch",
			       value, 6);
		made_up_values(i ? &b : &a, "t,v,-,-,-,call,ns", "batch", value,
			       6);
		made_up_values(i ? &b : &a, "u,v,-,-,-,latency,ns", "batch",
			       value, 6);
	}
	made_up_end(&a);
	made_up_end(&b);
	assert_int_equal(argz_add(&o.cases, &o.cases_length, "t"), 0);
	o.metrics = "latency";
	compare_make(&c, &o);
	assert_int_equal(c.rows, 1);
	compare_free(&c);
	assert_int_equal(argz_add(&o.cases, &o.cases_length, "u/*"), 0);
	o.metrics = NULL;
	compare_make(&c, &o);
	assert_int_equal(c.rows, 3);
	free(o.cases);
	assert_int_equal(
		compare_parse_verdicts("slower,missing", &o.verdicts, &bad), 0);
	assert_int_equal(o.verdicts,
			 1u << COMPARE_SLOWER | 1u << COMPARE_MISSING);
	assert_int_equal(
		compare_parse_verdicts("slower,worse", &o.verdicts, &bad), -1);
	assert_string_equal(bad, "worse");
	assert_int_equal(compare_parse_verdicts("", &o.verdicts, &bad), -1);
	assert_int_equal(compare_parse_verdicts("slow", &o.verdicts, &bad), -1);
}

/* The header that compare.h promises, and a row for each pairing. */
static void test_csv(void **state)
{
	static const char header[] =
		"schema,bench,variant,peer,place,param,metric,unit,a,a_name,b,"
		"b_name,a_status,a_invocations,a_value,a_ci_low,a_ci_high,"
		"b_status,b_invocations,b_value,b_ci_low,b_ci_high,ratio,"
		"ratio_ci_low,ratio_ci_high,p,p_bh,p_holm,delta,detectable,"
		"verdict,basis,a_reason,b_reason\n";
	struct csv_out *out;
	struct csv_in *in;
	char err[256], line[1024];
	size_t rows = 0;
	FILE *f;

	(void)state;
	test_missing(state);
	out = csv_create("out.csv");
	assert_non_null(out);
	assert_int_equal(compare_write_csv(&c, out), 0);
	f = fopen("out.csv", "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, header);
	fclose(f);
	in = csv_open("out.csv", err, sizeof(err));
	assert_non_null(in);
	while (csv_read(in) > 0) {
		assert_string_equal(csv_field(in, csv_column(in, "verdict")),
				    "missing");
		rows++;
	}
	assert_null(csv_error(in));
	csv_in_close(in);
	assert_int_equal(rows, c.pairings);
}

static void expect_json(const char *text, const char *json)
{
	char *written = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&written, &size);

	assert_non_null(out);
	json_text(out, text);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(written, json);
	free(written);
}

static void test_json_text(void **state)
{
	(void)state;
	expect_json("", "\"\"");
	expect_json("it \"crashed\"\\\n\t\x7f\x01",
		    "\"it \\\"crashed\\\"\\\\\\u000a\\u0009\\ufffd\\u0001\"");
	expect_json("µ – 𝄞", "\"µ – 𝄞\"");
	/* what is no character: alone, overlong, a surrogate, too high, cut */
	expect_json("\x80", "\"\\ufffd\"");
	expect_json("\xc0\xaf", "\"\\ufffd\\ufffd\"");
	expect_json("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	expect_json("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	expect_json("\xe2\x82", "\"\\ufffd\\ufffd\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, afresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_verdicts),
		TEST(test_inconclusive),
		TEST(test_difference_of_none),
		TEST(test_counts),
		TEST(test_one_bench_slower),
		TEST(test_splits),
		TEST(test_own_noise),
		TEST(test_groups),
		TEST(test_missing),
		TEST(test_intervals),
		TEST(test_environment),
		TEST(test_disturbed),
		TEST(test_filters),
		TEST(test_csv),
		TEST(test_json_text),
	};

	end_if_it_hangs();
	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
