/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many rows a run will have, against what is read back. */
#include "support.h"

#include "row_check.h"
#include "row_count.h"
#include "summary.h"

static const struct metric three[] = {
	{ "a", "ns" }, { "b", "ns" }, { "c", "ns" }, { NULL }
};
static const struct variant plain = { "spin" };
static const struct bench pairs = { .name = "roundtrip",
				    .counts = COUNT_SYSCALLS | COUNT_SWITCHES |
					      COUNT_CPU_TIME | COUNT_NAMES };
static const struct bench timed_only = { .name = "fence", .metrics = three };

static struct test_case *many(const struct bench *bench, size_t count)
{
	struct test_case *cases = calloc(count, sizeof(*cases));

	assert_non_null(cases);
	for (size_t i = 0; i < count; i++) {
		cases[i].bench = bench;
		cases[i].variant = &plain;
	}
	return cases;
}

static void rows_of_a_case(void **state)
{
	struct row_count_options options = { .invocations = 10,
					     .arms = 1,
					     .budget_s = 60 };
	struct test_case *one = many(&pairs, 1);
	struct row_count rows = row_count(one, 1, &options);

	(void)state;
	/* latency, three counts, two names */
	assert_true(rows.summary == 6);
	assert_true(rows.invocations == 10 + 2 * 3 + 2);
	options.no_counts = true;
	rows = row_count(one, 1, &options);
	/* three counts and the names are absent */
	assert_true(rows.summary == 5);
	assert_true(rows.invocations == 10);
	one->bench = &timed_only;
	options.arms = 2;
	rows = row_count(one, 1, &options);
	assert_true(rows.summary == 3);
	assert_true(rows.invocations == 60);
	one->status = STATUS_ABSENT;
	rows = row_count(one, 1, &options);
	assert_true(rows.summary == 1);
	assert_true(rows.invocations == 0);
	free(one);
}

/* All pairs of 192 PUs, spin, both peers: 293 376 rows, which can be read. */
static void all_pairs_of_192_pus(void **state)
{
	struct row_count_options options = { .invocations = 10,
					     .arms = 1,
					     .budget_s = 7200 };
	size_t count = 192 * 191 * 2;
	struct test_case *cases = many(&pairs, count);
	char err[512];

	(void)state;
	assert_true(row_count(cases, count, &options).summary >= 293376);
	assert_int_equal(
		row_count_check(cases, count, &options, err, sizeof(err)), 0);
	free(cases);
}

static void too_many_rows(void **state)
{
	struct row_count_options options = { .invocations = 10,
					     .arms = 1,
					     .budget_s = 1e6 };
	struct test_case *cases = many(&pairs, SUMMARY_ROWS_MAX / 5);
	char err[512] = "";

	(void)state;
	assert_int_equal(row_count_check(cases, SUMMARY_ROWS_MAX / 5, &options,
					 err, sizeof(err)),
			 -1);
	assert_non_null(strstr(err, "100000 cases make about 600000 rows"));
	assert_non_null(strstr(err, "--places"));
	options.invocations = INVOCATION_ROWS_MAX;
	assert_int_equal(row_count_check(cases, 1, &options, err, sizeof(err)),
			 -1);
	assert_non_null(strstr(err, "of invocations.csv"));
	/* as many as will not be measured within the budget do not count */
	options.budget_s = 3600;
	assert_int_equal(row_count_check(cases, 1, &options, err, sizeof(err)),
			 0);
	free(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_a_case),
		cmocka_unit_test(all_pairs_of_192_pus),
		cmocka_unit_test(too_many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
