/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ratios, intervals and verdicts of every case, by the rules of METHOD. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "die.h"

static const double alpha = 0.05, power = 0.8;

/* Two counts that agree within themselves (results_agree()) and are the same
 * are no further apart than this. */
static const double count_noise = 0.01;

static const char *const names[COMPARE_VERDICTS] = {
	"faster",  "slower", "equivalent", "inconclusive",
	"differs", "same",   "missing"
};

const char *compare_verdict_name(enum compare_verdict verdict)
{
	return names[verdict];
}

static unsigned bits_of(const char *name, size_t length)
{
	if (length == strlen("different") &&
	    !strncmp(name, "different", length))
		return 1u << COMPARE_FASTER | 1u << COMPARE_SLOWER |
		       1u << COMPARE_DIFFERS;
	for (unsigned v = 0; v < COMPARE_VERDICTS; v++)
		if (!strncmp(name, names[v], length) && !names[v][length])
			return 1u << v;
	return 0;
}

int compare_parse_verdicts(const char *list, unsigned *bits, const char **bad)
{
	unsigned all = 0;

	do {
		size_t length = strcspn(list, ",");
		unsigned one = bits_of(list, length);

		*bad = list;
		if (!one)
			return -1;
		all |= one;
		list += length;
	} while (*list++);
	*bits |= all;
	return 0;
}

bool compare_shows(const struct comparison *c, const struct compare_pairing *p)
{
	return c->verdicts >> p->verdict & 1;
}

/* Two steps of the coarser clock, as a share of the shorter time. Batches are
 * a thousand steps long, and counted times are not of this clock. */
static double clock_share(const struct compare_side *a,
			  const struct compare_side *b)
{
	double level = fmin(a->value, b->value);
	bool single =
		!strcmp(a->method, "single") || !strcmp(b->method, "single");

	if (!single || level <= 0)
		return 0;
	return 2 * fmax(a->clock_step_ns, b->clock_step_ns) / level;
}

/* |ln ratio| of what differs though nothing does: the arms of an A/A run, or a
 * machine's own runs. */
static double own_noise(const struct compare_side *side)
{
	return fmax(side->noise, isnan(side->spread) ? 0 : log1p(side->spread));
}

static double noise_of(const struct compare_pairing *p)
{
	const struct compare_side *a = p->row->side;

	return fmax(own_noise(a), own_noise(a + p->group));
}

/* δ: the threshold, the clock, or what either machine differs from itself by,
 * whichever is most. */
static double difference_of_none(const struct comparison *c,
				 const struct compare_pairing *p)
{
	const struct compare_side *a = p->row->side;
	const struct compare_side *b = a + p->group;
	double delta = fmax(c->threshold, expm1(noise_of(p)));

	return p->row->kind == COMPARE_TIME ? fmax(delta, clock_share(a, b)) :
					      delta;
}

/* A ratio as if less were faster. */
static struct interval as_time(const struct compare_pairing *p,
			       struct interval ci)
{
	if (p->row->kind != COMPARE_RATE)
		return ci;
	return (struct interval){ 1 / ci.high, 1 / ci.low };
}

static const char *why_no_ratio(enum stats_reason reason)
{
	switch (reason) {
	case STATS_NOT_POSITIVE:
		return "no ratio: a value of 0 or below";
	case STATS_NOT_FINITE:
		return "no ratio: a value that is no number";
	case STATS_NO_MEMORY:
		return "no ratio: out of memory";
	case STATS_TOO_FEW:
	case STATS_OK:
		break;
	}
	return "no interval: too few invocations";
}

static void by_invocations(struct compare_pairing *p)
{
	const struct compare_side *a = p->row->side;
	const struct compare_side *b = a + p->group;
	struct shift shift = stats_shift(a->sample, a->samples, b->sample,
					 b->samples, 1 - alpha);

	p->ratio = shift.ratio;
	p->ci = shift.ci;
	p->basis = shift.reason ? why_no_ratio(shift.reason) : "invocations";
	if (isnan(p->ratio))
		return;
	p->ci90 = stats_shift(a->sample, a->samples, b->sample, b->samples,
			      1 - 2 * alpha)
			  .ci;
	p->p = stats_separation_test(a->sample, a->samples, b->sample,
				     b->samples);
}

/* From two intervals of 95 %: what both allow, which covers more. */
static void by_intervals(struct compare_pairing *p)
{
	const struct compare_side *a = p->row->side;
	const struct compare_side *b = a + p->group;

	p->basis = "intervals";
	if (a->value <= 0 || b->value <= 0) {
		p->basis = why_no_ratio(STATS_NOT_POSITIVE);
		return;
	}
	p->ratio = b->value / a->value;
	if (isnan(a->ci.low) || isnan(b->ci.low) || a->ci.low <= 0 ||
	    b->ci.low <= 0) {
		p->basis = why_no_ratio(STATS_TOO_FEW);
		return;
	}
	p->ci = (struct interval){ b->ci.low / a->ci.high,
				   b->ci.high / a->ci.low };
	p->ci90 = p->ci;
}

/* Whether a count is known well enough to say that another one differs. One
 * without an interval is, where it is a sum, or its invocations all found the
 * same; two threads that do 1.90 and 1.95 times the work of one are not. */
static bool is_sure(const struct compare_side *side)
{
	if (!isnan(side->ci.low))
		return true;
	if (strcmp(side->method, "exact"))
		return false;
	if (!side->samples ||
	    side->value != stats_median(side->sample, side->samples))
		return true;
	for (size_t i = 0; i < side->samples; i++)
		if (fabs(side->sample[i] - side->value) > count_noise)
			return false;
	return true;
}

/* Exact values have no interval, or one of nothing. */
static void by_counts(struct compare_pairing *p)
{
	const struct compare_side *a = p->row->side;
	const struct compare_side *b = a + p->group;
	double apart = fabs(b->value - a->value);
	bool told = !isnan(a->ci.low) && !isnan(b->ci.low);
	bool meet = told && a->ci.low <= b->ci.high && b->ci.low <= a->ci.high;

	p->basis = "counts";
	if (a->value > 0 && b->value > 0)
		p->ratio = b->value / a->value;
	if (apart <= count_noise || meet)
		p->verdict = COMPARE_SAME;
	else if (is_sure(a) && is_sure(b))
		p->verdict = COMPARE_DIFFERS;
	else
		p->basis = why_no_ratio(STATS_TOO_FEW);
}

static void measure(const struct comparison *c, struct compare_pairing *p)
{
	const struct compare_side *a = p->row->side;
	const struct compare_side *b = a + p->group;

	p->ratio = p->ci.low = p->ci.high = p->ci90.low = p->ci90.high = NAN;
	p->p = p->p_bh = p->p_holm = p->delta = p->detectable = NAN;
	p->basis = "";
	p->verdict = COMPARE_INCONCLUSIVE;
	if (!a->ok || !b->ok) {
		p->verdict = COMPARE_MISSING;
		return;
	}
	if (p->row->kind == COMPARE_COUNT) {
		by_counts(p);
		return;
	}
	p->delta = difference_of_none(c, p);
	if (a->samples && b->samples)
		by_invocations(p);
	else
		by_intervals(p);
}

/*
 * Beyond ±δ as a whole, as it is `equivalent` within: a test of no difference
 * alone finds the 2 % by which a shared host's speed has changed from one run
 * to the next, in every case, however many processes there were. By
 * non-overlapping intervals there is no p to adjust.
 */
static enum compare_verdict verdict_of(const struct compare_pairing *p,
				       double adjusted)
{
	const struct interval ci = as_time(p, p->ci90);
	double tested = isnan(p->p) ? 0 : adjusted;
	enum verdict verdict = stats_verdict(ci, tested, alpha, p->delta);

	if ((verdict == SLOWER && ci.low <= 1 + p->delta) ||
	    (verdict == FASTER && ci.high >= 1 / (1 + p->delta)))
		verdict = INCONCLUSIVE;
	return (enum compare_verdict)verdict;
}

/* From the half-width of the interval: as stats_detectable(), for a normal
 * distribution. */
static double seen_by_intervals(const struct compare_pairing *p)
{
	const double z_alpha = 1.959964, z_power = 0.841621;

	return exp(log(p->ci.high / p->ci.low) / 2 * (z_alpha + z_power) /
		   z_alpha);
}

static void judge(struct compare_pairing *p, size_t tests)
{
	const struct compare_side *a = p->row->side;
	const struct compare_side *b = a + p->group;

	if (p->verdict != COMPARE_MISSING && p->row->kind != COMPARE_COUNT &&
	    !isnan(p->ci90.low)) {
		p->verdict = verdict_of(p, p->p_bh);
		p->gate = verdict_of(p, p->p_holm);
	} else {
		p->gate = p->verdict;
	}
	if (p->verdict != COMPARE_INCONCLUSIVE || isnan(p->ci.low))
		return;
	p->detectable = isnan(p->p) ? seen_by_intervals(p) - 1 :
				      stats_detectable(a->sample, a->samples,
						       b->sample, b->samples,
						       alpha, tests, power) -
					      1;
}

static double effect(const struct compare_pairing *p)
{
	return p->verdict == COMPARE_MISSING ? NAN : fabs(log(p->ratio));
}

/* The largest effect first; counts that differ from 0 have no ratio, and come
 * before what has none for want of numbers. */
static int by_effect(const void *a, const void *b)
{
	const struct compare_pairing *p = a, *q = b;
	double x = effect(p), y = effect(q);

	if (isnan(x) != isnan(y))
		return isnan(x) - isnan(y);
	if (x != y && !isnan(x))
		return (x < y) - (x > y);
	if (p->verdict != q->verdict)
		return (p->verdict > q->verdict) - (p->verdict < q->verdict);
	if (p->row != q->row)
		return (p->row > q->row) - (p->row < q->row);
	return (p->group > q->group) - (p->group < q->group);
}

/* How many tests there were. */
static size_t adjust(struct comparison *c)
{
	size_t n = c->pairings, tests = 0;
	double *p = calloc(n + 1, sizeof(*p));
	double *adjusted = calloc(n + 1, sizeof(*adjusted));

	if (!p || !adjusted)
		die("out of memory for the comparison");
	for (size_t i = 0; i < n; i++) {
		p[i] = c->pairing[i].p;
		tests += !isnan(p[i]);
	}
	if (stats_adjust_bh(p, n, adjusted))
		die("out of memory for the comparison");
	for (size_t i = 0; i < n; i++)
		c->pairing[i].p_bh = adjusted[i];
	if (stats_adjust_holm(p, n, adjusted))
		die("out of memory for the comparison");
	for (size_t i = 0; i < n; i++)
		c->pairing[i].p_holm = adjusted[i];
	free(p);
	free(adjusted);
	return tests;
}

void compare_decide(struct comparison *c)
{
	size_t tests;

	c->pairings = c->rows * (c->groups - 1);
	c->pairing = calloc(c->pairings + 1, sizeof(*c->pairing));
	if (!c->pairing)
		die("out of memory for the comparison");
	for (size_t i = 0; i < c->pairings; i++) {
		struct compare_pairing *p = &c->pairing[i];

		p->row = &c->row[i / (c->groups - 1)];
		p->group = 1 + i % (c->groups - 1);
		measure(c, p);
	}
	tests = adjust(c);
	for (size_t i = 0; i < c->pairings; i++)
		judge(&c->pairing[i], tests);
	qsort(c->pairing, c->pairings, sizeof(*c->pairing), by_effect);
}
