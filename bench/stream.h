/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What byte-stream channels share: a signal is one numbered byte, a message
 * is its bytes; read() and write(), so that the kernel accounts them. */
#ifndef HANDOFF_STREAM_H
#define HANDOFF_STREAM_H

#include <unistd.h>

#include "pair.h"

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

/* The channel via_NAME, from NAME_open() and NAME_close(): the timed loops of
 * pair.h, instantiated. Token: the one-byte answer, written and read. */
#define STREAM_CHANNEL(NAME)                                                  \
	static uint64_t NAME##_drive(struct end *e, uint64_t n,               \
				     uint64_t *stamps)                        \
	{                                                                     \
		return pair_drive(e, n, stamps, stream_signal, stream_await); \
	}                                                                     \
	static uint64_t NAME##_serve(struct end *e, uint64_t n)               \
	{                                                                     \
		return pair_serve(e, n, stream_await, stream_signal);         \
	}                                                                     \
	static uint64_t NAME##_drive_message(struct end *e, uint64_t n,       \
					     uint64_t *stamps)                \
	{                                                                     \
		return pair_drive(e, n, stamps, stream_send, stream_await);   \
	}                                                                     \
	static uint64_t NAME##_serve_message(struct end *e, uint64_t n)       \
	{                                                                     \
		return pair_serve(e, n, stream_receive, stream_signal);       \
	}                                                                     \
	const struct channel via_##NAME = {                                   \
		.name = #NAME,                                                \
		.open = NAME##_open,                                          \
		.drive = NAME##_drive,                                        \
		.serve = NAME##_serve,                                        \
		.drive_message = NAME##_drive_message,                        \
		.serve_message = NAME##_serve_message,                        \
		.close = NAME##_close,                                        \
		.token_bytes = 2,                                             \
	};

#endif
