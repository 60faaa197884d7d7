/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory whose pages are of one kind, and known to be. */
#ifndef HANDOFF_REGION_H
#define HANDOFF_REGION_H

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "memory.h"
#include "refusal.h"
#include "topo.h"

enum pages {
	PAGES_SMALL,  /* private, written */
	PAGES_HUGE,   /* the same, in transparent huge pages */
	PAGES_ZERO,   /* private, only read: the kernel's one page of zeroes */
	PAGES_SHARED, /* small, of a file or anonymous, written */
};

/* Memory that is one mapping: between pages without access, so that the kernel
 * merges it with no neighbour, whose pages would be counted with it. */
struct region {
	char *start;
	size_t size;
	size_t page;  /* bytes of a small page */
	size_t pages; /* small ones */
};

/* Sanitizers would write to memory of their own for each store. */
#define REGION_PLAIN __attribute__((no_sanitize_address, no_sanitize_thread))

#define REGION_THP "/sys/kernel/mm/transparent_hugepage/"

/* Bytes of a transparent huge page; 0: this kernel has none. */
static inline size_t region_huge_page(void)
{
	FILE *file = fopen(REGION_THP "hpage_pmd_size", "re");
	size_t size = 0;

	if (file && fscanf(file, "%zu", &size) != 1)
		size = 0;
	if (file)
		fclose(file);
	return size;
}

/* Room for size bytes, aligned for huge pages where it is a number of them;
 * nothing is mapped yet that could be touched. 0, or -1. */
static inline int region_reserve(struct run *r, struct region *region,
				 size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), huge = region_huge_page();
	size_t align = huge && size % huge == 0 ? huge : 32 * page;
	char *room = mmap(NULL, size + 2 * align, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return refusal_memory(r, "mmap", size);
	room += page;
	room += (align - (uintptr_t)room % align) % align;
	*region = (struct region){ room, size, page, size / page };
	return 0;
}

/* Maps it afresh: what was there is gone. flags, fd: mmap's. 0, or -1. */
static inline int region_map(struct run *r, const struct region *region,
			     int flags, int fd, bool huge)
{
	if (mmap(region->start, region->size, PROT_READ | PROT_WRITE,
		 flags | MAP_FIXED, fd, 0) == MAP_FAILED)
		return refusal_memory(r, "mmap", region->size);
	/* once placed, no sampling for NUMA balancing adds faults */
	memory_place(region->start, region->size, topo_node(r->pu_a));
	if (!madvise(region->start, region->size,
		     huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		return 0;
	/* a kernel without huge pages does not know the advice */
	if (errno == EINVAL && !huge)
		return 0;
	if (errno == EINVAL)
		return bench_absent(r, "madvise(MADV_HUGEPAGE): this kernel "
				       "has no transparent huge pages");
	return refusal_memory(r, "madvise", region->size);
}

/* Lets the kernel fill it at once, in half the time that a fault for each page
 * takes (Linux 5.14). Where it does not, whoever writes first fills it. */
static inline void region_populate(const struct region *region)
{
#ifdef MADV_POPULATE_WRITE
	madvise(region->start, region->size, MADV_POPULATE_WRITE);
#else
	(void)region;
#endif
}

/* Writes value + i to the beginning of each small page i. */
static inline REGION_PLAIN void region_write(const struct region *region,
					     uint64_t value)
{
	for (size_t i = 0; i < region->pages; i++)
		*(volatile uint64_t *)(region->start + i * region->page) =
			value + i;
}

/* Reads each small page; all that was read, together. */
static inline REGION_PLAIN uint64_t region_read(const struct region *region)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < region->pages; i++)
		seen |= *(volatile uint64_t *)(region->start +
					       i * region->page);
	return seen;
}

/* How many small pages hold what region_write() left with this value. */
static inline REGION_PLAIN size_t region_count(const struct region *region,
					       uint64_t value)
{
	size_t held = 0;

	for (size_t i = 0; i < region->pages; i++)
		held += *(volatile uint64_t *)(region->start +
					       i * region->page) == value + i;
	return held;
}

/* Bytes of a region by the kernel's own account. */
struct region_smaps {
	uint64_t resident, anonymous;
	uint64_t huge; /* mapped as huge pages, of any kind */
};

/* Sums a line of /proc/self/smaps up. */
static inline void region_smaps_line(struct region_smaps *sum, const char *line)
{
	unsigned long long kib;
	char name[32];

	if (sscanf(line, "%31[^:]: %llu kB", name, &kib) != 2)
		return;
	if (!strcmp(name, "Rss"))
		sum->resident += kib << 10;
	else if (!strcmp(name, "Anonymous"))
		sum->anonymous += kib << 10;
	else if (!strcmp(name, "AnonHugePages") ||
		 !strcmp(name, "ShmemPmdMapped") ||
		 !strcmp(name, "FilePmdMapped"))
		sum->huge += kib << 10;
}

/* 0, or -1. */
static inline int region_smaps(struct run *r, const struct region *region,
			       struct region_smaps *sum)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	uint64_t start = (uintptr_t)region->start;
	unsigned long long from, to;
	bool inside = false;
	char line[256];

	*sum = (struct region_smaps){ 0 };
	if (!file)
		return bench_absent(r,
				    "pages cannot be verified: "
				    "/proc/self/smaps: %s",
				    strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			inside = from >= start && to <= start + region->size;
		else if (inside)
			region_smaps_line(sum, line);
	}
	if (ferror(file)) {
		fclose(file);
		return bench_fail(r, "/proc/self/smaps cannot be read to its "
				     "end");
	}
	fclose(file);
	return 0;
}

/* Bytes that are mapped, be it to the page of zeroes, which smaps leaves out;
 * or -1. */
static inline int64_t region_mapped(const struct region *region)
{
	static unsigned char there[4096];
	int64_t mapped = 0;

	for (size_t i = 0; i < region->pages; i += sizeof(there)) {
		size_t pages = region->pages - i;

		if (pages > sizeof(there))
			pages = sizeof(there);
		if (mincore(region->start + i * region->page,
			    pages * region->page, there))
			return -1;
		for (size_t k = 0; k < pages; k++)
			mapped += (there[k] & 1) * (int64_t)region->page;
	}
	return mapped;
}

/* "always [madvise] never", or what else is written there. */
static inline void region_thp_enabled(char *buf, size_t size)
{
	FILE *file = fopen(REGION_THP "enabled", "re");

	snprintf(buf, size, "unknown");
	if (file && fgets(buf, (int)size, file))
		buf[strcspn(buf, "\n")] = '\0';
	if (file)
		fclose(file);
}

/* Whether every page is of that kind. Huge pages that the kernel did not give
 * make the case absent; anything else is a failure. 0, or -1. */
static inline int region_check(struct run *r, const struct region *region,
			       enum pages pages)
{
	struct region_smaps s;
	uint64_t size = region->size;
	int64_t mapped;

	if (region_smaps(r, region, &s))
		return -1;
	if (pages == PAGES_HUGE && s.huge != size) {
		char enabled[64];

		region_thp_enabled(enabled, sizeof(enabled));
		return bench_absent(
			r,
			"%llu of %llu KiB are huge pages "
			"(transparent_hugepage/enabled: %s; or else memory is "
			"fragmented)",
			(unsigned long long)s.huge >> 10,
			(unsigned long long)size >> 10, enabled);
	}
	if (pages == PAGES_ZERO) {
		mapped = region_mapped(region);
		if (mapped != (int64_t)size || s.anonymous)
			return bench_fail(
				r,
				"of %llu KiB that are only read %lld are "
				"mapped and %llu are memory of their own",
				(unsigned long long)size >> 10,
				(long long)mapped / 1024,
				(unsigned long long)s.anonymous >> 10);
		return 0;
	}
	if (s.resident != size || s.huge != (pages == PAGES_HUGE ? size : 0) ||
	    (pages != PAGES_SHARED && s.anonymous != size))
		return bench_fail(r,
				  "of %llu KiB %llu are resident, %llu "
				  "anonymous, %llu in huge pages",
				  (unsigned long long)size >> 10,
				  (unsigned long long)s.resident >> 10,
				  (unsigned long long)s.anonymous >> 10,
				  (unsigned long long)s.huge >> 10);
	return 0;
}

#endif
