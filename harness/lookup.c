/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds a number by a name, and keeps texts once: a hash table. */
#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"

/* Open addressing; never more than half full, so that a free slot ends every
 * search. */
struct lookup_slot {
	char *name; /* both parts, each ended by a NUL; NULL: free */
	uint64_t hash;
	size_t number;
};

/* FNV-1a (Fowler, Noll and Vo), the parts' ends included. */
static uint64_t add_hash(uint64_t hash, const char *text)
{
	do {
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	} while (*text++);
	return hash;
}

uint64_t lookup_hash(const char *a, const char *b)
{
	uint64_t hash = add_hash(add_hash(0xcbf29ce484222325, a), b);

	return hash ^ hash >> 32;
}

static struct lookup_slot *slot_of(const struct lookup *l, uint64_t hash,
				   const char *a, const char *b)
{
	size_t i = hash & (l->slots - 1);

	for (;; i = (i + 1) & (l->slots - 1)) {
		struct lookup_slot *s = &l->slot[i];

		if (!s->name)
			return s;
		if (s->hash == hash && !strcmp(s->name, a) &&
		    !strcmp(s->name + strlen(s->name) + 1, b))
			return s;
	}
}

static void enlarge(struct lookup *l)
{
	struct lookup larger = { .slots = l->slots ? 2 * l->slots : 64 };

	larger.slot = calloc(larger.slots, sizeof(*larger.slot));
	if (!larger.slot)
		die("out of memory for a table of names");
	for (size_t i = 0; i < l->slots; i++) {
		const struct lookup_slot *s = &l->slot[i];

		if (s->name)
			*slot_of(&larger, s->hash, s->name,
				 s->name + strlen(s->name) + 1) = *s;
	}
	free(l->slot);
	l->slot = larger.slot;
	l->slots = larger.slots;
}

size_t lookup_find(const struct lookup *l, const char *a, const char *b)
{
	const struct lookup_slot *s;

	if (!l->slots)
		return LOOKUP_NONE;
	s = slot_of(l, lookup_hash(a, b), a, b);
	return s->name ? s->number : LOOKUP_NONE;
}

/* The slot of a name, which is kept with `number` where it was not. */
static const struct lookup_slot *keep(struct lookup *l, const char *a,
				      const char *b, size_t number)
{
	uint64_t hash = lookup_hash(a, b);
	size_t first = strlen(a) + 1, second = strlen(b) + 1;
	struct lookup_slot *s;

	if (2 * (l->used + 1) > l->slots)
		enlarge(l);
	s = slot_of(l, hash, a, b);
	if (s->name)
		return s;
	s->name = malloc(first + second);
	if (!s->name)
		die("out of memory for a table of names");
	memcpy(s->name, a, first);
	memcpy(s->name + first, b, second);
	s->hash = hash;
	s->number = number;
	l->used++;
	return s;
}

size_t lookup_add(struct lookup *l, const char *a, const char *b, size_t number)
{
	return keep(l, a, b, number)->number;
}

const char *lookup_text(struct lookup *l, const char *text)
{
	return keep(l, text, "", 0)->name;
}

void lookup_free(struct lookup *l)
{
	for (size_t i = 0; i < l->slots; i++)
		free(l->slot[i].name);
	free(l->slot);
	memset(l, 0, sizeof(*l));
}
