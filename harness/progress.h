/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress on stderr: one changing line on a terminal, a line a block
 * elsewhere. */
#ifndef HANDOFF_PROGRESS_H
#define HANDOFF_PROGRESS_H

#include <stddef.h>

struct progress {
	int terminal, colour, shown;
	int percent; /* shown so far: it never falls */
	double start_s, last_s;
};

/* Seconds of a clock that does not jump. */
double progress_seconds(void);

/* Of what has taken spent_s so far and will take left_s: 100 is for the end
 * alone. */
int progress_percent(double spent_s, double left_s);

void progress_start(struct progress *p);

/* The next invocation: case, percentage and time left. left_s: estimate, in
 * seconds. */
void progress_case(struct progress *p, const char *id, double left_s);

/* Block `block` of `blocks` begins, counted from 1; blocks 0: how many there
 * will be is not known, and left_s is the most it may take. */
void progress_block(struct progress *p, size_t block, size_t blocks,
		    double left_s);

/* Clears the line; a message of its own line may follow. */
void progress_pause(struct progress *p);

#endif
