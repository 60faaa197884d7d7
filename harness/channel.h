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
enum { QUEUE_SLOTS = 2 };
struct queue {
	struct word head, tail; /* taken, put; free-running */
	uint64_t size;          /* bytes of a slot */
	char *slot[QUEUE_SLOTS];
};

/* One party's end. */
struct end {
	struct end *other; /* where both are threads of one process */
	bool is_driver;
	int in, out;       /* descriptors */
	struct word *mine; /* the other party writes it to wake this one */
	struct word *theirs;
	int flags;               /* the channel's own */
	uint32_t sent, received; /* signals or messages; free-running */
	void *own;               /* the channel's, made in enter() */

	/* Of messages only: */
	uint64_t size;       /* payload bytes */
	char *payload;       /* the driver's, private: what is sent; in place,
			      * where it lies, by open() */
	char *inbox;         /* the server's, private: where it arrives, unless
			      * in a queue or in place */
	const char *last;    /* the server's: the message last received */
	struct queue *queue; /* shared; of channels that use one */
	bool verify_each;    /* the server checks every message whole */
	uint64_t copied;     /* bytes copied that /proc/PID/io knows not of */
	bool in_place;       /* as the channel */
	uint64_t pattern_checksum; /* of a message before it has a number */
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
	void (*leave)(struct end *e); /* in each party, after the last */
	void (*close)(struct end *driver, struct end *server);
	bool queues;          /* messages go through e->queue */
	bool in_place;        /* a message is not copied but changed where it
			       * lies, at message_place(): no inbox */
	uint64_t token_bytes; /* bytes the kernel accounts for one
			       * message round trip beside payload */
};

#define CHANNEL(name) extern const struct channel via_##name;
CHANNEL(pipe)
CHANNEL(socketpair)
CHANNEL(eventfd)
CHANNEL(futex)
CHANNEL(uv_async)
CHANNEL(spin)
CHANNEL(reference)
CHANNEL(memfd)
CHANNEL(process_vm_readv)
#undef CHANNEL

#endif
