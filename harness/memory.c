/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory on a NUMA node. The one module that knows libnuma. */
#include "memory.h"

#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void memory_place(void *start, size_t size, int node)
{
	/* libnuma warns on stderr where a container's seccomp filter refuses
	 * mbind; memory_policy() has said so already. */
	numa_exit_on_error = 0;
	if (node >= 0 && numa_available() >= 0 && memory_nodes() > 1)
		numa_tonode_memory(start, size, node);
}

uint64_t memory_room(char *why, size_t size)
{
	snprintf(why, size, "nothing");
	return UINT64_MAX;
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
