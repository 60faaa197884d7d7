/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.html: a run in one page that needs nothing beside it. */
#ifndef HANDOFF_REPORT_HTML_H
#define HANDOFF_REPORT_HTML_H

#include <stddef.h>
#include <stdio.h>

#include "claims.h"
#include "env_file.h"
#include "summary.h"

enum { REPORT_PUS_MOST = 4096 };

/* What invocations.csv tells of a run as a whole. */
struct report_digest {
	int pu[REPORT_PUS_MOST]; /* that a party ran on, ascending */
	size_t pus, timed, disturbed;
	double longest_gap_ns; /* NAN: not looked at */
	double last_block;
	char last_case[SUMMARY_ID];
};

/* From DIR/invocations.csv, which may be missing. 0, or -1 with one line in
 * err. */
int report_digest_read(struct report_digest *digest, const char *dir,
		       const struct summary *summary, char *err, size_t size);

struct report_html {
	const char *dir; /* of charts/, topology.xml, noise.csv; what is
			  * missing there is said */
	const struct summary *summary;
	const struct summary *cases; /* less what is between every two PUs;
				      * NULL: all */
	const struct report_digest *digest;
	const struct env_file *env;
	const struct claim_line *claim;
	size_t claims;
	const char *tables; /* Markdown of all tables, headings from level 3 */
};

void report_html_write(const struct report_html *report, FILE *out);

/* Parts of it, for pages about more than one run. */

/* env.csv as a folded table. */
void report_html_env(const struct env_file *env, const char *title, FILE *out);
/* What env.csv says can make numbers noisy, by doctor's table of checks. */
void report_html_doctor(const struct env_file *env, FILE *out);

#endif
