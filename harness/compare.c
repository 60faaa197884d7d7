/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two runs side by side, case by case: ratio, interval, verdict. */
#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "die.h"
#include "series.h"
#include "stats.h"
#include "tables.h"
#include "units.h"

struct pairing {
	const struct series *a, *b;
	struct shift shift90, shift95;
	double p, holm, detectable, delta;
	enum verdict verdict;
};

static const double alpha = 0.05, power = 0.8;

/* What must be known before two runs are compared at all. */
static void print_differences(const struct compare_options *o, FILE *out)
{
	static const char *const name[] = { "cpu.model",
					    "hypervisor",
					    "emulation",
					    "kernel.release",
					    "kernel.cmdline",
					    "topology.shape",
					    "handoff.version",
					    "handoff.commit",
					    "build.compiler",
					    "build.cflags",
					    "clock.source",
					    "counts.syscalls",
					    "library.uv",
					    "library.hwloc",
					    "software.libc",
					    "cpuidle.current_driver",
					    "cpufreq.scaling_governor" };
	struct table *t = table_new(3, 3);
	size_t differ = 0;

	table_cell(t, "differs");
	table_cell(t, "A");
	table_cell(t, "B");
	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++) {
		char *a = series_env(o->a, name[i]),
		     *b = series_env(o->b, name[i]);

		if (a && b && strcmp(a, b)) {
			differ++;
			table_cell(t, "%s", name[i]);
			table_cell(t, "%.60s", a);
			table_cell(t, "%.60s", b);
		}
		free(a);
		free(b);
	}
	fprintf(out, "A: %s\nB: %s\n\n", o->a, o->b);
	if (!differ)
		fputs("nothing that is recorded differs between the "
		      "machines\n",
		      out);
	table_print(t, TABLE_TERMINAL, out);
	fputc('\n', out);
}

/* δ: the threshold, two steps of the coarser clock, or what an A/A run of
 * either machine differed by, whichever is most. */
static void compare_pair(struct pairing *p, double threshold, double step_ns)
{
	const struct series *a = p->a, *b = p->b;
	double level = stats_median(a->value, a->count);

	p->shift95 = stats_shift(a->value, a->count, b->value, b->count, 0.95);
	p->shift90 = stats_shift(a->value, a->count, b->value, b->count, 0.90);
	p->p = stats_permutation_test(a->value, a->count, b->value, b->count);
	p->detectable = stats_detectable(a->value, a->count, b->value, b->count,
					 alpha, power);
	p->delta = fmax(threshold, expm1(fmax(a->noise, b->noise)));
	if (!strcmp(a->unit, "ns") && level > 0)
		p->delta = fmax(p->delta, 2 * step_ns / level);
}

static const char *verdict_name(enum verdict verdict)
{
	static const char *const name[] = { "faster", "slower", "equivalent",
					    "inconclusive" };

	return name[verdict];
}

static int by_effect(const void *a, const void *b)
{
	double x = fabs(log(((const struct pairing *)a)->shift95.ratio));
	double y = fabs(log(((const struct pairing *)b)->shift95.ratio));

	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y);
	return (x < y) - (x > y);
}

static void print_pair(struct table *t, const struct pairing *p)
{
	char a[UNITS_SIZE], b[UNITS_SIZE];

	table_cell(t, "%s %s", p->a->id, p->a->metric);
	table_cell(t, "%s",
		   units_time(a, sizeof(a),
			      stats_median(p->a->value, p->a->count)));
	table_cell(t, "%s",
		   units_time(b, sizeof(b),
			      stats_median(p->b->value, p->b->count)));
	if (isnan(p->shift95.ratio))
		table_cell(t, "-");
	else if (isnan(p->shift95.ci.low))
		table_cell(t, "%.3f", p->shift95.ratio);
	else
		table_cell(t, "%.3f [%.3f, %.3f]", p->shift95.ratio,
			   p->shift95.ci.low, p->shift95.ci.high);
	if (p->verdict == INCONCLUSIVE && !isnan(p->detectable))
		table_cell(t, "inconclusive (sees %.1f %%)",
			   100 * (p->detectable - 1));
	else
		table_cell(t, "%s", verdict_name(p->verdict));
}

/* bench/variant of an id. */
static size_t family_length(const char *id)
{
	const char *slash = strchr(id, '/');

	slash = slash ? strchr(slash + 1, '/') : NULL;
	return slash ? (size_t)(slash - id) : strlen(id);
}

/* A line for each bench/variant of which the other run lacks something. */
static void print_missing(const struct series_set *a,
			  const struct series_set *b, const char *which,
			  FILE *out)
{
	for (size_t i = 0; i < a->count;) {
		const char *first = a->series[i].id;
		size_t family = family_length(first), missing = 0;

		for (;
		     i < a->count && family_length(a->series[i].id) == family &&
		     !strncmp(a->series[i].id, first, family);
		     i++)
			missing += !series_find(b, a->series[i].id,
						a->series[i].metric);
		if (missing)
			fprintf(out,
				"only in %s: %.*s, %zu metric%s of cases\n",
				which, (int)family, first, missing,
				missing == 1 ? "" : "s");
	}
}

/* Times are compared; counts are exact or not at all, and are in tables.md. */
static size_t pair_up(const struct series_set *a, const struct series_set *b,
		      struct pairing *pair)
{
	size_t count = 0;

	for (size_t i = 0; i < a->count; i++) {
		const struct series *s = &a->series[i];
		const struct series *other;

		if (strcmp(s->unit, "ns"))
			continue;
		other = series_find(b, s->id, s->metric);
		if (other)
			pair[count++] = (struct pairing){ .a = s, .b = other };
	}
	return count;
}

static void decide(struct pairing *pair, size_t count, double *p)
{
	for (size_t i = 0; i < count; i++)
		p[i] = pair[i].p;
	if (stats_adjust_holm(p, count, p))
		die("out of memory for the comparison");
	for (size_t i = 0; i < count; i++) {
		pair[i].holm = p[i];
		p[i] = pair[i].p;
	}
	if (stats_adjust_bh(p, count, p))
		die("out of memory for the comparison");
	for (size_t i = 0; i < count; i++)
		pair[i].verdict = stats_verdict(pair[i].shift90.ci, p[i], alpha,
						pair[i].delta);
}

int compare_runs(const struct compare_options *o, FILE *out)
{
	struct series_set a, b;
	struct pairing *pair;
	struct table *t;
	size_t count, slower = 0;
	double *p;

	series_read(&a, o->a);
	series_read(&b, o->b);
	pair = calloc(a.count + 1, sizeof(*pair));
	p = calloc(a.count + 1, sizeof(*p));
	t = table_new(5, 1);
	if (!pair || !p || !t)
		die("out of memory for the comparison");
	count = pair_up(&a, &b, pair);
	for (size_t i = 0; i < count; i++)
		compare_pair(&pair[i], o->threshold,
			     fmax(a.clock_step_ns, b.clock_step_ns));
	decide(pair, count, p);
	qsort(pair, count, sizeof(*pair), by_effect);

	print_differences(o, out);
	table_cell(t, "case");
	table_cell(t, "A");
	table_cell(t, "B");
	table_cell(t, "B over A [95 %%]");
	table_cell(t, "B is");
	for (size_t i = 0; i < count; i++) {
		print_pair(t, &pair[i]);
		/* a gate bounds the chance of any false alarm: Holm */
		slower += stats_verdict(pair[i].shift90.ci, pair[i].holm, alpha,
					pair[i].delta) == SLOWER;
	}
	table_print(t, TABLE_TERMINAL, out);
	fputc('\n', out);
	print_missing(&a, &b, "A", out);
	print_missing(&b, &a, "B", out);
	free(pair);
	free(p);
	series_free(&a);
	series_free(&b);
	return o->fail_on_slower && slower ? EXIT_CASE_FAILED : EXIT_DONE;
}
