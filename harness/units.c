/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formatting and parsing of times, sizes, counts and fractions. */
#include "units.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const byte_unit[] = { "B",   "KiB", "MiB", "GiB",
					 "TiB", "PiB", "EiB" };
#define BYTE_UNITS (sizeof(byte_unit) / sizeof(byte_unit[0]))

/* snprintf() with '.' as the decimal point. */
__attribute__((format(printf, 3, 4))) static char *
format(char *buf, size_t size, const char *how, ...)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	locale_t old = uselocale(c);
	va_list args;

	va_start(args, how);
	vsnprintf(buf, size, how, args);
	va_end(args);
	uselocale(old);
	if (c)
		freelocale(c);
	return buf;
}

/*
 * The limits are where rounding adds a digit: 9.995 is "10.0", not "10.00".
 */
static char *number(char *buf, size_t size, double value, const char *unit)
{
	double magnitude = fabs(value);
	char digits[UNITS_SIZE], *e;

	if (isnan(value))
		return format(buf, size, "-");
	if (magnitude < 0.005) /* never "-0.00" */
		return format(buf, size, "0.00%s", unit);
	if (magnitude < 9.995)
		return format(buf, size, "%.2f%s", value, unit);
	if (magnitude < 99.95)
		return format(buf, size, "%.1f%s", value, unit);
	if (magnitude < 999999.5 || isinf(value))
		return format(buf, size, "%.0f%s", value, unit);

	/* 1.2e+06 as people write it: 1.2e6 */
	format(digits, sizeof(digits), "%.1e", value);
	e = strchr(digits, 'e');
	return format(buf, size, "%.*se%d%s", (int)(e - digits), digits,
		      atoi(e + 1), unit);
}

char *units_time(char *buf, size_t size, double ns)
{
	static const char *const unit[] = { " ns", " µs", " ms", " s" };
	double value = ns;
	size_t i = 0;

	if (fabs(ns) >= 0.0005 && fabs(ns) < 0.9995)
		return format(buf, size, "%.3f ns", ns);
	while (i < 3 && fabs(value) >= 999.5) {
		value /= 1000;
		i++;
	}
	return number(buf, size, value, unit[i]);
}

char *units_bytes(char *buf, size_t size, uint64_t bytes)
{
	size_t i = 0;

	while (bytes && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	return format(buf, size, "%" PRIu64 "%s", bytes, byte_unit[i]);
}

char *units_duration(char *buf, size_t size, uint64_t ns)
{
	static const char *const unit[] = { "ns", "us", "ms", "s" };
	size_t i = 0;

	if (!ns)
		return format(buf, size, "0");
	while (i < 3 && ns % 1000 == 0) {
		ns /= 1000;
		i++;
	}
	return format(buf, size, "%" PRIu64 "%s", ns, unit[i]);
}

char *units_count(char *buf, size_t size, double value)
{
	return number(buf, size, value, "");
}

char *units_rate(char *buf, size_t size, double bytes_per_s)
{
	char unit[8];
	double value = bytes_per_s;
	size_t i = 0;

	while (i + 1 < BYTE_UNITS && fabs(value) >= 1023.5) {
		value /= 1024;
		i++;
	}
	snprintf(unit, sizeof(unit), " %s/s", byte_unit[i]);
	return number(buf, size, value, unit);
}

char *units_value(char *buf, size_t size, const char *unit, double value)
{
	size_t used;

	if (!strcmp(unit, "ns"))
		return units_time(buf, size, value);
	if (!strcmp(unit, "B/s"))
		return units_rate(buf, size, value);
	if (!strcmp(unit, "bool") && (value == 0 || value == 1)) {
		snprintf(buf, size, "%s", value == 1 ? "yes" : "no");
		return buf;
	}
	units_count(buf, size, value);
	used = strlen(buf);
	if (!strcmp(unit, "1/s") && used < size)
		snprintf(buf + used, size - used, "/s");
	return buf;
}

/* Reads digits with at most one point; the rest of the text, NULL if none. */
static const char *decimal(const char *text, double *value)
{
	size_t length = strspn(text, "0123456789.");
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	char *end;

	if (!c)
		return NULL;
	*value = strtod_l(text, &end, c);
	freelocale(c);

	/* strtod() stops short at "1.2.3", and goes on into "1e3" and "0x1" */
	if (!length || end != text + length || !isfinite(*value))
		return NULL;
	return end;
}

/* Likewise digits alone. */
static const char *integer(const char *text, uint64_t *value)
{
	uint64_t sum = 0;
	const char *at;

	for (at = text; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(*at - '0'), &sum))
			return NULL;
	}
	*value = sum;
	return at == text ? NULL : at;
}

int units_parse_duration(const char *text, double *seconds)
{
	static const struct {
		const char *name;
		double seconds;
	} unit[] = { { "", 1 },
		     { "ms", 1e-3 },
		     { "s", 1 },
		     { "m", 60 },
		     { "h", 3600 } };
	double value;
	const char *rest = decimal(text, &value);

	for (size_t i = 0; rest && i < sizeof(unit) / sizeof(unit[0]); i++) {
		if (strcmp(rest, unit[i].name) != 0)
			continue;
		if (!isfinite(value * unit[i].seconds))
			return -1;
		*seconds = value * unit[i].seconds;
		return 0;
	}
	return -1;
}

int units_parse_percent(const char *text, double *fraction)
{
	double value;
	const char *rest = decimal(text, &value);

	if (!rest)
		return -1;
	if (strcmp(rest, "%") == 0)
		value /= 100;
	else if (*rest || value >= 1)
		return -1;
	*fraction = value;
	return 0;
}

int units_parse_bytes(const char *text, uint64_t *bytes)
{
	uint64_t value;
	const char *rest = integer(text, &value);

	if (rest && !*rest)
		rest = byte_unit[0];
	for (size_t i = 0; rest && i < BYTE_UNITS; i++) {
		if (strcmp(rest, byte_unit[i]) != 0)
			continue;
		if (value > UINT64_MAX >> (10 * i))
			return -1;
		*bytes = value << (10 * i);
		return 0;
	}
	return -1;
}

int units_parse_u64(const char *text, uint64_t *value)
{
	uint64_t parsed;
	const char *rest = integer(text, &parsed);

	if (!rest || *rest)
		return -1;
	*value = parsed;
	return 0;
}
