/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does what goes wrong outside of a case leave alone what the case has
 * measured? */
#include "runner.h"
#include "scratch.h"

#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>

#include "invocation.h"
#include "summary.h"
#include "support.h"

/* ---------------------------------------------- processes that do not start */

static bool (*refuses)(unsigned launch); /* NULL: none */
static int refusal;
static unsigned launches;

/* In place of libc's for what is linked here. */
int posix_spawn(pid_t *pid, const char *path,
		const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attr, char *const argv[],
		char *const envp[])
{
	__typeof__(posix_spawn) *spawn;

	if (refuses && refuses(launches++))
		return refusal;
	*(void **)&spawn = dlsym(RTLD_NEXT, "posix_spawn");
	return spawn(pid, path, actions, attr, argv, envp);
}

/* ------------------------------------------------------------------- a run */

enum { INVOCATIONS = 4 };

/* A short run into dir, in a process of its own: its exit code. */
static int run(const char *dir)
{
	char *patterns[] = { (char *)(uintptr_t) "getppid" };
	const struct run_options options = {
		.filter = { .patterns = patterns, .pattern_count = 1 },
		.dir = dir,
		.budget_s = 30,
		.invocations = INVOCATIONS,
		.seed = 1,
		.no_counts = 1,
	};
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		char used[PATH_MAX];

		_exit(runner_run(&options, used));
	}
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void read_run(struct summary *summary, const char *dir,
		     const struct summary_row **row)
{
	char err[512];

	if (summary_read(summary, dir, err, sizeof(err)))
		fail_msg("%s", err);
	*row = summary_find(summary, "getppid/-/-/-/-", "latency");
	assert_non_null(*row);
}

/* ------------------------------------------------------------------- tests */

static bool twice_of_three(unsigned launch)
{
	return launch % 3 != 2;
}

/* The system is short of processes for a moment. */
static void test_a_moment(void **state)
{
	struct summary summary;
	const struct summary_row *row;

	(void)state;
	refuses = twice_of_three;
	refusal = EAGAIN;
	assert_int_equal(run("moment"), EXIT_DONE);
	refuses = NULL;
	read_run(&summary, "moment", &row);
	assert_string_equal(row->status, "ok");
	assert_true(row->invocations == INVOCATIONS);
	summary_free(&summary);
}

static bool after_two(unsigned launch)
{
	return launch >= 2;
}

/* The program is gone, say: what was measured before counts. */
static void test_for_good(void **state)
{
	struct summary summary;
	const struct summary_row *row;

	(void)state;
	refuses = after_two;
	refusal = ENOENT;
	assert_int_equal(run("gone"), EXIT_DONE);
	refuses = NULL;
	read_run(&summary, "gone", &row);
	assert_string_equal(row->status, "ok");
	assert_true(row->invocations == 2);
	summary_free(&summary);
}

static bool always(unsigned launch)
{
	(void)launch;
	return true;
}

/* A case that never could be started failed, and says why. */
static void test_never(void **state)
{
	struct summary summary;
	const struct summary_row *row;

	(void)state;
	refuses = always;
	refusal = EACCES;
	assert_int_equal(run("never"), EXIT_CASE_FAILED);
	refuses = NULL;
	read_run(&summary, "never", &row);
	assert_string_equal(row->status, "failed");
	assert_non_null(strstr(row->reason, "Permission denied"));
	summary_free(&summary);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_moment),
		cmocka_unit_test(test_for_good),
		cmocka_unit_test(test_never),
	};

	/* the runner starts the program that it is */
	if (argc == 3 && !strcmp(argv[1], INVOCATION_ARGUMENT))
		return invocation_main(atoi(argv[2]));
	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
