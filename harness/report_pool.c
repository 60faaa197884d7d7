/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One report of several runs of a machine. */
#include "report_pool.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "pool_run.h"
#include "report.h"
#include "rundir.h"

const char *report_pooled(const struct env_file *env, char buf[REPORT_POOLED])
{
	const char *runs = env_file_value(env, "pool.runs");
	size_t used;

	buf[0] = '\0';
	if (!runs)
		return buf;
	snprintf(buf, REPORT_POOLED, "Pooled of %.20s runs: ", runs);
	for (int i = 1; i <= 16; i++) {
		char name[32];
		const char *run;

		snprintf(name, sizeof(name), "pool.run.%d", i);
		run = env_file_value(env, name);
		if (!run)
			break;
		used = strlen(buf);
		snprintf(buf + used, REPORT_POOLED - used, "%s%.31s",
			 i > 1 ? ", " : "", run);
	}
	used = strlen(buf);
	snprintf(
		buf + used, REPORT_POOLED - used,
		". A value is the geometric mean of the runs' medians, and its "
		"interval is over the runs, by t; counts that are the same in "
		"all of them stay as they are, totals are added up. What only "
		"some of them have is marked runs:2/3, and has no interval "
		"where it is one run's.");
	return buf;
}

/* Before anything is printed, and after everything could be read. */
static void make_directory(const char *dir)
{
	static const char *const file[] = { "summary.csv", "env.csv",
					    "invocations.csv" };

	for (size_t i = 0; i < sizeof(file) / sizeof(*file); i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%.4000s/%s", dir, file[i]);
		if (!access(path, F_OK))
			die_usage("%s holds a run already (%s); choose another "
				  "directory with -o",
				  dir, file[i]);
	}
	if (rundir_make(dir) || rundir_try(dir))
		die_usage("%s: cannot be written: %s; choose another "
			  "directory with -o",
			  dir, strerror(errno));
}

static void print_partial(const struct pool_run *pool, FILE *out)
{
	if (!pool->partial)
		return;
	fprintf(out,
		"%zu of %zu metrics of cases are from some of the runs alone, "
		"%zu from one, which has no interval: their flags say runs:…\n",
		pool->partial, pool->summary.count, pool->alone);
}

/* Nothing is known to have changed its meaning, or there were another schema.
 */
static void print_programs(const struct pool_run *pool, FILE *out)
{
	static const char name[] = "handoff.commit";
	const char *first = env_file_value(&pool->env, name);

	for (size_t i = 1; first && i < pool->sources; i++) {
		const struct pool_source *source = &pool->source[i];
		const char *other = env_file_value(&source->env, name);

		if (other && strcmp(other, first))
			fprintf(out, "%s was made by %.64s, and %s by %.64s.\n",
				source->path, other, pool->source[0].path,
				first);
	}
}

static int write_report(const struct pool_run *pool, const char *dir, FILE *out)
{
	char err[PATH_MAX + 256];

	if (pool_run_write(pool, dir, err, sizeof(err))) {
		warn("%s", err);
		return EXIT_CASE_FAILED;
	}
	return report_make(dir, out);
}

static int print_tables(const struct pool_run *pool, FILE *out)
{
	report_print(&pool->summary, &pool->env, out, NULL);
	fputs("\nNothing was written: -o DIR makes a run of them, with "
	      "tables.md, charts and report.html\n",
	      out);
	if (!fflush(out) && !ferror(out))
		return EXIT_DONE;
	warn("standard output: %s", strerror(errno));
	return EXIT_CASE_FAILED;
}

int report_pool(char *const *path, size_t paths, const char *dir, FILE *out)
{
	char err[PATH_MAX + 512], text[REPORT_POOLED];
	struct pool_run pool;
	int result = EXIT_DONE;

	if (pool_run_read(&pool, path, paths, err, sizeof(err)))
		die_usage("%s", err);
	if (dir)
		make_directory(dir);
	fprintf(out, "%s\n", report_pooled(&pool.env, text));
	print_programs(&pool, out);
	print_partial(&pool, out);
	if (!pool.has_histogram)
		fputs("Not all of them have a histogram.csv: there are no "
		      "quantiles.\n",
		      out);
	fputc('\n', out);
	if (dir) {
		result = write_report(&pool, dir, out);
	} else {
		result = print_tables(&pool, out);
	}
	pool_run_free(&pool);
	return result;
}
