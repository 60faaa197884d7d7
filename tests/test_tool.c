/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do outside programs get what they need and nothing else, and does none cost
 * more than its deadline, its limit or our end? */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"
#include "scratch.h"
#include "support.h"

static struct tool tool;

/* What a shell does with a script. */
static void run(const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	tool_free(&tool);
	tool = (struct tool){ .argv = argv };
	tool_run(&tool, 1);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Whether a process is there and no zombie. */
static bool lives(int pid)
{
	char path[64], line[256] = "", *state;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	in = fopen(path, "r");
	if (!in)
		return false;
	if (!fgets(line, sizeof(line), in))
		line[0] = '\0';
	fclose(in);
	state = strrchr(line, ')');
	return state && state[2] != 'Z' && state[2] != 'X';
}

static bool ends_soon(int pid)
{
	for (int i = 0; i < 300; i++) {
		if (!lives(pid))
			return true;
		usleep(100000);
	}
	return false;
}

static int number_in(const char *path)
{
	char text[32] = "";
	FILE *in = fopen(path, "r");

	if (in && !fgets(text, sizeof(text), in))
		text[0] = '\0';
	if (in)
		fclose(in);
	return atoi(text);
}

static void test_output(void **state)
{
	(void)state;
	run("printf 'a\\0b'; echo said >&2");
	assert_int_equal(tool.state, TOOL_DONE);
	assert_int_equal(tool.size, 3);
	assert_memory_equal(tool.output, "a\0b", 4);
	assert_string_equal(tool.said, "said");
	run("cat"); /* there is nothing to read */
	assert_int_equal(tool.state, TOOL_DONE);
	assert_int_equal(tool.size, 0);
}

static void test_files(void **state)
{
	static const char *const argv[] = { "cat", "/proc/self/fd/3",
					    "/proc/self/fd/4", NULL };
	FILE *out = fopen("one", "w+");
	int fd[2];

	(void)state;
	assert_non_null(out);
	fputs("one", out);
	fflush(out); /* its offset is at the end: the program begins anew */
	fd[0] = fileno(out);
	fd[1] = open("one", O_RDONLY | O_CLOEXEC);
	assert_true(fd[1] >= 0);
	tool_free(&tool);
	tool = (struct tool){ .argv = argv, .fd = fd, .fds = 2 };
	assert_true(tool_run(&tool, 1));
	assert_string_equal(tool.output, "oneone");
	close(fd[1]);
	fclose(out);
}

static void test_environment(void **state)
{
	(void)state;
	setenv("HOME", "/somebody", 1);
	setenv("GNUTERM", "dumb", 1);
	setenv("HWLOC_XMLFILE", "/elsewhere", 1);
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	run("env");
	assert_int_equal(tool.state, TOOL_DONE);
	assert_null(strstr(tool.output, "GNUTERM"));
	assert_null(strstr(tool.output, "HWLOC"));
	assert_non_null(strstr(tool.output, "HOME=/nonexistent\n"));
	assert_non_null(strstr(tool.output, "LC_ALL=C.UTF-8\n"));
	assert_non_null(strstr(tool.output, "XDG_CACHE_HOME=/somebody/"));
	assert_non_null(strstr(tool.output, "PATH="));
}

static void test_failures(void **state)
{
	static const char *const nothing[] = { "no-such-program", NULL };

	(void)state;
	run("echo half; exit 3");
	assert_int_equal(tool.state, TOOL_FAILED);
	assert_null(tool.output);
	assert_string_equal(tool.why, "sh failed with exit code 3");
	run("kill -KILL $$");
	assert_int_equal(tool.state, TOOL_FAILED);
	assert_non_null(strstr(tool.why, "killed by signal 9"));
	tool_free(&tool);
	tool = (struct tool){ .argv = nothing };
	assert_false(tool_run(&tool, 1));
	assert_int_equal(tool.state, TOOL_NOT_THERE);
	assert_non_null(strstr(tool.why, "no-such-program"));
}

static void test_messages_are_for_a_terminal(void **state)
{
	(void)state;
	run("printf '\\033[31mred\\nmore\\007\\n' >&2");
	assert_string_equal(tool.said, " [31mred\nmore");
}

/* However it hangs, it is ended, with what it has started. */
static void test_deadline(void **state)
{
	static const char *const script[] = {
		"sleep 60",
		"trap '' TERM INT HUP; while :; do sleep 1; done",
		"exec >&- 2>&-; exec sleep 60",
		"kill -STOP $$",
	};
	int pid;

	(void)state;
	setenv("HANDOFF_TOOL_SECONDS", "0.3", 1);
	for (size_t i = 0; i < sizeof(script) / sizeof(*script); i++) {
		double begin = now_s();

		run(script[i]);
		if (tool.state != TOOL_LATE)
			fail_msg("%s: %d %s", script[i], tool.state, tool.why);
		assert_true(now_s() - begin < 40);
	}
	run("sleep 60 & echo $! >child; wait");
	assert_int_equal(tool.state, TOOL_LATE);
	assert_string_equal(tool.why,
			    "sh was not done after 0.3 s and was ended");
	pid = number_in("child");
	assert_true(pid > 0);
	assert_true(ends_soon(pid));
	unsetenv("HANDOFF_TOOL_SECONDS");
}

/* What it leaves behind holds its pipes open, and is not waited for. */
static void test_nothing_is_left(void **state)
{
	double begin = now_s();
	int pid;

	(void)state;
	run("sleep 70 & echo $! >child; echo done");
	assert_int_equal(tool.state, TOOL_DONE);
	assert_string_equal(tool.output, "done\n");
	assert_true(now_s() - begin < 40);
	pid = number_in("child");
	assert_true(pid > 0);
	assert_true(ends_soon(pid));
}

static void test_limits(void **state)
{
	(void)state;
	run("exec cat /dev/zero");
	assert_int_equal(tool.state, TOOL_TOO_LARGE);
	assert_null(tool.output);
	run("exec cat /dev/zero >&2");
	assert_int_equal(tool.state, TOOL_TOO_LARGE);
	assert_true(strlen(tool.said) <= 4096);
}

static void test_side_by_side(void **state)
{
	static const char *const one[] = { "sh", "-c", "echo one", NULL };
	static const char *const two[] = { "sh", "-c", "exit 1", NULL };
	struct tool both[2] = { { .argv = one }, { .argv = two } };

	(void)state;
	assert_false(tool_run(both, 2));
	assert_int_equal(both[0].state, TOOL_DONE);
	assert_string_equal(both[0].output, "one\n");
	assert_int_equal(both[1].state, TOOL_FAILED);
	tool_free(&both[0]);
	tool_free(&both[1]);
}

static void test_signal(void **state)
{
	const struct timespec now = { 0, 0 };
	sigset_t before, interrupts;
	double begin = now_s();

	(void)state;
	interrupt_hold(&before);
	assert_false(interrupt_came());
	run("kill -TERM $PPID; sleep 60");
	assert_int_equal(tool.state, TOOL_INTERRUPTED);
	assert_true(now_s() - begin < 40);
	assert_true(interrupt_came());
	run("sleep 60"); /* nor does another begin */
	assert_int_equal(tool.state, TOOL_INTERRUPTED);
	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGTERM);
	assert_int_equal(sigtimedwait(&interrupts, NULL, &now), SIGTERM);
	assert_false(interrupt_came());
	interrupt_release(&before);
}

/* Killed itself, the program takes its tools with it. */
static void test_our_death(void **state)
{
	pid_t pid = fork();
	int of_tool = 0, status;

	(void)state;
	assert_true(pid >= 0);
	if (!pid) {
		run("echo $$ >tool; exec sleep 80");
		_exit(0);
	}
	for (int i = 0; i < 300 && !of_tool; i++) {
		usleep(100000);
		of_tool = number_in("tool");
	}
	assert_true(of_tool > 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(ends_soon(of_tool));
}

static void test_regular_files_alone(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0666), 0);
	assert_int_equal(tool_open_regular("fifo", 100), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(tool_open_regular("/dev/zero", 100), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(tool_open_regular(".", 100), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(tool_open_regular("nothing", 100), -1);
	assert_int_equal(errno, ENOENT);
	fd = open("large", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 101), 0);
	close(fd);
	assert_int_equal(tool_open_regular("large", 100), -1);
	assert_int_equal(errno, EFBIG);
	fd = tool_open_regular("large", 101);
	assert_true(fd >= 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_messages_are_for_a_terminal),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_our_death),
		cmocka_unit_test(test_regular_files_alone),
	};
	int result =
		cmocka_run_group_tests(tests, scratch_enter, scratch_leave);

	tool_free(&tool);
	return result;
}
