/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What channels share that wait as event loops do: one epoll instance a party,
 * level-triggered, and then a read that would not block. */
#ifndef HANDOFF_EPOLL_H
#define HANDOFF_EPOLL_H

#include <sys/epoll.h>
#include <unistd.h>

#include "pair.h"

/* In the party itself: each has an instance of its own. */
PAIR_INLINE int epoll_enter(struct end *e)
{
	struct epoll_event readable = { .events = EPOLLIN };

	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (e->epoll < 0)
		die_errno("epoll_create1");
	if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->in, &readable))
		die_errno("epoll_ctl");
	return 0;
}

PAIR_INLINE void epoll_leave(struct end *e)
{
	close(e->epoll);
}

/* A tracer that attaches interrupts epoll_wait(), which no kernel resumes. */
PAIR_INLINE void epoll_await(struct end *e)
{
	struct epoll_event event;
	int ready;

	do {
		ready = epoll_wait(e->epoll, &event, 1, -1);
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		die_errno("epoll_wait");
	if (ready != 1 || event.events != EPOLLIN)
		die("epoll_wait: %d descriptors are ready, events %#x", ready,
		    event.events);
}

#endif
