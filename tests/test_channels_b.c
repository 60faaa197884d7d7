/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals, loopback sockets, libuv's pipe and io_uring: do they carry every
 * signal and message wherever the parties are, in as many system calls as they
 * must, is one that is lost, doubled or damaged found out, and is a mechanism
 * that is not there absent with a reason? */
#include "pair.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "machine.h"
#include "needs.h"
#include "sample.h"
#include "signals.h"
#include "topo.h"
#include "version.h"

#define BOTH (PEER_THREAD | PEER_PROCESS)

static const struct mechanism {
	const struct channel *channel;
	unsigned peers;
	double least, most; /* system calls a round trip */
} mechanisms[] = {
	{ &via_tcp, BOTH, 4, 4 },
	{ &via_udp, BOTH, 4, 4 },
	{ &via_signal, BOTH, 4, 4 },
	{ &via_signalfd, BOTH, 4, 4 },
	{ &via_pidfd_signal, PEER_PROCESS, 4, 4 },
	/* a signal and the wait for the next go together */
	{ &via_io_uring_msg_ring, BOTH, 2, 2 },
	{ &via_io_uring_eventfd, BOTH, 2, 2 },
	/* write, epoll_wait and read each way; a libuv that calls back what
	 * has been written in its next round polls once more before */
	{ &via_uv_pipe, BOTH, 6, 8 },
};

static const struct channel *const messengers[] = { &via_tcp, &via_uv_pipe };

/* One case and how it is run. */
struct setting {
	const char *bench;
	const struct channel *channel;
	enum peer peer;
	int pu_a, pu_b;
	uint64_t value;
	enum run_mode mode;
	int method; /* METHOD_… */
	enum counts_method counts;
};

static const char *describe(const struct setting *s)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s, %s, PUs %d and %d, %d bytes",
		 s->bench, s->channel->name,
		 s->peer == PEER_THREAD ? "thread" : "process", s->pu_a,
		 s->pu_b, s->value == PARAM_NONE ? 0 : (int)s->value);
	return text;
}

static const struct bench *find_bench(const char *name)
{
	size_t count;
	const struct bench *const *all = bench_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	fail_msg("there is no bench %s", name);
	return NULL;
}

static const struct variant *find_variant(const char *bench,
					  const struct channel *channel)
{
	const struct variant *v = find_bench(bench)->variants;

	while (v->name && v->arg != channel)
		v++;
	if (!v->name)
		fail_msg("%s has no row for %s", bench, channel->name);
	return v;
}

static struct run make_run(const struct setting *s, struct child *child)
{
	return (struct run){
		.bench = find_bench(s->bench),
		.variant = find_variant(s->bench, s->channel),
		.value = s->value,
		.peer = s->peer,
		.pu_a = s->pu_a,
		.pu_b = s->pu_b,
		.mode = s->mode,
		.clock = ticks,
		.counts = s->counts,
		.traced = &child->traced,
		.peer_pu = -1,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};
}

/* ------------------------------------------------ what must be there */

/* Whether the mechanism is there; else why not, which must be said. */
static bool is_there(const struct channel *channel, char *why, size_t size)
{
	const struct variant *v = find_variant("roundtrip", channel);
	const struct need *const *need = v->needs;

	for (; need && *need; need++) {
		bool denied = false;

		why[0] = '\0';
		if (!(*need)->met(why, size, &denied)) {
			if (!why[0])
				fail_msg("%s is not there, for no reason",
					 channel->name);
			return false;
		}
		assert_string_equal(why, "");
		assert_false(denied);
	}
	return true;
}

/* test_signals() has said why not. */
static bool is_known(const struct channel *channel)
{
	char why[160];

	return is_there(channel, why, sizeof(why));
}

/* One PU, two, and wherever the scheduler likes. */
static size_t placements(int (*pu)[2])
{
	size_t n = 0;

	pu[n][0] = pu[n][1] = topo_pu(0);
	n++;
	pu[n][0] = pu[n][1] = TOPO_ANY_PU;
	n++;
	if (topo_pu_count() > 1) {
		pu[n][0] = topo_pu(0);
		pu[n][1] = topo_pu(1);
		n++;
	}
	return n;
}

/* Runs body for each peer and placement. */
static void everywhere(const struct channel *channel, unsigned peers,
		       const struct setting *like, child_body *body)
{
	int pu[3][2];
	size_t places = placements(pu);

	for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS; peer <<= 1)
		for (size_t i = 0; i < places && peers & peer; i++) {
			struct setting s = *like;

			s.channel = channel;
			s.peer = (enum peer)peer;
			s.pu_a = pu[i][0];
			s.pu_b = pu[i][1];
			expect_child(describe(&s), body, &s, false, NULL);
		}
}

/* Times the case for a moment; absent and denied are answers, with a reason. */
static int time_it(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .warm_ns = 1e6,
					  .measure_ns = 5e6,
					  .method = s->method,
					  .seed = 1 };
	static struct sample sample;
	struct run r = make_run(s, child);

	if (sample_run(&r, &plan, &sample)) {
		if ((r.absent || r.denied) && child->reason[0])
			return 0;
		return child_fail(child, "sample_run failed for no reason");
	}
	if (sample.metrics != 1 || (int)sample.metric[0].method != s->method ||
	    !(sample.metric[0].value > 0) || !sample.evidence.operations)
		return child_fail(child, "%g ns in %d operations",
				  sample.metric[0].value,
				  (int)sample.evidence.operations);
	return 0;
}

static void test_signals(void **state)
{
	const struct mechanism *m = *state;
	char why[160];

	if (!is_there(m->channel, why, sizeof(why)))
		skip_because("%s: %s", m->channel->name, why);
	for (int method = METHOD_SINGLE; method <= METHOD_BATCH; method++) {
		const struct setting like = { .bench = "roundtrip",
					      .value = PARAM_NONE,
					      .mode = RUN_MEASURE,
					      .method = method,
					      .counts = COUNTS_DENIED };

		everywhere(m->channel, m->peers, &like, time_it);
	}
}

/* Counting verifies every message whole; what it counts is known too. */
static int count_copies(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .method = -1 };
	static struct sample sample;
	struct run r = make_run(s, child);

	if (sample_run(&r, &plan, &sample))
		return child_fail(child, "sample_run failed");
	for (unsigned i = 0; i < sample.metrics; i++)
		if (!strcmp(sample.metric[i].name, "copies")) {
			if (fabs(sample.metric[i].value - 2) > 1e-6)
				return child_fail(child, "%g copies, not 2",
						  sample.metric[i].value);
		}
	return 0;
}

/* Sizes below and above the number that stands in a message, a page and the
 * kernel's buffers. */
static void test_messages(void **state)
{
	static const uint64_t sizes[] = { 1, 3, 4096, 65537, 1 << 20 };

	(void)state;
	skip_if_emulated("reads and writes for itself");
	for (size_t i = 0; i < COUNT(messengers); i++)
		for (size_t j = 0; j < COUNT(sizes); j++) {
			const struct setting like = { .bench = "message",
						      .value = sizes[j],
						      .mode = RUN_COUNT,
						      .counts = COUNTS_DENIED };

			everywhere(messengers[i], BOTH, &like, count_copies);
		}
}

/* While timing only the last message of a batch is verified whole. */
static void test_messages_timed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(messengers); i++) {
		const struct setting like = { .bench = "message",
					      .value = 65537,
					      .mode = RUN_MEASURE,
					      .method = METHOD_SINGLE,
					      .counts = COUNTS_DENIED };

		everywhere(messengers[i], BOTH, &like, time_it);
	}
}

/* ------------------------------------------------------ system calls */

static int count_calls(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .method = -1 };
	static struct sample sample;
	struct run r = make_run(s, child);

	if (sample_run(&r, &plan, &sample))
		return child_fail(child, "sample_run failed");
	if (sample.metrics != 1 || strcmp(sample.metric[0].name, "syscalls"))
		return child_fail(child, "no system calls were counted");
	child->number[0] = sample.metric[0].value;
	return 0;
}

static void check_calls_of(const struct mechanism *m, enum peer peer, int pu_b,
			   enum counts_method method)
{
	struct setting s = { .bench = "roundtrip",
			     .channel = m->channel,
			     .peer = peer,
			     .pu_a = topo_pu(0),
			     .pu_b = pu_b,
			     .value = PARAM_NONE,
			     .mode = RUN_TRACE,
			     .counts = method };
	/* a sanitizer makes calls of its own, now and then */
	double slack = 1e-9 + 0.05 * SANITIZED;

	expect_count(describe(&s), count_calls, &s, method == COUNTS_PTRACE,
		     (struct within){ 0, m->least - slack, m->most + slack });
}

static void check_calls(enum counts_method method)
{
	char why[160];
	enum counts_method found;

	setenv("HANDOFF_COUNT", method == COUNTS_PERF ? "perf" : "ptrace", 1);
	found = counts_probe(why, sizeof(why));
	unsetenv("HANDOFF_COUNT");
	if (found != method)
		skip_because("%s", why);
	int held = counts_hold(method);
	for (size_t i = 0; i < COUNT(mechanisms); i++) {
		const struct mechanism *m = &mechanisms[i];

		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1) {
			if (!(m->peers & peer) || !is_known(m->channel))
				continue;
			check_calls_of(m, (enum peer)peer, topo_pu(0), method);
			if (topo_pu_count() > 1)
				check_calls_of(m, (enum peer)peer, topo_pu(1),
					       method);
		}
	}
	counts_release(held);
}

static void test_calls_by_perf(void **state)
{
	(void)state;
	check_calls(COUNTS_PERF);
}

static void test_calls_by_ptrace(void **state)
{
	(void)state;
	check_calls(COUNTS_PTRACE);
}

/* --------------------------------------------------- broken channels */

enum { TRIPS = 100, FATAL = 50 }; /* the trip that goes wrong */

static const struct channel *original;

/* The next number is left out, or comes again. */
static void skip_one(struct end *e)
{
	e->sent += e->sent + 1 == FATAL;
}

static void repeat_one(struct end *e)
{
	e->sent -= e->sent + 1 == FATAL;
}

#define BREAK(name)                                                     \
	static uint64_t drive_##name(struct end *e, uint64_t n,         \
				     uint64_t *stamps)                  \
	{                                                               \
		(void)stamps;                                           \
		for (uint64_t i = 0; i < n; i++) {                      \
			name(e);                                        \
			original->drive(e, 1, NULL);                    \
		}                                                       \
		return n;                                               \
	}                                                               \
	static uint64_t serve_##name(struct end *e, uint64_t n)         \
	{                                                               \
		for (uint64_t i = 0; i < n; i++) {                      \
			name(e);                                        \
			original->serve(e, 1);                          \
		}                                                       \
		return n;                                               \
	}                                                               \
	static uint64_t drive_message_##name(struct end *e, uint64_t n, \
					     uint64_t *stamps)          \
	{                                                               \
		(void)stamps;                                           \
		for (uint64_t i = 0; i < n; i++) {                      \
			name(e);                                        \
			original->drive_message(e, 1, NULL);            \
		}                                                       \
		return n;                                               \
	}
BREAK(skip_one)
BREAK(repeat_one)

static void sound(struct end *e)
{
	(void)e;
}
BREAK(sound)

/* A byte of one message is not what it should be. */
static uint64_t drive_damaged(struct end *e, uint64_t n, uint64_t *stamps)
{
	(void)stamps;
	for (uint64_t i = 0; i < n; i++) {
		bool now = e->sent + 1 == FATAL;

		e->payload[e->size - 1] ^= now;
		original->drive_message(e, 1, NULL);
		e->payload[e->size - 1] ^= now;
	}
	return n;
}

/* Answers once more than it was asked. */
static uint64_t serve_one_more(struct end *e, uint64_t n)
{
	uint64_t served = original->serve(e, n);

	signals_queue(e);
	return served;
}

struct broken {
	struct channel by; /* the hook that is replaced */
	uint64_t size;     /* of messages; 0: signals */
	enum run_mode mode;
	const char *reason; /* must be found in what is said; NULL: passes */
};

static const struct broken broken_signals[] = {
	{ { .drive = drive_skip_one },
	  0,
	  RUN_MEASURE,
	  "signal 50 lost or doubled" },
	{ { .drive = drive_repeat_one },
	  0,
	  RUN_MEASURE,
	  "signal 50 lost or doubled" },
	{ { .serve = serve_skip_one },
	  0,
	  RUN_MEASURE,
	  "signal 50 lost or doubled" },
	{ { .serve = serve_repeat_one },
	  0,
	  RUN_MEASURE,
	  "signal 50 lost or doubled" },
	/* or the tests above prove nothing */
	{ { .drive = drive_sound, .serve = serve_sound },
	  0,
	  RUN_MEASURE,
	  NULL },
};

static const struct broken broken_messages[] = {
	{ { .drive_message = drive_damaged },
	  63,
	  RUN_COUNT,
	  "message 50 of 63 bytes arrived damaged" },
	{ { .drive_message = drive_damaged },
	  300000,
	  RUN_COUNT,
	  "message 50 of 300000 bytes arrived damaged" },
	{ { .drive_message = drive_message_repeat_one },
	  1,
	  RUN_MEASURE,
	  "message 50 lost, doubled or torn" },
	{ { .drive_message = drive_message_skip_one },
	  4096,
	  RUN_MEASURE,
	  "message 50 lost, doubled or torn" },
	{ { .drive_message = drive_message_sound }, 4096, RUN_COUNT, NULL },
};

/* One that is too many is there when the party leaves. */
static const struct broken doubled = {
	{ .serve = serve_one_more },
	0,
	RUN_MEASURE,
	"signal 100 doubled",
};

struct breaking {
	const struct broken *broken;
	const struct channel *channel;
	enum peer peer;
};

static int broken_body(struct child *child, void *arg)
{
	const struct breaking *b = arg;
	const struct setting s = { .bench = "roundtrip",
				   .channel = b->channel,
				   .peer = b->peer,
				   .pu_a = topo_pu(0),
				   .pu_b = topo_pu(0),
				   .value = b->broken->size ? b->broken->size :
							      PARAM_NONE,
				   .mode = b->broken->mode,
				   .counts = COUNTS_DENIED };
	struct run r = make_run(&s, child);
	struct variant variant = *r.variant;
	struct channel channel = *b->channel;

	original = b->channel;
#define REPLACE(hook)           \
	if (b->broken->by.hook) \
	channel.hook = b->broken->by.hook
	REPLACE(drive);
	REPLACE(serve);
	REPLACE(drive_message);
#undef REPLACE
	variant.arg = &channel;
	r.variant = &variant;
	if (b->broken->size ? pair_setup_message(&r) : pair_setup(&r))
		return -1;
	pair_arm(&r, TRIPS);
	if (pair_run(&r, TRIPS) != TRIPS)
		return child_fail(child, "the driver itself has noticed");
	return pair_settle(&r, TRIPS) || pair_teardown(&r) ? -1 : 0;
}

static void expect_found_out(const struct broken *broken,
			     const struct channel *channel, unsigned peers)
{
	for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS; peer <<= 1) {
		struct breaking b = { broken, channel, (enum peer)peer };
		struct child child;
		int status;

		if (!(peers & peer))
			continue;
		status = run_child(broken_body, &b, false, &child);
		if (!broken->reason && status)
			fail_msg("%s (%s) that is sound: %s", channel->name,
				 peer == PEER_THREAD ? "thread" : "process",
				 child.reason);
		if (broken->reason &&
		    (!status || !strstr(child.reason, broken->reason)))
			fail_msg("%s (%s): %s: \"%s\", not \"%s\"",
				 channel->name,
				 peer == PEER_THREAD ? "thread" : "process",
				 child_end(status), child.reason,
				 broken->reason);
	}
}

static void test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mechanisms); i++) {
		const struct mechanism *m = &mechanisms[i];

		if (!is_known(m->channel))
			continue;
		for (size_t j = 0; j < COUNT(broken_signals); j++)
			expect_found_out(&broken_signals[j], m->channel,
					 m->peers);
	}
}

static void test_broken_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(messengers); i++)
		for (size_t j = 0; j < COUNT(broken_messages); j++)
			expect_found_out(&broken_messages[j], messengers[i],
					 BOTH);
}

static void test_one_too_many(void **state)
{
	(void)state;
	expect_found_out(&doubled, &via_signal, BOTH);
	expect_found_out(&doubled, &via_signalfd, BOTH);
}

/* ------------------------------------------- mechanisms that are missing */

/* From here on a system call fails with that error. */
static int refuse(unsigned call, unsigned error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { COUNT(filter), filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

struct refusal {
	const struct need *need;
	unsigned call, error;
	bool denied;
	const char *reason;
};

static int refused_body(struct child *child, void *arg)
{
	const struct refusal *f = arg;
	bool denied = false;
	char why[160] = "";

	if (refuse(f->call, f->error)) {
		child->number[0] = 1;
		return 0;
	}
	if (f->need->met(why, sizeof(why), &denied))
		return child_fail(child, "it is there all the same");
	if (denied != f->denied || !strstr(why, f->reason))
		return child_fail(child, "%s: \"%s\", not \"%s\"",
				  denied ? "denied" : "absent", why, f->reason);
	return 0;
}

static void test_refused(void **state)
{
	static const struct refusal refusals[] = {
		{ &need_pidfd_signal, SYS_pidfd_send_signal, ENOSYS, false,
		  "pidfd_send_signal: Function not implemented (Linux 5.3)" },
		{ &need_pidfd_signal, SYS_pidfd_open, EPERM, true,
		  "pidfd_open: Operation not permitted" },
#if HANDOFF_LIBURING
		{ &need_io_uring_msg_ring, SYS_io_uring_setup, EPERM, true,
		  "io_uring: Operation not permitted" },
		{ &need_io_uring_msg_ring, SYS_io_uring_setup, ENOSYS, false,
		  "io_uring: Function not implemented" },
		{ &need_io_uring_eventfd, SYS_io_uring_setup, ENOMEM, false,
		  "io_uring: Cannot allocate memory" },
		/* a kernel without the probe has not the operation either */
		{ &need_io_uring_msg_ring, SYS_io_uring_register, EINVAL, false,
		  "this kernel's io_uring has no IORING_OP_MSG_RING" },
#endif
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct refusal f = refusals[i];
		struct child child;

		expect_child(f.reason, refused_body, &f, false, &child);
		if (child.number[0] != 0)
			skip_because("no seccomp filters here");
	}
}

/* In a network of its own, where the loopback device is down. */
static int offline_body(struct child *child, void *arg)
{
	struct setting s = { .bench = "roundtrip",
			     .channel = arg,
			     .peer = PEER_THREAD,
			     .pu_a = topo_pu(0),
			     .pu_b = topo_pu(0),
			     .value = PARAM_NONE,
			     .mode = RUN_MEASURE,
			     .method = METHOD_SINGLE,
			     .counts = COUNTS_DENIED };
	const struct sample_plan plan = { .method = -1 };
	static struct sample sample;
	struct run r = make_run(&s, child);

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		child->number[0] = 1;
		return 0;
	}
	if (!sample_run(&r, &plan, &sample))
		return child_fail(child, "it works all the same");
	return r.absent && strstr(child->reason, "over 127.0.0.1: ") ? 0 : -1;
}

static void test_without_loopback(void **state)
{
	const struct channel *const channels[] = { &via_tcp, &via_udp };

	(void)state;
	for (size_t i = 0; i < COUNT(channels); i++) {
		struct child child;

		expect_child(channels[i]->name, offline_body,
			     (void *)(uintptr_t)channels[i], false, &child);
		if (child.number[0] != 0)
			skip_because("no network namespaces here");
	}
}

int main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_messages_timed),
		cmocka_unit_test(test_calls_by_perf),
		cmocka_unit_test(test_calls_by_ptrace),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_broken_messages),
		cmocka_unit_test(test_one_too_many),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_without_loopback),
	};
	struct CMUnitTest tests[COUNT(mechanisms) + COUNT(fixed)];

	for (size_t i = 0; i < COUNT(mechanisms); i++)
		tests[i] = (struct CMUnitTest){
			.name = mechanisms[i].channel->name,
			.test_func = test_signals,
			.initial_state = (void *)(uintptr_t)&mechanisms[i],
		};
	memcpy(tests + COUNT(mechanisms), fixed, sizeof(fixed));
	return cmocka_run_group_tests(tests, machine_open, machine_close);
}
