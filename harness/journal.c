/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each invocation of a run as it ends, in a file that only grows: what is left
 * of a run that was killed. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv.h"
#include "grow.h"

/* ------------------------------------------------------------ the columns */

#define COLUMNS_NAMED                                                    \
	"kind,index,name,unit,value,text,bench,variant,peer,place,param" \
	",counts,status"
#define COLUMNS_OF_METRIC                                             \
	"samples,method,is_count,total,sum,n,bad,fractions,hist_sum," \
	"min,max,cells"
#define COLUMNS_OF_INVOCATION "block,order,arm,pass,gap_before_ns"
enum { NAMED = 13, OF_METRIC = 12, OF_INVOCATION = 5 };

/* What else of an invocation's answer the results are made of. INDEX_OR_NONE
 * is empty for -1, NUMBER for NAN. */
enum type { COUNT, NUMBER, INDEX_OR_NONE, YES_OR_NO };
static const struct field {
	const char *column;
	size_t offset; /* in struct invocation */
	enum type type;
} field[] = {
#define AT(column, of)                                                  \
	{                                                               \
		column, offsetof(struct invocation, of),                \
			_Generic(((struct invocation *)0)->of, uint64_t \
				 : COUNT, double                        \
				 : NUMBER, int                          \
				 : INDEX_OR_NONE, bool                  \
				 : YES_OR_NO)                           \
	}
#define TALLY_AT(prefix, of)                              \
	AT(prefix "voluntary", of.voluntary),             \
		AT(prefix "involuntary", of.involuntary), \
		AT(prefix "faults", of.faults),           \
		AT(prefix "cpu_ns", of.cpu_ns),           \
		AT(prefix "io_bytes", of.io_bytes),       \
		AT(prefix "syscalls", of.syscalls)
	AT("operations", sample.evidence.operations),
	AT("batches", sample.evidence.batches),
	AT("batch_n", sample.evidence.batch_n),
	AT("elapsed_ns", sample.evidence.elapsed_ns),
	TALLY_AT("", sample.evidence.driver),
	TALLY_AT("peer_", sample.evidence.peer),
	AT("off_pu", sample.evidence.off_pu),
	AT("disturbed_batches", sample.evidence.disturbed),
	AT("moves", sample.evidence.moves),
	AT("lost_ns", sample.evidence.lost_ns),
	AT("pu_a", sample.evidence.pu_a),
	AT("pu_b", sample.evidence.pu_b),
	AT("drift", sample.evidence.drift),
	AT("busy_s", books.busy_s),
	AT("steal_s", books.steal_s),
	AT("interrupts", books.interrupts),
	AT("foreign_s", foreign_s),
	AT("wall_s", wall_s),
#undef TALLY_AT
#undef AT
};
enum { FIELDS = sizeof(field) / sizeof(*field) };

/* Whoever adds to these adds a column above, or a fact below. */
_Static_assert(sizeof(struct tally) == 48 && sizeof(struct evidence) == 176 &&
		       sizeof(struct noise_books) == 24 &&
		       sizeof(struct invocation) -
				       offsetof(struct invocation, books) ==
			       48 &&
		       sizeof(struct measured) - sizeof(struct hist) == 96 &&
		       sizeof(struct named_calls) == 48 &&
		       sizeof(struct results) == 208,
	       "the journal has all of an invocation that results have");

static const char *const method_name[] = { "single", "batch", "exact" };
static const char by_name[] = "by_name"; /* of COUNT_NAMES */

/* --------------------------------------------------------------- written */

struct journal {
	int fd, dir_fd;
	FILE *file;
	struct csv_out *out;
	const struct results *results;
	bool aa;
	off_t whole; /* bytes up to the end of the last invocation */
	int error;   /* of the first write that failed; 0: none */
};

/* The largest invocation usually takes one write(). */
enum { BUFFER = 1 << 18 };

static void put_header(struct csv_out *out)
{
	char names[] =
		COLUMNS_NAMED "," COLUMNS_OF_METRIC "," COLUMNS_OF_INVOCATION;
	char *save = NULL;

	for (char *name = strtok_r(names, ",", &save); name;
	     name = strtok_r(NULL, ",", &save))
		csv_str(out, name);
	for (int i = 0; i < FIELDS; i++)
		csv_str(out, field[i].column);
	csv_end(out);
}

static void skip(struct csv_out *out, int columns)
{
	while (columns--)
		csv_str(out, NULL);
}

/* A row that needs no more columns than its names. */
static void put_plain(struct csv_out *out, const char *kind, const char *name,
		      const char *text)
{
	csv_str(out, kind);
	csv_str(out, NULL);
	csv_str(out, name);
	skip(out, 2);
	csv_str(out, text);
	skip(out, NAMED - 6 + OF_METRIC + OF_INVOCATION + FIELDS);
	csv_end(out);
}

static void put_number(struct csv_out *out, const char *name, double value)
{
	csv_str(out, "run");
	csv_str(out, NULL);
	csv_str(out, name);
	csv_str(out, NULL);
	csv_exact(out, value);
	skip(out, NAMED - 5 + OF_METRIC + OF_INVOCATION + FIELDS);
	csv_end(out);
}

static void put_run(struct csv_out *out, const struct results *r, bool aa)
{
	put_plain(out, "run", "schema", RESULTS_SCHEMA);
	put_plain(out, "run", "machine", r->machine);
	put_plain(out, "run", "run", r->run);
	put_number(out, "emulated", r->emulated);
	put_number(out, "clock_step_ns", r->clock_step_ns);
	put_number(out, "precision", r->precision);
	if (r->counts_why)
		put_plain(out, "run", "counts_why", r->counts_why);
	if (r->names_why)
		put_plain(out, "run", "names_why", r->names_why);
	put_number(out, "uncounted", r->uncounted);
	put_number(out, "aa", aa);
}

/* "syscalls;copies;by_name" */
static void put_counts(struct csv_out *out, unsigned counts)
{
	char text[128] = "";
	size_t used = 0;

	for (unsigned kind = 1; kind <= COUNT_LAST; kind <<= 1)
		if (counts & kind)
			used += (size_t)snprintf(text + used,
						 sizeof(text) - used, "%s;",
						 count_name(kind));
	if (counts & COUNT_NAMES)
		snprintf(text + used, sizeof(text) - used, "%s;", by_name);
	csv_str(out, text);
}

static void put_case(struct csv_out *out, const struct test_case *c,
		     size_t index)
{
	const struct metric *own = c->bench->metrics;

	csv_str(out, "case");
	csv_u64(out, index);
	csv_str(out, own ? own->name : "latency");
	csv_str(out, own ? own->unit : c->bench->unit);
	csv_str(out, NULL);
	csv_str(out, c->reason);
	csv_str(out, c->bench->name);
	csv_str(out, c->variant->name);
	csv_str(out, case_peer(c));
	csv_str(out, case_place(c));
	csv_str(out, c->param);
	put_counts(out, c->bench->counts);
	csv_str(out, status_name(c->status));
	skip(out, OF_METRIC + OF_INVOCATION + FIELDS);
	csv_end(out);
}

/* "5200:3 5201:17": bucket and count of those that are not empty. */
static void put_cells(struct csv_out *out, const struct hist *hist)
{
	static char text[HIST_BUCKETS * 28];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; hist->n && i < HIST_BUCKETS; i++)
		if (hist->count[i])
			used += (size_t)snprintf(
				text + used, sizeof(text) - used, "%s%zu:%llu",
				used ? " " : "", i,
				(unsigned long long)hist->count[i]);
	csv_str(out, text);
}

static void put_metric(struct csv_out *out, const struct measured *m)
{
	csv_str(out, "metric");
	csv_str(out, NULL);
	csv_str(out, m->name);
	csv_str(out, m->unit);
	csv_exact(out, m->value);
	skip(out, NAMED - 5);
	csv_u64(out, m->samples);
	csv_str(out, method_name[m->method]);
	csv_u64(out, m->is_count);
	csv_u64(out, m->total);
	csv_exact(out, m->sum);
	if (m->is_count) {
		skip(out, 7);
	} else {
		csv_u64(out, m->hist.n);
		csv_u64(out, m->hist.bad);
		csv_u64(out, m->hist.fractions);
		csv_exact(out, m->hist.sum);
		csv_exact(out, m->hist.min);
		csv_exact(out, m->hist.max);
		put_cells(out, &m->hist);
	}
	skip(out, OF_INVOCATION + FIELDS);
	csv_end(out);
}

static void put_calls(struct csv_out *out, const struct named_calls *m)
{
	csv_str(out, "call");
	csv_str(out, NULL);
	csv_str(out, m->name);
	csv_str(out, NULL);
	csv_exact(out, m->value);
	skip(out, NAMED - 5);
	csv_u64(out, m->samples);
	skip(out, OF_METRIC - 1 + OF_INVOCATION + FIELDS);
	csv_end(out);
}

static void put_field(struct csv_out *out, const struct field *f,
		      const struct invocation *inv)
{
	const void *at = (const char *)inv + f->offset;
	int index;

	switch (f->type) {
	case COUNT:
		csv_u64(out, *(const uint64_t *)at);
		break;
	case NUMBER:
		csv_exact(out, *(const double *)at);
		break;
	case INDEX_OR_NONE:
		index = *(const int *)at;
		csv_exact(out, index < 0 ? NAN : index);
		break;
	case YES_OR_NO:
		csv_u64(out, *(const bool *)at);
		break;
	}
}

static void put_invocation(struct csv_out *out, size_t index,
			   const struct invocation *inv, size_t block,
			   size_t order, int arm, double gap_ns)
{
	csv_str(out, "invocation");
	csv_u64(out, index);
	skip(out, 3);
	csv_str(out, inv->reason);
	skip(out, NAMED - 7);
	csv_str(out, status_name(inv->status));
	skip(out, OF_METRIC);
	csv_u64(out, block);
	csv_u64(out, order);
	csv_u64(out, (uint64_t)arm);
	csv_str(out, results_pass_name(inv->mode));
	csv_exact(out, gap_ns);
	for (int i = 0; i < FIELDS; i++)
		put_field(out, &field[i], inv);
	csv_end(out);
}

/* Nothing of an invocation that did not fit stays. */
static int flush(struct journal *journal)
{
	struct stat st;

	if (!journal->error && !fflush(journal->file)) {
		if (!fstat(journal->fd, &st))
			journal->whole = st.st_size;
		return 0;
	}
	if (!journal->error) {
		journal->error = errno ? errno : EIO;
		if (ftruncate(journal->fd, journal->whole))
			journal->whole = 0; /* its reader leaves that out */
	}
	errno = journal->error;
	return -1;
}

static int open_file(struct journal *journal, int dir_fd)
{
	journal->fd = openat(dir_fd, JOURNAL_NAME,
			     O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND |
				     O_CLOEXEC,
			     0666);
	journal->file = journal->fd < 0 ? NULL : fdopen(journal->fd, "a");
	if (!journal->file)
		return -1;
	setvbuf(journal->file, NULL, _IOFBF, BUFFER);
	journal->dir_fd = dir_fd;
	journal->out = csv_stream(journal->file);
	return journal->out ? 0 : -1;
}

static void close_file(struct journal *journal)
{
	csv_discard(journal->out);
	if (journal->file)
		fclose(journal->file);
	else if (journal->fd >= 0)
		close(journal->fd);
	journal->out = NULL;
	journal->file = NULL;
	journal->fd = -1;
}

struct journal *journal_create(int dir_fd, const struct results *results,
			       bool aa)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	int error;

	if (!journal)
		return NULL;
	journal->fd = -1;
	journal->results = results;
	journal->aa = aa;
	if (!open_file(journal, dir_fd)) {
		put_header(journal->out);
		put_run(journal->out, results, aa);
		for (size_t i = 0; i < results->count; i++)
			put_case(journal->out, &results->cases[i], i);
		put_plain(journal->out, "begin", NULL, NULL);
		if (!flush(journal))
			return journal;
	}
	error = errno;
	journal_close(journal, journal->file != NULL);
	errno = error;
	return NULL;
}

int journal_add(struct journal *journal, size_t index,
		const struct invocation *inv, size_t block, size_t order,
		int arm, double gap_ns)
{
	struct csv_out *out = journal->out;

	if (journal->error)
		return flush(journal);
	put_invocation(out, index, inv, block, order, arm, gap_ns);
	for (unsigned i = 0; i < inv->sample.metrics; i++)
		put_metric(out, &inv->sample.metric[i]);
	for (unsigned i = 0; i < inv->sample.calls; i++)
		put_calls(out, &inv->sample.call[i]);
	put_plain(out, "end", NULL, NULL);
	return flush(journal);
}

bool journal_is_whole(const struct journal *journal)
{
	return !journal->error;
}

int journal_move(struct journal *journal, int dir_fd)
{
	struct journal old = *journal;
	char *text = malloc(BUFFER);
	off_t at = 0;
	ssize_t n = 0;
	int result = -1;

	journal->fd = -1;
	journal->file = NULL;
	if (text && !open_file(journal, dir_fd)) {
		while ((n = pread(old.fd, text, BUFFER, at)) > 0) {
			fwrite(text, 1, (size_t)n, journal->file);
			at += n;
		}
		result = n < 0 ? -1 : flush(journal);
	}
	if (result)
		journal->error = errno ? errno : EIO;
	close_file(&old);
	free(text);
	return result;
}

void journal_close(struct journal *journal, bool remove)
{
	if (!journal)
		return;
	close_file(journal);
	if (remove)
		unlinkat(journal->dir_fd, JOURNAL_NAME, 0);
	free(journal);
}

/* ------------------------------------------------------------- read back */

/* A case, and what of its bench the rows of a summary depend on. */
struct journal_case {
	struct bench bench;
	struct metric metric[2];
	struct variant variant;
	struct place place;
};

enum {
	KIND,
	INDEX,
	NAME,
	UNIT,
	VALUE,
	TEXT,
	BENCH,
	VARIANT,
	PEER,
	PLACE,
	PARAM,
	COUNTS,
	STATUS,
	SAMPLES,
	METHOD,
	IS_COUNT,
	TOTAL,
	SUM,
	N,
	BAD,
	FRACTIONS,
	HIST_SUM,
	MIN,
	MAX,
	CELLS,
	BLOCK,
	ORDER,
	ARM,
	PASS,
	GAP,
	KNOWN /* columns; those of fields follow */
};
_Static_assert(KNOWN == NAMED + OF_METRIC + OF_INVOCATION,
	       "every column that is named has an index");

struct reader {
	struct csv_in *in;
	struct journal_run *run;
	int at[KNOWN + FIELDS];
	struct invocation *inv; /* that the rows last read are of */
	size_t index, block, order, room, gaps;
	int arm;
	bool begun, open; /* the cases are known; an invocation is not ended */
};

static const char *text_at(const struct reader *r, int column)
{
	return csv_field(r->in, r->at[column]);
}

static double number_at(struct reader *r, int column)
{
	return csv_field_num(r->in, r->at[column]);
}

/* Whole numbers below 2^64; more digits than a double holds are read too. */
static uint64_t count_at(struct reader *r, int column)
{
	const char *text = text_at(r, column);
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno)
		csv_refuse(r->in, "'%.40s' is no whole number", text);
	return value;
}

/* The index of a word among some; an error where it is none of them. */
static int word_at(struct reader *r, int column, const char *const *word,
		   int words)
{
	for (int i = 0; i < words; i++)
		if (!strcmp(text_at(r, column), word[i]))
			return i;
	csv_refuse(r->in, "'%.40s' is not known here", text_at(r, column));
	return 0;
}

static int find_column(struct reader *r, int which, const char *column)
{
	r->at[which] = csv_column(r->in, column);
	if (r->at[which] >= 0)
		return 0;
	return csv_refuse(
		r->in, "no column '%s': not a journal of this handoff", column);
}

static int find_columns(struct reader *r)
{
	char names[] =
		COLUMNS_NAMED "," COLUMNS_OF_METRIC "," COLUMNS_OF_INVOCATION;
	char *save = NULL, *name = strtok_r(names, ",", &save);

	for (int i = 0; name; i++, name = strtok_r(NULL, ",", &save))
		if (find_column(r, i, name))
			return -1;
	for (int i = 0; i < FIELDS; i++)
		if (find_column(r, KNOWN + i, field[i].column))
			return -1;
	return 0;
}

static int take_fact(struct reader *r)
{
	struct results *results = &r->run->results;
	const char *name = text_at(r, NAME), *text = text_at(r, TEXT);
	double value = number_at(r, VALUE);

	if (!strcmp(name, "schema") && strcmp(text, RESULTS_SCHEMA))
		return csv_refuse(r->in,
				  "schema '%.20s', and this handoff reads %s",
				  text, RESULTS_SCHEMA);
	if (!strcmp(name, "machine"))
		snprintf(results->machine, sizeof(results->machine), "%s",
			 text);
	else if (!strcmp(name, "run"))
		snprintf(results->run, sizeof(results->run), "%s", text);
	else if (!strcmp(name, "emulated"))
		results->emulated = value > 0;
	else if (!strcmp(name, "clock_step_ns"))
		results->clock_step_ns = value;
	else if (!strcmp(name, "precision"))
		results->precision = value;
	else if (!strcmp(name, "counts_why"))
		results->counts_why = lookup_text(&r->run->texts, text);
	else if (!strcmp(name, "names_why"))
		results->names_why = lookup_text(&r->run->texts, text);
	else if (!strcmp(name, "uncounted"))
		results->uncounted = value > 0;
	else if (!strcmp(name, "aa"))
		r->run->aa = value > 0;
	return csv_error(r->in) ? -1 : 0;
}

static unsigned counts_at(const struct reader *r)
{
	char text[128], *save = NULL;
	unsigned counts = 0;

	snprintf(text, sizeof(text), "%s", text_at(r, COUNTS));
	for (char *word = strtok_r(text, ";", &save); word;
	     word = strtok_r(NULL, ";", &save)) {
		for (unsigned kind = 1; kind <= COUNT_LAST; kind <<= 1)
			if (!strcmp(word, count_name(kind)))
				counts |= kind;
		if (!strcmp(word, by_name))
			counts |= COUNT_NAMES;
	}
	return counts;
}

static const char *const status_word[] = { "ok", "absent", "denied", "failed",
					   "timeout" };
static const char *const peer_word[] = { "-", "thread", "process" };

static int take_case(struct reader *r)
{
	struct journal_run *run = r->run;
	struct journal_case *made = calloc(1, sizeof(*made));
	struct test_case *c;
	size_t room = r->room;

	if (!made || count_at(r, INDEX) != run->count) {
		free(made);
		return csv_refuse(r->in, made ? "a case is missing" :
						"out of memory; free some");
	}
	run->cases = grow(run->cases, run->count, &room, sizeof(*c),
			  "the journal's cases");
	run->made = grow(run->made, run->count, &r->room, sizeof(*run->made),
			 "the journal's cases");
	run->made[run->count] = made;
	c = &run->cases[run->count++];
	memset(c, 0, sizeof(*c));
	made->metric[0].name = lookup_text(&run->texts, text_at(r, NAME));
	made->metric[0].unit = lookup_text(&run->texts, text_at(r, UNIT));
	made->bench.name = lookup_text(&run->texts, text_at(r, BENCH));
	made->bench.metrics = made->metric;
	made->bench.counts = counts_at(r);
	made->variant.name = lookup_text(&run->texts, text_at(r, VARIANT));
	snprintf(made->place.name, sizeof(made->place.name), "%s",
		 text_at(r, PLACE));
	c->bench = &made->bench;
	c->variant = &made->variant;
	c->place = strcmp(made->place.name, "-") ? &made->place : NULL;
	c->peer = (enum peer)word_at(r, PEER, peer_word, 3);
	c->status = (enum status)word_at(r, STATUS, status_word, 5);
	snprintf(c->param, sizeof(c->param), "%s", text_at(r, PARAM));
	snprintf(c->reason, sizeof(c->reason), "%s", text_at(r, TEXT));
	return csv_error(r->in) ? -1 : 0;
}

/* All cases are known. */
static int take_begin(struct reader *r)
{
	struct results *results = &r->run->results;

	if (r->begun || !r->run->count)
		return csv_refuse(r->in, "the run begins twice, or without "
					 "cases");
	if (results_open(results, r->run->cases, r->run->count))
		return csv_refuse(r->in, "out of memory; free some");
	r->begun = true;
	return 0;
}

/* Blocks that no invocation of is known have NAN, and so has the run's end. */
static void take_gap(struct reader *r, double gap_ns)
{
	struct results *results = &r->run->results;

	while (r->gaps < r->block + 2) {
		size_t room =
			r->gaps && (r->gaps & (r->gaps - 1)) ? r->gaps + 1 : 0;

		if (!room) { /* a power of two is full */
			room = r->gaps ? 2 * r->gaps : 1;
			results->gap_ns =
				realloc(results->gap_ns,
					room * sizeof(*results->gap_ns));
			if (!results->gap_ns)
				die("out of memory for the journal");
		}
		results->gap_ns[r->gaps++] = NAN;
	}
	results->gap_ns[r->block] = gap_ns;
}

static void take_field(struct reader *r, int i)
{
	void *at = (char *)r->inv + field[i].offset;
	double value;

	switch (field[i].type) {
	case COUNT:
		*(uint64_t *)at = count_at(r, KNOWN + i);
		break;
	case NUMBER:
		*(double *)at = number_at(r, KNOWN + i);
		break;
	case INDEX_OR_NONE:
		value = number_at(r, KNOWN + i);
		*(int *)at = value >= 0 && value < 1e9 ? (int)value : -1;
		break;
	case YES_OR_NO:
		*(bool *)at = count_at(r, KNOWN + i) > 0;
		break;
	}
}

static int take_invocation(struct reader *r)
{
	enum { BLOCKS_MAX = 1 << 24 };
	const char *pass[RUN_MODES];
	struct invocation *inv = r->inv;

	for (int m = 0; m < RUN_MODES; m++)
		pass[m] = results_pass_name((enum run_mode)m);
	inv->sample.metrics = inv->sample.calls = 0;
	r->index = count_at(r, INDEX);
	r->block = count_at(r, BLOCK);
	r->order = count_at(r, ORDER);
	r->arm = (int)(count_at(r, ARM) != 0);
	inv->status = (enum status)word_at(r, STATUS, status_word, 5);
	inv->mode = (enum run_mode)word_at(r, PASS, pass, RUN_MODES);
	snprintf(inv->reason, sizeof(inv->reason), "%s", text_at(r, TEXT));
	for (int i = 0; i < FIELDS; i++)
		take_field(r, i);
	if (!r->begun || r->open || r->index >= r->run->results.count ||
	    r->block > BLOCKS_MAX)
		return csv_refuse(r->in, "an invocation of no case or block");
	if (csv_error(r->in))
		return -1;
	r->open = true;
	take_gap(r, number_at(r, GAP));
	return csv_error(r->in) ? -1 : 0;
}

static int take_cells(struct reader *r, struct hist *hist)
{
	const char *at = text_at(r, CELLS);
	uint64_t n = 0;

	memset(hist, 0, sizeof(*hist));
	if (!*text_at(r, N))
		return 0; /* a count has no distribution */
	hist->n = count_at(r, N);
	hist->bad = count_at(r, BAD);
	hist->fractions = count_at(r, FRACTIONS);
	hist->sum = number_at(r, HIST_SUM);
	hist->min = number_at(r, MIN);
	hist->max = number_at(r, MAX);
	while (*at) {
		char *end;
		size_t bucket = strtoul(at, &end, 10);

		if (bucket >= HIST_BUCKETS || *end != ':')
			break;
		hist->count[bucket] = strtoull(end + 1, &end, 10);
		n += hist->count[bucket];
		at = end + (*end == ' ');
	}
	return *at || n != hist->n || csv_error(r->in) ?
		       csv_refuse(r->in, "a histogram that is damaged") :
		       0;
}

static int take_metric(struct reader *r)
{
	struct sample *sample = &r->inv->sample;
	struct measured *m = &sample->metric[sample->metrics];

	if (!r->open || sample->metrics == SAMPLE_MAX_METRICS)
		return csv_refuse(r->in, "a metric of no invocation");
	sample->metrics++;
	snprintf(m->name, sizeof(m->name), "%s", text_at(r, NAME));
	snprintf(m->unit, sizeof(m->unit), "%s", text_at(r, UNIT));
	m->value = number_at(r, VALUE);
	m->samples = count_at(r, SAMPLES);
	m->method = (enum method)word_at(r, METHOD, method_name, 3);
	m->is_count = count_at(r, IS_COUNT) > 0;
	m->total = count_at(r, TOTAL) > 0;
	m->sum = number_at(r, SUM);
	return take_cells(r, &m->hist);
}

static int take_call(struct reader *r)
{
	struct sample *sample = &r->inv->sample;
	struct named_calls *m = &sample->call[sample->calls];

	if (!r->open || sample->calls == SAMPLE_MAX_CALLS)
		return csv_refuse(r->in, "a call of no invocation");
	sample->calls++;
	snprintf(m->name, sizeof(m->name), "%s", text_at(r, NAME));
	m->value = number_at(r, VALUE);
	m->samples = count_at(r, SAMPLES);
	return csv_error(r->in) ? -1 : 0;
}

static int take_end(struct reader *r)
{
	if (!r->open)
		return csv_refuse(r->in, "an end of no invocation");
	r->open = false;
	r->run->invocations++;
	return results_add(&r->run->results, r->index, r->inv, r->block,
			   r->order, r->arm) ?
		       csv_refuse(r->in, "more metrics than a case has") :
		       0;
}

static int take_row(struct reader *r)
{
	static const struct {
		const char *kind;
		int (*take)(struct reader *r);
	} kind[] = {
		{ "run", take_fact },      { "case", take_case },
		{ "begin", take_begin },   { "invocation", take_invocation },
		{ "metric", take_metric }, { "call", take_call },
		{ "end", take_end },
	};

	for (size_t i = 0; i < sizeof(kind) / sizeof(*kind); i++)
		if (!strcmp(text_at(r, KIND), kind[i].kind))
			return kind[i].take(r);
	return csv_refuse(r->in, "a row of kind '%.20s'", text_at(r, KIND));
}

int journal_read(struct journal_run *run, const char *dir, char *err,
		 size_t size)
{
	struct reader r = { .run = run };

	memset(run, 0, sizeof(*run));
	r.in = csv_open_in(dir, JOURNAL_NAME, err, size);
	if (!r.in) {
		if (!*err)
			snprintf(err, size, "%s: no " JOURNAL_NAME, dir);
		return -1;
	}
	r.inv = calloc(1, sizeof(*r.inv));
	if (!r.inv)
		die("out of memory for the journal");
	if (!find_columns(&r))
		while (csv_read(r.in) > 0 && !take_row(&r))
			;
	if (csv_error(r.in))
		snprintf(run->cut, sizeof(run->cut), "%s", csv_error(r.in));
	csv_in_close(r.in);
	free(r.inv);
	if (r.begun)
		return 0;
	snprintf(err, size, "%s/%s: the run was cut before it began", dir,
		 JOURNAL_NAME);
	journal_free(run);
	return -1;
}

void journal_free(struct journal_run *run)
{
	for (size_t i = 0; i < run->count; i++)
		free(run->made[i]);
	results_close(&run->results);
	free(run->results.gap_ns);
	free(run->made);
	free(run->cases);
	lookup_free(&run->texts);
	memset(run, 0, sizeof(*run));
}
