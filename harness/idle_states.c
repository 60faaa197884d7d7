/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often a PU has entered an idle state, as cpuidle counts. */
#include "idle_states.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

static int read_number(const char *path, uint64_t *value)
{
	FILE *file = fopen(path, "re");
	int error = 0;

	if (!file)
		return -1;
	errno = 0;
	if (fscanf(file, "%" SCNu64, value) != 1)
		error = errno ? errno : ENODATA;
	fclose(file);
	errno = error;
	return error ? -1 : 0;
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
		if (read_number(path, &usage)) {
			if (errno != ENOENT)
				return -1;
			break;
		}
		sum += usage;
	}
	*entries = sum;
	return states;
}
