/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A drawing of the machine that a run was made on, the PUs used marked. */
#ifndef HANDOFF_MACHINE_VIEW_H
#define HANDOFF_MACHINE_VIEW_H

#include <stddef.h>
#include <stdio.h>

/*
 * <figure> of the machine in an XML file of hwloc's: by hwloc's own lstopo
 * where it is installed and marks can be set in what it draws, else as nested
 * boxes. used: OS indices of PUs. 0, or -1 and a line that says so: there is no
 * such file, or hwloc cannot read it.
 */
int machine_view(const char *xml, const int *used, size_t count, FILE *out);

#endif
