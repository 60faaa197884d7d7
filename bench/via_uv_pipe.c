/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: one byte through a libuv pipe each way, what Node.js talks to its
 * child processes by: a socket pair between two loops that stay inside
 * uv_run(); messages through the same, assembled from what the reads bring. */
#include "pair.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "sockets.h"
#include "uv_calls.h"

/* One party's loop. The callback that reads is where the party lives, as in
 * via_uv_async.c. */
struct uv_end {
	struct end *end;
	uv_loop_t loop;
	uv_pipe_t pipe;
	uv_write_t write;
	bool writing; /* until libuv has said that it has written */
	uint64_t n, done;
	uint64_t *stamps;
	bool sends;    /* the driver's: messages, not signals */
	bool receives; /* the server's: the same */
	char token;
	uint64_t got; /* of the message that is being received */
	char *buffer;
	uint64_t room;
};

/* ------------------------------------------------------------- writing */

static void on_written(uv_write_t *write, int status)
{
	struct uv_end *u = write->data;

	if (status)
		die("uv_write: %s", uv_strerror(status));
	u->writing = false;
}

static void put(struct uv_end *u, char *data, uint64_t size)
{
	const uv_buf_t buffer = uv_buf_init(data, (unsigned)size);
	int error;

	if (u->writing)
		die("a write is still under way");
	u->writing = true;
	error = uv_write(&u->write, (uv_stream_t *)&u->pipe, &buffer, 1,
			 on_written);
	if (error)
		die("uv_write: %s", uv_strerror(error));
}

static void put_signal(struct uv_end *u)
{
	u->token = (char)++u->end->sent;
	put(u, &u->token, 1);
}

static void put_next(struct uv_end *u)
{
	struct end *e = u->end;

	if (!u->sends) {
		put_signal(u);
		return;
	}
	message_number(e->payload, e->size, ++e->sent);
	put(u, e->payload, e->size);
}

/* ------------------------------------------------------------- reading */

/* More than is expected, so that a read that brings it all is known to: libuv
 * would read again after one that fills its buffer. */
static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct uv_end *u = handle->data;

	(void)suggested;
	buffer->base = u->buffer + u->got;
	buffer->len = u->room - u->got;
}

/* Whether a whole signal or message is there. */
static bool take(struct uv_end *u, ssize_t bytes)
{
	struct end *e = u->end;

	if (bytes < 0)
		die("read from the other party: %s", uv_strerror((int)bytes));
	u->got += (uint64_t)bytes;
	if (u->got < (u->receives ? e->size : 1))
		return false;
	if (u->got > (u->receives ? e->size : 1))
		die("more came than was sent");
	u->got = 0;
	if (u->receives)
		message_received(e, u->buffer);
	else if (u->buffer[0] != (char)++e->received)
		die("signal %u lost or doubled", e->received);
	return true;
}

static void on_read(uv_stream_t *stream, ssize_t bytes, const uv_buf_t *buffer)
{
	struct uv_end *u = stream->data;

	(void)buffer;
	if (!take(u, bytes))
		return;
	if (u->end->is_driver) {
		if (u->stamps)
			u->stamps[u->done] = clock_now();
		if (++u->done == u->n) {
			uv_stop(&u->loop);
			return;
		}
		put_next(u);
		return;
	}
	++u->done;
	put_signal(u);
	if (u->done == u->n)
		uv_stop(&u->loop);
}

/* ------------------------------------------------------------- hooks */

static int uv_pipe_open_pair(struct run *r, struct end *driver,
			     struct end *server)
{
	return sockets_open(r, driver, server, SOCK_STREAM);
}

/* In the party itself: a loop does not outlive a fork(). */
static int uv_pipe_enter(struct end *e)
{
	struct uv_end *u = calloc(1, sizeof(*u));
	int error;

	if (!u)
		return -1;
	e->own = u;
	u->end = e;
	u->room = e->size + 64;
	u->buffer = calloc(1, u->room);
	if (!u->buffer)
		return -1;
	uv_calls_require();
	error = uv_loop_init(&u->loop);
	if (!error)
		error = uv_pipe_init(&u->loop, &u->pipe, 0);
	if (!error)
		error = uv_pipe_open(&u->pipe, e->in);
	u->pipe.data = u;
	u->write.data = u;
	if (!error)
		error = uv_read_start((uv_stream_t *)&u->pipe, on_room,
				      on_read);
	if (error)
		die_refused(-error, "uv_pipe_open");
	return 0;
}

/* libuv closes this party's end; of two threads, the only descriptor of it. */
static void uv_pipe_leave(struct end *e)
{
	struct uv_end *u = e->own;

	uv_close((uv_handle_t *)&u->pipe, NULL);
	e->in = e->out = -1;
	uv_run(&u->loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&u->loop))
		die("a libuv loop is left with open handles");
	free(u->buffer);
	free(u);
}

/* The other process has closed its own, and not this one's. */
static void uv_pipe_close_pair(struct end *driver, struct end *server)
{
	(void)driver;
	if (server->in >= 0)
		close(server->in);
}

static uint64_t drive(struct end *e, uint64_t n, uint64_t *stamps, bool sends)
{
	struct uv_end *u = e->own;

	u->n = n;
	u->done = 0;
	u->stamps = stamps;
	u->sends = sends;
	put_next(u);
	uv_run(&u->loop, UV_RUN_DEFAULT);
	return u->done;
}

static uint64_t serve(struct end *e, uint64_t n, bool receives)
{
	struct uv_end *u = e->own;

	u->n = n;
	u->done = 0;
	u->receives = receives;
	uv_run(&u->loop, UV_RUN_DEFAULT);
	return u->done;
}

static uint64_t uv_pipe_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return drive(e, n, stamps, false);
}

static uint64_t uv_pipe_serve(struct end *e, uint64_t n)
{
	return serve(e, n, false);
}

static uint64_t uv_pipe_drive_message(struct end *e, uint64_t n,
				      uint64_t *stamps)
{
	return drive(e, n, stamps, true);
}

static uint64_t uv_pipe_serve_message(struct end *e, uint64_t n)
{
	return serve(e, n, true);
}

const struct channel via_uv_pipe = {
	.name = "uv_pipe",
	.open = uv_pipe_open_pair,
	.enter = uv_pipe_enter,
	.drive = uv_pipe_drive,
	.serve = uv_pipe_serve,
	.drive_message = uv_pipe_drive_message,
	.serve_message = uv_pipe_serve_message,
	.leave = uv_pipe_leave,
	.close = uv_pipe_close_pair,
	.token_bytes = 2, /* the answer, written and read */
};
