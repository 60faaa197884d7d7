/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What disturbed a run, in one sentence for its readers. */
#ifndef HANDOFF_NOISE_TEXT_H
#define HANDOFF_NOISE_TEXT_H

#include <stddef.h>

#include "env_file.h"
#include "summary.h"

enum { NOISE_TEXT = 640 };

/*
 * How many rows are flagged `disturbed` or `unwatched`, and why, by the facts
 * noise.… of env.csv. Into buf, which is returned; "": nothing disturbed the
 * run, or it is older than these facts.
 */
char *noise_text(const struct summary *summary, const struct env_file *env,
		 char *buf, size_t size);

#endif
