/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is it noticed when the PUs that a process may use change? */
#include "allowed.h"

#include "support.h"

static void put(struct allowed *a, int pu)
{
	CPU_SET_S((size_t)pu, sizeof(a->set), a->set);
	a->count++;
}

static void test_list(void **state)
{
	static struct allowed a;
	char text[64], cut[5];

	(void)state;
	assert_string_equal(allowed_list(&a, text, sizeof(text)), "");
	put(&a, 0);
	put(&a, 1);
	put(&a, 2);
	put(&a, 8);
	put(&a, ALLOWED_PUS - 2);
	put(&a, ALLOWED_PUS - 1);
	assert_string_equal(allowed_list(&a, text, sizeof(text)),
			    "0-2,8,8190-8191");
	assert_string_equal(allowed_list(&a, cut, sizeof(cut)), "0-2,");
}

static void test_differ(void **state)
{
	static struct allowed a, b, unknown;

	(void)state;
	put(&a, 3);
	put(&b, 3);
	assert_false(allowed_differ(&a, &b));
	put(&b, 2000);
	assert_true(allowed_differ(&a, &b));
	assert_true(allowed_differ(&b, &a));
	assert_false(allowed_differ(&a, &unknown));
	assert_false(allowed_differ(&unknown, &b));
}

static void test_taken_away(void **state)
{
	static struct allowed before, after, back;
	cpu_set_t one;
	int pu = 0;

	(void)state;
	assert_int_equal(allowed_read(&before), 0);
	assert_true(before.count > 0);
	if (before.count < 2)
		skip_because("one PU only");
	while (!CPU_ISSET_S((size_t)pu, sizeof(before.set), before.set))
		pu++;
	CPU_ZERO(&one);
	CPU_SET(pu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(allowed_read(&after), 0);
	assert_int_equal(after.count, 1);
	assert_true(allowed_differ(&before, &after));
	sched_setaffinity(0, sizeof(before.set), before.set);
	assert_int_equal(allowed_read(&back), 0);
	assert_false(allowed_differ(&before, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_differ),
		cmocka_unit_test(test_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
