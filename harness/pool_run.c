/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several runs of one machine, read and put together as one. */
#include "pool_run.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench.h"
#include "cases.h"
#include "csv.h"
#include "die.h"
#include "grow.h"
#include "pool.h"
#include "row_check.h"
#include "run_table.h"

static const char what[] = "the runs";
static const double level = 0.95;

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (!memory)
		die("out of memory for %s", what);
	return memory;
}

/* ------------------------------------------------------------- one run */

/* The ends of the samples, which struct summary_row has not. */
static int read_ends(struct pool_source *source, char *err, size_t size)
{
	static const char *const column[] = { "min", "max" };
	size_t count = source->summary.count, i = 0;
	struct csv_in *in;
	int at[2];

	source->min = allocate(count, sizeof(*source->min));
	source->max = allocate(count, sizeof(*source->max));
	in = run_table_open(source->path, "summary.csv", column, at, 2, err,
			    size);
	if (!in)
		return -1;
	/* row by row as summary_read() has read them */
	for (; i < count && csv_read(in) > 0; i++) {
		source->min[i] = csv_field_num(in, at[0]);
		source->max[i] = csv_field_num(in, at[1]);
	}
	if (i < count)
		csv_refuse(in, "it changed while it was read; try again");
	return run_table_close(in, err, size);
}

static int read_source(struct pool_source *source, const char *path, char *err,
		       size_t size)
{
	struct stat st;
	char id[SUMMARY_ID];

	source->path = path;
	if (!stat(path, &st) && !S_ISDIR(st.st_mode)) {
		snprintf(err, size,
			 "%s: not a directory; name directories of runs", path);
		return -1;
	}
	if (summary_read(&source->summary, path, err, size) ||
	    series_read(&source->series, path, &source->summary, err, size) ||
	    env_file_read(&source->env, path, err, size) ||
	    read_ends(source, err, size))
		return -1;
	if (!source->series.is_there) {
		snprintf(err, size,
			 "%s: no invocations.csv, without which runs cannot be "
			 "pooled; leave this one out",
			 path);
		return -1;
	}
	for (size_t i = 0; i < source->summary.count; i++) {
		const struct summary_row *row = &source->summary.row[i];

		lookup_add(&source->rows, summary_id(row, id, sizeof(id)),
			   row->metric, i);
	}
	return 0;
}

/* Whether it can be put together with the ones before. */
static int check_source(const struct pool_run *pool,
			const struct pool_source *source, char *err,
			size_t size)
{
	const struct summary_row *of = source->summary.row;

	for (size_t i = 0; i < pool->sources; i++) {
		const struct pool_source *other = &pool->source[i];
		const struct summary_row *first = other->summary.row;

		if (strcmp(of->machine, first->machine)) {
			snprintf(err, size,
				 "%s is of machine %s, and %s of %s: runs of "
				 "one machine can be pooled; see handoff "
				 "compare for others",
				 source->path, of->machine, other->path,
				 first->machine);
			return -1;
		}
		if (!strcmp(of->run, first->run)) {
			snprintf(err, size,
				 "%s and %s are the same run, %s; name each "
				 "once",
				 other->path, source->path, of->run);
			return -1;
		}
	}
	return 0;
}

/* ------------------------------------------------------- rows put together */

/* One case and metric, and where it comes in the order of all. */
struct metric_place {
	size_t of_case, seen;
	char id[SUMMARY_ID];
	const char *metric;
};

static int by_place(const void *a, const void *b)
{
	const struct metric_place *p = a, *q = b;

	if (p->of_case != q->of_case)
		return (p->of_case > q->of_case) - (p->of_case < q->of_case);
	return (p->seen > q->seen) - (p->seen < q->seen);
}

static const struct summary_row *row_of(const struct pool_source *source,
					const char *id, const char *metric)
{
	size_t i = lookup_find(&source->rows, id, metric);

	return i == LOOKUP_NONE ? NULL : &source->summary.row[i];
}

/* Which cases each run has a number of. */
static void find_measured(const struct pool_run *pool, struct lookup *measured)
{
	for (size_t s = 0; s < pool->sources; s++)
		for (size_t i = 0; i < pool->source[s].summary.count; i++) {
			const struct summary_row *row =
				&pool->source[s].summary.row[i];
			char id[SUMMARY_ID];

			if (row->ok)
				lookup_add(measured,
					   summary_id(row, id, sizeof(id)),
					   row->run, 0);
		}
}

static bool any_ok(const struct pool_run *pool, const struct metric_place *p)
{
	for (size_t s = 0; s < pool->sources; s++) {
		const struct summary_row *row =
			row_of(&pool->source[s], p->id, p->metric);

		if (row && row->ok)
			return true;
	}
	return false;
}

/* Why one run has no number is no news where another has measured the case and
 * has no such metric: it stood for all that was lacking. */
static bool is_news(const struct pool_run *pool, const struct lookup *measured,
		    const struct metric_place *p)
{
	if (any_ok(pool, p))
		return true;
	for (size_t s = 0; s < pool->sources; s++) {
		const struct pool_source *source = &pool->source[s];

		if (!row_of(source, p->id, p->metric) &&
		    lookup_find(measured, p->id, source->summary.row->run) !=
			    LOOKUP_NONE)
			return false;
	}
	return true;
}

/* All cases and metrics; those of a case together. */
static struct metric_place *list_places(const struct pool_run *pool,
					size_t *count)
{
	struct lookup seen = { 0 }, cases = { 0 }, measured = { 0 };
	struct metric_place *place = NULL;
	size_t room = 0, used = 0;

	*count = 0;
	find_measured(pool, &measured);
	for (size_t s = 0; s < pool->sources; s++) {
		const struct summary *summary = &pool->source[s].summary;

		for (size_t i = 0; i < summary->count; i++) {
			const struct summary_row *row = &summary->row[i];
			char id[SUMMARY_ID];
			size_t of_case;

			summary_id(row, id, sizeof(id));
			of_case = lookup_add(&cases, id, "", cases.used);
			if (lookup_add(&seen, id, row->metric, *count) !=
			    *count)
				continue;
			place = grow(place, *count, &room, sizeof(*place),
				     what);
			place[*count].of_case = of_case;
			place[*count].seen = *count;
			place[*count].metric = row->metric;
			memcpy(place[(*count)++].id, id, sizeof(id));
		}
	}
	for (size_t i = 0; i < *count; i++)
		if (is_news(pool, &measured, &place[i]))
			place[used++] = place[i];
	*count = used;
	if (used)
		qsort(place, used, sizeof(*place), by_place);
	lookup_free(&seen);
	lookup_free(&cases);
	lookup_free(&measured);
	return place;
}

static bool has_total(const struct metric *metric, const char *name)
{
	for (; metric && metric->name; metric++)
		if (!strcmp(metric->name, name))
			return metric->total;
	return false;
}

/* A sum over all invocations, as the bench says. */
static bool is_total(const struct summary_row *row)
{
	size_t count;
	const struct bench *const *bench = bench_all(&count);

	for (size_t i = 0; i < count; i++) {
		const struct bench *b = bench[i];
		const struct variant *v = b->variants;

		if (strcmp(b->name, row->bench))
			continue;
		if (has_total(b->metrics, row->metric))
			return true;
		for (; v && v->name; v++)
			if (!strcmp(v->name, row->variant))
				return has_total(v->metrics, row->metric);
	}
	return false;
}

/* What the flags of all runs come to: each word once. How wide an interval is,
 * and how many runs there were, is another matter here. */
static void add_flags(char *flags, size_t size, const char *more)
{
	while (*more) {
		size_t span = strcspn(more, ";"), used = strlen(flags);
		const char *there = flags;
		bool known = !strncmp(more, "wide:", 5) ||
			     !strncmp(more, "runs:", 5);

		while (!known && *there) {
			size_t length = strcspn(there, ";");

			known = length == span && !strncmp(there, more, span);
			there += length + (there[length] == ';');
		}
		if (!known)
			snprintf(flags + used, size - used, "%s%.*s",
				 used ? ";" : "", (int)span, more);
		more += span + (more[span] == ';');
	}
}

static const struct series *series_of(const struct pool_source *source,
				      const struct metric_place *place)
{
	return series_find(&source->series, place->id, place->metric);
}

/* The value of a case and metric, from the runs that have one. */
static void estimate(const struct pool_run *pool,
		     const struct metric_place *place, struct summary_row *row)
{
	struct pool_sample *sample = allocate(pool->sources, sizeof(*sample));
	struct pool_estimate e;
	size_t n = 0;
	bool is_count;

	for (size_t s = 0; s < pool->sources; s++) {
		const struct summary_row *of =
			row_of(&pool->source[s], place->id, place->metric);
		const struct series *series =
			series_of(&pool->source[s], place);

		if (of && of->ok && series)
			sample[n++] = (struct pool_sample){ series->value,
							    series->count };
	}
	is_count =
		!strcmp(row->method, "slope") || !strcmp(row->method, "exact");
	e = is_total(row) ? pool_totals(sample, n) :
	    is_count      ? pool_counts(sample, n, level) :
			    pool_times(sample, n, level);
	row->value = e.value;
	row->ci = e.ci;
	free(sample);
}

/* Takes in one run's row; where it is the first with a number, all it says. */
static int add_row(struct pool_run *pool, const struct pool_source *source,
		   const struct summary_row *of, struct summary_row *row,
		   struct pool_row *beside, char *flags, size_t flags_size,
		   char *err, size_t size)
{
	size_t i = (size_t)(of - source->summary.row);
	char id[SUMMARY_ID];

	if (!of->ok)
		return 0;
	if (row->unit && strcmp(row->unit, of->unit)) {
		snprintf(err, size,
			 "%s: the unit of %s %s is %s, and before it was %s: "
			 "runs of one program can be pooled",
			 source->path, summary_id(of, id, sizeof(id)),
			 of->metric, of->unit, row->unit);
		return -1;
	}
	if (!beside->runs++) {
		row->ok = true;
		row->unit = lookup_text(&pool->summary.texts, of->unit);
		row->method = lookup_text(&pool->summary.texts, of->method);
		row->status = lookup_text(&pool->summary.texts, of->status);
		row->reason = "";
		row->invocations = row->samples = 0;
	}
	row->invocations += of->invocations;
	row->samples += of->samples;
	beside->min = fmin(beside->min, source->min[i]);
	beside->max = fmax(beside->max, source->max[i]);
	add_flags(flags, flags_size, of->flags);
	return 0;
}

static void copy_names(struct pool_run *pool, struct summary_row *row,
		       const struct summary_row *of)
{
	struct lookup *texts = &pool->summary.texts;

	row->machine = lookup_text(texts, of->machine);
	row->run = lookup_text(texts, pool->run);
	row->bench = lookup_text(texts, of->bench);
	row->variant = lookup_text(texts, of->variant);
	row->peer = lookup_text(texts, of->peer);
	row->place = lookup_text(texts, of->place);
	row->param = lookup_text(texts, of->param);
	row->metric = lookup_text(texts, of->metric);
}

/* Why there is no number: as the first run that looked says. */
static void copy_reason(struct pool_run *pool, struct summary_row *row,
			const struct summary_row *of)
{
	struct lookup *texts = &pool->summary.texts;

	row->invocations = row->samples = NAN;
	row->method = row->flags = "";
	if (!of)
		return;
	row->unit = lookup_text(texts, of->unit);
	row->status = lookup_text(texts, of->status);
	row->reason = lookup_text(texts, of->reason);
}

static int make_row(struct pool_run *pool, const struct metric_place *place,
		    struct summary_row *row, struct pool_row *beside, char *err,
		    size_t size)
{
	const struct summary_row *first = NULL;
	char flags[256] = "";

	beside->min = beside->max = NAN;
	for (size_t s = 0; s < pool->sources; s++) {
		const struct summary_row *of =
			row_of(&pool->source[s], place->id, place->metric);

		if (!of)
			continue;
		if (!first)
			copy_names(pool, row, first = of);
		if (add_row(pool, &pool->source[s], of, row, beside, flags,
			    sizeof(flags), err, size))
			return -1;
	}
	row->value = row->ci.low = row->ci.high = NAN;
	row->p50 = row->p90 = row->p99 = row->p999 = NAN;
	if (!row->ok) {
		copy_reason(pool, row, first);
		return 0;
	}
	estimate(pool, place, row);
	if (beside->runs < pool->sources) {
		size_t used = strlen(flags);

		pool->partial++;
		pool->alone += beside->runs == 1;
		snprintf(flags + used, sizeof(flags) - used, "%sruns:%zu/%zu",
			 used ? ";" : "", beside->runs, pool->sources);
	}
	row->flags = lookup_text(&pool->summary.texts, flags);
	return 0;
}

/* What is put together is a run, and no larger than its readers take one. */
static int check_size(const struct pool_run *pool, size_t rows, char *err,
		      size_t size)
{
	double invocations = 0;

	for (size_t s = 0; s < pool->sources; s++)
		for (size_t i = 0; i < pool->source[s].summary.count; i++)
			if (pool->source[s].summary.row[i].ok)
				invocations += pool->source[s]
						       .summary.row[i]
						       .invocations;
	if (rows <= SUMMARY_ROWS_MAX && invocations <= INVOCATION_ROWS_MAX)
		return 0;
	snprintf(err, size,
		 "%zu runs come to %zu rows and %.0f of invocations, and a run "
		 "may have %d and %d: pool fewer of them",
		 pool->sources, rows, invocations, SUMMARY_ROWS_MAX,
		 INVOCATION_ROWS_MAX);
	return -1;
}

static int make_rows(struct pool_run *pool, char *err, size_t size)
{
	size_t count;
	struct metric_place *place = list_places(pool, &count);
	int result = check_size(pool, count, err, size);

	pool->summary.row = allocate(count, sizeof(*pool->summary.row));
	pool->row = allocate(count, sizeof(*pool->row));
	for (size_t i = 0; i < count && !result; i++) {
		result = make_row(pool, &place[i], &pool->summary.row[i],
				  &pool->row[i], err, size);
		lookup_add(&pool->rows, place[i].id, place[i].metric, i);
		pool->summary.count++;
	}
	free(place);
	return result;
}

/* ------------------------------------------------------------ quantiles */

static int by_bucket(const void *a, const void *b)
{
	const struct hist_cell *p = a, *q = b;

	return (p->bucket > q->bucket) - (p->bucket < q->bucket);
}

/* One cell a bucket, ascending, as a hist_sparse has them. */
static void join_cells(struct hist_sparse *h)
{
	size_t used = 0;

	if (h->used)
		qsort(h->cell, h->used, sizeof(*h->cell), by_bucket);
	for (size_t i = 0; i < h->used; i++) {
		if (used && h->cell[used - 1].bucket == h->cell[i].bucket)
			h->cell[used - 1].count += h->cell[i].count;
		else
			h->cell[used++] = h->cell[i];
	}
	h->used = used;
}

/* The row last read, where its case and metric have a number in this run. */
static int take_bucket(struct pool_run *pool, const struct pool_source *source,
		       struct csv_in *in, const char *id, const char *metric,
		       const double bucket[3])
{
	const double low = bucket[0], high = bucket[1], count = bucket[2];
	const struct summary_row *of = row_of(source, id, metric);
	size_t i = lookup_find(&pool->rows, id, metric);
	struct hist_sparse *h;

	if (!of || !of->ok || i == LOOKUP_NONE)
		return 0;
	if (!(low <= high) || !(count >= 1))
		return csv_refuse(in,
				  "the bucket of %.200s from %g to %g holds "
				  "%g: no run writes such; make the file again",
				  id, low, high, count);
	h = &pool->row[i].hist;
	h->cell = grow(h->cell, h->used, &h->room, sizeof(*h->cell), what);
	h->cell[h->used++] =
		(struct hist_cell){ (uint32_t)hist_bucket((low + high) / 2),
				    (uint64_t)count };
	h->n += (uint64_t)count;
	return 0;
}

static int read_histogram(struct pool_run *pool, struct pool_source *source,
			  char *err, size_t size)
{
	enum { METRIC = 5, LOW, HIGH, SAMPLES, ALL };
	static const char *const column[ALL] = { "bench", "variant", "peer",
						 "place", "param",   "metric",
						 "low",   "high",    "count" };
	int at[ALL];
	struct csv_in *in = run_table_open(source->path, "histogram.csv",
					   column, at, ALL, err, size);

	if (!in)
		return *err ? -1 : 0;
	source->has_histogram = true;
	while (csv_read(in) > 0) {
		char id[SUMMARY_ID];
		double bucket[3];

		for (int i = 0; i < 3; i++)
			bucket[i] = csv_field_num(in, at[LOW + i]);
		run_table_id(in, at, id);
		if (take_bucket(pool, source, in, id, csv_field(in, at[METRIC]),
				bucket))
			break;
	}
	return run_table_close(in, err, size);
}

/* Where the samples of all runs are known, and support them. */
static void make_quantiles(struct summary_row *row, struct pool_row *beside)
{
	const double q[] = { 0.5, 0.9, 0.99, 0.999 };
	double *const to[] = { &row->p50, &row->p90, &row->p99, &row->p999 };
	struct hist_sparse *h = &beside->hist;

	join_cells(h);
	if (!h->n || (double)h->n != row->samples)
		return;
	h->min = beside->min;
	h->max = beside->max;
	h->fractions = h->n;
	for (size_t i = 0; i < sizeof(q) / sizeof(*q); i++)
		if (h->n >= stats_quantile_min_n(q[i], level))
			*to[i] = hist_sparse_quantile(h, q[i]);
}

static int make_histograms(struct pool_run *pool, char *err, size_t size)
{
	pool->has_histogram = true;
	for (size_t s = 0; s < pool->sources; s++) {
		if (read_histogram(pool, &pool->source[s], err, size))
			return -1;
		pool->has_histogram &= pool->source[s].has_histogram;
	}
	for (size_t i = 0; pool->has_histogram && i < pool->summary.count; i++)
		if (pool->summary.row[i].ok)
			make_quantiles(&pool->summary.row[i], &pool->row[i]);
	return 0;
}

/* ---------------------------------------------------------- environment */

static char *copy_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		die("out of memory for %s", what);
	return copy;
}

static void add_fact(struct pool_run *pool, const char *name, const char *value,
		     const char *source)
{
	struct env_file *env = &pool->env;

	env->fact[env->count++] =
		(struct env_fact){ copy_text(name), copy_text(value),
				   copy_text(source) };
}

/* The first run's facts, and which runs these are. */
static void make_env(struct pool_run *pool)
{
	const struct env_file *first = &pool->source[0].env;
	char name[40], value[32];

	pool->env.fact = allocate(first->count + pool->sources + 1,
				  sizeof(*pool->env.fact));
	for (size_t i = 0; i < first->count; i++) {
		const struct env_fact *fact = &first->fact[i];
		bool same = true;
		char source[512];

		for (size_t s = 1; s < pool->sources && same; s++) {
			const char *other = env_file_value(&pool->source[s].env,
							   fact->name);

			same = !strcmp(other ? other : "", fact->value);
		}
		snprintf(source, sizeof(source), "%.400s%s", fact->source,
			 same ? "" : "; of the first run, others differ");
		add_fact(pool, fact->name, fact->value, source);
	}
	snprintf(value, sizeof(value), "%zu", pool->sources);
	add_fact(pool, "pool.runs", value, "handoff report");
	for (size_t s = 0; s < pool->sources; s++) {
		snprintf(name, sizeof(name), "pool.run.%zu", s + 1);
		add_fact(pool, name, pool->source[s].summary.row->run,
			 "handoff report");
	}
}

/* ------------------------------------------------------------- all of it */

int pool_run_read(struct pool_run *pool, char *const *path, size_t paths,
		  char *err, size_t size)
{
	const char *run = "";

	*err = '\0';
	memset(pool, 0, sizeof(*pool));
	pool->source = allocate(paths, sizeof(*pool->source));
	for (size_t i = 0; i < paths; i++) {
		struct pool_source *source = &pool->source[i];
		int result = read_source(source, path[i], err, size);

		if (!result)
			result = check_source(pool, source, err, size);
		pool->sources++;
		if (result)
			goto failed;
		if (!i)
			run = source->summary.row->run;
	}
	snprintf(pool->run, sizeof(pool->run), "%.24s+%hu", run,
		 (unsigned short)(paths - 1));
	make_env(pool);
	if (!make_rows(pool, err, size) && !make_histograms(pool, err, size))
		return 0;
failed:
	pool_run_free(pool);
	return -1;
}

void pool_run_free(struct pool_run *pool)
{
	for (size_t i = 0; i < pool->sources; i++) {
		struct pool_source *source = &pool->source[i];

		summary_free(&source->summary);
		series_free(&source->series);
		env_file_free(&source->env);
		lookup_free(&source->rows);
		free(source->min);
		free(source->max);
	}
	for (size_t i = 0; i < pool->summary.count; i++)
		hist_sparse_free(&pool->row[i].hist);
	free(pool->source);
	free(pool->row);
	env_file_free(&pool->env);
	lookup_free(&pool->rows);
	summary_free(&pool->summary);
	memset(pool, 0, sizeof(*pool));
}
