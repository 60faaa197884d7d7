/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds a number by a name, and keeps texts once: a hash table. */
#ifndef HANDOFF_LOOKUP_H
#define HANDOFF_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

/* All zeros: an empty one. */
struct lookup {
	struct lookup_slot *slot;
	size_t slots, used;
};

#define LOOKUP_NONE ((size_t)-1)

/* The number kept for a name of two parts (b may be ""); LOOKUP_NONE: none. */
size_t lookup_find(const struct lookup *lookup, const char *a, const char *b);

/* The same, and keeps `number` for the name where it had none. Copies the
 * name. Dies where memory is short. */
size_t lookup_add(struct lookup *lookup, const char *a, const char *b,
		  size_t number);

/* The copy of a text that is kept, once however often it is asked for; valid
 * until lookup_free(), and equal texts have one address. */
const char *lookup_text(struct lookup *lookup, const char *text);

/* Of a name of two parts, for tables that keep none. */
uint64_t lookup_hash(const char *a, const char *b);

void lookup_free(struct lookup *lookup);

#endif
