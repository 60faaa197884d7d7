/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which bytes are a character of text that others will read. */
#ifndef HANDOFF_UTF8_H
#define HANDOFF_UTF8_H

#include <stddef.h>

/* Bytes of the UTF-8 character at text; 0: none begins there, or one that no
 * text has: a surrogate, U+FFFE and its like, U+007F … U+009F. C0 controls
 * count as characters: each format has its own way with them. */
size_t utf8_length(const char *text);

#endif
