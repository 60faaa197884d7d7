/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: an eventfd each way, waited for by epoll and then read, as event
 * loops do. */
#include "epoll.h"
#include "eventfds.h"

static int epoll_eventfd_open(struct run *r, struct end *driver,
			      struct end *server)
{
	return eventfds_open(r, driver, server, EFD_CLOEXEC | EFD_NONBLOCK);
}

static void epoll_eventfd_close(struct end *driver, struct end *server)
{
	(void)server;
	eventfds_close(driver);
}

static void epoll_eventfd_await(struct end *e)
{
	epoll_await(e);
	eventfds_await(e);
}

static uint64_t epoll_eventfd_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, eventfds_signal, epoll_eventfd_await);
}

static uint64_t epoll_eventfd_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, epoll_eventfd_await, eventfds_signal);
}

const struct channel via_epoll_eventfd = {
	.name = "epoll_eventfd",
	.open = epoll_eventfd_open,
	.enter = epoll_enter,
	.drive = epoll_eventfd_drive,
	.serve = epoll_eventfd_serve,
	.leave = epoll_leave,
	.close = epoll_eventfd_close,
};
