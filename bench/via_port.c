/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channels: messages through a port between two libuv loops that stay inside
 * uv_run(): of two threads as Node.js' worker_threads have it, of two
 * processes as its child_process has it. */
#include "pair.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "port.h"
#include "sockets.h"
#include "uv_calls.h"

/* One party's loop. What it does with a message it is handed is where the party
 * lives; it leaves uv_run() only after the batch. */
struct port_end {
	struct end *end;
	uv_loop_t loop;
	struct port port;       /* of two threads: where messages arrive */
	struct port_pipe *pipe; /* of two processes; else NULL */
	void (*receive)(struct port_end *u, struct port_message *message);
	uint64_t n, done;
	uint64_t *stamps;
	uint64_t credit, put;      /* the driver's, of a flow */
	uint64_t owed;             /* the server's, of a flow */
	struct port_message *last; /* the server's: e->last is in it */
};

/* A pipe's header is accounted, and is no payload. */
static void post(struct port_end *u, const void *data, uint64_t size)
{
	struct port_end *other;

	if (u->pipe) {
		port_pipe_post(u->pipe, data, (uint32_t)size);
		u->end->copied -= PORT_PIPE_HEADER;
		return;
	}
	other = u->end->other->own;
	port_post(&other->port, data, size);
}

static void put_message(struct port_end *u)
{
	struct end *e = u->end;

	message_number(e->payload, e->size, ++e->sent);
	post(u, e->payload, e->size);
	e->copied += (int64_t)e->size;
}

/* Answers and credits are a number. */
static void put_number(struct port_end *u, uint32_t number)
{
	post(u, &number, sizeof(number));
	if (u->pipe)
		u->end->copied -= (int64_t)sizeof(number);
}

static uint32_t take_number(struct port_message *message)
{
	uint32_t number;

	if (message->size != sizeof(number))
		die("a number of %llu bytes",
		    (unsigned long long)message->size);
	memcpy(&number, message->data, sizeof(number));
	port_free(message);
	return number;
}

/* A message is kept until the next, so that the batch's last is there to be
 * verified. */
static void take_message(struct port_end *u, struct port_message *message)
{
	struct end *e = u->end;

	if (message->size != e->size)
		die("a message of %llu bytes, not %llu",
		    (unsigned long long)message->size,
		    (unsigned long long)e->size);
	message_received(e, message->data);
	if (u->pipe) /* out of the kernel by recvmsg(), and into the message */
		e->copied += 2 * (int64_t)e->size;
	if (u->last)
		port_free(u->last);
	u->last = message;
	u->done++;
}

static void on_message(void *owner, struct port_message *message)
{
	struct port_end *u = owner;

	u->receive(u, message);
}

/* --------------------------------------------------------- round trips */

static void on_answer(struct port_end *u, struct port_message *message)
{
	if (take_number(message) != ++u->end->received)
		die("answer %u lost or doubled", u->end->received);
	if (u->stamps)
		u->stamps[u->done] = clock_now();
	if (++u->done == u->n)
		uv_stop(&u->loop);
	else
		put_message(u);
}

static void on_request(struct port_end *u, struct port_message *message)
{
	take_message(u, message);
	put_number(u, ++u->end->sent);
	if (u->done == u->n)
		uv_stop(&u->loop);
}

/* --------------------------------------------------------------- flows */

static void put_messages(struct port_end *u)
{
	for (; u->credit && u->put < u->n; u->put++, u->credit--)
		put_message(u);
}

static void on_credit(struct port_end *u, struct port_message *message)
{
	u->credit = flow_credited(u->end, u->credit, take_number(message));
	put_messages(u);
	if (u->put < u->n || u->credit < u->end->window)
		return;
	u->done = u->n;
	uv_stop(&u->loop);
}

static void on_flowing(struct port_end *u, struct port_message *message)
{
	take_message(u, message);
	u->owed++;
	if (__builtin_expect(u->end->verify_each, 0) && !u->pipe)
		flow_check(u->end, u->owed + port_length(&u->port));
	if (flow_owes(u->end, u->owed) || u->done == u->n) {
		put_number(u, (uint32_t)u->owed);
		u->owed = 0;
	}
	if (u->done == u->n)
		uv_stop(&u->loop);
}

/* --------------------------------------------------------------- hooks */

/* The batch. Of threads each callback takes an eventfd of libuv's, written at
 * the one end and read at the other, which is accounted. */
static uint64_t stay(struct port_end *u, uint64_t n, uint64_t *stamps,
		     void (*receive)(struct port_end *, struct port_message *))
{
	struct end *e = u->end;
	const struct port_counts *counts =
		u->pipe ? &u->pipe->counts : &u->port.counts;
	uint64_t callbacks = counts->callbacks;

	u->n = n;
	u->done = 0;
	u->stamps = stamps;
	u->receive = receive;
	if (e->is_driver && e->window) {
		u->credit = e->window;
		u->put = 0;
		put_messages(u);
	} else if (e->is_driver) {
		put_message(u);
	}
	uv_run(&u->loop, UV_RUN_DEFAULT);
	callbacks = counts->callbacks - callbacks;
	if (!e->is_driver)
		e->wakeups += callbacks;
	if (!u->pipe)
		e->copied -= 2 * (int64_t)(callbacks * sizeof(uint64_t));
	return u->done;
}

static uint64_t drive_message(struct end *e, uint64_t n, uint64_t *stamps)
{
	return stay(e->own, n, stamps, on_answer);
}

static uint64_t serve_message(struct end *e, uint64_t n)
{
	return stay(e->own, n, NULL, on_request);
}

static uint64_t drive_flow(struct end *e, uint64_t n, uint64_t *stamps)
{
	return stay(e->own, n, stamps, on_credit);
}

static uint64_t serve_flow(struct end *e, uint64_t n)
{
	return stay(e->own, n, NULL, on_flowing);
}

static struct port_end *make_end(struct end *e)
{
	struct port_end *u = calloc(1, sizeof(*u));
	int error;

	if (!u)
		return NULL;
	uv_calls_require();
	error = uv_loop_init(&u->loop);
	if (error)
		die_refused(-error, "uv_loop_init");
	u->end = e;
	e->own = u;
	return u;
}

static int port_enter(struct end *e)
{
	struct port_end *u = make_end(e);

	return u ? port_open(&u->port, &u->loop, on_message, u) : -1;
}

/* In the party itself: a loop does not outlive a fork(). */
static int port_pipe_enter(struct end *e)
{
	struct port_end *u = make_end(e);

	if (!u)
		return -1;
	u->pipe = malloc(sizeof(*u->pipe));
	return u->pipe ?
		       port_pipe_open(u->pipe, &u->loop, e->in, on_message, u) :
		       -1;
}

static void leave(struct end *e)
{
	struct port_end *u = e->own;

	if (u->last)
		port_free(u->last);
	if (u->pipe)
		port_pipe_close(u->pipe);
	else
		port_close(&u->port);
	uv_run(&u->loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&u->loop))
		die("a libuv loop is left with open handles");
	free(u->pipe);
	free(u);
}

static int port_pipe_open_pair(struct run *r, struct end *driver,
			       struct end *server)
{
	return sockets_open(r, driver, server, SOCK_STREAM);
}

/* libuv has closed the driver's end, and in the other process the server's. */
static void port_pipe_close_pair(struct end *driver, struct end *server)
{
	(void)driver;
	close(server->in);
}

const struct channel via_port = {
	.name = "port",
	.enter = port_enter,
	.drive_message = drive_message,
	.serve_message = serve_message,
	.drive_flow = drive_flow,
	.serve_flow = serve_flow,
	.leave = leave,
};

/* Of two processes only: the server's descriptor is closed by each. */
const struct channel via_port_pipe = {
	.name = "port_pipe",
	.open = port_pipe_open_pair,
	.enter = port_pipe_enter,
	.drive_message = drive_message,
	.serve_message = serve_message,
	.drive_flow = drive_flow,
	.serve_flow = serve_flow,
	.leave = leave,
	.close = port_pipe_close_pair,
};
