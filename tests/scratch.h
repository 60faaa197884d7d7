/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory of its own for a test, and a locale with a decimal comma. */
#ifndef HANDOFF_TESTS_SCRATCH_H
#define HANDOFF_TESTS_SCRATCH_H

#include <ftw.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch_dir[] = "/tmp/handoff-test-XXXXXX";

static inline int scratch_remove(const char *path, const struct stat *st,
				 int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* A group's set-up: made, and the working directory. */
static inline int scratch_enter(void **state)
{
	(void)state;
	return mkdtemp(scratch_dir) && !chdir(scratch_dir) ? 0 : -1;
}

/* A group's tear-down: gone with all that is in it. */
static inline int scratch_leave(void **state)
{
	(void)state;
	if (chdir("/"))
		return -1;
	return nftw(scratch_dir, scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Makes a locale with a decimal comma the whole process's; NULL if none. */
static inline const char *scratch_comma_locale(const char *dir)
{
	static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8",
					     "fr_FR.UTF-8", "pl_PL.UTF-8",
					     "de_DE",       "fr_FR" };
	char command[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (setlocale(LC_ALL, names[i]))
			return names[i];
	}
	snprintf(command, sizeof(command),
		 "localedef -c -i de_DE -f UTF-8 %s/de_DE.UTF-8 "
		 ">/dev/null 2>&1",
		 dir);
	if (system(command)) /* its exit code says nothing but warnings */
		fputs("localedef: warnings, or not installed\n", stderr);
	setenv("LOCPATH", dir, 1);
	return setlocale(LC_ALL, names[0]) ? names[0] : NULL;
}

#endif
