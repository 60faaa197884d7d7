/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charts: runs gnuplot on the programs in plots/, which read CSV alone. */
#ifndef HANDOFF_CHARTS_H
#define HANDOFF_CHARTS_H

#include <stdio.h>

/* Draws every chart of a run as SVG and PNG into dir/charts. 0, or -1, said on
 * stderr, where one cannot be drawn. */
int charts_draw(const char *dir);

/* Markdown links to the charts that show a bench. */
void charts_link(const char *bench, FILE *out);

#endif
