/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run's invocations, read back as one series for each case and metric. */
#include "series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "die.h"
#include "field_rule.h"
#include "grow.h"
#include "noise_file.h"
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
	struct row_check check;
	struct csv_in *in;
	int at[ALL], order;

	in = run_table_open(dir, "invocations.csv", column, at, ALL, err, size);
	if (!in)
		return *err ? -1 : 0;
	run->is_there = true;
	order = csv_column(in, "order");
	row_check_begin(&check, in, summary);
	while (csv_read(in) > 0) {
		const char *metric = csv_field(in, at[METRIC]);
		char id[SUMMARY_ID];

		run_table_id(in, at, id);
		if (row_check_add(&check, in, id, metric,
				  csv_field_num(in, order)))
			break;
		take_value(run, id, metric, csv_field_num(in, at[VALUE]));
	}
	row_check_end(&check, in);
	row_check_free(&check);
	return run_table_close(in, err, size);
}

/* The machine's own null spread, of an A/A run. */
static void take_noise(void *ctx, const char *id, const char *metric,
		       double spread)
{
	struct series *s = series_find(ctx, id, metric);

	if (s && spread > 0)
		s->noise = spread;
}

static int read_noise(struct series_set *run, const char *dir,
		      const struct summary *summary, char *err, size_t size)
{
	run->has_noise =
		noise_file_read(dir, summary, take_noise, run, err, size);
	return run->has_noise < 0 ? -1 : 0;
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
	while (csv_read(in) > 0) {
		double step;

		if (strcmp(csv_field(in, at[0]), "clock.step_ns"))
			continue;
		step = csv_field_num(in, at[1]);
		if (step < 0)
			csv_refuse(
				in,
				"clock.step_ns is %g, and should be a number "
				"from 0 on; " FIELD_ADVICE,
				step);
		else if (!isnan(step))
			run->clock_step_ns = step;
	}
	return run_table_close(in, err, size);
}

int series_read(struct series_set *run, const char *dir,
		const struct summary *summary, char *err, size_t size)
{
	memset(run, 0, sizeof(*run));
	if (read_invocations(run, dir, summary, err, size) ||
	    (run->is_there && (read_clock_step(run, dir, err, size) ||
			       read_noise(run, dir, summary, err, size)))) {
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
