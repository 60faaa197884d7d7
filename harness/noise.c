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

#include "topo.h"

static bool among(const int *pu, size_t count, int one)
{
	for (size_t i = 0; i < count; i++)
		if (pu[i] == one)
			return true;
	return false;
}

static void read_stat(const int *pu, size_t count, struct noise_books *books)
{
	double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
	FILE *file = fopen("/proc/stat", "re");
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		unsigned long long t[8] = { 0 };
		int cpu;

		if (sscanf(line,
			   "cpu%d %llu %llu %llu %llu %llu %llu %llu %llu",
			   &cpu, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5],
			   &t[6], &t[7]) < 9 ||
		    !among(pu, count, cpu))
			continue;
		/* user nice system idle iowait irq softirq steal */
		books->busy_s +=
			(double)(t[0] + t[1] + t[2] + t[5] + t[6]) * tick_s;
		books->steal_s += (double)t[7] * tick_s;
	}
	if (file)
		fclose(file);
}

/* The header names the PU of each column: they are not numbered 0, 1, 2 …
 * where some are offline. */
static size_t read_columns(char *line, const int *pu, size_t count,
			   bool *wanted, size_t room)
{
	size_t columns = 0;

	for (char *at = strstr(line, "CPU"); at && columns < room;
	     at = strstr(at + 3, "CPU"))
		wanted[columns++] = among(pu, count, atoi(at + 3));
	return columns;
}

static void read_interrupts(const int *pu, size_t count,
			    struct noise_books *books)
{
	enum { MOST = 4096 };
	static bool wanted[MOST];
	FILE *file = fopen("/proc/interrupts", "re");
	size_t room = 0, columns = 0;
	char *line = NULL;

	if (file && getline(&line, &room, file) > 0)
		columns = read_columns(line, pu, count, wanted, MOST);
	while (file && getline(&line, &room, file) > 0) {
		char *at = strchr(line, ':');

		for (size_t c = 0; at && c < columns; c++) {
			char *end;
			unsigned long long n = strtoull(++at, &end, 10);

			if (end == at)
				break;
			if (wanted[c])
				books->interrupts += n;
			at = end;
		}
	}
	free(line);
	if (file)
		fclose(file);
}

void noise_read_books(const int *pu, size_t count, struct noise_books *books)
{
	memset(books, 0, sizeof(*books));
	read_stat(pu, count, books);
	read_interrupts(pu, count, books);
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
