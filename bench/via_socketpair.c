/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: one byte through an AF_UNIX stream socket pair each way; messages
 * through the same. */
#include "pair.h"

#include <sys/socket.h>
#include <unistd.h>

#include "stream.h"

static int socketpair_open(struct run *r, struct end *driver,
			   struct end *server)
{
	int fd[2];

	(void)r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return -1;
	driver->in = driver->out = fd[0];
	server->in = server->out = fd[1];
	return 0;
}

static void socketpair_close(struct end *driver, struct end *server)
{
	close(driver->in);
	close(server->in);
}

STREAM_CHANNEL(socketpair)
