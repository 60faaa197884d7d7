/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often a PU has entered an idle state, as cpuidle counts. */
#include "idle_states.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

static int read_number(const char *path, uint64_t *value)
{
	FILE *file = fopen(path, "re");
	int read;

	if (!file)
		return -1;
	read = fscanf(file, "%" SCNu64, value);
	fclose(file);
	return read == 1 ? 0 : -1;
}

int idle_states(const char *root, int pu, uint64_t *entries)
{
	uint64_t sum = 0, usage;
	int states = 0;

	for (;; states++) {
		char path[PATH_MAX];

		snprintf(
			path, sizeof(path),
			"%s/sys/devices/system/cpu/cpu%d/cpuidle/state%d/usage",
			root, pu, states);
		if (read_number(path, &usage))
			break;
		sum += usage;
	}
	*entries = sum;
	return states;
}
