/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The claims of widely copied tables, and the rules that decide them from a
 * run's rows. */
#ifndef HANDOFF_CLAIMS_H
#define HANDOFF_CLAIMS_H

#include <stddef.h>

#include "summary.h"

/* One line of the claims table. */
struct claim_line {
	char id[24];        /* "copy-count" */
	char claim[96];     /* "copies of a message, worker" */
	char claimed[32];   /* "1" */
	char measured[160]; /* "1.00 [1.00, 1.00]" or "-" */
	char verdict[200];  /* holds, differs, cannot tell, not run: why */
	char basis[128];    /* the case and metric, or the glob */
};

/* All lines; malloc'd, *count of them; NULL: no memory. */
struct claim_line *claims_decide(const struct summary *summary, size_t *count);

/* How verdicts come about, as Markdown. */
extern const char claims_rules[];

#endif
