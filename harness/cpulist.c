/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of CPUs as the kernel writes them. */
#include "cpulist.h"

#include <stdlib.h>
#include <string.h>

bool cpulist_next(const char **list, unsigned long *first, unsigned long *last)
{
	char *end;

	*list += strspn(*list, ",");
	*first = *last = strtoul(*list, &end, 10);
	if (end == *list)
		return false;
	if (*end == '-')
		*last = strtoul(end + 1, &end, 10);
	*list = end;
	return true;
}

unsigned long cpulist_common(const char *list, const char *other)
{
	unsigned long first, last, from, to, n = 0;

	while (cpulist_next(&list, &first, &last)) {
		const char *rest = other;

		while (cpulist_next(&rest, &from, &to)) {
			from = from > first ? from : first;
			to = to < last ? to : last;
			n += from <= to ? to - from + 1 : 0;
		}
	}
	return n;
}

unsigned long cpulist_count(const char *list)
{
	return cpulist_common(list, list);
}
