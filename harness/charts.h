/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charts: runs gnuplot on the programs in plots/, which are given tables, and
 * writes what it draws. */
#ifndef HANDOFF_CHARTS_H
#define HANDOFF_CHARTS_H

#include <stdio.h>

#include "env_file.h"
#include "summary.h"

/* Draws every chart that a run has data for, as SVG and PNG into dir/charts,
 * each whole or not at all: what was there before stays. 0, or -1, said on
 * stderr, where one cannot be drawn; a signal ends it, see interrupt.h. */
int charts_draw(const struct summary *s, const struct env_file *env,
		const char *dir);

/* The same with programs of plots/ that show a comparison's file of dir. */
int charts_draw_named(const char *dir, const char *file,
		      const char *const *name, size_t count);

/* Markdown links to the charts of the run in dir that show a bench and have
 * been drawn. */
void charts_link(const struct summary *s, const char *dir, const char *bench,
		 FILE *out);

/* Every chart that a run has data for and that has been drawn, as figures with
 * what to see in each. How many. */
size_t charts_inline(const struct summary *s, const char *dir, FILE *out);

#endif
