/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of text: aligned for a terminal, or Markdown. */
#include "tables.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct table {
	size_t columns, left, cells, room;
	bool lost; /* a cell, and with it the place of all that follow */
	char **cell;
};

struct table *table_new(size_t columns, size_t left)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t) {
		t->columns = columns;
		t->left = left;
	}
	return t;
}

void table_cell(struct table *t, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	if (!t || t->lost)
		return;
	if (t->cells == t->room) {
		size_t more = t->room ? 2 * t->room : 64;
		char **larger = realloc(t->cell, more * sizeof(*larger));

		if (!larger) {
			t->lost = true;
			return;
		}
		t->cell = larger;
		t->room = more;
	}
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	t->cell[t->cells++] = text;
}

/* What Markdown would take for more than text in a cell: a bar would begin
 * another, and a name from a CSV file may look like a tag or a link. */
static bool is_markup(const char *text, const char *at)
{
	switch (*at) {
	case '|':
	case '\\':
		return true;
	case '<':
		return isalpha((unsigned char)at[1]) || strchr("/!?", at[1]);
	case '(':
		return at > text && at[-1] == ']';
	}
	return false;
}

/* Columns on a terminal: bytes that do not continue a UTF-8 character. */
static size_t width(const char *text, enum table_style style)
{
	size_t n = 0;

	for (const char *at = text; *at; at++)
		n += (((unsigned char)*at & 0xc0) != 0x80) +
		     (style == TABLE_MARKDOWN && is_markup(text, at));
	return n;
}

/* A row is a line, so a line end within a cell is a blank. */
static void put_text(const char *text, enum table_style style, FILE *out)
{
	for (const char *at = text; *at; at++) {
		if (style == TABLE_MARKDOWN && is_markup(text, at))
			fputc('\\', out);
		fputc((unsigned char)*at < ' ' ? ' ' : *at, out);
	}
}

static const char *cell(const struct table *t, size_t row, size_t column)
{
	size_t i = row * t->columns + column;

	return i < t->cells && t->cell[i] ? t->cell[i] : "?";
}

static void pad(FILE *out, size_t n)
{
	while (n--)
		fputc(' ', out);
}

static void print_row(const struct table *t, const size_t *widest, size_t row,
		      enum table_style style, FILE *out)
{
	bool bars = style == TABLE_MARKDOWN;

	fputs(bars ? "|" : "", out);
	for (size_t c = 0; c < t->columns; c++) {
		const char *text = cell(t, row, c);
		size_t space = widest[c] - width(text, style);
		bool left = c < t->left, last = c + 1 == t->columns;

		fputs(bars ? " " : c ? "  " : "", out);
		pad(out, left ? 0 : space);
		put_text(text, style, out);
		pad(out, left && (bars || !last) ? space : 0);
		fputs(bars ? " |" : "", out);
	}
	fputc('\n', out);
}

static void print_rule(const struct table *t, const size_t *widest,
		       enum table_style style, FILE *out)
{
	bool bars = style == TABLE_MARKDOWN;

	fputs(bars ? "|" : "", out);
	for (size_t c = 0; c < t->columns; c++) {
		bool left = c < t->left;

		fputs(bars ? " " : c ? "  " : "", out);
		for (size_t i = 0; i + (bars && !left) < widest[c]; i++)
			fputs(bars ? "-" : "─", out);
		fputs(!bars ? "" : left ? " |" : ": |", out);
	}
	fputc('\n', out);
}

void table_free(struct table *t)
{
	for (size_t i = 0; t && i < t->cells; i++)
		free(t->cell[i]);
	if (t)
		free(t->cell);
	free(t);
}

/* The widest text of each column; calloc'd; NULL: no memory. */
static size_t *measure(const struct table *t, enum table_style style)
{
	size_t *widest = calloc(t->columns, sizeof(*widest));

	/* readers of Markdown want three dashes, or two and a colon */
	for (size_t c = 0; widest && c < t->columns; c++)
		widest[c] = style == TABLE_MARKDOWN ? 3 : 0;
	for (size_t i = 0; widest && i < t->cells; i++) {
		size_t w =
			width(cell(t, i / t->columns, i % t->columns), style);

		if (w > widest[i % t->columns])
			widest[i % t->columns] = w;
	}
	return widest;
}

size_t table_width(const struct table *t, enum table_style style)
{
	size_t *widest = measure(t, style), sum = 0;

	for (size_t c = 0; widest && c < t->columns; c++)
		sum += widest[c];
	free(widest);
	/* "| a | b |", or two blanks between */
	return style == TABLE_MARKDOWN ? sum + 3 * t->columns + 1 :
					 sum + 2 * (t->columns - 1);
}

void table_print(struct table *t, enum table_style style, FILE *out)
{
	size_t *widest = t ? measure(t, style) : NULL;
	size_t rows = t ? t->cells / t->columns : 0;

	for (size_t row = 0; widest && row < rows; row++) {
		print_row(t, widest, row, style, out);
		if (!row)
			print_rule(t, widest, style, out);
	}
	free(widest);
	table_free(t);
}
