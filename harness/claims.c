/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The claims of widely copied tables, and the rules that decide them from a
 * run's rows. */
#include "claims.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "units.h"

const struct claim_table claim_tables[CLAIM_TABLES] = {
	{ "Why worker threads are faster",
	  {
		  { "copy-count", "copies of a message", "1 or 2" },
		  { "wake-syscalls", "system calls a wake-up", "1, or 2–3" },
		  { "switches", "context switches", "1–2, or 3–4" },
		  { "latency", "latency of a message", "µs, or ms" },
		  { "ipc-path", "a worker needs no kernel IPC", "0" },
	  } },
	{ "Worker thread against child process",
	  {
		  { "memory-model", "memory is shared, or isolated",
		    "yes, no" },
		  { "address-space", "one address space, or two", "yes, no" },
		  { "creation", "a child costs more to make", "> 1 ×" },
		  { "startup", "time to start", "< 5 ms, ~100 ms" },
		  { "switch-weight", "switching processes is heavier",
		    "> 1 ×" },
		  { "containment", "a crash is contained", "no, yes" },
	  } },
	{ "Shared memory step by step",
	  {
		  { "sab-map", "the pages are the same for all", "yes" },
		  { "sab-zero-copy", "passing it sends a reference", "flat" },
		  { "no-cow", "shared pages are never copied", "0" },
		  { "page-tables", "fork clones the page tables", "grows" },
		  { "store-visible", "a store is visible at once", "at once" },
		  { "lock-xchg", "LOCK XCHG flushes the store buffer",
		    "drains" },
		  { "futex-only", "wait and notify alone enter the kernel",
		    "0, or 1" },
		  { "futex-cost", "wait parks until it is woken", "parks" },
	  } },
	{ "Operating-system view",
	  {
		  { "same-pid", "one pid, several tids", "yes" },
		  { "schedulable", "threads run in parallel, on any core",
		    "yes" },
		  { "scheduler-name", "the scheduler that picks who runs",
		    "CFS" },
		  { "how-many", "threads that are worth it", "cores" },
	  } },
};

const char claims_rules[] =
	"A claim is a range. It **holds** where the whole 95 % interval of "
	"what was measured lies inside, **differs** where all of it lies "
	"outside; otherwise, or with fewer invocations than an interval "
	"needs, one **cannot tell**. Counts claimed as whole numbers hold "
	"within 0.05. \"About x\" is x/2 … 2x. A ratio's interval is what "
	"the intervals of both cases allow: \"grows\" is 2 × and more, "
	"\"flat\" less than 2 × (1.5 × where no page table is copied). A "
	"message's latency is meant "
	"one way: half of the round trip (payload there, answer back) is "
	"held against the range.\n";

/* A range held against a metric, times a factor; or against the ratio of it to
 * the same metric of the case that `to` makes of its id. */
struct claim {
	const char *id, *claim, *claimed;
	const char *cases; /* a glob over case ids: a line for each */
	const char *metric;
	double factor; /* what is measured × factor is what is claimed */
	double low, high;
	struct {
		const char *variant, *peer, *param; /* NULL: the same */
	} to;
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
	{ "copy-count", "copies of a 64 KiB message, worker (port)", "1",
	  "message/port/thread/*/size=64KiB", "copies", 1, 0.95, 1.05 },
	{ "copy-count", "copies of a 64 KiB message, child (libuv IPC)", "2",
	  "message/port_pipe/process/*/size=64KiB", "copies", 1, 1.95, 2.05 },
	{ "wake-syscalls", "system calls a wake-up, worker (uv_async)", "1",
	  "roundtrip/uv_async/thread/*/-", "syscalls", 0.5, 0.95, 1.05 },
	{ "wake-syscalls", "system calls a wake-up, child (pipe)", "2–3",
	  "roundtrip/pipe/process/*/-", "syscalls", 0.5, 1.95, 3.05 },
	{ "wake-syscalls", "system calls a wake-up, child (socket)", "2–3",
	  "roundtrip/socketpair/process/*/-", "syscalls", 0.5, 1.95, 3.05 },
	{ "wake-syscalls", "system calls a wake-up, child (libuv IPC)", "2–3",
	  "roundtrip/uv_pipe/process/*/-", "syscalls", 0.5, 1.95, 3.05 },
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
	{ "latency", "1 KiB message one way, worker (port)", "5–10 µs",
	  "message/port/thread/*/size=1KiB", "latency", 0.5, 5 US, 10 US },
	{ "latency", "1 KiB message one way, child (libuv IPC)", "0.5–2 ms",
	  "message/port_pipe/process/*/size=1KiB", "latency", 0.5, 0.5 MS,
	  2 MS },
	{ "ipc-path", "system calls a round trip, worker (uv_async)", "0",
	  "roundtrip/uv_async/thread/*/-", "syscalls", 1, -0.05, 0.05 },
	{ "ipc-path", "context switches of a round trip, worker (uv_async)",
	  "0", "roundtrip/uv_async/thread/*/-", "switches", 1, -0.05, 0.05 },
	{ "startup", "a worker thread with event loop answers", "< 5 ms",
	  "worker/answered/thread/*/-", "ready", 1, 0, 5 MS },
	{ "startup", "a child process with a channel answers", "~100 ms",
	  "worker/answered/process/*/-", "ready", 1, 50 MS, 200 MS },
	{ "startup", "first instruction of a worker: pthread", "< 5 ms",
	  "create/pthread/thread/*/-", "first", 1, 0, 5 MS },
	{ "startup", "first instruction of a worker: uv_thread", "< 5 ms",
	  "create/uv_thread/thread/*/-", "first", 1, 0, 5 MS },
	{ "startup", "first instruction of a child: fork + exec", "~100 ms",
	  "create/fork_exec/process/*/-", "first", 1, 50 MS, 200 MS },
	{ "startup", "first instruction of a child: posix_spawn", "~100 ms",
	  "create/posix_spawn/process/*/-", "first", 1, 50 MS, 200 MS },
	{ "creation",
	  "fork + exec against uv_thread_create, until done",
	  "> 1 ×",
	  "create/fork_exec/process/*/-",
	  "done",
	  1,
	  1,
	  INFINITY,
	  { .variant = "uv_thread", .peer = "thread" } },
	{ "creation",
	  "fork against pthread_create, until done",
	  "> 1 ×",
	  "create/fork/process/*/-",
	  "done",
	  1,
	  1,
	  INFINITY,
	  { .variant = "pthread", .peer = "thread" } },
	{ "page-tables",
	  "fork: 256 MiB written against none",
	  "grows",
	  "fork_memory/dirty/process/*/rss=256MiB",
	  "call",
	  1,
	  2,
	  INFINITY,
	  { .param = "rss=0B" } },
	{ "page-tables",
	  "fork: 256 MiB shared against none",
	  "grows",
	  "fork_memory/shared/process/*/rss=256MiB",
	  "call",
	  1,
	  2,
	  INFINITY,
	  { .param = "rss=0B" } },
	{ "page-tables",
	  "fork: 256 MiB MADV_DONTFORK against none",
	  "flat",
	  "fork_memory/dontfork/process/*/rss=256MiB",
	  "call",
	  1,
	  0,
	  2,
	  { .param = "rss=0B" } },
	{ "page-tables",
	  "posix_spawn: 256 MiB written against none",
	  "flat",
	  "fork_memory/posix_spawn/process/*/rss=256MiB",
	  "call",
	  1,
	  0,
	  1.5,
	  { .param = "rss=0B" } },
	{ "page-tables",
	  "vfork + exec: 256 MiB written against none",
	  "flat",
	  "fork_memory/vfork_exec/process/*/rss=256MiB",
	  "call",
	  1,
	  0,
	  1.5,
	  { .param = "rss=0B" } },
	{ "page-tables",
	  "pthread_create: 256 MiB written against none",
	  "flat",
	  "fork_memory/pthread/thread/*/rss=256MiB",
	  "call",
	  1,
	  0,
	  1.5,
	  { .param = "rss=0B" } },
	{ "no-cow", "faults a private page that the parent writes after fork",
	  "1", "page/cow_parent/process/*/-", "faults", 1, 0.95, 1.05 },
	{ "no-cow", "faults a private page that the child writes after fork",
	  "1", "page/cow_child/process/*/-", "faults", 1, 0.95, 1.05 },
	{ "no-cow", "faults a shared page written after fork", "0",
	  "page/shared_after_fork/process/*/-", "faults", 1, -0.005, 0.005 },
	{ "sab-map", "a worker sees what is written to shared memory", "yes",
	  "facts/memory/thread/*/-", "shared_seen", 1, 1, 1 },
	{ "sab-map", "a child sees what is written to shared memory", "yes",
	  "facts/memory/process/*/-", "shared_seen", 1, 1, 1 },
	{ "sab-map", "shared memory is the same page frame in a child", "yes",
	  "facts/page_frames/process/*/-", "same_shared_frame", 1, 1, 1 },
	{ "sab-zero-copy",
	  "64 MiB by reference against 1 KiB, worker",
	  "flat",
	  "share/reference/thread/*/size=64MiB",
	  "latency",
	  1,
	  0,
	  2,
	  { .param = "size=1KiB" } },
	{ "sab-zero-copy",
	  "1 MiB through a pipe against 1 KiB, child",
	  "grows",
	  "share/pipe/process/*/size=1MiB",
	  "latency",
	  1,
	  2,
	  INFINITY,
	  { .param = "size=1KiB" } },
	{ "memory-model", "a worker's write to private memory is seen", "yes",
	  "facts/memory/thread/*/-", "private_seen", 1, 1, 1 },
	{ "memory-model", "a child's write to private memory is seen", "no",
	  "facts/memory/process/*/-", "private_seen", 1, 0, 0 },
	{ "address-space", "a worker has the creator's address space", "yes",
	  "facts/identity/thread/*/-", "same_maps", 1, 1, 1 },
	{ "address-space", "a child has the creator's address space", "no",
	  "facts/identity/process/*/-", "same_maps", 1, 0, 0 },
	{ "same-pid", "a worker has the creator's pid", "yes",
	  "facts/identity/thread/*/-", "same_pid", 1, 1, 1 },
	{ "same-pid", "a worker has the creator's tid", "no",
	  "facts/identity/thread/*/-", "same_tid", 1, 0, 0 },
	{ "same-pid", "a worker has the creator's descriptors", "yes",
	  "facts/identity/thread/*/-", "same_descriptors", 1, 1, 1 },
	{ "containment", "the creator survives a worker's crash", "no",
	  "facts/containment/thread/*/-", "survives", 1, 0, 0 },
	{ "containment", "the creator survives a child's crash", "yes",
	  "facts/containment/process/*/-", "survives", 1, 1, 1 },
	{ "switch-weight",
	  "switch between processes against threads, no set",
	  "> 1 ×",
	  "context_switch/pipe/process/pu/set=0B",
	  "switch",
	  1,
	  1,
	  INFINITY,
	  { .peer = "thread" } },
	{ "switch-weight",
	  "switch between processes against threads, 64 KiB each",
	  "> 1 ×",
	  "context_switch/pipe/process/pu/set=64KiB",
	  "switch",
	  1,
	  1,
	  INFINITY,
	  { .peer = "thread" } },
	{ "switch-weight",
	  "switch between processes against threads, 1 MiB each",
	  "> 1 ×",
	  "context_switch/pipe/process/pu/set=1MiB",
	  "switch",
	  1,
	  1,
	  INFINITY,
	  { .peer = "thread" } },
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
	return c->to.variant || c->to.peer || c->to.param;
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
	other = summary_beside(summary, row, c->to.variant, c->to.peer,
			       c->to.param, NULL);
	*why = other ? other->reason :
		       "the run did not include what it is held against";
	if (!other || !other->ok)
		return -1;
	*value /= other->value;
	*ci = (struct interval){ ci->low / other->ci.high,
				 ci->high / other->ci.low };
	return 0;
}

static int decide_row(struct lines *lines, const struct summary *summary,
		      const struct claim *c, const struct summary_row *row)
{
	char claim[96], id[SUMMARY_ID], measured[120];
	struct claim_line *line;
	struct interval ci;
	const char *why;
	double value;

	snprintf(claim, sizeof(claim), "%s%s%s", c->claim,
		 strcmp(row->place, "-") ? ", place " : "",
		 strcmp(row->place, "-") ? row->place : "");
	line = add_line(lines, c->id, claim, c->claimed);
	if (!line)
		return -1;
	rest_on(line, summary_id(row, id, sizeof(id)), row->metric);
	snprintf(line->basis, sizeof(line->basis), "%.90s %.20s%s", id,
		 row->metric, c->factor == 0.5 ? " ÷ 2" : "");
	if (say(summary, c, row, &value, &ci, &why)) {
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
		if (decided && decide_row(lines, summary, c, row))
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
		rest_on(line, c->cases, c->metric);
	}
	return 0;
}

/* Points of a line, read off rows of one metric: bytes and values. */
enum { POINTS = 32 };

static size_t read_points(const struct summary *summary, const char *cases,
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
		x[n] = (double)bytes;
		y[n++] = row->value;
	}
	return n;
}

/* Fork copies the page tables of written memory: its time rises with it, by
 * the interval of a line through all sizes. */
static int decide_slope(struct lines *lines, const struct summary *summary)
{
	static const char cases[] = "fork_memory/dirty/process/pu/*";
	struct claim_line *line = add_line(
		lines, "page-tables",
		"fork's time a GiB of written memory, place pu", "grows");
	char v[UNITS_SIZE], low[UNITS_SIZE], high[UNITS_SIZE];
	double x[POINTS], y[POINTS], gib = 0x1p30;
	size_t n = read_points(summary, cases, "call", x, y);
	struct line fit;

	if (!line)
		return -1;
	snprintf(line->basis, sizeof(line->basis), "%s call, a line", cases);
	rest_on(line, cases, "call");
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
	rest_on(line, "fence/*/-/-/outstanding=*", "latency");
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

/* Two workers against one: on several PUs only, for on one nothing runs in
 * parallel, whatever it is. */
static const struct claim parallel[] = {
	{ "schedulable", "2 worker threads do the work of", "2",
	  "parallel/compute/thread/any/workers=2", "speedup", 1, 1.5, 2.5 },
	{ "schedulable", "2 child processes do the work of", "2",
	  "parallel/compute/process/any/workers=2", "speedup", 1, 1.5, 2.5 },
	{ "schedulable", "PUs that 2 worker threads use", "2",
	  "parallel/compute/thread/any/workers=2", "pus", 1, 1.95, 2.05 },
	{ "schedulable",
	  "speed-up of 2 threads against 2 processes",
	  "equal",
	  "parallel/compute/thread/any/workers=2",
	  "speedup",
	  1,
	  0.8,
	  1.25,
	  { .peer = "process" } },
};

static double allowed_pus(const struct env_file *env)
{
	const char *pus = env_file_value(env, "topology.allowed_pus");

	return pus ? strtod(pus, NULL) : NAN;
}

static int decide_schedulable(struct lines *lines,
			      const struct summary *summary,
			      const struct env_file *env)
{
	for (size_t i = 0; i < sizeof(parallel) / sizeof(*parallel); i++) {
		const struct claim *c = &parallel[i];
		struct claim_line *line;

		if (!(allowed_pus(env) < 2)) {
			if (decide_range(lines, summary, c))
				return -1;
			continue;
		}
		line = add_line(lines, c->id, c->claim, c->claimed);
		if (!line)
			return -1;
		rest_on(line, c->cases, c->metric);
		snprintf(line->basis, sizeof(line->basis), "%s %s", c->cases,
			 c->metric);
		snprintf(line->verdict, sizeof(line->verdict),
			 "not run: there is one PU only");
	}
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
		crew[n].workers = strcmp(count + 1, "pus") ?
					  strtod(count + 1, NULL) :
					  pus;
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

static int decide_how_many(struct lines *lines, const struct summary *summary,
			   const struct env_file *env)
{
	static const char *const what[][2] = {
		{ "threads that are worth it, computing",
		  "parallel/compute/thread/any/*" },
		{ "processes that are worth it, computing",
		  "parallel/compute/process/any/*" },
	};
	double pus = allowed_pus(env);

	for (int i = 0; i < 2; i++) {
		struct claim_line *line = add_line(
			lines, "how-many", what[i][0], "as many as PUs");
		struct crew crew[POINTS];
		size_t n = read_crews(summary, what[i][1], pus, crew);

		if (!line)
			return -1;
		rest_on(line, what[i][1], "rate");
		snprintf(line->basis, sizeof(line->basis), "%s rate",
			 what[i][1]);
		if (n < 2 || isnan(pus))
			snprintf(line->verdict, sizeof(line->verdict),
				 "not run: the run did not include it, or not "
				 "for several numbers of workers");
		else
			judge_crews(line, crew, n, pus);
	}
	return 0;
}

/* Linux 6.6 replaced CFS by EEVDF; a sched_ext program that is loaded picks
 * instead of either. */
static int decide_scheduler(struct lines *lines, const struct env_file *env)
{
	const char *release = env_file_value(env, "kernel.release");
	const char *model = env_file_value(env, "kernel.preemption");
	const char *ext = env_file_value(env, "sched_ext.state");
	const char *name;
	struct claim_line *line = add_line(lines, "scheduler-name",
					   "who picks what runs next", "CFS");
	unsigned major, minor;

	if (!line)
		return -1;
	snprintf(line->basis, sizeof(line->basis), "env.csv kernel.release");
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

/* A claim of which no rule has said anything is in the table all the same. */
static int name_unmeasured(struct lines *lines)
{
	for (int t = 0; t < CLAIM_TABLES; t++) {
		const struct claim_entry *e = claim_tables[t].entry;

		for (; e->id; e++) {
			struct claim_line *line;
			size_t k = 0;

			while (k < lines->used &&
			       strcmp(lines->line[k].id, e->id))
				k++;
			if (k < lines->used)
				continue;
			line = add_line(lines, e->id, e->claim, e->claimed);
			if (!line)
				return -1;
			snprintf(line->verdict, sizeof(line->verdict),
				 "not run: no bench measures it yet");
		}
	}
	return 0;
}

static size_t take_lines(struct claim_line *to, size_t used,
			 struct lines *lines, const char *id)
{
	for (size_t i = 0; i < lines->used; i++)
		if (!strcmp(lines->line[i].id, id))
			to[used++] = lines->line[i];
	return used;
}

/* Lines in the order of the tables, those of a claim as they were decided;
 * claims of no table last. 0 or -1. */
static int put_in_order(struct lines *lines)
{
	struct claim_line *to = malloc(lines->used * sizeof(*to));
	size_t used = 0;

	if (!to)
		return -1;
	for (int t = 0; t < CLAIM_TABLES; t++)
		for (const struct claim_entry *e = claim_tables[t].entry; e->id;
		     e++)
			used = take_lines(to, used, lines, e->id);
	for (size_t i = 0; i < lines->used; i++)
		if (!claim_table_of(lines->line[i].id))
			to[used++] = lines->line[i];
	free(lines->line);
	lines->line = to;
	return 0;
}

const struct claim_table *claim_table_of(const char *id)
{
	for (int t = 0; t < CLAIM_TABLES; t++)
		for (const struct claim_entry *e = claim_tables[t].entry; e->id;
		     e++)
			if (!strcmp(e->id, id))
				return &claim_tables[t];
	return NULL;
}

struct claim_line *claims_decide(const struct summary *summary,
				 const struct env_file *env, size_t *count)
{
	struct lines lines = { NULL, 0, 0 };
	int result = 0;

	for (size_t i = 0; i < RANGES && !result; i++)
		result = decide_range(&lines, summary, &ranges[i]);
	if (!result)
		result = decide_slope(&lines, summary);
	if (!result)
		result = decide_lock_xchg(&lines, summary);
	if (!result)
		result = decide_schedulable(&lines, summary, env);
	if (!result)
		result = decide_how_many(&lines, summary, env);
	if (!result)
		result = decide_scheduler(&lines, env);
	if (!result)
		result = name_unmeasured(&lines);
	if (!result)
		result = put_in_order(&lines);
	if (result) {
		free(lines.line);
		return NULL;
	}
	*count = lines.used;
	return lines.line;
}

const char *claim_verdict_word(const struct claim_line *line)
{
	static const char *const word[] = { "holds", "differs", "cannot tell",
					    "not run" };

	for (int i = 0; i < 3; i++)
		if (!strncmp(line->verdict, word[i], strlen(word[i])))
			return word[i];
	return word[3];
}

const char *claim_verdict_why(const struct claim_line *line)
{
	const char *colon = strstr(line->verdict, ": ");

	return colon ? colon + 2 : "";
}

static void write_line(struct csv_out *out, const struct claim_line *line,
		       const struct summary_row *of)
{
	const struct claim_table *table = claim_table_of(line->id);

	csv_str(out, CLAIMS_SCHEMA);
	csv_str(out, of->machine);
	csv_str(out, of->run);
	csv_str(out, table ? table->title : "");
	csv_str(out, line->id);
	csv_str(out, line->claim);
	csv_str(out, line->claimed);
	csv_str(out, strcmp(line->measured, "-") ? line->measured : "");
	csv_num(out, line->value);
	csv_str(out, line->unit);
	csv_num(out, line->ci.low);
	csv_num(out, line->ci.high);
	csv_str(out, claim_verdict_word(line));
	csv_str(out, claim_verdict_why(line));
	csv_str(out, line->cases);
	csv_str(out, line->metric);
	csv_end(out);
}

int claims_write(const struct claim_line *line, size_t count,
		 const struct summary *summary, const char *dir, char *err,
		 size_t size)
{
	char path[PATH_MAX], header[] = CLAIMS_HEADER, *save = NULL;
	struct csv_out *out;

	snprintf(path, sizeof(path), "%.4000s/claims.csv", dir);
	out = csv_create(path);
	for (char *name = strtok_r(header, ",", &save); out && name;
	     name = strtok_r(NULL, ",", &save))
		csv_str(out, name);
	if (out)
		csv_end(out);
	for (size_t i = 0; out && i < count; i++)
		write_line(out, &line[i], summary->row);
	if (out && !csv_close(out))
		return 0;
	snprintf(err, size, "%s: %s", path, strerror(errno));
	return -1;
}
