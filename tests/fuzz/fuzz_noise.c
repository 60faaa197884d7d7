/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzing of what reads noise.csv: whatever is in it, it is read or refused
 * with a line that says where; and what is read is a spread or none. */
#include <math.h>

#include "fuzz.h"
#include "noise_file.h"
#include "series.h"

static char beside[80];

static void leave_beside(void)
{
	unlink(beside);
}

/* Without its invocations a run has no noise. */
static void lay_beside(void)
{
	bool written;
	FILE *f;

	if (beside[0])
		return;
	snprintf(beside, sizeof(beside), "%s/invocations.csv", fuzz_run);
	f = fopen(beside, "w");
	if (!f)
		abort();
	fputs("bench,variant,peer,place,param,metric,order,value\n"
	      "getppid,-,-,-,-,latency,0,100\n"
	      "roundtrip,pipe,thread,pu,-,latency,1,5000\n"
	      "getppid,-,-,-,-,latency,2,101\n",
	      f);
	written = !fclose(f);
	must(written, "a file can be written");
	atexit(leave_beside);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct summary none;
	struct summary_row row = { .machine = "m",
				   .run = "r",
				   .bench = "getppid",
				   .variant = "-",
				   .peer = "-",
				   .place = "-",
				   .param = "-",
				   .metric = "latency" };
	const struct summary one = { .row = &row, .count = 1 };
	struct series_set set;
	char err[512] = "";

	fuzz_enter("noise.csv", data, size);
	lay_beside();
	/* as a report reads it, of a run of one case */
	if (noise_file_read(fuzz_run, &one, NULL, NULL, err, sizeof(err)) < 0)
		check_error(fuzz_path, err);
	else
		check_whole(data, size);
	if (series_read(&set, fuzz_run, &none, err, sizeof(err))) {
		check_error(fuzz_path, err);
		return 0;
	}
	check_whole(data, size);
	must(set.has_noise, "a file that is there is read");
	must(set.count == 2, "noise makes no series");
	for (size_t i = 0; i < set.count; i++)
		must(isfinite(set.series[i].noise) && set.series[i].noise >= 0,
		     "noise is a distance");
	series_free(&set);
	return 0;
}
