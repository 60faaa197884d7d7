/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records what a machine is and how it is set, so that two can be compared. */
#ifndef HANDOFF_ENV_H
#define HANDOFF_ENV_H

#include <stddef.h>

/* The longest value handed to an env_emit, in bytes, without its NUL. */
#define ENV_VALUE_MAX 4096

/*
 * Takes one fact. All strings are valid only during the call.
 *
 * name:   dotted, of letters, digits, '_', '-' and '.': "kernel.release". A
 *         '*' in it stands for each of a set, of which there are none here.
 * value:  one line of UTF-8, at most ENV_VALUE_MAX bytes: lines are joined by
 *         "; ", blanks squeezed, and a longer value is cut and ends in "…".
 *         Units are the source's own (kHz, ms, kB …).
 * source: the file or call it came from: "/proc/sys/kernel/osrelease". Where
 *         it could not be read, value is "" and source ends in ": absent",
 *         ": denied" or ": " and the error. An empty value whose source has
 *         no such ending is what the file holds.
 *
 * A file that every CPU has (cpuN) gives one row: the value where all CPUs
 * agree, else "0-3: performance; 4-7: powersave". Where some CPUs
 * lack the file, source ends in " (6 of 8)". Names ending in ".min", ".median"
 * and ".max" are over CPUs.
 */
typedef void env_emit(void *ctx, const char *name, const char *value,
		      const char *source);

/*
 * Emits the facts that do not change during a run.
 *
 * root is "" on the real machine; tests give a directory, which is put before
 * every path. Facts from system calls are the running process's in any case.
 * Never fails: what cannot be read is a row that says so.
 */
void env_facts(const char *root, env_emit *emit, void *ctx);

/*
 * Emits the facts that can change: load, steal, interrupts, pressure, use of
 * idle states, frequency, temperature, throttling, cgroup cpu.stat.
 *
 * suffix ("before", "after"; no dot) is put at the end of every name:
 * "loadavg.before". root as for env_facts().
 */
void env_changing(const char *root, const char *suffix, env_emit *emit,
		  void *ctx);

/*
 * Writes the CPU's model, cut to size: what x86 calls "model name"; on Arm the
 * maker's and core's name where known, else "implementer 0x41 part 0xd0c"; on
 * RISC-V the uarch or isa. Different kinds of core are joined by " + " in the
 * order of their first CPU. Returns 0, or -1 where nothing tells (buf is "").
 */
int env_cpu_model(const char *root, char *buf, size_t size);

/*
 * Writes the hypervisor's name, cut to size: "KVM", "Xen", "Hyper-V" …, "none"
 * on bare metal, "unknown" where there is one without a name. Asks CPUID only
 * when root is "". Returns 0, or -1 where nothing tells (buf is "unknown").
 */
int env_hypervisor(const char *root, char *buf, size_t size);

#endif
