/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether this machine lacks what a variant needs, so that it cannot be run. */
#ifndef HANDOFF_TESTS_LACKS_H
#define HANDOFF_TESTS_LACKS_H

#include "bench.h"

static inline bool lacks(const struct variant *v)
{
	char why[128];
	bool denied = false;

	for (const struct need *const *need = v->needs; need && *need; need++)
		if (!(*need)->met(why, sizeof(why), &denied))
			return true;
	return false;
}

#endif
