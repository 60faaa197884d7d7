/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fuzz targets share: what must hold, and a file or a directory that holds
 * the input. */
#ifndef HANDOFF_TESTS_FUZZ_H
#define HANDOFF_TESTS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, for the fuzzer to see. */
static inline void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

/* "PATH:LINE: text", on one line. */
static inline void check_error(const char *path, const char *err)
{
	size_t length = strlen(path);
	char *end;

	must(!strncmp(err, path, length) && err[length] == ':',
	     "an error names the file");
	must(strtol(err + length + 1, &end, 10) > 0 && *end == ':',
	     "an error names the line");
	must(!strchr(err, '\n'), "an error is one line");
}

/* Of an input that was read. */
static inline void check_whole(const uint8_t *data, size_t size)
{
	must(size && data[size - 1] == '\n', "a file that is cut is refused");
}

/* A path of the input, until the next call; in memory, for speed. */
static inline const char *fuzz_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	must(fd >= 0 && !ftruncate(fd, 0) &&
		     pwrite(fd, data, size, 0) == (ssize_t)size,
	     "the input can be laid down");
	return path;
}

static char fuzz_run[] = "/tmp/handoff-fuzz-XXXXXX", fuzz_path[64];

static inline void fuzz_leave(void)
{
	unlink(fuzz_path);
	rmdir(fuzz_run);
}

/* A directory where a file of that name is the input: fuzz_run, and fuzz_path
 * is the file. */
static inline void fuzz_enter(const char *name, const uint8_t *data,
			      size_t size)
{
	const char *file = fuzz_file(data, size);

	if (fuzz_path[0])
		return;
	must(mkdtemp(fuzz_run) != NULL, "a directory can be made");
	snprintf(fuzz_path, sizeof(fuzz_path), "%s/%s", fuzz_run, name);
	must(!symlink(file, fuzz_path), "the input can be linked to");
	atexit(fuzz_leave);
}

#endif
