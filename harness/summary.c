/* SPDX-License-Identifier: GPL-3.0-or-later */
/* summary.csv, read back: what reports and comparisons are made from. */
#include "summary.h"

#include <fnmatch.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "csv.h"
#include "results.h"

enum { TEXTS = 13, NUMBERS = 9 };

/* Where each column goes. */
static const struct {
	const char *column;
	size_t offset;
} text[TEXTS] = {
#define FIELD(name)                                       \
	{                                                 \
#name, offsetof(struct summary_row, name) \
	}
	FIELD(machine), FIELD(run),    FIELD(bench),  FIELD(variant),
	FIELD(peer),	FIELD(place),  FIELD(param),  FIELD(metric),
	FIELD(unit),	FIELD(status), FIELD(reason), FIELD(method),
	FIELD(flags),
}, number[NUMBERS] = {
	FIELD(invocations), FIELD(samples), FIELD(value),
	{ "ci_low", offsetof(struct summary_row, ci.low) },
	{ "ci_high", offsetof(struct summary_row, ci.high) },
	FIELD(p50), FIELD(p90), FIELD(p99), FIELD(p999),
#undef FIELD
};

struct reader {
	struct csv_in *in;
	int schema, text[TEXTS], number[NUMBERS];
};

/* Every column of schema 1 must be there, in whatever order. */
static int find_columns(struct reader *r, const char *path, char *err,
			size_t size)
{
	const char *missing = NULL;

	r->schema = csv_column(r->in, "schema");
	if (r->schema < 0)
		missing = "schema";
	for (int i = 0; i < TEXTS; i++) {
		r->text[i] = csv_column(r->in, text[i].column);
		if (r->text[i] < 0)
			missing = text[i].column;
	}
	for (int i = 0; i < NUMBERS; i++) {
		r->number[i] = csv_column(r->in, number[i].column);
		if (r->number[i] < 0)
			missing = number[i].column;
	}
	if (!missing)
		return 0;
	snprintf(err, size,
		 "%s:1: no column '%s': not a summary.csv of "
		 "handoff",
		 path, missing);
	return -1;
}

static int take_row(struct reader *r, struct summary_row *row, const char *path,
		    char *err, size_t size)
{
	const char *schema = csv_field(r->in, r->schema);

	/* it is counted already, and freed if this fails */
	memset(row, 0, sizeof(*row));
	if (strcmp(schema, RESULTS_SCHEMA)) {
		snprintf(err, size,
			 "%s:%zu: schema '%.20s', and this handoff "
			 "reads %s; use the handoff that wrote it, or a newer "
			 "one",
			 path, csv_line(r->in), schema, RESULTS_SCHEMA);
		return -1;
	}
	for (int i = 0; i < TEXTS; i++) {
		char *own = strdup(csv_field(r->in, r->text[i]));

		if (!own) {
			snprintf(err, size, "%s: out of memory", path);
			return -1;
		}
		*(char **)((char *)row + text[i].offset) = own;
	}
	for (int i = 0; i < NUMBERS; i++)
		*(double *)(void *)((char *)row + number[i].offset) =
			csv_field_num(r->in, r->number[i]);
	if (csv_error(r->in)) {
		snprintf(err, size, "%s", csv_error(r->in));
		return -1;
	}
	row->ok = !strcmp(row->status, "ok");
	return 0;
}

static int read_rows(struct summary *s, struct reader *r, const char *path,
		     char *err, size_t size)
{
	size_t room = 0;
	int more;

	if (find_columns(r, path, err, size))
		return -1;
	while ((more = csv_read(r->in)) > 0) {
		if (s->count == room) {
			struct summary_row *larger;

			room = room ? 2 * room : 512;
			larger = realloc(s->row, room * sizeof(*s->row));
			if (!larger) {
				snprintf(err, size, "%s: out of memory", path);
				return -1;
			}
			s->row = larger;
		}
		if (take_row(r, &s->row[s->count++], path, err, size))
			return -1;
	}
	if (more < 0) {
		snprintf(err, size, "%s", csv_error(r->in));
		return -1;
	}
	if (!s->count) {
		snprintf(err, size, "%s:1: no rows; the run measured nothing",
			 path);
		return -1;
	}
	return 0;
}

int summary_read(struct summary *summary, const char *path, char *err,
		 size_t size)
{
	char file[PATH_MAX];
	struct reader r;
	struct stat st;
	int result;

	memset(summary, 0, sizeof(*summary));
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		snprintf(file, sizeof(file), "%s/summary.csv", path);
	else
		snprintf(file, sizeof(file), "%s", path);
	r.in = csv_open(file, err, size);
	if (!r.in)
		return -1;
	result = read_rows(summary, &r, file, err, size);
	csv_in_close(r.in);
	if (result)
		summary_free(summary);
	return result;
}

void summary_free(struct summary *summary)
{
	for (size_t i = 0; i < summary->count; i++)
		for (int k = 0; k < TEXTS; k++)
			free(*(char **)((char *)&summary->row[i] +
					text[k].offset));
	free(summary->row);
	memset(summary, 0, sizeof(*summary));
}

char *summary_id(const struct summary_row *row, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%s/%s/%s/%s", row->bench, row->variant,
		 row->peer, row->place, row->param);
	return buf;
}

bool summary_same_case(const struct summary_row *a, const struct summary_row *b)
{
	return !strcmp(a->bench, b->bench) && !strcmp(a->variant, b->variant) &&
	       !strcmp(a->peer, b->peer) && !strcmp(a->place, b->place) &&
	       !strcmp(a->param, b->param);
}

bool summary_matches(const struct summary_row *row, const char *glob)
{
	char id[SUMMARY_ID];

	return !fnmatch(glob, summary_id(row, id, sizeof(id)), 0);
}

const struct summary_row *summary_beside(const struct summary *summary,
					 const struct summary_row *row,
					 const char *variant, const char *peer,
					 const char *param, const char *metric)
{
	char id[SUMMARY_ID];

	snprintf(id, sizeof(id), "%s/%s/%s/%s/%s", row->bench,
		 variant ? variant : row->variant, peer ? peer : row->peer,
		 row->place, param ? param : row->param);
	return summary_find(summary, id, metric ? metric : row->metric);
}

const struct summary_row *summary_find(const struct summary *summary,
				       const char *id, const char *metric)
{
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->row[i];

		if (!strcmp(row->metric, metric) && summary_matches(row, id))
			return row;
	}
	return NULL;
}
