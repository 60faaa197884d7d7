/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The round-trip engine: two parties, a channel between them, and the timed
 * loops, which stand here once and are inlined into each channel. */
#ifndef HANDOFF_PAIR_H
#define HANDOFF_PAIR_H

#include <string.h>

#include "channel.h"

#define PAIR_INLINE static inline __attribute__((always_inline))

/* The timed loops. signal and await are the channel's, known at compile time,
 * so that no function pointer is followed. */
PAIR_INLINE uint64_t pair_drive(struct end *e, uint64_t n, uint64_t *stamps,
				void (*signal)(struct end *),
				void (*await)(struct end *))
{
	if (!stamps) {
		for (uint64_t i = 0; i < n; i++) {
			signal(e);
			await(e);
		}
		return n;
	}
	for (uint64_t i = 0; i < n; i++) {
		signal(e);
		await(e);
		stamps[i] = clock_now();
	}
	return n;
}

PAIR_INLINE uint64_t pair_serve(struct end *e, uint64_t n,
				void (*await)(struct end *),
				void (*signal)(struct end *))
{
	for (uint64_t i = 0; i < n; i++) {
		await(e);
		signal(e);
	}
	return n;
}

/* The hooks of a bench whose variants are channels: r->variant->arg. The
 * first operation of a stamped batch only primes: the pair does n + 1. */
int pair_setup(struct run *r);         /* signals there and back */
int pair_setup_message(struct run *r); /* r->value bytes there, a signal back */
void pair_arm(struct run *r, uint64_t n);
uint64_t pair_run(struct run *r, uint64_t n);
int pair_settle(struct run *r, uint64_t n);
int pair_teardown(struct run *r);

/* The number of a message stands in its first bytes, as many as fit. */
PAIR_INLINE void message_number(char *message, uint64_t size, uint32_t number)
{
	if (size >= sizeof(number))
		memcpy(message, &number, sizeof(number));
	else
		*message = (char)number;
}

PAIR_INLINE bool message_has_number(const char *message, uint64_t size,
				    uint32_t number)
{
	uint32_t found = 0;

	if (size < sizeof(number))
		return *message == (char)number;
	memcpy(&found, message, sizeof(found));
	return found == number;
}

/* Where a message that stays in place is changed: elsewhere each time, yet at
 * as many places whatever its size, so that this costs the same. A prime: at
 * distances of a power of two all would share a set of the cache. */
enum { MESSAGE_PLACES = 61 };
PAIR_INLINE uint64_t message_place(uint64_t size, uint32_t number)
{
	return number % MESSAGE_PLACES * (size / MESSAGE_PLACES / 8 * 8);
}

/* What a received message must pass: its number always, all of it where
 * every message is verified. Ends loudly. */
void message_check_whole(struct end *e, const char *message);

PAIR_INLINE void message_received_at(struct end *e, const char *message,
				     uint64_t place)
{
	e->last = message;
	if (!message_has_number(message + place, e->size, ++e->received))
		die("message %u lost, doubled or torn", e->received);
	if (__builtin_expect(e->verify_each, 0))
		message_check_whole(e, message);
}

PAIR_INLINE void message_received(struct end *e, const char *message)
{
	message_received_at(e, message, 0);
}

/* Of a message in place: where it was changed was said, too. */
PAIR_INLINE void message_received_in_place(struct end *e, const char *message,
					   uint64_t place)
{
	if (place != message_place(e->size, e->received + 1))
		die("message %u was not changed where it is said to be",
		    e->received + 1);
	message_received_at(e, message, place);
}

/* Copies the payload into the queue; the queue never is full in a round trip,
 * but a full one dies rather than overwrite. */
PAIR_INLINE void queue_put(struct end *e)
{
	struct queue *q = e->queue;
	uint32_t tail =
		atomic_load_explicit(&q->tail.value, memory_order_relaxed);

	if (tail - atomic_load_explicit(&q->head.value, memory_order_acquire) ==
	    QUEUE_SLOTS)
		die("the queue is full");
	message_number(e->payload, e->size, ++e->sent);
	memcpy(q->slot[tail % QUEUE_SLOTS], e->payload, e->size);
	e->copied += e->size;
	atomic_store_explicit(&q->tail.value, tail + 1, memory_order_release);
}

/* Takes all messages there are, in place; returns how many. */
PAIR_INLINE uint64_t queue_drain(struct end *e)
{
	struct queue *q = e->queue;
	uint32_t head =
		atomic_load_explicit(&q->head.value, memory_order_relaxed);
	uint32_t tail =
		atomic_load_explicit(&q->tail.value, memory_order_acquire);
	uint64_t taken = tail - head;

	for (; head != tail; head++) {
		message_received(e, q->slot[head % QUEUE_SLOTS]);
		atomic_store_explicit(&q->head.value, head + 1,
				      memory_order_release);
	}
	return taken;
}

#endif
