/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run knows of its machine: its name, its clock, how it can count. */
#ifndef HANDOFF_PLATFORM_H
#define HANDOFF_PLATFORM_H

#include <stdbool.h>

#include "clock.h"
#include "counts.h"
#include "env.h"
#include "topo.h"

struct platform {
	char machine[96];   /* stable slug: "amd-epyc-kvm-2pu-1f00ba44" */
	char emulation[64]; /* what executes our instructions, if not a CPU */
	const char *emulation_source;
	bool emulated;
	struct clock clock;
	struct clock_pair clock_start;
	bool clocks_agree; /* between the PUs of every place */
	enum counts_method counts;
	char counts_why[192];
	bool can_name; /* system calls */
	char names_why[192];
};

/* Opens the clock, compares it between the PUs of every place (falling back
 * where they disagree) and, if something shall be counted, finds out how. topo
 * must be open. */
void platform_open(struct platform *platform, bool counting);

/* Between the clocks of a place's two PUs, or NAN where they could not be
 * compared; of "any", the widest between any two that were. */
struct clock_offset platform_offset(const struct place *place);

/* The facts found by our own modules (clock, counts, libraries, build); where
 * they can change, as of now with the suffix. */
void platform_facts(const struct platform *platform, env_emit *emit, void *ctx);
void platform_changing(const struct platform *platform, const char *suffix,
		       env_emit *emit, void *ctx);

/* Only the slug; topo must be open. */
void platform_machine(char *buf, size_t size);

#endif
