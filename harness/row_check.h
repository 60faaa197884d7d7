/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the rows of invocations.csv are such as a run writes. */
#ifndef HANDOFF_ROW_CHECK_H
#define HANDOFF_ROW_CHECK_H

#include "csv.h"
#include "summary.h"

/* More rows than this are refused: no run has them, and memory is bounded. */
enum { INVOCATION_ROWS_MAX = 2000000 };

/* All zeros: of no row yet. */
struct row_check {
	struct row_check_series *series; /* of each case and metric */
	size_t count, room, rows;
	struct lookup index;
};

/*
 * Takes the row last read, of a case and metric. order: which of the run's
 * invocations it is of, counted up by the run; NAN: not known. 0; or -1 and an
 * error of `in`, where the case and metric have had this order, or a later one,
 * or there are too many rows. Dies where memory is short.
 */
int row_check_add(struct row_check *check, struct csv_in *in, const char *id,
		  const char *metric, double order);

/* After the last row: 0; or -1 and an error of `in`, where the file is cut off
 * or some case and metric have not as many rows as the summary says. */
int row_check_end(const struct row_check *check, struct csv_in *in,
		  const struct summary *summary);

void row_check_free(struct row_check *check);

#endif
