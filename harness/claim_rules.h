/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules that decide claims: from a run's rows to a line of the table. */
#ifndef HANDOFF_CLAIM_RULES_H
#define HANDOFF_CLAIM_RULES_H

#include <stddef.h>

#include "claims.h"

/* The lines decided so far, and what from. */
struct decisions {
	struct claim_line *line;
	size_t used, room;
	const struct summary *summary;
	const struct env_file *env;
};

struct claim;

/* Adds the lines of a claim; 0, or -1: no memory. */
typedef int claim_rule(struct decisions *d, const struct claim *c);

/* A row of the one table that says what is claimed, of which cases, and by what
 * rule it is decided. */
struct claim {
	const char *id, *claim, *claimed;
	const char *cases; /* a glob over case ids */
	const char *metric;
	double factor; /* what is measured × factor is what is claimed */
	double low, high;
	struct summary_other to; /* all NULL: no ratio */
	claim_rule *rule;        /* NULL: claim_range */
};

/* A line for each case: the metric, times the factor, held against low … high;
 * or the ratio of it to the same metric of the case that `to` makes of its id.
 * Where no case has it, one line says why. */
claim_rule claim_range;
/* The metric rises with the bytes of the parameter, by the 95 % interval of a
 * line through all cases and by those of its ends. */
claim_rule claim_slope;
/* With 32 missing stores outstanding, the exchange costs at least three times
 * what it costs with none, and the plain store rises by less than a tenth of
 * that, all by the near ends of the intervals. */
claim_rule claim_drains;
/* A litmus test on several PUs: low above 0: its weak outcome must be seen;
 * else it must not, while its control shows that it would have been. */
claim_rule claim_reordering;
/* A range, on several PUs: on one nothing runs in parallel, whatever it is. */
claim_rule claim_parallel;
/* The smallest crew that none surpasses by a tenth is how many are worth it: as
 * many as there are PUs, where more were tried. Intervals tell which crews it
 * may be, and it holds or differs where it does for each of them. */
claim_rule claim_crews;
/* Linux 6.6 replaced CFS by EEVDF. */
claim_rule claim_scheduler;

/* Which architectures name the variants of a bench in their own way: x86-64,
 * aarch64, riscv64. */
enum { CLAIM_ARCHITECTURES = 3 };

/* What a bench's variant of x86-64, as claims name it, is on another; NULL: it
 * has none, or the variant has one name everywhere. */
const char *claim_variant(const char *bench, const char *variant,
			  int architecture);

/* Notes that a line rests on a row, and what the row's flags say against it. */
void claim_doubt(struct claim_line *line, const struct summary_row *row);

/* A line of which no number is known yet; NULL: no memory. */
struct claim_line *decisions_add(struct decisions *d, const char *id,
				 const char *claim, const char *claimed);

#endif
