/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small text files in which a kernel tells of itself, and their lines. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int files_path(char full[PATH_MAX], const char *root, const char *path)
{
	int n = snprintf(full, PATH_MAX, "%s%s", root, path);

	return n >= 0 && n < PATH_MAX ? 0 : ENAMETOOLONG;
}

int files_read(const char *root, const char *path, char *buf, size_t size)
{
	char full[PATH_MAX];
	size_t len = 0;
	int err, fd;

	*buf = '\0';
	err = files_path(full, root, path);
	if (err)
		return err;
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno;
	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = errno;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	if (err)
		len = 0;
	for (size_t i = 0; i < len; i++)
		if (!buf[i])
			buf[i] = '\n';
	buf[len] = '\0';
	return err;
}

FILE *files_open(const char *root, const char *path)
{
	char full[PATH_MAX];

	errno = files_path(full, root, path);
	return errno ? NULL : fopen(full, "re");
}

int files_open_regular(int at, const char *path, uint64_t most)
{
	int fd = openat(at, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int error;

	if (fd < 0) {
		/* a socket's file cannot be opened at all */
		errno = errno == ENXIO ? EINVAL : errno;
		return -1;
	}
	if (fstat(fd, &st))
		error = errno;
	else if (!S_ISREG(st.st_mode))
		error = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	else
		error = (uint64_t)st.st_size > most ? EFBIG : 0;
	if (!error)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

bool files_exist(const char *root, const char *path)
{
	char full[PATH_MAX];

	return !files_path(full, root, path) && !access(full, F_OK);
}

int files_key(const char *root, const char *path, const char *key, char *buf,
	      size_t size)
{
	FILE *file = files_open(root, path);
	char *line = NULL, *found, *value;
	size_t room = 0;
	int err = ENOENT;

	*buf = '\0';
	if (!file)
		return errno;
	while (err && getline(&line, &room, file) >= 0) {
		if (files_split(line, &found, &value) && !strcmp(found, key)) {
			snprintf(buf, size, "%s", value);
			err = 0;
		}
	}
	if (err && ferror(file))
		err = EIO;
	free(line);
	fclose(file);
	return err;
}

bool files_split(char *line, char **key, char **value)
{
	char *at = line + strcspn(line, ":=");
	size_t len;

	if (!*at)
		at = line + strcspn(line, " \t");
	if (!*at)
		return false;
	*at = '\0';
	*key = files_trim(line);
	*value = files_trim(at + 1);
	len = strlen(*value);
	if (len >= 2 && strchr("\"'", **value) &&
	    (*value)[len - 1] == **value) {
		(*value)[len - 1] = '\0';
		++*value;
	}
	return true;
}

char *files_trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r\n");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r\n", end[-1]))
		end--;
	*end = '\0';
	return s;
}
