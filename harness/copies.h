/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of a payload by the kernel's account, held against how much longer a
 * larger one takes. */
#ifndef HANDOFF_COPIES_H
#define HANDOFF_COPIES_H

#include <stdio.h>

#include "summary.h"

/* One table of Markdown for a bench whose sizes and copies were measured;
 * nothing where they or the reference, one kernel copy from and to a memfd,
 * were not. */
void copies_print(const struct summary *s, const char *bench, FILE *out);

#endif
