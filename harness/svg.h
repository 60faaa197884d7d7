/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures in SVG, put into a page of HTML so that they stay within it. */
#ifndef HANDOFF_SVG_H
#define HANDOFF_SVG_H

#include <stdio.h>

/*
 * Writes the SVG document in text as an <svg> element of HTML: a picture to
 * screen readers, called `label`; every id begins with `id` and a dash, so that
 * many pictures can share a page. Kept are shapes, text and what they refer to
 * within the picture; scripts, styles, links, titles and whatever leads out of
 * the page are not. 0, or -1 and nothing written: it holds no picture.
 */
int svg_inline(const char *text, const char *id, const char *label, FILE *out);

/* A whole file; malloc'd; NULL and errno where it cannot be read. */
char *svg_read(const char *path);

/*
 * <figure> of the picture in a file, with a caption of escaped text below.
 * Where it cannot be read, the caption and a line that says so. 0 or -1.
 */
int svg_figure(const char *path, const char *id, const char *label,
	       const char *caption, FILE *out);

#endif
