/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system calls that no run can do without, tried before anything is
 * measured: where one is refused, a run would hang or mistake its cases. */
#include "essential.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "refusal.h"

/* Where the child has come to; what it was refused. */
struct progress_of_child {
	size_t tried; /* calls begun */
	int error;
	bool finished;
};

/* Each: 0, or -1 and errno. */
static int try_wait(void)
{
	int status;

	/* there is no child */
	return waitpid(-1, &status, WNOHANG) < 0 && errno != ECHILD ? -1 : 0;
}

/* hwloc would ask for ever. More PUs than there is room for is an answer. */
static int try_affinity(void)
{
	unsigned long mask[1024 / 8 / sizeof(long)];

	return syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) < 0 &&
			       errno != EINVAL ?
		       -1 :
		       0;
}

static int try_memfd(void)
{
	int fd = memfd_create("handoff-essential", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int try_prctl(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int try_kill(void)
{
	return kill(getpid(), 0);
}

static int try_signal_wait(void)
{
	const struct timespec now = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	return sigtimedwait(&set, NULL, &now) < 0 && errno != EAGAIN &&
			       errno != EINTR ?
		       -1 :
		       0;
}

/* Whether it is refused does not matter, and what kills a child would kill the
 * run. */
static int try_clone3(void)
{
#ifdef SYS_clone3
	syscall(SYS_clone3, NULL, 0);
#endif
	return 0;
}

static const struct essential {
	const char *call;
	int (*try)(void);
} essentials[] = {
	{ "wait4", try_wait },         { "sched_getaffinity", try_affinity },
	{ "memfd_create", try_memfd }, { "prctl", try_prctl },
	{ "kill", try_kill },          { "rt_sigtimedwait", try_signal_wait },
	{ "clone3", try_clone3 },
};

enum { ESSENTIALS = sizeof(essentials) / sizeof(*essentials) };

static void try_all(struct progress_of_child *p)
{
	for (; p->tried < ESSENTIALS && !p->error; p->tried++) {
		errno = 0;
		if (essentials[p->tried].try())
			p->error = errno ? errno : EIO;
	}
	p->finished = true;
}

/* Until the child has ended, without wait4(), which may be refused: its end of
 * a pipe is closed then. Reaped where that is allowed. */
static int run_in_child(struct progress_of_child *p)
{
	int ended[2];
	char byte;
	pid_t pid;

	if (pipe2(ended, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		close(ended[0]);
		try_all(p);
		_exit(0);
	}
	close(ended[1]);
	while (pid > 0 && read(ended[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(ended[0]);
	if (pid > 0 && (p->finished || p->tried > 0))
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	return pid < 0 ? -1 : 0;
}

static int judge(const struct progress_of_child *p, char *err, size_t size)
{
	const char *call =
		p->error ?
			essentials[p->tried - 1].call :
			essentials[p->tried < ESSENTIALS ? p->tried : 0].call;
	char what[96];

	if (p->finished && !p->error)
		return 0;
	snprintf(what, sizeof(what), "nothing can be measured without %s()",
		 call);
	if (p->error)
		refusal_say(err, size, what, p->error);
	else
		snprintf(err, size,
			 "%s: a seccomp filter kills who calls it: allow it, "
			 "or measure outside the container",
			 what);
	return -1;
}

int essential_calls(char *err, size_t size)
{
	struct progress_of_child *p =
		mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result;

	if (p == MAP_FAILED) {
		refusal_say(err, size, "mmap of shared memory", errno);
		return -1;
	}
	if (run_in_child(p)) /* no child is to be had: here, then */
		try_all(p);
	result = judge(p, err, size);
	munmap(p, sizeof(*p));
	return result;
}

bool essential_is_deadly(long number)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		syscall(number, 0, 0, 0, 0, 0, 0);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}
