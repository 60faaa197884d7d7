/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second party: a thread or a process, started bound to a PU, and the
 * memory both share. */
#include "party.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"
#include "topo.h"

static int enter(struct party *party)
{
	if (topo_bind(party->pu))
		die_errno("sched_setaffinity to PU %d", party->pu);
	return party->entry(party->arg);
}

static void *thread_main(void *arg)
{
	return (void *)(intptr_t)enter(arg);
}

int party_start(struct party *party, enum peer kind, int pu,
		int (*entry)(void *arg), void *arg)
{
	pid_t parent = getpid();

	*party = (struct party){
		.kind = kind, .pu = pu, .entry = entry, .arg = arg
	};
	if (kind == PEER_THREAD) {
		errno = pthread_create(&party->thread, NULL, thread_main,
				       party);
		return errno ? -1 : 0;
	}
	/* The child's view of *party is its own copy: pid is set here alone. */
	pid_t pid = fork();
	if (pid < 0)
		return -1;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_CASE_FAILED);
		_exit(enter(party));
	}
	party->pid = pid;
	return 0;
}

const char *party_call(const struct run *r)
{
	return r->peer == PEER_PROCESS ? "fork" : "pthread_create";
}

int party_refused(struct run *r)
{
	return bench_errno(r, "%s", party_call(r));
}

int party_join(struct party *party)
{
	int status;

	if (party->kind == PEER_THREAD) {
		void *result;

		pthread_join(party->thread, &result);
		return (int)(intptr_t)result;
	}
	while (waitpid(party->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void *party_shared(size_t size, int pu)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (pu != TOPO_ANY_PU)
		memory_place(memory, size, topo_node(pu));
	memset(memory, 0, size); /* first touch, before anything is timed */
	return memory;
}

void party_unshare(void *memory, size_t size)
{
	munmap(memory, size);
}
