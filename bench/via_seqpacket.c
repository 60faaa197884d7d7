/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: one byte through an AF_UNIX SOCK_SEQPACKET socket pair each way;
 * messages through the same, each whole in one send. */
#include <stdlib.h>

#include "sockets.h"
#include "stream.h"
#include "units.h"

/* Whether the socket takes a message of this size whole: 0, or -1 and errno.
 * The kernel's own overhead and limits are its business, so it is tried. */
static int try_message(int from, int to, uint64_t size)
{
	char *message = calloc(1, size), byte;
	ssize_t sent = message ? send(from, message, size, MSG_DONTWAIT) : -1;

	free(message);
	if (sent < 0)
		return -1;
	if ((uint64_t)sent == size &&
	    (uint64_t)recv(to, &byte, 1, MSG_TRUNC | MSG_DONTWAIT) == size)
		return 0;
	errno = EPROTO;
	return -1;
}

/* Asks for a larger send buffer only where the default is too small. */
static int make_room(struct run *r, int from, int to, uint64_t size)
{
	char wanted[UNITS_SIZE], there[UNITS_SIZE];
	int bytes = size < INT32_MAX ? (int)size : INT32_MAX;
	socklen_t length = sizeof(bytes);

	if (!try_message(from, to, size))
		return 0;
	if (errno != EMSGSIZE)
		return -1;
	if (setsockopt(from, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)))
		return -1;
	if (!try_message(from, to, size))
		return 0;
	if (errno != EMSGSIZE ||
	    getsockopt(from, SOL_SOCKET, SO_SNDBUF, &bytes, &length))
		return -1;
	units_bytes(wanted, sizeof(wanted), size);
	units_bytes(there, sizeof(there), (uint64_t)bytes);
	return bench_absent(r,
			    "a message of %s does not fit into SO_SNDBUF, "
			    "which net.core.wmem_max limits to %s",
			    wanted, there);
}

static int seqpacket_open(struct run *r, struct end *driver, struct end *server)
{
	if (sockets_open(r, driver, server, SOCK_SEQPACKET))
		return -1;
	return driver->size ?
		       make_room(r, driver->out, server->in, driver->size) :
		       0;
}

static void seqpacket_close(struct end *driver, struct end *server)
{
	sockets_close(driver, server);
}

/* What loops in stream.h over the parts of a message never does here: a packet
 * is written and read whole, in one call each. */
STREAM_CHANNEL(seqpacket)
