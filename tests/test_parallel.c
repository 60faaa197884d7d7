/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do workers do all of their work, on PUs that there are, and is what needs
 * more of them than make sense left out? */
#include "bench.h"

#include <math.h>

#include "machine.h"
#include "sample.h"

extern const struct bench bench_parallel;

enum { SPEEDUP, RATE, PIECE, PUS, METRICS };

struct setting {
	enum peer peer;
	uint64_t workers;
	bool absent;
};

static size_t workers_of(const struct setting *s)
{
	return s->workers == PARAM_PUS       ? topo_pu_count() :
	       s->workers == PARAM_TWICE_PUS ? 2 * topo_pu_count() :
					       s->workers;
}

/* What holds on any machine, however busy. */
static int check(struct child *child, const struct setting *s,
		 const struct sample *sample)
{
	const struct measured *m = sample->metric;
	size_t workers = workers_of(s), most = topo_pu_count();

	if (sample->metrics != METRICS)
		return child_fail(child, "%u metrics", sample->metrics);
	if (!(m[SPEEDUP].value > 0) || !(m[RATE].value > 0) ||
	    !(m[PIECE].value > 0))
		return child_fail(child, "speed-up %g, rate %g, piece %g",
				  m[SPEEDUP].value, m[RATE].value,
				  m[PIECE].value);
	if (m[PIECE].samples != sample->evidence.operations * workers)
		return child_fail(child, "%d pieces of %d by %d workers",
				  (int)m[PIECE].samples,
				  (int)sample->evidence.operations,
				  (int)workers);
	if (m[PUS].value < 1 || m[PUS].value > (double)workers ||
	    m[PUS].value > (double)most)
		return child_fail(child, "%g PUs", m[PUS].value);
	return 0;
}

static int body(struct child *child, void *arg)
{
	const struct sample_plan shortest = { .method = -1, .seed = 1 };
	const struct setting *s = arg;
	static struct sample sample;
	struct run r = {
		.bench = &bench_parallel,
		.variant = bench_parallel.variants,
		.value = s->workers,
		.peer = s->peer,
		.pu_a = TOPO_ANY_PU,
		.pu_b = TOPO_ANY_PU,
		.mode = RUN_MEASURE,
		.clock = ticks,
		.counts = COUNTS_DENIED,
		.traced = &child->traced,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};

	if (!sample_run(&r, &shortest, &sample))
		return s->absent ? child_fail(child, "not absent") :
				   check(child, s, &sample);
	return s->absent && r.absent ? 0 : -1;
}

static void expect(enum peer peer, uint64_t workers, bool absent)
{
	struct setting s = { peer, workers, absent };
	char what[64];

	snprintf(what, sizeof(what), "%zu %s", workers_of(&s),
		 peer == PEER_THREAD ? "threads" : "processes");
	expect_child(what, body, &s, false, NULL);
}

static void test_every_crew(void **state)
{
	(void)state;
	for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS; peer <<= 1) {
		expect((enum peer)peer, 1, false);
		expect((enum peer)peer, 2, false);
		expect((enum peer)peer, PARAM_PUS, false);
		expect((enum peer)peer, 2 * topo_pu_count(), false);
	}
}

static void test_too_many(void **state)
{
	uint64_t many = 2 * topo_pu_count() + 1;

	(void)state;
	expect(PEER_THREAD, many, true);
	expect(PEER_PROCESS, many, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_crew),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, machine_open, machine_close);
}
