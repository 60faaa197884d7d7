/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fields of a run's CSV files may hold. */
#include "field_rule.h"

#include <math.h>
#include <string.h>

bool field_is_word(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789%/._-";
	enum { LONGEST = 31 };
	size_t n = strlen(text);

	return n && n <= LONGEST && strspn(text, allowed) == n;
}

void field_rules_find(const struct csv_in *in, const struct field_rule *rule,
		      int *at, size_t rules)
{
	for (size_t i = 0; i < rules; i++)
		at[i] = csv_column(in, rule[i].column);
}

static bool keeps(enum field_kind kind, double value)
{
	switch (kind) {
	case FIELD_AMOUNT:
		return value >= 0;
	case FIELD_WHOLE:
		return value >= 0 && value == floor(value);
	case FIELD_FLAG:
		return value == 0 || value == 1;
	case FIELD_SHARE:
		return value >= 0 && value <= 1;
	default:
		return true;
	}
}

static int check(struct csv_in *in, const struct field_rule *rule, int column)
{
	static const char *const what[] = {
		[FIELD_NUMBER] = "a number",
		[FIELD_AMOUNT] = "a number from 0 on",
		[FIELD_WHOLE] = "a whole number from 0 on",
		[FIELD_FLAG] = "0 or 1",
		[FIELD_SHARE] = "a number from 0 to 1",
		[FIELD_WORD] = "a word of letters, digits and %/._-",
	};
	const char *text = csv_field(in, column);
	bool good;

	if (!*text && rule->may_be_empty)
		return 0;
	if (!*text)
		good = false;
	else if (rule->kind == FIELD_WORD)
		good = field_is_word(text);
	else
		good = keeps(rule->kind, csv_field_num(in, column));
	/* of text where a number should be csv_field_num() has spoken */
	return good && !csv_error(in) ?
		       0 :
		       csv_refuse(
			       in,
			       "%s is '%.40s', and should be %s; " FIELD_ADVICE,
			       rule->column, text, what[rule->kind]);
}

int field_rules_check(struct csv_in *in, const struct field_rule *rule,
		      const int *at, size_t rules)
{
	for (size_t i = 0; i < rules; i++)
		if (at[i] >= 0 && check(in, &rule[i], at[i]))
			return -1;
	return 0;
}
