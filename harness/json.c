/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What JSON needs of a writer: texts that are whatever somebody put there. */
#include "json.h"

#include "utf8.h"

void json_text(FILE *out, const char *text)
{
	fputc('"', out);
	while (*text) {
		unsigned char c = (unsigned char)*text;
		size_t length = utf8_length(text);

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ')
			fprintf(out, "\\u%04x", c);
		else if (length)
			fwrite(text, 1, length, out);
		else
			fputs("\\ufffd", out);
		text += length ? length : 1;
	}
	fputc('"', out);
}
