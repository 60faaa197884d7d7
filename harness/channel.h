/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A channel: the one thing a mechanism supplies to be measured. What both
 * ends share, how one is signalled and how it waits. */
#ifndef HANDOFF_CHANNEL_H
#define HANDOFF_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench.h"

enum { CACHE_LINES = 128 }; /* two lines: prefetchers fetch pairs */

/* A word of its own cache lines, in memory both parties share. */
struct word {
	_Alignas(CACHE_LINES) _Atomic uint32_t value;
};

/* Copied-in messages on their way from one party to the other: single
 * producer, single consumer (Lamport 1977). */
enum { QUEUE_SLOTS = 2, QUEUE_MOST_SLOTS = 64 };
struct queue {
	struct word head, tail; /* taken, put; free-running */
	uint64_t size;          /* bytes of a slot */
	uint32_t slots;         /* a power of two */
	char *slot[QUEUE_MOST_SLOTS];
};

/* One party's end. */
struct end {
	struct end *other; /* where both are threads of one process */
	bool is_driver;
	int in, out;       /* descriptors */
	int epoll;         /* the party's own, of channels that wait by it */
	struct word *mine; /* the other party writes it to wake this one */
	struct word *theirs;
	int flags;               /* the channel's own */
	uint32_t sent, received; /* signals or messages; free-running */
	void *own;               /* the channel's, made in enter() */
	void *shared;            /* the channel's, of both parties; made in
				  * open() by party_shared() */

	/* Of stamped halves only: */
	uint64_t *stamps;  /* of the batch; only this end writes them */
	struct pace *pace; /* the driver's; NULL: back to back */

	/* Of messages only: */
	uint64_t size;       /* payload bytes */
	char *payload;       /* the driver's, private: what is sent; in place,
			      * where it lies, by open() */
	char *inbox;         /* the server's, private: where it arrives, unless
			      * in a queue or in place */
	const char *last;    /* the server's: the message last received */
	struct queue *queue; /* shared; of channels that use one */
	bool verify_each;    /* the server checks every message whole */
	int64_t copied;      /* bytes that the kernel does not account to the
			      * task: copied by memcpy; less those that it
			      * does, and are no payload */
	bool in_place;       /* as the channel */
	uint64_t pattern_checksum; /* of a message before it has a number */

	/* Of flows only: */
	uint32_t window;     /* messages on their way at most */
	uint64_t inbox_size; /* room for several, where they are small */
	uint64_t filled;     /* bytes of it that begin the next message */
	uint64_t wakeups;    /* of the server for messages */
};

/* Where a queue's slots lie: near the driver, which writes them, as far as the
 * kernel lets us place memory; or on the node of one party, verified. */
enum queue_at {
	QUEUE_NEAR_WRITER,
	QUEUE_ON_WRITERS_NODE,
	QUEUE_ON_READERS_NODE
};

/* Takes part in n round trips; returns how many. stamps: NULL, or a time
 * after each round trip goes to stamps[0 … n-1]. */
typedef uint64_t channel_drive(struct end *e, uint64_t n, uint64_t *stamps);
typedef uint64_t channel_serve(struct end *e, uint64_t n);

struct channel {
	const char *name;
	int (*open)(struct run *r, struct end *driver, struct end *server);
	int (*enter)(struct end *e); /* in each party, before the first batch */
	channel_drive *drive;        /* a signal there and one back */
	channel_serve *serve;
	channel_drive *drive_message; /* a payload there and a signal back */
	channel_serve *serve_message;
	channel_drive *drive_flow; /* payloads there, credits back */
	channel_serve *serve_flow;
	channel_serve *drive_halves;  /* as drive and serve, with the time of */
	channel_serve *serve_halves;  /* each half in e->stamps; or NULL */
	void (*leave)(struct end *e); /* in each party, after the last */
	void (*close)(struct end *driver, struct end *server);
	bool queues;          /* messages go through e->queue, */
	enum queue_at at;     /* which lies there */
	bool in_place;        /* a message is not copied but changed where it
			       * lies, at message_place(): no inbox */
	uint64_t token_bytes; /* bytes the kernel accounts for one
			       * message round trip beside payload */
};

#define CHANNEL(name) extern const struct channel via_##name;
CHANNEL(pipe)
CHANNEL(socketpair)
CHANNEL(eventfd)
CHANNEL(writers_node)
CHANNEL(readers_node)
CHANNEL(futex)
CHANNEL(tcp)
CHANNEL(udp)
CHANNEL(signal)
CHANNEL(signalfd)
CHANNEL(pidfd_signal)
CHANNEL(uv_async)
CHANNEL(uv_pipe)
CHANNEL(io_uring_msg_ring)
CHANNEL(io_uring_eventfd)
CHANNEL(port)
CHANNEL(port_pipe)
CHANNEL(vmsplice)
CHANNEL(splice)
CHANNEL(spin)
CHANNEL(seqpacket)
CHANNEL(epoll_eventfd)
CHANNEL(epoll_pipe)
CHANNEL(condvar)
CHANNEL(semaphore)
CHANNEL(mqueue)
CHANNEL(sysv_semaphore)
CHANNEL(sched_yield)
CHANNEL(spin_futex)
CHANNEL(reference)
CHANNEL(memfd)
CHANNEL(process_vm_readv)
#undef CHANNEL

#endif
