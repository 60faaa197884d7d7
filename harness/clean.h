/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text that a terminal shows as it is: what a file, a name or the environment
 * holds cannot move its cursor or speak to it. */
#ifndef HANDOFF_CLEAN_H
#define HANDOFF_CLEAN_H

#include <stdio.h>

/*
 * From here on stdout and stderr have '?' for every control character (C0 but
 * tab and line feed, DEL, C1) and every byte that is not UTF-8, whoever writes
 * there by stdio. What is meant for the terminal itself is written to the
 * descriptor, as dprintf() does.
 */
void clean_standard_streams(void);

/* A stream that writes so to another, which stays open when it is closed. NULL
 * and errno on failure. */
FILE *clean_open(FILE *to);

#endif
