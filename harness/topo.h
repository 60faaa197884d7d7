/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine's shape: which PUs this process may use, what pairs of them
 * share, and binding to them. The one module that knows hwloc. */
#ifndef HANDOFF_TOPO_H
#define HANDOFF_TOPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOPO_MAX_PLACES = 16, TOPO_ANY_PU = -1 };
enum { TOPO_XML_MAX = 64 << 20 }; /* bytes of a file that is read */

/* A place: the smallest part of the machine that holds both parties. */
struct place {
	char name[32]; /* "pu", "core", "l3", … or "any" */
	bool present;
	int pu_a, pu_b;   /* OS indices of the representative pair;
			   * TOPO_ANY_PU for "any" */
	char reason[128]; /* why it is not present */
};

/*
 * Loads the topology. xml: a file written by topo_export(), or NULL to look
 * at the machine (hwloc's own variables HWLOC_XMLFILE, HWLOC_SYNTHETIC,
 * HWLOC_THISSYSTEM apply). Only PUs that the cgroup and the affinity of this
 * process allow are kept. 0, or -1 with one line in err.
 */
int topo_open(const char *xml, char *err, size_t size);
void topo_close(void);

/* False for a synthetic or foreign topology: nothing can be bound or run. */
bool topo_is_this_system(void);

/* PUs this process may use, ascending; OS indices. */
size_t topo_pu_count(void);
int topo_pu(size_t i);

/* All places, standard ones first (pu, core, l2, l3, node, package, machine),
 * others that exist here after them, "any" last. */
const struct place *topo_places(size_t *count);

/* Every ordered pair of two allowed PUs as a place, "pu0-pu1" and "pu1-pu0":
 * the whole matrix. NULL: no memory. */
const struct place *topo_pairs(size_t *count);

/* Binds the calling thread to one PU (or, with TOPO_ANY_PU, to all allowed)
 * and reads the binding back. 0, or -1 and errno. */
int topo_bind(int pu);

/* OS index of the NUMA node nearest to a PU, -1 if unknown. */
int topo_node(int pu);

/* Whether that is a file that hwloc may be given: one that it would not wait
 * for, and not larger than TOPO_XML_MAX. */
bool topo_is_readable(const char *xml);

/* hwloc's XML of the whole machine. 0, or -1 and errno. */
int topo_export(const char *path);

/* PUs of the whole machine, allowed or not. */
size_t topo_machine_pus(void);

/* Counts that identify the platform: "2 package, 1 node, 2 core, 2 pu". */
void topo_signature(char *buf, size_t size);

/* Where a PU is: "package 0 core 3 node 0", what there is of it. */
void topo_describe(int pu, char *buf, size_t size);

/* An object of a machine: "Package", "L3", "PU" …, in the order in which its
 * drawing nests; what it holds follows it, a level deeper. */
struct topo_box {
	const char *type;
	int depth;    /* 0: the machine */
	int os_index; /* -1: it has none */
	int logical;
	bool is_pu, is_cache;
	char kind;      /* of a cache: 'u'nified, 'd'ata, 'i'nstructions */
	unsigned level; /* of a cache: 1 … 5 */
	uint64_t bytes; /* of a cache, or a node's own memory; 0: none */
	int pus;        /* within */
};

/* Every object of the machine in an XML file, whatever machine this is. 0, or
 * -1: hwloc cannot read it. */
int topo_each_box(const char *xml,
		  void (*visit)(void *ctx, const struct topo_box *box),
		  void *ctx);

/* "2.9.0" */
void topo_version(char *buf, size_t size);

#endif
