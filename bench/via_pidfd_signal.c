/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a real-time signal to the other process through its pidfd each way,
 * awaited with sigwaitinfo(). */
#include "pair.h"

#include <stdio.h>

#include "needs.h"
#include "signals.h"

/* A signal that carries a number, to oneself: emulators know the call and
 * not that. 0, or -1 and errno. */
static int send_to_self(int fd)
{
	const struct timespec now = { 0, 0 };
	siginfo_t info = { .si_signo = SIGRTMIN, .si_code = SI_QUEUE };
	sigset_t set, before;
	int result;

	info.si_pid = getpid();
	info.si_uid = getuid();
	signals_set(&set);
	if (sigprocmask(SIG_BLOCK, &set, &before))
		return -1;
	result = (int)syscall(SYS_pidfd_send_signal, fd, SIGRTMIN, &info, 0);
	if (!result)
		sigtimedwait(&set, NULL, &now);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

static bool pidfd_signal_there(char *why, size_t size, bool *denied)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	bool there = fd >= 0 && !send_to_self(fd);

	if (!there) {
		*denied = errno == EPERM || errno == EACCES;
		snprintf(why, size, "%s: %s%s",
			 fd < 0 ? "pidfd_open" : "pidfd_send_signal",
			 strerror(errno),
			 errno == ENOSYS ? " (Linux 5.3)" : "");
	}
	if (fd >= 0)
		close(fd);
	return there;
}

const struct need need_pidfd_signal = { pidfd_signal_there };

static int pidfd_enter(struct end *e)
{
	struct signals *s;

	if (signals_enter(e))
		return -1;
	s = e->own;
	e->out = (int)syscall(SYS_pidfd_open, s->process, 0);
	if (e->out < 0)
		die_errno("pidfd_open");
	return 0;
}

static void pidfd_send(struct end *e)
{
	struct signals *s = e->own;

	s->info.si_value.sival_int = (int)++e->sent;
	if (syscall(SYS_pidfd_send_signal, e->out, s->info.si_signo, &s->info,
		    0))
		die_errno("pidfd_send_signal");
}

static void pidfd_leave(struct end *e)
{
	signals_leave(e);
	close(e->out);
}

static uint64_t pidfd_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, pidfd_send, signals_await);
}

static uint64_t pidfd_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, signals_await, pidfd_send);
}

const struct channel via_pidfd_signal = {
	.name = "pidfd_signal",
	.open = signals_open,
	.enter = pidfd_enter,
	.drive = pidfd_drive,
	.serve = pidfd_serve,
	.leave = pidfd_leave,
};
