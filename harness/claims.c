/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The claims of widely copied tables, and the rules that decide them from a
 * run's rows. */
#include "claims.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

const char claims_rules[] =
	"A claim is a range. It **holds** where the whole 95 % interval of "
	"what was measured lies inside, **differs** where all of it lies "
	"outside; otherwise, or with fewer invocations than an interval "
	"needs, one **cannot tell**. Counts claimed as whole numbers hold "
	"within 0.05. \"About x\" is x/2 … 2x. A message's latency is meant "
	"one way: half of the round trip (payload there, answer back) is "
	"held against the range.\n";

/* A range held against a metric, times a factor. */
struct claim {
	const char *id, *claim, *claimed;
	const char *cases; /* a glob over case ids: a line for each */
	const char *metric;
	double factor; /* what is measured × factor is what is claimed */
	double low, high;
};

#define MS *1e6
#define US *1e3

static const struct claim ranges[] = {
	{ "copy-count", "copies of a 64 KiB message, worker (queue)", "1",
	  "message/queue_uv_async/thread/*/size=64KiB", "copies", 1, 0.95,
	  1.05 },
	{ "copy-count", "copies of a 64 KiB message, child (pipe)", "2",
	  "message/pipe/process/*/size=64KiB", "copies", 1, 1.95, 2.05 },
	{ "copy-count", "copies of a 64 KiB message, child (socket)", "2",
	  "message/socketpair/process/*/size=64KiB", "copies", 1, 1.95, 2.05 },
	{ "wake-syscalls", "system calls a wake-up, worker (uv_async)", "1",
	  "roundtrip/uv_async/thread/*/-", "syscalls", 0.5, 0.95, 1.05 },
	{ "wake-syscalls", "system calls a wake-up, child (pipe)", "2–3",
	  "roundtrip/pipe/process/*/-", "syscalls", 0.5, 1.95, 3.05 },
	{ "wake-syscalls", "system calls a wake-up, child (socket)", "2–3",
	  "roundtrip/socketpair/process/*/-", "syscalls", 0.5, 1.95, 3.05 },
	{ "switches", "context switches a round trip, worker (uv_async)", "1–2",
	  "roundtrip/uv_async/thread/*/-", "switches", 1, 0.95, 2.05 },
	{ "switches", "context switches a round trip, child (pipe)", "3–4",
	  "roundtrip/pipe/process/*/-", "switches", 1, 2.95, 4.05 },
	{ "switches", "context switches a round trip, child (socket)", "3–4",
	  "roundtrip/socketpair/process/*/-", "switches", 1, 2.95, 4.05 },
	{ "latency", "1 KiB message one way, worker (uv_async)", "5–10 µs",
	  "message/queue_uv_async/thread/*/size=1KiB", "latency", 0.5, 5 US,
	  10 US },
	{ "latency", "1 KiB message one way, child (pipe)", "0.5–2 ms",
	  "message/pipe/process/*/size=1KiB", "latency", 0.5, 0.5 MS, 2 MS },
	{ "latency", "1 KiB message one way, child (socket)", "0.5–2 ms",
	  "message/socketpair/process/*/size=1KiB", "latency", 0.5, 0.5 MS,
	  2 MS },
	{ "startup", "first instruction of a worker: pthread", "< 5 ms",
	  "create/pthread/thread/*/-", "first", 1, 0, 5 MS },
	{ "startup", "first instruction of a worker: uv_thread", "< 5 ms",
	  "create/uv_thread/thread/*/-", "first", 1, 0, 5 MS },
	{ "startup", "first instruction of a child: fork + exec", "~100 ms",
	  "create/fork_exec/process/*/-", "first", 1, 50 MS, 200 MS },
	{ "startup", "first instruction of a child: posix_spawn", "~100 ms",
	  "create/posix_spawn/process/*/-", "first", 1, 50 MS, 200 MS },
	{ "futex-only", "system calls of store, load and spin", "0",
	  "roundtrip/spin/*/-", "syscalls", 1, -0.005, 0.005 },
	{ "futex-only", "system calls of a wake that finds no waiter", "1",
	  "futex/wake_none_*", "syscalls", 1, 0.995, 1.005 },
	{ "futex-only", "system calls of a wait on a changed value", "1",
	  "futex/wait_changed_*", "syscalls", 1, 0.995, 1.005 },
};

enum { RANGES = sizeof(ranges) / sizeof(*ranges) };

struct lines {
	struct claim_line *line;
	size_t used, room;
};

static struct claim_line *add_line(struct lines *lines, const char *id,
				   const char *claim, const char *claimed)
{
	struct claim_line *line;

	if (lines->used == lines->room) {
		size_t more = lines->room ? 2 * lines->room : 64;

		line = realloc(lines->line, more * sizeof(*line));
		if (!line)
			return NULL;
		lines->line = line;
		lines->room = more;
	}
	line = &lines->line[lines->used++];
	memset(line, 0, sizeof(*line));
	snprintf(line->id, sizeof(line->id), "%s", id);
	snprintf(line->claim, sizeof(line->claim), "%s", claim);
	snprintf(line->claimed, sizeof(line->claimed), "%s", claimed);
	snprintf(line->measured, sizeof(line->measured), "-");
	return line;
}

static void format_value(char *buf, size_t size, const char *unit, double v)
{
	if (!strcmp(unit, "ns"))
		units_time(buf, size, v);
	else
		units_count(buf, size, v);
}

static void format_measured(char *buf, size_t size, const char *unit,
			    double value, struct interval ci)
{
	char v[UNITS_SIZE], low[UNITS_SIZE], high[UNITS_SIZE];

	if (isnan(ci.low)) {
		format_value(buf, size, unit, value);
		return;
	}
	format_value(v, sizeof(v), unit, value);
	format_value(low, sizeof(low), unit, ci.low);
	format_value(high, sizeof(high), unit, ci.high);
	snprintf(buf, size, "%.31s [%.31s, %.31s]", v, low, high);
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

static int decide_row(struct lines *lines, const struct claim *c,
		      const struct summary_row *row)
{
	struct claim_line *line;
	struct interval ci = { row->ci.low * c->factor,
			       row->ci.high * c->factor };
	char claim[96];

	snprintf(claim, sizeof(claim), "%s%s%s", c->claim,
		 strcmp(row->place, "-") ? ", place " : "",
		 strcmp(row->place, "-") ? row->place : "");
	line = add_line(lines, c->id, claim, c->claimed);
	if (!line)
		return -1;
	snprintf(line->basis, sizeof(line->basis), "%s/%s/%s/%s/%s %s%s",
		 row->bench, row->variant, row->peer, row->place, row->param,
		 row->metric, c->factor == 0.5 ? " ÷ 2" : "");
	if (!row->ok) {
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: %.180s", row->reason);
		return 0;
	}
	format_measured(line->measured, sizeof(line->measured), row->unit,
			row->value * c->factor, ci);
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
static int decide_range(struct lines *lines, const struct summary *summary,
			const struct claim *c)
{
	const struct summary_row *why = NULL;
	size_t before = lines->used;

	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->row[i];
		bool decided;

		if (!summary_matches(row, c->cases))
			continue;
		decided = row->ok ? !strcmp(row->metric, c->metric) :
				    tells(row, c->metric) == 3;
		if (decided && decide_row(lines, c, row))
			return -1;
		if (!row->ok &&
		    (!why || tells(row, c->metric) > tells(why, c->metric)))
			why = row;
	}
	if (lines->used == before) {
		struct claim_line *line =
			add_line(lines, c->id, c->claim, c->claimed);

		if (!line)
			return -1;
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: %.180s",
			 why ? why->reason :
			       "the run did not include or could not count "
			       "it");
		snprintf(line->basis, sizeof(line->basis), "%s %s", c->cases,
			 c->metric);
	}
	return 0;
}

/* LOCK XCHG, and aarch64's swpal, against the plain store. */
static const struct summary_row *fence_row(const struct summary *summary,
					   const char *x86, const char *arm,
					   const char *param)
{
	const char *const variant[] = { x86, arm };
	const struct summary_row *row = NULL;

	for (int i = 0; i < 2 && !row; i++) {
		char id[96];

		snprintf(id, sizeof(id), "fence/%s/-/-/%s", variant[i], param);
		row = summary_find(summary, id, "latency");
	}
	return row;
}

/* It holds if, with 32 missing stores outstanding, the exchange costs at
 * least three times what it costs with none (by the near ends of the
 * intervals) and the plain store rises by less than a tenth of that. */
static int decide_lock_xchg(struct lines *lines, const struct summary *summary)
{
	const struct summary_row *x0, *x32, *m0, *m32;
	struct claim_line *line = add_line(
		lines, "lock-xchg",
		"LOCK XCHG waits for 32 outstanding stores that miss, MOV "
		"does not",
		"drains");
	char a[UNITS_SIZE], b[UNITS_SIZE], c[UNITS_SIZE], d[UNITS_SIZE];

	if (!line)
		return -1;
	snprintf(line->basis, sizeof(line->basis),
		 "fence/{xchg,mov}/-/-/outstanding={0,32} latency");
	x0 = fence_row(summary, "xchg", "swpal", "outstanding=0");
	x32 = fence_row(summary, "xchg", "swpal", "outstanding=32");
	m0 = fence_row(summary, "mov", "str", "outstanding=0");
	m32 = fence_row(summary, "mov", "str", "outstanding=32");
	if (!x0 || !x32 || !m0 || !m32 || !x0->ok || !x32->ok || !m0->ok ||
	    !m32->ok) {
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: %.180s",
			 x32 && !x32->ok ? x32->reason :
					   "the run did not include it");
		return 0;
	}
	snprintf(line->measured, sizeof(line->measured),
		 "XCHG %s → %s, MOV %s → %s",
		 units_time(a, sizeof(a), x0->value),
		 units_time(b, sizeof(b), x32->value),
		 units_time(c, sizeof(c), m0->value),
		 units_time(d, sizeof(d), m32->value));
	double rise = x32->value - x0->value;
	bool told = !isnan(x0->ci.low) && !isnan(x32->ci.low);
	bool drains = x32->ci.low >= 3 * x0->ci.high && rise > 0;
	bool plain = fabs(m32->value - m0->value) < rise / 10;

	snprintf(line->verdict, sizeof(line->verdict), "%s",
		 !told ? "cannot tell: too few invocations for an interval" :
		 drains && plain               ? "holds" :
		 x32->ci.high < 3 * x0->ci.low ? "differs" :
						 "cannot tell");
	return 0;
}

struct claim_line *claims_decide(const struct summary *summary, size_t *count)
{
	struct lines lines = { NULL, 0, 0 };
	int result = 0;

	for (size_t i = 0; i < RANGES && !result; i++)
		result = decide_range(&lines, summary, &ranges[i]);
	if (!result)
		result = decide_lock_xchg(&lines, summary);
	if (result) {
		free(lines.line);
		return NULL;
	}
	*count = lines.used;
	return lines.line;
}
