/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run has measured so far, and the CSV files it becomes. */
#ifndef HANDOFF_RESULTS_H
#define HANDOFF_RESULTS_H

#include <stddef.h>

#include "cases.h"
#include "hist.h"
#include "invocation.h"

#define RESULTS_SCHEMA "1"
enum { RESULTS_MAX_METRICS = SAMPLE_MAX_METRICS + SAMPLE_MAX_CALLS };
#define RESULTS_SUMMARY_HEADER                                            \
	"schema,machine,run,bench,variant,peer,place,param,metric,unit,"  \
	"status,reason,invocations,samples,value,ci_low,ci_high,min,p50," \
	"p90,p99,p999,max,method,flags"

/* One metric over invocations. */
struct metric_result {
	char name[SAMPLE_NAME], unit[SAMPLE_NAME];
	enum method method;
	bool is_count;
	bool total; /* the case's value is the sum: no interval */
	size_t invocations;
	double *value; /* one an invocation */
	int *arm;      /* of each value */
	uint64_t samples;
	struct hist_sparse hist;
};

/* One invocation, for invocations.csv; -1 and 0 where it had no such. */
struct invocation_record {
	size_t block, order;
	int arm; /* of an A/A run: 0 or 1 */
	bool disturbed;
	struct noise_books books;
	double foreign_s;
	struct evidence evidence;
	enum run_mode mode;
	unsigned metrics;
	struct recorded {
		char name[SAMPLE_NAME], unit[SAMPLE_NAME];
		double value;
		uint64_t samples;
	} * metric; /* `metrics` of them */
};

struct case_result {
	enum status status; /* of the case as it stands; not ok: the reason */
	char reason[CASE_REASON];
	unsigned metrics;
	struct metric_result *metric; /* `metrics` of them */
	size_t records, drifting, disturbed, timed, named;
	struct invocation_record *record;
	/* why an invocation could not be taken, the last time it could not,
	 * for a reason that is none of the case's; "": all were */
	char outside[CASE_REASON];
};

struct results {
	const struct test_case *cases;
	struct case_result *of; /* count of them */
	size_t count;
	char machine[96], run[32];
	bool emulated; /* what was timed is an emulator */
	double clock_step_ns;
	double *gap_ns;   /* longest gap seen before each block, and at the end;
			   * blocks + 1 of them; NAN: not looked */
	double precision; /* asked for; 0: none */
	const char
		*counts_why;   /* why system calls cannot be counted; or NULL */
	const char *names_why; /* why not by name; or NULL */
	bool uncounted;        /* nothing shall be counted */
};

/* 0, or -1 (no memory). */
int results_open(struct results *results, const struct test_case *cases,
		 size_t count);
void results_close(struct results *results);

/*
 * Takes in what one invocation answered. 0, or -1 (no memory). One that failed
 * makes the case what it ended with, whatever others answered; but where the
 * reason is none of the case's (inv->outside), it is as if it had not been, and
 * the case failed only if it was never timed.
 */
int results_add(struct results *results, size_t index,
		const struct invocation *inv, size_t block, size_t order,
		int arm);

/* Whether a case's counts of a pass (RUN_TRACE, RUN_COUNT) agree: two
 * invocations and more, and none differs from another by more than 0.005. Their
 * interval is what they span. */
bool results_agree(const struct results *results, size_t index,
		   enum run_mode mode);

/* How far the interval of a case's first timed metric reaches from its value,
 * as a share of it; INFINITY where there is no interval yet. */
double results_width(const struct results *results, size_t index);

/* noise.csv of an A/A run: for each case and metric, what the two arms differ
 * by though nothing differs. 0, or -1 with one line in err. */
int results_write_noise(const struct results *results, const char *dir,
			char *err, size_t size);

/*
 * Writes summary.csv, invocations.csv and histogram.csv into dir: all of them
 * are written before one is named, so that they are of one moment. Where there
 * is no room, histogram.csv is left out, and an older one removed. 0, or 1: all
 * but histogram.csv, or -1: none, with one line in err that names the file that
 * could not be written.
 */
int results_write(const struct results *results, const char *dir, char *err,
		  size_t size);

/* "time" and so on: an invocation's pass, in invocations.csv. */
const char *results_pass_name(enum run_mode mode);

/* How many cases have a status. */
size_t results_with(const struct results *results, enum status status);

#endif
