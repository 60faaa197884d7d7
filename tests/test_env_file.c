/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is env.csv read as it was written, and what no run writes refused with the
 * line at fault? */
#include "env_file.h"

#include "scratch.h"
#include "support.h"

#define HEADER "name,value,source\n"

static char err[512];
static struct env_file env;

static void write_text(const char *text)
{
	FILE *f = fopen("env.csv", "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int start_afresh(void **state)
{
	(void)state;
	unlink("env.csv");
	return 0;
}

static void refuse_what_is_there(const char *where)
{
	err[0] = '\0';
	assert_int_equal(env_file_read(&env, ".", err, sizeof(err)), -1);
	if (strncmp(err, where, strlen(where)) != 0)
		fail_msg("\"%s\" is not \"%s …\"", err, where);
	assert_null(strchr(err, '\n'));
	assert_null(env.fact);
	assert_int_equal(env.count, 0);
}

static void refuse(const char *text, const char *where)
{
	write_text(text);
	refuse_what_is_there(where);
}

static void test_facts(void **state)
{
	(void)state;
	write_text(HEADER "cpu.model,\"Xeon, a\",/proc/cpuinfo\n"
			  "smt,,/sys: absent\n");
	assert_int_equal(env_file_read(&env, ".", err, sizeof(err)), 0);
	assert_int_equal(env.count, 2);
	assert_string_equal(env_file_value(&env, "cpu.model"), "Xeon, a");
	assert_true(env_file_has(&env, "smt"));
	assert_null(env_file_value(&env, "smt"));
	assert_false(env_file_has(&env, "cpu"));
	env_file_free(&env);
}

/* A run may have none; a link that leads nowhere is not none. */
static void test_absent(void **state)
{
	(void)state;
	assert_int_equal(env_file_read(&env, ".", err, sizeof(err)), 0);
	assert_int_equal(env.count, 0);
	assert_int_equal(symlink("env.csv", "env.csv"), 0);
	refuse_what_is_there("./env.csv:1: cannot open: ");
}

static void test_refusals(void **state)
{
	(void)state;
	refuse("name,source\n", "./env.csv:1: no column 'value'");
	refuse(HEADER "a,1,x\nb,2,x\na,1,x\n",
	       "./env.csv:4: 'a' is given on line 2 already; ");
	refuse(HEADER "a,1,x\nb,2,/proc/cpui",
	       "./env.csv:3: the last line has no end");
	refuse("name,value,source", "./env.csv:1: the last line has no end");
	refuse(HEADER "a,1,x\nb,2\n", "./env.csv:3: 2 fields");
}

static void test_too_many(void **state)
{
	FILE *f = fopen("env.csv", "w");

	(void)state;
	assert_non_null(f);
	fputs(HEADER, f);
	for (int i = 0; i <= ENV_FACTS_MAX; i++)
		fprintf(f, "fact.%d,1,x\n", i);
	assert_int_equal(fclose(f), 0);
	refuse_what_is_there("./env.csv:20002: more than 20000 facts");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_facts, start_afresh),
		cmocka_unit_test_setup(test_absent, start_afresh),
		cmocka_unit_test_setup(test_refusals, start_afresh),
		cmocka_unit_test_setup(test_too_many, start_afresh),
	};

	end_if_it_hangs();
	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
