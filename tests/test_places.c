/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The places of machines of every kind that we know of, each written down by
 * hand: hybrid ones, groups within groups, nodes without PUs, PUs that are
 * off or not allowed. */
#include "topo.h"

#include <ctype.h>
#include <sched.h>

#include "clock.h"
#include "party.h"
#include "place.h"
#include "sample.h"
#include "support.h"

static char dir[] = "/tmp/handoff-test-XXXXXX", xml[64];
static char err[512];

/* ---------------------------------------------------- a machine in a line
 *
 * "Package(L3(L2(Core(0 1)) L2(Core(2 3))))" within a Machine, as hwloc's XML:
 * numbers are PUs, Node:1 a NUMA node of what holds it, Group=Cluster a group
 * with a subtype. Node:1- is a node that no PU is near to: an object for it,
 * with an empty cpuset, as hwloc has it for memory without processors.
 */

enum { MOST_PUS = 512, MOST_OBJECTS = 2048 };

struct object {
	char type[16], subtype[16];
	int index; /* of a PU or a node, or -1 */
	int parent;
	bool memory; /* a node */
};

static struct object object[MOST_OBJECTS];
static int objects;

static int new_object(int parent)
{
	assert_true(objects < MOST_OBJECTS);
	object[objects] = (struct object){ .parent = parent, .index = -1 };
	return objects++;
}

static void read_machine(const char *text)
{
	int parent = new_object(-1);

	strcpy(object[parent].type, "Machine");
	while (*text) {
		struct object *o;
		int me, length = 0;

		if (*text == ' ') {
			text++;
		} else if (*text == ')') {
			parent = object[parent].parent;
			text++;
		} else if (isdigit((unsigned char)*text)) {
			o = &object[new_object(parent)];
			strcpy(o->type, "PU");
			o->index = (int)strtol(text, (char **)(uintptr_t)&text,
					       10);
		} else {
			me = new_object(parent);
			o = &object[me];
			assert_int_equal(sscanf(text, "%15[A-Za-z0-9]%n",
						o->type, &length),
					 1);
			text += length;
			if (*text == '=') {
				assert_int_equal(sscanf(++text,
							"%15[A-Za-z0-9]%n",
							o->subtype, &length),
						 1);
				text += length;
			}
			if (*text == ':') {
				o->index = (int)strtol(
					text + 1, (char **)(uintptr_t)&text,
					10);
				o->memory = true;
				strcpy(o->type, "NUMANode");
			}
			if (*text == '(') {
				parent = me;
				text++;
			}
		}
	}
}

static bool is_within(int child, int ancestor)
{
	while (child > ancestor)
		child = object[child].parent;
	return child == ancestor;
}

/* " NAME="0x…" of all PUs, or nodes, within an object; a node's PUs are those
 * of what it is attached to. */
static void put_set(FILE *f, const char *name, int of, bool nodes)
{
	unsigned char bit[MOST_PUS / 4] = { 0 };
	bool local = false;

	for (int at = !nodes && object[of].memory ? object[of].parent : of;
	     at >= 0; at = object[at].parent) {
		for (int i = at; i < objects; i++) {
			bool counts = nodes ? object[i].memory :
					      !strcmp(object[i].type, "PU");

			if (!counts || !is_within(i, at))
				continue;
			local = true;
			bit[object[i].index / 4] |=
				(unsigned char)(1 << object[i].index % 4);
		}
		/* nodes further up are local where there is none within */
		if (!nodes || local)
			break;
	}
	fprintf(f, " %s=\"", name);
	for (int word = MOST_PUS / 32; word-- > 0;) {
		fputs("0x", f);
		for (int k = 7; k >= 0; k--)
			fprintf(f, "%x", bit[word * 8 + k]);
		if (word)
			fputc(',', f);
	}
	fputc('"', f);
}

static void put_object(FILE *f, int me)
{
	struct object *o = &object[me];
	bool is_cache = o->type[0] == 'L' && isdigit((unsigned char)o->type[1]);

	fprintf(f, "<object type=\"%s%s\" gp_index=\"%d\"", o->type,
		is_cache ? "Cache" : "", me + 1);
	if (o->index >= 0)
		fprintf(f, " os_index=\"%d\"", o->index);
	if (o->subtype[0])
		fprintf(f, " subtype=\"%s\"", o->subtype);
	if (is_cache)
		fprintf(f,
			" cache_size=\"1048576\" depth=\"%c\" "
			"cache_linesize=\"64\" cache_associativity=\"8\" "
			"cache_type=\"0\"",
			o->type[1]);
	if (o->memory)
		fprintf(f, " local_memory=\"1073741824\"");
	put_set(f, "cpuset", me, false);
	put_set(f, "complete_cpuset", me, false);
	if (!me)
		put_set(f, "allowed_cpuset", me, false);
	put_set(f, "nodeset", me, true);
	put_set(f, "complete_nodeset", me, true);
	if (!me)
		put_set(f, "allowed_nodeset", me, true);
	fputs(">", f);
	/* memory first, as hwloc writes it */
	for (int memory = 1; memory >= 0; memory--)
		for (int i = me + 1; i < objects; i++)
			if (object[i].parent == me &&
			    object[i].memory == memory)
				put_object(f, i);
	fputs("</object>\n", f);
}

/* "p 0-3 CoreType=IntelCore; e 4-7 CoreType=IntelAtom": PUs and infos. */
static void put_kinds(FILE *f, const char *text)
{
	while (text && *text) {
		int first, last, length;
		char name[32], value[32];

		fputs("<cpukind", f);
		assert_int_equal(
			sscanf(text, " %d-%d%n", &first, &last, &length), 2);
		text += length;
		fputs(" cpuset=\"", f);
		for (int word = MOST_PUS / 32; word-- > 0;) {
			uint32_t bits = 0;

			for (int i = 0; i < 32; i++)
				bits |= (uint32_t)(word * 32 + i >= first &&
						   word * 32 + i <= last)
					<< i;
			fprintf(f, "0x%08x%s", bits, word ? "," : "");
		}
		fputs("\">", f);
		while (sscanf(text, " %31[A-Za-z]=%31[A-Za-z0-9]%n", name,
			      value, &length) == 2) {
			fprintf(f, "<info name=\"%s\" value=\"%s\"/>", name,
				value);
			text += length;
		}
		fputs("</cpukind>\n", f);
		if (*text == ';')
			text++;
	}
}

static void write_machine(const char *machine, const char *kinds)
{
	FILE *f = fopen(xml, "w");

	assert_non_null(f);
	objects = 0;
	read_machine(machine);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
	      "<topology version=\"2.0\">\n",
	      f);
	put_object(f, 0);
	put_kinds(f, kinds);
	fputs("</topology>\n", f);
	assert_int_equal(fclose(f), 0);
}

/* The allowed PUs in a file are others. */
static void allow_only(const char *list)
{
	static char text[1 << 20];
	FILE *f = fopen(xml, "r");
	char *at, *end;
	size_t length;

	assert_non_null(f);
	length = fread(text, 1, sizeof(text) - 1, f);
	text[length] = '\0';
	fclose(f);
	at = strstr(text, "allowed_cpuset=\"");
	assert_non_null(at);
	at += strlen("allowed_cpuset=\"");
	end = strchr(at, '"');
	assert_non_null(end);
	f = fopen(xml, "w");
	assert_non_null(f);
	fprintf(f, "%.*s%s%s", (int)(at - text), text, list, end);
	assert_int_equal(fclose(f), 0);
}

static int look_at_this_machine(void **state)
{
	(void)state;
	topo_close();
	unsetenv("HWLOC_SYNTHETIC");
	unsetenv("HWLOC_XMLFILE");
	unsetenv("HWLOC_THISSYSTEM");
	return 0;
}

static void open_topo(void)
{
	if (topo_open(NULL, err, sizeof(err)))
		fail_msg("%s", err);
}

static void pretend(const char *synthetic)
{
	unsetenv("HWLOC_XMLFILE");
	assert_int_equal(setenv("HWLOC_SYNTHETIC", synthetic, 1), 0);
	assert_int_equal(setenv("HWLOC_THISSYSTEM", "0", 1), 0);
	open_topo();
}

static void pretend_file(void)
{
	unsetenv("HWLOC_SYNTHETIC");
	assert_int_equal(setenv("HWLOC_XMLFILE", xml, 1), 0);
	assert_int_equal(setenv("HWLOC_THISSYSTEM", "0", 1), 0);
	open_topo();
}

/* "pu 0 0, core 0 1, l2, …, any": a place that is absent has no PUs. */
static void describe(char *buf, size_t size)
{
	size_t count, used = 0;
	const struct place *place = topo_places(&count);

	buf[0] = '\0';
	for (size_t i = 0; i < count && used < size; i++) {
		const char *comma = i ? ", " : "";

		if (!place[i].present || place[i].pu_a == TOPO_ANY_PU)
			used += (size_t)snprintf(buf + used, size - used,
						 "%s%s", comma, place[i].name);
		else
			used += (size_t)snprintf(
				buf + used, size - used, "%s%s %d %d", comma,
				place[i].name, place[i].pu_a, place[i].pu_b);
		assert_int_equal(place[i].present, !place[i].reason[0]);
		if (place[i].present)
			continue;
		/* and none that anything could be bound to */
		assert_int_equal(place[i].pu_a, TOPO_NO_PU);
		assert_int_equal(place[i].pu_b, TOPO_NO_PU);
	}
}

static void expect_places(const char *what, const char *expected)
{
	char places[1024];

	describe(places, sizeof(places));
	if (strcmp(places, expected))
		fail_msg("%s: %s, not %s", what, places, expected);
}

/* ------------------------------------------------------------- the table */

#define INTEL_P "CoreType=IntelCore FrequencyMaxMHz="
#define INTEL_E "CoreType=IntelAtom FrequencyMaxMHz="

static const struct {
	const char *what, *machine, *kinds, *places;
} known[] = {
	{ "desktop, four cores of two threads",
	  "Node:0 Package(L3(L2(Core(0 4)) L2(Core(1 5)) L2(Core(2 6)) "
	  "L2(Core(3 7))))",
	  NULL, "pu 0 0, core 0 4, l2, l3 0 1, node, package, machine, any" },
	{ "one kind named is no kinds", "Node:0 Package(L3(Core(0) Core(1)))",
	  "0-1 " INTEL_P "5000",
	  "pu 0 0, core, l2, l3 0 1, node, package, machine, any" },
	/* Lakefield: a large core, four small ones on an L2 of their own */
	{ "Lakefield",
	  "Node:0 Package(L3(L2(Core(0) Core(1) Core(2) Core(3)) "
	  "L2(Core(4))))",
	  "0-3 " INTEL_E "2800;4-4 " INTEL_P "3000",
	  "pu:p 4 4, pu:e 0 0, core, l2:e-e 0 1, l3:p-e 4 0, node, package, "
	  "machine, any" },
	/* Raptor Lake: P cores of two threads, E cores in fours */
	{ "Raptor Lake",
	  "Node:0 Package(L3(L2(Core(0 1)) L2(Core(2 3)) L2(Core(4 5)) "
	  "L2(Core(8) Core(9) Core(10) Core(11)) "
	  "L2(Core(12) Core(13) Core(14) Core(15))))",
	  "8-15 " INTEL_E "4300;0-5 " INTEL_P "5800",
	  "pu:p 0 0, pu:e 8 8, core:p-p 0 1, l2:e-e 8 9, l3:p-p 0 2, "
	  "l3:e-e 8 12, l3:p-e 0 8, node, package, machine, any" },
	/* Arrow Lake: no SMT, E cores that come between */
	{ "Arrow Lake",
	  "Node:0 Package(L3(L2(Core(0)) L2(Core(1) Core(2) Core(3) Core(4)) "
	  "L2(Core(5))))",
	  "0-0 " INTEL_P "5700;1-4 " INTEL_E "4600",
	  /* PU 5 has no kind: it is another one */
	  "pu:p 0 0, pu:e 1 1, pu:other 5 5, core, l2:e-e 1 2, l3:p-e 0 1, "
	  "l3:p-other 0 5, l3:e-other 1 5, node, package, machine, any" },
	/* Meteor Lake: two low-power cores outside the L3 */
	{ "Meteor Lake",
	  "Node:0 Package(L3(L2(Core(0 1)) L2(Core(2) Core(3))) "
	  "L2(Core(4) Core(5)))",
	  "4-5 " INTEL_E "2500;2-3 " INTEL_E "3800;0-1 " INTEL_P "4800",
	  "pu:k2 0 0, pu:k1 2 2, pu:k0 4 4, core:k2-k2 0 1, l2:k1-k1 2 3, "
	  "l2:k0-k0 4 5, l3:k2-k1 0 2, node, package:k2-k0 0 4, "
	  "package:k1-k0 2 4, machine, any" },
	/* GB10: ten fast and ten small Arm cores, by their capacity */
	{ "GB10",
	  "Node:0 Package(L3(L2(Core(0)) L2(Core(1)) L2(Core(2)) L2(Core(3))) "
	  "L3(L2(Core(4)) L2(Core(5)) L2(Core(6)) L2(Core(7))))",
	  "0-1 LinuxCapacity=718;2-3 LinuxCapacity=1024;"
	  "4-5 LinuxCapacity=718;6-7 LinuxCapacity=1024",
	  "pu:p 2 2, pu:e 0 0, core, l2, l3:p-p 2 3, l3:e-e 0 1, l3:p-e 2 0, "
	  "node, package:p-p 2 6, package:e-e 0 4, package:p-e 2 4, machine, "
	  "any" },
	{ "big.LITTLE without a name for either",
	  "Node:0 Package(L2(Core(0) Core(1)) L2(Core(2) Core(3)))",
	  "0-1 LinuxCapacity=446;2-3 LinuxCapacity=1024",
	  "pu:p 2 2, pu:e 0 0, core, l2:p-p 2 3, l2:e-e 0 1, l3, node, "
	  "package:p-e 2 0, machine, any" },
	/* nothing says which of two is the faster */
	{ "two kinds alike", "Node:0 Package(Core(0) Core(1))",
	  "0-0 Colour=red;1-1 Colour=blue",
	  "pu:k1 1 1, pu:k0 0 0, core, l2, l3, node, package:k1-k0 1 0, "
	  "machine, any" },

	/* Kunpeng and Neoverse: clusters of cores; s390: books and drawers */
	{ "clusters",
	  "Package(Node:0 L3(Group=Cluster(Core(0) Core(1)) "
	  "Group=Cluster(Core(2) Core(3))))",
	  NULL,
	  "pu 0 0, core, l2, cluster 0 1, l3 0 2, node, package, machine, "
	  "any" },
	{ "books in drawers",
	  "Node:0 Group=Drawer(Group=Book(Package(Core(0) Core(1)) "
	  "Package(Core(2) Core(3))) Group=Book(Package(Core(4)))) "
	  "Group=Drawer(Group=Book(Package(Core(5))) "
	  "Group=Book(Package(Core(6))))",
	  NULL,
	  "pu 0 0, core, l2, l3, node, package 0 1, book 0 2, drawer 0 4, "
	  "machine 0 5, any" },
	{ "nested groups without a name",
	  "Node:0 Package(Group(Group(Core(0) Core(1)) "
	  "Group(Core(2) Core(3))) Group(Group(Core(4) Core(5)) "
	  "Group(Core(6) Core(7))))",
	  NULL,
	  "pu 0 0, core, l2, l3, node, group1 0 1, group0 0 2, package 0 4, "
	  "machine, any" },
	{ "a cluster within a group",
	  "Node:0 Package(Group(Group=Cluster(Core(0) Core(1)) "
	  "Group=Cluster(Core(2) Core(3))) Group(Core(4)))",
	  NULL,
	  "pu 0 0, core, l2, l3, node, cluster 0 1, group 0 2, package 0 4, "
	  "machine, any" },
	/* a subtype that would be taken for another place is none */
	{ "a group called l3",
	  "Node:0 Package(Group=L3(Core(0) Core(1)) Group=L3(Core(2)))", NULL,
	  "pu 0 0, core, l2, l3, node, group 0 1, package 0 2, machine, "
	  "any" },

	/* sub-NUMA clusters, and several nodes within an L3 */
	{ "sub-NUMA",
	  "Package(Group(Node:0 L2(Core(0)) L2(Core(1))) "
	  "Group(Node:1 L2(Core(2)) L2(Core(3)))) "
	  "Package(Group(Node:2 L2(Core(4)) L2(Core(5))) "
	  "Group(Node:3 L2(Core(6)) L2(Core(7))))",
	  NULL,
	  "pu 0 0, core, l2, l3, node 0 1, package 0 2, machine 0 4, any" },
	{ "an L3 with two nodes in it",
	  "Package(L3(Group(Node:0 Core(0) Core(1)) "
	  "Group(Node:1 Core(2) Core(3)))) Package(L3(Node:2 Core(4)))",
	  NULL,
	  "pu 0 0, core, l2, node 0 1, l3 0 2, package, machine 0 4, any" },
	{ "EPYC, four L3 in a package",
	  "Package(Node:0 L3(Core(0 8) Core(1 9)) L3(Core(2 10) Core(3 11))) "
	  "Package(Node:1 L3(Core(4 12) Core(5 13)) L3(Core(6 14) Core(7 15)))",
	  NULL,
	  "pu 0 0, core 0 8, l2, l3 0 1, node, package 0 2, machine 0 4, "
	  "any" },
	/* memory that no PU is near to: HBM, CXL, persistent memory */
	{ "nodes without PUs", "Package(Node:0 Node:2 Core(0) Core(1)) Node:3",
	  NULL, "pu 0 0, core, l2, l3, node, package 0 1, machine, any" },
	{ "one PU", "Node:0 Package(L3(L2(Core(0))))", NULL,
	  "pu 0 0, core, l2, l3, node, package, machine, any" },
	/* PUs 1, 2 and 5 are off */
	{ "offline holes",
	  "Node:0 Package(L3(Core(0 4) Core(3))) Package(L3(Core(6 7)))", NULL,
	  "pu 0 0, core 0 4, l2, l3 0 3, node, package, machine 0 6, any" },
};

static void test_known_machines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		write_machine(known[i].machine, known[i].kinds);
		pretend_file();
		expect_places(known[i].what, known[i].places);
	}
}

static const struct {
	const char *synthetic, *places;
} synthetic[] = {
	{ "pack:1 core:1 pu:1",
	  "pu 0 0, core, l2, l3, node, package, machine, any" },
	{ "pack:2 [numa] core:1 pu:1",
	  "pu 0 0, core, l2, l3, node, package, machine 0 1, any" },
	{ "pack:1 l3:2 group:2 numa:1 core:2 pu:1",
	  "pu 0 0, core, l2, node 0 1, l3 0 2, package 0 4, machine, any" },
	{ "pack:1 die:2 l2:2 core:2 pu:2",
	  "pu 0 0, core 0 1, l2 0 2, l3, node, die 0 4, package 0 8, machine, "
	  "any" },
	{ "group:2 group:2 group:2 core:2 pu:1",
	  "pu 0 0, core, l2, l3, node, package, group2 0 1, group1 0 2, "
	  "group0 0 4, machine 0 8, any" },
	{ "pack:2 l5:2 l4:2 l3:2 l2:2 l1:2 core:2 pu:2",
	  "pu 0 0, core 0 1, l1 0 2, l2 0 4, l3 0 8, node, l4 0 16, l5 0 32, "
	  "package 0 64, machine 0 128, any" },
	{ "pack:64 core:64 pu:1",
	  "pu 0 0, core, l2, l3, node, package 0 1, machine 0 64, any" },
	{ "pack:8 [numa] l3:8 core:32 pu:2",
	  "pu 0 0, core 0 1, l2, l3 0 2, node, package 0 64, machine 0 512, "
	  "any" },
};

static void test_synthetic_machines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(synthetic); i++) {
		pretend(synthetic[i].synthetic);
		expect_places(synthetic[i].synthetic, synthetic[i].places);
	}
}

/* Places of which the cpuset leaves little; what the machine has and what may
 * not be used is absent, with its level's name. */
static void test_restricted(void **state)
{
	static const struct {
		const char *machine, *kinds, *allowed, *places;
	} confined[] = {
		/* CPU 0 is not allowed */
		{ "Node:0 Package(L3(Core(0 1) Core(2 3)))", NULL, "0xe",
		  "pu 1 1, core 2 3, l2, l3 1 2, node, package, machine, "
		  "any" },
		/* one PU, of two packages */
		{ "Package(Node:0 Core(0)) Package(Node:1 Core(1))", NULL,
		  "0x1", "pu 0 0, core, l2, l3, node, package, machine, any" },
		{ "Package(Node:0 Core(0)) Package(Node:1 Core(1))", NULL,
		  "0x2", "pu 1 1, core, l2, l3, node, package, machine, any" },
		/* one node of two, with memory on the other */
		{ "Package(Group(Node:0 Core(0) Core(1)) "
		  "Group(Node:1 Core(2) Core(3)))",
		  NULL, "0xc",
		  "pu 2 2, core, l2, l3, node 2 3, package, machine, any" },
		/* a PU here and one there */
		{ "Package(L3(Core(0 1) Core(2 3)) L3(Core(4 5))) Node:0", NULL,
		  "0x28",
		  "pu 3 3, core, l2, l3, node, package 3 5, machine, any" },
		/* a cluster that the machine has is named all the same */
		{ "Node:0 Package(Group=Cluster(Core(0) Core(1)) "
		  "Group=Cluster(Core(2) Core(3)))",
		  NULL, "0x5",
		  "pu 0 0, core, l2, l3, node, cluster, package 0 2, machine, "
		  "any" },
		/* nested groups keep their numbers */
		{ "Node:0 Package(Group(Group(Core(0) Core(1)) "
		  "Group(Core(2))) Group(Core(3)))",
		  NULL, "0x9",
		  "pu 0 0, core, l2, l3, node, group1, group0, package 0 3, "
		  "machine, any" },
		/* only E cores: they keep their names */
		{ "Node:0 Package(L3(L2(Core(0)) L2(Core(1)) L2(Core(2))))",
		  "0-0 " INTEL_P "5000;1-2 " INTEL_E "4000", "0x6",
		  "pu:e 1 1, core, l2, l3:e-e 1 2, node, package, machine, "
		  "any" },
		{ "Node:0 Package(L3(L2(Core(0)) L2(Core(1)) L2(Core(2))))",
		  "0-0 " INTEL_P "5000;1-2 " INTEL_E "4000", "0x5",
		  "pu:p 0 0, pu:e 2 2, core, l2, l3:p-e 0 2, node, package, "
		  "machine, any" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(confined); i++) {
		write_machine(confined[i].machine, confined[i].kinds);
		allow_only(confined[i].allowed);
		pretend_file();
		expect_places(confined[i].machine, confined[i].places);
	}
}

static void test_reasons(void **state)
{
	size_t count;
	const struct place *place;
	char text[128];

	(void)state;
	write_machine("Package(Node:0 Core(0)) Package(Node:1 Core(1))", NULL);
	allow_only("0x1");
	pretend_file();
	place = topo_places(&count);
	for (size_t i = 1; i + 1 < count; i++)
		assert_string_equal(place[i].reason,
				    "needs two PUs; only PU 0 is allowed");
	write_machine("Node:0 Package(Group=Cluster(Core(0) Core(1)) "
		      "Group=Cluster(Core(2)))",
		      NULL);
	allow_only("0x5");
	pretend_file();
	place = topo_places(&count);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(place[i].name, "cluster")) {
			assert_string_equal(place[i].reason,
					    "no two allowed PUs meet first at "
					    "a cluster");
			topo_place_text(&place[i], text, sizeof(text));
			assert_string_equal(text, "absent: no two allowed PUs "
						  "meet first at a cluster");
		}
}

static void test_kinds(void **state)
{
	static const struct {
		const char *place, *text;
	} texts[] = { { "pu:p", "pu 0 (p)" },
		      { "l3:p-e", "pu 0 (p) pu 1 (e)" },
		      { "l3:e-e", "pu 1 (e) pu 2 (e)" },
		      { "any", "not bound" } };
	const struct topo_kind *kind;
	const struct place *place;
	char text[128];
	size_t count;

	(void)state;
	write_machine("Node:0 Package(L3(L2(Core(0)) L2(Core(1)) L2(Core(2))))",
		      "1-2 " INTEL_E "4000;0-0 " INTEL_P "5000");
	pretend_file();
	kind = topo_kinds(&count);
	assert_int_equal(count, 2);
	assert_string_equal(kind[0].name, "p");
	assert_string_equal(kind[0].pus, "0");
	assert_string_equal(kind[0].what,
			    "CoreType=IntelCore FrequencyMaxMHz=5000");
	assert_string_equal(kind[1].name, "e");
	assert_string_equal(kind[1].pus, "1-2");
	assert_string_equal(topo_kind_of(0), "p");
	assert_string_equal(topo_kind_of(2), "e");
	assert_null(topo_kind_of(3));
	assert_null(topo_kind_of(TOPO_NO_PU));
	place = topo_places(&count);
	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t k = 0; k < count; k++)
			if (!strcmp(place[k].name, texts[i].place)) {
				topo_place_text(&place[k], text, sizeof(text));
				assert_string_equal(text, texts[i].text);
			}
	/* an invocation reads them in the run's file */
	assert_int_equal(topo_export(xml), 0);
	pretend_file();
	assert_string_equal(topo_kind_of(0), "p");

	pretend("pack:1 core:2 pu:1");
	assert_null(topo_kinds(&count));
	assert_int_equal(count, 0);
	assert_null(topo_kind_of(0));
}

static void test_names(void **state)
{
	int a, b;

	(void)state;
	assert_true(place_is("l3", "l3"));
	assert_true(place_is("l3:p-e", "l3"));
	assert_true(place_is("l3:p-e", "l3:p-e"));
	assert_false(place_is("l3:p-e", "l3:p"));
	assert_false(place_is("l3", "l3:p-e"));
	assert_false(place_is("l3", "l"));
	assert_false(place_is("pu4-pu5", "pu"));
	assert_true(place_parse_pair("pu4-pu12", &a, &b));
	assert_int_equal(a, 4);
	assert_int_equal(b, 12);
	assert_false(place_parse_pair("pu4", &a, &b));
	assert_false(place_parse_pair("pu4-pu", &a, &b));
	assert_false(place_parse_pair("pu4-pu12 ", &a, &b));
	assert_false(place_parse_pair("pu4-pu012", &a, &b));
	assert_false(place_parse_pair("pu+4-pu1", &a, &b));
	assert_false(place_parse_pair("pu4-pu99999999999", &a, &b));
}

/* ----------------------------------------------- no PU is not any PU */

static int enter(void *arg)
{
	(void)arg;
	return 0;
}

static int refuses_no_pu(struct child *child, void *arg)
{
	struct clock_offset offset;
	struct party party;
	struct clock clock;

	(void)arg;
	if (topo_open(NULL, child->reason, sizeof(child->reason)))
		return -1;
	clock_open(&clock);
	errno = 0;
	if (!topo_bind(TOPO_NO_PU) || errno != EINVAL)
		return child_fail(child, "topo_bind");
	errno = 0;
	if (!party_start(&party, PEER_THREAD, TOPO_NO_PU, enter, NULL) ||
	    errno != EINVAL)
		return child_fail(child, "party_start, a thread");
	errno = 0;
	if (!party_start(&party, PEER_PROCESS, TOPO_NO_PU, enter, NULL) ||
	    errno != EINVAL)
		return child_fail(child, "party_start, a process");
	errno = 0;
	if (party_shared(4096, TOPO_NO_PU) || errno != EINVAL)
		return child_fail(child, "party_shared");
	if (!clock_compare(&clock, topo_pu(0), TOPO_NO_PU, topo_bind,
			   &offset) ||
	    !clock_compare(&clock, TOPO_NO_PU, topo_pu(0), topo_bind, &offset))
		return child_fail(child, "clock_compare");
	if (topo_node(TOPO_NO_PU) != -1)
		return child_fail(child, "topo_node");
	return 0;
}

static void test_no_pu(void **state)
{
	(void)state;
	expect_child("no PU", refuses_no_pu, NULL, false, NULL);
}

/* Where the second party ran, as a bench of two that does not look itself
 * would leave it. */
static int second_pu;

static uint64_t leave_pu(struct run *r, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		clock_now();
	r->peer_pu = second_pu;
	return n;
}

static int sample_with(struct child *child, void *arg)
{
	static const struct bench bench = { .name = "made_up",
					    .unit = "ns",
					    .run = leave_pu };
	static const struct variant variant = { .name = "-" };
	static struct sample sample;
	int *pu = arg; /* asked for: two; and where the second was */
	struct sample_plan plan = { .measure_ns = 1e6,
				    .warm_ns = 1e5,
				    .method = -1 };
	struct run r = {
		.bench = &bench,
		.variant = &variant,
		.value = PARAM_NONE,
		.peer = PEER_THREAD,
		.mode = RUN_MEASURE,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	if (topo_open(NULL, child->reason, sizeof(child->reason)))
		return -1;
	r.pu_a = pu[0] == 0 ? topo_pu(0) : pu[0];
	r.pu_b = pu[1] == 0 ? topo_pu(0) : pu[1];
	second_pu = pu[2] == 0 ? topo_pu(0) : pu[2];
	if (topo_bind(topo_pu(0)))
		return child_fail(child, "bind");
	clock_open(&r.clock);
	return sample_run(&r, &plan, &sample);
}

static void expect_refusal(int *pu, const char *why)
{
	struct child child;

	assert_int_not_equal(run_child(sample_with, pu, false, &child), 0);
	if (strncmp(child.reason, why, strlen(why)))
		fail_msg("%s, not %s", child.reason, why);
}

static void test_unknown_and_wrong_pus(void **state)
{
	/* 0: the first that is allowed */
	static const char unknown[] = "a PU of its place is not known";
	int wrong[] = { 0, 0, 77777 }, lacks_a[] = { TOPO_NO_PU, 0, 0 },
	    lacks_b[] = { 0, TOPO_NO_PU, 0 }, half[] = { TOPO_ANY_PU, 0, 0 },
	    right[] = { 0, 0, 0 }, alone[] = { 0, -1, -1 };

	(void)state;
	expect_child("both there", sample_with, right, false, NULL);
	expect_child("one party", sample_with, alone, false, NULL);
	expect_refusal(wrong, "the other party ran on PU 77777, not ");
	expect_refusal(lacks_a, unknown);
	expect_refusal(lacks_b, unknown);
	expect_refusal(half, unknown);
}

/* A topology that is said to be this machine's and claims PUs that it lacks,
 * looked at by a process that may use one. */
static int claim_more(struct child *child, void *arg)
{
	const char *machine = arg;
	const struct place *place;
	cpu_set_t one;
	size_t count;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		return child_fail(child, "sched_setaffinity");
	setenv("HWLOC_SYNTHETIC", machine, 1);
	setenv("HWLOC_THISSYSTEM", "1", 1);
	if (topo_open(NULL, child->reason, sizeof(child->reason)))
		return -1;
	if (topo_pu_count() != 1)
		return child_fail(child, "%zu PUs are allowed",
				  topo_pu_count());
	place = topo_places(&count);
	for (size_t i = 0; i < count; i++) {
		bool here = !strcmp(place[i].name, "pu") ||
			    !strcmp(place[i].name, "any");

		if (place[i].present != here)
			return child_fail(child, "place %s is %s",
					  place[i].name,
					  here ? "absent" : "present");
		if (!here && !strstr(place[i].reason, "needs two PUs; only PU"))
			return child_fail(child, "%s", place[i].reason);
	}
	return 0;
}

static void test_claims_more_than_there_is(void **state)
{
	char machine[][48] = { "pack:2 [numa] core:512 pu:1",
			       "pack:64 [numa] core:64 pu:1",
			       "pack:512 [numa] l3:1 core:1 pu:2" };

	(void)state;
	for (size_t i = 0; i < COUNT(machine); i++)
		expect_child(machine[i], claim_more, machine[i], false, NULL);
}

static int enter_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(xml, sizeof(xml), "%s/topology.xml", dir);
	return 0;
}

static int leave_dir(void **state)
{
	(void)state;
	topo_close();
	unlink(xml);
	return rmdir(dir);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, look_at_this_machine)
	const struct CMUnitTest tests[] = {
		TEST(test_known_machines),
		TEST(test_synthetic_machines),
		TEST(test_restricted),
		TEST(test_reasons),
		TEST(test_kinds),
		TEST(test_names),
		TEST(test_no_pu),
		TEST(test_unknown_and_wrong_pus),
		TEST(test_claims_more_than_there_is),
	};

	return cmocka_run_group_tests(tests, enter_dir, leave_dir);
}
