/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each invocation of a run as it ends, in a file that only grows: what is left
 * of a run that was killed. */
#ifndef HANDOFF_JOURNAL_H
#define HANDOFF_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "lookup.h"
#include "results.h"

/*
 * A CSV file of the run's directory, there while the run lasts. It begins with
 * what rows depend on beside invocations (kind `run`, a fact each), then the
 * cases (`case`), then `begin`; each invocation is a row `invocation`, a row
 * for each `metric`, with its histogram, and `call`, and `end`. One that is not
 * ended was being written. Numbers have as many digits as they need.
 */
#define JOURNAL_NAME "journal.csv"

struct journal;

/* Begins one in a directory. aa: of an A/A run. NULL and errno: EEXIST where
 * there is one. */
struct journal *journal_create(int dir_fd, const struct results *results,
			       bool aa);

/*
 * Adds what results_add() is given. gap_ns: the longest gap seen before the
 * block, or NAN. 0, or -1 and errno: nothing is added to it from now on, and
 * what was is whole.
 */
int journal_add(struct journal *journal, size_t index,
		const struct invocation *inv, size_t block, size_t order,
		int arm, double gap_ns);

/* Whether it has all it was given. */
bool journal_is_whole(const struct journal *journal);

/* Writes all of it anew into another directory, where its own was removed. 0,
 * or -1 and errno. */
int journal_move(struct journal *journal, int dir_fd);

/* Closes and frees it; remove: and removes the file. NULL is fine. */
void journal_close(struct journal *journal, bool remove);

/* ------------------------------------------------------------ read back */

struct journal_case;

/* What a journal holds. */
struct journal_run {
	struct results results;
	struct test_case *cases; /* of results */
	struct journal_case **made;
	size_t count; /* of both */
	struct lookup texts;
	bool aa;
	size_t invocations;
	/* "path:line: what is wrong" where it cannot be read to its end, as a
	 * run's that was killed while writing cannot; else "" */
	char cut[4096 + 512];
};

/*
 * Reads the journal in dir, as far as it is whole, without needing the benches
 * or the machine of the run. 0, or -1 with one line in err: there is none, or
 * it ends before the run began.
 */
int journal_read(struct journal_run *run, const char *dir, char *err,
		 size_t size);
void journal_free(struct journal_run *run);

#endif
