/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Share: a large buffer given to another party, by reference or by copy, until
 * that has it and has answered; and what one copy by the kernel takes. */
#include "channel.h"
#include "pair.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ------------------------------------------ one party, one kernel copy */

/* Both sides of the copy: private memory, and a memfd with its mapping. */
static struct {
	int fd;
	char *buffer, *file;
	char *source; /* buffer or file */
	uint32_t version;
} copy;

/* Copies the whole of it through fd; a table row each way. */
struct way {
	ssize_t (*once)(uint64_t size, uint64_t from);
	bool to_file;
};

static ssize_t pread_once(uint64_t size, uint64_t from)
{
	return pread(copy.fd, copy.buffer + from, size - from, (off_t)from);
}

static ssize_t pwrite_once(uint64_t size, uint64_t from)
{
	return pwrite(copy.fd, copy.buffer + from, size - from, (off_t)from);
}

static const struct way by_pread = { pread_once, false },
			by_pwrite = { pwrite_once, true };

static void copy_whole(const struct way *way, uint64_t size)
{
	for (uint64_t done = 0; done < size;) {
		ssize_t moved = way->once(size, done);

		if (moved <= 0)
			die_errno("copy %llu bytes", (unsigned long long)size);
		done += (uint64_t)moved;
	}
}

/* Another content each time, or a copy that was not made would pass. */
static void change(uint64_t size)
{
	copy.version++;
	message_number(copy.source + message_place(size, copy.version), size,
		       copy.version);
}

static bool arrived(uint64_t size)
{
	return !memcmp(copy.buffer, copy.file, size);
}

static int copy_setup(struct run *r)
{
	const struct way *way = r->variant->arg;
	uint64_t size = r->value;

	copy.fd = memfd_create("handoff-share", MFD_CLOEXEC);
	if (copy.fd < 0 || ftruncate(copy.fd, (off_t)size))
		return bench_errno(r, "memfd_create");
	copy.file = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 copy.fd, 0);
	copy.buffer = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (copy.file == MAP_FAILED || copy.buffer == MAP_FAILED)
		return bench_errno(r, "mmap of the memfd");
	copy.source = way->to_file ? copy.buffer : copy.file;
	for (uint64_t i = 0; i + 8 <= size; i += 8) {
		uint64_t word = i * 0x9e3779b97f4a7c15ULL;

		memcpy(copy.source + i, &word, sizeof(word));
	}
	/* the first touch of the other side is not timed */
	memset(way->to_file ? copy.file : copy.buffer, 0, size);
	return 0;
}

static uint64_t copy_run(struct run *r, uint64_t n)
{
	const struct way *way = r->variant->arg;
	uint64_t size = r->value, *stamps = r->stamps;

	if (stamps)
		*stamps++ = clock_now();
	for (uint64_t i = 0; i < n; i++) {
		if (r->mode == RUN_COUNT && i)
			change(size);
		copy_whole(way, size);
		if (stamps)
			*stamps++ = clock_now();
		if (r->mode == RUN_COUNT && !arrived(size))
			die("copy %llu is not like its source",
			    (unsigned long long)i);
	}
	return n;
}

static int copy_settle(struct run *r)
{
	if (bench_broken("share"))
		copy.buffer[r->value - 1] ^= 1;
	return arrived(r->value) ? 0 :
				   bench_fail(r, "the copy is not like its "
						 "source");
}

static int copy_teardown(struct run *r)
{
	munmap(copy.buffer, r->value);
	munmap(copy.file, r->value);
	close(copy.fd);
	return 0;
}

/* ------------------------------------------------------ one or two parties */

static bool alone(const struct run *r)
{
	return !r->variant->peers;
}

/* As each is verified whole, few of the large. */
static uint64_t count_length(const struct run *r)
{
	enum { MOST_BYTES = 16 << 20, MOST = 200 };
	uint64_t n = MOST_BYTES / r->value;

	return n > MOST ? MOST : n ? n : 1;
}

/* At most three of it: what is sent, and two slots of a queue. */
static int setup(struct run *r)
{
	if (bench_needs_memory(r, 3 * r->value))
		return -1;
	if (alone(r) ? copy_setup(r) : pair_setup_message(r))
		return -1;
	r->count_n = count_length(r);
	return 0;
}

static void arm(struct run *r, uint64_t n)
{
	if (alone(r))
		change(r->value);
	else
		pair_arm(r, n);
}

static uint64_t run(struct run *r, uint64_t n)
{
	return alone(r) ? copy_run(r, n) : pair_run(r, n);
}

static int settle(struct run *r, uint64_t n)
{
	return alone(r) ? copy_settle(r) : pair_settle(r, n);
}

static int teardown(struct run *r)
{
	return alone(r) ? copy_teardown(r) : pair_teardown(r);
}

enum {
	BOTH = PEER_THREAD | PEER_PROCESS,
	BOUND = PLACE_ONE_PU | PLACES_TWO_PUS,
};

/* The large ones take long to lay out: only by reference, where size must not
 * matter, are they in every run. */
static const uint64_t all_sizes[] = { 1 << 10, 1 << 20, 64 << 20, PARAM_END };
static const uint64_t sizes[] = { 1 << 10, 1 << 20, PARAM_END };
static const uint64_t more_sizes[] = { 64 << 10, 16 << 20, 64 << 20,
				       PARAM_END };

static const struct variant variants[] = {
	{ "reference", &via_reference, BOTH, BOUND, .values = all_sizes },
	{ "memfd", &via_memfd, BOTH, BOUND },
	{ "queue", &via_eventfd, BOTH, BOUND },
	{ "process_vm_readv", &via_process_vm_readv, PEER_PROCESS, BOUND },
	{ "pipe", &via_pipe, BOTH, BOUND },
	{ "socketpair", &via_socketpair, BOTH, BOUND },
	{ "pread", &by_pread, PEER_NONE, PLACE_ONE_PU },
	{ "pwrite", &by_pwrite, PEER_NONE, PLACE_ONE_PU },
	{ NULL },
};

const struct bench bench_share = {
	.name = "share",
	.title = "a large buffer given to another party: by reference or by "
		 "copy",
	.unit = "ns",
	.variants = variants,
	.param = "size",
	.values = sizes,
	.full_values = more_sizes,
	.param_is_bytes = true,
	.counts = COUNT_SYSCALLS | COUNT_SWITCHES | COUNT_COPIES,
	.stamps = true,
	.setup = setup,
	.arm = arm,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
