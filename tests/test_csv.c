/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a CSV file come back as written, whole or not at all, or say why? */
#include "csv.h"
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <locale.h>
#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The tests work in a directory of their own, on this file. */
#define PATH "t.csv"

static char err[512];

static void write_bytes(const char *path, const char *bytes, size_t length)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, length, f), length);
	assert_int_equal(fclose(f), 0);
}

static void write_text(const char *text)
{
	write_bytes(PATH, text, strlen(text));
}

static void assert_file(const char *text)
{
	char got[4096];
	FILE *f = fopen(PATH, "r");
	size_t length;

	assert_non_null(f);
	length = fread(got, 1, sizeof(got) - 1, f);
	got[length] = '\0';
	fclose(f);
	assert_string_equal(got, text);
}

static size_t files_here(void)
{
	DIR *d = opendir(".");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static struct csv_in *open_good(void)
{
	struct csv_in *in = csv_open(PATH, err, sizeof(err));

	if (!in)
		fail_msg("%s", err);
	return in;
}

/* Fields that a naive writer or reader gets wrong. */
static const char *const hard[] = {
	"plain",
	"",
	"a,b",
	"say \"hi\"",
	"\"",
	"\"\"",
	"two\nlines",
	"dos\r\nlines",
	"\r",
	"\n",
	",",
	" blanks around ",
	"µs – größer, „quoted“ 😀",
	"\xEF\xBB\xBF marked",
	"'single'; semicolon",
	"#hash",
	"ends with \"",
};

static void test_round_trip(void **state)
{
	struct csv_out *out = csv_create(PATH);
	struct csv_in *in;

	(void)state;
	assert_non_null(out);
	for (size_t c = 0; c < COUNT(hard); c++)
		csv_str(out, hard[c]);
	csv_end(out);
	for (size_t r = 0; r < COUNT(hard); r++) {
		for (size_t c = 0; c < COUNT(hard); c++)
			csv_str(out, hard[(r + c) % COUNT(hard)]);
		csv_end(out);
	}
	assert_int_equal(csv_close(out), 0);

	in = open_good();
	for (size_t c = 0; c < COUNT(hard); c++)
		assert_int_equal(csv_column(in, hard[c]), c);
	for (size_t r = 0; r < COUNT(hard); r++) {
		assert_int_equal(csv_read(in), 1);
		for (size_t c = 0; c < COUNT(hard); c++)
			assert_string_equal(csv_field(in, (int)c),
					    hard[(r + c) % COUNT(hard)]);
	}
	assert_int_equal(csv_read(in), 0);
	assert_int_equal(csv_read(in), 0);
	assert_null(csv_error(in));
	csv_in_close(in);
}

static void test_one_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hard); i++) {
		struct csv_out *out = csv_create(PATH);
		struct csv_in *in;

		assert_non_null(out);
		csv_str(out, hard[i]);
		csv_end(out);
		csv_str(out, hard[i]);
		csv_end(out);
		assert_int_equal(csv_close(out), 0);
		in = open_good();
		assert_int_equal(csv_column(in, hard[i]), 0);
		assert_int_equal(csv_read(in), 1);
		assert_string_equal(csv_field(in, 0), hard[i]);
		assert_int_equal(csv_read(in), 0);
		csv_in_close(in);
	}
}

static void test_bytes_written(void **state)
{
	struct csv_out *out = csv_create(PATH);

	(void)state;
	assert_non_null(out);
	csv_str(out, "a b");
	csv_str(out, "c,d");
	csv_str(out, NULL);
	csv_str(out, "\"");
	csv_end(out);
	csv_num(out, NAN);
	csv_num(out, -INFINITY);
	csv_num(out, -0.0);
	csv_u64(out, UINT64_MAX);
	csv_end(out);
	csv_num(out, 0.1);
	csv_num(out, -1234567.5);
	csv_num(out, 1e15);
	csv_num(out, 1e-4);
	csv_end(out);
	assert_int_equal(csv_close(out), 0);
	assert_file("a b,\"c,d\",,\"\"\"\"\n"
		    ",,0,18446744073709551615\n"
		    "0.1,-1234567.5,1000000000000000,0.0001\n");
}

static const double numbers[] = {
	0,
	1,
	-1,
	0.5,
	1.0 / 3,
	4210.125,
	9999999999,
	9999999999.4,
	9999999999.5,
	9999999999.9,
	12345678901.5,
	1e10,
	123456789012345,
	1e15,
	-1e15,
	1e-4,
	1.00001e-4,
	1e-5,
	1e-300,
	1e16,
	1.7e308,
	5e-324,
	2.5e-7,
};

/* In whatever locale: are numbers written and read with a point? */
static void check_numbers(void)
{
	struct csv_out *out = csv_create(PATH);
	struct csv_in *in;

	assert_non_null(out);
	csv_str(out, "n");
	csv_str(out, "u");
	csv_end(out);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		csv_num(out, numbers[i]);
		csv_u64(out, 1234567);
		csv_end(out);
	}
	assert_int_equal(csv_close(out), 0);

	in = open_good();
	for (size_t i = 0; i < COUNT(numbers); i++) {
		double x = numbers[i], size = fabs(x);
		const char *text;

		assert_int_equal(csv_read(in), 1);
		text = csv_field(in, 0);
		assert_string_equal(csv_field(in, 1), "1234567");
		if (fabs(csv_field_num(in, 0) - x) > 5e-10 * size)
			fail_msg("%s for %a", text, x);
		assert_null(strchr(text, ','));
		if (size == 0 || (size >= 1e-4 && size <= 1e15))
			assert_null(strchr(text, 'e'));
	}
	assert_int_equal(csv_read(in), 0);
	csv_in_close(in);
}

static void test_numbers(void **state)
{
	(void)state;
	check_numbers();
}

static void test_numbers_of_all_magnitudes(void **state)
{
	struct csv_out *out = csv_create(PATH);
	struct csv_in *in;
	size_t row = 0;

	(void)state;
	assert_non_null(out);
	csv_str(out, "n");
	csv_end(out);
	for (double x = 1e-4; x <= 1e15; x *= 1.01) {
		csv_num(out, x);
		csv_end(out);
	}
	assert_int_equal(csv_close(out), 0);
	in = open_good();
	for (double x = 1e-4; x <= 1e15; x *= 1.01, row++) {
		assert_int_equal(csv_read(in), 1);
		assert_true(fabs(csv_field_num(in, 0) - x) <= 5e-10 * x);
		assert_null(strchr(csv_field(in, 0), 'e'));
	}
	assert_true(row > 4000);
	csv_in_close(in);
}

static void test_comma_locale(void **state)
{
	const char *name = scratch_comma_locale(scratch_dir);
	locale_t comma = duplocale(LC_GLOBAL_LOCALE);
	char text[2][8];

	(void)state;
	if (!name) {
		freelocale(comma);
		unsetenv("LOCPATH");
		print_message("skipped: no locale with a decimal comma "
			      "here, and localedef made none\n");
		skip();
	}

	/* of the process, and then of this thread alone */
	snprintf(text[0], sizeof(text[0]), "%.1f", 0.5);
	check_numbers();
	setlocale(LC_ALL, "C");
	uselocale(comma);
	snprintf(text[1], sizeof(text[1]), "%.1f", 0.5);
	check_numbers();
	assert_ptr_equal(uselocale(LC_GLOBAL_LOCALE), comma);

	freelocale(comma);
	unsetenv("LOCPATH");
	assert_string_equal(text[0], "0,5"); /* or nothing was tested */
	assert_string_equal(text[1], "0,5");
}

static void test_accepted_forms(void **state)
{
	static const char *const forms[] = {
		"a,b\n1,x\n2,y\n",
		"a,b\r\n1,x\r\n2,y\r\n",
		"a,b\n1,x\n2,y",
		"\xEF\xBB\xBF\x61,b\n1,x\n2,y\n",
		"\xEF\xBB\xBF\"a\",\"b\"\r\n\"1\",\"x\"\r\n2,\"y\"",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct csv_in *in;

		write_text(forms[i]);
		in = open_good();
		assert_int_equal(csv_column(in, "a"), 0);
		assert_int_equal(csv_column(in, "b"), 1);
		assert_int_equal(csv_column(in, "c"), -1);
		assert_int_equal(csv_line(in), 1);
		assert_string_equal(csv_field(in, 0), "");
		assert_int_equal(csv_read(in), 1);
		assert_int_equal(csv_line(in), 2);
		assert_true(csv_field_num(in, 0) == 1);
		assert_string_equal(csv_field(in, 1), "x");
		assert_string_equal(csv_field(in, -1), "");
		assert_string_equal(csv_field(in, 2), "");
		assert_true(isnan(csv_field_num(in, -1)));
		assert_int_equal(csv_read(in), 1);
		assert_int_equal(csv_line(in), 3);
		assert_true(csv_field_num(in, 0) == 2);
		assert_string_equal(csv_field(in, 1), "y");
		assert_int_equal(csv_read(in), 0);
		assert_string_equal(csv_field(in, 1), "");
		assert_null(csv_error(in));
		csv_in_close(in);
	}
}

static void test_header_alone(void **state)
{
	struct csv_in *in;

	(void)state;
	write_text("a,b");
	in = open_good();
	assert_int_equal(csv_read(in), 0);
	csv_in_close(in);
	csv_in_close(NULL);
}

static void test_lines_with_quoted_ends(void **state)
{
	struct csv_in *in;

	(void)state;
	write_text("a,\"b\nc\"\n1,\"x\ny\nz\"\n2,w\n3,x,y\n");
	in = open_good();
	assert_int_equal(csv_read(in), 1);
	assert_int_equal(csv_line(in), 3);
	assert_int_equal(csv_read(in), 1);
	assert_int_equal(csv_line(in), 6);
	assert_int_equal(csv_read(in), -1);
	assert_non_null(strstr(csv_error(in), PATH ":7: 3 fields"));
	csv_in_close(in);
}

/* The first error of a file, from opening it or from reading to its end. */
static void first_error(const char *path)
{
	struct csv_in *in = csv_open(path, err, sizeof(err));
	int got;

	if (!in)
		return;
	do {
		got = csv_read(in);
	} while (got == 1);
	assert_int_equal(csv_read(in), got);
	assert_string_equal(csv_field(in, 0), "");
	snprintf(err, sizeof(err), "%s", got < 0 ? csv_error(in) : "no error");
	csv_in_close(in);
}

static void test_reader_errors(void **state)
{
	static const struct {
		const char *text, *error;
		size_t length; /* 0: that of the text */
	} table[] = {
		{ "", "t.csv:1: empty", 0 },
		{ "\xEF\xBB\xBF", "t.csv:1: empty", 0 },
		{ "\xEF\xBBq", "t.csv:1: broken UTF-8", 0 },
		{ "a,b\n1,\0\n", "t.csv:2: a NUL byte", 8 },
		{ "\x7f\x45LF\0\1", "t.csv:1: a NUL byte", 6 },
		{ "a,b\n1,\"\0\"\n", "t.csv:2: a NUL byte", 10 },
		{ "a,b\n1,2\n3,\"x\ny\n", "t.csv:3: a quote is opened", 0 },
		{ "a,\"b", "t.csv:1: a quote is opened", 0 },
		{ "a,b\n1,\"x\n\"\"", "t.csv:2: a quote is opened", 0 },
		{ "a,b\n1,2\n3\n", "t.csv:3: 1 field where the header has 2",
		  0 },
		{ "a,b\n1,2,3\n", "t.csv:2: 3 fields where the header has 2",
		  0 },
		{ "a,b\n1,2,\n", "t.csv:2: 3 fields where the header has 2",
		  0 },
		{ "a,b\n1,2\n\n", "t.csv:3: an empty line", 0 },
		{ "a,b\n1,\"x\"y\n", "t.csv:2: text after a closing quote", 0 },
		{ "a,b\n1,\"x\ny\" \n", "t.csv:3: text after a closing quote",
		  0 },
		{ "a,b\n1,x\"y\"\n", "t.csv:2: a quote in a field without", 0 },
		{ "a,b\r1,2\r", "t.csv:1: a carriage return", 0 },
		{ "a,b\n1,2\r", "t.csv:2: a carriage return", 0 },
		{ "a,b,a\n", "t.csv:1: two columns are named \"a\"", 0 },
		{ "a,,\n", "t.csv:1: two columns are named \"\"", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		write_bytes(PATH, table[i].text,
			    table[i].length ? table[i].length :
					      strlen(table[i].text));
		first_error(PATH);
		if (strncmp(err, table[i].error, strlen(table[i].error)) != 0)
			fail_msg("%zu: \"%s\" instead of \"%s\"", i, err,
				 table[i].error);
		assert_non_null(strchr(err, ';')); /* and what to do */
		assert_null(strchr(err, '\n'));
	}
}

/* Errors of whoever reads: of the row last read, on one line, the first. */
static void test_refuse(void **state)
{
	struct csv_in *in;

	(void)state;
	write_text("a,b\n1,2\n3,4\n");
	in = csv_open(PATH, err, sizeof(err));
	assert_non_null(in);
	assert_int_equal(csv_read(in), 1);
	assert_int_equal(csv_refuse(in, "no %s\n; mend", "city"), -1);
	assert_int_equal(csv_refuse(in, "something else"), -1);
	assert_string_equal(csv_error(in), "t.csv:2: no city?; mend");
	assert_int_equal(csv_read(in), -1);
	assert_int_equal(csv_check_end(in), -1);
	csv_in_close(in);
}

static void expect_end(const char *text, int result, const char *where)
{
	struct csv_in *in;

	write_text(text);
	in = csv_open(PATH, err, sizeof(err));
	assert_non_null(in);
	while (csv_read(in) > 0)
		;
	assert_int_equal(csv_check_end(in), result);
	if (where)
		assert_non_null(strstr(csv_error(in), where));
	csv_in_close(in);
}

static void test_check_end(void **state)
{
	(void)state;
	expect_end("a,b\n1,2\n", 0, NULL);
	expect_end("a,b\n", 0, NULL);
	expect_end("a,b\n1,2\n3,4", -1, "t.csv:3: the last line has no end");
	expect_end("a,b", -1, "t.csv:1: the last line has no end");
	expect_end("a,b\n1\n", -1, "t.csv:2: 1 field");
}

/* Only what has no name is absent. */
static void test_open_in(void **state)
{
	struct csv_in *in;

	(void)state;
	write_text("a\n1\n");
	in = csv_open_in(".", PATH, err, sizeof(err));
	assert_non_null(in);
	csv_in_close(in);
	snprintf(err, sizeof(err), "old");
	assert_null(csv_open_in(".", "none.csv", err, sizeof(err)));
	assert_string_equal(err, "");
	assert_int_equal(symlink("loop.csv", "loop.csv"), 0);
	assert_null(csv_open_in(".", "loop.csv", err, sizeof(err)));
	assert_non_null(strstr(err, "./loop.csv:1: cannot open: "));
	assert_int_equal(unlink("loop.csv"), 0);
	assert_null(csv_open_in(PATH, "file.csv", err, sizeof(err)));
	assert_non_null(strstr(err, "t.csv/file.csv:1: cannot open: "));
}

static void test_unreadable(void **state)
{
	(void)state;
	first_error("none/such.csv");
	assert_non_null(strstr(err, "none/such.csv:1: cannot open: "));
	assert_non_null(strstr(err, strerror(ENOENT)));
	first_error(".");
	assert_non_null(strstr(err, ".:1: a directory; "));

	write_text("a\n");
	assert_int_equal(chmod(PATH, 0), 0);
	if (access(PATH, R_OK) != 0) {
		first_error(PATH);
		assert_non_null(strstr(err, strerror(EACCES)));
	} else {
		print_message("skipped in part: may read what nobody may "
			      "(root)\n");
	}
	unlink(PATH);

	/* a message without room, or none wanted */
	assert_null(csv_open("none.csv", err, 6));
	assert_string_equal(err, "none.");
	assert_null(csv_open("none.csv", NULL, 0));

	/* still one line */
	first_error("no\nsuch\tfile");
	assert_non_null(strstr(err, "no?such?file:1: cannot open"));
}

static void test_limits(void **state)
{
	char *big = malloc(2 * CSV_ROW_MAX);
	struct csv_in *in;

	(void)state;
	assert_non_null(big);

	/* the largest row there may be, and one byte more */
	memset(big, 'x', 2 * CSV_ROW_MAX);
	memcpy(big, "a\n", 2);
	big[2 + CSV_ROW_MAX - 1] = '\n';
	write_bytes(PATH, big, 2 + CSV_ROW_MAX);
	in = open_good();
	assert_int_equal(csv_read(in), 1);
	assert_int_equal(strlen(csv_field(in, 0)), CSV_ROW_MAX - 1);
	assert_int_equal(csv_read(in), 0);
	csv_in_close(in);
	big[2 + CSV_ROW_MAX - 1] = 'x';
	big[2 + CSV_ROW_MAX] = '\n';
	write_bytes(PATH, big, 2 + CSV_ROW_MAX + 1);
	first_error(PATH);
	assert_non_null(strstr(err, PATH ":2: a row of more than 1048576 "));

	/* a quote that runs away stops there too */
	big[2] = '"';
	write_bytes(PATH, big, 2 * CSV_ROW_MAX);
	first_error(PATH);
	assert_non_null(strstr(err, PATH ":2: a row of more than 1048576 "));

	/* 256 fields, then 257; every name must differ */
	for (size_t fields = CSV_FIELDS_MAX; fields <= CSV_FIELDS_MAX + 1;
	     fields++) {
		size_t used = 0;

		for (size_t i = 0; i < fields; i++)
			used += (size_t)sprintf(big + used, "%sc%zu",
						i ? "," : "", i);
		write_bytes(PATH, big, used);
		first_error(PATH);
		if (fields == CSV_FIELDS_MAX)
			assert_string_equal(err, "no error");
		else
			assert_non_null(
				strstr(err, PATH ":1: more than 256 fields"));
	}
	free(big);
}

static void test_not_a_number(void **state)
{
	static const char *const bad[] = {
		"x",     "1x",  " 1",    "1 ", "0x10", "nan", "inf",   "1e",
		"1e999", "--1", "1.2.3", "e",  ".",    "+",   "1_000", "+2",
	};
	struct csv_in *in;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		FILE *f = fopen(PATH, "w");

		assert_non_null(f);
		fprintf(f, "name,value\nq,7\nr,\"%s\"\ns,8\n", bad[i]);
		fclose(f);
		in = open_good();
		assert_int_equal(csv_read(in), 1);
		assert_true(csv_field_num(in, 1) == 7);
		assert_int_equal(csv_read(in), 1);
		assert_null(csv_error(in));
		assert_true(isnan(csv_field_num(in, 1)));
		assert_non_null(csv_error(in));
		snprintf(err, sizeof(err),
			 PATH ":3: value is not a number but \"%s\"; ", bad[i]);
		assert_non_null(strstr(csv_error(in), err));
		/* the row stays, the first error stays, nothing follows */
		assert_string_equal(csv_field(in, 0), "r");
		assert_true(isnan(csv_field_num(in, 0)));
		assert_non_null(strstr(csv_error(in), err));
		assert_int_equal(csv_read(in), -1);
		assert_int_equal(csv_read(in), -1);
		csv_in_close(in);
	}

	/* on the last row it must not look like a good end */
	write_text("v\n-1.5e+3\n2\n.5\n\"\"\nx");
	in = open_good();
	assert_int_equal(csv_read(in), 1);
	assert_true(csv_field_num(in, 0) == -1500);
	assert_int_equal(csv_read(in), 1);
	assert_true(csv_field_num(in, 0) == 2);
	assert_int_equal(csv_read(in), 1);
	assert_true(csv_field_num(in, 0) == 0.5);
	assert_int_equal(csv_read(in), 1);
	assert_true(isnan(csv_field_num(in, 0)));
	assert_null(csv_error(in));
	assert_int_equal(csv_read(in), 1);
	assert_true(isnan(csv_field_num(in, 0)));
	assert_int_equal(csv_read(in), -1);
	csv_in_close(in);

	/* long fields are cut, between characters, and kept on one line */
	write_text("v\n\"123456789012345678901234567890123456789µ\n7890\"\n");
	in = open_good();
	assert_int_equal(csv_read(in), 1);
	csv_field_num(in, 0);
	assert_non_null(strstr(csv_error(in), "56789\"; "));
	csv_in_close(in);
	write_text("v\n\"1\n2\"\n");
	in = open_good();
	assert_int_equal(csv_read(in), 1);
	csv_field_num(in, 0);
	assert_non_null(strstr(csv_error(in), "\"1?2\"; "));
	csv_in_close(in);
}

/* A file whose every field says which version it is. */
static int write_version(const char *version, int rows)
{
	struct csv_out *out = csv_create(PATH);

	if (!out)
		return -1;
	csv_str(out, "version");
	csv_str(out, "rows");
	csv_end(out);
	for (int i = 0; i < rows; i++) {
		csv_str(out, version);
		csv_u64(out, (uint64_t)rows);
		csv_end(out);
	}
	return csv_close(out);
}

static void test_replacement(void **state)
{
	struct csv_out *out;
	struct csv_in *in;
	size_t files;

	(void)state;
	write_text("old\n1\n");
	files = files_here();
	in = open_good();
	out = csv_create(PATH);
	assert_non_null(out);
	for (int i = 0; i < 10000; i++) {
		csv_str(out, "new");
		csv_end(out);
	}
	assert_file("old\n1\n");
	assert_int_equal(files_here(), files + 1);
	assert_int_equal(csv_close(out), 0);
	assert_int_equal(files_here(), files);

	/* who had the old one open still reads it */
	assert_int_equal(csv_read(in), 1);
	assert_string_equal(csv_field(in, 0), "1");
	assert_int_equal(csv_read(in), 0);
	csv_in_close(in);

	write_text("old\n");
	out = csv_create(PATH);
	assert_non_null(out);
	csv_str(out, "new");
	csv_end(out);
	csv_discard(out);
	csv_discard(NULL);
	assert_file("old\n");
	assert_int_equal(files_here(), files);
}

static void test_two_writers(void **state)
{
	struct csv_out *a, *b;

	(void)state;
	a = csv_create(PATH);
	b = csv_create(PATH);
	assert_non_null(a);
	assert_non_null(b);
	csv_str(a, "a");
	csv_end(a);
	csv_str(b, "b");
	csv_end(b);
	assert_int_equal(csv_close(b), 0);
	assert_file("b\n");
	assert_int_equal(csv_close(a), 0);
	assert_file("a\n");
}

static void test_mode_follows_umask(void **state)
{
	struct stat st;
	mode_t old = umask(027);
	int got;

	(void)state;
	unlink(PATH);
	got = write_version("x", 1);
	umask(old);
	assert_int_equal(got, 0);
	assert_int_equal(stat(PATH, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

/* While one process replaces the file, another sees whole ones only. */
static void test_readers_see_old_or_new(void **state)
{
	int status, versions = 0;
	char last[16] = "";
	pid_t writer;

	(void)state;
	assert_int_equal(write_version("0", 1), 0);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		char version[16];

		for (int i = 1; i <= 300; i++) {
			snprintf(version, sizeof(version), "%d", i);
			if (write_version(version, 1 + i % 7 * 200))
				_exit(1);
		}
		_exit(0);
	}
	while (waitpid(writer, &status, WNOHANG) == 0) {
		struct csv_in *in = open_good();
		char version[16] = "";
		int rows = 0, expected = 0;

		for (; csv_read(in) == 1; rows++) {
			if (rows == 0)
				snprintf(version, sizeof(version), "%s",
					 csv_field(in, 0));
			assert_string_equal(csv_field(in, 0), version);
			expected = (int)csv_field_num(in, 1);
		}
		assert_null(csv_error(in));
		assert_int_equal(rows, expected);
		csv_in_close(in);
		versions += strcmp(version, last) != 0;
		memcpy(last, version, sizeof(last));
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	print_message("%d versions seen\n", versions);
}

/* Writes while no file may grow beyond limit bytes; the errno, 0 if none. */
static int write_limited(rlim_t limit, int rows)
{
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	struct rlimit old, less;
	int error;

	fflush(NULL); /* our own output may go to a file too */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	less = old;
	less.rlim_cur = limit;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	error = write_version("new", rows) ? errno : 0;
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, handler);
	return error;
}

static void test_full_disk(void **state)
{
	size_t files;

	(void)state;
	write_text("old\n");
	files = files_here();
	assert_int_equal(write_limited(0, 1), EFBIG); /* at the last flush */
	assert_int_equal(write_limited(5000, 10000), EFBIG); /* long before */
	assert_file("old\n");
	assert_int_equal(files_here(), files);
	assert_int_equal(write_limited(5000, 2), 0);
	assert_file("version,rows\nnew,2\nnew,2\n");
}

static void test_cannot_create(void **state)
{
	char name[NAME_MAX + 1];

	(void)state;
	assert_null(csv_create("none/such.csv"));
	assert_int_equal(errno, ENOENT);
	assert_null(csv_create("."));
	assert_int_equal(errno, EISDIR);
	assert_null(csv_create("/dev/full")); /* must not replace the device */
	assert_int_equal(errno, EINVAL);
	memset(name, 'x', NAME_MAX);
	name[NAME_MAX] = '\0';
	assert_null(csv_create(name));
	assert_int_equal(errno, ENAMETOOLONG);

	assert_int_equal(mkdir("readonly", 0555), 0);
	if (access("readonly", W_OK) != 0) {
		assert_null(csv_create("readonly/" PATH));
		assert_int_equal(errno, EACCES);
	} else {
		print_message("skipped in part: may write where nobody may "
			      "(root)\n");
	}
	rmdir("readonly");
}

static void test_cannot_rename(void **state)
{
	struct csv_out *out;
	size_t files;

	(void)state;
	unlink(PATH);
	files = files_here();
	out = csv_create(PATH);
	assert_non_null(out);
	assert_int_equal(mkdir(PATH, 0777), 0);
	csv_str(out, "a");
	csv_end(out);
	assert_int_equal(csv_close(out), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(files_here(), files + 1);
	assert_int_equal(rmdir(PATH), 0);
}

static void close_fails(struct csv_out *out, int error)
{
	assert_int_equal(csv_close(out), -1);
	assert_int_equal(errno, error);
	assert_file("old\n");
}

/* What the reader would refuse is not written. */
static void test_writer_misused(void **state)
{
	char *big = malloc(CSV_ROW_MAX + 1);
	struct csv_out *out;

	(void)state;
	assert_non_null(big);
	write_text("old\n");

	out = csv_create(PATH);
	close_fails(out, EINVAL); /* no header */

	out = csv_create(PATH);
	csv_str(out, "a"); /* not ended */
	close_fails(out, EINVAL);

	out = csv_create(PATH);
	csv_str(out, "a");
	csv_str(out, "b");
	csv_end(out);
	csv_str(out, "1");
	csv_end(out); /* too few */
	close_fails(out, EINVAL);

	out = csv_create(PATH);
	for (size_t i = 0; i <= CSV_FIELDS_MAX; i++)
		csv_u64(out, i);
	csv_end(out);
	close_fails(out, EMSGSIZE);

	memset(big, 'x', CSV_ROW_MAX);
	big[CSV_ROW_MAX] = '\0';
	out = csv_create(PATH);
	csv_str(out, "a");
	csv_end(out);
	csv_str(out, big);
	csv_end(out);
	close_fails(out, EMSGSIZE);

	big[CSV_ROW_MAX - 1] = '\0'; /* the largest that fits */
	out = csv_create(PATH);
	csv_str(out, "a");
	csv_end(out);
	csv_str(out, big);
	csv_end(out);
	assert_int_equal(csv_close(out), 0);
	first_error(PATH);
	assert_string_equal(err, "no error");
	free(big);
}

/* What malloc has from the kernel; 0 under a sanitizer, which keeps its own. */
static size_t heap(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.arena + m.hblkhd;
}

static void test_many_rows_in_little_memory(void **state)
{
	const uint64_t rows = 100000;
	size_t before = heap(), most = 0;
	struct csv_out *out = csv_create(PATH);
	struct csv_in *in;

	(void)state;
	assert_non_null(out);
	csv_str(out, "id");
	csv_str(out, "value");
	csv_str(out, "reason");
	csv_end(out);
	for (uint64_t i = 0; i < rows; i++) {
		csv_u64(out, i);
		csv_num(out, (double)i / 8);
		csv_str(out, i % 3 ? "plain" : "with, a \"quote\"");
		csv_end(out);
	}
	most = heap();
	assert_int_equal(csv_close(out), 0);

	in = open_good();
	for (uint64_t i = 0; i < rows; i++) {
		assert_int_equal(csv_read(in), 1);
		assert_true(csv_field_num(in, 0) == (double)i);
		assert_true(csv_field_num(in, 1) == (double)i / 8);
		assert_int_equal(csv_line(in), i + 2);
	}
	assert_int_equal(csv_read(in), 0);
	if (heap() > most)
		most = heap();
	csv_in_close(in);
	assert_true(most - before < 256 * 1024);
}

/* Damaged files end in rows of the right width or an error, not a crash. */
static void test_damaged_files(void **state)
{
	static const char good[] = "a,b,c\n1,\"x,\"\"y\"\"\nz\",3\r\n4,,\"\"\n";
	static const char bytes[] = "\",\n\r\0a1\xEF";
	unsigned int seed = 1;
	int refused = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		size_t length = sizeof(good) - 1;
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		for (int i = 0; i < 1 + round % 4; i++)
			text[(size_t)rand_r(&seed) % length] =
				bytes[(size_t)rand_r(&seed) %
				      (sizeof(bytes) - 1)];
		if (round % 3 == 0)
			length = (size_t)rand_r(&seed) % length;
		write_bytes(PATH, text, length);
		first_error(PATH);
		if (strcmp(err, "no error") == 0)
			continue;
		assert_int_equal(strncmp(err, PATH ":", 6), 0);
		refused++;
	}
	assert_true(refused > 500 && refused < 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_one_column),
		cmocka_unit_test(test_bytes_written),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_of_all_magnitudes),
		cmocka_unit_test(test_comma_locale),
		cmocka_unit_test(test_accepted_forms),
		cmocka_unit_test(test_header_alone),
		cmocka_unit_test(test_lines_with_quoted_ends),
		cmocka_unit_test(test_reader_errors),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_check_end),
		cmocka_unit_test(test_open_in),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_not_a_number),
		cmocka_unit_test(test_replacement),
		cmocka_unit_test(test_two_writers),
		cmocka_unit_test(test_mode_follows_umask),
		cmocka_unit_test(test_readers_see_old_or_new),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_cannot_create),
		cmocka_unit_test(test_cannot_rename),
		cmocka_unit_test(test_writer_misused),
		cmocka_unit_test(test_many_rows_in_little_memory),
		cmocka_unit_test(test_damaged_files),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
