/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting what the kernel was asked to do: system calls, context switches,
 * processor time, bytes copied. */
#ifndef HANDOFF_COUNTS_H
#define HANDOFF_COUNTS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the calling thread has used so far: whole numbers, or NAN for what could
 * not be read, which stays NAN in every sum and difference. */
struct tally {
	double voluntary, involuntary; /* context switches (getrusage) */
	double faults;                 /* minor and major */
	double cpu_ns;
	double io_bytes; /* rchar + wchar: bytes moved by the read and write
			  * family */
	double syscalls;
};

/* Where a tally comes from, and what is read there. */
enum counts_source {
	COUNTS_FROM_USAGE, /* getrusage(): switches, faults, children's time */
	COUNTS_FROM_CLOCK, /* clock_gettime(): processor time */
	COUNTS_FROM_IO,    /* /proc/thread-self/io */
	COUNTS_FROM_CALLS, /* perf's counter of system calls */
	COUNTS_SOURCES,
};

/* The errno with which a source last could not be read in this process; 0: it
 * always could. */
int counts_error(enum counts_source source);
/* "getrusage()" */
const char *counts_source_name(enum counts_source source);

/*
 * Where a thread stops to look. Beginning and ending are read in opposite
 * order, so that what the reading itself does is a constant: it vanishes in
 * the slope between two lengths.
 * what: TALLY_… mask.
 */
enum {
	TALLY_THREAD = 0,   /* of the calling thread */
	TALLY_FAMILY = 1,   /* of the process, with all that it has reaped */
	TALLY_COUNTING = 2, /* /proc/thread-self/io and the system call counter
			     * too (slow; never while timing); without it
			     * io_bytes and syscalls stay 0 */
};
void tally_begin(struct tally *tally, unsigned what);
void tally_end(struct tally *tally, unsigned what);

/* Processor time so far, ns, or NAN: of the calling thread; of the process with
 * all its threads and the children that it has reaped. */
double counts_thread_cpu_ns(void);
double counts_family_cpu_ns(void);

/* into += to - from */
void tally_add(struct tally *into, const struct tally *from,
	       const struct tally *to);

/* 1 if the kernel accounts bytes read and written per task. */
int counts_have_io(void);

/* How system calls are counted here. */
enum counts_method {
	COUNTS_PERF,   /* perf tracepoint raw_syscalls:sys_enter */
	COUNTS_PTRACE, /* the runner traces the invocation */
	COUNTS_DENIED,
};

/* Tries the methods in that order; a method counts only if ten getppid() are
 * seen as ten. why: one line for the report. HANDOFF_COUNT=perf|ptrace|none
 * narrows the choice. */
enum counts_method counts_probe(char *why, size_t size);

/* Whether ptrace can name the calls of a child. why: one line if not. */
int counts_can_name(char *why, size_t size);

/* What the metrics of calls by name begin with. */
#define COUNTS_NAMED "syscalls."

/* "futex"; NULL: no call of this kernel's headers has that number. */
const char *counts_call_name(size_t number);

/* ptrace: what the tracer knows, in memory it shares with the traced. */
enum { COUNTS_MAX_TRACED = 64, COUNTS_CALLS = 512 };
struct counts_traced {
	_Atomic int attached;
	_Atomic int family; /* a tally of the family is open */
	_Atomic uint64_t family_calls;
	struct {
		_Atomic int tid;
		_Atomic int open; /* a tally of the task is */
		_Atomic uint64_t syscalls;
	} task[COUNTS_MAX_TRACED];
	/* by number, made while the task's own tally or one of the family was
	 * open */
	_Atomic uint64_t calls[COUNTS_CALLS];
};

/*
 * From here on tally_begin() and tally_end() of the calling thread know its
 * system calls; family: and those of all threads and processes it makes. Each
 * party calls it for itself, so that each brackets exactly its own. 0, or -1
 * and errno. traced: of COUNTS_PTRACE; waits until the tracer is there.
 */
int counts_thread(enum counts_method method, struct counts_traced *traced,
		  int family);

/*
 * Keeps the tracepoint on for a while: turning it on and off takes tens of
 * milliseconds, which each invocation would pay. While it is on, every system
 * call on the machine is slower: not while timing. A descriptor, or -1.
 */
int counts_hold(enum counts_method method);

/*
 * How long after counts_release() context switches stay slower (3 % seen here):
 * the kernel keeps its hooks for counting in the scheduler patched in for
 * another second (perf_sched_work, kernel/events/core.c). Not while timing.
 */
double counts_settle_s(enum counts_method method);
void counts_release(int held);

/*
 * The tracer's part. counts_trace_attach() seizes a child;
 * counts_trace_event() handles one wait status of a traced task and resumes
 * it: 1 if the status ended that task, else 0. Signals are passed on.
 */
int counts_trace_attach(pid_t pid);
int counts_trace_event(pid_t pid, int status, struct counts_traced *traced);

#endif
