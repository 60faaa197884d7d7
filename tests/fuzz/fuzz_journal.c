/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzing of what reads the journal of a run that was cut: whatever is in it,
 * it is read as far as it is whole or refused with a line that says where; and
 * what is read becomes files that are read or refused likewise. */
#include "fuzz.h"
#include "journal.h"
#include "summary.h"

/* Beside the journal, and gone with it. */
static void leave_files(void)
{
	static const char *const name[] = { "summary.csv", "invocations.csv",
					    "histogram.csv", "noise.csv" };
	char path[80];

	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++) {
		snprintf(path, sizeof(path), "%s/%s", fuzz_run, name[i]);
		unlink(path);
	}
}

static void use(const struct journal_run *run)
{
	char err[512] = "", path[80];
	struct summary summary;

	must(run->results.count > 0, "a run that begins has cases");
	must(!run->cut[0] || !strchr(run->cut, '\n'), "an error is one line");
	if (results_write(&run->results, fuzz_run, err, sizeof(err)))
		return; /* a text that makes a row too long */
	if (run->aa)
		results_write_noise(&run->results, fuzz_run, err, sizeof(err));
	if (!summary_read(&summary, fuzz_run, err, sizeof(err))) {
		summary_free(&summary);
		return;
	}
	snprintf(path, sizeof(path), "%s/summary.csv", fuzz_run);
	check_error(path, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool registered;
	struct journal_run run;
	char err[512] = "";

	fuzz_enter(JOURNAL_NAME, data, size);
	if (!registered)
		atexit(leave_files);
	registered = true;
	if (journal_read(&run, fuzz_run, err, sizeof(err))) {
		must(!strchr(err, '\n') && strstr(err, JOURNAL_NAME),
		     "an error is one line and names the file");
		return 0;
	}
	use(&run);
	journal_free(&run);
	return 0;
}
