/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks memory against made-up machines, limits of a child and this one. */
#include "memory.h"

#include <inttypes.h>
#include <sys/resource.h>

#include "fake_root.h"
#include "support.h"
#include "topo.h"

#define V2 "/sys/fs/cgroup"
#define MIB ((uint64_t)1 << 20)

/* ---- a made-up machine ---- */

static void put_meminfo(const char *root, uint64_t total, uint64_t available)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "MemTotal:       %" PRIu64 " kB\n"
		 "MemFree:               1 kB\n"
		 "MemAvailable:   %" PRIu64 " kB\n",
		 total / 1024, available / 1024);
	root_put(root, "/proc/meminfo", text);
}

static void put_v2(const char *root, const char *own)
{
	char text[256];

	snprintf(text, sizeof(text), "0::%s\n", own);
	root_put(root, "/proc/self/cgroup", text);
	root_put(root, "/proc/self/mountinfo",
		 "30 23 0:26 / " V2 " rw - cgroup2 cgroup2 rw\n");
}

static void put_number(const char *root, const char *path, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 "\n", number);
	root_put(root, path, text);
}

/* All of a v2 group that counts. */
static void put_group(const char *root, const char *dir, uint64_t max,
		      uint64_t current, uint64_t inactive_file)
{
	char path[PATH_MAX], text[128];

	snprintf(path, sizeof(path), "%s/memory.max", dir);
	put_number(root, path, max);
	snprintf(path, sizeof(path), "%s/memory.current", dir);
	put_number(root, path, current);
	snprintf(path, sizeof(path), "%s/memory.stat", dir);
	snprintf(text, sizeof(text),
		 "anon 1\nfile %" PRIu64 "\ninactive_file %" PRIu64 "\n",
		 2 * inactive_file, inactive_file);
	root_put(root, path, text);
}

static void room_is(int line, const char *root, uint64_t bytes, const char *why)
{
	char got[192];
	uint64_t room = memory_room_in(root, got, sizeof(got));

	if (room != bytes || strcmp(got, why))
		fail_msg("line %d: \"%s\" leaves %.3f MiB", line, got,
			 (double)room / (double)MIB);
}

#define assert_room(...) room_is(__LINE__, __VA_ARGS__)

/* ---- the machine ---- */

static void test_nothing_known(void **state)
{
	const char *root = *state;

	assert_room(root, UINT64_MAX, "no limit is known");
	/* Neither is it by files that do not say it. */
	root_put(root, "/proc/meminfo", "MemTotal: 1 kB\nMemAvailable: ?\n");
	put_v2(root, "/a");
	root_put(root, V2 "/a/memory.max", "max\n");
	assert_room(root, UINT64_MAX, "no limit is known");
}

static void test_machine(void **state)
{
	const char *root = *state;

	/* A twentieth, and of a small machine 64 MiB, is kept back. */
	put_meminfo(root, 20000 * MIB, 5000 * MIB);
	assert_room(root, 4000 * MIB, "MemAvailable");
	put_meminfo(root, 512 * MIB, 300 * MIB);
	assert_room(root, 236 * MIB, "MemAvailable");
	put_meminfo(root, 512 * MIB, 64 * MIB);
	assert_room(root, 0, "MemAvailable");
	put_meminfo(root, 512 * MIB, 10 * MIB);
	assert_room(root, 0, "MemAvailable");
	/* Without MemTotal as of a small one. */
	root_put(root, "/proc/meminfo", "MemAvailable: 102400 kB\n");
	assert_room(root, 36 * MIB, "MemAvailable");
}

/* ---- the control group ---- */

static void test_cgroup_v2(void **state)
{
	const char *root = *state;

	put_meminfo(root, 20000 * MIB, 5000 * MIB);
	put_v2(root, "/a");
	put_group(root, V2 "/a", 1000 * MIB, 600 * MIB, 100 * MIB);
	assert_room(root, 468 * MIB, "the cgroup's memory.max (" V2 "/a)");

	/* What slows to a crawl binds as what kills does. */
	put_number(root, V2 "/a/memory.high", 900 * MIB);
	assert_room(root, 368 * MIB, "the cgroup's memory.high (" V2 "/a)");
	put_number(root, V2 "/a/memory.high", 1100 * MIB);
	assert_room(root, 468 * MIB, "the cgroup's memory.max (" V2 "/a)");
	root_put(root, V2 "/a/memory.max", "max\n");
	assert_room(root, 568 * MIB, "the cgroup's memory.high (" V2 "/a)");
	root_put(root, V2 "/a/memory.high", "max\n");
	assert_room(root, 4000 * MIB, "MemAvailable");

	/* Used up, and even beyond. */
	put_group(root, V2 "/a", 1000 * MIB, 1000 * MIB, 20 * MIB);
	assert_room(root, 0, "the cgroup's memory.max (" V2 "/a)");
	put_group(root, V2 "/a", 1000 * MIB, 1200 * MIB, 0);
	assert_room(root, 0, "the cgroup's memory.max (" V2 "/a)");
	/* The two are not read at one moment: never more than the limit. */
	put_group(root, V2 "/a", 1000 * MIB, 10 * MIB, 20 * MIB);
	assert_room(root, 968 * MIB, "the cgroup's memory.max (" V2 "/a)");
	/* The machine has less than the group may use. */
	put_meminfo(root, 512 * MIB, 300 * MIB);
	assert_room(root, 236 * MIB, "MemAvailable");
}

static void test_cgroup_nested(void **state)
{
	const char *root = *state;

	put_v2(root, "/a/b");
	put_group(root, V2 "/a/b", 1000 * MIB, 100 * MIB, 0);
	assert_room(root, 868 * MIB, "the cgroup's memory.max (" V2 "/a/b)");
	/* Of two that are alike the nearer. */
	put_group(root, V2 "/a", 1000 * MIB, 100 * MIB, 0);
	assert_room(root, 868 * MIB, "the cgroup's memory.max (" V2 "/a/b)");
	/* The parent allows more, and others have used it. */
	put_group(root, V2 "/a", 2000 * MIB, 1900 * MIB, 10 * MIB);
	assert_room(root, 78 * MIB, "the cgroup's memory.max (" V2 "/a)");
	/* The mount has a limit in a container. */
	put_group(root, V2, 3000 * MIB, 2960 * MIB, 0);
	assert_room(root, 8 * MIB, "the cgroup's memory.max (" V2 ")");
}

static void test_cgroup_v1(void **state)
{
	const char *root = *state;

	root_put(root, "/proc/self/cgroup", "4:memory:/a\n0::/\n");
	root_put(root, "/proc/self/mountinfo",
		 "35 31 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n"
		 "41 31 0:38 / /cg/unified rw - cgroup2 cgroup2 rw\n");
	root_put(root, "/cg/memory/memory.limit_in_bytes",
		 "9223372036854771712\n");
	put_number(root, "/cg/memory/memory.usage_in_bytes", 9000 * MIB);
	put_number(root, "/cg/memory/a/memory.limit_in_bytes", 500 * MIB);
	put_number(root, "/cg/memory/a/memory.usage_in_bytes", 400 * MIB);
	/* Unlike in v2, "inactive_file" leaves the children out. */
	root_put(root, "/cg/memory/a/memory.stat",
		 "inactive_file 4096\ntotal_inactive_file 104857600\n");
	assert_room(root, 168 * MIB,
		    "the cgroup's memory.limit_in_bytes (/cg/memory/a)");

	root_put(root, "/cg/memory/a/memory.limit_in_bytes",
		 "9223372036854771712\n");
	assert_room(root, UINT64_MAX, "no limit is known");
}

/* The host's path, of which a part is mounted: what is mounted is ours. */
static void test_cgroup_container(void **state)
{
	const char *root = *state;

	root_put(root, "/proc/self/cgroup", "0::/kubepods/pod1/ab\n");
	root_put(root, "/proc/self/mountinfo",
		 "30 23 0:26 /docker/ab " V2 " ro - cgroup2 cgroup2 rw\n");
	put_group(root, V2, 256 * MIB, 24 * MIB, 0);
	put_group(root, "/sys/fs", 64 * MIB, 0, 0);
	assert_room(root, 200 * MIB, "the cgroup's memory.max (" V2 ")");
}

/* A level that lacks something does not hide the others. */
static void test_cgroup_unreadable(void **state)
{
	const char *root = *state;
	char full[PATH_MAX + 64], why[192];
	bool super = !geteuid();
	uint64_t room;

	put_v2(root, "/a/b/c");
	put_number(root, V2 "/a/b/c/memory.max", 10 * MIB);
	put_group(root, V2 "/a", 1000 * MIB, 100 * MIB, 0);
	assert_room(root, 868 * MIB, "the cgroup's memory.max (" V2 "/a)");
	/* Without memory.stat nothing is known to be given back. */
	put_number(root, V2 "/a/b/memory.max", 200 * MIB);
	put_number(root, V2 "/a/b/memory.current", 100 * MIB);
	assert_room(root, 68 * MIB, "the cgroup's memory.max (" V2 "/a/b)");

	snprintf(full, sizeof(full), "%s" V2 "/a/b/memory.max", root);
	assert_int_equal(chmod(full, 0), 0);
	/* Root may read anything: step down for the while. */
	if (super)
		assert_int_equal(seteuid(65534), 0);
	room = memory_room_in(root, why, sizeof(why));
	if (super)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(room, 868 * MIB);
	assert_string_equal(why, "the cgroup's memory.max (" V2 "/a)");
}

/* ---- limits of the process ---- */

/* A limit so high that nothing feels it, and of what root says is used. */
struct pretended {
	const char *root;
	int resource;
	int left, room; /* MiB */
	const char *key, *why;
};

static int limit_pretended(struct child *child, void *arg)
{
	const struct pretended *p = arg;
	struct rlimit limit;
	char status[64], why[192];
	uint64_t room, most;

	most = ((uint64_t)RLIM_INFINITY >> 2) / MIB * MIB;
	snprintf(status, sizeof(status), "VmPeak:\t1 kB\n%s:\t%" PRIu64 " kB\n",
		 p->key, most / 1024 - (uint64_t)p->left * 1024);
	root_put(p->root, "/proc/self/status", status);
	if (getrlimit(p->resource, &limit))
		return child_fail(child, "getrlimit: %s", strerror(errno));
	limit.rlim_cur = most;
	if (setrlimit(p->resource, &limit))
		return child_fail(child, "setrlimit: %s", strerror(errno));
	room = memory_room_in(p->root, why, sizeof(why));
	if (room != (uint64_t)p->room * MIB || strcmp(why, p->why))
		return child_fail(child, "%s leaves %.3f MiB", why,
				  (double)room / (double)MIB);
	return 0;
}

static void test_process(void **state)
{
	static const char as[] = "RLIMIT_AS (ulimit -v)";
	static const char data[] = "RLIMIT_DATA (ulimit -d)";
	const char *root = *state;
	struct pretended rows[] = {
		{ root, RLIMIT_AS, 132, 100, "VmSize", as },
		{ root, RLIMIT_AS, 5, 0, "VmSize", as },
		{ root, RLIMIT_AS, -7, 0, "VmSize", as },
		{ root, RLIMIT_AS, 900, 236, "VmSize", "MemAvailable" },
		{ root, RLIMIT_DATA, 132, 100, "VmData", data },
		{ root, RLIMIT_DATA, 5, 0, "VmData", data },
		/* What is used of it is not known. */
		{ root, RLIMIT_AS, 5, 236, "VmData", "MemAvailable" },
	};
	struct rlimit limit;

	skip_if_emulated("sets no limits of memory");
	if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_max != RLIM_INFINITY ||
	    getrlimit(RLIMIT_DATA, &limit) || limit.rlim_max != RLIM_INFINITY)
		skip_because("this process has limits already");
	put_meminfo(root, 512 * MIB, 300 * MIB);
	for (size_t i = 0; i < COUNT(rows); i++)
		expect_child(rows[i].why, limit_pretended, &rows[i], false,
			     NULL);
}

/* The kernel's own number of what is used, a real limit a little above it, and
 * memory of as much as there is said to be. */
static int limit_really(struct child *child, void *arg)
{
	const struct pretended *p = arg;
	char why[192], line[256];
	struct rlimit limit;
	uint64_t left = (uint64_t)p->left * MIB, used = 0, room;
	FILE *file = fopen("/proc/self/status", "re");
	char *memory;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, p->key, strlen(p->key)))
			used = strtoull(line + strlen(p->key) + 1, NULL, 10);
	if (!file || fclose(file) || !used)
		return child_fail(child, "no %s", p->key);
	if (getrlimit(p->resource, &limit))
		return child_fail(child, "getrlimit: %s", strerror(errno));
	limit.rlim_cur = used * 1024 + left;
	if (setrlimit(p->resource, &limit))
		return child_fail(child, "setrlimit: %s", strerror(errno));

	room = memory_room(why, sizeof(why));
	if (strcmp(why, p->why))
		return child_fail(child, "%s leaves %.3f MiB", why,
				  (double)room / (double)MIB);
	/* Our own buffers may have taken a little, or given it back. */
	if (room / MIB + 2 < (uint64_t)p->room ||
	    room / MIB > (uint64_t)p->room + 2)
		return child_fail(child, "%.3f MiB",
				  (double)room / (double)MIB);
	memory = mmap(NULL, room, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return child_fail(child, "it is not there");
	memset(memory, 1, room);
	if (mmap(NULL, left, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		return child_fail(child, "the limit is none");
	return 0;
}

static void test_process_really(void **state)
{
	static struct pretended rows[] = {
		{ "", RLIMIT_AS, 64, 32, "VmSize", "RLIMIT_AS (ulimit -v)" },
		{ "", RLIMIT_DATA, 64, 32, "VmData",
		  "RLIMIT_DATA (ulimit -d)" },
	};
	char why[192];

	(void)state;
	skip_if_emulated("sets no limits of memory");
	if (memory_room(why, sizeof(why)) < 100 * MIB)
		skip_because("%s leaves too little here", why);
	for (size_t i = 0; i < COUNT(rows); i++)
		expect_child(rows[i].why, limit_really, &rows[i], false, NULL);
}

/* ---- the words ---- */

static void test_why_cut(void **state)
{
	const char *root = *state;
	char own[128], dir[256], why[64], tiny[4];

	put_meminfo(root, 512 * MIB, 300 * MIB);
	memory_room_in(root, tiny, sizeof(tiny));
	assert_string_equal(tiny, "Mem");

	/* Half a path says less than none. */
	memset(own, 'x', sizeof(own) - 1);
	own[0] = '/';
	own[sizeof(own) - 1] = '\0';
	put_v2(root, own);
	put_group(root, V2, 200 * MIB, 0, 0);
	memory_room_in(root, why, sizeof(why));
	assert_string_equal(why, "the cgroup's memory.max (" V2 ")");
	snprintf(dir, sizeof(dir), V2 "%s", own);
	put_group(root, dir, 100 * MIB, 0, 0);
	assert_int_equal(memory_room_in(root, why, sizeof(why)), 68 * MIB);
	assert_string_equal(why, "the cgroup's memory.max");
}

/* ---- this machine ---- */

static void test_this_machine(void **state)
{
	uint64_t room, machine;
	char why[192] = "";

	(void)state;
	room = memory_room(why, sizeof(why));
	machine = (uint64_t)sysconf(_SC_PHYS_PAGES) *
		  (uint64_t)sysconf(_SC_PAGESIZE);
	assert_true(*why);
	assert_true(room < machine);
	assert_true(memory_nodes() >= 1);
	assert_true(*memory_policy());
}

/* On a node of some PU of ours: 1 or 0; -1 where the kernel does not say. */
static int is_near(void *start, size_t size)
{
	int on = -1;

	for (size_t i = 0; i < topo_pu_count(); i++) {
		int here = memory_is_on(start, size, topo_node(topo_pu(i)));

		if (here > on)
			on = here;
	}
	return on;
}

static void test_is_on(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char why[256], *start;
	int on, nowhere, half, node;

	(void)state;
	if (topo_open(NULL, why, sizeof(why)))
		fail_msg("%s", why);
	start = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(start, MAP_FAILED);
	/* else a huge page may come with the first touch */
	madvise(start, 4 * page, MADV_NOHUGEPAGE);
	node = topo_node(topo_pu(0));

	/* nowhere, before it is touched; nor is all of it if half is not */
	assert_int_equal(memory_is_on(start, 4 * page, node), -1);
	memset(start, 1, 2 * page);
	on = is_near(start, page);
	half = is_near(start, 4 * page);
	memset(start, 1, 4 * page);
	nowhere = memory_is_on(start, 4 * page, 1000);
	if (on >= 0 && memory_nodes() == 1)
		assert_int_equal(memory_is_on(start, 4 * page, node), 1);
	munmap(start, 4 * page);
	topo_close();
	if (on < 0)
		skip_because("memory_is_on: move_pages is refused here");
	if (node < 0)
		skip_because("memory_is_on: no PU's node is known");
	assert_int_equal(on, 1);
	assert_int_equal(nowhere, 0);
	/* on several nodes the first pages may stand on another one */
	if (memory_nodes() == 1)
		assert_int_equal(half, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROOT(test_nothing_known),     IN_ROOT(test_machine),
		IN_ROOT(test_cgroup_v2),         IN_ROOT(test_cgroup_nested),
		IN_ROOT(test_cgroup_v1),         IN_ROOT(test_cgroup_container),
		IN_ROOT(test_cgroup_unreadable), IN_ROOT(test_process),
		IN_ROOT(test_process_really),    IN_ROOT(test_why_cut),
		IN_ROOT(test_this_machine),      IN_ROOT(test_is_on),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
