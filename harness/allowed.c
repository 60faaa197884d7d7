/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PUs that this process may use, and whether they are still the same. */
#include "allowed.h"

#include <stdio.h>
#include <string.h>

int allowed_read(struct allowed *allowed)
{
	memset(allowed, 0, sizeof(*allowed));
	if (sched_getaffinity(0, sizeof(allowed->set), allowed->set))
		return -1;
	allowed->count =
		(size_t)CPU_COUNT_S(sizeof(allowed->set), allowed->set);
	return 0;
}

bool allowed_differ(const struct allowed *a, const struct allowed *b)
{
	return a->count && b->count &&
	       memcmp(a->set, b->set, sizeof(a->set)) != 0;
}

static bool has(const struct allowed *allowed, int pu)
{
	return pu < ALLOWED_PUS &&
	       CPU_ISSET_S((size_t)pu, sizeof(allowed->set), allowed->set);
}

char *allowed_list(const struct allowed *allowed, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (int first = 0; first < ALLOWED_PUS && used < size; first++) {
		int last = first;

		if (!has(allowed, first))
			continue;
		while (has(allowed, last + 1))
			last++;
		used += (size_t)snprintf(buf + used, size - used, "%s%d",
					 used ? "," : "", first);
		if (last > first && used < size)
			used += (size_t)snprintf(buf + used, size - used, "-%d",
						 last);
		first = last;
	}
	return buf;
}
