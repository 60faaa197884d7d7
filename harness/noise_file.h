/* SPDX-License-Identifier: GPL-3.0-or-later */
/* noise.csv, read back: what the two arms of an A/A run differ by. */
#ifndef HANDOFF_NOISE_FILE_H
#define HANDOFF_NOISE_FILE_H

#include <stddef.h>

#include "summary.h"

/* Takes a case and metric's spread: |ln ratio| of the arms, NAN where it could
 * not be told. */
typedef void noise_file_take(void *ctx, const char *id, const char *metric,
			     double spread);

/*
 * Reads DIR/noise.csv. 1, or 0 where there is none; or -1 with one line in err:
 * "path:line: what; what to do". A case and metric given twice, a case that the
 * summary has not, another run's, or a row such as no run writes is refused;
 * take(), NULL for none, has had what comes before it. Of a summary without
 * rows nothing is expected.
 */
int noise_file_read(const char *dir, const struct summary *summary,
		    noise_file_take *take, void *ctx, char *err, size_t size);

#endif
