/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers under names, and texts that are kept once, however many. */
#include "lookup.h"

#include <stdio.h>
#include <string.h>

#include "support.h"

static void test_one_address(void **state)
{
	struct lookup l = { 0 };
	char text[] = "pipe";
	const char *first = lookup_text(&l, text);

	(void)state;
	assert_ptr_not_equal(first, text);
	text[0] = 'w';
	assert_string_equal(first, "pipe");
	assert_ptr_equal(lookup_text(&l, "pipe"), first);
	assert_ptr_not_equal(lookup_text(&l, "wipe"), first);
	assert_string_equal(lookup_text(&l, ""), "");
	assert_int_equal(l.used, 3);
	lookup_free(&l);
	assert_int_equal(l.used, 0);
}

/* "ab" "c" is not "a" "bc". */
static void test_names_of_two_parts(void **state)
{
	struct lookup l = { 0 };

	(void)state;
	assert_int_equal(lookup_find(&l, "ab", "c"), LOOKUP_NONE);
	assert_int_equal(lookup_add(&l, "ab", "c", 1), 1);
	assert_int_equal(lookup_add(&l, "a", "bc", 2), 2);
	assert_int_equal(lookup_add(&l, "ab", "c", 3), 1);
	assert_int_equal(lookup_find(&l, "a", "bc"), 2);
	assert_int_equal(lookup_find(&l, "abc", ""), LOOKUP_NONE);
	lookup_free(&l);
}

/* They keep their places while the table grows. */
static void test_many(void **state)
{
	enum { MANY = 20000 };
	static const char *at[MANY];
	struct lookup l = { 0 };
	char text[32];

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "size=%zu", i);
		at[i] = lookup_text(&l, text);
		assert_int_equal(lookup_add(&l, text, "latency", i), i);
	}
	assert_int_equal(l.used, 2 * MANY);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "size=%zu", i);
		assert_ptr_equal(lookup_text(&l, text), at[i]);
		assert_string_equal(at[i], text);
		assert_int_equal(lookup_find(&l, text, "latency"), i);
	}
	lookup_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_address),
		cmocka_unit_test(test_names_of_two_parts),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
