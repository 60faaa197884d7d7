/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the kernel maps memory that is only read to one page of zeroes, as
 * some guests' kernels are told not to. */
#include "needs.h"
#include "region.h"

static bool zero_page_met(char *why, size_t size, bool *denied)
{
	struct run r = { .reason = why, .reason_size = size };
	struct region_smaps s = { 0 };
	struct region region = { NULL };
	int result;

	(void)denied;
	if (region_reserve(&r, &region, (size_t)sysconf(_SC_PAGESIZE)))
		return false;
	if (mprotect(region.start, region.size, PROT_READ | PROT_WRITE)) {
		refusal_memory(&r, "mprotect", region.size);
		return false;
	}
	region_read(&region);
	result = region_smaps(&r, &region, &s);
	munmap(region.start, region.size);
	if (!result && s.anonymous)
		bench_absent(&r, "this kernel has no page of zeroes: a page "
				 "that is only read gets memory of its own");
	return !result && !s.anonymous;
}

const struct need need_zero_page = { zero_page_met };
