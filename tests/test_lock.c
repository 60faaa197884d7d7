/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do lock and barrier what they say: every way with one, two and more parties,
 * threads and processes, without a system call where nobody else wants the
 * lock; and is a lock found out that lets two in, or a barrier that lets go? */
#include "sample.h"

#include <linux/futex.h>
#include <math.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "crew.h"
#include "machine.h"
#include "topo.h"

extern const struct bench bench_lock, bench_barrier;

/* One way, as it is to be run. */
struct setting {
	const struct bench *bench;
	const char *variant;
	uint64_t parties;
	enum peer peer;
	int pu_a, pu_b;
	enum run_mode mode;
	enum counts_method method;
	void (*suffer)(void); /* what happens to the child before */
};

enum { LATENCY, CHANGES, FAIRNESS, CALLS, OTHER_CALLS, ABSENT, DENIED, ENDED };

static const char *describe(const struct setting *s)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s, %llu %s, PUs %d and %d, %s",
		 s->bench->name, s->variant, (unsigned long long)s->parties,
		 s->peer == PEER_THREAD ? "threads" : "processes", s->pu_a,
		 s->pu_b,
		 s->mode == RUN_MEASURE ? "timed" :
		 s->mode == RUN_COUNT   ? "counted" :
		 s->mode == RUN_TRACE   ? "traced" :
					  "by name");
	return text;
}

static const struct variant *find_variant(const struct bench *b,
					  const char *name)
{
	const struct variant *v = b->variants;

	while (v->name && strcmp(v->name, name))
		v++;
	if (!v->name)
		fail_msg("there is no %s/%s", b->name, name);
	return v;
}

static void take_metrics(struct child *child, const struct sample *sample)
{
	static const char *const names[] = { "latency", "changes", "fairness",
					     "syscalls" };

	for (size_t i = 0; i < COUNT(names); i++) {
		child->number[i] = NAN;
		for (unsigned k = 0; k < sample->metrics; k++)
			if (!strcmp(sample->metric[k].name, names[i]))
				child->number[i] = sample->metric[k].value;
	}
	for (size_t i = 0; i < sample->calls; i++)
		if (strcmp(sample->call[i].name, COUNTS_NAMED "futex"))
			child->number[OTHER_CALLS] += sample->call[i].value;
}

static int sample_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .measure_ns = 1e6, .method = -1 };
	static struct sample sample;
	struct run r = {
		.bench = s->bench,
		.variant = find_variant(s->bench, s->variant),
		.value = s->parties,
		.peer = s->peer,
		.pu_a = s->pu_a,
		.pu_b = s->pu_b,
		.mode = s->mode,
		.clock = ticks,
		.counts = s->method,
		.traced = &child->traced,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	if (s->suffer)
		s->suffer();
	if (sample_run(&r, &plan, &sample)) {
		child->number[ABSENT] = r.absent;
		child->number[DENIED] = r.denied;
		return -1;
	}
	take_metrics(child, &sample);
	child->number[ENDED] = 1;
	return 0;
}

static void run_setting(const struct setting *s, struct child *child)
{
	expect_child(describe(s), sample_body, (void *)(uintptr_t)s,
		     s->method == COUNTS_PTRACE, child);
}

/* ------------------------------------------------------ every way completes */

static bool in_range(double value)
{
	return value >= 0 && value <= 1;
}

static void check_timed(const struct setting *s)
{
	struct child child;
	const double *n = child.number;

	run_setting(s, &child);
	/* an emulator's clock may stand still meanwhile */
	if (!isfinite(n[LATENCY]) || n[LATENCY] < 0 ||
	    (!n[LATENCY] && !emulated()))
		fail_msg("%s: %g ns", describe(s), n[LATENCY]);
	if (s->bench != &bench_lock || strstr(s->variant, "_handoff"))
		return;
	if (!in_range(n[CHANGES]) || !in_range(n[FAIRNESS]))
		fail_msg("%s: %g changes, fairness %g", describe(s), n[CHANGES],
			 n[FAIRNESS]);
	if (s->parties == 1 && (n[CHANGES] != 0 || n[FAIRNESS] != 1))
		fail_msg("%s: one party, yet %g changes", describe(s),
			 n[CHANGES]);
}

/* Whether a row of the table offers it. */
static bool offered(const struct setting *s)
{
	unsigned place = s->pu_a == TOPO_ANY_PU ? PLACE_ANY :
			 s->pu_a == s->pu_b     ? PLACE_ONE_PU :
						  PLACES_TWO_PUS;
	const struct variant *v = s->bench->variants;

	for (; v->name; v++) {
		const uint64_t *value = v->values;

		if (strcmp(v->name, s->variant) || !(v->peers & s->peer) ||
		    !(v->places & place))
			continue;
		for (; *value != PARAM_END; value++)
			if (*value == s->parties)
				return true;
	}
	return false;
}

/* So many on a PU, on two, and unbound: all that is offered; and those that
 * park with three, of which nothing is special. */
static size_t everywhere(const struct bench *bench, uint64_t parties,
			 enum run_mode mode)
{
	const struct variant *v = bench->variants, *before = NULL;
	size_t ran = 0;

	for (; v->name; before = v++) {
		const int pu[][2] = { { topo_pu(0), topo_pu(0) },
				      { topo_pu(0),
					topo_pu_count() > 1 ? topo_pu(1) : -2 },
				      { TOPO_ANY_PU, TOPO_ANY_PU } };

		if (before && !strcmp(before->name, v->name))
			continue;
		for (size_t i = 0; i < 2 * COUNT(pu); i++) {
			struct setting s = {
				bench,
				v->name,
				parties == 3 ? 4 : parties,
				i % 2 ? PEER_PROCESS : PEER_THREAD,
				pu[i / 2][0],
				pu[i / 2][1],
				mode,
				COUNTS_DENIED,
			};

			if (s.pu_b == -2 || !offered(&s))
				continue;
			s.parties = parties;
			if (mode == RUN_MEASURE)
				check_timed(&s);
			else
				run_setting(&s,
					    &(struct child){ .reason = "" });
			ran++;
		}
	}
	return ran;
}

static void test_one_party(void **state)
{
	(void)state;
	assert_true(everywhere(&bench_lock, 1, RUN_MEASURE) > 10);
}

static void test_two_parties(void **state)
{
	(void)state;
	assert_true(everywhere(&bench_lock, 2, RUN_MEASURE) > 10);
	assert_true(everywhere(&bench_barrier, 2, RUN_MEASURE) > 2);
}

static void test_three_parties(void **state)
{
	(void)state;
	everywhere(&bench_lock, 3, RUN_MEASURE);
	everywhere(&bench_barrier, 3, RUN_MEASURE);
}

/* A barrier is looked at in every round meanwhile. */
static void test_counted(void **state)
{
	(void)state;
	everywhere(&bench_barrier, 2, RUN_COUNT);
	everywhere(&bench_barrier, 3, RUN_COUNT);
	everywhere(&bench_lock, 2, RUN_COUNT);
}

/* ------------------------------------------------------------ system calls */

static enum counts_method how_counted(void)
{
	char why[160];
	enum counts_method method = counts_probe(why, sizeof(why));

	if (method == COUNTS_DENIED)
		skip_because("%s", why);
	return method;
}

/* Nobody waits: not one, exactly. */
static void test_uncontended_calls(void **state)
{
	enum counts_method method = how_counted();
	const struct variant *v = bench_lock.variants;
	int held = counts_hold(method);

	(void)state;
	for (; v->name; v++) {
		struct child child;
		struct setting s = {
			&bench_lock, v->name,    1,         PEER_THREAD,
			topo_pu(0),  topo_pu(0), RUN_TRACE, method,
		};

		if (v->values[0] != 1)
			continue;
		s.peer = v->peers & PEER_THREAD ? PEER_THREAD : PEER_PROCESS;
		run_setting(&s, &child);
		/* a sanitizer makes some of its own, now and then */
		if (fabs(child.number[CALLS]) > 0.05 * SANITIZED)
			fail_msg("%s: %g calls", describe(&s),
				 child.number[CALLS]);
	}
	counts_release(held);
}

/* Who passes a turn on one PU wakes the next, and sleeps; unless that runs at
 * once and passes it back, before the first has fallen asleep: no call then for
 * the sleep, nor, of a semaphore, for the wake-up. Batches differ in it: one of
 * many tries must show it. */
static void expect_calls(const struct setting *s, double least, double most)
{
	enum { TRIES = 20 };
	struct child child;
	double calls;

	for (int i = 0; i < TRIES; i++) {
		run_setting(s, &child);
		calls = child.number[CALLS];
		if (calls >= least - 0.02 && calls <= most + 0.02)
			return;
	}
	fail_msg("%s: %g calls", describe(s), calls);
}

static void test_handoff_calls(void **state)
{
	enum counts_method method = how_counted();
	int held = counts_hold(method);

	(void)state;
	for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS; peer <<= 1) {
		struct setting s = {
			&bench_lock,     "futex_handoff", 2,
			(enum peer)peer, topo_pu(0),      topo_pu(0),
			RUN_TRACE,       method,
		};

		expect_calls(&s, 1, 2);
		s.variant = "semaphore_handoff";
		expect_calls(&s, 0, 2);
	}
	counts_release(held);
}

/* All that any of them ever asks the kernel for. */
static void test_only_futex(void **state)
{
	static const char *const variants[] = {
		"futex_mutex",      "spin_park",
		"pthread_mutex",    "semaphore",
		"pthread_mutex_pi", "pthread_mutex_adaptive",
		"condvar_handoff",  "semaphore_handoff",
		"futex_handoff",
	};
	char why[160];

	(void)state;
	if (!counts_can_name(why, sizeof(why)))
		skip_because("%s", why);
	if (SANITIZED)
		skip_because("a sanitizer makes calls of its own");
	for (size_t i = 0; i < COUNT(variants); i++) {
		struct child child;
		struct setting s = {
			&bench_lock, variants[i], 2,         PEER_THREAD,
			topo_pu(0),  topo_pu(0),  RUN_NAMES, COUNTS_PTRACE,
		};

		run_setting(&s, &child);
		if (child.number[OTHER_CALLS] != 0)
			fail_msg("%s: %g calls other than futex", describe(&s),
				 child.number[OTHER_CALLS]);
	}
}

/* ---------------------------------------------------------- what goes wrong */

static void expect_reason(const struct setting *s, int mark, const char *reason)
{
	struct child child;
	int status =
		run_child(sample_body, (void *)(uintptr_t)s, false, &child);

	if (!status || child.number[ENDED])
		fail_msg("%s: did not fail", describe(s));
	if (!strstr(child.reason, reason))
		fail_msg("%s: %s: \"%s\", not \"%s\"", describe(s),
			 child_end(status), child.reason, reason);
	if (mark && !child.number[mark])
		fail_msg("%s: not marked: %s", describe(s), child.reason);
}

static void break_lock(void)
{
	setenv("HANDOFF_BREAK", "lock", 1);
}

static void break_barrier(void)
{
	setenv("HANDOFF_BREAK", "barrier", 1);
}

static void test_broken(void **state)
{
	(void)state;
	for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS; peer <<= 1) {
		struct setting s = {
			&bench_lock,     "futex_mutex", 3,
			(enum peer)peer, topo_pu(0),    topo_pu(0),
			RUN_MEASURE,     COUNTS_DENIED, break_lock,
		};

		if (SANITIZED && peer == PEER_THREAD)
			continue; /* which finds the race first */
		expect_reason(&s, 0, "no mutual exclusion");
	}
}

/* Nobody is the last, or, where all are looked at, leaves before it has come.
 */
static void test_broken_barrier(void **state)
{
	struct setting s = {
		&bench_barrier, "pthread_barrier", 3,
		PEER_THREAD,    topo_pu(0),        topo_pu(0),
		RUN_MEASURE,    COUNTS_DENIED,     break_barrier,
	};

	(void)state;
	expect_reason(&s, 0, "rounds had one party that was the last");
	s.peer = PEER_PROCESS;
	expect_reason(&s, 0, "rounds had one party that was the last");
	s.mode = RUN_COUNT;
	expect_reason(&s, 0, "a barrier let go of round");
}

/* Two are let in by a lock that is none, without any help. */
static void test_unlocked(void **state)
{
	struct setting s = {
		&bench_lock, "unlocked", 2,           PEER_PROCESS,
		topo_pu(0),  topo_pu(0), RUN_MEASURE, COUNTS_DENIED,
	};

	(void)state;
	if (topo_pu_count() < 2)
		skip_because("one PU: two are hardly ever inside at once");
	s.pu_b = topo_pu(1);
	expect_reason(&s, 0, "no mutual exclusion");
}

static void forbid_processes(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_NPROC, &none) ||
	    (!geteuid() && setresuid(65534, 65534, 65534)))
		die_errno("RLIMIT_NPROC");
}

static void test_no_processes(void **state)
{
	(void)state;
	for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS; peer <<= 1) {
		struct setting s = {
			&bench_lock,     "futex_mutex", 2,
			(enum peer)peer, topo_pu(0),    topo_pu(0),
			RUN_MEASURE,     COUNTS_DENIED, forbid_processes,
		};

		expect_reason(&s, DENIED, "RLIMIT_NPROC");
	}
}

static void test_too_many(void **state)
{
	struct setting s = {
		&bench_barrier, "futex_barrier", CREW_MOST + 1, PEER_THREAD,
		topo_pu(0),     topo_pu(0),      RUN_MEASURE,   COUNTS_DENIED,
	};

	(void)state;
	expect_reason(&s, 0, "no more than 32 parties, of 33");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_party),
		cmocka_unit_test(test_two_parties),
		cmocka_unit_test(test_three_parties),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_uncontended_calls),
		cmocka_unit_test(test_handoff_calls),
		cmocka_unit_test(test_only_futex),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_broken_barrier),
		cmocka_unit_test(test_unlocked),
		cmocka_unit_test(test_no_processes),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, machine_open, machine_close);
}
