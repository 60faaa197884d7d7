/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contenders: several parties, each on a PU of its own, that begin a batch
 * together at a gate and end it when the first says so. */
#include "contenders.h"

#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "party.h"
#include "relax.h"
#include "topo.h"

/* What one party leaves of a batch. */
struct left {
	_Alignas(CACHE_LINES) struct tally used;
	int pu;
};

/* In memory that all parties share. `stop` has lines of its own: it is read
 * again and again, and written once a batch. */
struct gate {
	struct word batch; /* its number: come to the gate */
	struct word ready; /* how many stand there */
	struct word go;    /* the batch that has begun */
	struct word stop;  /* whether it has ended */
	struct word done;  /* how many have stopped */
	_Alignas(CACHE_LINES) bool quit;
	struct left left[];
};

struct contenders {
	struct run *run;
	unsigned parties;
	const int *pu;
	contend *work;
	void *arg;
	struct gate *gate;
	size_t gate_size;
	uint32_t batch;
	struct tally used; /* by the others in the batch last settled */
	struct contender {
		struct party party;
		struct contenders *all;
		unsigned number;
	} other[];
};

static long futex(struct word *word, int op, uint32_t value)
{
	return syscall(SYS_futex, &word->value, op, value, NULL, NULL, 0);
}

static void announce(struct word *word, uint32_t value, int sleepers)
{
	atomic_store(&word->value, value);
	futex(word, FUTEX_WAKE, (uint32_t)sleepers);
}

static void wait_for(struct word *word, uint32_t value)
{
	uint32_t seen;

	while ((seen = atomic_load(&word->value)) != value)
		futex(word, FUTEX_WAIT, seen);
}

/* Relaxed: nothing is handed over by it, and it is looked at often. */
bool contenders_stopped(const struct contenders *c)
{
	return atomic_load_explicit(&c->gate->stop.value, memory_order_relaxed);
}

/* Between the tally's beginning and its end there is no system call of ours:
 * this party spins at the gate. */
static int contender_main(void *arg)
{
	struct contender *me = arg;
	struct contenders *c = me->all;
	struct gate *gate = c->gate;
	struct left *left = &gate->left[me->number];
	const struct run *r = c->run;
	unsigned what = r->mode == RUN_MEASURE ? TALLY_THREAD : TALLY_COUNTING;

	if ((r->mode == RUN_TRACE || r->mode == RUN_NAMES) &&
	    counts_thread(r->counts, r->traced, 0))
		die_errno("counting a contender's system calls");
	for (uint32_t batch = 1;; batch++) {
		struct tally before, after;

		wait_for(&gate->batch, batch);
		if (gate->quit)
			return 0;
		tally_begin(&before, what);
		atomic_fetch_add(&gate->ready.value, 1);
		while (atomic_load_explicit(&gate->go.value,
					    memory_order_acquire) != batch)
			relax();
		c->work(c, me->number, c->arg);
		tally_end(&after, what);
		memset(&left->used, 0, sizeof(left->used));
		tally_add(&left->used, &before, &after);
		left->pu = sched_getcpu();
		if (atomic_fetch_add(&gate->done.value, 1) + 1 ==
		    c->parties - 1)
			futex(&gate->done, FUTEX_WAKE, 1);
	}
}

int contenders_open(struct run *r, struct contenders **out, unsigned parties,
		    const int *pu, contend *work, void *arg)
{
	struct contenders *c =
		calloc(1, sizeof(*c) + parties * sizeof(*c->other));

	*out = c;
	if (!c)
		return bench_fail(r, "out of memory");
	c->run = r;
	c->parties = parties;
	c->pu = pu;
	c->work = work;
	c->arg = arg;
	c->gate_size = sizeof(*c->gate) + parties * sizeof(*c->gate->left);
	c->gate = party_shared(c->gate_size, pu[0]);
	if (!c->gate)
		return bench_errno(r, "mmap of shared memory");
	if (bench_bind(r, pu[0]))
		return -1;
	for (unsigned i = 1; i < parties; i++) {
		struct contender *other = &c->other[i];

		other->all = c;
		other->number = i;
		if (party_start(&other->party, r->peer, pu[i], contender_main,
				other))
			return party_refused(r);
	}
	return 0;
}

void contenders_arm(struct contenders *c)
{
	struct gate *gate = c->gate;

	atomic_store(&gate->ready.value, 0);
	atomic_store(&gate->done.value, 0);
	atomic_store(&gate->stop.value, 0);
	announce(&gate->batch, ++c->batch, (int)c->parties);
	while (atomic_load(&gate->ready.value) != c->parties - 1)
		sched_yield(); /* what is not ours may run here */
}

void contenders_go(struct contenders *c)
{
	atomic_store_explicit(&c->gate->go.value, c->batch,
			      memory_order_release);
}

void contenders_stop(struct contenders *c)
{
	atomic_store_explicit(&c->gate->stop.value, 1, memory_order_release);
}

int contenders_settle(struct contenders *c)
{
	struct gate *gate = c->gate;
	struct run *r = c->run;

	wait_for(&gate->done, c->parties - 1);
	memset(&c->used, 0, sizeof(c->used));
	for (unsigned i = 1; i < c->parties; i++) {
		struct left *left = &gate->left[i];

		tally_add(&c->used, &(struct tally){ 0 }, &left->used);
		if (left->pu != c->pu[i])
			return bench_fail(r, "party %u ran on PU %d, not %d", i,
					  left->pu, c->pu[i]);
	}
	r->peer_tally = &c->used;
	r->peer_pu = gate->left[1].pu;
	return 0;
}

int contenders_close(struct contenders *c)
{
	struct run *r = c->run;
	int failed = 0;

	c->gate->quit = true;
	announce(&c->gate->batch, ++c->batch, (int)c->parties);
	for (unsigned i = 1; i < c->parties; i++)
		failed |= party_join(&c->other[i].party);
	party_unshare(c->gate, c->gate_size);
	free(c);
	r->peer_tally = NULL;
	return failed ? bench_fail(r, "a contender failed") : 0;
}
