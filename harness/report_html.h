/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.html: a run in one page that needs nothing beside it. */
#ifndef HANDOFF_REPORT_HTML_H
#define HANDOFF_REPORT_HTML_H

#include <stddef.h>
#include <stdio.h>

#include "claims.h"
#include "env_file.h"
#include "summary.h"

struct report_html {
	const char *dir; /* of charts/, topology.xml, invocations.csv,
			  * noise.csv; what is missing there is said */
	const struct summary *summary;
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
