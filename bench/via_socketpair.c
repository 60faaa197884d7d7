/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: one byte through an AF_UNIX stream socket pair each way; messages
 * through the same. */
#include "pair.h"

#include "sockets.h"
#include "stream.h"

static int socketpair_open(struct run *r, struct end *driver,
			   struct end *server)
{
	return sockets_open(r, driver, server, SOCK_STREAM);
}

static void socketpair_close(struct end *driver, struct end *server)
{
	sockets_close(driver, server);
}

STREAM_CHANNEL(socketpair)
