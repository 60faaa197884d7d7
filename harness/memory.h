/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory: on which NUMA node, and how much there is to touch. The one module
 * that knows libnuma. */
#ifndef HANDOFF_MEMORY_H
#define HANDOFF_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Asks for the pages of [start, start + size), not yet touched, on a node.
 * Does nothing on a machine without NUMA, or for node -1. */
void memory_place(void *start, size_t size, int node);

/* Whether all pages of memory that has been touched are on a node: 1 or 0; -1
 * where the kernel does not say (move_pages). */
int memory_is_on(void *start, size_t size, int node);

/* One line: whether memory can be placed here, and if not why. */
const char *memory_policy(void);

/*
 * Bytes that can be allocated and touched here without pushing the machine, our
 * cgroup or a limit of this process into need: the least that any of them
 * leaves, with something kept back, at least 0. why: which one it is, fit for
 * "needs 1 GiB of memory; WHY leaves 300 MiB", cut to size. What cannot be read
 * limits nothing; UINT64_MAX, "no limit is known", where nothing can.
 */
uint64_t memory_room(char *why, size_t size);

/* The same of a made-up machine: root is put before /proc and /sys. The limits
 * are this process's, what it uses of them is root's. */
uint64_t memory_room_in(const char *root, char *why, size_t size);

/* Number of nodes with memory; 1 without NUMA. */
int memory_nodes(void);

/* libnuma's API version: "2". */
void memory_version(char *buf, size_t size);

#endif
