/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzing of what reads summary.csv: whatever is in it, it is read or refused
 * with a line that says where; and what is read can be decided upon. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "claims.h"
#include "csv.h"
#include "summary.h"
#include "units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, for the fuzzer to see. */
static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

/* "PATH:LINE: text", on one line. */
static void check_error(const char *path, const char *err)
{
	size_t length = strlen(path);
	char *end;

	must(!strncmp(err, path, length) && err[length] == ':',
	     "an error names the file");
	must(strtol(err + length + 1, &end, 10) > 0 && *end == ':',
	     "an error names the line");
	must(!strchr(err, '\n'), "an error is one line");
}

/* Everything a report would do with the rows, short of printing them. */
static void use(const struct summary *s)
{
	const struct env_file no_env = { 0 };
	struct claim_line *line;
	char text[UNITS_SIZE];
	size_t count = 0;

	must(s->count > 0, "a file that is read has rows");
	for (size_t i = 0; i < s->count; i++) {
		char id[SUMMARY_ID];

		summary_id(&s->row[i], id, sizeof(id));
		units_value(text, sizeof(text), s->row[i].unit,
			    s->row[i].value);
	}
	line = claims_decide(s, &no_env, &count);
	for (size_t i = 0; line && i < count; i++)
		must(line[i].verdict[0], "every claim has a verdict");
	free(line);
}

/* What a reader gives, written and read again, is the same. */
static void check_round_trip(const char *path)
{
	char err[512], copy[64];
	struct csv_in *in = csv_open(path, err, sizeof(err)), *again;
	struct csv_out *out;
	int more;

	snprintf(copy, sizeof(copy), "/tmp/handoff-fuzz-%ld.csv",
		 (long)getpid());
	out = in ? csv_create(copy) : NULL;
	if (!out) {
		csv_in_close(in);
		return;
	}
	/* columns are found by name: the first row is data enough */
	csv_str(out, "a");
	csv_end(out);
	more = csv_read(in);
	if (more > 0) {
		csv_str(out, csv_field(in, 0));
		csv_end(out);
	}
	must(!csv_close(out), "a field that was read can be written");
	again = csv_open(copy, err, sizeof(err));
	must(again, "what was written can be opened");
	if (more > 0) {
		must(csv_read(again) == 1, "what was written can be read");
		must(!strcmp(csv_field(in, 0), csv_field(again, 0)),
		     "a field comes back as it was");
	}
	csv_in_close(again);
	csv_in_close(in);
	unlink(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], err[512] = "";
	struct summary s;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size,
	     "the input can be laid down");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (summary_read(&s, path, err, sizeof(err))) {
		check_error(path, err);
	} else {
		use(&s);
		summary_free(&s);
	}
	check_round_trip(path);
	close(fd);
	return 0;
}
