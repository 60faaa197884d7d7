/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The round-trip engine: two parties, a channel between them, and the timed
 * loops, which stand here once and are inlined into each channel. */
#ifndef HANDOFF_PAIR_H
#define HANDOFF_PAIR_H

#include <string.h>

#include "channel.h"
#include "pace.h"

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

/*
 * The same with a time before and after each signal and at the answer, and at
 * the end of the wait in the other party. Nothing but the signal is between the
 * driver's first two readings, and nothing but the wait before the server's.
 */
PAIR_INLINE uint64_t pair_drive_halves(struct end *e, uint64_t n,
				       void (*signal)(struct end *),
				       void (*await)(struct end *))
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t before = e->pace ? pace_wait(e->pace, i) : clock_now();
		uint64_t *stamp = &e->stamps[3 * i];

		signal(e);
		stamp[1] = clock_now();
		stamp[0] = before;
		await(e);
		stamp[2] = clock_now();
	}
	return n;
}

PAIR_INLINE uint64_t pair_serve_halves(struct end *e, uint64_t n,
				       void (*await)(struct end *),
				       void (*signal)(struct end *))
{
	for (uint64_t i = 0; i < n; i++) {
		await(e);
		e->stamps[i] = clock_now();
		signal(e);
	}
	return n;
}

/* NAME_drive_halves() and NAME_serve_halves() of a channel. */
#define PAIR_HALVES(NAME, signal, await)                               \
	static uint64_t NAME##_drive_halves(struct end *e, uint64_t n) \
	{                                                              \
		return pair_drive_halves(e, n, signal, await);         \
	}                                                              \
	static uint64_t NAME##_serve_halves(struct end *e, uint64_t n) \
	{                                                              \
		return pair_serve_halves(e, n, await, signal);         \
	}

/* The hooks of a bench whose variants are channels: r->variant->arg. The
 * first operation of a stamped batch only primes: the pair does n + 1. */
int pair_setup(struct run *r);         /* signals there and back */
int pair_setup_message(struct run *r); /* r->value bytes there, a signal back */
int pair_setup_flow(struct run *r, const struct channel *channel, uint64_t size,
		    uint32_t window); /* size bytes there, with
				       * window on their way */
void pair_arm(struct run *r, uint64_t n);
uint64_t pair_run(struct run *r, uint64_t n);
int pair_settle(struct run *r, uint64_t n);
int pair_teardown(struct run *r);

/* Instead of pair_setup(), with every half stamped: a batch has at most
 * PAIR_HALVES operations, jitter not counted, and one more, which primes.
 * pace: when the driver signals; NULL: back to back. */
enum { PAIR_HALVES = 1 << 14 };
int pair_setup_halves(struct run *r, struct pace *pace);

/* Operation i of the batch last settled, 0 (which primes) … n; in ticks. */
struct halves {
	uint64_t before, returned; /* the driver: around its signal, and */
	uint64_t answered;         /* when it runs again */
	uint64_t ran;              /* the server: its wait has ended */
};
struct halves pair_halves(const struct run *r, uint64_t i);

/* How often the other party was woken for the messages of the flow's batch
 * that was settled last. */
uint64_t pair_wakeups(const struct run *r);

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
	    q->slots)
		die("the queue is full");
	message_number(e->payload, e->size, ++e->sent);
	memcpy(q->slot[tail & (q->slots - 1)], e->payload, e->size);
	e->copied += (int64_t)e->size;
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
		message_received(e, q->slot[head & (q->slots - 1)]);
		atomic_store_explicit(&q->head.value, head + 1,
				      memory_order_release);
	}
	return taken;
}

/* The next n, in place; they must be there. */
PAIR_INLINE void queue_take(struct end *e, uint64_t n)
{
	struct queue *q = e->queue;
	uint32_t head =
		atomic_load_explicit(&q->head.value, memory_order_relaxed);
	uint32_t tail =
		atomic_load_explicit(&q->tail.value, memory_order_acquire);

	if (tail - head < n)
		die("a signal came without its message");
	for (; n; n--, head++) {
		message_received(e, q->slot[head & (q->slots - 1)]);
		atomic_store_explicit(&q->head.value, head + 1,
				      memory_order_release);
	}
}

/* A flow: the driver sends while it has credit, at first for a window. The
 * server gives it back for half a window at a time, and the rest at the end,
 * so that a batch ends when its last message is known to have arrived. */
PAIR_INLINE uint64_t flow_credited(const struct end *e, uint64_t credit,
				   uint64_t more)
{
	if (credit + more > e->window)
		die("credit for a message that was not sent");
	return credit + more;
}

PAIR_INLINE void flow_check(const struct end *e, uint64_t uncredited)
{
	if (uncredited > e->window)
		die("%llu messages on their way, in a window of %u",
		    (unsigned long long)uncredited, e->window);
}

PAIR_INLINE bool flow_owes(const struct end *e, uint64_t owed)
{
	flow_check(e, owed);
	return owed >= (e->window + 1) / 2;
}

PAIR_INLINE uint64_t pair_drive_flow(struct end *e, uint64_t n,
				     void (*send)(struct end *),
				     uint64_t (*await_credit)(struct end *))
{
	uint64_t credit = e->window;

	for (uint64_t i = 0; i < n; i++) {
		if (!credit)
			credit = flow_credited(e, credit, await_credit(e));
		send(e);
		credit--;
	}
	while (credit < e->window)
		credit = flow_credited(e, credit, await_credit(e));
	return n;
}

PAIR_INLINE uint64_t pair_serve_flow(struct end *e, uint64_t n,
				     uint64_t (*receive)(struct end *),
				     void (*give_credit)(struct end *,
							 uint64_t))
{
	uint64_t done = 0, owed = 0;

	while (done < n) {
		uint64_t got = receive(e);

		e->wakeups++;
		done += got;
		owed += got;
		if (flow_owes(e, owed) || done == n) {
			give_credit(e, owed);
			owed = 0;
		}
	}
	return done;
}

#endif
