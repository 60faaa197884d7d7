/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strings, each kept once: what a table repeats a million times takes the room
 * of one. */
#include "intern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a (Fowler, Noll, Vo). Texts made to collide cost time, no more: a row
 * is bounded, and so are the rows. */
static size_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;

	while (*text)
		h = (h ^ (unsigned char)*text++) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32);
}

/* Where the text is, or may be put; one in four at least is free. */
static char **slot(char **text, size_t room, const char *wanted)
{
	size_t i = hash(wanted) & (room - 1);

	while (text[i] && strcmp(text[i], wanted) != 0)
		i = (i + 1) & (room - 1);
	return &text[i];
}

static int grow(struct intern *in)
{
	size_t room = in->room ? 2 * in->room : 256;
	char **text = calloc(room, sizeof(*text));

	if (!text)
		return -1;
	for (size_t i = 0; i < in->room; i++)
		if (in->text[i])
			*slot(text, room, in->text[i]) = in->text[i];
	free(in->text);
	in->text = text;
	in->room = room;
	return 0;
}

const char *intern(struct intern *in, const char *text, bool *is_new)
{
	char **at;

	if (in->used + 1 > in->room / 4 * 3 && grow(in))
		return NULL;
	at = slot(in->text, in->room, text);
	if (is_new)
		*is_new = !*at;
	if (!*at) {
		*at = strdup(text);
		in->used += *at != NULL;
	}
	return *at;
}

void intern_free(struct intern *in)
{
	for (size_t i = 0; i < in->room; i++)
		free(in->text[i]);
	free(in->text);
	memset(in, 0, sizeof(*in));
}
