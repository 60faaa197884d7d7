/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzing of what reads summary.csv: whatever is in it, it is read or refused
 * with a line that says where; and what is read can be decided upon, and
 * reported. */
#include <math.h>

#include "claims.h"
#include "csv.h"
#include "fuzz.h"
#include "report.h"
#include "summary.h"
#include "units.h"

/* What a row that was read holds. */
static void check_row(const struct summary *s, const struct summary_row *row,
		      const char *id)
{
	must(*row->machine && *row->run && *row->unit, "a row has its words");
	must(row->ok == !isnan(row->value), "what is ok has a value");
	must(row->ok != !!*row->reason, "what is not has a reason");
	must(summary_exact(s, id, row->metric) == row, "a row is found");
	if (!row->ok)
		return;
	must(row->invocations >= 1 && row->samples >= 0 && *row->method,
	     "a value was measured");
	must(isnan(row->ci.low) || row->ci.low <= row->ci.high,
	     "an interval has its lower end first");
}

/* What a report does with the rows before it prints them. */
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
		check_row(s, &s->row[i], id);
		units_value(text, sizeof(text), s->row[i].unit,
			    s->row[i].value);
	}
	line = claims_decide(s, &no_env, &count);
	for (size_t i = 0; line && i < count; i++)
		must(line[i].verdict[0], "every claim has a verdict");
	free(line);
}

/* Every row of a table has as many cells as its header. */
static void check_tables(const char *text)
{
	size_t cells = 0;

	for (const char *line = text; *line; line += *line == '\n') {
		size_t bars = 0;
		bool is_row = *line == '|';

		for (; *line && *line != '\n'; line++)
			bars += *line == '|' && line > text && line[-1] != '\\';
		must(!is_row || !cells || bars == cells,
		     "the rows of a table are as wide as its header");
		cells = is_row ? bars : 0;
	}
}

static void print(const struct summary *s)
{
	const struct env_file no_env = { 0 };
	char *shown = NULL, *tables = NULL;
	size_t size[2];
	FILE *terminal = open_memstream(&shown, &size[0]);
	FILE *markdown = open_memstream(&tables, &size[1]);

	must(terminal && markdown, "there is memory for a report");
	report_print(s, &no_env, terminal, markdown);
	must(!fclose(terminal) && !fclose(markdown),
	     "what was read can be printed");
	check_tables(tables);
	free(shown);
	free(tables);
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
	const char *path = fuzz_file(data, size);
	char err[512] = "";
	struct summary s;

	if (summary_read(&s, path, err, sizeof(err))) {
		check_error(path, err);
	} else {
		check_whole(data, size);
		use(&s);
		print(&s);
		summary_free(&s);
	}
	check_round_trip(path);
	return 0;
}
