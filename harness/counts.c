/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting what the kernel was asked to do: system calls, context switches,
 * processor time, bytes copied. */
#include "counts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "die.h"
#include "essential.h"

enum {
	PROBE_CALLS = 10,
	/* system calls of usage_so_far(), made twice within a bracket */
	USAGE_CALLS = 4,
};

/* Bytes read and written by this thread so far; with_own: and by this very
 * reading, which the text cannot know. It grows with its digits, so that no
 * slope would cancel it. */
static uint64_t io_bytes(bool with_own)
{
	char text[512];
	unsigned long long read_bytes = 0, written_bytes = 0;
	int fd = open("/proc/thread-self/io", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (length <= 0)
		return 0;
	text[length] = '\0';
	if (sscanf(text, "rchar: %llu wchar: %llu", &read_bytes,
		   &written_bytes) != 2)
		return 0;
	return read_bytes + written_bytes + (with_own ? (uint64_t)length : 0);
}

static _Thread_local int perf_fd = -1;
static _Thread_local _Atomic uint64_t *traced_calls;
/* What tells the tracer that a tally is open. */
static _Thread_local _Atomic int *traced_open;

static uint64_t perf_read(int fd)
{
	uint64_t value = 0;

	if (read(fd, &value, sizeof(value)) != sizeof(value))
		die_errno("read the system call counter");
	return value;
}

static uint64_t syscalls_so_far(void)
{
	if (perf_fd >= 0)
		return perf_read(perf_fd);
	return traced_calls ? atomic_load(traced_calls) : 0;
}

static uint64_t timeval_ns(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u;
}

static uint64_t cpu_clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t counts_thread_cpu_ns(void)
{
	return cpu_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t counts_family_cpu_ns(void)
{
	struct rusage children;

	getrusage(RUSAGE_CHILDREN, &children);
	return cpu_clock_ns(CLOCK_PROCESS_CPUTIME_ID) +
	       timeval_ns(children.ru_utime) + timeval_ns(children.ru_stime);
}

static void add_usage(struct tally *tally, int who)
{
	struct rusage use;

	getrusage(who, &use);
	tally->voluntary += (uint64_t)use.ru_nvcsw;
	tally->involuntary += (uint64_t)use.ru_nivcsw;
	tally->faults += (uint64_t)use.ru_minflt + (uint64_t)use.ru_majflt;
}

static void usage_so_far(struct tally *tally, unsigned what)
{
	bool family = what & TALLY_FAMILY;

	tally->voluntary = tally->involuntary = tally->faults = 0;
	tally->cpu_ns =
		family ? counts_family_cpu_ns() : counts_thread_cpu_ns();
	add_usage(tally, family ? RUSAGE_SELF : RUSAGE_THREAD);
	if (family)
		add_usage(tally, RUSAGE_CHILDREN);
}

void tally_begin(struct tally *tally, unsigned what)
{
	tally->io_bytes = what & TALLY_COUNTING ? io_bytes(true) : 0;
	tally->syscalls = what & TALLY_COUNTING ? syscalls_so_far() : 0;
	usage_so_far(tally, what);
	if (traced_open)
		atomic_store(traced_open, 1);
}

void tally_end(struct tally *tally, unsigned what)
{
	if (traced_open)
		atomic_store(traced_open, 0);
	usage_so_far(tally, what);
	tally->syscalls = what & TALLY_COUNTING ? syscalls_so_far() : 0;
	tally->io_bytes = what & TALLY_COUNTING ? io_bytes(false) : 0;
}

void tally_add(struct tally *into, const struct tally *from,
	       const struct tally *to)
{
	into->voluntary += to->voluntary - from->voluntary;
	into->involuntary += to->involuntary - from->involuntary;
	into->faults += to->faults - from->faults;
	into->cpu_ns += to->cpu_ns - from->cpu_ns;
	into->io_bytes += to->io_bytes - from->io_bytes;
	into->syscalls += to->syscalls - from->syscalls;
}

int counts_have_io(void)
{
	return io_bytes(false) > 0;
}

/* A tracefs that stands nowhere and ends with its descriptor: in a container
 * none is mounted as a rule, though root may. -1: not allowed, or unknown. */
static int detached_tracefs(void)
{
	int fs = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC), at = -1;

	if (fs < 0)
		return -1;
	if (!syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		at = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
				  MOUNT_ATTR_RDONLY);
	close(fs);
	return at;
}

/* The number in a file, or -1; at: a directory, or what open() gave for one. */
static long long number_at(int at, const char *path)
{
	char text[32];
	int fd = at < 0 ? -1 : openat(at, path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	long long number;

	if (fd >= 0)
		close(fd);
	if (length <= 0)
		return -1;
	text[length] = '\0';
	return sscanf(text, "%lld", &number) == 1 ? number : -1;
}

/* The tracepoint's number, or -1: no tracefs that can be read. */
static long long tracepoint_id(void)
{
	static const char *const roots[] = { "/sys/kernel/tracing",
					     "/sys/kernel/debug/tracing",
					     NULL };
	static const char event[] = "events/raw_syscalls/sys_enter/id";
	long long id = -1;

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots) && id < 0; i++) {
		int at = roots[i] ? open(roots[i], O_PATH | O_CLOEXEC) :
				    detached_tracefs();

		id = number_at(at, event);
		if (at >= 0)
			close(at);
	}
	return id;
}

/* family: with those that the thread will make. */
static int perf_open(int family)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.inherit = !!family,
		/* exclude_kernel would make a tracepoint read 0 */
	};
	long long id = tracepoint_id();

	if (id < 0) {
		errno = ENOENT;
		return -1;
	}
	attr.config = (unsigned long long)id;
	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

/* The slot of a task, taken if it has none; -1: all are. */
static int find_traced(struct counts_traced *traced, int tid)
{
	for (int i = 0; i < COUNTS_MAX_TRACED; i++)
		if (atomic_load(&traced->task[i].tid) == tid)
			return i;
	for (int i = 0; i < COUNTS_MAX_TRACED; i++) {
		int none = 0;

		if (atomic_compare_exchange_strong(&traced->task[i].tid, &none,
						   tid))
			return i;
	}
	return -1;
}

int counts_thread(enum counts_method method, struct counts_traced *traced,
		  int family)
{
	if (method == COUNTS_PERF) {
		perf_fd = perf_open(family);
		return perf_fd < 0 ? -1 : 0;
	}
	if (method == COUNTS_PTRACE) {
		int slot;

		while (!atomic_load(&traced->attached))
			usleep(100);
		slot = find_traced(traced, gettid());
		errno = ENOSPC;
		if (slot < 0)
			return -1;
		traced_calls = family ? &traced->family_calls :
					&traced->task[slot].syscalls;
		traced_open =
			family ? &traced->family : &traced->task[slot].open;
	}
	return 0;
}

int counts_hold(enum counts_method method)
{
	return method == COUNTS_PERF ? perf_open(0) : -1;
}

void counts_release(int held)
{
	if (held >= 0)
		close(held);
}

double counts_settle_s(enum counts_method method)
{
	return method == COUNTS_PERF ? 1.2 : 0;
}

static int perf_works(char *why, size_t size)
{
	uint64_t before, seen;
	int fd;

	if (essential_is_deadly(SYS_perf_event_open) ||
	    essential_is_deadly(SYS_fsopen)) {
		snprintf(why, size,
			 "perf: a seccomp filter kills who asks for it");
		return 0;
	}
	fd = perf_open(0);
	if (fd < 0) {
		snprintf(why, size, "perf tracepoint: %s",
			 errno == ENOENT ? "no tracefs that can be read" :
					   strerror(errno));
		return 0;
	}
	before = perf_read(fd);
	for (int i = 0; i < PROBE_CALLS; i++)
		syscall(SYS_getppid);
	seen = perf_read(fd) - before;
	close(fd);
	if (seen != PROBE_CALLS + 1) { /* the second read is one itself */
		snprintf(why, size, "perf tracepoint: saw %llu of %d calls",
			 (unsigned long long)seen, PROBE_CALLS + 1);
		return 0;
	}
	snprintf(why, size, "perf tracepoint raw_syscalls:sys_enter");
	return 1;
}

int counts_trace_attach(pid_t pid)
{
	const unsigned long options = PTRACE_O_TRACESYSGOOD |
				      PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
				      PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;

	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)options))
		return -1;
	return (int)ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
}

/* The number of the system call that a task enters; -1 at its exit. */
static long long entered(pid_t pid)
{
	struct {
		uint8_t op, pad[3];
		uint32_t arch;
		uint64_t ip, sp, number;
		uint64_t rest[16];
	} info = { .op = 0 };
	enum { GET_SYSCALL_INFO = 0x420e, INFO_ENTRY = 1 };

	if (ptrace((enum __ptrace_request)GET_SYSCALL_INFO, pid,
		   (void *)sizeof(info), &info) <= 0 ||
	    info.op != INFO_ENTRY)
		return -1;
	return (long long)info.number;
}

static void take_call(struct counts_traced *traced, pid_t pid)
{
	int slot = find_traced(traced, pid);
	long long number = entered(pid);

	if (number < 0)
		return;
	atomic_fetch_add(&traced->family_calls, 1);
	if (slot >= 0)
		atomic_fetch_add(&traced->task[slot].syscalls, 1);
	if (number < COUNTS_CALLS &&
	    (atomic_load(&traced->family) ||
	     (slot >= 0 && atomic_load(&traced->task[slot].open))))
		atomic_fetch_add(&traced->calls[number], 1);
}

int counts_trace_event(pid_t pid, int status, struct counts_traced *traced)
{
	int signal_to_pass = 0;

	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		int slot = find_traced(traced, pid);

		/* for the next: creating makes thousands */
		if (slot >= 0)
			atomic_store(&traced->task[slot].tid, 0);
		return 1;
	}
	if (!WIFSTOPPED(status))
		return 0;
	if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		take_call(traced, pid);
	} else if (status >> 16 == 0) {
		signal_to_pass = WSTOPSIG(status);
	} else {
		/* from this stop on every call of the task is seen */
		atomic_store(&traced->attached, 1);
	}
	ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)signal_to_pass);
	return 0;
}

static int ptrace_works(char *why, size_t size)
{
	struct counts_traced *traced =
		mmap(NULL, sizeof(*traced), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t seen = 0;
	int error = 0;
	pid_t child;

	if (essential_is_deadly(SYS_ptrace)) {
		snprintf(why, size,
			 "ptrace: a seccomp filter kills who asks for it");
		return 0;
	}
	if (traced == MAP_FAILED) {
		snprintf(why, size, "ptrace: out of memory");
		return 0;
	}
	child = fork();
	if (!child) {
		struct tally before, after;

		if (counts_thread(COUNTS_PTRACE, traced, 0))
			_exit(0);
		tally_begin(&before, TALLY_COUNTING);
		for (int i = 0; i < PROBE_CALLS; i++)
			syscall(SYS_getppid);
		tally_end(&after, TALLY_COUNTING);
		_exit((int)(after.syscalls - before.syscalls));
	}
	if (child < 0 || counts_trace_attach(child)) {
		error = errno;
		if (child > 0) {
			kill(child, SIGKILL);
			waitpid(child, NULL, 0);
		}
	} else {
		int status = 0;

		/* a thread of the child's, if it has one (a sanitizer's), must
		 * be reaped before the child can be */
		pid_t who;

		while ((who = waitpid(-1, &status, __WALL)) > 0)
			if (counts_trace_event(who, status, traced) &&
			    who == child)
				break;
		seen = WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status) : 0;
	}
	munmap(traced, sizeof(*traced));
	if (error)
		snprintf(why, size, "ptrace: %s", strerror(error));
	else if (seen != PROBE_CALLS + USAGE_CALLS)
		snprintf(why, size, "ptrace: saw %llu of %d calls",
			 (unsigned long long)seen, PROBE_CALLS + USAGE_CALLS);
	else
		return snprintf(why, size, "ptrace (traced, so slower)") > 0;
	return 0;
}

int counts_can_name(char *why, size_t size)
{
	return ptrace_works(why, size);
}

const char *counts_call_name(size_t number)
{
	static const char *const names[COUNTS_CALLS] = {
#define CALL(name) [__NR_##name] = #name,
#include "syscalls.h"
#undef CALL
	};

	return number < COUNTS_CALLS ? names[number] : NULL;
}

enum counts_method counts_probe(char *why, size_t size)
{
	const char *wish = getenv("HANDOFF_COUNT");
	char no_perf[96] = "perf: not asked",
	     no_ptrace[96] = "ptrace: not asked";

	if (wish && strcmp(wish, "perf") && strcmp(wish, "ptrace") &&
	    strcmp(wish, "none"))
		die_usage("HANDOFF_COUNT=%s: there are perf, ptrace and none",
			  wish);
	if (!wish || !strcmp(wish, "perf")) {
		if (perf_works(no_perf, sizeof(no_perf))) {
			snprintf(why, size, "%s", no_perf);
			return COUNTS_PERF;
		}
	}
	if (!wish || !strcmp(wish, "ptrace")) {
		if (ptrace_works(no_ptrace, sizeof(no_ptrace))) {
			snprintf(why, size, "%s", no_ptrace);
			return COUNTS_PTRACE;
		}
	}
	snprintf(why, size, "%s; %s", no_perf, no_ptrace);
	return COUNTS_DENIED;
}
