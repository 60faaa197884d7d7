/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In which order the values of a swept parameter stand: by size, however a
 * bench lists them. */
#ifndef HANDOFF_PARAM_ORDER_H
#define HANDOFF_PARAM_ORDER_H

#include <stddef.h>

/*
 * Sorts names such as "size=64KiB" or "gap=10us", in place: what has no value
 * ("-", "alone") first; then parameter by parameter, as they first come, each
 * by its value; multiples of all PUs ("pus", "2pus") and what is no number
 * last.
 */
void param_sort(char **name, size_t count);

#endif
