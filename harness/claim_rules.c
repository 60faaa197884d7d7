/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules that decide claims: from a run's rows to a line of the table. */
#include "claim_rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

struct claim_line *decisions_add(struct decisions *d, const char *id,
				 const char *claim, const char *claimed)
{
	struct claim_line *line;

	if (d->used == d->room) {
		size_t more = d->room ? 2 * d->room : 64;

		line = realloc(d->line, more * sizeof(*line));
		if (!line)
			return NULL;
		d->line = line;
		d->room = more;
	}
	line = &d->line[d->used++];
	memset(line, 0, sizeof(*line));
	line->value = line->ci.low = line->ci.high = NAN;
	snprintf(line->id, sizeof(line->id), "%s", id);
	snprintf(line->claim, sizeof(line->claim), "%s", claim);
	snprintf(line->claimed, sizeof(line->claimed), "%s", claimed);
	snprintf(line->measured, sizeof(line->measured), "-");
	return line;
}

/* The numbers of a line. */
static void take_number(struct claim_line *line, const char *unit, double value,
			struct interval ci)
{
	line->value = value;
	line->ci = ci;
	snprintf(line->unit, sizeof(line->unit), "%s", unit);
}

/* And what they come from. */
static void rest_on(struct claim_line *line, const char *cases,
		    const char *metric)
{
	snprintf(line->cases, sizeof(line->cases), "%s", cases);
	snprintf(line->metric, sizeof(line->metric), "%s", metric);
}

/* The line of a claim that is one, whatever it rests on. NULL: no memory. */
static struct claim_line *begin(struct decisions *d, const struct claim *c,
				const char *how)
{
	struct claim_line *line = decisions_add(d, c->id, c->claim, c->claimed);

	if (!line)
		return NULL;
	rest_on(line, c->cases, c->metric);
	snprintf(line->basis, sizeof(line->basis), "%s%s%s%s", c->cases,
		 *c->metric ? " " : "", c->metric, how);
	return line;
}

static void format_measured(char *buf, size_t size, const char *unit,
			    double value, struct interval ci)
{
	char v[UNITS_SIZE], low[UNITS_SIZE], high[UNITS_SIZE];

	units_value(v, sizeof(v), unit, value);
	units_value(low, sizeof(low), unit, ci.low);
	units_value(high, sizeof(high), unit, ci.high);
	/* a fact has no interval to show */
	if (isnan(ci.low) || (!strcmp(unit, "bool") && !strcmp(v, low)))
		snprintf(buf, size, "%s", v);
	else
		snprintf(buf, size, "%.31s [%.31s, %.31s]", v, low, high);
}

void claim_doubt(struct claim_line *line, const struct summary_row *row)
{
	static const char *const flag[] = { "disturbed", "unwatched" };

	for (size_t i = 0; row && i < sizeof(flag) / sizeof(*flag); i++)
		if (row->ok && summary_flagged(row, flag[i]) &&
		    (!line->doubt || !strcmp(flag[i], "disturbed")))
			line->doubt = flag[i];
}

static const char *decide(struct interval ci, double low, double high)
{
	if (isnan(ci.low))
		return "cannot tell: too few invocations for an interval";
	if (ci.low >= low && ci.high <= high)
		return "holds";
	if (ci.high < low || ci.low > high)
		return "differs";
	return "cannot tell";
}

static bool is_ratio(const struct claim *c)
{
	return c->to.variant || c->to.peer || c->to.place || c->to.param;
}

/* What a row has to say to a claim: its own value, or its ratio to another's,
 * with the interval that both intervals allow. 0, or -1: nothing, and why. */
static int say(const struct summary *summary, const struct claim *c,
	       const struct summary_row *row, double *value,
	       struct interval *ci, const char **why)
{
	const struct summary_row *other = NULL;

	*why = row->reason;
	if (!row->ok)
		return -1;
	*value = row->value * c->factor;
	*ci = (struct interval){ row->ci.low * c->factor,
				 row->ci.high * c->factor };
	if (!is_ratio(c))
		return 0;
	other = summary_beside(summary, row, c->to, NULL);
	*why = other ? other->reason :
		       "the run did not include what it is held against";
	if (!other || !other->ok)
		return -1;
	*value /= other->value;
	*ci = (struct interval){ ci->low / other->ci.high,
				 ci->high / other->ci.low };
	return 0;
}

static int decide_row(struct decisions *d, const struct claim *c,
		      const struct summary_row *row)
{
	char claim[96], id[SUMMARY_ID], measured[120];
	struct claim_line *line;
	struct interval ci;
	const char *why;
	double value;

	snprintf(claim, sizeof(claim), "%s%s%s", c->claim,
		 strcmp(row->place, "-") ? ", place " : "",
		 strcmp(row->place, "-") ? row->place : "");
	line = decisions_add(d, c->id, claim, c->claimed);
	if (!line)
		return -1;
	rest_on(line, summary_id(row, id, sizeof(id)), row->metric);
	snprintf(line->basis, sizeof(line->basis), "%.90s %.20s%s", id,
		 row->metric, c->factor == 0.5 ? " ÷ 2" : "");
	if (say(d->summary, c, row, &value, &ci, &why)) {
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: %.180s", why);
		return 0;
	}
	format_measured(measured, sizeof(measured),
			is_ratio(c) ? "count" : row->unit, value, ci);
	claim_doubt(line, row);
	if (is_ratio(c))
		claim_doubt(line, summary_beside(d->summary, row, c->to, NULL));
	take_number(line, is_ratio(c) ? "ratio" : row->unit, value, ci);
	snprintf(line->measured, sizeof(line->measured), "%s%s", measured,
		 is_ratio(c) ? " ×" : "");
	snprintf(line->verdict, sizeof(line->verdict), "%s",
		 decide(ci, c->low, c->high));
	return 0;
}

/* How much a row without a number tells about a metric: a failed case tells
 * about all of them, a row of the metric itself about it. */
static int tells(const struct summary_row *row, const char *metric)
{
	if (!strcmp(row->status, "failed") || !strcmp(row->status, "timeout"))
		return 3;
	return strcmp(row->metric, metric) ? 1 : 2;
}

/* A line for each case that was measured or failed; where there is none, one
 * line says why. Places a machine lacks are no news beside those it has. */
int claim_range(struct decisions *d, const struct claim *c)
{
	const struct summary *summary = d->summary;
	const struct summary_row *why = NULL;
	size_t before = d->used;

	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->row[i];
		bool decided;

		if (!summary_matches(row, c->cases))
			continue;
		decided = row->ok ? !strcmp(row->metric, c->metric) :
				    tells(row, c->metric) == 3;
		if (decided && decide_row(d, c, row))
			return -1;
		if (!row->ok &&
		    (!why || tells(row, c->metric) > tells(why, c->metric)))
			why = row;
	}
	if (d->used == before) {
		struct claim_line *line = begin(d, c, "");

		if (!line)
			return -1;
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: %.180s",
			 why ? why->reason :
			       "the run did not include or could not count "
			       "it");
	}
	return 0;
}

/* Points of a line, read off rows of one metric: bytes and values. */
enum { POINTS = 32 };

static size_t read_points(struct claim_line *line,
			  const struct summary *summary, const char *cases,
			  const char *metric, double *x, double *y)
{
	size_t n = 0;

	for (size_t i = 0; i < summary->count && n < POINTS; i++) {
		const struct summary_row *row = &summary->row[i];
		const char *amount = strchr(row->param, '=');
		uint64_t bytes;

		if (!row->ok || strcmp(row->metric, metric) || !amount ||
		    units_parse_bytes(amount + 1, &bytes) ||
		    !summary_matches(row, cases))
			continue;
		claim_doubt(line, row);
		x[n] = (double)bytes;
		y[n++] = row->value;
	}
	return n;
}

int claim_slope(struct decisions *d, const struct claim *c)
{
	struct claim_line *line = begin(d, c, ", a line");
	char v[UNITS_SIZE], low[UNITS_SIZE], high[UNITS_SIZE];
	double x[POINTS], y[POINTS], gib = 0x1p30;
	struct line fit;
	size_t n;

	if (!line)
		return -1;
	n = read_points(line, d->summary, c->cases, c->metric, x, y);
	if (n < 3) {
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: fewer than three sizes were measured");
		return 0;
	}
	fit = stats_line(x, y, n, 0.95);
	take_number(line, "ns/GiB", fit.slope * gib,
		    (struct interval){ fit.slope_ci.low * gib,
				       fit.slope_ci.high * gib });
	snprintf(line->measured, sizeof(line->measured),
		 "%.31s/GiB [%.31s, %.31s]",
		 units_time(v, sizeof(v), fit.slope * gib),
		 units_time(low, sizeof(low), fit.slope_ci.low * gib),
		 units_time(high, sizeof(high), fit.slope_ci.high * gib));
	snprintf(line->verdict, sizeof(line->verdict), "%s",
		 fit.slope_ci.low > 0  ? "holds" :
		 fit.slope_ci.high < 0 ? "differs" :
					 "cannot tell");
	return 0;
}

static const struct {
	const char *bench, *variant[CLAIM_ARCHITECTURES];
} counterpart[] = {
	{ "visible", { "mov", "str", "sd" } },
	{ "visible", { "xchg", "swpal", "amoswap_aqrl" } },
	{ "fence", { "mov", "str", "sd" } },
	{ "fence", { "xchg", "swpal", "amoswap_aqrl" } },
	{ "fence", { "mov_mfence", "str_dmb_ish", "sd_fence_rw_rw" } },
	{ "fence", { "mov_lfence", "str_dmb_ishld", NULL } },
	{ "litmus", { "sb_xchg", "sb_swpal", "sb_amoswap_aqrl" } },
	{ "litmus", { "sb_mfence", "sb_dmb_ish", "sb_fence_rw_rw" } },
};

const char *claim_variant(const char *bench, const char *variant,
			  int architecture)
{
	for (size_t i = 0; i < sizeof(counterpart) / sizeof(*counterpart); i++)
		if (!strcmp(counterpart[i].bench, bench) &&
		    !strcmp(counterpart[i].variant[0], variant))
			return counterpart[i].variant[architecture];
	return NULL;
}

static const struct summary_row *
fence_row(const struct summary *summary, const char *variant, const char *param)
{
	const struct summary_row *row = NULL;

	for (int a = 0; a < CLAIM_ARCHITECTURES && !row; a++) {
		char id[96];

		snprintf(id, sizeof(id), "fence/%s/-/-/%s",
			 claim_variant("fence", variant, a), param);
		row = summary_find(summary, id, "latency");
	}
	return row;
}

int claim_drains(struct decisions *d, const struct claim *claim)
{
	const struct summary *summary = d->summary;
	const struct summary_row *x0, *x32, *m0, *m32;
	struct claim_line *line = begin(d, claim, "");
	char text[4][UNITS_SIZE], more[3 * UNITS_SIZE + 8];

	if (!line)
		return -1;
	x0 = fence_row(summary, "xchg", "outstanding=0");
	x32 = fence_row(summary, "xchg", "outstanding=32");
	m0 = fence_row(summary, "mov", "outstanding=0");
	m32 = fence_row(summary, "mov", "outstanding=32");
	if (!x0 || !x32 || !m0 || !m32 || !x0->ok || !x32->ok || !m0->ok ||
	    !m32->ok) {
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: %.180s",
			 x32 && !x32->ok ? x32->reason :
					   "the run did not include it");
		return 0;
	}
	claim_doubt(line, x0);
	claim_doubt(line, x32);
	claim_doubt(line, m0);
	claim_doubt(line, m32);
	double rise = x32->value - x0->value;
	struct interval rise_ci = { x32->ci.low - x0->ci.high,
				    x32->ci.high - x0->ci.low };

	format_measured(more, sizeof(more), "ns", rise, rise_ci);
	snprintf(line->measured, sizeof(line->measured),
		 "XCHG %s → %s: %s more; MOV %s → %s",
		 units_time(text[0], UNITS_SIZE, x0->value),
		 units_time(text[1], UNITS_SIZE, x32->value), more,
		 units_time(text[2], UNITS_SIZE, m0->value),
		 units_time(text[3], UNITS_SIZE, m32->value));
	bool told = !isnan(x0->ci.low) && !isnan(x32->ci.low);
	bool drains = x32->ci.low >= 3 * x0->ci.high && rise > 0;
	bool plain = fabs(m32->value - m0->value) < rise / 10;

	if (x0->ci.low > 0)
		take_number(line, "ratio", x32->value / x0->value,
			    (struct interval){ x32->ci.low / x0->ci.high,
					       x32->ci.high / x0->ci.low });
	snprintf(line->verdict, sizeof(line->verdict), "%s",
		 !told ? "cannot tell: too few invocations for an interval" :
		 drains && plain               ? "holds" :
		 x32->ci.high < 3 * x0->ci.low ? "differs" :
						 "cannot tell");
	return 0;
}

static double allowed_pus(const struct env_file *env)
{
	const char *pus = env_file_value(env, "topology.allowed_pus");

	return pus ? strtod(pus, NULL) : NAN;
}

int claim_parallel(struct decisions *d, const struct claim *c)
{
	struct claim_line *line;

	if (!(allowed_pus(d->env) < 2))
		return claim_range(d, c);
	line = begin(d, c, "");
	if (!line)
		return -1;
	snprintf(line->verdict, sizeof(line->verdict),
		 "not run: there is one PU only");
	return 0;
}

/* A crew of workers and what it gets done. */
struct crew {
	double workers;
	const struct summary_row *row;
};

static size_t read_crews(const struct summary *summary, const char *cases,
			 double pus, struct crew *crew)
{
	size_t n = 0;

	for (size_t i = 0; i < summary->count && n < POINTS; i++) {
		const struct summary_row *row = &summary->row[i];
		const char *count = strchr(row->param, '=');

		if (!row->ok || !count || strcmp(row->metric, "rate") ||
		    !summary_matches(row, cases))
			continue;
		crew[n].workers =
			!strcmp(count + 1, "pus")  ? pus :
			!strcmp(count + 1, "2pus") ? 2 * pus :
						     strtod(count + 1, NULL);
		crew[n++].row = row;
	}
	return n;
}

/* The smallest crew that the best one does not surpass by its whole interval
 * is how many are worth it: it holds where they are as many as there are PUs,
 * and more of them were tried. */
static void judge_crews(struct claim_line *line, const struct crew *crew,
			size_t n, double pus)
{
	const struct crew *best = crew, *enough, *most = crew;

	for (size_t i = 1; i < n; i++) {
		if (crew[i].row->value > best->row->value)
			best = &crew[i];
		if (crew[i].workers > most->workers)
			most = &crew[i];
	}
	enough = best;
	for (size_t i = 0; i < n; i++)
		claim_doubt(line, crew[i].row);
	for (size_t i = 0; i < n; i++)
		if (crew[i].row->ci.high >= best->row->ci.low &&
		    crew[i].workers < enough->workers)
			enough = &crew[i];
	snprintf(line->measured, sizeof(line->measured),
		 "%.0f on %.0f PUs (%.0f tried)", enough->workers, pus,
		 most->workers);
	take_number(line, "count", enough->workers,
		    (struct interval){ NAN, NAN });
	snprintf(line->verdict, sizeof(line->verdict), "%s",
		 isnan(best->row->ci.low) ?
			 "cannot tell: too few invocations for an interval" :
		 most->workers <= pus   ? "cannot tell: no more were tried" :
		 enough->workers == pus ? "holds" :
					  "differs");
}

int claim_crews(struct decisions *d, const struct claim *c)
{
	double pus = allowed_pus(d->env);
	struct claim_line *line = begin(d, c, "");
	struct crew crew[POINTS];
	size_t n = read_crews(d->summary, c->cases, pus, crew);

	if (!line)
		return -1;
	if (n < 2 || isnan(pus))
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: the run did not include it, or not for "
			 "several numbers of workers");
	else
		judge_crews(line, crew, n, pus);
	return 0;
}

/* Linux 6.6 replaced CFS by EEVDF; a sched_ext program that is loaded picks
 * instead of either. */
int claim_scheduler(struct decisions *d, const struct claim *c)
{
	const struct env_file *env = d->env;
	struct claim_line *line = begin(d, c, "");
	const char *release = env_file_value(env, "kernel.release");
	const char *model = env_file_value(env, "kernel.preemption");
	const char *ext = env_file_value(env, "sched_ext.state");
	const char *name;
	unsigned major, minor;

	if (!line)
		return -1;
	if (!release || sscanf(release, "%u.%u", &major, &minor) != 2) {
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: env.csv does not tell the kernel's release");
		return 0;
	}
	name = ext && !strcmp(ext, "enabled")          ? "sched_ext" :
	       major > 6 || (major == 6 && minor >= 6) ? "EEVDF" :
	       major > 2 || (major == 2 && minor >= 6) ? "CFS" :
							 "O(1)";
	snprintf(line->measured, sizeof(line->measured),
		 "%s (Linux %u.%u%s%.60s)", name, major, minor,
		 model ? "; preemption: " : "", model ? model : "");
	snprintf(line->verdict, sizeof(line->verdict), "%s",
		 strcmp(name, "CFS") ? "differs" : "holds");
	return 0;
}

/* A total of the row's case. */
static double total_of(const struct summary *summary,
		       const struct summary_row *row, const char *metric)
{
	const struct summary_row *other = summary_beside(
		summary, row, (struct summary_other){ NULL }, metric);

	return other && other->ok ? other->value : NAN;
}

static int judge_reordering(struct decisions *d, const struct claim *c,
			    const struct summary_row *row)
{
	double tries = total_of(d->summary, row, "tries");
	double control = total_of(d->summary, row, "control") /
			 total_of(d->summary, row, "control_tries");
	bool must_be_seen = c->low > 0;
	struct claim_line *line;
	char claim[96], id[SUMMARY_ID];

	snprintf(claim, sizeof(claim), "%.70s, place %.16s", c->claim,
		 row->place);
	line = decisions_add(d, c->id, claim, c->claimed);
	if (!line)
		return -1;
	rest_on(line, summary_id(row, id, sizeof(id)), row->metric);
	claim_doubt(line, row);
	snprintf(line->basis, sizeof(line->basis), "%.90s %.20s", id,
		 row->metric);
	take_number(line, "count", row->value, (struct interval){ NAN, NAN });
	/* what was not seen in N tries: the rule of three */
	if (row->value > 0)
		snprintf(line->measured, sizeof(line->measured),
			 "%.0f of %.3g tries, %.2g %%", row->value, tries,
			 100 * row->value / tries);
	else
		snprintf(line->measured, sizeof(line->measured),
			 "0 of %.3g tries: < %.2g %%; control %.2g %%", tries,
			 300 / tries, 100 * control);
	snprintf(line->verdict, sizeof(line->verdict), "%s",
		 row->value > 0 ? (must_be_seen ? "holds" : "differs") :
		 !(control > 0) ? "cannot tell: the control shows nothing" :
		 must_be_seen   ? "differs" :
				  "holds");
	return 0;
}

int claim_reordering(struct decisions *d, const struct claim *c)
{
	size_t before = d->used;

	for (size_t i = 0; i < d->summary->count; i++) {
		const struct summary_row *row = &d->summary->row[i];

		/* on one PU nothing is ever seen, and nothing is told */
		if (!row->ok || strcmp(row->metric, c->metric) ||
		    !strcmp(row->place, "pu") ||
		    !summary_matches(row, c->cases))
			continue;
		if (judge_reordering(d, c, row))
			return -1;
	}
	return d->used > before ? 0 : claim_range(d, c);
}
