/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the exec'd programs and those who start them agree on. */
#ifndef HANDOFF_EXEC_CHILD_H
#define HANDOFF_EXEC_CHILD_H

#include <stdint.h>

/*
 * handoff-child FD SOURCE SLOT [CHANNEL]: reads the clock (SOURCE c: raw
 * counter, k: CLOCK_MONOTONIC_RAW) at its first instruction, writes struct
 * exec_child_left into FD at SLOT × EXEC_CHILD_STRIDE; with CHANNEL, a
 * descriptor, says EXEC_CHILD_HELLO there and answers one message with itself;
 * exits with EXEC_CHILD_STATUS. handoff-child-dynamic does the same without
 * CHANNEL, as a program with a C library.
 */
enum {
	EXEC_CHILD_STATUS = 42,
	EXEC_CHILD_STRIDE = 128,
	EXEC_CHILD_HELLO = 'h',
	EXEC_CHILD_MESSAGE = 64, /* bytes */
};

struct exec_child_left {
	uint64_t first;
	int64_t pu;
};

#endif
