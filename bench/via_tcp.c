/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: one byte over a TCP connection of 127.0.0.1 each way, without
 * Nagle's delay; messages over the same. */
#include "pair.h"

#include <netinet/tcp.h>

#include "loopback.h"
#include "stream.h"

/* The connection of that port and no other's. */
static int accept_from(int listener, in_port_t port)
{
	for (;;) {
		struct sockaddr_in from = { 0 };
		socklen_t size = sizeof(from);
		int fd = accept4(listener, (struct sockaddr *)&from, &size,
				 SOCK_CLOEXEC);

		if (fd < 0 || from.sin_port == port)
			return fd;
		close(fd);
	}
}

static int no_delay(int fd)
{
	const int on = 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int tcp_open(struct run *r, struct end *driver, struct end *server)
{
	struct sockaddr_in here, there;
	int listener = loopback_socket(SOCK_STREAM, &there);

	driver->in = driver->out = loopback_socket(SOCK_STREAM, &here);
	if (listener < 0 || driver->in < 0 || listen(listener, 1) ||
	    loopback_connect(driver->in, &there))
		return loopback_fail(r, "TCP");
	server->in = server->out = accept_from(listener, here.sin_port);
	if (server->in < 0 || no_delay(driver->in) || no_delay(server->in))
		return loopback_fail(r, "TCP");
	close(listener);
	return 0;
}

static void tcp_close(struct end *driver, struct end *server)
{
	close(driver->in);
	close(server->in);
}

STREAM_CHANNEL(tcp)
