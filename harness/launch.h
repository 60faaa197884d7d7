/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts invocations: from the program as it was when the run began, whatever
 * stands in its place by now, and whichever of the kernel's ways is allowed. */
#ifndef HANDOFF_LAUNCH_H
#define HANDOFF_LAUNCH_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

enum { LAUNCH_HELPERS = 2 };

/* A file as it was found first. */
struct launch_file {
	char path[PATH_MAX + 32];
	struct stat was;
	bool there;
};

struct launcher {
	struct launch_file self;
	/* the programs that exec'd cases run: static, dynamic. They are run by
	 * their path, whose look-up is part of what is timed. */
	struct launch_file helper[LAUNCH_HELPERS];
	char from[64]; /* the descriptor of the program, as a path; "" where an
			* emulator has to find it by its own */
};

/* Finds them beside the program that runs. 0, or -1 and errno: there is no
 * /proc. */
int launch_open(struct launcher *l, bool emulated);

/*
 * A process of its own group that runs this program with `argument` and the
 * number of fd; no signal is blocked in it, and SIGPIPE does what it does by
 * default. posix_spawn(), or where a filter refuses clone3(), fork(). Returns
 * its id, or -1 and errno. *error, in memory that both share, is what exec said
 * to a forked child, which then exits with 127.
 */
pid_t launch_start(const struct launcher *l, const char *argument, int fd,
		   int *error);

/* The path of what has been replaced or removed since; NULL: nothing that
 * matters for a case that runs helpers, or does not. */
const char *launch_changed(const struct launcher *l, bool helpers);

#endif
