/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of benchmarks: bench/list.h, and in the test build those of the
 * tests too. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

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

bool bench_broken(const char *truth)
{
#ifdef HANDOFF_TEST_BENCHES
	const char *broken = getenv("HANDOFF_BREAK");

	return broken && !strcmp(broken, truth);
#else
	(void)truth;
	return false;
#endif
}

double bench_patience_s(void)
{
#ifdef HANDOFF_TEST_BENCHES
	const char *patience = getenv("HANDOFF_PATIENCE");

	return patience ? atof(patience) : 0;
#else
	return 0;
#endif
}
