/* SPDX-License-Identifier: GPL-3.0-or-later */
/* env.csv, read back: what the machine was when a run was made. */
#include "env_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csv.h"

static const char *const column[] = { "name", "value", "source" };

enum { COLUMNS = sizeof(column) / sizeof(*column) };

static int take_fact(struct env_file *file, struct csv_in *in, const int *at)
{
	struct env_fact *larger, *fact;

	/* a few hundred rows: no need to grow in steps */
	larger = realloc(file->fact, (file->count + 1) * sizeof(*larger));
	if (!larger)
		return -1;
	file->fact = larger;
	fact = &larger[file->count++];
	fact->name = strdup(csv_field(in, at[0]));
	fact->value = strdup(csv_field(in, at[1]));
	fact->source = strdup(csv_field(in, at[2]));
	return fact->name && fact->value && fact->source ? 0 : -1;
}

static int read_facts(struct env_file *file, struct csv_in *in,
		      const char *path, char *err, size_t size)
{
	int at[COLUMNS], more;

	for (int i = 0; i < COLUMNS; i++) {
		at[i] = csv_column(in, column[i]);
		if (at[i] >= 0)
			continue;
		snprintf(err, size,
			 "%s:1: no column '%s': not an env.csv of handoff",
			 path, column[i]);
		return -1;
	}
	while ((more = csv_read(in)) > 0) {
		if (file->count == ENV_FACTS_MAX) {
			snprintf(err, size,
				 "%s:%zu: more than %d facts; no machine has "
				 "as many: make the file again",
				 path, csv_line(in), ENV_FACTS_MAX);
			return -1;
		}
		if (take_fact(file, in, at)) {
			snprintf(err, size, "%s: out of memory", path);
			return -1;
		}
	}
	if (more < 0)
		snprintf(err, size, "%s", csv_error(in));
	return more;
}

int env_file_read(struct env_file *file, const char *dir, char *err,
		  size_t size)
{
	char path[PATH_MAX];
	struct csv_in *in;
	int result;

	memset(file, 0, sizeof(*file));
	snprintf(path, sizeof(path), "%.4000s/env.csv", dir);
	if (access(path, F_OK))
		return 0;
	in = csv_open(path, err, size);
	if (!in)
		return -1;
	result = read_facts(file, in, path, err, size);
	csv_in_close(in);
	if (result)
		env_file_free(file);
	return result;
}

void env_file_free(struct env_file *file)
{
	for (size_t i = 0; i < file->count; i++) {
		free(file->fact[i].name);
		free(file->fact[i].value);
		free(file->fact[i].source);
	}
	free(file->fact);
	memset(file, 0, sizeof(*file));
}

static const struct env_fact *find(const struct env_file *file,
				   const char *name)
{
	for (size_t i = 0; i < file->count; i++)
		if (!strcmp(file->fact[i].name, name))
			return &file->fact[i];
	return NULL;
}

bool env_file_has(const struct env_file *file, const char *name)
{
	return find(file, name);
}

const char *env_file_value(const struct env_file *file, const char *name)
{
	const struct env_fact *fact = find(file, name);

	return fact && fact->value[0] ? fact->value : NULL;
}
