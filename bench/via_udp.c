/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: one byte in a UDP datagram over 127.0.0.1 each way, between
 * connected sockets. */
#include "pair.h"

#include "loopback.h"
#include "stream.h"

static int udp_open(struct run *r, struct end *driver, struct end *server)
{
	struct sockaddr_in here, there;

	driver->in = driver->out = loopback_socket(SOCK_DGRAM, &here);
	server->in = server->out = loopback_socket(SOCK_DGRAM, &there);
	if (driver->in < 0 || server->in < 0 ||
	    loopback_connect(driver->in, &there) ||
	    loopback_connect(server->in, &here))
		return loopback_fail(r, "UDP");
	return 0;
}

static void udp_close(struct end *driver, struct end *server)
{
	close(driver->in);
	close(server->in);
}

static uint64_t udp_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, stream_signal, stream_await);
}

static uint64_t udp_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, stream_await, stream_signal);
}

const struct channel via_udp = {
	.name = "udp",
	.open = udp_open,
	.drive = udp_drive,
	.serve = udp_serve,
	.close = udp_close,
};
