/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are a fence's five figures the right differences, with what both intervals
 * allow, and is what is missing left out? */
#include "fence_curve.h"
#include "scratch.h"

#include "made_up_rows.h"

static void row(const char *variant, int outstanding, double value,
		double around)
{
	char id[SUMMARY_ID];

	snprintf(id, sizeof(id), "fence/%s/-/-/outstanding=%d", variant,
		 outstanding);
	rows_put(id, "latency", "ns", value, value - around, value + around);
}

static void absent(const char *variant, int outstanding)
{
	char id[SUMMARY_ID];

	snprintf(id, sizeof(id), "fence/%s/-/-/outstanding=%d", variant,
		 outstanding);
	rows_lack(id, "latency", "absent", "no luck");
}

static void assert_figure(struct fence_figure f, double value, double low,
			  double high)
{
	assert_float_equal(f.value, value, 1e-9);
	assert_float_equal(f.ci.low, low, 1e-9);
	assert_float_equal(f.ci.high, high, 1e-9);
}

static void test_figures(void **state)
{
	struct fence_curve c;
	struct summary s;

	(void)state;
	rows_begin(NULL);
	row("mov", 0, 1, 0);
	row("xchg", 0, 5, 1);
	row("xchg", 1, 105, 2);
	row("xchg", 8, 175, 5);
	row("xchg", 32, 199, 7);
	rows_read(&s);
	c = fence_curve_of(&s, &s.row[1]);
	assert_figure(c.none, 5, 4, 6);
	assert_figure(c.step, 100, 97, 103);
	assert_figure(c.early, 10, 9, 11);
	assert_figure(c.late, 1, 0.5, 1.5);
	assert_figure(c.whole, 194, 186, 202);
	summary_free(&s);
}

static void test_missing(void **state)
{
	struct fence_curve c;
	struct summary s;

	(void)state;
	rows_begin(NULL);
	row("xchg", 0, 5, 1);
	row("xchg", 1, 105, NAN);
	absent("xchg", 8);
	row("xchg", 32, 199, 7);
	rows_read(&s);
	c = fence_curve_of(&s, &s.row[0]);
	assert_figure(c.none, 5, 4, 6);
	assert_float_equal(c.step.value, 100, 1e-9);
	assert_true(isnan(c.step.ci.low));
	assert_true(isnan(c.step.ci.high));
	assert_true(isnan(c.early.value));
	assert_true(isnan(c.late.value));
	summary_free(&s);
}

static char *print(struct summary *s)
{
	static char *text;
	size_t size;
	FILE *f;

	free(text);
	f = open_memstream(&text, &size);
	assert_non_null(f);
	fence_curve_print(s, f);
	assert_int_equal(fclose(f), 0);
	summary_free(s);
	return text;
}

static void test_table(void **state)
{
	struct summary s;
	const char *text;

	(void)state;
	rows_begin(NULL);
	row("xchg", 0, 5, 1);
	row("xchg", 1, 105, 2);
	row("xchg_l1", 0, 5, NAN);
	row("xchg_l1", 1, 4, NAN);
	row("mfence", 0, 40, 2);
	row("mfence", 32, 140, 2);
	row("lock_add", 0, 7, 1.5);
	absent("gone", 0);
	row("gone", 1, 5, 1);
	rows_read(&s);
	text = print(&s);
	assert_int_equal(text[0], '\n');
	assert_non_null(strstr(text, "`xchg`"));
	assert_non_null(strstr(text, "100.00 [97.00, 103.00]"));
	assert_non_null(strstr(text, "`xchg_l1`"));
	assert_non_null(strstr(text, "-1.00"));
	/* the plain names alone; 5 ± 1 and 7 ± 1.5 cannot be told apart, and
	 * one is no order */
	assert_non_null(strstr(text, "with none outstanding: "));
	assert_non_null(strstr(text, "`xchg` 5.00 ≈ `lock_add` 7.00 < `mfence` "
				     "40.00 (ns"));
	assert_null(strstr(text, "with 32"));
	assert_null(strstr(text, "gone"));
	assert_null(strstr(text, "nan"));
	rows_begin(NULL);
	row("lonely", 0, 5, 1);
	rows_read(&s);
	assert_string_equal(print(&s), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests_name("fence_curve", tests, scratch_enter,
					   scratch_leave);
}
