/* SPDX-License-Identifier: GPL-3.0-or-later */
/* getppid(): the shortest trip into the kernel and back. */
#include "bench.h"

#include <unistd.h>

static uint64_t run(struct run *r, uint64_t n)
{
	(void)r;
	for (uint64_t i = 0; i < n; i++)
		getppid();
	return n;
}

const struct bench bench_getppid = {
	.name = "getppid",
	.title = "getppid(): into the kernel and back",
	.unit = "ns",
	.counts = COUNT_SYSCALLS,
	.run = run,
};
