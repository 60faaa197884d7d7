/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strings that are kept once: one address for each text, however many. */
#include "intern.h"

#include <stdio.h>
#include <string.h>

#include "support.h"

static void test_one_address(void **state)
{
	struct intern in = { 0 };
	char text[] = "pipe";
	bool is_new = false;
	const char *first = intern(&in, text, &is_new);

	(void)state;
	assert_true(is_new);
	assert_ptr_not_equal(first, text);
	text[0] = 'w';
	assert_string_equal(first, "pipe");
	assert_ptr_equal(intern(&in, "pipe", &is_new), first);
	assert_false(is_new);
	assert_ptr_not_equal(intern(&in, "wipe", NULL), first);
	assert_string_equal(intern(&in, "", NULL), "");
	assert_int_equal(in.used, 3);
	intern_free(&in);
	assert_int_equal(in.used, 0);
}

/* They keep their places while the table grows. */
static void test_many(void **state)
{
	enum { MANY = 20000 };
	static const char *at[MANY];
	struct intern in = { 0 };
	char text[32];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "size=%d", i);
		at[i] = intern(&in, text, NULL);
		assert_non_null(at[i]);
	}
	assert_int_equal(in.used, MANY);
	for (int i = 0; i < MANY; i++) {
		bool is_new = true;

		snprintf(text, sizeof(text), "size=%d", i);
		assert_ptr_equal(intern(&in, text, &is_new), at[i]);
		assert_false(is_new);
		assert_string_equal(at[i], text);
	}
	intern_free(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_address),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
