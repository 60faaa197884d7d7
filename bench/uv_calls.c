/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system calls that libuv takes for granted: it calls abort() where one is
 * refused. */
#include "uv_calls.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A loop: an epoll instance that watches an eventfd and, of signals, a pipe. */
const char *uv_calls_refused(void)
{
	struct epoll_event readable = { .events = EPOLLIN };
	int epoll, event, pipe[2] = { -1, -1 }, error;
	const char *call = NULL;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		return "epoll_create1";
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		call = "eventfd";
	else if (epoll_ctl(epoll, EPOLL_CTL_ADD, event, &readable))
		call = "epoll_ctl";
	else if (epoll_wait(epoll, &readable, 1, 0) < 0 && errno != EINTR)
		call = "epoll_wait";
	else if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK))
		call = "pipe2";
	error = errno;
	close(epoll);
	if (event >= 0)
		close(event);
	if (pipe[0] >= 0) {
		close(pipe[0]);
		close(pipe[1]);
	}
	errno = error;
	return call;
}

int uv_calls_allowed(struct run *r)
{
	const char *call = uv_calls_refused();

	return call ? bench_errno(r, "%s, which libuv needs", call) : 0;
}

void uv_calls_require(void)
{
	const char *call = uv_calls_refused();

	if (call)
		die_errno("%s, which libuv needs", call);
}
