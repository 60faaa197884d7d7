/* SPDX-License-Identifier: GPL-3.0-or-later */
/* invocations.csv, read back row by row. */
#ifndef HANDOFF_RECORDS_H
#define HANDOFF_RECORDS_H

#include <stddef.h>

#include "summary.h"

/* One metric of one invocation. Texts are valid during the call only. */
struct record {
	const char *bench, *variant, *peer, *place, *param;
	const char *metric, *unit,
		*pass; /* "trace", "names", "count", "time" */
	double value, samples, batches, batch_n, block, order, arm;
	double elapsed_ns, cpu_ns, peer_cpu_ns; /* in its timed batches */
	double pu_a, pu_b; /* NAN: not bound, or no such party */
	double disturbed, drift;
	double gap_before_ns, gap_after_ns; /* NAN: not looked at */
};

/*
 * Hands each row of DIR/invocations.csv to take(), in the file's order, until
 * it returns non-zero. 0, also where there is no such file; what take()
 * returned; or -1 with one line in err: "path:line: what; what to do". What
 * series_read() refuses is refused here, too, once take() has had what comes
 * before it.
 */
int records_each(const char *dir, const struct summary *summary,
		 int (*take)(void *ctx, const struct record *record), void *ctx,
		 char *err, size_t size);

#endif
