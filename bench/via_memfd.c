/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a message lies in a memfd, whose descriptor is passed over an
 * AF_UNIX socket (SCM_RIGHTS); the receiver maps it, looks, unmaps, closes. */
#include "pair.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockets.h"
#include "stream.h"

/* What the receiver holds: the message last received stays mapped until the
 * next is, so that it can be looked at whole after a batch. Each message takes
 * one mmap(), munmap() and close() all the same. */
struct held {
	char *map;
	int fd;
};

static struct held held = { NULL, -1 };
static int memfd; /* the sender's */

static int memfd_open(struct run *r, struct end *driver, struct end *server)
{
	(void)r;
	memfd = memfd_create("handoff-message", MFD_CLOEXEC);
	if (memfd < 0)
		return bench_errno(r, "memfd_create");
	if (ftruncate(memfd, (off_t)driver->size))
		return bench_errno(r, "ftruncate of a memfd");
	driver->payload = mmap(NULL, driver->size, PROT_READ | PROT_WRITE,
			       MAP_SHARED, memfd, 0);
	return driver->payload == MAP_FAILED ?
		       bench_errno(r, "mmap of a memfd") :
		       sockets_open(r, driver, server, SOCK_STREAM);
}

/* A message of one word, where to look, and room for one descriptor. */
struct parcel {
	struct msghdr header;
	struct iovec iov;
	uint64_t place;
	union {
		struct cmsghdr first;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
};

PAIR_INLINE void wrap(struct parcel *p)
{
	p->iov = (struct iovec){ &p->place, sizeof(p->place) };
	p->header = (struct msghdr){
		.msg_iov = &p->iov,
		.msg_iovlen = 1,
		.msg_control = &p->control,
		.msg_controllen = sizeof(p->control),
	};
}

static void memfd_send(struct end *e)
{
	struct parcel p = { .place = message_place(e->size, ++e->sent) };
	struct cmsghdr *c = &p.control.first;

	message_number(e->payload + p.place, e->size, e->sent);
	wrap(&p);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &memfd, sizeof(int));
	if (sendmsg(e->out, &p.header, 0) != sizeof(p.place))
		die_errno("send a descriptor");
}

static void let_go(struct end *e)
{
	if (!held.map)
		return;
	if (munmap(held.map, e->size) || close(held.fd))
		die_errno("unmap and close a message");
	held.map = NULL;
}

static void memfd_receive(struct end *e)
{
	struct parcel p;
	struct held now = { NULL, -1 };

	wrap(&p);
	if (recvmsg(e->in, &p.header, MSG_CMSG_CLOEXEC) != sizeof(p.place))
		die_errno("receive a descriptor");
	if (p.header.msg_controllen < CMSG_LEN(sizeof(int)) ||
	    p.control.first.cmsg_type != SCM_RIGHTS)
		die("a message came without its descriptor");
	memcpy(&now.fd, CMSG_DATA(&p.control.first), sizeof(int));
	now.map = mmap(NULL, e->size, PROT_READ, MAP_SHARED, now.fd, 0);
	if (now.map == MAP_FAILED)
		die_errno("map a message");
	message_received_in_place(e, now.map, p.place);
	let_go(e);
	held = now;
}

static uint64_t memfd_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, memfd_send, stream_await);
}

static uint64_t memfd_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, memfd_receive, stream_signal);
}

static void memfd_leave(struct end *e)
{
	if (!e->is_driver)
		let_go(e);
}

static void memfd_close(struct end *driver, struct end *server)
{
	munmap(driver->payload, driver->size);
	close(memfd);
	close(driver->in);
	close(server->in);
}

const struct channel via_memfd = {
	.name = "memfd",
	.open = memfd_open,
	.drive_message = memfd_drive,
	.serve_message = memfd_serve,
	.leave = memfd_leave,
	.close = memfd_close,
	.in_place = true,
	.token_bytes = 2, /* the one-byte answer, written and read */
};
