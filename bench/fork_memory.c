/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fork, exit and reap over resident memory: what a process pays for the memory
 * it has when it makes another, by the kind of its pages; and what vfork,
 * posix_spawn and a thread, which copy no page tables, pay beside it. */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "needs.h"
#include "newborn.h"
#include "refusal.h"
#include "region.h"
#include "topo.h"

enum { CALL, FIRST, DONE };

/* Memory that the case is about, beside the few MiB of any small program. It is
 * touched once, so from the second fork on its pages are read-only already, as
 * those of a parent that writes few of them between forks. Where it writes all
 * of them, fork marks them anew, which takes up to half as long again. */
struct memory {
	enum pages pages;
	int advice; /* one more, or 0 */
};

/* Makes one and waits for its end; both 0 or an errno. */
struct way {
	struct memory memory;
	int (*make)(struct run *r);
	int (*wait)(struct run *r);
};

static struct state {
	struct nursery nursery; /* of one */
	char *argv[5];
	pid_t pid;
	pthread_t thread;
} s;

/* ------------------------------------------------------- ways to make one */

static int make_fork(struct run *r)
{
	(void)r;
	s.pid = fork();
	if (!s.pid)
		newborn_child(s.nursery.of);
	return s.pid < 0 ? errno : 0;
}

static int make_vfork_exec(struct run *r)
{
	pid_t pid = vfork();

	(void)r;
	if (!pid)
		newborn_exec(s.nursery.of, s.argv);
	s.pid = pid;
	return pid < 0 ? errno : 0;
}

static int make_posix_spawn(struct run *r)
{
	(void)r;
	return posix_spawn(&s.pid, s.argv[0], NULL, NULL, s.argv,
			   newborn_no_environment);
}

static int reap(struct run *r)
{
	return newborn_reap(r, s.nursery.of, s.pid);
}

static void *thread_first(void *arg)
{
	newborn_first(s.nursery.of);
	return arg;
}

static int make_pthread(struct run *r)
{
	return pthread_create(&s.thread, NULL, thread_first, r);
}

static int join_pthread(struct run *r)
{
	void *result = NULL;
	int error = pthread_join(s.thread, &result);

	return error ? error : result == r ? 0 : EPROTO;
}

/* ---------------------------------------------------------- the benchmark */

static int create(struct run *r)
{
	const struct way *way = r->variant->arg;
	uint64_t start, called, done;
	int error;

	memset(s.nursery.of, 0, sizeof(*s.nursery.of));
	start = clock_now();
	error = way->make(r);
	called = clock_now();
	if (!error)
		error = way->wait(r);
	done = clock_now();
	/* page tables are memory too, and so is what overcommit forbids */
	if (error == ENOMEM)
		return bench_absent(r, "%s: %s", r->variant->name,
				    strerror(error));
	if (error) {
		refusal_blame(r, error);
		return -1;
	}
	if (newborn_check(r, s.nursery.of, start, done))
		return -1;
	run_sample(r, CALL, run_elapsed_ns(r, start, called));
	run_sample(r, FIRST,
		   run_elapsed_ns(r, start, s.nursery.of->s.exec.first));
	run_sample(r, DONE, run_elapsed_ns(r, start, done));
	return 0;
}

static uint64_t run(struct run *r, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (create(r))
			return i;
	return n;
}

/* The size, the page tables of two processes for it, and some air. */
static uint64_t memory_needed(enum pages pages, uint64_t size)
{
	const uint64_t air = 32 << 20;
	uint64_t tables =
		2 * size / (uint64_t)sysconf(_SC_PAGESIZE) * sizeof(void *);

	return (pages == PAGES_ZERO ? 0 : size) + tables + air;
}

/* Maps r->value bytes, touches them once, and looks whether the pages are what
 * they are to be. */
static int fill(struct run *r, const struct memory *m)
{
	size_t huge = region_huge_page();
	struct region region = { NULL };
	int flags = MAP_ANONYMOUS | MAP_NORESERVE;

	if (!r->value)
		return 0;
	if (m->pages == PAGES_HUGE && (!huge || r->value % huge))
		return bench_absent(r,
				    "not a whole number of huge pages of "
				    "%zu KiB",
				    huge >> 10);
	if (bench_needs_memory(r, memory_needed(m->pages, r->value)) ||
	    region_reserve(r, &region, r->value))
		return -1;
	flags |= m->pages == PAGES_SHARED ? MAP_SHARED : MAP_PRIVATE;
	if (region_map(r, &region, flags, -1, m->pages == PAGES_HUGE))
		return -1;
	if (m->advice && madvise(region.start, region.size, m->advice))
		return refusal_memory(r, "madvise", region.size);
	if (m->pages == PAGES_ZERO) {
		region_read(&region);
	} else {
		region_populate(&region);
		region_write(&region, 1);
	}
	return region_check(r, &region, m->pages);
}

static int setup(struct run *r)
{
	const struct way *way = r->variant->arg;

	char *argv[] = { (char *)(uintptr_t)r->helper, s.nursery.fd,
			 s.nursery.source, (char *)(uintptr_t) "0", NULL };

	memcpy(s.argv, argv, sizeof(argv));
	if (bench_bind(r, r->pu_a))
		return -1;
	return nursery_open(r, &s.nursery, 1) || fill(r, &way->memory) ? -1 : 0;
}

/* -------------------------------------------------------------- the table */

static const struct way
	/* each page's entry is copied, marked read-only and counted once more;
	 * and taken back when the child ends */
	dirty = { { PAGES_SMALL }, make_fork, reap },
	/* read only: all of it is mapped, to the kernel's one page of zeroes,
	 * which the child can find again: fork copies nothing. (Memory of a
	 * program that only reads it is of a file, and treated alike.) */
	clean = { { PAGES_ZERO }, make_fork, reap },
	/* the child finds pages of shared memory again, too */
	shared = { { PAGES_SHARED }, make_fork, reap },
	dontfork = { { PAGES_SMALL, MADV_DONTFORK }, make_fork, reap },
	/* an entry for 512 pages */
	huge = { { PAGES_HUGE }, make_fork, reap },
	vfork_exec = { { PAGES_SMALL }, make_vfork_exec, reap },
	by_posix_spawn = { { PAGES_SMALL }, make_posix_spawn, reap },
	by_pthread = { { PAGES_SMALL }, make_pthread, join_pthread };

#define MIB(n) ((uint64_t)(n) << 20)

/* Filling memory takes longer than forking: what is flat has two sizes. */
static const uint64_t flat[] = { 0, MIB(256), PARAM_END },
		      in_huge[] = { 0, MIB(16), MIB(256), PARAM_END };

#define PROCESS PEER_PROCESS, PLACE_ONE_PU, NULL, HEADLINE
#define THREAD PEER_THREAD, PLACE_ONE_PU, NULL, HEADLINE

static const struct need *const zero_page[] = { &need_zero_page, NULL };

static const struct variant variants[] = {
	{ "dirty", &dirty, PROCESS, NULL },
	{ "clean", &clean, PEER_PROCESS, PLACE_ONE_PU, zero_page, HEADLINE,
	  flat },
	{ "shared", &shared, PROCESS, flat },
	{ "dontfork", &dontfork, PROCESS, flat },
	{ "huge", &huge, PEER_PROCESS, PLACE_ONE_PU, NULL, FULL, in_huge },
	{ "vfork_exec", &vfork_exec, PROCESS, flat },
	{ "posix_spawn", &by_posix_spawn, PROCESS, flat },
	{ "pthread", &by_pthread, THREAD, flat },
	{ NULL },
};

static const uint64_t sizes[] = { 0,       MIB(1),   MIB(4),    MIB(16),
				  MIB(64), MIB(256), MIB(1024), PARAM_END },
		      large[] = { MIB(4096), MIB(16384), PARAM_END };

static const struct metric metrics[] = {
	{ "call", "ns" },  /* until the call has returned in the parent */
	{ "first", "ns" }, /* until the new one's first instruction */
	{ "done", "ns" },  /* until its end is known */
	{ NULL, NULL },
};

const struct bench bench_fork_memory = {
	.name = "fork_memory",
	.title = "fork, exit and reap over resident memory",
	.unit = "ns",
	.variants = variants,
	.param = "rss",
	.values = sizes,
	.full_values = large,
	.param_is_bytes = true,
	.metrics = metrics,
	.spawns = true,
	.setup = setup,
	.run = run,
};
