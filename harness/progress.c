/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress on stderr: one changing line on a terminal, a line a block
 * elsewhere. */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double progress_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void progress_start(struct progress *p, size_t blocks)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	memset(p, 0, sizeof(*p));
	p->blocks = blocks;
	p->start_s = progress_seconds();
	p->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
	p->colour = p->terminal && !(no_color && *no_color);
}

static int percent(const struct progress *p)
{
	return p->total ? (int)(100 * p->done / p->total) : 100;
}

static void print_left(double left_s)
{
	if (left_s >= 60)
		fprintf(stderr, "%d:%02d left", (int)left_s / 60,
			(int)left_s % 60);
	else
		fprintf(stderr, "%d s left", (int)(left_s + 0.5));
}

/* To the terminal itself: stderr lets no such characters pass. */
static void clear_line(void)
{
	dprintf(STDERR_FILENO, "\r\033[K");
}

void progress_case(struct progress *p, const char *id, double left_s)
{
	double now = progress_seconds();

	p->done++;
	/* ten times a second is enough to see, and nearly free */
	if (!p->terminal || now - p->last_s < 0.1)
		return;
	p->last_s = now;
	p->shown = 1;
	clear_line();
	dprintf(STDERR_FILENO, "%s%3d %%%s  ", p->colour ? "\033[1m" : "",
		percent(p), p->colour ? "\033[0m" : "");
	print_left(left_s);
	fprintf(stderr, "  %s", id);
}

void progress_block(struct progress *p, size_t block, size_t left,
		    double left_s)
{
	p->block = block;
	p->total = p->done + left;
	if (p->terminal)
		return;
	fprintf(stderr, "block %zu of %zu: %3d %%, ", block + 1, p->blocks,
		percent(p));
	print_left(left_s);
	fputc('\n', stderr);
}

void progress_pause(struct progress *p)
{
	if (p->shown)
		clear_line();
	p->shown = 0;
}
