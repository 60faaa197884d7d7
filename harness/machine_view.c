/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A drawing of the machine that a run was made on, the PUs used marked. */
#include "machine_view.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "html.h"
#include "svg.h"
#include "tool.h"
#include "topo.h"
#include "units.h"

/* Far more than hwloc writes of the largest machine. */
#define XML_MAX ((size_t)64 << 20)

struct view {
	const int *used;
	size_t count;
	char *svg; /* lstopo's drawing */
	size_t marked;
	FILE *out; /* of boxes */
	int open;  /* of them */
};

static bool is_used(const struct view *v, int pu)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->used[i] == pu)
			return true;
	return false;
}

/* ----------------------------------------------------- drawn by lstopo */

/* hwloc draws SVG only by this program. Its own SVG, not cairo's, names the
 * parts; older ones do not know the word for it. The file is open as fd. */
static char *ask_lstopo(int fd)
{
	static const char *const program[] = { "lstopo-no-graphics", "lstopo" };
	static const char *const format[] = { "nativesvg", "svg" };

	for (int i = 0; i < 4; i++) {
		char xml[32];
		const char *const argv[] = { program[i / 2],
					     "--of",
					     format[i % 2],
					     "--no-legend",
					     "--no-io",
					     "--if",
					     "xml",
					     "-i",
					     xml,
					     "-",
					     NULL };
		struct tool tool = { .argv = argv, .fd = &fd, .fds = 1 };
		char *svg;

		snprintf(xml, sizeof(xml), TOOL_FD_PATH, TOOL_FD_FIRST);
		tool_run(&tool, 1);
		svg = tool.output;
		tool.output = NULL;
		tool_free(&tool);
		if (tool.state == TOOL_DONE && svg)
			return svg;
		free(svg);
		if (tool.state != TOOL_DONE && tool.state != TOOL_FAILED &&
		    tool.state != TOOL_NOT_THERE) {
			if (tool.state != TOOL_INTERRUPTED)
				warn("the machine is drawn as boxes: %s",
				     tool.why);
			return NULL; /* so would the others */
		}
	}
	return NULL;
}

/* A thick edge and another ground for the box that lstopo drew for a PU; if it
 * is not to be found, this one is not marked. */
static void mark_pu(void *ctx, const struct topo_box *box)
{
	static const char look[] = " style='fill:#dcebfa;stroke:#0b5394;"
				   "stroke-width:3'";
	struct view *v = ctx;
	char id[32], *marked;
	const char *at;

	if (!box->is_pu || !is_used(v, box->os_index))
		return;
	snprintf(id, sizeof(id), "id='PU_%d_rect'", box->logical);
	at = strstr(v->svg, id);
	if (!at)
		return;
	at += strlen(id);
	if (asprintf(&marked, "%.*s%s%s", (int)(at - v->svg), v->svg, look,
		     at) < 0)
		return;
	free(v->svg);
	v->svg = marked;
	v->marked++;
}

/* 0, or -1: nothing is drawn, for not all could be marked. */
static int draw_svg(struct view *v, int fd, const char *xml, FILE *out)
{
	v->svg = ask_lstopo(fd);
	if (!v->svg || topo_each_box(xml, mark_pu, v) || v->marked != v->count)
		return -1;
	return svg_inline(v->svg, "machine-view",
			  "The machine: packages, caches, cores and PUs", out);
}

/* ----------------------------------------------------- drawn as boxes */

static void close_boxes(struct view *v, int depth)
{
	for (; v->open > depth; v->open--)
		fputs("</div>\n", v->out);
}

static void draw_box(void *ctx, const struct topo_box *box)
{
	struct view *v = ctx;
	bool used = box->is_pu && is_used(v, box->os_index);
	char bytes[UNITS_SIZE];

	close_boxes(v, box->depth);
	html_put(v->out, "<div class=\"box%s\">%s", used ? " used" : "",
		 box->type);
	if (box->os_index >= 0 && box->depth)
		html_put(v->out, " %d", box->os_index);
	if (box->bytes)
		html_put(v->out, " (%s)",
			 units_bytes(bytes, sizeof(bytes), box->bytes));
	if (used)
		fputs(" used", v->out);
	v->open = box->depth + 1;
}

static int draw_boxes(struct view *v, const char *xml, FILE *out)
{
	int result;

	v->out = out;
	v->open = 0;
	result = topo_each_box(xml, draw_box, v);
	close_boxes(v, 0);
	return result;
}

/* ------------------------------------------------------------ the figure */

static void list_used(const struct view *v, FILE *out)
{
	if (!v->count) {
		fputs("Which PUs were used is not recorded.", out);
		return;
	}
	fputs(v->count == 1 ? "Used, with a thick edge: PU " :
			      "Used, with a thick edge: PUs ",
	      out);
	for (size_t i = 0; i < v->count; i++) {
		size_t last = i;

		while (last + 1 < v->count &&
		       v->used[last + 1] == v->used[last] + 1)
			last++;
		fprintf(out, "%s%d", i ? ", " : "", v->used[i]);
		if (last > i + 1)
			fprintf(out, "–%d", v->used[i = last]);
	}
	fputs(" (the operating system's numbers).", out);
}

int machine_view(const char *xml, const int *used, size_t count, FILE *out)
{
	struct view v = { .used = used, .count = count };
	int result = 0, fd = tool_open_regular(xml, XML_MAX);
	char path[32];

	if (fd < 0) {
		if (errno == ENOENT)
			fputs("<p>The run left no topology.xml.</p>\n", out);
		else
			html_put(out,
				 "<p>topology.xml cannot be read: %s.</p>\n",
				 errno == EINVAL ? "it is no regular file" :
						   strerror(errno));
		return -1;
	}
	/* what was looked at, whatever has its name by now */
	snprintf(path, sizeof(path), TOOL_FD_PATH, fd);
	fputs("<figure class=\"machine\">\n<div class=\"chart\" "
	      "role=\"region\" tabindex=\"0\" aria-label=\"The machine\">\n",
	      out);
	if (draw_svg(&v, fd, path, out))
		result = draw_boxes(&v, path, out);
	close(fd);
	free(v.svg);
	if (result)
		fputs("<p>hwloc cannot read topology.xml.</p>\n", out);
	fputs("</div>\n<figcaption>", out);
	list_used(&v, out);
	fputs("</figcaption>\n</figure>\n", out);
	return result;
}
