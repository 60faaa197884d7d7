/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of HTML that stand alone: text escaped, the page's frame, tables. */
#ifndef HANDOFF_HTML_H
#define HANDOFF_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Text from anywhere, for content and for attributes in double quotes. What is
 * no UTF-8, and control characters but tab and line end, become U+FFFD.
 */
void html_text(FILE *out, const char *text);

/* Markup with text in it: every %s is escaped by html_text(). Only %s, %d, %zu
 * and %% are known. */
void html_put(FILE *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A page: one file without a request, in light and dark, that needs no script.
 * html_begin() … sections … html_end(). The sections that will follow, ended by
 * a NULL id, become the contents.
 */
struct html_link {
	const char *id, *title;
};
void html_begin(FILE *out, const char *title, const char *subtitle,
		const struct html_link *contents);
void html_end(FILE *out, const char *footer);

/* <section> with a heading of level 2. */
void html_section(FILE *out, const struct html_link *section);
void html_section_end(FILE *out);

/* What is folded away until it is asked for. */
void html_details(FILE *out, const char *summary);
void html_details_end(FILE *out);

/*
 * A table in a box that scrolls by itself. The first column names its row.
 * HTML_VERDICT: a word of a verdict, shown with a sign and a colour, and what
 * follows it after ": ". HTML_CODE: ids and commands.
 */
enum html_kind { HTML_TEXT, HTML_NUMBER, HTML_CODE, HTML_VERDICT };
struct html_column {
	const char *name;
	enum html_kind kind;
};
/* id: of the table, or NULL. */
void html_table(FILE *out, const char *id, const char *caption,
		const struct html_column *column, size_t columns);
void html_row(FILE *out, const struct html_column *column, size_t columns,
	      const char *const *cell);
void html_table_end(FILE *out);

/* A field that filters the rows of a table that follows; of no use, and not
 * shown, without script. what: "cases". */
void html_filter(FILE *out, const char *table, const char *what, size_t rows);

/* The page's own CSS and script; html_style.c. */
extern const char html_style[], html_script[];

#endif
