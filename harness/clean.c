/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text that a terminal shows as it is: what a file, a name or the environment
 * holds cannot move its cursor or speak to it. */
#include "clean.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

enum { CHARACTER = 4, CHUNK = 4096 };

struct cleaner {
	FILE *to; /* NULL: the descriptor */
	int fd;
	/* the beginning of a character that the next write may go on with */
	char held[CHARACTER + 1];
	size_t count;
};

static int put(const struct cleaner *c, const char *text, size_t size)
{
	if (c->to)
		return fwrite(text, 1, size, c->to) == size ? 0 : -1;
	while (size) {
		ssize_t n = write(c->fd, text, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Bytes of a character that its first byte promises. */
static size_t promised(unsigned char first)
{
	return first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Whether `count` bytes may be the beginning of a longer character. */
static bool is_beginning(const char *text, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return false;
	return (unsigned char)text[0] < 0xf5 &&
	       count < promised((unsigned char)text[0]);
}

/* Takes the first character, or what is none, off the bytes held. */
static void take_first(struct cleaner *c, char *out, size_t *used)
{
	unsigned char first = (unsigned char)c->held[0];
	size_t length = utf8_length(c->held);

	if (!length || (first < ' ' && first != '\n' && first != '\t')) {
		/* U+0080 … U+009F are two bytes and one character */
		length = first == 0xc2 && c->count > 1 &&
					 ((unsigned char)c->held[1] & 0xc0) ==
						 0x80 ?
				 2 :
				 1;
		out[(*used)++] = '?';
	} else {
		memcpy(out + *used, c->held, length);
		*used += length;
	}
	c->count -= length;
	memmove(c->held, c->held + length, c->count + 1);
}

static ssize_t write_clean(void *cookie, const char *text, size_t size)
{
	struct cleaner *c = cookie;
	char out[CHUNK + 2 * CHARACTER];
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		c->held[c->count++] = text[i];
		c->held[c->count] = '\0';
		while (c->count && !is_beginning(c->held, c->count))
			take_first(c, out, &used);
		if (used >= CHUNK || i + 1 == size) {
			if (put(c, out, used))
				return 0;
			used = 0;
		}
	}
	return (ssize_t)size;
}

static int close_clean(void *cookie)
{
	struct cleaner *c = cookie;
	int result = c->count ? put(c, "?", 1) : 0;

	free(c);
	return result;
}

static FILE *open_cleaner(FILE *to, int fd)
{
	const cookie_io_functions_t io = { .write = write_clean,
					   .close = close_clean };
	struct cleaner *c = calloc(1, sizeof(*c));
	FILE *file;

	if (!c)
		return NULL;
	c->to = to;
	c->fd = fd;
	file = fopencookie(c, "w", io);
	if (!file)
		free(c);
	return file;
}

FILE *clean_open(FILE *to)
{
	return open_cleaner(to, -1);
}

void clean_standard_streams(void)
{
	FILE *out = open_cleaner(NULL, STDOUT_FILENO);
	FILE *err = open_cleaner(NULL, STDERR_FILENO);

	if (!out || !err)
		return; /* no memory: what comes next says so */
	setvbuf(out, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
	setvbuf(err, NULL, _IONBF, 0);
	stdout = out;
	stderr = err;
}
