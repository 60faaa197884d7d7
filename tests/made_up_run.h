/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Run directories that nothing was measured for: for tests of what reads
 * them. */
#ifndef HANDOFF_TESTS_MADE_UP_RUN_H
#define HANDOFF_TESTS_MADE_UP_RUN_H

#include <math.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "results.h"
#include "stats.h"
#include "support.h"

#define INVOCATIONS_HEADER "bench,variant,peer,place,param,metric,unit,value"

struct made_up {
	FILE *summary, *invocations, *env;
	const char *dir, *machine, *run;
};

static inline FILE *made_up_file(const char *dir, const char *name,
				 const char *header)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%s\n", header);
	return f;
}

/* Begins a run in dir, which is made. */
static inline struct made_up made_up_begin(const char *dir, const char *machine,
					   const char *run)
{
	struct made_up m = { .dir = dir, .machine = machine, .run = run };

	mkdir(dir, 0777);
	m.summary = made_up_file(dir, "summary.csv", RESULTS_SUMMARY_HEADER);
	m.invocations =
		made_up_file(dir, "invocations.csv", INVOCATIONS_HEADER);
	m.env = made_up_file(dir, "env.csv", "name,value,source");
	fputs("clock.step_ns,10,test\n", m.env);
	return m;
}

static inline void made_up_end(struct made_up *m)
{
	assert_int_equal(fclose(m->summary), 0);
	assert_int_equal(fclose(m->invocations), 0);
	assert_int_equal(fclose(m->env), 0);
}

static inline void made_up_fact(struct made_up *m, const char *name,
				const char *value)
{
	fprintf(m->env, "%s,%s,test\n", name, value);
}

/* Names are "bench,variant,peer,place,param,metric,unit"; a quote in a reason
 * is written twice. */
static inline void made_up_lacks(struct made_up *m, const char *names,
				 const char *status, const char *reason)
{
	fprintf(m->summary, "1,%s,%s,%s,%s,\"%s\",,,,,,,,,,,,,\n", m->machine,
		m->run, names, status, reason);
}

/* A metric and one value an invocation. */
static inline void made_up_values(struct made_up *m, const char *names,
				  const char *method, const double *value,
				  size_t n)
{
	struct interval ci = stats_median_interval(value, n, 0.95);
	char low[32] = "", high[32] = "";

	if (!isnan(ci.low)) {
		snprintf(low, sizeof(low), "%.10g", ci.low);
		snprintf(high, sizeof(high), "%.10g", ci.high);
	}
	fprintf(m->summary, "1,%s,%s,%s,ok,,%zu,%zu,%.10g,%s,%s,,,,,,,%s,\n",
		m->machine, m->run, names, n, n, stats_median(value, n), low,
		high, method);
	for (size_t i = 0; i < n; i++)
		fprintf(m->invocations, "%s,%.10g\n", names, value[i]);
}

/* The same, lognormal about a median. */
static inline void made_up_draw(struct made_up *m, gsl_rng *rng,
				const char *names, const char *method,
				double median, double sigma, size_t n)
{
	double value[256];

	assert_true(n <= 256);
	for (size_t i = 0; i < n; i++)
		value[i] = median * exp(gsl_ran_gaussian(rng, sigma));
	made_up_values(m, names, method, value, n);
}

#endif
