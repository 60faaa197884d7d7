/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Markdown with tables, as HTML: md4c reads it. */
#ifndef HANDOFF_MARKDOWN_H
#define HANDOFF_MARKDOWN_H

#include <stdio.h>

/*
 * Text is escaped as html_text() does. Tags within the Markdown are text; links
 * and pictures are their text alone: nothing in a page leads out of it. Tables
 * are as html_table() makes them, each named for the heading above it. 0, or
 * -1: no memory.
 */
int markdown_html(const char *text, FILE *out);

#endif
