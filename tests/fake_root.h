/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory that plays a machine's root: a /proc and a /sys made of files. */
#ifndef HANDOFF_TESTS_FAKE_ROOT_H
#define HANDOFF_TESTS_FAKE_ROOT_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Makes an empty one, that anyone may read. 0 or -1. */
static inline int root_make(char root[PATH_MAX])
{
	/* A sign that glob() would read otherwise must not matter. */
	snprintf(root, PATH_MAX, "/tmp/handoff-root[x]*-XXXXXX");
	return mkdtemp(root) ? chmod(root, 0755) : -1;
}

static inline int root_remove_one(const char *path, const struct stat *st,
				  int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int root_remove(const char *root)
{
	return nftw(root, root_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file, and makes the directories above it. */
static inline void root_put_bytes(const char *root, const char *path,
				  const void *bytes, size_t size)
{
	char full[PATH_MAX + 256];
	int fd;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *s = full + strlen(root) + 1; (s = strchr(s, '/')); s++) {
		*s = '\0';
		if (mkdir(full, 0755) && errno != EEXIST)
			fail_msg("mkdir %s: %s", full, strerror(errno));
		*s = '/';
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		fail_msg("open %s: %s", full, strerror(errno));
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static inline void root_put(const char *root, const char *path,
			    const char *text)
{
	root_put_bytes(root, path, text, strlen(text));
}

/* For groups of tests whose state is the root's name alone. */
static inline int root_setup(void **state)
{
	char *root = malloc(PATH_MAX);

	if (!root || root_make(root)) {
		free(root);
		return -1;
	}
	*state = root;
	return 0;
}

static inline int root_teardown(void **state)
{
	int rc = root_remove(*state);

	free(*state);
	return rc;
}

#define IN_ROOT(f) cmocka_unit_test_setup_teardown(f, root_setup, root_teardown)

#endif
