/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases: every bench × variant × peer × place × parameter, picked by glob. */
#include "cases.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "nearest.h"
#include "need.h"
#include "place.h"
#include "units.h"

/* A list of cases that grows. */
struct list {
	struct test_case *item;
	size_t used, room;
	bool pairs; /* of all pairs */
};

/* What a variant's needs came to: looked for once, when the first of its cases
 * is picked. */
struct needed {
	bool known;
	enum status status;
	char reason[CASE_REASON];
};

/* "pu12" */
struct pu_name {
	char text[14];
};

/* One walk over cases: over every pair of PUs that the filter picks, or over
 * all cases of places, picked or not. */
struct walk {
	const struct case_filter *filter;
	bool pairs;
	case_visit *visit;
	case_whole *whole; /* or NULL: each is visited */
	void *ctx;
	const struct place **named; /* pairs of PUs, by --places */
	size_t names, names_room;
	struct pu_name *pu;   /* all that are allowed */
	struct needed needed; /* of the variant at hand */
	struct pairs_of *of;  /* the pairs at hand */
};

const char *status_name(enum status status)
{
	static const char *const name[] = { "ok", "absent", "denied", "failed",
					    "timeout" };

	return name[status];
}

const char *case_peer(const struct test_case *c)
{
	return c->peer == PEER_THREAD  ? "thread" :
	       c->peer == PEER_PROCESS ? "process" :
					 "-";
}

const char *case_place(const struct test_case *c)
{
	return c->place ? c->place->name : "-";
}

bool cases_list_names(const char *list, const char *word)
{
	size_t length = strlen(word);

	if (!list)
		return true;
	for (const char *at = list; *at;) {
		size_t span = strcspn(at, ",");

		if (span == length && !strncmp(at, word, length))
			return true;
		at += span + (at[span] == ',');
	}
	return false;
}

/* Its bit in a mask of places. */
static unsigned place_bit(const struct place *place)
{
	return !strcmp(place->name, "any")                  ? PLACE_ANY :
	       place->pu_a == place->pu_b && place->present ? PLACE_ONE_PU :
	       place_is(place->name, "pu")                  ? PLACE_ONE_PU :
							      PLACES_TWO_PUS;
}

static void describe_param(struct test_case *c)
{
	char value[UNITS_SIZE];

	if (c->value == PARAM_NONE) {
		snprintf(c->param, sizeof(c->param), "-");
		return;
	}
	if (c->value == PARAM_PUS)
		snprintf(value, sizeof(value), "pus");
	else if (c->value == PARAM_TWICE_PUS)
		snprintf(value, sizeof(value), "2pus");
	else if (c->bench->param_is_bytes)
		units_bytes(value, sizeof(value), c->value);
	else if (c->bench->param_is_ns)
		units_duration(value, sizeof(value), c->value);
	else
		snprintf(value, sizeof(value), "%llu",
			 (unsigned long long)c->value);
	snprintf(c->param, sizeof(c->param), "%s=%s", c->bench->param, value);
}

/* Of a variant, whatever the place. */
static void look_for_needs(const struct variant *variant, struct needed *n)
{
	const struct need *const *need = variant->needs;

	*n = (struct needed){ .known = true };
	for (; need && *need; need++) {
		bool denied = false;

		if (need_met(*need, n->reason, sizeof(n->reason), &denied)) {
			n->reason[0] = '\0';
			continue;
		}
		n->status = denied ? STATUS_DENIED : STATUS_ABSENT;
		return;
	}
}

static void decide_status(struct test_case *c, struct needed *n)
{
	if (c->place && !c->place->present) {
		c->status = STATUS_ABSENT;
		snprintf(c->reason, sizeof(c->reason), "%s", c->place->reason);
		return;
	}
	if (!n->known)
		look_for_needs(c->variant, n);
	c->status = n->status;
	memcpy(c->reason, n->reason, sizeof(c->reason));
}

bool cases_all_pairs(const struct case_filter *filter)
{
	return filter->places && !strcmp(filter->places, "all-pairs");
}

/* "roundtrip" and "roundtrip/pipe" mean all below; else a glob over the id. */
static bool matches(const char *pattern, const char *id)
{
	size_t length = strlen(pattern);

	if (!fnmatch(pattern, id, 0))
		return true;
	return !strncmp(pattern, id, length) && id[length] == '/';
}

static bool is_exact(const struct test_case *c,
		     const struct case_filter *filter)
{
	for (size_t i = 0; i < filter->pattern_count; i++)
		if (!strcmp(filter->patterns[i], c->id))
			return true;
	return false;
}

/* Whether --places names a place: "l3" all of its kinds. */
static bool places_name(const char *list, const char *place)
{
	char level[sizeof(((struct place *)NULL)->name)];

	snprintf(level, sizeof(level), "%.*s", (int)strcspn(place, ":"), place);
	return cases_list_names(list, place) || cases_list_names(list, level);
}

static bool picked(const struct test_case *c, const struct case_filter *filter)
{
	bool hit = !filter->pattern_count;

	for (size_t i = 0; i < filter->pattern_count && !hit; i++)
		hit = matches(filter->patterns[i], c->id);
	/* --places and --peers narrow only cases that have one */
	return hit &&
	       (!c->place || cases_all_pairs(filter) ||
		places_name(filter->places, c->place->name)) &&
	       (!c->peer || cases_list_names(filter->peers, case_peer(c))) &&
	       (c->tier == HIDDEN ? filter->hidden :
				    filter->full || c->tier == HEADLINE ||
					    is_exact(c, filter));
}

static int visit_case(struct walk *w, struct test_case c)
{
	describe_param(&c);
	decide_status(&c, &w->needed);
	snprintf(c.id, sizeof(c.id), "%s/%s/%s/%s/%s", c.bench->name,
		 c.variant->name, case_peer(&c), case_place(&c), c.param);
	return w->visit(w->ctx, &c);
}

/* Calls for each value that a case is swept over, with the tier that it has
 * there. */
static int each_value(struct walk *w, struct test_case c,
		      int (*take)(struct walk *w, struct test_case c))
{
	static const uint64_t none[] = { PARAM_NONE, PARAM_END };
	const uint64_t *own = c.variant->values;
	const uint64_t *value = own             ? own :
				c.bench->values ? c.bench->values :
						  none;
	const uint64_t *more = own ? NULL : c.bench->full_values;
	int result = 0;

	c.tier = c.variant->tier;
	if (c.tier == HEADLINE && c.place &&
	    c.variant->full_places & place_bit(c.place))
		c.tier = FULL;
	for (; *value != PARAM_END && !result; value++) {
		c.value = *value;
		result = take(w, c);
	}
	if (c.tier == HEADLINE)
		c.tier = FULL;
	for (; more && *more != PARAM_END && !result; more++) {
		c.value = *more;
		result = take(w, c);
	}
	return result;
}

static int each_place(struct walk *w, struct test_case c)
{
	size_t count;
	const struct place *place = topo_places(&count);
	int result = 0;

	if (c.variant->places == PLACES_NONE)
		return each_value(w, c, visit_case);
	for (size_t i = 0; i < count + w->names && !result; i++) {
		c.place = i < count ? &place[i] : w->named[i - count];
		if (c.variant->places & place_bit(c.place))
			result = each_value(w, c, visit_case);
	}
	return result;
}

/* ------------------------------------------------------------- all pairs */

/* How many of a set of cases a filter picks, whose ids begin and end alike. */
enum extent { NOTHING, SOME, ALL };

/* One value of a case that there is for each pair of PUs. */
struct pairs_value {
	struct test_case c; /* its id begins with `start` */
	enum extent extent, in_row;
	bool wanted;  /* by its tier; else by its whole name alone */
	bool decided; /* c.status */
	char end[CASE_ID], whole[CASE_ID];
	bool *column; /* of those of which some are picked */
};

/* All of one bench, variant and peer. */
struct pairs_of {
	char start[CASE_ID]; /* "bench/variant/peer/" */
	struct pairs_value *value;
	size_t used, room;
};

/* Whether a pattern picks whatever lies between a beginning and an end: by its
 * last star. The name of the whole picks it, too. */
static bool picks_between(const char *pattern, const char *start,
			  const struct pairs_value *v)
{
	const char *star = strrchr(pattern, '*');
	size_t length = strlen(pattern), tail;
	char head[CASE_ID];

	if (!strncmp(pattern, start, length) && start[length] == '/')
		return true;
	if (!strcmp(pattern, v->whole))
		return true;
	if (!star || strpbrk(pattern, "[\\") || strchr(star, '?') ||
	    (size_t)(star - pattern) + 2 > sizeof(head))
		return false;
	tail = strlen(star + 1);
	snprintf(head, sizeof(head), "%.*s", (int)(star + 1 - pattern),
		 pattern);
	return tail <= strlen(v->end) &&
	       !strcmp(v->end + strlen(v->end) - tail, star + 1) &&
	       !fnmatch(head, start, 0);
}

/* Where in a pattern one can be after what was read of an id: at[i] is before
 * its i-th character. */
struct reading {
	const char *pattern;
	size_t length;
	bool at[CASE_ID + 1];
};

/* What one item of a pattern takes, a character or a set in brackets, and
 * where the next begins. Brackets are taken to match anything. */
static bool takes(const char *item, char c, size_t *length)
{
	const char *closed = *item == '[' ? strchr(item, ']') : NULL;

	*length = closed                   ? (size_t)(closed - item) + 1 :
		  *item == '\\' && item[1] ? 2 :
					     1;
	return closed || *item == '?' || *item == '*' ||
	       (*length == 2 ? item[1] : *item) == c;
}

/* A star may match nothing. */
static void pass_stars(struct reading *r)
{
	for (size_t i = 0; i < r->length; i++)
		if (r->at[i] && r->pattern[i] == '*')
			r->at[i + 1] = true;
}

static void read_one_of(struct reading *r, const char *letters)
{
	bool next[CASE_ID + 1] = { false };

	for (size_t i = 0; i < r->length; i++)
		for (const char *c = letters; r->at[i] && *c; c++) {
			size_t length;

			if (!takes(r->pattern + i, *c, &length))
				continue;
			next[r->pattern[i] == '*' ? i : i + length] = true;
		}
	memcpy(r->at, next, sizeof(next));
	pass_stars(r);
}

static void read_text(struct reading *r, const char *text)
{
	for (; *text; text++)
		read_one_of(r, (const char[]){ *text, '\0' });
}

/* Two PUs, or the rest of their names. */
static void read_pus(struct reading *r)
{
	for (bool more = true; more;) {
		struct reading before = *r;

		read_one_of(r, "pu0123456789-");
		more = false;
		for (size_t i = 0; i <= r->length; i++) {
			r->at[i] |= before.at[i];
			more |= r->at[i] != before.at[i];
		}
	}
}

/* Whether a pattern may pick an id that begins and ends so, with PUs in
 * between. It may say yes where none is picked, but not the other way round. */
static bool may_pick(const char *pattern, const char *start, const char *end)
{
	struct reading r = { .pattern = pattern, .length = strlen(pattern) };

	if (r.length > CASE_ID)
		return false;
	if (!pattern[strcspn(pattern, "*?[\\")])
		return !strncmp(pattern, start,
				r.length < strlen(start) ? r.length :
							   strlen(start));
	r.at[0] = true;
	pass_stars(&r);
	read_text(&r, start);
	read_pus(&r);
	read_text(&r, end);
	return r.at[r.length];
}

static enum extent extent_of(const struct case_filter *filter,
			     const char *start, const char *end,
			     const struct pairs_value *v)
{
	bool all = v->wanted && !filter->pattern_count, some = false;

	for (size_t i = 0; i < filter->pattern_count && !all; i++) {
		const char *pattern = filter->patterns[i];

		all = v->wanted && picks_between(pattern, start, v);
		/* what is not wanted is picked by its whole name alone */
		some |= v->wanted ? may_pick(pattern, start, end) :
				    !strncmp(pattern, start, strlen(start));
	}
	return all ? ALL : some ? SOME : NOTHING;
}

/* The PUs that may be second in a pair that is picked. */
static void find_columns(struct walk *w, struct pairs_value *v)
{
	size_t count = topo_pu_count();

	v->column = calloc(count, sizeof(*v->column));
	if (!v->column)
		die("out of memory for all pairs of PUs");
	for (size_t b = 0; b < count; b++) {
		char end[CASE_ID];

		snprintf(end, sizeof(end), "-%s%.100s", w->pu[b].text, v->end);
		v->column[b] =
			extent_of(w->filter, w->of->start, end, v) != NOTHING;
	}
}

static int keep_value(struct walk *w, struct test_case c)
{
	struct pairs_of *of = w->of;
	struct pairs_value *v;

	if (c.tier == HIDDEN && !w->filter->hidden)
		return 0;
	of->value = grow(of->value, of->used, &of->room, sizeof(*of->value),
			 "all pairs of PUs");
	v = &of->value[of->used];
	describe_param(&c);
	*v = (struct pairs_value){
		.c = c,
		.wanted = c.tier == HIDDEN || c.tier == HEADLINE ||
			  w->filter->full,
	};
	memcpy(v->c.id, of->start, sizeof(of->start));
	snprintf(v->end, sizeof(v->end), "/%s", c.param);
	snprintf(v->whole, sizeof(v->whole), "%.70spu*-pu*%.49s", of->start,
		 v->end);
	v->extent = extent_of(w->filter, of->start, v->end, v);
	if (v->extent == SOME)
		find_columns(w, v);
	of->used += v->extent != NOTHING;
	return 0;
}

static void decide_pairs(struct walk *w, struct pairs_value *v)
{
	if (!v->decided)
		decide_status(&v->c, &w->needed);
	v->decided = true;
}

/* All values of one pair, whose second PU is the b-th. Ids are put together by
 * hand: there may be millions. */
static int visit_pair(struct walk *w, const struct place *place, size_t b)
{
	size_t start = strlen(w->of->start), pair = strlen(place->name);
	int result = 0;

	for (size_t i = 0; i < w->of->used && !result; i++) {
		struct pairs_value *v = &w->of->value[i];

		if (v->in_row == NOTHING ||
		    (v->in_row == SOME && !v->column[b]))
			continue;
		v->c.place = place;
		memcpy(v->c.id + start, place->name, pair);
		memcpy(v->c.id + start + pair, v->end, strlen(v->end) + 1);
		if (v->in_row == SOME && !picked(&v->c, w->filter))
			continue;
		decide_pairs(w, v);
		result = w->visit(w->ctx, &v->c);
	}
	return result;
}

/* All pairs whose first PU is the a-th. */
static int visit_row(struct walk *w, size_t a)
{
	struct place place = { .present = true, .pu_a = topo_pu(a) };
	char start[CASE_ID];
	bool any = false;
	int result = 0, length;

	snprintf(start, sizeof(start), "%.90s%s-", w->of->start, w->pu[a].text);
	for (size_t i = 0; i < w->of->used; i++) {
		struct pairs_value *v = &w->of->value[i];

		v->in_row = v->extent == SOME ?
				    extent_of(w->filter, start, v->end, v) :
				    v->extent;
		any |= v->in_row != NOTHING;
	}
	length = snprintf(place.name, sizeof(place.name), "%s-", w->pu[a].text);
	for (size_t b = 0; any && b < topo_pu_count() && !result; b++) {
		if (a == b)
			continue;
		place.pu_b = topo_pu(b);
		memcpy(place.name + length, w->pu[b].text,
		       sizeof(w->pu[b].text));
		result = visit_pair(w, &place, b);
	}
	return result;
}

/* What is picked whole is handed over as such, if that is asked for. */
static int visit_whole(struct walk *w, struct pairs_value *v)
{
	uint64_t pus = topo_pu_count();

	if (!w->whole || v->extent != ALL ||
	    pus * (pus - 1) <= CASES_PAIRS_MOST)
		return 0;
	v->extent = NOTHING;
	memcpy(v->c.id, v->whole, sizeof(v->whole));
	decide_pairs(w, v);
	return w->whole(w->ctx, &v->c, pus * (pus - 1));
}

static int each_pair(struct walk *w, struct test_case c)
{
	static const struct place some = { .name = "pu*-pu*",
					   .present = true,
					   .pu_a = TOPO_NO_PU,
					   .pu_b = TOPO_ANY_PU };
	struct pairs_of of = { 0 };
	int result = 0;

	if (!(c.variant->places & PLACES_TWO_PUS) ||
	    (c.peer && !cases_list_names(w->filter->peers, case_peer(&c))))
		return 0;
	snprintf(of.start, sizeof(of.start), "%s/%s/%s/", c.bench->name,
		 c.variant->name, case_peer(&c));
	c.place = &some;
	w->of = &of;
	each_value(w, c, keep_value);
	for (size_t i = 0; i < of.used && !result; i++)
		result = visit_whole(w, &of.value[i]);
	for (size_t a = 0; a < topo_pu_count() && of.used && !result; a++)
		result = visit_row(w, a);
	for (size_t i = 0; i < of.used; i++)
		free(of.value[i].column);
	free(of.value);
	w->of = NULL;
	return result;
}

static int walk_bench(struct walk *w, const struct bench *bench)
{
	static const struct variant only[] = { { .name = "-" },
					       { .name = NULL } };
	const struct variant *v = bench->variants ? bench->variants : only;
	int (*each)(struct walk * w, struct test_case c) =
		w->pairs ? each_pair : each_place;
	int result = 0;

	for (; v->name && !result; v++) {
		struct test_case c = { .bench = bench, .variant = v };

		w->needed.known = false;
		if (!v->peers)
			result = each(w, c);
		for (unsigned peer = PEER_THREAD;
		     peer <= PEER_PROCESS && !result; peer <<= 1) {
			c.peer = (enum peer)peer;
			if (v->peers & peer)
				result = each(w, c);
		}
	}
	return result;
}

static int walk_all(struct walk *w)
{
	size_t benches;
	const struct bench *const *bench = bench_all(&benches);
	int result = 0;

	w->pu = calloc(topo_pu_count(), sizeof(*w->pu));
	if (!w->pu)
		die("out of memory for the names of PUs");
	for (size_t i = 0; i < topo_pu_count(); i++)
		snprintf(w->pu[i].text, sizeof(w->pu[i].text), "pu%d",
			 topo_pu(i));
	for (size_t i = 0; i < benches && !result; i++)
		result = walk_bench(w, bench[i]);
	free(w->pu);
	return result;
}

/* ---------------------------------------------------------- suggestions */

/* How far a part of a pattern is from a part of an id: nothing if it matches,
 * hardly if it is within it. */
static size_t part_distance(const char *pattern, const char *part)
{
	size_t edits;

	if (!fnmatch(pattern, part, 0))
		return 0;
	edits = nearest_distance(pattern, part);
	return edits > 1 && pattern[0] && strstr(part, pattern) ? 1 : edits;
}

enum { PARTS = 5 }; /* of an id */

/* Splits a text at its first slashes; how many parts there are. */
static size_t split(char *text, char *part[PARTS])
{
	size_t n = 0;

	for (part[n++] = text; n < PARTS; n++) {
		part[n] = strchr(part[n - 1], '/');
		if (!part[n])
			break;
		*part[n]++ = '\0';
	}
	return n;
}

/*
 * How far an id is from a pattern, part by part, and in `shown` as much of it
 * as the pattern has of parts: a bench, or bench/variant, picks all below it.
 * A pattern of one part may be a variant without its bench.
 */
static size_t nearness(const char *pattern, const char *id, char *shown,
		       size_t size)
{
	char ours[CASE_ID], theirs[CASE_ID], *our[PARTS], *their[PARTS];
	size_t parts, near = 0, used = 0, variant = SIZE_MAX, there;

	snprintf(ours, sizeof(ours), "%s", pattern);
	snprintf(theirs, sizeof(theirs), "%s", id);
	parts = split(ours, our);
	there = split(theirs, their); /* five: it is an id */
	if (parts > there)
		parts = there;
	/* a bench/variant picks the same with a star behind it */
	while (parts > 1 && !strcmp(our[parts - 1], "*"))
		parts--;
	for (size_t i = 0; i < parts; i++)
		near += part_distance(our[i], their[i]);
	near *= 2;
	if (parts == 1) /* a bench as near goes first */
		variant = 2 * part_distance(our[0], their[1]) + 1;
	shown[0] = '\0';
	for (size_t i = 0; i < (variant < near ? 2 : parts) && used < size; i++)
		used += (size_t)snprintf(shown + used, size - used, "%s%s",
					 i ? "/" : "", their[i]);
	return variant < near ? variant : near;
}

enum { SUGGESTIONS = 3 };
static const size_t further = 2; /* half edits */

/* The nearest so far, and how near each is. */
struct nearest {
	char text[SUGGESTIONS][CASE_ID];
	size_t score[SUGGESTIONS];
	int used;
};

static void consider(struct nearest *n, const char *text, size_t score)
{
	int at = n->used;

	for (int i = 0; i < n->used; i++)
		if (!strcmp(n->text[i], text))
			return;
	while (at && score < n->score[at - 1])
		at--;
	if (at == SUGGESTIONS)
		return;
	n->used += n->used < SUGGESTIONS;
	for (int i = n->used - 1; i > at; i--) {
		memcpy(n->text[i], n->text[i - 1], sizeof(n->text[i]));
		n->score[i] = n->score[i - 1];
	}
	snprintf(n->text[at], sizeof(n->text[at]), "%s", text);
	n->score[at] = score;
}

/* Nothing that is hidden, or at a place that the machine lacks. */
static void suggest(const struct list *all, const char *pattern, char *err,
		    size_t size)
{
	struct nearest nearest = { .used = 0 };

	for (size_t i = 0; i < all->used; i++) {
		const struct test_case *c = &all->item[i];
		char text[CASE_ID];
		size_t score;

		if (c->tier == HIDDEN || (c->place && !c->place->present))
			continue;
		score = nearness(pattern, c->id, text, sizeof(text));
		consider(&nearest, text, score);
	}
	/* what is much further than the nearest is no help */
	while (nearest.used > 1 &&
	       nearest.score[nearest.used - 1] > nearest.score[0] + further)
		nearest.used--;
	snprintf(err, size,
		 "no case matches '%s'; nearest: %s%s%s%s%s "
		 "(handoff list shows all)",
		 pattern, nearest.used ? nearest.text[0] : "-",
		 nearest.used > 1 ? ", " : "",
		 nearest.used > 1 ? nearest.text[1] : "",
		 nearest.used > 2 ? ", " : "",
		 nearest.used > 2 ? nearest.text[2] : "");
}

/* -------------------------------------------------------------- filters */

/* One word of --places. */
static int check_place(struct walk *w, const char *word, char *err, size_t size)
{
	size_t count;
	const struct place *place = topo_places(&count), *pair;
	char allowed[128];
	int pu_a, pu_b, used;

	for (size_t i = 0; i < count; i++)
		if (place_is(place[i].name, word))
			return 0;
	if (place_parse_pair(word, &pu_a, &pu_b)) {
		pair = topo_pair(pu_a, pu_b);
		topo_allowed(allowed, sizeof(allowed));
		if (!pair) {
			snprintf(err, size,
				 "--places: %s is no pair of two allowed PUs; "
				 "allowed are %s",
				 word, allowed);
			return -1;
		}
		for (size_t i = 0; i < w->names; i++)
			if (w->named[i] == pair)
				return 0;
		w->named = grow(w->named, w->names, &w->names_room,
				sizeof(struct place *), "pairs of PUs");
		w->named[w->names++] = pair;
		return 0;
	}
	used = snprintf(err, size, "--places: no place '%s'; there are:", word);
	for (size_t i = 0; i < count && used > 0 && (size_t)used < size; i++)
		used += snprintf(err + used, size - (size_t)used, " %s",
				 place[i].name);
	if (used > 0 && (size_t)used < size)
		snprintf(err + used, size - (size_t)used,
			 "; two PUs, such as pu0-pu1; or all-pairs alone");
	return -1;
}

static int check_peer(struct walk *w, const char *word, char *err, size_t size)
{
	(void)w;
	if (!strcmp(word, "thread") || !strcmp(word, "process"))
		return 0;
	snprintf(err, size, "--peers: no peer '%s'; there are: thread process",
		 word);
	return -1;
}

/* Each word of a comma-separated list, which may end in a comma. */
static int each_word(struct walk *w, const char *list,
		     int (*check)(struct walk *w, const char *word, char *err,
				  size_t size),
		     char *err, size_t size)
{
	for (const char *at = list; at && *at;) {
		size_t span = strcspn(at, ",");
		char word[64];

		snprintf(word, sizeof(word), "%.*s", (int)span, at);
		if (check(w, word, err, size))
			return -1;
		at += span + (at[span] == ',');
	}
	return 0;
}

static int add_to_list(void *ctx, const struct test_case *c)
{
	struct list *list = ctx;

	list->item = grow(list->item, list->used, &list->room,
			  sizeof(*list->item), "the list of cases");
	list->item[list->used++] = *c;
	return 0;
}

static int stop_at_once(void *ctx, const struct test_case *c)
{
	(void)ctx;
	(void)c;
	return 1;
}

static int stop_at_all(void *ctx, const struct test_case *c, uint64_t count)
{
	(void)ctx;
	(void)c;
	(void)count;
	return 1;
}

/* Whether a pattern names pairs of PUs, of which the list of all cases has
 * none. */
static bool names_pairs(const struct case_filter *filter, char *const *pattern)
{
	struct case_filter one = { pattern, 1, filter->places,
				   .hidden = filter->hidden, .full = 1 };
	struct walk walk = { .filter = &one,
			     .pairs = true,
			     .visit = stop_at_once,
			     .whole = stop_at_all };

	return walk_all(&walk) != 0;
}

static int check_patterns(const struct list *all,
			  const struct case_filter *filter, char *err,
			  size_t size)
{
	for (size_t p = 0; p < filter->pattern_count; p++) {
		bool hit = false;

		for (size_t i = 0; i < all->used && !hit; i++)
			hit = matches(filter->patterns[p], all->item[i].id) &&
			      (filter->hidden || all->item[i].tier != HIDDEN);
		if (!hit && !(cases_all_pairs(filter) &&
			      names_pairs(filter, &filter->patterns[p]))) {
			suggest(all, filter->patterns[p], err, size);
			return -1;
		}
	}
	return 0;
}

/* Lists all cases of places, picked or not; 0 if every pattern, place and peer
 * of the filter means something. */
static int list_all(const struct case_filter *filter, struct list *all,
		    char *err, size_t size)
{
	struct walk walk = { .filter = filter,
			     .visit = add_to_list,
			     .ctx = all };
	int result;

	*all = (struct list){ 0 };
	result = (!cases_all_pairs(filter) &&
		  each_word(&walk, filter->places, check_place, err, size)) ||
		 each_word(&walk, filter->peers, check_peer, err, size);
	if (!result) {
		walk_all(&walk);
		result = check_patterns(all, filter, err, size);
	}
	free(walk.named);
	return result ? -1 : 0;
}

/* ---------------------------------------------------------- the cases */

/* Hands cases on, and knows whether there were any. */
struct passing {
	case_visit *visit;
	case_whole *whole;
	void *ctx;
	bool any;
};

static int pass_case(void *ctx, const struct test_case *c)
{
	struct passing *p = ctx;

	p->any = true;
	return p->visit(p->ctx, c);
}

static int pass_whole(void *ctx, const struct test_case *c, uint64_t count)
{
	struct passing *p = ctx;

	p->any = true;
	return p->whole(p->ctx, c, count);
}

int cases_each(const struct case_filter *filter, case_visit *visit,
	       case_whole *whole, void *ctx, char *err, size_t size)
{
	struct passing passing = { visit, whole, ctx, false };
	struct list all;
	int result = 0;

	need_forget();
	if (list_all(filter, &all, err, size)) {
		free(all.item);
		return -1;
	}
	if (cases_all_pairs(filter)) {
		struct walk walk = { .filter = filter,
				     .pairs = true,
				     .visit = pass_case,
				     .whole = whole ? pass_whole : NULL,
				     .ctx = &passing };

		result = walk_all(&walk);
	} else {
		for (size_t i = 0; i < all.used && !result; i++)
			if (picked(&all.item[i], filter))
				result = pass_case(&passing, &all.item[i]);
	}
	free(all.item);
	if (passing.any)
		return result;
	snprintf(err, size,
		 "the patterns and filters together pick "
		 "no case%s%s",
		 cases_all_pairs(filter) && topo_pu_count() < 2 ?
			 ": only one PU is allowed" :
			 "",
		 filter->full ? "" : " (some need --full)");
	return -1;
}

static int count_case(void *ctx, const struct test_case *c)
{
	uint64_t *count = ctx;

	(void)c;
	++*count;
	return 0;
}

static int count_whole(void *ctx, const struct test_case *c, uint64_t cases)
{
	uint64_t *count = ctx;

	(void)c;
	*count += cases;
	return 0;
}

uint64_t cases_count(const struct case_filter *filter, char *err, size_t size)
{
	uint64_t count = 0;

	return cases_each(filter, count_case, count_whole, &count, err, size) ?
		       0 :
		       count;
}

/* A pair's place lasts only as long as it is visited. */
static int keep_case(void *ctx, const struct test_case *c)
{
	struct list *list = ctx;

	add_to_list(list, c);
	if (c->place && list->pairs)
		list->item[list->used - 1].place =
			topo_pair(c->place->pu_a, c->place->pu_b);
	return 0;
}

struct test_case *cases_select(const struct case_filter *filter, size_t *count,
			       char *err, size_t size)
{
	struct list list = { .pairs = cases_all_pairs(filter) };

	if (cases_each(filter, keep_case, NULL, &list, err, size)) {
		free(list.item);
		return NULL;
	}
	*count = list.used;
	return list.item;
}
