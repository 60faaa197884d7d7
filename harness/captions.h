/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to see in a chart: a sentence for each. */
#ifndef HANDOFF_CAPTIONS_H
#define HANDOFF_CAPTIONS_H

/* Of the chart of this name; what charts.c calls it, text, where there is no
 * sentence. */
const char *caption_of(const char *chart, const char *text);

#endif
