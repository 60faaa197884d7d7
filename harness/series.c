/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run's invocations, read back as one series for each case and metric. */
#include "series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "die.h"
#include "grow.h"
#include "row_check.h"
#include "run_table.h"

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
				   sizeof(*run->series), "the comparison");
		memset(&run->series[run->count++], 0, sizeof(*run->series));
	}
	s = &run->series[i];
	s->value = grow(s->value, s->count, &s->room, sizeof(*s->value),
			"the comparison");
	s->value[s->count++] = value;
}

static int read_invocations(struct series_set *run, const char *dir,
			    const struct summary *summary, char *err,
			    size_t size)
{
	enum { BENCH, VARIANT, PEER, PLACE, PARAM, METRIC, VALUE, ALL };
	static const char *const column[ALL] = { "bench", "variant", "peer",
						 "place", "param",   "metric",
						 "value" };
	struct row_check check = { 0 };
	struct csv_in *in;
	int at[ALL], order;

	in = run_table_open(dir, "invocations.csv", column, at, ALL, err, size);
	if (!in)
		return *err ? -1 : 0;
	run->is_there = true;
	order = csv_column(in, "order");
	while (csv_read(in) > 0) {
		const char *metric = csv_field(in, at[METRIC]);
		char id[SUMMARY_ID];

		run_table_id(in, at, id);
		if (row_check_add(&check, in, id, metric,
				  csv_field_num(in, order)))
			break;
		take_value(run, id, metric, csv_field_num(in, at[VALUE]));
	}
	row_check_end(&check, in, summary);
	row_check_free(&check);
	return run_table_close(in, err, size);
}

/* The machine's own null spread, of an A/A run. */
static int read_noise(struct series_set *run, const char *dir, char *err,
		      size_t size)
{
	enum { BENCH, VARIANT, PEER, PLACE, PARAM, METRIC, SPREAD, ALL };
	static const char *const column[ALL] = { "bench", "variant", "peer",
						 "place", "param",   "metric",
						 "spread" };
	struct csv_in *in;
	int at[ALL];

	in = run_table_open(dir, "noise.csv", column, at, ALL, err, size);
	if (!in)
		return *err ? -1 : 0;
	run->has_noise = 1;
	while (csv_read(in) > 0) {
		double spread = csv_field_num(in, at[SPREAD]);
		const char *metric = csv_field(in, at[METRIC]);
		char id[SUMMARY_ID];
		struct series *s;

		run_table_id(in, at, id);
		s = series_find(run, id, metric);
		if (!s)
			continue;
		if (s->noise_line) {
			csv_refuse(in,
				   "%.200s %.60s is given on line %zu already; "
				   "remove one",
				   id, metric, s->noise_line);
			break;
		}
		s->noise_line = csv_line(in);
		if (spread > 0)
			s->noise = spread;
	}
	return run_table_close(in, err, size);
}

static int read_clock_step(struct series_set *run, const char *dir, char *err,
			   size_t size)
{
	static const char *const column[] = { "name", "value" };
	struct csv_in *in;
	int at[2];

	in = run_table_open(dir, "env.csv", column, at, 2, err, size);
	if (!in)
		return *err ? -1 : 0;
	while (csv_read(in) > 0)
		if (!strcmp(csv_field(in, at[0]), "clock.step_ns"))
			run->clock_step_ns = csv_field_num(in, at[1]);
	return run_table_close(in, err, size);
}

int series_read(struct series_set *run, const char *dir,
		const struct summary *summary, char *err, size_t size)
{
	memset(run, 0, sizeof(*run));
	if (read_invocations(run, dir, summary, err, size) ||
	    (run->is_there && (read_clock_step(run, dir, err, size) ||
			       read_noise(run, dir, err, size)))) {
		series_free(run);
		return -1;
	}
	return 0;
}

void series_free(struct series_set *run)
{
	for (size_t i = 0; i < run->count; i++)
		free(run->series[i].value);
	free(run->series);
	lookup_free(&run->index);
	memset(run, 0, sizeof(*run));
}
