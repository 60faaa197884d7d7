/* SPDX-License-Identifier: GPL-3.0-or-later */
/* summary.csv, read back: what reports and comparisons are made from. */
#include "summary.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "csv.h"
#include "results.h"
#include "summary_check.h"

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

/* ----------------------------------------------------- rows by their names */

static bool has_id(const struct summary_row *row, const char *id)
{
	const char *const part[] = { row->bench, row->variant, row->peer,
				     row->place, row->param };
	const size_t parts = sizeof(part) / sizeof(*part);

	for (size_t i = 0; i < parts; i++) {
		size_t n = strlen(part[i]);

		if (strncmp(id, part[i], n) ||
		    id[n] != (i < parts - 1 ? '/' : '\0'))
			return false;
		id += n + 1;
	}
	return true;
}

/* Where the row of a name is, or a free slot, of which there always are. */
static uint32_t *slot_of(const struct summary *s, const char *id,
			 const char *metric)
{
	size_t i = lookup_hash(id, metric) & (s->slots - 1);

	for (;; i = (i + 1) & (s->slots - 1)) {
		const struct summary_row *row;

		if (!s->slot[i])
			return &s->slot[i];
		row = &s->row[s->slot[i] - 1];
		if (!strcmp(row->metric, metric) && has_id(row, id))
			return &s->slot[i];
	}
}

/* The same of a row that need not be among them yet. */
static uint32_t *slot_of_row(const struct summary *s,
			     const struct summary_row *row)
{
	char id[SUMMARY_ID];

	return slot_of(s, summary_id(row, id, sizeof(id)), row->metric);
}

const struct summary_row *summary_exact(const struct summary *s, const char *id,
					const char *metric)
{
	if (s->slots) {
		uint32_t row = *slot_of(s, id, metric);

		return row ? &s->row[row - 1] : NULL;
	}
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->row[i].metric, metric) && has_id(&s->row[i], id))
			return &s->row[i];
	return NULL;
}

/* ----------------------------------------------------------------- reading */

struct reader {
	struct csv_in *in;
	int schema, text[TEXTS], number[NUMBERS];
	int min, max; /* checked and not kept */
	size_t room;
};

/* Every column of schema 1 must be there, in whatever order. */
static int find_columns(struct reader *r)
{
	const struct {
		const char *column;
		int *at;
	} other[] = {
		{ "schema", &r->schema },
		{ "min", &r->min },
		{ "max", &r->max },
	};
	const char *missing = NULL;

	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		*other[i].at = csv_column(r->in, other[i].column);
		if (*other[i].at < 0)
			missing = other[i].column;
	}
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
		"of '%.60s' and '%.40s'; one file holds one run: give it as "
		"handoff wrote it",
		row->machine, row->run, s->row->machine, s->row->run);
}

/* A row that is given twice would count twice, or hide another. */
static int check_is_new(struct reader *r, const struct summary *s,
			const struct summary_row *row)
{
	uint32_t first = *slot_of_row(s, row);
	char id[SUMMARY_ID];

	if (!first)
		return 0;
	return csv_refuse(r->in,
			  "%.200s %.60s is given on line %" PRIu32
			  " already; remove one",
			  summary_id(row, id, sizeof(id)), row->metric,
			  s->row[first - 1].line);
}

static int take_row(struct reader *r, struct summary *s)
{
	double min = csv_field_num(r->in, r->min);
	double max = csv_field_num(r->in, r->max);
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
	row->line = (uint32_t)csv_line(r->in);
	if (check_names(r, row) || check_is_of_run(r, s, row) ||
	    check_is_new(r, s, row) || summary_check_row(r->in, row, min, max))
		return -1;
	*slot_of_row(s, row) = (uint32_t)++s->count;
	return 0;
}

/* Room for one more row, and for finding it. */
static int make_room(struct reader *r, struct summary *s)
{
	struct summary_row *larger;

	if (s->count < r->room)
		return 0;
	r->room = r->room ? 2 * r->room : 512;
	larger = realloc(s->row, r->room * sizeof(*s->row));
	if (!larger)
		return csv_refuse(r->in, "out of memory; free some");
	s->row = larger;
	free(s->slot);
	s->slots = 4 * r->room;
	s->slot = calloc(s->slots, sizeof(*s->slot));
	if (!s->slot)
		return csv_refuse(r->in, "out of memory; free some");
	for (size_t i = 0; i < s->count; i++)
		*slot_of_row(s, &s->row[i]) = (uint32_t)i + 1;
	return 0;
}

static int read_rows(struct summary *s, struct reader *r)
{
	if (find_columns(r))
		return -1;
	while (csv_read(r->in) > 0) {
		if (s->count == SUMMARY_ROWS_MAX)
			return csv_refuse(
				r->in,
				"more than %d rows; no run has as many: "
				"give one run's file",
				SUMMARY_ROWS_MAX);
		if (make_room(r, s) || take_row(r, s))
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
	free(summary->slot);
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

void summary_cases(const struct summary *s, struct lookup *cases)
{
	char id[SUMMARY_ID];

	/* the first number that is given stays */
	for (int ok = 1; ok >= 0; ok--)
		for (size_t i = 0; i < s->count; i++)
			if (s->row[i].ok == ok)
				lookup_add(
					cases,
					summary_id(&s->row[i], id, sizeof(id)),
					"", (size_t)ok);
}

bool summary_emulated(const struct summary_row *row)
{
	return row->ok && strstr(row->flags, "emulated");
}

char *summary_join(const char *const *part, size_t count, char *buf,
		   size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count; i++)
		if (strcmp(part[i], "-") && used < size)
			used += (size_t)snprintf(buf + used, size - used,
						 "%s%s", used ? " " : "",
						 part[i]);
	return buf;
}

bool summary_flagged(const struct summary_row *row, const char *flag)
{
	size_t length = strlen(flag);

	for (const char *at = row->flags; (at = strstr(at, flag)); at += length)
		if ((at == row->flags || at[-1] == ';') &&
		    (!at[length] || at[length] == ';'))
			return true;
	return false;
}

bool summary_disturbed(const struct summary_row *row)
{
	return row->ok && strcmp(row->unit, "bool") &&
	       summary_flagged(row, "disturbed");
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
	if (!id[strcspn(id, "*?[\\")])
		return summary_exact(summary, id, metric);
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->row[i];

		if (!strcmp(row->metric, metric) && summary_matches(row, id))
			return row;
	}
	return NULL;
}
