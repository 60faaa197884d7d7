/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a chart is drawn from: tables of words and numbers that our own readers
 * have read, for a program of plots/. */
#include "chart_data.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "csv.h"
#include "die.h"
#include "distribution.h"
#include "lookup.h"
#include "pairs.h"
#include "run_table.h"
#include "utf8.h"

/* ---------------------------------------------------------------- settings */

/* Settings and tables as they grow. */
struct writer {
	struct chart_data *data;
	FILE *settings;
	size_t size;
};

static void begin(struct writer *w, struct chart_data *data)
{
	*data = (struct chart_data){ 0 };
	w->data = data;
	w->settings = open_memstream(&data->settings, &w->size);
	if (!w->settings)
		die("out of memory for a chart");
}

enum { TITLE_MAX = 200 }; /* bytes: more fit on no chart */

/* Text as a string of gnuplot's: within ' only ' has a meaning, and is doubled.
 * What is no character, or ends a line, is a blank. */
static void put_text(FILE *out, const char *text, size_t most)
{
	size_t used = 0;

	while (*text) {
		size_t length = utf8_length(text);
		bool plain = length && (unsigned char)*text >= ' ';

		used += plain ? length : 1;
		if (used > most)
			break;
		if (*text == '\'')
			fputc('\'', out);
		if (plain)
			fwrite(text, 1, length, out);
		else
			fputc(' ', out);
		text += plain ? length : 1;
	}
}

static void set_text(struct writer *w, const char *name, const char *text,
		     size_t most)
{
	fprintf(w->settings, "%s='", name);
	put_text(w->settings, text, most);
	fputs("'; ", w->settings);
}

static void set_number(struct writer *w, const char *name, double value)
{
	fprintf(w->settings, "%s=%.17g; ", name, value);
}

/* Adds to what the chart leaves out: "3 of 27 places". */
static void leave_out(struct chart_data *d, size_t left, size_t all,
		      const char *what)
{
	size_t used = strlen(d->left_out);

	if (left)
		snprintf(d->left_out + used, sizeof(d->left_out) - used,
			 "%s%zu of %zu %s",
			 used ? ", " : "Not shown, for want of room: ", left,
			 all, what);
}

static void end(struct writer *w)
{
	char path[32];

	if (w->data->left_out[0])
		strncat(w->data->left_out, ".",
			sizeof(w->data->left_out) - strlen(w->data->left_out) -
				1);
	snprintf(path, sizeof(path), TOOL_FD_PATH, TOOL_FD_FIRST);
	set_text(w, "data", path, sizeof(path));
	snprintf(path, sizeof(path), TOOL_FD_PATH, TOOL_FD_FIRST + 1);
	set_text(w, "axis", path, sizeof(path));
	fprintf(w->settings, "data_rows=%zu; ", w->data->rows);
	if (fclose(w->settings))
		die("out of memory for a chart");
}

void chart_data_free(struct chart_data *d)
{
	for (size_t i = 0; i < d->fds; i++)
		close(d->fd[i]);
	free(d->settings);
	*d = (struct chart_data){ 0 };
}

/* ------------------------------------------------------------------ tables */

/* A file in memory, which end_table() adds to what the chart gets. */
static FILE *begin_table(void)
{
	int fd = memfd_create("chart", MFD_CLOEXEC);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out)
		die_errno("a file in memory for a chart");
	return out;
}

static void end_table(struct chart_data *d, FILE *out)
{
	int fd = fcntl(fileno(out), F_DUPFD_CLOEXEC, 3);

	if (fd < 0 || fclose(out))
		die_errno("a file in memory for a chart");
	d->fd[d->fds++] = fd;
}

static void put_number(FILE *out, double value)
{
	if (isnan(value))
		fputc(',', out);
	else
		fprintf(out, ",%.10g", value);
}

/* ------------------------------------------------------ which rows, of which
 */

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += length)
		if ((at == list || at[-1] == ' ') &&
		    (!at[length] || at[length] == ' '))
			return true;
	return false;
}

static bool is_drawn(const struct summary_row *row, const struct chart *c)
{
	return row->ok &&
	       (!strcmp(row->bench, c->bench) ||
		(c->also && !strcmp(row->bench, c->also))) &&
	       has_word(c->metrics, row->metric) &&
	       pairs_is(row->place, NULL, NULL) == (c->kind == CHART_PAIRS);
}

bool chart_data_has(const struct summary *s, const struct chart *c)
{
	for (size_t i = 0; i < s->count; i++)
		if (is_drawn(&s->row[i], c) &&
		    !strcmp(s->row[i].bench, c->bench) &&
		    (!c->cases || summary_matches(&s->row[i], c->cases)))
			return true;
	return false;
}

/* Names, numbered as they come; those from `most` on are left out. */
struct kept {
	struct lookup index;
	size_t count, most;
};

static size_t take(struct kept *k, const char *a, const char *b)
{
	size_t at = lookup_add(&k->index, a, b, k->count);

	k->count += at == k->count;
	return at;
}

static bool is_kept(const struct kept *k, const char *a, const char *b)
{
	return lookup_find(&k->index, a, b) < k->most;
}

static size_t beyond(const struct kept *k)
{
	return k->count > k->most ? k->count - k->most : 0;
}

/* What a chart is made of, and how many of each it can show. */
struct parts {
	struct kept places, lines, params, variants;
	size_t metrics, peers;
};

/* gnuplot's bitmaps end at 32767 px, of which a chart's px take 1.6. */
enum { HEIGHT_MAX = 18000, PLACES_MAX = 24, LINES_MAX = 120, PARAMS_MAX = 100 };

/* Of dots: a line for each variant, peer and parameter. */
static void line_name(const struct summary_row *row, const struct chart *c,
		      char *buf, size_t size)
{
	if (c->kind == CHART_DOTS)
		snprintf(buf, size, "%s/%s/%s", row->variant, row->peer,
			 row->param);
	else
		snprintf(buf, size, "%s/%s", row->variant, row->peer);
}

static void limit_parts(struct parts *p, const struct chart *c)
{
	p->places.most = PLACES_MAX;
	p->params.most = c->kind == CHART_DOTS ? SIZE_MAX : PARAMS_MAX;
	p->lines.most = c->kind ? LINES_MAX : 400;
	p->variants.most = c->variants_max ? c->variants_max : SIZE_MAX;
	if (c->kind == CHART_DOTS) {
		size_t parts = p->metrics > p->peers ? p->metrics : p->peers;
		size_t px, lines, rows;

		if (p->params.count > parts)
			parts = p->params.count;
		px = 8 + 15 * (parts < 8 ? parts : 8);
		if (p->lines.most > HEIGHT_MAX / px)
			p->lines.most = HEIGHT_MAX / px;
		lines = p->lines.count < p->lines.most ? p->lines.count :
							 p->lines.most;
		/* up to four panels side by side */
		rows = HEIGHT_MAX / (60 + px * lines + 1);
		if (4 * (rows ? rows : 1) < p->places.most)
			p->places.most = 4 * (rows ? rows : 1);
	}
}

static void find_parts(struct parts *p, const struct summary *s,
		       const struct chart *c)
{
	struct kept metrics = { .count = 0 }, peers = { .count = 0 };
	char line[160];

	*p = (struct parts){ .metrics = 0 };
	if (c->order) {
		char *order = strdup(c->order), *rest = order;

		if (!order)
			die("out of memory for a chart");
		for (char *name; (name = strsep(&rest, " "));)
			for (size_t i = 0; i < s->count; i++)
				if (is_drawn(&s->row[i], c) &&
				    !strcmp(s->row[i].variant, name))
					take(&p->variants, name, "");
		free(order);
	}
	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];

		if (!is_drawn(row, c))
			continue;
		line_name(row, c, line, sizeof(line));
		take(&p->places, row->place, "");
		take(&p->lines, line, "");
		take(&p->params, row->param, "");
		take(&p->variants, row->variant, "");
		take(&metrics, row->metric, "");
		take(&peers, row->peer, "");
	}
	p->metrics = metrics.count;
	p->peers = peers.count;
	lookup_free(&metrics.index);
	lookup_free(&peers.index);
	limit_parts(p, c);
}

static bool is_shown(const struct parts *p, const struct summary_row *row,
		     const struct chart *c)
{
	char line[160];

	line_name(row, c, line, sizeof(line));
	return is_drawn(row, c) && is_kept(&p->places, row->place, "") &&
	       is_kept(&p->lines, line, "") &&
	       is_kept(&p->params, row->param, "") &&
	       is_kept(&p->variants, row->variant, "");
}

static void end_parts(struct parts *p, const struct chart *c,
		      struct chart_data *d)
{
	leave_out(d, beyond(&p->places), p->places.count, "places");
	leave_out(d, beyond(&p->lines), p->lines.count,
		  c->kind == CHART_DOTS ? "rows" : "variants and peers");
	leave_out(d, beyond(&p->params), p->params.count, "parameters");
	lookup_free(&p->places.index);
	lookup_free(&p->lines.index);
	lookup_free(&p->params.index);
	lookup_free(&p->variants.index);
}

/* ------------------------------------------------------- rows of a summary */

static void put_rows(struct chart_data *d, const struct summary *s,
		     const struct chart *c)
{
	FILE *out = begin_table();
	struct parts parts;

	find_parts(&parts, s, c);
	/* the last is never empty: gnuplot has no last field that is */
	fputs("bench,variant,peer,place,param,metric,unit,status,ci_low,"
	      "ci_high,value\n",
	      out);
	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];

		if (!is_shown(&parts, row, c))
			continue;
		d->rows++;
		fprintf(out, "%s,%s,%s,%s,%s,%s,%s,ok", row->bench,
			row->variant, row->peer, row->place, row->param,
			row->metric, strcmp(row->unit, "ns") ? "other" : "ns");
		put_number(out, row->ci.low);
		put_number(out, row->ci.high);
		put_number(out, row->value);
		fputc('\n', out);
	}
	end_parts(&parts, c, d);
	end_table(d, out);
}

/* ----------------------------------------------------------- distributions */

/* A curve of more steps than it has px shows no more. */
enum { BUCKETS_MAX = 400 };

static void put_buckets(FILE *out, const struct summary_row *row,
			const struct distribution *of)
{
	size_t each = (of->count + BUCKETS_MAX - 1) / BUCKETS_MAX;

	for (size_t i = 0; i < of->count; i += each) {
		size_t last = i + each < of->count ? i + each : of->count;
		double count = 0;

		for (size_t k = i; k < last; k++)
			count += of->bucket[k].count;
		fprintf(out, "%s,%s,%s,%s,%s,%s,ns,%.10g,%.10g,%.10g\n",
			row->bench, row->variant, row->peer, row->place,
			row->param, row->metric, of->bucket[i].low,
			of->bucket[last - 1].high, count);
	}
}

/* The rows whose distributions are drawn; malloc'd. Variants that have no room
 * are counted. */
static const struct summary_row **pick(struct chart_data *d,
				       const struct summary *s,
				       const struct chart *c, size_t *count,
				       size_t *hidden)
{
	const struct summary_row **row = calloc(s->count + 1, sizeof(*row));
	struct parts parts;

	if (!row)
		die("out of memory for a chart");
	find_parts(&parts, s, c);
	*count = 0;
	for (size_t i = 0; i < s->count; i++)
		if (is_shown(&parts, &s->row[i], c) &&
		    !strcmp(s->row[i].param, "-"))
			row[(*count)++] = &s->row[i];
	*hidden = beyond(&parts.variants);
	end_parts(&parts, c, d);
	return row;
}

static int put_distributions(struct writer *w, const struct summary *s,
			     const struct chart *c, const char *dir, char *err,
			     size_t size)
{
	size_t count, hidden;
	const struct summary_row **row = pick(w->data, s, c, &count, &hidden);
	struct distribution *of = calloc(count + 1, sizeof(*of));
	char(*id)[SUMMARY_ID] = calloc(count + 1, sizeof(*id));
	const char **name = calloc(count + 1, sizeof(*name));
	FILE *out = begin_table();
	int result;

	if (!of || !id || !name)
		die("out of memory for a chart");
	for (size_t i = 0; i < count; i++)
		name[i] = summary_id(row[i], id[i], sizeof(id[i]));
	result = distribution_read_of(dir, c->metrics, name, count, of, err,
				      size);
	fputs("bench,variant,peer,place,param,metric,unit,low,high,count\n",
	      out);
	for (size_t i = 0; i < count; i++) {
		if (!result)
			put_buckets(out, row[i], &of[i]);
		w->data->rows += of[i].count;
		distribution_free(&of[i]);
	}
	end_table(w->data, out);
	set_number(w, "hidden", (double)hidden);
	free(of);
	free(id);
	free(name);
	free(row);
	return result;
}

/* ---------------------------------------------------------- PU against PU */

enum { SIDE_MAX = 128, CELLS_MAX = 100000, PANELS_MAX = 24 };

/* What a cell is; each is drawn by itself. */
enum { CELL_OK, CELL_SAME, CELL_FAILED, CELL_MISSING, CELLS };

struct cell {
	double sum;
	size_t ok, failed;
};

static int kind_of(const struct cell *cell, bool same)
{
	return cell->ok     ? CELL_OK :
	       cell->failed ? CELL_FAILED :
	       same         ? CELL_SAME :
			      CELL_MISSING;
}

/* How many PUs share a row, so that all panels can be drawn, and read. */
static size_t block_of(size_t pus, size_t panels)
{
	size_t block = 1;

	for (;; block++) {
		size_t side = (pus + block - 1) / block;

		if (side <= SIDE_MAX && panels * side * side <= CELLS_MAX)
			return block;
	}
}

/* The table of all panels as it grows. */
struct matrix {
	FILE *out;
	FILE *blocks; /* of each panel and kind: its block's index, or -1 */
	size_t pus, block, index;
	double low, high;
	size_t hidden; /* pairs that failed, in a cell with others */
};

/* A time that a logarithmic scale has. */
static bool is_time(const struct summary_row *row)
{
	return row->ok && row->value > 0;
}

static void add_pairs(struct cell *cell, const struct pairs_series *series,
		      size_t side, size_t block)
{
	for (size_t i = 0; i < series->pairs; i++) {
		const struct pairs_row *p = &series->pair[i];
		struct cell *at = &cell[p->a / block * side + p->b / block];

		if (is_time(p->row)) {
			at->ok++;
			at->sum += p->row->value;
		} else {
			at->failed++;
		}
	}
}

static void put_cell(struct matrix *m, const struct cell *cell, size_t column,
		     size_t row)
{
	double value = cell->ok ? cell->sum / (double)cell->ok : 0;

	fprintf(m->out, "%zu %zu %.10g\n", column + 1, row + 1, value);
	if (!cell->ok)
		return;
	m->low = fmin(m->low, value);
	m->high = fmax(m->high, value);
	m->hidden += cell->failed;
}

/* One panel's cells, each kind a block of the table. */
static void put_panel(struct matrix *m, const struct pairs_series *series)
{
	size_t side = (m->pus + m->block - 1) / m->block;
	struct cell *cell = calloc(side * side, sizeof(*cell));

	if (!cell)
		die("out of memory for a chart");
	add_pairs(cell, series, side, m->block);
	for (int kind = 0; kind < CELLS; kind++) {
		bool any = false;

		for (size_t i = 0; i < side * side; i++) {
			bool same = m->block == 1 && i / side == i % side;

			if (kind_of(&cell[i], same) != kind)
				continue;
			if (!any && m->index)
				fputs("\n\n", m->out);
			any = true;
			put_cell(m, &cell[i], i % side, i / side);
		}
		fprintf(m->blocks, "%d ", any ? (int)m->index++ : -1);
	}
	free(cell);
}

/* What ends between a PU and the next: 3 a package, 2 a node, 1 a core. */
static int boundary(const struct pairs_pu *a, const struct pairs_pu *b)
{
	return a->package != b->package ? 3 :
	       a->node != b->node       ? 2 :
	       a->core != b->core       ? 1 :
					  0;
}

static void put_axis(struct chart_data *d, const struct pairs *p, size_t block)
{
	FILE *out = begin_table();

	for (size_t i = 0; i < p->pus; i += block) {
		size_t last = i + block < p->pus ? i + block : p->pus;
		int ends = last == p->pus ?
				   0 :
				   boundary(&p->pu[last - 1], &p->pu[last]);

		fprintf(out, "%zu %d %d %d %d %d %d\n", i / block + 1,
			p->pu[i].pu, p->pu[last - 1].pu, p->pu[i].package,
			p->pu[i].node, p->pu[i].core, ends);
	}
	end_table(d, out);
}

static FILE *begin_text(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		die("out of memory for a chart");
	return out;
}

static void put_matrix(struct writer *w, const struct summary *s,
		       const struct chart *c, const struct env_file *env)
{
	struct matrix m = { .low = INFINITY, .high = -INFINITY };
	char *blocks = NULL, *panels = NULL;
	size_t size, count, side;
	FILE *of_panels = begin_text(&panels, &size);
	struct pairs p;

	pairs_read(&p, s, env, c->bench, c->metrics);
	count = p.count < PANELS_MAX ? p.count : PANELS_MAX;
	leave_out(w->data, p.count - count, p.count, "variants and peers");
	m.out = begin_table();
	m.blocks = begin_text(&blocks, &size);
	m.pus = p.pus;
	m.block = block_of(p.pus, count);
	for (size_t k = 0; k < count; k++) {
		const struct pairs_series *series = &p.series[k];

		put_panel(&m, series);
		fprintf(of_panels, "%s/%s%s%s ", series->variant, series->peer,
			strcmp(series->param, "-") ? "/" : "",
			strcmp(series->param, "-") ? series->param : "");
	}
	if (fclose(m.blocks) || fclose(of_panels))
		die("out of memory for a chart");
	end_table(w->data, m.out);
	put_axis(w->data, &p, m.block);
	w->data->rows = m.low <= m.high ? m.index : 0;
	side = (p.pus + m.block - 1) / m.block;
	set_text(w, "panels", panels, SIZE_MAX);
	set_text(w, "blocks", blocks, SIZE_MAX);
	set_number(w, "side", (double)side);
	set_number(w, "block", (double)m.block);
	set_number(w, "lowest", m.low);
	set_number(w, "highest", m.high);
	set_number(w, "failed_within", (double)m.hidden);
	free(panels);
	free(blocks);
	pairs_free(&p);
}

/* ------------------------------------------------------------------ a run's */

int chart_data_make(struct chart_data *d, const struct chart *c,
		    const struct summary *s, const struct env_file *env,
		    const char *dir, char *err, size_t size)
{
	const char *pus = env_file_value(env, "topology.allowed_pus");
	struct writer w;
	int result = 0;

	begin(&w, d);
	set_text(&w, "machine", s->row->machine, TITLE_MAX);
	if (pus && atoi(pus) > 0) /* where `pus` and `2pus` stand */
		set_number(&w, "pus", atoi(pus));
	if (c->kind == CHART_PAIRS)
		put_matrix(&w, s, c, env);
	else if (c->kind == CHART_CDF)
		result = put_distributions(&w, s, c, dir, err, size);
	else
		put_rows(d, s, c);
	set_text(&w, "left_out", d->left_out, sizeof(d->left_out));
	end(&w);
	if (result)
		chart_data_free(d);
	return result;
}

/* ----------------------------------------------------------- a comparison's */

/* Words of a file of ours, which commas and quotes cannot part. */
static void put_word(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text <= ' ' || strchr(",\"'", *text) ?
			      '_' :
			      *text,
		      out);
}

/* "|A=name" for a label not seen yet; a bar in the name is a broken one. */
static void put_name(FILE *out, struct lookup *seen, const char *label,
		     const char *name)
{
	if (!*label || lookup_find(seen, label, "") != LOOKUP_NONE)
		return;
	lookup_add(seen, label, "", 0);
	fputc('|', out);
	put_word(out, label);
	fputc('=', out);
	for (size_t i = 0; i < TITLE_MAX && name[i]; i++)
		fputs(name[i] == '|' ? "¦" : (char[]){ name[i], '\0' }, out);
}

int chart_data_compare(struct chart_data *d, const char *dir, const char *file,
		       char *err, size_t size)
{
	/* which columns are drawn: words, numbers, and names beside labels */
	static const char *const all[] = {
		"bench",     "variant",      "peer",          "place",
		"param",     "metric",       "unit",          "a",
		"b",         "verdict",      "a_value",       "a_ci_low",
		"a_ci_high", "b_value",      "b_ci_low",      "b_ci_high",
		"ratio",     "ratio_ci_low", "ratio_ci_high", "delta",
		"a_name",    "b_name"
	};
	static const char *const curves[] = { "group", "case", "latency",
					      "share", "name" };
	enum { ALL = sizeof(all) / sizeof(*all) };
	bool is_curves = !strcmp(file, "compare_cdf.csv");
	const char *const *column = is_curves ? curves : all;
	size_t words = is_curves ? 2 : 10, numbers = is_curves ? 2 : 10;
	size_t labels = is_curves ? 1 : 2, label = is_curves ? 0 : 7;
	int at[ALL];
	struct csv_in *in = run_table_open(dir, file, column, at,
					   words + numbers + labels, err, size);
	struct lookup seen = { 0 };
	char *names = NULL;
	size_t names_size;
	struct writer w;
	FILE *out, *of_names;

	if (!in) {
		if (!*err)
			snprintf(err, size, "%.400s/%s is not there", dir,
				 file);
		return -1;
	}
	begin(&w, d);
	out = begin_table();
	of_names = open_memstream(&names, &names_size);
	if (!of_names)
		die("out of memory for a chart");
	for (size_t i = 0; i < words + numbers; i++)
		fprintf(out, "%s%s", i ? "," : "", column[i]);
	fputc('\n', out);
	while (csv_read(in) > 0) {
		for (size_t i = 0; i < words; i++) {
			fputs(i ? "," : "", out);
			put_word(out, csv_field(in, at[i]));
		}
		for (size_t i = words; i < words + numbers; i++)
			put_number(out, csv_field_num(in, at[i]));
		fputc('\n', out);
		for (size_t i = 0; i < labels; i++)
			put_name(of_names, &seen, csv_field(in, at[label + i]),
				 csv_field(in, at[words + numbers + i]));
		d->rows++;
	}
	fputc('|', of_names);
	if (fclose(of_names))
		die("out of memory for a chart");
	end_table(d, out);
	set_text(&w, "names", names, SIZE_MAX);
	set_text(&w, "left_out", "", 1);
	end(&w);
	free(names);
	lookup_free(&seen);
	if (!run_table_close(in, err, size))
		return 0;
	chart_data_free(d);
	return -1;
}
