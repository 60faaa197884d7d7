/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selftest: work whose time and counts are known beforehand, for `handoff
 * selftest` to find again. */
#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct variant hidden[] = {
	{ .name = "-", .tier = HIDDEN },
	{ .name = NULL },
};

/* Paced by another clock than the harness reads. */
static uint64_t pacer_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ------------------------------------------------------ injected waits */

/* n waits to deadlines that follow each other without a gap, so that no wait
 * adds the overshoot of the one before: together they last n × value. */
static uint64_t wait_run(struct run *r, uint64_t n)
{
	uint64_t each = r->value + (bench_broken("wait")      ? r->value / 8 :
				    bench_broken("wait_half") ? r->value / 2 :
								0);
	uint64_t deadline = pacer_ns();

	for (uint64_t i = 0; i < n; i++) {
		deadline += each;
		while ((int64_t)(pacer_ns() - deadline) < 0)
			;
	}
	return n;
}

static const uint64_t wait_values[] = { 100, 1000, 10000, 100000, PARAM_END };

const struct bench bench_selftest_wait = {
	.name = "selftest_wait",
	.title = "busy waits of a known length",
	.unit = "ns",
	.variants = hidden,
	.param = "ns",
	.values = wait_values,
	.batch_only = true,
	.run = wait_run,
};

/* --------------------------------------------------- nothing, and work */

static uint64_t empty_run(struct run *r, uint64_t n)
{
	(void)r;
	if (bench_broken("empty"))
		for (uint64_t i = 0; i < n; i++)
			pacer_ns();
#pragma GCC unroll 16
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile("" ::: "memory");
	return n;
}

const struct bench bench_selftest_empty = {
	.name = "selftest_empty",
	.title = "an empty body",
	.unit = "ns",
	.variants = hidden,
	.run = empty_run,
};

/* A chain of dependent multiplications: as long as it is many. */
static uint64_t multiply(uint64_t rounds)
{
	static volatile uint64_t seed = 3;
	uint64_t x = seed;

	for (uint64_t i = 0; i < rounds; i++)
		x = x * 0x9e3779b97f4a7c15ULL + 1;
	seed = x | 1;
	return x;
}

static uint64_t work_run(struct run *r, uint64_t n)
{
	uint64_t rounds = 1000 * r->value;

	if (bench_broken("work") && r->value == 2)
		rounds += 500;
	for (uint64_t i = 0; i < n; i++)
		multiply(rounds);
	return n;
}

static const uint64_t work_values[] = { 1, 2, PARAM_END };

const struct bench bench_selftest_work = {
	.name = "selftest_work",
	.title = "work, and twice as much of it",
	.unit = "ns",
	.variants = hidden,
	.param = "times",
	.values = work_values,
	.batch_only = true,
	.run = work_run,
};

/* ------------------------------------------------------------- counts */

static int event_fd;
static _Atomic uint64_t shared_word;

static int count_setup(struct run *r)
{
	event_fd = eventfd(0, EFD_CLOEXEC);
	return event_fd < 0 ? bench_errno(r, "eventfd") : 0;
}

static void eventfd_pair(void)
{
	uint64_t one = 1;

	if (write(event_fd, &one, sizeof(one)) != sizeof(one) ||
	    read(event_fd, &one, sizeof(one)) != sizeof(one))
		die_errno("eventfd");
	if (bench_broken("syscalls"))
		getppid();
}

static void shared_memory(void)
{
	atomic_exchange(&shared_word, 1);
	if (atomic_load(&shared_word) != 1)
		die("the word is not what was stored");
}

static void sleep_once(void)
{
	const struct timespec nap = { .tv_nsec = 50000 };

	if (bench_broken("sleep"))
		return;
	nanosleep(&nap, NULL);
}

static uint64_t count_run(struct run *r, uint64_t n)
{
	void (*const *once)(void) = r->variant->arg;

	for (uint64_t i = 0; i < n; i++)
		(*once)();
	return n;
}

static void (*const do_eventfd_pair)(void) = eventfd_pair;
static void (*const do_shared_memory)(void) = shared_memory;
static void (*const do_sleep)(void) = sleep_once;

static const struct variant count_variants[] = {
	{ .name = "eventfd_pair", .arg = &do_eventfd_pair, .tier = HIDDEN },
	{ .name = "shared_memory", .arg = &do_shared_memory, .tier = HIDDEN },
	{ .name = "sleep", .arg = &do_sleep, .tier = HIDDEN },
	{ .name = NULL },
};

const struct bench bench_selftest_count = {
	.name = "selftest_count",
	.title = "system calls and sleeps of a known number",
	.unit = "ns",
	.variants = count_variants,
	.counts = COUNT_SYSCALLS | COUNT_SWITCHES,
	.setup = count_setup,
	.run = count_run,
};

/* ------------------------------------------------------------- copies */

static struct {
	int pipe[2], memfd;
	char *from, *to;
} copy;

static int copies_setup(struct run *r)
{
	copy.from = calloc(1, r->value);
	copy.to = calloc(1, r->value);
	copy.memfd = memfd_create("handoff-selftest", MFD_CLOEXEC);
	if (!copy.from || !copy.to || copy.memfd < 0 ||
	    ftruncate(copy.memfd, (off_t)r->value) ||
	    pipe2(copy.pipe, O_CLOEXEC))
		return bench_errno(r, "setting up copies");
	return 0;
}

static void through_pipe(size_t size)
{
	if (write(copy.pipe[1], copy.from, size) != (ssize_t)size ||
	    read(copy.pipe[0], copy.to, size) != (ssize_t)size)
		die_errno("%zu bytes through a pipe", size);
}

static void by_pread(size_t size)
{
	if (pread(copy.memfd, copy.to, size, 0) != (ssize_t)size)
		die_errno("pread of %zu bytes", size);
	if (bench_broken("copies") &&
	    pread(copy.memfd, copy.to, size, 0) != (ssize_t)size)
		die_errno("pread of %zu bytes", size);
}

static void in_place(size_t size)
{
	for (size_t i = 0; i < size; i += 64)
		*(volatile char *)(copy.to + i) = 1;
}

static uint64_t copies_run(struct run *r, uint64_t n)
{
	void (*const *once)(size_t) = r->variant->arg;

	for (uint64_t i = 0; i < n; i++)
		(*once)(r->value);
	return n;
}

static void (*const do_pipe)(size_t) = through_pipe;
static void (*const do_pread)(size_t) = by_pread;
static void (*const do_in_place)(size_t) = in_place;

static const struct variant copies_variants[] = {
	{ .name = "pipe", .arg = &do_pipe, .tier = HIDDEN },
	{ .name = "pread", .arg = &do_pread, .tier = HIDDEN },
	{ .name = "in_place", .arg = &do_in_place, .tier = HIDDEN },
	{ .name = NULL },
};

static const uint64_t copies_values[] = { 32 << 10, PARAM_END };

const struct bench bench_selftest_copies = {
	.name = "selftest_copies",
	.title = "bytes copied a known number of times",
	.unit = "ns",
	.variants = copies_variants,
	.param = "size",
	.values = copies_values,
	.param_is_bytes = true,
	.counts = COUNT_COPIES,
	.setup = copies_setup,
	.run = copies_run,
};

/* -------------------------------------------------------- slow-downs */

/* The same work, slower by `value` per mille; two arms of it, a and b. */
static uint64_t slow_run(struct run *r, uint64_t n)
{
	uint64_t rounds = 10000 * (1000 + r->value) / 1000;

	if (bench_broken("slow"))
		rounds = 10000;
	if (bench_broken("aa") && *r->variant->name == 'b')
		rounds += 500;
	for (uint64_t i = 0; i < n; i++)
		multiply(rounds);
	return n;
}

static const struct variant slow_variants[] = {
	{ .name = "a", .tier = HIDDEN },
	{ .name = "b", .tier = HIDDEN },
	{ .name = NULL },
};

static const uint64_t slow_values[] = { 0, 20, 50, PARAM_END };

const struct bench bench_selftest_slow = {
	.name = "selftest_slow",
	.title = "the same work, a little slower",
	.unit = "ns",
	.variants = slow_variants,
	.param = "permille",
	.values = slow_values,
	.batch_only = true,
	.run = slow_run,
};

/* ------------------------------------------------------------- stalls */

/* A process from outside that stops this one for 5 ms, again and again, until
 * its parent is gone or it is told to end. */
static pid_t stopper;
static _Atomic int *enough; /* shared: killing the stopper could leave us
			     * stopped for ever */

static void stop_parent(pid_t parent)
{
	const struct timespec stall = { .tv_nsec = 5000000 };
	const struct timespec pause = { .tv_nsec = 5000000 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent && !atomic_load(enough)) {
		nanosleep(&pause, NULL);
		kill(parent, SIGSTOP);
		nanosleep(&stall, NULL);
		kill(parent, SIGCONT);
	}
	_exit(0);
}

static int stall_setup(struct run *r)
{
	pid_t parent = getpid();

	if (bench_broken("stall"))
		return 0;
	enough = mmap(NULL, sizeof(*enough), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (enough == MAP_FAILED)
		return bench_errno(r, "mmap of shared memory");
	stopper = fork();
	if (stopper < 0)
		return bench_errno(r, "fork");
	if (!stopper)
		stop_parent(parent);
	return 0;
}

static uint64_t stall_run(struct run *r, uint64_t n)
{
	(void)r;
	for (uint64_t i = 0; i < n; i++)
		multiply(1000);
	return n;
}

static int stall_teardown(struct run *r)
{
	(void)r;
	if (stopper > 0) {
		atomic_store(enough, 1);
		waitpid(stopper, NULL, 0);
	}
	return 0;
}

const struct bench bench_selftest_stall = {
	.name = "selftest_stall",
	.title = "stopped from outside for 5 ms now and then",
	.unit = "ns",
	.variants = hidden,
	.batch_only = true,
	.setup = stall_setup,
	.run = stall_run,
	.teardown = stall_teardown,
};
