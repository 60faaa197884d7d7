/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does every variant of the round trip run wherever it says it does, timed and
 * counted? What does a channel do where the kernel has not got enough for it,
 * and what does one leave behind that is killed? */
#include <math.h>
#include <sys/resource.h>
#include <sys/sem.h>

#include "channel.h"
#include "machine.h"
#include "pair.h"
#include "sample.h"
#include "topo.h"

/* ---------------------------------------------- every variant, everywhere */

/* One way to run one. */
struct setting {
	const struct variant *variant;
	enum peer peer;
	int pu_a, pu_b;
	enum run_mode mode;
	int method;
};

enum { LACKING = 7 }; /* of child.number: the case is absent or denied */

static const struct bench *roundtrip(void)
{
	size_t count;
	const struct bench *const *all = bench_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(all[i]->name, "roundtrip"))
			return all[i];
	fail_msg("there is no bench roundtrip");
	return NULL;
}

static const char *describe(const struct setting *s)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s, %s, PUs %d and %d, %s",
		 s->variant->name,
		 s->peer == PEER_THREAD ? "thread" : "process", s->pu_a,
		 s->pu_b,
		 s->mode == RUN_COUNT       ? "counted" :
		 s->method == METHOD_SINGLE ? "one by one" :
					      "in batches");
	return text;
}

static const struct measured *find(const struct sample *sample,
				   const char *name)
{
	for (unsigned i = 0; i < sample->metrics; i++)
		if (!strcmp(sample->metric[i].name, name))
			return &sample->metric[i];
	return NULL;
}

static int check_timed(struct child *child, const struct setting *s,
		       const struct sample *sample)
{
	const struct measured *m = find(sample, "latency");
	const struct evidence *e = &sample->evidence;

	if (!m || m->is_count || (int)m->method != s->method)
		return child_fail(child, "no latency, or not as asked");
	if (!m->samples || !(m->value > 0) || !e->batches || !e->operations)
		return child_fail(child, "%g ns of %d samples", m->value,
				  (int)m->samples);
	if (s->pu_a != TOPO_ANY_PU &&
	    (e->off_pu || e->pu_a != s->pu_a || e->pu_b != s->pu_b))
		return child_fail(child, "ran on PUs %d and %d", e->pu_a,
				  e->pu_b);
	return 0;
}

static int check_counted(struct child *child, const struct setting *s,
			 const struct sample *sample)
{
	const struct measured *switches = find(sample, "switches"),
			      *cpu = find(sample, "cpu_time");

	if (!switches || !switches->is_count || !cpu || !cpu->is_count)
		return child_fail(child, "no switches or no processor time");
	/* two parties on one PU take turns: one switch each way */
	if (s->pu_a != TOPO_ANY_PU && s->pu_a == s->pu_b &&
	    !(switches->value > 1.5))
		return child_fail(child, "%g switches on one PU",
				  switches->value);
	/* a slope of operations that take less than the batches differ may
	 * even be negative */
	return isfinite(cpu->value) ?
		       0 :
		       child_fail(child, "%g ns of processor time", cpu->value);
}

static int run_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .warm_ns = 1e6,
					  .measure_ns = 3e6,
					  .method = s->method,
					  .seed = 1 };
	static struct sample sample;
	struct run r = {
		.bench = roundtrip(),
		.variant = s->variant,
		.value = PARAM_NONE,
		.peer = s->peer,
		.pu_a = s->pu_a,
		.pu_b = s->pu_b,
		.mode = s->mode,
		.clock = ticks,
		.counts = COUNTS_DENIED,
		.traced = &child->traced,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	if (sample_run(&r, &plan, &sample)) {
		child->number[LACKING] = r.absent || r.denied;
		return r.absent || r.denied ? 0 : -1;
	}
	return s->mode == RUN_COUNT ? check_counted(child, s, &sample) :
				      check_timed(child, s, &sample);
}

/* One PU, two, and wherever the scheduler likes, as the variant says. */
static size_t placements(const struct variant *v, int (*pu)[2])
{
	size_t n = 0;

	if (v->places & PLACE_ONE_PU) {
		pu[n][0] = pu[n][1] = topo_pu(0);
		n++;
	}
	if (v->places & PLACES_TWO_PUS && topo_pu_count() > 1) {
		pu[n][0] = topo_pu(0);
		pu[n][1] = topo_pu(1);
		n++;
	}
	if (v->places & PLACE_ANY) {
		pu[n][0] = pu[n][1] = TOPO_ANY_PU;
		n++;
	}
	return n;
}

/* False: the machine lacks what it needs, and says so. */
static bool runs(struct setting *s)
{
	static const struct {
		enum run_mode mode;
		int method;
	} ways[] = {
		{ RUN_MEASURE, METHOD_SINGLE },
		{ RUN_MEASURE, METHOD_BATCH },
		{ RUN_COUNT, -1 },
	};

	for (size_t i = 0; i < COUNT(ways); i++) {
		struct child child;

		s->mode = ways[i].mode;
		s->method = ways[i].method;
		expect_child(describe(s), run_body, s, false, &child);
		if (!child.number[LACKING])
			continue;
		print_message("skipped: %s: %s\n", describe(s), child.reason);
		return false;
	}
	return true;
}

static void test_variant(void **state)
{
	const struct variant *v = *state;
	const struct need *const *need = v->needs;
	char why[CHILD_REASON];
	int pu[3][2];
	size_t places = placements(v, pu), ran = 0;
	bool denied;

	for (; need && *need; need++)
		if (!(*need)->met(why, sizeof(why), &denied))
			skip_because("%s: %s", v->name, why);
	if (!places)
		skip_because("%s needs two PUs", v->name);
	for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS; peer <<= 1)
		for (size_t i = 0; i < places && v->peers & peer; i++) {
			struct setting s = { v, (enum peer)peer, pu[i][0],
					     pu[i][1] };

			ran += runs(&s);
		}
	if (!ran)
		skip();
}

/* ------------------------------------------- what is not there, and what
 * is left behind */

/* A channel opened for messages of `size`, or for signals; then the end. */
struct opening {
	const struct channel *channel;
	uint64_t size;
	enum { TEAR_DOWN, BE_KILLED } end;
	rlim_t queue_bytes; /* RLIMIT_MSGQUEUE; 0: as it is */
};

enum { PID }; /* of child.number */

static int open_body(struct child *child, void *arg)
{
	const struct opening *o = arg;
	const struct rlimit few = { o->queue_bytes, o->queue_bytes };
	struct variant variant = { .name = o->channel->name,
				   .arg = o->channel };
	struct run r = {
		.bench = roundtrip(),
		.variant = &variant,
		.value = o->size ? o->size : PARAM_NONE,
		.peer = PEER_PROCESS,
		.pu_a = topo_pu(0),
		.pu_b = topo_pu(0),
		.mode = RUN_MEASURE,
		.clock = ticks,
		.peer_pu = -1,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	child->number[PID] = getpid();
	if (o->queue_bytes && setrlimit(RLIMIT_MSGQUEUE, &few))
		return child_fail(child, "setrlimit");
	if (o->size ? pair_setup_message(&r) : pair_setup(&r)) {
		child->number[LACKING] = r.absent || r.denied;
		return r.absent || r.denied ? 0 : -1;
	}
	if (o->end == BE_KILLED)
		raise(SIGKILL);
	return pair_teardown(&r);
}

/* More than any socket may hold is absent, with both figures. */
static void test_packet_too_large(void **state)
{
	FILE *f = fopen("/proc/sys/net/core/wmem_max", "r");
	unsigned long most = 0;
	struct child child;

	(void)state;
	if (!f || fscanf(f, "%lu", &most) != 1)
		most = 0;
	if (f)
		fclose(f);
	if (!most || most > 64 << 20)
		skip_because("net.core.wmem_max is %lu", most);
	/* the kernel doubles what is asked for */
	struct opening o = { &via_seqpacket, 2 * most + 1, TEAR_DOWN, 0 };
	expect_child("a large packet", open_body, &o, false, &child);
	if (!child.number[LACKING] || !strstr(child.reason, "SO_SNDBUF") ||
	    !strstr(child.reason, "net.core.wmem_max"))
		fail_msg("absent %g: %s", child.number[LACKING], child.reason);
}

static void test_no_queues(void **state)
{
	struct opening o = { &via_mqueue, 0, TEAR_DOWN, 1 };
	struct child child;

	(void)state;
	expect_child("no message queues", open_body, &o, false, &child);
	if (!child.number[LACKING] || !strstr(child.reason, "mq_open") ||
	    !strstr(child.reason, "RLIMIT_MSGQUEUE 1:"))
		fail_msg("denied %g: %s", child.number[LACKING], child.reason);
}

/* How many sets of semaphores a process has touched last. */
static int sets_of(int pid)
{
	union {
		struct semid_ds *set;
		struct seminfo *info;
	} arg;
	struct semid_ds set;
	struct seminfo info;
	int found = 0;

	arg.info = &info;
	int last = semctl(0, 0, SEM_INFO, arg);
	for (int i = 0; i <= last; i++) {
		arg.set = &set;
		int id = semctl(i, 0, SEM_STAT, arg);
		if (id >= 0 && set.sem_nsems == 3)
			found += semctl(id, 2, GETPID) == pid;
	}
	return found;
}

static void test_semaphores_left_behind(void **state)
{
	struct opening o = { &via_sysv_semaphore, 0, BE_KILLED, 0 };
	struct child killed, next;

	(void)state;
	if (!WIFSIGNALED(run_child(open_body, &o, false, &killed)))
		skip_because("%s", killed.reason);
	assert_int_equal(sets_of((int)killed.number[PID]), 1);
	o.end = TEAR_DOWN;
	expect_child("the next", open_body, &o, false, &next);
	assert_int_equal(sets_of((int)killed.number[PID]), 0);
	assert_int_equal(sets_of((int)next.number[PID]), 0);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_packet_too_large),
		cmocka_unit_test(test_no_queues),
		cmocka_unit_test(test_semaphores_left_behind),
	};
	static struct CMUnitTest tests[128];
	size_t n = 0;

	for (const struct variant *v = roundtrip()->variants; v->name; v++) {
		if (n + COUNT(others) == COUNT(tests))
			die("more variants than room for their tests");
		tests[n++] = (struct CMUnitTest){ v->name, test_variant, NULL,
						  NULL, (void *)(uintptr_t)v };
	}
	for (size_t i = 0; i < COUNT(others); i++)
		tests[n++] = others[i];
	return _cmocka_run_group_tests("channels", tests, n, machine_open,
				       machine_close);
}
