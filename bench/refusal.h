/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel may refuse a benchmark: threads, processes and memory. (Not
 * limits.h: that would hide the C library's.) */
#ifndef HANDOFF_REFUSAL_H
#define HANDOFF_REFUSAL_H

#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "units.h"

/* A limit on threads and processes is a permission that is missing; any other
 * error fails the case. */
static inline void refusal_blame(struct run *r, int error)
{
	const char *name = r->variant->name;
	struct rlimit limit;

	if (error == EAGAIN && !getrlimit(RLIMIT_NPROC, &limit))
		bench_denied(r,
			     "%s: %s: a limit on threads and processes "
			     "(RLIMIT_NPROC %lld, or pids.max of the cgroup), "
			     "or on memory for their stacks",
			     name, strerror(error),
			     limit.rlim_cur == RLIM_INFINITY ?
				     -1LL :
				     (long long)limit.rlim_cur);
	else
		bench_fail(r, "%s: %s", name, strerror(error));
}

/* Memory that is not there makes a case absent. Reads errno; always -1. */
static inline int refusal_memory(struct run *r, const char *call,
				 uint64_t bytes)
{
	int error = errno;
	char size[UNITS_SIZE];

	units_bytes(size, sizeof(size), bytes);
	if (error == ENOMEM)
		return bench_absent(r, "%s of %s: %s", call, size,
				    strerror(error));
	return bench_fail(r, "%s of %s: %s", call, size, strerror(error));
}

#endif
