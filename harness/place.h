/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of places: "l3", of one level of the machine; or "l3:p-e", of that
 * level and two kinds of PUs. */
#ifndef HANDOFF_PLACE_H
#define HANDOFF_PLACE_H

#include <stdbool.h>

/* Whether a place is what a name asks for: itself, or with whatever kinds of
 * PUs: "l3:p-e" is "l3". */
bool place_is(const char *place, const char *name);

/* Whether a text is the name of two PUs, "pu4-pu12"; and which. */
bool place_parse_pair(const char *text, int *pu_a, int *pu_b);

#endif
