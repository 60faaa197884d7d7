/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: uv_async_send() each way between two libuv loops that stay inside
 * uv_run(), as event loops do; messages through a shared queue. */
#include "pair.h"

#include <stdlib.h>
#include <uv.h>

#include "uv_calls.h"

/* One party's loop. The callback is where the party lives: it counts, stamps
 * and answers there, and leaves uv_run() only after the batch. */
struct uv_end {
	struct end *end;
	uv_loop_t loop;
	uv_async_t async;
	uint64_t n, done;
	uint64_t *stamps;
	void (*put)(struct end *e); /* the driver's: NULL, or queue a message */
	bool drains;                /* the server's: messages come too */
};

static void wake(struct end *e)
{
	struct uv_end *other = e->other->own;

	if (uv_async_send(&other->async))
		die("uv_async_send failed");
}

/* libuv may merge sends into one callback. In a strict round trip it cannot:
 * `done` on both sides must reach n, or the batch fails. */
static void on_async(uv_async_t *handle)
{
	struct uv_end *u = handle->data;
	struct end *e = u->end;

	if (e->is_driver) {
		if (u->stamps)
			u->stamps[u->done] = clock_now();
		if (++u->done == u->n) {
			uv_stop(&u->loop);
			return;
		}
		if (u->put)
			u->put(e);
		wake(e);
		return;
	}
	if (u->drains && queue_drain(e) != 1)
		die("a callback came without its message");
	++u->done;
	wake(e);
	if (u->done == u->n)
		uv_stop(&u->loop);
}

static int uv_async_enter(struct end *e)
{
	struct uv_end *u = calloc(1, sizeof(*u));
	int error;

	if (!u)
		return -1;
	u->end = e;
	uv_calls_require();
	error = uv_loop_init(&u->loop);
	if (!error)
		error = uv_async_init(&u->loop, &u->async, on_async);
	if (error)
		die_refused(-error, "uv_async_init");
	u->async.data = u;
	e->own = u;
	return 0;
}

static void uv_async_leave(struct end *e)
{
	struct uv_end *u = e->own;

	uv_close((uv_handle_t *)&u->async, NULL);
	uv_run(&u->loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&u->loop))
		die("a libuv loop is left with open handles");
	free(u);
}

static void start(struct uv_end *u, uint64_t n, uint64_t *stamps)
{
	u->n = n;
	u->done = 0;
	u->stamps = stamps;
}

static uint64_t drive(struct end *e, uint64_t n, uint64_t *stamps,
		      void (*put)(struct end *))
{
	struct uv_end *u = e->own;

	start(u, n, stamps);
	u->put = put;
	if (put)
		put(e);
	wake(e);
	uv_run(&u->loop, UV_RUN_DEFAULT);
	return u->done;
}

static uint64_t serve(struct end *e, uint64_t n, bool drains)
{
	struct uv_end *u = e->own;

	start(u, n, NULL);
	u->drains = drains;
	uv_run(&u->loop, UV_RUN_DEFAULT);
	return u->done;
}

static uint64_t uv_async_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return drive(e, n, stamps, NULL);
}

static uint64_t uv_async_serve(struct end *e, uint64_t n)
{
	return serve(e, n, false);
}

static void put_message(struct end *e)
{
	queue_put(e);
}

static uint64_t uv_async_drive_message(struct end *e, uint64_t n,
				       uint64_t *stamps)
{
	return drive(e, n, stamps, put_message);
}

static uint64_t uv_async_serve_message(struct end *e, uint64_t n)
{
	return serve(e, n, true);
}

const struct channel via_uv_async = {
	.name = "uv_async",
	.enter = uv_async_enter,
	.drive = uv_async_drive,
	.serve = uv_async_serve,
	.drive_message = uv_async_drive_message,
	.serve_message = uv_async_serve_message,
	.leave = uv_async_leave,
	.queues = true,
	.token_bytes = 32, /* libuv's eventfd: 8 written, 8 read, each way */
};
