/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a mechanism needs of the kernel or of this build, and not every machine
 * has; each is defined beside its channel. */
#ifndef HANDOFF_NEEDS_H
#define HANDOFF_NEEDS_H

#include "bench.h"

extern const struct need need_nodes, need_pidfd_signal, need_zero_page;
extern const struct need need_io_uring_msg_ring, need_io_uring_eventfd;

#endif
