/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the exec'd program and those who start it agree on. */
#ifndef HANDOFF_EXEC_CHILD_H
#define HANDOFF_EXEC_CHILD_H

/* handoff-child FD SOURCE: reads the clock (SOURCE c: raw counter, k:
 * CLOCK_MONOTONIC_RAW) at its first instruction, writes it and its PU (two
 * 64-bit words) to the start of FD, exits with this status. */
#define EXEC_CHILD_STATUS 42

#endif
