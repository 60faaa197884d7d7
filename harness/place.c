/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of places: "l3", of one level of the machine; or "l3:p-e", of that
 * level and two kinds of PUs. */
#include "place.h"

#include <stdio.h>
#include <string.h>

bool place_is(const char *place, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(place, name, length) &&
	       (!place[length] || place[length] == ':');
}

bool place_parse_pair(const char *text, int *pu_a, int *pu_b)
{
	char again[32];

	/* as it is written, without signs, spaces or zeroes before it */
	if (sscanf(text, "pu%7d-pu%7d", pu_a, pu_b) != 2 || *pu_a < 0 ||
	    *pu_b < 0)
		return false;
	snprintf(again, sizeof(again), "pu%d-pu%d", *pu_a, *pu_b);
	return !strcmp(text, again);
}
