/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The claims table, machine beside machine. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "compare.h"
#include "die.h"
#include "lookup.h"
#include "pool_run.h"

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

/* The runs of a group put together; false: they cannot be. */
static bool pool_group(const struct comparison *c,
		       const struct compare_group *group, struct pool_run *pool)
{
	char **path = calloc(group->runs, sizeof(*path));
	char err[PATH_MAX + 512];
	bool whole = true;

	if (!path)
		die("out of memory for the claims");
	for (size_t i = 0; i < group->runs; i++) {
		const struct compare_run *run = &c->run[group->run[i]];

		whole &= run->has_series;
		path[i] = (char *)(uintptr_t)run->path;
	}
	whole = whole &&
		!pool_run_read(pool, path, group->runs, err, sizeof(err));
	free(path);
	return whole;
}

/* A group of several runs is decided by all of them, or by its first where they
 * cannot be pooled. NULL: no memory. */
static struct claim_line *decide_group(struct comparison *c,
				       const struct compare_group *group,
				       size_t *count)
{
	const struct compare_run *run = &c->run[group->run[0]];
	struct claim_line *line;
	struct pool_run pool;

	if (group->runs > 1 && pool_group(c, group, &pool)) {
		compare_say(&c->note, &c->notes,
			    "%s: claims are decided by its %zu runs, pooled",
			    group->label, group->runs);
		line = claims_decide(&pool.summary, &pool.env, count);
		pool_run_free(&pool);
		return line;
	}
	if (group->runs > 1)
		compare_say(&c->note, &c->notes,
			    "%s: claims are decided by its first run alone, %s",
			    group->label, run->summary.row[0].run);
	return claims_decide(&run->summary, &run->env, count);
}

void compare_claims(struct comparison *c)
{
	struct lookup lines = { 0 };

	for (size_t g = 0; g < c->groups; g++) {
		size_t count = 0;
		struct claim_line *line = decide_group(c, &c->group[g], &count);

		if (!line)
			die("out of memory for the claims");
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
