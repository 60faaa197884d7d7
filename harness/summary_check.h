/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a row of summary.csv is such as a run writes. */
#ifndef HANDOFF_SUMMARY_CHECK_H
#define HANDOFF_SUMMARY_CHECK_H

#include "csv.h"
#include "summary.h"

/* The row last read; min and max: NAN where empty. 0, or -1 and an error of
 * `in`. */
int summary_check_row(struct csv_in *in, const struct summary_row *row,
		      double min, double max);

#endif
