/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIGINT, SIGTERM and SIGHUP while files are made: kept waiting, and looked for
 * between steps, so that nothing half made is left behind. */
#ifndef HANDOFF_INTERRUPT_H
#define HANDOFF_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

/* Blocks those that would end the program; what was blocked before goes into
 * *before, for interrupt_release(). A signal that is ignored and not blocked
 * stays ignored. */
void interrupt_hold(sigset_t *before);
void interrupt_release(const sigset_t *before);

/* Those that are held, for poll(): readable when one has come, which it leaves
 * to interrupt_came(). -1 and errno. */
int interrupt_open(void);

/* Whether one has come since it is held. */
bool interrupt_came(void);

#endif
