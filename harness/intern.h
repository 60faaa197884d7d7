/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strings, each kept once: what a table repeats a million times takes the room
 * of one. */
#ifndef HANDOFF_INTERN_H
#define HANDOFF_INTERN_H

#include <stdbool.h>
#include <stddef.h>

struct intern {
	char **text; /* open addressing; NULL: free */
	size_t room; /* a power of two, or 0 */
	size_t used;
};

/* The copy of text, made the first time; valid until intern_free(), and equal
 * texts have one address. *is_new: whether this was the first; may be NULL.
 * NULL: no memory. A zeroed struct is empty. */
const char *intern(struct intern *in, const char *text, bool *is_new);
void intern_free(struct intern *in);

#endif
