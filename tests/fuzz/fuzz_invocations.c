/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzing of what reads invocations.csv: whatever is in it, both readers read
 * it or refuse it with a line that says where; and what is read can be
 * compared. */
#include <math.h>

#include "fuzz.h"
#include "records.h"
#include "series.h"
#include "stats.h"

/* Any two series may be those that are compared. */
static void compare(const struct series *a, const struct series *b)
{
	struct shift shift =
		stats_shift(a->value, a->count, b->value, b->count, 0.95);
	double p =
		stats_permutation_test(a->value, a->count, b->value, b->count);

	must(a->count && b->count, "a series has values");
	must(isnan(p) || (p >= 0 && p <= 1 + 1e-9), "p is a probability");
	must(isnan(shift.ci.low) || (shift.ci.low <= shift.ratio &&
				     shift.ratio <= shift.ci.high),
	     "a ratio lies in its interval");
}

static int count_row(void *ctx, const struct record *record)
{
	must(record->bench && record->metric, "a row has its names");
	must(isfinite(record->value) && record->samples >= 0,
	     "a row has its numbers");
	++*(size_t *)ctx;
	return 0;
}

/* Reads it as a comparison does; -1, or how many rows it has. */
static long read_series(const struct summary *summary)
{
	char err[512] = "";
	struct series_set set;
	long rows = 0;

	if (series_read(&set, fuzz_run, summary, err, sizeof(err))) {
		check_error(fuzz_path, err);
		return -1;
	}
	must(set.is_there, "a file that is there is read");
	for (size_t i = 0; i < set.count; i++)
		rows += (long)set.series[i].count;
	for (size_t i = 0; i + 1 < set.count && i < 8; i++)
		compare(&set.series[i], &set.series[i + 1]);
	must(!summary->count || set.count == summary->count,
	     "what the summary lacks is refused");
	for (size_t i = 0; i < summary->count; i++) {
		const struct series *s = series_find(&set, "getppid/-/-/-/-",
						     summary->row[i].metric);

		must(s && (double)s->count == summary->row[i].invocations,
		     "there are as many values as in the summary");
	}
	series_free(&set);
	return rows;
}

/* Reads it as a report does; the same. */
static long read_records(const struct summary *summary)
{
	char err[512] = "";
	size_t rows = 0;

	if (!records_each(fuzz_run, summary, count_row, &rows, err,
			  sizeof(err)))
		return (long)rows;
	check_error(fuzz_path, err);
	return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct summary_row row = { .bench = "getppid",
				   .variant = "-",
				   .peer = "-",
				   .place = "-",
				   .param = "-",
				   .metric = "latency",
				   .ok = true,
				   .invocations = 3 };
	const struct summary none = { 0 }, one = { .row = &row, .count = 1 };

	fuzz_enter("invocations.csv", data, size);
	for (int i = 0; i < 2; i++) {
		const struct summary *summary = i ? &one : &none;
		long values = read_series(summary);
		long rows = read_records(summary);

		must(rows < 0 || rows == values,
		     "a report's rows are a comparison's values");
		if (values >= 0)
			check_whole(data, size);
	}
	return 0;
}
