/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: an eventfd each way; messages through a shared queue, woken by the
 * eventfd. */
#include "eventfds.h"

#include <stdio.h>

#include "memory.h"
#include "needs.h"

static void eventfd_send(struct end *e)
{
	queue_put(e);
	eventfds_signal(e);
}

static void eventfd_receive(struct end *e)
{
	eventfds_await(e);
	if (queue_drain(e) != 1)
		die("a signal came without its message");
}

static int eventfd_open(struct run *r, struct end *driver, struct end *server)
{
	return eventfds_open(r, driver, server, EFD_CLOEXEC);
}

static void eventfd_close(struct end *driver, struct end *server)
{
	(void)server;
	eventfds_close(driver);
}

static uint64_t eventfd_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, eventfds_signal, eventfds_await);
}

static uint64_t eventfd_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, eventfds_await, eventfds_signal);
}

static uint64_t eventfd_drive_message(struct end *e, uint64_t n,
				      uint64_t *stamps)
{
	return pair_drive(e, n, stamps, eventfd_send, eventfds_await);
}

static uint64_t eventfd_serve_message(struct end *e, uint64_t n)
{
	return pair_serve(e, n, eventfd_receive, eventfds_signal);
}

/* A flow: signals add up in the eventfd, and so do credits. */
static void eventfd_send_on(struct end *e)
{
	eventfd_send(e);
	e->copied -= (int64_t)sizeof(uint64_t);
}

static uint64_t eventfd_await_all(struct end *e)
{
	uint64_t value = eventfds_take(e);

	e->copied -= (int64_t)sizeof(value);
	return value;
}

static uint64_t eventfd_take(struct end *e)
{
	uint64_t signals = eventfd_await_all(e);

	queue_take(e, signals);
	return signals;
}

static void eventfd_give_credit(struct end *e, uint64_t credit)
{
	eventfds_put(e, credit);
	e->copied -= (int64_t)sizeof(credit);
}

static uint64_t eventfd_drive_flow(struct end *e, uint64_t n, uint64_t *stamps)
{
	(void)stamps;
	return pair_drive_flow(e, n, eventfd_send_on, eventfd_await_all);
}

static uint64_t eventfd_serve_flow(struct end *e, uint64_t n)
{
	return pair_serve_flow(e, n, eventfd_take, eventfd_give_credit);
}

PAIR_HALVES(eventfd, eventfds_signal, eventfds_await)

/* Payload on the node of either party: only messages differ. */
#define QUEUED                                                          \
	.open = eventfd_open, .drive_message = eventfd_drive_message,   \
	.serve_message = eventfd_serve_message, .close = eventfd_close, \
	.queues = true, .token_bytes = EVENTFDS_BYTES

const struct channel via_eventfd = {
	QUEUED,
	.name = "eventfd",
	.drive = eventfd_drive,
	.serve = eventfd_serve,
	.drive_halves = eventfd_drive_halves,
	.serve_halves = eventfd_serve_halves,
	.drive_flow = eventfd_drive_flow,
	.serve_flow = eventfd_serve_flow,
};

const struct channel via_writers_node = {
	QUEUED,
	.name = "writers_node",
	.at = QUEUE_ON_WRITERS_NODE,
};

const struct channel via_readers_node = {
	QUEUED,
	.name = "readers_node",
	.at = QUEUE_ON_READERS_NODE,
};

static bool several_nodes(char *why, size_t size, bool *denied)
{
	(void)denied;
	if (memory_nodes() > 1)
		return true;
	snprintf(why, size, "one NUMA node: memory cannot lie on another");
	return false;
}

const struct need need_nodes = { several_nodes };
