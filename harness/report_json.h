/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run as JSON in the schema of Google Benchmark, for the tools that read it.
 */
#ifndef HANDOFF_REPORT_JSON_H
#define HANDOFF_REPORT_JSON_H

#include <stdio.h>

/*
 * Prints the run in dir: an entry for each timed invocation of each case and
 * metric that is a time (run_type "iteration", name "CASE/METRIC"), and one for
 * their median (run_type "aggregate", name "CASE/METRIC_median") with its 95 %
 * interval as ci_low and ci_high and the case's counts as counters. Times in
 * ns. cpu_time is real_time times the processors that all parties used while it
 * was timed, 0 where that is not known. Cases without a number are left out,
 * which is said on stderr. An exit code: 0, or 2 where dir is not a run that
 * can be read.
 */
int report_json(const char *dir, FILE *out);

#endif
