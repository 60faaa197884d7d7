/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are places what hwloc says they are, on machines of every shape, and does
 * binding bind? */
#include "topo.h"

#include <dirent.h>
#include <hwloc.h>
#include <sched.h>
#include <time.h>

#include "support.h"

static char dir[] = "/tmp/handoff-test-XXXXXX", xml[64];
static char err[512];

/* Makes topo_open(NULL) see a machine that does not exist. */
static void pretend(const char *synthetic)
{
	assert_int_equal(setenv("HWLOC_SYNTHETIC", synthetic, 1), 0);
	assert_int_equal(setenv("HWLOC_THISSYSTEM", "0", 1), 0);
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

static const struct place *find(const char *name)
{
	size_t count;
	const struct place *place = topo_places(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(place[i].name, name))
			return &place[i];
	return NULL;
}

/* "pu 0 0, core 0 1, …": the places that are present, without "any". */
static void describe(char *buf, size_t size)
{
	size_t count, used = 0;
	const struct place *place = topo_places(&count);

	buf[0] = '\0';
	for (size_t i = 0; i + 1 < count; i++)
		if (place[i].present && used < size)
			used += (size_t)snprintf(buf + used, size - used,
						 "%s%s %d %d", used ? ", " : "",
						 place[i].name, place[i].pu_a,
						 place[i].pu_b);
}

/* What hwloc itself says the two PUs of a place meet at. */
static void assert_meets(hwloc_topology_t topology, const struct place *place)
{
	hwloc_obj_t a =
		hwloc_get_pu_obj_by_os_index(topology, (unsigned)place->pu_a);
	hwloc_obj_t b =
		hwloc_get_pu_obj_by_os_index(topology, (unsigned)place->pu_b);
	hwloc_obj_t at;
	char type[64];

	assert_non_null(a);
	assert_non_null(b);
	at = hwloc_get_common_ancestor_obj(topology, a, b);
	hwloc_obj_type_snprintf(type, sizeof(type), at, 0);
	for (char *c = type; *c; c++)
		*c |= 0x20; /* "L3" -> "l3", "Package" -> "package" */
	if (!strcmp(place->name, "node"))
		assert_int_equal(at->memory_arity, 1);
	else if (strncmp(type, place->name, strlen(place->name)))
		fail_msg("PUs %d and %d of place %s meet at %s", place->pu_a,
			 place->pu_b, place->name, type);
}

static const struct {
	const char *synthetic;
	size_t pus;
	int first, last;
	const char *places;
} shape[] = {
	{ "pack:2 l3:1 l2:2 core:1 pu:2", 8, 0, 7,
	  "pu 0 0, core 0 1, l3 0 2, machine 0 4" },
	{ "pack:1 core:2 pu:1", 2, 0, 1, "pu 0 0, package 0 1" },
	/* cores in pairs on an L2, as Arm and Intel's small cores have it */
	{ "pack:1 l3:1 l2:2 core:2 pu:1", 4, 0, 3, "pu 0 0, l2 0 1, l3 0 2" },
	{ "pack:1 l2:2 core:2 pu:2", 8, 0, 7,
	  "pu 0 0, core 0 1, l2 0 2, package 0 4" },
	/* several L3 a package, as EPYC has it */
	{ "pack:2 l3:4 core:2 pu:2", 32, 0, 31,
	  "pu 0 0, core 0 1, l3 0 2, package 0 4, machine 0 16" },
	/* NUMA nodes inside a package: sub-NUMA clusters */
	{ "pack:1 group:2 numa:1 core:2 pu:1", 4, 0, 3,
	  "pu 0 0, node 0 1, package 0 2" },
	{ "pack:2 group:2 numa:1 l3:2 core:2 pu:2", 32, 0, 31,
	  "pu 0 0, core 0 1, l3 0 2, node 0 4, package 0 8, machine 0 16" },
	/* a node a package: the package is the better name */
	{ "pack:2 numa:1 core:2 pu:1", 4, 0, 3,
	  "pu 0 0, package 0 1, machine 0 2" },
	/* places that have no standard name stand where their level is */
	{ "pack:1 die:2 core:2 pu:1", 4, 0, 3, "pu 0 0, die 0 1, package 0 2" },
	{ "pack:1 group:2 core:2 pu:1", 4, 0, 3,
	  "pu 0 0, group 0 1, package 0 2" },
	/* no packages: a virtual machine that shows nothing */
	{ "core:4 pu:1", 4, 0, 3, "pu 0 0, machine 0 1" },
	/* PUs with holes, none of them 0, above 64, above 1024 */
	{ "pack:1 core:4 pu:1(indexes=3,7,64,130)", 4, 3, 130,
	  "pu 3 3, package 3 7" },
	{ "pack:1 core:2 pu:2(indexes=130,64,7,3)", 4, 3, 130,
	  "pu 3 3, core 3 7, package 3 64" },
	{ "pack:2 core:1 pu:1(indexes=1500,5000)", 2, 1500, 5000,
	  "pu 1500 1500, machine 1500 5000" },
	/* SMT siblings numbered last, as most BIOSes do */
	{ "pack:1 core:2 pu:2(indexes=0,2,1,3)", 4, 0, 3,
	  "pu 0 0, core 0 2, package 0 1" },
	{ "pack:8 numa:1 l3:8 core:8 pu:2", 1024, 0, 1023,
	  "pu 0 0, core 0 1, l3 0 2, package 0 16, machine 0 128" },
};

static void test_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shape); i++) {
		hwloc_topology_t topology;
		char places[256];
		size_t count;

		pretend(shape[i].synthetic);
		open_topo();
		assert_false(topo_is_this_system());
		assert_int_equal(topo_pu_count(), shape[i].pus);
		assert_int_equal(topo_pu(0), shape[i].first);
		assert_int_equal(topo_pu(shape[i].pus - 1), shape[i].last);
		for (size_t k = 1; k < shape[i].pus; k++)
			assert_true(topo_pu(k - 1) < topo_pu(k));
		describe(places, sizeof(places));
		if (strcmp(places, shape[i].places))
			fail_msg("%s: %s, not %s", shape[i].synthetic, places,
				 shape[i].places);

		const struct place *place = topo_places(&count);
		assert_int_equal(hwloc_topology_init(&topology), 0);
		assert_int_equal(hwloc_topology_load(topology), 0);
		for (size_t k = 0; k < count; k++)
			if (place[k].present && place[k].pu_a >= 0)
				assert_meets(topology, &place[k]);
		hwloc_topology_destroy(topology);
	}
}

static void test_order_and_reasons(void **state)
{
	static const char *const standard[] = { "pu",     "core", "l2",
						"l3",     "node", "package",
						"machine" };

	(void)state;
	for (size_t i = 0; i < COUNT(shape); i++) {
		const struct place *place;
		size_t count;

		pretend(shape[i].synthetic);
		open_topo();
		place = topo_places(&count);
		assert_true(count > COUNT(standard));
		for (size_t k = 0, at = 0; k < COUNT(standard); k++, at++)
			while (at < count &&
			       strcmp(place[at].name, standard[k]))
				assert_true(++at < count);
		assert_string_equal(place[count - 1].name, "any");
		assert_true(place[count - 1].present);
		assert_int_equal(place[count - 1].pu_a, TOPO_ANY_PU);
		assert_int_equal(place[count - 1].pu_b, TOPO_ANY_PU);
		for (size_t k = 0; k < count; k++) {
			assert_int_equal(place[k].present,
					 place[k].reason[0] == '\0');
			for (size_t m = 0; m < k; m++)
				assert_string_not_equal(place[k].name,
							place[m].name);
		}
	}
}

static void test_a_thousand_pus_in_a_second(void **state)
{
	struct timespec from, to;
	double seconds;
	size_t count;

	(void)state;
	pretend("pack:8 numa:1 l3:8 core:8 pu:2");
	/* of this process, whatever else the machine does */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	open_topo();
	topo_places(&count);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	seconds = (double)(to.tv_sec - from.tv_sec) +
		  (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	assert_int_equal(topo_pu_count(), 1024);
	assert_true(seconds < 1);
}

static void test_one_pu(void **state)
{
	static const struct {
		const char *synthetic;
		int pu;
	} only[] = { { "pack:1 core:1 pu:1", 0 },
		     { "pack:1 core:1 pu:1(indexes=7)", 7 } };

	(void)state;
	for (size_t i = 0; i < COUNT(only); i++) {
		const struct place *place;
		char pu[16];
		size_t count;

		pretend(only[i].synthetic);
		open_topo();
		snprintf(pu, sizeof(pu), "PU %d ", only[i].pu);
		place = topo_places(&count);
		assert_true(place[0].present);
		assert_int_equal(place[0].pu_a, only[i].pu);
		assert_int_equal(place[0].pu_b, only[i].pu);
		for (size_t k = 1; k + 1 < count; k++) {
			assert_false(place[k].present);
			assert_non_null(strstr(place[k].reason, pu));
		}
	}
}

/* A file with one text in place of another. */
static void edit(const char *path, const char *from, const char *to)
{
	static char text[1 << 20];
	FILE *f = fopen(path, "r");
	size_t length;
	char *at;

	assert_non_null(f);
	length = fread(text, 1, sizeof(text) - 1, f);
	text[length] = '\0';
	fclose(f);
	at = strstr(text, from);
	assert_non_null(at);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	assert_int_equal(fclose(f), 0);
}

static void pretend_file(const char *path)
{
	unsetenv("HWLOC_SYNTHETIC");
	assert_int_equal(setenv("HWLOC_XMLFILE", path, 1), 0);
	assert_int_equal(setenv("HWLOC_THISSYSTEM", "0", 1), 0);
}

static void test_export_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shape); i++) {
		char before[256], after[256], signature[128], again[128];

		unsetenv("HWLOC_XMLFILE");
		pretend(shape[i].synthetic);
		open_topo();
		describe(before, sizeof(before));
		topo_signature(signature, sizeof(signature));
		assert_int_equal(topo_export(xml), 0);
		pretend_file(xml);
		open_topo();
		describe(after, sizeof(after));
		topo_signature(again, sizeof(again));
		assert_string_equal(before, after);
		assert_string_equal(signature, again);
		assert_int_equal(topo_pu_count(), shape[i].pus);
	}
}

/* What the cgroup forbids stays in the export, and no pair is made of it. */
static void test_disallowed_pus(void **state)
{
	char places[256], signature[128];

	(void)state;
	pretend("pack:1 core:2 pu:2");
	open_topo();
	assert_int_equal(topo_export(xml), 0);
	edit(xml, "allowed_cpuset=\"0x0000000f\"",
	     "allowed_cpuset=\"0x0000000a\"");
	pretend_file(xml);
	open_topo();
	assert_int_equal(topo_pu_count(), 2);
	assert_int_equal(topo_pu(0), 1);
	assert_int_equal(topo_pu(1), 3);
	describe(places, sizeof(places));
	assert_string_equal(places, "pu 1 1, package 1 3");
	topo_signature(signature, sizeof(signature));
	assert_non_null(strstr(signature, "4 pu"));
}

static void test_nodes(void **state)
{
	(void)state;
	pretend("pack:2 group:2 numa:1 core:2 pu:1");
	open_topo();
	for (int pu = 0; pu < 8; pu++)
		assert_int_equal(topo_node(pu), pu / 2);
	assert_int_equal(topo_node(8), -1);
	assert_int_equal(topo_node(TOPO_ANY_PU), -1);

	pretend("pack:2 numa:1(indexes=5,2) core:2 pu:1");
	open_topo();
	assert_int_equal(topo_node(0), 5);
	assert_int_equal(topo_node(3), 2);

	/* one for all, at the machine */
	pretend("pack:2 core:2 pu:1");
	open_topo();
	assert_int_equal(topo_node(3), 0);
}

/* Memory behind a cache of its own (Xeon Phi, Optane): hwloc puts the cache
 * between the PUs and the node. */
static void test_node_behind_a_memory_side_cache(void **state)
{
	static const char node[] = "<object type=\"NUMANode\" os_index=\"1\"",
			  core[] = "<object type=\"Core\" os_index=\"1\"";
	char with_cache[512], after_cache[128];

	(void)state;
	pretend("pack:2 numa:1 core:1 pu:1");
	open_topo();
	assert_int_equal(topo_export(xml), 0);
	snprintf(with_cache, sizeof(with_cache),
		 "<object type=\"MemCache\" cpuset=\"0x2\" "
		 "complete_cpuset=\"0x2\" nodeset=\"0x2\" "
		 "complete_nodeset=\"0x2\" gp_index=\"90\" "
		 "cache_size=\"1048576\" depth=\"1\" cache_linesize=\"64\" "
		 "cache_associativity=\"0\" cache_type=\"0\">%s",
		 node);
	snprintf(after_cache, sizeof(after_cache), "</object>%s", core);
	edit(xml, node, with_cache);
	edit(xml, core, after_cache);
	pretend_file(xml);
	open_topo();
	assert_int_equal(topo_pu_count(), 2);
	assert_int_equal(topo_node(0), 0);
	assert_int_equal(topo_node(1), 1);
}

static void test_signature(void **state)
{
	char text[128];

	(void)state;
	pretend("pack:2 numa:1 l3:2 core:2 pu:2");
	open_topo();
	topo_signature(text, sizeof(text));
	assert_string_equal(text, "2 package, 2 node, 4 l3, 8 core, 16 pu");
	topo_version(text, sizeof(text));
	unsigned major, minor, patch;
	assert_int_equal(sscanf(text, "%u.%u.%u", &major, &minor, &patch), 3);
	assert_true(major >= 2);
}

static void test_pairs(void **state)
{
	const struct place *pair;

	(void)state;
	pretend("pack:2 core:2 pu:2");
	open_topo();
	for (int a = 0; a < 8; a++)
		for (int b = 0; b < 8; b++) {
			char name[32];

			pair = topo_pair(a, b);
			if (a == b) {
				assert_null(pair);
				continue;
			}
			assert_non_null(pair);
			assert_true(pair->present);
			assert_int_equal(pair->pu_a, a);
			assert_int_equal(pair->pu_b, b);
			snprintf(name, sizeof(name), "pu%d-pu%d", a, b);
			assert_string_equal(pair->name, name);
			assert_ptr_equal(topo_pair(a, b), pair);
		}
	/* of what is not allowed, or not there, none */
	assert_null(topo_pair(0, 8));
	assert_null(topo_pair(8, 0));
	assert_null(topo_pair(TOPO_ANY_PU, 0));
	assert_null(topo_pair(0, TOPO_NO_PU));
	pretend("pack:2 core:1 pu:1(indexes=5000,1500)");
	open_topo();
	assert_string_equal(topo_pair(1500, 5000)->name, "pu1500-pu5000");
	assert_null(topo_pair(0, 1500));
}

static void test_describe(void **state)
{
	static const struct {
		const char *synthetic;
		int pu;
		const char *text;
	} at[] = {
		{ "pack:2 numa:1 core:2 pu:2", 0, "package 0 core 0 node 0" },
		{ "pack:2 numa:1 core:2 pu:2", 5, "package 1 core 2 node 1" },
		{ "pack:2 core:2 pu:2", 7, "package 1 core 3 node 0" },
		/* PUs and nodes as the system numbers them, the rest in order
		 * of their PUs */
		{ "pack:2 numa:1(indexes=5,2) core:1 pu:1(indexes=9,4)", 4,
		  "package 0 core 0 node 2" },
		/* what there is of it */
		{ "core:4 pu:1", 2, "core 2 node 0" },
		{ "pack:2 pu:2", 3, "package 1 node 0" },
		{ "pack:2 core:2 pu:2", 99, "" },
	};
	char text[64], small[9];

	(void)state;
	for (size_t i = 0; i < COUNT(at); i++) {
		pretend(at[i].synthetic);
		open_topo();
		topo_describe(at[i].pu, text, sizeof(text));
		assert_string_equal(text, at[i].text);
	}
	/* cut to size */
	pretend("pack:2 core:2 pu:2");
	open_topo();
	topo_describe(7, small, sizeof(small));
	assert_string_equal(small, "package ");
}

static void test_errors(void **state)
{
	(void)state;
	assert_int_equal(topo_open("/nowhere/topology.xml", err, sizeof(err)),
			 -1);
	assert_non_null(strstr(err, "/nowhere/topology.xml"));
	assert_null(strchr(err, '\n'));

	/* a run's topology, of another machine: none of its PUs is here */
	pretend("pack:1 core:2 pu:1(indexes=4000,4001)");
	open_topo();
	assert_int_equal(topo_export(xml), 0);
	look_at_this_machine(NULL);
	assert_int_equal(topo_open(xml, err, sizeof(err)), -1);
	assert_string_equal(err, "no PU is allowed to this process");

	/* a failure leaves nothing behind */
	open_topo();
	assert_true(topo_is_this_system());
	assert_int_equal(topo_export("/nowhere/topology.xml"), -1);
}

/* --------------------------------------------------- the real machine */

static void test_this_machine(void **state)
{
	cpu_set_t mask;

	(void)state;
	open_topo();
	assert_true(topo_is_this_system());
	assert_int_equal(sched_getaffinity(0, sizeof(mask), &mask), 0);
	assert_int_equal(topo_pu_count(), CPU_COUNT(&mask));
	for (size_t i = 0; i < topo_pu_count(); i++)
		assert_true(CPU_ISSET((size_t)topo_pu(i), &mask));
	assert_int_equal(find("pu")->pu_a, topo_pu(0));
	assert_non_null(find("any"));
}

static void test_bind(void **state)
{
	cpu_set_t before, mask;

	(void)state;
	open_topo();
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	for (size_t i = 0; i < topo_pu_count(); i++) {
		int pu = topo_pu(i);

		assert_int_equal(topo_bind(pu), 0);
		assert_int_equal(sched_getcpu(), pu);
		assert_int_equal(sched_getaffinity(0, sizeof(mask), &mask), 0);
		assert_int_equal(CPU_COUNT(&mask), 1);
		assert_true(CPU_ISSET((size_t)pu, &mask));
	}

	/* what cannot be bound to is refused and changes nothing */
	errno = 0;
	assert_int_equal(topo_bind(4000), -1);
	assert_int_not_equal(errno, 0);
	assert_int_equal(sched_getaffinity(0, sizeof(mask), &mask), 0);
	assert_int_equal(CPU_COUNT(&mask), 1);

	assert_int_equal(topo_bind(TOPO_ANY_PU), 0);
	assert_int_equal(sched_getaffinity(0, sizeof(mask), &mask), 0);
	assert_true(CPU_EQUAL(&mask, &before));
}

/* Every thread: a sanitizer has one of its own. */
static int confine(const cpu_set_t *mask)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	int result = tasks ? 0 : -1;

	while (tasks && (task = readdir(tasks)))
		if (task->d_name[0] != '.' &&
		    sched_setaffinity(atoi(task->d_name), sizeof(*mask), mask))
			result = -1;
	if (tasks)
		closedir(tasks);
	return result;
}

/* As under taskset: one PU, the last that is allowed. */
static int look_through_one_pu(struct child *child, void *arg)
{
	const struct place *place;
	cpu_set_t mask, one;
	size_t count;
	int pu = -1;

	(void)arg;
	if (sched_getaffinity(0, sizeof(mask), &mask))
		return child_fail(child, "sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET((size_t)i, &mask))
			pu = i;
	CPU_ZERO(&one);
	CPU_SET((size_t)pu, &one);
	if (confine(&one))
		return child_fail(child, "sched_setaffinity");
	if (topo_open(NULL, child->reason, sizeof(child->reason)))
		return -1;
	if (topo_pu_count() != 1 || topo_pu(0) != pu)
		return child_fail(child, "%zu PUs, the first %d",
				  topo_pu_count(), topo_pu(0));
	place = topo_places(&count);
	for (size_t i = 0; i < count; i++) {
		bool here = !strcmp(place[i].name, "pu") ||
			    !strcmp(place[i].name, "any");

		if (place[i].present != here)
			return child_fail(child, "place %s is %s",
					  place[i].name,
					  here ? "absent" : "present");
	}
	if (place[0].pu_a != pu || place[0].pu_b != pu)
		return child_fail(child, "place pu is not PU %d", pu);
	if (topo_bind(TOPO_ANY_PU) || sched_getcpu() != pu)
		return child_fail(child, "any PU is not the one allowed");
	return 0;
}

static void test_restricted_affinity(void **state)
{
	(void)state;
	expect_child("one PU", look_through_one_pu, NULL, false, NULL);
}

/* An invocation reads the runner's export: it must see the same. */
static void test_export_of_this_machine(void **state)
{
	char before[256], after[256];

	(void)state;
	open_topo();
	describe(before, sizeof(before));
	assert_int_equal(topo_export(xml), 0);
	if (topo_open(xml, err, sizeof(err)))
		fail_msg("%s", err);
	assert_true(topo_is_this_system());
	describe(after, sizeof(after));
	assert_string_equal(before, after);
	assert_int_equal(topo_bind(topo_pu(0)), 0);
	assert_int_equal(sched_getcpu(), topo_pu(0));
	assert_int_equal(topo_bind(TOPO_ANY_PU), 0);
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
		TEST(test_shapes),
		TEST(test_order_and_reasons),
		TEST(test_a_thousand_pus_in_a_second),
		TEST(test_one_pu),
		TEST(test_export_and_back),
		TEST(test_disallowed_pus),
		TEST(test_nodes),
		TEST(test_node_behind_a_memory_side_cache),
		TEST(test_signature),
		TEST(test_pairs),
		TEST(test_describe),
		TEST(test_errors),
		TEST(test_this_machine),
		TEST(test_bind),
		TEST(test_restricted_affinity),
		TEST(test_export_of_this_machine),
	};

	return cmocka_run_group_tests(tests, enter_dir, leave_dir);
}
