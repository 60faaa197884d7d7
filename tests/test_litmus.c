/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do litmus tests see what two PUs are known to do, nothing on one, and fail
 * where they see what is forbidden? */
#include "bench.h"

#include <limits.h>

#include "machine.h"
#include "sample.h"
#include "scratch.h"
#include "topo.h"

extern const struct bench bench_litmus;

static bool is_test(const struct variant *v, const char *test)
{
	return !strncmp(v->name, test, strlen(test)) &&
	       v->name[strlen(test)] == '_';
}

static const struct variant *find_variant(const char *name)
{
	const struct variant *v = bench_litmus.variants;

	while (v->name && strcmp(v->name, name))
		v++;
	if (!v->name)
		fail_msg("there is no %s", name);
	return v;
}

/* A variant has a row for each peer: the first stands for all. */
static bool is_first(const struct variant *v)
{
	return find_variant(v->name) == v;
}

/* ------------------------------------------------------ one invocation */

struct setting {
	const struct variant *variant;
	enum peer peer;
	int pu_a, pu_b;
	const char *broken; /* a truth, or NULL */
};

/* What an invocation finds, in a child's numbers. */
enum { NUMBER_TRIES, OUTCOMES, WEAK, CONTROL, CONTROL_TRIES, RATE, FORBIDDEN };

static double value_of(const struct sample *sample, const char *metric)
{
	for (unsigned i = 0; i < sample->metrics; i++)
		if (!strcmp(sample->metric[i].name, metric))
			return sample->metric[i].value;
	return -1;
}

/* A test needs fewer tries than a number that is to be trusted. */
static int short_setup(struct run *r)
{
	int result = bench_litmus.setup(r);

	if (!r->least_n)
		return bench_fail(r, "no least number of tries");
	r->least_n = 500;
	return result;
}

static int sample_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .method = -1, .seed = 1 };
	static struct sample sample;
	struct bench bench = bench_litmus;
	struct run r = {
		.bench = &bench,
		.variant = s->variant,
		.value = PARAM_NONE,
		.peer = s->peer,
		.pu_a = s->pu_a,
		.pu_b = s->pu_b,
		.mode = RUN_MEASURE,
		.clock = ticks,
		.counts = COUNTS_DENIED,
		.peer_pu = -1,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	bench.setup = short_setup;
	if (s->broken)
		setenv("HANDOFF_BREAK", s->broken, 1);
	if (sample_run(&r, &plan, &sample))
		return -1;
	child->number[NUMBER_TRIES] = value_of(&sample, "tries");
	child->number[OUTCOMES] = value_of(&sample, "outcome_00") +
				  value_of(&sample, "outcome_01") +
				  value_of(&sample, "outcome_10") +
				  value_of(&sample, "outcome_11");
	child->number[WEAK] = value_of(&sample, "weak");
	child->number[CONTROL] = value_of(&sample, "control");
	child->number[CONTROL_TRIES] = value_of(&sample, "control_tries");
	child->number[RATE] = value_of(&sample, "rate");
	child->number[FORBIDDEN] = value_of(&sample, "forbidden");
	return 0;
}

/* It must end well, with every try counted once. */
static void expect_counts(const struct setting *s, struct child *child)
{
	const double *n = child->number;

	expect_child(s->variant->name, sample_body, (void *)(uintptr_t)s, false,
		     child);
	assert_true(n[NUMBER_TRIES] > 0);
	assert_true(n[OUTCOMES] == n[NUMBER_TRIES]);
	assert_true(n[WEAK] >= 0 && n[WEAK] <= n[NUMBER_TRIES]);
	assert_true(n[CONTROL_TRIES] > 0 && n[CONTROL] <= n[CONTROL_TRIES]);
	assert_true(n[RATE] == 1e6 * n[WEAK] / n[NUMBER_TRIES]);
	if (n[FORBIDDEN] == 1)
		assert_true(n[WEAK] == 0);
}

static struct setting on_one_pu(const struct variant *v, enum peer peer)
{
	return (struct setting){ v, peer, topo_pu(0), topo_pu(0), NULL };
}

/* --------------------------------------------------------- what is seen */

/* The zero control: whatever a PU does, it sees it in order. */
static void test_one_pu(void **state)
{
	const struct variant *v = bench_litmus.variants;

	(void)state;
	for (; v->name; v++) {
		struct setting s = on_one_pu(v, PEER_THREAD);
		bool free = strstr(v->name, "_plain");
		struct child child = { .reason = "" };

		if (!is_first(v) || is_test(v, "iriw"))
			continue;
		if (v->needs && v->needs[0]) {
			char why[128];
			bool denied = false;

			if (!v->needs[0]->met(why, sizeof(why), &denied))
				continue;
		}
		for (; s.peer <= PEER_PROCESS; s.peer <<= 1) {
			expect_counts(&s, &child);
			assert_true(child.number[WEAK] == 0);
			assert_true(child.number[CONTROL] == 0);
			assert_true(child.number[FORBIDDEN] == !free);
			if (!is_test(v, "sb"))
				break;
		}
	}
}

/* What an architecture's own manual says; on two PUs. */
static const struct {
	const char *variant;
	bool forbidden;
} known[] = {
	{ "sb_plain", false },    { "mp_plain", false },
	{ "lb_plain", false },    { "w22_plain", false },
	{ "sb_compiler", false },
#if defined(__x86_64__)
	{ "mp_compiler", true },  { "lb_compiler", true },
	{ "w22_compiler", true }, { "sb_xchg", true },
	{ "sb_mfence", true },    { "sb_lock_add", true },
	{ "sb_sfence", false },   { "sb_lfence", false },
	{ "mp_sfence", true },    { "lb_lfence", true },
	{ "w22_xchg", true },
#elif defined(__aarch64__)
	{ "mp_compiler", false },       { "lb_compiler", false },
	{ "w22_compiler", false },      { "sb_stlr_ldar", true },
	{ "mp_stlr_ldar", true },       { "lb_stlr_ldar", true },
	{ "w22_stlr_ldar", true },      { "sb_dmb_ish", true },
	{ "mp_dmb_ish", true },         { "sb_dmb_ishst", false },
	{ "mp_dmb_ishst", false },      { "w22_dmb_ishst", true },
	{ "mp_dmb_ishld", false },      { "lb_dmb_ishld", true },
	{ "mp_dmb_ishst_ishld", true }, { "sb_dmb_ishst_ishld", false },
#elif defined(__riscv)
	{ "mp_compiler", false },    { "lb_compiler", false },
	{ "sb_fence_rw_rw", true },  { "mp_fence_rw_rw", true },
	{ "sb_fence_w_w", false },   { "mp_fence_w_w", false },
	{ "w22_fence_w_w", true },   { "mp_fence_w_w_r_rw", true },
	{ "sb_amoswap_aqrl", true },
#endif
};

static void test_forbidden(void **state)
{
	(void)state;
	if (topo_pu_count() < 2)
		skip_because("one PU");
	for (size_t i = 0; i < COUNT(known); i++) {
		const struct setting s = { find_variant(known[i].variant),
					   PEER_THREAD, topo_pu(0), topo_pu(1),
					   NULL };
		struct child child = { .reason = "" };

		/* QEMU lets ldar overtake stlr, which Arm forbids */
		if (emulated() && strstr(known[i].variant, "sb_stlr"))
			continue;
		expect_counts(&s, &child);
		if (child.number[FORBIDDEN] != known[i].forbidden)
			fail_msg("%s: forbidden is %g", known[i].variant,
				 child.number[FORBIDDEN]);
	}
}

/* If not, zeroes mean nothing. A busy machine keeps the two apart: some more
 * tries then. */
static void test_control(void **state)
{
	static const enum peer peer[] = { PEER_THREAD, PEER_PROCESS };
	enum { ENOUGH = 20 };

	(void)state;
	if (topo_pu_count() < 2)
		skip_because("one PU");
#ifndef __x86_64__
	skip_because("the order of this architecture's tries is not known");
#endif
	for (size_t i = 0; i < COUNT(peer); i++) {
		const struct setting s = { find_variant("sb_plain"), peer[i],
					   topo_pu(0), topo_pu(1), NULL };
		double weak = 0, control = 0, tries = 0;

		for (int k = 0;
		     k < ENOUGH && (control == 0 || weak < 1e-3 * tries); k++) {
			struct child child = { .reason = "" };

			expect_counts(&s, &child);
			weak += child.number[WEAK];
			control += child.number[CONTROL];
			tries += child.number[NUMBER_TRIES];
		}
		if (weak < 1e-3 * tries || control == 0)
			fail_msg("%g of %g tries, %g of the control", weak,
				 tries, control);
	}
}

/* Four parties, on as many PUs as there are. */
static void test_iriw(void **state)
{
	const struct variant *v = bench_litmus.variants;
	char why[128] = "";
	bool denied = false;
	int ran = 0;

	(void)state;
	for (; v->name; v++) {
		const struct setting s = { v, PEER_THREAD, -1, -1, NULL };
		struct child child = { .reason = "" };

		if (!is_test(v, "iriw"))
			continue;
		assert_int_equal(v->places, PLACES_NONE);
		assert_non_null(v->needs[0]);
		if (v->needs[0]->met(why, sizeof(why), &denied) !=
		    (topo_pu_count() >= 4))
			fail_msg("%s, on %zu PUs", why, topo_pu_count());
		if (v->needs[1]) /* an instruction */
			continue;
		expect_counts(&s, &child);
		ran++;
	}
	assert_true(ran >= 5);
	if (topo_pu_count() < 4)
		assert_string_equal(why, "IRIW needs four PUs");
}

/* The names are each test's with each fence, and globs can name them. */
static void test_names(void **state)
{
	static const char *const test[] = { "sb", "mp", "lb", "w22", "iriw" };
	const struct variant *v = bench_litmus.variants;
	size_t fences[COUNT(test)] = { 0 };

	(void)state;
	for (; v->name; v++) {
		assert_int_equal(strspn(v->name, "abcdefghijklmnopqrstuvwxyz"
						 "0123456789_"),
				 strlen(v->name));
		for (size_t i = 0; i < COUNT(test); i++)
			fences[i] += is_first(v) && is_test(v, test[i]);
	}
	for (size_t i = 0; i < COUNT(test); i++)
		assert_int_equal(fences[i], fences[0]);
	assert_true(fences[0] >= 7);
}

/* ------------------------------------------------------- what goes wrong */

static void expect_failure(const struct setting *s, const char *why)
{
	struct child child = { .reason = "" };

	if (!run_child(sample_body, (void *)(uintptr_t)s, false, &child))
		fail_msg("%s passes", s->variant->name);
	if (!strstr(child.reason, why))
		fail_msg("%s: %s", s->variant->name, child.reason);
}

static void test_forbidden_seen(void **state)
{
	static const struct {
		const char *variant, *why;
	} broken[] = {
		{ "sb_compiler", "outcome 00 is forbidden (one PU), and was "
				 "seen in 1 of 1 tries (00 1, 01 " },
		{ "mp_compiler", "outcome 10 is forbidden (one PU)" },
		{ "lb_compiler", "outcome 11 is forbidden (one PU)" },
		{ "w22_compiler", "outcome 00 is forbidden (one PU)" },
	};
	struct setting s;
	struct child child = { .reason = "" };

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		s = on_one_pu(find_variant(broken[i].variant), PEER_THREAD);
		s.broken = "litmus";
		expect_failure(&s, broken[i].why);
	}
	/* where the compiler may, it is no failure, and counted */
	s = on_one_pu(find_variant("sb_plain"), PEER_THREAD);
	s.broken = "litmus";
	expect_child("plain", sample_body, &s, false, &child);
	assert_true(child.number[WEAK] > 0);
	assert_true(child.number[FORBIDDEN] == 0);
}

static void test_word_lost(void **state)
{
	struct setting s = on_one_pu(find_variant("sb_plain"), PEER_PROCESS);

	(void)state;
	s.broken = "litmus_lost";
	expect_failure(&s, "a word was lost, or holds what nobody wrote");
}

/* The exit code of a run of one case by the program beside this one, which
 * knows how to break truths. */
static int run_program(const char *dir)
{
	char program[PATH_MAX];
	int status;
	pid_t pid;

	find_helper(program, sizeof(program));
	program[strlen(program) - strlen("-child")] = '\0';
	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (freopen("/dev/null", "w", stdout) &&
		    freopen("/dev/null", "w", stderr))
			execl(program, program, "run",
			      "litmus/mp_compiler/thread/pu/-", "--invocations",
			      "3", "--budget", "3s", "-o", dir, (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool file_has(const char *path, const char *text)
{
	char line[4096];
	FILE *f = fopen(path, "r");
	bool found = false;

	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, text);
	fclose(f);
	return found;
}

static void test_run(void **state)
{
	skip_if_emulated("a child cannot tell why exec() failed");
	(void)state;
	assert_int_equal(run_program("fine"), 0);
	assert_true(file_has("fine/tables.md", "one PU: not seen"));
	setenv("HANDOFF_BREAK", "litmus", 1);
	assert_int_equal(run_program("broken"), 1);
	unsetenv("HANDOFF_BREAK");
	assert_true(file_has("broken/summary.csv", "outcome 10 is forbidden"));
	assert_true(file_has("broken/tables.md", "**failed**: outcome 10"));
}

static int enter(void **state)
{
	return machine_open(state) || scratch_enter(state);
}

static int leave(void **state)
{
	return scratch_leave(state) || machine_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_one_pu),
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_iriw),
		cmocka_unit_test(test_forbidden_seen),
		cmocka_unit_test(test_word_lost),
		cmocka_unit_test(test_run),
	};

	return cmocka_run_group_tests_name("litmus", tests, enter, leave);
}
