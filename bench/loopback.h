/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two sockets that reach each other over 127.0.0.1; where they cannot, the
 * case is absent or denied, with the reason. */
#ifndef HANDOFF_LOOPBACK_H
#define HANDOFF_LOOPBACK_H

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "refusal.h"

/* A socket of that type on a free port, whose address goes to *at; or -1. */
static inline int loopback_socket(int type, struct sockaddr_in *at)
{
	socklen_t size = sizeof(*at);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (fd >= 0 && !bind(fd, (struct sockaddr *)at, size) &&
	    !getsockname(fd, (struct sockaddr *)at, &size))
		return fd;
	return -1;
}

static inline int loopback_connect(int fd, const struct sockaddr_in *to)
{
	return connect(fd, (const struct sockaddr *)to, sizeof(*to));
}

/* Always -1. */
static inline int loopback_fail(struct run *r, const char *what)
{
	if (refusal_status(errno) == STATUS_DENIED && errno != EAGAIN)
		return bench_errno(
			r, "socket, bind or connect: %s over 127.0.0.1", what);
	return bench_absent(r, "%s over 127.0.0.1: %s", what, strerror(errno));
}

#endif
