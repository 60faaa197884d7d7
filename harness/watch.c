/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second of looking at the machine: who uses its CPUs, and how long a
 * thread that spins on each PU is kept from it. */
#include "watch.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cpulist.h"
#include "topo.h"

enum {
	LOOK_MS = 10,   /* between looks at what is runnable */
	MOST_SHOWN = 3, /* users of the CPUs */
};

/* Where facts go. */
struct sink {
	env_emit *emit;
	void *ctx;
};

/* What is not known is no fact. */
static void number_fact(const struct sink *to, const char *name, double value)
{
	char text[64];

	if (isnan(value))
		return;
	snprintf(text, sizeof(text), "%.6g", value);
	to->emit(to->ctx, name, text, "measured");
}

/* What a process has used so far. */
struct use {
	int pid;
	unsigned long long start, ticks;
	char name[20];
};

struct uses {
	struct use *all;
	size_t count, room;
};

static bool use_read(const char *pid, struct use *use)
{
	char path[64], line[1024], *name, *end;
	unsigned long long user, system;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	len = fread(line, 1, sizeof(line) - 1, file);
	fclose(file);
	line[len] = '\0';
	/* A name may hold blanks and parentheses: the last one ends it. */
	name = strchr(line, '(');
	end = strrchr(line, ')');
	if (!name || !end ||
	    sscanf(end + 1,
		   "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %*s "
		   "%*s %*s %*s %*s %*s %llu",
		   &user, &system, &use->start) != 3)
		return false;
	*end = '\0';
	use->pid = atoi(pid);
	use->ticks = user + system;
	snprintf(use->name, sizeof(use->name), "%s", name + 1);
	for (char *c = use->name; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	return true;
}

static int make_room(struct uses *uses)
{
	size_t more = uses->room ? 2 * uses->room : 256;
	struct use *larger = realloc(uses->all, more * sizeof(*larger));

	if (!larger)
		return -1;
	uses->all = larger;
	uses->room = more;
	return 0;
}

static void uses_read(struct uses *uses)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	*uses = (struct uses){ 0 };
	while (proc && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)*entry->d_name) ||
		    atoi(entry->d_name) == getpid())
			continue;
		if (uses->count == uses->room && make_room(uses))
			break;
		if (use_read(entry->d_name, &uses->all[uses->count]))
			uses->count++;
	}
	if (proc)
		closedir(proc);
}

static int by_pid(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int by_ticks(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	return (x->ticks < y->ticks) - (x->ticks > y->ticks);
}

/* Emits who used most between before and after, of which only the difference
 * stays; what began and ended between is not seen. */
static void emit_top(const struct sink *to, struct uses *before,
		     struct uses *after, double seconds)
{
	double tick_s = 1 / (double)sysconf(_SC_CLK_TCK);
	unsigned long long seen = 0;
	char text[256] = "";

	if (before->count)
		qsort(before->all, before->count, sizeof(*before->all), by_pid);
	for (size_t i = 0; i < after->count; i++) {
		struct use *now = &after->all[i], *old = NULL;

		if (before->count)
			old = bsearch(now, before->all, before->count,
				      sizeof(*now), by_pid);
		if (old && old->start == now->start)
			now->ticks -= old->ticks < now->ticks ? old->ticks :
								now->ticks;
		seen += now->ticks;
	}
	if (after->count)
		qsort(after->all, after->count, sizeof(*after->all), by_ticks);
	for (size_t i = 0; i < after->count && i < MOST_SHOWN; i++) {
		const struct use *use = &after->all[i];
		double share = (double)use->ticks * tick_s / seconds;

		if (!i)
			number_fact(to, "doctor.top_share", share);
		if (use->ticks)
			snprintf(text + strlen(text),
				 sizeof(text) - strlen(text),
				 "%s%s (pid %d) %.0f %%", i ? ", " : "",
				 use->name, use->pid, share * 100);
	}
	to->emit(to->ctx, "doctor.top", text, "/proc/*/stat");
	number_fact(to, "doctor.seen_pus", (double)seen * tick_s / seconds);
}

static double runnable_now(void)
{
	FILE *file = fopen("/proc/stat", "re");
	char *line = NULL;
	size_t room = 0;
	double n = NAN;

	while (file && isnan(n) && getline(&line, &room, file) >= 0)
		if (sscanf(line, "procs_running %lf", &n) != 1)
			n = NAN;
	free(line);
	if (file)
		fclose(file);
	return n - 1; /* we */
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Before the PUs are spun on: there, looking would itself be a gap. */
static void emit_runnable(const struct sink *to)
{
	const struct timespec wait = { .tv_nsec = LOOK_MS * 1000000L };
	double looks[WATCH_LOOKS];

	for (int i = 0; i < WATCH_LOOKS; i++) {
		looks[i] = runnable_now();
		if (isnan(looks[i]))
			return;
		nanosleep(&wait, NULL);
	}
	qsort(looks, WATCH_LOOKS, sizeof(*looks), by_value);
	number_fact(to, "doctor.runnable", looks[WATCH_LOOKS / 2]);
}

static bool is_watched(const struct watch *w, int pu)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->gaps[i].pu == pu)
			return true;
	return false;
}

/* Adds a PU's siblings that we do not spin on; true where it has any. */
static bool add_siblings(struct watch *w, int pu)
{
	const size_t room = sizeof(w->siblings) / sizeof(*w->siblings);
	char path[128], text[256] = "";
	const char *list = text;
	unsigned long first, last;
	FILE *file;

	snprintf(path, sizeof(path),
		 "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
		 pu);
	file = fopen(path, "re");
	if (file && !fgets(text, sizeof(text), file))
		*text = '\0';
	if (file)
		fclose(file);
	while (cpulist_next(&list, &first, &last))
		for (; first <= last && w->sibling_count < room; first++)
			if (!is_watched(w, (int)first))
				w->siblings[w->sibling_count++] = (int)first;
	return cpulist_count(text) > 1;
}

/* Others' work on siblings: what the books say where we do not run, and what
 * they took from us where we do. */
static void emit_siblings(const struct sink *to, struct watch *w,
			  const struct noise_books *before, double seconds)
{
	struct noise_books after;
	double busy;

	noise_read_books("", w->siblings, w->sibling_count, &after, NULL);
	busy = (after.busy_s - before->busy_s) / seconds;
	for (size_t i = 0; i < w->count; i++)
		if (add_siblings(w, w->gaps[i].pu) &&
		    w->gaps[i].lost_share >= WATCH_USER_SHARE)
			busy += w->gaps[i].lost_share;
	number_fact(to, "doctor.busy_siblings", busy);
}

/* NAN: the kernel refuses. */
static double seconds_of(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t))
		return NAN;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void watch_machine(const struct clock *clock, env_emit *emit, void *ctx,
		   struct watch *w)
{
	const struct sink sink = { emit, ctx }, *to = &sink;
	struct noise_books books;
	struct uses before, after;
	double start, cpu, seconds, worst_ns = NAN, worst_share = NAN;

	for (size_t i = 0; i < topo_pu_count() && i < WATCH_PUS; i++)
		w->gaps[w->count++].pu = topo_pu(i);
	for (size_t i = 0; i < w->count; i++)
		add_siblings(w, w->gaps[i].pu);

	emit_runnable(to);
	noise_read_books("", w->siblings, w->sibling_count, &books, NULL);
	uses_read(&before);
	env_changing("", "before", emit, ctx);
	start = seconds_of(CLOCK_MONOTONIC);
	cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
	if (noise_find_gaps(clock, 1, w->gaps, w->count))
		w->count = 0;
	env_changing("", "after", emit, ctx);
	cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	seconds = seconds_of(CLOCK_MONOTONIC) - start;
	uses_read(&after);

	number_fact(to, "doctor.elapsed_s", seconds);
	number_fact(to, "doctor.own_cpu_s", cpu);
	emit_top(to, &before, &after, seconds);
	emit_siblings(to, w, &books, seconds);
	for (size_t i = 0; i < w->count; i++) {
		worst_ns = fmax(worst_ns, w->gaps[i].longest_ns);
		worst_share = fmax(worst_share, w->gaps[i].lost_share);
	}
	if (!isnan(worst_ns)) {
		number_fact(to, "doctor.gap_ns", worst_ns);
		number_fact(to, "doctor.lost_share", worst_share);
	}
	free(before.all);
	free(after.all);
}
