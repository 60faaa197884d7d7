/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A comparison as CSV and as JSON; the distributions that its chart lays over
 * each other. */
#include <fnmatch.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "csv.h"
#include "die.h"
#include "json.h"

/* ------------------------------------------------------------------ CSV */

static void write_header(struct csv_out *out, const char *const *column,
			 size_t columns)
{
	for (size_t i = 0; i < columns; i++)
		csv_str(out, column[i]);
	csv_end(out);
}

static void write_group(struct csv_out *out, const struct compare_group *group)
{
	csv_str(out, group->label);
	csv_str(out, group->name);
}

static void write_side(struct csv_out *out, const struct compare_side *side)
{
	csv_str(out, side->status);
	csv_num(out, side->ok ? side->invocations : NAN);
	csv_num(out, side->value);
	csv_num(out, side->ci.low);
	csv_num(out, side->ci.high);
}

static void write_pairing(const struct comparison *c, struct csv_out *out,
			  const struct compare_pairing *p)
{
	const struct summary_row *row = p->row->row;
	const struct compare_side *a = p->row->side, *b = a + p->group;
	const char *const name[] = { "1",         row->bench, row->variant,
				     row->peer,   row->place, row->param,
				     row->metric, row->unit };
	const double number[] = {
		p->ratio, p->ci.low, p->ci.high, p->p,
		p->p_bh,  p->p_holm, p->delta,   p->detectable
	};

	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++)
		csv_str(out, name[i]);
	write_group(out, &c->group[0]);
	write_group(out, &c->group[p->group]);
	write_side(out, a);
	write_side(out, b);
	for (size_t i = 0; i < sizeof(number) / sizeof(*number); i++)
		csv_num(out, number[i]);
	csv_str(out, compare_verdict_name(p->verdict));
	csv_str(out, p->basis);
	csv_str(out, a->reason);
	csv_str(out, b->reason);
	csv_end(out);
}

int compare_write_csv(const struct comparison *c, struct csv_out *out)
{
	static const char *const column[] = { "schema",
					      "bench",
					      "variant",
					      "peer",
					      "place",
					      "param",
					      "metric",
					      "unit",
					      "a",
					      "a_name",
					      "b",
					      "b_name",
					      "a_status",
					      "a_invocations",
					      "a_value",
					      "a_ci_low",
					      "a_ci_high",
					      "b_status",
					      "b_invocations",
					      "b_value",
					      "b_ci_low",
					      "b_ci_high",
					      "ratio",
					      "ratio_ci_low",
					      "ratio_ci_high",
					      "p",
					      "p_bh",
					      "p_holm",
					      "delta",
					      "detectable",
					      "verdict",
					      "basis",
					      "a_reason",
					      "b_reason" };

	write_header(out, column, sizeof(column) / sizeof(*column));
	for (size_t i = 0; i < c->pairings; i++)
		if (compare_shows(c, &c->pairing[i]))
			write_pairing(c, out, &c->pairing[i]);
	return csv_close(out);
}

/* -------------------------------------------------------- distributions */

/* The round trips that are told apart best, nearest first; more than these are
 * not readable beside each other. */
enum { MOST_PANELS = 9 };
static const char *const headline[] = {
	"roundtrip/pipe/thread/*/-",     "roundtrip/pipe/process/*/-",
	"roundtrip/futex/thread/*/-",    "roundtrip/futex/process/*/-",
	"roundtrip/uv_async/thread/*/-", "roundtrip/socketpair/process/*/-",
};

static size_t sides_with(const struct comparison *c,
			 const struct compare_row *row)
{
	size_t count = 0;

	for (size_t g = 0; g < c->groups; g++)
		count += row->side[g].ok;
	return count;
}

/* Bound ones first: what the scheduler chooses is another distribution. */
static size_t pick_cases(const struct comparison *c,
			 const struct compare_row **picked)
{
	size_t count = 0;

	for (int bound = 1; bound >= 0; bound--)
		for (size_t k = 0; k < sizeof(headline) / sizeof(*headline);
		     k++)
			for (size_t i = 0; i < c->rows; i++) {
				const struct compare_row *row = &c->row[i];

				if (count < MOST_PANELS &&
				    !strcmp(row->row->metric, "latency") &&
				    !strcmp(row->row->place, "any") == !bound &&
				    !fnmatch(headline[k], row->id, 0) &&
				    sides_with(c, row) > 1)
					picked[count++] = row;
			}
	return count;
}

/* A group's distributions of the picked cases, less those without a bucket. */
static void read_group(struct comparison *c, const struct compare_group *group,
		       const struct compare_row *const *picked, size_t cases)
{
	struct distribution of[MOST_PANELS];
	const char *id[MOST_PANELS];
	char err[PATH_MAX + 256];

	memset(of, 0, sizeof(of));
	for (size_t k = 0; k < cases; k++) {
		id[k] = picked[k]->side[group - c->group].id;
		if (!id[k])
			id[k] = picked[k]->id;
	}
	for (size_t i = 0; i < group->runs; i++)
		if (distribution_read(c->run[group->run[i]].path, id, cases, of,
				      err, sizeof(err)))
			die_usage("%s", err);
	for (size_t k = 0; k < cases; k++) {
		if (!of[k].count)
			continue;
		distribution_sort(&of[k]);
		c->curve[c->curves++] =
			(struct compare_curve){ group, picked[k]->id, of[k] };
	}
}

void compare_read_cdf(struct comparison *c)
{
	const struct compare_row *picked[MOST_PANELS];
	size_t cases = pick_cases(c, picked);

	c->curve = calloc(c->groups * cases + 1, sizeof(*c->curve));
	if (!c->curve)
		die("out of memory for distributions");
	for (size_t g = 0; g < c->groups; g++)
		read_group(c, &c->group[g], picked, cases);
}

static void write_point(struct csv_out *out, const struct compare_group *group,
			const char *id, double latency, double share)
{
	write_group(out, group);
	csv_str(out, id);
	csv_num(out, latency);
	csv_num(out, share);
	csv_end(out);
}

static void write_curve(struct csv_out *out, const struct compare_curve *curve)
{
	const struct distribution *d = &curve->latency;
	double all = 0, so_far = 0;

	for (size_t i = 0; i < d->count; i++)
		all += d->bucket[i].count;
	write_point(out, curve->group, curve->id, d->lowest, 0);
	for (size_t i = 0; i < d->count; i++) {
		so_far += d->bucket[i].count;
		/* buckets that several runs share are one step */
		if (i + 1 == d->count ||
		    d->bucket[i + 1].high > d->bucket[i].high)
			write_point(out, curve->group, curve->id,
				    d->bucket[i].high, so_far / all);
	}
}

int compare_write_cdf(const struct comparison *c, struct csv_out *out)
{
	static const char *const column[] = { "group", "name", "case",
					      "latency", "share" };

	write_header(out, column, sizeof(column) / sizeof(*column));
	for (size_t i = 0; i < c->curves; i++)
		write_curve(out, &c->curve[i]);
	return csv_close(out);
}

/* ----------------------------------------------------------------- JSON */

/* Begins a member: a comma where it is not the first. */
static void json_name(FILE *out, bool first, const char *name)
{
	fprintf(out, "%s\"%s\":", first ? "" : ",", name);
}

static void json_named(FILE *out, bool first, const char *name,
		       const char *text)
{
	json_name(out, first, name);
	json_text(out, text);
}

static void json_number(FILE *out, const char *name, double value)
{
	json_name(out, false, name);
	if (isfinite(value))
		fprintf(out, "%.10g", value);
	else
		fputs("null", out);
}

static void json_lines(FILE *out, const char *name, char *const *line,
		       size_t count)
{
	json_name(out, false, name);
	fputc('[', out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ",\n" : "\n", out);
		json_text(out, line[i]);
	}
	fputs("]\n", out);
}

static void json_groups(FILE *out, const struct comparison *c)
{
	json_name(out, false, "groups");
	fputc('[', out);
	for (size_t g = 0; g < c->groups; g++) {
		const struct compare_group *group = &c->group[g];

		fputs(g ? ",\n{" : "\n{", out);
		json_named(out, true, "label", group->label);
		json_named(out, false, "name", group->name);
		json_named(out, false, "machine", group->machine);
		json_name(out, false, "runs");
		for (size_t i = 0; i < group->runs; i++) {
			const struct compare_run *run = &c->run[group->run[i]];

			fputs(i ? ",{" : "[{", out);
			json_named(out, true, "path", run->path);
			json_named(out, false, "run", run->id);
			fprintf(out, ",\"invocations_csv\":%s}",
				run->has_series ? "true" : "false");
		}
		fputs("]}", out);
	}
	fputs("]\n", out);
}

static void json_differences(FILE *out, const struct comparison *c)
{
	json_name(out, false, "differences");
	fputc('[', out);
	for (size_t i = 0; i < c->differences; i++) {
		const struct compare_difference *d = &c->difference[i];

		fputs(i ? ",\n{" : "\n{", out);
		json_named(out, true, "name", d->name);
		fprintf(out, ",\"minor\":%s,\"values\":[",
			d->minor ? "true" : "false");
		for (size_t g = 0; g < c->groups; g++) {
			fputs(g ? "," : "", out);
			json_text(out, d->value[g]);
		}
		fputs("]}", out);
	}
	fputs("]\n", out);
}

static void json_side(FILE *out, const char *name,
		      const struct compare_side *side)
{
	json_name(out, false, name);
	fputc('{', out);
	json_named(out, true, "status", side->status);
	json_named(out, false, "reason", side->reason);
	json_number(out, "invocations", side->ok ? side->invocations : NAN);
	json_number(out, "value", side->value);
	json_number(out, "ci_low", side->ci.low);
	json_number(out, "ci_high", side->ci.high);
	json_named(out, false, "method", side->method);
	json_named(out, false, "flags", side->flags);
	fputc('}', out);
}

static void json_pairing(FILE *out, const struct comparison *c,
			 const struct compare_pairing *p)
{
	const struct summary_row *row = p->row->row;

	fputc('{', out);
	json_named(out, true, "case", p->row->id);
	json_named(out, false, "bench", row->bench);
	json_named(out, false, "variant", row->variant);
	json_named(out, false, "peer", row->peer);
	json_named(out, false, "place", row->place);
	json_named(out, false, "param", row->param);
	json_named(out, false, "metric", row->metric);
	json_named(out, false, "unit", row->unit);
	json_named(out, false, "a", c->group[0].label);
	json_named(out, false, "b", c->group[p->group].label);
	json_side(out, "of_a", &p->row->side[0]);
	json_side(out, "of_b", &p->row->side[p->group]);
	json_number(out, "ratio", p->ratio);
	json_number(out, "ratio_ci_low", p->ci.low);
	json_number(out, "ratio_ci_high", p->ci.high);
	json_number(out, "p", p->p);
	json_number(out, "p_bh", p->p_bh);
	json_number(out, "p_holm", p->p_holm);
	json_number(out, "delta", p->delta);
	json_number(out, "detectable", p->detectable);
	json_named(out, false, "verdict", compare_verdict_name(p->verdict));
	json_named(out, false, "basis", p->basis);
	fputc('}', out);
}

static void json_claims(FILE *out, const struct comparison *c)
{
	json_name(out, false, "claims");
	fputc('[', out);
	for (size_t i = 0; i < c->claims; i++) {
		const struct compare_claim *claim = &c->claim[i];

		fputs(i ? ",\n{" : "\n{", out);
		json_named(out, true, "id", claim->id);
		json_named(out, false, "claim", claim->claim);
		json_named(out, false, "claimed", claim->claimed);
		json_name(out, false, "of");
		for (size_t g = 0; g < c->groups; g++) {
			fputs(g ? ",{" : "[{", out);
			json_named(out, true, "measured",
				   claim->of[g].measured);
			json_named(out, false, "verdict", claim->of[g].verdict);
			fputc('}', out);
		}
		fputs("]}", out);
	}
	fputs("]\n", out);
}

void compare_write_json(const struct comparison *c, FILE *out)
{
	bool first = true;

	fprintf(out, "{\"schema\":1,\"threshold\":%.10g\n", c->threshold);
	json_groups(out, c);
	json_lines(out, "unsafe", c->unsafe, c->unsafes);
	json_lines(out, "notes", c->note, c->notes);
	json_differences(out, c);
	json_claims(out, c);
	json_name(out, false, "results");
	fputc('[', out);
	for (size_t i = 0; i < c->pairings; i++) {
		if (!compare_shows(c, &c->pairing[i]))
			continue;
		fputs(first ? "\n" : ",\n", out);
		first = false;
		json_pairing(out, c, &c->pairing[i]);
	}
	fputs("]}\n", out);
}
