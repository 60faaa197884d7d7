/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a program inherits and must not measure or trip over: closed
 * descriptors, signals, the umask, timers, the size of stacks. */
#include "inherit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "die.h"

/* As coreutils' stdopen() does: open() gives the lowest number that is free.
 * What is open reads as empty; and cannot be written, but for stderr, whose
 * reader has asked for silence. */
static void open_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null",
			 fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_USAGE); /* no stderr to say so on */
	}
}

static bool may_stay_ignored(int signal)
{
	return signal == SIGHUP || signal == SIGINT || signal == SIGQUIT ||
	       signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void reset_signals(void)
{
	struct sigaction action;
	sigset_t none;

	for (int i = 1; i <= SIGRTMAX; i++) {
		if (may_stay_ignored(i) || sigaction(i, NULL, &action) ||
		    (action.sa_flags & SA_SIGINFO) ||
		    action.sa_handler != SIG_IGN)
			continue;
		signal(i, SIG_DFL);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void stop_timers(void)
{
	const struct itimerval off = { 0 };

	setitimer(ITIMER_PROF, &off, NULL);
	setitimer(ITIMER_VIRTUAL, &off, NULL);
}

static void limit_stack(void)
{
	const rlim_t least = 1 << 20, usual = 8 << 20, most = 64 << 20;
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) ||
	    limit.rlim_cur == RLIM_INFINITY || /* glibc then takes its own */
	    (limit.rlim_cur >= least && limit.rlim_cur <= most))
		return;
	limit.rlim_cur = limit.rlim_max < usual ? limit.rlim_max : usual;
	setrlimit(RLIMIT_STACK, &limit);
}

void inherit_mend(void)
{
	open_standard();
	reset_signals();
	umask(umask(0) & ~(mode_t)S_IRWXU);
	stop_timers();
	limit_stack();
}

/* Without close_range(), or its flag: one by one. */
static void mark_each(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	closedir(dir);
}

void inherit_close_on_exec(void)
{
	enum { CLOEXEC = 1 << 2 }; /* CLOSE_RANGE_CLOEXEC, Linux 5.11 */

#ifdef SYS_close_range
	if (!syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, CLOEXEC))
		return;
#endif
	mark_each();
}
