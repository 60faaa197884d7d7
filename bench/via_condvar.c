/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a mutex, a condition variable and a counter each way. */
#include "pair.h"

#include <pthread.h>

#include "party.h"

struct gate {
	_Alignas(CACHE_LINES) pthread_mutex_t mutex;
	pthread_cond_t cond;
	uint32_t count; /* signals given: the predicate */
};

/* Gate 0 wakes the driver, gate 1 the server. */
static struct gate *gate_of(struct end *e, bool driver)
{
	return (struct gate *)e->shared + !driver;
}

static void must(int error, const char *what)
{
	if (error) /* EPERM of these is a mistake, not a refusal */
		die("%s: %s", what, strerror(error));
}

/* Woken after the unlock: else the woken would only meet the mutex. */
static void condvar_signal(struct end *e)
{
	struct gate *g = gate_of(e, !e->is_driver);

	must(pthread_mutex_lock(&g->mutex), "lock a mutex");
	g->count = ++e->sent;
	must(pthread_mutex_unlock(&g->mutex), "unlock a mutex");
	must(pthread_cond_signal(&g->cond), "signal a condition variable");
}

static void condvar_await(struct end *e)
{
	struct gate *g = gate_of(e, e->is_driver);

	must(pthread_mutex_lock(&g->mutex), "lock a mutex");
	while (g->count == e->received)
		must(pthread_cond_wait(&g->cond, &g->mutex),
		     "wait for a condition variable");
	if (g->count != ++e->received)
		die("signal %u lost or doubled: the counter is %u", e->received,
		    g->count);
	must(pthread_mutex_unlock(&g->mutex), "unlock a mutex");
}

static int gate_open(struct gate *g, int pshared)
{
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;
	int error;

	pthread_mutexattr_init(&mutex);
	pthread_condattr_init(&cond);
	error = pthread_mutexattr_setpshared(&mutex, pshared);
	if (!error)
		error = pthread_condattr_setpshared(&cond, pshared);
	if (!error)
		error = pthread_mutex_init(&g->mutex, &mutex);
	if (!error)
		error = pthread_cond_init(&g->cond, &cond);
	pthread_mutexattr_destroy(&mutex);
	pthread_condattr_destroy(&cond);
	errno = error;
	return error ? -1 : 0;
}

/* Threads use private ones, which are the default. */
static int condvar_open(struct run *r, struct end *driver, struct end *server)
{
	int pshared = r->peer == PEER_PROCESS ? PTHREAD_PROCESS_SHARED :
						PTHREAD_PROCESS_PRIVATE;
	struct gate *gate = party_shared(2 * sizeof(*gate), r->pu_a);

	if (!gate)
		return bench_errno(r, "mmap of shared memory");
	driver->shared = server->shared = gate;
	return gate_open(&gate[0], pshared) || gate_open(&gate[1], pshared) ?
		       -1 :
		       0;
}

static void condvar_close(struct end *driver, struct end *server)
{
	struct gate *gate = driver->shared;

	(void)server;
	for (int i = 0; i < 2; i++) {
		pthread_cond_destroy(&gate[i].cond);
		pthread_mutex_destroy(&gate[i].mutex);
	}
	party_unshare(gate, 2 * sizeof(*gate));
}

static uint64_t condvar_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, condvar_signal, condvar_await);
}

static uint64_t condvar_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, condvar_await, condvar_signal);
}

const struct channel via_condvar = {
	.name = "condvar",
	.open = condvar_open,
	.drive = condvar_drive,
	.serve = condvar_serve,
	.close = condvar_close,
};
