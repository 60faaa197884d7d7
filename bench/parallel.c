/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parallel: work that needs nobody, done by 1 … 2 × as many threads or
 * processes as there are PUs: how much sooner, and on which PUs. */
#include "bench.h"

#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "party.h"
#include "refusal.h"
#include "topo.h"

/* SPEEDUP: the work of all workers together over what it takes one of them
 * alone, just before. RATE: pieces of work a second. PIECE: how long a worker
 * had its piece on its hands. PUS: that they used. */
enum { SPEEDUP, RATE, PIECE, PUS };

/* A chain of multiplications that lies in registers: about ten milliseconds,
 * several slices of a PU's time, so that where a worker was woken is not where
 * it must stay. */
enum { STEPS = 1 << 23 };

/* Each on cache lines of its own. */
struct worker {
	_Alignas(128) sem_t go;
	_Alignas(128) uint64_t from, until, result;
	int pu;
	bool ends;
	sem_t *done; /* the crew's */
};

/* In memory that processes share too. */
struct crew {
	sem_t done;
	struct worker worker[];
};

struct state {
	struct crew *crew;
	struct party *party;
	size_t workers, started, size;
	uint64_t result; /* of each piece */
};

static uint64_t work(uint64_t x)
{
	for (int i = 0; i < STEPS; i++) {
		x = x * UINT64_C(6364136223846793005) +
		    UINT64_C(1442695040888963407);
		/* or a compiler makes one step of several */
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore))
		if (errno != EINTR)
			die_errno("sem_wait");
}

static int serve(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		wait_for(&w->go);
		if (w->ends)
			return 0;
		w->from = clock_now();
		w->result = work(w->result);
		w->until = clock_now();
		w->pu = sched_getcpu();
		if (sem_post(w->done))
			die_errno("sem_post");
	}
}

/* The first `workers` do a piece each; how long that took. */
static double do_pieces(struct run *r, size_t workers)
{
	struct state *s = r->state;
	uint64_t before;

	for (size_t i = 0; i < workers; i++) {
		s->crew->worker[i].result = i;
		s->crew->worker[i].pu = -1;
	}
	before = clock_now();
	for (size_t i = 0; i < workers; i++)
		sem_post(&s->crew->worker[i].go);
	for (size_t i = 0; i < workers; i++)
		wait_for(&s->crew->done);
	return run_elapsed_ns(r, before, clock_now());
}

static size_t count_pus(const struct state *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->workers; i++) {
		size_t k = 0;

		while (k < i && s->crew->worker[k].pu != s->crew->worker[i].pu)
			k++;
		count += k == i;
	}
	return count;
}

static uint64_t run(struct run *r, uint64_t n)
{
	struct state *s = r->state;

	for (uint64_t done = 0; done < n; done++) {
		double alone_ns = do_pieces(r, 1);
		double all_ns = do_pieces(r, s->workers);

		run_value(r, SPEEDUP, (double)s->workers * alone_ns / all_ns);
		run_mean(r, RATE, (double)s->workers * 1e9 / all_ns);
		for (size_t i = 0; i < s->workers; i++)
			run_sample(r, PIECE,
				   run_elapsed_ns(r, s->crew->worker[i].from,
						  s->crew->worker[i].until));
		run_value(r, PUS, (double)count_pus(s));
	}
	return n;
}

/* Everyone did the last piece, and all of it. */
static int settle(struct run *r, uint64_t n)
{
	struct state *s = r->state;

	(void)n;
	for (size_t i = 0; i < s->workers; i++) {
		const struct worker *w = &s->crew->worker[i];

		if (w->result != work(i))
			return bench_fail(r, "worker %zu did other work", i);
		if (w->pu < 0)
			return bench_fail(r, "worker %zu did not say where", i);
	}
	return 0;
}

static int start_workers(struct run *r, struct state *s)
{
	for (; s->started < s->workers; s->started++) {
		struct worker *w = &s->crew->worker[s->started];

		w->done = &s->crew->done;
		if (sem_init(&w->go, 1, 0))
			return bench_fail(r, "sem_init");
		if (party_start(&s->party[s->started], r->peer, TOPO_ANY_PU,
				serve, w)) {
			return party_refused(r);
		}
	}
	return 0;
}

static int setup(struct run *r)
{
	static struct state s;
	size_t pus = topo_pu_count();

	memset(&s, 0, sizeof(s));
	r->state = &s;
	s.workers = run_count(r);
	if (s.workers > 2 * pus && s.workers > 2)
		return bench_absent(r,
				    "more than two workers for each of %zu "
				    "PUs",
				    pus);
	s.size = sizeof(*s.crew) + s.workers * sizeof(struct worker);
	s.crew = party_shared(s.size, topo_pu(0));
	s.party = calloc(s.workers, sizeof(*s.party));
	if (!s.crew || !s.party)
		return bench_fail(r, "out of memory");
	if (sem_init(&s.crew->done, 1, 0))
		return bench_fail(r, "sem_init");
	return start_workers(r, &s);
}

static int teardown(struct run *r)
{
	struct state *s = r->state;
	int bad = 0;

	for (size_t i = 0; i < s->started; i++) {
		s->crew->worker[i].ends = true;
		sem_post(&s->crew->worker[i].go);
	}
	for (size_t i = 0; i < s->started; i++)
		bad |= party_join(&s->party[i]);
	if (bad)
		return bench_fail(r, "a worker did not end well");
	party_unshare(s->crew, s->size);
	free(s->party);
	return 0;
}

static const struct variant variants[] = {
	{ "compute", NULL, PEER_THREAD | PEER_PROCESS, PLACE_ANY },
	{ NULL },
};

static const uint64_t workers[] = { 1, 2, PARAM_PUS, PARAM_TWICE_PUS,
				    PARAM_END };
static const uint64_t more_workers[] = {
	4, 8, 16, 32, 64, 128, 256, PARAM_END
};

static const struct metric metrics[] = {
	{ "speedup", "ratio" }, { "rate", "1/s" }, { "piece", "ns" },
	{ "pus", "count" },     { NULL, NULL },
};

const struct bench bench_parallel = {
	.name = "parallel",
	.title = "independent work by many: how much sooner, and where",
	.unit = "ns",
	.variants = variants,
	.param = "workers",
	.values = workers,
	.full_values = more_workers,
	.metrics = metrics,
	.spawns = true,
	.most_n = 4,
	.setup = setup,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
