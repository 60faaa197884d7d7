/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Create: a thread and a process, made, run and gone; when the call returns,
 * when the first instruction of the new one runs, when its end is known. */
#include "bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "exec_child.h"
#include "topo.h"

enum { CALL, FIRST, DONE };

/* What the new one leaves, in a memfd: a forked child and an exec'd program
 * write to it too. */
struct left {
	uint64_t first; /* its clock, first of all */
	int64_t pu;
	int64_t exec_errno;
};

struct state {
	struct left *left;
	char fd[16];    /* the memfd, as an argument */
	char source[4]; /* the clock, as an argument */
	char *argv[4];  /* of the exec'd program */
	const char *helper;
};

/* One creation; times in ticks. 0, or an errno. */
struct times {
	uint64_t called, done;
};
typedef int create_fn(struct state *s, struct times *t);

static void run_first(struct left *left)
{
	left->first = clock_now();
	left->pu = sched_getcpu();
}

static void *pthread_first(void *arg)
{
	run_first(arg);
	return arg;
}

static void uv_first(void *arg)
{
	run_first(arg);
}

static int create_pthread(struct state *s, struct times *t)
{
	pthread_t thread;
	void *result = NULL;
	int error = pthread_create(&thread, NULL, pthread_first, s->left);

	t->called = clock_now();
	if (!error)
		error = pthread_join(thread, &result);
	t->done = clock_now();
	return error ? error : result == s->left ? 0 : EPROTO;
}

static int create_uv_thread(struct state *s, struct times *t)
{
	uv_thread_t thread;
	int error = uv_thread_create(&thread, uv_first, s->left);

	t->called = clock_now();
	if (!error)
		error = uv_thread_join(&thread);
	t->done = clock_now();
	return -error;
}

/* The end of a child counts only if it ended as it was told to. */
static int reap(pid_t pid, struct state *s, struct times *t)
{
	int status;
	pid_t reaped;

	do {
		reaped = waitpid(pid, &status, 0);
	} while (reaped < 0 && errno == EINTR);
	t->done = clock_now();
	if (reaped != pid)
		return errno;
	if (s->left->exec_errno)
		return (int)s->left->exec_errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == EXEC_CHILD_STATUS ?
		       0 :
		       ECHILD;
}

static int create_fork(struct state *s, struct times *t)
{
	pid_t pid = fork();

	if (!pid) {
		run_first(s->left);
		_exit(EXEC_CHILD_STATUS);
	}
	t->called = clock_now();
	return pid < 0 ? errno : reap(pid, s, t);
}

static void exec_child(struct state *s)
{
	static char *const no_environment[] = { NULL };

	execve(s->helper, s->argv, no_environment);
	s->left->exec_errno = errno;
	_exit(127);
}

static int create_fork_exec(struct state *s, struct times *t)
{
	pid_t pid = fork();

	if (!pid)
		exec_child(s);
	t->called = clock_now();
	return pid < 0 ? errno : reap(pid, s, t);
}

static int create_vfork_exec(struct state *s, struct times *t)
{
	pid_t pid = vfork();

	if (!pid)
		exec_child(s);
	t->called = clock_now();
	return pid < 0 ? errno : reap(pid, s, t);
}

static int create_posix_spawn(struct state *s, struct times *t)
{
	static char *const no_environment[] = { NULL };
	pid_t pid;
	int error = posix_spawn(&pid, s->helper, NULL, NULL, s->argv,
				no_environment);

	t->called = clock_now();
	return error ? error : reap(pid, s, t);
}

static uint64_t run(struct run *r, uint64_t n)
{
	create_fn *const *create = r->variant->arg;
	struct state *s = r->state;

	for (uint64_t i = 0; i < n; i++) {
		struct times t = { 0, 0 };
		uint64_t start;
		int error;

		memset(s->left, 0, sizeof(*s->left));
		start = clock_now();
		error = (*create)(s, &t);
		if (error) {
			bench_fail(r, "%s: %s", r->variant->name,
				   error == ECHILD ? "the child did not end "
						     "as it was told to" :
						     strerror(error));
			return i;
		}
		if (s->left->first < start || s->left->first > t.done) {
			bench_fail(r,
				   "%s: the new one's first instruction "
				   "was not between start and end",
				   r->variant->name);
			return i;
		}
		r->peer_pu = (int)s->left->pu;
		if (r->pu_b >= 0 && r->peer_pu != r->pu_b) {
			bench_fail(r, "the new one ran on PU %d, not %d",
				   r->peer_pu, r->pu_b);
			return i;
		}
		run_sample(r, CALL, run_elapsed_ns(r, start, t.called));
		run_sample(r, FIRST, run_elapsed_ns(r, start, s->left->first));
		run_sample(r, DONE, run_elapsed_ns(r, start, t.done));
	}
	return n;
}

static int setup(struct run *r)
{
	static struct state s;
	int fd = memfd_create("handoff-create", 0); /* the exec'd one has it */

	r->state = &s;
	if (!r->clocks_agree)
		return bench_absent(r, "a time from one PU to another needs "
				       "clocks that agree");
	if (fd < 0 || ftruncate(fd, sizeof(*s.left)))
		return bench_fail(r, "memfd: %s", strerror(errno));
	s.left = mmap(NULL, sizeof(*s.left), PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	if (s.left == MAP_FAILED)
		return bench_fail(r, "map the memfd: %s", strerror(errno));
	snprintf(s.fd, sizeof(s.fd), "%d", fd);
	snprintf(s.source, sizeof(s.source), "%s",
		 r->clock.source == CLOCK_RAW_COUNTER ? "c" : "k");
	s.helper = r->helper;
	s.argv[0] = (char *)(uintptr_t)r->helper;
	s.argv[1] = s.fd;
	s.argv[2] = s.source;
	if (topo_bind(r->pu_a))
		return bench_fail(r, "bind to PU %d: %s", r->pu_a,
				  strerror(errno));
	return 0;
}

/* pu: the new one inherits the creator's PU. any: both are free. */
enum { BINDINGS = PLACE_ONE_PU | PLACE_ANY };

#define WAY(name) static create_fn *const way_##name = create_##name;
WAY(pthread)
WAY(uv_thread)
WAY(fork)
WAY(vfork_exec)
WAY(fork_exec)
WAY(posix_spawn)

static const struct variant variants[] = {
	{ "pthread", &way_pthread, PEER_THREAD, BINDINGS },
	{ "uv_thread", &way_uv_thread, PEER_THREAD, BINDINGS },
	{ "fork", &way_fork, PEER_PROCESS, BINDINGS },
	{ "vfork_exec", &way_vfork_exec, PEER_PROCESS, BINDINGS },
	{ "fork_exec", &way_fork_exec, PEER_PROCESS, BINDINGS },
	{ "posix_spawn", &way_posix_spawn, PEER_PROCESS, BINDINGS },
	{ NULL },
};

static const char *const metrics[] = { "call", "first", "done", NULL };

const struct bench bench_create = {
	.name = "create",
	.title = "a thread or a process: made, running, gone",
	.unit = "ns",
	.variants = variants,
	.metrics = metrics,
	.spawns = true,
	.setup = setup,
	.run = run,
};
