/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The environment variables that set something: HANDOFF_…. */
#ifndef HANDOFF_SETTINGS_H
#define HANDOFF_SETTINGS_H

/* Exits with 2 and one line for a value that would do nothing; warns of a name
 * that does. */
void settings_check(void);

#endif
