/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What several tests need: children that may die, hang or be traced, and the
 * line that says why a test is skipped. */
#ifndef HANDOFF_TESTS_SUPPORT_H
#define HANDOFF_TESTS_SUPPORT_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "counts.h"
#include "die.h"
#include "emulation.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Never silently. */
#define skip_because(...)                   \
	do {                                \
		print_message("skipped: "); \
		print_message(__VA_ARGS__); \
		print_message("\n");        \
		skip();                     \
	} while (0)

/* Sanitizers slow the code and add system calls of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* An emulator has threads, page faults and a reading of limits of its own, and
 * forks where a program wants to lend its memory. Its name; NULL: none. */
static inline const char *emulated(void)
{
	static char name[64];

	if (!name[0])
		emulation_find("", name, sizeof(name));
	return strcmp(name, "qemu-user") ? NULL : name;
}

#define skip_if_emulated(why)                                 \
	do {                                                  \
		if (emulated())                               \
			skip_because("%s: " why, emulated()); \
	} while (0)

/* Long enough for a loaded machine under a sanitizer. */
enum { CHILD_SECONDS = 60, TEST_SECONDS = 240, CHILD_REASON = 256 };

/* For the setup of a group: what hangs ends and fails. */
static inline void end_if_it_hangs(void)
{
	alarm(TEST_SECONDS);
}

/* What a child and its test share. */
struct child {
	char reason[CHILD_REASON]; /* bench_fail()'s, die()'s or its own */
	double number[8];          /* the body's answers */
	struct counts_traced traced;
};

typedef int child_body(struct child *child, void *arg);

/* Says why in a child, where cmocka's asserts would go on with the next test;
 * always -1, so that a body can end in `return child_fail(child, "…")`. */
static inline __attribute__((format(printf, 2, 3))) int
child_fail(struct child *child, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!child->reason[0])
		vsnprintf(child->reason, sizeof(child->reason), format, args);
	va_end(args);
	return -1;
}

/* All that this child and what it started leave to be waited for, with the
 * tracer's part played where it is traced; the child's status. */
static inline int child_wait(pid_t pid, struct child *child)
{
	int status = 0, seen;
	pid_t who;

	while ((who = waitpid(-1, &seen, __WALL)) != pid || WIFSTOPPED(seen)) {
		if (who < 0 && errno != EINTR)
			fail_msg("waitpid: %s", strerror(errno));
		if (who > 0)
			counts_trace_event(who, seen, &child->traced);
	}
	status = seen;
	kill(-pid, SIGKILL); /* a party that waits for ever */
	while (waitpid(-pid, &seen, __WALL) > 0 || errno == EINTR)
		;
	return status;
}

/*
 * Runs body in a child, as the runner runs an invocation: in a process group
 * of its own that die() may kill, with a deadline. The wait status; *child
 * holds what it left. traced: by ptrace, so that COUNTS_PTRACE works in it.
 */
static inline int run_child(child_body *body, void *arg, bool traced,
			    struct child *out)
{
	struct child *child = mmap(NULL, sizeof(*child), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	if (child == MAP_FAILED)
		fail_msg("no memory to share with a child");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		fail_msg("fork: %s", strerror(errno));
	if (!pid) {
		setpgid(0, 0);
		alarm(CHILD_SECONDS);
		die_into(child->reason, sizeof(child->reason));
		_exit(body(child, arg) ? 1 : 0);
	}
	setpgid(pid, pid);
	if (traced && counts_trace_attach(pid)) {
		child_fail(child, "ptrace: %s", strerror(errno));
		kill(pid, SIGKILL);
	}
	status = child_wait(pid, child);
	*out = *child;
	munmap(child, sizeof(*child));
	return status;
}

static inline const char *child_end(int status)
{
	static char text[64];

	if (WIFEXITED(status))
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
	else
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	return text;
}

/* The same, and it must end well. */
static inline void expect_child(const char *what, child_body *body, void *arg,
				bool traced, struct child *out)
{
	struct child child;
	int status = run_child(body, arg, traced, &child);

	if (status)
		fail_msg("%s: %s: %s", what, child_end(status), child.reason);
	if (out)
		*out = child;
}

/* A child's answer `which` is from least to most. */
struct within {
	int which;
	double least, most;
};

/*
 * The same, of a count of what parties do who wait for each other. What other
 * programs have disturbed may be counted again: they lengthen and shorten
 * waits, and with them what is counted. A fault of ours is there each time.
 */
static inline void expect_count(const char *what, child_body *body, void *arg,
				bool traced, struct within w)
{
	struct child child;

	for (int i = 0; i < 3; i++) {
		expect_child(what, body, arg, traced, &child);
		if (child.number[w.which] >= w.least &&
		    child.number[w.which] <= w.most)
			return;
	}
	fail_msg("%s: %.6f, not %g … %g", what, child.number[w.which], w.least,
		 w.most);
}

/* The exec'd program stands beside this one. */
static inline void find_helper(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);

	path[length < 0 ? 0 : length] = '\0';
	char *slash = strrchr(path, '/');
	if (slash)
		snprintf(slash, size - (size_t)(slash - path),
			 "/handoff-child");
}

#endif
