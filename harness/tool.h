/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outside programs that draw: started without a shell, with an environment of
 * their own, a deadline and a limit on what they write; none outlives us. */
#ifndef HANDOFF_TOOL_H
#define HANDOFF_TOOL_H

#include <stdbool.h>
#include <stddef.h>

enum tool_state {
	TOOL_DONE,       /* exit code 0 */
	TOOL_NOT_THERE,  /* it could not be started */
	TOOL_FAILED,     /* another exit code, or killed */
	TOOL_LATE,       /* not done at the deadline */
	TOOL_TOO_LARGE,  /* wrote more than it may */
	TOOL_INTERRUPTED /* we are to end: see interrupt.h */
};

struct tool {
	const char *const *argv; /* argv[0] is looked for in PATH */
	const int *fd;           /* opened by it as /proc/self/fd/3, 4, ... */
	size_t fds;              /* at most TOOL_FDS */

	/* what came of it; the texts end with '\0' and are malloc'd */
	enum tool_state state;
	char *output; /* stdout; NULL unless done */
	size_t size;
	char *said;    /* the beginning of stderr, fit for a terminal */
	char why[256]; /* one line, unless done */
};

enum { TOOL_FDS = 4 };

/* The path of fd[i] to the program. */
#define TOOL_FD_PATH "/proc/self/fd/%d"
enum { TOOL_FD_FIRST = 3 };

/*
 * Runs `count` (at most TOOL_MOST) side by side and waits for all. Each has
 * /dev/null as stdin, PATH, LC_ALL=C.UTF-8, where fonts are and no HOME; and
 * so many seconds (HANDOFF_TOOL_SECONDS, or TOOL_SECONDS) and bytes of stdout
 * (TOOL_OUTPUT_MAX). Whatever is left of them afterwards is killed. Whether all
 * are done.
 */
enum { TOOL_MOST = 4, TOOL_SECONDS = 60 };
#define TOOL_OUTPUT_MAX ((size_t)64 << 20)
bool tool_run(struct tool *tool, size_t count);

/* Refuses, with exit 2, a HANDOFF_TOOL_SECONDS that says no time: before hours
 * of measuring, not after. */
void tool_check(void);

/* Frees what came of it. */
void tool_free(struct tool *tool);

/* Whether the file is a regular one of at most `most` bytes, which neither
 * blocks nor never ends: a descriptor of it, to be read from its beginning, or
 * -1 and errno (EINVAL: no such file; EFBIG). */
int tool_open_regular(const char *path, size_t most);

#endif
