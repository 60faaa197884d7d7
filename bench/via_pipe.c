/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: one byte through a pipe each way; messages through the same pipe. */
#include "stream.h"

static int pipe_open(struct run *r, struct end *driver, struct end *server)
{
	return pipes_open(r, driver, server, O_CLOEXEC);
}

static void pipe_close(struct end *driver, struct end *server)
{
	pipes_close(driver, server);
}

STREAM_CHANNEL(pipe)
