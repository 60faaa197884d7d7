/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does every futex call do what its name says, in as many system calls as are
 * known, and is one that does not sleep, or not wake, found out? */
#include "futex_call.h"

#include <math.h>
#include <sys/prctl.h>

#include "futex_faults.h"
#include "futex_op.h"
#include "machine.h"
#include "pair.h"
#include "sample.h"
#include "topo.h"

extern const struct bench bench_futex;

/* System calls of an operation, from … to. */
struct known {
	const char *variant;
	double least, most;
};

static const struct known known[] = {
	{ "wake_none_private", 1, 1 },
	{ "wake_none_shared", 1, 1 },
	{ "wait_changed_private", 1, 1 },
	{ "wait_changed_shared", 1, 1 },
	{ "atomics_store", 0, 0 },
	{ "atomics_load", 0, 0 },
	{ "atomics_exchange", 0, 0 },
	{ "atomics_notify", 1, 1 },
	{ "atomics_wait", 1, 1 },
	/* two that notify and two that wait, or not, as a notification that
	 * comes first saves a wait: then the slope is anything in between */
	{ "atomics_wait_notify", 1, 5 },
	{ "wait_timeout_private", 1, 1 },
	{ "wait_timeout_shared", 1, 1 },
	{ "wait_timeout_no_slack", 1, 1 },
	{ "requeue_none_private", 1, 1 },
	{ "requeue_none_shared", 1, 1 },
	{ "requeue_private", 1, 1 },
	{ "requeue_shared", 1, 1 },
	{ "lock_pi_private", 2, 2 },
	{ "lock_pi_shared", 2, 2 },
	/* The others look for a sleeper until there is one, and yield: there
	 * is no telling how often. */
};

/* One case, as it is to be run. */
struct setting {
	const struct variant *variant;
	enum peer peer;
	int pu_a, pu_b;
	enum run_mode mode;
	enum counts_method method;
	void (*suffer)(void); /* what happens to the child before */
	bool clocks_differ;
	double bound_ns; /* of the difference of the clocks; 0: unknown */
};

enum { ABSENT, DENIED, COUNTED, TIME, SECOND, LEAST, SAMPLES, OPERATIONS };

/* NULL: of this nothing is. */
static const struct known *known_of(const struct variant *v)
{
	for (size_t i = 0; i < COUNT(known); i++)
		if (!strcmp(known[i].variant, v->name))
			return &known[i];
	return NULL;
}

static const struct variant *find_variant(const char *name)
{
	const struct variant *v = bench_futex.variants;

	while (v->name && strcmp(v->name, name))
		v++;
	if (!v->name)
		fail_msg("there is no %s", name);
	return v;
}

static const char *describe(const struct setting *s)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s, %s, PUs %d and %d, %s",
		 s->variant->name,
		 s->peer == PEER_THREAD  ? "thread" :
		 s->peer == PEER_PROCESS ? "process" :
					   "alone",
		 s->pu_a, s->pu_b,
		 s->mode == RUN_MEASURE ? "timed" :
		 s->mode == RUN_COUNT   ? "counted" :
					  "traced");
	return text;
}

static void take(struct child *child, const struct setting *s,
		 const struct sample *sample)
{
	const struct measured *m = sample->metric;

	child->number[OPERATIONS] = (double)sample->evidence.operations;
	child->number[TIME] = child->number[COUNTED] = m[0].value;
	if (s->mode != RUN_MEASURE)
		return;
	child->number[LEAST] = m[0].hist.min;
	child->number[SAMPLES] = (double)m[0].samples;
	child->number[SECOND] = sample->metrics > 1 ? m[1].value : NAN;
}

static int case_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .measure_ns = 2e6, .method = -1 };
	static struct sample sample;
	struct run r = {
		.bench = &bench_futex,
		.variant = s->variant,
		.value = PARAM_NONE,
		.peer = s->peer,
		.pu_a = s->pu_a,
		.pu_b = s->pu_b,
		.mode = s->mode,
		.clock = ticks,
		.clocks_agree = !s->clocks_differ,
		.offset.bound_ns = s->bound_ns,
		.counts = s->method,
		.traced = &child->traced,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	if (!s->peer && topo_bind(s->pu_a))
		return child_fail(child, "cannot be bound");
	if (s->suffer)
		s->suffer();
	if (!sample_run(&r, &plan, &sample)) {
		take(child, s, &sample);
		return 0;
	}
	child->number[ABSENT] = r.absent;
	child->number[DENIED] = r.denied;
	return (r.absent || r.denied) && child->reason[0] ? 0 : -1;
}

/* False, aloud, where this machine does not allow it. */
static bool ran(const struct setting *s, struct child *child)
{
	expect_child(describe(s), case_body, (void *)(uintptr_t)s,
		     s->method == COUNTS_PTRACE, child);
	if (!child->number[ABSENT] && !child->number[DENIED])
		return true;
	print_message("skipped: %s: %s\n", describe(s), child->reason);
	return false;
}

static bool is_timed_one_by_one(const struct setting *s)
{
	return !strncmp(s->variant->name, "wake_to_run", 11) ||
	       !strncmp(s->variant->name, "atomics_wait", 12) ||
	       !strncmp(s->variant->name, "wait_timeout", 12);
}

static void check_timed(const struct setting *s, const struct child *child)
{
	const char *name = s->variant->name;
	double second = child->number[SECOND];

	if (!(child->number[SAMPLES] > 0))
		fail_msg("%s: no samples", describe(s));
	if (is_timed_one_by_one(s) &&
	    child->number[SAMPLES] != child->number[OPERATIONS])
		fail_msg("%s: %g samples of %g", describe(s),
			 child->number[SAMPLES], child->number[OPERATIONS]);
	if (!strncmp(name, "wait_timeout", 12)) {
		/* never early */
		if (child->number[LEAST] < -ticks.step_ns - ticks.cost_ns)
			fail_msg("%s: %g ns late", describe(s),
				 child->number[LEAST]);
		if (second !=
		    (strstr(name, "no_slack") ? 1 : prctl(PR_GET_TIMERSLACK)))
			fail_msg("%s: slack of %g ns", describe(s), second);
	}
	/* one that is woken on its way to sleep makes its call for nothing;
	 * other things can make it sleep */
	if (!strcmp(name, "atomics_wait") && !(second > 0.9 && second < 1.5))
		fail_msg("%s: %g calls a wait", describe(s), second);
}

static void check_traced(const struct setting *s, const struct child *child)
{
	const struct known *k = known_of(s->variant);
	double counted = child->number[COUNTED];
	/* a sanitizer makes calls of its own, now and then; a requeued waiter
	 * may be looked for */
	double give = 0.02 + SANITIZED;

	if (counted < k->least - give || counted > k->most + give)
		fail_msg("%s: %g calls", describe(s), counted);
}

static void check_case(const struct setting *s)
{
	struct child child;

	if (s->mode == RUN_TRACE && !known_of(s->variant))
		return;
	if (!ran(s, &child))
		return;
	if (s->mode == RUN_MEASURE)
		check_timed(s, &child);
	else if (s->mode == RUN_TRACE)
		check_traced(s, &child);
}

/* All rows, with all peers they have, on one PU, on two, and unbound. */
static void everywhere(enum run_mode mode, enum counts_method method)
{
	for (const struct variant *v = bench_futex.variants; v->name; v++)
		for (unsigned peer = 0; peer <= PEER_PROCESS; peer++) {
			struct setting s = { v,          (enum peer)peer,
					     topo_pu(0), topo_pu(0),
					     mode,       method };

			if (peer ? !(v->peers & peer) : v->peers)
				continue;
			if (!peer || v->places & PLACE_ONE_PU)
				check_case(&s);
			if (v->places & PLACES_TWO_PUS && topo_pu_count() > 1) {
				s.pu_b = topo_pu(1);
				check_case(&s);
			}
			if (v->places & PLACE_ANY) {
				s.pu_a = s.pu_b = TOPO_ANY_PU;
				check_case(&s);
			}
		}
}

static void test_timed(void **state)
{
	(void)state;
	everywhere(RUN_MEASURE, COUNTS_DENIED);
}

static void test_calls(void **state)
{
	char why[160];
	enum counts_method method = counts_probe(why, sizeof(why));
	int held;

	(void)state;
	if (method == COUNTS_DENIED)
		skip_because("%s", why);
	held = counts_hold(method);
	everywhere(RUN_TRACE, method);
	counts_release(held);
}

/* The waiter's alone: it left its PU for each. */
static void test_switches(void **state)
{
	static const char *const sleeping[] = { "atomics_wait",
						"wait_timeout_private" };

	(void)state;
	for (size_t i = 0; i < COUNT(sleeping); i++) {
		const struct variant *v = find_variant(sleeping[i]);
		struct setting s = {
			v,          v->peers ? PEER_THREAD : PEER_NONE,
			topo_pu(0), topo_pu(topo_pu_count() > 1),
			RUN_COUNT,  COUNTS_DENIED,
		};
		struct child child = { .number = { 0 } };
		bool there = true;

		/* others may push it off, too, and one that is woken on its
		 * way to sleep stays */
		for (int look = 0; look < 5 && there; look++) {
			there = ran(&s, &child);
			if (child.number[COUNTED] >= 0.9)
				break;
		}
		if (there && child.number[COUNTED] < 0.9)
			fail_msg("%s: %g switches", describe(&s),
				 child.number[COUNTED]);
	}
}

/* ------------------------------------------------------- what is not there */

static void lack_waitv(void)
{
	answer_call(SYS_futex_waitv, ENOSYS);
}

static void deny_waitv(void)
{
	answer_call(SYS_futex_waitv, EPERM);
}

static void lack_pi(void)
{
	answer_futex(FUTEX_LOCK_PI, ENOSYS);
}

static void expect_lack(const char *name, enum peer peer, void (*suffer)(void),
			int verdict, const char *reason)
{
	struct setting s = {
		find_variant(name), peer,          topo_pu(0), topo_pu(0),
		RUN_MEASURE,        COUNTS_DENIED, suffer
	};
	struct child child;

	expect_child(name, case_body, &s, false, &child);
	assert_true(child.number[verdict] > 0);
	assert_true(child.number[verdict == ABSENT ? DENIED : ABSENT] == 0);
	if (strncmp(child.reason, reason, strlen(reason)))
		fail_msg("%s: %s", name, child.reason);
}

static void test_lacking(void **state)
{
	skip_if_emulated("has no seccomp filters");
	(void)state;
	expect_lack("wake_to_run_waitv_private", PEER_THREAD, lack_waitv,
		    ABSENT, "futex_waitv: ");
	expect_lack("wake_to_run_waitv_shared", PEER_PROCESS, deny_waitv,
		    DENIED, "futex_waitv: ");
	expect_lack("lock_pi_shared", PEER_NONE, lack_pi, ABSENT,
		    "FUTEX_LOCK_PI: ");
	expect_lack("hand_over_pi_private", PEER_THREAD, lack_pi, ABSENT,
		    "FUTEX_LOCK_PI: ");
}

/* Without clocks that agree there are times on one PU, and between two none. */
static void test_clocks(void **state)
{
	static const char *const times[] = { "wake_to_run_private",
					     "atomics_wait",
					     "hand_over_pi_private" };

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct setting s = {
			find_variant(times[i]),
			PEER_THREAD,
			topo_pu(0),
			topo_pu(0),
			RUN_MEASURE,
			COUNTS_DENIED,
			.clocks_differ = true,
		};
		struct child child;

		expect_child(describe(&s), case_body, &s, false, &child);
		assert_true(child.number[ABSENT] == 0);
		s.pu_a = s.pu_b = TOPO_ANY_PU;
		expect_child(describe(&s), case_body, &s, false, &child);
		assert_true(child.number[ABSENT] > 0);
		assert_non_null(strstr(child.reason, "clocks that agree"));
		if (topo_pu_count() < 2)
			continue;
		/* known, but not well enough for a wake-up */
		s.pu_a = topo_pu(0);
		s.pu_b = topo_pu(1);
		s.bound_ns = 1e9;
		expect_child(describe(&s), case_body, &s, false, &child);
		assert_true(child.number[ABSENT] > 0);
		assert_non_null(strstr(child.reason, "a tenth of a wake-up"));
	}
}

/* ---------------------------------------------------------- what goes wrong */

/* The case must fail, and say why. */
static void expect_failure(const struct setting *s, const char *reason)
{
	struct child child;
	int status = run_child(case_body, (void *)(uintptr_t)s, false, &child);

	if (!status || child.number[ABSENT] || child.number[DENIED])
		fail_msg("%s: nobody noticed", describe(s));
	if (!strstr(child.reason, reason))
		fail_msg("%s: %s: %s", describe(s), child_end(status),
			 child.reason);
}

static struct setting alone_or_on_one_pu(const char *name, enum peer peer,
					 void (*suffer)(void))
{
	return (struct setting){
		find_variant(name), peer,          topo_pu(0), topo_pu(0),
		RUN_MEASURE,        COUNTS_DENIED, suffer
	};
}

static void never_wait(void)
{
	answer_futex(FUTEX_WAIT, 0);
}

static void time_out_at_once(void)
{
	answer_futex(FUTEX_WAIT, ETIMEDOUT);
}

static void wake_nobody(void)
{
	answer_futex(FUTEX_WAKE, EINVAL);
}

static void refuse_bits(void)
{
	answer_futex(FUTEX_WAKE_BITSET, EINVAL);
}

static void requeue_nobody(void)
{
	answer_futex(FUTEX_CMP_REQUEUE, EINVAL);
}

static void lock_without_owner(void)
{
	answer_futex(FUTEX_LOCK_PI, 0);
}

static void test_broken_calls(void **state)
{
	static const struct {
		const char *variant;
		enum peer peer;
		void (*suffer)(void);
		const char *reason;
	} broken[] = {
		{ "wait_timeout_private", 0, never_wait,
		  "FUTEX_WAIT did not time out" },
		{ "wait_timeout_shared", 0, time_out_at_once,
		  "timed out before its time" },
		{ "wait_changed_private", 0, never_wait, "were not refused" },
		{ "wake_none_private", 0, wake_nobody, "or failed" },
		{ "atomics_notify", 0, wake_nobody, "or failed" },
		{ "requeue_none_shared", 0, requeue_nobody, "or failed" },
		{ "lock_pi_private", 0, lock_without_owner, "FUTEX_" },
		{ "atomics_wait", PEER_THREAD, never_wait, "slept" },
		{ "wake_to_run_bitset_private", PEER_THREAD, refuse_bits,
		  "FUTEX_WAKE_BITSET" },
	};

	(void)state;
	skip_if_emulated("has no seccomp filters");
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct setting s = alone_or_on_one_pu(
			broken[i].variant, broken[i].peer, broken[i].suffer);

		expect_failure(&s, broken[i].reason);
	}
}

/* A waiter that answers without having slept, one that leaves early, and one
 * that is not there to be requeued. */
static uint64_t answer_awake(struct end *e, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		e->stamps[i] = clock_now();
		atomic_store(&e->theirs->value, ++e->sent);
		futex_wake(e->theirs, 0, 1);
	}
	return n;
}

static uint64_t leave_early(struct end *e, uint64_t n)
{
	return futex_run_private.channel.serve_halves(e, n) - 1;
}

static uint64_t sleep_elsewhere(struct end *e, uint64_t n)
{
	(void)e;
	return n;
}

static void expect_broken_waiter(struct futex_op op, const char *reason)
{
	struct variant variant = { .name = "broken", .arg = &op };
	struct setting s = {
		&variant,   PEER_PROCESS, topo_pu(0),
		topo_pu(0), RUN_MEASURE,  COUNTS_DENIED,
	};

	expect_failure(&s, reason);
}

static void test_broken_waiters(void **state)
{
	struct futex_op op = futex_run_shared;

	(void)state;
	op.channel.serve_halves = answer_awake;
	expect_broken_waiter(op, "never slept");
	op.channel.serve_halves = leave_early;
	op.flags = 0;
	expect_broken_waiter(op, "served");
	op = futex_requeue_shared;
	op.channel.serve = sleep_elsewhere;
	expect_broken_waiter(op, "sleeps on neither word");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timed),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_lacking),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_broken_calls),
		cmocka_unit_test(test_broken_waiters),
	};

	return cmocka_run_group_tests(tests, machine_open, machine_close);
}
