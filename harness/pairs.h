/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places that are pairs of PUs (pu0-pu4, of `--places all-pairs`): the matrix
 * of a bench's rows, PUs that are near each other side by side. */
#ifndef HANDOFF_PAIRS_H
#define HANDOFF_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "env_file.h"
#include "summary.h"

/* Whether a place is a pair; its PUs' numbers into *a, which drives, and *b,
 * which answers (either may be NULL). */
bool pairs_is(const char *place, int *a, int *b);

/* Where a PU is, by hwloc's logical numbers; -1: not known. */
struct pairs_pu {
	int pu, package, node, core;
};

/* What the two of a pair have in common, nearest first. */
enum pairs_near {
	PAIRS_CORE,
	PAIRS_NODE,
	PAIRS_PACKAGE,
	PAIRS_MACHINE,
	PAIRS_UNKNOWN,
	PAIRS_NEARS
};
extern const char *const pairs_near_name[PAIRS_NEARS];
enum pairs_near pairs_near(const struct pairs_pu *a, const struct pairs_pu *b);

/* A pair's row: the indices of its PUs in struct pairs. */
struct pairs_row {
	size_t a, b;
	const struct summary_row *row;
};

/* The rows of one variant, peer and parameter, in the summary's order. */
struct pairs_series {
	const char *variant, *peer, *param;
	struct pairs_row *pair;
	size_t pairs, room;
};

struct pairs {
	struct pairs_pu *pu; /* by package, node, core and number */
	size_t pus;
	struct pairs_series *series; /* in the summary's order */
	size_t count;
};

/* All that a summary has of a bench's metric between pairs, less what is
 * absent. env says where PUs are. Nothing: no series. */
void pairs_read(struct pairs *pairs, const struct summary *summary,
		const struct env_file *env, const char *bench,
		const char *metric);
/* The summary less its pairs, for what is about places. Its texts are the
 * summary's; free rest->row alone. There is room for a row even where none is
 * left. */
void pairs_without(const struct summary *summary, struct summary *rest);

void pairs_free(struct pairs *pairs);

#endif
