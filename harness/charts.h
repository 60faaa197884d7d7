/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charts: runs gnuplot on the programs in plots/, which read CSV alone. */
#ifndef HANDOFF_CHARTS_H
#define HANDOFF_CHARTS_H

#include <stdio.h>

#include "summary.h"

/* Draws every chart that a run has data for, as SVG and PNG into dir/charts. 0,
 * or -1, said on stderr, where one cannot be drawn. */
int charts_draw(const struct summary *s, const char *dir);

/* The same with one program of plots/, whatever it reads of dir. */
int charts_draw_one(const char *dir, const char *name);

/* Markdown links to the charts that show a bench. */
void charts_link(const struct summary *s, const char *bench, FILE *out);

/* Every chart that a run has data for and that has been drawn, as figures with
 * what to see in each. How many. */
size_t charts_inline(const struct summary *s, const char *dir, FILE *out);

#endif
