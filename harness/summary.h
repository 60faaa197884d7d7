/* SPDX-License-Identifier: GPL-3.0-or-later */
/* summary.csv, read back: what reports and comparisons are made from. */
#ifndef HANDOFF_SUMMARY_H
#define HANDOFF_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lookup.h"
#include "stats.h"

struct summary_row {
	const char *machine, *run;
	const char *bench, *variant, *peer, *place, *param;
	const char *metric, *unit;
	const char *status, *reason;
	bool ok;
	uint32_t line; /* of the file; 0: of none */
	double invocations, samples;
	double value; /* NAN unless ok */
	struct interval ci;
	double p50, p90, p99, p999;
	const char *method, *flags;
};

/* More rows than this are refused: every two of 250 PUs, by one mechanism, are
 * as many, and memory is bounded (under 200 MiB). */
enum { SUMMARY_ROWS_MAX = 500000 };

struct summary {
	struct summary_row *row;
	size_t count;
	struct lookup texts; /* what the rows point to */
	uint32_t *slot;      /* rows + 1 by case and metric; 0: free */
	size_t slots;        /* 0: not indexed, of rows that were not read */
};

/* Reads DIR/summary.csv (or the file itself). 0, or -1 with one line in err:
 * "path:line: what; what to do". A row given twice or such as no run writes,
 * another schema, a file that is cut off or has more than SUMMARY_ROWS_MAX rows
 * is refused. */
int summary_read(struct summary *summary, const char *path, char *err,
		 size_t size);
void summary_free(struct summary *summary);

/* bench/variant/peer/place/param into buf, which is returned. */
enum { SUMMARY_ID = 256 };
char *summary_id(const struct summary_row *row, char *buf, size_t size);
bool summary_same_case(const struct summary_row *a,
		       const struct summary_row *b);

/* Whether the row's case id matches a glob. */
bool summary_matches(const struct summary_row *row, const char *glob);

/* Whether an emulator took the row's time. What the kernel counted is never
 * marked so. */
bool summary_emulated(const struct summary_row *row);

/* Parts of a case's id with blanks between, less those that are "-"; in buf. */
char *summary_join(const char *const *part, size_t count, char *buf,
		   size_t size);

/* Whether a flag, a whole word, is among the row's. */
bool summary_flagged(const struct summary_row *row, const char *flag);

/* Whether others ran where the row was taken. What is yes or no is found out
 * all the same, and never marked so. */
bool summary_disturbed(const struct summary_row *row);

/* What another case of the same bench is called; NULL for a part: the same. */
struct summary_other {
	const char *variant, *peer, *place, *param;
};

/* The row of that case; metric NULL: the same. NULL: there is none. */
const struct summary_row *summary_beside(const struct summary *summary,
					 const struct summary_row *row,
					 struct summary_other other,
					 const char *metric);

/* Keeps each case id in `cases`: 1 where some row of it has a number, else 0.
 */
void summary_cases(const struct summary *summary, struct lookup *cases);

/* The row of a case id and metric; NULL: none. Takes no time to speak of. */
const struct summary_row *summary_exact(const struct summary *summary,
					const char *id, const char *metric);

/* The row of a case id, or of the first that a glob matches, and metric; NULL:
 * none. */
const struct summary_row *summary_find(const struct summary *summary,
				       const char *id, const char *metric);

#endif
