/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the table of litmus tests say what so many tries can tell, and no more?
 */
#include "litmus_table.h"
#include "scratch.h"

#include <sys/stat.h>

#include "made_up_rows.h"

static char *table;
static size_t table_size;

static int end_run(void **state)
{
	(void)state;
	free(table);
	table = NULL;
	return 0;
}

/* Without an interval where low is NAN. */
static void row(const char *id, const char *metric, double value, double low,
		double high)
{
	rows_put(id, metric, "count", value, low, high);
}

static void lacking(const char *id, const char *status, const char *reason)
{
	rows_lack(id, "tries", status, reason);
}

static void counted(const char *id, double tries, double weak, double control,
		    bool forbidden)
{
	row(id, "tries", tries, NAN, NAN);
	row(id, "weak", weak, NAN, NAN);
	row(id, "control", control, NAN, NAN);
	row(id, "control_tries", tries / 4, NAN, NAN);
	row(id, "forbidden", forbidden, forbidden, forbidden);
}

static const char *print(const char *bench)
{
	struct summary summary;
	FILE *f;

	rows_read(&summary);
	f = open_memstream(&table, &table_size);
	assert_non_null(f);
	litmus_print(&summary, bench, f);
	assert_int_equal(fclose(f), 0);
	summary_free(&summary);
	return table;
}

/* A case's cells: tries, seen, rate, control, verdict. */
static void expect(const char *id, const char *const cells[5])
{
	char name[SUMMARY_ID];
	const char *at;

	snprintf(name, sizeof(name), "`%s`", id);
	at = strstr(table, name);
	if (!at)
		fail_msg("no line of %s in:\n%s", id, table);
	at = strchr(at, '|');
	for (int i = 0; i < 5; i++) {
		char cell[256];
		const char *from = at + 1 + strspn(at + 1, " ");
		size_t length = strcspn(from, "|\n");

		at = from + length;
		while (length && from[length - 1] == ' ')
			length--;
		snprintf(cell, sizeof(cell), "%.*s", (int)length, from);
		if (strcmp(cell, cells[i]))
			fail_msg("%s: '%s', not '%s', in:\n%s", id, cell,
				 cells[i], table);
	}
}

#define EXPECT(id, ...) expect(id, (const char *const[5]){ __VA_ARGS__ })

static void test_verdicts(void **state)
{
	(void)state;
	counted("litmus/sb_plain/thread/l3/-", 1000, 100, 25, false);
	counted("litmus/sb_mfence/thread/l3/-", 1e7, 0, 250000, true);
	counted("litmus/lb_dmb_ishst/thread/l3/-", 3e6, 0, 75, false);
	counted("litmus/mp_compiler/thread/l3/-", 1000, 0, 0, true);
	counted("litmus/sb_lfence/thread/l3/-", 1000, 0, 0, false);
	/* never measured so: it would have failed */
	counted("litmus/lb_xchg/thread/l3/-", 1000, 1, 25, true);
	print("litmus");
	EXPECT("litmus/sb_plain/thread/l3/-", "1000", "100", "10.00 %",
	       "10.00 %", "allowed: seen");
	EXPECT("litmus/sb_mfence/thread/l3/-", "10000000", "0", "< 0.3 ppm",
	       "10.00 %", "forbidden: not seen");
	EXPECT("litmus/lb_dmb_ishst/thread/l3/-", "3000000", "0", "< 1 ppm",
	       "100 ppm", "allowed: not seen");
	EXPECT("litmus/mp_compiler/thread/l3/-", "1000", "0", "< 0.30 %",
	       "0.00 %", "cannot tell: the control shows nothing");
	EXPECT("litmus/sb_lfence/thread/l3/-", "1000", "0", "< 0.30 %",
	       "0.00 %", "cannot tell: the control shows nothing");
	EXPECT("litmus/lb_xchg/thread/l3/-", "1000", "1", "0.10 %", "10.00 %",
	       "forbidden: seen");
	/* a table of Markdown stands apart from what is before it */
	assert_int_equal(table[0], '\n');
	assert_int_equal(table[1], '|');
}

/* Parties that never run at once need no control. */
static void test_one_pu(void **state)
{
	(void)state;
	counted("litmus/sb_xchg/thread/pu/-", 1000, 0, 0, true);
	counted("litmus/mp_plain/process/pu/-", 1000, 1, 0, false);
	print("litmus");
	EXPECT("litmus/sb_xchg/thread/pu/-", "1000", "0", "< 0.30 %", "0.00 %",
	       "one PU: not seen");
	EXPECT("litmus/mp_plain/process/pu/-", "1000", "1", "0.10 %", "0.00 %",
	       "one PU: seen, the compiler's doing");
}

static void test_rate_with_interval(void **state)
{
	(void)state;
	counted("litmus/sb_sfence/thread/l3/-", 1e6, 85000, 25, false);
	row("litmus/sb_sfence/thread/l3/-", "rate", 85000, 80000, 90000);
	counted("litmus/sb_lfence/thread/l3/-", 1e6, 900, 25, false);
	row("litmus/sb_lfence/thread/l3/-", "rate", 900, NAN, NAN);
	print("litmus");
	EXPECT("litmus/sb_sfence/thread/l3/-", "1000000", "85000",
	       "8.50 % [8.00 %, 9.00 %]", "100 ppm", "allowed: seen");
	EXPECT("litmus/sb_lfence/thread/l3/-", "1000000", "900", "900 ppm",
	       "100 ppm", "allowed: seen");
}

/* What failed is said with its reason; what the machine lacks, elsewhere. */
static void test_failed(void **state)
{
	(void)state;
	counted("litmus/sb_plain/thread/l3/-", 1000, 100, 25, false);
	lacking("litmus/mp_mfence/thread/l3/-", "failed",
		"outcome 10 is forbidden");
	lacking("litmus/sb_mfence/thread/l2/-", "absent", "no L2");
	print("litmus");
	EXPECT("litmus/mp_mfence/thread/l3/-", "-", "-", "-", "-",
	       "**failed**: outcome 10 is forbidden");
	assert_null(strstr(table, "/l2/"));
}

static void test_nothing(void **state)
{
	(void)state;
	counted("litmus/sb_plain/thread/l3/-", 1000, 100, 25, false);
	lacking("other/sb_plain/thread/l3/-", "absent", "no luck");
	assert_string_equal(print("other"), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rows_begin, end_run)
	const struct CMUnitTest tests[] = {
		TEST(test_verdicts),
		TEST(test_one_pu),
		TEST(test_rate_with_interval),
		TEST(test_failed),
		TEST(test_nothing),
	};

	return cmocka_run_group_tests_name("litmus_table", tests, scratch_enter,
					   scratch_leave);
}
