/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory: on which NUMA node, and how much there is to touch. The one module
 * that knows libnuma. */
#include "memory.h"

#include <errno.h>
#include <limits.h>
#include <numa.h>
#include <numaif.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cgroup.h"
#include "files.h"

#define MIB ((uint64_t)1 << 20)

/* What is kept back: a part of the machine's memory, but not less than this;
 * of a cgroup's and of a process's limit this much. */
#define MACHINE_PART 20
#define MACHINE_RESERVE (64 * MIB)
#define LIMIT_RESERVE (32 * MIB)

/* ---- on which node ---- */

void memory_place(void *start, size_t size, int node)
{
	/* libnuma warns on stderr where a container's seccomp filter refuses
	 * mbind; memory_policy() has said so already. */
	numa_exit_on_error = 0;
	if (node >= 0 && numa_available() >= 0 && memory_nodes() > 1)
		numa_tonode_memory(start, size, node);
}

int memory_is_on(void *start, size_t size, int node)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *at = start;

	for (size_t i = 0; i < size; i += page) {
		void *one = at + i;
		int status = -1;

		if (numa_move_pages(0, 1, &one, NULL, &status, 0) || status < 0)
			return -1;
		if (status != node)
			return 0;
	}
	return 1;
}

int memory_nodes(void)
{
	int nodes = numa_available() < 0 ? 1 : numa_num_configured_nodes();

	return nodes > 0 ? nodes : 1;
}

const char *memory_policy(void)
{
	static char text[128];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *probe;

	if (numa_available() < 0)
		return "libnuma: not available here (no NUMA support)";
	if (memory_nodes() == 1)
		return "one node: nothing to place";
	probe = mmap(NULL, page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (probe == MAP_FAILED)
		return "cannot probe: out of memory";
	if (mbind(probe, page, MPOL_DEFAULT, NULL, 0, 0))
		snprintf(text, sizeof(text), "denied: mbind: %s",
			 strerror(errno));
	else
		snprintf(text, sizeof(text),
			 "on the node of the writing party");
	munmap(probe, page);
	return text;
}

void memory_version(char *buf, size_t size)
{
	snprintf(buf, size, "API %d", LIBNUMA_API_VERSION);
}

/* ---- how much there is ---- */

/* The least that was found so far, and who leaves it. */
struct room {
	uint64_t bytes;
	char *why;
	size_t size;
};

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* True where this is less than was found so far: then say who leaves it. */
static bool lowers(struct room *room, uint64_t bytes)
{
	if (bytes >= room->bytes)
		return false;
	room->bytes = bytes;
	return true;
}

/* Reads one key's bytes; "kB", as /proc has it, is 1024 of them. */
static bool key_bytes(const char *root, const char *path, const char *key,
		      uint64_t *bytes)
{
	char text[64], *end;

	if (files_key(root, path, key, text, sizeof(text)))
		return false;
	*bytes = strtoull(text, &end, 10);
	if (end == text)
		return false;
	if (!strcmp(files_trim(end), "kB"))
		*bytes *= 1024;
	return true;
}

static void machine_leaves(const char *root, struct room *room)
{
	static const char path[] = "/proc/meminfo";
	uint64_t available, total, reserve = MACHINE_RESERVE;

	if (!key_bytes(root, path, "MemAvailable", &available))
		return;
	if (key_bytes(root, path, "MemTotal", &total) &&
	    total / MACHINE_PART > reserve)
		reserve = total / MACHINE_PART;
	if (lowers(room, minus(available, reserve)))
		snprintf(room->why, room->size, "MemAvailable");
}

static bool level_bytes(const char *root, const struct cgroup *g,
			const char *file, uint64_t *bytes)
{
	char path[PATH_MAX], text[64];

	if (cgroup_read(root, g, file, path, text, sizeof(text)))
		return false;
	*bytes = cgroup_limit(text);
	return *bytes != ULLONG_MAX;
}

/*
 * Cached pages of files count as used, but the kernel drops the inactive ones
 * before a limit hurts. v1 says "total_" where it counts children in.
 */
static uint64_t level_cached(const char *root, const struct cgroup *g)
{
	const char *key = g->v2 ? "inactive_file" : "total_inactive_file";
	char path[PATH_MAX];
	uint64_t bytes;

	if (cgroup_path(g, "memory.stat", path) ||
	    !key_bytes(root, path, key, &bytes))
		return 0;
	return bytes;
}

static void level_leaves(const char *root, const struct cgroup *g,
			 struct room *room)
{
	/* Beyond "high" the kernel does not refuse, but slows to a crawl. */
	static const char *const limits[2][2] = {
		{ "memory.limit_in_bytes", NULL },
		{ "memory.max", "memory.high" },
	};
	uint64_t limit, used, left;
	int n;

	if (!level_bytes(root, g,
			 g->v2 ? "memory.current" : "memory.usage_in_bytes",
			 &used))
		return;
	used = minus(used, level_cached(root, g));
	for (int i = 0; i < 2 && limits[g->v2][i]; i++) {
		if (!level_bytes(root, g, limits[g->v2][i], &limit))
			continue;
		left = minus(minus(limit, used), LIMIT_RESERVE);
		if (!lowers(room, left))
			continue;
		n = snprintf(room->why, room->size, "the cgroup's %s (%s)",
			     limits[g->v2][i], g->dir);
		/* Half a path says less than none. */
		if (n < 0 || (size_t)n >= room->size)
			snprintf(room->why, room->size, "the cgroup's %s",
				 limits[g->v2][i]);
	}
}

static void cgroup_leaves(const char *root, struct room *room)
{
	struct cgroup g;

	if (cgroup_find(root, "memory", &g))
		return;
	do {
		level_leaves(root, &g, room);
	} while (cgroup_up(&g));
}

static void process_leaves(const char *root, struct room *room)
{
	static const struct {
		unsigned resource;
		const char *used, *why;
	} limits[] = {
		{ RLIMIT_AS, "VmSize", "RLIMIT_AS (ulimit -v)" },
		{ RLIMIT_DATA, "VmData", "RLIMIT_DATA (ulimit -d)" },
	};
	struct rlimit limit;
	uint64_t used;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (getrlimit(limits[i].resource, &limit) ||
		    limit.rlim_cur == RLIM_INFINITY ||
		    !key_bytes(root, "/proc/self/status", limits[i].used,
			       &used))
			continue;
		if (lowers(room,
			   minus(minus(limit.rlim_cur, used), LIMIT_RESERVE)))
			snprintf(room->why, room->size, "%s", limits[i].why);
	}
}

uint64_t memory_room_in(const char *root, char *why, size_t size)
{
	struct room room = { UINT64_MAX, why, size };

	snprintf(why, size, "no limit is known");
	machine_leaves(root, &room);
	cgroup_leaves(root, &room);
	process_leaves(root, &room);
	return room.bytes;
}

uint64_t memory_room(char *why, size_t size)
{
	return memory_room_in("", why, size);
}
