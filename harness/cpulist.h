/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of CPUs as the kernel writes them: "0-3,8". */
#ifndef HANDOFF_CPULIST_H
#define HANDOFF_CPULIST_H

#include <stdbool.h>

/* The next range of a list, which moves on; false at its end. */
bool cpulist_next(const char **list, unsigned long *first, unsigned long *last);

/* How many CPUs of a list are in another; how many it has. */
unsigned long cpulist_common(const char *list, const char *other);
unsigned long cpulist_count(const char *list);

#endif
