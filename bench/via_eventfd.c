/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: an eventfd each way; messages through a shared queue, woken by the
 * eventfd. */
#include "pair.h"

#include <sys/eventfd.h>
#include <unistd.h>

static void eventfd_signal(struct end *e)
{
	const uint64_t one = 1;

	if (write(e->out, &one, sizeof(one)) != sizeof(one))
		die_errno("write to an eventfd");
}

static void eventfd_await(struct end *e)
{
	uint64_t value;

	if (read(e->in, &value, sizeof(value)) != sizeof(value))
		die_errno("read from an eventfd");
	if (value != 1)
		die("an eventfd holds %llu signals, not 1",
		    (unsigned long long)value);
}

static void eventfd_send(struct end *e)
{
	queue_put(e);
	eventfd_signal(e);
}

static void eventfd_receive(struct end *e)
{
	eventfd_await(e);
	if (queue_drain(e) != 1)
		die("a signal came without its message");
}

/* One eventfd a direction: on a single one a party could read its own token. */
static int eventfd_open(struct run *r, struct end *driver, struct end *server)
{
	(void)r;
	driver->in = server->out = eventfd(0, EFD_CLOEXEC);
	driver->out = server->in = eventfd(0, EFD_CLOEXEC);
	return driver->in < 0 || driver->out < 0 ? -1 : 0;
}

static void eventfd_close(struct end *driver, struct end *server)
{
	(void)server;
	close(driver->in);
	close(driver->out);
}

static uint64_t eventfd_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, eventfd_signal, eventfd_await);
}

static uint64_t eventfd_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, eventfd_await, eventfd_signal);
}

static uint64_t eventfd_drive_message(struct end *e, uint64_t n,
				      uint64_t *stamps)
{
	return pair_drive(e, n, stamps, eventfd_send, eventfd_await);
}

static uint64_t eventfd_serve_message(struct end *e, uint64_t n)
{
	return pair_serve(e, n, eventfd_receive, eventfd_signal);
}

const struct channel via_eventfd = {
	.name = "eventfd",
	.open = eventfd_open,
	.drive = eventfd_drive,
	.serve = eventfd_serve,
	.drive_message = eventfd_drive_message,
	.serve_message = eventfd_serve_message,
	.close = eventfd_close,
	.queues = true,
	.token_bytes = 32, /* 8 written and 8 read, there and back */
};
