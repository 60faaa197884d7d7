/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine's shape: which PUs this process may use, what pairs of them
 * share, and binding to them. The one module that knows hwloc. */
#include "topo.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <hwloc.h>
#include <math.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"
#include "files.h"
#include "grow.h"
#include "refusal.h"
#include "whole.h"

/* A level at which PUs meet: objects of one name and depth. */
struct level {
	char name[16]; /* without the kinds of PUs */
	int depth;     /* hwloc's: 0 is the machine */
	int group;     /* hwloc's depth among groups, or -1 */
	int *pu;       /* of each pair of kinds two PUs, or TOPO_NO_PU */
};

static hwloc_topology_t topology;
static hwloc_bitmap_t allowed;
static int *allowed_pu; /* those in `allowed` */
static size_t pu_count;
static struct topo_kind *kinds; /* fastest first; none: all PUs are alike */
static hwloc_bitmap_t *kind_pus;
static size_t kind_count;
static struct level *levels;
static size_t level_count, level_room;
static struct place *places;
static size_t place_count, place_room;
static void *pairs; /* of topo_pair(): a tree of struct place */
static bool this_system;

/* The places every machine is asked for, from near to far. */
static const struct {
	const char *name, *lacking;
} standard[] = {
	{ "pu", "no PU is allowed" },
	{ "core", "no two allowed PUs share just a core (no SMT siblings)" },
	{ "l2", "no two allowed PUs share an L2 cache across cores" },
	{ "l3", "no two allowed PUs share an L3 cache and nothing closer" },
	{ "node", "no two allowed PUs meet first at a NUMA node" },
	{ "package", "no two allowed PUs meet first at a package" },
	{ "machine", "no two allowed PUs meet only at the machine" },
};

enum { STANDARD = sizeof(standard) / sizeof(*standard) };

static void *zeroed(size_t count, size_t size)
{
	void *array = calloc(count ? count : 1, size);

	if (!array)
		die("out of memory for the topology");
	return array;
}

/* --------------------------------------------------------- kinds of PUs */

static hwloc_bitmap_t new_bitmap(void)
{
	hwloc_bitmap_t bitmap = hwloc_bitmap_alloc();

	if (!bitmap)
		die("out of memory for the topology");
	return bitmap;
}

static const char *info_of(struct hwloc_info_s *info, unsigned infos,
			   const char *name)
{
	for (unsigned i = 0; i < infos; i++)
		if (!strcmp(info[i].name, name))
			return info[i].value;
	return NULL;
}

/* What makes a kind faster than another, the first that both have and differ
 * in: hwloc's own ranking, then what the kernel says of it. */
enum { RANKS = 4 };
static void rank_kind(double rank[RANKS], int efficiency,
		      struct hwloc_info_s *info, unsigned infos)
{
	const char *type = info_of(info, infos, "CoreType"),
		   *capacity = info_of(info, infos, "LinuxCapacity"),
		   *most = info_of(info, infos, "FrequencyMaxMHz");

	rank[0] = efficiency < 0 ? NAN : efficiency;
	rank[1] = !type                      ? NAN :
		  !strcmp(type, "IntelAtom") ? 0 :
		  !strcmp(type, "IntelCore") ? 1 :
					       NAN;
	rank[2] = capacity ? strtod(capacity, NULL) : NAN;
	rank[3] = most ? strtod(most, NULL) : NAN;
}

/* Above 0 if the first is the slower; 0: it cannot be told. */
static int is_slower(const double a[RANKS], const double b[RANKS])
{
	for (int i = 0; i < RANKS; i++)
		if (isless(a[i], b[i]) || isgreater(a[i], b[i]))
			return a[i] < b[i] ? 1 : -1;
	return 0;
}

static void describe_kind(struct topo_kind *kind, hwloc_const_bitmap_t set,
			  struct hwloc_info_s *info, unsigned infos)
{
	size_t size = sizeof(kind->what), used = 0;

	for (unsigned i = 0; i < infos && used < size; i++)
		used += (size_t)snprintf(kind->what + used, size - used,
					 "%s%s=%s", used ? " " : "",
					 info[i].name, info[i].value);
	hwloc_bitmap_list_snprintf(kind->pus, sizeof(kind->pus), set);
}

/* PUs that no kind names are one of their own, where there are others. */
static void add_unnamed_kind(void)
{
	hwloc_bitmap_t rest = new_bitmap();

	hwloc_bitmap_copy(rest, hwloc_topology_get_topology_cpuset(topology));
	for (size_t i = 0; i < kind_count; i++)
		hwloc_bitmap_andnot(rest, rest, kind_pus[i]);
	if (kind_count < 2 || hwloc_bitmap_iszero(rest)) {
		hwloc_bitmap_free(rest);
		return;
	}
	describe_kind(&kinds[kind_count], rest, NULL, 0);
	snprintf(kinds[kind_count].name, sizeof(kinds->name), "other");
	kind_pus[kind_count++] = rest;
}

static void forget_kinds(void)
{
	for (size_t i = 0; i < kind_count; i++)
		hwloc_bitmap_free(kind_pus[i]);
	free(kind_pus);
	free(kinds);
	kind_pus = NULL;
	kinds = NULL;
	kind_count = 0;
}

/* Two kinds that can be told apart are p, the faster, and e; else k0, k1 …
 * from slow to fast. They are kept from fast to slow. */
static void name_kinds(bool ranked)
{
	static const char *const two[] = { "p", "e" };

	for (size_t i = 0; i < kind_count; i++)
		if (kind_count == 2 && ranked)
			snprintf(kinds[i].name, sizeof(kinds[i].name), "%s",
				 two[i]);
		else
			snprintf(kinds[i].name, sizeof(kinds[i].name), "k%u",
				 (unsigned)(kind_count - 1 - i) % 1000);
}

/* PUs of which the same is said are of one kind. */
static bool joins_kind(const struct topo_kind *kind, hwloc_const_bitmap_t set)
{
	for (size_t i = 0; i < kind_count; i++) {
		if (!kind->what[0] || strcmp(kinds[i].what, kind->what))
			continue;
		hwloc_bitmap_or(kind_pus[i], kind_pus[i], set);
		hwloc_bitmap_list_snprintf(kinds[i].pus, sizeof(kinds[i].pus),
					   kind_pus[i]);
		return true;
	}
	return false;
}

static void find_kinds(void)
{
	int found = hwloc_cpukinds_get_nr(topology, 0);
	double(*rank)[RANKS];
	bool ranked = true;

	if (found < 2)
		return;
	kinds = zeroed((size_t)found + 1, sizeof(*kinds));
	kind_pus = zeroed((size_t)found + 1, sizeof(*kind_pus));
	rank = zeroed((size_t)found, sizeof(*rank));
	for (int i = 0; i < found; i++) {
		hwloc_bitmap_t set = new_bitmap();
		struct hwloc_info_s *info = NULL;
		unsigned infos = 0;
		struct topo_kind kind = { 0 };
		double own[RANKS];
		int efficiency = -1;
		size_t at = kind_count;

		hwloc_cpukinds_get_info(topology, (unsigned)i, set, &efficiency,
					&infos, &info, 0);
		hwloc_bitmap_and(set, set,
				 hwloc_topology_get_topology_cpuset(topology));
		if (hwloc_bitmap_iszero(set)) {
			hwloc_bitmap_free(set);
			continue;
		}
		describe_kind(&kind, set, info, infos);
		if (joins_kind(&kind, set)) {
			hwloc_bitmap_free(set);
			continue;
		}
		rank_kind(own, efficiency, info, infos);
		for (; at && is_slower(rank[at - 1], own) >= 0; at--) {
			ranked &= is_slower(rank[at - 1], own) != 0;
			kinds[at] = kinds[at - 1];
			kind_pus[at] = kind_pus[at - 1];
			memcpy(rank[at], rank[at - 1], sizeof(own));
		}
		kinds[at] = kind;
		kind_pus[at] = set;
		memcpy(rank[at], own, sizeof(own));
		kind_count++;
	}
	free(rank);
	if (kind_count < 2) {
		forget_kinds();
		return;
	}
	name_kinds(ranked);
	add_unnamed_kind();
}

const struct topo_kind *topo_kinds(size_t *count)
{
	*count = kind_count;
	return kinds;
}

const char *topo_kind_of(int pu)
{
	for (size_t i = 0; i < kind_count && pu >= 0; i++)
		if (hwloc_bitmap_isset(kind_pus[i], (unsigned)pu))
			return kinds[i].name;
	return NULL;
}

/* --------------------------------------------------------------- levels */

static size_t kinds_or_one(void)
{
	return kind_count ? kind_count : 1;
}

/* The first allowed PU of a kind in an object, or TOPO_NO_PU. */
static int first_pu(hwloc_obj_t object, size_t kind)
{
	int pu = hwloc_bitmap_first(object->cpuset);

	for (; pu >= 0; pu = hwloc_bitmap_next(object->cpuset, pu))
		if (hwloc_bitmap_isset(allowed, (unsigned)pu) &&
		    (!kind_count ||
		     hwloc_bitmap_isset(kind_pus[kind], (unsigned)pu)))
			return pu;
	return TOPO_NO_PU;
}

/* A word for a place out of a text that hwloc got from elsewhere; empty where
 * it has none, or one that means another place. */
static void slugify(char *buf, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text && used + 1 < size; text++)
		if (isalnum((unsigned char)*text))
			buf[used++] = (char)tolower((unsigned char)*text);
	buf[used] = '\0';
	for (int i = 0; i < STANDARD; i++)
		if (!strcmp(buf, standard[i].name))
			buf[0] = '\0';
	if (!isalpha((unsigned char)buf[0]) || !strcmp(buf, "any") ||
	    !strncmp(buf, "pu", 2) || !strcmp(buf, "allpairs"))
		buf[0] = '\0';
}

/* hwloc's type; of a group its subtype (Cluster, Book), where it has one.
 * Whatever has a NUMA node of its own and no better name (a group, a die) is
 * called a node. */
static void level_name(hwloc_obj_t object, char *buf, size_t size)
{
	bool named = object->type == HWLOC_OBJ_MACHINE ||
		     object->type == HWLOC_OBJ_PACKAGE ||
		     object->type == HWLOC_OBJ_CORE;

	if (object->type == HWLOC_OBJ_GROUP && object->subtype) {
		slugify(buf, size, object->subtype);
		if (buf[0])
			return;
	}
	if (hwloc_obj_type_is_dcache(object->type))
		snprintf(buf, size, "l%u", object->attr->cache.depth);
	else if (object->memory_arity && !named)
		snprintf(buf, size, "node");
	else
		snprintf(buf, size, "%s", hwloc_obj_type_string(object->type));
	for (char *c = buf; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

static struct level *level_of(hwloc_obj_t object)
{
	size_t combinations = kinds_or_one() * kinds_or_one() * 2;
	struct level *level;
	char name[sizeof(level->name)];

	level_name(object, name, sizeof(name) - 4); /* room for a number */
	for (size_t i = 0; i < level_count; i++)
		if (levels[i].depth == object->depth &&
		    !strcmp(levels[i].name, name))
			return &levels[i];
	levels = grow(levels, level_count, &level_room, sizeof(*levels),
		      "the topology");
	level = &levels[level_count++];
	*level = (struct level){ .depth = object->depth, .group = -1 };
	memcpy(level->name, name, sizeof(name));
	if (object->type == HWLOC_OBJ_GROUP)
		level->group = (int)object->attr->group.depth;
	level->pu = zeroed(combinations, sizeof(*level->pu));
	for (size_t i = 0; i < combinations; i++)
		level->pu[i] = TOPO_NO_PU;
	return level;
}

static int *pair_of(struct level *level, size_t kind_a, size_t kind_b)
{
	return &level->pu[2 * (kind_a * kinds_or_one() + kind_b)];
}

/* Two PUs of these kinds under different children of an object, the first such
 * children. */
static void take_pair(struct level *level, hwloc_obj_t object, size_t kind_a,
		      size_t kind_b)
{
	int *pu = pair_of(level, kind_a, kind_b);

	if (first_pu(object, kind_b) == TOPO_NO_PU)
		return;
	for (hwloc_obj_t a = object->first_child; a; a = a->next_sibling) {
		int first = first_pu(a, kind_a);

		for (hwloc_obj_t b = object->first_child;
		     b && first != TOPO_NO_PU; b = b->next_sibling) {
			int second = a == b ? TOPO_NO_PU : first_pu(b, kind_b);

			if (second == TOPO_NO_PU)
				continue;
			pu[0] = first;
			pu[1] = second;
			return;
		}
	}
}

/* Two PUs under different children of an object have that object as their
 * deepest common ancestor: one walk over objects finds all places without
 * looking at the square of the number of PUs. Children of memory alone are
 * none, and of those without an allowed PU no pair is made. */
static void find_levels(hwloc_obj_t object)
{
	size_t with_pus = 0;
	struct level *level;

	for (hwloc_obj_t c = object->first_child; c; c = c->next_sibling) {
		find_levels(c);
		with_pus += c->cpuset && !hwloc_bitmap_iszero(c->cpuset);
	}
	if (with_pus < 2)
		return;
	level = level_of(object);
	for (size_t a = 0; a < kinds_or_one(); a++)
		for (size_t b = a; b < kinds_or_one(); b++)
			if (pair_of(level, a, b)[0] == TOPO_NO_PU)
				take_pair(level, object, a, b);
}

static int nearest_first(const void *a, const void *b)
{
	const struct level *x = a, *y = b;

	return x->depth != y->depth ? y->depth - x->depth :
				      strcmp(x->name, y->name);
}

/* Levels of one name are numbered from the outermost, groups as hwloc does. */
static void number_levels(void)
{
	for (size_t i = 0; i < level_count; i++) {
		size_t same = 0, further = 0;
		char name[sizeof(levels->name)];

		memcpy(name, levels[i].name, sizeof(name));
		for (size_t k = 0; k < level_count; k++)
			if (!strcmp(levels[k].name, name)) {
				same++;
				further += k > i;
			}
		if (same < 2)
			continue;
		/* from the nearest on, each is seen before those above it */
		for (size_t k = i; k < level_count; k++) {
			if (strcmp(levels[k].name, name))
				continue;
			snprintf(levels[k].name + strlen(name),
				 sizeof(levels[k].name) - strlen(name), "%d",
				 (levels[k].group >= 0 ? levels[k].group :
							 (int)further) %
					 100);
			further--;
		}
	}
}

/* --------------------------------------------------------------- places */

static struct place *add_place(const char *name)
{
	struct place *place;

	places = grow(places, place_count, &place_room, sizeof(*places),
		      "the topology");
	place = &places[place_count++];
	*place = (struct place){ .pu_a = TOPO_NO_PU, .pu_b = TOPO_NO_PU };
	snprintf(place->name, sizeof(place->name), "%s", name);
	return place;
}

static void add_pair(const char *name, int pu_a, int pu_b)
{
	struct place *place;

	if (pu_a == TOPO_NO_PU || pu_b == TOPO_NO_PU)
		return;
	place = add_place(name);
	place->present = true;
	place->pu_a = pu_a;
	place->pu_b = pu_b;
}

static void add_absent(const char *name, const char *lacking)
{
	struct place *place = add_place(name);

	if (pu_count == 1)
		snprintf(place->reason, sizeof(place->reason),
			 "needs two PUs; only PU %d is allowed", allowed_pu[0]);
	else if (lacking)
		snprintf(place->reason, sizeof(place->reason), "%s", lacking);
	else
		snprintf(place->reason, sizeof(place->reason),
			 "no two allowed PUs meet first at a %s", name);
}

static void add_one_pu(void)
{
	hwloc_obj_t root = hwloc_get_root_obj(topology);

	for (size_t k = 0; k < kinds_or_one(); k++) {
		int pu = first_pu(root, k);
		char name[sizeof(places->name)];

		snprintf(name, sizeof(name), "pu%s%s", kind_count ? ":" : "",
			 kind_count ? kinds[k].name : "");
		add_pair(name, pu, pu);
	}
}

static void add_of_kinds(struct level *level, size_t a, size_t b)
{
	const int *pu = pair_of(level, a, b);
	char name[sizeof(places->name)];

	if (kind_count)
		snprintf(name, sizeof(name), "%.15s:%.7s-%.7s", level->name,
			 kinds[a].name, kinds[b].name);
	else
		snprintf(name, sizeof(name), "%s", level->name);
	add_pair(name, pu[0], pu[1]);
}

/* Pairs of one kind first, from fast to slow, then the mixed ones. */
static void add_level(struct level *level, const char *lacking)
{
	size_t before = place_count;

	for (int mixed = 0; mixed < 2; mixed++)
		for (size_t a = 0; a < kinds_or_one(); a++)
			for (size_t b = a; b < kinds_or_one(); b++)
				if ((a != b) == mixed)
					add_of_kinds(level, a, b);
	if (place_count == before)
		add_absent(level->name, lacking);
}

/* The standard place that a level is, or -1; numbers do not count. */
static int standard_of(const struct level *level)
{
	for (int i = 1; i < STANDARD; i++) {
		size_t length = strlen(standard[i].name);

		if (!strncmp(level->name, standard[i].name, length) &&
		    !level->name[length +
				 strspn(level->name + length, "0123456789")])
			return i;
	}
	return -1;
}

/* Whether a standard place is one of the levels from the i-th on. */
static bool follows(int which, size_t i)
{
	for (; i < level_count; i++)
		if (standard_of(&levels[i]) == which)
			return true;
	return false;
}

/* The standard places that the machine lacks, from *next on, each behind those
 * that are nearer by their standard order; `i` levels have been added. */
static void add_lacking(int *next, size_t i)
{
	for (; *next < STANDARD && !follows(*next, i); ++*next)
		if (!follows(*next, 0))
			add_absent(standard[*next].name,
				   standard[*next].lacking);
}

/* From near to far, as hwloc's levels lie. */
static void find_places(void)
{
	struct place *any;
	int next = 1;

	find_levels(hwloc_get_root_obj(topology));
	if (level_count)
		qsort(levels, level_count, sizeof(*levels), nearest_first);
	number_levels();
	add_one_pu();
	add_lacking(&next, 0);
	for (size_t i = 0; i < level_count; i++) {
		int which = standard_of(&levels[i]);

		add_level(&levels[i],
			  which < 0 ? NULL : standard[which].lacking);
		add_lacking(&next, i + 1);
	}
	any = add_place("any");
	any->present = true;
	any->pu_a = any->pu_b = TOPO_ANY_PU;
}

static int fail(char *err, size_t size, const char *what)
{
	snprintf(err, size, "%s: %s", what, strerror(errno));
	topo_close();
	return -1;
}

static void list_pus(void)
{
	allowed_pu = zeroed((size_t)hwloc_bitmap_weight(allowed),
			    sizeof(*allowed_pu));
	for (int pu = hwloc_bitmap_first(allowed); pu >= 0;
	     pu = hwloc_bitmap_next(allowed, pu))
		allowed_pu[pu_count++] = pu;
}

/* hwloc asks again and again, with more room, until the kernel answers: where a
 * filter refuses the call, for ever. */
static bool affinity_is_told(void)
{
	unsigned long mask[1024 / 8 / sizeof(long)];

	return syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) >= 0 ||
	       errno == EINVAL; /* there are more PUs than that */
}

int topo_open(const char *xml, char *err, size_t size)
{
	unsigned long flags = HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED;

	topo_close();
	if (!affinity_is_told()) {
		refusal_say(err, size,
			    "which PUs may be used is not told without "
			    "sched_getaffinity()",
			    errno);
		return -1;
	}
	if (hwloc_topology_init(&topology)) {
		topology = NULL;
		return fail(err, size, "hwloc cannot start");
	}
	if (xml) {
		flags |= HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM;
		if (!topo_is_readable(xml) ||
		    hwloc_topology_set_xml(topology, xml))
			return fail(err, size, xml);
	}
	hwloc_topology_set_flags(topology, flags);
	if (hwloc_topology_load(topology))
		return fail(err, size, "hwloc cannot read the topology");
	this_system = hwloc_topology_is_thissystem(topology);

	allowed = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(topology));
	if (!allowed)
		return fail(err, size, "hwloc");
	/* none but those that are objects, and so online */
	hwloc_bitmap_and(allowed, allowed,
			 hwloc_topology_get_topology_cpuset(topology));
	if (this_system) {
		hwloc_bitmap_t affinity = new_bitmap();
		/* not of all threads: a sanitizer's may run anywhere */
		int result = hwloc_get_cpubind(topology, affinity,
					       HWLOC_CPUBIND_THREAD);

		if (result) {
			hwloc_bitmap_free(affinity);
			return fail(err, size,
				    "this process's affinity cannot be read");
		}
		/* taskset narrows what the cgroup allows; and a topology may
		 * be said to be this machine's and claim PUs that it lacks */
		hwloc_bitmap_and(allowed, allowed, affinity);
		hwloc_bitmap_free(affinity);
	}
	if (hwloc_bitmap_iszero(allowed)) {
		snprintf(err, size, "no PU is allowed to this process");
		topo_close();
		return -1;
	}
	list_pus();
	find_kinds();
	return 0;
}

void topo_close(void)
{
	for (size_t i = 0; i < level_count; i++)
		free(levels[i].pu);
	free(levels);
	free(places);
	free(allowed_pu);
	tdestroy(pairs, free);
	forget_kinds();
	if (allowed)
		hwloc_bitmap_free(allowed);
	if (topology)
		hwloc_topology_destroy(topology);
	levels = NULL;
	places = NULL;
	allowed_pu = NULL;
	pairs = NULL;
	allowed = NULL;
	topology = NULL;
	level_count = level_room = place_count = place_room = pu_count = 0;
}

bool topo_is_this_system(void)
{
	return this_system;
}

size_t topo_pu_count(void)
{
	return pu_count;
}

int topo_pu(size_t i)
{
	return i < pu_count ? allowed_pu[i] : TOPO_NO_PU;
}

void topo_allowed(char *buf, size_t size)
{
	hwloc_bitmap_list_snprintf(buf, size, allowed);
}

const struct place *topo_places(size_t *count)
{
	if (!place_count)
		find_places();
	*count = place_count;
	return places;
}

static int by_pus(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->pu_a != y->pu_a ? (x->pu_a > y->pu_a) - (x->pu_a < y->pu_a) :
				    (x->pu_b > y->pu_b) - (x->pu_b < y->pu_b);
}

static bool is_allowed(int pu)
{
	return pu >= 0 && hwloc_bitmap_isset(allowed, (unsigned)pu);
}

const struct place *topo_pair(int pu_a, int pu_b)
{
	struct place *pair, *kept, **found;

	if (pu_a == pu_b || !is_allowed(pu_a) || !is_allowed(pu_b))
		return NULL;
	pair = zeroed(1, sizeof(*pair));
	*pair = (struct place){ .present = true, .pu_a = pu_a, .pu_b = pu_b };
	snprintf(pair->name, sizeof(pair->name), "pu%d-pu%d", pu_a, pu_b);
	found = tsearch(pair, &pairs, by_pus);
	kept = found ? *found : NULL;
	if (!kept)
		die("out of memory for pairs of PUs");
	if (kept != pair)
		free(pair);
	return kept;
}

static void describe_pu(int pu, char *buf, size_t size)
{
	const char *kind = topo_kind_of(pu);

	snprintf(buf, size, "pu %d%s%s%s", pu, kind ? " (" : "",
		 kind ? kind : "", kind ? ")" : "");
}

void topo_place_text(const struct place *place, char *buf, size_t size)
{
	char a[48], b[48];

	if (!place->present) {
		snprintf(buf, size, "absent: %s", place->reason);
	} else if (place->pu_a == TOPO_ANY_PU) {
		snprintf(buf, size, "not bound");
	} else {
		describe_pu(place->pu_a, a, sizeof(a));
		describe_pu(place->pu_b, b, sizeof(b));
		snprintf(buf, size, "%s%s%s", a,
			 place->pu_a == place->pu_b ? "" : " ",
			 place->pu_a == place->pu_b ? "" : b);
	}
}

int topo_bind(int pu)
{
	hwloc_bitmap_t want, have;
	int result = -1;

	if (pu < TOPO_ANY_PU) {
		errno = EINVAL;
		return -1;
	}
	want = pu == TOPO_ANY_PU ? hwloc_bitmap_dup(allowed) :
				   hwloc_bitmap_alloc();
	have = hwloc_bitmap_alloc();
	if (want && have) {
		if (pu != TOPO_ANY_PU)
			hwloc_bitmap_only(want, (unsigned)pu);
		/* who is where it shall be needs no permission to stay */
		result = pu == TOPO_ANY_PU &&
					 !hwloc_get_cpubind(
						 topology, have,
						 HWLOC_CPUBIND_THREAD) &&
					 hwloc_bitmap_isequal(want, have) ?
				 0 :
				 hwloc_set_cpubind(topology, want,
						   HWLOC_CPUBIND_THREAD);
		if (!result)
			result = hwloc_get_cpubind(topology, have,
						   HWLOC_CPUBIND_THREAD);
		if (!result && !hwloc_bitmap_isequal(want, have)) {
			errno = EPERM;
			result = -1;
		}
	}
	hwloc_bitmap_free(want);
	hwloc_bitmap_free(have);
	return result;
}

int topo_node(int pu)
{
	hwloc_obj_t object =
		hwloc_get_pu_obj_by_os_index(topology, (unsigned)pu);

	for (; object; object = object->parent)
		if (object->memory_first_child)
			return (int)object->memory_first_child->os_index;
	return -1;
}

bool topo_is_readable(const char *xml)
{
	int fd = files_open_regular(AT_FDCWD, xml, TOPO_XML_MAX);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int topo_export(const char *path)
{
	struct whole *whole;
	char *xml;
	int length; /* with the NUL at the end */

	if (hwloc_topology_export_xmlbuffer(topology, &xml, &length, 0))
		return -1;
	whole = whole_begin_path(path);
	if (whole)
		fwrite(xml, 1, (size_t)length - 1, whole_file(whole));
	hwloc_free_xmlbuffer(topology, xml);
	return whole ? whole_name(whole) : -1;
}

static int count_of(hwloc_obj_type_t type)
{
	int n = hwloc_get_nbobjs_by_type(topology, type);

	return n > 0 ? n : 0;
}

size_t topo_machine_pus(void)
{
	return (size_t)count_of(HWLOC_OBJ_PU);
}

void topo_signature(char *buf, size_t size)
{
	snprintf(buf, size, "%d package, %d node, %d l3, %d core, %d pu",
		 count_of(HWLOC_OBJ_PACKAGE), count_of(HWLOC_OBJ_NUMANODE),
		 count_of(HWLOC_OBJ_L3CACHE), count_of(HWLOC_OBJ_CORE),
		 count_of(HWLOC_OBJ_PU));
}

void topo_describe(int pu, char *buf, size_t size)
{
	static const struct {
		hwloc_obj_type_t type;
		const char *name;
	} level[] = { { HWLOC_OBJ_PACKAGE, "package" },
		      { HWLOC_OBJ_CORE, "core" } };
	hwloc_obj_t object =
		hwloc_get_pu_obj_by_os_index(topology, (unsigned)pu);
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; object && i < 2; i++) {
		hwloc_obj_t above = hwloc_get_ancestor_obj_by_type(
			topology, level[i].type, object);

		if (above && used < size)
			used += (size_t)snprintf(buf + used, size - used,
						 "%s%s %u", used ? " " : "",
						 level[i].name,
						 above->logical_index);
	}
	if (topo_node(pu) >= 0 && used < size)
		used += (size_t)snprintf(buf + used, size - used, "%snode %d",
					 used ? " " : "", topo_node(pu));
	if (topo_kind_of(pu) && used < size)
		snprintf(buf + used, size - used, "%skind %s", used ? " " : "",
			 topo_kind_of(pu));
}

static void fill_box(hwloc_obj_t object, int depth, struct topo_box *box)
{
	static const char kind[] = { [HWLOC_OBJ_CACHE_UNIFIED] = 'u',
				     [HWLOC_OBJ_CACHE_DATA] = 'd',
				     [HWLOC_OBJ_CACHE_INSTRUCTION] = 'i' };
	int pus = object->cpuset ? hwloc_bitmap_weight(object->cpuset) : 0;

	*box = (struct topo_box){ .type = hwloc_obj_type_string(object->type),
				  .depth = depth,
				  .os_index = (int)object->os_index,
				  .logical = (int)object->logical_index,
				  .is_pu = object->type == HWLOC_OBJ_PU,
				  .pus = pus };
	if (object->os_index == HWLOC_UNKNOWN_INDEX)
		box->os_index = -1;
	if (object->type == HWLOC_OBJ_NUMANODE)
		box->bytes = object->attr->numanode.local_memory;
	if (hwloc_obj_type_is_cache(object->type)) {
		box->is_cache = true;
		box->bytes = object->attr->cache.size;
		box->level = object->attr->cache.depth;
		box->kind = kind[object->attr->cache.type];
	}
}

/* Memory first, as a drawing has it. Groups that hwloc invents have no name
 * worth a box, but hold others. */
static void visit_boxes(hwloc_obj_t object, int depth,
			void (*visit)(void *ctx, const struct topo_box *box),
			void *ctx)
{
	hwloc_obj_t const first[] = { object->memory_first_child,
				      object->first_child };
	struct topo_box box;

	fill_box(object, depth, &box);
	visit(ctx, &box);
	for (int i = 0; i < 2; i++)
		for (hwloc_obj_t c = first[i]; c; c = c->next_sibling)
			visit_boxes(c, depth + 1, visit, ctx);
}

int topo_each_box(const char *xml,
		  void (*visit)(void *ctx, const struct topo_box *box),
		  void *ctx)
{
	hwloc_topology_t other;
	int result = -1;

	if (hwloc_topology_init(&other))
		return -1;
	if (topo_is_readable(xml) && !hwloc_topology_set_xml(other, xml) &&
	    !hwloc_topology_set_flags(other,
				      HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) &&
	    !hwloc_topology_load(other)) {
		visit_boxes(hwloc_get_root_obj(other), 0, visit, ctx);
		result = 0;
	}
	hwloc_topology_destroy(other);
	return result;
}

void topo_version(char *buf, size_t size)
{
	unsigned v = hwloc_get_api_version();

	snprintf(buf, size, "%u.%u.%u", v >> 16, v >> 8 & 0xff, v & 0xff);
}
