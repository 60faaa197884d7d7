/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What disturbed a run, in one sentence for its readers. */
#include "noise_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long fact(const struct env_file *env, const char *name)
{
	const char *value = env_file_value(env, name);

	return value ? strtoul(value, NULL, 10) : 0;
}

static size_t flagged(const struct summary *s, const char *flag)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		count += s->row[i].ok && summary_flagged(&s->row[i], flag);
	return count;
}

static void add(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add(char *buf, size_t size, const char *format, ...)
{
	size_t used = strlen(buf);
	va_list args;

	va_start(args, format);
	vsnprintf(buf + used, size - used, format, args);
	va_end(args);
}

char *noise_text(const struct summary *summary, const struct env_file *env,
		 char *buf, size_t size)
{
	static const struct {
		const char *fact, *what;
	} cause[] = {
		{ "noise.quota", "were stopped by the cgroup's CPU quota" },
		{ "noise.memory_high", "were beyond their cgroup's "
				       "memory.high" },
		{ "noise.thermal", "had PUs slowed down by heat" },
		{ "noise.others", "shared their PUs with others, or lost them "
				  "to a hypervisor" },
	};
	size_t disturbed = flagged(summary, "disturbed"),
	       unwatched = flagged(summary, "unwatched");
	const char *unknown = env_file_value(env, "noise.unknown"),
		   *allowed = env_file_value(env, "noise.allowed");
	const char *joint = ": of";

	*buf = '\0';
	if (!env_file_value(env, "noise.timed") ||
	    !(disturbed + unwatched || allowed))
		return buf;
	if (disturbed + unwatched)
		add(buf, size,
		    "%zu of %zu rows are flagged disturbed, %zu "
		    "unwatched",
		    disturbed, summary->count, unwatched);
	for (size_t i = 0; i < sizeof(cause) / sizeof(*cause); i++) {
		unsigned long count = fact(env, cause[i].fact);

		if (!count || !(disturbed + unwatched))
			continue;
		if (*joint == ':')
			add(buf, size, "%s %lu timed invocations", joint,
			    fact(env, "noise.timed"));
		add(buf, size, "%s %lu %s", *joint == ':' ? "" : joint, count,
		    cause[i].what);
		joint = ",";
	}
	if (unwatched)
		add(buf, size,
		    "%s what others did during %lu of them is not known (%s)",
		    *joint == ':' ? ":" : ";", fact(env, "noise.unwatched"),
		    unknown ? unknown : "it could not be read");
	if (allowed)
		add(buf, size, "%sthe run ended early: %s", *buf ? "; " : "",
		    allowed);
	add(buf, size, ".");
	return buf;
}
