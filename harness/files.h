/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small text files in which a kernel tells of itself, and their lines. */
#ifndef HANDOFF_FILES_H
#define HANDOFF_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * root is put before every path: "" on the real machine, a directory with a
 * made-up /proc and /sys in tests.
 */

/* Writes root and path to full. Returns 0 or ENAMETOOLONG. */
int files_path(char full[PATH_MAX], const char *root, const char *path);

/*
 * Reads up to size - 1 bytes of a file, NULs as newlines, without waiting.
 * Returns 0 or an errno, and then buf is "".
 */
int files_read(const char *root, const char *path, char *buf, size_t size);

/* Opens a file for reading lines. Returns NULL with errno set. */
FILE *files_open(const char *root, const char *path);

/*
 * Opens a regular file for reading without waiting for anybody, as opening a
 * FIFO would: a descriptor, or -1 and errno: EISDIR, EINVAL if it is a FIFO, a
 * device or the like, EFBIG if it is larger than `most` bytes. at: as openat()
 * has it.
 */
#define FILES_ANY_SIZE UINT64_MAX
int files_open_regular(int at, const char *path, uint64_t most);

bool files_exist(const char *root, const char *path);

/*
 * Reads the value of the first line with a key, as files_split() sees it.
 * Returns 0 or an errno, ENOENT for no such key, and then buf is "".
 */
int files_key(const char *root, const char *path, const char *key, char *buf,
	      size_t size);

/*
 * Splits "key: value", "key=value" or "key value" in place, taking off the
 * quotes that os-release puts around values. False where there is no value.
 */
bool files_split(char *line, char **key, char **value);

/* Cuts blanks off both ends, in place; where the rest begins. */
char *files_trim(char *s);

#endif
