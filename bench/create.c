/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Create: threads and processes, made, run and gone; when the call returns,
 * when the first instruction of the new one runs, when its end is known. One,
 * and as many at once as there are PUs. */
#include "bench.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "newborn.h"
#include "raw_clone.h"
#include "refusal.h"
#include "topo.h"
#include "uv_calls.h"

enum { CALL, FIRST, DONE, RATE };

enum {
	SMALL_STACK = 64 << 10, /* at least: Arm's smallest is 128 KiB */
	/* more than glibc keeps in its cache of stacks (40 MiB): mapped for
	 * each thread, and unmapped after it */
	UNCACHED_STACK = 64 << 20,
};

/* One that is to be made. */
struct slot {
	union newborn *left;
	char index[24]; /* as an argument */
	char *argv[8];
	pthread_t thread;
	uv_thread_t uv_thread;
	pid_t pid;
	int pidfd;
	_Atomic uint32_t tid; /* of a raw thread; the kernel clears it */
	void *stack;          /* of a raw thread */
	uv_process_t process;
	bool exited; /* as libuv reports it */
};

struct state {
	struct run *r;
	struct nursery nursery;
	char dynamic[PATH_MAX + 64];
	uv_loop_t loop;
	struct slot *slot;
	size_t slots;
	double done_ns; /* of the batch's creations */
	size_t small_stack;
};

/* Makes one, and waits for its end; 0 or an errno. tidy: untimed, or NULL;
 * open: once, before all; or NULL. */
struct way {
	int (*make)(struct state *s, struct slot *slot);
	int (*wait)(struct state *s, struct slot *slot);
	void (*tidy)(struct state *s, struct slot *slot);
	int (*open)(struct state *s);
};

/* ------------------------------------------------------------ threads */

static void *pthread_first(void *left)
{
	newborn_first(left);
	return left;
}

static int make_pthread(struct state *s, struct slot *slot)
{
	(void)s;
	return pthread_create(&slot->thread, NULL, pthread_first, slot->left);
}

static int make_with_stack(struct slot *slot, size_t size)
{
	pthread_attr_t attr;
	int error;

	pthread_attr_init(&attr);
	error = pthread_attr_setstacksize(&attr, size);
	if (!error)
		error = pthread_create(&slot->thread, &attr, pthread_first,
				       slot->left);
	pthread_attr_destroy(&attr);
	return error;
}

static int make_small(struct state *s, struct slot *slot)
{
	return make_with_stack(slot, s->small_stack);
}

static int make_uncached(struct state *s, struct slot *slot)
{
	(void)s;
	return make_with_stack(slot, UNCACHED_STACK);
}

static int join_pthread(struct state *s, struct slot *slot)
{
	void *result = NULL;
	int error = pthread_join(slot->thread, &result);

	(void)s;
	return error ? error : result == slot->left ? 0 : EPROTO;
}

static void *detached_first(void *arg)
{
	union newborn *left = arg;

	newborn_first(left);
	__atomic_store_n(&left->s.tid, gettid(), __ATOMIC_RELEASE);
	return NULL;
}

static int make_detached(struct state *s, struct slot *slot)
{
	pthread_attr_t attr;
	int error;

	(void)s;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&slot->thread, &attr, detached_first,
			       slot->left);
	pthread_attr_destroy(&attr);
	return error;
}

/* Nobody is told of the end of a detached thread: it is gone when the kernel
 * no longer knows its number. */
static int wait_detached(struct state *s, struct slot *slot)
{
	int64_t tid;

	(void)s;
	while (!(tid = __atomic_load_n(&slot->left->s.tid, __ATOMIC_ACQUIRE)))
		sched_yield();
	while (!tgkill(getpid(), (pid_t)tid, 0))
		sched_yield();
	return errno == ESRCH ? 0 : errno;
}

static void uv_first(void *left)
{
	newborn_first(left);
}

static int make_uv_thread(struct state *s, struct slot *slot)
{
	(void)s;
	return -uv_thread_create(&slot->uv_thread, uv_first, slot->left);
}

static int join_uv_thread(struct state *s, struct slot *slot)
{
	(void)s;
	return -uv_thread_join(&slot->uv_thread);
}

static void raw_first(void *left)
{
	newborn_first(left);
}

static int make_raw_thread(struct state *s, struct slot *slot)
{
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			 CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID |
			 CLONE_CHILD_CLEARTID,
		.parent_tid = (uint64_t)(uintptr_t)&slot->tid,
		.child_tid = (uint64_t)(uintptr_t)&slot->tid,
		.stack = (uint64_t)(uintptr_t)slot->stack,
		.stack_size = SMALL_STACK,
	};
	long result;

	(void)s;
	result = raw_clone_thread(&args, raw_first, slot->left);
	return result < 0 ? (int)-result : 0;
}

static int wait_raw_thread(struct state *s, struct slot *slot)
{
	uint32_t tid;

	(void)s;
	while ((tid = atomic_load(&slot->tid)))
		syscall(SYS_futex, &slot->tid, FUTEX_WAIT, tid, NULL, NULL, 0);
	return 0;
}

/* ---------------------------------------------------------- processes */

static int reap(struct state *s, struct slot *slot)
{
	return newborn_reap(s->r, slot->left, slot->pid);
}

static int reap_pidfd(struct state *s, struct slot *slot)
{
	siginfo_t info = { .si_pid = 0 };
	int error =
		waitid((idtype_t)P_PIDFD, (id_t)slot->pidfd, &info, WEXITED) ?
			errno :
			0;

	close(slot->pidfd);
	return error ? error :
		       newborn_judge(s->r, slot->left,
				     info.si_code == CLD_EXITED,
				     info.si_status);
}

static int make_fork(struct state *s, struct slot *slot)
{
	(void)s;
	slot->pid = fork();
	if (!slot->pid)
		newborn_child(slot->left);
	return slot->pid < 0 ? errno : 0;
}

static int clone_process(struct slot *slot, uint64_t flags)
{
	struct clone_args args = {
		.flags = flags,
		.pidfd = (uint64_t)(uintptr_t)&slot->pidfd,
		.exit_signal = SIGCHLD,
	};

	slot->pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (!slot->pid)
		newborn_child(slot->left);
	return slot->pid < 0 ? errno : 0;
}

static int make_clone3(struct state *s, struct slot *slot)
{
	(void)s;
	return clone_process(slot, 0);
}

static int make_clone3_pidfd(struct state *s, struct slot *slot)
{
	(void)s;
	return clone_process(slot, CLONE_PIDFD);
}

static int make_fork_exec(struct state *s, struct slot *slot)
{
	(void)s;
	slot->pid = fork();
	if (!slot->pid)
		newborn_exec(slot->left, slot->argv);
	return slot->pid < 0 ? errno : 0;
}

static int make_vfork_exec(struct state *s, struct slot *slot)
{
	pid_t pid = vfork();

	(void)s;
	if (!pid)
		newborn_exec(slot->left, slot->argv);
	slot->pid = pid;
	return pid < 0 ? errno : 0;
}

static int make_posix_spawn(struct state *s, struct slot *slot)
{
	(void)s;
	return posix_spawn(&slot->pid, slot->argv[0], NULL, NULL, slot->argv,
			   newborn_no_environment);
}

static int make_dynamic(struct state *s, struct slot *slot)
{
	slot->argv[0] = s->dynamic;
	return make_posix_spawn(s, slot);
}

/* As system() and Node's exec() do it: the shell, which then is the program. */
static int make_shell(struct state *s, struct slot *slot)
{
	char *argv[] = { (char *)(uintptr_t) "/bin/sh",
			 (char *)(uintptr_t) "-c",
			 (char *)(uintptr_t) "exec \"$0\" \"$@\"",
			 (char *)(uintptr_t)s->r->helper,
			 s->nursery.fd,
			 s->nursery.source,
			 slot->index,
			 NULL };

	return posix_spawn(&slot->pid, argv[0], NULL, NULL, argv,
			   newborn_no_environment);
}

static void uv_exited(uv_process_t *process, int64_t status, int signal)
{
	struct slot *slot = process->data;

	slot->exited = true;
	slot->left->s.tid = signal ? -signal : status;
}

static int make_uv_spawn(struct state *s, struct slot *slot)
{
	uv_process_options_t options = {
		.file = slot->argv[0],
		.args = slot->argv,
		.env = (char **)(uintptr_t)newborn_no_environment,
		.exit_cb = uv_exited,
	};

	slot->exited = false;
	slot->process.data = slot;
	return -uv_spawn(&s->loop, &slot->process, &options);
}

static int wait_uv_spawn(struct state *s, struct slot *slot)
{
	int64_t status;

	while (!slot->exited)
		uv_run(&s->loop, UV_RUN_ONCE);
	status = slot->left->s.tid;
	return newborn_judge(s->r, slot->left, status >= 0, (int)llabs(status));
}

/* Only where it is used: a loop has fork() handlers, which cost. */
static int open_uv_loop(struct state *s)
{
	if (uv_calls_allowed(s->r))
		return -1;
	errno = -uv_loop_init(&s->loop);
	return errno ? bench_errno(s->r, "uv_loop_init") : 0;
}

static void close_uv_process(struct state *s, struct slot *slot)
{
	uv_close((uv_handle_t *)&slot->process, NULL);
	uv_run(&s->loop, UV_RUN_NOWAIT);
}

/* -------------------------------------------------------- the benchmark */

/* All slots once: made, one after the other; then waited for. 0 or -1. */
static int create_all(struct run *r)
{
	const struct way *way = r->variant->arg;
	struct state *s = r->state;
	uint64_t start, called, first = 0, done;
	int error = 0;

	for (size_t i = 0; i < s->slots; i++)
		memset(s->slot[i].left, 0, sizeof(union newborn));
	start = clock_now();
	for (size_t i = 0; i < s->slots && !error; i++)
		error = way->make(s, &s->slot[i]);
	called = clock_now();
	for (size_t i = 0; i < s->slots && !error; i++)
		error = way->wait(s, &s->slot[i]);
	done = clock_now();
	if (error) {
		refusal_blame(r, error);
		return -1;
	}
	for (size_t i = 0; i < s->slots && way->tidy; i++)
		way->tidy(s, &s->slot[i]);
	for (size_t i = 0; i < s->slots; i++) {
		const union newborn *left = s->slot[i].left;

		if (newborn_check(r, left, start, done))
			return -1;
		if (left->s.exec.first > first)
			first = left->s.exec.first;
	}
	run_sample(r, CALL, run_elapsed_ns(r, start, called));
	run_sample(r, FIRST, run_elapsed_ns(r, start, first));
	run_sample(r, DONE, run_elapsed_ns(r, start, done));
	s->done_ns += run_elapsed_ns(r, start, done);
	return 0;
}

/* The rate is that of a batch: its creations in the time that they took. */
static uint64_t run(struct run *r, uint64_t n)
{
	struct state *s = r->state;

	s->done_ns = 0;
	for (uint64_t i = 0; i < n; i++)
		if (create_all(r))
			return i;
	run_mean(r, RATE, (double)(n * s->slots) * 1e9 / s->done_ns);
	return n;
}

static int open_slots(struct run *r, struct state *s)
{
	s->slots = r->value == PARAM_PUS ? topo_pu_count() : 1;
	s->slot = calloc(s->slots, sizeof(*s->slot));
	if (!s->slot)
		return bench_fail(r, "out of memory");
	if (nursery_open(r, &s->nursery, s->slots))
		return -1;
	for (size_t i = 0; i < s->slots; i++) {
		struct slot *slot = &s->slot[i];
		char *argv[] = { (char *)(uintptr_t)r->helper, s->nursery.fd,
				 s->nursery.source, slot->index, NULL };

		slot->left = &s->nursery.of[i];
		snprintf(slot->index, sizeof(slot->index), "%zu", i);
		memcpy(slot->argv, argv, sizeof(argv));
		slot->stack = mmap(NULL, SMALL_STACK, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (slot->stack == MAP_FAILED)
			return bench_errno(r, "mmap of a stack");
	}
	return 0;
}

static int setup(struct run *r)
{
	static struct state s;
	const struct way *way = r->variant->arg;
	long least = sysconf(_SC_THREAD_STACK_MIN);

	r->state = &s;
	s.r = r;
	s.small_stack = least > SMALL_STACK ? (size_t)least : SMALL_STACK;
	snprintf(s.dynamic, sizeof(s.dynamic), "%.4000s-dynamic", r->helper);
	if (open_slots(r, &s) || (way->open && way->open(&s)))
		return -1;
	if (bench_bind(r, r->pu_a))
		return -1;
	return 0;
}

/* ------------------------------------------------------------- the table */

static bool clone3_there(char *why, size_t size, bool *denied)
{
	/* refused for its length by a kernel that has it */
	if (syscall(SYS_clone3, NULL, 0) == -1 && errno == EINVAL)
		return true;
	*denied = errno == EPERM;
	snprintf(why, size, "clone3: %s%s", strerror(errno),
		 errno == ENOSYS ? " (Linux 5.3; or a seccomp filter)" : "");
	return false;
}

static bool pidfd_there(char *why, size_t size, bool *denied)
{
	siginfo_t info;

	if (!clone3_there(why, size, denied))
		return false;
	/* what waits for a descriptor that is none says so, if it can */
	if (waitid((idtype_t)P_PIDFD, (id_t)-1, &info, WEXITED) &&
	    errno == EINVAL) {
		/* the kernel knows P_PIDFD and finds -1 invalid, or does not
		 * know it: pidfd_open came first, and both by Linux 5.4 */
		if (syscall(SYS_pidfd_open, getpid(), 0) < 0) {
			snprintf(why, size, "pidfd: %s (Linux 5.4)",
				 strerror(errno));
			return false;
		}
	}
	return true;
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

static bool unsanitized(char *why, size_t size, bool *denied)
{
	(void)denied;
#ifdef SANITIZED
	snprintf(why, size, "a sanitizer's run time does not know raw threads");
	return false;
#else
	(void)why;
	(void)size;
	return true;
#endif
}

static const struct need need_clone3 = { clone3_there },
			 need_pidfd = { pidfd_there },
			 need_unsanitized = { unsanitized };
static const struct need *const for_raw[] = { &need_clone3, &need_unsanitized,
					      NULL },
				*const for_clone3[] = { &need_clone3, NULL },
				*const for_pidfd[] = { &need_pidfd, NULL };

/* pu: the new one inherits the creator's PU. any: both are free. */
enum { BINDINGS = PLACE_ONE_PU | PLACE_ANY };

static const struct way by_pthread = { make_pthread, join_pthread },
			by_small = { make_small, join_pthread },
			by_uncached = { make_uncached, join_pthread },
			by_detached = { make_detached, wait_detached },
			by_uv_thread = { make_uv_thread, join_uv_thread },
			by_raw_thread = { make_raw_thread, wait_raw_thread },
			by_fork = { make_fork, reap },
			by_clone3 = { make_clone3, reap },
			by_pidfd = { make_clone3_pidfd, reap_pidfd },
			by_vfork_exec = { make_vfork_exec, reap },
			by_fork_exec = { make_fork_exec, reap },
			by_spawn = { make_posix_spawn, reap },
			by_dynamic = { make_dynamic, reap },
			by_shell = { make_shell, reap },
			by_uv_spawn = { make_uv_spawn, wait_uv_spawn,
					close_uv_process, open_uv_loop };

#define THREAD(name, way, needs)                        \
	{                                               \
		name, way, PEER_THREAD, BINDINGS, needs \
	}
#define PROCESS(name, way, needs)                        \
	{                                                \
		name, way, PEER_PROCESS, BINDINGS, needs \
	}

static const struct variant variants[] = {
	THREAD("pthread", &by_pthread, NULL),
	THREAD("pthread_small", &by_small, NULL),
	THREAD("pthread_uncached", &by_uncached, NULL),
	THREAD("pthread_detached", &by_detached, NULL),
	THREAD("uv_thread", &by_uv_thread, NULL),
	THREAD("clone3_thread", &by_raw_thread, for_raw),
	PROCESS("fork", &by_fork, NULL),
	PROCESS("clone3", &by_clone3, for_clone3),
	PROCESS("clone3_pidfd", &by_pidfd, for_pidfd),
	PROCESS("vfork_exec", &by_vfork_exec, NULL),
	PROCESS("fork_exec", &by_fork_exec, NULL),
	PROCESS("posix_spawn", &by_spawn, NULL),
	PROCESS("posix_spawn_dynamic", &by_dynamic, NULL),
	PROCESS("posix_spawn_sh", &by_shell, NULL),
	PROCESS("uv_spawn", &by_uv_spawn, NULL),
	{ NULL },
};

static const uint64_t at_once[] = { PARAM_NONE, PARAM_PUS, PARAM_END };

static const struct metric metrics[] = {
	{ "call", "ns" },  /* until all calls have returned */
	{ "first", "ns" }, /* until the last one's first instruction */
	{ "done", "ns" },  /* until the end of all is known */
	{ "rate", "1/s" }, { NULL, NULL },
};

const struct bench bench_create = {
	.name = "create",
	.title = "threads and processes: made, running, gone",
	.unit = "ns",
	.variants = variants,
	.param = "at_once",
	.values = at_once,
	.metrics = metrics,
	.counts = COUNT_SYSCALLS | COUNT_NAMES | COUNT_SWITCHES |
		  COUNT_CPU_TIME | COUNT_FAULTS,
	.count_n = 4,
	.spawns = true,
	.setup = setup,
	.run = run,
};
