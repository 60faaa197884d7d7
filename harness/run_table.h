/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of a run, which may lack it: opened with the columns asked for, and
 * closed with what was wrong. */
#ifndef HANDOFF_RUN_TABLE_H
#define HANDOFF_RUN_TABLE_H

#include <stddef.h>

#include "csv.h"

/*
 * Opens DIR/name and finds where its columns are: at[i] is column[i]'s. NULL
 * where that cannot be done, with "path:line: what; what to do" in err; and
 * with err "" where the run has no such table.
 */
struct csv_in *run_table_open(const char *dir, const char *name,
			      const char *const *column, int *at,
			      size_t columns, char *err, size_t size);

/* 0; or -1 and in err what was wrong, or that the file is cut off. */
int run_table_close(struct csv_in *in, char *err, size_t size);

/* The case of the row last read; id holds SUMMARY_ID bytes. at: of bench,
 * variant, peer, place and param, in this order. */
void run_table_id(const struct csv_in *in, const int *at, char *id);

#endif
