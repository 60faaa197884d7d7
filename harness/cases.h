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
	const char *places;    /* "pu,l3", or NULL: all; "all-pairs": every two
				* PUs, both ways round, and nothing else */
	const char *peers;     /* "thread", or NULL: all */
	int hidden;            /* with cases of tier HIDDEN */
	int full;              /* with cases of tier FULL; a pattern that names
				* its case without a wildcard has it anyway */
};

/* The whole matrix of PUs is asked for rather than places by name. */
bool cases_all_pairs(const struct case_filter *filter);

/* Whether a comma-separated list names a word; NULL names all. */
bool cases_list_names(const char *list, const char *word);

/*
 * The cases of this machine that a filter picks, in the order of bench/list.h;
 * those that cannot be run are among them with status and reason. Malloc'd;
 * *count of them. NULL and one line in err (and up to three ids that are
 * nearest) where a pattern, a place or a peer picks nothing.
 */
struct test_case *cases_select(const struct case_filter *filter, size_t *count,
			       char *err, size_t size);

#endif
