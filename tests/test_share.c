/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does every way to share a buffer hand it over whole, in as many copies as it
 * says, and is a buffer that arrives damaged or unchanged found out? */
#include "pair.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "machine.h"
#include "sample.h"
#include "topo.h"

extern const struct bench bench_share;

/* What is known of each way. */
struct way {
	const char *variant;
	double copies;
	double calls; /* of 1 KiB, a round trip */
};

static const struct way ways[] = {
	{ "reference", 0, 4 }, /* write and read an eventfd, each way */
	/* sendmsg, recvmsg, mmap, munmap, close; write, read */
	{ "memfd", 0, 7 },
	{ "queue", 1, 4 },
	{ "process_vm_readv", 1, 5 },
	{ "pipe", 2, 4 },
	{ "socketpair", 2, 4 },
	{ "pread", 1, 1 },
	{ "pwrite", 1, 1 },
};

/* One way, as it is to be run. */
struct setting {
	const struct way *way;
	const struct variant *variant;
	enum peer peer;
	uint64_t size;
	int pu_a, pu_b;
	enum run_mode mode;
	enum counts_method method;
	/* what happens to the child before */
	void (*suffer)(void);
};

static const struct variant *find_variant(const char *name)
{
	const struct variant *v = bench_share.variants;

	while (v->name && strcmp(v->name, name))
		v++;
	if (!v->name)
		fail_msg("there is no %s", name);
	return v;
}

static const char *describe(const struct setting *s)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s, %s, %llu bytes, PUs %d and %d, %s",
		 s->way->variant,
		 s->peer == PEER_THREAD  ? "thread" :
		 s->peer == PEER_PROCESS ? "process" :
					   "alone",
		 (unsigned long long)s->size, s->pu_a, s->pu_b,
		 s->mode == RUN_MEASURE ? "timed" :
		 s->mode == RUN_COUNT   ? "counted" :
					  "traced");
	return text;
}

enum { VALUE, ABSENT, DENIED, BATCH };

static int sample_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const struct sample_plan plan = { .measure_ns = 2e6, .method = -1 };
	const char *wanted = s->mode == RUN_MEASURE ? "latency" :
			     s->mode == RUN_COUNT   ? "copies" :
						      "syscalls";
	static struct sample sample;
	struct run r = {
		.bench = &bench_share,
		.variant = s->variant,
		.value = s->size,
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
	if (!s->peer && topo_bind(s->pu_a))
		return child_fail(child, "cannot be bound");
	if (sample_run(&r, &plan, &sample)) {
		child->number[ABSENT] = r.absent;
		child->number[DENIED] = r.denied;
		return (r.absent || r.denied) && child->reason[0] ? 0 : -1;
	}
	child->number[BATCH] = (double)sample.evidence.batch_n;
	for (unsigned i = 0; i < sample.metrics; i++)
		if (!strcmp(sample.metric[i].name, wanted)) {
			child->number[VALUE] = sample.metric[i].value;
			return 0;
		}
	return s->mode == RUN_COUNT && !counts_have_io() ?
		       0 :
		       child_fail(child, "no metric %s", wanted);
}

/* False, aloud, where this machine does not allow it. */
static bool sampled(const struct setting *s, struct child *child)
{
	expect_child(describe(s), sample_body, (void *)(uintptr_t)s,
		     s->method == COUNTS_PTRACE, child);
	if (!child->number[ABSENT] && !child->number[DENIED])
		return true;
	print_message("skipped: %s: %s\n", describe(s), child->reason);
	return false;
}

static void check_way(const struct setting *s)
{
	struct child child;

	if (!sampled(s, &child))
		return;
	if (s->mode == RUN_MEASURE && !(child.number[VALUE] > 0))
		fail_msg("%s: %g ns", describe(s), child.number[VALUE]);
	if (s->mode == RUN_COUNT && counts_have_io() &&
	    fabs(child.number[VALUE] - s->way->copies) > 1e-6)
		fail_msg("%s: %g copies", describe(s), child.number[VALUE]);
	/* a sanitizer makes calls of its own: for each mmap(), and now and
	 * then */
	if (s->mode == RUN_TRACE &&
	    fabs(child.number[VALUE] - s->way->calls) > 1.05 * SANITIZED)
		fail_msg("%s: %g calls", describe(s), child.number[VALUE]);
}

/* All ways, with all peers they have, on one PU and on two. */
static void everywhere(uint64_t size, enum run_mode mode,
		       enum counts_method method)
{
	for (size_t i = 0; i < COUNT(ways); i++) {
		const struct variant *v = find_variant(ways[i].variant);

		for (unsigned peer = 0; peer <= PEER_PROCESS; peer++) {
			size_t pus = peer ? topo_pu_count() : 1;

			if (peer ? !(v->peers & peer) : v->peers)
				continue;
			for (size_t pu = 0; pu < pus && pu < 2; pu++) {
				struct setting s = {
					&ways[i], v,          (enum peer)peer,
					size,     topo_pu(0), topo_pu(pu),
					mode,     method,
				};

				check_way(&s);
			}
		}
	}
}

static void test_timed_small(void **state)
{
	(void)state;
	everywhere(1 << 10, RUN_MEASURE, COUNTS_DENIED);
}

static void test_timed_large(void **state)
{
	(void)state;
	everywhere(1 << 20, RUN_MEASURE, COUNTS_DENIED);
}

/* Each is verified whole meanwhile. */
static void test_copies_small(void **state)
{
	(void)state;
	everywhere(1 << 10, RUN_COUNT, COUNTS_DENIED);
}

static void test_copies_large(void **state)
{
	(void)state;
	everywhere(1 << 20, RUN_COUNT, COUNTS_DENIED);
}

/* One operation fills a batch, and more of them are not needed. */
static void test_very_large(void **state)
{
	static const enum run_mode modes[] = { RUN_MEASURE, RUN_COUNT };
	struct setting s = {
		&ways[4],   find_variant("pipe"), PEER_PROCESS, 16 << 20,
		topo_pu(0), topo_pu(0),           RUN_TRACE,    COUNTS_DENIED,
	};
	struct child child;

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		s.mode = modes[i];
		check_way(&s);
	}
	s.mode = RUN_MEASURE;
	if (sampled(&s, &child))
		assert_int_equal(child.number[BATCH], 1);
	s.way = &ways[0];
	s.variant = find_variant("reference");
	for (size_t i = 0; i < COUNT(modes); i++) {
		s.mode = modes[i];
		check_way(&s);
	}
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
	everywhere(1 << 10, RUN_TRACE, method);
	counts_release(held);
}

/* Few of the large are counted, enough of the small. */
static void expect_count_length(uint64_t size, uint64_t n)
{
	static const struct variant *v;
	char reason[256] = "";
	struct run r = { .bench = &bench_share,
			 .value = size,
			 .pu_a = TOPO_ANY_PU,
			 .reason = reason,
			 .reason_size = sizeof(reason) };

	for (v = bench_share.variants; strcmp(v->name, "pread"); v++)
		;
	r.variant = v;
	if (bench_share.setup(&r))
		fail_msg("%s", reason);
	assert_int_equal(r.count_n, n);
	assert_int_equal(bench_share.teardown(&r), 0);
}

static void test_count_length(void **state)
{
	(void)state;
	expect_count_length(1 << 10, 200);
	expect_count_length(1 << 20, 16);
	expect_count_length(16 << 20, 1);
}

/* ------------------------------------------------------------ in place */

/* Elsewhere each time, within the message, in a word of its own. */
static void test_places(void **state)
{
	static const uint64_t sizes[] = { 1,   3,       8,       487,
					  488, 1 << 10, 1 << 20, 64 << 20 };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint64_t size = sizes[i], before = message_place(size, 0);

		for (uint32_t number = 1; number < 200; number++) {
			uint64_t place = message_place(size, number);

			assert_int_equal(place % 8, 0);
			assert_true(place == 0 || place + 8 <= size);
			assert_true(size < 488 ? place == 0 : place != before);
			before = place;
		}
		/* all of it is used */
		if (size >= 1 << 10)
			assert_true(message_place(size, MESSAGE_PLACES - 1) >
				    size * 9 / 10);
	}
}

/* ------------------------------------------------------- what goes wrong */

enum { TRIPS = 70, FATAL = 50 }; /* more trips than places */

static const struct channel *original;

/* What happens to the driver before a trip. */
static void flip_last_byte(struct end *e)
{
	e->payload[e->size - 1] ^= 1;
}

static void flip_middle_byte(struct end *e)
{
	e->payload[e->size / 2 + 3] ^= 0x80;
}

static void exchange_words(struct end *e)
{
	char word[8];

	memcpy(word, e->payload + 8, 8);
	memcpy(e->payload + 8, e->payload + e->size - 16, 8);
	memcpy(e->payload + e->size - 16, word, 8);
}

/* What was there before once more, under the number before. */
static void repeat(struct end *e)
{
	e->sent--;
}

static void leave_alone(struct end *e)
{
	(void)e;
}

static void (*happens)(struct end *e);

static struct end *watched; /* the driver's */

static struct run make_run(const struct variant *variant, enum peer peer,
			   enum run_mode mode, struct child *child)
{
	return (struct run){
		.variant = variant,
		.value = 64 << 10,
		.peer = peer,
		.pu_a = topo_pu(0),
		.pu_b = topo_pu(0),
		.mode = mode,
		.clock = ticks,
		.counts = COUNTS_DENIED,
		.traced = &child->traced,
		.peer_pu = -1,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};
}

static uint64_t drive_unlucky(struct end *e, uint64_t n, uint64_t *stamps)
{
	original->drive_message(e, FATAL, stamps);
	happens(e);
	return FATAL + original->drive_message(e, n - FATAL, stamps);
}

struct unlucky {
	const struct channel *channel;
	enum peer peer;
	enum run_mode mode;
};

static int unlucky_body(struct child *child, void *arg)
{
	const struct unlucky *u = arg;
	struct channel channel = *u->channel;
	struct variant variant = { .name = channel.name, .arg = &channel };
	struct run r = make_run(&variant, u->peer, u->mode, child);

	original = u->channel;
	channel.drive_message = drive_unlucky;
	if (pair_setup_message(&r)) {
		child->number[DENIED] = r.denied || r.absent;
		return -1;
	}
	pair_arm(&r, TRIPS);
	if (pair_run(&r, TRIPS) != TRIPS || pair_settle(&r, TRIPS))
		return -1;
	return pair_teardown(&r);
}

/* reason: NULL where it must pass. */
static void expect_end(void (*what)(struct end *e), const struct unlucky *u,
		       const char *reason)
{
	const char *peer = u->peer == PEER_THREAD ? "thread" : "process";
	struct child child;
	int status;

	happens = what;
	status = run_child(unlucky_body, (void *)(uintptr_t)u, false, &child);
	if (child.number[DENIED])
		print_message("skipped: %s\n", child.reason);
	else if (!reason && status)
		fail_msg("%s, %s: %s: %s", u->channel->name, peer,
			 child_end(status), child.reason);
	else if (reason && !strstr(child.reason, reason))
		fail_msg("%s, %s: %s: \"%s\", not \"%s\"", u->channel->name,
			 peer, child_end(status), child.reason, reason);
}

static const struct channel *const channels[] = {
	&via_reference,        &via_memfd, &via_eventfd,
	&via_process_vm_readv, &via_pipe,  &via_socketpair,
};

/* All channels with all peers. */
static void expect_all(void (*what)(struct end *e), enum run_mode mode,
		       const char *reason)
{
	for (size_t i = 0; i < COUNT(channels); i++)
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1) {
			struct unlucky u = { channels[i], (enum peer)peer,
					     mode };

			expect_end(what, &u, reason);
		}
}

/* A test that fails all proves nothing. */
static void test_sound(void **state)
{
	(void)state;
	expect_all(leave_alone, RUN_COUNT, NULL);
	expect_all(leave_alone, RUN_MEASURE, NULL);
}

static void test_damaged(void **state)
{
	static const char reason[] = "message 51 of 65536 bytes arrived "
				     "damaged";

	(void)state;
	expect_all(flip_last_byte, RUN_COUNT, reason);
	expect_all(exchange_words, RUN_COUNT, reason);
}

static void test_damaged_while_timing(void **state)
{
	(void)state;
	expect_all(flip_middle_byte, RUN_MEASURE,
		   "a message's checksum differs");
}

/* What the receiver finds is not what it waits for. */
static void test_unchanged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(channels); i++)
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1) {
			struct unlucky u = { channels[i], (enum peer)peer,
					     RUN_MEASURE };

			expect_end(repeat, &u,
				   channels[i]->in_place ?
					   "message 51 was not changed" :
					   "message 51 lost, doubled or torn");
		}
}

/* The receiver looks at the whole of it when the driver is out of the batch
 * and not before, as it would take the PU from under the last operation: so
 * what is damaged in between is found out. */
static uint64_t drive_watched(struct end *e, uint64_t n, uint64_t *stamps)
{
	watched = e;
	return via_reference.drive_message(e, n, stamps);
}

static int late_body(struct child *child, void *arg)
{
	struct channel channel = via_reference;
	struct variant variant = { .name = channel.name, .arg = &channel };
	struct run r = make_run(&variant, PEER_THREAD, RUN_MEASURE, child);

	channel.drive_message = drive_watched;
	if (pair_setup_message(&r))
		return child_fail(child, "setup");
	for (int i = 0; i < 2; i++) {
		pair_arm(&r, 1);
		if (pair_run(&r, 1) != 1)
			return child_fail(child, "did not run");
		usleep(20000);
		if (i)
			watched->payload[0] ^= 1;
		if (pair_settle(&r, 1))
			return i ? 0 : -1;
	}
	(void)arg;
	return child_fail(child, "it was looked at too early");
}

static void test_looks_late(void **state)
{
	(void)state;
	expect_child("late", late_body, NULL, false, NULL);
}

static void damage_copies(void)
{
	setenv("HANDOFF_BREAK", "share", 1);
}

static void test_damaged_copy(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct setting s = {
			&ways[i],    find_variant(ways[i].variant),
			PEER_NONE,   64 << 10,
			topo_pu(0),  topo_pu(0),
			RUN_MEASURE, COUNTS_DENIED,
		};
		struct child child;

		if (s.variant->peers)
			continue;
		s.suffer = damage_copies;
		run_child(sample_body, &s, false, &child);
		assert_string_equal(child.reason,
				    "the copy is not like its source");
	}
}

/* ------------------------------------------------------ what is not there */

/* The kernel answers process_vm_readv() with an error. */
static void refuse_readv(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		die_errno("seccomp");
}

static void deny_readv(void)
{
	refuse_readv(EPERM);
}

static void lack_readv(void)
{
	refuse_readv(ENOSYS);
}

static void test_readv_refused(void **state)
{
	struct setting s = {
		&ways[3],     find_variant("process_vm_readv"),
		PEER_PROCESS, 1 << 10,
		topo_pu(0),   topo_pu(0),
		RUN_MEASURE,  COUNTS_DENIED,
		deny_readv,
	};
	struct child child;

	(void)state;
	skip_if_emulated("has no seccomp filters");
	expect_child("denied", sample_body, &s, false, &child);
	assert_true(child.number[DENIED]);
	assert_non_null(strstr(child.reason, "not permitted"));
	assert_non_null(strstr(child.reason, "ptrace_scope"));
	s.suffer = lack_readv;
	expect_child("absent", sample_body, &s, false, &child);
	assert_true(child.number[ABSENT]);
	assert_non_null(strstr(child.reason, "not implemented"));
}

static void limit_memory(void)
{
	const struct rlimit limit = { 256 << 20, 256 << 20 };

	if (setrlimit(RLIMIT_AS, &limit))
		die_errno("setrlimit");
}

static void test_too_large(void **state)
{
	struct setting s = {
		&ways[0],     find_variant("reference"),
		PEER_THREAD,  256 << 20,
		topo_pu(0),   topo_pu(0),
		RUN_MEASURE,  COUNTS_DENIED,
		limit_memory,
	};
	struct child child;

	(void)state;
	if (SANITIZED)
		skip_because("a sanitizer needs more memory than the limit");
	skip_if_emulated("sets no limits of memory");
	expect_child("absent", sample_body, &s, false, &child);
	assert_true(child.number[ABSENT]);
	assert_non_null(strstr(child.reason, "needs 768MiB of memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timed_small),
		cmocka_unit_test(test_timed_large),
		cmocka_unit_test(test_copies_small),
		cmocka_unit_test(test_copies_large),
		cmocka_unit_test(test_very_large),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_count_length),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_damaged_while_timing),
		cmocka_unit_test(test_unchanged),
		cmocka_unit_test(test_looks_late),
		cmocka_unit_test(test_damaged_copy),
		cmocka_unit_test(test_readv_refused),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, machine_open, machine_close);
}
