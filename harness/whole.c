/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that is written whole or not at all: under a temporary name beside
 * its own, which it is given once all of it is there. */
#include "whole.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct whole {
	int dir, fd; /* where the file is made, and the temporary; or -1 */
	FILE *file;  /* NULL once it has ended */
	char *name, *temporary;
	int error; /* the first errno, 0 if none */
};

static void note(struct whole *whole, int error)
{
	if (!whole->error)
		whole->error = error;
}

/* stdio would forget which error it was that a write met. */
static ssize_t write_all(void *cookie, const char *text, size_t size)
{
	struct whole *whole = cookie;
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(whole->fd, text + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			note(whole, n ? errno : EIO);
			return 0;
		}
		done += (size_t)n;
	}
	return (ssize_t)size;
}

static int close_file(void *cookie)
{
	struct whole *whole = cookie;
	int result = close(whole->fd);

	whole->fd = -1;
	if (result)
		note(whole, errno);
	return result;
}

static void release(struct whole *whole)
{
	int error = errno;

	if (whole->file)
		fclose(whole->file);
	if (whole->dir >= 0)
		close(whole->dir);
	free(whole->temporary);
	free(whole->name);
	free(whole);
	errno = error;
}

static int open_below(int at, const char *name)
{
	int fd =
		openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int error = errno;

	close(at);
	errno = error;
	return fd;
}

/* The directory of dir/name, whose last part is left in *name. */
static int open_directory(const char *dir, const char **name)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	while (fd >= 0 && (slash = strchr(*name, '/'))) {
		char part[NAME_MAX + 1];

		snprintf(part, sizeof(part), "%.*s", (int)(slash - *name),
			 *name);
		fd = open_below(fd, part);
		*name = slash + 1;
	}
	return fd;
}

static int refuse_special(int dir, const char *name)
{
	struct stat st;

	if (!*name) {
		errno = EISDIR;
		return -1;
	}
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
		return 0;
	errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	return -1;
}

/* mkstemp() would leave a file that only its owner can read. */
static int create_temporary(struct whole *whole)
{
	int fd = -1;

	for (unsigned int i = 0; i < 1000; i++) {
		free(whole->temporary);
		if (asprintf(&whole->temporary, "%s.%ld-%u.tmp", whole->name,
			     (long)getpid(), i) < 0) {
			whole->temporary = NULL;
			errno = ENOMEM;
			return -1;
		}
		fd = openat(whole->dir, whole->temporary,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				    O_CLOEXEC,
			    0666);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	return fd;
}

static int open_temporary(struct whole *whole)
{
	const cookie_io_functions_t io = { .write = write_all,
					   .close = close_file };
	int error;

	whole->fd = create_temporary(whole);
	if (whole->fd < 0)
		return -1;
	whole->file = fopencookie(whole, "w", io);
	if (whole->file)
		return 0;
	error = errno;
	close(whole->fd);
	unlinkat(whole->dir, whole->temporary, 0);
	errno = error;
	return -1;
}

struct whole *whole_begin(const char *dir, const char *name)
{
	struct whole *whole = calloc(1, sizeof(*whole));

	if (!whole)
		return NULL;
	whole->dir = open_directory(dir, &name);
	if (whole->dir >= 0 && !refuse_special(whole->dir, name)) {
		whole->name = strdup(name);
		if (whole->name && !open_temporary(whole))
			return whole;
	}
	release(whole);
	return NULL;
}

struct whole *whole_begin_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct whole *whole;
	char *dir;

	if (!slash)
		return whole_begin(".", path);
	dir = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!dir)
		return NULL;
	whole = whole_begin(dir, slash + 1);
	free(dir);
	return whole;
}

FILE *whole_file(struct whole *whole)
{
	return whole->file;
}

int whole_end(struct whole *whole)
{
	if (whole->file && fclose(whole->file))
		note(whole, errno ? errno : EIO);
	whole->file = NULL;
	errno = whole->error;
	return errno ? -1 : 0;
}

int whole_name(struct whole *whole)
{
	if (whole_end(whole) ||
	    renameat(whole->dir, whole->temporary, whole->dir, whole->name)) {
		whole_drop(whole);
		return -1;
	}
	release(whole);
	return 0;
}

void whole_drop(struct whole *whole)
{
	int error = errno;

	if (!whole)
		return;
	unlinkat(whole->dir, whole->temporary, 0);
	release(whole);
	errno = error;
}

/* "NAME.<pid>-<n>.tmp" */
static bool is_temporary(const char *name)
{
	static const char digits[] = "0123456789", end[] = ".tmp";
	size_t length = strlen(name);
	const char *at;

	if (length < sizeof(end) || strcmp(name + length - 4, end))
		return false;
	at = memrchr(name, '.', length - 4);
	if (!at || at == name || !strspn(at + 1, digits))
		return false;
	at += 1 + strspn(at + 1, digits);
	return *at == '-' && strspn(at + 1, digits) &&
	       at + 1 + strspn(at + 1, digits) == name + length - 4;
}

void whole_sweep(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (is_temporary(entry->d_name))
			unlinkat(fd, entry->d_name, 0);
	closedir(dir);
}
