/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of a payload by the kernel's account, held against how much longer a
 * larger one takes. */
#include "copies.h"

#include <math.h>
#include <string.h>

#include "tables.h"

/* The sizes between which time is looked at: large enough that it is spent on
 * bytes, and in every run. */
static const char small_size[] = "size=64KiB", large_size[] = "size=1MiB";
static const double bytes_between = (1 << 20) - (64 << 10);

/* From this on the two ways to count disagree: a part of the copies, of one
 * where there are fewer. */
static const double tolerance = 0.1;

/* Nanoseconds a byte between the two sizes of a case, and what the intervals of
 * both allow; NAN where one is missing. */
static double slope(const struct summary *s, const struct summary_row *of,
		    struct interval *ci)
{
	const struct summary_row *row[2];
	const char *const size[2] = { small_size, large_size };

	for (int i = 0; i < 2; i++) {
		row[i] = summary_beside(
			s, of, (struct summary_other){ .param = size[i] },
			"latency");
		if (!row[i] || !row[i]->ok)
			return NAN;
	}
	ci->low = (row[1]->ci.low - row[0]->ci.high) / bytes_between;
	ci->high = (row[1]->ci.high - row[0]->ci.low) / bytes_between;
	return (row[1]->value - row[0]->value) / bytes_between;
}

/* Of one kernel copy: the mean of a read and a write of a memfd. */
static double one_copy(const struct summary *s)
{
	static const char *const reference[] = { "share/pread/-/*/size=1MiB",
						 "share/pwrite/-/*/size=1MiB" };
	double sum = 0;

	for (int i = 0; i < 2; i++) {
		const struct summary_row *row =
			summary_find(s, reference[i], "latency");
		struct interval ci = { NAN, NAN };

		sum += row ? slope(s, row, &ci) : NAN;
	}
	return sum / 2;
}

void copies_print(const struct summary *s, const char *bench, FILE *out)
{
	double copy_ns = one_copy(s);
	struct table *t = NULL;

	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];
		struct interval ci = { NAN, NAN };
		double by_time;
		char id[SUMMARY_ID];

		if (!row->ok || strcmp(row->bench, bench) ||
		    strcmp(row->metric, "copies") ||
		    strcmp(row->param, large_size) || !strcmp(row->peer, "-"))
			continue;
		by_time = slope(s, row, &ci) / copy_ns;
		if (isnan(by_time))
			continue;
		if (!t) {
			t = table_new(4, 1);
			table_cell(t, "copies, 64 KiB … 1 MiB");
			table_cell(t, "by account");
			table_cell(t, "by time, in kernel copies");
			table_cell(t, "the two");
		}
		table_cell(t, "`%s`", summary_id(row, id, sizeof(id)));
		table_cell(t, "%.2f", row->value);
		if (isnan(ci.low))
			table_cell(t, "%.2f", by_time);
		else
			table_cell(t, "%.2f [%.2f, %.2f]", by_time,
				   ci.low / copy_ns, ci.high / copy_ns);
		table_cell(t, "%s",
			   fabs(by_time - row->value) <=
					   tolerance * fmax(1, row->value) ?
				   "agree" :
				   "disagree");
	}
	if (!t)
		return;
	fputc('\n', out);
	table_print(t, TABLE_MARKDOWN, out);
	fprintf(out,
		"\nA kernel copy of a byte, to and from a memfd, takes "
		"%.3f ns here. Time counts more where parties wait for "
		"each other or caches are left, and less where a copy is "
		"cheaper than the kernel's.\n",
		copy_ns);
}
