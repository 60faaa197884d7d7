/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The claims table, machine beside machine. */
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "compare.h"
#include "die.h"
#include "lookup.h"

#define COPY(to, from) snprintf(to, sizeof(to), "%s", from)

static struct compare_claim *line_for(struct comparison *c,
				      struct lookup *lines,
				      const struct claim_line *line)
{
	size_t i = lookup_add(lines, line->id, line->claim, c->claims);
	struct compare_claim *claim;

	if (i < c->claims)
		return &c->claim[i];
	c->claim = realloc(c->claim, (c->claims + 1) * sizeof(*c->claim));
	if (!c->claim)
		die("out of memory for the claims");
	claim = &c->claim[c->claims++];
	COPY(claim->id, line->id);
	COPY(claim->claim, line->claim);
	COPY(claim->claimed, line->claimed);
	claim->of = calloc(c->groups, sizeof(*claim->of));
	if (!claim->of)
		die("out of memory for the claims");
	for (size_t g = 0; g < c->groups; g++) {
		COPY(claim->of[g].measured, "-");
		COPY(claim->of[g].verdict, "not run");
	}
	return claim;
}

/* A group of several runs is decided by its first. */
void compare_claims(struct comparison *c)
{
	struct lookup lines = { 0 };

	for (size_t g = 0; g < c->groups; g++) {
		const struct compare_run *run = &c->run[c->group[g].run[0]];
		size_t count = 0;
		struct claim_line *line =
			claims_decide(&run->summary, &run->env, &count);

		if (!line)
			die("out of memory for the claims");
		if (c->group[g].runs > 1)
			compare_say(&c->note, &c->notes,
				    "%s: claims are decided by its first run "
				    "alone, %s",
				    c->group[g].label, run->summary.row[0].run);
		for (size_t i = 0; i < count; i++) {
			struct compare_decision *of =
				&line_for(c, &lines, &line[i])->of[g];

			COPY(of->measured, line[i].measured);
			COPY(of->verdict, line[i].verdict);
		}
		free(line);
	}
	lookup_free(&lines);
}
