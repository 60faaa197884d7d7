/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is what holds tasks back seen at every level of the tree, and unknown where
 * it cannot be read? */
#include "throttle.h"

#include <math.h>

#include "fake_root.h"

#define V2 "/sys/fs/cgroup"
#define CPU "/sys/devices/system/cpu/"

static const int pus[] = { 0, 1 };
static struct throttle_watch watch;
static char why[THROTTLE_WHY];

static struct throttle now(void)
{
	struct throttle t;

	throttle_read(&watch, pus, 2, &t);
	return t;
}

static void mount_v2(const char *root, const char *ours)
{
	char line[256];

	snprintf(line, sizeof(line), "0::%s\n", ours);
	root_put(root, "/proc/self/cgroup", line);
	root_put(root, "/proc/self/mountinfo",
		 "30 20 0:26 / " V2 " rw - cgroup2 cgroup2 rw\n");
}

static void put_stat(const char *root, const char *level, int periods,
		     int throttled, int us)
{
	char path[128], text[160];

	snprintf(path, sizeof(path), V2 "%s/cpu.stat", level);
	snprintf(text, sizeof(text),
		 "usage_usec 1\nnr_periods %d\nnr_throttled %d\n"
		 "throttled_usec %d\nnr_bursts 0\n",
		 periods, throttled, us);
	root_put(root, path, text);
}

/* A quota above stops those below just the same; the root has none. */
static void test_every_level(void **state)
{
	const char *root = *state;
	struct throttle before, grown, after;

	mount_v2(root, "/a/b");
	root_put(root, V2 "/cpu.stat", "usage_usec 1\nuser_usec 1\n");
	put_stat(root, "/a", 10, 5, 500000);
	put_stat(root, "/a/b", 0, 0, 0);
	throttle_open(&watch, root, why);
	assert_string_equal(why, "");
	before = now();
	assert_true(before.stopped == 5);
	after = now();
	grown = throttle_growth(&before, &after);
	assert_true(grown.stopped == 0);
	assert_true(grown.stopped_s == 0);
	assert_false(throttle_any(&grown));

	put_stat(root, "/a", 30, 15, 750000);
	after = now();
	grown = throttle_growth(&before, &after);
	assert_true(grown.periods == 20);
	assert_true(grown.stopped == 10);
	assert_true(fabs(grown.stopped_s - 0.25) < 1e-9);
	assert_true(throttle_any(&grown));
}

static void test_v1(void **state)
{
	const char *root = *state;
	struct throttle t;

	root_put(root, "/proc/self/cgroup", "4:cpu,cpuacct:/app\n0::/\n");
	root_put(root, "/proc/self/mountinfo",
		 "30 20 0:26 / " V2 "/cpu rw - cgroup cgroup rw,cpu,cpuacct\n");
	root_put(root, V2 "/cpu/app/cpu.stat",
		 "nr_periods 4\nnr_throttled 3\nthrottled_time 2000000000\n");
	throttle_open(&watch, root, why);
	assert_string_equal(why, "");
	t = now();
	assert_true(t.periods == 4);
	assert_true(t.stopped == 3);
	assert_true(t.stopped_s == 2);
	assert_true(isnan(t.memory_high));
}

/* Without a quota at any level nothing is stopped: that is known. */
static void test_no_quota(void **state)
{
	struct throttle t;

	mount_v2(*state, "/");
	root_put(*state, V2 "/cpu.stat", "usage_usec 1\n");
	throttle_open(&watch, *state, why);
	t = now();
	assert_string_equal(why, "");
	assert_true(t.stopped == 0);
	assert_true(t.stopped_s == 0);
	assert_true(t.memory_high == 0);
}

static void test_unknown(void **state)
{
	struct throttle before, after, grown;

	throttle_open(&watch, *state, why);
	assert_non_null(strstr(why, "no such hierarchy"));
	before = now();
	assert_true(isnan(before.stopped));
	assert_true(isnan(before.stopped_s));
	assert_true(isnan(before.memory_high));
	assert_true(isnan(before.thermal));
	grown = throttle_growth(&before, &before);
	assert_false(throttle_any(&grown));

	/* what could be read once, and cannot any more */
	mount_v2(*state, "/a");
	put_stat(*state, "/a", 10, 5, 500000);
	throttle_open(&watch, *state, why);
	before = now();
	assert_true(before.stopped == 5);
	root_put(*state, V2 "/a/cpu.stat", "");
	after = now();
	grown = throttle_growth(&before, &after);
	assert_true(isnan(after.stopped));
	assert_true(isnan(grown.stopped));
	assert_true(isnan(grown.stopped_s));
	/* a count that has fallen is of another group */
	put_stat(*state, "/a", 1, 1, 1);
	after = now();
	grown = throttle_growth(&before, &after);
	assert_true(isnan(grown.stopped));
}

static void test_memory_high(void **state)
{
	struct throttle before, after, grown;

	mount_v2(*state, "/a");
	root_put(*state, V2 "/a/memory.events", "low 0\nhigh 3\nmax 9\n");
	throttle_open(&watch, *state, why);
	before = now();
	assert_true(before.memory_high == 3);
	root_put(*state, V2 "/a/memory.events", "low 0\nhigh 4\nmax 9\n");
	after = now();
	grown = throttle_growth(&before, &after);
	assert_true(grown.memory_high == 1);
	assert_true(throttle_any(&grown));
}

/* Heat of another PU is none of ours; that of one that tells nothing is not
 * known. */
static void test_thermal(void **state)
{
	const char *root = *state;
	struct throttle before, after, grown;

	root_put(root, CPU "cpu0/thermal_throttle/core_throttle_count", "7\n");
	root_put(root, CPU "cpu0/thermal_throttle/package_throttle_count",
		 "2\n");
	root_put(root, CPU "cpu1/thermal_throttle/core_throttle_count", "0\n");
	root_put(root, CPU "cpu2/thermal_throttle/core_throttle_count", "1\n");
	throttle_open(&watch, root, why);
	before = now();
	assert_true(before.thermal == 9);
	root_put(root, CPU "cpu2/thermal_throttle/core_throttle_count", "5\n");
	after = now();
	grown = throttle_growth(&before, &after);
	assert_false(throttle_any(&grown));
	root_put(root, CPU "cpu1/thermal_throttle/core_throttle_count", "1\n");
	after = now();
	grown = throttle_growth(&before, &after);
	assert_true(grown.thermal == 1);
	assert_true(throttle_any(&grown));
	root_put(root, CPU "cpu1/thermal_throttle/core_throttle_count", "");
	after = now();
	assert_true(isnan(after.thermal));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROOT(test_every_level), IN_ROOT(test_v1),
		IN_ROOT(test_no_quota),    IN_ROOT(test_unknown),
		IN_ROOT(test_memory_high), IN_ROOT(test_thermal),
	};

	return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
