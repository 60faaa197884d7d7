/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are counts without an interval called different only where they are known? */
#include "compare.h"
#include "scratch.h"

#include "made_up_run.h"

#define SPEEDUP "parallel,compute,thread,any,workers=2,speedup,ratio"
#define SAME_PID "facts,identity,thread,pu,-,same_pid,bool"
#define TRIES "litmus,sb_plain,thread,l3,-,tries,count"

/* Three invocations, which are too few for an interval. */
static void make_run(const char *dir, const double speedup[3], double same_pid,
		     double tries)
{
	struct made_up m = made_up_begin(dir, dir, "r");
	const double facts[] = { same_pid, same_pid, same_pid };

	made_up_values(&m, SPEEDUP, "exact", speedup, 3);
	made_up_values(&m, SAME_PID, "exact", facts, 3);
	/* a sum over all invocations */
	fprintf(m.summary, "1,%s,r," TRIES ",ok,,2,2,%.10g,,,,,,,,,exact,\n",
		dir, tries);
	for (int i = 0; i < 2; i++)
		fprintf(m.invocations, TRIES ",%.10g\n", tries / 2);
	made_up_end(&m);
}

static struct comparison c;

static void expect(const char *metric, enum compare_verdict verdict)
{
	for (size_t i = 0; i < c.pairings; i++)
		if (!strcmp(c.pairing[i].row->row->metric, metric)) {
			assert_string_equal(
				compare_verdict_name(c.pairing[i].verdict),
				compare_verdict_name(verdict));
			return;
		}
	fail_msg("no %s", metric);
}

static void test_without_interval(void **state)
{
	static const double some[] = { 1.80, 1.90, 1.95 };
	static const double others[] = { 1.85, 1.95, 2.00 };
	static const double all_alike[] = { 1, 1, 1 };
	char *const path[] = { (char *)"a", (char *)"b" };
	const struct compare_options options = { .paths = path,
						 .path_count = 2,
						 .threshold = 0.02 };

	(void)state;
	make_run("a", some, 0, 1000);
	make_run("b", others, 1, 2000);
	compare_make(&c, &options);
	expect("speedup", COMPARE_INCONCLUSIVE);
	expect("same_pid", COMPARE_DIFFERS);
	expect("tries", COMPARE_DIFFERS);
	compare_free(&c);

	make_run("a", some, 1, 1000);
	make_run("b", all_alike, 1, 1000);
	compare_make(&c, &options);
	expect("speedup", COMPARE_INCONCLUSIVE);
	expect("same_pid", COMPARE_SAME);
	expect("tries", COMPARE_SAME);
	compare_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_interval),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
