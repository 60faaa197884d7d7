/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of a run, which may lack it: opened with the columns asked for, and
 * closed with what was wrong. */
#include "run_table.h"

#include <stdio.h>

#include "summary.h"

struct csv_in *run_table_open(const char *dir, const char *name,
			      const char *const *column, int *at,
			      size_t columns, char *err, size_t size)
{
	struct csv_in *in = csv_open_in(dir, name, err, size);

	for (size_t i = 0; in && i < columns; i++) {
		at[i] = csv_column(in, column[i]);
		if (at[i] >= 0)
			continue;
		csv_refuse(in, "no column '%s': not a file of handoff's",
			   column[i]);
		snprintf(err, size, "%s", csv_error(in));
		csv_in_close(in);
		return NULL;
	}
	return in;
}

int run_table_close(struct csv_in *in, char *err, size_t size)
{
	int result = csv_check_end(in);

	if (result)
		snprintf(err, size, "%s", csv_error(in));
	csv_in_close(in);
	return result;
}

void run_table_id(const struct csv_in *in, const int *at, char *id)
{
	snprintf(id, SUMMARY_ID, "%s/%s/%s/%s/%s", csv_field(in, at[0]),
		 csv_field(in, at[1]), csv_field(in, at[2]),
		 csv_field(in, at[3]), csv_field(in, at[4]));
}
