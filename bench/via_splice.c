/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channels: flows through a pipe without the sender's copy, for reference. The
 * pipe is given the pages themselves, by vmsplice() those of the sender's
 * memory, by splice() those of a memfd; read() copies them out of it. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "stream.h"

/* The sender's: a message for each that may be on its way, as a page is read
 * where it is, and must not change before that. */
struct pages {
	char *memory;
	uint64_t bytes;
	int fd; /* of a memfd; or -1 */
};

static uint64_t next_page(const struct end *e, const struct pages *pages)
{
	return e->sent * e->size % pages->bytes;
}

/* Numbered here, and in e->payload, which the batch's last is compared with. */
static char *number_next(struct end *e, const struct pages *pages)
{
	char *message = pages->memory + next_page(e, pages);

	message_number(message, e->size, e->sent + 1);
	message_number(e->payload, e->size, e->sent + 1);
	return message;
}

static void vmsplice_send(struct end *e)
{
	char *message = number_next(e, e->own);
	struct iovec left = { message, e->size };

	while (left.iov_len) {
		ssize_t given = vmsplice(e->out, &left, 1, 0);

		if (given <= 0)
			die_errno("vmsplice");
		left.iov_base = (char *)left.iov_base + given;
		left.iov_len -= (size_t)given;
	}
	e->sent++;
}

static void splice_send(struct end *e)
{
	const struct pages *pages = e->own;
	off64_t at = (off64_t)next_page(e, pages);
	size_t left = e->size;

	number_next(e, pages);
	while (left) {
		ssize_t given = splice(pages->fd, &at, e->out, NULL, left, 0);

		if (given <= 0)
			die_errno("splice");
		left -= (size_t)given;
	}
	e->sent++;
}

/* ---------------------------------------------------------------- hooks */

static int enter(struct end *e, bool in_memfd)
{
	struct pages *pages;

	if (!e->is_driver)
		return 0;
	pages = calloc(1, sizeof(*pages));
	if (!pages)
		return -1;
	pages->bytes = e->size * e->window;
	pages->fd = in_memfd ? memfd_create("handoff-splice", MFD_CLOEXEC) : -1;
	if (in_memfd &&
	    (pages->fd < 0 || ftruncate(pages->fd, (off_t)pages->bytes)))
		die_errno("a memfd of %llu bytes",
			  (unsigned long long)pages->bytes);
	pages->memory =
		mmap(NULL, pages->bytes, PROT_READ | PROT_WRITE,
		     in_memfd ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS,
		     pages->fd, 0);
	if (pages->memory == MAP_FAILED)
		die_errno("%llu bytes for messages",
			  (unsigned long long)pages->bytes);
	for (uint64_t at = 0; at < pages->bytes; at += e->size)
		memcpy(pages->memory + at, e->payload, e->size);
	e->own = pages;
	return 0;
}

static int vmsplice_enter(struct end *e)
{
	return enter(e, false);
}

static int splice_enter(struct end *e)
{
	return enter(e, true);
}

static void leave(struct end *e)
{
	struct pages *pages = e->own;

	if (!pages)
		return;
	munmap(pages->memory, pages->bytes);
	if (pages->fd >= 0)
		close(pages->fd);
	free(pages);
}

/* A byte is given and taken, so that a kernel without the call says so here. */
static int vmsplice_open(struct run *r, struct end *driver, struct end *server)
{
	char byte = 'v', back = 0;
	struct iovec one = { &byte, 1 };

	if (pipes_open(r, driver, server, O_CLOEXEC))
		return -1;
	if (vmsplice(driver->out, &one, 1, 0) != 1)
		return bench_errno(r, "vmsplice");
	if (read(server->in, &back, 1) != 1 || back != byte)
		return bench_fail(r, "vmsplice: another byte came out");
	return 0;
}

static int splice_open(struct run *r, struct end *driver, struct end *server)
{
	int fd = memfd_create("handoff-splice", MFD_CLOEXEC);
	off64_t at = 0;
	char byte = 's', back = 0;
	ssize_t given;

	if (pipes_open(r, driver, server, O_CLOEXEC))
		return -1;
	if (fd < 0 || pwrite(fd, &byte, 1, 0) != 1)
		return bench_errno(r, "memfd_create");
	given = splice(fd, &at, driver->out, NULL, 1, 0);
	if (given != 1)
		return bench_errno(r, "splice");
	close(fd);
	if (read(server->in, &back, 1) != 1 || back != byte)
		return bench_fail(r, "splice: another byte came out");
	return 0;
}

static uint64_t vmsplice_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	(void)stamps;
	return pair_drive_flow(e, n, vmsplice_send, stream_await_credit);
}

static uint64_t splice_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	(void)stamps;
	return pair_drive_flow(e, n, splice_send, stream_await_credit);
}

static uint64_t serve(struct end *e, uint64_t n)
{
	return pair_serve_flow(e, n, stream_take, stream_give_credit);
}

const struct channel via_vmsplice = {
	.name = "vmsplice",
	.open = vmsplice_open,
	.enter = vmsplice_enter,
	.drive_flow = vmsplice_drive,
	.serve_flow = serve,
	.leave = leave,
	.close = pipes_close,
};

const struct channel via_splice = {
	.name = "splice",
	.open = splice_open,
	.enter = splice_enter,
	.drive_flow = splice_drive,
	.serve_flow = serve,
	.leave = leave,
	.close = pipes_close,
};
