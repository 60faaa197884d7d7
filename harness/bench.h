/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a benchmark is and what it may call: the one header a file in bench/
 * needs. */
#ifndef HANDOFF_BENCH_H
#define HANDOFF_BENCH_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "counts.h"
#include "die.h"

struct run;

/* What the second party may be. */
enum peer { PEER_NONE = 0, PEER_THREAD = 1, PEER_PROCESS = 2 };

/* Which places make sense for a variant; a mask. None: one party only. */
enum {
	PLACES_NONE = 0,
	PLACE_ONE_PU = 1,   /* both parties on one PU */
	PLACES_TWO_PUS = 2, /* every place that holds two PUs */
	PLACE_ANY = 4,      /* unbound: the scheduler chooses */
	PLACES_ALL = 7,
};

/* HIDDEN: only for those who ask for hidden cases, as selftest does. */
enum tier { HEADLINE, FULL, HIDDEN };

/* Something a variant needs. met() says whether it is there; if not it leaves
 * one line in why, and sets *denied where permission is what is missing. */
struct need {
	bool (*met)(char *why, size_t size, bool *denied);
};

struct variant {          /* one way to do it; a row of a table */
	const char *name; /* CSV value: "eventfd" */
	const void *arg; /* what the benchmark reads: a channel, an operation */
	unsigned peers;  /* PEER_THREAD | PEER_PROCESS; 0: one party only */
	unsigned places; /* PLACE… mask */
	const struct need *const *needs; /* NULL-terminated, or NULL */
	enum tier tier;
	const uint64_t *values; /* swept instead of the bench's; or NULL */
	/* its own instead of the bench's, which then has some too; or NULL */
	const struct metric *metrics;
	unsigned full_places; /* mask: FULL there, whatever else the tier is */
};

/* Ends a list of swept values; PARAM_NONE is the case without a parameter. */
#define PARAM_END UINT64_MAX
#define PARAM_NONE (UINT64_MAX - 1)
/* As many as there are PUs, "pus": the same case on every machine. */
#define PARAM_PUS (UINT64_MAX - 2)
#define PARAM_TWICE_PUS (UINT64_MAX - 3) /* "2pus" */

enum { BENCH_MAX_METRICS = 12 };

/* Something that a benchmark times, counts or finds out itself. */
struct metric {
	const char *name; /* CSV value: "first" */
	const char *unit; /* "ns"; or "count", "bool": what is no time, and
			   * handed in by run_value() */
	/* Of what is handed in by run_value(), rather than a median: the sum,
	 * of an invocation and over all of them, without an interval; or */
	bool total;
	/* its sum divided by that of a total, which is named here: the value of
	 * an invocation; NULL: neither */
	const char *share_of;
};

/* What a sample is: one operation, the mean of a batch of them, or a number
 * that was counted or found out, without a distribution. */
enum method { METHOD_SINGLE, METHOD_BATCH, METHOD_EXACT };

/* Counted in a pass of their own, by slope between two lengths; a mask. */
enum {
	COUNT_SYSCALLS = 1,
	COUNT_SWITCHES = 2,
	COUNT_CPU_TIME = 4,
	COUNT_COPIES = 8,  /* bytes moved per payload byte */
	COUNT_FAULTS = 16, /* page faults, minor and major */
	COUNT_LAST = COUNT_FAULTS,
	COUNT_NAMES = 32, /* system calls by name, as metrics
			   * "syscalls.NAME" */
};

struct bench {
	const char *name;  /* CSV key; never given a second meaning */
	const char *title; /* one line for `handoff list` and reports */
	const char *unit;  /* of latency and of own metrics: "ns" */
	const struct variant
		*variants; /* ended by a NULL name; NULL: one, "-" */

	const char *param;           /* "size"; NULL: nothing is swept */
	const uint64_t *values;      /* ended by PARAM_END */
	const uint64_t *full_values; /* more of them, of tier FULL; or NULL */
	bool param_is_bytes;         /* size=64KiB rather than size=65536 */
	bool param_is_ns;            /* gap=10us rather than gap=10000 */

	/* NULL: the harness times run() and calls the metric "latency". Else
	 * run() hands what it timed to run_sample() or run_mean(), and what it
	 * counted to run_value(). */
	const struct metric *metrics; /* ended by a NULL name */
	unsigned counts;              /* COUNT_… mask */
	uint64_t count_n;             /* operations of the shorter counting
				       * batch; 0: 1000 */

	bool stamps; /* run() fills r->stamps[0 … n] where they are not NULL */
	bool spawns; /* makes and ends threads or processes: they are counted
		      * with it, and leave work to the kernel that is not told
		      * from that of others */
	bool batch_only;          /* never stamped one by one */
	uint64_t least_n, most_n; /* operations of a batch, before jitter adds
				   * up to a fifth; 0: as many as fill it */

	/* All hooks but run may be NULL; only run is timed. */
	int (*setup)(struct run *r);                /* 0, or bench_fail(…) */
	void (*arm)(struct run *r, uint64_t n);     /* before each batch */
	uint64_t (*run)(struct run *r, uint64_t n); /* must return n */
	int (*settle)(struct run *r, uint64_t n);   /* after each batch: did the
						     * other side do n too? */
	int (*teardown)(struct run *r);
};

enum run_mode {
	RUN_TRACE,   /* count system calls; tracing slows everything else */
	RUN_NAMES,   /* and by name; slower still */
	RUN_COUNT,   /* count the rest; time is not looked at */
	RUN_MEASURE, /* time, nothing else */
	RUN_MODES,
};

/* Whether a tracer stops each system call. */
static inline bool run_is_traced(enum run_mode mode, enum counts_method counts)
{
	return counts == COUNTS_PTRACE &&
	       (mode == RUN_TRACE || mode == RUN_NAMES);
}

struct channel;
struct pair;
struct sample;

/* One invocation as a benchmark sees it. */
struct run {
	const struct bench *bench;
	const struct variant *variant;
	uint64_t value; /* the swept parameter, or PARAM_NONE */
	enum peer peer;
	int pu_a, pu_b; /* OS indices, or -1: not bound */
	enum run_mode mode;
	struct clock clock;
	enum counts_method counts;    /* how system calls are counted, and */
	struct counts_traced *traced; /* the tracer's part of it */
	uint64_t *stamps;       /* room for n + 1, or NULL: do not stamp */
	const char *helper;     /* path of the exec'd program */
	void *state;            /* the benchmark's own */
	struct pair *pair;      /* the pair engine's own */
	uint64_t payload_bytes; /* of an operation: what copies are counted
				 * in. Set in setup(); else the parameter */
	/* the bench's, or set in setup() */
	uint64_t least_n, most_n, count_n;
	bool verify_all;   /* the tests': every message is checked whole */
	bool counts_whole; /* set in setup(): two batches are not three times
			    * one, so that a count is a batch's, whole, and no
			    * slope */
	bool idles;   /* set in setup(): leaves its one PU idle on purpose, so
		       * that what no party used of it was not lost to others */
	bool crowded; /* set in setup(): more parties than PUs, which push each
		       * other off: no sign of others */
	int64_t user_copies;  /* bytes that the kernel does not account to a
			       * task: copied with memcpy; less those that it
			       * does, and are no payload */
	uint64_t token_bytes; /* bytes accounted per operation that are not
			       * payload: wake-up tokens, answers */
	const struct tally *peer_tally; /* what the other party has used so
					 * far; NULL: nothing of its own */
	double peer_settle_ns; /* processor time that it took since, to check */
	bool clocks_agree;     /* between all PUs that places name */
	struct clock_offset offset; /* between the clocks of pu_a and pu_b;
				     * unbound: the widest of all places. A
				     * bound of 0 on two PUs, or none (NAN):
				     * they have not been compared */
	int peer_pu;                /* where the other party last ran, or -1 */
	struct sample *sample;      /* the harness's */
	char *reason;               /* why it failed; shared with the runner */
	size_t reason_size;
	bool absent, denied;
};

/* Fails, or finds lacking, the case; always -1, so that a hook can end in
 * `return bench_fail(r, "…")`. */
int bench_fail(struct run *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int bench_absent(struct run *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int bench_denied(struct run *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for a system call that failed, named by the format: absent, denied
 * or failed as errno means (refusal.h), whose text is appended with the limit
 * it was and what to do. */
int bench_errno(struct run *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Binds the calling thread to a PU, or to none, as topo_bind(). 0, or -1 after
 * bench_errno(). */
int bench_bind(struct run *r, int pu);

/* What the benchmark timed itself, for metrics[metric]: one operation, or the
 * mean over many; or what it counted or found out. A metric is fed by one of
 * the three only; the value of an invocation is the median of what it got, or
 * what its metric declares. */
void run_sample(struct run *r, unsigned metric, double ns);
void run_mean(struct run *r, unsigned metric, double mean_ns);
void run_value(struct run *r, unsigned metric, double value);

/* r->value, as a number of PUs where it is one. */
uint64_t run_count(const struct run *r);

/* 0 if this many bytes can be touched without pushing the machine, its cgroup
 * or a limit of this process into need; else the case is absent, with the
 * figures, and -1. */
int bench_needs_memory(struct run *r, uint64_t bytes);

/* t1 - t0 less the cost of reading the clock. */
static inline double run_elapsed_ns(const struct run *r, uint64_t t0,
				    uint64_t t1)
{
	return clock_diff_ns(&r->clock, t0, t1) - r->clock.cost_ns;
}

/* Whether a truth is to be broken on purpose: only ever in the tests' build. */
bool bench_broken(const char *truth);

/* Every benchmark of this build, in the order of bench/list.h. */
const struct bench *const *bench_all(size_t *count);

#endif
