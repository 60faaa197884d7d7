/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks cgroup against made-up trees, v1, v2 and both, and against this
 * machine's. */
#include "cgroup.h"

#include "fake_root.h"
#include "support.h"

#define V2 "/sys/fs/cgroup"

static const char v2_mount[] =
	"22 27 0:21 / /proc rw - proc proc rw\n"
	"30 23 0:26 / " V2 " rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";

/* Where we are: a line of /proc/self/cgroup, and what is mounted. */
static void put_place(const char *root, const char *own, const char *mounts)
{
	root_put(root, "/proc/self/cgroup", own);
	root_put(root, "/proc/self/mountinfo", mounts);
}

static void found_is(int line, const char *root, const char *controller,
		     const char *dir, bool v2)
{
	struct cgroup g;
	int err = cgroup_find(root, controller, &g);

	if (err)
		fail_msg("line %d: %s: %s", line, controller, strerror(err));
	if (strcmp(g.dir, dir) || g.v2 != v2)
		fail_msg("line %d: %s is in %s, v%d", line, controller, g.dir,
			 1 + g.v2);
}

/* Reads by one of the two functions for it, and says where it came to. */
static void value_is(int line, const char *root, const char *controller,
		     bool least, const char *file, const char *text,
		     const char *path)
{
	char got[64] = "", from[PATH_MAX] = "", in_group[PATH_MAX];
	struct cgroup g;
	int err = cgroup_find(root, controller, &g);

	if (!err)
		err = (least ? cgroup_least : cgroup_nearest)(
			root, &g, file, from, got, sizeof(got));
	if (err)
		fail_msg("line %d: %s", line, strerror(err));
	if (strcmp(got, text) || strcmp(from, path))
		fail_msg("line %d: \"%s\" from %s", line, got, from);
	assert_int_equal(cgroup_path(&g, file, in_group), 0);
	assert_string_equal(in_group, from);
}

static void quota_is(int line, const char *root, const char *text,
		     const char *path)
{
	char got[64] = "", from[PATH_MAX] = "";
	struct cgroup g;
	int err = cgroup_find(root, "cpu", &g);

	if (!err)
		err = cgroup_quota(root, &g, from, got, sizeof(got));
	if (err)
		fail_msg("line %d: %s", line, strerror(err));
	if (strncmp(got, text, strlen(text)) || strcmp(from, path))
		fail_msg("line %d: \"%s\" from %s", line, got, from);
	if (strncmp(from, g.dir, strlen(g.dir)))
		fail_msg("line %d: left at %s", line, g.dir);
}

#define assert_found(...) found_is(__LINE__, __VA_ARGS__)
#define assert_value(...) value_is(__LINE__, __VA_ARGS__)
#define assert_quota(...) quota_is(__LINE__, __VA_ARGS__)

/* ---- where we are ---- */

static void test_absent(void **state)
{
	const char *root = *state;
	struct cgroup g;

	assert_int_equal(cgroup_find(root, "cpu", &g), ENOENT);
	root_put(root, "/proc/self/cgroup", "0::/a\n");
	assert_int_equal(cgroup_find(root, "cpu", &g), ENOENT);
	/* Nothing that is mounted has it. */
	root_put(root, "/proc/self/mountinfo",
		 "22 27 0:21 / /proc rw - proc proc rw\n"
		 "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
		 "no such line\n30 23 - cgroup2\n"
		 "30 23 0:26 - cgroup2 cgroup2 rw\n");
	assert_int_equal(cgroup_find(root, "cpu", &g), ENOENT);
	/* Neither has it a group, without v2. */
	put_place(root, "nonsense\n3:cpuset:/a\n1:name=systemd:/\n", v2_mount);
	assert_int_equal(cgroup_find(root, "cpu", &g), ENOENT);
	put_place(root, "", v2_mount);
	assert_int_equal(cgroup_find(root, "cpu", &g), ENOENT);
}

static void test_v2(void **state)
{
	const char *root = *state;
	struct cgroup g;

	put_place(root, "0::/\n", v2_mount);
	assert_found(root, "memory", V2, true);
	put_place(root, "0::/a.slice/b:c/d\n", v2_mount);
	assert_found(root, "memory", V2 "/a.slice/b:c/d", true);

	assert_int_equal(cgroup_find(root, "memory", &g), 0);
	assert_true(cgroup_up(&g));
	assert_string_equal(g.dir, V2 "/a.slice/b:c");
	assert_true(cgroup_up(&g));
	assert_true(cgroup_up(&g));
	assert_string_equal(g.dir, V2);
	assert_false(cgroup_up(&g));
	assert_string_equal(g.dir, V2);
}

static void test_v1(void **state)
{
	const char *root = *state;

	/* Several controllers in one hierarchy; names that begin alike. */
	put_place(root,
		  "13:name=cpu:/named\n"
		  "12:cpuset:/sets\n"
		  "5:cpuacct,cpu:/a/b\n"
		  "4:memory:/\n"
		  "1:name=systemd:/init.scope\n",
		  "40 31 0:37 / /cg/systemd rw - cgroup none "
		  "rw,xattr,name=systemd\n"
		  "41 31 0:38 / /cg/named rw - cgroup none rw,name=cpu\n"
		  "33 31 0:30 / /cg/cpuset rw - cgroup cgroup rw,cpuset\n"
		  "32 31 0:29 / /cg/cpu,cpuacct rw - cgroup cgroup "
		  "rw,cpu,cpuacct\n"
		  "35 31 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n");
	assert_found(root, "cpu", "/cg/cpu,cpuacct/a/b", false);
	assert_found(root, "cpuset", "/cg/cpuset/sets", false);
	assert_found(root, "memory", "/cg/memory", false);
}

/* Both at once: v1 where it has the controller, in any order of lines. */
static void test_hybrid(void **state)
{
	static const char mounts[] =
		"41 31 0:38 / /cg/unified rw - cgroup2 cgroup2 rw\n"
		"32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu\n";
	const char *root = *state;

	put_place(root, "0::/two\n3:cpu:/one\n", mounts);
	assert_found(root, "cpu", "/cg/cpu/one", false);
	assert_found(root, "memory", "/cg/unified/two", true);
	put_place(root, "3:cpu:/one\n0::/two\n", mounts);
	assert_found(root, "cpu", "/cg/cpu/one", false);
	assert_found(root, "memory", "/cg/unified/two", true);
}

/* A container that sees the host's path, and a part of the host's tree. */
static void test_container(void **state)
{
	static const struct {
		const char *own, *mounted, *dir;
	} rows[] = {
		{ "/docker/ab", "/docker/ab", V2 },
		{ "/docker/ab/in/it", "/docker/ab", V2 "/in/it" },
		{ "/docker/abc", "/docker/ab", V2 },
		{ "/docker", "/docker/ab", V2 },
		{ "/elsewhere/x", "/docker/ab", V2 },
		{ "/", "/docker/ab", V2 },
		/* Above the namespace's own root. */
		{ "/../other", "/", V2 },
		{ "/..", "/", V2 },
		{ "/", "/../..", V2 },
	};
	const char *root = *state;
	char own[256], mounts[512];
	struct cgroup g;

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(own, sizeof(own), "0::%s\n", rows[i].own);
		snprintf(mounts, sizeof(mounts),
			 "30 23 0:26 %s " V2 " ro - cgroup2 cgroup2 rw\n",
			 rows[i].mounted);
		put_place(root, own, mounts);
		assert_found(root, "cpu", rows[i].dir, true);
	}
	/* Never above the mount, whatever lies there. */
	assert_int_equal(cgroup_find(root, "cpu", &g), 0);
	assert_false(cgroup_up(&g));
}

static void test_escapes(void **state)
{
	const char *root = *state;

	/* mountinfo escapes blanks and backslashes, /proc/self/cgroup none. */
	put_place(root, "0::/b c\\040\n",
		  "30 23 0:26 / /cg\\040ro\\134up\\011x rw - cgroup2 c rw\n");
	assert_found(root, "cpu", "/cg ro\\up\tx/b c\\040", true);
	put_place(root, "0::/my pod/x\n",
		  "30 23 0:26 /my\\040pod /cg\\04 rw - cgroup2 c rw\n");
	assert_found(root, "cpu", "/cg\\04/x", true);
}

static void test_too_long(void **state)
{
	const char *root = *state;
	char own[PATH_MAX + 64] = "0::/", path[PATH_MAX], text[64];
	struct cgroup g;

	/* Too long with the mount before it. */
	memset(own + 4, 'x', PATH_MAX - 8);
	put_place(root, own, v2_mount);
	assert_int_equal(cgroup_find(root, "cpu", &g), ENAMETOOLONG);
	/* Too long with a file after it. */
	own[PATH_MAX - 16] = '\0';
	put_place(root, own, v2_mount);
	assert_int_equal(cgroup_find(root, "cpu", &g), 0);
	assert_int_equal(cgroup_path(&g, "cpuset.cpus", path), ENAMETOOLONG);
	assert_int_equal(
		cgroup_read(root, &g, "cpuset.cpus", path, text, sizeof(text)),
		ENAMETOOLONG);
	assert_string_equal(text, "");
	assert_int_equal(
		cgroup_least(root, &g, "cpuset.cpus", path, text, sizeof(text)),
		ENAMETOOLONG);
}

/* ---- what its files say ---- */

static void test_limit(void **state)
{
	static const struct {
		const char *text;
		unsigned long long limit;
	} rows[] = {
		{ "0\n", 0 },
		{ "512\n", 512 },
		{ "4503599627370496", 4503599627370496ull },
		{ "max\n", ULLONG_MAX },
		{ "-1\n", ULLONG_MAX },
		{ "9223372036854771712\n", ULLONG_MAX },
		{ "9223372036854710272\n", ULLONG_MAX }, /* pages of 64 KiB */
		{ "18446744073709551615\n", ULLONG_MAX },
		{ "", ULLONG_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_true(cgroup_limit(rows[i].text) == rows[i].limit);
}

static void test_read(void **state)
{
	const char *root = *state;
	char path[PATH_MAX], text[8] = "x";
	struct cgroup g;

	put_place(root, "0::/a\n", v2_mount);
	assert_int_equal(cgroup_find(root, "cpu", &g), 0);
	assert_int_equal(
		cgroup_read(root, &g, "cpu.weight", path, text, sizeof(text)),
		ENOENT);
	assert_string_equal(text, "");
	assert_string_equal(path, V2 "/a/cpu.weight");

	/* Of this level alone, and cut to size. */
	root_put(root, V2 "/cpu.weight", "100\n");
	assert_int_equal(
		cgroup_read(root, &g, "cpu.weight", path, text, sizeof(text)),
		ENOENT);
	root_put(root, V2 "/a/cpu.weight", "123456789\n");
	assert_int_equal(
		cgroup_read(root, &g, "cpu.weight", path, text, sizeof(text)),
		0);
	assert_string_equal(text, "1234567");
}

static void test_nearest_and_least(void **state)
{
	const char *root = *state;
	char path[PATH_MAX], text[64] = "x";
	struct cgroup g;

	put_place(root, "0::/a/b/c\n", v2_mount);
	assert_int_equal(cgroup_find(root, "pids", &g), 0);
	assert_int_equal(
		cgroup_nearest(root, &g, "pids.max", path, text, sizeof(text)),
		ENOENT);
	assert_string_equal(path, V2 "/a/b/c/pids.max");
	assert_int_equal(
		cgroup_least(root, &g, "pids.max", path, text, sizeof(text)),
		ENOENT);
	assert_string_equal(path, V2 "/a/b/c/pids.max");
	assert_string_equal(g.dir, V2 "/a/b/c");

	root_put(root, V2 "/a/b/pids.max", "max\n");
	root_put(root, V2 "/a/pids.max", "max\n");
	assert_value(root, "pids", true, "pids.max", "max\n",
		     V2 "/a/b/pids.max");
	root_put(root, V2 "/pids.max", "4096\n");
	assert_value(root, "pids", true, "pids.max", "4096\n", V2 "/pids.max");
	root_put(root, V2 "/a/pids.max", "512\n");
	assert_value(root, "pids", true, "pids.max", "512\n", V2 "/a/pids.max");
	assert_value(root, "pids", false, "pids.max", "max\n",
		     V2 "/a/b/pids.max");
	/* Of two that are alike the nearer. */
	root_put(root, V2 "/a/b/c/pids.max", "512\n");
	assert_value(root, "pids", true, "pids.max", "512\n",
		     V2 "/a/b/c/pids.max");
}

/* What is refused at one level does not hide the others. */
static void test_denied(void **state)
{
	const char *root = *state;
	char full[PATH_MAX + 64], path[PATH_MAX], text[64];
	bool super = !geteuid();
	struct cgroup g;
	int one, all;

	put_place(root, "0::/a/b\n", v2_mount);
	root_put(root, V2 "/a/b/pids.max", "7\n");
	root_put(root, V2 "/a/pids.max", "8\n");
	snprintf(full, sizeof(full), "%s" V2 "/a/b/pids.max", root);
	assert_int_equal(chmod(full, 0), 0);
	assert_int_equal(cgroup_find(root, "pids", &g), 0);

	/* Root may read anything: step down for the while. */
	if (super)
		assert_int_equal(seteuid(65534), 0);
	one = cgroup_read(root, &g, "pids.max", path, text, sizeof(text));
	all = cgroup_least(root, &g, "pids.max", path, text, sizeof(text));
	if (super)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(one, EACCES);
	assert_int_equal(all, 0);
	assert_string_equal(text, "8\n");
	assert_string_equal(g.dir, V2 "/a");
}

static void test_quota_v2(void **state)
{
	const char *root = *state;
	char path[PATH_MAX], text[64];
	struct cgroup g;

	put_place(root, "0::/a/b\n", v2_mount);
	assert_int_equal(cgroup_find(root, "cpu", &g), 0);
	assert_int_equal(cgroup_quota(root, &g, path, text, sizeof(text)),
			 ENOENT);
	assert_string_equal(path, V2 "/a/b/cpu.max");

	root_put(root, V2 "/a/b/cpu.max", "max 100000\n");
	assert_quota(root, "max 100000", V2 "/a/b/cpu.max");
	/* The parent's binds; more of a shorter period is less. */
	root_put(root, V2 "/a/cpu.max", "150000 100000\n");
	assert_quota(root, "150000 100000", V2 "/a/cpu.max");
	root_put(root, V2 "/a/b/cpu.max", "20000 10000\n");
	assert_quota(root, "150000 100000", V2 "/a/cpu.max");
	root_put(root, V2 "/a/b/cpu.max", "10000 10000\n");
	assert_quota(root, "10000 10000", V2 "/a/b/cpu.max");
}

static void test_quota_v1(void **state)
{
	const char *root = *state;
	char path[PATH_MAX], text[64];
	struct cgroup g;

	put_place(root, "5:cpu:/a\n",
		  "32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu\n");
	root_put(root, "/cg/cpu/a/cpu.cfs_quota_us", "-1\n");
	assert_int_equal(cgroup_find(root, "cpu", &g), 0);
	assert_int_equal(cgroup_quota(root, &g, path, text, sizeof(text)),
			 ENOENT);
	assert_string_equal(path, "/cg/cpu/a/cpu.cfs_quota_us");
	assert_string_equal(text, "");

	root_put(root, "/cg/cpu/a/cpu.cfs_period_us", "100000\n");
	assert_quota(root, "max 100000", "/cg/cpu/a/cpu.cfs_quota_us");
	root_put(root, "/cg/cpu/cpu.cfs_quota_us", "50000\n");
	root_put(root, "/cg/cpu/cpu.cfs_period_us", "100000\n");
	assert_quota(root, "50000 100000", "/cg/cpu/cpu.cfs_quota_us");
}

/* ---- this machine ---- */

static void test_this_machine(void **state)
{
	static const char *const controllers[] = { "cpu", "memory", "cpuset" };
	size_t found = 0;
	struct cgroup g;
	struct stat st;

	(void)state;
	for (size_t i = 0; i < COUNT(controllers); i++) {
		if (cgroup_find("", controllers[i], &g))
			continue;
		found++;
		while (cgroup_up(&g))
			;
		assert_int_equal(stat(g.dir, &st), 0);
		assert_true(S_ISDIR(st.st_mode));
	}
	if (!found)
		skip_because("no control group is mounted here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROOT(test_absent),    IN_ROOT(test_v2),
		IN_ROOT(test_v1),        IN_ROOT(test_hybrid),
		IN_ROOT(test_container), IN_ROOT(test_escapes),
		IN_ROOT(test_too_long),  IN_ROOT(test_limit),
		IN_ROOT(test_read),      IN_ROOT(test_nearest_and_least),
		IN_ROOT(test_denied),    IN_ROOT(test_quota_v2),
		IN_ROOT(test_quota_v1),  IN_ROOT(test_this_machine),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
