/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What JSON needs of a writer: texts that are whatever somebody put there. */
#ifndef HANDOFF_JSON_H
#define HANDOFF_JSON_H

#include <stdio.h>

/* A text as JSON, its quotes included; a byte that is no character's is written
 * as U+FFFD (RFC 8259). */
void json_text(FILE *out, const char *text);

#endif
