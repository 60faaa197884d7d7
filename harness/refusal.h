/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What it means for a case that a system call is refused: which errors say
 * that something is absent or denied, which limit it was, and what to do. */
#ifndef HANDOFF_REFUSAL_H
#define HANDOFF_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#include "bench.h"
#include "cases.h"

/* STATUS_ABSENT: the kernel has not got it, or no room for it; STATUS_DENIED:
 * a permission or a limit that can be raised; STATUS_FAILED: neither. EAGAIN is
 * taken for what fork() and pthread_create() mean by it. */
enum status refusal_status(int error);

/* "what: Too many open files (RLIMIT_NOFILE is 64: raise it with ulimit -n)";
 * of an error that is no refusal, its text alone. */
void refusal_say(char *buf, size_t size, const char *what, int error);

/* Whether a child that this signal ended was refused something; if so, why in
 * buf. */
int refusal_by_signal(char *buf, size_t size, int signal);

/* A thread or process of the variant that could not be made, for `error`. */
void refusal_blame(struct run *r, int error);

/* So many bytes that `call` did not get; reads errno; always -1. */
int refusal_memory(struct run *r, const char *call, uint64_t bytes);

#endif
