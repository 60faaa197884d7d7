/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a program, rather than a CPU, executes our instructions: then what is
 * timed is that program. */
#ifndef HANDOFF_EMULATION_H
#define HANDOFF_EMULATION_H

#include <stddef.h>

#define EMULATION_NONE "none"

/*
 * Writes what emulates, cut to size: "qemu-user" (this program alone),
 * "qemu-tcg" (the whole machine), another program's own name (an emulator or
 * instrumenting tool: "box64", "memcheck-amd64-linux"), "unknown" where only
 * the architectures tell; EMULATION_NONE where nothing speaks for it. Returns
 * what told. HANDOFF_EMULATED=NAME in the environment says so where nothing
 * else does.
 *
 * root is "" on the real machine; tests give a directory, which is put before
 * every path. CPUID and counters are asked only where it is "".
 */
const char *emulation_find(const char *root, char *buf, size_t size);

#endif
