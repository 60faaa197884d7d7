/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do a million messages pass through a port, to a thread and to a process,
 * whole, in order and once each; and does a flow keep its window? */
#include "port.h"

#include <math.h>
#include <sched.h>
#include <sys/socket.h>

#include "machine.h"
#include "pair.h"
#include "sample.h"
#include "stream.h"
#include "topo.h"

/* A tenth is enough for a sanitizer, and slow enough. */
enum { MESSAGES = SANITIZED ? 100000 : 1000000 };

/* ------------------------------------------------ what a message holds */

enum { MOST_BYTES = 1 << 20, OFFSETS = 1 << 16, USUAL_BYTES = 4096 };
static char text[MOST_BYTES + OFFSETS];

/* splitmix64; Steele, Lea and Flood 2014. */
static uint64_t mixed(uint64_t i)
{
	uint64_t z = (i + 1) * 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void write_text(void)
{
	for (size_t i = 0; i < sizeof(text); i += sizeof(uint64_t)) {
		uint64_t word = mixed(i);

		memcpy(text + i, &word, sizeof(word));
	}
}

/* 0 … 4 KiB, and of ten thousand one of up to 1 MiB. */
static uint64_t size_of(uint64_t i)
{
	uint64_t random = mixed(i);

	return random % 10000 ? (random >> 32) % (USUAL_BYTES + 1) :
				(random >> 32) % (MOST_BYTES + 1);
}

static const char *bytes_of(uint64_t i)
{
	return text + (mixed(i) >> 16) % OFFSETS;
}

/* Takes messages for the i-th, i + 1st and so on. */
struct reader {
	uint64_t next, end;
	uv_loop_t *loop; /* is stopped after the last */
	_Atomic uint64_t progress;
};

static void read_next(void *owner, struct port_message *message)
{
	struct reader *reader = owner;
	uint64_t i = reader->next++;

	if (i == reader->end)
		die("a message after the last");
	if (message->size != size_of(i))
		die("message %llu has %llu bytes, not %llu",
		    (unsigned long long)i, (unsigned long long)message->size,
		    (unsigned long long)size_of(i));
	if (memcmp(message->data, bytes_of(i), message->size) != 0)
		die("message %llu is damaged", (unsigned long long)i);
	port_free(message);
	atomic_store(&reader->progress, reader->next);
	if (reader->next == reader->end)
		uv_stop(reader->loop);
}

static int check_counts(struct child *child, const struct port_counts *counts,
			uint64_t sent)
{
	if (sent != MESSAGES || counts->received != sent)
		return child_fail(child, "%g sent, %g received", (double)sent,
				  (double)counts->received);
	if (counts->freed != sent)
		return child_fail(child, "%g of %g were freed",
				  (double)counts->freed, (double)sent);
	return 0;
}

/* A callback is for at least one message, or for one that came while an
 * earlier callback was at work. */
static int check_port(struct child *child, struct port *port)
{
	if (check_counts(child, &port->counts, port->sent))
		return -1;
	if (!port->counts.callbacks || port->counts.callbacks > port->sent)
		return child_fail(child, "%g callbacks for %g messages",
				  (double)port->counts.callbacks,
				  (double)port->sent);
	if (port_length(port) || port->first || port->last != &port->first)
		return child_fail(child, "the queue is not empty");
	return 0;
}

static void close_loop(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	if (uv_loop_close(loop))
		die("a loop is left with open handles");
}

/* ------------------------------------------------------------- threads */

/* Never far ahead, or all would lie in memory. More than a callback takes of
 * a short queue. */
enum { AHEAD = 3000 };

static void post_all(struct port *port, struct reader *reader)
{
	for (uint64_t i = 0; i < MESSAGES; i++) {
		while (i - atomic_load(&reader->progress) > AHEAD)
			sched_yield();
		port_post(port, bytes_of(i), size_of(i));
	}
}

struct meeting {
	uv_loop_t loop;
	struct port port; /* of that loop */
	struct reader reader;
	uv_sem_t listening;
};

static int listen_for_all(struct meeting *m)
{
	if (uv_loop_init(&m->loop) ||
	    port_open(&m->port, &m->loop, read_next, &m->reader))
		return -1;
	m->reader.end = MESSAGES;
	m->reader.loop = &m->loop;
	return 0;
}

static void sender_main(void *arg)
{
	struct meeting *m = arg;

	post_all(&m->port, &m->reader);
}

/* What is read after the last would be one too many. */
static void receive_no_more(struct meeting *m)
{
	for (int i = 0; i < 3; i++)
		uv_run(&m->loop, UV_RUN_NOWAIT);
}

static int thread_to_main(struct child *child, void *arg)
{
	static struct meeting m;
	uv_thread_t sender;

	(void)arg;
	if (listen_for_all(&m) || uv_thread_create(&sender, sender_main, &m))
		return child_fail(child, "cannot begin");
	uv_run(&m.loop, UV_RUN_DEFAULT);
	uv_thread_join(&sender);
	receive_no_more(&m);
	if (check_port(child, &m.port))
		return -1;
	child->number[0] = (double)m.port.counts.callbacks;
	port_close(&m.port);
	close_loop(&m.loop);
	return 0;
}

static void receiver_main(void *arg)
{
	struct meeting *m = arg;

	if (listen_for_all(m))
		die("cannot begin");
	uv_sem_post(&m->listening);
	uv_run(&m->loop, UV_RUN_DEFAULT);
}

static int main_to_thread(struct child *child, void *arg)
{
	static struct meeting m;
	uv_thread_t receiver;

	(void)arg;
	if (uv_sem_init(&m.listening, 0) ||
	    uv_thread_create(&receiver, receiver_main, &m))
		return child_fail(child, "cannot begin");
	uv_sem_wait(&m.listening);
	post_all(&m.port, &m.reader);
	uv_thread_join(&receiver);
	receive_no_more(&m);
	if (check_port(child, &m.port))
		return -1;
	port_close(&m.port);
	close_loop(&m.loop);
	uv_sem_destroy(&m.listening);
	return 0;
}

static void test_threads(void **state)
{
	struct child child;

	(void)state;
	expect_child("thread to main", thread_to_main, NULL, false, &child);
	print_message("%.1f messages a callback\n", MESSAGES / child.number[0]);
	expect_child("main to thread", main_to_thread, NULL, false, NULL);
}

/* ----------------------------------------------------------- processes */

/* What the receiving process answers when it has all. */
struct receipt {
	struct port_counts counts;
};

struct process {
	uv_loop_t loop;
	struct port_pipe port;
	struct reader reader;
	struct receipt receipt;
};

static void take_receipt(void *owner, struct port_message *message)
{
	struct process *p = owner;

	if (message->size != sizeof(p->receipt))
		die("another receipt");
	memcpy(&p->receipt, message->data, sizeof(p->receipt));
	port_free(message);
	/* the other process may already be at its end, and so the stream */
	uv_read_stop((uv_stream_t *)&p->port.pipe);
	uv_stop(&p->loop);
}

static void run_until_written(struct process *p, uint64_t behind)
{
	while (p->port.sent - p->port.written > behind)
		uv_run(&p->loop, UV_RUN_ONCE);
}

static int receiving_process(struct process *p, int fd)
{
	struct receipt receipt;

	if (uv_loop_init(&p->loop) ||
	    port_pipe_open(&p->port, &p->loop, fd, read_next, &p->reader))
		return -1;
	p->reader.end = MESSAGES;
	p->reader.loop = &p->loop;
	uv_run(&p->loop, UV_RUN_DEFAULT);
	uv_run(&p->loop, UV_RUN_NOWAIT);
	receipt.counts = p->port.counts;
	/* the other closes as soon as it has the receipt */
	uv_read_stop((uv_stream_t *)&p->port.pipe);
	port_pipe_post(&p->port, &receipt, sizeof(receipt));
	run_until_written(p, 0);
	port_pipe_close(&p->port);
	close_loop(&p->loop);
	return 0;
}

static int main_to_process(struct child *child, void *arg)
{
	static struct process p;
	int fd[2], status = -1;
	pid_t pid;

	(void)arg;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return child_fail(child, "socketpair: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		close(fd[0]);
		_exit(receiving_process(&p, fd[1]) ? 1 : 0);
	}
	close(fd[1]);
	if (pid < 0 || uv_loop_init(&p.loop) ||
	    port_pipe_open(&p.port, &p.loop, fd[0], take_receipt, &p))
		return child_fail(child, "cannot begin");
	for (uint64_t i = 0; i < MESSAGES; i++) {
		run_until_written(&p, 64);
		port_pipe_post(&p.port, bytes_of(i), (uint32_t)size_of(i));
		if (i % 64 == 0)
			uv_run(&p.loop, UV_RUN_NOWAIT);
	}
	run_until_written(&p, 0);
	while (!p.receipt.counts.received)
		uv_run(&p.loop, UV_RUN_DEFAULT);
	port_pipe_close(&p.port);
	close_loop(&p.loop);
	if (waitpid(pid, &status, 0) != pid || status)
		return child_fail(child, "the other process: %s",
				  child_end(status));
	if (p.port.written != p.port.sent)
		return child_fail(child, "not all were written");
	return check_counts(child, &p.receipt.counts, p.port.sent);
}

static void test_process(void **state)
{
	(void)state;
	expect_child("main to a process", main_to_process, NULL, false, NULL);
}

/* ---------------------------------------------------------- edge cases */

struct echo {
	uv_loop_t loop;
	struct port port;
	uint64_t callbacks_at[3000]; /* when the i-th message was received */
	uint64_t taken, again;       /* how many post another */
};

static void post_another(void *owner, struct port_message *message)
{
	struct echo *e = owner;

	if (e->taken == COUNT(e->callbacks_at))
		die("too many messages");
	e->callbacks_at[e->taken++] = e->port.counts.callbacks;
	port_free(message);
	if (e->again) {
		e->again--;
		port_post(&e->port, "", 0);
	}
}

static int limited(struct child *child, void *arg)
{
	static struct echo e;

	(void)arg;
	if (uv_loop_init(&e.loop) ||
	    port_open(&e.port, &e.loop, post_another, &e))
		return child_fail(child, "cannot begin");
	/* many that were there: all in one callback */
	for (int i = 0; i < 1500; i++)
		port_post(&e.port, "", 0);
	uv_run(&e.loop, UV_RUN_NOWAIT);
	if (e.taken != 1500 || e.port.counts.callbacks != 1)
		return child_fail(child, "%g taken in %g callbacks",
				  (double)e.taken,
				  (double)e.port.counts.callbacks);
	uv_run(&e.loop, UV_RUN_NOWAIT);
	/* one without end: a thousand of it, then the loop's turn */
	e.taken = 0;
	e.again = 1499;
	port_post(&e.port, "", 0);
	while (e.taken < 1500)
		uv_run(&e.loop, UV_RUN_ONCE);
	if (e.callbacks_at[999] != e.callbacks_at[0] ||
	    e.callbacks_at[1000] != e.callbacks_at[0] + 1)
		return child_fail(child, "a callback takes not a thousand");
	/* closed with messages in it */
	port_post(&e.port, "abc", 3);
	port_post(&e.port, "", 0);
	port_close(&e.port);
	close_loop(&e.loop);
	if (e.port.counts.freed != e.port.sent ||
	    e.port.counts.received + 2 != e.port.sent)
		return child_fail(child, "%g of %g freed",
				  (double)e.port.counts.freed,
				  (double)e.port.sent);
	return 0;
}

static void test_limit_and_close(void **state)
{
	(void)state;
	expect_child("a callback's limit", limited, NULL, false, NULL);
}

static void write_whole(int fd, const char *data, size_t size)
{
	if (write(fd, data, size) != (ssize_t)size)
		die_errno("write");
}

/* The first messages, as the other end would write them, but cut elsewhere. */
static int in_pieces(struct child *child, void *arg)
{
	const size_t piece = *(size_t *)arg;
	enum { FEW = 20 };
	static struct process p;
	static char wire[FEW * (USUAL_BYTES + PORT_PIPE_HEADER)];
	size_t size = 0;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) ||
	    uv_loop_init(&p.loop) ||
	    port_pipe_open(&p.port, &p.loop, fd[0], read_next, &p.reader))
		return child_fail(child, "cannot begin");
	p.reader.end = FEW;
	p.reader.loop = &p.loop;
	for (uint64_t i = 0; i < FEW; i++) {
		uint32_t length = (uint32_t)size_of(i);

		memcpy(wire + size, &length, sizeof(length));
		memcpy(wire + size + sizeof(length), bytes_of(i), length);
		size += sizeof(length) + length;
	}
	for (size_t at = 0; at < size; at += piece) {
		write_whole(fd[1], wire + at,
			    size - at < piece ? size - at : piece);
		uv_run(&p.loop, UV_RUN_NOWAIT);
	}
	if (p.reader.next != FEW || p.port.partial || p.port.got)
		return child_fail(child, "%g of %d received",
				  (double)p.reader.next, FEW);
	/* closed in the middle of a message */
	write_whole(fd[1], "\x10\0\0\0abc", 7);
	uv_run(&p.loop, UV_RUN_NOWAIT);
	if (!p.port.partial || p.port.got != 3)
		return child_fail(child, "no beginning of a message");
	port_pipe_close(&p.port);
	close_loop(&p.loop);
	close(fd[1]);
	return 0;
}

static void test_pieces(void **state)
{
	static const size_t pieces[] = { 1, 3, 4, 5, 1000, 4096, 50000 };
	char what[64];

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		size_t piece = pieces[i];

		snprintf(what, sizeof(what), "in pieces of %zu", piece);
		expect_child(what, in_pieces, &piece, false, NULL);
	}
}

/* --------------------------------------------------------------- flows */

struct setting {
	const struct bench *bench;
	const struct variant *variant;
	uint64_t value;
	enum peer peer;
	int pu_a, pu_b;
	enum run_mode mode;
};

static struct run make_run(const struct setting *s, struct child *child)
{
	return (struct run){
		.bench = s->bench,
		.variant = s->variant,
		.value = s->value,
		.peer = s->peer,
		.pu_a = s->pu_a,
		.pu_b = s->pu_b,
		.mode = s->mode,
		.verify_all = s->mode == RUN_COUNT,
		.clock = ticks,
		.counts = COUNTS_DENIED,
		.traced = &child->traced,
		.peer_pu = -1,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};
}

static bool is_port(const struct variant *v)
{
	return !strncmp(v->name, "port", 4);
}

/* Batches below, at and above the window. */
static int flow_batches(struct child *child, void *arg)
{
	const struct setting *s = arg;
	const uint64_t window = s->value;
	const uint64_t lengths[] = { 1, window, window + 1, 3, 5 * window };
	struct run r = make_run(s, child);

	if (s->bench->setup(&r))
		return -1;
	if (r.least_n < 16 * window)
		return child_fail(child, "a batch of %g at least",
				  (double)r.least_n);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		uint64_t n = lengths[i], wakeups;

		s->bench->arm(&r, n);
		if (s->bench->run(&r, n) != n || s->bench->settle(&r, n))
			return child_fail(child, "%g did not arrive",
					  (double)n);
		if (sched_getcpu() != s->pu_a || r.peer_pu != s->pu_b)
			return child_fail(child, "on other PUs");
		wakeups = pair_wakeups(&r);
		/* a callback may outlast the window, a read() never does */
		if (!wakeups || (!is_port(s->variant) && wakeups * window < n))
			return child_fail(child, "%g wake-ups for %g messages",
					  (double)wakeups, (double)n);
	}
	return s->bench->teardown(&r);
}

static const struct bench *streaming(void)
{
	size_t count;
	const struct bench *const *all = bench_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(all[i]->name, "streaming"))
			return all[i];
	fail_msg("there is no bench streaming");
	return NULL;
}

static void on_all_flows(struct setting s, child_body *body)
{
	char what[128];

	for (s.variant = s.bench->variants; s.variant->name; s.variant++)
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1)
			for (size_t b = 0; b < topo_pu_count() && b < 2; b++) {
				if (!(s.variant->peers & peer))
					continue;
				s.peer = (enum peer)peer;
				s.pu_a = topo_pu(0);
				s.pu_b = topo_pu(b);
				snprintf(what, sizeof(what),
					 "%s, %s, PU %d, window %d",
					 s.variant->name,
					 peer == PEER_THREAD ? "thread" :
							       "process",
					 s.pu_b, (int)s.value);
				expect_child(what, body, &s, false, NULL);
			}
}

static void test_flows(void **state)
{
	static const uint64_t windows[] = { 1, 2, 8, 64 };

	(void)state;
	for (size_t i = 0; i < COUNT(windows); i++) {
		struct setting s = { .bench = streaming(),
				     .value = windows[i] };

		s.mode = RUN_COUNT; /* every message whole */
		on_all_flows(s, flow_batches);
		s.mode = RUN_MEASURE;
		on_all_flows(s, flow_batches);
	}
}

/* All that the harness asks of a bench, at one window. */
static const struct measured *metric(const struct sample *sample,
				     const char *name)
{
	for (unsigned i = 0; i < sample->metrics; i++)
		if (!strcmp(sample->metric[i].name, name))
			return &sample->metric[i];
	return NULL;
}

static int flow_measured(struct child *child, void *arg)
{
	static const char *const names[] = { "per_message", "rate", "bandwidth",
					     "coalescing" };
	static struct sample sample;
	const struct sample_plan plan = { .measure_ns = 1, .method = -1 };
	struct setting *s = arg;
	struct run r = make_run(s, child);
	double value[COUNT(names)];

	if (sample_run(&r, &plan, &sample))
		return child_fail(child, "sample_run failed");
	if (sample.evidence.batch_n < r.least_n)
		return child_fail(child, "batches of %g",
				  (double)sample.evidence.batch_n);
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct measured *m = metric(&sample, names[i]);

		if (!m || !(m->value > 0))
			return child_fail(child, "no %s", names[i]);
		value[i] = m->value;
	}
	/* one batch: its three numbers are one */
	if (fabs(value[0] * value[1] / 1e9 - 1) > 1e-6 ||
	    fabs(value[2] / (value[1] * (double)r.payload_bytes) - 1) > 1e-6)
		return child_fail(child, "%g ns, %g /s, %g B/s", value[0],
				  value[1], value[2]);
	return 0;
}

static void test_measured(void **state)
{
	struct setting s = { .bench = streaming(),
			     .value = 8,
			     .mode = RUN_MEASURE };

	(void)state;
	on_all_flows(s, flow_measured);
}

/* By the sender and by the kernel, and, to a process by a port, by recvmsg()
 * and by the receiver too. */
static double copies_of(const struct variant *v)
{
	return !strncmp(v->name, "port_pipe", 9) ? 4 :
	       !strncmp(v->name, "pipe", 4) ||
			       !strncmp(v->name, "socketpair", 10) ?
						   2 :
						   1;
}

static int flow_counted(struct child *child, void *arg)
{
	static struct sample sample;
	const struct sample_plan plan = { .method = -1 };
	struct setting *s = arg;
	struct bench shorter = *s->bench;
	struct run r = make_run(s, child);
	const struct measured *m;

	shorter.count_n = 100;
	r.bench = &shorter;
	if (sample_run(&r, &plan, &sample))
		return child_fail(child, "sample_run failed");
	m = metric(&sample, "copies");
	/* now and then libuv reads an eventfd for two callbacks, or for none */
	if (!m || fabs(m->value - copies_of(s->variant)) > 0.02)
		return child_fail(child, "%g copies, not %g",
				  m ? m->value : NAN, copies_of(s->variant));
	return 0;
}

static void test_copies(void **state)
{
	struct setting s = { .bench = streaming(),
			     .value = 8,
			     .mode = RUN_COUNT };

	(void)state;
	if (!counts_have_io())
		skip_because("the kernel does not account I/O of a task");
	on_all_flows(s, flow_counted);
}

/* -------------------------------------------------------- broken flows */

enum { WINDOW = 8, BATCH = 200, FATAL = 50 };

/* Begins when all that the other sends unasked is there. */
static void be_late(void)
{
	usleep(200000);
}

static uint64_t serve_late(struct end *e, uint64_t n)
{
	be_late();
	return via_pipe.serve_flow(e, n);
}

static uint64_t serve_port_late(struct end *e, uint64_t n)
{
	be_late();
	return via_port.serve_flow(e, n);
}

static uint64_t serve_queue_late(struct end *e, uint64_t n)
{
	be_late();
	return via_eventfd.serve_flow(e, n);
}

/* Takes the window for a larger one. */
static uint64_t drive_greedy(struct end *e, uint64_t n, uint64_t *stamps)
{
	(void)stamps;
	e->window = 64;
	return pair_drive_flow(e, n, stream_send, stream_await_credit);
}

static uint64_t drive_port_greedy(struct end *e, uint64_t n, uint64_t *stamps)
{
	e->window = 64;
	return via_port.drive_flow(e, n, stamps);
}

static uint64_t drive_queue_greedy(struct end *e, uint64_t n, uint64_t *stamps)
{
	e->window = 64;
	return via_eventfd.drive_flow(e, n, stamps);
}

static void give_too_much(struct end *e, uint64_t credit)
{
	/* the last: the driver, which has sent all, is the one to see it */
	stream_give_credit(e, credit + (e->received == BATCH));
}

static uint64_t serve_generous(struct end *e, uint64_t n)
{
	return pair_serve_flow(e, n, stream_take, give_too_much);
}

static void send_stale(struct end *e)
{
	e->sent -= e->sent + 1 == FATAL;
	stream_send(e);
}

static uint64_t drive_stale(struct end *e, uint64_t n, uint64_t *stamps)
{
	(void)stamps;
	return pair_drive_flow(e, n, send_stale, stream_await_credit);
}

static void send_damaged(struct end *e)
{
	bool now = e->sent + 1 == FATAL;

	e->payload[e->size - 1] ^= now;
	stream_send(e);
	e->payload[e->size - 1] ^= now;
}

static uint64_t drive_damaged(struct end *e, uint64_t n, uint64_t *stamps)
{
	(void)stamps;
	return pair_drive_flow(e, n, send_damaged, stream_await_credit);
}

static uint64_t serve_one_less(struct end *e, uint64_t n)
{
	return pair_serve_flow(e, n, stream_take, stream_give_credit) - 1;
}

static const struct broken {
	const char *what;
	const struct channel *base;
	channel_drive *drive;
	channel_serve *serve;
	unsigned peers;
	const char *reason; /* must be found in what is said */
} broken[] = {
	{ "more on their way than the window", &via_pipe, drive_greedy,
	  serve_late, PEER_THREAD | PEER_PROCESS,
	  "on their way, in a window of 8" },
	{ "the same by a port", &via_port, drive_port_greedy, serve_port_late,
	  PEER_THREAD, "on their way, in a window of 8" },
	{ "the same by a queue", &via_eventfd, drive_queue_greedy,
	  serve_queue_late, PEER_THREAD | PEER_PROCESS, "the queue is full" },
	{ "credit for nothing", &via_socketpair, NULL, serve_generous,
	  PEER_THREAD | PEER_PROCESS,
	  "credit for a message that was not sent" },
	{ "a message under the number before", &via_pipe, drive_stale, NULL,
	  PEER_THREAD | PEER_PROCESS, "message 50 lost, doubled or torn" },
	{ "a damaged message", &via_socketpair, drive_damaged, NULL,
	  PEER_THREAD | PEER_PROCESS,
	  "message 50 of 64 bytes arrived damaged" },
	{ "a server that says one less", &via_pipe, NULL, serve_one_less,
	  PEER_THREAD | PEER_PROCESS, "the other party served 199 of 200" },
};

struct broken_setting {
	struct channel channel;
	enum peer peer;
};

static int broken_body(struct child *child, void *arg)
{
	const struct broken_setting *b = arg;
	const struct variant variant = { .name = b->channel.name };
	const struct setting s = {
		NULL,       &variant,   WINDOW,    b->peer,
		topo_pu(0), topo_pu(0), RUN_COUNT,
	};
	struct run r = make_run(&s, child);

	if (pair_setup_flow(&r, &b->channel, 64, WINDOW))
		return -1;
	pair_arm(&r, BATCH);
	if (pair_run(&r, BATCH) != BATCH || pair_settle(&r, BATCH))
		return -1;
	return pair_teardown(&r);
}

static void expect_found_out(const struct broken *b, enum peer peer)
{
	struct broken_setting s = { *b->base, peer };
	struct child child;
	int status;

	if (b->drive)
		s.channel.drive_flow = b->drive;
	if (b->serve)
		s.channel.serve_flow = b->serve;
	status = run_child(broken_body, &s, false, &child);
	if (!status)
		fail_msg("%s passes", b->what);
	if (!strstr(child.reason, b->reason))
		fail_msg("%s: %s: \"%s\", not \"%s\"", b->what,
			 child_end(status), child.reason, b->reason);
	/* and what is not broken passes, or this proves nothing */
	s.channel = *b->base;
	expect_child(b->what, broken_body, &s, false, NULL);
}

static void test_broken_flows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++)
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1)
			if (broken[i].peers & peer)
				expect_found_out(&broken[i], (enum peer)peer);
}

static int open_all(void **state)
{
	write_text();
	return machine_open(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_limit_and_close),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_measured),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_broken_flows),
	};

	return cmocka_run_group_tests(tests, open_all, machine_close);
}
