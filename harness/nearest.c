/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of several names somebody who mistyped one may have meant. */
#include "nearest.h"

#include <string.h>

/* A row of the table of all prefixes' distances at a time. */
size_t nearest_distance(const char *a, const char *b)
{
	size_t row[NEAREST_MAX + 1], width = strnlen(b, NEAREST_MAX);

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; *a; a++, i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t change = diagonal + (*a != b[j - 1]);
			size_t best = row[j] < row[j - 1] ? row[j] : row[j - 1];

			diagonal = row[j];
			row[j] = change < best + 1 ? change : best + 1;
		}
	}
	return row[width];
}

const char *nearest_name(const char *word, const char *const *name,
			 size_t count)
{
	size_t length = strlen(word), least = (length + 1) / 2 + 1;
	const char *best = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t edits = length && !strncmp(word, name[i], length) ?
				       0 :
				       nearest_distance(word, name[i]);

		if (edits >= least)
			continue;
		least = edits;
		best = name[i];
	}
	return best;
}
