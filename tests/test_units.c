/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are numbers written and read as people write them, in any locale? */
#include "scratch.h"
#include "units.h"

#include <float.h>
#include <ftw.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_time(void **state)
{
	static const struct {
		double ns;
		const char *text;
	} table[] = {
		{ 0, "0.00 ns" },         { -0.0, "0.00 ns" },
		{ 0.0001, "0.00 ns" },    { -0.0001, "0.00 ns" },
		{ 0.0005, "0.001 ns" },   { 0.421, "0.421 ns" },
		{ -0.421, "-0.421 ns" },  { 0.9994, "0.999 ns" },
		{ 0.9996, "1.00 ns" },    { 1, "1.00 ns" },
		{ 4.2149, "4.21 ns" },    { 9.994, "9.99 ns" },
		{ 9.996, "10.0 ns" },     { 42.13, "42.1 ns" },
		{ 99.94, "99.9 ns" },     { 99.96, "100 ns" },
		{ 421.3, "421 ns" },      { 999.4, "999 ns" },
		{ 999.6, "1.00 µs" },     { 1000, "1.00 µs" },
		{ 4210, "4.21 µs" },      { -4210, "-4.21 µs" },
		{ 42100, "42.1 µs" },     { 999499, "999 µs" },
		{ 999501, "1.00 ms" },    { 12345678, "12.3 ms" },
		{ -999.6e6, "-1.00 s" },  { 1e9, "1.00 s" },
		{ 180e9, "180 s" },       { 4321e9, "4321 s" },
		{ 1234567e9, "1.2e6 s" }, { NAN, "-" },
		{ INFINITY, "inf s" },    { -INFINITY, "-inf s" },
	};
	char buf[UNITS_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(units_time(buf, sizeof(buf), table[i].ns),
				    table[i].text);
}

static void test_count(void **state)
{
	static const struct {
		double value;
		const char *text;
	} table[] = {
		{ 0, "0.00" },        { -0.001, "0.00" },
		{ 0.05, "0.05" },     { 4, "4.00" },
		{ -4, "-4.00" },      { 12.34, "12.3" },
		{ 123.4, "123" },     { 12345, "12345" },
		{ 999999, "999999" }, { 999999.6, "1.0e6" },
		{ 1234567, "1.2e6" }, { -1234567, "-1.2e6" },
		{ 9.96e9, "1.0e10" }, { DBL_MAX, "1.8e308" },
		{ NAN, "-" },         { INFINITY, "inf" },
	};
	char buf[UNITS_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(
			units_count(buf, sizeof(buf), table[i].value),
			table[i].text);
}

static void test_bytes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} table[] = {
		{ 0, "0B" },
		{ 1, "1B" },
		{ 1000, "1000B" },
		{ 1023, "1023B" },
		{ 1024, "1KiB" },
		{ 1536, "1536B" },
		{ 65536, "64KiB" },
		{ 1536 * 1024, "1536KiB" },
		{ 1 << 20, "1MiB" },
		{ 256u << 20, "256MiB" },
		{ 1u << 30, "1GiB" },
		{ UINT64_C(1) << 40, "1TiB" },
		{ UINT64_C(1) << 50, "1PiB" },
		{ UINT64_C(15) << 60, "15EiB" },
		{ UINT64_MAX, "18446744073709551615B" },
	};
	char buf[UNITS_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		uint64_t back = 1;

		units_bytes(buf, sizeof(buf), table[i].bytes);
		assert_string_equal(buf, table[i].text);
		assert_int_equal(units_parse_bytes(buf, &back), 0);
		assert_true(back == table[i].bytes);
	}
}

static void test_rate(void **state)
{
	static const struct {
		double rate;
		const char *text;
	} table[] = {
		{ 0, "0.00 B/s" },
		{ 1, "1.00 B/s" },
		{ 512, "512 B/s" },
		{ 1023.4, "1023 B/s" },
		{ 1023.6, "1.00 KiB/s" },
		{ 1536, "1.50 KiB/s" },
		{ -1536, "-1.50 KiB/s" },
		{ 10240, "10.0 KiB/s" },
		{ 1023.4 * 1048576, "1023 MiB/s" },
		{ 1048576.0 * 1024, "1.00 GiB/s" },
		{ 3.21e9, "2.99 GiB/s" },
		{ 3e13, "27.3 TiB/s" },
		{ 1e24, "867362 EiB/s" },
		{ NAN, "-" },
		{ INFINITY, "inf EiB/s" },
	};
	char buf[UNITS_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(units_rate(buf, sizeof(buf), table[i].rate),
				    table[i].text);
}

static void test_value(void **state)
{
	static const struct {
		const char *unit;
		double value;
		const char *text;
	} table[] = {
		{ "ns", 4210, "4.21 µs" },
		{ "bool", 1, "yes" },
		{ "bool", 0, "no" },
		{ "bool", 0.5, "0.50" },
		{ "1/s", 42000, "42000/s" },
		{ "1/s", 2e6, "2.0e6/s" },
		{ "B/s", 3.21e9, "2.99 GiB/s" },
		{ "count", 2, "2.00" },
	};
	char buf[UNITS_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(units_value(buf, sizeof(buf), table[i].unit,
						table[i].value),
				    table[i].text);
}

/* Exact: no two durations have one name. */
static void test_duration(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} table[] = {
		{ 0, "0" },
		{ 1, "1ns" },
		{ 999, "999ns" },
		{ 1000, "1us" },
		{ 1500, "1500ns" },
		{ 10000, "10us" },
		{ 100000, "100us" },
		{ 999999, "999999ns" },
		{ 1000000, "1ms" },
		{ 1001000, "1001us" },
		{ 10000000, "10ms" },
		{ 1000000000, "1s" },
		{ UINT64_C(3600000000000), "3600s" },
		{ UINT64_MAX, "18446744073709551615ns" },
	};
	char buf[UNITS_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(
			units_duration(buf, sizeof(buf), table[i].ns),
			table[i].text);
	assert_string_equal(units_duration(buf, 3, 10000), "10");
}

static void test_small_buffers(void **state)
{
	char buf[4] = "xyz";

	(void)state;
	assert_ptr_equal(units_time(buf, sizeof(buf), 421), buf);
	assert_string_equal(buf, "421");
	assert_string_equal(units_count(buf, 2, DBL_MAX), "1");
	assert_string_equal(units_bytes(buf, 1, 5), "");
	buf[0] = 'x';
	units_bytes(buf, 0, 5);
	assert_int_equal(buf[0], 'x');
}

static void test_parse_duration(void **state)
{
	static const struct {
		const char *text;
		double seconds;
	} good[] = {
		{ "180s", 180 },  { "5m", 300 },  { "250ms", 0.25 },
		{ "1.5h", 5400 }, { "90", 90 },   { "0", 0 },
		{ "0.5", 0.5 },   { ".5s", 0.5 }, { "5.", 5 },
		{ "007s", 7 },
	};
	static const char *const bad[] = {
		"",    "s",    ".",     "-1s",   "+1s",  " 1s",      "1s ",
		"1 s", "nan",  "inf",   "1e3",   "0x10", "1,5s",     "1.2.3",
		"5M",  "5min", "1h30m", "1.5.h", "1d",   "infinity", "--5",
	};
	char huge[400];
	double got;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		got = -1;
		assert_int_equal(units_parse_duration(good[i].text, &got), 0);
		assert_true(got == good[i].seconds);
	}
	got = 7;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (units_parse_duration(bad[i], &got) != -1)
			fail_msg("\"%s\" was taken for %g s", bad[i], got);
		assert_true(got == 7);
	}

	/* beyond the range of a double: the number, and the number of hours */
	memset(huge, '9', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	assert_int_equal(units_parse_duration(huge, &got), -1);
	memcpy(huge + 308, "h", 2);
	assert_int_equal(units_parse_duration(huge, &got), -1);
	assert_true(got == 7);
}

static void test_parse_percent(void **state)
{
	static const struct {
		const char *text;
		double fraction;
	} good[] = {
		{ "2%", 0.02 },  { "0.02", 0.02 },  { "0", 0 },
		{ "0%", 0 },     { "0.5%", 0.005 }, { "100%", 1 },
		{ "150%", 1.5 }, { ".1", 0.1 },
	};
	static const char *const bad[] = {
		"",    "%",   "-2%", "2",    "1",   "2 %",  "2%%",
		"2%x", "nan", "inf", "0,02", "1e1", "0x1%", "+2%",
	};
	double got;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		got = -1;
		assert_int_equal(units_parse_percent(good[i].text, &got), 0);
		assert_true(got == good[i].fraction);
	}
	got = 7;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (units_parse_percent(bad[i], &got) != -1)
			fail_msg("\"%s\" was taken for %g", bad[i], got);
		assert_true(got == 7);
	}
}

static void test_parse_bytes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "4096", 4096 },
		{ "4096B", 4096 },
		{ "64KiB", 65536 },
		{ "0MiB", 0 },
		{ "1MiB", 1 << 20 },
		{ "1GiB", 1 << 30 },
		{ "15EiB", UINT64_C(15) << 60 },
		{ "18446744073709551615", UINT64_MAX },
		{ "18014398509481983KiB", UINT64_MAX - 1023 },
	};
	static const char *const bad[] = {
		"",
		"B",
		"KiB",
		"-1",
		"+1",
		" 1",
		"1 KiB",
		"1K",
		"1KB",
		"1kib",
		"1.5MiB",
		"1KiBx",
		"16EiB",
		"18446744073709551616",
		"18014398509481984KiB",
		"0x10",
	};
	uint64_t got;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		got = 1;
		assert_int_equal(units_parse_bytes(good[i].text, &got), 0);
		assert_true(got == good[i].bytes);
	}
	got = 7;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (units_parse_bytes(bad[i], &got) != -1)
			fail_msg("\"%s\" was taken for a size", bad[i]);
		assert_true(got == 7);
	}
}

static void test_parse_u64(void **state)
{
	static const char *const bad[] = {
		"",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1.0",
		"1e3",
		"0x1",
		"1u",
		"18446744073709551616",
		"99999999999999999999999",
	};
	uint64_t got = 7;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (units_parse_u64(bad[i], &got) != -1)
			fail_msg("\"%s\" was taken for a number", bad[i]);
		assert_true(got == 7);
	}
	assert_int_equal(units_parse_u64("0", &got), 0);
	assert_true(got == 0);
	assert_int_equal(units_parse_u64("0042", &got), 0);
	assert_true(got == 42);
	assert_int_equal(units_parse_u64("18446744073709551615", &got), 0);
	assert_true(got == UINT64_MAX);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void test_comma_locale(void **state)
{
	char dir[] = "/tmp/handoff-test-XXXXXX", comma[8];
	const char *name;

	assert_non_null(mkdtemp(dir));
	name = scratch_comma_locale(dir);
	if (name) {
		snprintf(comma, sizeof(comma), "%.1f", 0.5);
		test_time(state);
		test_count(state);
		test_bytes(state);
		test_rate(state);
		test_parse_duration(state);
		test_parse_percent(state);
	}
	setlocale(LC_ALL, "C");
	unsetenv("LOCPATH");
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	if (!name) {
		print_message("skipped: no locale with a decimal comma "
			      "here, and localedef made none\n");
		skip();
	}
	assert_string_equal(comma, "0,5"); /* or nothing was tested */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_small_buffers),
		cmocka_unit_test(test_parse_duration),
		cmocka_unit_test(test_parse_percent),
		cmocka_unit_test(test_parse_bytes),
		cmocka_unit_test(test_parse_u64),
		cmocka_unit_test(test_comma_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
