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

static char *case_reason;
static size_t case_reason_size;

void die_into(char *reason, size_t size)
{
	case_reason = reason;
	case_reason_size = size;
}

noreturn void die_at(const char *file, int line, int errno_value,
		     const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	int used = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (errno_value && used >= 0 && (size_t)used < sizeof(text))
		snprintf(text + used, sizeof(text) - (size_t)used, ": %s",
			 strerror(errno_value));

	if (case_reason) {
		if (!case_reason[0])
			snprintf(case_reason, case_reason_size, "%s (%s:%d)",
				 text, file, line);
		kill(0, SIGKILL);
	}
	fprintf(stderr, "handoff: %s (%s:%d)\n", text, file, line);
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
