/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loud endings: one line that says what went wrong and where, then exit. */
#ifndef HANDOFF_DIE_H
#define HANDOFF_DIE_H

#include <stddef.h>
#include <stdnoreturn.h>

/* Exit codes of the program; they are part of its contract. */
enum { EXIT_DONE = 0, EXIT_CASE_FAILED = 1, EXIT_USAGE = 2, EXIT_INT = 130 };

/*
 * Where die() leaves its message besides stderr: the reason of the case that
 * an invocation measures. `reason` lies in memory shared with the runner; the
 * first message stays. While it is set, die() also ends the whole process
 * group, so that the other party of a pair does not wait for ever.
 */
void die_into(char *reason, size_t size);

/* Where a case that dies of a refused system call (refusal.h) leaves its errno,
 * beside the reason: *error. */
void die_tell(int *error);

/* Message with errno's text appended when errno_value is not 0; never returns.
 */
noreturn void die_at(const char *file, int line, int errno_value,
		     const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same of what starts a thread or process, where EAGAIN is a limit; of a
 * read or write that must not block it is a mistake. */
noreturn void die_refused(int error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A failing system call, in one line: die_errno("read %s", path). */
#define die_errno(...) die_at(__FILE__, __LINE__, errno, __VA_ARGS__)
#define die(...) die_at(__FILE__, __LINE__, 0, __VA_ARGS__)

/* Bad input of the user: one line on stderr, exit 2. */
noreturn void die_usage(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* "handoff: warning: …" on stderr. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
