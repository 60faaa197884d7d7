/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a chart is drawn from: tables of words and numbers that our own readers
 * have read, for a program of plots/. */
#ifndef HANDOFF_CHART_DATA_H
#define HANDOFF_CHART_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "env_file.h"
#include "summary.h"
#include "tool.h"

/* What a chart shows of a run. */
struct chart {
	const char *name, *bench, *text;
	const char *metrics; /* words */
	/* how it is drawn: by plots/style.gp's ways, or by its own */
	enum {
		CHART_OWN,
		CHART_DOTS,
		CHART_CURVES,
		CHART_CDF,
		CHART_PAIRS
	} kind;
	const char *cases; /* what it needs, a glob over case ids; NULL: any */
	const char *also;  /* another bench whose rows it shows */
	/* of a distribution: the variants, and the most that can be told apart
	 * (0: any number) */
	const char *order;
	size_t variants_max;
};

/* The tables and settings of one chart. */
struct chart_data {
	int fd[TOOL_FDS]; /* in memory, from their beginning */
	size_t fds;
	char *settings;     /* gnuplot's assignments */
	size_t rows;        /* 0: there is nothing to show */
	char left_out[200]; /* what the chart cannot show; "": nothing */
};

/* Whether the run has a row that the chart shows. */
bool chart_data_has(const struct summary *s, const struct chart *chart);

/* Makes them. dir: where histogram.csv is. 0, or -1 with one line in err. */
int chart_data_make(struct chart_data *data, const struct chart *chart,
		    const struct summary *s, const struct env_file *env,
		    const char *dir, char *err, size_t size);

/* The same of dir/compare.csv or compare_cdf.csv, for a chart of a comparison.
 */
int chart_data_compare(struct chart_data *data, const char *dir,
		       const char *file, char *err, size_t size);

void chart_data_free(struct chart_data *data);

#endif
