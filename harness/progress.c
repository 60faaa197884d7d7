/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress on stderr: one changing line on a terminal, a line a block
 * elsewhere. */
#include "progress.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "die.h"

double progress_seconds(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t))
		die_errno("clock_gettime(CLOCK_MONOTONIC)");
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void progress_start(struct progress *p)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	memset(p, 0, sizeof(*p));
	p->start_s = progress_seconds();
	p->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
	p->colour = p->terminal && !(no_color && *no_color);
}

int progress_percent(double spent_s, double left_s)
{
	double all = spent_s + left_s;

	if (!(spent_s > 0) || !(all > 0))
		return 0;
	return spent_s >= 0.99 * all ? 99 : (int)(100 * spent_s / all);
}

/* By time: an estimate that grows does not take back what was shown. */
static int percent(struct progress *p, double left_s)
{
	int now = progress_percent(progress_seconds() - p->start_s, left_s);

	if (now > p->percent)
		p->percent = now;
	return p->percent;
}

/* Rounded up: as long as it goes on, something is left. */
static void print_left(double left_s)
{
	int left = left_s > 1 ? (int)ceil(fmin(left_s, 1e9)) : 1;

	if (left > 60)
		fprintf(stderr, "%d:%02d left", left / 60, left % 60);
	else
		fprintf(stderr, "%d s left", left);
}

/* To the terminal itself: stderr lets no such characters pass. */
static void clear_line(void)
{
	dprintf(STDERR_FILENO, "\r\033[K");
}

void progress_case(struct progress *p, const char *id, double left_s)
{
	double now = progress_seconds();

	/* ten times a second is enough to see, and nearly free */
	if (!p->terminal || now - p->last_s < 0.1)
		return;
	p->last_s = now;
	p->shown = 1;
	clear_line();
	dprintf(STDERR_FILENO, "%s%3d %%%s  ", p->colour ? "\033[1m" : "",
		percent(p, left_s), p->colour ? "\033[0m" : "");
	print_left(left_s);
	fprintf(stderr, "  %s", id);
}

void progress_block(struct progress *p, size_t block, size_t blocks,
		    double left_s)
{
	if (p->terminal)
		return;
	if (blocks)
		fprintf(stderr, "block %zu of %zu: %3d %%, ", block, blocks,
			percent(p, left_s));
	else
		fprintf(stderr, "block %zu, added: %3d %%, at most ", block,
			percent(p, left_s));
	print_left(left_s);
	fputc('\n', stderr);
}

void progress_pause(struct progress *p)
{
	if (p->shown)
		clear_line();
	p->shown = 0;
}
