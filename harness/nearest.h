/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of several names somebody who mistyped one may have meant. */
#ifndef HANDOFF_NEAREST_H
#define HANDOFF_NEAREST_H

#include <stddef.h>

/* How many characters have to be put in, taken out or changed to make b of a
 * (Levenshtein, 1966). Of b the first NEAREST_MAX count. */
enum { NEAREST_MAX = 255 };
size_t nearest_distance(const char *a, const char *b);

/* The first of `count` names with the fewest edits to the word, or that begins
 * with it; NULL where more than half of the word, rounded up, would have to be
 * edited. */
const char *nearest_name(const char *word, const char *const *name,
			 size_t count);

#endif
