/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often a PU has entered an idle state, as cpuidle counts. */
#ifndef HANDOFF_IDLE_STATES_H
#define HANDOFF_IDLE_STATES_H

#include <stdint.h>

/* Adds up the entries into all states of a PU since boot. root: "", or a
 * directory that holds another /sys. Returns how many states there are; 0: no
 * cpuidle, and nothing is known; -1 and errno: one of them cannot be read. */
int idle_states(const char *root, int pu, uint64_t *entries);

#endif
