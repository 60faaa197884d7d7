/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread or process that a benchmark has made: what it leaves of its first
 * instruction, and how its end is judged. */
#include "newborn.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

char *const newborn_no_environment[] = { NULL };

int nursery_open(struct run *r, struct nursery *nursery, size_t count)
{
	size_t size = count * sizeof(*nursery->of);
	int fd;

	if (!r->clocks_agree)
		return bench_absent(r, "a time of the new one beside its "
				       "creator's needs clocks that agree");
	fd = memfd_create("handoff-newborn", 0); /* an exec'd one has it */
	if (fd < 0 || ftruncate(fd, (off_t)size))
		return bench_errno(r, "memfd_create");
	nursery->of =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (nursery->of == MAP_FAILED)
		return bench_errno(r, "mmap of the memfd");
	snprintf(nursery->fd, sizeof(nursery->fd), "%d", fd);
	snprintf(nursery->source, sizeof(nursery->source), "%s",
		 r->clock.source == CLOCK_RAW_COUNTER ? "c" : "k");
	return 0;
}

void newborn_child(union newborn *left)
{
	newborn_first(left);
	_exit(EXEC_CHILD_STATUS);
}

void newborn_exec(union newborn *left, char *const argv[])
{
	execve(argv[0], argv, newborn_no_environment);
	left->s.exec_errno = errno;
	_exit(127);
}

int newborn_wait(pid_t pid, int *status)
{
	pid_t reaped;

	do {
		reaped = waitpid(pid, status, 0);
	} while (reaped < 0 && errno == EINTR);
	return reaped == pid ? 0 : errno;
}

int newborn_judge(struct run *r, const union newborn *left, bool exited,
		  int code)
{
	if (left->s.exec_errno)
		return (int)left->s.exec_errno;
	if (exited && code == EXEC_CHILD_STATUS)
		return 0;
	bench_fail(r, "%s: the child %s %d instead of exiting with %d",
		   r->variant->name,
		   exited ? "exited with" : "was ended by signal", code,
		   EXEC_CHILD_STATUS);
	return ECHILD;
}

int newborn_judge_status(struct run *r, const union newborn *left, int status)
{
	return newborn_judge(r, left, WIFEXITED(status),
			     WIFEXITED(status) ? WEXITSTATUS(status) :
						 WTERMSIG(status));
}

int newborn_reap(struct run *r, const union newborn *left, pid_t pid)
{
	int status, error = newborn_wait(pid, &status);

	return error ? error : newborn_judge_status(r, left, status);
}

int newborn_check_pu(struct run *r, int pu)
{
	r->peer_pu = pu;
	return r->pu_b >= 0 && pu != r->pu_b ?
		       bench_fail(r, "the new one ran on PU %d, not %d", pu,
				  r->pu_b) :
		       0;
}

int newborn_check(struct run *r, const union newborn *left, uint64_t start,
		  uint64_t done)
{
	if (left->s.exec.first < start || left->s.exec.first > done)
		return bench_fail(r,
				  "%s: the new one's first instruction was not "
				  "between start and end",
				  r->variant->name);
	return newborn_check_pu(r, (int)left->s.exec.pu);
}
