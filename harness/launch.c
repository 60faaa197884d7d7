/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts invocations: from the program as it was when the run began, whatever
 * stands in its place by now, and whichever of the kernel's ways is allowed. */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void look(struct launch_file *file)
{
	file->there = !stat(file->path, &file->was);
}

int launch_open(struct launcher *l, bool emulated)
{
	char *self = l->self.path, *slash;
	ssize_t length =
		readlink("/proc/self/exe", self, sizeof(l->self.path) - 1);
	int fd;

	if (length < 0)
		return -1;
	self[length] = '\0';
	slash = strrchr(self, '/');
	for (int i = 0; i < LAUNCH_HELPERS; i++) {
		snprintf(l->helper[i].path, sizeof(l->helper[i].path),
			 "%.*s/handoff-child%s", (int)(slash - self), self,
			 i ? "-dynamic" : "");
		look(&l->helper[i]);
	}
	look(&l->self);
	l->from[0] = '\0';
	if (emulated)
		return 0;
	fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -1;
	snprintf(l->from, sizeof(l->from), "/proc/self/fd/%d", fd);
	return 0;
}

static int spawn(const char *path, char *const argv[], pid_t *pid)
{
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	int error;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
						POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	error = posix_spawn(pid, path, NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	return error;
}

/* glibc's posix_spawn() uses clone3() and does without only where the kernel
 * has not got it (ENOSYS); filters older than clone3() say EPERM. Its fork()
 * uses clone(). */
static int fork_exec(const char *path, char *const argv[], pid_t *pid,
		     int *error)
{
	sigset_t none;

	*pid = fork();
	if (*pid < 0)
		return errno;
	if (*pid) {
		setpgid(*pid, *pid); /* whoever comes first */
		return 0;
	}
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(path, argv, environ);
	*error = errno;
	_exit(127);
}

static int start_once(const char *path, char *const argv[], pid_t *pid,
		      int *error)
{
	int result = spawn(path, argv, pid);

	return result == EPERM || result == ENOSYS ?
		       fork_exec(path, argv, pid, error) :
		       result;
}

pid_t launch_start(const struct launcher *l, const char *argument, int fd,
		   int *error)
{
	const char *path = l->from[0] ? l->from : l->self.path;
	char number[16];
	char *argv[] = { (char *)(uintptr_t) "handoff",
			 (char *)(uintptr_t)argument, number, NULL };
	pid_t pid = -1;

	snprintf(number, sizeof(number), "%d", fd);
	errno = start_once(path, argv, &pid, error);
	return errno ? -1 : pid;
}

static bool is_same(const struct launch_file *file)
{
	const struct stat *was = &file->was;
	struct stat is;

	if (stat(file->path, &is))
		return !file->there;
	return file->there && is.st_dev == was->st_dev &&
	       is.st_ino == was->st_ino && is.st_size == was->st_size &&
	       is.st_mtim.tv_sec == was->st_mtim.tv_sec &&
	       is.st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

const char *launch_changed(const struct launcher *l, bool helpers)
{
	if (!l->from[0] && !is_same(&l->self))
		return l->self.path;
	for (int i = 0; helpers && i < LAUNCH_HELPERS; i++)
		if (!is_same(&l->helper[i]))
			return l->helper[i].path;
	return NULL;
}
