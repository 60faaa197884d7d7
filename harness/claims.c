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

#include "claim_rules.h"
#include "csv.h"
#include "pairs.h"

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
	"needs, or where an emulator took the time, one **cannot tell**. "
	"Counts claimed as whole numbers hold within 0.05. \"About x\" is "
	"x/2 … 2x. A ratio's interval is what the intervals of both cases "
	"allow: \"grows\" is 2 × and more, \"flat\" less than 2 × (1.5 × "
	"where no page table is copied). A message's latency is meant "
	"one way: half of the round trip (payload there, answer back) is "
	"held against the range. Claims of x86-64's instructions are held "
	"against their counterparts elsewhere: LOCK XCHG is SWPAL on aarch64 "
	"and AMOSWAP.AQRL on riscv64, MFENCE is DMB ISH and FENCE RW, RW, "
	"LFENCE is DMB ISHLD. How many workers are worth it is the smallest "
	"number that no other surpasses by a tenth; where their intervals "
	"allow several, it is given as a range, and one can tell only what "
	"is so for all of it. What is not seen in a litmus test says "
	"something where, as frequent as the control, it would have been. A "
	"value that other work disturbed is marked so: it stands where it is "
	"a time below a limit in spite of that, and else one cannot tell.\n";

#define MS *1e6
#define US *1e3

static const struct claim claims[] = {
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
	{ "store-visible", "share of plain stores that another core sees",
	  "may not be seen", "visible/mov/*", "seen", 1, 0, 0.999999 },
	{ "store-visible", "a plain store until another core sees it",
	  "at once", "visible/mov/*", "round_trip", 0.5, 0, 1 US },
	{ "store-visible",
	  "LOCK XCHG until seen, against a plain store",
	  "sooner",
	  "visible/xchg/*",
	  "round_trip",
	  1,
	  0,
	  0.9,
	  { .variant = "mov" } },
	{ "futex-only", "system calls of Atomics.store", "0",
	  "futex/atomics_store/*", "syscalls", 1, -0.005, 0.005 },
	{ "futex-only", "system calls of Atomics.load", "0",
	  "futex/atomics_load/*", "syscalls", 1, -0.005, 0.005 },
	{ "futex-only", "system calls of Atomics.exchange", "0",
	  "futex/atomics_exchange/*", "syscalls", 1, -0.005, 0.005 },
	{ "futex-only", "system calls of Atomics.notify", "1",
	  "futex/atomics_notify/*", "syscalls", 1, 0.995, 1.005 },
	{ "futex-only", "system calls of an Atomics.wait that sleeps", "1",
	  "futex/atomics_wait/*", "syscalls", 1, 0.995, 1.005 },
	{ "futex-cost", "context switches of an Atomics.wait that sleeps", "1",
	  "futex/atomics_wait/*", "switches", 1, 0.95, 1.05 },
	{ "futex-cost",
	  "a wait that is woken, against one on a changed value",
	  "> 1 ×",
	  "futex/wake_to_run_private/thread/*/-",
	  "latency",
	  1,
	  1,
	  INFINITY,
	  { .variant = "wait_changed_private", .peer = "-", .place = "-" } },
	{ "futex-cost", "system calls of a mutex that nobody contends", "0",
	  "lock/pthread_mutex/thread/*/parties=1", "syscalls", 1, -0.005,
	  0.005 },
	{ "schedulable", "2 worker threads do the work of", "2",
	  "parallel/compute/thread/any/workers=2", "speedup", 1, 1.5, 2.5,
	  .rule = claim_parallel },
	{ "schedulable", "2 child processes do the work of", "2",
	  "parallel/compute/process/any/workers=2", "speedup", 1, 1.5, 2.5,
	  .rule = claim_parallel },
	{ "schedulable", "PUs that 2 worker threads use", "2",
	  "parallel/compute/thread/any/workers=2", "pus", 1, 1.95, 2.05,
	  .rule = claim_parallel },
	{ "schedulable",
	  "speed-up of 2 threads against 2 processes",
	  "equal",
	  "parallel/compute/thread/any/workers=2",
	  "speedup",
	  1,
	  0.8,
	  1.25,
	  { .peer = "process" },
	  claim_parallel },
	{ "how-many", "threads that are worth it, computing", "as many as PUs",
	  "parallel/compute/thread/any/*", "rate", .rule = claim_crews },
	{ "how-many", "processes that are worth it, computing",
	  "as many as PUs", "parallel/compute/process/any/*", "rate",
	  .rule = claim_crews },
	{ "scheduler-name", "who picks what runs next", "CFS",
	  "env.csv kernel.release", "", .rule = claim_scheduler },
	{ "page-tables", "fork's time a GiB of written memory, place pu",
	  "grows", "fork_memory/dirty/process/pu/*", "call",
	  .rule = claim_slope },
	{ "lock-xchg",
	  "LOCK XCHG waits for 32 outstanding stores that miss, MOV does not",
	  "drains", "fence/*/-/-/outstanding=*", "latency",
	  .rule = claim_drains },
	{ "lock-xchg",
	  "MFENCE behind 8 outstanding stores that miss, against none",
	  "drains",
	  "fence/mov_mfence/-/-/outstanding=8",
	  "latency",
	  1,
	  5,
	  INFINITY,
	  { .param = "outstanding=0" } },
	{ "lock-xchg",
	  "LOCK ADD behind 8 outstanding stores that miss, against none",
	  "drains",
	  "fence/mov_lock_add/-/-/outstanding=8",
	  "latency",
	  1,
	  5,
	  INFINITY,
	  { .param = "outstanding=0" } },
	{ "lock-xchg",
	  "LFENCE behind 8 outstanding stores that miss, against none",
	  "flat",
	  "fence/mov_lfence/-/-/outstanding=8",
	  "latency",
	  1,
	  0,
	  2,
	  { .param = "outstanding=0" } },
	{ "lock-xchg", "a load overtakes an earlier store: plain", "seen",
	  "litmus/sb_plain/thread/*", "weak", 1, 1, INFINITY,
	  .rule = claim_reordering },
	{ "lock-xchg", "a load overtakes an earlier LOCK XCHG", "never",
	  "litmus/sb_xchg/thread/*", "weak", .rule = claim_reordering },
	{ "lock-xchg", "a load overtakes a store before MFENCE", "never",
	  "litmus/sb_mfence/thread/*", "weak", .rule = claim_reordering },
	{ "lock-xchg", "a load overtakes a store before LOCK ADD", "never",
	  "litmus/sb_lock_add/thread/*", "weak", .rule = claim_reordering },
};

enum { CLAIMS = sizeof(claims) / sizeof(*claims) };

static bool has_cases(const struct summary *s, const char *glob)
{
	for (size_t i = 0; i < s->count; i++)
		if (summary_matches(&s->row[i], glob))
			return true;
	return false;
}

/* The claim, of the architecture whose rows there are; glob holds its cases. */
static struct claim as_built(const struct claim *claim,
			     const struct summary *summary,
			     char glob[SUMMARY_ID])
{
	struct claim c = *claim;
	char bench[32], variant[64];

	if (sscanf(c.cases, "%31[^/]/%63[^/]", bench, variant) != 2)
		return c;
	for (int a = 0; a < CLAIM_ARCHITECTURES; a++) {
		const char *name = claim_variant(bench, variant, a);

		if (!name)
			continue;
		snprintf(glob, SUMMARY_ID, "%s/%s/%s", bench, name,
			 c.cases + strlen(bench) + strlen(variant) + 2);
		if (!has_cases(summary, glob))
			continue;
		c.cases = glob;
		if (c.to.variant)
			c.to.variant = claim_variant(bench, c.to.variant, a);
		break;
	}
	return c;
}

/* A claim of which no rule has said anything is in the table all the same. */
static int name_unmeasured(struct decisions *d)
{
	for (int t = 0; t < CLAIM_TABLES; t++) {
		const struct claim_entry *e = claim_tables[t].entry;

		for (; e->id; e++) {
			struct claim_line *line;
			size_t k = 0;

			while (k < d->used && strcmp(d->line[k].id, e->id))
				k++;
			if (k < d->used)
				continue;
			line = decisions_add(d, e->id, e->claim, e->claimed);
			if (!line)
				return -1;
			snprintf(line->verdict, sizeof(line->verdict),
				 "not run: no bench measures it yet");
		}
	}
	return 0;
}

static size_t take_lines(struct claim_line *to, size_t used,
			 struct decisions *d, const char *id)
{
	for (size_t i = 0; i < d->used; i++)
		if (!strcmp(d->line[i].id, id))
			to[used++] = d->line[i];
	return used;
}

/* Lines in the order of the tables, those of a claim as they were decided;
 * claims of no table last. 0 or -1. */
static int put_in_order(struct decisions *d)
{
	struct claim_line *to = malloc(d->used * sizeof(*to));
	size_t used = 0;

	if (!to)
		return -1;
	for (int t = 0; t < CLAIM_TABLES; t++)
		for (const struct claim_entry *e = claim_tables[t].entry; e->id;
		     e++)
			used = take_lines(to, used, d, e->id);
	for (size_t i = 0; i < d->used; i++)
		if (!claim_table_of(d->line[i].id))
			to[used++] = d->line[i];
	free(d->line);
	d->line = to;
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

/* Whether a line rests on what an emulator timed. What is yes or no an emulated
 * program finds out as any other does. */
static bool rests_on_emulated(const struct claim_line *line,
			      const struct summary *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];

		if (summary_emulated(row) && strcmp(row->unit, "bool") &&
		    !strcmp(row->metric, line->metric) &&
		    summary_matches(row, line->cases))
			return true;
	}
	return false;
}

/* A claim is about processors. */
static void doubt_emulated(struct decisions *d)
{
	for (size_t i = 0; i < d->used; i++) {
		struct claim_line *line = &d->line[i];

		const char *word = claim_verdict_word(line);

		if ((!strcmp(word, "holds") || !strcmp(word, "differs")) &&
		    rests_on_emulated(line, d->summary))
			snprintf(line->verdict, sizeof(line->verdict),
				 "cannot tell: emulated, no processor's time");
	}
}

/* No value that others disturbed, or may have, stands without saying so. */
static void name_disturbed(struct decisions *d)
{
	for (size_t i = 0; i < d->used; i++) {
		struct claim_line *line = &d->line[i];
		size_t used = strlen(line->measured);

		if (line->disturbed || line->unwatched)
			snprintf(line->measured + used,
				 sizeof(line->measured) - used, " (%s)",
				 line->disturbed ? "disturbed" : "unwatched");
	}
}

struct claim_line *claims_decide(const struct summary *summary,
				 const struct env_file *env, size_t *count)
{
	struct summary cases;
	struct decisions d = { .summary = &cases, .env = env };
	int result = 0;

	/* claims are about places: every pair of PUs is in its own tables */
	pairs_without(summary, &cases);

	for (size_t i = 0; i < CLAIMS && !result; i++) {
		char glob[SUMMARY_ID];
		struct claim c = as_built(&claims[i], summary, glob);

		result = (c.rule ? c.rule : claim_range)(&d, &c);
	}
	if (!result)
		result = name_unmeasured(&d);
	if (!result)
		result = put_in_order(&d);
	if (!result) {
		doubt_emulated(&d);
		name_disturbed(&d);
	}
	free(cases.row);
	if (result) {
		free(d.line);
		return NULL;
	}
	*count = d.used;
	return d.line;
}

size_t claims_count(void)
{
	return CLAIMS;
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
