/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence of noise that does not come from the samples: the kernel's books of
 * each PU, and gaps that a spinning thread sees. */
#ifndef HANDOFF_NOISE_H
#define HANDOFF_NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"

/* The books of a set of PUs (/proc/stat, /proc/interrupts), so far. Time in
 * seconds, in steps of a clock tick (usually 10 ms). */
struct noise_books {
	double busy_s;  /* anyone's: user, nice, system, irq, softirq */
	double steal_s; /* the hypervisor ran something else */
	uint64_t interrupts;
};

/* pu: OS indices. Zeroes where the files cannot be read. */
void noise_read_books(const int *pu, size_t count, struct noise_books *books);

/* What a thread that only reads the clock sees on one PU. */
struct noise_gaps {
	int pu;
	double longest_ns;
	uint64_t over_10us; /* gaps longer than 10 µs */
	double lost_share;  /* of the time, in gaps longer than 1 µs */
};

/* Spins on all count PUs at once for some seconds; gaps[i].pu says where. A PU
 * that cannot be bound to has NAN. 0, or -1 and errno (no threads). */
int noise_find_gaps(const struct clock *clock, double seconds,
		    struct noise_gaps *gaps, size_t count);

#endif
