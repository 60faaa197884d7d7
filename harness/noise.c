/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence of noise that does not come from the samples: the kernel's books of
 * each PU, and gaps that a spinning thread sees. */
#include "noise.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "topo.h"

static bool among(const int *pu, size_t count, int one)
{
	for (size_t i = 0; i < count; i++)
		if (pu[i] == one)
			return true;
	return false;
}

/* One PU's line: "cpu3 user nice system idle iowait irq softirq steal …". False
 * where it is none; a kernel that hides the times writes zeroes, idle too. */
static bool read_times(const char *line, int *pu, struct noise_books *books)
{
	double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
	unsigned long long t[8] = { 0 }, all = 0;

	if (sscanf(line, "cpu%d %llu %llu %llu %llu %llu %llu %llu %llu", pu,
		   &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) < 9)
		return false;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		all += t[i];
	if (!all || !(tick_s > 0))
		return false;
	books->busy_s = (double)(t[0] + t[1] + t[2] + t[5] + t[6]) * tick_s;
	books->steal_s = (double)t[7] * tick_s;
	return true;
}

/* NULL, or why the times of some PU are not known. */
static const char *read_stat(const char *root, const int *pu, size_t count,
			     struct noise_books *books)
{
	FILE *file = files_open(root, "/proc/stat");
	char *line = NULL;
	size_t room = 0, found = 0;
	bool broken;

	if (!file)
		return strerror(errno);
	while (getline(&line, &room, file) > 0) {
		struct noise_books one;
		int cpu;

		if (!read_times(line, &cpu, &one) || !among(pu, count, cpu))
			continue;
		books->busy_s += one.busy_s;
		books->steal_s += one.steal_s;
		found++;
	}
	broken = ferror(file);
	free(line);
	fclose(file);
	if (broken)
		return "it cannot be read to its end";
	return found == count ? NULL : "it has no times of some PU";
}

/* The header names the PU of each column: they are not numbered 0, 1, 2 …
 * where some are offline. NULL: no memory. */
static bool *read_columns(char *line, const int *pu, size_t count,
			  size_t *columns)
{
	bool *wanted = malloc(strlen(line) / strlen("CPU") + 1);

	*columns = 0;
	for (char *at = strstr(line, "CPU"); wanted && at;
	     at = strstr(at + 3, "CPU"))
		wanted[(*columns)++] = among(pu, count, atoi(at + 3));
	return wanted;
}

/* A line's interrupts on the PUs wanted: "24:  5  6  name"; lines that are no
 * PU's ("ERR:  0") have fewer columns. */
static double add_line(const char *line, const bool *wanted, size_t columns)
{
	const char *at = strchr(line, ':');
	double sum = 0;

	for (size_t c = 0; at && c < columns; c++) {
		char *end;
		unsigned long long n = strtoull(++at, &end, 10);

		if (end == at)
			break;
		if (wanted[c])
			sum += (double)n;
		at = end;
	}
	return sum;
}

/* Of all those PUs, or NAN. */
static double read_interrupts(const char *root, const int *pu, size_t count)
{
	FILE *file = files_open(root, "/proc/interrupts");
	size_t room = 0, columns = 0, found = 0;
	bool *wanted = NULL;
	char *line = NULL;
	double sum = 0;

	if (!file)
		return NAN;
	if (getline(&line, &room, file) > 0)
		wanted = read_columns(line, pu, count, &columns);
	for (size_t c = 0; c < columns; c++)
		found += wanted[c];
	while (wanted && getline(&line, &room, file) > 0)
		sum += add_line(line, wanted, columns);
	if (ferror(file) || found != count)
		sum = NAN;
	free(wanted);
	free(line);
	fclose(file);
	return sum;
}

void noise_read_books(const char *root, const int *pu, size_t count,
		      struct noise_books *books, char *why)
{
	const char *lack;

	*books = (struct noise_books){ 0 };
	if (why)
		*why = '\0';
	if (!count)
		return;
	lack = read_stat(root, pu, count, books);
	if (lack)
		books->busy_s = books->steal_s = NAN;
	if (lack && why)
		snprintf(why, NOISE_WHY, "/proc/stat: %s", lack);
	books->interrupts = read_interrupts(root, pu, count);
}

struct noise_books noise_growth(const struct noise_books *before,
				const struct noise_books *after)
{
	return (struct noise_books){
		.busy_s = after->busy_s - before->busy_s,
		.steal_s = after->steal_s - before->steal_s,
		.interrupts = after->interrupts - before->interrupts,
	};
}

struct spinner {
	pthread_t thread;
	const struct clock *clock;
	double ns;
	struct noise_gaps *gaps;
};

static void *spin(void *arg)
{
	struct spinner *s = arg;
	struct noise_gaps *g = s->gaps;
	uint64_t start, last, now;
	double lost = 0;

	if (topo_bind(g->pu)) {
		g->longest_ns = g->lost_share = NAN;
		return NULL;
	}
	start = last = clock_now();
	do {
		now = clock_now();
		double gap = clock_diff_ns(s->clock, last, now);

		last = now;
		if (gap < 1000)
			continue;
		lost += gap;
		g->over_10us += gap > 10000;
		if (gap > g->longest_ns)
			g->longest_ns = gap;
	} while (clock_diff_ns(s->clock, start, now) < s->ns);
	g->lost_share = lost / clock_diff_ns(s->clock, start, now);
	return NULL;
}

int noise_find_gaps(const struct clock *clock, double seconds,
		    struct noise_gaps *gaps, size_t count)
{
	struct spinner *spinner = calloc(count, sizeof(*spinner));
	size_t started = 0;

	if (!spinner)
		return -1;
	clock_use(clock);
	for (; started < count; started++) {
		struct spinner *s = &spinner[started];

		gaps[started].longest_ns = gaps[started].lost_share = 0;
		gaps[started].over_10us = 0;
		s->clock = clock;
		s->ns = seconds * 1e9;
		s->gaps = &gaps[started];
		errno = pthread_create(&s->thread, NULL, spin, s);
		if (errno)
			break;
	}
	for (size_t i = 0; i < started; i++)
		pthread_join(spinner[i].thread, NULL);
	free(spinner);
	return started == count ? 0 : -1;
}
