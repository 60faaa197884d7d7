/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measuring one case in this process: warm-up, calibrated jittered batches,
 * histograms; or counting, by slope between two lengths. Never prints. */
#include "sample.h"

#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "memory.h"
#include "refusal.h"
#include "stats.h"
#include "topo.h"
#include "units.h"

enum {
	MAX_BATCHES = 4096,
	MAX_STAMPS = 1 << 16,
	COUNT_LEAST = 20,
	COUNT_MOST = 1000, /* operations, once */
	TRACED_MOST = 100, /* the same, with a tracer that stops each call */
};

/* A batch is long enough for the clock, and short enough that one
 * disturbance spoils few operations. */
static const double batch_ns = 1e6, batch_steps = 1000;
/* From here on operations are stamped one by one. */
static const double single_ns = 1000;
/* …if reading the clock is this much cheaper than the operation. */
static const double single_costs = 20;

/* Time lost in a batch on one PU that is more than a tick's worth. */
static const double lost_least_ns = 2e5, lost_share = 0.1;

static int verdict(struct run *r, const char *format, va_list args)
{
	if (!r->reason[0])
		vsnprintf(r->reason, r->reason_size, format, args);
	return -1;
}

#define VERDICT(name, mark)                              \
	int name(struct run *r, const char *format, ...) \
	{                                                \
		va_list args;                            \
                                                         \
		va_start(args, format);                  \
		verdict(r, format, args);                \
		va_end(args);                            \
		mark;                                    \
		return -1;                               \
	}

VERDICT(bench_fail, (void)0)
VERDICT(bench_absent, r->absent = true)
VERDICT(bench_denied, r->denied = true)

int bench_errno(struct run *r, const char *format, ...)
{
	enum status status = refusal_status(errno);
	int error = errno;
	char call[128];
	va_list args;

	if (r->reason[0])
		return -1; /* the first that was refused decides */
	va_start(args, format);
	vsnprintf(call, sizeof(call), format, args);
	va_end(args);
	refusal_say(r->reason, r->reason_size, call, error);
	r->absent = status == STATUS_ABSENT;
	r->denied = status == STATUS_DENIED;
	return -1;
}

int bench_bind(struct run *r, int pu)
{
	if (!topo_bind(pu))
		return 0;
	return pu == TOPO_ANY_PU ?
		       bench_errno(r, "sched_setaffinity to all PUs") :
		       bench_errno(r, "sched_setaffinity to PU %d", pu);
}

/* Batch means are few: they are kept, so that their median is exact. */
static double kept[SAMPLE_MAX_METRICS][MAX_BATCHES];

static void add_sample(struct sample *out, unsigned metric, double value)
{
	struct measured *m = &out->metric[metric];

	if (m->method != METHOD_EXACT)
		hist_add(&m->hist, value);
	if (m->method != METHOD_SINGLE && m->samples < MAX_BATCHES)
		kept[metric][m->samples] = value;
	m->samples++;
}

void run_sample(struct run *r, unsigned metric, double ns)
{
	/* Warm-up and counting have nowhere to put it. */
	if (r->sample)
		add_sample(r->sample, metric, ns);
}

void run_mean(struct run *r, unsigned metric, double mean_ns)
{
	if (!r->sample)
		return;
	r->sample->metric[metric].method = METHOD_BATCH;
	add_sample(r->sample, metric, mean_ns);
}

void run_value(struct run *r, unsigned metric, double value)
{
	struct measured *m;

	if (!r->sample)
		return;
	m = &r->sample->metric[metric];
	m->method = METHOD_EXACT;
	m->is_count = true;
	m->sum += value;
	add_sample(r->sample, metric, value);
}

uint64_t run_count(const struct run *r)
{
	if (r->value == PARAM_PUS)
		return topo_pu_count();
	return r->value == PARAM_TWICE_PUS ? 2 * topo_pu_count() : r->value;
}

int bench_needs_memory(struct run *r, uint64_t bytes)
{
	char why[192], wanted[UNITS_SIZE], there[UNITS_SIZE];
	uint64_t room = memory_room(why, sizeof(why));

	if (bytes <= room)
		return 0;
	units_bytes(wanted, sizeof(wanted), bytes);
	units_bytes(there, sizeof(there), room >> 20 << 20);
	return bench_absent(r, "needs %s of memory; %s leaves %s", wanted, why,
			    there);
}

const char *count_name(unsigned kind)
{
	return kind == COUNT_SYSCALLS ? "syscalls" :
	       kind == COUNT_FAULTS   ? "faults" :
	       kind == COUNT_SWITCHES ? "switches" :
	       kind == COUNT_CPU_TIME ? "cpu_time" :
					"copies";
}

const char *count_unit(unsigned kind)
{
	return kind == COUNT_CPU_TIME ? "ns" : "count";
}

static struct measured *add_metric(struct sample *out, const char *name,
				   const char *unit, enum method method)
{
	struct measured *m = &out->metric[out->metrics++];

	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->unit, sizeof(m->unit), "%s", unit);
	m->method = method;
	hist_clear(&m->hist);
	return m;
}

/* xorshift64*; Vigna 2016. Jitter needs no better. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static uint64_t jittered(uint64_t n, uint64_t *state)
{
	return n + (uint64_t)((double)n * 0.2 *
			      ((double)(next_random(state) >> 11) * 0x1p-53));
}

/* A batch that failed to do its work ends the invocation. */
static int check_batch(struct run *r, uint64_t n, uint64_t done)
{
	if (done != n)
		return bench_fail(r, "did %llu of %llu operations",
				  (unsigned long long)done,
				  (unsigned long long)n);
	if (r->bench->settle && r->bench->settle(r, n))
		return bench_fail(r, "the other side's counts do not agree");
	return 0;
}

/* With stamps a benchmark fills n + 1 of them; one that does not stamp itself
 * is called once an operation, which costs nothing beside 1 µs. */
static uint64_t run_stamped(struct run *r, uint64_t n)
{
	const struct bench *b = r->bench;
	uint64_t done = 0;

	r->stamps[0] = clock_now();
	for (uint64_t i = 0; i < n; i++) {
		done += b->run(r, 1);
		r->stamps[i + 1] = clock_now();
	}
	return done;
}

/* One batch; ns: its wall time less the clock's own. */
static int run_batch(struct run *r, uint64_t n, double *ns)
{
	const struct bench *b = r->bench;
	bool harness_stamps = r->stamps && !b->stamps;
	uint64_t from, to, done;

	if (b->arm)
		b->arm(r, n);
	from = clock_now();
	done = harness_stamps ? run_stamped(r, n) : b->run(r, n);
	to = clock_now();
	*ns = run_elapsed_ns(r, from, to);
	return check_batch(r, n, done);
}

/* Operations that fill a batch: grown until two readings in a row are long
 * enough, so that one disturbance does not pass for work. */
static int calibrate(struct run *r, double target_ns, uint64_t *n_out)
{
	uint64_t n = 1, most = r->most_n;
	int long_enough = 0;

	while (long_enough < 2) {
		double ns;

		if (run_batch(r, n, &ns))
			return -1;
		if (ns >= target_ns || n == most) {
			long_enough++;
			continue;
		}
		long_enough = 0;
		double factor = ns > 0 ? 1.2 * target_ns / ns : 10;
		if (factor > 10)
			factor = 10;
		if (factor < 1.2)
			factor = 1.2;
		uint64_t more = (uint64_t)ceil((double)n * factor);
		n = more > n ? more : n + 1;
		if (most && n > most)
			n = most;
		if (n > UINT64_C(1) << 40)
			return bench_fail(r, "its operation takes no time");
	}
	*n_out = n;
	return 0;
}

static int warm_up(struct run *r, double warm_ns, uint64_t n)
{
	uint64_t start = clock_now();
	double ns;

	do {
		if (run_batch(r, n, &ns))
			return -1;
	} while (clock_diff_ns(&r->clock, start, clock_now()) < warm_ns);
	return 0;
}

/* Where the batch ended: a bound party must still be where it was bound. */
static void note_pu(const struct run *r, struct evidence *e)
{
	int pu = sched_getcpu();

	if (e->batches)
		e->moves += pu != e->pu_a || r->peer_pu != e->pu_b;
	e->pu_a = pu;
	e->pu_b = r->peer_pu;
	if (r->pu_a >= 0 && e->pu_a != r->pu_a)
		e->off_pu++;
}

/*
 * Whether someone else ran where this case ran, told by the kernel's books and
 * never by the samples. On one PU: wall time that neither party used. On two:
 * a party that was pushed off its PU, for of itself it only ever sleeps there.
 * Unbound, neither can be told.
 */
static void note_others(const struct run *r, struct evidence *e, double wall_ns,
			double cpu_ns, const struct tally *driver)
{
	const struct tally *peer = r->peer_tally;

	if (r->pu_a < 0 || r->bench->spawns)
		return;
	/* a process whose time is not known yet, as it still runs */
	if (r->peer == PEER_PROCESS && r->bench->settle && !peer)
		return;
	if (r->pu_b < 0 || r->pu_b == r->pu_a) {
		if (r->idles)
			return;
		if (r->peer == PEER_PROCESS && peer)
			cpu_ns += (double)peer->cpu_ns + r->peer_settle_ns;
		double lost = wall_ns - cpu_ns;

		if (lost > 0)
			e->lost_ns += lost;
		e->disturbed +=
			lost > lost_least_ns && lost > lost_share * wall_ns;
	} else if (!r->crowded &&
		   (driver->involuntary || (peer && peer->involuntary))) {
		e->disturbed++;
	}
}

/* Adds the samples of one batch; its mean goes to the drift test. */
static double take_batch(struct run *r, struct sample *out, uint64_t n,
			 double ns)
{
	if (r->bench->metrics) /* the benchmark handed in its own */
		return ns / (double)n;
	if (!r->stamps) {
		add_sample(out, 0, ns / (double)n);
		return ns / (double)n;
	}
	for (uint64_t i = 0; i < n; i++)
		add_sample(out, 0,
			   run_elapsed_ns(r, r->stamps[i], r->stamps[i + 1]));
	return run_elapsed_ns(r, r->stamps[0], r->stamps[n]) / (double)n;
}

/* Of the variant or the bench; NULL: the harness times. */
static const struct metric *own_metrics(const struct run *r)
{
	return r->variant->metrics ? r->variant->metrics : r->bench->metrics;
}

static void describe_metrics(struct run *r, struct sample *out, bool single)
{
	const struct metric *own = own_metrics(r);

	if (!own)
		add_metric(out, "latency", r->bench->unit,
			   single ? METHOD_SINGLE : METHOD_BATCH);
	else
		for (; own->name; own++)
			add_metric(out, own->name, own->unit, METHOD_SINGLE)
				->total = own->total;
}

static bool wants_single(const struct run *r, const struct sample_plan *plan,
			 double op_ns)
{
	if (r->bench->metrics || r->bench->batch_only)
		return false;
	if (plan->method >= 0)
		return plan->method == METHOD_SINGLE;
	return op_ns >= single_ns && op_ns >= single_costs * r->clock.cost_ns;
}

/*
 * Single operations come in steps of the clock. Where those are coarse beside
 * the operation, the median would stick to one of them: each stands for the
 * group of times that it rounds (stats_grouped_median).
 */
static double single_median(const struct run *r, const struct hist *h)
{
	static double value[HIST_BUCKETS], weight[HIST_BUCKETS];
	double median = hist_quantile(h, 0.5), step = r->clock.step_ns;
	size_t n = 0;

	if (r->bench->metrics || !(step > median / 256))
		return median;
	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		double middle = (hist_bucket_low(i) + hist_bucket_high(i)) / 2;

		if (!h->count[i])
			continue;
		/* before the clock's cost was taken off, it was a multiple */
		value[n] = round((middle + r->clock.cost_ns) / step) * step -
			   r->clock.cost_ns;
		weight[n++] = (double)h->count[i];
	}
	return stats_grouped_median(value, weight, n, step);
}

static double sum_of(const struct sample *out, const char *name)
{
	for (unsigned i = 0; i < out->metrics; i++)
		if (!strcmp(out->metric[i].name, name))
			return out->metric[i].sum;
	return NAN;
}

/* The median of few batch means is taken from the means themselves; that of
 * many operations from the histogram, whose buckets are under 1 % wide. What
 * was found out has no histogram: the first of very many tell as well. */
static void conclude(const struct run *r, struct sample *out)
{
	const struct metric *own = own_metrics(r);

	for (unsigned i = 0; i < out->metrics; i++) {
		struct measured *m = &out->metric[i];
		size_t n = m->samples < MAX_BATCHES ? m->samples : MAX_BATCHES;
		bool all_kept =
			m->method == METHOD_BATCH && m->samples <= MAX_BATCHES;

		if (own && own[i].total)
			m->value = m->sum;
		else if (own && own[i].share_of)
			m->value = m->sum / sum_of(out, own[i].share_of);
		else if (all_kept || m->method == METHOD_EXACT)
			m->value = stats_median(kept[i], n);
		else
			m->value = single_median(r, &m->hist);
	}
}

/* Sure and large enough to matter; or, in a series long enough to tell, not
 * settled at all. */
static bool drifts(const double *mean, size_t batches)
{
	struct drift d = stats_drift(mean, batches);

	if (isnan(d.p))
		return batches >= 100;
	return d.p < 0.01 && fabs(d.ratio - 1) > 0.02;
}

static int measure(struct run *r, const struct sample_plan *plan,
		   struct sample *out)
{
	static double mean[MAX_BATCHES];
	double target = fmax(batch_ns, batch_steps * r->clock.step_ns);
	uint64_t random = plan->seed | 1, n = 0, start;
	struct evidence *e = &out->evidence;
	size_t batches = 0;
	double ns = 0;

	if (calibrate(r, target, &n))
		return -1;
	if (n < r->least_n)
		n = r->least_n;
	if (run_batch(r, n, &ns))
		return -1;
	bool single = wants_single(r, plan, ns / (double)n);
	if (single) {
		r->stamps =
			mmap(NULL, (MAX_STAMPS + 1) * sizeof(*r->stamps),
			     PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (r->stamps == MAP_FAILED)
			return bench_fail(r, "no memory for time stamps");
		/* room for the jitter */
		if (n > MAX_STAMPS * 3 / 4)
			n = MAX_STAMPS * 3 / 4;
	}
	e->batch_n = n;
	if (warm_up(r, plan->warm_ns, n))
		return -1;
	describe_metrics(r, out, single);
	r->sample = out;
	start = clock_now();
	do {
		struct tally before, after, used = { 0 };
		uint64_t ops = jittered(n, &random), from;
		double cpu_ns;

		cpu_ns = (double)counts_family_cpu_ns();
		from = clock_now();
		tally_begin(&before, TALLY_THREAD);
		if (run_batch(r, ops, &ns))
			return -1;
		tally_end(&after, TALLY_THREAD);
		double wall_ns = clock_diff_ns(&r->clock, from, clock_now());
		cpu_ns = (double)counts_family_cpu_ns() - cpu_ns;
		tally_add(&used, &before, &after);
		tally_add(&e->driver, &before, &after);
		note_others(r, e, wall_ns, cpu_ns, &used);
		if (r->peer_tally)
			tally_add(&e->peer, &(struct tally){ 0 },
				  r->peer_tally);
		note_pu(r, e);
		mean[batches++] = take_batch(r, out, ops, ns);
		e->batches = batches;
		e->operations += ops;
		e->elapsed_ns += ns;
	} while (batches < MAX_BATCHES &&
		 clock_diff_ns(&r->clock, start, clock_now()) <
			 plan->measure_ns);
	r->sample = NULL;
	if (e->off_pu)
		return bench_fail(r,
				  "ran off its PU in %llu of %zu batches "
				  "(wanted %d, last on %d)",
				  (unsigned long long)e->off_pu, batches,
				  r->pu_a, e->pu_a);
	for (unsigned i = 0; i < out->metrics; i++)
		if (!out->metric[i].samples)
			return bench_fail(r, "never said what its %s is",
					  out->metric[i].name);
	conclude(r, out);
	e->drift = drifts(mean, batches);
	return 0;
}

/* What both parties used in one batch of n operations. */
static int count_batch(struct run *r, uint64_t n, struct tally *total,
		       int64_t *user_copies)
{
	const struct bench *b = r->bench;
	unsigned what =
		TALLY_COUNTING | (b->spawns ? TALLY_FAMILY : TALLY_THREAD);
	struct tally before, after;
	uint64_t done;

	memset(total, 0, sizeof(*total));
	r->user_copies = 0;
	if (b->arm)
		b->arm(r, n);
	tally_begin(&before, what);
	done = b->run(r, n);
	tally_end(&after, what);
	if (check_batch(r, n, done))
		return -1;
	tally_add(total, &before, &after);
	if (r->peer_tally)
		tally_add(total, &(struct tally){ 0 }, r->peer_tally);
	*user_copies = r->user_copies;
	return 0;
}

static void add_count(struct sample *out, unsigned kind, uint64_t operations,
		      double slope)
{
	struct measured *m = add_metric(out, count_name(kind), count_unit(kind),
					METHOD_BATCH);

	m->is_count = true;
	m->samples = operations;
	m->value = slope;
}

/* Of an operation: the slope; or what the longer batch took in all, where the
 * two went different ways, so that a slope would mean nothing. */
static double each(const struct run *r, uint64_t n, double once, double thrice)
{
	double slope = (thrice - once) / (2.0 * (double)n);

	return r->counts_whole || slope < -0.05 ? thrice / (3.0 * (double)n) :
						  slope;
}

/* The calls by name of one batch of n operations. */
static int name_batch(struct run *r, uint64_t n, uint64_t calls[COUNTS_CALLS])
{
	struct tally total;
	int64_t copies;

	for (size_t i = 0; i < COUNTS_CALLS; i++)
		atomic_store(&r->traced->calls[i], 0);
	if (count_batch(r, n, &total, &copies))
		return -1;
	for (size_t i = 0; i < COUNTS_CALLS; i++)
		calls[i] = atomic_load(&r->traced->calls[i]);
	return 0;
}

static int name_calls(struct run *r, uint64_t n, struct sample *out)
{
	static uint64_t once[COUNTS_CALLS], thrice[COUNTS_CALLS];

	if (name_batch(r, n, once) || name_batch(r, 3 * n, thrice))
		return -1;
	for (size_t i = 0; i < COUNTS_CALLS; i++) {
		double value = each(r, n, (double)once[i], (double)thrice[i]);
		struct named_calls *call = &out->call[out->calls];

		/* once a batch, or now and then: not part of the operation */
		if (fabs(value) * 2 * (double)n < 1.5 || fabs(value) < 0.005 ||
		    out->calls == SAMPLE_MAX_CALLS)
			continue;
		snprintf(call->name, sizeof(call->name), COUNTS_NAMED "%.22s",
			 counts_call_name(i) ? counts_call_name(i) : "unknown");
		call->value = value;
		call->samples = 2 * n;
		out->calls++;
	}
	return 0;
}

/* Operations of the shorter of two counted batches; 0: none works. */
static uint64_t count_length(struct run *r)
{
	uint64_t n = r->count_n, most = run_is_traced(r->mode, r->counts) ?
						TRACED_MOST :
						COUNT_MOST;

	if (!n && calibrate(r, 1e6, &n))
		return 0;
	if (n < r->least_n)
		return r->least_n;
	return n < COUNT_LEAST && !r->count_n ? COUNT_LEAST :
	       n > most                       ? most :
						n;
}

/* Slopes between n and 3 n operations: what is done once per batch (the
 * handshake, reading the counters) cancels. */
static int count(struct run *r, struct sample *out)
{
	const struct bench *b = r->bench;
	int64_t copied_once, copied_thrice;
	struct tally once, thrice;
	uint64_t n = count_length(r);
	double ns;

	if (!n || run_batch(r, n, &ns))
		return -1;
	if (r->mode == RUN_NAMES)
		return name_calls(r, n, out);
	if (r->mode == RUN_TRACE && r->counts == COUNTS_DENIED)
		return bench_denied(r, "system calls cannot be counted");
	if (count_batch(r, n, &once, &copied_once) ||
	    count_batch(r, 3 * n, &thrice, &copied_thrice))
		return -1;
#define EACH(field) each(r, n, (double)once.field, (double)thrice.field)
	if (r->mode == RUN_TRACE) {
		add_count(out, COUNT_SYSCALLS, 2 * n, EACH(syscalls));
		return 0;
	}
	if (b->counts & COUNT_SWITCHES)
		add_count(out, COUNT_SWITCHES, 2 * n,
			  EACH(voluntary) + EACH(involuntary));
	if (b->counts & COUNT_CPU_TIME)
		add_count(out, COUNT_CPU_TIME, 2 * n, EACH(cpu_ns));
	if (b->counts & COUNT_FAULTS)
		add_count(out, COUNT_FAULTS, 2 * n, EACH(faults));
	if (b->counts & COUNT_COPIES && counts_have_io())
		add_count(out, COUNT_COPIES, 2 * n,
			  (EACH(io_bytes) - (double)r->token_bytes +
			   each(r, n, (double)copied_once,
				(double)copied_thrice)) /
				  (double)r->payload_bytes);
#undef EACH
	return 0;
}

int sample_run(struct run *r, const struct sample_plan *plan,
	       struct sample *out)
{
	const struct bench *b = r->bench;
	int result;

	memset(out, 0, sizeof(*out));
	out->evidence.pu_a = out->evidence.pu_b = -1;
	clock_use(&r->clock);
	r->peer_pu = -1;
	r->payload_bytes = r->value;
	r->least_n = b->least_n;
	r->count_n = b->count_n;
	r->most_n = b->most_n;
	/* before the second party exists: the tracer follows it from birth */
	if ((r->mode == RUN_TRACE || r->mode == RUN_NAMES) &&
	    counts_thread(r->counts, r->traced, b->spawns))
		return bench_errno(r, "counting system calls");
	if (b->setup && b->setup(r))
		return bench_fail(r, "setup failed");
	result = r->mode == RUN_MEASURE ? measure(r, plan, out) : count(r, out);
	r->sample = NULL;
	if (b->teardown && b->teardown(r) && !result)
		result = bench_fail(r, "teardown failed");
	return result;
}
