/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The runs that are compared: read, put into groups, and laid side by side. */
#include "compare.h"

#include <argz.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cases.h"
#include "csv.h"
#include "die.h"
#include "distribution.h"
#include "grow.h"

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		die("out of memory for the comparison");
	return memory;
}

/* ------------------------------------------------------------- one run */

/* A directory is a run, with all it has; a file is a summary.csv, and nothing
 * beside it is looked at. */
static void read_run(struct compare_run *run, const char *path)
{
	char err[PATH_MAX + 256];
	struct stat st;

	memset(run, 0, sizeof(*run));
	run->path = path;
	if (summary_read(&run->summary, path, err, sizeof(err)))
		die_usage("%s", err);
	run->machine = run->summary.row[0].machine;
	run->id = run->summary.row[0].run;
	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return;
	if (env_file_read(&run->env, path, err, sizeof(err)) ||
	    series_read(&run->series, path, &run->summary, err, sizeof(err)) ||
	    distribution_check(path, &run->summary, err, sizeof(err)))
		die_usage("%s", err);
	run->has_series = run->series.is_there;
}

/* -------------------------------------------------------------- groups */

/* A name that is not known yet is no other's. */
static bool is_same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static bool has_several_runs(const struct comparison *c, size_t of)
{
	size_t count = 0;

	for (size_t i = 0; i < c->runs; i++)
		count += is_same(c->run[i].machine, c->run[of].machine);
	return count > 1;
}

static bool wants_machines(const struct comparison *c,
			   enum compare_grouping grouping)
{
	bool several_machines = false, several_runs = false;

	if (grouping != COMPARE_BY_DEFAULT)
		return grouping == COMPARE_BY_MACHINE;
	for (size_t i = 0; i < c->runs; i++) {
		several_machines |=
			!is_same(c->run[i].machine, c->run[0].machine);
		several_runs |= has_several_runs(c, i);
	}
	return several_machines && several_runs;
}

/* A … Z, AA … */
static void make_label(char *label, size_t size, size_t i)
{
	if (i < 26)
		snprintf(label, size, "%c", (char)('A' + i));
	else
		snprintf(label, size, "%c%c", (char)('A' + (i / 26 - 1) % 26),
			 (char)('A' + i % 26));
}

static bool distinct(const struct comparison *c)
{
	for (size_t i = 0; i < c->groups; i++)
		for (size_t k = 0; k < i; k++)
			if (is_same(c->group[i].name, c->group[k].name))
				return false;
	return true;
}

/* The machine, or else the run's time, or else its path: whichever no two
 * groups share. */
static void name_groups(struct comparison *c)
{
	for (size_t g = 0; g < c->groups; g++)
		c->group[g].name = c->group[g].machine;
	if (distinct(c))
		return;
	for (size_t g = 0; g < c->groups; g++)
		c->group[g].name = c->run[c->group[g].run[0]].id;
	if (distinct(c))
		return;
	for (size_t g = 0; g < c->groups; g++)
		c->group[g].name = c->run[c->group[g].run[0]].path;
}

static void make_groups(struct comparison *c, enum compare_grouping grouping)
{
	c->by_machine = wants_machines(c, grouping);
	c->group = allocate(c->runs, sizeof(*c->group));
	for (size_t i = 0; i < c->runs; i++) {
		struct compare_group *group = c->group;
		const char *machine = c->run[i].machine;

		while (c->by_machine && group < c->group + c->groups &&
		       !is_same(group->machine, machine))
			group++;
		if (!c->by_machine)
			group = c->group + c->groups;
		if (group == c->group + c->groups) {
			make_label(group->label, sizeof(group->label),
				   c->groups++);
			group->machine = machine;
			group->run = allocate(c->runs, sizeof(*group->run));
		}
		group->run[group->runs++] = i;
	}
	if (c->groups < 2)
		die_usage("all %zu runs are of one machine, %s: nothing to "
			  "compare it with; --group run compares the runs",
			  c->runs, c->run[0].machine);
	name_groups(c);
}

/* --------------------------------------------------------------- sides */

static enum compare_kind kind_of(const char *unit)
{
	return !strcmp(unit, "ns")                          ? COMPARE_TIME :
	       !strcmp(unit, "B/s") || !strcmp(unit, "1/s") ? COMPARE_RATE :
							      COMPARE_COUNT;
}

/* A glob, or what an id begins with up to a slash. */
static bool case_matches(const char *glob, const char *id)
{
	size_t length = strlen(glob);

	return !fnmatch(glob, id, 0) ||
	       (!strncmp(glob, id, length) && id[length] == '/');
}

static bool is_wanted(const struct compare_options *o, const char *id,
		      const char *metric)
{
	bool hit = !o->cases;

	for (char *glob = o->cases; glob && !hit;
	     glob = argz_next(o->cases, o->cases_length, glob))
		hit = case_matches(glob, id);
	return hit && cases_list_names(o->metrics, metric);
}

struct layout {
	struct comparison *c;
	struct lookup rows;            /* of a case id and metric */
	struct lookup cases;           /* of a group's label and a case id */
	const struct summary_row **of; /* of each of `cases`: the row that says
					* why it has no number, or any */
	size_t room, case_count, case_room;
};

/* A case that is not there at all has one row, of its first metric, which
 * speaks for its other metrics too. */
static void note_case(struct layout *l, const char *label, const char *id,
		      const struct summary_row *row)
{
	size_t i = lookup_add(&l->cases, label, id, l->case_count);

	if (i == l->case_count) {
		l->of = grow(l->of, l->case_count, &l->case_room,
			     sizeof(*l->of), "the comparison");
		l->of[l->case_count++] = row;
	} else if (!row->ok && l->of[i]->ok) {
		l->of[i] = row;
	}
}

static struct compare_row *row_for(struct layout *l, const char *id,
				   const struct summary_row *s)
{
	struct comparison *c = l->c;
	size_t i = lookup_add(&l->rows, id, s->metric, c->rows);

	if (i == c->rows) {
		struct compare_row *row;

		c->row = grow(c->row, c->rows, &l->room, sizeof(*c->row),
			      "the comparison");
		row = &c->row[c->rows++];
		memset(row, 0, sizeof(*row));
		row->id = strdup(id);
		if (!row->id)
			die("out of memory for the comparison");
		row->row = s;
		row->kind = kind_of(s->unit);
		row->side = allocate(c->groups, sizeof(*row->side));
	}
	return &c->row[i];
}

/* ------------------------------------- several runs of one group together */

static void add_sample(struct compare_side *side, const struct compare_run *run,
		       const char *id, const char *metric)
{
	const struct series *series = series_find(&run->series, id, metric);
	double *larger;

	side->clock_step_ns =
		fmax(side->clock_step_ns, run->series.clock_step_ns);
	if (!series)
		return;
	larger = realloc(side->sample,
			 (side->samples + series->count) * sizeof(*larger));
	if (!larger)
		die("out of memory for the comparison");
	side->sample = larger;
	for (size_t i = 0; i < series->count; i++)
		larger[side->samples++] = series->value[i];
	side->noise = fmax(side->noise, series->noise);
}

/* Takes in one run's row. The first that is ok decides the method. */
static void add_row(struct compare_side *side, const struct compare_run *run,
		    const char *id, const struct summary_row *s)
{
	if (!s->ok) {
		if (!side->status) {
			side->status = s->status;
			side->reason = s->reason;
		}
		return;
	}
	if (!side->ok) {
		side->ok = true;
		side->status = s->status;
		side->reason = "";
		side->method = s->method;
		side->flags = s->flags;
		side->value = s->value;
		side->ci = s->ci;
		side->spread = NAN;
	} else {
		double low = fmin(side->value, s->value);
		double high = fmax(side->value, s->value);

		/* until the pooled sample says it better */
		side->ci.low = fmin(side->ci.low, s->ci.low);
		side->ci.high = fmax(side->ci.high, s->ci.high);
		side->value = (low + high) / 2;
		side->spread = fmax(isnan(side->spread) ? 0 : side->spread,
				    low > 0 ? high / low - 1 : 0);
	}
	side->invocations += s->invocations;
	if (run->has_series)
		add_sample(side, run, id, s->metric);
}

/* A group of several runs: its median and interval are of all invocations. */
static void finish_side(struct compare_side *side, const struct comparison *c,
			size_t group)
{
	const struct compare_group *g = &c->group[group];
	bool whole = side->samples > 0;

	for (size_t i = 0; i < g->runs; i++)
		whole &= c->run[g->run[i]].has_series;
	if (!whole) {
		/* an interval cannot be pooled with invocations */
		free(side->sample);
		side->sample = NULL;
		side->samples = 0;
		return;
	}
	if (isnan(side->spread))
		return;
	side->value = stats_median(side->sample, side->samples);
	side->ci = stats_median_interval(side->sample, side->samples, 0.95);
}

static void fill_missing(struct layout *l, struct compare_row *row, size_t g)
{
	const struct compare_group *group = &l->c->group[g];
	struct compare_side *side = &row->side[g];
	size_t i = lookup_find(&l->cases, group->label, row->id);

	if (!side->status) {
		bool known = i < l->case_count;

		side->status = "missing";
		side->reason = known ? "not of this case in the run" :
				       "not in the run";
		if (known && !l->of[i]->ok) {
			side->status = l->of[i]->status;
			side->reason = l->of[i]->reason;
		}
	}
	if (side->ok)
		return;
	side->value = side->ci.low = side->ci.high = side->spread = NAN;
	side->method = side->flags = "";
}

static void lay_out(struct comparison *c, const struct compare_options *o)
{
	struct layout l = { .c = c };

	for (size_t g = 0; g < c->groups; g++) {
		const struct compare_group *group = &c->group[g];

		for (size_t r = 0; r < group->runs; r++) {
			const struct compare_run *run = &c->run[group->run[r]];

			for (size_t i = 0; i < run->summary.count; i++) {
				const struct summary_row *s =
					&run->summary.row[i];
				char id[SUMMARY_ID];

				summary_id(s, id, sizeof(id));
				note_case(&l, group->label, id, s);
				if (is_wanted(o, id, s->metric))
					add_row(&row_for(&l, id, s)->side[g],
						run, id, s);
			}
		}
	}
	for (size_t i = 0; i < c->rows; i++)
		for (size_t g = 0; g < c->groups; g++) {
			finish_side(&c->row[i].side[g], c, g);
			fill_missing(&l, &c->row[i], g);
		}
	lookup_free(&l.rows);
	lookup_free(&l.cases);
	free(l.of);
}

/* ------------------------------------------------------ what picks nothing */

static bool any_case(const struct comparison *c, const char *glob)
{
	char id[SUMMARY_ID];

	for (size_t r = 0; r < c->runs; r++)
		for (size_t i = 0; i < c->run[r].summary.count; i++)
			if (case_matches(glob,
					 summary_id(&c->run[r].summary.row[i],
						    id, sizeof(id))))
				return true;
	return false;
}

static bool any_metric(const struct comparison *c, const char *name,
		       size_t length)
{
	for (size_t r = 0; r < c->runs; r++)
		for (size_t i = 0; i < c->run[r].summary.count; i++) {
			const char *metric = c->run[r].summary.row[i].metric;

			if (!strncmp(metric, name, length) && !metric[length])
				return true;
		}
	return false;
}

static void check_filters(const struct comparison *c,
			  const struct compare_options *o)
{
	for (char *glob = o->cases; glob;
	     glob = argz_next(o->cases, o->cases_length, glob))
		if (!any_case(c, glob))
			die_usage("--case '%s': no case of these runs matches",
				  glob);
	for (const char *at = o->metrics; at && *at;) {
		size_t length = strcspn(at, ",");

		if (!any_metric(c, at, length))
			die_usage("--metric '%.*s': no metric of these runs",
				  (int)length, at);
		at += length + (at[length] == ',');
	}
	if (!c->rows)
		die_usage("no case of these runs has such a metric");
}

void compare_read(struct comparison *c, const struct compare_options *o)
{
	memset(c, 0, sizeof(*c));
	c->threshold = o->threshold;
	c->verdicts = o->verdicts ? o->verdicts : ~0u;
	c->run = allocate(o->path_count, sizeof(*c->run));
	for (; c->runs < o->path_count; c->runs++)
		read_run(&c->run[c->runs], o->paths[c->runs]);
	make_groups(c, o->grouping);
	lay_out(c, o);
	check_filters(c, o);
	for (size_t i = 0; i < c->runs; i++) {
		/* the sides have copies; what is asked of it later stays */
		bool noise = c->run[i].series.has_noise;

		series_free(&c->run[i].series);
		c->run[i].series.has_noise = noise;
	}
}

static void free_run(struct compare_run *run)
{
	env_file_free(&run->env);
	series_free(&run->series);
	summary_free(&run->summary);
}

static void free_lines(char **line, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(line[i]);
	free(line);
}

void compare_free(struct comparison *c)
{
	for (size_t i = 0; i < c->rows; i++) {
		for (size_t g = 0; g < c->groups; g++)
			free(c->row[i].side[g].sample);
		free(c->row[i].side);
		free(c->row[i].id);
	}
	for (size_t i = 0; i < c->differences; i++)
		free_lines(c->difference[i].value, c->groups);
	for (size_t i = 0; i < c->claims; i++)
		free(c->claim[i].of);
	for (size_t i = 0; i < c->groups; i++)
		free(c->group[i].run);
	for (size_t i = 0; i < c->runs; i++)
		free_run(&c->run[i]);
	for (size_t i = 0; i < c->curves; i++)
		distribution_free(&c->curve[i].latency);
	free(c->curve);
	free_lines(c->unsafe, c->unsafes);
	free_lines(c->note, c->notes);
	free(c->pairing);
	free(c->row);
	free(c->difference);
	free(c->claim);
	free(c->group);
	free(c->run);
	memset(c, 0, sizeof(*c));
}
