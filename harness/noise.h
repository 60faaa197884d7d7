/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence of noise that does not come from the samples: the kernel's books of
 * each PU, and gaps that a spinning thread sees. */
#ifndef HANDOFF_NOISE_H
#define HANDOFF_NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"

/* The books of a set of PUs (/proc/stat, /proc/interrupts), so far. Time in
 * seconds, in steps of a clock tick (usually 10 ms). NAN is what is not known:
 * a file that cannot be read, or one that does not have every PU. */
struct noise_books {
	double busy_s;  /* anyone's: user, nice, system, irq, softirq */
	double steal_s; /* the hypervisor ran something else */
	double interrupts;
};

enum { NOISE_WHY = 120 };

/*
 * root: "", or a directory that holds another /proc. pu: OS indices. why: one
 * line that says what of the times is not known ("" where all is), of
 * NOISE_WHY bytes; or NULL.
 */
void noise_read_books(const char *root, const int *pu, size_t count,
		      struct noise_books *books, char *why);

/* What after has more than before. */
struct noise_books noise_growth(const struct noise_books *before,
				const struct noise_books *after);

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
