/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Context switch: one PU goes from one party to the other and back, each of
 * which then writes to a working set of its own. */
#include <string.h>
#include <sys/mman.h>

#include "channel.h"
#include "pair.h"
#include "refusal.h"
#include "stats.h"
#include "stream.h"

/* SWITCH: half a round trip by pipe, less what writing to the sets takes one
 * party that has the PU for itself. What is left is the switch with the read
 * and the write that bring it about, and what it loses in caches and TLB. */
enum { SWITCH };

enum { LINE = 64, ALONE = 5, ALONE_TURNS = 8 };

struct state {
	uint64_t bytes; /* of a set */
	char *alone[2]; /* the driver's, to write to with nobody else */
};

static struct state state;

/* Every line of the set counts how often it was written to. */
PAIR_INLINE void write_set(char *set, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += LINE)
		++*(volatile uint64_t *)(void *)(set + at);
}

static char *map_set(uint64_t bytes)
{
	char *set = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (set != MAP_FAILED)
		memset(set, 0, bytes);
	return set;
}

/* ------------------------------------------------------------- the channel */

PAIR_INLINE void await_and_write(struct end *e)
{
	stream_await(e);
	write_set(e->own, state.bytes);
}

static uint64_t drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, stream_signal, await_and_write);
}

static uint64_t serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, await_and_write, stream_signal);
}

static int open_pipes(struct run *r, struct end *driver, struct end *server)
{
	return pipes_open(r, driver, server, O_CLOEXEC);
}

static void close_pipes(struct end *driver, struct end *server)
{
	pipes_close(driver, server);
}

static int enter(struct end *e)
{
	if (!state.bytes)
		return 0;
	e->own = map_set(state.bytes);
	return e->own == MAP_FAILED ? -1 : 0;
}

/* Proof that every wait was followed by a write to the whole set. */
static void leave(struct end *e)
{
	char *set = e->own;

	for (uint64_t at = 0; at < state.bytes; at += LINE)
		if (*(uint64_t *)(void *)(set + at) != e->received)
			die("a working set was not written to each time");
	if (set)
		munmap(set, state.bytes);
}

static const struct channel via_pipe_and_set = {
	.name = "pipe",
	.open = open_pipes,
	.enter = enter,
	.drive = drive,
	.serve = serve,
	.leave = leave,
	.close = close_pipes,
	.token_bytes = 2,
};

/* ----------------------------------------------------------- the benchmark */

/* Two sets in turns by one party; a median, for others may come between. */
static double time_alone(const struct run *r)
{
	double ns[ALONE];

	for (int i = 0; i < ALONE; i++) {
		uint64_t before = clock_now();

		/* often enough for a coarse clock */
		for (int k = 0; k < ALONE_TURNS; k++) {
			write_set(state.alone[0], state.bytes);
			write_set(state.alone[1], state.bytes);
		}
		ns[i] = run_elapsed_ns(r, before, clock_now()) / ALONE_TURNS;
	}
	return stats_median(ns, ALONE);
}

static int setup(struct run *r)
{
	state = (struct state){ .bytes = r->value };
	if (bench_needs_memory(r, 4 * r->value))
		return -1;
	for (int i = 0; i < 2 && r->value; i++) {
		state.alone[i] = map_set(r->value);
		if (state.alone[i] == MAP_FAILED)
			return refusal_memory(r, "mmap", r->value);
	}
	return pair_setup(r);
}

/* Alone and in turns in the same batch, so that both see the same weather. */
static uint64_t run(struct run *r, uint64_t n)
{
	double alone_ns = state.bytes ? time_alone(r) : 0, round_ns;
	uint64_t before = clock_now(), done = pair_run(r, n);

	round_ns = run_elapsed_ns(r, before, clock_now()) / (double)n;
	run_mean(r, SWITCH, (round_ns - alone_ns) / 2);
	return done;
}

static const struct variant variants[] = {
	{ "pipe", &via_pipe_and_set, PEER_THREAD | PEER_PROCESS, PLACE_ONE_PU },
	{ NULL },
};

static const uint64_t sets[] = { 0, 64 << 10, 1 << 20, PARAM_END };

static const uint64_t full_sets[] = { 16 << 10, 256 << 10, PARAM_END };

static const struct metric metrics[] = {
	{ "switch", "ns" },
	{ NULL, NULL },
};

const struct bench bench_context_switch = {
	.name = "context_switch",
	.title = "one PU to the other party, each with a working set",
	.unit = "ns",
	.variants = variants,
	.param = "set",
	.values = sets,
	.full_values = full_sets,
	.param_is_bytes = true,
	.metrics = metrics,
	.counts = COUNT_SWITCHES,
	.setup = setup,
	.arm = pair_arm,
	.run = run,
	.settle = pair_settle,
	.teardown = pair_teardown,
};
