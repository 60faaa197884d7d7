/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers with units: written for people to read, and read as people write. */
#ifndef HANDOFF_UNITS_H
#define HANDOFF_UNITS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The decimal point is '.' and nothing is grouped, whatever the locale.
 * Writers fill buf like snprintf(): always ended, cut short if size is too
 * small, and return buf.
 */
#define UNITS_SIZE 32 /* bytes that are enough for every writer here */

/*
 * Nanoseconds as a time of three significant digits: "4.21 µs", "-42.1 ms",
 * "999 ns", "0.421 ns" (to a picosecond), "0.00 ns", "4321 s", "1.2e6 s". NAN
 * is "-", infinity "inf s". The µ (U+00B5) is two bytes of UTF-8: whoever
 * aligns columns counts characters.
 */
char *units_time(char *buf, size_t size, double ns);

/*
 * Bytes in the largest unit that divides them, B to EiB: "1B", "1536B",
 * "64KiB", "1MiB". Exact, so it can name a case.
 */
char *units_bytes(char *buf, size_t size, uint64_t bytes);

/*
 * Nanoseconds in the largest unit that divides them, ns to s: "0", "1500ns",
 * "10us", "10ms". Exact and in ASCII, so it can name a case.
 */
char *units_duration(char *buf, size_t size, uint64_t ns);

/*
 * A count, or a mean of counts: "0.00", "4.00", "12.3", "123", "12345",
 * "1.2e6" from a million on. NAN is "-", infinity "inf".
 */
char *units_count(char *buf, size_t size, double value);

/*
 * Bytes per second in the unit that leaves less than 1024, three significant
 * digits at least: "512 B/s", "1.50 KiB/s", "2.99 GiB/s", "1023 MiB/s". NAN is
 * "-", infinity "inf EiB/s".
 */
char *units_rate(char *buf, size_t size, double bytes_per_s);

/* A value in a unit of summary.csv: "ns" as a time, "bool" as yes or no, "1/s"
 * as "4.20e4/s", "B/s" as "2.99 GiB/s", the rest as counts. */
char *units_value(char *buf, size_t size, const char *unit, double value);

/*
 * Readers take the whole text or nothing: no blanks, signs, exponents or hex.
 * They return 0, or -1 and leave the result alone if the text is anything else
 * or the value is too large. Units are spelled as shown, case included.
 */

/* Seconds from "180s", "5m", "250ms", "1.5h" or a plain number of seconds. */
int units_parse_duration(const char *text, double *seconds);

/*
 * A fraction from "2%" or "0.02", both 0.02. A plain number of 1 or more is
 * refused, since "2" is more likely to mean 2 % than 200 %; "200%" is fine.
 */
int units_parse_percent(const char *text, double *fraction);

/* Bytes from "4096", "4096B", "64KiB", "1MiB", "1GiB", TiB, PiB, EiB. */
int units_parse_bytes(const char *text, uint64_t *bytes);

/* Decimal digits and nothing else, 0 to 2^64 - 1. */
int units_parse_u64(const char *text, uint64_t *value);

#endif
