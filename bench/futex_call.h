/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calls of a futex as the kernel has them, each in a line; 0 or more, or
 * -1 and errno. flags: FUTEX_PRIVATE_FLAG, or 0 between processes. */
#ifndef HANDOFF_FUTEX_CALL_H
#define HANDOFF_FUTEX_CALL_H

#include <linux/futex.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"

/* Linux 5.16, which the headers may be older than; the same number on all
 * architectures but Alpha. */
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

/* struct futex_waitv, by a name that no header has. */
struct futex_watched {
	uint64_t expected, address;
	uint32_t flags, reserved;
};
enum { FUTEX_WATCHED_32_BITS = 2 };

/* Sleeps if the word holds what is expected. timeout: NULL, or how long. */
static inline long futex_wait(struct word *word, int flags, uint32_t expected,
			      const struct timespec *timeout)
{
	return syscall(SYS_futex, &word->value, FUTEX_WAIT | flags, expected,
		       timeout, NULL, 0);
}

/* How many it woke. */
static inline long futex_wake(struct word *word, int flags, int most)
{
	return syscall(SYS_futex, &word->value, FUTEX_WAKE | flags, most, NULL,
		       NULL, 0);
}

/* The same for those whose wait and wake have a bit in common. */
static inline long futex_wait_bits(struct word *word, int flags,
				   uint32_t expected, uint32_t bits)
{
	return syscall(SYS_futex, &word->value, FUTEX_WAIT_BITSET | flags,
		       expected, NULL, NULL, bits);
}

static inline long futex_wake_bits(struct word *word, int flags, int most,
				   uint32_t bits)
{
	return syscall(SYS_futex, &word->value, FUTEX_WAKE_BITSET | flags, most,
		       NULL, NULL, bits);
}

/* Sleeps on several; which of them was woken. */
static inline long futex_wait_any(const struct futex_watched *watched,
				  unsigned count)
{
	return syscall(SYS_futex_waitv, watched, count, 0, NULL, 0);
}

/* Wakes some and puts others to sleep on another word, if the first holds what
 * is expected; how many of both. */
static inline long futex_requeue(struct word *from, int flags, int wake,
				 int requeue, struct word *to,
				 uint32_t expected)
{
	return syscall(SYS_futex, &from->value, FUTEX_CMP_REQUEUE | flags, wake,
		       (long)requeue, &to->value, expected);
}

/* A lock whose word holds its owner's tid; the owner inherits the priority of
 * who waits for it. */
static inline long futex_lock_pi(struct word *word, int flags)
{
	return syscall(SYS_futex, &word->value, FUTEX_LOCK_PI | flags, 0, NULL,
		       NULL, 0);
}

static inline long futex_unlock_pi(struct word *word, int flags)
{
	return syscall(SYS_futex, &word->value, FUTEX_UNLOCK_PI | flags, 0,
		       NULL, NULL, 0);
}

/* Nobody is waited for for ever: lets others run; true once it has done so for
 * seconds since its first time, before which *since was zeroed. */
static inline bool futex_tired(struct timespec *since)
{
	enum { PATIENCE_S = 4 };
	struct timespec now;

	sched_yield();
	if (clock_gettime(CLOCK_MONOTONIC, &now))
		die_errno("clock_gettime(CLOCK_MONOTONIC)");
	if (!since->tv_sec)
		*since = now;
	return now.tv_sec - since->tv_sec > PATIENCE_S;
}

#endif
