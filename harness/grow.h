/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Room for one more in an array that grows as what is read comes. */
#ifndef HANDOFF_GROW_H
#define HANDOFF_GROW_H

#include <stdlib.h>

#include "die.h"

/* The array that holds `used` items of `size` bytes, with room for another;
 * *room, 0 at first, says for how many it is. Dies where memory is short: "out
 * of memory for WHAT". */
static inline void *grow(void *array, size_t used, size_t *room, size_t size,
			 const char *what)
{
	if (used < *room)
		return array;
	*room = *room ? 2 * *room : 64;
	array = realloc(array, *room * size);
	if (!array)
		die("out of memory for %s", what);
	return array;
}

#endif
