/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system calls that libuv takes for granted: it calls abort() where one is
 * refused. */
#ifndef HANDOFF_UV_CALLS_H
#define HANDOFF_UV_CALLS_H

#include "bench.h"

/* The name of one that is refused, with errno; NULL: none. Tries each, outside
 * of anything that is counted or timed. */
const char *uv_calls_refused(void);

/* For setup(): 0, or the case is absent or denied, and -1. */
int uv_calls_allowed(struct run *r);

/* For a channel's enter(), in the party itself: dies of one that is refused. */
void uv_calls_require(void);

#endif
