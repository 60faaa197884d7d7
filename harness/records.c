/* SPDX-License-Identifier: GPL-3.0-or-later */
/* invocations.csv, read back row by row. */
#include "records.h"

#include <stdio.h>
#include <string.h>

#include "row_check.h"

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
	FIELD(gap_before_ns), FIELD(gap_after_ns),	FIELD(order),
#undef FIELD
};

enum {
	TEXTS = sizeof(text) / sizeof(*text),
	NUMBERS = sizeof(number) / sizeof(*number),
};

struct columns {
	int text[TEXTS], number[NUMBERS];
};

static int find(struct csv_in *in, const char *column)
{
	int at = csv_column(in, column);

	if (at < 0)
		csv_refuse(in,
			   "no column '%s': not an invocations.csv of handoff",
			   column);
	return at;
}

static int find_columns(struct csv_in *in, struct columns *at)
{
	for (int i = 0; i < TEXTS; i++) {
		at->text[i] = find(in, text[i].column);
		if (at->text[i] < 0)
			return -1;
	}
	for (int i = 0; i < NUMBERS; i++) {
		at->number[i] = find(in, number[i].column);
		if (at->number[i] < 0)
			return -1;
	}
	return 0;
}

static void take_fields(struct csv_in *in, const struct columns *at,
			struct record *record)
{
	for (int i = 0; i < TEXTS; i++)
		*(const char **)(void *)((char *)record + text[i].offset) =
			csv_field(in, at->text[i]);
	for (int i = 0; i < NUMBERS; i++)
		*(double *)(void *)((char *)record + number[i].offset) =
			csv_field_num(in, at->number[i]);
}

static int check_row(struct row_check *check, struct csv_in *in,
		     const struct record *r)
{
	char id[SUMMARY_ID];

	snprintf(id, sizeof(id), "%s/%s/%s/%s/%s", r->bench, r->variant,
		 r->peer, r->place, r->param);
	return row_check_add(check, in, id, r->metric, r->order);
}

/* What take() returned; else 0, or -1 and an error of `in`. */
static int each_row(struct csv_in *in, const struct summary *summary,
		    int (*take)(void *ctx, const struct record *record),
		    void *ctx)
{
	struct row_check check;
	struct columns at;
	struct record record;
	int result = 0;

	if (find_columns(in, &at))
		return -1;
	row_check_begin(&check, in, summary);
	while (!result && csv_read(in) > 0) {
		take_fields(in, &at, &record);
		result = check_row(&check, in, &record);
		if (!result)
			result = take(ctx, &record);
	}
	if (!result)
		result = row_check_end(&check, in);
	row_check_free(&check);
	return result;
}

int records_each(const char *dir, const struct summary *summary,
		 int (*take)(void *ctx, const struct record *record), void *ctx,
		 char *err, size_t size)
{
	struct csv_in *in = csv_open_in(dir, "invocations.csv", err, size);
	int result;

	if (!in)
		return *err ? -1 : 0;
	result = each_row(in, summary, take, ctx);
	if (csv_error(in)) {
		snprintf(err, size, "%s", csv_error(in));
		result = -1;
	}
	csv_in_close(in);
	return result;
}
