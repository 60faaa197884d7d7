/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fields of a run's CSV files may hold. */
#ifndef HANDOFF_FIELD_RULE_H
#define HANDOFF_FIELD_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "csv.h"

enum field_kind {
	FIELD_NUMBER,
	FIELD_AMOUNT, /* a number, 0 or more */
	FIELD_WHOLE,  /* a whole number, 0 or more */
	FIELD_FLAG,   /* 0 or 1 */
	FIELD_SHARE,  /* 0 to 1 */
	FIELD_WORD,   /* a unit: letters, digits and %/._- */
};

struct field_rule {
	const char *column;
	enum field_kind kind;
	bool may_be_empty;
};

/* What to do about a file that is not as a run writes it. */
#define FIELD_ADVICE "give the file as handoff wrote it"

/* Where each rule's column is; -1: the file has none, and the rule does not
 * apply. */
void field_rules_find(const struct csv_in *in, const struct field_rule *rule,
		      int *at, size_t rules);

/* Whether the row last read keeps the rules: 0, or -1 and an error of `in`. */
int field_rules_check(struct csv_in *in, const struct field_rule *rule,
		      const int *at, size_t rules);

/* Whether a text is a FIELD_WORD. */
bool field_is_word(const char *text);

#endif
