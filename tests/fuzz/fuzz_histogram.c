/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzing of what reads histogram.csv: whatever is in it, it is read or refused
 * with a line that says where; and what is read is a distribution. */
#include <math.h>

#include "distribution.h"
#include "fuzz.h"

static void use(struct distribution *d)
{
	double so_far = 0;

	distribution_sort(d);
	for (size_t i = 0; i < d->count; i++) {
		must(d->bucket[i].high >= d->lowest, "a bucket has a width");
		must(!i || d->bucket[i].high >= d->bucket[i - 1].high,
		     "the shortest come first");
		must(d->bucket[i].count > 0, "no bucket is empty");
		so_far += d->bucket[i].count;
	}
	must(!d->count || so_far > 0, "something took so long");
}

/* As a report reads it, of a run with one case or two: no bucket is of another
 * case, and none is missing. */
static void check_of_run(const uint8_t *data, size_t size)
{
	struct summary_row row[] = {
		{ .bench = "getppid",
		  .variant = "-",
		  .peer = "-",
		  .place = "-",
		  .param = "-",
		  .metric = "latency",
		  .unit = "ns",
		  .method = "batch",
		  .ok = true,
		  .invocations = 2,
		  .samples = 7,
		  .p50 = 100 },
		{ .bench = "roundtrip",
		  .variant = "pipe",
		  .peer = "thread",
		  .place = "pu",
		  .param = "-",
		  .metric = "latency",
		  .unit = "ns",
		  .p50 = NAN },
	};
	char err[512] = "";

	for (size_t rows = 1; rows <= 2; rows++) {
		const struct summary summary = { .row = row, .count = rows };

		if (distribution_check(fuzz_run, &summary, err, sizeof(err)))
			check_error(fuzz_path, err);
		else
			check_whole(data, size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const id[] = { "getppid/-/-/-/-",
					  "roundtrip/pipe/thread/pu/-" };
	enum { CASES = sizeof(id) / sizeof(*id) };
	struct distribution of[CASES] = { { 0 } };
	char err[512] = "";

	fuzz_enter("histogram.csv", data, size);
	if (distribution_read(fuzz_run, id, CASES, of, err, sizeof(err)))
		check_error(fuzz_path, err);
	else
		check_whole(data, size);
	check_of_run(data, size);
	for (int i = 0; i < CASES; i++) {
		use(&of[i]);
		distribution_free(&of[i]);
	}
	return 0;
}
