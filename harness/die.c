/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loud endings: one line that says what went wrong and where, then exit. */
#include "die.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refusal.h"

static char *case_reason;
static size_t case_reason_size;
static int *case_error;

void die_into(char *reason, size_t size)
{
	case_reason = reason;
	case_reason_size = size;
}

void die_tell(int *error)
{
	case_error = error;
}

/* The first reason stays. Ends the invocation's other processes, too. */
static noreturn void end_case(const char *reason, int error)
{
	if (!case_reason[0]) {
		if (case_error)
			*case_error = error;
		snprintf(case_reason, case_reason_size, "%s", reason);
	}
	kill(0, SIGKILL);
	exit(EXIT_CASE_FAILED); /* not reached, unless the signal is refused */
}

noreturn void die_refused(int error, const char *format, ...)
{
	char call[128], text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(call, sizeof(call), format, args);
	va_end(args);
	refusal_say(text, sizeof(text), call, error);
	if (case_reason)
		end_case(text, error);
	fprintf(stderr, "handoff: %s\n", text);
	exit(EXIT_CASE_FAILED);
}

noreturn void die_at(const char *file, int line, int errno_value,
		     const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	int used = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (case_reason && errno_value != EAGAIN &&
	    refusal_status(errno_value) != STATUS_FAILED)
		die_refused(errno_value, "%s", text);
	if (errno_value && used >= 0 && (size_t)used < sizeof(text))
		snprintf(text + used, sizeof(text) - (size_t)used, ": %s",
			 strerror(errno_value));
	used = (int)strlen(text);
	snprintf(text + used, sizeof(text) - (size_t)used, " (%s:%d)", file,
		 line);
	if (case_reason)
		end_case(text, 0);
	fprintf(stderr, "handoff: %s\n", text);
	exit(EXIT_CASE_FAILED);
}

noreturn void die_usage(const char *format, ...)
{
	va_list args;

	fputs("handoff: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_USAGE);
}

void warn(const char *format, ...)
{
	va_list args;

	fputs("handoff: warning: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
