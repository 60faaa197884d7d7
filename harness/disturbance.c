/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the machine does to a run while it measures: others on its PUs, a quota,
 * heat, PUs taken away; and what of it cannot be told. */
#include "disturbance.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "counts.h"
#include "die.h"
#include "progress.h"

void disturbance_open(struct disturbance *d)
{
	memset(d, 0, sizeof(*d));
	throttle_open(&d->throttle, "", d->quota_why);
	allowed_read(&d->allowed);
}

void disturbance_begin(const struct disturbance *d, const int *pu, size_t count,
		       struct disturbance_mark *mark)
{
	noise_read_books("", pu, count, &mark->books, NULL);
	throttle_read(&d->throttle, pu, count, &mark->throttle);
	mark->own_cpu_s = 1e-9 * counts_family_cpu_ns();
	mark->start_s = progress_seconds();
}

/* The runner's clocks tell what the invocation has used. */
static void say_own_unknown(struct disturbance *d)
{
	enum counts_source source = counts_error(COUNTS_FROM_USAGE) ?
					    COUNTS_FROM_USAGE :
					    COUNTS_FROM_CLOCK;

	snprintf(d->books_why, sizeof(d->books_why), "%s: %s",
		 counts_source_name(source), strerror(counts_error(source)));
}

/* The invocation's own time is that of the processes reaped meanwhile. */
void disturbance_end(struct disturbance *d, const int *pu, size_t count,
		     const struct disturbance_mark *mark,
		     struct invocation *inv)
{
	double own_s = 1e-9 * counts_family_cpu_ns() - mark->own_cpu_s;
	struct noise_books books;
	struct throttle throttle;
	char why[NOISE_WHY];

	inv->wall_s = progress_seconds() - mark->start_s;
	noise_read_books("", pu, count, &books, why);
	throttle_read(&d->throttle, pu, count, &throttle);
	inv->books = noise_growth(&mark->books, &books);
	inv->throttled = throttle_growth(&mark->throttle, &throttle);
	inv->foreign_s = inv->books.busy_s - own_s;
	if (inv->foreign_s < 0)
		inv->foreign_s = 0;
	if (*why)
		snprintf(d->books_why, sizeof(d->books_why), "%s", why);
	else if (isnan(own_s))
		say_own_unknown(d);
}

bool disturbance_moved(struct disturbance *d)
{
	char before[64], after[64];
	struct allowed now;

	if (*d->changed || allowed_read(&now) ||
	    !allowed_differ(&d->allowed, &now))
		return *d->changed;
	snprintf(d->changed, sizeof(d->changed),
		 "the allowed PUs changed from %s to %s during the run",
		 allowed_list(&d->allowed, before, sizeof(before)),
		 allowed_list(&now, after, sizeof(after)));
	return true;
}

/* What sets the quota, as far as it can be seen. */
static const char *quota_path(char path[PATH_MAX])
{
	struct cgroup g;
	char text[64];

	if (cgroup_find("", "cpu", &g) ||
	    cgroup_quota("", &g, path, text, sizeof(text)))
		snprintf(path, PATH_MAX, "cpu.max");
	return path;
}

static void say(const struct disturbance *d, const struct results_noise *n)
{
	char path[PATH_MAX];

	if (n->quota)
		warn("%zu of %zu timed invocations were stopped by the "
		     "cgroup's CPU quota (in %.0f of %.0f periods): they count "
		     "as disturbed; raise %.200s, or run outside that group",
		     n->quota, n->timed, n->stopped, n->periods,
		     quota_path(path));
	if (n->memory_high)
		warn("%zu of %zu timed invocations had to reclaim memory, as "
		     "their cgroup was beyond memory.high: they count as "
		     "disturbed; raise it, or run outside that group",
		     n->memory_high, n->timed);
	if (n->thermal)
		warn("the PUs of %zu of %zu timed invocations were slowed down "
		     "by heat: they count as disturbed; cool the machine, or "
		     "lower its clock",
		     n->thermal, n->timed);
	if (n->unwatched)
		warn("whether others ran on the PUs of %zu of %zu timed "
		     "invocations cannot be told (%s): their rows are flagged "
		     "unwatched",
		     n->unwatched, n->timed,
		     *d->books_why ? d->books_why :
				     "some could not read their own times");
}

void disturbance_conclude(const struct disturbance *d,
			  const struct results *results, struct rundir *dir)
{
	struct results_noise n;

	results_noise(results, &n);
	say(d, &n);
	rundir_note(dir, "noise.timed", n.timed);
	rundir_note(dir, "noise.disturbed", n.disturbed);
	rundir_note(dir, "noise.others", n.others);
	rundir_note(dir, "noise.quota", n.quota);
	rundir_note(dir, "noise.memory_high", n.memory_high);
	rundir_note(dir, "noise.thermal", n.thermal);
	rundir_note(dir, "noise.unwatched", n.unwatched);
	if (n.unwatched)
		rundir_note_text(dir, "noise.unknown",
				 *d->books_why ? d->books_why :
						 "invocations' own times");
	if (*d->quota_why)
		rundir_note_text(dir, "noise.unknown.quota", d->quota_why);
	if (!d->allowed.count)
		rundir_note_text(dir, "noise.unknown.allowed",
				 "sched_getaffinity() is refused");
	if (*d->changed)
		rundir_note_text(dir, "noise.allowed", d->changed);
}
