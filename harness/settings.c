/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The environment variables that set something: HANDOFF_…. */
#include "settings.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "die.h"

/* values: ended by NULL, those there are; NULL: any, or any word. */
static const struct setting {
	const char *name;
	const char *const *values;
	bool is_word;
} settings[] = {
	{ "HANDOFF_CLOCK", (const char *const[]){ "kernel", NULL } },
	{ "HANDOFF_COUNT",
	  (const char *const[]){ "perf", "ptrace", "none", NULL } },
	{ "HANDOFF_EMULATED", NULL, true },
	{ "HANDOFF_TOOL_SECONDS", NULL }, /* tool_check() */
	/* of scripts and tests */
	{ "HANDOFF_BREAK", NULL },
	{ "HANDOFF_OS_RELEASE", NULL },
	{ "HANDOFF_PATIENCE", NULL },
	{ "HANDOFF_SIM_SCALE", NULL },
};

enum { SETTINGS = sizeof(settings) / sizeof(*settings) };

static const struct setting *find(const char *name, size_t length)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strlen(settings[i].name) == length &&
		    !strncmp(settings[i].name, name, length))
			return &settings[i];
	return NULL;
}

static void check_value(const struct setting *s, const char *value)
{
	char known[128] = "";
	size_t used = 0;

	for (size_t i = 0; s->values && s->values[i]; i++) {
		if (!strcmp(s->values[i], value))
			return;
		used += (size_t)snprintf(known + used, sizeof(known) - used,
					 "%s%s", i ? ", " : "", s->values[i]);
	}
	if (s->values)
		die_usage("%s=%.40s: there is %s; unset it for the default",
			  s->name, value, known);
	if (s->is_word &&
	    strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			  "0123456789-_./") != strlen(value))
		die_usage("%s: letters, digits and -_./ only", s->name);
}

void settings_check(void)
{
	static const char ours[] = "HANDOFF_";

	for (char **at = environ; at && *at; at++) {
		size_t length = strcspn(*at, "=");
		const struct setting *s;

		if (strncmp(*at, ours, strlen(ours)))
			continue;
		s = find(*at, length);
		if (s && (*at)[length])
			check_value(s, *at + length + 1);
		else if (!s)
			warn("%.*s sets nothing; there are %s, %s and %s",
			     (int)length, *at, settings[0].name,
			     settings[1].name, settings[2].name);
	}
}
