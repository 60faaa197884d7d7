/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases: every bench × variant × peer × place × parameter, picked by glob. */
#include "cases.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "need.h"
#include "units.h"

struct list {
	struct test_case *item;
	size_t used, room;
	/* of a list of all pairs, which is too long to keep what is not picked;
	 * else NULL */
	const struct case_filter *pairs;
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
	return !strcmp(place->name, "any") ? PLACE_ANY :
	       !strcmp(place->name, "pu")  ? PLACE_ONE_PU :
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

static void decide_status(struct test_case *c)
{
	const struct need *const *need = c->variant->needs;

	if (c->place && !c->place->present) {
		c->status = STATUS_ABSENT;
		snprintf(c->reason, sizeof(c->reason), "%s", c->place->reason);
		return;
	}
	for (; need && *need; need++) {
		bool denied = false;

		if (need_met(*need, c->reason, sizeof(c->reason), &denied)) {
			c->reason[0] = '\0';
			continue;
		}
		c->status = denied ? STATUS_DENIED : STATUS_ABSENT;
		return;
	}
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

static bool picked(const struct test_case *c, const struct case_filter *filter)
{
	bool hit = !filter->pattern_count;

	for (size_t i = 0; i < filter->pattern_count && !hit; i++)
		hit = matches(filter->patterns[i], c->id);
	/* --places and --peers narrow only cases that have one */
	return hit &&
	       (!c->place || cases_all_pairs(filter) ||
		cases_list_names(filter->places, c->place->name)) &&
	       (!c->peer || cases_list_names(filter->peers, case_peer(c))) &&
	       (c->tier == HIDDEN ? filter->hidden :
				    filter->full || c->tier == HEADLINE ||
					    is_exact(c, filter));
}

static void add_case(struct list *list, struct test_case c)
{
	describe_param(&c);
	decide_status(&c);
	snprintf(c.id, sizeof(c.id), "%s/%s/%s/%s/%s", c.bench->name,
		 c.variant->name, case_peer(&c), case_place(&c), c.param);
	if (list->pairs && !picked(&c, list->pairs))
		return;
	if (list->used == list->room) {
		list->room = list->room ? 2 * list->room : 256;
		list->item =
			realloc(list->item, list->room * sizeof(*list->item));
		if (!list->item)
			die("out of memory for the list of cases");
	}
	list->item[list->used++] = c;
}

static void add_values(struct list *list, struct test_case c)
{
	static const uint64_t none[] = { PARAM_NONE, PARAM_END };
	const uint64_t *own = c.variant->values;
	const uint64_t *value = own             ? own :
				c.bench->values ? c.bench->values :
						  none;
	const uint64_t *more = own ? NULL : c.bench->full_values;

	c.tier = c.variant->tier;
	if (c.tier == HEADLINE && c.place &&
	    c.variant->full_places & place_bit(c.place))
		c.tier = FULL;
	for (; *value != PARAM_END; value++) {
		c.value = *value;
		add_case(list, c);
	}
	if (c.tier == HEADLINE)
		c.tier = FULL;
	for (; more && *more != PARAM_END; more++) {
		c.value = *more;
		add_case(list, c);
	}
}

static void add_pairs(struct list *list, struct test_case c)
{
	size_t count;
	const struct place *place = topo_pairs(&count);

	if (!place)
		die("out of memory for all pairs of PUs");
	if (!(c.variant->places & PLACES_TWO_PUS))
		return;
	for (size_t i = 0; i < count; i++) {
		c.place = &place[i];
		add_values(list, c);
	}
}

static void add_places(struct list *list, struct test_case c)
{
	size_t count;
	const struct place *place = topo_places(&count);

	if (list->pairs) {
		add_pairs(list, c);
		return;
	}
	if (c.variant->places == PLACES_NONE) {
		add_values(list, c);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (!(c.variant->places & place_bit(&place[i])))
			continue;
		c.place = &place[i];
		add_values(list, c);
	}
}

/* Whether a pattern may pick cases of a variant, by what stands before the
 * pattern's first wildcard: all pairs of a large machine are too many to try
 * each. */
static bool may_pick(const struct case_filter *filter, const char *bench,
		     const char *variant)
{
	char start[CASE_ID];

	snprintf(start, sizeof(start), "%s/%s/", bench, variant);
	for (size_t i = 0; i < filter->pattern_count; i++) {
		size_t literal = strcspn(filter->patterns[i], "*?[\\");

		if (!strncmp(filter->patterns[i], start,
			     literal < strlen(start) ? literal : strlen(start)))
			return true;
	}
	return !filter->pattern_count;
}

static void add_bench(struct list *list, const struct bench *bench)
{
	static const struct variant only[] = { { .name = "-" },
					       { .name = NULL } };
	const struct variant *v = bench->variants ? bench->variants : only;

	for (; v->name; v++) {
		struct test_case c = { .bench = bench, .variant = v };

		if (list->pairs && !may_pick(list->pairs, bench->name, v->name))
			continue;
		if (!v->peers)
			add_places(list, c);
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1) {
			c.peer = (enum peer)peer;
			if (v->peers & peer)
				add_places(list, c);
		}
	}
}

/* Edits between two strings (Levenshtein 1966), a row at a time. */
static size_t distance(const char *a, const char *b)
{
	size_t row[CASE_ID + 1], width = strnlen(b, CASE_ID);

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; *a; a++, i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t change = diagonal + (*a != b[j - 1]);
			size_t best = row[j] < row[j - 1] ? row[j] : row[j - 1];

			diagonal = row[j];
			row[j] = change < best + 1 ? change : best + 1;
		}
	}
	return row[width];
}

/* Also compares with the id cut to as many parts as the pattern has, so that
 * "roundtrip/pip" is near "roundtrip/pipe". */
static size_t nearness(const char *pattern, const char *id)
{
	char part[CASE_ID];
	size_t slashes = 0, whole = distance(pattern, id), cut;

	for (const char *c = pattern; *c; c++)
		slashes += *c == '/';
	snprintf(part, sizeof(part), "%s", id);
	for (char *c = part; *c; c++)
		if (*c == '/' && !slashes--) {
			*c = '\0';
			break;
		}
	cut = distance(pattern, part);
	return cut < whole ? cut : whole;
}

static void suggest(const struct list *all, const char *pattern, char *err,
		    size_t size)
{
	const char *best[3] = { NULL };
	size_t score[3] = { SIZE_MAX, SIZE_MAX, SIZE_MAX };

	for (size_t i = 0; i < all->used; i++) {
		size_t near = nearness(pattern, all->item[i].id);

		if (all->item[i].tier == HIDDEN)
			continue;
		for (int k = 0; k < 3; k++) {
			if (near >= score[k])
				continue;
			for (int m = 2; m > k; m--) {
				score[m] = score[m - 1];
				best[m] = best[m - 1];
			}
			score[k] = near;
			best[k] = all->item[i].id;
			break;
		}
	}
	snprintf(err, size,
		 "no case matches '%s'; nearest: %s%s%s%s%s "
		 "(handoff list shows all)",
		 pattern, best[0] ? best[0] : "-", best[1] ? ", " : "",
		 best[1] ? best[1] : "", best[2] ? ", " : "",
		 best[2] ? best[2] : "");
}

/* Whether a pattern names pairs of PUs, of which the list of all cases has
 * none. */
static bool names_pairs(const struct case_filter *filter, char *const *pattern)
{
	struct case_filter one = { pattern, 1, filter->places,
				   .hidden = filter->hidden, .full = 1 };
	struct list list = { .pairs = &one };
	size_t benches;
	const struct bench *const *bench = bench_all(&benches);

	for (size_t i = 0; i < benches && !list.used; i++)
		add_bench(&list, bench[i]);
	free(list.item);
	return list.used;
}

/* 0 if every pattern, place and peer of the filter means something. */
static int check_filter(const struct list *all,
			const struct case_filter *filter, char *err,
			size_t size)
{
	size_t count;
	const struct place *place = topo_places(&count);

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
	for (const char *at = filter->places;
	     at && *at && !cases_all_pairs(filter);) {
		size_t span = strcspn(at, ",");
		bool known = false;

		for (size_t i = 0; i < count && !known; i++)
			known = strlen(place[i].name) == span &&
				!strncmp(at, place[i].name, span);
		if (!known) {
			int used = snprintf(err, size,
					    "--places: no place "
					    "'%.*s'; there are:",
					    (int)span, at);

			for (size_t i = 0;
			     i < count && used > 0 && (size_t)used < size; i++)
				used += snprintf(err + used,
						 size - (size_t)used, " %s",
						 place[i].name);
			return -1;
		}
		at += span + (at[span] == ',');
	}
	for (const char *at = filter->peers; at && *at;) {
		size_t span = strcspn(at, ",");

		if (!((span == 6 && !strncmp(at, "thread", 6)) ||
		      (span == 7 && !strncmp(at, "process", 7)))) {
			snprintf(err, size,
				 "--peers: no peer '%.*s'; there "
				 "are: thread process",
				 (int)span, at);
			return -1;
		}
		at += span + (at[span] == ',');
	}
	return 0;
}

struct test_case *cases_select(const struct case_filter *filter, size_t *count,
			       char *err, size_t size)
{
	struct list all = { 0 };
	size_t benches, kept = 0;
	const struct bench *const *bench = bench_all(&benches);

	need_forget();
	for (size_t i = 0; i < benches; i++)
		add_bench(&all, bench[i]);
	if (check_filter(&all, filter, err, size)) {
		free(all.item);
		return NULL;
	}
	if (cases_all_pairs(filter)) {
		free(all.item);
		all = (struct list){ .pairs = filter };
		for (size_t i = 0; i < benches; i++)
			add_bench(&all, bench[i]);
	}
	for (size_t i = 0; i < all.used; i++)
		if (picked(&all.item[i], filter))
			all.item[kept++] = all.item[i];
	if (!kept) {
		snprintf(err, size,
			 "the patterns and filters together pick "
			 "no case%s%s",
			 cases_all_pairs(filter) && topo_pu_count() < 2 ?
				 ": only one PU is allowed" :
				 "",
			 filter->full ? "" : " (some need --full)");
		free(all.item);
		return NULL;
	}
	*count = kept;
	return all.item;
}
