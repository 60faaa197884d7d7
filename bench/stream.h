/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What byte-stream channels share: a signal is one numbered byte, a message
 * is its bytes; read() and write(), so that the kernel accounts them. */
#ifndef HANDOFF_STREAM_H
#define HANDOFF_STREAM_H

#include <fcntl.h>
#include <unistd.h>

#include "pair.h"

/* A pipe each way; flags: pipe2()'s. */
PAIR_INLINE int pipes_open(struct run *r, struct end *driver,
			   struct end *server, int flags)
{
	int there[2], back[2];

	if (pipe2(there, flags) || pipe2(back, flags))
		return bench_errno(r, "pipe2");
	driver->out = there[1];
	server->in = there[0];
	server->out = back[1];
	driver->in = back[0];
	return 0;
}

PAIR_INLINE void pipes_close(struct end *driver, struct end *server)
{
	close(driver->out);
	close(driver->in);
	close(server->out);
	close(server->in);
}

PAIR_INLINE void stream_signal(struct end *e)
{
	char byte = (char)++e->sent;

	if (write(e->out, &byte, 1) != 1)
		die_errno("write to the other party");
}

PAIR_INLINE void stream_await(struct end *e)
{
	char byte;

	if (read(e->in, &byte, 1) != 1)
		die_errno("read from the other party");
	if (byte != (char)++e->received)
		die("signal %u lost or doubled", e->received);
}

/* A message larger than the kernel's buffer takes several calls. */
PAIR_INLINE void stream_send(struct end *e)
{
	const char *at = e->payload;
	uint64_t left = e->size;

	message_number(e->payload, e->size, ++e->sent);
	while (left) {
		ssize_t written = write(e->out, at, left);

		if (written <= 0)
			die_errno("write a message");
		at += written;
		left -= (uint64_t)written;
	}
}

PAIR_INLINE void stream_receive(struct end *e)
{
	char *at = e->inbox;
	uint64_t left = e->size;

	while (left) {
		ssize_t got = read(e->in, at, left);

		if (got <= 0)
			die_errno("read a message");
		at += got;
		left -= (uint64_t)got;
	}
	message_received(e, e->inbox);
}

/* Of a flow: what one read brings, up to the inbox; how many messages are
 * whole. Of the next one its beginning is kept. */
PAIR_INLINE uint64_t stream_take(struct end *e)
{
	uint64_t at = 0, taken = 0;
	ssize_t got =
		read(e->in, e->inbox + e->filled, e->inbox_size - e->filled);

	if (got <= 0)
		die_errno("read messages");
	e->filled += (uint64_t)got;
	for (; e->filled - at >= e->size; at += e->size, taken++)
		message_received(e, e->inbox + at);
	e->filled -= at;
	if (at && e->filled) {
		memmove(e->inbox, e->inbox + at, e->filled);
		e->copied += (int64_t)e->filled;
	}
	return taken;
}

/* A byte says for how many messages it gives credit. */
PAIR_INLINE void stream_give_credit(struct end *e, uint64_t credit)
{
	unsigned char byte = (unsigned char)credit;

	if (write(e->out, &byte, 1) != 1)
		die_errno("write to the other party");
	e->copied -= 1;
}

PAIR_INLINE uint64_t stream_await_credit(struct end *e)
{
	unsigned char byte[16];
	uint64_t credit = 0;
	ssize_t got = read(e->in, byte, sizeof(byte));

	if (got <= 0)
		die_errno("read from the other party");
	e->copied -= got;
	for (ssize_t i = 0; i < got; i++)
		credit += byte[i];
	return credit;
}

/* The channel via_NAME, from NAME_open() and NAME_close(): the timed loops of
 * pair.h, instantiated. Token: the one-byte answer, written and read. */
#define STREAM_CHANNEL(NAME)                                                   \
	static uint64_t NAME##_drive(struct end *e, uint64_t n,                \
				     uint64_t *stamps)                         \
	{                                                                      \
		return pair_drive(e, n, stamps, stream_signal, stream_await);  \
	}                                                                      \
	static uint64_t NAME##_serve(struct end *e, uint64_t n)                \
	{                                                                      \
		return pair_serve(e, n, stream_await, stream_signal);          \
	}                                                                      \
	static uint64_t NAME##_drive_message(struct end *e, uint64_t n,        \
					     uint64_t *stamps)                 \
	{                                                                      \
		return pair_drive(e, n, stamps, stream_send, stream_await);    \
	}                                                                      \
	static uint64_t NAME##_serve_message(struct end *e, uint64_t n)        \
	{                                                                      \
		return pair_serve(e, n, stream_receive, stream_signal);        \
	}                                                                      \
	static uint64_t NAME##_drive_flow(struct end *e, uint64_t n,           \
					  uint64_t *stamps)                    \
	{                                                                      \
		(void)stamps;                                                  \
		return pair_drive_flow(e, n, stream_send,                      \
				       stream_await_credit);                   \
	}                                                                      \
	static uint64_t NAME##_serve_flow(struct end *e, uint64_t n)           \
	{                                                                      \
		return pair_serve_flow(e, n, stream_take, stream_give_credit); \
	}                                                                      \
	PAIR_HALVES(NAME, stream_signal, stream_await)                         \
	const struct channel via_##NAME = {                                    \
		.name = #NAME,                                                 \
		.open = NAME##_open,                                           \
		.drive = NAME##_drive,                                         \
		.serve = NAME##_serve,                                         \
		.drive_halves = NAME##_drive_halves,                           \
		.serve_halves = NAME##_serve_halves,                           \
		.drive_message = NAME##_drive_message,                         \
		.serve_message = NAME##_serve_message,                         \
		.drive_flow = NAME##_drive_flow,                               \
		.serve_flow = NAME##_serve_flow,                               \
		.close = NAME##_close,                                         \
		.token_bytes = 2,                                              \
	};

#endif
