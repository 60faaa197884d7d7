/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether what a variant needs is there, asked once and in a child: a seccomp
 * filter may kill who makes the system call that would tell. */
#ifndef HANDOFF_NEED_H
#define HANDOFF_NEED_H

#include <stdbool.h>
#include <stddef.h>

#include "bench.h"

/* As need->met(), whose answer is kept until need_forget(). A probe that is
 * killed by a filter: denied. */
bool need_met(const struct need *need, char *why, size_t size, bool *denied);

void need_forget(void);

#endif
