/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: one byte through a pipe each way, waited for by epoll and then
 * read, as event loops do. */
#include "epoll.h"
#include "stream.h"

static int epoll_pipe_open(struct run *r, struct end *driver,
			   struct end *server)
{
	return pipes_open(r, driver, server, O_CLOEXEC | O_NONBLOCK);
}

static void epoll_pipe_close(struct end *driver, struct end *server)
{
	pipes_close(driver, server);
}

static void epoll_pipe_await(struct end *e)
{
	epoll_await(e);
	stream_await(e);
}

static uint64_t epoll_pipe_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, stream_signal, epoll_pipe_await);
}

static uint64_t epoll_pipe_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, epoll_pipe_await, stream_signal);
}

const struct channel via_epoll_pipe = {
	.name = "epoll_pipe",
	.open = epoll_pipe_open,
	.enter = epoll_enter,
	.drive = epoll_pipe_drive,
	.serve = epoll_pipe_serve,
	.leave = epoll_leave,
	.close = epoll_pipe_close,
};
