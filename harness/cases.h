/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases: every bench × variant × peer × place × parameter, picked by glob. */
#ifndef HANDOFF_CASES_H
#define HANDOFF_CASES_H

#include <stddef.h>

#include "bench.h"
#include "topo.h"

enum status {
	STATUS_OK,
	STATUS_ABSENT,
	STATUS_DENIED,
	STATUS_FAILED,
	STATUS_TIMEOUT
};
enum { CASE_ID = 128, CASE_REASON = 256 };

/* "ok", "absent", … */
const char *status_name(enum status status);

struct test_case {
	const struct bench *bench;
	const struct variant *variant;
	enum peer peer;
	const struct place *place; /* NULL: "-" */
	uint64_t value;            /* PARAM_NONE: "-" */
	enum tier tier;            /* of the variant, or of the value */
	char param[48];            /* "size=64KiB" or "-" */
	char id[CASE_ID];          /* bench/variant/peer/place/param */
	enum status status;        /* STATUS_OK: can be run */
	char reason[CASE_REASON];
};

/* "thread", "process" or "-"; the place's name or "-". */
const char *case_peer(const struct test_case *c);
const char *case_place(const struct test_case *c);

struct case_filter {
	char *const *patterns; /* globs over ids; a bare bench or bench/variant
				* means all below it */
	size_t pattern_count;  /* 0: everything */
	const char *places;    /* "pu,l3", or NULL: all. "l3": of any kinds of
				* PUs; "pu4-pu12": these two; "all-pairs": every
				* two PUs, both ways round, and nothing else */
	const char *peers;     /* "thread", or NULL: all */
	int hidden;            /* with cases of tier HIDDEN */
	int full;              /* with cases of tier FULL; a pattern that names
				* its case without a wildcard has it anyway */
};

/* The whole matrix of PUs is asked for rather than places by name. */
bool cases_all_pairs(const struct case_filter *filter);

/* Whether a comma-separated list names a word; NULL names all. */
bool cases_list_names(const char *list, const char *word);

/* What is done with a case, which is the callee's only until it returns; not 0
 * ends the walk. */
typedef int case_visit(void *ctx, const struct test_case *c);

/* The same for `count` cases at once, of every ordered pair of PUs: c's id is
 * their common pattern, "bench/variant/peer/pu*-pu*…". */
typedef int case_whole(void *ctx, const struct test_case *c, uint64_t count);

/* More pairs than these are handed over as a whole, where that is asked for. */
enum { CASES_PAIRS_MOST = 4096 };

/*
 * Visits the cases of this machine that a filter picks, in the order of
 * bench/list.h, without making a list of them; those that cannot be run are
 * among them with status and reason. whole: NULL, or what is called instead of
 * visit for more than CASES_PAIRS_MOST pairs that are all picked. What the
 * last visit returned; or -1 and one line in err (and up to three names that
 * are nearest) where a pattern, a place or a peer picks nothing.
 */
int cases_each(const struct case_filter *filter, case_visit *visit,
	       case_whole *whole, void *ctx, char *err, size_t size);

/* How many they are, soon known even of all pairs of many PUs; 0 and err as
 * above. */
uint64_t cases_count(const struct case_filter *filter, char *err, size_t size);

/* The same cases, kept: malloc'd; *count of them. NULL and err as above. */
struct test_case *cases_select(const struct case_filter *filter, size_t *count,
			       char *err, size_t size);

#endif
