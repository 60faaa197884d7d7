/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are copies by account and by time set side by side, and judged rightly? */
#include "copies.h"
#include "scratch.h"

#include <sys/stat.h>

#include "made_up_rows.h"

/* ------------------------------------------------ a run, written by hand */

#define PIPE "message/pipe/process/pu/"
#define SMALL "size=64KiB"
#define LARGE "size=1MiB"

static char *table;
static size_t table_size;

static int end_run(void **state)
{
	(void)state;
	free(table);
	table = NULL;
	return 0;
}

/* No interval where around is NAN. */
static void row(const char *id, const char *metric, double value, double around)
{
	rows_put(id, metric, strcmp(metric, "copies") ? "ns" : "count", value,
		 value - around, value + around);
}

static void row_lacking(const char *id, const char *metric, const char *status)
{
	rows_lack(id, metric, status, "no luck");
}

/* What 1 MiB takes longer than 64 KiB, at so many nanoseconds a byte. */
static double longer(double ns_a_byte)
{
	return ns_a_byte * ((1 << 20) - (64 << 10));
}

/* A read and a write of which a kernel copy is 0.2 ns a byte. */
static void reference(void)
{
	row("share/pread/-/pu/" SMALL, "latency", 5000, 1);
	row("share/pread/-/pu/" LARGE, "latency", 5000 + longer(0.1), 1);
	row("share/pwrite/-/pu/" SMALL, "latency", 9000, 1);
	row("share/pwrite/-/pu/" LARGE, "latency", 9000 + longer(0.3), 1);
}

/* A case of so many copies by account and by time; around: half an interval
 * of either latency, in copies. */
static void measured(const char *id, double account, double time, double around)
{
	char small[SUMMARY_ID], large[SUMMARY_ID];

	snprintf(small, sizeof(small), "%s" SMALL, id);
	snprintf(large, sizeof(large), "%s" LARGE, id);
	row(small, "latency", 400e3, longer(0.2 * around));
	row(large, "latency", 400e3 + longer(0.2 * time), longer(0.2 * around));
	row(small, "copies", account, 0);
	row(large, "copies", account, 0);
}

static const char *print(const char *bench)
{
	struct summary summary;
	FILE *f;

	rows_read(&summary);
	f = open_memstream(&table, &table_size);
	assert_non_null(f);
	copies_print(&summary, bench, f);
	assert_int_equal(fclose(f), 0);
	summary_free(&summary);
	return table;
}

/* The cells of a case's line but for its name; NULL: it has none. */
static const char *line_of(const char *id)
{
	static char line[256];
	char name[SUMMARY_ID];
	const char *at;

	snprintf(name, sizeof(name), "`%s" LARGE "`", id);
	at = strstr(table, name);
	if (!at)
		return NULL;
	at += strlen(name);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

static void expect(const char *id, const char *by_account, const char *by_time,
		   const char *verdict)
{
	const char *line = line_of(id);
	char cells[3][64] = { "", "", "" };

	if (!line)
		fail_msg("no line of %s in:\n%s", id, table);
	if (sscanf(line, " | %63[^|]| %63[^|]| %63[^|]|", cells[0], cells[1],
		   cells[2]) != 3)
		fail_msg("%s: %s", id, line);
	for (int i = 0; i < 3; i++)
		while (*cells[i] && cells[i][strlen(cells[i]) - 1] == ' ')
			cells[i][strlen(cells[i]) - 1] = '\0';
	assert_string_equal(cells[0], by_account);
	assert_string_equal(cells[1], by_time);
	assert_string_equal(cells[2], verdict);
}

/* ---------------------------------------------------------- what is said */

static void test_table(void **state)
{
	(void)state;
	reference();
	measured(PIPE, 2, 2.1, 0.05);
	measured("message/port/thread/l3/", 1, 4, 0.5);
	row("message/free/thread/pu/" SMALL, "latency", 1000, NAN);
	row("message/free/thread/pu/" LARGE, "latency", 1000 + longer(0.2), 1);
	row("message/free/thread/pu/" LARGE, "copies", 1, 0);
	print("message");
	expect(PIPE, "2.00", "2.10 [2.00, 2.20]", "agree");
	expect("message/port/thread/l3/", "1.00", "4.00 [3.00, 5.00]",
	       "disagree");
	/* one interval that is not known leaves none of both */
	expect("message/free/thread/pu/", "1.00", "1.00", "agree");
	/* what the second is held against */
	assert_non_null(strstr(table, "by account"));
	assert_non_null(strstr(table, "by time"));
	assert_non_null(strstr(table, "takes 0.200 ns"));
	/* a table of Markdown stands apart from what is before it */
	assert_int_equal(table[0], '\n');
	assert_int_equal(table[1], '|');
	/* once, of the larger size */
	assert_null(strstr(table, PIPE SMALL));
}

/* A tenth of the copies, and of one where there are fewer. */
static void test_edge(void **state)
{
	static const struct {
		double account, off;
	} edge[] = {
		{ 2, 0.2 }, { 4, 0.4 }, { 1, 0.1 }, { 0.5, 0.1 }, { 0, 0.1 }
	};

	for (size_t i = 0; i < COUNT(edge); i++) {
		double account = edge[i].account, off = edge[i].off;

		if (i)
			rows_begin(state);
		reference();
		measured("message/a/thread/pu/", account, account + off - 0.01,
			 0);
		measured("message/b/thread/pu/", account, account - off + 0.01,
			 0);
		measured("message/c/thread/pu/", account, account + off + 0.01,
			 0);
		measured("message/d/thread/pu/", account, account - off - 0.01,
			 0);
		print("message");
		for (char c = 'a'; c <= 'd'; c++) {
			const char *said = c <= 'b' ? " agree " : " disagree ";
			char id[] = "message/?/thread/pu/";

			id[8] = c;
			assert_non_null(line_of(id));
			if (!strstr(line_of(id), said))
				fail_msg("%s, not%s", line_of(id), said);
		}
	}
}

static void test_zero_copies(void **state)
{
	(void)state;
	reference();
	measured("message/ref/thread/pu/", 0, 0.004, 0.001);
	print("message");
	expect("message/ref/thread/pu/", "0.00", "0.00 [0.00, 0.01]", "agree");
}

/* --------------------------------------------------------- what is missing */

static void expect_nothing(const char *bench)
{
	print(bench);
	assert_string_equal(table, "");
}

static void test_no_reference(void **state)
{
	(void)state;
	measured(PIPE, 2, 2, 0.01);
	expect_nothing("message");
}

/* Each of the four is needed, and measured. */
static void test_half_a_reference(void **state)
{
	static const char *const id[] = { "share/pread/-/pu/" SMALL,
					  "share/pread/-/pu/" LARGE,
					  "share/pwrite/-/pu/" SMALL,
					  "share/pwrite/-/pu/" LARGE };

	for (size_t i = 0; i < 2 * COUNT(id); i++) {
		if (i)
			rows_begin(state);
		for (size_t k = 0; k < COUNT(id); k++)
			if (k != i / 2)
				row(id[k], "latency", 5000 + 1e5 * (double)k,
				    1);
			else if (i % 2)
				row_lacking(id[k], "latency", "failed");
		measured(PIPE, 2, 2, 0.01);
		expect_nothing("message");
	}
}

static void test_another_bench(void **state)
{
	(void)state;
	reference();
	measured(PIPE, 2, 2, 0.01);
	expect_nothing("streaming");
}

/* A row that lacks something is left out, and the others stay. */
static void test_rows_left_out(void **state)
{
	(void)state;
	reference();
	row("message/a/thread/pu/" LARGE, "latency", 9e5, 1);
	row("message/a/thread/pu/" LARGE, "copies", 2, 0);
	row_lacking("message/b/thread/pu/" SMALL, "latency", "timeout");
	row("message/b/thread/pu/" LARGE, "latency", 9e5, 1);
	row("message/b/thread/pu/" LARGE, "copies", 2, 0);
	row("message/c/thread/pu/" SMALL, "latency", 4e5, 1);
	row("message/c/thread/pu/" LARGE, "latency", 9e5, 1);
	row_lacking("message/c/thread/pu/" LARGE, "copies", "denied");
	row("message/d/thread/pu/" SMALL, "latency", 4e5, 1);
	row("message/d/thread/pu/" LARGE, "latency", 9e5, 1);
	row("message/d/thread/pu/" SMALL, "copies", 2, 0);
	row("message/e/thread/pu/" SMALL, "latency", 4e5, 1);
	row_lacking("message/e/thread/pu/" LARGE, "latency", "failed");
	row("message/e/thread/pu/" LARGE, "copies", 2, 0);
	/* nobody it is handed to */
	measured("message/alone/-/pu/", 1, 1, 0.01);
	measured(PIPE, 2, 2, 0.01);
	print("message");
	expect(PIPE, "2.00", "2.00 [1.98, 2.02]", "agree");
	for (char c = 'a'; c <= 'e'; c++) {
		char id[] = "message/?/thread/pu/";

		id[8] = c;
		if (line_of(id))
			fail_msg("%s: %s", id, line_of(id));
	}
	assert_null(line_of("message/alone/-/pu/"));
}

/* The reference itself is no row of its bench. */
static void test_reference_left_out(void **state)
{
	(void)state;
	reference();
	row("share/pread/-/pu/" LARGE, "copies", 1, 0);
	row("share/pwrite/-/pu/" LARGE, "copies", 1, 0);
	expect_nothing("share");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rows_begin, end_run)
	const struct CMUnitTest tests[] = {
		TEST(test_table),
		TEST(test_edge),
		TEST(test_zero_copies),
		TEST(test_no_reference),
		TEST(test_half_a_reference),
		TEST(test_another_bench),
		TEST(test_rows_left_out),
		TEST(test_reference_left_out),
	};

	return cmocka_run_group_tests_name("copies", tests, scratch_enter,
					   scratch_leave);
}
