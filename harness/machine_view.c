/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A drawing of the machine that a run was made on, the PUs used marked. */
#include "machine_view.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "html.h"
#include "svg.h"
#include "topo.h"
#include "units.h"

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

/* All that a program writes to stdout; malloc'd; NULL: it is not there, or
 * failed. */
static char *output_of(const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	char *text = NULL;
	size_t size = 0;
	int pipe_fd[2], status = -1, error;
	FILE *in;
	pid_t pid;

	if (pipe2(pipe_fd, O_CLOEXEC))
		return NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	error = posix_spawnp(&pid, argv[0], &actions, NULL,
			     (char **)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fd[1]);
	in = fdopen(pipe_fd[0], "re");
	if (!in)
		close(pipe_fd[0]);
	else if (!error && getdelim(&text, &size, '\0', in) < 0)
		size = 0;
	if (in)
		fclose(in);
	while (!error && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!error && size && !status)
		return text;
	free(text);
	return NULL;
}

/* hwloc draws SVG only by this program. Its own SVG, not cairo's, names the
 * parts; older ones do not know the word for it. */
static char *ask_lstopo(const char *xml)
{
	static const char *const program[] = { "lstopo-no-graphics", "lstopo" };
	static const char *const format[] = { "nativesvg", "svg" };
	char *svg = NULL;

	for (int i = 0; i < 4 && !svg; i++) {
		const char *const argv[] = { program[i / 2],
					     "--of",
					     format[i % 2],
					     "--no-legend",
					     "--no-io",
					     "-i",
					     xml,
					     "-",
					     NULL };

		svg = output_of(argv);
	}
	return svg;
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
static int draw_svg(struct view *v, const char *xml, FILE *out)
{
	v->svg = ask_lstopo(xml);
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
	int result = 0;

	if (!topo_is_readable(xml)) {
		fputs("<p>The run left no topology.xml.</p>\n", out);
		return -1;
	}
	fputs("<figure class=\"machine\">\n<div class=\"chart\" "
	      "role=\"region\" tabindex=\"0\" aria-label=\"The machine\">\n",
	      out);
	if (draw_svg(&v, xml, out))
		result = draw_boxes(&v, xml, out);
	free(v.svg);
	if (result)
		fputs("<p>hwloc cannot read topology.xml.</p>\n", out);
	fputs("</div>\n<figcaption>", out);
	list_used(&v, out);
	fputs("</figcaption>\n</figure>\n", out);
	return result;
}
