/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system calls that no run can do without, tried before anything is
 * measured: where one is refused, a run would hang or mistake its cases. */
#ifndef HANDOFF_ESSENTIAL_H
#define HANDOFF_ESSENTIAL_H

#include <stdbool.h>
#include <stddef.h>

/* Tries each in a child of its own, as a seccomp filter may kill who makes one.
 * 0, or -1 with one line in err that names the call and what to do. */
int essential_calls(char *err, size_t size);

/* Whether a seccomp filter kills who makes this call: a child makes it, without
 * arguments. */
bool essential_is_deadly(long number);

#endif
