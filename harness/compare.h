/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two runs side by side, case by case: ratio, interval, verdict. */
#ifndef HANDOFF_COMPARE_H
#define HANDOFF_COMPARE_H

#include <stdio.h>

struct compare_options {
	const char *a, *b; /* directories of runs */
	double threshold;  /* a difference this small is none: 0.02 */
	int fail_on_slower;
};

/* Prints the comparison to out. An exit code: 0; 1 with fail_on_slower and a
 * case that is; 2 where a run cannot be read. */
int compare_runs(const struct compare_options *options, FILE *out);

#endif
