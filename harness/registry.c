/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of benchmarks: bench/list.h, and in the test build those of the
 * tests too. */
#include "bench.h"

#define BENCH(name) extern const struct bench bench_##name;
#include "../bench/list.h"
#ifdef HANDOFF_TEST_BENCHES
#include "../tests/list.h"
#endif
#undef BENCH

static const struct bench *const all[] = {
#define BENCH(name) &bench_##name,
#include "../bench/list.h"
#ifdef HANDOFF_TEST_BENCHES
#include "../tests/list.h"
#endif
#undef BENCH
};

const struct bench *const *bench_all(size_t *count)
{
	*count = sizeof(all) / sizeof(*all);
	return all;
}
