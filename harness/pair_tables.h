/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows between every two PUs as tables of text: PU × PU, or, of a larger
 * machine, by what the two share. */
#ifndef HANDOFF_PAIR_TABLES_H
#define HANDOFF_PAIR_TABLES_H

#include <stdbool.h>
#include <stdio.h>

#include "env_file.h"
#include "summary.h"
#include "tables.h"

/* No line is longer, in columns. */
enum { PAIR_TABLES_WIDTH = 200 };

/* All that a summary has of a bench's metric between pairs; nothing where it
 * has none. chart: charts/matrix.svg shows all of them. */
void pair_tables_print(const struct summary *s, const struct env_file *env,
		       const char *bench, const char *metric,
		       enum table_style style, bool chart, FILE *out);

#endif
