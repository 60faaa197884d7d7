/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are pairs of PUs told from places, in the order of the machine, and printed
 * within 200 columns; and do swept parameters stand by size? */
#include "pairs.h"

#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "made_up_rows.h"
#include "pair_tables.h"
#include "param_order.h"
#include "report.h"
#include "scratch.h"
#include "support.h"

static struct env_file env;
static struct summary summary;

/* PUs in the order of the kernel: siblings are n / 2 apart, packages take
 * turns. */
static void make_machine(int pus)
{
	static char name[256][32], where[256][64];
	static struct env_fact fact[256];

	env = (struct env_file){ fact, (size_t)pus };
	for (int i = 0; i < pus; i++) {
		int core = i % (pus / 2), package = core % 2;

		snprintf(name[i], sizeof(name[i]), "topology.pu.%d", i);
		snprintf(where[i], sizeof(where[i]),
			 "package %d core %d node %d", package,
			 package * pus + core, package);
		fact[i] = (struct env_fact){ name[i], where[i], NULL };
	}
}

/* A row of every pair, but for 1-2, which failed. */
static void put_pairs(int pus, const char *what, const char *metric,
		      const char *unit)
{
	for (int a = 0; a < pus; a++)
		for (int b = 0; b < pus; b++) {
			double value = 1000 * (a + 1) + 10 * b;
			char id[96];

			snprintf(id, sizeof(id), "%s/pu%d-pu%d/-", what, a, b);
			if (a == 1 && b == 2)
				rows_lack(id, metric, "failed", "it broke");
			else if (a != b)
				rows_put(id, metric, unit, value, value - 1,
					 value + 1);
		}
}

static void test_places(void **state)
{
	static const char *const other[] = { "pu",       "pu1",      "pu1-",
					     "pu1-pu",   "pu-pu1",   "pu1-pu2x",
					     "xpu1-pu2", "l3",       "any",
					     "-",        "pu1-core", "l3:p-e" };
	int a = -1, b = -1;

	(void)state;
	assert_true(pairs_is("pu4-pu12", &a, &b));
	assert_int_equal(a, 4);
	assert_int_equal(b, 12);
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		assert_false(pairs_is(other[i], NULL, NULL));
}

static void test_order(void **state)
{
	static const int expected[] = { 0, 4, 2, 6, 1, 5, 3, 7 };
	struct pairs pairs;

	make_machine(8);
	rows_begin(state);
	put_pairs(8, "roundtrip/futex/thread", "latency", "ns");
	rows_put("roundtrip/futex/thread/core/-", "latency", "ns", 5, 4, 6);
	rows_read(&summary);
	pairs_read(&pairs, &summary, &env, "roundtrip", "latency");
	assert_int_equal(pairs.pus, 8);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pairs.pu[i].pu, expected[i]);
	assert_int_equal(pairs.count, 1);
	assert_int_equal(pairs.series[0].pairs, 56);
	assert_int_equal(pairs_near(&pairs.pu[0], &pairs.pu[1]), PAIRS_CORE);
	assert_int_equal(pairs_near(&pairs.pu[0], &pairs.pu[2]), PAIRS_NODE);
	assert_int_equal(pairs_near(&pairs.pu[0], &pairs.pu[4]), PAIRS_MACHINE);
	pairs_free(&pairs);
	/* where nothing is known of them: by number */
	pairs_read(&pairs, &summary, NULL, "roundtrip", "latency");
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pairs.pu[i].pu, (int)i);
	assert_int_equal(pairs_near(&pairs.pu[0], &pairs.pu[1]), PAIRS_UNKNOWN);
	pairs_free(&pairs);
	summary_free(&summary);
}

static size_t columns(const char *line)
{
	size_t n = 0;

	for (; *line && *line != '\n'; line++)
		n += ((unsigned char)*line & 0xc0) != 0x80;
	return n;
}

static char *print(const char *metric)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	pair_tables_print(&summary, &env, "roundtrip", metric, TABLE_MARKDOWN,
			  true, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void expect_narrow(const char *text)
{
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		if (columns(line) > PAIR_TABLES_WIDTH)
			fail_msg("%zu columns: %.300s", columns(line), line);
}

static void test_tables(void **state)
{
	static const int size[] = { 4, 12, 16, 64 };

	for (size_t i = 0; i < 4; i++) {
		char *text;

		make_machine(size[i]);
		rows_begin(state);
		put_pairs(size[i], "roundtrip/futex/thread", "latency", "ns");
		put_pairs(size[i], "roundtrip/futex/thread", "syscalls",
			  "count");
		rows_read(&summary);
		text = print("latency");
		expect_narrow(text);
		if (size[i] <= 16) {
			assert_non_null(strstr(text, "| futex thread |"));
			assert_non_null(strstr(text, "failed"));
			assert_non_null(strstr(text, "rows drive"));
			if (size[i] == 4) /* columns 0, 2, 1, 3 */
				assert_non_null(strstr(
					text, "4.00 µs | 4.02 µs | 4.01 µs |"));
		} else {
			assert_non_null(strstr(text, "64 × 64 are too many"));
			assert_non_null(strstr(text, "charts/matrix.svg"));
			assert_non_null(strstr(text, "one core"));
			assert_non_null(strstr(text, "two packages"));
			assert_non_null(strstr(text, "pu0-pu32"));
		}
		free(text);
		text = print("syscalls");
		expect_narrow(text);
		assert_non_null(strstr(text, "| all "));
		free(text);
		summary_free(&summary);
	}
}

static void test_a_report_of_pairs(void **state)
{
	char *terminal = NULL, *markdown = NULL, *line;
	size_t size;
	FILE *out, *md;

	make_machine(16);
	rows_begin(state);
	put_pairs(16, "roundtrip/pipe/thread", "latency", "ns");
	put_pairs(16, "roundtrip/pipe/process", "latency", "ns");
	rows_put("roundtrip/pipe/thread/core/-", "latency", "ns", 5e3, 4e3,
		 6e3);
	rows_put("roundtrip/pipe/process/core/-", "latency", "ns", 10e3, 9e3,
		 11e3);
	rows_read(&summary);
	out = open_memstream(&terminal, &size);
	md = open_memstream(&markdown, &size);
	report_print(&summary, &env, out, md);
	fclose(out);
	fclose(md);
	expect_narrow(terminal);
	/* the table of places has the place alone, and ratios are of it */
	line = strstr(markdown, "| roundtrip latency |");
	assert_non_null(line);
	line[strcspn(line, "\n")] = '\0';
	assert_non_null(strstr(line, " core |"));
	assert_null(strstr(line, "pu0"));
	line[strlen(line)] = '\n';
	assert_non_null(strstr(markdown, "| roundtrip: process ÷ thread |"));
	assert_null(strstr(markdown, "| roundtrip: process ÷ thread | pu"));
	assert_null(strstr(markdown, "place pu0-pu1"));
	assert_non_null(strstr(markdown, "| pipe thread |"));
	free(terminal);
	free(markdown);
	summary_free(&summary);
}

static void test_params(void **state)
{
	char names[][16] = {
		"size=64KiB", "alone",    "size=1KiB", "size=0",
		"w=pus",      "w=16",     "w=2",       "w=2pus",
		"size=1MiB",  "gap=10ms", "gap=100us", "gap=word"
	};
	static const char *const expected[] = {
		"alone",     "size=0",    "size=1KiB", "size=64KiB",
		"size=1MiB", "w=2",       "w=16",      "w=pus",
		"w=2pus",    "gap=100us", "gap=10ms",  "gap=word"
	};
	enum { COUNT = sizeof(names) / sizeof(*names) };
	char *name[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		name[i] = names[i];
	param_sort(name, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		assert_string_equal(name[i], expected[i]);
}

static void test_columns_by_size(void **state)
{
	static const char *const as_typed[] = { "64KiB", "1KiB", "1MiB",
						"16KiB" };
	char *terminal = NULL, *markdown = NULL, id[64];
	size_t size;
	FILE *out, *md;
	const char *a, *b, *c, *d;

	make_machine(2);
	rows_begin(state);
	for (size_t i = 0; i < 4; i++) {
		snprintf(id, sizeof(id), "message/pipe/thread/pu/size=%s",
			 as_typed[i]);
		rows_put(id, "latency", "ns", 5e3, 4e3, 6e3);
	}
	rows_read(&summary);
	out = open_memstream(&terminal, &size);
	md = open_memstream(&markdown, &size);
	report_print(&summary, &env, out, md);
	fclose(out);
	fclose(md);
	a = strstr(terminal, "size=1KiB");
	b = strstr(terminal, "size=16KiB");
	c = strstr(terminal, "size=64KiB");
	d = strstr(terminal, "size=1MiB");
	assert_true(a && b && c && d && a < b && b < c && c < d);
	free(terminal);
	free(markdown);
	summary_free(&summary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_a_report_of_pairs),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_columns_by_size),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
