/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do verdicts on the claims follow from the rows of a run, by the rules? */
#include "claims.h"
#include "scratch.h"

#include <ftw.h>
#include <sys/stat.h>

#include "csv.h"
#include "made_up_rows.h"

/* --------------------------------------------- a run, written by hand */

static struct summary summary;
static struct env_file env;
static struct claim_line *line;
static size_t lines;

static int end_run(void **state)
{
	(void)state;
	free(line);
	line = NULL;
	summary_free(&summary);
	return 0;
}

static void row(const char *id, const char *metric, double value, double low,
		double high)
{
	bool ns = !strcmp(metric, "latency") || !strcmp(metric, "first");

	rows_put(id, metric, ns ? "ns" : "count", value, low, high);
}

static void decide(void)
{
	rows_read(&summary);
	line = claims_decide(&summary, &env, &lines);
	assert_non_null(line);
}

/* The line of a claim; which: 0 for its first. */
static const struct claim_line *find(const char *claim, size_t which)
{
	for (size_t i = 0; i < lines; i++)
		if (!strncmp(line[i].claim, claim, strlen(claim)) && !which--)
			return &line[i];
	return NULL;
}

static const struct claim_line *must_find(const char *claim)
{
	const struct claim_line *found = find(claim, 0);

	if (!found)
		fail_msg("no line \"%s\"", claim);
	return found;
}

static void expect(const char *claim, const char *verdict)
{
	const struct claim_line *found = must_find(claim);

	if (strncmp(found->verdict, verdict, strlen(verdict)))
		fail_msg("%s: %s: %s, not %s", claim, found->measured,
			 found->verdict, verdict);
}

/* ----------------------------------------------------------- the ranges */

/* Each claim of a range, as CLAIMS.md has it, in the metric's own unit: a
 * latency is half a round trip's, system calls are of a wake-up, half too. */
static const struct {
	const char *id, *claim, *claimed, *row, *metric;
	double low, high;
} range[] = {
	{ "copy-count", "copies of a 64 KiB message, worker (queue)", "1",
	  "message/queue_uv_async/thread/l3/size=64KiB", "copies", 0.95, 1.05 },
	{ "copy-count", "copies of a 64 KiB message, child (pipe)", "2",
	  "message/pipe/process/pu/size=64KiB", "copies", 1.95, 2.05 },
	{ "copy-count", "copies of a 64 KiB message, child (socket)", "2",
	  "message/socketpair/process/pu/size=64KiB", "copies", 1.95, 2.05 },
	{ "copy-count", "copies of a 64 KiB message, worker (port)", "1",
	  "message/port/thread/pu/size=64KiB", "copies", 0.95, 1.05 },
	{ "copy-count", "copies of a 64 KiB message, child (libuv IPC)", "2",
	  "message/port_pipe/process/l3/size=64KiB", "copies", 1.95, 2.05 },
	{ "wake-syscalls", "system calls a wake-up, child (libuv IPC)", "2–3",
	  "roundtrip/uv_pipe/process/any/-", "syscalls", 3.9, 6.1 },
	{ "latency", "1 KiB message one way, worker (port)", "5–10 µs",
	  "message/port/thread/pu/size=1KiB", "latency", 10e3, 20e3 },
	{ "latency", "1 KiB message one way, child (libuv IPC)", "0.5–2 ms",
	  "message/port_pipe/process/pu/size=1KiB", "latency", 1e6, 4e6 },
	{ "wake-syscalls", "system calls a wake-up, worker (uv_async)", "1",
	  "roundtrip/uv_async/thread/pu/-", "syscalls", 1.9, 2.1 },
	{ "wake-syscalls", "system calls a wake-up, child (pipe)", "2–3",
	  "roundtrip/pipe/process/core/-", "syscalls", 3.9, 6.1 },
	{ "wake-syscalls", "system calls a wake-up, child (socket)", "2–3",
	  "roundtrip/socketpair/process/any/-", "syscalls", 3.9, 6.1 },
	{ "switches", "context switches a round trip, worker (uv_async)", "1–2",
	  "roundtrip/uv_async/thread/l3/-", "switches", 0.95, 2.05 },
	{ "switches", "context switches a round trip, child (pipe)", "3–4",
	  "roundtrip/pipe/process/package/-", "switches", 2.95, 4.05 },
	{ "switches", "context switches a round trip, child (socket)", "3–4",
	  "roundtrip/socketpair/process/pu/-", "switches", 2.95, 4.05 },
	{ "latency", "1 KiB message one way, worker (uv_async)", "5–10 µs",
	  "message/queue_uv_async/thread/machine/size=1KiB", "latency", 10e3,
	  20e3 },
	{ "latency", "1 KiB message one way, child (pipe)", "0.5–2 ms",
	  "message/pipe/process/node/size=1KiB", "latency", 1e6, 4e6 },
	{ "latency", "1 KiB message one way, child (socket)", "0.5–2 ms",
	  "message/socketpair/process/pu/size=1KiB", "latency", 1e6, 4e6 },
	{ "startup", "a worker thread with event loop answers", "< 5 ms",
	  "worker/answered/thread/pu/-", "ready", 0, 5e6 },
	{ "startup", "a child process with a channel answers", "~100 ms",
	  "worker/answered/process/any/-", "ready", 50e6, 200e6 },
	{ "no-cow", "faults a private page that the parent writes after fork",
	  "1", "page/cow_parent/process/pu/-", "faults", 0.95, 1.05 },
	{ "no-cow", "faults a private page that the child writes after fork",
	  "1", "page/cow_child/process/pu/-", "faults", 0.95, 1.05 },
	{ "no-cow", "faults a shared page written after fork", "0",
	  "page/shared_after_fork/process/pu/-", "faults", -0.005, 0.005 },
	{ "startup", "first instruction of a worker: pthread", "< 5 ms",
	  "create/pthread/thread/pu/-", "first", 0, 5e6 },
	{ "startup", "first instruction of a worker: uv_thread", "< 5 ms",
	  "create/uv_thread/thread/any/-", "first", 0, 5e6 },
	{ "startup", "first instruction of a child: fork + exec", "~100 ms",
	  "create/fork_exec/process/pu/-", "first", 50e6, 200e6 },
	{ "startup", "first instruction of a child: posix_spawn", "~100 ms",
	  "create/posix_spawn/process/any/-", "first", 50e6, 200e6 },
	{ "futex-only", "system calls of store, load and spin", "0",
	  "roundtrip/spin/process/l2/-", "syscalls", -0.005, 0.005 },
	{ "futex-only", "system calls of a wake that finds no waiter", "1",
	  "futex/wake_none_private/-/-/-", "syscalls", 0.995, 1.005 },
	{ "futex-only", "system calls of a wait on a changed value", "1",
	  "futex/wait_changed_shared/-/-/-", "syscalls", 0.995, 1.005 },
};

/* Every claim's row with an interval placed so by a function of its range. */
static void rows_at(double from, double to)
{
	for (size_t i = 0; i < COUNT(range); i++) {
		double width = range[i].high - range[i].low;
		double low = range[i].low + from * width;
		double high = range[i].low + to * width;

		row(range[i].row, range[i].metric, (low + high) / 2, low, high);
	}
}

static void expect_all(const char *verdict)
{
	decide();
	for (size_t i = 0; i < COUNT(range); i++) {
		expect(range[i].claim, verdict);
		assert_string_equal(must_find(range[i].claim)->id, range[i].id);
		assert_string_equal(must_find(range[i].claim)->claimed,
				    range[i].claimed);
	}
}

static void test_inside_holds(void **state)
{
	(void)state;
	rows_at(0.1, 0.9);
	expect_all("holds");
}

static void test_below_differs(void **state)
{
	(void)state;
	rows_at(-0.0002,
		-0.0001); /* counts of millions do not go far below 0 */
	expect_all("differs");
}

static void test_above_differs(void **state)
{
	(void)state;
	rows_at(1.1, 2);
	expect_all("differs");
}

static void test_across_an_end_cannot_tell(void **state)
{
	(void)state;
	rows_at(0.5, 1.5);
	expect_all("cannot tell");
}

static void test_all_around_cannot_tell(void **state)
{
	(void)state;
	rows_at(-2, 3);
	expect_all("cannot tell");
}

static void test_no_interval_cannot_tell(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(range); i++)
		row(range[i].row, range[i].metric,
		    (range[i].low + range[i].high) / 2, NAN, NAN);
	expect_all("cannot tell: too few invocations");
}

static void test_not_run_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(range); i++)
		rows_lack(range[i].row,
			  strcmp(range[i].metric, "first") ? "latency" : "call",
			  "absent", "this machine lacks a unicorn");
	expect_all("not run: this machine lacks a unicorn");
	for (size_t i = 0; i < COUNT(range); i++)
		assert_string_equal(must_find(range[i].claim)->measured, "-");
}

/* What is found out is yes or no. */
static const struct {
	const char *claim, *claimed, *row, *metric;
} fact[] = {
	{ "a worker sees what is written to shared memory", "yes",
	  "facts/memory/thread/any/-", "shared_seen" },
	{ "a child sees what is written to shared memory", "yes",
	  "facts/memory/process/any/-", "shared_seen" },
	{ "shared memory is the same page frame in a child", "yes",
	  "facts/page_frames/process/any/-", "same_shared_frame" },
	{ "a worker's write to private memory is seen", "yes",
	  "facts/memory/thread/any/-", "private_seen" },
	{ "a child's write to private memory is seen", "no",
	  "facts/memory/process/any/-", "private_seen" },
	{ "a worker has the creator's address space", "yes",
	  "facts/identity/thread/any/-", "same_maps" },
	{ "a child has the creator's address space", "no",
	  "facts/identity/process/any/-", "same_maps" },
	{ "a worker has the creator's pid", "yes",
	  "facts/identity/thread/any/-", "same_pid" },
	{ "a worker has the creator's tid", "no", "facts/identity/thread/any/-",
	  "same_tid" },
	{ "a worker has the creator's descriptors", "yes",
	  "facts/identity/thread/any/-", "same_descriptors" },
	{ "the creator survives a worker's crash", "no",
	  "facts/containment/thread/any/-", "survives" },
	{ "the creator survives a child's crash", "yes",
	  "facts/containment/process/any/-", "survives" },
};

static void decide_facts(bool as_claimed)
{
	for (size_t i = 0; i < COUNT(fact); i++) {
		double value = !strcmp(fact[i].claimed, "yes") == as_claimed;

		row(fact[i].row, fact[i].metric, value, value, value);
	}
	decide();
	for (size_t i = 0; i < COUNT(fact); i++) {
		expect(fact[i].claim, as_claimed ? "holds" : "differs");
		assert_string_equal(must_find(fact[i].claim)->claimed,
				    fact[i].claimed);
	}
}

static void test_facts_hold(void **state)
{
	(void)state;
	decide_facts(true);
}

static void test_facts_differ(void **state)
{
	(void)state;
	decide_facts(false);
}

/* Ratios: what is measured, what it is held against, and the claim's range. */
static const struct {
	const char *claim, *metric, *row, *to;
	double low, high;
} ratio[] = {
	{ "fork + exec against uv_thread_create", "done",
	  "create/fork_exec/process/pu/-", "create/uv_thread/thread/pu/-", 1,
	  1e6 },
	{ "fork against pthread_create", "done", "create/fork/process/pu/-",
	  "create/pthread/thread/pu/-", 1, 1e6 },
	{ "fork: 256 MiB written", "call",
	  "fork_memory/dirty/process/pu/rss=256MiB",
	  "fork_memory/dirty/process/pu/rss=0B", 2, 1e6 },
	{ "fork: 256 MiB shared", "call",
	  "fork_memory/shared/process/pu/rss=256MiB",
	  "fork_memory/shared/process/pu/rss=0B", 2, 1e6 },
	{ "fork: 256 MiB MADV_DONTFORK", "call",
	  "fork_memory/dontfork/process/pu/rss=256MiB",
	  "fork_memory/dontfork/process/pu/rss=0B", 0, 2 },
	{ "posix_spawn: 256 MiB", "call",
	  "fork_memory/posix_spawn/process/pu/rss=256MiB",
	  "fork_memory/posix_spawn/process/pu/rss=0B", 0, 1.5 },
	{ "vfork + exec: 256 MiB", "call",
	  "fork_memory/vfork_exec/process/pu/rss=256MiB",
	  "fork_memory/vfork_exec/process/pu/rss=0B", 0, 1.5 },
	{ "pthread_create: 256 MiB", "call",
	  "fork_memory/pthread/thread/pu/rss=256MiB",
	  "fork_memory/pthread/thread/pu/rss=0B", 0, 1.5 },
	{ "64 MiB by reference", "latency",
	  "share/reference/thread/pu/size=64MiB",
	  "share/reference/thread/pu/size=1KiB", 0, 2 },
	{ "switch between processes against threads, 64 KiB", "switch",
	  "context_switch/pipe/process/pu/set=64KiB",
	  "context_switch/pipe/thread/pu/set=64KiB", 1, 1e6 },
	{ "switch between processes against threads, no set", "switch",
	  "context_switch/pipe/process/pu/set=0B",
	  "context_switch/pipe/thread/pu/set=0B", 1, 1e6 },
	{ "switch between processes against threads, 1 MiB", "switch",
	  "context_switch/pipe/process/pu/set=1MiB",
	  "context_switch/pipe/thread/pu/set=1MiB", 1, 1e6 },
	{ "1 MiB through a pipe", "latency", "share/pipe/process/pu/size=1MiB",
	  "share/pipe/process/pu/size=1KiB", 2, 1e6 },
	{ "a wait that is woken, against one on a changed value", "latency",
	  "futex/wake_to_run_private/thread/l3/-",
	  "futex/wait_changed_private/-/-/-", 1, 1e6 },
	/* on other architectures by their own names */
	{ "LOCK XCHG until seen, against a plain store", "round_trip",
	  "visible/swpal/thread/l3/-", "visible/str/thread/l3/-", 0, 0.9 },
	{ "MFENCE behind 8 outstanding stores", "latency",
	  "fence/str_dmb_ish/-/-/outstanding=8",
	  "fence/str_dmb_ish/-/-/outstanding=0", 5, 1e6 },
	{ "LFENCE behind 8 outstanding stores", "latency",
	  "fence/str_dmb_ishld/-/-/outstanding=8",
	  "fence/str_dmb_ishld/-/-/outstanding=0", 0, 2 },
};

/* Both intervals 1 % wide; the ratio is `times` the end of the range that is
 * not the end of the scale. */
static void decide_ratios(double times, const char *where_low,
			  const char *where_high)
{
	for (size_t i = 0; i < COUNT(ratio); i++) {
		double end =
			ratio[i].high == 1e6 ? ratio[i].low : ratio[i].high;
		double value = 1000 * end * times;

		row(ratio[i].row, ratio[i].metric, value, value * 0.995,
		    value * 1.005);
		row(ratio[i].to, ratio[i].metric, 1000, 995, 1005);
	}
	decide();
	for (size_t i = 0; i < COUNT(ratio); i++)
		expect(ratio[i].claim,
		       ratio[i].high == 1e6 ? where_low : where_high);
}

static void test_ratio_above(void **state)
{
	(void)state;
	decide_ratios(1.1, "holds", "differs");
	assert_string_equal(must_find("fork: 256 MiB written")->measured,
			    "2.20 [2.18, 2.22] ×");
}

static void test_ratio_below(void **state)
{
	(void)state;
	decide_ratios(0.9, "differs", "holds");
}

static void test_ratio_at_the_end_cannot_tell(void **state)
{
	(void)state;
	decide_ratios(1, "cannot tell", "cannot tell");
}

static void test_ratio_to_nothing(void **state)
{
	(void)state;
	row(ratio[0].row, ratio[0].metric, 100, 99, 101);
	row(ratio[1].row, ratio[1].metric, 100, 99, 101);
	rows_lack(ratio[1].to, ratio[1].metric, "denied", "no threads here");
	decide();
	expect(ratio[0].claim,
	       "not run: the run did not include what it is held against");
	expect(ratio[1].claim, "not run: no threads here");
}

/* The same rows that wake-ups are held against, whole. */
static void test_path(void **state)
{
	const char *const id = "roundtrip/uv_async/thread/pu/-";

	(void)state;
	row(id, "syscalls", 8, 8, 8);
	row(id, "switches", 0, 0, 0.01);
	decide();
	expect("system calls a round trip, worker (uv_async)", "differs");
	expect("context switches of a round trip, worker", "holds");
}

static const char slope[] = "fork's time a GiB of written memory";

static void test_slope(void **state)
{
	(void)state;
	row("fork_memory/dirty/process/pu/rss=0B", "call", 1e5, NAN, NAN);
	row("fork_memory/dirty/process/pu/rss=256MiB", "call", 2.1e6, NAN, NAN);
	row("fork_memory/dirty/process/pu/rss=1GiB", "call", 8.1e6, NAN, NAN);
	row("fork_memory/clean/process/pu/rss=1GiB", "call", 1e5, NAN, NAN);
	decide();
	expect(slope, "holds");
	assert_non_null(strstr(must_find(slope)->measured, "8.00 ms/GiB ["));
}

static void test_slope_of_nothing(void **state)
{
	(void)state;
	row("fork_memory/dirty/process/pu/rss=0B", "call", 1e5, NAN, NAN);
	row("fork_memory/dirty/process/pu/rss=1MiB", "call", 1e5, NAN, NAN);
	row("fork_memory/dirty/process/pu/rss=4MiB", "latency", 1e5, NAN, NAN);
	decide();
	expect(slope, "not run: fewer than three sizes");
}

static size_t unmeasured(void)
{
	size_t count = 0;

	for (size_t i = 0; i < lines; i++)
		count += !!strstr(line[i].verdict, "no bench measures it");
	return count;
}

static void test_not_included(void **state)
{
	(void)state;
	row("getppid/-/-/-/-", "latency", 100, 99, 101);
	expect_all("not run: the run did not include or could not count it");
	/* every row of the table has a line that says so */
	assert_int_equal(lines - unmeasured(), claims_count());
	/* those of a claim stand together */
	for (size_t i = 1; i < lines; i++)
		for (size_t k = 0; k + 1 < i; k++)
			assert_false(!strcmp(line[k].id, line[i].id) &&
				     strcmp(line[i - 1].id, line[i].id));
}

/* The whole interval counts, ends included. */
static void test_ends_of_a_range(void **state)
{
	(void)state;
	row("create/pthread/thread/pu/-", "first", 5e6, 1e6, 5e6);
	row("create/uv_thread/thread/pu/-", "first", 5.0001e6, 5.0001e6, 9e6);
	decide();
	expect("first instruction of a worker: pthread", "holds");
	expect("first instruction of a worker: uv_thread", "differs");
}

static void test_what_is_shown(void **state)
{
	const struct claim_line *found;

	(void)state;
	row("message/pipe/process/l3/size=1KiB", "latency", 8420, 8400, 8500);
	row("message/pipe/process/l3/size=64KiB", "copies", 2, 2, 2);
	row("futex/wake_none_private/-/-/-", "syscalls", 1, 1, 1);
	row("create/pthread/thread/pu/-", "first", 123456, NAN, NAN);
	decide();
	found = must_find("1 KiB message one way, child (pipe)");
	assert_string_equal(found->claim,
			    "1 KiB message one way, child (pipe), place l3");
	assert_string_equal(found->measured, "4.21 µs [4.20 µs, 4.25 µs]");
	assert_string_equal(found->basis, "message/pipe/process/l3/size=1KiB "
					  "latency ÷ 2");
	found = must_find("copies of a 64 KiB message, child (pipe)");
	assert_string_equal(found->measured, "2.00 [2.00, 2.00]");
	assert_string_equal(found->basis,
			    "message/pipe/process/l3/size=64KiB copies");
	/* no place, and none named */
	found = must_find("system calls of a wake that finds no waiter");
	assert_null(strstr(found->claim, "place"));
	found = must_find("first instruction of a worker: pthread");
	assert_string_equal(found->measured, "123 µs");
}

/* A line for each place that was measured; one the machine lacks is no news
 * beside those. */
static void test_places(void **state)
{
	const char *claim = "1 KiB message one way, child (pipe)";

	(void)state;
	row("message/pipe/process/pu/size=1KiB", "latency", 2e6, 2e6, 2e6);
	rows_lack("message/pipe/process/core/size=1KiB", "latency", "absent",
		  "no SMT");
	row("message/pipe/process/l3/size=1KiB", "latency", 2e3, 2e3, 2e3);
	/* another size is another case */
	row("message/pipe/process/l2/size=64B", "latency", 2e6, 2e6, 2e6);
	decide();
	assert_string_equal(find(claim, 0)->verdict, "holds");
	assert_string_equal(find(claim, 1)->verdict, "differs");
	assert_null(find(claim, 2));
}

/* …but one that failed is. */
static void test_failed_place_is_told(void **state)
{
	const char *claim = "1 KiB message one way, child (pipe)";

	(void)state;
	row("message/pipe/process/pu/size=1KiB", "latency", 2e6, 2e6, 2e6);
	rows_lack("message/pipe/process/l3/size=1KiB", "latency", "failed",
		  "message 7 lost");
	decide();
	assert_string_equal(find(claim, 0)->verdict, "holds");
	assert_non_null(find(claim, 1));
	assert_string_equal(find(claim, 1)->verdict, "not run: message 7 lost");
}

static void test_failed_says_more_than_absent(void **state)
{
	(void)state;
	rows_lack("message/pipe/process/pu/size=1KiB", "latency", "failed",
		  "message 7 lost");
	rows_lack("message/pipe/process/core/size=1KiB", "latency", "absent",
		  "no SMT");
	decide();
	expect("1 KiB message one way, child (pipe)",
	       "not run: message 7 lost");
}

/* A case that ran, but of which this could not be counted: the reason is that
 * of the count, not another one's. */
static void test_uncounted(void **state)
{
	const char *id = "message/pipe/process/pu/size=64KiB";

	(void)state;
	row(id, "latency", 2e6, 2e6, 2e6);
	rows_lack(id, "copies", "absent", "no accounts of I/O");
	rows_lack(id, "syscalls", "denied", "perf: not permitted");
	row("roundtrip/pipe/process/pu/-", "latency", 2e6, 2e6, 2e6);
	rows_lack("roundtrip/pipe/process/pu/-", "syscalls", "denied",
		  "perf: not permitted");
	row("roundtrip/pipe/process/pu/-", "switches", 3, 3, 3);
	decide();
	expect("system calls a wake-up, child (pipe)",
	       "not run: perf: not permitted");
	expect("context switches a round trip, child (pipe)", "holds");
	expect("copies of a 64 KiB message, child (pipe)",
	       "not run: no accounts of I/O");
}

/* An emulator's time decides nothing; what is counted stands. */
static void test_emulated(void **state)
{
	(void)state;
	rows_flags = "drift;emulated";
	row("message/port/thread/pu/size=1KiB", "latency", 15e3, 15e3, 15e3);
	row("message/port_pipe/process/pu/size=1KiB", "latency", 1, 1, 1);
	rows_flags = "";
	row("roundtrip/pipe/process/pu/-", "syscalls", 4, 4, 4);
	row("message/pipe/process/pu/size=1KiB", "latency", 2e6, 2e6, 2e6);
	decide();
	expect("1 KiB message one way, worker (port)", "cannot tell: emulated");
	expect("1 KiB message one way, child (libuv IPC)",
	       "cannot tell: emulated");
	expect("1 KiB message one way, child (pipe)", "holds");
	expect("system calls a wake-up, child (pipe)", "holds");
}

static void test_long_reason(void **state)
{
	char reason[CASE_REASON];

	(void)state;
	memset(reason, 'y', sizeof(reason));
	reason[sizeof(reason) - 1] = '\0';
	rows_lack("create/pthread/thread/pu/-", "call", "denied", reason);
	decide();
	expect("first instruction of a worker: pthread", "not run: yyyy");
}

/* ------------------------------------------------------------ LOCK XCHG */

static const char xchg[] = "LOCK XCHG waits for 32 outstanding stores";

/* Costs in ns with no and with 32 stores outstanding, each ± 1 %. */
static void fences(const char *exchange, const char *plain, double x0,
		   double x32, double m0, double m32)
{
	const double value[] = { x0, x32, m0, m32 };

	for (int i = 0; i < 4; i++) {
		char id[96];

		snprintf(id, sizeof(id), "fence/%s/-/-/outstanding=%d",
			 i < 2 ? exchange : plain, i % 2 ? 32 : 0);
		row(id, "latency", value[i],
		    fmin(0.99 * value[i], 1.01 * value[i]),
		    fmax(0.99 * value[i], 1.01 * value[i]));
	}
}

static void expect_fences(const char *exchange, const char *plain, double x0,
			  double x32, double m0, double m32,
			  const char *verdict)
{
	rows_begin(NULL);
	fences(exchange, plain, x0, x32, m0, m32);
	decide();
	expect(xchg, verdict);
	end_run(NULL);
}

static void test_lock_xchg(void **state)
{
	(void)state;
	expect_fences("xchg", "mov", 10, 500, 1, 2, "holds");
	/* aarch64's names */
	expect_fences("swpal", "str", 10, 500, 1, 2, "holds");
	/* riscv64's */
	expect_fences("amoswap_aqrl", "sd", 10, 500, 1, 2, "holds");
	/* the exchange does not rise */
	expect_fences("xchg", "mov", 10, 11, 1, 1, "differs");
	expect_fences("xchg", "mov", 10, 28, 1, 1, "differs");
	/* to three times within the intervals */
	expect_fences("xchg", "mov", 10, 30, 1, 1, "cannot tell");
	/* the plain store rises as well: it is not the exchange that waits */
	expect_fences("xchg", "mov", 10, 500, 1, 400, "cannot tell");
	expect_fences("xchg", "mov", 10, 500, 1, 51, "cannot tell");
	expect_fences("xchg", "mov", 10, 500, 1, 49, "holds");
}

static void test_lock_xchg_shows_all(void **state)
{
	const struct claim_line *found;

	(void)state;
	fences("xchg", "mov", 10, 500, 1, 2);
	decide();
	found = must_find(xchg);
	assert_string_equal(found->id, "lock-xchg");
	assert_string_equal(found->measured,
			    "XCHG 10.0 ns → 500 ns: 490 ns [485 ns, 495 ns] "
			    "more; MOV 1.00 ns → 2.00 ns");
	assert_non_null(strstr(found->basis, "fence/"));
}

static void test_lock_xchg_not_run(void **state)
{
	(void)state;
	row("fence/xchg/-/-/outstanding=0", "latency", 10, 9, 11);
	rows_lack("fence/xchg/-/-/outstanding=32", "latency", "absent",
		  "no raw counter");
	row("fence/mov/-/-/outstanding=0", "latency", 1, 1, 1);
	row("fence/mov/-/-/outstanding=32", "latency", 1, 1, 1);
	decide();
	expect(xchg, "not run: no raw counter");
	assert_string_equal(must_find(xchg)->measured, "-");
}

static void test_lock_xchg_incomplete(void **state)
{
	(void)state;
	row("fence/xchg/-/-/outstanding=0", "latency", 10, 9, 11);
	row("fence/xchg/-/-/outstanding=32", "latency", 500, 490, 510);
	row("fence/mov/-/-/outstanding=0", "latency", 1, 1, 1);
	decide();
	expect(xchg, "not run: the run did not include it");
}

static void test_lock_xchg_no_interval(void **state)
{
	(void)state;
	row("fence/xchg/-/-/outstanding=0", "latency", 10, NAN, NAN);
	row("fence/xchg/-/-/outstanding=32", "latency", 500, NAN, NAN);
	row("fence/mov/-/-/outstanding=0", "latency", 1, NAN, NAN);
	row("fence/mov/-/-/outstanding=32", "latency", 1, NAN, NAN);
	decide();
	expect(xchg, "cannot tell: too few invocations");
}

/* ------------------------------------------------------------ reordering */

static void litmus(const char *variant, double weak, double control)
{
	static const char *const metric[] = { "weak", "tries", "control",
					      "control_tries" };
	const double value[] = { weak, 1e6, control, 1e4 };
	char id[96];

	snprintf(id, sizeof(id), "litmus/%s/thread/l3/-", variant);
	for (size_t i = 0; i < COUNT(metric); i++)
		row(id, metric[i], value[i], value[i], value[i]);
}

/* By the names of x86-64 and of others: what must be seen, what must not, and
 * what nothing is told of where the control shows nothing. */
static void test_reordering(void **state)
{
	static const char xchg_never[] =
		"a load overtakes an earlier LOCK XCHG",
			  mfence_never[] =
				  "a load overtakes a store before MFENCE",
			  plain_seen[] =
				  "a load overtakes an earlier store: plain";

	(void)state;
	litmus("sb_plain", 1000, 900);
	litmus("sb_swpal", 0, 900);
	litmus("sb_dmb_ish", 0, 0);
	decide();
	expect(plain_seen, "holds");
	expect(xchg_never, "holds");
	expect(mfence_never, "cannot tell: the control shows nothing");
	end_run(NULL);
	rows_begin(NULL);
	litmus("sb_plain", 0, 900);
	litmus("sb_xchg", 1, 900);
	litmus("sb_fence_rw_rw", 0, 900);
	decide();
	expect(plain_seen, "differs");
	expect(xchg_never, "differs");
	expect(mfence_never, "holds");
}

/* The rules that are printed name the verdicts and the limits that are used. */
static void test_rules(void **state)
{
	(void)state;
	assert_non_null(strstr(claims_rules, "holds"));
	assert_non_null(strstr(claims_rules, "differs"));
	assert_non_null(strstr(claims_rules, "cannot tell"));
	assert_non_null(strstr(claims_rules, "x/2 … 2x"));
	assert_non_null(strstr(claims_rules, "0.05"));
}

/* --------------------------------------------- the tables they stand in */

/* Every claim of widely copied tables, in the order in which it is read. */
static const char *const id[] = {
	"copy-count",    "wake-syscalls",  "switches",      "latency",
	"ipc-path",      "memory-model",   "address-space", "creation",
	"startup",       "switch-weight",  "containment",   "sab-map",
	"sab-zero-copy", "no-cow",         "page-tables",   "store-visible",
	"lock-xchg",     "futex-only",     "futex-cost",    "same-pid",
	"schedulable",   "scheduler-name", "how-many",
};

static void test_every_claim_has_a_line(void **state)
{
	size_t at = 0;

	(void)state;
	row("getppid/-/-/-/-", "latency", 100, 99, 101);
	decide();
	for (size_t i = 0; i < COUNT(id); i++) {
		assert_non_null(claim_table_of(id[i]));
		assert_true(at < lines);
		assert_string_equal(line[at].id, id[i]);
		assert_int_equal(strncmp(line[at].verdict, "not run: ", 9), 0);
		while (at < lines && !strcmp(line[at].id, id[i]))
			at++;
	}
	assert_int_equal(at, lines);
	assert_null(claim_table_of("nothing"));
}

static void test_numbers(void **state)
{
	const struct claim_line *found;

	(void)state;
	row("message/pipe/process/l3/size=1KiB", "latency", 8420, 8400, 8500);
	row("fork_memory/dirty/process/pu/rss=256MiB", "call", 220, 218, 222);
	row("fork_memory/dirty/process/pu/rss=0B", "call", 100, 100, 100);
	decide();
	found = must_find("1 KiB message one way, child (pipe)");
	assert_true(fabs(found->value - (4210)) < 1e-9);
	assert_true(fabs(found->ci.low - (4200)) < 1e-9);
	assert_true(fabs(found->ci.high - (4250)) < 1e-9);
	assert_string_equal(found->unit, "ns");
	assert_string_equal(found->cases, "message/pipe/process/l3/size=1KiB");
	assert_string_equal(found->metric, "latency");
	assert_string_equal(claim_verdict_word(found), "differs");
	assert_string_equal(claim_verdict_why(found), "");
	found = must_find("fork: 256 MiB written");
	assert_true(fabs(found->value - (2.2)) < 1e-9);
	assert_string_equal(found->unit, "ratio");
	found = must_find("64 MiB by reference");
	assert_true(isnan(found->value));
	assert_string_equal(claim_verdict_word(found), "not run");
	assert_non_null(strstr(claim_verdict_why(found), "did not include"));
}

static void expect_scheduler(const char *release, const char *ext,
			     const char *measured, const char *verdict)
{
	char kernel[64];
	struct env_fact told[2] = {
		{ (char[]){ "kernel.release" }, kernel, (char[]){ "" } },
		{ (char[]){ "sched_ext.state" }, NULL, (char[]){ "" } },
	};
	char state[32];

	snprintf(kernel, sizeof(kernel), "%s", release);
	snprintf(state, sizeof(state), "%s", ext);
	told[1].value = state;
	rows_begin(NULL);
	row("getppid/-/-/-/-", "latency", 100, 99, 101);
	env = (struct env_file){ told, 2 };
	decide();
	expect("who picks what runs next", verdict);
	assert_int_equal(strncmp(must_find("who picks")->measured, measured,
				 strlen(measured)),
			 0);
	env = (struct env_file){ NULL, 0 };
	end_run(NULL);
}

static void test_scheduler(void **state)
{
	(void)state;
	expect_scheduler("6.18.44-generic", "disabled", "EEVDF (Linux 6.18",
			 "differs");
	expect_scheduler("6.6.0", "", "EEVDF", "differs");
	expect_scheduler("6.5.13", "", "CFS", "holds");
	expect_scheduler("5.10.0-28-amd64", "", "CFS (Linux 5.10", "holds");
	expect_scheduler("7.0-rc1", "", "EEVDF", "differs");
	expect_scheduler("6.12.1", "enabled", "sched_ext", "differs");
	expect_scheduler("", "", "-", "not run: ");
	expect_scheduler("six", "", "-", "not run: ");
}

/* -------------------------------------------------------- many workers */

/* A machine of so many PUs. */
static void set_pus(const char *pus)
{
	static char value[16];
	static char name[] = "topology.allowed_pus", source[] = "";
	static struct env_fact told = { name, value, source };

	snprintf(value, sizeof(value), "%s", pus);
	env = (struct env_file){ &told, 1 };
}

static void crew(const char *peer, const char *count, double rate)
{
	char id_of[96];

	snprintf(id_of, sizeof(id_of), "parallel/compute/%s/any/workers=%s",
		 peer, count);
	row(id_of, "rate", rate, rate * 0.99, rate * 1.01);
}

static void expect_crews(const char *pus, const double rate[4],
			 const char *measured, const char *verdict)
{
	static const char *const count[] = { "1", "2", "4", "8" };

	rows_begin(NULL);
	for (int i = 0; i < 4; i++)
		if (rate[i] > 0)
			crew("thread", count[i], rate[i]);
	crew("thread", "pus", rate[1]);
	set_pus(pus);
	decide();
	expect("threads that are worth it", verdict);
	assert_string_equal(must_find("threads that are worth it")->measured,
			    measured);
	env = (struct env_file){ NULL, 0 };
	end_run(NULL);
}

static void test_how_many(void **state)
{
	(void)state;
	expect_crews("2", (double[]){ 100, 200, 201, 0 },
		     "2 on 2 PUs (4 tried)", "holds");
	expect_crews("2", (double[]){ 100, 100, 100, 0 },
		     "1 on 2 PUs (4 tried)", "differs");
	expect_crews("2", (double[]){ 100, 150, 200, 0 },
		     "4 on 2 PUs (4 tried)", "differs");
	expect_crews("2", (double[]){ 100, 200, 0, 0 }, "2 on 2 PUs (2 tried)",
		     "cannot tell");
	expect_crews("2", (double[]){ 0, 200, 0, 0 }, "2 on 2 PUs (2 tried)",
		     "cannot tell");
}

static void test_schedulable(void **state)
{
	(void)state;
	row("parallel/compute/thread/any/workers=2", "speedup", 1.9, 1.8, 2.0);
	row("parallel/compute/process/any/workers=2", "speedup", 1.2, 1.1, 1.3);
	row("parallel/compute/thread/any/workers=2", "pus", 2, 2, 2);
	set_pus("2");
	decide();
	expect("2 worker threads do the work of", "holds");
	expect("2 child processes do the work of", "differs");
	expect("PUs that 2 worker threads use", "holds");
	expect("speed-up of 2 threads against 2 processes", "differs");
	env = (struct env_file){ NULL, 0 };
}

static void test_not_on_one_pu(void **state)
{
	(void)state;
	row("parallel/compute/thread/any/workers=2", "speedup", 1, 1, 1);
	set_pus("1");
	decide();
	expect("2 worker threads do the work of", "not run: there is one PU");
	env = (struct env_file){ NULL, 0 };
}

/* What is written can be read back, hostile texts too. */
static void test_csv(void **state)
{
	char err[256];
	struct csv_in *in;
	size_t read = 0;

	(void)state;
	row("message/pipe/process/l3/size=1KiB", "latency", 8420, 8400, 8500);
	rows_lack("create/pthread/thread/pu/-", "call", "denied",
		  "\"a, \"\"quoted\"\" reason\"");
	decide();
	assert_int_equal(
		claims_write(line, lines, &summary, ".", err, sizeof(err)), 0);
	in = csv_open("claims.csv", err, sizeof(err));
	assert_non_null(in);
	for (; csv_read(in) > 0; read++) {
		const struct claim_line *of = &line[read];
		double value = csv_field_num(in, csv_column(in, "value"));

		assert_string_equal(csv_field(in, csv_column(in, "schema")),
				    CLAIMS_SCHEMA);
		assert_string_equal(csv_field(in, csv_column(in, "id")),
				    of->id);
		assert_string_equal(csv_field(in, csv_column(in, "claim")),
				    of->claim);
		assert_string_equal(csv_field(in, csv_column(in, "why")),
				    claim_verdict_why(of));
		assert_string_equal(csv_field(in, csv_column(in, "table")),
				    claim_table_of(of->id)->title);
		if (isnan(of->value))
			assert_true(isnan(value));
		else
			assert_true(fabs(value - (of->value)) < 1e-6);
	}
	assert_null(csv_error(in));
	assert_int_equal(read, lines);
	csv_in_close(in);
	assert_int_equal(claims_write(line, lines, &summary, "nowhere", err,
				      sizeof(err)),
			 -1);
	assert_non_null(strstr(err, "nowhere/claims.csv: "));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rows_begin, end_run)
	const struct CMUnitTest tests[] = {
		TEST(test_inside_holds),
		TEST(test_below_differs),
		TEST(test_above_differs),
		TEST(test_across_an_end_cannot_tell),
		TEST(test_all_around_cannot_tell),
		TEST(test_no_interval_cannot_tell),
		TEST(test_not_run_says_why),
		TEST(test_facts_hold),
		TEST(test_facts_differ),
		TEST(test_ratio_above),
		TEST(test_ratio_below),
		TEST(test_ratio_at_the_end_cannot_tell),
		TEST(test_ratio_to_nothing),
		TEST(test_path),
		TEST(test_slope),
		TEST(test_slope_of_nothing),
		TEST(test_not_included),
		TEST(test_ends_of_a_range),
		TEST(test_what_is_shown),
		TEST(test_places),
		TEST(test_failed_place_is_told),
		TEST(test_failed_says_more_than_absent),
		TEST(test_uncounted),
		TEST(test_emulated),
		TEST(test_long_reason),
		cmocka_unit_test(test_lock_xchg),
		TEST(test_reordering),
		TEST(test_lock_xchg_shows_all),
		TEST(test_lock_xchg_not_run),
		TEST(test_lock_xchg_incomplete),
		TEST(test_lock_xchg_no_interval),
		cmocka_unit_test(test_rules),
		TEST(test_every_claim_has_a_line),
		TEST(test_numbers),
		cmocka_unit_test(test_scheduler),
		cmocka_unit_test(test_how_many),
		TEST(test_schedulable),
		TEST(test_not_on_one_pu),
		TEST(test_csv),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
