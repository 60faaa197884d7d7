/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: one byte through a pipe each way; messages through the same pipe. */
#include "pair.h"

#include <fcntl.h>
#include <unistd.h>

#include "stream.h"

static int pipe_open(struct run *r, struct end *driver, struct end *server)
{
	int there[2], back[2];

	(void)r;
	if (pipe2(there, O_CLOEXEC))
		return -1;
	if (pipe2(back, O_CLOEXEC)) {
		close(there[0]);
		close(there[1]);
		return -1;
	}
	driver->out = there[1];
	server->in = there[0];
	server->out = back[1];
	driver->in = back[0];
	return 0;
}

static void pipe_close(struct end *driver, struct end *server)
{
	close(driver->out);
	close(driver->in);
	close(server->out);
	close(server->in);
}

STREAM_CHANNEL(pipe)
