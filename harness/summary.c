/* SPDX-License-Identifier: GPL-3.0-or-later */
/* summary.csv, read back: what reports and comparisons are made from. */
#include "summary.h"

#include <fnmatch.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
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
	struct lookup lines; /* of each row so far */
};

/* Every column of schema 1 must be there, in whatever order. */
static int find_columns(struct reader *r)
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
	return csv_refuse(r->in, "no column '%s': not a summary.csv of handoff",
			  missing);
}

/* The parts of a case's id, and metrics, are words: they stand in tables,
 * charts, and names of files. */
static int check_names(struct reader *r, const struct summary_row *row)
{
	const char *const part[] = { row->bench, row->variant, row->peer,
				     row->place, row->param,   row->metric };
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.:=+-";
	enum { LONGEST = 48 };

	for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++) {
		size_t n = strlen(part[i]);

		if (!n || n > LONGEST || strspn(part[i], allowed) != n)
			return csv_refuse(
				r->in,
				"'%.60s' is no name of a case's part or "
				"metric: 1 to %d letters, digits and "
				"_.:=+-; give a file that handoff wrote",
				part[i], LONGEST);
	}
	return 0;
}

/* Values of two runs would be taken for one another. */
static int check_is_of_run(struct reader *r, const struct summary *s,
			   const struct summary_row *row)
{
	if (!strcmp(row->machine, s->row->machine) &&
	    !strcmp(row->run, s->row->run))
		return 0;
	return csv_refuse(
		r->in,
		"of machine '%.60s' and run '%.40s', and the first row is "
		"of '%.60s' and '%.40s': one file holds one run",
		row->machine, row->run, s->row->machine, s->row->run);
}

/* A row that is given twice would count twice, or hide another. */
static int check_is_new(struct reader *r, const struct summary_row *row)
{
	char id[SUMMARY_ID];
	size_t line = csv_line(r->in), first;

	first = lookup_add(&r->lines, summary_id(row, id, sizeof(id)),
			   row->metric, line);
	return first == line ? 0 :
			       csv_refuse(r->in,
					  "%.200s %.60s is given on line %zu "
					  "already; remove one",
					  id, row->metric, first);
}

static int take_row(struct reader *r, struct summary *s)
{
	const char *schema = csv_field(r->in, r->schema);
	struct summary_row *row = &s->row[s->count];

	if (strcmp(schema, RESULTS_SCHEMA))
		return csv_refuse(
			r->in,
			"schema '%.20s', and this handoff reads %s; use "
			"the handoff that wrote it, or a newer one",
			schema, RESULTS_SCHEMA);
	memset(row, 0, sizeof(*row));
	for (int i = 0; i < TEXTS; i++)
		*(const char **)((char *)row + text[i].offset) =
			lookup_text(&s->texts, csv_field(r->in, r->text[i]));
	for (int i = 0; i < NUMBERS; i++)
		*(double *)(void *)((char *)row + number[i].offset) =
			csv_field_num(r->in, r->number[i]);
	if (csv_error(r->in))
		return -1;
	row->ok = !strcmp(row->status, "ok");
	if (check_names(r, row) || check_is_of_run(r, s, row) ||
	    check_is_new(r, row))
		return -1;
	s->count++;
	return 0;
}

static int read_rows(struct summary *s, struct reader *r)
{
	size_t room = 0;

	if (find_columns(r))
		return -1;
	while (csv_read(r->in) > 0) {
		if (s->count == SUMMARY_ROWS_MAX)
			return csv_refuse(
				r->in,
				"more than %d rows; no run has as many: "
				"give one run's file",
				SUMMARY_ROWS_MAX);
		if (s->count == room) {
			struct summary_row *larger;

			room = room ? 2 * room : 512;
			larger = realloc(s->row, room * sizeof(*s->row));
			if (!larger)
				return csv_refuse(r->in, "out of memory");
			s->row = larger;
		}
		if (take_row(r, s))
			return -1;
	}
	if (csv_check_end(r->in))
		return -1;
	if (!s->count)
		return csv_refuse(r->in, "no rows; the run measured nothing");
	return 0;
}

int summary_read(struct summary *summary, const char *path, char *err,
		 size_t size)
{
	char file[PATH_MAX];
	struct reader r = { 0 };
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
	result = read_rows(summary, &r);
	lookup_free(&r.lines);
	if (result) {
		snprintf(err, size, "%s", csv_error(r.in));
		summary_free(summary);
	}
	csv_in_close(r.in);
	return result;
}

void summary_free(struct summary *summary)
{
	lookup_free(&summary->texts);
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

bool summary_emulated(const struct summary_row *row)
{
	return row->ok && strstr(row->flags, "emulated");
}

bool summary_matches(const struct summary_row *row, const char *glob)
{
	char id[SUMMARY_ID];

	return !fnmatch(glob, summary_id(row, id, sizeof(id)), 0);
}

const struct summary_row *summary_beside(const struct summary *summary,
					 const struct summary_row *row,
					 struct summary_other other,
					 const char *metric)
{
	char id[SUMMARY_ID];

	snprintf(id, sizeof(id), "%s/%s/%s/%s/%s", row->bench,
		 other.variant ? other.variant : row->variant,
		 other.peer ? other.peer : row->peer,
		 other.place ? other.place : row->place,
		 other.param ? other.param : row->param);
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
