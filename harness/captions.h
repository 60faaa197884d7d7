/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to see in a chart: how it is read, and what this run's figures are. */
#ifndef HANDOFF_CAPTIONS_H
#define HANDOFF_CAPTIONS_H

#include <stddef.h>

#include "summary.h"

enum { CAPTION_SIZE = 640 };

/*
 * Of the chart of this name into buf, which is returned: nothing is said of
 * machines that the summary's own rows do not show. What charts.c calls the
 * chart, text, where there is no sentence. The summary is without pairs of PUs.
 */
char *caption_of(const struct summary *s, const char *chart, const char *text,
		 char *buf, size_t size);

#endif
