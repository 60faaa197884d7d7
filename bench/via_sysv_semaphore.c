/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a System V semaphore each way, both of one set. */
#include "pair.h"

#include <signal.h>
#include <sys/sem.h>
#include <unistd.h>

/* The third semaphore is never waited for: its value says whose set this is,
 * and the kernel remembers which process has set it. */
enum { FOR_DRIVER, FOR_SERVER, MARK, SEMAPHORES, OURS = 0x6861 /* "ha" */ };

union semun { /* which semctl()'s caller has to declare */
	int val;
	struct semid_ds *buf;
	struct seminfo *__buf;
};

static void operate(struct end *e, int semaphore, int by)
{
	struct sembuf operation = { .sem_num = (unsigned short)semaphore,
				    .sem_op = (short)by };

	while (semop(e->in, &operation, 1))
		if (errno != EINTR) /* a tracer that attaches */
			die_errno("semop");
}

/* A semaphore has no numbers: they lie beside it, as of a futex. */
static void sysv_semaphore_signal(struct end *e)
{
	atomic_store_explicit(&e->theirs->value, ++e->sent,
			      memory_order_release);
	operate(e, e->is_driver ? FOR_SERVER : FOR_DRIVER, 1);
}

static void sysv_semaphore_await(struct end *e)
{
	uint32_t number;

	operate(e, e->is_driver ? FOR_DRIVER : FOR_SERVER, -1);
	number = atomic_load_explicit(&e->mine->value, memory_order_acquire);
	if (number != ++e->received)
		die("signal %u lost or doubled: number %u came", e->received,
		    number);
}

/* Our own, of a process that is no more; not one of another PID namespace,
 * whose process has the number 0 here. */
static bool is_orphan(int id, const struct semid_ds *set)
{
	int pid;

	if (set->sem_nsems != SEMAPHORES || set->sem_perm.cuid != geteuid() ||
	    semctl(id, MARK, GETVAL) != OURS)
		return false;
	pid = semctl(id, MARK, GETPID);
	return pid > 0 && kill(pid, 0) && errno == ESRCH;
}

/* A set outlives its processes, and cannot be marked for removal before it is
 * used up. So what a case that was killed has left behind is removed here, by
 * the next that comes. */
static void remove_orphans(void)
{
	struct seminfo info;
	struct semid_ds set = { 0 };
	int last = semctl(0, 0, SEM_INFO, (union semun){ .__buf = &info });

	for (int i = 0; i <= last; i++) {
		int id = semctl(i, 0, SEM_STAT, (union semun){ .buf = &set });

		if (id >= 0 && is_orphan(id, &set))
			semctl(id, 0, IPC_RMID);
	}
}

static int sysv_semaphore_open(struct run *r, struct end *driver,
			       struct end *server)
{
	int id;

	remove_orphans();
	id = semget(IPC_PRIVATE, SEMAPHORES, 0600);
	if (id < 0)
		return bench_errno(r, "semget (kernel.sem)");
	driver->in = server->in = id;
	/* Linux's are zero from the start */
	return semctl(id, MARK, SETVAL, (union semun){ .val = OURS }) ?
		       bench_errno(r, "semctl") :
		       0;
}

static void sysv_semaphore_leave(struct end *e)
{
	if (semctl(e->in, e->is_driver ? FOR_DRIVER : FOR_SERVER, GETVAL))
		die("signal %u doubled", e->received);
}

static void sysv_semaphore_close(struct end *driver, struct end *server)
{
	(void)server;
	semctl(driver->in, 0, IPC_RMID);
}

static uint64_t sysv_semaphore_drive(struct end *e, uint64_t n,
				     uint64_t *stamps)
{
	return pair_drive(e, n, stamps, sysv_semaphore_signal,
			  sysv_semaphore_await);
}

static uint64_t sysv_semaphore_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, sysv_semaphore_await, sysv_semaphore_signal);
}

const struct channel via_sysv_semaphore = {
	.name = "sysv_semaphore",
	.open = sysv_semaphore_open,
	.drive = sysv_semaphore_drive,
	.serve = sysv_semaphore_serve,
	.leave = sysv_semaphore_leave,
	.close = sysv_semaphore_close,
};
