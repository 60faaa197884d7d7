/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a fence costs over the stores outstanding before it, in five figures:
 * with none, the step at the first, what each more adds, and all told. */
#ifndef HANDOFF_FENCE_CURVE_H
#define HANDOFF_FENCE_CURVE_H

#include <stdio.h>

#include "summary.h"

/* A figure in ns, and what the intervals of the two rows that it is made from
 * allow; NAN where a row or an interval is missing. */
struct fence_figure {
	double value;
	struct interval ci;
};

/* Of one variant. Stores that miss overlap, so that there is no one slope: a
 * store more costs less the more there are, and nothing once the store buffer
 * is full, when issuing the stores waits instead of the fence. */
struct fence_curve {
	struct fence_figure none;  /* no store outstanding */
	struct fence_figure step;  /* the first: 1 against 0 */
	struct fence_figure early; /* each more from 1 to 8 */
	struct fence_figure late;  /* each more from 8 to 32 */
	struct fence_figure whole; /* all: 32 against 0 */
};

/* The curve of the variant that a row is of. */
struct fence_curve fence_curve_of(const struct summary *s,
				  const struct summary_row *row);

/* One table of Markdown, a line for each variant of bench fence whose latency
 * over outstanding stores was measured, and in which order those of missing
 * stores come; nothing where none was. */
void fence_curve_print(const struct summary *s, FILE *out);

#endif
