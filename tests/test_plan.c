/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans of whole runs, against a clock and jobs that are made up. */
#include "support.h"

#include <math.h>
#include <time.h>

#include "plan.h"
#include "progress.h"

enum { HEADLINES_LAST, HEADLINES_FIRST, MIXED, ALL_HEADLINE, ALL_FULL };

static const unsigned every_pass =
	1 << RUN_TRACE | 1 << RUN_NAMES | 1 << RUN_COUNT | 1 << RUN_MEASURE;

/* A made-up run: what it is asked, what its jobs take, and what came of it. */
struct made_up {
	/* asked */
	double budget_s;
	uint64_t invocations, seed;
	size_t cases;
	int tiers, arms;
	unsigned passes; /* 0: every_pass */
	double speed;    /* of the machine; 0: as expected. 0.1: a tenth */
	double heavy_s;  /* of each 17th case; 0: as the others */
	double naming;   /* takes so many times as long; 0: once */
	size_t hangs;    /* a case that never ends */
	bool any_hangs, never_narrow;
	double interrupt_s; /* 0: never */
	double settle_s;
	/* what came of it */
	struct plan_fit fit;
	double took_s;
	size_t *timed, *counted;
	size_t blocks, jobs, passes_done[RUN_MODES];
	bool ended, overran_total, fell, went_on_at_zero;
	size_t *order; /* of the cases in the first timed block */
	size_t ordered;
	int shown; /* % */
};

static bool is_headline(const struct made_up *m, size_t i)
{
	return m->tiers == ALL_HEADLINE ||
	       (m->tiers == HEADLINES_FIRST && i < m->cases / 3) ||
	       (m->tiers == HEADLINES_LAST && i >= m->cases - m->cases / 3) ||
	       (m->tiers == MIXED && i % 3 == 0);
}

static double job_s(const struct made_up *m, const struct plan_job *job,
		    double measure_s)
{
	double slow = m->speed > 0 ? 1 / m->speed : 1;
	double seconds = slow * 0.012 * (1 + (double)(job->index % 5) / 10);

	if (m->any_hangs && job->index == m->hangs)
		return 1e9;
	if (m->heavy_s > 0 && job->index % 17 == 0)
		seconds = m->heavy_s;
	if (job->mode == RUN_NAMES && m->naming > 0)
		seconds *= m->naming;
	return seconds + (job->mode == RUN_MEASURE ? 1.1 * measure_s : 0);
}

/* Whether it went on; else the run was interrupted. */
static bool do_block(struct made_up *m, struct plan *plan, double *now_s)
{
	const struct plan_job *job;

	while ((job = plan_next(plan, *now_s))) {
		double measure_s = plan_measure_s(plan, *now_s);
		double left_s = plan_left_s(plan, *now_s);
		double seconds = job_s(m, job, measure_s);
		double limit_s = plan_limit_s(plan, *now_s, 20);
		int percent = progress_percent(*now_s, left_s);
		unsigned passes = plan->cases[job->index].passes;

		m->jobs++;
		m->went_on_at_zero |= percent > 99;
		m->shown = percent > m->shown ? percent : m->shown;
		if (m->interrupt_s > 0 && *now_s + seconds > m->interrupt_s) {
			*now_s = m->interrupt_s;
			return false;
		}
		if (seconds > limit_s) {
			*now_s += limit_s;
			if (limit_s < 20)
				plan->ended = true;
			else
				plan_update(plan, job->index, 0);
			if (plan->ended)
				break;
			continue;
		}
		*now_s += seconds;
		if (job->mode != RUN_MEASURE) {
			m->counted[job->index]++;
			/* every other case's counts agree at once */
			if (job->mode != RUN_NAMES && plan->nth &&
			    job->index % 2)
				passes &= ~(1u << job->mode);
		} else {
			if (m->timed[job->index]++ == 0 && m->order)
				m->order[m->ordered++] = job->index;
			if (m->timed[job->index] >= 12 && !m->never_narrow)
				passes &= ~(unsigned)PLAN_WIDE;
			seconds -= 1.1 * measure_s;
		}
		plan_update(plan, job->index, passes);
		plan_learn(plan, job, seconds);
	}
	return true;
}

static void run_made_up(struct made_up *m, bool add_blocks)
{
	struct plan_options options = {
		.budget_s = m->budget_s,
		.invocations = m->invocations ? m->invocations : 10,
		.seed = m->seed,
		.arms = m->arms ? m->arms : 1,
		.add_blocks = add_blocks,
		.settle_s = m->settle_s,
	};
	struct plan_case *cases = calloc(m->cases + 1, sizeof(*cases));
	enum run_mode last = RUN_TRACE;
	struct plan plan;
	double now_s = 0;

	assert_non_null(cases);
	for (size_t i = 0; i < m->cases; i++)
		cases[i] = (struct plan_case){
			.headline = is_headline(m, i),
			.group = i % 17,
			.least_s = i % 17 ? 0 : m->heavy_s,
			.passes = (m->passes ? m->passes : every_pass) |
				  (add_blocks ? PLAN_WIDE : 0),
		};
	assert_int_equal(plan_open(&plan, &options, cases, m->cases), 0);
	free(cases);
	m->timed = calloc(m->cases + 1, sizeof(*m->timed));
	m->counted = calloc(m->cases + 1, sizeof(*m->counted));
	m->order = calloc(m->cases + 1, sizeof(*m->order));
	assert_true(m->timed && m->counted && m->order);
	m->fit = plan_fit(&plan);
	while (plan_begin_block(&plan, now_s)) {
		m->blocks++;
		m->passes_done[plan.mode]++;
		assert_true(plan.mode >= last);
		last = plan.mode;
		m->overran_total |=
			!plan.added && plan.block + 1 > plan_blocks(&plan);
		if (plan.mode >= RUN_COUNT && now_s < plan.settled_s)
			now_s = plan.settled_s;
		if (plan.mode == RUN_MEASURE)
			now_s += plan_look_s(&plan);
		if (!do_block(m, &plan, &now_s))
			break;
	}
	m->took_s = now_s + plan_look_s(&plan);
	m->ended = plan.ended;
	plan_close(&plan);
}

static void forget(struct made_up *m)
{
	free(m->timed);
	free(m->counted);
	free(m->order);
}

static size_t with(const struct made_up *m, bool headline, size_t times)
{
	size_t n = 0;

	for (size_t i = 0; i < m->cases; i++)
		n += is_headline(m, i) == headline && m->timed[i] >= times;
	return n;
}

/* What is true of every run that a budget limits. */
static void check_budget(const struct made_up *m)
{
	double tolerance = fmax(2, 0.1 * m->budget_s);
	size_t headlines = 0;

	if (m->took_s > m->budget_s + tolerance)
		fail_msg("%zu cases, %g s: took %g s", m->cases, m->budget_s,
			 m->took_s);
	assert_false(m->overran_total);
	assert_false(m->went_on_at_zero);
	for (size_t i = 0; i < m->cases; i++)
		headlines += is_headline(m, i);
	if (!m->any_hangs && !(m->interrupt_s > 0) &&
	    with(m, true, 1) < headlines)
		assert_int_equal(with(m, false, 1), 0);
}

static void a_budget_is_kept(void **state)
{
	static const double budget[] = { 1, 3, 10, 60, 300, 3600 };
	static const size_t cases[] = { 1, 7, 60, 488, 2000, 20000, 100000 };

	(void)state;
	for (size_t b = 0; b < COUNT(budget); b++)
		for (size_t c = 0; c < COUNT(cases); c++)
			for (int tiers = HEADLINES_LAST; tiers <= ALL_FULL;
			     tiers += 2) {
				struct made_up m = { .budget_s = budget[b],
						     .cases = cases[c],
						     .tiers = tiers,
						     .settle_s = 1 };

				/* the longest, which take longest here,
				 * once */
				if (budget[b] > 60 &&
				    (tiers != MIXED ||
				     (budget[b] > 300 && cases[c] != 488)))
					continue;
				run_made_up(&m, false);
				check_budget(&m);
				/* what is asked for is done where it fits */
				if (!m.ended)
					assert_int_equal(
						with(&m, true, 10) +
							with(&m, false, 10),
						m.cases);
				else if (budget[b] < 3600)
					assert_true(m.took_s >
						    0.9 * m.budget_s);
				forget(&m);
			}
}

static void so_it_is_on_machines_of_any_speed(void **state)
{
	static const double speed[] = { 0.02, 0.1, 0.5, 3 };

	(void)state;
	for (size_t s = 0; s < COUNT(speed); s++)
		for (double budget = 1; budget < 200; budget *= 4) {
			struct made_up m = { .budget_s = budget,
					     .cases = 488,
					     .speed = speed[s],
					     .heavy_s = 0.3,
					     .tiers = MIXED,
					     .settle_s = 1 };

			run_made_up(&m, false);
			check_budget(&m);
			forget(&m);
		}
}

/* Everything is counted and timed as often as asked, and nothing is said. */
static void enough_is_enough(void **state)
{
	struct made_up m = { .budget_s = 600, .cases = 200, .tiers = MIXED };

	(void)state;
	run_made_up(&m, false);
	assert_false(m.ended);
	assert_int_equal(m.passes_done[RUN_TRACE], 6);
	assert_int_equal(m.passes_done[RUN_NAMES], 1);
	assert_int_equal(m.passes_done[RUN_COUNT], 6);
	assert_int_equal(m.passes_done[RUN_MEASURE], 10);
	assert_int_equal(m.fit.headline_kept + m.fit.full_kept, 200);
	assert_true(m.took_s < 600);
	forget(&m);
}

static void counting_gives_way_to_times(void **state)
{
	size_t before = 0;

	(void)state;
	/* 200 cases take 4 s to be timed once */
	for (double budget = 4; budget < 150; budget *= 1.3) {
		struct made_up m = { .budget_s = budget,
				     .cases = 200,
				     .tiers = ALL_HEADLINE,
				     .settle_s = 1 };
		size_t counts;

		run_made_up(&m, false);
		check_budget(&m);
		counts = m.passes_done[RUN_TRACE] + m.passes_done[RUN_NAMES] +
			 m.passes_done[RUN_COUNT];
		if (budget < 12)
			assert_int_equal(counts, 0);
		if (counts)
			assert_int_equal(with(&m, true, 3), 200);
		assert_true(counts + 1 >= before);
		before = counts;
		forget(&m);
	}
	assert_int_equal(before, 13);
}

/* Where counting turns out to take long, it ends within a block. */
/* What a tracer takes to name calls says nothing of other passes. */
static void slow_naming_leaves_counts(void **state)
{
	struct made_up m = { .budget_s = 260,
			     .invocations = 8,
			     .cases = 525,
			     .tiers = ALL_HEADLINE,
			     .naming = 10 };

	(void)state;
	run_made_up(&m, false);
	check_budget(&m);
	assert_int_equal(m.passes_done[RUN_NAMES], 1);
	assert_true(m.passes_done[RUN_COUNT] >= 2);
	assert_int_equal(with(&m, true, 8), m.cases);
	forget(&m);
}

static void counting_ends_within_a_block(void **state)
{
	struct made_up m = { .budget_s = 60,
			     .cases = 200,
			     .tiers = ALL_HEADLINE,
			     .speed = 0.15 };

	(void)state;
	run_made_up(&m, false);
	check_budget(&m);
	assert_int_equal(with(&m, true, 1), 200);
	forget(&m);
}

static void what_does_not_fit_is_left_out(void **state)
{
	struct made_up m = { .budget_s = 6,
			     .cases = 600,
			     .tiers = HEADLINES_LAST };

	(void)state;
	run_made_up(&m, false);
	check_budget(&m);
	assert_true(m.fit.sensible);
	assert_int_equal(m.fit.headline, 200);
	assert_int_equal(m.fit.headline_kept, 200);
	assert_int_equal(m.fit.full, 400);
	assert_true(m.fit.full_kept > 50 && m.fit.full_kept < 200);
	assert_true(m.fit.all_s > 9 && m.fit.all_s < 15);
	assert_true(m.fit.least_s > 3 && m.fit.least_s < 5);
	/* from the end of the tier, and never run */
	for (size_t i = m.fit.full_kept; i < 400; i++)
		assert_int_equal(m.timed[i] + m.counted[i], 0);
	assert_int_equal(with(&m, true, 1), 200);
	forget(&m);
}

/* What fits is told from how fast the machine is, where that matters. */
static void what_fits_depends_on_the_machine(void **state)
{
	struct plan_options options = { .budget_s = 6,
					.invocations = 1,
					.arms = 1 };
	struct plan_case cases[300] = { 0 };
	struct plan_fit fit, slow;
	struct plan plan;
	size_t index;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		cases[i].headline = i < 100;
		cases[i].group = i % 3;
		cases[i].least_s = i % 3 == 1 ? 0 : 0.02;
		cases[i].passes = every_pass;
	}
	assert_int_equal(plan_open(&plan, &options, cases, COUNT(cases)), 0);
	fit = plan_fit(&plan);
	index = plan_probe(&plan);
	assert_int_equal(index, 1); /* one of those that take least */
	plan_learn_pace(&plan, index, 0.036);
	slow = plan_fit(&plan);
	assert_true(slow.all_s > 2 * fit.all_s && slow.all_s < 3 * fit.all_s);
	assert_true(slow.full_kept < fit.full_kept);
	/* and what had been left out may be taken again */
	plan_learn_pace(&plan, index, 0);
	plan_learn_pace(&plan, index, 0);
	plan_learn_pace(&plan, index, 0);
	slow = plan_fit(&plan);
	assert_true(slow.full_kept >= fit.full_kept);
	plan_close(&plan);
	/* what has begun measures something, however slow the machine */
	options.budget_s = 2;
	assert_int_equal(plan_open(&plan, &options, cases, COUNT(cases)), 0);
	plan_learn_pace(&plan, 1, 100);
	assert_int_equal(plan_fit(&plan).headline_kept, 1);
	assert_true(plan_begin_block(&plan, 0));
	assert_non_null(plan_next(&plan, 0));
	plan_close(&plan);
	/* ample: nothing needs to be known */
	options.budget_s = 180;
	assert_int_equal(plan_open(&plan, &options, cases, COUNT(cases)), 0);
	assert_int_equal(plan_probe(&plan), COUNT(cases));
	plan_close(&plan);
}

static void next_to_nothing_is_refused(void **state)
{
	static const struct {
		double budget_s;
		size_t cases;
		int tiers;
		bool sensible;
	} row[] = {
		{ 5, 200, ALL_HEADLINE, true },
		{ 3, 200, ALL_HEADLINE, true }, /* most of them */
		{ 1, 200, ALL_HEADLINE, false },
		{ 1, 200, ALL_FULL, true },
		{ 0.01, 200, ALL_FULL, false },
		{ 0.01, 1, ALL_HEADLINE, false },
		{ 0.05, 1, ALL_HEADLINE, true },
		{ 180, 73344, ALL_HEADLINE, false }, /* all pairs of 192 PUs */
		{ 3600, 73344, ALL_HEADLINE, true },
		{ 1, 0, ALL_HEADLINE, true }, /* nothing can be run */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct plan_options options = { .budget_s = row[i].budget_s,
						.invocations = 1,
						.arms = 1 };
		struct plan_case *cases =
			calloc(row[i].cases + 1, sizeof(*cases));
		struct plan_fit fit;
		struct plan plan;

		assert_non_null(cases);
		for (size_t k = 0; k < row[i].cases; k++) {
			cases[k].headline = row[i].tiers == ALL_HEADLINE;
			cases[k].passes = 1 << RUN_MEASURE;
		}
		assert_int_equal(
			plan_open(&plan, &options, cases, row[i].cases), 0);
		free(cases);
		fit = plan_fit(&plan);
		if (fit.sensible != row[i].sensible)
			fail_msg("row %zu", i);
		if (fit.sensible)
			goto next;
		/* the budget that is named will do */
		plan_close(&plan);
		options.budget_s = fit.least_s;
		cases = calloc(row[i].cases + 1, sizeof(*cases));
		assert_non_null(cases);
		for (size_t k = 0; k < row[i].cases; k++) {
			cases[k].headline = row[i].tiers == ALL_HEADLINE;
			cases[k].passes = 1 << RUN_MEASURE;
		}
		assert_int_equal(
			plan_open(&plan, &options, cases, row[i].cases), 0);
		free(cases);
		assert_true(plan_fit(&plan).sensible);
next:
		plan_close(&plan);
	}
}

static void a_hang_costs_its_deadline_or_the_rest(void **state)
{
	(void)state;
	for (double budget = 1; budget < 400; budget *= 3) {
		struct made_up m = { .budget_s = budget,
				     .cases = 40,
				     .tiers = ALL_HEADLINE,
				     .any_hangs = true,
				     .hangs = 11 };

		run_made_up(&m, false);
		check_budget(&m);
		assert_int_equal(m.timed[11], 0);
		if (budget > 60)
			assert_int_equal(with(&m, true, 1), 39);
		forget(&m);
	}
}

/* A long case that is known to be so is not begun as the budget ends. */
static void a_long_job_is_not_begun_at_the_end(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct made_up m = { .budget_s = 30,
				     .cases = 34,
				     .heavy_s = 2.9,
				     .seed = seed,
				     .tiers = ALL_HEADLINE,
				     .invocations = 1000,
				     .passes = 1 << RUN_MEASURE };

		run_made_up(&m, false);
		check_budget(&m);
		assert_true(m.ended);
		assert_true(m.timed[0] > 0);
		/* it was not ended on that account either */
		assert_true(m.took_s <= 30 + 1.5 + 0.2);
		forget(&m);
	}
}

static void a_precision_that_is_never_reached(void **state)
{
	(void)state;
	for (double budget = 10; budget < 500; budget *= 3) {
		struct made_up m = { .budget_s = budget,
				     .cases = 20,
				     .tiers = ALL_HEADLINE,
				     .never_narrow = true };

		run_made_up(&m, true);
		check_budget(&m);
		assert_true(m.ended);
		assert_true(m.took_s > 0.95 * budget);
		forget(&m);
	}
}

static void a_precision_that_is_reached(void **state)
{
	struct made_up m = { .budget_s = 600,
			     .cases = 20,
			     .tiers = ALL_HEADLINE };

	(void)state;
	run_made_up(&m, true);
	assert_false(m.ended);
	assert_int_equal(with(&m, true, 12), 20);
	assert_int_equal(with(&m, true, 13), 0);
	forget(&m);
}

static void an_interrupted_run(void **state)
{
	struct made_up m = { .budget_s = 600,
			     .cases = 100,
			     .tiers = ALL_HEADLINE,
			     .interrupt_s = 7 };

	(void)state;
	run_made_up(&m, false);
	check_budget(&m);
	assert_false(m.ended); /* it is not the budget that did */
	forget(&m);
}

/* Nothing can be run, or nothing any more: many blocks of it take no time. */
static void nothing_to_do(void **state)
{
	struct made_up none = { .budget_s = 60, .invocations = UINT64_MAX };
	struct made_up failing = { .budget_s = 90,
				   .invocations = UINT64_MAX,
				   .cases = 1,
				   .any_hangs = true };

	(void)state;
	run_made_up(&none, false);
	assert_int_equal(none.blocks, 0);
	forget(&none);
	run_made_up(&failing, false);
	assert_int_equal(failing.blocks, 1);
	assert_true(failing.took_s < 21);
	forget(&failing);
}

/* The same seed, the same order, whatever the budget leaves out. */
static void order_is_the_seeds(void **state)
{
	struct made_up ample = {
		.budget_s = 600, .cases = 300, .seed = 5, .tiers = MIXED
	};
	struct made_up brief = {
		.budget_s = 3.5, .cases = 300, .seed = 5, .tiers = MIXED
	};
	struct made_up other = {
		.budget_s = 600, .cases = 300, .seed = 6, .tiers = MIXED
	};
	size_t at = 0, same = 0;

	(void)state;
	run_made_up(&ample, false);
	run_made_up(&brief, false);
	run_made_up(&other, false);
	assert_int_equal(ample.ordered, 300);
	assert_true(brief.ordered > 100 && brief.ordered < 250);
	for (size_t i = 0; i < 300 && at < brief.ordered; i++)
		at += ample.order[i] == brief.order[at];
	assert_int_equal(at, brief.ordered);
	for (size_t i = 0; i < 300; i++)
		same += ample.order[i] == other.order[i];
	assert_true(same < 30);
	for (size_t i = 0; i < 100; i++)
		assert_true(is_headline(&ample, ample.order[i]));
	forget(&ample);
	forget(&brief);
	forget(&other);
}

/* Both arms of an A/A run, one beside the other. */
static void two_arms_cost_twice(void **state)
{
	struct made_up m = {
		.budget_s = 6, .cases = 300, .arms = 2, .tiers = HEADLINES_FIRST
	};

	(void)state;
	run_made_up(&m, false);
	check_budget(&m);
	assert_int_equal(m.fit.headline_kept, 100);
	assert_true(m.fit.full_kept < 100);
	assert_true(with(&m, true, 2) > 80);
	forget(&m);
}

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A job costs as much of many cases as of few: not in proportion to them. */
static void a_hundred_thousand_cases(void **state)
{
	struct made_up few = { .budget_s = 600,
			       .cases = 1000,
			       .tiers = MIXED,
			       .invocations = 30 };
	struct made_up many = { .budget_s = 600,
				.cases = 100000,
				.tiers = MIXED,
				.invocations = 30 };
	double start = cpu_s(), each;

	(void)state;
	run_made_up(&few, false);
	each = (cpu_s() - start) / (double)few.jobs;
	start = cpu_s();
	run_made_up(&many, false);
	assert_true(many.jobs > 20000);
	/* and a little for the list itself, some times */
	assert_true(cpu_s() - start < 20 * each * (double)many.jobs + 2);
	forget(&few);
	forget(&many);
}

static void percentages(void **state)
{
	(void)state;
	assert_int_equal(progress_percent(0, 10), 0);
	assert_int_equal(progress_percent(0, 0), 0);
	assert_int_equal(progress_percent(5, 5), 50);
	assert_int_equal(progress_percent(10, 0), 99);
	assert_int_equal(progress_percent(1e9, 1e-9), 99);
	assert_int_equal(progress_percent(-1, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_budget_is_kept),
		cmocka_unit_test(so_it_is_on_machines_of_any_speed),
		cmocka_unit_test(enough_is_enough),
		cmocka_unit_test(counting_gives_way_to_times),
		cmocka_unit_test(slow_naming_leaves_counts),
		cmocka_unit_test(counting_ends_within_a_block),
		cmocka_unit_test(what_does_not_fit_is_left_out),
		cmocka_unit_test(what_fits_depends_on_the_machine),
		cmocka_unit_test(next_to_nothing_is_refused),
		cmocka_unit_test(a_hang_costs_its_deadline_or_the_rest),
		cmocka_unit_test(a_long_job_is_not_begun_at_the_end),
		cmocka_unit_test(a_precision_that_is_never_reached),
		cmocka_unit_test(a_precision_that_is_reached),
		cmocka_unit_test(an_interrupted_run),
		cmocka_unit_test(nothing_to_do),
		cmocka_unit_test(order_is_the_seeds),
		cmocka_unit_test(two_arms_cost_twice),
		cmocka_unit_test(a_hundred_thousand_cases),
		cmocka_unit_test(percentages),
	};

	end_if_it_hangs();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
