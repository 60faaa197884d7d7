/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do two parties hand work to and fro by every channel, wherever they are,
 * and is a channel that loses, doubles or damages something found out? */
#include "pair.h"

#include <math.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/sem.h>

#include "eventfds.h"
#include "machine.h"
#include "sample.h"
#include "stream.h"
#include "topo.h"

/* One way to run a pair. */
struct setting {
	const struct channel *channel;
	enum peer peer;
	int pu_a, pu_b;
	uint64_t size; /* of messages; 0: signals */
	enum run_mode mode;
};

static const char *describe(const struct setting *s)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s, %s, PUs %d and %d, %d bytes",
		 s->channel->name,
		 s->peer == PEER_THREAD ? "thread" : "process", s->pu_a,
		 s->pu_b, (int)s->size);
	return text;
}

/* As invocation.c and sample_run() fill it. */
static struct run make_run(const struct setting *s, struct variant *variant,
			   struct child *child)
{
	*variant =
		(struct variant){ .name = s->channel->name, .arg = s->channel };
	return (struct run){
		.variant = variant,
		.value = s->size ? s->size : PARAM_NONE,
		.peer = s->peer,
		.pu_a = s->pu_a,
		.pu_b = s->pu_b,
		.mode = s->mode,
		.clock = ticks,
		.counts = COUNTS_DENIED,
		.traced = &child->traced,
		.peer_pu = -1,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};
}

/* ------------------------------------------- all channels, everywhere */

enum { MOST = 100 };
static const uint64_t untouched = 0xdeadbeefdeadbeef;

/* A time after each of n + 1 round trips, in order, and not one more. */
static int check_stamps(struct child *child, const uint64_t *stamps, uint64_t n,
			uint64_t from, uint64_t to)
{
	for (uint64_t i = 0; i <= n; i++) {
		if (stamps[i] < from || stamps[i] > to)
			return child_fail(child,
					  "stamp %d of %d is not within its "
					  "batch",
					  (int)i, (int)n);
		from = stamps[i];
	}
	return stamps[n + 1] == untouched ?
		       0 :
		       child_fail(child, "a stamp too many");
}

static int batch(struct run *r, struct child *child, uint64_t n, bool stamped)
{
	static uint64_t stamps[MOST + 2];
	uint64_t from, to, done;

	for (size_t i = 0; i < COUNT(stamps); i++)
		stamps[i] = untouched;
	r->stamps = stamped ? stamps : NULL;
	r->peer_tally = NULL;
	pair_arm(r, n);
	from = clock_now();
	done = pair_run(r, n);
	to = clock_now();
	if (done != n)
		return child_fail(child, "drove %d of %d", (int)done, (int)n);
	if (pair_settle(r, n))
		return child_fail(child, "a batch of %d did not settle",
				  (int)n);
	if (!r->peer_tally)
		return child_fail(child, "nothing is known of the other party");
	if (r->peer_pu < 0 || (r->pu_b >= 0 && r->peer_pu != r->pu_b) ||
	    (r->pu_a >= 0 && sched_getcpu() != r->pu_a))
		return child_fail(child, "on PUs %d and %d", sched_getcpu(),
				  r->peer_pu);
	if (stamped)
		return check_stamps(child, stamps, n, from, to);
	for (size_t i = 0; i < COUNT(stamps); i++)
		if (stamps[i] != untouched)
			return child_fail(child, "stamped unasked");
	return 0;
}

enum { LACKING = 7 }; /* of child.number: the case is absent or denied */

/* The channel under test, with its ends looked at when they leave. */
static struct channel watched;
static const struct channel *original;
static struct child *watcher;

static void watched_leave(struct end *e)
{
	double *number = &watcher->number[e->is_driver ? 0 : 2];

	number[0] = e->sent;
	number[1] = e->received;
	if (original->leave)
		original->leave(e);
}

/* eventfds and uv_async check their signals in another way. */
static bool numbers_signals(const struct channel *channel)
{
	return channel != &via_eventfd && channel != &via_epoll_eventfd &&
	       channel != &via_uv_async;
}

static int check_numbers(struct child *child, const struct setting *s,
			 double total)
{
	const double *n = child->number;
	bool there = numbers_signals(s->channel) || s->size;
	bool back = numbers_signals(s->channel);

	if (there && (n[0] != total || n[3] != total))
		return child_fail(child, "%g sent and %g received of %g", n[0],
				  n[3], total);
	if (back && (n[2] != total || n[1] != total))
		return child_fail(child, "%g answered and %g seen of %g", n[2],
				  n[1], total);
	return 0;
}

static int all_batches(struct child *child, void *arg)
{
	const struct setting *s = arg;
	struct setting watched_setting = *s;
	struct variant variant;
	struct run r;
	uint64_t n[] = { 1, 2, s->size > 4096 ? 4 : MOST };
	double total = 0;

	original = s->channel;
	watched = *original;
	watched.leave = watched_leave;
	watcher = child;
	watched_setting.channel = &watched;
	r = make_run(&watched_setting, &variant, child);
	if (s->size ? pair_setup_message(&r) : pair_setup(&r)) {
		child->number[LACKING] = r.absent || r.denied;
		return r.absent || r.denied ? 0 : -1;
	}
	for (size_t i = 0; i < 2 * COUNT(n); i++) {
		bool stamped = i % 2;

		if (batch(&r, child, n[i / 2], stamped))
			return -1;
		total += (double)n[i / 2] + stamped;
	}
	if (pair_teardown(&r))
		return -1;
	return check_numbers(child, s, total);
}

/* One PU, two, and wherever the scheduler likes. */
static size_t placements(const struct channel *channel, int (*pu)[2])
{
	size_t n = 0;

	if (channel != &via_spin) {
		pu[n][0] = pu[n][1] = topo_pu(0);
		n++;
		pu[n][0] = pu[n][1] = TOPO_ANY_PU;
		n++;
	}
	if (topo_pu_count() > 1) {
		pu[n][0] = topo_pu(0);
		pu[n][1] = topo_pu(1);
		n++;
	}
	return n;
}

static void everywhere(const struct channel *channel, uint64_t size,
		       enum run_mode mode)
{
	int pu[3][2];
	size_t places = placements(channel, pu);

	for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS; peer <<= 1) {
		/* a libuv loop belongs to one process */
		if ((channel == &via_uv_async || channel == &via_port) &&
		    peer == PEER_PROCESS)
			continue;
		if (channel == &via_port_pipe && peer == PEER_THREAD)
			continue;
		for (size_t i = 0; i < places; i++) {
			struct setting s = { channel,  (enum peer)peer,
					     pu[i][0], pu[i][1],
					     size,     mode };
			struct child child;

			expect_child(describe(&s), all_batches, &s, false,
				     &child);
			if (child.number[LACKING])
				print_message("skipped: %s: %s\n", describe(&s),
					      child.reason);
		}
	}
}

static void test_signals(void **state)
{
	const struct channel *channel = *state;

	if (channel == &via_spin && topo_pu_count() < 2)
		skip_because("spin needs two PUs");
	everywhere(channel, 0, RUN_MEASURE);
}

/* Every message is verified whole; sizes below and above the number that
 * stands in a message, a word, a page and the kernel's buffers. */
static void test_messages(void **state)
{
	static const uint64_t sizes[] = {
		1, 3, 4, 5, 63, 4096, 65537, 1 << 20
	};

	for (size_t i = 0; i < COUNT(sizes); i++)
		everywhere(*state, sizes[i], RUN_COUNT);
}

/* While timing only the last message of a batch is verified whole. */
static void test_messages_timed(void **state)
{
	everywhere(*state, 65537, RUN_MEASURE);
}

/* --------------------------------------------------------- exact counts */

#define BOTH (PEER_THREAD | PEER_PROCESS)

struct counting {
	const char *bench, *variant;
	unsigned peers;
	uint64_t value;
	bool two_pus;
	double least, most; /* calls a round trip */
	double copies;      /* of a payload; 0: it has none */
	/* the rest is of one run */
	enum run_mode mode;
	enum counts_method method;
	enum peer peer;
};

static const struct counting exact[] = {
	{ "roundtrip", "eventfd", BOTH, PARAM_NONE, false, 4, 4, 0 },
	{ "roundtrip", "eventfd", BOTH, PARAM_NONE, true, 4, 4, 0 },
	{ "roundtrip", "pipe", BOTH, PARAM_NONE, false, 4, 4, 0 },
	{ "roundtrip", "pipe", BOTH, PARAM_NONE, true, 4, 4, 0 },
	{ "roundtrip", "socketpair", BOTH, PARAM_NONE, false, 4, 4, 0 },
	{ "roundtrip", "socketpair", BOTH, PARAM_NONE, true, 4, 4, 0 },
	{ "roundtrip", "spin", BOTH, PARAM_NONE, true, 0, 0, 0 },
	{ "roundtrip", "seqpacket", BOTH, PARAM_NONE, false, 4, 4, 0 },
	{ "roundtrip", "seqpacket", BOTH, PARAM_NONE, true, 4, 4, 0 },
	/* write, epoll_wait and read each way */
	{ "roundtrip", "epoll_eventfd", BOTH, PARAM_NONE, false, 6, 6, 0 },
	{ "roundtrip", "epoll_eventfd", BOTH, PARAM_NONE, true, 6, 6, 0 },
	{ "roundtrip", "epoll_pipe", BOTH, PARAM_NONE, false, 6, 6, 0 },
	{ "roundtrip", "epoll_pipe", BOTH, PARAM_NONE, true, 6, 6, 0 },
	{ "roundtrip", "mqueue", BOTH, PARAM_NONE, false, 4, 4, 0 },
	{ "roundtrip", "mqueue", BOTH, PARAM_NONE, true, 4, 4, 0 },
	{ "roundtrip", "sysv_semaphore", BOTH, PARAM_NONE, false, 4, 4, 0 },
	{ "roundtrip", "sysv_semaphore", BOTH, PARAM_NONE, true, 4, 4, 0 },
	/* a wait that finds its signal makes no call, a wake always does: how
	 * often changes from batch to batch, and a slope takes that for calls
	 */
	{ "roundtrip", "futex", BOTH, PARAM_NONE, false, 1, 6, 0 },
	{ "roundtrip", "futex", BOTH, PARAM_NONE, true, 1, 6, 0 },
	/* 2 … 4: a post that meets no sleeper makes no call either */
	{ "roundtrip", "semaphore", BOTH, PARAM_NONE, false, 1, 5, 0 },
	{ "roundtrip", "semaphore", BOTH, PARAM_NONE, true, 1, 6, 0 },
	/* 3 … 6: as a semaphore, and glibc locks the mutex of the woken as if
	 * others waited for it too, so that the unlock makes a call for nobody
	 */
	{ "roundtrip", "condvar", BOTH, PARAM_NONE, false, 2, 8, 0 },
	{ "roundtrip", "condvar", BOTH, PARAM_NONE, true, 2, 8, 0 },
	/* 2 … 4 where spinning is in vain; none where it is not */
	{ "roundtrip", "spin_futex", BOTH, PARAM_NONE, false, 1, 6, 0 },
	{ "roundtrip", "spin_futex", BOTH, PARAM_NONE, true, -1, 6, 0 },
	/* on one PU one yield each way, if it is to the other party; on two as
	 * many as there is time for */
	{ "roundtrip", "sched_yield", BOTH, PARAM_NONE, false, 1, INFINITY, 0 },
	{ "roundtrip", "sched_yield", BOTH, PARAM_NONE, true, -1, INFINITY, 0 },
	/* write, epoll_wait and read each way, and now and then one more: in
	 * the shorter batch it makes the slope less */
	{ "roundtrip", "uv_async", PEER_THREAD, PARAM_NONE, false, 5.8, 9, 0 },
	/* a large one takes as many calls as the buffer makes of it */
	{ "message", "pipe", BOTH, 65536, false, 4, INFINITY, 2 },
	{ "message", "pipe", BOTH, 64, false, 4, 4, 2 },
	{ "message", "socketpair", BOTH, 65536, false, 4, INFINITY, 2 },
	{ "message", "socketpair", BOTH, 64, false, 4, 4, 2 },
	/* however large: one packet */
	{ "message", "seqpacket", BOTH, 65536, false, 4, 4, 2 },
	{ "message", "seqpacket", BOTH, 64, false, 4, 4, 2 },
	{ "message", "queue_eventfd", BOTH, 65536, false, 4, 4, 1 },
	{ "message", "queue_eventfd", BOTH, 64, false, 4, 4, 1 },
	{ "message", "queue_uv_async", PEER_THREAD, 65536, false, 5.8, 9, 1 },
	{ "message", "queue_uv_async", PEER_THREAD, 64, false, 5.8, 9, 1 },
	/* as uv_async; and two for a mutex that the woken one finds locked */
	{ "message", "port", PEER_THREAD, 65536, false, 5.8, 12, 1 },
	{ "message", "port", PEER_THREAD, 64, false, 5.8, 12, 1 },
	/* by the sender, by write() and recvmsg(), and by the receiver */
	{ "message", "port_pipe", PEER_PROCESS, 65536, false, 6, INFINITY, 4 },
	{ "message", "port_pipe", PEER_PROCESS, 64, false, 6, 10, 4 },
};

static const struct bench *find_bench(const char *name)
{
	size_t count;
	const struct bench *const *all = bench_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}

static int count_body(struct child *child, void *arg)
{
	const struct counting *c = arg;
	const struct bench *bench = find_bench(c->bench);
	const struct variant *v = bench ? bench->variants : NULL;
	const struct sample_plan plan = { .method = -1 };
	const char *wanted = c->mode == RUN_TRACE ? "syscalls" : "copies";
	static struct sample sample;

	while (v && v->name && strcmp(v->name, c->variant))
		v++;
	if (!v || !v->name)
		return child_fail(child, "there is no such case");
	struct run r = {
		.bench = bench,
		.variant = v,
		.value = c->value,
		.peer = c->peer,
		.pu_a = topo_pu(0),
		.pu_b = topo_pu(c->two_pus),
		.mode = c->mode,
		.clock = ticks,
		.counts = c->method,
		.traced = &child->traced,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};
	if (sample_run(&r, &plan, &sample))
		return child_fail(child, "sample_run failed");
	for (unsigned i = 0; i < sample.metrics; i++)
		if (!strcmp(sample.metric[i].name, wanted)) {
			child->number[0] = sample.metric[i].value;
			return sample.metric[i].is_count ?
				       0 :
				       child_fail(child, "not a count");
		}
	return child_fail(child, "no metric %s", wanted);
}

static void check_count(const struct counting *c, double least, double most)
{
	char what[128];

	snprintf(what, sizeof(what), "%s/%s, %s, %s PU, %s", c->bench,
		 c->variant, c->peer == PEER_THREAD ? "thread" : "process",
		 c->two_pus ? "two" : "one",
		 c->mode != RUN_TRACE       ? "copies" :
		 c->method == COUNTS_PTRACE ? "calls by ptrace" :
					      "calls by perf");
	expect_count(what, count_body, (void *)(uintptr_t)c,
		     c->method == COUNTS_PTRACE,
		     (struct within){ 0, least, most });
}

static void check_counts(enum run_mode mode, enum counts_method method)
{
	for (size_t i = 0; i < COUNT(exact); i++) {
		struct counting c = exact[i];

		if ((c.two_pus && topo_pu_count() < 2) ||
		    (mode == RUN_COUNT && c.copies == 0))
			continue;
		c.mode = mode;
		c.method = method;
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1) {
			if (!(c.peers & peer))
				continue;
			c.peer = (enum peer)peer;
			/* a sanitizer makes calls of its own, now and then */
			if (mode == RUN_TRACE)
				check_count(&c, c.least - 0.05 * SANITIZED,
					    c.most + 0.05 * SANITIZED);
			else
				check_count(&c, c.copies - 1e-6,
					    c.copies + 1e-6);
		}
	}
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
	/* turning the tracepoint on and off takes longer than the counting */
	int held = counts_hold(method);
	check_counts(RUN_TRACE, method);
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

static void test_copies(void **state)
{
	(void)state;
	if (!counts_have_io())
		skip_because("the kernel does not account I/O of a task");
	check_counts(RUN_COUNT, COUNTS_DENIED);
}

/* ----------------------------------------------------- broken channels */

enum { TRIPS = 100, FATAL = 50 }; /* the trip that goes wrong */

/* Answers all, and says one less. */
static uint64_t serve_one_less(struct end *e, uint64_t n)
{
	return pair_serve(e, n, stream_await, stream_signal) - 1;
}

static void skip_a_number(struct end *e)
{
	e->sent += e->sent + 1 == FATAL;
	stream_signal(e);
}

static uint64_t serve_skipping(struct end *e, uint64_t n)
{
	return pair_serve(e, n, stream_await, skip_a_number);
}

static uint64_t drive_skipping(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, skip_a_number, stream_await);
}

static void repeat_a_number(struct end *e)
{
	e->sent -= e->sent + 1 == FATAL;
	stream_signal(e);
}

static uint64_t serve_repeating(struct end *e, uint64_t n)
{
	return pair_serve(e, n, stream_await, repeat_a_number);
}

/* Leaves for another PU in the middle of a batch. */
static uint64_t serve_elsewhere(struct end *e, uint64_t n)
{
	if (topo_bind(topo_pu(1)))
		die_errno("bind");
	return pair_serve(e, n, stream_await, stream_signal);
}

/* Writes a byte that was never sent, then all as it should be. */
static void damage(struct end *e, uint64_t at, bool now)
{
	if (now)
		e->payload[at] ^= 1;
	stream_send(e);
	if (now)
		e->payload[at] ^= 1;
}

static void damage_last_byte(struct end *e)
{
	damage(e, e->size - 1, e->sent + 1 == FATAL);
}

static void damage_middle_byte(struct end *e)
{
	damage(e, e->size / 2, e->sent + 1 == FATAL);
}

static void damage_last_message(struct end *e)
{
	damage(e, e->size - 1, e->sent + 1 == TRIPS);
}

#define DRIVE(name)                                                           \
	static uint64_t drive_##name(struct end *e, uint64_t n,               \
				     uint64_t *stamps)                        \
	{                                                                     \
		return pair_drive(e, n, stamps, damage_##name, stream_await); \
	}
DRIVE(last_byte)
DRIVE(middle_byte)
DRIVE(last_message)

/* The right bytes under the number of the message before. */
static void send_stale(struct end *e)
{
	e->sent -= e->sent + 1 == FATAL;
	stream_send(e);
}

static uint64_t drive_stale(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, send_stale, stream_await);
}

/* Two words of a message change places: a sum of bytes would not notice. */
static void send_swapped(struct end *e)
{
	bool now = e->sent + 1 == FATAL;
	char a[8], b[8];

	memcpy(a, e->payload + 8, 8);
	memcpy(b, e->payload + 16, 8);
	if (now) {
		memcpy(e->payload + 8, b, 8);
		memcpy(e->payload + 16, a, 8);
	}
	stream_send(e);
	memcpy(e->payload + 8, a, 8);
	memcpy(e->payload + 16, b, 8);
}

static uint64_t drive_swapped(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, send_swapped, stream_await);
}

/* ---- eventfds and the queue */

static void await_any(struct end *e)
{
	eventfds_take(e);
	e->received++;
}

static void wake_twice(struct end *e)
{
	eventfds_put(e, 1 + (++e->sent == FATAL));
}

static uint64_t drive_twice(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, wake_twice, await_any);
}

static void wake_without(struct end *e)
{
	if (e->sent + 1 != FATAL)
		queue_put(e);
	eventfds_put(e, 1);
}

static uint64_t drive_without(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, wake_without, await_any);
}

static void put_twice(struct end *e)
{
	queue_put(e);
	if (e->sent == FATAL)
		queue_put(e);
	eventfds_put(e, 1);
}

static uint64_t drive_doubled(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, put_twice, await_any);
}

static void put_damaged(struct end *e)
{
	struct queue *q = e->queue;

	queue_put(e);
	if (e->sent == FATAL)
		q->slot[(atomic_load(&q->tail.value) - 1) % QUEUE_SLOTS]
		       [e->size - 1] ^= 0x40;
	eventfds_put(e, 1);
}

static uint64_t drive_damaged(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, put_damaged, await_any);
}

/* Never lets the server take anything out. */
static uint64_t drive_overfull(struct end *e, uint64_t n, uint64_t *stamps)
{
	(void)stamps;
	for (uint64_t i = 0; i < n; i++)
		queue_put(e);
	return n;
}

/* ---- parties that end, or never begin */

static int open_nothing(struct run *r, struct end *driver, struct end *server)
{
	(void)r;
	(void)driver;
	(void)server;
	errno = EMFILE;
	return -1;
}

static int server_stays_out(struct end *e)
{
	return e->is_driver ? 0 : -1;
}

static void server_is_killed(struct end *e)
{
	if (!e->is_driver)
		raise(SIGKILL);
}

static void server_dies(struct end *e)
{
	if (!e->is_driver)
		die("the server left in anger");
}

struct broken {
	const char *what;
	const struct channel *base; /* whose functions are replaced */
	struct channel by;          /* those that are not NULL */
	uint64_t size;
	enum run_mode mode;
	unsigned peers;
	const char *reason; /* must be found in what is said */
};

static const struct broken broken[] = {
	{ "a server that says one less",
	  &via_pipe,
	  { .serve = serve_one_less },
	  0,
	  RUN_MEASURE,
	  BOTH,
	  "the other party served 99 of 100" },
	{ "a server that skips a number",
	  &via_pipe,
	  { .serve = serve_skipping },
	  0,
	  RUN_MEASURE,
	  BOTH,
	  "signal 50 lost or doubled" },
	{ "a driver that skips a number",
	  &via_socketpair,
	  { .drive = drive_skipping },
	  0,
	  RUN_MEASURE,
	  BOTH,
	  "signal 50 lost or doubled" },
	{ "a server that repeats a number",
	  &via_socketpair,
	  { .serve = serve_repeating },
	  0,
	  RUN_MEASURE,
	  BOTH,
	  "signal 50 lost or doubled" },
	{ "an eventfd that is signalled twice",
	  &via_eventfd,
	  { .drive = drive_twice },
	  0,
	  RUN_MEASURE,
	  BOTH,
	  "an eventfd holds 2 signals" },
	{ "a message's last byte damaged",
	  &via_pipe,
	  { .drive_message = drive_last_byte },
	  63,
	  RUN_COUNT,
	  BOTH,
	  "message 50 of 63 bytes arrived damaged" },
	{ "a large message's middle byte damaged",
	  &via_socketpair,
	  { .drive_message = drive_middle_byte },
	  65537,
	  RUN_COUNT,
	  BOTH,
	  "message 50 of 65537 bytes arrived damaged" },
	{ "two words of a message exchanged",
	  &via_pipe,
	  { .drive_message = drive_swapped },
	  64,
	  RUN_COUNT,
	  BOTH,
	  "message 50 of 64 bytes arrived damaged" },
	{ "the last message damaged while timing",
	  &via_pipe,
	  { .drive_message = drive_last_message },
	  4096,
	  RUN_MEASURE,
	  BOTH,
	  "a message's checksum differs" },
	{ "a message under the number before, while timing",
	  &via_pipe,
	  { .drive_message = drive_stale },
	  4096,
	  RUN_MEASURE,
	  BOTH,
	  "message 50 lost, doubled or torn" },
	{ "the same of one byte",
	  &via_pipe,
	  { .drive_message = drive_stale },
	  1,
	  RUN_MEASURE,
	  BOTH,
	  "message 50 lost, doubled or torn" },
	{ "a queued message damaged",
	  &via_eventfd,
	  { .drive_message = drive_damaged },
	  4096,
	  RUN_COUNT,
	  BOTH,
	  "message 50 of 4096 bytes arrived damaged" },
	{ "a signal without its message",
	  &via_eventfd,
	  { .drive_message = drive_without },
	  64,
	  RUN_MEASURE,
	  BOTH,
	  "a signal came without its message" },
	{ "two messages for one signal",
	  &via_eventfd,
	  { .drive_message = drive_doubled },
	  64,
	  RUN_MEASURE,
	  BOTH,
	  "a signal came without its message" },
	{ "a queue that overflows",
	  &via_eventfd,
	  { .drive_message = drive_overfull },
	  64,
	  RUN_MEASURE,
	  BOTH,
	  "the queue is full" },
	{ "a channel that cannot be opened",
	  &via_pipe,
	  { .open = open_nothing },
	  0,
	  RUN_MEASURE,
	  BOTH,
	  "pipe: Too many open files" },
	{ "a server that cannot enter",
	  &via_pipe,
	  { .enter = server_stays_out },
	  0,
	  RUN_MEASURE,
	  BOTH,
	  "pipe: a party cannot enter the channel" },
	{ "a server that dies at the end",
	  &via_pipe,
	  { .leave = server_dies },
	  0,
	  RUN_MEASURE,
	  BOTH,
	  "the server left in anger" },
	{ "a server that is killed at the end",
	  &via_pipe,
	  { .leave = server_is_killed },
	  0,
	  RUN_MEASURE,
	  PEER_PROCESS,
	  "the other party ended with -1" },
};

static int broken_body(struct child *child, void *arg)
{
	const struct setting *s = arg;
	struct variant variant;
	struct run r = make_run(s, &variant, child);

	if (s->size ? pair_setup_message(&r) : pair_setup(&r))
		return -1;
	pair_arm(&r, TRIPS);
	if (pair_run(&r, TRIPS) != TRIPS)
		return child_fail(child, "the driver itself has noticed");
	if (pair_settle(&r, TRIPS))
		return -1;
	return pair_teardown(&r);
}

static void expect_found_out(const struct broken *b, enum peer peer, int pu)
{
	struct channel channel = *b->base;
	struct setting s = { &channel, peer, pu, pu, b->size, b->mode };
	struct child child;
	int status;

#define REPLACE(hook)   \
	if (b->by.hook) \
	channel.hook = b->by.hook
	REPLACE(open);
	REPLACE(enter);
	REPLACE(drive);
	REPLACE(serve);
	REPLACE(drive_message);
	REPLACE(serve_message);
	REPLACE(leave);
#undef REPLACE
	status = run_child(broken_body, &s, false, &child);
	if (!status)
		fail_msg("%s passes (%s)", b->what,
			 peer == PEER_THREAD ? "thread" : "process");
	if (!strstr(child.reason, b->reason))
		fail_msg("%s (%s): %s: \"%s\", not \"%s\"", b->what,
			 peer == PEER_THREAD ? "thread" : "process",
			 child_end(status), child.reason, b->reason);
}

static void test_broken_channels(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++)
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1)
			if (broken[i].peers & peer)
				expect_found_out(&broken[i], (enum peer)peer,
						 topo_pu(0));
}

/* ---- channels that number their signals, each in its own way */

/* A signal less than the numbers say. */
static uint64_t drive_ahead(struct end *e, uint64_t n, uint64_t *stamps)
{
	e->sent++;
	return original->drive(e, n, stamps);
}

static void test_lost_signals(void **state)
{
	static const struct channel *const numbering[] = {
		&via_pipe,       &via_socketpair,  &via_futex,
		&via_seqpacket,  &via_epoll_pipe,  &via_condvar,
		&via_semaphore,  &via_mqueue,      &via_sysv_semaphore,
		&via_spin_futex, &via_sched_yield,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(numbering); i++) {
		const struct broken b = { numbering[i]->name,
					  numbering[i],
					  { .drive = drive_ahead },
					  0,
					  RUN_MEASURE,
					  BOTH,
					  " lost" };

		original = numbering[i];
		expect_found_out(&b, PEER_THREAD, topo_pu(0));
		expect_found_out(&b, PEER_PROCESS, topo_pu(0));
	}
}

/* One that nobody has numbered comes first. */
static uint64_t drive_doubled_eventfd(struct end *e, uint64_t n,
				      uint64_t *stamps)
{
	eventfds_put(e, 1);
	return original->drive(e, n, stamps);
}

/* The server's semaphore lies at the start of the second gate. */
static uint64_t drive_doubled_semaphore(struct end *e, uint64_t n,
					uint64_t *stamps)
{
	sem_post((sem_t *)(void *)((char *)e->shared + CACHE_LINES));
	return original->drive(e, n, stamps);
}

static uint64_t drive_doubled_sysv(struct end *e, uint64_t n, uint64_t *stamps)
{
	struct sembuf post = { .sem_num = 1, .sem_op = 1 };

	if (semop(e->in, &post, 1))
		die_errno("semop");
	return original->drive(e, n, stamps);
}

static void test_doubled_signals(void **state)
{
	static const struct broken doubled[] = {
		{ "an eventfd signalled twice, under epoll",
		  &via_epoll_eventfd,
		  { .drive = drive_doubled_eventfd },
		  0,
		  RUN_MEASURE,
		  BOTH,
		  "an eventfd holds 2 signals" },
		{ "a semaphore posted twice",
		  &via_semaphore,
		  { .drive = drive_doubled_semaphore },
		  0,
		  RUN_MEASURE,
		  BOTH,
		  "doubled" },
		{ "a System V semaphore posted twice",
		  &via_sysv_semaphore,
		  { .drive = drive_doubled_sysv },
		  0,
		  RUN_MEASURE,
		  BOTH,
		  "doubled" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(doubled); i++) {
		original = doubled[i].base;
		expect_found_out(&doubled[i], PEER_THREAD, topo_pu(0));
		expect_found_out(&doubled[i], PEER_PROCESS, topo_pu(0));
	}
	/* what those that died have left behind goes with the next */
	struct setting sound = {
		&via_sysv_semaphore, PEER_THREAD, topo_pu(0),
		topo_pu(0),          0,           RUN_MEASURE
	};
	expect_child(describe(&sound), broken_body, &sound, false, NULL);
}

static void test_server_on_another_pu(void **state)
{
	const struct broken wanderer = {
		"a server that leaves its PU",
		&via_pipe,
		{ .serve = serve_elsewhere },
		0,
		RUN_MEASURE,
		BOTH,
		"the other party ran on PU",
	};

	(void)state;
	if (topo_pu_count() < 2)
		skip_because("one PU");
	expect_found_out(&wanderer, PEER_THREAD, topo_pu(0));
	expect_found_out(&wanderer, PEER_PROCESS, topo_pu(0));
}

/* The same tests, of channels that are not broken, or they prove nothing. */
static void test_sound_channels(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct setting s = {
			broken[i].base, PEER_PROCESS,   topo_pu(0),
			topo_pu(0),     broken[i].size, broken[i].mode,
		};

		expect_child(describe(&s), broken_body, &s, false, NULL);
	}
}

int main(void)
{
#define SIGNALS(name)                                            \
	{                                                        \
		"test_signals_" #name, test_signals, NULL, NULL, \
			(void *)(uintptr_t)&via_##name           \
	}
#define MESSAGES(name)                                                         \
	{ "test_messages_" #name, test_messages, NULL, NULL,                   \
	  (void *)(uintptr_t)&via_##name },                                    \
	{                                                                      \
		"test_messages_timed_" #name, test_messages_timed, NULL, NULL, \
			(void *)(uintptr_t)&via_##name                         \
	}
	const struct CMUnitTest tests[] = {
		SIGNALS(pipe),
		SIGNALS(socketpair),
		SIGNALS(eventfd),
		SIGNALS(futex),
		SIGNALS(uv_async),
		SIGNALS(spin),
		SIGNALS(seqpacket),
		SIGNALS(epoll_eventfd),
		SIGNALS(epoll_pipe),
		SIGNALS(condvar),
		SIGNALS(semaphore),
		SIGNALS(mqueue),
		SIGNALS(sysv_semaphore),
		SIGNALS(sched_yield),
		SIGNALS(spin_futex),
		MESSAGES(pipe),
		MESSAGES(socketpair),
		MESSAGES(seqpacket),
		MESSAGES(eventfd),
		MESSAGES(uv_async),
		MESSAGES(port),
		MESSAGES(port_pipe),
		cmocka_unit_test(test_calls_by_perf),
		cmocka_unit_test(test_calls_by_ptrace),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_broken_channels),
		cmocka_unit_test(test_lost_signals),
		cmocka_unit_test(test_doubled_signals),
		cmocka_unit_test(test_server_on_another_pu),
		cmocka_unit_test(test_sound_channels),
	};

	return cmocka_run_group_tests(tests, machine_open, machine_close);
}
