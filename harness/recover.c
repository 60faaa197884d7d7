/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run that was cut: its files are made from its journal. */
#include "recover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "journal.h"
#include "results.h"
#include "rundir.h"
#include "whole.h"

/* What cannot be made: bad input where the run has no summary.csv either, else
 * the older one is read. -1. */
static int complain(const char *dir, const char *what)
{
	char summary[PATH_MAX + 16];

	snprintf(summary, sizeof(summary), "%s/summary.csv", dir);
	if (access(summary, F_OK))
		die_usage("%s", what);
	warn("%s", what);
	return -1;
}

/* The files as the run would have written them. 0, or -1 with one line in err.
 */
static int write_files(const struct journal_run *run, const char *dir,
		       char *err, size_t size)
{
	char why[PATH_MAX + 256];

	if (!results_write(&run->results, dir, why, sizeof(why)) &&
	    (!run->aa ||
	     !results_write_noise(&run->results, dir, why, sizeof(why))))
		return 0;
	snprintf(err, size, "%s; what was measured stays in %s/" JOURNAL_NAME,
		 why, dir);
	return -1;
}

static int recover(const char *dir, int dir_fd)
{
	char err[3 * PATH_MAX];
	struct journal_run run;
	int result;

	if (rundir_try(dir)) {
		snprintf(err, sizeof(err),
			 "the run in %s was cut, and nothing can be written "
			 "there (%s): make its files by `handoff report` of a "
			 "copy",
			 dir, strerror(errno));
		return complain(dir, err);
	}
	if (journal_read(&run, dir, err, sizeof(err)))
		return complain(dir, err);
	fprintf(stderr,
		"handoff: the run in %s was cut; %zu invocations read from its "
		"journal\n",
		dir, run.invocations);
	if (run.cut[0])
		warn("%s; what stands before it is taken", run.cut);
	result = write_files(&run, dir, err, sizeof(err));
	journal_free(&run);
	if (result)
		return complain(dir, err);
	unlinkat(dir_fd, JOURNAL_NAME, 0);
	whole_sweep(dir_fd);
	return 0;
}

int recover_run(const char *dir)
{
	char err[PATH_MAX + 128];
	long writer;
	struct stat st;
	int fd, result = 0;

	if (stat(dir, &st) || !S_ISDIR(st.st_mode))
		return 0; /* a file, or none: its reader says so */
	fd = rundir_lock(dir, &writer);
	if (fd >= 0) {
		if (!fstatat(fd, JOURNAL_NAME, &st, AT_SYMLINK_NOFOLLOW))
			result = recover(dir, fd);
		close(fd);
	} else if (writer) {
		snprintf(err, sizeof(err),
			 "%s: a run (process %ld) is writing there: what it "
			 "has left so far is shown",
			 dir, writer);
		complain(dir, err);
	}
	return result;
}
