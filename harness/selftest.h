/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the instrument recover known truths on this machine? */
#ifndef HANDOFF_SELFTEST_H
#define HANDOFF_SELFTEST_H

#include <stdio.h>

/* Runs the selftest benches through the whole pipeline (runner, invocations,
 * statistics, CSV) in a temporary directory, prints a line for each truth to
 * out, and returns 0, or 1 if one was not recovered. 45 s are enough for all
 * truths on an idle machine. */
int selftest_run(FILE *out, double budget_s);

#endif
