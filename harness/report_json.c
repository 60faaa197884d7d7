/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run as JSON in the schema of Google Benchmark, for the tools that read it.
 */
#include "report_json.h"

#include <ctype.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "env_file.h"
#include "grow.h"
#include "json.h"
#include "lookup.h"
#include "records.h"
#include "stats.h"
#include "summary.h"
#include "topo.h"

/* ------------------------------------------------------------- the format */

static void put_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\"%s\": ", name);
	json_text(out, text);
}

/* JSON has no NAN; the name is ours or a metric's. */
static void add_number(FILE *out, const char *name, double value)
{
	if (!isfinite(value))
		return;
	fputs(", ", out);
	json_text(out, name);
	fprintf(out, ": %.10g", value);
}

/* ------------------------------------------------------------ the context */

/* "20261124T140012Z" as ISO 8601 has it. */
static void put_date(FILE *out, const char *run)
{
	char date[40];
	int digits = 0;

	while (digits < 15 && (isdigit((unsigned char)run[digits]) ||
			       (digits == 8 && run[digits] == 'T')))
		digits++;
	snprintf(date, sizeof(date),
		 digits == 15 ? "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s+00:00" : "%.32s",
		 run, run + 4 * (digits == 15), run + 6 * (digits == 15),
		 run + 9 * (digits == 15), run + 11 * (digits == 15),
		 run + 13 * (digits == 15));
	put_text(out, "date", date);
}

struct caches {
	FILE *out;
	struct topo_box seen[32];
	int count;
};

/* One of each kind, as Google Benchmark lists them. */
static void put_cache(void *ctx, const struct topo_box *box)
{
	struct caches *c = ctx;

	if (!box->is_cache || c->count == 32)
		return;
	for (int i = 0; i < c->count; i++)
		if (c->seen[i].kind == box->kind &&
		    c->seen[i].level == box->level &&
		    c->seen[i].bytes == box->bytes &&
		    c->seen[i].pus == box->pus)
			return;
	fprintf(c->out,
		"%s\n      {\"type\": \"%s\", \"level\": %u, \"size\": %llu, "
		"\"num_sharing\": %d}",
		c->count ? "," : "",
		box->kind == 'd' ? "Data" :
		box->kind == 'i' ? "Instruction" :
				   "Unified",
		box->level, (unsigned long long)box->bytes, box->pus);
	c->seen[c->count++] = *box;
}

static double env_number(const struct env_file *env, const char *name)
{
	const char *value = env_file_value(env, name);

	return value ? strtod(value, NULL) : NAN;
}

static void put_load(FILE *out, const char *loadavg)
{
	double load[3];

	if (!loadavg ||
	    sscanf(loadavg, "%lf %lf %lf", &load[0], &load[1], &load[2]) != 3)
		load[0] = load[1] = load[2] = NAN;
	fputs(",\n    \"load_avg\": [", out);
	for (int i = 0; i < 3 && isfinite(load[0]); i++)
		fprintf(out, "%s%.10g", i ? ", " : "", load[i]);
	fputs("]", out);
}

static void put_context(FILE *out, const char *dir, const struct summary *s,
			const struct env_file *env)
{
	const char *optimized = env_file_value(env, "build.optimized");
	const char *governor = env_file_value(env, "cpufreq.scaling_governor");
	const char *version = env_file_value(env, "handoff.version");
	struct caches caches = { .out = out };
	char xml[PATH_MAX];

	fputs("  \"context\": {\n    ", out);
	put_date(out, s->row[0].run);
	fputs(",\n    ", out);
	put_text(out, "host_name", s->row[0].machine);
	fputs(",\n    \"executable\": \"handoff\"", out);
	add_number(out, "num_cpus", env_number(env, "topology.allowed_pus"));
	add_number(out, "mhz_per_cpu",
		   round(env_number(env, "cpuinfo.cpu_mhz.median.before")));
	/* what is not known is left out, as Google Benchmark does */
	if (governor)
		fprintf(out, ",\n    \"cpu_scaling_enabled\": %s",
			strcmp(governor, "performance") ? "true" : "false");
	fputs(",\n    \"caches\": [", out);
	snprintf(xml, sizeof(xml), "%.4000s/topology.xml", dir);
	topo_each_box(xml, put_cache, &caches);
	fputs("\n    ]", out);
	put_load(out, env_file_value(env, "loadavg.before"));
	if (version) {
		fputs(",\n    ", out);
		put_text(out, "library_version", version);
	}
	fprintf(out,
		",\n    \"library_build_type\": \"%s\",\n"
		"    \"json_schema_version\": 1\n  },\n",
		optimized && !strcmp(optimized, "yes") ? "release" : "debug");
}

/* ------------------------------------------------------ the invocations */

/* One metric of one timed invocation. */
struct timed {
	char *key; /* "CASE/METRIC" */
	size_t index;
	double value, samples, batch_n, processors;
};

struct timings {
	struct timed *timed;
	size_t count, room;
};

static int take_timed(void *ctx, const struct record *r)
{
	struct timings *t = ctx;
	struct timed *to;

	if (strcmp(r->pass, "time") || strcmp(r->unit, "ns") ||
	    !isfinite(r->value))
		return 0;
	t->timed = grow(t->timed, t->count, &t->room, sizeof(*t->timed),
			"the invocations");
	to = &t->timed[t->count];
	*to = (struct timed){ .index = t->count++,
			      .value = r->value,
			      .samples = r->samples,
			      .batch_n = r->batch_n };
	if (r->elapsed_ns > 0)
		to->processors = (r->cpu_ns + r->peer_cpu_ns) / r->elapsed_ns;
	if (asprintf(&to->key, "%s/%s/%s/%s/%s/%s", r->bench, r->variant,
		     r->peer, r->place, r->param, r->metric) < 0)
		die("out of memory for the invocations");
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Those of one key; *count of them, NULL: none. */
static const struct timed *find_timed(const struct timings *t, const char *key,
				      size_t *count)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(t->timed[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*count = 0; low + *count < t->count &&
			 !strcmp(t->timed[low + *count].key, key);)
		++*count;
	return *count ? &t->timed[low] : NULL;
}

/* ---------------------------------------------------------- the entries */

/* The rows that count, linked within their case: to look through all rows for
 * each case took minutes of a large run. */
struct counters {
	struct lookup cases; /* of an id: its number */
	size_t *first;       /* of each case: a row; LOOKUP_NONE: none */
	size_t *next;        /* of each row: the next of its case */
};

static void link_counters(struct counters *c, const struct summary *s)
{
	char id[SUMMARY_ID];
	size_t count = 0;

	memset(c, 0, sizeof(*c));
	c->first = malloc(s->count * sizeof(*c->first));
	c->next = malloc(s->count * sizeof(*c->next));
	if (!c->first || !c->next)
		die("out of memory for the counters");
	/* from the last row, so that the first comes first */
	for (size_t i = s->count; i-- > 0;) {
		const struct summary_row *row = &s->row[i];
		size_t of;

		if (!row->ok || strcmp(row->unit, "count"))
			continue;
		of = lookup_add(&c->cases, summary_id(row, id, sizeof(id)), "",
				count);
		if (of == count)
			c->first[count++] = LOOKUP_NONE;
		c->next[i] = c->first[of];
		c->first[of] = i;
	}
}

static void free_counters(struct counters *c)
{
	lookup_free(&c->cases);
	free(c->first);
	free(c->next);
}

struct entries {
	FILE *out;
	const struct summary *summary;
	struct counters counters;
	const char *bench; /* the last one */
	int family, instance;
	size_t count;
};

static int threads_of(const struct summary_row *row)
{
	return strcmp(row->peer, "thread") ? 1 : 2;
}

/* What every entry has; no aggregate: a repetition. */
static void begin_entry(struct entries *e, const struct summary_row *row,
			const char *key, bool aggregate, size_t repetitions)
{
	char name[SUMMARY_ID + 64];

	fprintf(e->out, "%s\n    {", e->count++ ? "," : "");
	snprintf(name, sizeof(name), "%s%s", key, aggregate ? "_median" : "");
	put_text(e->out, "name", name);
	fprintf(e->out,
		", \"family_index\": %d, \"per_family_instance_index\": %d, ",
		e->family, e->instance);
	put_text(e->out, "run_name", key);
	fprintf(e->out,
		", \"run_type\": \"%s\", \"repetitions\": %zu, "
		"\"threads\": %d",
		aggregate ? "aggregate" : "iteration", repetitions,
		threads_of(row));
}

static void put_times(FILE *out, double iterations, double real, double cpu)
{
	add_number(out, "iterations", fmax(1, iterations));
	add_number(out, "real_time", real);
	add_number(out, "cpu_time", isfinite(cpu) ? cpu : 0);
	fputs(", \"time_unit\": \"ns\"", out);
}

/* What was counted of the same case. */
static void put_counters(struct entries *e, const char *id)
{
	const struct counters *c = &e->counters;
	size_t of = lookup_find(&c->cases, id, "");

	if (of == LOOKUP_NONE)
		return;
	for (size_t i = c->first[of]; i != LOOKUP_NONE; i = c->next[i])
		add_number(e->out, e->summary->row[i].metric,
			   e->summary->row[i].value);
}

static double median_processors(const struct timed *timed, size_t count)
{
	double *x = malloc((count + 1) * sizeof(*x)), median;

	if (!x)
		die("out of memory for the invocations");
	for (size_t i = 0; i < count; i++)
		x[i] = timed[i].processors;
	median = stats_median(x, count);
	free(x);
	return median;
}

static void put_case(struct entries *e, const struct summary_row *row,
		     const struct timings *timings)
{
	bool batch = !strcmp(row->method, "batch");
	char id[SUMMARY_ID], key[SUMMARY_ID + 40];
	const struct timed *timed;
	size_t count;

	if (!e->bench || strcmp(e->bench, row->bench)) {
		e->family += e->bench != NULL;
		e->instance = 0;
		e->bench = row->bench;
	} else {
		e->instance++;
	}
	snprintf(key, sizeof(key), "%s/%.32s", summary_id(row, id, sizeof(id)),
		 row->metric);
	timed = find_timed(timings, key, &count);
	for (size_t i = 0; i < count; i++) {
		const struct timed *t = &timed[i];

		begin_entry(e, row, key, false, count);
		fprintf(e->out, ", \"repetition_index\": %zu", i);
		put_times(e->out, t->samples * (batch ? t->batch_n : 1),
			  t->value, t->value * t->processors);
		fputc('}', e->out);
	}
	begin_entry(e, row, key, true,
		    count ? count : (size_t)fmax(1, row->invocations));
	fputs(", \"aggregate_name\": \"median\", \"aggregate_unit\": \"time\"",
	      e->out);
	put_times(e->out, row->invocations, row->value,
		  row->value * median_processors(timed, count));
	add_number(e->out, "ci_low", row->ci.low);
	add_number(e->out, "ci_high", row->ci.high);
	put_counters(e, id);
	fputc('}', e->out);
}

static void put_entries(FILE *out, const struct summary *s,
			const struct timings *timings)
{
	struct entries e = { .out = out, .summary = s };
	size_t lacking = 0;

	link_counters(&e.counters, s);
	fputs("  \"benchmarks\": [", out);
	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];

		lacking += !row->ok;
		/* cpu_time is no time that passed, and is in every entry */
		if (row->ok && !strcmp(row->unit, "ns") &&
		    isfinite(row->value) && strcmp(row->metric, "cpu_time"))
			put_case(&e, row, timings);
	}
	fputs("\n  ]\n", out);
	free_counters(&e.counters);
	if (lacking)
		warn("%zu rows have no number and are left out; summary.csv "
		     "says why",
		     lacking);
}

int report_json(const char *dir, FILE *out)
{
	char err[PATH_MAX + 256];
	struct timings timings = { NULL, 0, 0 };
	locale_t locale, c_locale;
	struct env_file env;
	struct summary s;

	if (summary_read(&s, dir, err, sizeof(err)) ||
	    env_file_read(&env, dir, err, sizeof(err)) ||
	    records_each(dir, &s, take_timed, &timings, err, sizeof(err)))
		die_usage("%s", err);
	if (timings.count)
		qsort(timings.timed, timings.count, sizeof(*timings.timed),
		      by_key);
	/* the decimal point is '.', whatever the locale */
	c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
	locale = uselocale(c_locale);
	fputs("{\n", out);
	put_context(out, dir, &s, &env);
	put_entries(out, &s, &timings);
	fputs("}\n", out);
	uselocale(locale);
	if (c_locale)
		freelocale(c_locale);
	for (size_t i = 0; i < timings.count; i++)
		free(timings.timed[i].key);
	free(timings.timed);
	env_file_free(&env);
	summary_free(&s);
	return EXIT_DONE;
}
