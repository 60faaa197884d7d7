/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which bytes are a character of text that others will read. */
#include "utf8.h"

#include <stdint.h>

size_t utf8_length(const char *at)
{
	const unsigned char *text = (const unsigned char *)at;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = text[0] < 0x80 ? 1 :
			text[0] < 0xc2 ? 0 :
			text[0] < 0xe0 ? 2 :
			text[0] < 0xf0 ? 3 :
			text[0] < 0xf5 ? 4 :
					 0;
	uint32_t c = length > 1 ? text[0] & (0xffU >> (length + 1)) : text[0];

	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	/* too long a form, a surrogate, or past the last plane */
	if (length &&
	    (c < least[length] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff))
		return 0;
	/* U+0080 … U+009F, U+FFFE and the like are no text either */
	return (c >= 0x7f && c < 0xa0) || (c & 0xfffe) == 0xfffe ||
			       (c >= 0xfdd0 && c < 0xfdf0) ?
		       0 :
		       length;
}
