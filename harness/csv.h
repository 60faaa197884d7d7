/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CSV files (RFC 4180): written whole or not at all, and read row by row. */
#ifndef HANDOFF_CSV_H
#define HANDOFF_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the reader refuses, and the writer therefore never leaves behind. */
#define CSV_ROW_MAX ((size_t)1 << 20) /* bytes of a row, its end included */
#define CSV_FIELDS_MAX ((size_t)256)

/*
 * Writing. A file grows under a temporary name beside path until csv_close()
 * gives it its name, so nobody sees half of one; a process that is killed
 * leaves only "<path>.<pid>-<n>.tmp". A symbolic link is replaced, not
 * followed. The first row is the header. No write reports an error: the first
 * one is remembered, and csv_close() returns it.
 *
 * Output is buffered: a forked child must leave by _exit(), or it writes the
 * parent's rows a second time.
 */
struct csv_out;

/*
 * NULL and errno on failure: of open(), or EISDIR, EINVAL if path exists and
 * is a directory or something else that must not be replaced by a file.
 */
struct csv_out *csv_create(const char *path);

/* The same into a file that is open already, such as stdout: csv_close()
 * flushes it, and it stays open. NULL: no memory. */
struct csv_out *csv_stream(FILE *file);

/* One field each. csv_str() quotes where it must; NULL is an empty field. */
void csv_str(struct csv_out *out, const char *text);

/*
 * Ten significant digits or fewer, with '.' whatever the locale: it reads back
 * to within 5e-10 of its magnitude. No exponent for 0 and for magnitudes from
 * 1e-4 to 1e15. NAN and infinities are empty fields.
 */
void csv_num(struct csv_out *out, double value);
void csv_u64(struct csv_out *out, uint64_t value);
/* The same in as many digits as it takes to read back the very number. */
void csv_exact(struct csv_out *out, double value);

/* Ends the row with "\n". */
void csv_end(struct csv_out *out);

/*
 * No more rows come: 0, or -1 and errno as csv_close() has it. Nobody sees the
 * file before csv_close(), so that several files are all written, and none is
 * replaced if one does not fit. To be followed by csv_close() or csv_discard().
 */
int csv_end_file(struct csv_out *out);

/*
 * Puts the file in place of what path was and frees out. 0, or -1 and errno;
 * path is then what it was and the temporary is gone. Besides the errors of
 * write() and rename(): EINVAL if a row has not as many fields as the first,
 * the last was not ended or there is none; EMSGSIZE if a row is too large.
 */
int csv_close(struct csv_out *out);

/* Frees out and removes the temporary; path is left alone. NULL is fine. */
void csv_discard(struct csv_out *out);

/*
 * Reading. One row at a time in memory. Accepts CRLF, a UTF-8 byte order mark
 * and a missing last line end; everything else that is not RFC 4180 (UTF-16,
 * or ';' or tabs between fields, as spreadsheets save) is an error, which says
 * "path:line: what is wrong; what to do" on one line. The first error stays:
 * from then on csv_read() returns -1.
 */
struct csv_in;

/* Reads the header row. NULL on failure, with the message in err, if any. */
struct csv_in *csv_open(const char *path, char *err, size_t errsize);

/*
 * The same of dir/name, which a run may lack: NULL and err "" where nothing has
 * that name. What is there and cannot be opened, such as a loop of links, is a
 * failure like any other.
 */
struct csv_in *csv_open_in(const char *dir, const char *name, char *err,
			   size_t errsize);

/* Index of the column with this name in the header, or -1. */
int csv_column(const struct csv_in *in, const char *name);

/* Reads the next row: 1, or 0 at the end, or -1 on an error. */
int csv_read(struct csv_in *in);

/*
 * A field of the row last read, unquoted, valid until the next csv_read().
 * "" if column is -1 or there is no such row or column.
 */
const char *csv_field(const struct csv_in *in, int column);

/*
 * The same as a number, in decimal notation with '.'. NAN if it is empty or
 * column is -1. If it is not a finite number: NAN too, and it becomes the
 * reader's error, so a loop over csv_read() cannot end as if all had been
 * well. The row can still be read until then.
 */
double csv_field_num(struct csv_in *in, int column);

/* The error, or NULL while there is none. */
const char *csv_error(const struct csv_in *in);

/*
 * The line, from 1, on which the row last read begins, for errors of the
 * caller's own; the header's before the first csv_read().
 */
size_t csv_line(const struct csv_in *in);

/*
 * The caller's own error of the row last read: "path:line: " and the text, on
 * one line, unless there was an error before. From then on csv_read() returns
 * -1; so does this.
 */
int csv_refuse(struct csv_in *in, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* For files that end their lines, after the last csv_read(): 0, or -1 and the
 * error that there was, or that the file is cut off. */
int csv_check_end(struct csv_in *in);

/* NULL is fine. */
void csv_in_close(struct csv_in *in);

#endif
