/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run has measured so far, and the CSV files it becomes. */
#include "results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "stats.h"

enum {
	QUANTILES = 4,
	SUMMARY_NUMBERS = 13, /* columns from invocations on */
};
static const double quantile[QUANTILES] = { 0.5, 0.9, 0.99, 0.999 };
static const double level = 0.95;

int results_open(struct results *results, const struct test_case *cases,
		 size_t count)
{
	results->cases = cases;
	results->count = count;
	results->of = calloc(count, sizeof(*results->of));
	if (!results->of)
		return -1;
	for (size_t i = 0; i < count; i++) {
		results->of[i].status = cases[i].status;
		memcpy(results->of[i].reason, cases[i].reason,
		       sizeof(results->of[i].reason));
	}
	return 0;
}

void results_close(struct results *results)
{
	for (size_t i = 0; i < results->count; i++) {
		struct case_result *c = &results->of[i];

		for (unsigned m = 0; m < c->metrics; m++) {
			free(c->metric[m].value);
			hist_sparse_free(&c->metric[m].hist);
		}
		free(c->record);
	}
	free(results->of);
	results->of = NULL;
	results->count = 0;
}

static struct metric_result *find_metric(struct case_result *c,
					 const struct measured *m)
{
	struct metric_result *r;

	for (unsigned i = 0; i < c->metrics; i++)
		if (!strcmp(c->metric[i].name, m->name))
			return &c->metric[i];
	if (c->metrics == SAMPLE_MAX_METRICS)
		return NULL;
	r = &c->metric[c->metrics++];
	memcpy(r->name, m->name, sizeof(r->name));
	memcpy(r->unit, m->unit, sizeof(r->unit));
	r->method = m->method;
	r->is_count = m->is_count;
	return r;
}

/* Room for one more item of an array; 0 or -1. */
static int make_room(void **array, size_t used, size_t *room, size_t item)
{
	if (used == *room) {
		size_t more = *room ? 2 * *room : 16;
		void *larger = realloc(*array, more * item);

		if (!larger)
			return -1;
		*array = larger;
		*room = more;
	}
	return 0;
}

static int add_metric(struct case_result *c, const struct measured *m)
{
	struct metric_result *r = find_metric(c, m);

	if (!r || make_room((void **)&r->value, r->invocations, &r->room,
			    sizeof(*r->value)))
		return -1;
	r->value[r->invocations++] = m->value;
	r->samples += m->samples;
	return m->is_count ? 0 : hist_sparse_merge(&r->hist, &m->hist);
}

static int add_record(struct case_result *c, const struct invocation *inv,
		      size_t block, size_t order)
{
	struct invocation_record *record;

	if (make_room((void **)&c->record, c->records, &c->room,
		      sizeof(*c->record)))
		return -1;
	record = &c->record[c->records++];
	memset(record, 0, sizeof(*record));
	record->block = block;
	record->order = order;
	record->mode = inv->mode;
	record->evidence = inv->sample.evidence;
	record->metrics = inv->sample.metrics;
	for (unsigned i = 0; i < record->metrics; i++) {
		const struct measured *m = &inv->sample.metric[i];

		memcpy(record->metric[i].name, m->name, sizeof(m->name));
		memcpy(record->metric[i].unit, m->unit, sizeof(m->unit));
		record->metric[i].value = m->value;
		record->metric[i].samples = m->samples;
	}
	return 0;
}

int results_add(struct results *results, size_t index,
		const struct invocation *inv, size_t block, size_t order)
{
	struct case_result *c = &results->of[index];

	if (inv->status != STATUS_OK) {
		c->status = inv->status;
		memcpy(c->reason, inv->reason, sizeof(c->reason));
		return 0;
	}
	for (unsigned i = 0; i < inv->sample.metrics; i++)
		if (add_metric(c, &inv->sample.metric[i]))
			return -1;
	c->drifting += inv->sample.evidence.drift;
	return add_record(c, inv, block, order);
}

size_t results_with(const struct results *results, enum status status)
{
	size_t n = 0;

	for (size_t i = 0; i < results->count; i++)
		n += results->of[i].status == status;
	return n;
}

static void write_names(struct csv_out *out, const struct test_case *c)
{
	csv_str(out, c->bench->name);
	csv_str(out, c->variant->name);
	csv_str(out, case_peer(c));
	csv_str(out, case_place(c));
	csv_str(out, c->param);
}

static void write_header(struct csv_out *out, const char *names)
{
	while (*names) {
		char name[32];
		size_t span = strcspn(names, ",");

		snprintf(name, sizeof(name), "%.*s", (int)span, names);
		csv_str(out, name);
		names += span + (names[span] == ',');
	}
	csv_end(out);
}

static bool is_bimodal(const struct metric_result *m, double step_ns)
{
	const struct hist_sparse *h = &m->hist;
	double *middle, *weight;
	bool result = false;
	size_t used = 0;

	middle = malloc(2 * h->used * sizeof(*middle));
	if (!middle)
		return false;
	weight = middle + h->used;
	for (size_t i = 0; i < h->used; i++) {
		double low = hist_bucket_low(h->cell[i].bucket);
		double high = hist_bucket_high(h->cell[i].bucket);

		if (low <= 0)
			continue;
		middle[used] = (low + high) / 2;
		weight[used++] = (double)h->cell[i].count;
	}
	if (used)
		result = stats_modes(middle, weight, used, step_ns,
				     1.0 / (1 << HIST_SUB_BITS))
				 .bimodal;
	free(middle);
	return result;
}

static void add_flag(char *flags, size_t size, const char *flag)
{
	size_t used = strlen(flags);

	snprintf(flags + used, size - used, "%s%s", used ? ";" : "", flag);
}

static void write_flags(struct csv_out *out, const struct results *results,
			const struct case_result *c,
			const struct metric_result *m)
{
	char flags[64] = "";
	size_t timed = 0;

	for (size_t i = 0; i < c->records; i++)
		timed += c->record[i].mode == RUN_MEASURE;
	if (!m->is_count) {
		/* a batch is 1000 steps long and more: only single
		 * operations can be too short for the clock */
		if (m->method == METHOD_SINGLE &&
		    hist_sparse_quantile(&m->hist, 0.9) -
				    hist_sparse_quantile(&m->hist, 0.1) <
			    2 * results->clock_step_ns)
			add_flag(flags, sizeof(flags), "resolution");
		if (c->drifting >= 2 && 5 * c->drifting > timed)
			add_flag(flags, sizeof(flags), "drift");
		if (is_bimodal(m, results->clock_step_ns))
			add_flag(flags, sizeof(flags), "bimodal");
	}
	csv_str(out, flags);
}

static void write_distribution(struct csv_out *out,
			       const struct metric_result *m)
{
	bool any = !m->is_count && m->hist.n;

	csv_num(out, any ? m->hist.min : NAN);
	for (int i = 0; i < QUANTILES; i++) {
		bool supported =
			any &&
			m->hist.n >= stats_quantile_min_n(quantile[i], level);

		csv_num(out, supported ? hist_sparse_quantile(&m->hist,
							      quantile[i]) :
					 NAN);
	}
	csv_num(out, any ? m->hist.max : NAN);
}

/* What comes before the numbers of every row. */
static void write_start(struct csv_out *out, const struct results *results,
			size_t index, const char *metric, const char *unit,
			enum status status, const char *reason)
{
	csv_str(out, RESULTS_SCHEMA);
	csv_str(out, results->machine);
	csv_str(out, results->run);
	write_names(out, &results->cases[index]);
	csv_str(out, metric);
	csv_str(out, unit);
	csv_str(out, status_name(status));
	csv_str(out, reason);
}

/* A metric without a number. */
static void write_lacking(struct csv_out *out, const struct results *results,
			  size_t index, const char *metric, const char *unit,
			  enum status status, const char *reason)
{
	write_start(out, results, index, metric, unit, status, reason);
	for (int i = 0; i < SUMMARY_NUMBERS; i++)
		csv_str(out, NULL);
	csv_end(out);
}

static void write_row(struct csv_out *out, const struct results *results,
		      size_t index, const struct metric_result *m)
{
	const struct case_result *r = &results->of[index];
	struct interval ci =
		stats_median_interval(m->value, m->invocations, level);

	write_start(out, results, index, m->name, m->unit, STATUS_OK, NULL);
	csv_u64(out, m->invocations);
	csv_u64(out, m->samples);
	csv_num(out, stats_median(m->value, m->invocations));
	csv_num(out, ci.low);
	csv_num(out, ci.high);
	write_distribution(out, m);
	csv_str(out, m->is_count                ? "slope" :
		     m->method == METHOD_SINGLE ? "single" :
						  "batch");
	write_flags(out, results, r, m);
	csv_end(out);
}

static bool has_metric(const struct case_result *c, const char *name)
{
	for (unsigned m = 0; m < c->metrics; m++)
		if (!strcmp(c->metric[m].name, name))
			return true;
	return false;
}

/* What could not be counted says so: unknown is not 0. */
static void write_uncounted(struct csv_out *out, const struct results *results,
			    size_t index)
{
	unsigned counts = results->cases[index].bench->counts;

	for (unsigned kind = 1; kind <= COUNT_LAST; kind <<= 1) {
		if (!(counts & kind) ||
		    has_metric(&results->of[index], count_name(kind)))
			continue;
		if (kind == COUNT_SYSCALLS)
			write_lacking(out, results, index, count_name(kind),
				      count_unit(kind), STATUS_DENIED,
				      results->counts_why);
		else
			write_lacking(out, results, index, count_name(kind),
				      count_unit(kind), STATUS_ABSENT,
				      kind == COUNT_COPIES ?
					      "the kernel does not account I/O "
					      "of a task (/proc/PID/io)" :
					      "the run ended before counting");
	}
}

static void write_case(struct csv_out *out, const struct results *results,
		       size_t index)
{
	const struct bench *bench = results->cases[index].bench;
	const struct case_result *c = &results->of[index];

	if (c->status == STATUS_OK && c->metrics) {
		for (unsigned m = 0; m < c->metrics; m++)
			write_row(out, results, index, &c->metric[m]);
		write_uncounted(out, results, index);
		return;
	}
	write_lacking(
		out, results, index,
		bench->metrics ? bench->metrics[0] : "latency", bench->unit,
		c->status == STATUS_OK ? STATUS_ABSENT : c->status,
		c->status == STATUS_OK ? "the run ended before it" : c->reason);
}

static void write_summary(struct csv_out *out, const struct results *results)
{
	write_header(out, RESULTS_SUMMARY_HEADER);
	for (size_t i = 0; i < results->count; i++)
		write_case(out, results, i);
}

#define INVOCATIONS_HEADER                                                   \
	"bench,variant,peer,place,param,metric,unit,block,order,pass,value," \
	"samples,batches,batch_n,elapsed_ns,pu_a,pu_b,voluntary,"            \
	"involuntary,faults,cpu_ns,peer_voluntary,peer_involuntary,"         \
	"peer_faults,peer_cpu_ns,drift"

static void write_tally(struct csv_out *out, const struct tally *t)
{
	csv_u64(out, t->voluntary);
	csv_u64(out, t->involuntary);
	csv_u64(out, t->faults);
	csv_u64(out, t->cpu_ns);
}

static const char *const pass_name[RUN_MODES] = { "trace", "count", "time" };

static void write_record(struct csv_out *out, const struct test_case *c,
			 const struct invocation_record *r, unsigned metric)
{
	const struct evidence *e = &r->evidence;

	write_names(out, c);
	csv_str(out, r->metric[metric].name);
	csv_str(out, r->metric[metric].unit);
	csv_u64(out, r->block);
	csv_u64(out, r->order);
	csv_str(out, pass_name[r->mode]);
	csv_num(out, r->metric[metric].value);
	csv_u64(out, r->metric[metric].samples);
	csv_u64(out, e->batches);
	csv_u64(out, e->batch_n);
	csv_num(out, e->elapsed_ns);
	csv_num(out, e->pu_a < 0 ? NAN : e->pu_a);
	csv_num(out, e->pu_b < 0 ? NAN : e->pu_b);
	write_tally(out, &e->driver);
	write_tally(out, &e->peer);
	csv_u64(out, e->drift);
	csv_end(out);
}

static void write_invocations(struct csv_out *out,
			      const struct results *results)
{
	write_header(out, INVOCATIONS_HEADER);
	for (size_t i = 0; i < results->count; i++) {
		const struct case_result *c = &results->of[i];

		for (size_t k = 0; k < c->records; k++)
			for (unsigned m = 0; m < c->record[k].metrics; m++)
				write_record(out, &results->cases[i],
					     &c->record[k], m);
	}
}

static void write_histogram(struct csv_out *out, const struct results *results)
{
	write_header(out, "bench,variant,peer,place,param,metric,unit,low,"
			  "high,count");
	for (size_t i = 0; i < results->count; i++) {
		const struct case_result *c = &results->of[i];

		for (unsigned m = 0; m < c->metrics; m++) {
			const struct metric_result *r = &c->metric[m];

			for (size_t k = 0; k < r->hist.used; k++) {
				uint32_t bucket = r->hist.cell[k].bucket;

				write_names(out, &results->cases[i]);
				csv_str(out, r->name);
				csv_str(out, r->unit);
				csv_num(out, hist_bucket_low(bucket));
				csv_num(out, hist_bucket_high(bucket));
				csv_u64(out, r->hist.cell[k].count);
				csv_end(out);
			}
		}
	}
}

int results_write(const struct results *results, const char *dir, char *err,
		  size_t size)
{
	static const struct {
		const char *name;
		void (*write)(struct csv_out *out,
			      const struct results *results);
	} file[] = {
		{ "summary.csv", write_summary },
		{ "invocations.csv", write_invocations },
		{ "histogram.csv", write_histogram },
	};
	int result = 0;

	for (size_t i = 0; i < sizeof(file) / sizeof(*file); i++) {
		char path[PATH_MAX];
		struct csv_out *out;

		snprintf(path, sizeof(path), "%s/%s", dir, file[i].name);
		out = csv_create(path);
		if (out)
			file[i].write(out, results);
		if (!out || csv_close(out)) {
			snprintf(err, size, "%s: %s", path, strerror(errno));
			result = -1;
		}
	}
	return result;
}
