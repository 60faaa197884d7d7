/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare.html: machines or runs side by side, in one page that needs nothing
 * beside it. */
#ifndef HANDOFF_COMPARE_HTML_H
#define HANDOFF_COMPARE_HTML_H

#include <stdio.h>

#include "compare.h"

/* dir: of charts/; charts: those that have been drawn, as compare_print() has
 * them. */
void compare_html_write(const struct comparison *c, const char *dir,
			unsigned charts, FILE *out);

#endif
