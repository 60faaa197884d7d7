/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ports: how a message reaches an event loop in another thread, as Node.js'
 * MessagePort does it, or in another process, as its child's channel does. The
 * sender copies the message in once; from then on it has one owner. */
#ifndef HANDOFF_PORT_H
#define HANDOFF_PORT_H

#include <stdint.h>
#include <uv.h>

/* Malloc'd. Its receiver owns it, and gives it to port_free(). */
struct port_message {
	struct port_message *next;
	uint64_t *freed; /* its receiver's count */
	uint64_t size;
	_Alignas(16) char data[];
};

/* owner: as given when the port was opened. */
typedef void port_receive(void *owner, struct port_message *message);

/* The receiver's, which alone may read them while messages come. */
struct port_counts {
	uint64_t callbacks; /* for `received` messages: several, or none */
	uint64_t received, freed;
};

void port_free(struct port_message *message);

/* --------------------------------------------------- of another thread */

/* A port belongs to the loop that receives. */
struct port {
	uv_async_t wake;
	uv_mutex_t lock; /* of the next four */
	struct port_message *first, **last;
	uint64_t length, sent;
	port_receive *receive;
	void *owner;
	struct port_counts counts;
};

/* 0, or libuv's error. */
int port_open(struct port *port, uv_loop_t *loop, port_receive *receive,
	      void *owner);

/* From any thread. Dies if there is no memory. */
void port_post(struct port *port, const void *data, uint64_t size);

/* Messages that wait to be received. */
uint64_t port_length(struct port *port);

/* Frees what was not received, and counts it as freed. The loop has to run
 * once more before the port may be forgotten. */
void port_close(struct port *port);

/* -------------------------------------------------- of another process */

enum { PORT_PIPE_BUFFER = 64 << 10 }; /* as libuv suggests */

/* One end of a channel both ways: libuv's pipe over a socket pair, through
 * which each message goes with its length in front. */
struct port_pipe {
	uv_pipe_t pipe;
	port_receive *receive;
	void *owner;
	uint64_t sent, written; /* messages posted, and those of them that the
				 * kernel has taken whole */
	struct port_counts counts;
	struct port_message *partial; /* the one being assembled */
	uint64_t got;                 /* bytes of it, or of its length */
	uint32_t length;
	char buffer[PORT_PIPE_BUFFER];
};

enum { PORT_PIPE_HEADER = sizeof(uint32_t) };

/* fd: a socket, from here on the port's own. 0, or libuv's error. */
int port_pipe_open(struct port_pipe *port, uv_loop_t *loop, int fd,
		   port_receive *receive, void *owner);

/* From the loop's thread. Dies if there is no memory, or nobody at the other
 * end. What the kernel does not take at once is written while the loop runs. */
void port_pipe_post(struct port_pipe *port, const void *data, uint32_t size);

/* The loop has to run once more; what was not written yet is lost. */
void port_pipe_close(struct port_pipe *port);

#endif
