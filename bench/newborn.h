/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread or process that a benchmark has made: what it leaves of its first
 * instruction, and how its end is judged. */
#ifndef HANDOFF_NEWBORN_H
#define HANDOFF_NEWBORN_H

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "bench.h"
#include "exec_child.h"

/* What the new one leaves, in a memfd: a forked child and an exec'd program
 * write to it too. */
union newborn {
	struct {
		struct exec_child_left exec;
		int64_t tid;
		int64_t exec_errno;
	} s;
	char stride[EXEC_CHILD_STRIDE];
};

/* Room for several, and what an exec'd program is told of it. */
struct nursery {
	union newborn *of;
	char fd[16];    /* the memfd, as an argument */
	char source[4]; /* the clock, as an argument */
};

/* A time of the new one beside a time of its creator needs clocks that agree:
 * absent where they do not. 0 or -1. */
int nursery_open(struct run *r, struct nursery *nursery, size_t count);

/* The new one's first steps. sched_getcpu() reads thread-local storage, which a
 * raw thread lacks. A PU that the kernel does not tell is -1. */
static inline void newborn_first(union newborn *left)
{
	unsigned pu = 0;

	left->s.exec.first = clock_now();
	left->s.exec.pu =
		syscall(SYS_getcpu, &pu, NULL, NULL) ? -1 : (int64_t)pu;
}

/* The same for a child that does nothing else. */
noreturn void newborn_child(union newborn *left);

/* For a child: the program, without an environment; or what refused it. */
extern char *const newborn_no_environment[];
noreturn void newborn_exec(union newborn *left, char *const argv[]);

/* Waits for a child's end. 0 or an errno. */
int newborn_wait(pid_t pid, int *status);

/* The end of a child counts only if it ended as it was told to: 0, or an errno,
 * ECHILD with the case failed already. code: exit status or signal. */
int newborn_judge(struct run *r, const union newborn *left, bool exited,
		  int code);

/* The same of what waitpid() said; and both, waiting and judging. */
int newborn_judge_status(struct run *r, const union newborn *left, int status);
int newborn_reap(struct run *r, const union newborn *left, pid_t pid);

/* Whether the new one ran where and when it must have; 0 or -1. */
int newborn_check(struct run *r, const union newborn *left, uint64_t start,
		  uint64_t done);
int newborn_check_pu(struct run *r, int pu);

#endif
