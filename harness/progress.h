/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress on stderr: one changing line on a terminal, a line a block
 * elsewhere. */
#ifndef HANDOFF_PROGRESS_H
#define HANDOFF_PROGRESS_H

#include <stddef.h>

struct progress {
	int terminal, colour, shown;
	size_t done, total; /* invocations */
	size_t block, blocks;
	double start_s, last_s;
};

/* Seconds of a clock that does not jump. */
double progress_seconds(void);

void progress_start(struct progress *p, size_t blocks);

/* The next invocation: case, percentage and time left. left_s: estimate, in
 * seconds. */
void progress_case(struct progress *p, const char *id, double left_s);

/* The next block; left: invocations still to do. */
void progress_block(struct progress *p, size_t block, size_t left,
		    double left_s);

/* Clears the line; a message of its own line may follow. */
void progress_pause(struct progress *p);

#endif
