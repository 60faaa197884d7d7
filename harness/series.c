/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run's invocations, read back as one series for each case and metric. */
#include "series.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csv.h"
#include "die.h"

static void *grow(void *array, size_t used, size_t *room, size_t item)
{
	if (used < *room)
		return array;
	*room = *room ? 2 * *room : 64;
	array = realloc(array, *room * item);
	if (!array)
		die("out of memory for the comparison");
	return array;
}

struct series *series_find(const struct series_set *run, const char *id,
			   const char *metric)
{
	/* Rows of one series follow each other: look at the last first. */
	for (size_t i = run->count; i-- > 0;)
		if (!strcmp(run->series[i].id, id) &&
		    !strcmp(run->series[i].metric, metric))
			return &run->series[i];
	return NULL;
}

static void take_value(struct series_set *run, const char *id,
		       const char *metric, const char *unit, double value)
{
	struct series *s = series_find(run, id, metric);

	if (!s) {
		run->series = grow(run->series, run->count, &run->room,
				   sizeof(*run->series));
		s = &run->series[run->count++];
		memset(s, 0, sizeof(*s));
		snprintf(s->id, sizeof(s->id), "%s", id);
		snprintf(s->metric, sizeof(s->metric), "%s", metric);
		snprintf(s->unit, sizeof(s->unit), "%s", unit);
	}
	s->value = grow(s->value, s->count, &s->room, sizeof(*s->value));
	s->value[s->count++] = value;
}

/* Opens DIR/name and finds its columns; exits 2 where it cannot. */
static struct csv_in *open_table(const char *dir, const char *name,
				 const char *const *column, int *index,
				 size_t columns)
{
	char path[PATH_MAX], err[PATH_MAX + 256];
	struct csv_in *in;

	snprintf(path, sizeof(path), "%.4000s/%s", dir, name);
	in = csv_open(path, err, sizeof(err));
	if (!in)
		die_usage("%s", err);
	for (size_t i = 0; i < columns; i++) {
		index[i] = csv_column(in, column[i]);
		if (index[i] < 0)
			die_usage("%s:1: no column '%s': not a file of "
				  "handoff's",
				  path, column[i]);
	}
	return in;
}

static void close_table(struct csv_in *in, int last)
{
	if (last < 0)
		die_usage("%s", csv_error(in));
	csv_in_close(in);
}

/* bench … param are the first five columns asked for. */
static void read_id(struct csv_in *in, const int *at, char *id)
{
	snprintf(id, CASE_ID, "%s/%s/%s/%s/%s", csv_field(in, at[0]),
		 csv_field(in, at[1]), csv_field(in, at[2]),
		 csv_field(in, at[3]), csv_field(in, at[4]));
}

static void read_invocations(struct series_set *run, const char *dir)
{
	enum { BENCH, VARIANT, PEER, PLACE, PARAM, METRIC, UNIT, VALUE, ALL };
	static const char *const column[ALL] = { "bench", "variant", "peer",
						 "place", "param",   "metric",
						 "unit",  "value" };
	int at[ALL], more;
	struct csv_in *in = open_table(dir, "invocations.csv", column, at, ALL);

	while ((more = csv_read(in)) > 0) {
		char id[CASE_ID];
		double value = csv_field_num(in, at[VALUE]);

		read_id(in, at, id);
		take_value(run, id, csv_field(in, at[METRIC]),
			   csv_field(in, at[UNIT]), value);
	}
	close_table(in, more);
}

/* The machine's own null spread, of an A/A run. */
static void read_noise(struct series_set *run, const char *dir)
{
	enum { BENCH, VARIANT, PEER, PLACE, PARAM, METRIC, SPREAD, ALL };
	static const char *const column[ALL] = { "bench", "variant", "peer",
						 "place", "param",   "metric",
						 "spread" };
	char path[PATH_MAX];
	struct csv_in *in;
	int at[ALL], more;

	snprintf(path, sizeof(path), "%.4000s/noise.csv", dir);
	if (access(path, F_OK))
		return;
	in = open_table(dir, "noise.csv", column, at, ALL);
	while ((more = csv_read(in)) > 0) {
		char id[CASE_ID];
		double spread = csv_field_num(in, at[SPREAD]);
		struct series *s;

		read_id(in, at, id);
		s = series_find(run, id, csv_field(in, at[METRIC]));
		if (s && spread > 0)
			s->noise = spread;
	}
	close_table(in, more);
}

char *series_env(const char *dir, const char *name)
{
	static const char *const column[] = { "name", "value" };
	char *found = NULL;
	int at[2], more;
	struct csv_in *in = open_table(dir, "env.csv", column, at, 2);

	while ((more = csv_read(in)) > 0 && !found)
		if (!strcmp(csv_field(in, at[0]), name))
			found = strdup(csv_field(in, at[1]));
	close_table(in, more);
	return found;
}

void series_read(struct series_set *run, const char *dir)
{
	char *step = series_env(dir, "clock.step_ns");

	memset(run, 0, sizeof(*run));
	run->clock_step_ns = step ? strtod(step, NULL) : 0;
	free(step);
	read_invocations(run, dir);
	read_noise(run, dir);
}

void series_free(struct series_set *run)
{
	for (size_t i = 0; i < run->count; i++)
		free(run->series[i].value);
	free(run->series);
}
