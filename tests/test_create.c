/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do threads and processes start, run and end as create and worker say, are
 * their system calls those that they are made of, and is one that does not
 * start, or does not do its part, never timed? */
#include "sample.h"

#include <grp.h>
#include <math.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "machine.h"
#include "topo.h"

static char helper[4096];
static char dir[] = "/tmp/handoff-test-XXXXXX";

/* What a case's process answers: shared with it. */
static struct answer {
	struct sample sample;
	int result;
	bool absent, denied;
	bool unlimited; /* the limit under test is not enforced */
} * answer;

struct asked {
	const char *bench;
	const struct variant *variant;
	enum peer peer;
	uint64_t value;
	enum run_mode mode;
	enum counts_method counts;
	const char *helper;
	bool as_nobody; /* an ordinary user who may have no process more */
	bool no_files;  /* none may be opened once it is set up */
};

static const struct bench *bench_of(const struct asked *asked)
{
	size_t count;
	const struct bench *const *all = bench_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(all[i]->name, asked->bench))
			return all[i];
	fail_msg("there is no bench %s", asked->bench);
	return NULL;
}

static const char *describe(const struct asked *asked)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s/%s%s", asked->bench,
		 asked->variant->name,
		 asked->peer == PEER_THREAD ? "thread" : "process",
		 asked->value == PARAM_PUS ? ", as many as PUs" : "");
	return text;
}

/* ------------------------------------------------------- one case's process */

/* From here on this process is an ordinary user's, who may have no other. */
static int become_nobody(struct child *child)
{
	enum { NOBODY = 65534 };
	const struct rlimit one = { 1, 1 };
	pid_t pid;

	if (!geteuid() &&
	    (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	     setresuid(NOBODY, NOBODY, NOBODY)))
		return child_fail(child, "become nobody: %s", strerror(errno));
	if (setrlimit(RLIMIT_NPROC, &one))
		return child_fail(child, "setrlimit: %s", strerror(errno));
	pid = fork();
	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	answer->unlimited = pid > 0;
	return 0;
}

static const struct bench *limited;

static int setup_and_limit(struct run *r)
{
	struct rlimit few;
	int next;

	if (limited->setup(r))
		return -1;
	next = dup(0);
	few.rlim_cur = few.rlim_max = (rlim_t)next;
	if (next < 0 || close(next) || setrlimit(RLIMIT_NOFILE, &few))
		return bench_fail(r, "limit files: %s", strerror(errno));
	return 0;
}

static int case_body(struct child *child, void *arg)
{
	/* one batch is enough */
	const struct sample_plan shortest = { .method = -1, .seed = 1 };
	const struct asked *asked = arg;
	struct run r = {
		.bench = bench_of(asked),
		.variant = asked->variant,
		.value = asked->value,
		.peer = asked->peer,
		.pu_a = topo_pu(0),
		.pu_b = topo_pu(0),
		.mode = asked->mode,
		.clock = ticks,
		.clocks_agree = true, /* one PU */
		.counts = asked->counts,
		.traced = &child->traced,
		.helper = asked->helper,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	if (asked->as_nobody && become_nobody(child))
		return -1;
	if (asked->no_files) {
		static struct bench changed;

		limited = r.bench;
		changed = *limited;
		changed.setup = setup_and_limit;
		r.bench = &changed;
	}
	answer->result = sample_run(&r, &shortest, &answer->sample);
	answer->absent = r.absent;
	answer->denied = r.denied;
	return 0;
}

/* Whatever its result is; what it says is in child->reason. */
static void run_case(const struct asked *asked, struct child *child)
{
	memset(answer, 0, sizeof(*answer));
	expect_child(describe(asked), case_body, (void *)(uintptr_t)asked,
		     asked->counts == COUNTS_PTRACE, child);
}

/* Whether it is there; fails where it is there and does not work. */
static bool works(const struct asked *asked)
{
	struct child child;

	run_case(asked, &child);
	if (!answer->result) {
		assert_string_equal(child.reason, "");
		return true;
	}
	if (!answer->absent || !child.reason[0])
		fail_msg("%s: \"%s\"", describe(asked), child.reason);
	print_message("skipped: %s: %s\n", describe(asked), child.reason);
	return false;
}

/* Whether a variant can be tried here at all, as cases.c finds out. */
static bool is_there(const struct variant *v)
{
	static const struct variant *said;
	char why[128];
	bool denied;

	for (const struct need *const *need = v->needs; need && *need; need++) {
		if ((*need)->met(why, sizeof(why), &denied))
			continue;
		if (said != v)
			print_message("skipped: %s: %s\n", v->name, why);
		said = v;
		return false;
	}
	return true;
}

typedef void check_case(struct asked *asked);

static void each_case(const char *bench, check_case *check)
{
	struct asked of = { .bench = bench };
	const struct variant *v = bench_of(&of)->variants;

	for (; v->name; v++)
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1) {
			struct asked asked = {
				.bench = bench,
				.variant = v,
				.peer = (enum peer)peer,
				.value = PARAM_NONE,
				.mode = RUN_MEASURE,
				.counts = COUNTS_DENIED,
				.helper = helper,
			};

			if (v->peers & peer && is_there(v))
				check(&asked);
		}
}

/* ---------------------------------------------------------------- timed */

static const struct measured *metric(const struct asked *asked,
				     const char *name)
{
	const struct sample *s = &answer->sample;

	for (unsigned i = 0; i < s->metrics; i++)
		if (!strcmp(s->metric[i].name, name))
			return &s->metric[i];
	fail_msg("%s has no %s", describe(asked), name);
	return NULL;
}

/* One stamp is taken before the other in each operation: so no part of the
 * distributions can be the other way round, but for a bucket's width. */
static void expect_order(const struct asked *asked, const char *earlier,
			 const char *later)
{
	const struct measured *a = metric(asked, earlier),
			      *b = metric(asked, later);

	assert_int_equal(a->samples, answer->sample.evidence.operations);
	assert_int_equal(b->samples, a->samples);
	assert_true(a->method == METHOD_SINGLE && b->method == METHOD_SINGLE);
	assert_true(a->hist.min > 0);
	if (a->hist.min > b->hist.min || a->hist.max > b->hist.max ||
	    a->value > 1.01 * b->value)
		fail_msg("%s: %s of %g comes after %s of %g", describe(asked),
			 earlier, a->value, later, b->value);
}

static void check_create(struct asked *asked)
{
	const struct measured *rate;
	double made = asked->value == PARAM_PUS ? (double)topo_pu_count() : 1;

	if (!works(asked))
		return;
	assert_int_equal(answer->sample.metrics, 4);
	expect_order(asked, "call", "done");
	expect_order(asked, "first", "done");
	rate = metric(asked, "rate");
	assert_string_equal(rate->unit, "1/s");
	assert_int_equal(rate->method, METHOD_BATCH);
	assert_int_equal(rate->samples, answer->sample.evidence.batches);
	/* none is made while another is */
	if (!(rate->value > 0) ||
	    rate->value > 1.01 * made * 1e9 / metric(asked, "done")->hist.min)
		fail_msg("%s: %g a second, of %g ns each", describe(asked),
			 rate->value, metric(asked, "done")->hist.min);
	assert_int_equal(answer->sample.evidence.pu_a, topo_pu(0));
	assert_int_equal(answer->sample.evidence.pu_b, topo_pu(0));
}

static void test_create(void **state)
{
	(void)state;
	each_case("create", check_create);
}

static void check_at_once(struct asked *asked)
{
	static const char *const some[] = { "pthread", "fork", "posix_spawn" };

	asked->value = PARAM_PUS;
	for (size_t i = 0; i < COUNT(some); i++)
		if (!strcmp(asked->variant->name, some[i]))
			check_create(asked);
}

static void test_at_once(void **state)
{
	(void)state;
	each_case("create", check_at_once);
}

static void check_worker(struct asked *asked)
{
	if (!works(asked))
		return;
	assert_int_equal(answer->sample.metrics, 2);
	expect_order(asked, "ready", "done");
	assert_int_equal(answer->sample.evidence.pu_b, topo_pu(0));
}

static void test_worker(void **state)
{
	(void)state;
	each_case("worker", check_worker);
}

/* --------------------------------------------------------------- counted */

/* Nothing starts without the processor and, for a process, without pages of
 * its own. */
static void check_counted(struct asked *asked)
{
	asked->mode = RUN_COUNT;
	if (!works(asked))
		return;
	assert_int_equal(answer->sample.metrics, 3);
	assert_true(metric(asked, "switches")->is_count);
	assert_true(metric(asked, "cpu_time")->value > 0);
	/* a slope of few switches may be below 0 */
	assert_true(isfinite(metric(asked, "switches")->value));
	if (asked->peer == PEER_PROCESS)
		assert_true(metric(asked, "faults")->value > 0);
}

static void test_counted(void **state)
{
	(void)state;
	each_case("create", check_counted);
	each_case("worker", check_counted);
}

static bool can_count(const char *wish, enum counts_method method)
{
	enum counts_method found;
	char why[160];

	setenv("HANDOFF_COUNT", wish, 1);
	found = counts_probe(why, sizeof(why));
	unsetenv("HANDOFF_COUNT");
	if (found != method)
		print_message("skipped: %s\n", why);
	return found == method;
}

static double named(const char *name)
{
	const struct sample *s = &answer->sample;
	char whole[SAMPLE_NAME];

	snprintf(whole, sizeof(whole), "syscalls.%s", name);
	for (unsigned i = 0; i < s->calls; i++)
		if (!strcmp(s->call[i].name, whole))
			return s->call[i].value;
	return 0;
}

static double all_named(void)
{
	double sum = 0;

	for (unsigned i = 0; i < answer->sample.calls; i++)
		sum += answer->sample.call[i].value;
	return sum;
}

/* The calls that a case is made of, whatever the C library adds to them.
 * "a|b": the one or the other, as the architecture has it. */
static const struct exact {
	const char *bench, *variant;
	struct {
		const char *names;
		double calls;
	} of[6];
} exact[] = {
	{ "create",
	  "pthread",
	  { { "clone3|clone", 1 }, { "getcpu", 1 }, { "exit", 1 } } },
	{ "create",
	  "clone3_thread",
	  { { "clone3", 1 }, { "getcpu", 1 }, { "exit", 1 } } },
	{ "create",
	  "fork",
	  { { "clone3|clone", 1 },
	    { "getcpu", 1 },
	    { "exit_group", 1 },
	    { "wait4", 1 } } },
	{ "create",
	  "clone3",
	  { { "clone3", 1 },
	    { "getcpu", 1 },
	    { "exit_group", 1 },
	    { "wait4", 1 } } },
	{ "create",
	  "clone3_pidfd",
	  { { "clone3", 1 },
	    { "getcpu", 1 },
	    { "exit_group", 1 },
	    { "waitid", 1 },
	    { "close", 1 } } },
	{ "create",
	  "vfork_exec",
	  { { "vfork|clone", 1 },
	    { "execve", 1 },
	    { "getcpu", 1 },
	    { "pwrite64", 1 },
	    { "exit_group", 1 },
	    { "wait4", 1 } } },
	{ "create",
	  "fork_exec",
	  { { "clone3|clone", 1 },
	    { "execve", 1 },
	    { "getcpu", 1 },
	    { "pwrite64", 1 },
	    { "exit_group", 1 },
	    { "wait4", 1 } } },
	{ "create",
	  "posix_spawn",
	  { { "clone3|clone", 1 },
	    { "execve", 1 },
	    { "exit_group", 1 },
	    { "wait4", 1 } } },
	{ "create",
	  "posix_spawn_dynamic",
	  { { "execve", 1 }, { "wait4", 1 } } },
	/* the shell, and what it becomes */
	{ "create", "posix_spawn_sh", { { "execve", 2 }, { "wait4", 1 } } },
	{ "create", "uv_spawn", { { "execve", 1 } } },
	{ "worker",
	  "pthread",
	  { { "clone3|clone", 1 }, { "getcpu", 1 }, { "exit", 1 } } },
	{ "worker",
	  "uv_loop",
	  { { "clone3|clone", 1 }, { "epoll_create1", 1 }, { "exit", 1 } } },
	{ "worker",
	  "fork",
	  { { "clone3|clone", 1 }, { "getcpu", 1 }, { "wait4", 1 } } },
	{ "worker",
	  "exec",
	  { { "clone3|clone", 1 }, { "execve", 1 }, { "wait4", 1 } } },
	/* a hello, a message and its answer; not how often they are received:
	 * who is traced is interrupted by the end of a child, and begins again
	 */
	{ "worker",
	  "socketpair",
	  { { "socketpair", 1 },
	    { "execve", 1 },
	    { "read", 1 },
	    { "sendto", 1 },
	    { "write", 2 },
	    { "wait4", 1 } } },
};

static double any_named(const char *names)
{
	char part[2][SAMPLE_NAME] = { "", "" };

	sscanf(names, "%31[^|]|%31s", part[0], part[1]);
	return named(part[0]) + (part[1][0] ? named(part[1]) : 0);
}

static void check_named(struct asked *asked)
{
	asked->mode = RUN_NAMES;
	asked->counts = COUNTS_PTRACE;
	if (!works(asked))
		return;
	for (size_t i = 0; i < COUNT(exact); i++) {
		if (strcmp(exact[i].bench, asked->bench) ||
		    strcmp(exact[i].variant, asked->variant->name))
			continue;
		for (size_t k = 0; k < COUNT(exact[i].of); k++) {
			const char *names = exact[i].of[k].names;

			if (names && any_named(names) != exact[i].of[k].calls)
				fail_msg("%s: %s: %g, not %g", describe(asked),
					 names, any_named(names),
					 exact[i].of[k].calls);
		}
	}
	/* nothing but its four; the wait may come too late to be made: by slope
	 * that is at worst once and a half */
	if (!strcmp(asked->variant->name, "clone3_thread")) {
		assert_true(named("futex") <= 1.5);
		assert_true(all_named() == 3 + named("futex"));
	}
}

static void test_named(void **state)
{
	(void)state;
	if (SANITIZED)
		skip_because("a sanitizer makes calls of its own");
	if (!can_count("ptrace", COUNTS_PTRACE))
		skip();
	each_case("create", check_named);
	each_case("worker", check_named);
}

/* How often these look whether the other is done is a matter of time, and
 * a tracer changes it. */
static bool depends_on_time(const struct variant *v)
{
	static const char *const some[] = { "pthread_detached", "uv_spawn",
					    "async_queue", "answered" };

	for (size_t i = 0; i < COUNT(some); i++)
		if (!strcmp(v->name, some[i]))
			return true;
	return false;
}

/* Two ways of counting that have nothing in common see the same. */
static void check_sum(struct asked *asked)
{
	double sum, total;

	if (depends_on_time(asked->variant))
		return;
	asked->mode = RUN_NAMES;
	asked->counts = COUNTS_PTRACE;
	if (!works(asked))
		return;
	sum = all_named();
	asked->mode = RUN_TRACE;
	asked->counts = COUNTS_PERF;
	if (!works(asked))
		return;
	total = metric(asked, "syscalls")->value;
	/* who joins a thread too late to wait for it makes one call less: in
	 * none of n and all of 3 n, or the other way round, at worst */
	if (fabs(sum - total) >
	    0.02 * total + 1.5 * (asked->peer == PEER_THREAD))
		fail_msg("%s: %g calls by name, %g counted", describe(asked),
			 sum, total);
}

static void test_sums(void **state)
{
	int held;

	(void)state;
	if (SANITIZED)
		skip_because("a sanitizer makes calls of its own");
	if (!can_count("ptrace", COUNTS_PTRACE) ||
	    !can_count("perf", COUNTS_PERF))
		skip();
	/* turning it on and off takes longer than the counting */
	held = counts_hold(COUNTS_PERF);
	each_case("create", check_sum);
	each_case("worker", check_sum);
	counts_release(held);
}

/* --------------------------------------------------------- what goes wrong */

static bool executes(const struct asked *asked)
{
	static const char *const some[] = {
		"vfork_exec",     "fork_exec", "posix_spawn", "uv_spawn",
		"posix_spawn_sh", "exec",      "socketpair",
	};

	if (!strcmp(asked->variant->name, "posix_spawn_dynamic") ||
	    (!strcmp(asked->variant->name, "answered") &&
	     asked->peer == PEER_PROCESS))
		return true;
	for (size_t i = 0; i < COUNT(some); i++)
		if (!strcmp(asked->variant->name, some[i]))
			return true;
	return false;
}

/* Fails, says why, and has no time. */
static void expect_failure(const struct asked *asked, const char *why,
			   const char *or_why)
{
	struct child child;

	run_case(asked, &child);
	if (!answer->result)
		fail_msg("%s passes", describe(asked));
	if (!strstr(child.reason, why) && !strstr(child.reason, or_why))
		fail_msg("%s: \"%s\", not \"%s\"", describe(asked),
			 child.reason, why);
	assert_int_equal(answer->sample.metrics, 0);
	assert_false(answer->absent);
	assert_false(answer->denied);
}

static void check_missing_helper(struct asked *asked)
{
	asked->helper = "/nowhere/handoff-child";
	if (!executes(asked))
		assert_true(works(asked));
	else
		/* a shell says it in its own way */
		expect_failure(asked, strerror(ENOENT), "exited with 127");
}

static void test_missing_helper(void **state)
{
	(void)state;
	each_case("create", check_missing_helper);
	each_case("worker", check_missing_helper);
}

/* A program that takes the helper's place, under both of its names. */
static void write_helper(const char *script)
{
	static const char *const suffix[] = { "", "-dynamic" };

	for (size_t i = 0; i < COUNT(suffix); i++) {
		char path[sizeof(dir) + 32];
		FILE *f;

		snprintf(path, sizeof(path), "%s/child%s", dir, suffix[i]);
		f = fopen(path, "w");
		assert_non_null(f);
		fprintf(f, "#!/bin/sh\n%s\n", script);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(chmod(path, 0755), 0);
	}
}

static const char *false_reason, *false_reason_too;

static void check_false_helper(struct asked *asked)
{
	static char path[sizeof(dir) + 32];

	snprintf(path, sizeof(path), "%s/child", dir);
	asked->helper = path;
	if (executes(asked))
		expect_failure(asked, false_reason, false_reason_too);
}

static void expect_found_out(const char *script, const char *reason,
			     const char *reason_too)
{
	write_helper(script);
	false_reason = reason;
	false_reason_too = reason_too;
	each_case("create", check_false_helper);
	each_case("worker", check_false_helper);
}

static void test_another_status(void **state)
{
	(void)state;
	expect_found_out("exit 3", "exited with 3 instead of exiting with 42",
			 "exited with 3 instead of exiting with 42");
}

static void test_killed(void **state)
{
	(void)state;
	expect_found_out("kill -9 $$", "was ended by signal 9 instead",
			 "was ended by signal 9 instead");
}

/* Ends well and has done nothing. */
static void test_did_nothing(void **state)
{
	(void)state;
	expect_found_out("exit 42", "was not between start and end",
			 "the child did not answer");
}

/* ---------------------------------------------------------------- limits */

static bool is_limited;

static void check_denied(struct asked *asked)
{
	struct child child;

	asked->as_nobody = true;
	run_case(asked, &child);
	if (answer->unlimited)
		return;
	is_limited = true;
	if (!answer->result || !answer->denied ||
	    !strstr(child.reason, "RLIMIT_NPROC 1"))
		fail_msg("%s: denied %d: \"%s\"", describe(asked),
			 answer->denied, child.reason);
	assert_int_equal(answer->sample.metrics, 0);
}

static void test_limited_processes(void **state)
{
	(void)state;
	is_limited = false;
	each_case("create", check_denied);
	each_case("worker", check_denied);
	if (!is_limited)
		skip_because("RLIMIT_NPROC does not bind this user");
}

/* A worker that cannot open its loop says so, and nobody waits for what it
 * would answer. */
static void check_no_files(struct asked *asked)
{
	static const char *const some[] = { "uv_loop", "async_queue",
					    "answered" };

	struct child child;

	asked->no_files = true;
	for (size_t i = 0; i < COUNT(some); i++) {
		if (strcmp(asked->variant->name, some[i]) != 0 ||
		    asked->peer != PEER_THREAD)
			continue;
		run_case(asked, &child);
		if (!answer->denied ||
		    !strstr(child.reason, "in the worker: Too many open") ||
		    !strstr(child.reason, "RLIMIT_NOFILE"))
			fail_msg("%s: denied %d: \"%s\"", describe(asked),
				 answer->denied, child.reason);
	}
}

static void test_no_files(void **state)
{
	(void)state;
	each_case("worker", check_no_files);
}

static int open_all(void **state)
{
	find_helper(helper, sizeof(helper));
	answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (answer == MAP_FAILED || !mkdtemp(dir) || chmod(dir, 0755))
		return -1;
	return machine_open(state);
}

static int close_all(void **state)
{
	char path[sizeof(dir) + 32];

	(void)state;
	topo_close();
	snprintf(path, sizeof(path), "%s/child", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/child-dynamic", dir);
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_worker),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_missing_helper),
		cmocka_unit_test(test_another_status),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_did_nothing),
		cmocka_unit_test(test_limited_processes),
		cmocka_unit_test(test_no_files),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
