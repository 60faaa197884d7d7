/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules that decide claims: from a run's rows to a line of the table. */
#include "claim_rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "litmus_table.h"
#include "place.h"
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
	line->disturbed |= summary_disturbed(row);
	line->unwatched |= row->ok && summary_flagged(row, "unwatched");
}

static const char too_few[] =
	"cannot tell: too few invocations for an interval";
static const char disturbed[] = "cannot tell: disturbed by other work";

static const char *decide(struct interval ci, double low, double high)
{
	if (isnan(ci.low) || isnan(ci.high))
		return too_few;
	if (ci.low >= low && ci.high <= high)
		return "holds";
	if (ci.high < low || ci.low > high)
		return "differs";
	return "cannot tell";
}

/* Other work makes a time longer, never shorter: what is below a limit in spite
 * of it would be so without it. Of a ratio it says nothing, nor of what is
 * above a limit. */
static const char *decide_disturbed(struct interval ci, bool is_time,
				    double low, double high)
{
	bool below =
		is_time && (ci.high < low || (low <= 0 && ci.high <= high));
	const char *verdict = decide(ci, low, high);

	return below || !strncmp(verdict, "cannot", 6) ? verdict : disturbed;
}

static bool is_ratio(const struct claim *c)
{
	return c->to.variant || c->to.peer || c->to.place || c->to.param;
}

/* What the two intervals of a ratio allow. Where its divisor may be 0, that is
 * any number. */
static struct interval divide(struct interval a, struct interval b)
{
	if (isnan(a.low) || isnan(b.low))
		return (struct interval){ NAN, NAN };
	if (b.low <= 0)
		return (struct interval){ -INFINITY, INFINITY };
	return (struct interval){ a.low / (a.low < 0 ? b.low : b.high),
				  a.high / (a.high < 0 ? b.high : b.low) };
}

/* What a row has to say to a claim: its own value, or its ratio to another's,
 * with the interval that both intervals allow. `line` learns what the flags say
 * against them. 0, or -1: nothing, and why. */
static int say(const struct summary *summary, const struct claim *c,
	       const struct summary_row *row, struct claim_line *line,
	       double *value, struct interval *ci, const char **why)
{
	const struct summary_row *other = NULL;

	*why = row->reason;
	if (!row->ok)
		return -1;
	*value = row->value * c->factor;
	*ci = (struct interval){ row->ci.low * c->factor,
				 row->ci.high * c->factor };
	claim_doubt(line, row);
	if (!is_ratio(c))
		return 0;
	other = summary_beside(summary, row, c->to, NULL);
	*why = other ? other->reason :
		       "the run did not include what it is held against";
	if (!other || !other->ok)
		return -1;
	*value /= other->value;
	*ci = divide(*ci, other->ci);
	claim_doubt(line, other);
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
	if (say(d->summary, c, row, line, &value, &ci, &why)) {
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: %.180s", why);
		return 0;
	}
	format_measured(measured, sizeof(measured),
			is_ratio(c) ? "count" : row->unit, value, ci);
	take_number(line, is_ratio(c) ? "ratio" : row->unit, value, ci);
	snprintf(line->measured, sizeof(line->measured), "%s%s", measured,
		 is_ratio(c) ? " ×" : "");
	snprintf(line->verdict, sizeof(line->verdict), "%s",
		 line->disturbed ?
			 decide_disturbed(
				 ci, !is_ratio(c) && !strcmp(row->unit, "ns"),
				 c->low, c->high) :
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
struct points {
	double x[POINTS], y[POINTS];
	size_t n;
	const struct summary_row *least, *most; /* bytes */
	bool has_intervals;
};

static void read_points(struct points *p, struct claim_line *line,
			const struct summary *summary, const char *cases,
			const char *metric)
{
	double low = INFINITY, high = -INFINITY;

	*p = (struct points){ .has_intervals = true };
	for (size_t i = 0; i < summary->count && p->n < POINTS; i++) {
		const struct summary_row *row = &summary->row[i];
		const char *amount = strchr(row->param, '=');
		uint64_t bytes;

		if (!row->ok || strcmp(row->metric, metric) || !amount ||
		    units_parse_bytes(amount + 1, &bytes) ||
		    !summary_matches(row, cases))
			continue;
		p->x[p->n] = (double)bytes;
		p->y[p->n++] = row->value;
		p->has_intervals &= !isnan(row->ci.low);
		claim_doubt(line, row);
		if ((double)bytes < low)
			p->least = row;
		if ((double)bytes > high)
			p->most = row;
		low = fmin(low, (double)bytes);
		high = fmax(high, (double)bytes);
	}
}

/* By the line's interval, and by those of its ends: three points may lie on a
 * line by chance, which then has none to speak of. */
static const char *judge_slope(const struct points *p, bool was_disturbed,
			       struct interval slope)
{
	if (!p->has_intervals)
		return too_few;
	if (was_disturbed)
		return disturbed;
	if (slope.low > 0 && p->most->ci.low > p->least->ci.high)
		return "holds";
	if (slope.high < 0 && p->most->ci.high < p->least->ci.low)
		return "differs";
	return "cannot tell";
}

int claim_slope(struct decisions *d, const struct claim *c)
{
	struct claim_line *line = begin(d, c, ", a line");
	char v[UNITS_SIZE], low[UNITS_SIZE], high[UNITS_SIZE];
	const double gib = 0x1p30;
	struct points p;
	struct line fit;

	if (!line)
		return -1;
	read_points(&p, line, d->summary, c->cases, c->metric);
	if (p.n < 3) {
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: fewer than three sizes were measured");
		return 0;
	}
	fit = stats_line(p.x, p.y, p.n, 0.95);
	take_number(line, "ns/GiB", fit.slope * gib,
		    (struct interval){ fit.slope_ci.low * gib,
				       fit.slope_ci.high * gib });
	snprintf(line->measured, sizeof(line->measured),
		 "%.31s/GiB [%.31s, %.31s]",
		 units_time(v, sizeof(v), fit.slope * gib),
		 units_time(low, sizeof(low), fit.slope_ci.low * gib),
		 units_time(high, sizeof(high), fit.slope_ci.high * gib));
	snprintf(line->verdict, sizeof(line->verdict), "%s",
		 judge_slope(&p, line->disturbed, fit.slope_ci));
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

/* What one value rises by to another, as both intervals allow. */
static struct interval rise(const struct summary_row *from,
			    const struct summary_row *to)
{
	return (struct interval){ to->ci.low - from->ci.high,
				  to->ci.high - from->ci.low };
}

/* The exchange's row and the plain store's, with none and with 32 outstanding.
 */
enum { XCHG_0, XCHG_32, MOV_0, MOV_32, DRAINS };

static const char *judge_drains(const struct summary_row *const *row)
{
	struct interval xchg = rise(row[XCHG_0], row[XCHG_32]);
	struct interval mov = rise(row[MOV_0], row[MOV_32]);
	double most = fmax(fabs(mov.low), fabs(mov.high));

	if (isnan(xchg.low) || isnan(mov.low))
		return too_few;
	if (row[XCHG_32]->ci.high < 3 * row[XCHG_0]->ci.low)
		return "differs";
	/* where the plain store rises as well, something else may wait */
	if (xchg.low > 0 && row[XCHG_32]->ci.low >= 3 * row[XCHG_0]->ci.high &&
	    most < xchg.low / 10)
		return "holds";
	return "cannot tell";
}

int claim_drains(struct decisions *d, const struct claim *claim)
{
	static const struct {
		const char *variant, *param;
	} of[DRAINS] = {
		[XCHG_0] = { "xchg", "outstanding=0" },
		[XCHG_32] = { "xchg", "outstanding=32" },
		[MOV_0] = { "mov", "outstanding=0" },
		[MOV_32] = { "mov", "outstanding=32" },
	};
	struct claim_line *line = begin(d, claim, "");
	char text[DRAINS][UNITS_SIZE], more[64];
	const struct summary_row *row[DRAINS];
	const char *verdict;
	bool all = true;

	if (!line)
		return -1;
	for (int i = 0; i < DRAINS; i++) {
		row[i] = fence_row(d->summary, of[i].variant, of[i].param);
		all &= row[i] && row[i]->ok;
	}
	if (!all) {
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: %.180s",
			 row[XCHG_32] && !row[XCHG_32]->ok ?
				 row[XCHG_32]->reason :
				 "the run did not include it");
		return 0;
	}
	for (int i = 0; i < DRAINS; i++) {
		units_time(text[i], UNITS_SIZE, row[i]->value);
		claim_doubt(line, row[i]);
	}
	format_measured(more, sizeof(more), "ns",
			row[XCHG_32]->value - row[XCHG_0]->value,
			rise(row[XCHG_0], row[XCHG_32]));
	snprintf(line->measured, sizeof(line->measured),
		 "XCHG %s → %s: %s more; MOV %s → %s", text[XCHG_0],
		 text[XCHG_32], more, text[MOV_0], text[MOV_32]);
	if (row[XCHG_0]->ci.low > 0)
		take_number(line, "ratio",
			    row[XCHG_32]->value / row[XCHG_0]->value,
			    divide(row[XCHG_32]->ci, row[XCHG_0]->ci));
	verdict = judge_drains(row);
	snprintf(line->verdict, sizeof(line->verdict), "%s",
		 line->disturbed && strncmp(verdict, "cannot", 6) ? disturbed :
								    verdict);
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

static double width(const struct summary_row *row)
{
	return row->ci.high - row->ci.low;
}

/* Where a size was measured twice, as 2 and as the number of PUs, the narrower
 * interval tells more. */
static size_t add_crew(struct crew *crew, size_t n, struct crew new)
{
	size_t i = 0;

	while (i < n && crew[i].workers != new.workers)
		i++;
	if (i == n || isnan(width(crew[i].row)) ||
	    width(new.row) < width(crew[i].row))
		crew[i] = new;
	return i == n ? n + 1 : n;
}

static int by_workers(const void *a, const void *b)
{
	const struct crew *p = a, *q = b;

	return (p->workers > q->workers) - (p->workers < q->workers);
}

/* The smallest first. */
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
		n = add_crew(crew, n,
			     (struct crew){
				     !strcmp(count + 1, "pus") ?
					     pus :
				     !strcmp(count + 1, "2pus") ?
					     2 * pus :
					     strtod(count + 1, NULL),
				     row,
			     });
	}
	qsort(crew, n, sizeof(*crew), by_workers);
	return n;
}

/* Another crew that gets this much more done is worth having. */
static const double worth = 1.1;

/* Which crews may be the smallest that is enough, none getting `worth` more
 * done: from the first that is not surely beaten to the first that surely is
 * not, by the intervals of both; `told`, by the values alone. */
struct enough {
	const struct crew *low, *told, *high;
};

static struct enough find_enough(const struct crew *crew, size_t n)
{
	struct enough e = { NULL, NULL, &crew[n - 1] };
	double value = 0, low = -INFINITY;
	bool sure = false;

	for (size_t i = 0; i < n; i++) {
		value = fmax(value, crew[i].row->value);
		low = fmax(low, crew[i].row->ci.low);
	}
	for (size_t i = 0; i < n; i++) {
		const struct summary_row *row = crew[i].row;
		double others = -INFINITY;

		for (size_t k = 0; k < n; k++)
			if (k != i)
				others = fmax(others, crew[k].row->ci.high);
		if (!e.low && row->ci.high * worth >= low)
			e.low = &crew[i];
		if (!e.told && row->value * worth >= value)
			e.told = &crew[i];
		if (!sure && row->ci.low * worth >= others) {
			sure = true;
			e.high = &crew[i];
		}
	}
	return e;
}

/* It holds where as many as there are PUs are enough and no fewer, whichever
 * crews may be; and where more of them were tried. */
static const char *judge_crews(const struct enough *e, const struct crew *most,
			       double pus)
{
	if (e->high->workers < pus || e->low->workers > pus)
		return "differs";
	if (e->low->workers < e->high->workers)
		return "cannot tell";
	return most->workers > pus ? "holds" :
				     "cannot tell: no more were tried";
}

static void say_crews(struct claim_line *line, const struct crew *crew,
		      size_t n, double pus)
{
	const struct crew *most = &crew[n - 1];
	struct interval ci = { NAN, NAN };
	bool has_intervals = true;
	struct enough e;
	char range[64];

	for (size_t i = 0; i < n; i++) {
		has_intervals &= !isnan(crew[i].row->ci.low);
		claim_doubt(line, crew[i].row);
	}
	e = find_enough(crew, n);
	if (has_intervals)
		ci = (struct interval){ e.low->workers, e.high->workers };
	if (has_intervals && ci.low < ci.high)
		snprintf(range, sizeof(range), "%.0f–%.0f", ci.low, ci.high);
	else
		snprintf(range, sizeof(range), "%.0f", e.told->workers);
	snprintf(line->measured, sizeof(line->measured),
		 "%s on %.0f PUs (%.0f tried)", range, pus, most->workers);
	take_number(line, "count", e.told->workers, ci);
	snprintf(line->verdict, sizeof(line->verdict), "%s",
		 !has_intervals  ? too_few :
		 line->disturbed ? disturbed :
				   judge_crews(&e, most, pus));
}

int claim_crews(struct decisions *d, const struct claim *c)
{
	double pus = allowed_pus(d->env);
	struct claim_line *line = begin(d, c, "");
	struct crew crew[POINTS] = { { 0, NULL } };
	size_t n = read_crews(d->summary, c->cases, pus, crew);

	if (!line)
		return -1;
	if (n < 2 || isnan(pus))
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: the run did not include it, or not for "
			 "several numbers of workers");
	else
		say_crews(line, crew, n, pus);
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
	double seen = total_of(d->summary, row, "control");
	double control_tries = total_of(d->summary, row, "control_tries");
	double control = seen / control_tries;
	bool must_be_seen = c->low > 0;
	struct claim_line *line;
	char claim[96], id[SUMMARY_ID];

	snprintf(claim, sizeof(claim), "%.70s, place %.16s", c->claim,
		 row->place);
	line = decisions_add(d, c->id, claim, c->claimed);
	if (!line)
		return -1;
	rest_on(line, summary_id(row, id, sizeof(id)), row->metric);
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
		 !litmus_control_tells(tries, seen, control_tries) ?
				  "cannot tell: the control shows too little" :
		 must_be_seen ? "differs" :
				"holds");
	/* what the control shows, it shows under the same disturbance */
	claim_doubt(line, row);
	return 0;
}

int claim_reordering(struct decisions *d, const struct claim *c)
{
	size_t before = d->used;

	for (size_t i = 0; i < d->summary->count; i++) {
		const struct summary_row *row = &d->summary->row[i];

		/* on one PU nothing is ever seen, and nothing is told */
		if (!row->ok || strcmp(row->metric, c->metric) ||
		    place_is(row->place, "pu") ||
		    !summary_matches(row, c->cases))
			continue;
		if (judge_reordering(d, c, row))
			return -1;
	}
	return d->used > before ? 0 : claim_range(d, c);
}
