/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker: the start of a worker thread with an event loop, and of a child
 * process with a channel, layer by layer: each variant does what those before
 * it do and one thing more. */
#include "bench.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include "newborn.h"
#include "topo.h"
#include "uv_calls.h"

enum { READY, DONE };

enum { MESSAGE = EXEC_CHILD_MESSAGE };

/* How far up a worker is built; the child's layers beside the thread's. */
enum layer {
	FIRST,    /* pthread: its first instruction; fork: the child's */
	LOOP,     /* an event loop; exec: the program's first instruction */
	CHANNEL,  /* async handle and queue; socketpair: a byte came through */
	ANSWERED, /* the first message is answered */
};

/* One message at a time: a slot with a flag, as two parties that take turns
 * need no more. full: the writer's; seen by the reader after its wake-up. */
struct mailbox {
	atomic_bool full;
	char message[MESSAGE];
};

/* Who was first with the request: the main thread, which then sends nothing, or
 * the worker, which then need not look. So no event is left that could make the
 * worker end while the main thread still sends to it. */
enum { NOBODY, MAIN, WORKER };

/* What both threads see. */
struct meeting {
	uint64_t ready; /* the worker's clock when its layer stood */
	int pu;
	enum layer layer;
	atomic_int first;
	atomic_bool failed; /* no answer will come */
	uv_async_t to_worker, to_main;
	struct mailbox request, answer;
	bool answered;
	int error; /* of libuv in the worker, negative */
};

struct state {
	struct run *r;
	enum layer layer;
	uv_loop_t main_loop;
	struct meeting meeting;
	struct nursery nursery; /* of one */
	char channel[16];
	uint64_t ready, done;
	unsigned char number; /* of the message: none is taken for another */
};

static int this_pu(void)
{
	unsigned pu = 0;

	syscall(SYS_getcpu, &pu, NULL, NULL);
	return (int)pu;
}

/* ------------------------------------------------------------ the thread */

static void put(struct mailbox *box, const char *message)
{
	memcpy(box->message, message, MESSAGE);
	atomic_store(&box->full, true);
}

static bool take(struct mailbox *box, char *message)
{
	if (!atomic_load(&box->full))
		return false;
	memcpy(message, box->message, MESSAGE);
	atomic_store(&box->full, false);
	return true;
}

/* The first message is answered with itself; the second, empty, is the end. */
static void on_request(uv_async_t *handle)
{
	struct meeting *m = handle->data;
	char message[MESSAGE];

	if (!take(&m->request, message))
		return;
	if (!message[0]) {
		uv_close((uv_handle_t *)handle, NULL);
		return;
	}
	put(&m->answer, message);
	uv_async_send(&m->to_main);
}

static int serve(struct meeting *m, uv_loop_t *loop)
{
	int error = uv_async_init(loop, &m->to_worker, on_request);

	if (error)
		return error;
	m->to_worker.data = m;
	if (m->layer == CHANNEL) {
		m->ready = clock_now();
		uv_close((uv_handle_t *)&m->to_worker, NULL);
	} else if (atomic_exchange(&m->first, WORKER) == MAIN) {
		on_request(&m->to_worker);
	}
	return uv_run(loop, UV_RUN_DEFAULT);
}

static int work(struct meeting *m)
{
	uv_loop_t loop;
	int error = uv_loop_init(&loop);

	if (error)
		return error;
	if (m->layer == LOOP) {
		m->ready = clock_now();
		error = uv_run(&loop, UV_RUN_DEFAULT);
	} else {
		error = serve(m, &loop);
	}
	m->pu = this_pu();
	return error ? error : uv_loop_close(&loop);
}

static void worker_main(void *arg)
{
	struct meeting *m = arg;

	if (m->layer == FIRST) {
		m->ready = clock_now();
		m->pu = this_pu();
		return;
	}
	m->error = work(m);
	if (m->error && m->layer == ANSWERED) {
		atomic_store(&m->failed, true);
		uv_async_send(&m->to_main);
	}
}

static void on_answer(uv_async_t *handle)
{
	struct state *s = handle->data;
	struct meeting *m = &s->meeting;
	char message[MESSAGE];

	if (take(&m->answer, message)) {
		s->ready = clock_now();
		m->answered = (unsigned char)message[MESSAGE - 1] == s->number;
		uv_stop(&s->main_loop);
	} else if (atomic_load(&m->failed)) {
		uv_stop(&s->main_loop);
	}
}

static void converse(struct state *s)
{
	struct meeting *m = &s->meeting;
	char message[MESSAGE];

	memset(message, 'm', sizeof(message));
	message[MESSAGE - 1] = (char)++s->number;
	put(&m->request, message);
	if (atomic_exchange(&m->first, MAIN) == WORKER)
		uv_async_send(&m->to_worker);
	uv_run(&s->main_loop, UV_RUN_DEFAULT);
	if (atomic_load(&m->failed))
		return;
	message[0] = '\0';
	put(&m->request, message);
	uv_async_send(&m->to_worker);
}

static int start_thread(struct state *s)
{
	struct meeting *m = &s->meeting;
	uv_thread_t thread;
	int error;

	m->layer = s->layer;
	m->ready = 0;
	m->error = 0;
	m->answered = false;
	atomic_store(&m->first, NOBODY);
	atomic_store(&m->failed, false);
	error = uv_thread_create(&thread, worker_main, m);
	errno = -error;
	if (error)
		return bench_errno(s->r, "pthread_create");
	if (s->layer == ANSWERED)
		converse(s);
	uv_thread_join(&thread);
	s->done = clock_now();
	errno = -m->error;
	if (m->error)
		return bench_errno(s->r, "uv_loop_init in the worker");
	if (s->layer == ANSWERED && !m->answered)
		return bench_fail(s->r, "the answer is not to the message");
	if (s->layer != ANSWERED)
		s->ready = m->ready;
	s->r->peer_pu = m->pu;
	return 0;
}

/* ----------------------------------------------------------- the process */

static void child_main(struct state *s, int channel)
{
	char *argv[] = { (char *)(uintptr_t)s->r->helper,
			 s->nursery.fd,
			 s->nursery.source,
			 (char *)(uintptr_t) "0",
			 channel < 0 ? NULL : s->channel,
			 NULL };

	if (s->layer == FIRST)
		newborn_child(s->nursery.of);
	newborn_exec(s->nursery.of, argv);
}

/* The hello, and a message there and back; 0 or -1. */
static int converse_with_child(struct state *s, int socket)
{
	char hello, message[MESSAGE], answer[MESSAGE];

	if (recv(socket, &hello, 1, 0) != 1 || hello != EXEC_CHILD_HELLO)
		return -1; /* how the child ended says why */
	if (s->layer == CHANNEL)
		s->ready = clock_now();
	memset(message, 'm', sizeof(message));
	message[MESSAGE - 1] = (char)++s->number;
	if (send(socket, message, MESSAGE, MSG_NOSIGNAL) != MESSAGE ||
	    recv(socket, answer, MESSAGE, MSG_WAITALL) != MESSAGE)
		return -1;
	if (s->layer == ANSWERED)
		s->ready = clock_now();
	return memcmp(message, answer, MESSAGE) ? -1 : 0;
}

static int reap(struct state *s, pid_t pid, int talked)
{
	const union newborn *left = s->nursery.of;
	int status, error = newborn_wait(pid, &status);

	s->done = clock_now();
	errno = error;
	if (error)
		return bench_errno(s->r, "waitpid");
	errno = newborn_judge_status(s->r, left, status);
	if (errno)
		return bench_errno(s->r, "execve %.90s", s->r->helper);
	if (talked)
		return bench_fail(s->r, "the child did not answer");
	if (s->layer == FIRST || s->layer == LOOP)
		s->ready = left->s.exec.first;
	s->r->peer_pu = (int)left->s.exec.pu;
	return 0;
}

static int start_process(struct state *s)
{
	bool talks = s->layer >= CHANNEL;
	int pair[2] = { -1, -1 }, talked = 0;
	pid_t pid;

	memset(s->nursery.of, 0, sizeof(*s->nursery.of));
	if (talks && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return bench_errno(s->r, "socketpair");
	/* the child's end stays open over exec, under its own number */
	if (talks)
		fcntl(pair[1], F_SETFD, 0);
	snprintf(s->channel, sizeof(s->channel), "%d", pair[1]);
	pid = fork();
	if (!pid)
		child_main(s, pair[1]);
	if (pid < 0)
		return bench_errno(s->r, "fork");
	if (talks) {
		close(pair[1]);
		talked = converse_with_child(s, pair[0]);
		close(pair[0]);
	}
	return reap(s, pid, talked);
}

/* --------------------------------------------------------- the benchmark */

static uint64_t run(struct run *r, uint64_t n)
{
	struct state *s = r->state;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t start = clock_now();

		if (r->peer == PEER_THREAD ? start_thread(s) : start_process(s))
			return i;
		if (s->ready < start || s->ready > s->done) {
			bench_fail(r, "%s: ready was not between start and end",
				   r->variant->name);
			return i;
		}
		if (newborn_check_pu(r, r->peer_pu))
			return i;
		run_sample(r, READY, run_elapsed_ns(r, start, s->ready));
		run_sample(r, DONE, run_elapsed_ns(r, start, s->done));
	}
	return n;
}

/* What the main thread has before it starts a worker: a loop and a handle. */
static int open_main_loop(struct state *s)
{
	int error;

	if (uv_calls_allowed(s->r))
		return -1;
	error = uv_loop_init(&s->main_loop);
	if (!error)
		error = uv_async_init(&s->main_loop, &s->meeting.to_main,
				      on_answer);
	s->meeting.to_main.data = s;
	errno = -error;
	return error ? bench_errno(s->r, "uv_async_init") : 0;
}

static int setup(struct run *r)
{
	static struct state s;

	r->state = &s;
	s.r = r;
	s.layer = *(const enum layer *)r->variant->arg;
	if (nursery_open(r, &s.nursery, 1) ||
	    (r->peer == PEER_THREAD && open_main_loop(&s)))
		return -1;
	if (bench_bind(r, r->pu_a))
		return -1;
	return 0;
}

/* pu: the new one inherits the creator's PU. any: both are free. */
enum { BINDINGS = PLACE_ONE_PU | PLACE_ANY };

static const enum layer first = FIRST, loop = LOOP;
static const enum layer channel = CHANNEL
, answered = ANSWERED;

static const struct variant variants[] = {
	{ "pthread", &first, PEER_THREAD, BINDINGS },
	{ "uv_loop", &loop, PEER_THREAD, BINDINGS },
	{ "async_queue", &channel, PEER_THREAD, BINDINGS },
	{ "fork", &first, PEER_PROCESS, BINDINGS },
	{ "exec", &loop, PEER_PROCESS, BINDINGS },
	{ "socketpair", &channel, PEER_PROCESS, BINDINGS },
	{ "answered", &answered, PEER_THREAD | PEER_PROCESS, BINDINGS },
	{ NULL },
};

static const struct metric metrics[] = {
	{ "ready", "ns" }, /* until the last layer stands */
	{ "done", "ns" },  /* until the worker is closed and joined, or the
			    * child reaped */
	{ NULL, NULL },
};

const struct bench bench_worker = {
	.name = "worker",
	.title = "start of a worker thread and of a child, layer by layer",
	.unit = "ns",
	.variants = variants,
	.metrics = metrics,
	.counts = COUNT_SYSCALLS | COUNT_NAMES | COUNT_SWITCHES |
		  COUNT_CPU_TIME | COUNT_FAULTS,
	.count_n = 4,
	.spawns = true,
	.setup = setup,
	.run = run,
};
