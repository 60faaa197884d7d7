/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What channels of queued signals share: a real-time signal that carries its
 * number, blocked in both parties, so that it waits to be fetched. */
#ifndef HANDOFF_SIGNALS_H
#define HANDOFF_SIGNALS_H

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pair.h"

/* One party's, of its own. */
struct signals {
	siginfo_t info;        /* what is sent; its number changes */
	sigset_t set;          /* what is waited for: that signal alone */
	pid_t process, thread; /* the other party */
};

static inline void signals_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGRTMIN);
}

/* Blocked before the second party starts, which inherits it. */
static inline int signals_open(struct run *r, struct end *driver,
			       struct end *server)
{
	sigset_t set;

	signals_set(&set);
	driver->flags = r->peer == PEER_THREAD ? getpid() : 0;
	server->flags = driver->flags;
	atomic_store(&driver->theirs->value, (uint32_t)gettid());
	errno = pthread_sigmask(SIG_BLOCK, &set, NULL);
	return errno ? bench_errno(r, "pthread_sigmask") : 0;
}

/* Each party learns the other's thread from the word that both share. */
static inline int signals_enter(struct end *e)
{
	struct signals *s = calloc(1, sizeof(*s));
	uint32_t other;

	if (!s)
		return -1;
	if (!e->is_driver)
		atomic_store(&e->theirs->value, (uint32_t)gettid());
	while (!(other = atomic_load(&e->mine->value)))
		sched_yield();
	s->thread = (pid_t)other;
	s->process = e->flags ? e->flags : s->thread;
	signals_set(&s->set);
	s->info.si_signo = SIGRTMIN;
	s->info.si_code = SI_QUEUE;
	s->info.si_pid = getpid();
	s->info.si_uid = getuid();
	e->own = s;
	return 0;
}

/* sigqueue() without the getpid() and getuid() that it makes each time. */
PAIR_INLINE void signals_queue(struct end *e)
{
	struct signals *s = e->own;

	s->info.si_value.sival_int = (int)++e->sent;
	if (syscall(SYS_rt_tgsigqueueinfo, s->process, s->thread,
		    s->info.si_signo, &s->info))
		die_errno("queue a signal to the other party");
}

PAIR_INLINE void signals_check(struct end *e, int number)
{
	if (number != (int)++e->received)
		die("signal %u lost or doubled", e->received);
}

PAIR_INLINE void signals_await(struct end *e)
{
	struct signals *s = e->own;
	siginfo_t got;

	while (sigwaitinfo(&s->set, &got) < 0)
		if (errno != EINTR)
			die_errno("sigwaitinfo");
	signals_check(e, got.si_value.sival_int);
}

/* A last one that was doubled would still be pending. */
static inline void signals_leave(struct end *e)
{
	struct signals *s = e->own;
	const struct timespec now = { 0 };

	if (sigtimedwait(&s->set, NULL, &now) >= 0)
		die("signal %u doubled", e->received);
	free(s);
}

#endif
