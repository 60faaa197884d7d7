/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is the name that was meant found for one that was mistyped? */
#include "nearest.h"

#include "support.h"

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(nearest_distance("", ""), 0);
	assert_int_equal(nearest_distance("run", "run"), 0);
	assert_int_equal(nearest_distance("runn", "run"), 1);
	assert_int_equal(nearest_distance("run", ""), 3);
	assert_int_equal(nearest_distance("", "run"), 3);
	assert_int_equal(nearest_distance("kitten", "sitting"), 3);
	assert_int_equal(nearest_distance("saturday", "sunday"), 3);
}

static void test_name(void **state)
{
	static const char *const name[] = { "list",    "run",    "compare",
					    "report",  "doctor", "selftest",
					    "version", "help" };
	static const struct {
		const char *word, *meant;
	} row[] = {
		{ "runn", "run" },
		{ "rnu", "run" },
		{ "lsit", "list" },
		{ "reprot", "report" },
		{ "comp", "compare" },
		{ "cmopare", "compare" },
		{ "selfcheck", "selftest" },
		{ "halp", "help" },
		{ "v", "version" },
		{ "frobnicate", NULL },
		{ "", NULL },
		{ "x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		const char *found = nearest_name(row[i].word, name,
						 sizeof(name) / sizeof(*name));

		if (found != row[i].meant &&
		    (!found || !row[i].meant || strcmp(found, row[i].meant)))
			fail_msg("'%s': %s, not %s", row[i].word,
				 found ? found : "none",
				 row[i].meant ? row[i].meant : "none");
	}
	assert_null(nearest_name("run", name, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
