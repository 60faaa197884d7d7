/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a run: tables on the terminal, tables.md, claims.csv, charts,
 * report.html; from the run's files alone. */
#ifndef HANDOFF_REPORT_H
#define HANDOFF_REPORT_H

#include <stdio.h>

#include "env_file.h"
#include "summary.h"

/* Makes tables.md, claims.csv, charts/ and report.html in dir and prints the
 * tables to out. An exit code: 0; 1 where one of them cannot be made; 2 where
 * dir is not a run that can be read, or not a directory to write into. */
int report_make(const char *dir, FILE *out);

/* What report_make() prints of a run that was read, and its tables.md without
 * links to charts; markdown NULL: not that. */
void report_print(const struct summary *summary, const struct env_file *env,
		  FILE *terminal, FILE *markdown);

#endif
