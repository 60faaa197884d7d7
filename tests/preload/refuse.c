/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A library to preload that refuses what a kernel, a container or a filter may
 * refuse: by the words of REFUSE, "getrusage,cpu_time,io,io_sometimes,getcpu".
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int refused(const char *what)
{
	const char *words = getenv("REFUSE");
	size_t length = strlen(what);

	for (; words && *words; words += strcspn(words, ",")) {
		words += *words == ',';
		if (!strncmp(words, what, length) && strchr(",", words[length]))
			return 1;
	}
	return 0;
}

int getrusage(__rusage_who_t who, struct rusage *usage)
{
	if (refused("getrusage")) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_getrusage, who, usage);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	if ((id == CLOCK_THREAD_CPUTIME_ID || id == CLOCK_PROCESS_CPUTIME_ID) &&
	    refused("cpu_time")) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_clock_gettime, id, t);
}

int sched_getcpu(void)
{
	unsigned pu;

	if (refused("getcpu")) {
		errno = ENOSYS;
		return -1;
	}
	return syscall(SYS_getcpu, &pu, NULL, NULL) ? -1 : (int)pu;
}

/* Every third reading fails. */
int open(const char *path, int flags, ...)
{
	static _Atomic unsigned times;
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (!strcmp(path, "/proc/thread-self/io") &&
	    (refused("io") || (refused("io_sometimes") &&
			       atomic_fetch_add(&times, 1) % 3 == 2))) {
		errno = EACCES;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
