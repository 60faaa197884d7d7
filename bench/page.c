/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Page faults by kind: what writing a page takes for the first time, after a
 * fork by either side, and where the kernel has nothing to do. */
#include "bench.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_child.h"
#include "needs.h"
#include "party.h"
#include "refusal.h"
#include "region.h"
#include "topo.h"

enum { LATENCY, FAULTS };

enum {
	REGION = 4 << 20,       /* in small pages, or */
	REGION_HUGE = 16 << 20, /* in huge ones, if they are no larger */
};

/* Who else has the memory while it is touched. */
enum child {
	NO_CHILD,
	CHILD_SLEEPS, /* has it, as it was before the fork */
	CHILD_GONE,   /* had it, and is reaped */
	CHILD_WRITES, /* has it, and is the one that touches it */
};

/* A kind of fault: how the memory is mapped, and which touch is timed. */
struct kind {
	enum pages pages; /* once they are touched */
	bool file;        /* of a memfd, rather than anonymous */
	enum child child; /* if there is one, all is written before the fork */
};

/* What one round took. */
struct touched {
	double ns;
	uint64_t faults;
	bool zero; /* nothing but zeroes was read */
};

/* Both sides have it. */
struct shared {
	struct touched touched;
	size_t seen; /* pages that the child found as they must be */
	int pu;      /* of the child */
};

static struct state {
	struct region region, spare; /* spare: one page */
	struct shared *shared;
	size_t pages;           /* of the kind: what the numbers are per */
	uint64_t before, after; /* what is written, this round */
	uint64_t round;
	int fd;
} s;

static const struct kind *kind_of(const struct run *r)
{
	return r->variant->arg;
}

/* --------------------------------------------------------- the timed part */

static uint64_t faults(const struct rusage *usage)
{
	return (uint64_t)usage->ru_minflt + (uint64_t)usage->ru_majflt;
}

/* Nothing but the touching is between the two counts. Never inlined, so that
 * every call of it uses the same stack. */
static __attribute__((noinline)) void
bracket(struct run *r, const struct region *region, struct touched *out)
{
	bool reads = kind_of(r)->pages == PAGES_ZERO;
	struct rusage before, after;
	uint64_t seen = 0, t0, t1;

	getrusage(RUSAGE_THREAD, &before);
	t0 = clock_now();
	if (reads)
		seen = region_read(region);
	else
		region_write(region, s.after);
	t1 = clock_now();
	getrusage(RUSAGE_THREAD, &after);
	out->ns = run_elapsed_ns(r, t0, t1);
	out->faults = faults(&after) - faults(&before);
	out->zero = !seen;
}

/* After a fork the stack, the data and, in the child, the code fault once
 * more: on a spare page first, so that only the region is left to fault. */
static void touch(struct run *r, struct touched *out)
{
	bracket(r, &s.spare, out);
	bracket(r, &s.region, out);
}

/* -------------------------------------------------------------- one round */

static bool is_private(const struct kind *k)
{
	return k->pages != PAGES_SHARED;
}

/* Whether the other one keeps its pages as they are, so that whoever writes
 * needs copies. */
static bool has_copies(const struct kind *k)
{
	return is_private(k) &&
	       (k->child == CHILD_SLEEPS || k->child == CHILD_WRITES);
}

/* What the child does after the fork; its exit status. */
static int child(void *arg)
{
	struct run *r = arg;
	const struct kind *k = kind_of(r);
	uint64_t expected = is_private(k) ? s.before : s.after;

	s.shared->pu = sched_getcpu();
	if (k->child == CHILD_WRITES) {
		touch(r, &s.shared->touched);
		expected = s.after;
	}
	/* stopped it takes no time, and needs no pipe to be told to go on */
	if (k->child == CHILD_SLEEPS)
		raise(SIGSTOP);
	if (k->child != CHILD_GONE)
		s.shared->seen = region_count(&s.region, expected);
	return EXEC_CHILD_STATUS;
}

static int start_child(struct run *r, struct party *party)
{
	memset(s.shared, 0, sizeof(*s.shared));
	if (!party_start(party, PEER_PROCESS, r->pu_b, child, r))
		return 0;
	if (errno == ENOMEM)
		return refusal_memory(r, "fork", s.region.size);
	return bench_errno(r, "fork");
}

/* Until the child sleeps; 0 or -1. */
static int await_sleep(struct run *r, const struct party *party)
{
	int status;

	while (waitpid(party->pid, &status, WUNTRACED) < 0)
		if (errno != EINTR)
			return bench_errno(r, "waitpid");
	return WIFSTOPPED(status) ?
		       0 :
		       bench_fail(r, "the child ended before it was to");
}

/* Until the child has ended; how, where, and what it saw. 0 or -1. */
static int await_end(struct run *r, struct party *party)
{
	int status = party_join(party);

	if (status != EXEC_CHILD_STATUS)
		return bench_fail(r, "the child ended with %d instead of %d",
				  status, EXEC_CHILD_STATUS);
	r->peer_pu = s.shared->pu;
	if (r->pu_b >= 0 && r->peer_pu != r->pu_b)
		return bench_fail(r, "the child ran on PU %d, not %d",
				  r->peer_pu, r->pu_b);
	if (kind_of(r)->child != CHILD_GONE && s.shared->seen != s.region.pages)
		return bench_fail(r,
				  "the child saw %zu of %zu pages as they must "
				  "be",
				  s.shared->seen, s.region.pages);
	return 0;
}

/* Memory that no one has touched; or, before a fork, that is written. */
static int prepare(struct run *r)
{
	const struct kind *k = kind_of(r);
	int flags = is_private(k) ? MAP_PRIVATE : MAP_SHARED;

	/* cut to nothing, the file gives its pages back */
	if (k->file &&
	    (ftruncate(s.fd, 0) || ftruncate(s.fd, (off_t)s.region.size)))
		return bench_errno(r, "ftruncate of a memfd");
	if (region_map(r, &s.region, flags | (k->file ? 0 : MAP_ANONYMOUS),
		       k->file ? s.fd : -1, k->pages == PAGES_HUGE))
		return -1;
	s.round++;
	s.before = s.round << 32;
	s.after = s.before | UINT32_C(1) << 31;
	if (k->child == NO_CHILD)
		return 0;
	region_write(&s.region, s.before);
	return region_check(r, &s.region, k->pages);
}

/* The touch, by the party that does it, with a child or without. */
static int fork_and_touch(struct run *r, struct touched *out)
{
	const struct kind *k = kind_of(r);
	struct party party;

	if (k->child != NO_CHILD && start_child(r, &party))
		return -1;
	if (k->child == CHILD_SLEEPS && await_sleep(r, &party))
		return -1;
	if ((k->child == CHILD_GONE || k->child == CHILD_WRITES) &&
	    await_end(r, &party))
		return -1;
	if (k->child == CHILD_WRITES) {
		*out = s.shared->touched;
		return 0;
	}
	touch(r, out);
	if (k->child != CHILD_SLEEPS)
		return 0;
	kill(party.pid, SIGCONT);
	return await_end(r, &party);
}

/* Whether this side has what it must have; 0 or -1. */
static int check_contents(struct run *r, const struct touched *touched)
{
	const struct kind *k = kind_of(r);
	uint64_t expected = k->child == CHILD_WRITES ? s.before : s.after;
	size_t held = k->pages != PAGES_ZERO ?
			      region_count(&s.region, expected) :
		      touched->zero ? s.region.pages :
				      0;

	if (held != s.region.pages)
		return bench_fail(r, "%zu of %zu pages hold what they must",
				  held, s.region.pages);
	return 0;
}

/* Whether the kernel did what the case is about; 0 or -1. */
static int check_faults(struct run *r, const struct touched *touched)
{
	const struct kind *k = kind_of(r);

	if (has_copies(k) && touched->faults < s.pages)
		return bench_fail(r, "%llu faults cannot have copied %zu pages",
				  (unsigned long long)touched->faults, s.pages);
	/* an emulator has a page of its own now and then */
	if (k->child != NO_CHILD && !is_private(k) &&
	    touched->faults > s.pages / 100)
		return bench_fail(r,
				  "%llu faults on shared memory that was "
				  "mapped before",
				  (unsigned long long)touched->faults);
	/* a huge page is split when it is written after a fork (Linux 5.8) */
	if (k->pages == PAGES_HUGE && k->child != NO_CHILD)
		return 0;
	return region_check(r, &s.region, k->pages);
}

static int go_round(struct run *r)
{
	struct touched touched;

	if (prepare(r) || fork_and_touch(r, &touched) ||
	    check_contents(r, &touched) || check_faults(r, &touched))
		return -1;
	run_mean(r, LATENCY, touched.ns / (double)s.pages);
	run_value(r, FAULTS, (double)touched.faults / (double)s.pages);
	return 0;
}

/* ---------------------------------------------------------- the benchmark */

static uint64_t run(struct run *r, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (go_round(r))
			return i;
	return n;
}

/* How much memory, and how many pages of the kind it is. */
static int decide_size(struct run *r, size_t *size)
{
	size_t huge = region_huge_page();

	if (kind_of(r)->pages != PAGES_HUGE) {
		*size = REGION;
		s.pages = *size / (size_t)sysconf(_SC_PAGESIZE);
		return 0;
	}
	if (!huge)
		return bench_absent(r, "this kernel has no transparent huge "
				       "pages");
	s.pages = REGION_HUGE / huge;
	if (s.pages < 2)
		s.pages = 2;
	*size = s.pages * huge;
	return 0;
}

static int setup(struct run *r)
{
	const uint64_t air = 16 << 20;
	size_t size = 0;

	if (bench_bind(r, r->pu_a))
		return -1;
	/* the memory, and a copy of it */
	if (decide_size(r, &size) || bench_needs_memory(r, 2 * size + air) ||
	    region_reserve(r, &s.region, size) ||
	    region_reserve(r, &s.spare, (size_t)sysconf(_SC_PAGESIZE)) ||
	    region_map(r, &s.spare, MAP_PRIVATE | MAP_ANONYMOUS, -1, false))
		return -1;
	s.shared = party_shared(sizeof(*s.shared), r->pu_a);
	if (!s.shared)
		return bench_errno(r, "mmap of shared memory");
	s.fd = kind_of(r)->file ? memfd_create("handoff-page", MFD_CLOEXEC) :
				  -1;
	if (kind_of(r)->file && s.fd < 0)
		return bench_errno(r, "memfd_create");
	return 0;
}

/* -------------------------------------------------------------- the table */

static const struct kind
	touch_private = { PAGES_SMALL },
	/* A write to shared memory faults for each page, too: fault-around maps
	 * more than one only for reads, and of pages that are there. */
	touch_shared = { PAGES_SHARED }, touch_memfd = { PAGES_SHARED, true },
	read_private = { PAGES_ZERO },
	cow_parent = { PAGES_SMALL, false, CHILD_SLEEPS },
	cow_child = { PAGES_SMALL, false, CHILD_WRITES },
	/* no one else has the pages any more: they are only made writable */
	reuse_parent = { PAGES_SMALL, false, CHILD_GONE },
	/* fork leaves the parent's entries of shared memory as they are */
	shared_after_fork = { PAGES_SHARED, false, CHILD_SLEEPS },
	/* Per huge page, of which every small one is written. Since Linux 5.8
	 * the first write after a fork splits a huge page, and the small ones
	 * are copied one by one: 512 faults; before, the whole in one. */
	touch_private_huge = { PAGES_HUGE },
	cow_parent_huge = { PAGES_HUGE, false, CHILD_SLEEPS },
	cow_child_huge = { PAGES_HUGE, false, CHILD_WRITES };

#define ALONE PEER_NONE, PLACE_ONE_PU
#define FORKED PEER_PROCESS, PLACE_ONE_PU

static const struct need *const zero_page[] = { &need_zero_page, NULL };

static const struct variant variants[] = {
	{ "touch_private", &touch_private, ALONE },
	{ "touch_shared", &touch_shared, ALONE },
	{ "touch_memfd", &touch_memfd, ALONE },
	{ "read_private", &read_private, ALONE, zero_page },
	{ "cow_parent", &cow_parent, FORKED },
	{ "cow_child", &cow_child, FORKED },
	{ "reuse_parent", &reuse_parent, FORKED },
	{ "shared_after_fork", &shared_after_fork, FORKED },
	{ "touch_private_huge", &touch_private_huge, ALONE },
	{ "cow_parent_huge", &cow_parent_huge, FORKED },
	{ "cow_child_huge", &cow_child_huge, FORKED },
	{ NULL },
};

static const struct metric metrics[] = {
	{ "latency", "ns" }, /* of a page of the kind, mean over the region */
	/* of such a page. One that the kernel has to try again counts twice:
	 * one in some 100 000 was seen to, none of them on shared memory. */
	{ "faults", "count" },
	{ NULL, NULL },
};

const struct bench bench_page = {
	.name = "page",
	.title = "page faults by kind: a page's first write, read, copy",
	.unit = "ns",
	.variants = variants,
	.metrics = metrics,
	.spawns = true,
	.setup = setup,
	.run = run,
};
