/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many rows the files of a run will have, told before it begins: report and
 * compare read so many only. */
#ifndef HANDOFF_ROW_COUNT_H
#define HANDOFF_ROW_COUNT_H

#include "cases.h"

struct row_count {
	double summary, invocations; /* rows of summary.csv, invocations.csv */
};

struct row_count_options {
	uint64_t invocations; /* timed, of a case */
	int arms;             /* each so many times */
	bool no_counts;
	double budget_s; /* limits invocations, too */
};

/* About: which system calls a case makes by name is not known before, and
 * invocations.csv has less where the budget ends early. */
struct row_count row_count(const struct test_case *cases, size_t count,
			   const struct row_count_options *options);

/* 0, or -1 with one line in err, where they are more than report and compare
 * read. */
int row_count_check(const struct test_case *cases, size_t count,
		    const struct row_count_options *options, char *err,
		    size_t size);

#endif
