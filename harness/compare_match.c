/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places of different machines that are alike, whatever they are called: one
 * PU, one core, the nearest other core, the farthest one. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "die.h"
#include "grow.h"

static const char memory[] = "the comparison";

/* Places as they lie from near to far where env.csv does not tell; of names
 * that end in a number, what comes before it. */
static const char *const near_to_far[] = {
	"pu",      "core",  "l1",   "l2",   "l3",      "l4",     "die",
	"cluster", "group", "node", "book", "package", "drawer", "machine",
};

enum { NEAR_TO_FAR = sizeof(near_to_far) / sizeof(*near_to_far) };

/* "l3:p-e" is an l3 of a kind: how long is what comes before that? */
static size_t base_length(const char *place)
{
	return strcspn(place, ":");
}

static bool is_base(const char *place, const char *base)
{
	return base_length(place) == strlen(base) &&
	       !strncmp(place, base, strlen(base));
}

static bool same_base(const char *a, const char *b)
{
	return base_length(a) == base_length(b) &&
	       !strncmp(a, b, base_length(a));
}

static const char *kind_of(const char *place)
{
	return place + base_length(place);
}

/* "pu4-pu12" */
static bool is_pair(const char *place)
{
	return !strncmp(place, "pu", 2) && isdigit((unsigned char)place[2]);
}

static bool is_level(const char *place)
{
	return strcmp(place, "-") && !is_base(place, "any") && !is_pair(place);
}

/* --------------------------------------------------- a machine's own places */

/* Those that are there, from near to far. */
struct places {
	const char **name;
	size_t count, room;
};

static void add_place(struct places *places, const char *name)
{
	for (size_t i = 0; i < places->count; i++)
		if (!strcmp(places->name[i], name))
			return;
	places->name = grow(places->name, places->count, &places->room,
			    sizeof(*places->name), memory);
	places->name[places->count++] = name;
}

/* As the run recorded them: "topology.place.l3" is "pu 0 pu 1", or "absent:
 * …". */
static void take_recorded(struct places *places, const struct compare_run *run)
{
	static const char prefix[] = "topology.place.";

	for (size_t i = 0; i < run->env.count; i++) {
		const struct env_fact *fact = &run->env.fact[i];
		const char *name = fact->name + strlen(prefix);

		if (!strncmp(fact->name, prefix, strlen(prefix)) &&
		    strncmp(fact->value, "absent", 6) && is_level(name))
			add_place(places, name);
	}
}

static int rank(const char *place)
{
	size_t length = base_length(place);

	for (int i = 0; i < NEAR_TO_FAR; i++)
		if (is_base(place, near_to_far[i]))
			return i;
	while (length && isdigit((unsigned char)place[length - 1]))
		length--;
	for (int i = 0; i < NEAR_TO_FAR; i++)
		if (length == strlen(near_to_far[i]) &&
		    !strncmp(place, near_to_far[i], length))
			return i;
	/* some level of the machine's own */
	return NEAR_TO_FAR - 1;
}

/* Of an older run: those that something was measured at. */
static void take_measured(struct places *places, const struct compare_run *run)
{
	size_t before = places->count;

	for (size_t i = 0; i < run->summary.count; i++) {
		const struct summary_row *row = &run->summary.row[i];

		if (row->ok && is_level(row->place))
			add_place(places, row->place);
	}
	/* a handful: sorted as they are put in, equal ones as they came */
	for (size_t i = before; i < places->count; i++)
		for (size_t k = i;
		     k > 0 && rank(places->name[k - 1]) > rank(places->name[k]);
		     k--) {
			const char *nearer = places->name[k];

			places->name[k] = places->name[k - 1];
			places->name[k - 1] = nearer;
		}
}

static struct places places_of(const struct comparison *c, size_t g)
{
	const struct compare_group *group = &c->group[g];
	struct places places = { NULL, 0, 0 };

	for (size_t i = 0; i < group->runs; i++)
		take_recorded(&places, &c->run[group->run[i]]);
	for (size_t i = 0; !places.count && i < group->runs; i++)
		take_measured(&places, &c->run[group->run[i]]);
	return places;
}

/* --------------------------------------------------------------- classes */

enum { PU, CORE, NEAREST, FARTHEST, CLASSES };
static const char *const class_name[CLASSES] = { "pu", "core", "nearest",
						 "farthest" };

/* The first of a machine's places that are of a class; others of its base
 * follow it, of other kinds. NULL: none. */
static const char *first_of(const struct places *places, int class)
{
	const char *found = NULL;

	for (size_t i = 0; i < places->count; i++) {
		const char *name = places->name[i];
		bool within = is_base(name, "pu") || is_base(name, "core");

		if (class == PU || class == CORE) {
			if (is_base(name, class_name[class]))
				return name;
		} else if (!within && class == NEAREST) {
			return name;
		} else if (!within && (!found || !same_base(found, name))) {
			found = name;
		}
	}
	return found;
}

/* The one of the same class and a kind; NULL: none. */
static const char *of_kind(const struct places *places, int class,
			   const char *kind)
{
	const char *first = first_of(places, class);

	for (size_t i = 0; first && i < places->count; i++)
		if (same_base(places->name[i], first) &&
		    !strcmp(kind_of(places->name[i]), kind))
			return places->name[i];
	return NULL;
}

/* "nearest(l3=package)"; what has one name everywhere that says it all is
 * called by it. */
static void name_class(const struct comparison *c, struct compare_class *class,
		       int of)
{
	bool same = true;
	size_t used;

	for (size_t g = 1; g < c->groups; g++)
		same &= !strcmp(class->place[g], class->place[0]);
	if (same && (of == PU || of == CORE)) {
		snprintf(class->label, sizeof(class->label), "%.100s",
			 class->place[0]);
		return;
	}
	snprintf(class->label, sizeof(class->label), "%s(", class_name[of]);
	for (size_t g = 0; g < (same ? 1 : c->groups); g++) {
		used = strlen(class->label);
		snprintf(class->label + used, sizeof(class->label) - used,
			 "%s%.32s", g ? "=" : "", class->place[g]);
	}
	used = strlen(class->label);
	snprintf(class->label + used, sizeof(class->label) - used, ")");
}

static void add_class(struct comparison *c, int of, const char **place)
{
	struct compare_class *class;

	c->class = realloc(c->class, (c->classes + 1) * sizeof(*c->class));
	if (!c->class)
		die("out of memory for %s", memory);
	class = &c->class[c->classes++];
	class->place = place;
	name_class(c, class, of);
}

/* One place a group, of the class and, unless that is NULL, the kind; NULL: not
 * every group has one. */
static const char **pick(const struct comparison *c,
			 const struct places *places, int class,
			 const char *kind)
{
	const char **place = calloc(c->groups, sizeof(*place));

	if (!place)
		die("out of memory for %s", memory);
	for (size_t g = 0; g < c->groups; g++) {
		place[g] = kind ? of_kind(&places[g], class, kind) :
				  first_of(&places[g], class);
		/* a row that says why there is none is of that name */
		if (!place[g] && !kind && class == CORE)
			place[g] = class_name[class];
		if (!place[g]) {
			free(place);
			return NULL;
		}
	}
	return place;
}

/* "A l3, B package" */
static void list_places(const struct comparison *c, const char **place,
			char *text, size_t size)
{
	text[0] = '\0';
	for (size_t g = 0; g < c->groups; g++) {
		size_t used = strlen(text);

		snprintf(text + used, size - used, "%s%s %s", g ? ", " : "",
			 c->group[g].label, place[g]);
	}
}

/* What is alike of each kind that all have; where no kind is, the first of
 * each, which is not safe. */
static void make_class(struct comparison *c, const struct places *places,
		       int class)
{
	const char *first = first_of(&places[0], class), **place;
	size_t before = c->classes;
	char text[512];

	for (size_t i = 0; first && i < places[0].count; i++) {
		if (!same_base(places[0].name[i], first))
			continue;
		place = pick(c, places, class, kind_of(places[0].name[i]));
		if (place)
			add_class(c, class, place);
	}
	place = c->classes > before ? NULL : pick(c, places, class, NULL);
	if (!place)
		return;
	add_class(c, class, place);
	list_places(c, place, text, sizeof(text));
	for (size_t g = 1; g < c->groups; g++)
		if (strcmp(kind_of(place[g]), kind_of(place[0]))) {
			compare_say(&c->unsafe, &c->unsafes,
				    "the cores of %s are not of one kind: %s",
				    class_name[class], text);
			return;
		}
}

/* Where no machine has a farther one than the nearest, they are one class. */
static bool any_farther(const struct comparison *c, const struct places *places)
{
	for (size_t g = 0; g < c->groups; g++)
		if (!same_base(first_of(&places[g], NEAREST),
			       first_of(&places[g], FARTHEST)))
			return true;
	return false;
}

static void say_classes(struct comparison *c)
{
	for (size_t i = 0; i < c->classes; i++) {
		char text[512];

		/* some are called what they are */
		if (!strchr(c->class[i].label, '('))
			continue;
		list_places(c, c->class[i].place, text, sizeof(text));
		compare_say(&c->note, &c->notes, "%.127s: %s",
			    c->class[i].label, text);
	}
}

static void say_left_out(struct comparison *c, const struct places *places)
{
	for (size_t g = 0; g < c->groups; g++) {
		const char *label[COMPARE_LABELS];
		char text[512] = "";

		for (size_t i = 0; i < places[g].count; i++) {
			size_t used = strlen(text);

			if (compare_labels(c, g, places[g].name[i], label))
				continue;
			snprintf(text + used, sizeof(text) - used, "%s%s",
				 used ? ", " : "", places[g].name[i]);
		}
		if (*text)
			compare_say(&c->note, &c->notes,
				    "left out of %s, for being neither the "
				    "nearest nor the farthest: %s",
				    c->group[g].label, text);
	}
}

void compare_classes(struct comparison *c)
{
	struct places *places = calloc(c->groups, sizeof(*places));

	if (!places)
		die("out of memory for %s", memory);
	for (size_t g = 0; g < c->groups; g++) {
		places[g] = places_of(c, g);
		if (!first_of(&places[g], NEAREST))
			die_usage("--match nearest: nothing was measured of "
				  "%s (%s) between two cores; --match same "
				  "compares what there is",
				  c->group[g].label, c->group[g].name);
	}
	for (int class = PU; class <= NEAREST; class ++)
		make_class(c, places, class);
	if (any_farther(c, places))
		make_class(c, places, FARTHEST);
	say_classes(c);
	say_left_out(c, places);
	for (size_t g = 0; g < c->groups; g++)
		free(places[g].name);
	free(places);
}

size_t compare_labels(const struct comparison *c, size_t group,
		      const char *place, const char *label[COMPARE_LABELS])
{
	size_t count = 0;

	label[0] = place;
	if (c->matching == COMPARE_MATCH_SAME || !is_level(place))
		return 1;
	for (size_t i = 0; i < c->classes && count < COMPARE_LABELS; i++)
		if (!strcmp(c->class[i].place[group], place))
			label[count++] = c->class[i].label;
	return count;
}
