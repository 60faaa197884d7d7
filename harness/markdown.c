/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Markdown with tables, as HTML: md4c reads it. */
#include "markdown.h"

#include <md4c.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"

/* A table's caption is not known before its first cell has been read: until
 * then what is written goes to `cell`. */
struct writer {
	FILE *out, *page, *memory;
	char *cell;
	size_t cell_size;
	char heading[128]; /* the last one, as text */
	bool in_heading, in_body, failed;
	unsigned column;
};

static void put_tag(struct writer *w, const char *tag, bool ends)
{
	fprintf(w->out, ends ? "</%s>" : "<%s>", tag);
	if (ends)
		fputc('\n', w->out);
}

static const char *block_tag(MD_BLOCKTYPE type)
{
	switch (type) {
	case MD_BLOCK_UL:
		return "ul";
	case MD_BLOCK_OL:
		return "ol";
	case MD_BLOCK_LI:
		return "li";
	case MD_BLOCK_P:
		return "p";
	case MD_BLOCK_QUOTE:
		return "blockquote";
	case MD_BLOCK_CODE:
		return "pre";
	case MD_BLOCK_THEAD:
		return "thead";
	case MD_BLOCK_TR:
		return "tr";
	default:
		return NULL;
	}
}

static const char *span_tag(MD_SPANTYPE type)
{
	return type == MD_SPAN_EM     ? "em" :
	       type == MD_SPAN_STRONG ? "strong" :
	       type == MD_SPAN_CODE   ? "code" :
					NULL;
}

/* What is written from here on is the name of the table's first column. */
static void hold_cell(struct writer *w)
{
	w->memory = open_memstream(&w->cell, &w->cell_size);
	if (w->memory)
		w->out = w->memory;
	else
		w->failed = true;
}

static void begin_table(struct writer *w)
{
	w->out = w->page;
	if (w->memory && fclose(w->memory))
		w->failed = true;
	w->memory = NULL;
	fputs("<div class=\"scroll known\" role=\"region\" tabindex=\"0\" "
	      "aria-label=\"",
	      w->out);
	html_put(w->out, "%s: ", w->heading);
	/* the cell is HTML already, and without tags that matter here */
	for (int i = 0; i < 2; i++) {
		bool tag = false;

		for (const char *at = w->cell ? w->cell : ""; *at; at++) {
			tag |= *at == '<';
			if (!tag)
				fputc(*at, w->out);
			tag &= *at != '>';
		}
		if (!i)
			html_put(w->out,
				 "\">\n<table>\n<caption>%s: ", w->heading);
	}
	fprintf(w->out, "</caption>\n<thead>\n<tr><th scope=\"col\">%s</th>",
		w->cell ? w->cell : "");
	free(w->cell);
	w->cell = NULL;
}

static void enter_cell(struct writer *w, const MD_BLOCK_TD_DETAIL *detail)
{
	bool head = w->column == 0 || !w->in_body;

	fprintf(w->out, "<%s%s%s>", head ? "th" : "td",
		!head      ? "" :
		w->in_body ? " scope=\"row\"" :
			     " scope=\"col\"",
		detail->align == MD_ALIGN_RIGHT ? " class=\"n\"" : "");
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
	struct writer *w = ctx;
	const char *tag = block_tag(type);

	switch (type) {
	case MD_BLOCK_H:
		fprintf(w->out, "<h%u>", ((MD_BLOCK_H_DETAIL *)detail)->level);
		w->in_heading = true;
		w->heading[0] = '\0';
		break;
	case MD_BLOCK_TABLE:
	case MD_BLOCK_THEAD:
		w->in_body = false; /* begin_table() writes them */
		break;
	case MD_BLOCK_TBODY:
		w->in_body = true;
		fputs("<tbody>\n", w->out);
		break;
	case MD_BLOCK_TR:
		w->column = 0;
		if (w->in_body)
			put_tag(w, tag, false);
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		if (!w->in_body && w->column == 0)
			hold_cell(w);
		else
			enter_cell(w, detail);
		break;
	default:
		if (tag)
			put_tag(w, tag, false);
	}
	return w->failed ? -1 : 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
	struct writer *w = ctx;
	const char *tag = block_tag(type);

	switch (type) {
	case MD_BLOCK_H:
		fprintf(w->out, "</h%u>\n",
			((MD_BLOCK_H_DETAIL *)detail)->level);
		w->in_heading = false;
		break;
	case MD_BLOCK_TABLE:
		fputs("</table>\n</div>\n", w->out);
		break;
	case MD_BLOCK_TBODY:
		fputs("</tbody>\n", w->out);
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		if (!w->in_body && w->column == 0)
			begin_table(w);
		else
			fputs(!w->in_body || w->column == 0 ? "</th>" : "</td>",
			      w->out);
		w->column++;
		break;
	default:
		if (tag)
			put_tag(w, tag, true);
	}
	return w->failed ? -1 : 0;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *ctx)
{
	struct writer *w = ctx;
	const char *tag = span_tag(type);

	(void)detail;
	if (tag)
		fprintf(w->out, "<%s>", tag);
	return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *ctx)
{
	struct writer *w = ctx;
	const char *tag = span_tag(type);

	(void)detail;
	if (tag)
		fprintf(w->out, "</%s>", tag);
	return 0;
}

static int put_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size,
		    void *ctx)
{
	struct writer *w = ctx;
	char *own = strndup(text, size);
	size_t used = strlen(w->heading);

	if (!own)
		return -1;
	if (type == MD_TEXT_NULLCHAR)
		fputs("\xef\xbf\xbd", w->out);
	else if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR)
		fputc('\n', w->out);
	else
		html_text(w->out, own);
	if (w->in_heading)
		snprintf(w->heading + used, sizeof(w->heading) - used, "%s",
			 own);
	free(own);
	return 0;
}

int markdown_html(const char *text, FILE *out)
{
	const MD_PARSER parser = {
		.flags = MD_FLAG_TABLES | MD_FLAG_NOHTML,
		.enter_block = enter_block,
		.leave_block = leave_block,
		.enter_span = enter_span,
		.leave_span = leave_span,
		.text = put_text,
	};
	struct writer w = { .out = out, .page = out };
	int result = md_parse(text, (MD_SIZE)strlen(text), &parser, &w);

	if (w.memory)
		fclose(w.memory);
	free(w.cell);
	return result ? -1 : 0;
}
