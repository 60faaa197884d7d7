/* SPDX-License-Identifier: GPL-3.0-or-later */
/* invocations.csv, read back row by row. */
#include "records.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "csv.h"

/* Where each column goes. */
static const struct {
	const char *column;
	size_t offset;
} text[] = {
#define FIELD(name)                                  \
	{                                            \
#name, offsetof(struct record, name) \
	}
	FIELD(bench), FIELD(variant), FIELD(peer), FIELD(place),
	FIELD(param), FIELD(metric),  FIELD(unit), FIELD(pass),
}, number[] = {
	FIELD(value),	  FIELD(samples),	FIELD(batches),
	FIELD(block),	  FIELD(arm),		FIELD(pu_a),
	FIELD(pu_b),	  FIELD(disturbed),	FIELD(drift),
	FIELD(batch_n), FIELD(elapsed_ns), FIELD(cpu_ns), FIELD(peer_cpu_ns),
	FIELD(gap_before_ns), FIELD(gap_after_ns),
#undef FIELD
};

enum {
	TEXTS = sizeof(text) / sizeof(*text),
	NUMBERS = sizeof(number) / sizeof(*number),
};

static int find(const struct csv_in *in, const char *column, const char *path,
		char *err, size_t size)
{
	int at = csv_column(in, column);

	if (at < 0)
		snprintf(err, size,
			 "%s:1: no column '%s': not an invocations.csv of "
			 "handoff",
			 path, column);
	return at;
}

static int each_row(struct csv_in *in, const char *path,
		    int (*take)(void *ctx, const struct record *record),
		    void *ctx, char *err, size_t size)
{
	int texts[TEXTS], numbers[NUMBERS], result = 0;
	struct record record;

	for (int i = 0; i < TEXTS; i++) {
		texts[i] = find(in, text[i].column, path, err, size);
		if (texts[i] < 0)
			return -1;
	}
	for (int i = 0; i < NUMBERS; i++) {
		numbers[i] = find(in, number[i].column, path, err, size);
		if (numbers[i] < 0)
			return -1;
	}
	while (!result && csv_read(in) > 0) {
		for (int i = 0; i < TEXTS; i++)
			*(const char **)(void *)((char *)&record +
						 text[i].offset) =
				csv_field(in, texts[i]);
		for (int i = 0; i < NUMBERS; i++)
			*(double *)(void *)((char *)&record +
					    number[i].offset) =
				csv_field_num(in, numbers[i]);
		result = take(ctx, &record);
	}
	if (!result && csv_error(in)) {
		snprintf(err, size, "%s", csv_error(in));
		return -1;
	}
	return result;
}

int records_each(const char *dir,
		 int (*take)(void *ctx, const struct record *record), void *ctx,
		 char *err, size_t size)
{
	char path[PATH_MAX];
	struct csv_in *in;
	int result;

	snprintf(path, sizeof(path), "%.4000s/invocations.csv", dir);
	if (access(path, F_OK))
		return 0;
	in = csv_open(path, err, size);
	if (!in)
		return -1;
	result = each_row(in, path, take, ctx, err, size);
	csv_in_close(in);
	return result;
}
