/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What differs between the machines and runs that are compared, and what makes
 * comparing them unsafe. */
#include <fnmatch.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "die.h"
#include "place.h"
#include "places_table.h"

void compare_say(char ***lines, size_t *count, const char *format, ...)
{
	char **larger = realloc(*lines, (*count + 1) * sizeof(*larger));
	va_list args;

	if (!larger)
		die("out of memory for the comparison");
	*lines = larger;
	va_start(args, format);
	if (vasprintf(&larger[*count], format, args) < 0)
		die("out of memory for the comparison");
	va_end(args);
	++*count;
}

#define unsafe(c, ...) compare_say(&(c)->unsafe, &(c)->unsafes, __VA_ARGS__)
#define note(c, ...) compare_say(&(c)->note, &(c)->notes, __VA_ARGS__)

static bool matches_any(const char *const *glob, const char *name)
{
	while (*glob && fnmatch(*glob, name, 0))
		glob++;
	return *glob != NULL;
}

/* -------------------------------------------------------- differences */

/* What no two runs have alike, and nothing follows from. */
static const char *const passing[] = { "*.before",
				       "*.after",
				       "clock.hz*",
				       "clock.cost_ns",
				       "clock.step_ns",
				       "clock.offset_ns*",
				       "clock.drift_ppm",
				       "run.seed",
				       "process.autogroup",
				       "cgroup.path",
				       NULL };

/* What is known to move the numbers. */
static const char *const major[] = { "cpu.model",
				     "hypervisor",
				     "emulation",
				     "container",
				     "kernel.release",
				     "kernel.version",
				     "kernel.cmdline",
				     "kernel.arch",
				     "kernel.hz",
				     "kernel.preemption",
				     "kernel.realtime",
				     "kernel.numa_balancing",
				     "os.PRETTY_NAME",
				     "topology.shape",
				     "topology.allowed_pus",
				     "mitigation.*",
				     "cpufreq.scaling_*",
				     "cpufreq.boost",
				     "cpufreq.energy_performance_preference",
				     "intel_pstate.*",
				     "amd_pstate.*",
				     "cpuidle.current_*",
				     "thp.enabled",
				     "clock.*",
				     "counts.*",
				     "library.*",
				     "software.*",
				     "node*",
				     "build.*",
				     "handoff.*",
				     "cpu.smt.active",
				     "cpu.isolated",
				     "cpu.nohz_full",
				     "cpuinfo.microcode",
				     "cgroup.cpu.max",
				     "dmi.sys_vendor",
				     "dmi.product_name",
				     "run.*",
				     "tune.*",
				     "process.sched_policy",
				     "memory.page_size",
				     "process.Seccomp",
				     NULL };

/* A setting that is empty, or was not looked for, is "-". */
static const char *shown_fact(const struct compare_run *run, const char *name)
{
	const char *value = env_file_value(&run->env, name);

	return value ? value : "-";
}

/* A group's value; those of several runs beside each other, if they differ. */
static char *group_fact(const struct comparison *c, size_t g, const char *name)
{
	const struct compare_group *group = &c->group[g];
	const char *first = shown_fact(&c->run[group->run[0]], name);
	char *text = strdup(first);

	for (size_t i = 1; text && i < group->runs; i++) {
		const char *value = shown_fact(&c->run[group->run[i]], name);
		char *longer = NULL;

		if (!strcmp(value, first))
			continue;
		if (asprintf(&longer, "%s / %s", text, value) < 0)
			longer = NULL;
		free(text);
		text = longer;
	}
	if (!text)
		die("out of memory for the comparison");
	return text;
}

static bool is_same(const struct comparison *c, const char *name)
{
	const char *first = NULL;

	for (size_t i = 0; i < c->runs; i++) {
		const char *value = shown_fact(&c->run[i], name);

		if (!c->run[i].env.count)
			continue; /* nothing is known of it */
		if (first && strcmp(first, value))
			return false;
		first = value;
	}
	return true;
}

static void add_difference(struct comparison *c, const char *name)
{
	struct compare_difference *d;

	c->difference = realloc(c->difference,
				(c->differences + 1) * sizeof(*c->difference));
	if (!c->difference)
		die("out of memory for the comparison");
	d = &c->difference[c->differences++];
	d->name = name;
	d->minor = !matches_any(major, name);
	d->value = calloc(c->groups, sizeof(*d->value));
	if (!d->value)
		die("out of memory for the comparison");
	for (size_t g = 0; g < c->groups; g++)
		d->value[g] = group_fact(c, g, name);
}

/* Whether a run before this one records the name too. */
static bool seen_before(const struct comparison *c, size_t run,
			const char *name)
{
	for (size_t i = 0; i < run; i++)
		if (env_file_has(&c->run[i].env, name))
			return true;
	return false;
}

static int major_first(const void *a, const void *b)
{
	const struct compare_difference *x = a, *y = b;

	if (x->minor != y->minor)
		return x->minor - y->minor;
	return strcmp(x->name, y->name);
}

static void find_differences(struct comparison *c)
{
	for (size_t r = 0; r < c->runs; r++)
		for (size_t i = 0; i < c->run[r].env.count; i++) {
			const char *name = c->run[r].env.fact[i].name;

			if (!matches_any(passing, name) && !is_same(c, name) &&
			    !seen_before(c, r, name))
				add_difference(c, name);
		}
	if (c->differences)
		qsort(c->difference, c->differences, sizeof(*c->difference),
		      major_first);
}

/* --------------------------------------------------------------- unsafe */

/* "A" or, of several, "A (20260131T120000Z)". */
static const char *run_name(const struct comparison *c, size_t run, char *buf,
			    size_t size)
{
	for (size_t g = 0; g < c->groups; g++)
		for (size_t i = 0; i < c->group[g].runs; i++) {
			if (c->group[g].run[i] != run)
				continue;
			if (c->group[g].runs == 1)
				snprintf(buf, size, "%s", c->group[g].label);
			else
				snprintf(buf, size, "%s (%.40s)",
					 c->group[g].label, c->run[run].id);
		}
	return buf;
}

/* "text: A value, B value", of those runs that `picks` says. */
static void say_of(struct comparison *c, const char *text, const bool *picks,
		   const char *fact)
{
	char *line = NULL;
	size_t size = 0, count = 0;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		die("out of memory for the comparison");
	for (size_t i = 0; i < c->runs; i++) {
		char name[64];

		if (!picks[i])
			continue;
		fprintf(out, "%s %s", count++ ? "," : "",
			run_name(c, i, name, sizeof(name)));
		if (fact)
			fprintf(out, " %.60s", shown_fact(&c->run[i], fact));
	}
	if (fclose(out))
		die("out of memory for the comparison");
	if (count)
		unsafe(c, "%s:%s", text, line);
	free(line);
}

enum trouble {
	DIFFERENT, /* not the same in all runs */
	NOT,       /* recorded, and not like `like` */
	LIKE,      /* like `like` */
};

static const struct rule {
	const char *name;
	enum trouble trouble;
	const char *like;
	const char *text;
} rules[] = {
	{ "handoff.version", DIFFERENT, NULL, "different versions of handoff" },
	{ "handoff.commit", DIFFERENT, NULL, "different commits of handoff" },
	{ "handoff.commit", LIKE, "*-dirty",
	  "built from changed sources, which nothing identifies" },
	{ "build.compiler", DIFFERENT, NULL, "different compilers" },
	{ "build.cflags", DIFFERENT, NULL, "different compiler flags" },
	{ "build.optimized", NOT, "yes", "built without optimization" },
	{ "run.budget_s", DIFFERENT, NULL, "different budgets (s)" },
	{ "run.invocations", DIFFERENT, NULL,
	  "different numbers of invocations" },
	{ "clock.source", DIFFERENT, NULL, "different clocks" },
	{ "clock.current_clocksource", DIFFERENT, NULL,
	  "different clock sources of the kernel" },
	{ "emulation", NOT, "none",
	  "emulated, which times nothing that a processor does" },
	{ "tune.fifo", LIKE, "?*", "measured with --tune fifo" },
	{ "tune.cpu-dma-latency", LIKE, "?*",
	  "measured with --tune cpu-dma-latency" },
	{ "cpufreq.scaling_governor", NOT, "performance",
	  "the frequency governor is not performance" },
	{ "cgroup.cpu.max", NOT, "max*", "the cgroup limits processor time" },
	{ "process.env.LD_PRELOAD", LIKE, "?*",
	  "measured with a preloaded library" },
};

static bool is_troubled(const struct rule *rule, const char *value)
{
	if (rule->trouble == DIFFERENT)
		return true;
	return value && *value &&
	       (!fnmatch(rule->like, value, 0)) == (rule->trouble == LIKE);
}

static void apply(struct comparison *c, const struct rule *rule, bool *picks)
{
	if (rule->trouble == DIFFERENT && is_same(c, rule->name))
		return;
	for (size_t i = 0; i < c->runs; i++)
		picks[i] = c->run[i].env.count &&
			   is_troubled(rule, env_file_value(&c->run[i].env,
							    rule->name));
	say_of(c, rule->text, picks, rule->name);
}

/* The kernel's count of throttling, before and after. */
static bool was_throttled(const struct compare_run *run)
{
	for (size_t i = 0; i < run->env.count; i++) {
		const char *name = run->env.fact[i].name;
		char after[96];
		const char *value;

		if (fnmatch("throttle.*_count.before", name, 0) &&
		    fnmatch("cgroup.cpu.stat.nr_throttled.before", name, 0))
			continue;
		snprintf(after, sizeof(after), "%.*s.after",
			 (int)(strlen(name) - strlen(".before")), name);
		value = env_file_value(&run->env, after);
		if (value && *value && strcmp(value, run->env.fact[i].value))
			return true;
	}
	return false;
}

/* The share of timed cases that carry the flag. */
static double disturbed_share(const struct compare_run *run)
{
	size_t timed = 0, disturbed = 0;

	for (size_t i = 0; i < run->summary.count; i++) {
		const struct summary_row *s = &run->summary.row[i];

		if (!s->ok ||
		    (strcmp(s->method, "single") && strcmp(s->method, "batch")))
			continue;
		timed++;
		disturbed += strstr(s->flags, "disturbed") != NULL;
	}
	return timed ? (double)disturbed / (double)timed : 0;
}

static void say_runs(struct comparison *c, bool *picks)
{
	for (size_t i = 0; i < c->runs; i++) {
		double share = disturbed_share(&c->run[i]);
		char name[64];

		if (share > 0.2)
			unsafe(c,
			       "disturbed by other work: %s, in %.0f %% of "
			       "what it timed",
			       run_name(c, i, name, sizeof(name)), 100 * share);
	}
	for (size_t i = 0; i < c->runs; i++)
		picks[i] = was_throttled(&c->run[i]);
	say_of(c, "throttled while measuring", picks, NULL);
	for (size_t i = 0; i < c->runs; i++)
		picks[i] = !c->run[i].env.count;
	say_of(c, "nothing is known of the machine (no env.csv)", picks, NULL);
	for (size_t i = 0; i < c->runs; i++)
		for (size_t k = 0; k < i; k++) {
			char a[64], b[64];

			if (strcmp(c->run[i].machine, c->run[k].machine) ||
			    strcmp(c->run[i].id, c->run[k].id))
				continue;
			unsafe(c, "%s and %s are one run, %s of %s",
			       run_name(c, k, a, sizeof(a)),
			       run_name(c, i, b, sizeof(b)), c->run[i].id,
			       c->run[i].machine);
		}
}

static void say_noise(struct comparison *c, bool *picks)
{
	size_t lacking = 0;

	for (size_t i = 0; i < c->runs; i++)
		lacking += picks[i] = !c->run[i].series.has_noise;
	if (lacking == c->runs)
		note(c, "no run has an A/A spread (run --aa): a difference of "
			"none is the threshold or two clock steps");
	else
		say_of(c, "no A/A spread (run --aa) of", picks, NULL);
}

static bool has_several_machines(const struct comparison *c)
{
	for (size_t i = 1; i < c->runs; i++)
		if (strcmp(c->run[i].machine, c->run[0].machine))
			return true;
	return false;
}

/* A case that one run stamps one by one and another in batches. */
static void say_methods(struct comparison *c)
{
	size_t count = 0;
	const char *example = NULL;

	for (size_t i = 0; i < c->rows; i++) {
		const char *method = NULL;
		bool differ = false;

		for (size_t g = 0; g < c->groups; g++) {
			const struct compare_side *side = &c->row[i].side[g];

			if (!side->ok)
				continue;
			differ |= method && strcmp(method, side->method);
			method = side->method;
		}
		count += differ;
		if (differ && !example)
			example = c->row[i].id;
	}
	if (count)
		unsafe(c, "timed by different methods: %zu, such as %s", count,
		       example);
}

/* ---------------------------------------------------------- kinds of PUs */

enum { KINDS_SIZE = 256 };

/* Appends a word of a text, up to one of the characters that end it. */
static void add_word(char *buf, const char *text, const char *ends)
{
	size_t used = strlen(buf);

	snprintf(buf + used, KINDS_SIZE - used, "%s%.*s", used ? " " : "",
		 (int)strcspn(text, ends), text);
}

/* The kinds of a run's PUs: "p CoreType=IntelCore e CoreType=IntelAtom"; empty
 * where all are alike. What is no core type, a frequency, says less. */
static void kinds_of(const struct compare_run *run, char *buf)
{
	buf[0] = '\0';
	for (size_t i = 0; i < run->env.count; i++) {
		const struct env_fact *fact = &run->env.fact[i];
		const char *type = strstr(fact->value, "CoreType=");

		if (strncmp(fact->name, KIND_FACT, strlen(KIND_FACT)))
			continue;
		add_word(buf, fact->name + strlen(KIND_FACT), "");
		add_word(buf, type ? type : fact->value, type ? " ;" : ";");
	}
}

/* The kinds of the PUs of a place in a run: "p e"; empty where they are not
 * known. */
static void kinds_at(const struct compare_run *run, const char *place,
		     char *buf)
{
	char name[128];
	const char *value, *at;
	int pu[2];

	buf[0] = '\0';
	if (place_parse_pair(place, &pu[0], &pu[1])) {
		for (int i = 0; i < 2; i++) {
			snprintf(name, sizeof(name), "topology.pu.%d", pu[i]);
			value = env_file_value(&run->env, name);
			at = value ? strstr(value, "kind ") : NULL;
			if (at)
				add_word(buf, at + strlen("kind "), " ");
		}
		return;
	}
	snprintf(name, sizeof(name), PLACE_FACT "%.60s", place);
	value = env_file_value(&run->env, name);
	for (at = value; at && (at = strchr(at, '(')); at++)
		add_word(buf, at + 1, ")");
}

/* Cases that one run measured on other kinds of PUs than another. */
static void say_kinds(struct comparison *c, bool *picks)
{
	char first[KINDS_SIZE] = "", other[KINDS_SIZE], a[64], b[64];
	size_t known = SIZE_MAX, unequal = 0;
	const char *example = NULL;
	bool differ = false;

	for (size_t i = 0; i < c->runs; i++) {
		picks[i] = c->run[i].env.count;
		if (!picks[i])
			continue;
		kinds_of(&c->run[i], other);
		if (known == SIZE_MAX) {
			known = i;
			memcpy(first, other, sizeof(first));
		}
		differ |= strcmp(first, other) != 0;
	}
	for (size_t i = 0; i < c->runs && differ; i++) {
		if (!picks[i])
			continue;
		kinds_of(&c->run[i], other);
		unsafe(c, "unequal kinds of PUs: %s has %s",
		       run_name(c, i, a, sizeof(a)),
		       other[0] ? other : "one kind, or does not say");
	}
	for (size_t r = 0; r < c->rows; r++) {
		const char *place = c->row[r].row->place;
		bool unlike = false;
		size_t measured = 0;

		for (size_t g = 0; g < c->groups; g++)
			measured += c->row[r].side[g].ok;
		if (measured < 2)
			continue;
		kinds_at(&c->run[known == SIZE_MAX ? 0 : known], place, first);
		for (size_t i = 0; i < c->runs && !unlike; i++) {
			if (!picks[i])
				continue;
			kinds_at(&c->run[i], place, other);
			unlike = strcmp(first, other) != 0;
			if (unlike && !unequal)
				run_name(c, i, b, sizeof(b));
		}
		unequal += unlike;
		if (unlike && !example)
			example = c->row[r].id;
	}
	if (example)
		unsafe(c,
		       "measured on unequal kinds of PUs: %zu, such as %s: %s "
		       "and %s",
		       unequal, example, run_name(c, known, a, sizeof(a)), b);
}

/* ---------------------------------------------------------------- notes */

/* Runs taken together are a block factor that the test does not know. */
static void say_blocks(struct comparison *c, size_t g)
{
	const struct compare_group *group = &c->group[g];
	size_t compared = 0, apart = 0;

	if (group->runs < 2)
		return;
	for (size_t i = 0; i < c->rows; i++) {
		const struct compare_side *side = &c->row[i].side[g];

		if (c->row[i].kind == COMPARE_COUNT || !side->ok ||
		    isnan(side->spread))
			continue;
		compared++;
		apart += side->spread > c->threshold;
	}
	note(c,
	     "%s: the invocations of %zu runs are taken together; in %zu of "
	     "%zu metrics the runs differ by more than %.3g %%",
	     group->label, group->runs, apart, compared, 100 * c->threshold);
	if (2 * apart > compared)
		unsafe(c,
		       "the runs of %s differ from each other by more than "
		       "%.3g %% in %zu of %zu metrics: their invocations are "
		       "not alike",
		       group->label, 100 * c->threshold, apart, compared);
}

static void say_intervals(struct comparison *c, bool *picks)
{
	size_t count = 0;

	for (size_t i = 0; i < c->runs; i++)
		count += picks[i] = !c->run[i].has_series;
	if (!count)
		return;
	note(c, "without invocations.csv the verdict follows from the 95 %% "
		"intervals: faster or slower where they do not overlap, not "
		"corrected for how many cases there are");
	say_of(c, "compared by intervals alone (no invocations.csv)", picks,
	       NULL);
}

void compare_environment(struct comparison *c)
{
	bool *picks = calloc(c->runs, sizeof(*picks));

	if (!picks)
		die("out of memory for the comparison");
	find_differences(c);
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		apply(c, &rules[i], picks);
	say_runs(c, picks);
	say_noise(c, picks);
	say_intervals(c, picks);
	say_methods(c);
	say_kinds(c, picks);
	if (has_several_machines(c))
		unsafe(c, "one machine per platform: platform and machine "
			  "cannot be told apart");
	note(c, "each group is one %s; %s is what the others are compared with",
	     c->by_machine ? "machine" : "run", c->group[0].label);
	for (size_t g = 0; g < c->groups; g++)
		say_blocks(c, g);
	free(picks);
}
