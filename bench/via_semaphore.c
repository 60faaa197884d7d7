/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a POSIX semaphore each way, in memory both parties share. */
#include "pair.h"

#include <semaphore.h>

#include "party.h"

/* The number lies beside the semaphore, on lines that move with it anyway. */
struct gate {
	_Alignas(CACHE_LINES) sem_t sem;
	uint32_t number; /* of the signal last given */
};

/* Gate 0 wakes the driver, gate 1 the server. */
static struct gate *gate_of(struct end *e, bool driver)
{
	return (struct gate *)e->shared + !driver;
}

static void semaphore_signal(struct end *e)
{
	struct gate *g = gate_of(e, !e->is_driver);

	g->number = ++e->sent;
	if (sem_post(&g->sem))
		die_errno("sem_post");
}

static void semaphore_await(struct end *e)
{
	struct gate *g = gate_of(e, e->is_driver);

	while (sem_wait(&g->sem))
		if (errno != EINTR)
			die_errno("sem_wait");
	if (g->number != ++e->received)
		die("signal %u lost or doubled: number %u came", e->received,
		    g->number);
}

/* Threads use private ones, as they do elsewhere. */
static int semaphore_open(struct run *r, struct end *driver, struct end *server)
{
	int pshared = r->peer == PEER_PROCESS;
	struct gate *gate = party_shared(2 * sizeof(*gate), r->pu_a);

	if (!gate)
		return bench_errno(r, "mmap of shared memory");
	driver->shared = server->shared = gate;
	return sem_init(&gate[0].sem, pshared, 0) ||
			       sem_init(&gate[1].sem, pshared, 0) ?
		       -1 :
		       0;
}

static void semaphore_leave(struct end *e)
{
	int left;

	if (sem_getvalue(&gate_of(e, e->is_driver)->sem, &left) || left)
		die("signal %u doubled", e->received);
}

static void semaphore_close(struct end *driver, struct end *server)
{
	struct gate *gate = driver->shared;

	(void)server;
	sem_destroy(&gate[0].sem);
	sem_destroy(&gate[1].sem);
	party_unshare(gate, 2 * sizeof(*gate));
}

static uint64_t semaphore_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, semaphore_signal, semaphore_await);
}

static uint64_t semaphore_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, semaphore_await, semaphore_signal);
}

const struct channel via_semaphore = {
	.name = "semaphore",
	.open = semaphore_open,
	.drive = semaphore_drive,
	.serve = semaphore_serve,
	.leave = semaphore_leave,
	.close = semaphore_close,
};
