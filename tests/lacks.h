/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether this machine lacks what a variant needs, so that it cannot be run. */
#ifndef HANDOFF_TESTS_LACKS_H
#define HANDOFF_TESTS_LACKS_H

#include "bench.h"
#include "support.h"

/* The first need that is not met says why; "": all are. */
static inline bool needs_met(const struct variant *v, char *why, size_t size)
{
	bool denied = false;

	why[0] = '\0';
	for (const struct need *const *need = v->needs; need && *need; need++)
		if (!(*need)->met(why, size, &denied))
			return false;
	return true;
}

static inline bool lacks(const struct variant *v)
{
	char why[160];

	return !needs_met(v, why, sizeof(why));
}

/* The same the other way round, and says what is lacking. */
static inline bool has_needs(const struct variant *v)
{
	char why[160];

	if (needs_met(v, why, sizeof(why)))
		return true;
	print_message("skipped: %s: %s\n", v->name, why);
	return false;
}

#endif
