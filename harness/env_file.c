/* SPDX-License-Identifier: GPL-3.0-or-later */
/* env.csv, read back: what the machine was when a run was made. */
#include "env_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "lookup.h"

static const char *const column[] = { "name", "value", "source" };

enum { COLUMNS = sizeof(column) / sizeof(*column) };

static int take_fact(struct env_file *file, struct csv_in *in, const int *at,
		     struct lookup *lines)
{
	const char *name = csv_field(in, at[0]);
	size_t line = csv_line(in), first = lookup_add(lines, name, "", line);
	struct env_fact *larger, *fact;

	if (!*name)
		return csv_refuse(in, "name is empty; give the file as handoff "
				      "wrote it");
	/* one of two would be told, and which says nothing */
	if (first != line)
		return csv_refuse(in,
				  "'%.100s' is given on line %zu already; "
				  "remove one",
				  name, first);
	if (file->count == ENV_FACTS_MAX)
		return csv_refuse(in,
				  "more than %d facts; no machine has as many: "
				  "make the file again",
				  ENV_FACTS_MAX);
	/* a few hundred rows: no need to grow in steps */
	larger = realloc(file->fact, (file->count + 1) * sizeof(*larger));
	if (!larger)
		return csv_refuse(in, "out of memory; free some");
	file->fact = larger;
	fact = &larger[file->count++];
	fact->name = strdup(name);
	fact->value = strdup(csv_field(in, at[1]));
	fact->source = strdup(csv_field(in, at[2]));
	return fact->name && fact->value && fact->source ?
		       0 :
		       csv_refuse(in, "out of memory; free some");
}

static int read_facts(struct env_file *file, struct csv_in *in)
{
	struct lookup lines = { 0 }; /* of each fact so far */
	int at[COLUMNS], result = 0;

	for (int i = 0; i < COLUMNS; i++) {
		at[i] = csv_column(in, column[i]);
		if (at[i] < 0)
			return csv_refuse(in,
					  "no column '%s': not an env.csv of "
					  "handoff",
					  column[i]);
	}
	while (!result && csv_read(in) > 0)
		result = take_fact(file, in, at, &lines);
	lookup_free(&lines);
	return csv_check_end(in);
}

int env_file_read(struct env_file *file, const char *dir, char *err,
		  size_t size)
{
	struct csv_in *in;
	int result;

	memset(file, 0, sizeof(*file));
	in = csv_open_in(dir, "env.csv", err, size);
	if (!in)
		return *err ? -1 : 0;
	result = read_facts(file, in);
	if (result) {
		snprintf(err, size, "%s", csv_error(in));
		env_file_free(file);
	}
	csv_in_close(in);
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
