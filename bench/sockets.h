/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What channels over a pair of AF_UNIX sockets share. */
#ifndef HANDOFF_SOCKETS_H
#define HANDOFF_SOCKETS_H

#include <sys/socket.h>
#include <unistd.h>

#include "pair.h"

/* One socket a party, for both directions; type: socketpair()'s. */
PAIR_INLINE int sockets_open(struct run *r, struct end *driver,
			     struct end *server, int type)
{
	int fd[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd))
		return bench_errno(r, "socketpair");
	driver->in = driver->out = fd[0];
	server->in = server->out = fd[1];
	return 0;
}

PAIR_INLINE void sockets_close(struct end *driver, struct end *server)
{
	close(driver->in);
	close(server->in);
}

#endif
