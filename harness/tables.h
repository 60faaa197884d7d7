/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of text: aligned for a terminal, or Markdown. */
#ifndef HANDOFF_TABLES_H
#define HANDOFF_TABLES_H

#include <stddef.h>
#include <stdio.h>

enum table_style { TABLE_TERMINAL, TABLE_MARKDOWN };

struct table;

/* columns ≥ 1; left: how many columns, from the first, are aligned left. NULL:
 * no memory. */
struct table *table_new(size_t columns, size_t left);

/* The next cell, in reading order; the first row is the header. Copies. */
void table_cell(struct table *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* How wide its lines are, in columns of a terminal. */
size_t table_width(const struct table *t, enum table_style style);

/* Prints and frees. A cell that was lost for want of memory prints as "?". */
void table_print(struct table *t, enum table_style style, FILE *out);

void table_free(struct table *t);

#endif
