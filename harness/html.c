/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of HTML that stand alone: text escaped, the page's frame, tables. */
#include "html.h"

#include <stdarg.h>
#include <string.h>

#include "die.h"
#include "utf8.h"

static const char *escape(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return c < ' ' && c != '\t' && c != '\n' ? "\xef\xbf\xbd" : NULL;
}

void html_text(FILE *out, const char *text)
{
	while (*text) {
		size_t length = utf8_length(text);
		const char *instead = escape((unsigned char)*text);

		if (!length)
			instead = "\xef\xbf\xbd"; /* U+FFFD */
		if (instead)
			fputs(instead, out);
		else
			fwrite(text, 1, length, out);
		text += length ? length : 1;
	}
}

void html_put(FILE *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	for (const char *at = format; *at; at++) {
		if (*at != '%') {
			fputc(*at, out);
		} else if (*++at == 's') {
			html_text(out, va_arg(args, const char *));
		} else if (*at == 'd') {
			fprintf(out, "%d", va_arg(args, int));
		} else if (*at == 'z' && at[1] == 'u') {
			fprintf(out, "%zu", va_arg(args, size_t));
			at++;
		} else if (*at == '%') {
			fputc('%', out);
		} else {
			die("html_put: '%s'", format);
		}
	}
	va_end(args);
}

/* --------------------------------------------------------------- the page */

void html_begin(FILE *out, const char *title, const char *subtitle,
		const struct html_link *contents)
{
	html_put(out,
		 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		 "<meta charset=\"utf-8\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width, "
		 "initial-scale=1\">\n"
		 /* whatever a run's files hold, nothing is fetched */
		 "<meta http-equiv=\"Content-Security-Policy\" "
		 "content=\"default-src 'none'; style-src 'unsafe-inline'; "
		 "script-src 'unsafe-inline'; img-src data:\">\n"
		 "<meta name=\"color-scheme\" content=\"light dark\">\n"
		 "<link rel=\"icon\" href=\"data:,\">\n<title>%s</title>\n",
		 title);
	fprintf(out, "<style>\n%s</style>\n</head>\n<body>\n", html_style);
	html_put(out,
		 "<a class=\"skip\" href=\"#main\">Skip to the contents</a>\n"
		 "<header>\n<h1>%s</h1>\n<p>%s</p>\n</header>\n"
		 "<nav aria-label=\"Sections\">\n<ul>\n",
		 title, subtitle);
	for (; contents->id; contents++)
		html_put(out, "<li><a href=\"#%s\">%s</a></li>\n", contents->id,
			 contents->title);
	fputs("</ul>\n</nav>\n<main id=\"main\" tabindex=\"-1\">\n", out);
}

void html_end(FILE *out, const char *footer)
{
	html_put(out, "</main>\n<footer>\n<p>%s</p>\n</footer>\n", footer);
	fprintf(out, "<script>\n%s</script>\n</body>\n</html>\n", html_script);
}

void html_section(FILE *out, const struct html_link *section)
{
	html_put(out,
		 "<section id=\"%s\" aria-labelledby=\"%s-title\">\n"
		 "<h2 id=\"%s-title\">%s</h2>\n",
		 section->id, section->id, section->id, section->title);
}

void html_section_end(FILE *out)
{
	fputs("</section>\n", out);
}

void html_details(FILE *out, const char *summary)
{
	html_put(out, "<details>\n<summary>%s</summary>\n", summary);
}

void html_details_end(FILE *out)
{
	fputs("</details>\n", out);
}

/* ----------------------------------------------------------------- tables */

static const char *class_of(enum html_kind kind)
{
	return kind == HTML_NUMBER ? " class=\"n\"" : "";
}

void html_table(FILE *out, const char *id, const char *caption,
		const struct html_column *column, size_t columns)
{
	html_put(out,
		 "<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
		 "aria-label=\"%s\">\n<table",
		 caption);
	if (id)
		html_put(out, " id=\"%s\"", id);
	html_put(out, ">\n<caption>%s</caption>\n<thead>\n<tr>", caption);
	for (size_t i = 0; i < columns; i++) {
		fprintf(out, "<th scope=\"col\"%s>", class_of(column[i].kind));
		html_put(out, "%s</th>", column[i].name);
	}
	fputs("</tr>\n</thead>\n<tbody>\n", out);
}

/* A sign for each verdict, so that colour never speaks alone. */
static const struct {
	const char *word, *class, *sign;
} verdict[] = {
	{ "holds", "good", "✓" },       { "differs", "bad", "≠" },
	{ "cannot tell", "open", "?" }, { "not run", "none", "–" },
	{ "faster", "good", "▼" },      { "slower", "bad", "▲" },
	{ "same", "none", "=" },        { "missing", "none", "–" },
	{ "equivalent", "none", "=" },  { "inconclusive", "open", "?" },
	{ "noisy", "bad", "!" },        { "unknown", "open", "?" },
	{ "note", "none", "i" },        { "good", "good", "✓" },
};

static void put_verdict(FILE *out, const char *text)
{
	for (size_t i = 0; i < sizeof(verdict) / sizeof(*verdict); i++) {
		size_t length = strlen(verdict[i].word);

		if (strncmp(text, verdict[i].word, length))
			continue;
		html_put(out,
			 "<span class=\"verdict %s\"><span "
			 "aria-hidden=\"true\">%s</span> %s</span>",
			 verdict[i].class, verdict[i].sign, verdict[i].word);
		text += length;
		break;
	}
	html_text(out, text);
}

static void put_cell(FILE *out, enum html_kind kind, const char *text)
{
	if (kind == HTML_VERDICT)
		put_verdict(out, text);
	else if (kind == HTML_CODE && *text)
		html_put(out, "<code>%s</code>", text);
	else
		html_text(out, text);
}

void html_row(FILE *out, const struct html_column *column, size_t columns,
	      const char *const *cell)
{
	fputs("<tr>", out);
	for (size_t i = 0; i < columns; i++) {
		const char *tag = i ? "td" : "th";

		fprintf(out, "<%s%s%s>", tag, i ? "" : " scope=\"row\"",
			class_of(column[i].kind));
		put_cell(out, column[i].kind, cell[i]);
		fprintf(out, "</%s>", tag);
	}
	fputs("</tr>\n", out);
}

void html_table_end(FILE *out)
{
	fputs("</tbody>\n</table>\n</div>\n", out);
}

void html_filter(FILE *out, const char *table, const char *what, size_t rows)
{
	html_put(out,
		 "<form class=\"filter\" data-table=\"%s\" hidden "
		 "role=\"search\">\n"
		 "<label for=\"%s-filter\">Show %s that hold all of these "
		 "words</label>\n"
		 "<input id=\"%s-filter\" type=\"search\" autocomplete=\"off\" "
		 "spellcheck=\"false\">\n"
		 "<output for=\"%s-filter\" aria-live=\"polite\">%zu of %zu "
		 "rows</output>\n</form>\n",
		 table, table, what, table, table, rows, rows);
}
