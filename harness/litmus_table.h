/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What litmus tests have seen, and what follows from it: totals over all
 * invocations, with the bound that so many tries put on what was not seen. */
#ifndef HANDOFF_LITMUS_TABLE_H
#define HANDOFF_LITMUS_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "summary.h"

/* Whether a row is one of those that the table is made from and that say
 * nothing by themselves: the rate does. */
bool litmus_has(const struct summary_row *row);

/* Whether what was not seen in so many tries says anything: whether, were it as
 * frequent as the control's outcome, it would have been seen with 95 %. */
bool litmus_control_tells(double tries, double control, double control_tries);

/* One table of Markdown for a bench that has counted `weak` outcomes of
 * `tries`, some of them `forbidden`, beside those of a `control`; nothing for
 * any other. */
void litmus_print(const struct summary *s, const char *bench, FILE *out);

#endif
