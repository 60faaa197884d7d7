/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ports: how a message reaches an event loop in another thread, as Node.js'
 * MessagePort does it, or in another process, as its child's channel does. */
#include "port.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"

static void *allocate(uint64_t size)
{
	void *memory = malloc(size);

	if (!memory)
		die("no memory for a message of %llu bytes",
		    (unsigned long long)size);
	return memory;
}

static struct port_message *make(uint64_t size)
{
	struct port_message *message = allocate(sizeof(*message) + size);

	message->next = NULL;
	message->size = size;
	return message;
}

void port_free(struct port_message *message)
{
	++*message->freed;
	free(message);
}

static void hand_over(struct port_counts *counts, port_receive *receive,
		      void *owner, struct port_message *message)
{
	counts->received++;
	message->freed = &counts->freed;
	receive(owner, message);
}

/* --------------------------------------------------- of another thread */

uint64_t port_length(struct port *port)
{
	uint64_t length;

	uv_mutex_lock(&port->lock);
	length = port->length;
	uv_mutex_unlock(&port->lock);
	return length;
}

static struct port_message *take(struct port *port)
{
	struct port_message *message;

	uv_mutex_lock(&port->lock);
	message = port->first;
	if (message) {
		port->first = message->next;
		port->length--;
		if (!port->first)
			port->last = &port->first;
	}
	uv_mutex_unlock(&port->lock);
	return message;
}

static void wake(struct port *port)
{
	if (uv_async_send(&port->wake))
		die("uv_async_send failed");
}

/* What is there when it begins, or a thousand: so the loop's other events are
 * not kept waiting by a sender that never stops, and few of its messages take
 * a callback each. Node.js' figures, and like it one lock for each message. */
static void on_wake(uv_async_t *handle)
{
	struct port *port = handle->data;
	uint64_t most = port_length(port);
	struct port_message *message;

	port->counts.callbacks++;
	if (most < 1000)
		most = 1000;
	for (uint64_t taken = 0; (message = take(port)); taken++) {
		hand_over(&port->counts, port->receive, port->owner, message);
		if (taken + 1 == most) {
			wake(port);
			return;
		}
	}
}

int port_open(struct port *port, uv_loop_t *loop, port_receive *receive,
	      void *owner)
{
	int error;

	memset(port, 0, sizeof(*port));
	port->last = &port->first;
	port->receive = receive;
	port->owner = owner;
	error = uv_mutex_init(&port->lock);
	if (error)
		return error;
	error = uv_async_init(loop, &port->wake, on_wake);
	port->wake.data = port;
	if (error)
		uv_mutex_destroy(&port->lock);
	return error;
}

/* Woken with the lock held, as Node.js does: then the port cannot be closed
 * between the message and its wake-up. */
void port_post(struct port *port, const void *data, uint64_t size)
{
	struct port_message *message = make(size);

	memcpy(message->data, data, size);
	uv_mutex_lock(&port->lock);
	*port->last = message;
	port->last = &message->next;
	port->length++;
	port->sent++;
	wake(port);
	uv_mutex_unlock(&port->lock);
}

void port_close(struct port *port)
{
	struct port_message *message;

	while ((message = take(port))) {
		message->freed = &port->counts.freed;
		port_free(message);
	}
	uv_close((uv_handle_t *)&port->wake, NULL);
	uv_mutex_destroy(&port->lock);
}

/* -------------------------------------------------- of another process */

/* What is written, with its length in front. */
struct posted {
	uv_write_t write;
	uint32_t size;
	char data[];
};

static void on_written(uv_write_t *write, int status)
{
	struct port_pipe *port = write->data;

	if (!status)
		port->written++;
	else if (status != UV_ECANCELED) /* closed before it was written */
		die("write to the other party: %s", uv_strerror(status));
	free(write);
}

void port_pipe_post(struct port_pipe *port, const void *data, uint32_t size)
{
	struct posted *posted = allocate(sizeof(*posted) + size);
	uv_buf_t buffer;
	int error;

	posted->write.data = port;
	posted->size = size;
	memcpy(posted->data, data, size);
	buffer = uv_buf_init((char *)&posted->size, PORT_PIPE_HEADER + size);
	port->sent++;
	error = uv_write(&posted->write, (uv_stream_t *)&port->pipe, &buffer, 1,
			 on_written);
	if (error)
		die("uv_write: %s", uv_strerror(error));
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct port_pipe *port = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(port->buffer, sizeof(port->buffer));
}

/* As much as is missing of `size` bytes at `into`, or is there; whether they
 * are whole. */
static int assemble(struct port_pipe *port, char *into, uint64_t size,
		    const char **at, uint64_t *left)
{
	uint64_t piece = size - port->got < *left ? size - port->got : *left;

	memcpy(into + port->got, *at, piece);
	port->got += piece;
	*at += piece;
	*left -= piece;
	if (port->got < size)
		return 0;
	port->got = 0;
	return 1;
}

static void on_read(uv_stream_t *stream, ssize_t bytes, const uv_buf_t *buffer)
{
	struct port_pipe *port = stream->data;
	const char *at = buffer->base;
	uint64_t left = bytes > 0 ? (uint64_t)bytes : 0;

	if (bytes < 0)
		die("read from the other party: %s", uv_strerror((int)bytes));
	port->counts.callbacks += bytes > 0;
	/* a message without bytes is whole as soon as its length is known */
	while (left || (port->partial && !port->partial->size)) {
		struct port_message *message = port->partial;

		if (!message) {
			if (assemble(port, (char *)&port->length,
				     PORT_PIPE_HEADER, &at, &left))
				port->partial = make(port->length);
			continue;
		}
		if (!assemble(port, message->data, message->size, &at, &left))
			continue;
		port->partial = NULL;
		hand_over(&port->counts, port->receive, port->owner, message);
	}
}

/* For inter-process communication, as child_process opens it: libuv then reads
 * with recvmsg(), for a descriptor may come along. */
int port_pipe_open(struct port_pipe *port, uv_loop_t *loop, int fd,
		   port_receive *receive, void *owner)
{
	const int for_ipc = 1;
	int error;

	memset(port, 0, sizeof(*port));
	port->receive = receive;
	port->owner = owner;
	error = uv_pipe_init(loop, &port->pipe, for_ipc);
	port->pipe.data = port;
	if (!error)
		error = uv_pipe_open(&port->pipe, fd);
	if (!error)
		error = uv_read_start((uv_stream_t *)&port->pipe, on_room,
				      on_read);
	return error;
}

void port_pipe_close(struct port_pipe *port)
{
	free(port->partial);
	port->partial = NULL;
	uv_close((uv_handle_t *)&port->pipe, NULL);
}
