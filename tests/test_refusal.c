/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does each error of a system call mean what it should for a case, and does the
 * reason name the call, the limit and what to do? */
#include "refusal.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "essential.h"
#include "launch.h"
#include "need.h"
#include "support.h"

static const struct {
	int error;
	enum status status;
	const char *says; /* beside the call and the error's text */
} table[] = {
	{ EPERM, STATUS_DENIED, "seccomp filter" },
	{ EACCES, STATUS_DENIED, "allow it" },
	{ ENOSYS, STATUS_ABSENT, "the kernel lacks it" },
	{ EOPNOTSUPP, STATUS_ABSENT, "does not offer it" },
	{ EMFILE, STATUS_DENIED, "ulimit -n" },
	{ ENFILE, STATUS_DENIED, "fs.file-max" },
	{ EAGAIN, STATUS_DENIED, "ulimit -u" },
	{ EFBIG, STATUS_DENIED, "ulimit -f" },
	{ ENOMEM, STATUS_ABSENT, "memory" },
	{ ENOSPC, STATUS_ABSENT, "limit" },
	/* mistakes of ours, and what broke */
	{ EINVAL, STATUS_FAILED, "" },
	{ EBADF, STATUS_FAILED, "" },
	{ EFAULT, STATUS_FAILED, "" },
	{ ENOENT, STATUS_FAILED, "" },
	{ EPIPE, STATUS_FAILED, "" },
	{ ECHILD, STATUS_FAILED, "" },
};

static void test_errors(void **state)
{
	char text[CASE_REASON];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		refusal_say(text, sizeof(text), "acall", table[i].error);
		assert_int_equal(refusal_status(table[i].error),
				 table[i].status);
		assert_non_null(strstr(text, "acall: "));
		assert_non_null(strstr(text, strerror(table[i].error)));
		assert_non_null(strstr(text, table[i].says));
	}
}

/* bench_errno() of each, and what it makes of a case that has failed before. */
static void test_bench(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char reason[CASE_REASON] = "";
		struct run r = { .reason = reason,
				 .reason_size = sizeof(reason) };

		errno = table[i].error;
		assert_int_equal(bench_errno(&r, "call %d", 7), -1);
		assert_int_equal(r.absent, table[i].status == STATUS_ABSENT);
		assert_int_equal(r.denied, table[i].status == STATUS_DENIED);
		assert_non_null(strstr(reason, "call 7: "));
	}
	char reason[CASE_REASON] = "";
	struct run r = { .reason = reason, .reason_size = sizeof(reason) };

	bench_fail(&r, "a message was lost");
	errno = EPERM;
	bench_errno(&r, "eventfd");
	assert_false(r.denied);
	assert_string_equal(reason, "a message was lost");
}

static int limit_body(struct child *child, void *arg)
{
	const struct rlimit few = { 11, 11 };
	char text[CASE_REASON];

	(void)arg;
	if (setrlimit(RLIMIT_NOFILE, &few))
		return child_fail(child, "setrlimit");
	refusal_say(text, sizeof(text), "pipe2", EMFILE);
	return strstr(text, "RLIMIT_NOFILE 11:") ?
		       0 :
		       child_fail(child, "%s", text);
}

static void test_limit_is_named(void **state)
{
	(void)state;
	expect_child("RLIMIT_NOFILE", limit_body, NULL, false, NULL);
}

static void test_signals(void **state)
{
	char text[CASE_REASON];

	(void)state;
	assert_true(refusal_by_signal(text, sizeof(text), SIGSYS));
	assert_non_null(strstr(text, "seccomp"));
	assert_true(refusal_by_signal(text, sizeof(text), SIGXFSZ));
	assert_non_null(strstr(text, "RLIMIT_FSIZE"));
	assert_true(refusal_by_signal(text, sizeof(text), SIGXCPU));
	assert_non_null(strstr(text, "RLIMIT_CPU"));
	assert_false(refusal_by_signal(text, sizeof(text), SIGSEGV));
	assert_false(refusal_by_signal(text, sizeof(text), SIGKILL));
	assert_false(refusal_by_signal(text, sizeof(text), 0));
}

/* ------------------------------------------------------------ in a party */

struct shared {
	char reason[CASE_REASON];
	int error;
};

/* A party that dies of an error, as invocations do: with its group. */
static struct shared die_of(int error)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct shared copy;
	int status;
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		die_into(s->reason, sizeof(s->reason));
		die_tell(&s->error);
		errno = error;
		die_errno("mq_send");
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	copy = *s;
	munmap(s, sizeof(*s));
	return copy;
}

static void test_parties(void **state)
{
	struct shared s = die_of(EPERM);

	(void)state;
	assert_int_equal(s.error, EPERM);
	assert_non_null(strstr(s.reason, "mq_send: Operation not permitted ("));
	assert_null(strstr(s.reason, ".c:"));
	s = die_of(EBADF);
	assert_int_equal(s.error, 0);
	assert_non_null(strstr(s.reason, "test_refusal.c:"));
	/* of a read that must not block it is a mistake */
	s = die_of(EAGAIN);
	assert_int_equal(s.error, 0);
}

/* ----------------------------------------------------------------- needs */

static unsigned *asked; /* how often, by whichever process */

static bool is_met(char *why, size_t size, bool *denied)
{
	(void)why;
	(void)size;
	(void)denied;
	++*asked;
	return true;
}

static bool is_denied(char *why, size_t size, bool *denied)
{
	++*asked;
	*denied = true;
	snprintf(why, size, "the unicorn says no");
	return false;
}

static bool is_deadly(char *why, size_t size, bool *denied)
{
	(void)why;
	(void)size;
	(void)denied;
	signal(SIGSYS, SIG_DFL); /* cmocka catches it */
	raise(SIGSYS);
	return true;
}

static bool crashes(char *why, size_t size, bool *denied)
{
	(void)why;
	(void)size;
	(void)denied;
	raise(SIGKILL);
	return true;
}

static void test_needs(void **state)
{
	static const struct need met = { is_met }, denied = { is_denied },
				 deadly = { is_deadly }, crash = { crashes };
	char why[CASE_REASON] = "";
	bool is = false;

	(void)state;
	asked = mmap(NULL, sizeof(*asked), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need_forget();
	for (int i = 0; i < 3; i++)
		assert_true(need_met(&met, why, sizeof(why), &is));
	assert_int_equal(*asked, 1);
	for (int i = 0; i < 3; i++)
		assert_false(need_met(&denied, why, sizeof(why), &is));
	assert_int_equal(*asked, 2);
	assert_true(is);
	assert_string_equal(why, "the unicorn says no");
	assert_false(need_met(&deadly, why, sizeof(why), &is));
	assert_true(is);
	assert_non_null(strstr(why, "seccomp"));
	assert_false(need_met(&crash, why, sizeof(why), &is));
	assert_false(is);
	need_forget();
	assert_true(need_met(&met, why, sizeof(why), &is));
	assert_int_equal(*asked, 3);
	munmap(asked, sizeof(*asked));
}

/* ---------------------------------------------------------- the program */

static void test_essential(void **state)
{
	char err[CASE_REASON];

	(void)state;
	if (essential_calls(err, sizeof(err)))
		fail_msg("%s", err);
	assert_false(essential_is_deadly(SYS_getppid));
}

/* A helper that is another file, another length, or gone. */
static void test_changed(void **state)
{
	char dir[] = "/tmp/handoff-refusal-XXXXXX", other[64];
	struct launcher l;
	FILE *file;

	(void)state;
	assert_int_equal(launch_open(&l, false), 0);
	assert_null(launch_changed(&l, true));
	assert_non_null(mkdtemp(dir));
	snprintf(l.helper[0].path, sizeof(l.helper[0].path), "%s/child", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	l.helper[0].there = false;
	assert_null(launch_changed(&l, true)); /* is missing, and was */
	file = fopen(l.helper[0].path, "w");
	assert_non_null(file);
	fclose(file);
	assert_string_equal(launch_changed(&l, true), l.helper[0].path);
	assert_null(launch_changed(&l, false));
	l.helper[0].there = !stat(l.helper[0].path, &l.helper[0].was);
	assert_null(launch_changed(&l, true));
	file = fopen(other, "w");
	fclose(file);
	assert_int_equal(rename(other, l.helper[0].path), 0);
	assert_non_null(launch_changed(&l, true));
	unlink(l.helper[0].path);
	assert_non_null(launch_changed(&l, true));
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_bench),
		cmocka_unit_test(test_limit_is_named),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_parties),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_essential),
		cmocka_unit_test(test_changed),
	};

	end_if_it_hangs();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
