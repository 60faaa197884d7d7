/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run does with its time: which cases, which passes, in what order, for
 * how long each, and when to stop. Arithmetic only: no clock, no process. */
#include "plan.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Invocations that count rather than time; 6 give an interval. */
static const uint64_t count_invocations = 6;
/* Two tell whether counts agree: these come before more than so many times. */
static const uint64_t fewest_counted = 2;
static const uint64_t fewest_timed = 3;
/* So many times go before a third count; 6 give an interval. */
static const uint64_t enough_timed = 7;
static const double shortest_s = 0.005, longest_s = 0.5, precise_s = 0.05;
/* Before so many invocations nobody knows how fast they are. */
static const size_t fewest_judged = 10;
/* Spinning before and after each timed block, to see gaps. */
static const double gap_s = 0.1, look_part = 1.0 / 200;
/* Of an invocation beside measuring, until some have been seen. */
static const double usual_s = 0.012;
/* All counting together, and what of it is counted more than need be by a
 * tracer, which is slow: of the budget. */
static const double counting_part = 0.4, tracing_part = 0.2;

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

int plan_open(struct plan *plan, const struct plan_options *options,
	      const struct plan_case *cases, size_t count)
{
	size_t room = count ? count : 1;

	memset(plan, 0, sizeof(*plan));
	plan->options = *options;
	if (plan->options.end_s < options->budget_s)
		plan->options.end_s = options->budget_s;
	plan->count = count;
	plan->cases = calloc(room, sizeof(*plan->cases));
	plan->left_out = calloc(room, sizeof(*plan->left_out));
	plan->took_s = calloc(room, sizeof(*plan->took_s));
	plan->job = calloc(room * (size_t)options->arms, sizeof(*plan->job));
	plan->spare = calloc(room * (size_t)options->arms, sizeof(*plan->job));
	if (!plan->cases || !plan->left_out || !plan->took_s || !plan->job ||
	    !plan->spare) {
		plan_close(plan);
		return -1;
	}
	for (unsigned g = 0; g < PLAN_GROUPS; g++)
		plan->prior_s[g] = usual_s;
	for (enum run_mode m = RUN_TRACE; m < RUN_MODES; m++)
		plan->cut[m] = UINT64_MAX;
	for (size_t i = 0; i < count; i++) {
		unsigned g = cases[i].group;

		plan->cases[i] = cases[i];
		plan->cases[i].passes = 0;
		if (g >= plan->groups)
			plan->groups = g + 1;
		plan->prior_s[g] = larger(plan->prior_s[g], cases[i].least_s);
		plan_update(plan, i, cases[i].passes);
	}
	return 0;
}

void plan_close(struct plan *plan)
{
	free(plan->cases);
	free(plan->left_out);
	free(plan->took_s);
	free(plan->job);
	free(plan->spare);
	memset(plan, 0, sizeof(*plan));
}

void plan_update(struct plan *plan, size_t index, unsigned passes)
{
	struct plan_case *c = &plan->cases[index];

	if (plan->left_out[index])
		passes = 0;
	for (unsigned m = RUN_TRACE; m <= RUN_MODES; m++) {
		bool was = c->passes >> m & 1, is = passes >> m & 1;

		if (is && !was) {
			plan->due[m][c->group]++;
			plan->due_all[m]++;
		} else if (was && !is) {
			plan->due[m][c->group]--;
			plan->due_all[m]--;
		}
	}
	c->passes = passes;
}

/* When to stop. Blocks that are added are of use as far as the budget goes. */
static double end_s(const struct plan *plan)
{
	return plan->added ? plan->options.budget_s : plan->options.end_s;
}

/* ------------------------------------------------------------- estimates */

static size_t arms(const struct plan *plan, enum run_mode mode)
{
	return mode == RUN_MEASURE ? (size_t)plan->options.arms : 1;
}

/* A moving mean: invocations differ much. */
static void add_cost(struct plan_cost *cost, double seconds, size_t window)
{
	size_t n = ++cost->seen;

	cost->mean_s +=
		(seconds - cost->mean_s) / (double)(n < window ? n : window);
}

/* How many times what was expected invocations take. Of logarithms: one that
 * takes a hundred times as long says little of the others. */
static void learn_pace(struct plan *plan, enum run_mode mode, unsigned g,
		       double seconds)
{
	add_cost(&plan->pace[mode],
		 log(larger(seconds / plan->prior_s[g], 0.01)), 1000);
}

static double pace_of(const struct plan *plan, enum run_mode mode)
{
	return plan->pace[mode].seen ? exp(plan->pace[mode].mean_s) : 0;
}

void plan_learn(struct plan *plan, const struct plan_job *job, double seconds)
{
	unsigned g = plan->cases[job->index].group;

	seconds = larger(seconds, 0);
	plan->took_s[job->index] = seconds;
	add_cost(&plan->cost[job->mode][g], seconds, 100);
	learn_pace(plan, job->mode, g, seconds);
}

/* An invocation beside its measuring. A pass that has not come yet is taken to
 * be no faster than another one, but for naming system calls, whose tracer
 * takes many times as long; a group, to differ from what was expected of it as
 * those do that have been seen. */
static double cost_s(const struct plan *plan, enum run_mode mode, unsigned g)
{
	double most = 0, pace = 0;

	if (plan->cost[mode][g].seen)
		return plan->cost[mode][g].mean_s;
	for (enum run_mode m = RUN_TRACE; m < RUN_MODES; m++) {
		if (m == RUN_NAMES)
			continue;
		most = larger(most, plan->cost[m][g].mean_s);
		pace = larger(pace, pace_of(plan, m));
	}
	if (most > 0)
		return most;
	if (plan->pace[mode].seen)
		pace = pace_of(plan, mode);
	return plan->prior_s[g] * (pace > 0 ? pace : 1);
}

/* The same, with as little measuring as there may be. */
static double least_job_s(const struct plan *plan, enum run_mode mode,
			  unsigned g)
{
	return cost_s(plan, mode, g) +
	       (mode == RUN_MEASURE ? 1.1 * shortest_s : 0);
}

double plan_look_s(const struct plan *plan)
{
	return smaller(gap_s, look_part * plan->options.budget_s);
}

/* A whole block of a pass, at least. */
static double least_block_s(const struct plan *plan, enum run_mode mode)
{
	double seconds = 0;

	for (unsigned g = 0; g < plan->groups; g++)
		if (plan->due[mode][g])
			seconds += (double)plan->due[mode][g] *
				   least_job_s(plan, mode, g);
	seconds *= (double)arms(plan, mode);
	return mode == RUN_MEASURE ? seconds + plan_look_s(plan) : seconds;
}

uint64_t plan_asked(const struct plan *plan, enum run_mode mode)
{
	uint64_t k = plan->options.invocations;

	if (mode == RUN_NAMES)
		return 1;
	if (mode != RUN_MEASURE && k > count_invocations)
		return count_invocations;
	return k;
}

/* Blocks of a pass that are still to be begun; 0 for one that is over. */
static uint64_t blocks_left(const struct plan *plan, enum run_mode mode)
{
	uint64_t all = plan_asked(plan, mode), begun = 0;

	if (!plan->due_all[mode] || (plan->begun && mode < plan->mode))
		return 0;
	if (all > plan->cut[mode])
		all = plan->cut[mode];
	if (plan->begun && mode == plan->mode)
		begun = plan->nth + 1;
	return all > begun ? all - begun : 0;
}

uint64_t plan_blocks(const struct plan *plan)
{
	uint64_t blocks = plan->begun ? plan->block + 1 : 0;

	for (enum run_mode m = RUN_TRACE; m < RUN_MODES; m++)
		blocks += blocks_left(plan, m);
	return blocks;
}

/* Until what tracing slows is fast again. */
static double settling_s(const struct plan *plan, double now_s)
{
	if (plan->mode == RUN_TRACE &&
	    (plan->traced || blocks_left(plan, RUN_TRACE)))
		return plan->options.settle_s;
	return larger(0, plan->settled_s - now_s);
}

/* Timed invocations left to do, of this block and others, if nothing fails. */
static double timed_left(const struct plan *plan)
{
	double jobs = (double)blocks_left(plan, RUN_MEASURE) *
		      (double)plan->due_all[RUN_MEASURE] *
		      (double)arms(plan, RUN_MEASURE);

	if (plan->mode == RUN_MEASURE)
		for (unsigned g = 0; g < plan->groups; g++)
			jobs += (double)plan->left[g];
	return jobs;
}

/* What is left to do, beside measuring. */
static double overhead_left_s(const struct plan *plan, double now_s)
{
	double seconds = settling_s(plan, now_s) +
			 plan_look_s(plan) *
				 (1 + (double)blocks_left(plan, RUN_MEASURE));

	for (unsigned g = 0; g < plan->groups; g++) {
		if (plan->left[g])
			seconds += (double)plan->left[g] *
				   cost_s(plan, plan->mode, g);
		for (enum run_mode m = RUN_TRACE; m < RUN_MODES; m++)
			if (plan->due[m][g])
				seconds += (double)plan->due[m][g] *
					   (double)arms(plan, m) *
					   (double)blocks_left(plan, m) *
					   cost_s(plan, m, g);
	}
	return seconds;
}

double plan_measure_s(const struct plan *plan, double now_s)
{
	/* a little is spared */
	double each = (0.98 * plan->options.budget_s - now_s -
		       overhead_left_s(plan, now_s)) /
		      larger(1, timed_left(plan)) / 1.1;
	/* with a precision to reach, more blocks are worth more than longer
	 * ones */
	double most = plan->options.add_blocks ? precise_s : longest_s;

	return smaller(larger(each, shortest_s), most);
}

double plan_left_s(const struct plan *plan, double now_s)
{
	double budget = end_s(plan) - now_s;
	double work = overhead_left_s(plan, now_s) +
		      1.1 * timed_left(plan) * plan_measure_s(plan, now_s);

	/* how many blocks will be added is not known */
	if (plan->options.add_blocks)
		work = plan->options.budget_s - now_s;
	return larger(0, smaller(work, budget));
}

/* By how much the budget may be passed. */
static double tolerance_s(const struct plan *plan)
{
	return larger(2, 0.1 * plan->options.end_s);
}

double plan_limit_s(const struct plan *plan, double now_s, double deadline_s)
{
	/* a part of what may pass is for files that are written afterwards */
	double end = end_s(plan) + 0.5 * tolerance_s(plan);

	return smaller(deadline_s, larger(end - now_s, 0));
}

/* ------------------------------------------------------ before the start */

size_t plan_probe(const struct plan *plan)
{
	double least = INFINITY;
	size_t index = plan->count;

	for (size_t i = 0; i < plan->count; i++) {
		double s = plan->prior_s[plan->cases[i].group];

		if (plan->cases[i].passes >> RUN_MEASURE & 1 && s < least) {
			least = s;
			index = i;
		}
	}
	/* on a machine ten times as slow everything would fit, too */
	if (10 * least_block_s(plan, RUN_MEASURE) < plan->options.end_s)
		return plan->count;
	return index;
}

void plan_learn_pace(struct plan *plan, size_t index, double seconds)
{
	learn_pace(plan, RUN_MEASURE, plan->cases[index].group, seconds);
}

/* Keeps the first cases of a tier that fit beside what is kept already. */
static size_t keep(struct plan *plan, bool headline, double *used_s)
{
	double room = plan->options.end_s - 2 * plan_look_s(plan);
	bool fits = true;
	size_t kept = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_case *c = &plan->cases[i];
		double each = (double)plan->options.arms *
			      least_job_s(plan, RUN_MEASURE, c->group);

		if (c->headline != headline || !c->passes)
			continue;
		/* a run that has begun measures something */
		fits = fits && (*used_s + each <= room ||
				(plan->pace[RUN_MEASURE].seen && !*used_s));
		if (fits) {
			*used_s += each;
			kept++;
		} else {
			plan->left_out[i] = c->passes;
			plan_update(plan, i, 0);
		}
	}
	/* what comes after what does not fit is not tried */
	if (!fits)
		*used_s = INFINITY;
	return kept;
}

/* A budget for so much, and the looks before and after it. */
static double with_looks_s(double seconds)
{
	return (1 + 1e-9) *
	       smaller(seconds / (1 - 2 * look_part), seconds + 2 * gap_s);
}

struct plan_fit plan_fit(struct plan *plan)
{
	struct plan_fit fit = { 0 };
	double used_s = 0, headline_s = 0;

	for (size_t i = 0; i < plan->count; i++) {
		unsigned passes = plan->left_out[i];

		plan->left_out[i] = 0;
		if (passes)
			plan_update(plan, i, passes);
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_case *c = &plan->cases[i];
		double each = (double)plan->options.arms *
			      least_job_s(plan, RUN_MEASURE, c->group);

		if (!c->passes)
			continue;
		fit.all_s += each;
		headline_s += c->headline ? each : 0;
		fit.headline += c->headline;
		fit.full += !c->headline;
	}
	fit.least_s = with_looks_s(fit.headline ? headline_s : fit.all_s);
	fit.all_s = with_looks_s(fit.all_s);
	fit.headline_kept = keep(plan, true, &used_s);
	fit.full_kept = keep(plan, false, &used_s);
	fit.sensible = fit.headline ? 2 * fit.headline_kept >= fit.headline :
				      !fit.full || fit.full_kept;
	return fit;
}

/* ---------------------------------------------------------------- blocks */

uint64_t plan_drawn(uint64_t seed, uint64_t i)
{
	uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void shuffle(struct plan *plan)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

	gsl_rng_set(random,
		    plan_drawn(plan_drawn(plan->options.seed, plan->mode),
			       plan->nth) >>
			    32);
	/* GSL draws from an empty range for none, and aborts */
	if (plan->jobs)
		gsl_ran_shuffle(random, plan->job, plan->jobs,
				sizeof(*plan->job));
	gsl_rng_free(random);
}

/* In both parts in the order that they had. */
static void put_headline_first(struct plan *plan)
{
	size_t first = 0, rest = 0;

	for (size_t i = 0; i < plan->jobs; i++)
		if (plan->cases[plan->job[i].index].headline)
			plan->job[first++] = plan->job[i];
		else
			plan->spare[rest++] = plan->job[i];
	memcpy(plan->job + first, plan->spare, rest * sizeof(*plan->job));
}

/* Every case that has something to do in the pass, once. Those that are left
 * out are shuffled with them, so that the others keep their order. */
static void fill_block(struct plan *plan)
{
	unsigned wanted = 1u << plan->mode;
	size_t kept = 0;

	if (plan->added)
		wanted |= PLAN_WIDE;
	plan->jobs = plan->next = plan->done = 0;
	memset(plan->left, 0, sizeof(plan->left));
	for (size_t i = 0; i < plan->count; i++)
		for (int arm = 0; arm < (int)arms(plan, plan->mode); arm++)
			if ((plan->cases[i].passes & wanted) == wanted ||
			    (plan->left_out[i] & wanted) == wanted)
				plan->job[plan->jobs++] =
					(struct plan_job){ i, plan->mode, arm };
	shuffle(plan);
	for (size_t i = 0; i < plan->jobs; i++) {
		const struct plan_case *c = &plan->cases[plan->job[i].index];

		if (plan->left_out[plan->job[i].index])
			continue;
		plan->left[c->group]++;
		plan->job[kept++] = plan->job[i];
	}
	plan->jobs = kept;
	if (!plan->nth)
		put_headline_first(plan);
}

/* What has to come after a counting pass at least: every case timed so often,
 * and counted as little as it may be. */
static double least_after_s(const struct plan *plan, enum run_mode mode,
			    uint64_t timed, double now_s)
{
	uint64_t times = plan_asked(plan, RUN_MEASURE);
	double seconds = settling_s(plan, now_s);

	if (times > timed)
		times = timed;
	if (mode < RUN_COUNT)
		seconds +=
			(double)fewest_counted * least_block_s(plan, RUN_COUNT);
	if (mode < RUN_NAMES && timed > fewest_timed)
		seconds += least_block_s(plan, RUN_NAMES);
	return seconds + (double)times * least_block_s(plan, RUN_MEASURE);
}

/* Whether another block of a counting pass leaves enough of the budget to the
 * times: counting gives way first, down to none. */
static bool counts_fit(const struct plan *plan, double now_s)
{
	bool more = plan->nth >= fewest_counted;
	double part = plan->mode == RUN_TRACE ? tracing_part : counting_part;
	double until_s =
		now_s + least_block_s(plan, plan->mode) +
		least_after_s(plan, plan->mode,
			      more ? enough_timed : fewest_timed, now_s);

	return (!more || now_s < part * plan->options.end_s) &&
	       until_s <= plan->options.end_s;
}

/* Whether there is a next block in the pass that the plan stands in. */
static bool pass_goes_on(struct plan *plan, double now_s)
{
	if (!plan->due_all[plan->mode] ||
	    plan->nth >= plan_asked(plan, plan->mode) ||
	    plan->nth >= plan->cut[plan->mode])
		return false;
	if (plan->mode == RUN_MEASURE || counts_fit(plan, now_s))
		return true;
	plan->cut[plan->mode] = plan->nth;
	return false;
}

bool plan_begin_block(struct plan *plan, double now_s)
{
	if (plan->begun)
		plan->nth++;
	while (plan->mode < RUN_MEASURE && !pass_goes_on(plan, now_s)) {
		if (plan->mode == RUN_TRACE && plan->traced)
			plan->settled_s = now_s + plan->options.settle_s;
		plan->mode++;
		plan->nth = 0;
	}
	plan->jobs = plan->next = 0;
	plan->added = plan->nth >= plan_asked(plan, RUN_MEASURE) &&
		      plan->mode == RUN_MEASURE;
	if (plan->added ?
		    !plan->options.add_blocks || !plan->due_all[RUN_MODES] :
		    !plan->due_all[plan->mode])
		return false;
	if (plan->begun && now_s >= end_s(plan))
		plan->ended = true;
	if (plan->ended)
		return false;
	plan->block += plan->begun;
	plan->begun = true;
	fill_block(plan);
	return true;
}

/* Whether the next job is likely to end long after the budget has. */
static bool ends_late(const struct plan *plan, size_t index, double now_s)
{
	double seconds = plan->took_s[index];

	if (seconds <= 0)
		seconds = cost_s(plan, plan->mode, plan->cases[index].group);
	return plan->begun_jobs &&
	       now_s + seconds > end_s(plan) + 0.25 * tolerance_s(plan);
}

const struct plan_job *plan_next(struct plan *plan, double now_s)
{
	while (plan->next < plan->jobs) {
		const struct plan_job *job = &plan->job[plan->next++];
		const struct plan_case *c = &plan->cases[job->index];

		plan->left[c->group]--;
		if (!(c->passes >> job->mode & 1))
			continue; /* it failed earlier in this block */
		if (plan->begun_jobs && now_s >= end_s(plan)) {
			plan->ended = true;
			break;
		}
		if (job->mode != RUN_MEASURE &&
		    plan->begun_jobs >= fewest_judged &&
		    now_s + least_job_s(plan, job->mode, c->group) +
				    least_after_s(plan, RUN_COUNT, fewest_timed,
						  now_s) >
			    end_s(plan)) {
			plan->cut[job->mode] = plan->nth + (plan->done > 0);
			break;
		}
		if (ends_late(plan, job->index, now_s)) {
			plan->ended = true;
			continue;
		}
		plan->traced |= job->mode == RUN_TRACE;
		plan->done++;
		plan->begun_jobs++;
		return job;
	}
	memset(plan->left, 0, sizeof(plan->left));
	plan->next = plan->jobs;
	return NULL;
}
