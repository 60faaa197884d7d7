/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run answers to the question of the whole suite, in a few sentences
 * with its own numbers. */
#ifndef HANDOFF_ANSWER_H
#define HANDOFF_ANSWER_H

#include <stddef.h>

#include "claims.h"
#include "summary.h"

enum { ANSWER_SENTENCES = 3, ANSWER_SIZE = 640 };

extern const char answer_question[];

/*
 * Thread against process; what placement is worth; how the copied tables
 * differ. Each is whole whatever a run lacks: it says what was measured and
 * no more, or that nothing was. UTF-8; names in it are the CSV file's own. The
 * number of sentences, from 1.
 */
size_t answer_write(const struct summary *summary,
		    const struct claim_line *claim, size_t claims,
		    char sentence[ANSWER_SENTENCES][ANSWER_SIZE]);

#endif
