/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine's shape: which PUs this process may use, what pairs of them
 * share, and binding to them. The one module that knows hwloc. */
#include "topo.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "refusal.h"
#include "whole.h"

static hwloc_topology_t topology;
static hwloc_bitmap_t allowed;
static struct place places[TOPO_MAX_PLACES];
static struct place *pairs; /* of topo_pairs() */
static size_t place_count;
static bool this_system;

/* The places every machine is asked for; the rest are reported if found. */
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

static struct place *find_place(const char *name)
{
	for (size_t i = 0; i < place_count; i++)
		if (!strcmp(places[i].name, name))
			return &places[i];
	return NULL;
}

static struct place *add_place(const char *name)
{
	struct place *place = find_place(name);

	if (place || place_count == TOPO_MAX_PLACES)
		return place;
	place = &places[place_count++];
	memset(place, 0, sizeof(*place));
	snprintf(place->name, sizeof(place->name), "%s", name);
	return place;
}

/* hwloc's type, except that whatever has a NUMA node of its own and no better
 * name (a group, a die) is called a node. */
static void place_name(hwloc_obj_t object, char *buf, size_t size)
{
	bool named = object->type == HWLOC_OBJ_MACHINE ||
		     object->type == HWLOC_OBJ_PACKAGE ||
		     object->type == HWLOC_OBJ_CORE;

	if (hwloc_obj_type_is_dcache(object->type))
		snprintf(buf, size, "l%u", object->attr->cache.depth);
	else if (object->memory_arity && !named)
		snprintf(buf, size, "node");
	else
		snprintf(buf, size, "%s", hwloc_obj_type_string(object->type));
	for (char *c = buf; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

static int first_pu(hwloc_obj_t object)
{
	while (object && object->type != HWLOC_OBJ_PU)
		object = object->first_child;
	return object ? (int)object->os_index : -1;
}

/* Two PUs under different children of an object have that object as their
 * deepest common ancestor: one walk over objects finds all places without
 * looking at the square of the number of PUs. */
static void find_pairs(hwloc_obj_t object)
{
	char name[16];

	for (hwloc_obj_t c = object->first_child; c; c = c->next_sibling)
		find_pairs(c);
	if (object->arity < 2)
		return;
	place_name(object, name, sizeof(name));
	struct place *place = add_place(name);
	if (!place || place->present)
		return;
	place->present = true;
	place->pu_a = first_pu(object->children[0]);
	place->pu_b = first_pu(object->children[1]);
}

static void find_places(void)
{
	size_t pus = topo_pu_count();
	struct place *place;

	place_count = 0;
	for (size_t i = 0; i < sizeof(standard) / sizeof(*standard); i++)
		add_place(standard[i].name);
	if (pus) {
		places[0].present = true;
		places[0].pu_a = places[0].pu_b = topo_pu(0);
	}
	find_pairs(hwloc_get_root_obj(topology));
	for (size_t i = 0; i < sizeof(standard) / sizeof(*standard); i++) {
		if (places[i].present)
			continue;
		if (pus == 1)
			snprintf(places[i].reason, sizeof(places[i].reason),
				 "needs two PUs; only PU %d is allowed",
				 topo_pu(0));
		else
			snprintf(places[i].reason, sizeof(places[i].reason),
				 "%s", standard[i].lacking);
	}
	place = add_place("any");
	if (place) {
		place->present = true;
		place->pu_a = place->pu_b = TOPO_ANY_PU;
	}
}

static int fail(char *err, size_t size, const char *what)
{
	snprintf(err, size, "%s: %s", what, strerror(errno));
	topo_close();
	return -1;
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
	if (this_system) {
		hwloc_bitmap_t affinity = hwloc_bitmap_alloc();

		/* taskset narrows what the cgroup allows */
		if (affinity && !hwloc_get_cpubind(topology, affinity,
						   HWLOC_CPUBIND_PROCESS))
			hwloc_bitmap_and(allowed, allowed, affinity);
		hwloc_bitmap_free(affinity);
	}
	if (hwloc_bitmap_iszero(allowed)) {
		snprintf(err, size, "no PU is allowed to this process");
		topo_close();
		return -1;
	}
	return 0;
}

void topo_close(void)
{
	free(pairs);
	pairs = NULL;
	if (allowed)
		hwloc_bitmap_free(allowed);
	if (topology)
		hwloc_topology_destroy(topology);
	allowed = NULL;
	topology = NULL;
	place_count = 0;
}

bool topo_is_this_system(void)
{
	return this_system;
}

size_t topo_pu_count(void)
{
	return (size_t)hwloc_bitmap_weight(allowed);
}

int topo_pu(size_t i)
{
	int pu = hwloc_bitmap_first(allowed);

	while (i-- && pu >= 0)
		pu = hwloc_bitmap_next(allowed, pu);
	return pu;
}

const struct place *topo_places(size_t *count)
{
	if (!place_count) {
		/* Pairs are looked for in a copy without the PUs that may
		 * not be used; the whole stays for the export. */
		hwloc_topology_t whole = topology, part;

		if (!hwloc_topology_dup(&part, whole)) {
			hwloc_topology_restrict(part, allowed, 0);
			topology = part;
			find_places();
			topology = whole;
			hwloc_topology_destroy(part);
		}
	}
	*count = place_count;
	return places;
}

const struct place *topo_pairs(size_t *count)
{
	size_t pus = topo_pu_count(), n = 0;

	*count = pus * (pus - 1);
	if (pairs)
		return pairs;
	pairs = calloc(pus * pus + 1, sizeof(*pairs));
	for (int a = hwloc_bitmap_first(allowed); pairs && a >= 0;
	     a = hwloc_bitmap_next(allowed, a))
		for (int b = hwloc_bitmap_first(allowed); b >= 0;
		     b = hwloc_bitmap_next(allowed, b)) {
			struct place *p = &pairs[n];

			if (a == b)
				continue;
			*p = (struct place){ .present = true,
					     .pu_a = a,
					     .pu_b = b };
			snprintf(p->name, sizeof(p->name), "pu%d-pu%d", a, b);
			n++;
		}
	return pairs;
}

int topo_bind(int pu)
{
	hwloc_bitmap_t want, have;
	int result = -1;

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
		snprintf(buf + used, size - used, "%snode %d", used ? " " : "",
			 topo_node(pu));
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
