/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do verdicts that come from a maximum, a curve or a control follow from
 * intervals, and do those that rest on a disturbed value say so? */
#include "claims.h"
#include "scratch.h"

#include "answer.h"
#include "litmus_table.h"
#include "made_up_rows.h"

static struct env_fact told_pus = { (char *)"topology.allowed_pus", (char *)"2",
				    (char *)"test" };
static const struct env_file two_pus = { &told_pus, 1 };

static struct summary summary;
static struct claim_line *line;
static size_t lines;

static void decide(void)
{
	rows_read(&summary);
	line = claims_decide(&summary, &two_pus, &lines);
	assert_non_null(line);
}

static void end(void)
{
	free(line);
	line = NULL;
	summary_free(&summary);
	rows_begin(NULL);
}

static const struct claim_line *find(const char *claim)
{
	for (size_t i = 0; i < lines; i++)
		if (!strncmp(line[i].claim, claim, strlen(claim)))
			return &line[i];
	fail_msg("no line \"%s\"", claim);
	return NULL;
}

/* What is measured (NULL: whatever), and how the verdict begins. */
static void expect(const char *claim, const char *measured, const char *verdict)
{
	const struct claim_line *found = find(claim);

	if (strncmp(found->verdict, verdict, strlen(verdict)) ||
	    (measured && strcmp(found->measured, measured)))
		fail_msg("%s: %s: %s, not %s: %s", claim, found->measured,
			 found->verdict, measured ? measured : "…", verdict);
}

/* ------------------------------------------------------------- how many */

struct crew {
	const char *count;
	double value, low, high;
};

static void expect_crews(const struct crew *crew, const char *measured,
			 const char *verdict, double low, double high)
{
	const struct claim_line *found;

	for (; crew->count; crew++) {
		char id[64];

		snprintf(id, sizeof(id),
			 "parallel/compute/thread/any/workers=%s", crew->count);
		rows_put(id, "rate", "1/s", crew->value, crew->low, crew->high);
	}
	decide();
	expect("threads that are worth it", measured, verdict);
	found = find("threads that are worth it");
	assert_true(found->ci.low == low ||
		    (isnan(found->ci.low) && isnan(low)));
	assert_true(found->ci.high == high ||
		    (isnan(found->ci.high) && isnan(high)));
	end();
}

#define CREWS(...) ((const struct crew[]){ __VA_ARGS__, { NULL } })

static void test_how_many(void **state)
{
	(void)state;
	/* two threads did 1.90 [1.00, 2.04] times as much: not "1, differs" */
	expect_crews(CREWS({ "1", 93, 92, 94 }, { "2", 177, 93, 190 },
			   { "4", 175, 93, 191 }),
		     "1–4 on 2 PUs (4 tried)", "cannot tell", 1, 4);
	/* two are more than one, four may be more than two */
	expect_crews(CREWS({ "1", 93, 92, 94 }, { "2", 184, 139, 185 },
			   { "4", 187, 125, 189 }),
		     "2–4 on 2 PUs (4 tried)", "cannot tell", 2, 4);
	/* nor does it matter which of two alike is the maximum */
	expect_crews(CREWS({ "1", 93, 92, 94 }, { "2", 184, 180, 186 },
			   { "4", 187, 125, 189 }),
		     "2 on 2 PUs (4 tried)", "holds", 2, 2);
	expect_crews(CREWS({ "1", 93, 92, 94 }, { "2", 187, 180, 189 },
			   { "4", 184, 125, 186 }),
		     "2 on 2 PUs (4 tried)", "holds", 2, 2);
	/* all that it may be are fewer: of two verdicts the same */
	expect_crews(CREWS({ "1", 93, 92, 94 }, { "2", 94, 93, 95 },
			   { "4", 93, 92, 95 }),
		     "1 on 2 PUs (4 tried)", "differs", 1, 1);
	expect_crews(CREWS({ "1", 93, 92, 94 }, { "2", 120, 118, 122 },
			   { "4", 190, 188, 191 }, { "8", 192, 150, 230 }),
		     "4–8 on 2 PUs (8 tried)", "differs", 4, 8);
	/* the number of PUs, measured again: the narrower one */
	expect_crews(CREWS({ "1", 93, 92, 94 }, { "2", 184, 180, 186 },
			   { "pus", 184, 93, 186 }, { "2pus", 184, 180, 186 }),
		     "2 on 2 PUs (4 tried)", "holds", 2, 2);
	/* one point without an interval may be anything */
	expect_crews(CREWS({ "1", 93, 92, 94 }, { "2", 184, NAN, NAN },
			   { "4", 184, 180, 186 }),
		     "2 on 2 PUs (4 tried)", "cannot tell: too few", NAN, NAN);
}

/* ---------------------------------------------------------------- curves */

static void expect_slope(const double point[3][3], const char *verdict)
{
	static const char *const size[] = { "0B", "256MiB", "1GiB" };

	for (int i = 0; i < 3; i++) {
		char id[64];

		snprintf(id, sizeof(id), "fork_memory/dirty/process/pu/rss=%s",
			 size[i]);
		rows_put(id, "call", "ns", point[i][0], point[i][1],
			 point[i][2]);
	}
	decide();
	expect("fork's time a GiB", NULL, verdict);
	end();
}

/* Three points on a line say nothing where their ends may be the same. */
static void test_slope(void **state)
{
	(void)state;
	expect_slope((const double[3][3]){ { 1e5, 9e4, 2e5 },
					   { 2.1e6, 2e6, 3e6 },
					   { 8.1e6, 8e6, 9e6 } },
		     "holds");
	expect_slope((const double[3][3]){ { 1e5, 9e4, 2e6 },
					   { 1.25e5, 9e4, 2e6 },
					   { 2e5, 1e5, 2e6 } },
		     "cannot tell");
	expect_slope((const double[3][3]){ { 1e5, NAN, NAN },
					   { 2.1e6, NAN, NAN },
					   { 8.1e6, NAN, NAN } },
		     "cannot tell: too few");
}

static void expect_drains(double mov_low, double mov_high, const char *verdict)
{
	rows_put("fence/xchg/-/-/outstanding=0", "latency", "ns", 10, 9, 11);
	rows_put("fence/xchg/-/-/outstanding=32", "latency", "ns", 510, 500,
		 520);
	rows_put("fence/mov/-/-/outstanding=0", "latency", "ns", 1, 0, 2);
	rows_put("fence/mov/-/-/outstanding=32", "latency", "ns", 1, mov_low,
		 mov_high);
	decide();
	expect("LOCK XCHG waits for 32", NULL, verdict);
	end();
}

/* That the plain store rises by next to nothing rests on its interval. */
static void test_drains(void **state)
{
	(void)state;
	expect_drains(0, 2, "holds");
	expect_drains(0, 400, "cannot tell");
	expect_drains(-200, 2, "cannot tell");
	expect_drains(NAN, NAN, "cannot tell: too few");
}

/* A divisor that may be 0 leaves any ratio. */
static void test_divisor_around_zero(void **state)
{
	(void)state;
	rows_put("fence/mov_mfence/-/-/outstanding=8", "latency", "ns", 100, 99,
		 101);
	rows_put("fence/mov_mfence/-/-/outstanding=0", "latency", "ns", 50, -10,
		 60);
	decide();
	expect("MFENCE behind 8", NULL, "cannot tell");
	end();
}

/* ---------------------------------------------------------------- control */

static void expect_never(double tries, double control, double control_tries,
			 const char *verdict)
{
	static const char id[] = "litmus/sb_xchg/thread/l3/-";

	rows_put(id, "weak", "count", 0, NAN, NAN);
	rows_put(id, "tries", "count", tries, NAN, NAN);
	rows_put(id, "control", "count", control, NAN, NAN);
	rows_put(id, "control_tries", "count", control_tries, NAN, NAN);
	decide();
	expect("a load overtakes an earlier LOCK XCHG", NULL, verdict);
	end();
}

static void test_control(void **state)
{
	(void)state;
	expect_never(1e6, 3e4, 1e5, "holds");
	expect_never(1e6, 0, 1e5, "cannot tell: the control shows nothing");
	/* once in as many tries: were the other as frequent, it would be missed
	 * one time in e */
	expect_never(1e6, 1, 1e6, "cannot tell: the control shows too little");
	/* Garwood's bound of 7 seen at 95 % is 3.285, of 6 it is 2.613 */
	assert_true(litmus_control_tells(1e6, 7, 1e6));
	assert_false(litmus_control_tells(1e6, 6, 1e6));
	assert_false(litmus_control_tells(1e6, 0, 1e6));
	assert_false(litmus_control_tells(1e6, NAN, 1e6));
	assert_false(litmus_control_tells(1e6, 5, 0));
}

/* -------------------------------------------------------------- disturbed */

static void put_disturbed(const char *id, const char *metric, const char *unit,
			  double value, double low, double high)
{
	rows_flags = "drift;disturbed";
	rows_put(id, metric, unit, value, low, high);
	rows_flags = "";
}

static void test_disturbed_time(void **state)
{
	static const char id[] = "message/port/thread/l3/size=1KiB";
	static const char claim[] = "1 KiB message one way, worker (port)";

	(void)state;
	/* 5–10 µs one way; less without the others, but how much? */
	put_disturbed(id, "latency", "ns", 14e3, 13e3, 15e3);
	decide();
	expect(claim, "7.00 µs [6.50 µs, 7.50 µs] (disturbed)",
	       "cannot tell: disturbed");
	end();
	put_disturbed(id, "latency", "ns", 34e3, 33e3, 35e3);
	decide();
	expect(claim, "17.0 µs [16.5 µs, 17.5 µs] (disturbed)",
	       "cannot tell: disturbed");
	end();
	put_disturbed(id, "latency", "ns", 4e3, 3e3, 5e3);
	decide();
	expect(claim, "2.00 µs [1.50 µs, 2.50 µs] (disturbed)", "differs");
	end();
	/* at most 5 ms */
	put_disturbed("create/pthread/thread/pu/-", "first", "ns", 4e6, 3e6,
		      4.5e6);
	decide();
	expect("first instruction of a worker: pthread",
	       "4.00 ms [3.00 ms, 4.50 ms] (disturbed)", "holds");
	end();
	put_disturbed("create/pthread/thread/pu/-", "first", "ns", 8e6, 7e6,
		      9e6);
	decide();
	expect("first instruction of a worker: pthread", NULL,
	       "cannot tell: disturbed");
	end();
}

/* Beside two hogs two threads did 2.53 × the work of one. */
static void test_disturbed_speedup(void **state)
{
	(void)state;
	put_disturbed("parallel/compute/thread/any/workers=2", "speedup",
		      "ratio", 2.4, 2.3, 2.45);
	rows_put("parallel/compute/process/any/workers=2", "speedup", "ratio",
		 2, 1.9, 2.1);
	decide();
	expect("2 worker threads do the work of",
	       "2.40 [2.30, 2.45] (disturbed)", "cannot tell: disturbed");
	expect("2 child processes do the work of", "2.00 [1.90, 2.10]",
	       "holds");
	/* of a ratio either may be */
	expect("speed-up of 2 threads against 2 processes",
	       "1.20 [1.10, 1.29] × (disturbed)", "cannot tell");
	end();
}

static void test_disturbed_maximum(void **state)
{
	(void)state;
	rows_put("parallel/compute/thread/any/workers=1", "rate", "1/s", 93, 92,
		 94);
	put_disturbed("parallel/compute/thread/any/workers=2", "rate", "1/s",
		      184, 180, 186);
	rows_put("parallel/compute/thread/any/workers=4", "rate", "1/s", 184,
		 180, 186);
	decide();
	expect("threads that are worth it", "2 on 2 PUs (4 tried) (disturbed)",
	       "cannot tell: disturbed");
	end();
}

/* What is yes or no is found out all the same. */
static void test_disturbed_fact(void **state)
{
	(void)state;
	put_disturbed("facts/identity/thread/pu/-", "same_pid", "bool", 1, 1,
		      1);
	decide();
	expect("a worker has the creator's pid", "yes", "holds");
	end();
}

/* A flag's name within another's is none. */
static void test_flags_are_words(void **state)
{
	(void)state;
	rows_flags = "undisturbed;disturbed_not";
	rows_put("create/pthread/thread/pu/-", "first", "ns", 4e6, 3e6, 4.5e6);
	rows_flags = "";
	decide();
	expect("first instruction of a worker: pthread",
	       "4.00 ms [3.00 ms, 4.50 ms]", "holds");
	end();
}

/* The answer's own sentences, too. */
static void test_disturbed_answer(void **state)
{
	char sentence[ANSWER_SENTENCES][ANSWER_SIZE];

	(void)state;
	rows_put("roundtrip/pipe/thread/pu/-", "latency", "ns", 4e3, 3e3, 5e3);
	put_disturbed("roundtrip/pipe/process/pu/-", "latency", "ns", 8e3, 7e3,
		      9e3);
	decide();
	answer_write(&summary, line, lines, sentence);
	assert_string_equal(
		sentence[0],
		"There and back again by pipe takes 4.00 µs [3.00 µs, 5.00 µs] "
		"between threads and 8.00 µs [7.00 µs, 9.00 µs] (disturbed) "
		"between processes where both run on one PU.");
	assert_string_equal(
		sentence[1],
		"A process takes 2.00 [1.40, 3.00] (disturbed) times as long "
		"as a thread on one PU.");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_how_many, rows_begin),
		cmocka_unit_test_setup(test_slope, rows_begin),
		cmocka_unit_test_setup(test_drains, rows_begin),
		cmocka_unit_test_setup(test_divisor_around_zero, rows_begin),
		cmocka_unit_test_setup(test_control, rows_begin),
		cmocka_unit_test_setup(test_disturbed_time, rows_begin),
		cmocka_unit_test_setup(test_disturbed_speedup, rows_begin),
		cmocka_unit_test_setup(test_disturbed_maximum, rows_begin),
		cmocka_unit_test_setup(test_disturbed_fact, rows_begin),
		cmocka_unit_test_setup(test_flags_are_words, rows_begin),
		cmocka_unit_test_setup(test_disturbed_answer, rows_begin),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
