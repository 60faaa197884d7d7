/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What it means for a case that a system call is refused: which errors say
 * that something is absent or denied, which limit it was, and what to do. */
#include "refusal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "units.h"

/* One error. limit: an RLIMIT_… that may be the reason, with its name, and how
 * a shell raises it; NULL: none. */
static const struct meaning {
	int error;
	enum status status;
	int limit;
	const char *limit_name, *advice;
} meanings[] = {
	{ EPERM, STATUS_DENIED, 0, NULL,
	  "a seccomp filter or another policy refuses it: allow it, or measure "
	  "outside the container" },
	{ EACCES, STATUS_DENIED, 0, NULL,
	  "a policy or permissions refuse it: allow it" },
	{ ENOSYS, STATUS_ABSENT, 0, NULL,
	  "the kernel lacks it, or a seccomp filter hides it" },
	{ EOPNOTSUPP, STATUS_ABSENT, 0, NULL, "this kernel does not offer it" },
	{ EMFILE, STATUS_DENIED, RLIMIT_NOFILE, "RLIMIT_NOFILE",
	  "raise it with ulimit -n" },
	{ ENFILE, STATUS_DENIED, 0, NULL,
	  "the system's limit on open files, fs.file-max: raise it" },
	{ EAGAIN, STATUS_DENIED, RLIMIT_NPROC, "RLIMIT_NPROC",
	  "raise it with ulimit -u; or a limit on threads and processes of the "
	  "cgroup, pids.max, or on memory for their stacks" },
	{ EFBIG, STATUS_DENIED, RLIMIT_FSIZE, "RLIMIT_FSIZE",
	  "raise it with ulimit -f" },
	{ ENOMEM, STATUS_ABSENT, 0, NULL,
	  "no memory left, or a limit on it: ulimit -v, -d, -l" },
	{ ENOSPC, STATUS_ABSENT, 0, NULL,
	  "a limit of the kernel's on how many there may be" },
};

static const struct meaning *find(int error)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (meanings[i].error == error)
			return &meanings[i];
	return NULL;
}

enum status refusal_status(int error)
{
	const struct meaning *m = find(error);

	return m ? m->status : STATUS_FAILED;
}

/* "RLIMIT_NOFILE 64: " or nothing. */
static void say_limit(char *buf, size_t size, const struct meaning *m)
{
	struct rlimit limit;

	buf[0] = '\0';
	if (!m->limit_name || getrlimit((__rlimit_resource_t)m->limit, &limit))
		return;
	if (limit.rlim_cur == RLIM_INFINITY)
		snprintf(buf, size, "%s unlimited: ", m->limit_name);
	else
		snprintf(buf, size, "%s %llu: ", m->limit_name,
			 (unsigned long long)limit.rlim_cur);
}

void refusal_say(char *buf, size_t size, const char *what, int error)
{
	const struct meaning *m = find(error);
	char limit[64];

	if (!m) {
		snprintf(buf, size, "%s: %s", what, strerror(error));
		return;
	}
	say_limit(limit, sizeof(limit), m);
	snprintf(buf, size, "%s: %s (%s%s)", what, strerror(error), limit,
		 m->advice);
}

int refusal_by_signal(char *buf, size_t size, int signal)
{
	struct rlimit limit;

	switch (signal) {
	case SIGSYS:
		snprintf(buf, size,
			 "ended by SIGSYS: a seccomp filter kills who makes a "
			 "system call that it does not allow (the kernel's log "
			 "names it): allow the call, or measure outside the "
			 "container");
		return 1;
	case SIGXFSZ:
		refusal_say(buf, size, "ended by SIGXFSZ", EFBIG);
		return 1;
	case SIGXCPU:
		if (getrlimit(RLIMIT_CPU, &limit))
			limit.rlim_cur = 0;
		snprintf(buf, size,
			 "ended by SIGXCPU: RLIMIT_CPU is %llu s: raise it "
			 "with ulimit -t",
			 (unsigned long long)limit.rlim_cur);
		return 1;
	default:
		return 0;
	}
}

void refusal_blame(struct run *r, int error)
{
	errno = error;
	bench_errno(r, "%s", r->variant->name);
}

int refusal_memory(struct run *r, const char *call, uint64_t bytes)
{
	int error = errno;
	char size[UNITS_SIZE];

	units_bytes(size, sizeof(size), bytes);
	errno = error;
	return bench_errno(r, "%s of %s", call, size);
}
