/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of several runs put together as one. */
#include "pool_run.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "csv.h"
#include "die.h"
#include "results.h"
#include "run_table.h"
#include "rundir.h"

static struct csv_out *create(const char *dir, const char *name, char *path)
{
	snprintf(path, PATH_MAX, "%.4000s/%s", dir, name);
	return csv_create(path);
}

static void write_header(struct csv_out *out, const char *names)
{
	char header[1024], *save = NULL;

	snprintf(header, sizeof(header), "%s", names);
	for (char *name = strtok_r(header, ",", &save); name;
	     name = strtok_r(NULL, ",", &save))
		csv_str(out, name);
	csv_end(out);
}

static void write_names(struct csv_out *out, const struct summary_row *row)
{
	csv_str(out, row->bench);
	csv_str(out, row->variant);
	csv_str(out, row->peer);
	csv_str(out, row->place);
	csv_str(out, row->param);
	csv_str(out, row->metric);
	csv_str(out, row->unit);
}

static void write_summary(const struct pool_run *pool, struct csv_out *out)
{
	write_header(out, RESULTS_SUMMARY_HEADER);
	for (size_t i = 0; i < pool->summary.count; i++) {
		const struct summary_row *row = &pool->summary.row[i];
		const struct pool_row *beside = &pool->row[i];
		const double number[] = {
			row->invocations, row->samples, row->value,
			row->ci.low,      row->ci.high, beside->min,
			row->p50,         row->p90,     row->p99,
			row->p999,        beside->max,
		};

		csv_str(out, RESULTS_SCHEMA);
		csv_str(out, row->machine);
		csv_str(out, row->run);
		write_names(out, row);
		csv_str(out, row->status);
		csv_str(out, row->reason);
		for (size_t k = 0; k < sizeof(number) / sizeof(*number); k++)
			csv_num(out, number[k]);
		csv_str(out, row->method);
		csv_str(out, row->flags);
		csv_end(out);
	}
}

static void write_histogram(const struct pool_run *pool, struct csv_out *out)
{
	write_header(out, "bench,variant,peer,place,param,metric,unit,low,"
			  "high,count");
	for (size_t i = 0; i < pool->summary.count; i++) {
		const struct hist_sparse *h = &pool->row[i].hist;

		for (size_t k = 0; k < h->used; k++) {
			write_names(out, &pool->summary.row[i]);
			csv_num(out, hist_bucket_low(h->cell[k].bucket));
			csv_num(out, hist_bucket_high(h->cell[k].bucket));
			csv_u64(out, h->cell[k].count);
			csv_end(out);
		}
	}
}

static void write_env(const struct pool_run *pool, struct csv_out *out)
{
	write_header(out, "name,value,source");
	for (size_t i = 0; i < pool->env.count; i++) {
		csv_str(out, pool->env.fact[i].name);
		csv_str(out, pool->env.fact[i].value);
		csv_str(out, pool->env.fact[i].source);
		csv_end(out);
	}
}

/* ----------------------------------------------------------- invocations */

/* A column that numbers on from one run to the next; where it began in the
 * run, and where it will in the next one. */
struct numbering {
	double from, next;
};

/* The columns of the first run's invocations.csv: the others have them, too, or
 * an empty field. */
enum { COLUMNS_MOST = 256 };
struct columns {
	char *name[COLUMNS_MOST];
	int count;
	struct numbering block, order;
};

static void take_columns(struct columns *columns, const struct csv_in *in)
{
	columns->count = csv_columns(in);
	if (columns->count > COLUMNS_MOST)
		columns->count = COLUMNS_MOST;
	for (int i = 0; i < columns->count; i++) {
		columns->name[i] = strdup(csv_name(in, i));
		if (!columns->name[i])
			die("out of memory for the runs");
	}
}

static void write_number(struct csv_out *out, struct csv_in *in, int column,
			 struct numbering *numbering)
{
	double number = csv_field_num(in, column) + numbering->from;

	numbering->next = fmax(numbering->next, number + 1);
	csv_num(out, number);
}

static void write_invocation(struct csv_out *out, struct csv_in *in,
			     struct columns *columns, const int *at)
{
	for (int i = 0; i < columns->count; i++) {
		if (!strcmp(columns->name[i], "block"))
			write_number(out, in, at[i], &columns->block);
		else if (!strcmp(columns->name[i], "order"))
			write_number(out, in, at[i], &columns->order);
		else
			csv_str(out, csv_field(in, at[i]));
	}
	csv_end(out);
}

/* Those of what has a number in the run. */
static int copy_invocations(const struct pool_source *source,
			    struct columns *columns, struct csv_out *out,
			    char *err, size_t size)
{
	enum { METRIC = 5, ALL };
	static const char *const part[ALL] = { "bench", "variant", "peer",
					       "place", "param",   "metric" };
	int named[ALL], at[COLUMNS_MOST];
	struct csv_in *in = run_table_open(source->path, "invocations.csv",
					   part, named, ALL, err, size);

	if (!in)
		return -1;
	if (!columns->count) {
		take_columns(columns, in);
		for (int i = 0; i < columns->count; i++)
			csv_str(out, columns->name[i]);
		csv_end(out);
	}
	for (int i = 0; i < columns->count; i++)
		at[i] = csv_column(in, columns->name[i]);
	while (csv_read(in) > 0) {
		char id[SUMMARY_ID];
		size_t i;

		run_table_id(in, named, id);
		i = lookup_find(&source->rows, id,
				csv_field(in, named[METRIC]));
		if (i != LOOKUP_NONE && source->summary.row[i].ok)
			write_invocation(out, in, columns, at);
	}
	columns->block.from = columns->block.next;
	columns->order.from = columns->order.next;
	return run_table_close(in, err, size);
}

static int write_invocations(const struct pool_run *pool, const char *dir,
			     char *err, size_t size)
{
	struct columns columns = { .count = 0 };
	char path[PATH_MAX];
	struct csv_out *out = create(dir, "invocations.csv", path);
	int result = 0;

	for (size_t s = 0; out && !result && s < pool->sources; s++)
		result = copy_invocations(&pool->source[s], &columns, out, err,
					  size);
	for (int i = 0; i < columns.count; i++)
		free(columns.name[i]);
	if (result) {
		csv_discard(out);
	} else if (!out || csv_close(out)) {
		snprintf(err, size, "%s: %s", path, strerror(errno));
		result = -1;
	}
	return result;
}

/* -------------------------------------------------------------- topology */

/* More than hwloc writes of the largest machines. */
enum { TOPOLOGY_MOST = 64 << 20 };

static void copy_topology(const void *ctx, FILE *out)
{
	FILE *in = fopen(ctx, "re");
	char text[1 << 16];
	size_t all = 0, got;

	while (in && all < TOPOLOGY_MOST &&
	       (got = fread(text, 1, sizeof(text), in)) > 0) {
		fwrite(text, 1, got, out);
		all += got;
	}
	if (in)
		fclose(in);
}

/* Of the first run that has one: they are of one machine. */
static int write_topology(const struct pool_run *pool, const char *dir)
{
	char path[PATH_MAX];

	for (size_t s = 0; s < pool->sources; s++) {
		struct stat st;

		snprintf(path, sizeof(path), "%.4000s/topology.xml",
			 pool->source[s].path);
		if (!stat(path, &st) && S_ISREG(st.st_mode))
			return rundir_write(dir, "topology.xml", copy_topology,
					    path);
	}
	return 0;
}

int pool_run_write(const struct pool_run *pool, const char *dir, char *err,
		   size_t size)
{
	static const struct {
		const char *name;
		void (*write)(const struct pool_run *pool, struct csv_out *out);
	} file[] = {
		{ "env.csv", write_env },
		{ "histogram.csv", write_histogram },
		{ "summary.csv", write_summary },
	};

	if (write_invocations(pool, dir, err, size))
		return -1;
	for (size_t i = 0; i < sizeof(file) / sizeof(*file); i++) {
		char path[PATH_MAX];
		struct csv_out *out;

		if (file[i].write == write_histogram && !pool->has_histogram)
			continue;
		out = create(dir, file[i].name, path);
		if (out)
			file[i].write(pool, out);
		if (!out || csv_close(out)) {
			snprintf(err, size, "%s: %s", path, strerror(errno));
			return -1;
		}
	}
	if (!write_topology(pool, dir))
		return 0;
	snprintf(err, size, "%.4000s/topology.xml: it cannot be written", dir);
	return -1;
}
