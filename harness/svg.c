/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures in SVG, put into a page of HTML so that they stay within it. */
#include "svg.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "html.h"

/* What gnuplot and lstopo draw with. All else is left out with what it holds:
 * a list of what is harmless stays short. */
static const char *const kept[] = {
	"circle",  "clipPath", "defs",        "ellipse",        "feBlend",
	"feFlood", "filter",   "feComposite", "feGaussianBlur", "g",
	"image",   "line",     "marker",      "linearGradient", "mask",
	"path",    "pattern",  "polygon",     "polyline",       "rect",
	"stop",    "symbol",   "text",        "tspan",          "use",
};

/* xml:space is kept: gnuplot's texts have blanks on purpose. */
static const char *const dropped[] = {
	"class", "role", "version", "xml:base", "aria-labelledby", "aria-label",
};

enum { NAME = 64, DEPTH = 64 };

struct picture {
	const char *at; /* what has not been read */
	const char *id;
	FILE *out;
	char open[DEPTH][NAME]; /* elements that are */
	int depth;
};

static bool is_in(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

#define IN(list, name) is_in(list, sizeof(list) / sizeof(*(list)), name)

static void skip_blanks(struct picture *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

/* An element's or attribute's name into buf; cut short, it matches none. */
static void read_name(struct picture *p, char *buf)
{
	size_t used = 0;

	while (*p->at && !isspace((unsigned char)*p->at) &&
	       !strchr("/>=<\"'", *p->at)) {
		if (used + 1 < NAME)
			buf[used++] = *p->at;
		p->at++;
	}
	buf[used] = '\0';
}

/* An attribute's value: where it begins, and its length. False: none. */
static bool read_value(struct picture *p, const char **value, size_t *size)
{
	const char *end;

	skip_blanks(p);
	if (*p->at != '=')
		return false;
	p->at++;
	skip_blanks(p);
	if (*p->at != '"' && *p->at != '\'')
		return false;
	end = strchr(p->at + 1, *p->at);
	if (!end)
		return false;
	*value = p->at + 1;
	*size = (size_t)(end - *value);
	p->at = end + 1;
	return true;
}

/* "#name" as "#id-name" */
static void put_reference(struct picture *p, const char *name)
{
	html_put(p->out, "#%s-%s", p->id, name);
}

/* url(#name), the only kind that stays within the page; false: another. */
static bool put_url(struct picture *p, const char *name, const char *value)
{
	const char *end = strchr(value, ')');
	char target[NAME];

	if (strncmp(value, "url(#", 5) || !end || end[1] ||
	    end - value - 5 >= NAME)
		return false;
	snprintf(target, sizeof(target), "%.*s", (int)(end - value - 5),
		 value + 5);
	html_put(p->out, " %s=\"url(", name);
	put_reference(p, target);
	fputs(")\"", p->out);
	return true;
}

/* Escapes could spell anything: no value of a chart has any. */
static bool is_plain(const char *value)
{
	return !strpbrk(value, "&\\<") && !strcasestr(value, "url(") &&
	       !strcasestr(value, "script:") && !strcasestr(value, "import") &&
	       !strcasestr(value, "expression");
}

static bool is_event(const char *name)
{
	return tolower((unsigned char)name[0]) == 'o' &&
	       tolower((unsigned char)name[1]) == 'n';
}

static void put_attribute(struct picture *p, const char *name,
			  const char *value)
{
	const char *plain = !strcmp(name, "xlink:href") ? "href" : name;

	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_:", *c))
			return;
	if (!*name || is_event(name) || IN(dropped, name) ||
	    !strncmp(name, "xmlns", 5) ||
	    (strchr(plain, ':') && strcmp(plain, "xml:space")))
		return;
	if (!strcmp(plain, "href")) {
		if (*value == '#' && is_plain(value)) {
			fputs(" href=\"", p->out);
			put_reference(p, value + 1);
			fputc('"', p->out);
		} else if (!strncmp(value, "data:image/png;base64,", 22) &&
			   is_plain(value)) {
			html_put(p->out, " href=\"%s\"", value);
		}
	} else if (!strcmp(name, "id")) {
		html_put(p->out, " id=\"%s-%s\"", p->id, value);
	} else if (!strcmp(name, "viewBox")) {
		/* lstopo writes units, of which HTML knows none here */
		fputs(" viewBox=\"", p->out);
		for (; *value; value++)
			if (strchr("0123456789.,+- ", *value))
				fputc(*value, p->out);
		fputc('"', p->out);
	} else if (!put_url(p, name, value) && is_plain(value)) {
		html_put(p->out, " %s=\"%s\"", name, value);
	}
}

/* The attributes of an element, up to its '>'; whether it ends there as well.
 * keep: they are written. */
static bool read_attributes(struct picture *p, bool keep)
{
	for (;;) {
		char name[NAME], *own;
		const char *value;
		size_t size;

		skip_blanks(p);
		if (!*p->at)
			return true;
		if (*p->at == '>') {
			p->at++;
			return false;
		}
		if (p->at[0] == '/' && p->at[1] == '>') {
			p->at += 2;
			return true;
		}
		read_name(p, name);
		if (!name[0]) {
			p->at++;
			continue;
		}
		if (!read_value(p, &value, &size) || !keep)
			continue;
		own = strndup(value, size);
		if (own)
			put_attribute(p, name, own);
		free(own);
	}
}

static void skip_past(struct picture *p, const char *end)
{
	const char *found = strstr(p->at, end);

	p->at = found ? found + strlen(end) : p->at + strlen(p->at);
}

/* A comment, <!DOCTYPE …> or <?…?>. */
static void skip_declaration(struct picture *p)
{
	skip_past(p, strncmp(p->at, "<!--", 4) ? ">" : "-->");
}

/* Leaves out an element with all that it holds; its name has been read. */
static void leave_out(struct picture *p)
{
	int depth = !read_attributes(p, false);

	while (depth && *p->at) {
		char name[NAME];

		if (*p->at != '<') {
			p->at += strcspn(p->at, "<");
		} else if (p->at[1] == '!' || p->at[1] == '?') {
			skip_declaration(p);
		} else if (p->at[1] == '/') {
			depth--;
			skip_past(p, ">");
		} else {
			p->at++;
			read_name(p, name);
			depth += !read_attributes(p, false);
		}
	}
}

static void end_element(struct picture *p)
{
	html_put(p->out, "</%s>", p->open[--p->depth]);
}

/* </name>: of the innermost element, or it is ignored. */
static void close_element(struct picture *p)
{
	char name[NAME];

	read_name(p, name);
	skip_blanks(p);
	if (*p->at == '>')
		p->at++;
	/* the outermost ends with the picture */
	if (p->depth > 1 && !strcmp(p->open[p->depth - 1], name))
		end_element(p);
}

static void open_element(struct picture *p)
{
	char name[NAME];

	read_name(p, name);
	if (!IN(kept, name) || p->depth == DEPTH) {
		leave_out(p);
		return;
	}
	html_put(p->out, "<%s", name);
	if (read_attributes(p, true)) {
		fputs("/>", p->out);
		return;
	}
	fputc('>', p->out);
	snprintf(p->open[p->depth++], NAME, "%s", name);
}

/* Text up to the next tag. Its references are XML's five, or left as they
 * read. */
static void put_text(struct picture *p)
{
	static const char *const known[] = { "&amp;", "&lt;", "&gt;", "&quot;",
					     "&apos;" };
	static const char plain[] = "&<>\"'";

	while (*p->at && *p->at != '<') {
		size_t length = strcspn(p->at + 1, "<&") + 1;
		char *own;

		for (int i = 0; i < 5 && *p->at == '&'; i++) {
			size_t name = strlen(known[i]);
			char one[2] = { plain[i], '\0' };

			if (strncmp(p->at, known[i], name))
				continue;
			html_text(p->out, one);
			p->at += name;
			length = 0;
			break;
		}
		if (!length)
			continue;
		own = strndup(p->at, length);
		if (own)
			html_text(p->out, own);
		free(own);
		p->at += length;
	}
}

static void put_tag(struct picture *p)
{
	if (p->at[1] == '!' || p->at[1] == '?') {
		skip_declaration(p);
	} else if (p->at[1] == '/') {
		p->at += 2;
		close_element(p);
	} else {
		p->at++;
		open_element(p);
	}
}

/* Past what stands before the picture and past "<svg"; false: there is none. */
static bool find_picture(struct picture *p)
{
	char name[NAME];

	for (;;) {
		p->at += strcspn(p->at, "<");
		if (!*p->at)
			return false;
		if (p->at[1] != '!' && p->at[1] != '?')
			break;
		skip_declaration(p);
	}
	p->at++;
	read_name(p, name);
	return !strcmp(name, "svg");
}

int svg_inline(const char *text, const char *id, const char *label, FILE *out)
{
	struct picture p = { .at = text, .id = id, .out = out };
	bool ends;

	if (!find_picture(&p))
		return -1;
	html_put(out, "<svg role=\"img\" aria-labelledby=\"%s-title\"", id);
	ends = read_attributes(&p, true);
	html_put(out, "><title id=\"%s-title\">%s</title>", id, label);
	snprintf(p.open[p.depth++], NAME, "svg");
	while (!ends && *p.at) {
		if (*p.at == '<')
			put_tag(&p);
		else
			put_text(&p);
	}
	while (p.depth)
		end_element(&p);
	fputc('\n', out);
	return 0;
}

char *svg_read(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	enum { MOST = 64 << 20 }; /* bytes; gnuplot's charts have 1 MB */
	int fd = files_open_regular(AT_FDCWD, path, MOST);
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
	ssize_t got;

	if (!in) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	got = getdelim(&text, &size, '\0', in);
	if (got < 0) {
		free(text);
		text = NULL;
		if (!errno)
			errno = ENODATA;
	}
	fclose(in);
	return text;
}

int svg_figure(const char *path, const char *id, const char *label,
	       const char *caption, FILE *out)
{
	char *text = svg_read(path);
	int result;

	html_put(out,
		 "<figure id=\"%s\">\n<div class=\"chart\" role=\"region\" "
		 "tabindex=\"0\" aria-label=\"%s\">\n",
		 id, label);
	result = text ? svg_inline(text, id, label, out) : -1;
	if (result)
		html_put(out, "<p>The chart could not be read.</p>\n");
	html_put(out, "</div>\n<figcaption>%s</figcaption>\n</figure>\n",
		 caption);
	free(text);
	return result;
}
