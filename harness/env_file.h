/* SPDX-License-Identifier: GPL-3.0-or-later */
/* env.csv, read back: what the machine was when a run was made. */
#ifndef HANDOFF_ENV_FILE_H
#define HANDOFF_ENV_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct env_fact {
	char *name, *value, *source;
};

/* More than this are refused: no machine has them. */
enum { ENV_FACTS_MAX = 20000 };

struct env_file {
	struct env_fact *fact; /* in the file's order */
	size_t count;
};

/* Reads DIR/env.csv. 0, also where there is none (no facts then); or -1 with
 * one line in err: "path:line: what; what to do". A fact given twice, a file
 * that is cut off or has more than ENV_FACTS_MAX is refused. */
int env_file_read(struct env_file *file, const char *dir, char *err,
		  size_t size);
void env_file_free(struct env_file *file);

/* Whether the name is there, be its value empty. */
bool env_file_has(const struct env_file *file, const char *name);

/* What is known under a name; NULL: nothing, or an empty value. */
const char *env_file_value(const struct env_file *file, const char *name);

#endif
