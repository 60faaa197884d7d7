/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quoting, atomic replacement and reading of CSV files. */
#include "csv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "whole.h"

#define BOM "\xEF\xBB\xBF"

struct csv_out {
	FILE *file;
	struct whole *whole; /* NULL: the caller's own file */
	locale_t c_locale;
	size_t width;  /* fields of the first row, 0 before it ended */
	size_t fields; /* so far in this row */
	size_t bytes;  /* so far in this row */
	int error;     /* the first errno, 0 if none */
	bool ended;    /* csv_end_file() was called */
};

static void release(struct csv_out *out)
{
	freelocale(out->c_locale);
	free(out);
}

struct csv_out *csv_create(const char *path)
{
	struct whole *whole = whole_begin_path(path);
	struct csv_out *out = whole ? csv_stream(whole_file(whole)) : NULL;

	if (out)
		out->whole = whole;
	else
		whole_drop(whole);
	return out;
}

struct csv_out *csv_stream(FILE *file)
{
	struct csv_out *out = calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	out->file = file;
	out->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (out->c_locale)
		return out;
	free(out);
	return NULL;
}

static void note(struct csv_out *out, int error)
{
	if (!out->error)
		out->error = error;
}

static void put(struct csv_out *out, const char *text, size_t length)
{
	out->bytes += length;
	if (!out->error && fwrite(text, 1, length, out->file) != length)
		note(out, errno);
}

static void next_field(struct csv_out *out)
{
	if (out->fields++)
		put(out, ",", 1);
}

static bool needs_quotes(const struct csv_out *out, const char *text)
{
	if (text[strcspn(text, ",\"\r\n")])
		return true;
	/* The reader would take it for the file's byte order mark. */
	return !out->width && out->fields == 1 &&
	       strncmp(text, BOM, strlen(BOM)) == 0;
}

void csv_str(struct csv_out *out, const char *text)
{
	next_field(out);
	if (!text)
		return;
	if (!needs_quotes(out, text)) {
		put(out, text, strlen(text));
		return;
	}
	put(out, "\"", 1);
	for (;;) {
		size_t plain = strcspn(text, "\"");

		put(out, text, plain);
		text += plain;
		if (!*text++)
			break;
		put(out, "\"\"", 2);
	}
	put(out, "\"", 1);
}

void csv_num(struct csv_out *out, double value)
{
	double magnitude = fabs(value);
	locale_t old;
	char text[48];

	next_field(out);
	if (!isfinite(value))
		return;
	value += 0.0; /* -0 becomes 0 */

	old = uselocale(out->c_locale);
	/* %g turns to an exponent where its ten digits end. */
	if (magnitude >= 9999999999.5 && magnitude < 1e16)
		snprintf(text, sizeof(text), "%.0f", value);
	else
		snprintf(text, sizeof(text), "%.10g", value);
	uselocale(old);
	put(out, text, strlen(text));
}

void csv_exact(struct csv_out *out, double value)
{
	locale_t old;
	char text[48];

	next_field(out);
	if (!isfinite(value))
		return;
	old = uselocale(out->c_locale);
	snprintf(text, sizeof(text), "%.17g", value);
	uselocale(old);
	put(out, text, strlen(text));
}

void csv_u64(struct csv_out *out, uint64_t value)
{
	char text[24];

	next_field(out);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	put(out, text, strlen(text));
}

void csv_end(struct csv_out *out)
{
	/* A lone empty field would look like no row at all to most readers. */
	if (out->fields == 1 && out->bytes == 0)
		put(out, "\"\"", 2);
	put(out, "\n", 1);

	if (!out->width)
		out->width = out->fields;
	if (!out->fields || out->fields != out->width)
		note(out, EINVAL);
	if (out->fields > CSV_FIELDS_MAX || out->bytes > CSV_ROW_MAX)
		note(out, EMSGSIZE);
	out->fields = 0;
	out->bytes = 0;
}

int csv_end_file(struct csv_out *out)
{
	if (!out->ended) {
		out->ended = true;
		if (!out->width || out->fields)
			note(out, EINVAL);
		/* a file that the caller opened stays open */
		if (out->whole ? whole_end(out->whole) : fflush(out->file))
			note(out, errno);
	}
	errno = out->error;
	return errno ? -1 : 0;
}

int csv_close(struct csv_out *out)
{
	int error;

	csv_end_file(out);
	error = out->error;
	if (error)
		whole_drop(out->whole);
	else if (out->whole && whole_name(out->whole))
		error = errno;
	release(out);
	errno = error;
	return error ? -1 : 0;
}

void csv_discard(struct csv_out *out)
{
	if (!out)
		return;
	whole_drop(out->whole);
	release(out);
}

/* What reading a byte, a field or a row returns after fail(); EOF is -1. */
#define FAILED (-2)

struct row {
	char *text; /* the fields, unquoted, each ended by a NUL */
	size_t used, room;
	size_t start[CSV_FIELDS_MAX]; /* of each field in text */
	size_t fields;
};

struct csv_in {
	FILE *file;
	char *path;
	locale_t c_locale;
	struct row header, row;
	size_t line;      /* where the row last read begins */
	size_t next_line; /* where the file is being read */
	bool ended, cut;
	char error[PATH_MAX + 256]; /* empty while there is none */
};

/* Remembers the first error, on one line whatever it quotes. */
static void set_error(struct csv_in *in, size_t line, const char *format,
		      va_list args)
{
	int used;

	if (in->error[0])
		return;
	used = snprintf(in->error, sizeof(in->error), "%.*s:%zu: ", PATH_MAX,
			in->path, line);
	vsnprintf(in->error + used, sizeof(in->error) - (size_t)used, format,
		  args);
	for (unsigned char *c = (unsigned char *)in->error; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
	}
}

__attribute__((format(printf, 3, 4))) static int
fail(struct csv_in *in, size_t line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_error(in, line, format, args);
	va_end(args);
	return FAILED;
}

/* How many bytes of text to quote in a message, no character split. */
static int excerpt(const char *text)
{
	size_t length = strnlen(text, 41);

	if (length > 40) {
		length = 40;
		while (length > 36 && (text[length] & 0xC0) == 0x80)
			length--;
	}
	return (int)length;
}

static int push_beyond(struct csv_in *in, struct row *row, char c)
{
	size_t room = row->room ? 2 * row->room : 256;
	char *text = realloc(row->text, room);

	if (!text)
		return fail(in, in->line, "out of memory; free some");
	row->text = text;
	row->room = room;
	row->text[row->used++] = c;
	return 0;
}

/* Short, and inline: it sees each byte of files of a hundred MiB. */
static inline int push(struct csv_in *in, struct row *row, char c)
{
	if (row->used == row->room)
		return push_beyond(in, row, c);
	row->text[row->used++] = c;
	return 0;
}

static int odd_byte(struct csv_in *in, int c)
{
	if (c == EOF && ferror(in->file))
		return fail(in, in->next_line, "cannot read: %s; try a copy",
			    strerror(errno));
	if (c == EOF)
		return EOF;
	if (c == '\0')
		return fail(in, in->next_line,
			    "a NUL byte; this is UTF-16, no CSV file, "
			    "or a damaged one: save it as UTF-8, "
			    "or make it again");
	return fail(in, in->line,
		    "a row of more than %zu bytes; "
		    "look for a quote that is not closed",
		    CSV_ROW_MAX);
}

/* The next byte of a row that has this many already, or EOF, or FAILED. */
static inline int next_byte(struct csv_in *in, size_t *bytes)
{
	int c = getc_unlocked(in->file);

	return c > 0 && ++*bytes <= CSV_ROW_MAX ? c : odd_byte(in, c);
}

/* Reads what follows an opening quote, up to and with the closing one. */
static int read_quoted(struct csv_in *in, struct row *row, size_t *bytes)
{
	size_t opened = in->next_line;

	for (;;) {
		int c = next_byte(in, bytes);

		if (c == EOF)
			return fail(in, opened,
				    "a quote is opened and never closed; "
				    "close it, or make the file again");
		if (c == FAILED)
			return FAILED;
		if (c == '"') {
			int after = getc_unlocked(in->file);

			ungetc(after, in->file);
			if (after != '"')
				return 0;
			if (next_byte(in, bytes) == FAILED)
				return FAILED;
		}
		if (push(in, row, (char)c))
			return FAILED;
		if (c == '\n')
			in->next_line++;
	}
}

static int end_field(struct csv_in *in, struct row *row, size_t start)
{
	if (row->fields == CSV_FIELDS_MAX)
		return fail(in, in->line,
			    "more than %zu fields; look for a missing line end",
			    CSV_FIELDS_MAX);
	row->start[row->fields++] = start;
	return push(in, row, '\0');
}

/* Spreadsheets do so where a comma is the decimal point. */
static int wrong_separator(struct csv_in *in, char separator)
{
	return fail(in, in->line,
		    "fields are separated by %s and not by ',', as some "
		    "spreadsheets save a CSV file; save it with commas and "
		    "decimal points, or take the file as handoff wrote it",
		    separator == ';' ? "';'" : "tabs");
}

/* Adds one field to row; what ended it (',' or '\n' or EOF), or FAILED. */
static int read_field(struct csv_in *in, struct row *row, size_t *bytes)
{
	size_t start = row->used;
	bool quoted = false;

	for (;;) {
		int c = next_byte(in, bytes);

		if (c == '\r') {
			c = next_byte(in, bytes);
			if (c != '\n')
				return fail(in, in->next_line,
					    "a carriage return inside a line; "
					    "quote the field, or end lines "
					    "with a line feed");
		}
		if (c == FAILED)
			return FAILED;
		if (c == ',' || c == '\n' || c == EOF)
			return end_field(in, row, start) ? FAILED : c;
		if (quoted && (c == ';' || c == '\t'))
			return wrong_separator(in, (char)c);
		if (quoted)
			return fail(in, in->next_line,
				    "text after a closing quote; "
				    "write a quote inside quotes twice");
		if (c == '"' && row->used > start)
			return fail(in, in->next_line,
				    "a quote in a field without quotes; "
				    "quote the field and write this one twice");
		if (c == '"') {
			quoted = true;
			if (read_quoted(in, row, bytes))
				return FAILED;
		} else if (push(in, row, (char)c)) {
			return FAILED;
		}
	}
}

/* 1, or 0 at the end of the file, or FAILED. */
static int read_row(struct csv_in *in, struct row *row)
{
	size_t bytes = 0;
	int c;

	row->used = 0;
	row->fields = 0;
	in->line = in->next_line;
	do {
		c = read_field(in, row, &bytes);
	} while (c == ',');
	if (c == FAILED)
		return FAILED;
	if (c == '\n')
		in->next_line++;
	else if (bytes)
		in->cut = true;
	return bytes > 0;
}

static const char *name_of(const struct csv_in *in, size_t column)
{
	return in->header.text + in->header.start[column];
}

static int skip_bom(struct csv_in *in)
{
	const char *bom = BOM;
	int c = getc_unlocked(in->file);

	/* the first byte of either of its own marks, and never of UTF-8 */
	if (c == 0xFF || c == 0xFE)
		return fail(in, 1,
			    "UTF-16, as some spreadsheets save text; save it "
			    "as CSV in UTF-8, or take the file as handoff "
			    "wrote it");
	if (c != (unsigned char)*bom) {
		ungetc(c, in->file);
		return 0;
	}
	while (*++bom) {
		if (getc_unlocked(in->file) != (unsigned char)*bom)
			return fail(in, 1,
				    "broken UTF-8; this is not a CSV file, "
				    "or a damaged one: make it again");
	}
	return 0;
}

/* A header that is one field of several names, or has a spreadsheet's own
 * first line before it. */
static int check_separator(struct csv_in *in)
{
	const char *name = name_of(in, 0);
	const char *separator = strpbrk(name, ";\t");

	if (!strncmp(name, "sep=", strlen("sep=")))
		return fail(in, 1,
			    "the line \"%.*s\" is a spreadsheet's and no "
			    "header; take the file as handoff wrote it",
			    excerpt(name), name);
	if (in->header.fields == 1 && separator &&
	    strchr(separator + 1, *separator))
		return wrong_separator(in, *separator);
	return 0;
}

static int read_header(struct csv_in *in)
{
	int got;

	if (skip_bom(in))
		return FAILED;
	got = read_row(in, &in->header);
	if (got == 0)
		return fail(in, 1, "empty, without a header; make it again");
	if (got == FAILED || check_separator(in))
		return FAILED;
	for (size_t i = 0; i < in->header.fields; i++) {
		if ((size_t)csv_column(in, name_of(in, i)) != i)
			return fail(in, 1,
				    "two columns are named \"%.*s\"; "
				    "rename or remove one",
				    excerpt(name_of(in, i)), name_of(in, i));
	}
	return 0;
}

static int open_file(struct csv_in *in)
{
	int fd = files_open_regular(AT_FDCWD, in->path, FILES_ANY_SIZE);

	if (fd < 0 && errno == EISDIR)
		return fail(in, 1, "a directory; name a CSV file in it");
	if (fd < 0 && errno == EINVAL)
		return fail(in, 1, "not a regular file; name a CSV file");
	in->file = fd < 0 ? NULL : fdopen(fd, "r");
	if (in->file)
		return 0;
	if (fd >= 0)
		close(fd);
	return fail(in, 1, "cannot open: %s; check path and permission",
		    strerror(errno));
}

struct csv_in *csv_open(const char *path, char *err, size_t errsize)
{
	struct csv_in *in = calloc(1, sizeof(*in));

	if (in) {
		in->next_line = 1;
		in->path = strdup(path);
		in->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	}
	if (!in || !in->path || !in->c_locale)
		snprintf(err, errsize, "%s:1: out of memory; free some", path);
	else if (open_file(in) || read_header(in))
		snprintf(err, errsize, "%s", in->error);
	else
		return in;
	csv_in_close(in);
	return NULL;
}

struct csv_in *csv_open_in(const char *dir, const char *name, char *err,
			   size_t errsize)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s/%s", PATH_MAX - 64, dir, name);
	if (access(path, F_OK) && errno == ENOENT) {
		*err = '\0';
		return NULL;
	}
	return csv_open(path, err, errsize);
}

int csv_column(const struct csv_in *in, const char *name)
{
	for (size_t i = 0; i < in->header.fields; i++) {
		if (strcmp(name_of(in, i), name) == 0)
			return (int)i;
	}
	return -1;
}

static int check_width(struct csv_in *in)
{
	size_t fields = in->row.fields, columns = in->header.fields;

	if (fields == columns)
		return 0;
	if (fields == 1 && !in->row.text[0])
		return fail(in, in->line, "an empty line; remove it");
	return fail(in, in->line,
		    "%zu field%s where the header has %zu; mend the line, "
		    "or make the file again",
		    fields, fields == 1 ? "" : "s", columns);
}

int csv_read(struct csv_in *in)
{
	size_t line = in->line;
	int got = 0;

	if (!in->error[0] && !in->ended)
		got = read_row(in, &in->row);
	if (got == 1 && check_width(in) == 0)
		return 1;

	in->row.fields = 0;
	in->line = line;
	in->ended = true;
	return in->error[0] ? -1 : 0;
}

const char *csv_field(const struct csv_in *in, int column)
{
	if (column < 0 || (size_t)column >= in->row.fields)
		return "";
	return in->row.text + in->row.start[column];
}

/* strtod() alone would take " 1", "+1", "0x1", "inf" and "nan" as well. */
static bool is_decimal(const char *text)
{
	return *text != '+' && !text[strspn(text, "+-.0123456789eE")];
}

/* Most numbers are such, and strtod_l() takes several times as long. NAN: not
 * one, or more digits than a double holds. */
static double small_whole(const char *text)
{
	double value = 0;
	int digits = 0;

	for (; *text >= '0' && *text <= '9' && digits < 15; digits++)
		value = 10 * value + (*text++ - '0');
	return digits && !*text ? value : NAN;
}

/* "1,5", and nothing else */
static bool has_decimal_comma(const char *text)
{
	const char *digit = "0123456789";
	size_t whole;

	text += *text == '-';
	whole = strspn(text, digit);
	text += whole;
	return whole && *text == ',' && strspn(text + 1, digit);
}

double csv_field_num(struct csv_in *in, int column)
{
	const char *text = csv_field(in, column);
	double value;
	char *end;

	if (!*text)
		return NAN;
	value = small_whole(text);
	if (!isnan(value))
		return value;
	value = strtod_l(text, &end, in->c_locale);
	if (!*end && is_decimal(text) && isfinite(value))
		return value;
	fail(in, in->line, "%.*s is not a number but \"%.*s\"; %s",
	     excerpt(name_of(in, (size_t)column)), name_of(in, (size_t)column),
	     excerpt(text), text,
	     has_decimal_comma(text) ?
		     "write decimal points, or take the file as handoff wrote "
		     "it" :
		     "mend it or leave it empty");
	return NAN;
}

int csv_refuse(struct csv_in *in, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_error(in, in->line, format, args);
	va_end(args);
	return -1;
}

int csv_check_end(struct csv_in *in)
{
	if (in->ended && in->cut)
		csv_refuse(in, "the last line has no end: the file is cut off; "
			       "make it again");
	return csv_error(in) ? -1 : 0;
}

const char *csv_error(const struct csv_in *in)
{
	return in->error[0] ? in->error : NULL;
}

size_t csv_line(const struct csv_in *in)
{
	return in->line;
}

void csv_in_close(struct csv_in *in)
{
	if (!in)
		return;
	if (in->file)
		fclose(in->file);
	if (in->c_locale)
		freelocale(in->c_locale);
	free(in->header.text);
	free(in->row.text);
	free(in->path);
	free(in);
}
