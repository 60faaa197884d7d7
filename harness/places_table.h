/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The places of a run and which PUs they are, as env.csv has them. */
#ifndef HANDOFF_PLACES_TABLE_H
#define HANDOFF_PLACES_TABLE_H

#include <stdio.h>

#include "env_file.h"

/* What env.csv's facts of places and of kinds of PUs are called, before the
 * name of each: in its order from near to far, and from fast to slow. */
#define PLACE_FACT "topology.place."
#define KIND_FACT "topology.kind."

/* In Markdown, under a heading of that level ("##"); nothing where the run did
 * not record its places. */
void places_table_print(const struct env_file *env, const char *level,
			FILE *out);

#endif
