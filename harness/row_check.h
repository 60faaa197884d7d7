/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the rows of invocations.csv are such as a run writes. */
#ifndef HANDOFF_ROW_CHECK_H
#define HANDOFF_ROW_CHECK_H

#include "csv.h"
#include "summary.h"

/* More rows than this are refused: eight invocations of as many rows as a
 * summary may have; time and memory are bounded. */
enum { INVOCATION_ROWS_MAX = 8 * SUMMARY_ROWS_MAX };

enum { ROW_CHECK_RULES = 29 };

struct row_check {
	const struct summary *summary;
	struct row_check_series *series; /* of each row of the summary first,
					  * then of what it has no row of */
	size_t count, room, rows;
	struct lookup others; /* where in series what the summary lacks is */
	struct lookup cases; /* 1: some row of the case has a number; 0: none */
	int at[ROW_CHECK_RULES], pass; /* columns */
};

/* Before the first row of `in`. Of a summary without rows nothing is expected.
 * Dies where memory is short. */
void row_check_begin(struct row_check *check, const struct csv_in *in,
		     const struct summary *summary);

/*
 * Takes the row last read, of a case and metric. order: which of the run's
 * invocations it is of, counted up by the run; NAN: not known. 0; or -1 and an
 * error of `in`, where a field is not as a run writes it, the summary has no
 * such case and metric, or not of this unit, where they have had this order, or
 * a later one, or there are too many rows. Dies where memory is short.
 */
int row_check_add(struct row_check *check, struct csv_in *in, const char *id,
		  const char *metric, double order);

/* After the last row: 0; or -1 and an error of `in`, where the file is cut off
 * or some case and metric have not as many rows as the summary says. */
int row_check_end(const struct row_check *check, struct csv_in *in);

void row_check_free(struct row_check *check);

#endif
