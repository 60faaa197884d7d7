/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run has measured so far, and the CSV files it becomes. */
#include "results.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
			free(c->metric[m].arm);
			hist_sparse_free(&c->metric[m].hist);
		}
		free(c->metric);
		for (size_t k = 0; k < c->records; k++)
			free(c->record[k].metric);
		free(c->record);
	}
	free(results->of);
	results->of = NULL;
	results->count = 0;
}

/* Room for one more item of an array that has `used`; 0 or -1. */
static int make_room(void **array, size_t used, size_t item)
{
	void *larger;

	/* a power of two is full */
	if (used & (used - 1))
		return 0;
	larger = realloc(*array, (used ? 2 * used : 1) * item);
	if (!larger)
		return -1;
	*array = larger;
	return 0;
}

/* The metric of that name, begun if there is none; NULL: no room for it. */
static struct metric_result *find_metric(struct case_result *c,
					 const char *name, const char *unit)
{
	struct metric_result *r;

	for (unsigned i = 0; i < c->metrics; i++)
		if (!strcmp(c->metric[i].name, name))
			return &c->metric[i];
	if (c->metrics == RESULTS_MAX_METRICS ||
	    make_room((void **)&c->metric, c->metrics, sizeof(*c->metric)))
		return NULL;
	r = &c->metric[c->metrics++];
	memset(r, 0, sizeof(*r));
	snprintf(r->name, sizeof(r->name), "%s", name);
	snprintf(r->unit, sizeof(r->unit), "%s", unit);
	return r;
}

static int add_value(struct metric_result *r, double value, uint64_t samples,
		     int arm)
{
	if (make_room((void **)&r->value, r->invocations, sizeof(*r->value)) ||
	    make_room((void **)&r->arm, r->invocations, sizeof(*r->arm)))
		return -1;
	r->arm[r->invocations] = arm;
	r->value[r->invocations++] = value;
	r->samples += samples;
	return 0;
}

static int add_metric(struct case_result *c, const struct measured *m, int arm)
{
	struct metric_result *r = find_metric(c, m->name, m->unit);

	if (!r || add_value(r, m->value, m->samples, arm))
		return -1;
	r->method = m->method;
	r->is_count = m->is_count;
	r->total = m->total;
	return m->is_count ? 0 : hist_sparse_merge(&r->hist, &m->hist);
}

static int add_calls(struct case_result *c, const struct named_calls *calls,
		     int arm)
{
	struct metric_result *r = find_metric(c, calls->name, "count");

	if (!r || add_value(r, calls->value, calls->samples, arm))
		return -1;
	r->method = METHOD_BATCH;
	r->is_count = true;
	return 0;
}

/* Others ran where this invocation ran: in more than a tenth of its batches
 * (a kernel thread now and then is what every machine has), or by the books of
 * the PUs it used (which know time in ticks of 10 ms: two of them, and a tenth
 * of the time, before they count). */
static bool is_disturbed(const struct invocation *inv)
{
	const struct evidence *e = &inv->sample.evidence;
	double others = inv->foreign_s + inv->books.steal_s;

	return (double)e->disturbed > 0.1 * (double)e->batches ||
	       (others >= 0.02 && others > 0.1 * inv->wall_s);
}

static void record_metric(struct invocation_record *record, const char *name,
			  const char *unit, double value, uint64_t samples)
{
	struct recorded *r = &record->metric[record->metrics++];

	snprintf(r->name, sizeof(r->name), "%s", name);
	snprintf(r->unit, sizeof(r->unit), "%s", unit);
	r->value = value;
	r->samples = samples;
}

static int add_record(struct case_result *c, const struct invocation *inv,
		      size_t block, size_t order, int arm)
{
	struct invocation_record *record;

	if (make_room((void **)&c->record, c->records, sizeof(*c->record)))
		return -1;
	record = &c->record[c->records++];
	memset(record, 0, sizeof(*record));
	record->block = block;
	record->order = order;
	record->arm = arm;
	record->mode = inv->mode;
	record->evidence = inv->sample.evidence;
	record->books = inv->books;
	record->foreign_s = inv->foreign_s;
	record->metric = calloc(inv->sample.metrics + inv->sample.calls + 1,
				sizeof(*record->metric));
	if (!record->metric)
		return -1;
	for (unsigned i = 0; i < inv->sample.metrics; i++) {
		const struct measured *m = &inv->sample.metric[i];

		record_metric(record, m->name, m->unit, m->value, m->samples);
	}
	for (unsigned i = 0; i < inv->sample.calls; i++) {
		const struct named_calls *m = &inv->sample.call[i];

		record_metric(record, m->name, "count", m->value, m->samples);
	}
	c->named += inv->mode == RUN_NAMES;
	if (inv->mode == RUN_MEASURE) {
		record->disturbed = is_disturbed(inv);
		c->timed++;
		c->disturbed += record->disturbed;
		c->drifting += inv->sample.evidence.drift;
	}
	return 0;
}

int results_add(struct results *results, size_t index,
		const struct invocation *inv, size_t block, size_t order,
		int arm)
{
	struct case_result *c = &results->of[index];

	if (inv->outside) {
		memcpy(c->outside, inv->reason, sizeof(c->outside));
		return 0;
	}
	if (inv->status != STATUS_OK) {
		c->status = inv->status;
		memcpy(c->reason, inv->reason, sizeof(c->reason));
		return 0;
	}
	for (unsigned i = 0; i < inv->sample.metrics; i++)
		if (add_metric(c, &inv->sample.metric[i], arm))
			return -1;
	for (unsigned i = 0; i < inv->sample.calls; i++)
		if (add_calls(c, &inv->sample.call[i], arm))
			return -1;
	return add_record(c, inv, block, order, arm);
}

/* Counts that are the same each time need no order statistics. */
static bool agree(const struct metric_result *m)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 0; i < m->invocations; i++) {
		low = fmin(low, m->value[i]);
		high = fmax(high, m->value[i]);
	}
	return m->is_count && m->invocations >= 2 && high - low <= 0.005;
}

bool results_agree(const struct results *results, size_t index,
		   enum run_mode mode)
{
	const struct case_result *c = &results->of[index];
	bool any = false;

	for (unsigned m = 0; m < c->metrics; m++) {
		const struct metric_result *r = &c->metric[m];
		bool traced = !strcmp(r->name, count_name(COUNT_SYSCALLS));

		if (!r->is_count || r->method == METHOD_EXACT ||
		    !strncmp(r->name, COUNTS_NAMED, strlen(COUNTS_NAMED)) ||
		    traced != (mode == RUN_TRACE))
			continue;
		if (!agree(r))
			return false;
		any = true;
	}
	return any;
}

/* A case's value: the median over its invocations, or all they came to. */
static double value_of(const struct metric_result *m)
{
	double sum = 0;

	if (!m->total)
		return stats_median(m->value, m->invocations);
	for (size_t i = 0; i < m->invocations; i++)
		sum += m->value[i];
	return sum;
}

static struct interval interval(const struct metric_result *m)
{
	struct interval ci = { NAN, NAN };

	if (m->total)
		return ci;
	if (!agree(m))
		return stats_median_interval(m->value, m->invocations, level);
	ci.low = ci.high = m->value[0];
	for (size_t i = 1; i < m->invocations; i++) {
		ci.low = fmin(ci.low, m->value[i]);
		ci.high = fmax(ci.high, m->value[i]);
	}
	return ci;
}

static double width(const struct metric_result *m)
{
	double value = value_of(m);
	struct interval ci = interval(m);

	if (isnan(ci.low) || !(value > 0))
		return INFINITY;
	return fmax(ci.high - value, value - ci.low) / value;
}

double results_width(const struct results *results, size_t index)
{
	const struct case_result *c = &results->of[index];

	for (unsigned m = 0; m < c->metrics; m++)
		if (!c->metric[m].is_count)
			return width(&c->metric[m]);
	/* nothing with a spread was timed, or nothing yet */
	return c->timed ? 0 : INFINITY;
}

/* Of a case as it would be written. */
static enum status status_of(const struct case_result *c)
{
	return c->status == STATUS_OK && !c->timed && c->outside[0] ?
		       STATUS_FAILED :
		       c->status;
}

size_t results_with(const struct results *results, enum status status)
{
	size_t n = 0;

	for (size_t i = 0; i < results->count; i++)
		n += status_of(&results->of[i]) == status;
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
	char flags[96] = "";

	if (m->is_count) {
		csv_str(out, flags);
		return;
	}
	/* a batch is 1000 steps long and more: only single operations can be
	 * too short for the clock */
	if (m->method == METHOD_SINGLE &&
	    hist_sparse_quantile(&m->hist, 0.9) -
			    hist_sparse_quantile(&m->hist, 0.1) <
		    2 * results->clock_step_ns)
		add_flag(flags, sizeof(flags), "resolution");
	if (c->drifting >= 2 && 5 * c->drifting > c->timed)
		add_flag(flags, sizeof(flags), "drift");
	if (is_bimodal(m, results->clock_step_ns))
		add_flag(flags, sizeof(flags), "bimodal");
	if (5 * c->disturbed > c->timed)
		add_flag(flags, sizeof(flags), "disturbed");
	if (results->emulated)
		add_flag(flags, sizeof(flags), "emulated");
	if (results->precision > 0 && width(m) > results->precision) {
		char wide[32];

		snprintf(wide, sizeof(wide), "wide:%.1f%%", 100 * width(m));
		add_flag(flags, sizeof(flags), wide);
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
	struct interval ci = interval(m);

	write_start(out, results, index, m->name, m->unit, STATUS_OK, NULL);
	csv_u64(out, m->invocations);
	csv_u64(out, m->samples);
	csv_num(out, value_of(m));
	csv_num(out, ci.low);
	csv_num(out, ci.high);
	write_distribution(out, m);
	csv_str(out, m->method == METHOD_EXACT  ? "exact" :
		     m->is_count                ? "slope" :
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
	static const char not_asked[] = "not asked for (--no-counts)";
	const char *outside = results->of[index].outside;
	const char *ended =
		*outside ? outside : "the run ended before counting";
	unsigned counts = results->cases[index].bench->counts;

	for (unsigned kind = 1; kind <= COUNT_LAST; kind <<= 1) {
		if (!(counts & kind) ||
		    has_metric(&results->of[index], count_name(kind)))
			continue;
		if (results->uncounted)
			write_lacking(out, results, index, count_name(kind),
				      count_unit(kind), STATUS_ABSENT,
				      not_asked);
		else if (kind == COUNT_SYSCALLS && results->counts_why)
			write_lacking(out, results, index, count_name(kind),
				      count_unit(kind), STATUS_DENIED,
				      results->counts_why);
		else
			write_lacking(out, results, index, count_name(kind),
				      count_unit(kind), STATUS_ABSENT,
				      kind == COUNT_COPIES &&
						      !counts_have_io() ?
					      "the kernel does not account I/O "
					      "of a task (/proc/PID/io)" :
					      ended);
	}
	if (!(counts & COUNT_NAMES) || results->of[index].named)
		return;
	if (results->names_why && !results->uncounted)
		write_lacking(out, results, index, COUNTS_NAMED "by_name",
			      "count", STATUS_DENIED, results->names_why);
	else
		write_lacking(out, results, index, COUNTS_NAMED "by_name",
			      "count", STATUS_ABSENT,
			      results->uncounted ? not_asked : ended);
}

/* The metric that stands for a case that has none yet. */
static void first_metric(const struct bench *bench, const char **name,
			 const char **unit)
{
	*name = bench->metrics ? bench->metrics[0].name : "latency";
	*unit = bench->metrics ? bench->metrics[0].unit : bench->unit;
}

static void write_case(struct csv_out *out, const struct results *results,
		       size_t index)
{
	const struct bench *bench = results->cases[index].bench;
	const struct case_result *c = &results->of[index];
	const char *name, *unit;

	first_metric(bench, &name, &unit);
	if (c->status == STATUS_OK && c->metrics) {
		if (!c->timed)
			write_lacking(
				out, results, index, name, unit,
				c->outside[0] ? STATUS_FAILED : STATUS_ABSENT,
				c->outside[0] ?
					c->outside :
					"the run ended before it was timed");
		for (unsigned m = 0; m < c->metrics; m++)
			write_row(out, results, index, &c->metric[m]);
		write_uncounted(out, results, index);
		return;
	}
	if (c->status != STATUS_OK)
		write_lacking(out, results, index, name, unit, c->status,
			      c->reason);
	else if (c->outside[0])
		write_lacking(out, results, index, name, unit, STATUS_FAILED,
			      c->outside);
	else
		write_lacking(out, results, index, name, unit, STATUS_ABSENT,
			      "the run ended before it");
}

static void write_summary(struct csv_out *out, const struct results *results)
{
	write_header(out, RESULTS_SUMMARY_HEADER);
	for (size_t i = 0; i < results->count; i++)
		write_case(out, results, i);
}

#define INVOCATIONS_HEADER                                                 \
	"bench,variant,peer,place,param,metric,unit,block,order,arm,pass," \
	"value,samples,batches,batch_n,elapsed_ns,pu_a,pu_b,voluntary,"    \
	"involuntary,faults,cpu_ns,peer_voluntary,peer_involuntary,"       \
	"peer_faults,peer_cpu_ns,drift,disturbed,disturbed_batches,moves," \
	"lost_ns,foreign_s,steal_s,interrupts,gap_before_ns,gap_after_ns"

static void write_tally(struct csv_out *out, const struct tally *t)
{
	csv_u64(out, t->voluntary);
	csv_u64(out, t->involuntary);
	csv_u64(out, t->faults);
	csv_u64(out, t->cpu_ns);
}

const char *results_pass_name(enum run_mode mode)
{
	static const char *const name[RUN_MODES] = { "trace", "names", "count",
						     "time" };

	return name[mode];
}

static void write_record(struct csv_out *out, const struct results *results,
			 const struct test_case *c,
			 const struct invocation_record *r, unsigned metric)
{
	const struct evidence *e = &r->evidence;

	write_names(out, c);
	csv_str(out, r->metric[metric].name);
	csv_str(out, r->metric[metric].unit);
	csv_u64(out, r->block);
	csv_u64(out, r->order);
	csv_u64(out, (uint64_t)r->arm);
	csv_str(out, results_pass_name(r->mode));
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
	csv_u64(out, r->disturbed);
	csv_u64(out, e->disturbed);
	csv_u64(out, e->moves);
	csv_num(out, e->lost_ns);
	csv_num(out, r->foreign_s);
	csv_num(out, r->books.steal_s);
	csv_u64(out, r->books.interrupts);
	csv_num(out, results->gap_ns ? results->gap_ns[r->block] : NAN);
	csv_num(out, results->gap_ns ? results->gap_ns[r->block + 1] : NAN);
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
				write_record(out, results, &results->cases[i],
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

enum { SUMMARY, INVOCATIONS, HISTOGRAM, FILES };

/* In the order in which they are written; the last gives way where there is no
 * room. */
static const struct {
	const char *name;
	void (*write)(struct csv_out *out, const struct results *results);
} file[FILES] = {
	[SUMMARY] = { "summary.csv", write_summary },
	[INVOCATIONS] = { "invocations.csv", write_invocations },
	[HISTOGRAM] = { "histogram.csv", write_histogram },
};

static int name_error(const char *dir, int which, char *err, size_t size)
{
	snprintf(err, size, "%s/%s: %s", dir, file[which].name,
		 strerror(errno));
	return -1;
}

/* One file but for its name. NULL: there is a line in err, and errno. */
static struct csv_out *prepare(const struct results *results, const char *dir,
			       int which, char *err, size_t size)
{
	char path[PATH_MAX];
	struct csv_out *out;

	snprintf(path, sizeof(path), "%s/%s", dir, file[which].name);
	out = csv_create(path);
	if (out) {
		file[which].write(out, results);
		if (!csv_end_file(out))
			return out;
	}
	int error = errno;

	name_error(dir, which, err, size);
	csv_discard(out);
	errno = error;
	return NULL;
}

static bool no_room(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

static void discard(struct csv_out **out, int count)
{
	int error = errno;

	while (count--)
		csv_discard(out[count]);
	errno = error;
}

/* Gives the files their names; 0, or -1 with a line in err. */
static int name_files(struct csv_out **out, int count, const char *dir,
		      char *err, size_t size)
{
	for (int i = 0; i < count; i++)
		if (csv_close(out[i])) {
			name_error(dir, i, err, size);
			discard(out + i + 1, count - i - 1);
			return -1;
		}
	return 0;
}

/* Writes the first `count` files but for their names: how many it could, with a
 * line in err, and errno, if not all. */
static int prepare_files(const struct results *results, const char *dir,
			 struct csv_out **out, int count, char *err,
			 size_t size)
{
	int i = 0;

	while (i < count && (out[i] = prepare(results, dir, i, err, size)))
		i++;
	return i;
}

/* An older one is of another moment than what is written now. 0, or -1: there
 * was none. */
static int remove_histogram(const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, file[HISTOGRAM].name);
	return unlink(path);
}

int results_write(const struct results *results, const char *dir, char *err,
		  size_t size)
{
	struct csv_out *out[FILES];
	int ready = prepare_files(results, dir, out, FILES, err, size), error;

	if (ready == FILES)
		return name_files(out, FILES, dir, err, size);
	error = errno;
	if (!no_room(error)) {
		discard(out, ready);
		return -1;
	}
	if (ready < HISTOGRAM) {
		/* what an older histogram.csv takes may be room enough */
		discard(out, ready);
		if (remove_histogram(dir))
			return -1;
		ready = prepare_files(results, dir, out, HISTOGRAM, err, size);
		if (ready < HISTOGRAM) {
			discard(out, ready);
			return -1;
		}
	}
	if (name_files(out, HISTOGRAM, dir, err, size))
		return -1;
	remove_histogram(dir);
	errno = error;
	name_error(dir, HISTOGRAM, err, size);
	return 1;
}

/* The values of one arm of an A/A run, in the order they were measured. */
static size_t take_arm(const struct metric_result *m, int arm, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < m->invocations; i++)
		if (m->arm[i] == arm)
			out[n++] = m->value[i];
	return n;
}

struct arms {
	size_t index; /* of the case */
	const struct metric_result *metric;
	struct shift shift;
	double p;
};

static int compare_arms(const struct results *results, struct arms *arms,
			size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < results->count; i++) {
		const struct case_result *c = &results->of[i];

		for (unsigned k = 0; k < c->metrics; k++) {
			const struct metric_result *m = &c->metric[k];
			double *a, *b;
			size_t na, nb;

			if (m->is_count)
				continue;
			a = malloc(2 * m->invocations * sizeof(*a));
			if (!a)
				return -1;
			b = a + m->invocations;
			na = take_arm(m, 0, a);
			nb = take_arm(m, 1, b);
			arms[(*count)++] = (struct arms){
				i, m, stats_shift(a, na, b, nb, level),
				stats_permutation_test(a, na, b, nb)
			};
			free(a);
		}
	}
	return 0;
}

static void write_arms(struct csv_out *out, const struct results *results,
		       const struct arms *arms, const double *adjusted,
		       size_t count)
{
	write_header(out, "machine,run,bench,variant,peer,place,param,metric,"
			  "invocations,ratio,ci_low,ci_high,p,p_adjusted,"
			  "spread");
	for (size_t i = 0; i < count; i++) {
		csv_str(out, results->machine);
		csv_str(out, results->run);
		write_names(out, &results->cases[arms[i].index]);
		csv_str(out, arms[i].metric->name);
		csv_u64(out, arms[i].metric->invocations);
		csv_num(out, arms[i].shift.ratio);
		csv_num(out, arms[i].shift.ci.low);
		csv_num(out, arms[i].shift.ci.high);
		csv_num(out, arms[i].p);
		csv_num(out, adjusted[i]);
		csv_num(out, fabs(log(arms[i].shift.ratio)));
		csv_end(out);
	}
}

int results_write_noise(const struct results *results, const char *dir,
			char *err, size_t size)
{
	size_t room = results->count * RESULTS_MAX_METRICS, count;
	struct arms *arms = calloc(room, sizeof(*arms));
	double *p = calloc(room, sizeof(*p));
	char path[PATH_MAX];
	struct csv_out *out = NULL;
	int result = -1;

	snprintf(path, sizeof(path), "%s/noise.csv", dir);
	if (arms && p && !compare_arms(results, arms, &count)) {
		for (size_t i = 0; i < count; i++)
			p[i] = arms[i].p;
		if (!stats_adjust_bh(p, count, p))
			out = csv_create(path);
	}
	if (out) {
		write_arms(out, results, arms, p, count);
		result = csv_close(out);
	}
	if (result)
		snprintf(err, size, "%s: %s", path, strerror(errno));
	free(arms);
	free(p);
	return result;
}
