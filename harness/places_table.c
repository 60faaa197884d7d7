/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The places of a run and which PUs they are, as env.csv has them. */
#include "places_table.h"

#include <string.h>

#include "die.h"
#include "tables.h"

/* One table of the facts whose names begin so; nothing where there are none. */
static void print_facts(const struct env_file *env, const char *start,
			const char *name, const char *value, FILE *out)
{
	struct table *t = NULL;

	for (size_t i = 0; i < env->count; i++) {
		const struct env_fact *fact = &env->fact[i];

		if (strncmp(fact->name, start, strlen(start)))
			continue;
		if (!t) {
			t = table_new(2, 2);
			if (!t)
				die("out of memory for the table of places");
			table_cell(t, "%s", name);
			table_cell(t, "%s", value);
		}
		table_cell(t, "%s", fact->name + strlen(start));
		table_cell(t, "%s", fact->value);
	}
	if (!t)
		return;
	fputc('\n', out);
	table_print(t, TABLE_MARKDOWN, out);
}

static bool has_places(const struct env_file *env)
{
	for (size_t i = 0; i < env->count; i++)
		if (!strncmp(env->fact[i].name, PLACE_FACT, strlen(PLACE_FACT)))
			return true;
	return false;
}

void places_table_print(const struct env_file *env, const char *level,
			FILE *out)
{
	if (!has_places(env))
		return;
	fprintf(out, "\n%s Places\n", level);
	print_facts(env, PLACE_FACT, "place", "the parties' PUs", out);
	print_facts(env, KIND_FACT, "kind of PU", "what it is", out);
}
