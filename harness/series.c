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
#include "summary.h"

static void *grow(void *array, size_t used, size_t *room, size_t item)
{
	if (used < *room)
		return array;
	*room = *room ? 2 * *room : 8;
	array = realloc(array, *room * item);
	if (!array)
		die("out of memory for the comparison");
	return array;
}

struct series *series_find(const struct series_set *run, const char *id,
			   const char *metric)
{
	size_t i = lookup_find(&run->index, id, metric);

	return i == LOOKUP_NONE ? NULL : &run->series[i];
}

static void take_value(struct series_set *run, const char *id,
		       const char *metric, double value)
{
	size_t i = lookup_add(&run->index, id, metric, run->count);
	struct series *s;

	if (i == run->count) {
		run->series = grow(run->series, run->count, &run->room,
				   sizeof(*run->series));
		memset(&run->series[run->count++], 0, sizeof(*run->series));
	}
	s = &run->series[i];
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

static int is_there(const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.4000s/%s", dir, name);
	return !access(path, F_OK);
}

static void close_table(struct csv_in *in)
{
	if (csv_error(in))
		die_usage("%s", csv_error(in));
	csv_in_close(in);
}

/* bench … param are the first five columns asked for. */
static void read_id(struct csv_in *in, const int *at, char *id)
{
	snprintf(id, SUMMARY_ID, "%s/%s/%s/%s/%s", csv_field(in, at[0]),
		 csv_field(in, at[1]), csv_field(in, at[2]),
		 csv_field(in, at[3]), csv_field(in, at[4]));
}

static void read_invocations(struct series_set *run, const char *dir)
{
	enum { BENCH, VARIANT, PEER, PLACE, PARAM, METRIC, VALUE, ALL };
	static const char *const column[ALL] = { "bench", "variant", "peer",
						 "place", "param",   "metric",
						 "value" };
	int at[ALL];
	struct csv_in *in = open_table(dir, "invocations.csv", column, at, ALL);

	while (csv_read(in) > 0) {
		char id[SUMMARY_ID];

		read_id(in, at, id);
		take_value(run, id, csv_field(in, at[METRIC]),
			   csv_field_num(in, at[VALUE]));
	}
	close_table(in);
}

/* The machine's own null spread, of an A/A run. */
static void read_noise(struct series_set *run, const char *dir)
{
	enum { BENCH, VARIANT, PEER, PLACE, PARAM, METRIC, SPREAD, ALL };
	static const char *const column[ALL] = { "bench", "variant", "peer",
						 "place", "param",   "metric",
						 "spread" };
	struct csv_in *in;
	int at[ALL];

	if (!is_there(dir, "noise.csv"))
		return;
	run->has_noise = 1;
	in = open_table(dir, "noise.csv", column, at, ALL);
	while (csv_read(in) > 0) {
		char id[SUMMARY_ID];
		double spread = csv_field_num(in, at[SPREAD]);
		struct series *s;

		read_id(in, at, id);
		s = series_find(run, id, csv_field(in, at[METRIC]));
		if (s && spread > 0)
			s->noise = spread;
	}
	close_table(in);
}

static void read_clock_step(struct series_set *run, const char *dir)
{
	static const char *const column[] = { "name", "value" };
	struct csv_in *in;
	int at[2];

	if (!is_there(dir, "env.csv"))
		return;
	in = open_table(dir, "env.csv", column, at, 2);
	while (csv_read(in) > 0)
		if (!strcmp(csv_field(in, at[0]), "clock.step_ns"))
			run->clock_step_ns = csv_field_num(in, at[1]);
	close_table(in);
}

void series_read(struct series_set *run, const char *dir)
{
	memset(run, 0, sizeof(*run));
	read_clock_step(run, dir);
	read_invocations(run, dir);
	read_noise(run, dir);
}

void series_free(struct series_set *run)
{
	for (size_t i = 0; i < run->count; i++)
		free(run->series[i].value);
	free(run->series);
	lookup_free(&run->index);
	memset(run, 0, sizeof(*run));
}
