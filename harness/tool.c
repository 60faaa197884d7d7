/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outside programs that draw: started without a shell, with an environment of
 * their own, a deadline and a limit on what they write; none outlives us. */
#include "tool.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "die.h"
#include "interrupt.h"
#include "units.h"

enum {
	SAID_MAX = 2048, /* of stderr; the rest is read and dropped */
	SAID_ALL_MAX = 16 << 20,
	LOOK_MS = 50 /* how often it is asked whether one has ended */
};

/* Text that arrives by a pipe. */
struct stream {
	int fd; /* -1: it has ended */
	char *text;
	size_t size, room;
};

/* One program while it runs. */
struct child {
	struct tool *tool;
	pid_t pid; /* 0: not, or no longer, there */
	struct stream out, said;
	size_t dropped; /* of stderr */
};

/* ------------------------------------------------------------ environment */

enum { VARIABLES = 8 };

/* What a program is told, and nothing else: settings of the user's would change
 * what is drawn. Fonts' caches stay where they are, or each start reads all
 * fonts again. */
static void make_environment(char **variable)
{
	static const char *const kept[] = { "PATH", "LD_LIBRARY_PATH",
					    "FONTCONFIG_FILE",
					    "FONTCONFIG_PATH",
					    "XDG_CACHE_HOME" };
	const char *home = getenv("HOME");
	size_t count = 0;

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		const char *value = getenv(kept[i]);

		if (value &&
		    asprintf(&variable[count], "%s=%s", kept[i], value) >= 0)
			count++;
	}
	if (!getenv("XDG_CACHE_HOME") && home && *home == '/' &&
	    asprintf(&variable[count], "XDG_CACHE_HOME=%s/.cache", home) >= 0)
		count++;
	if (asprintf(&variable[count], "HOME=/nonexistent") >= 0)
		count++;
	if (asprintf(&variable[count], "LC_ALL=C.UTF-8") >= 0)
		count++;
	variable[count] = NULL;
}

static void free_environment(char **variable)
{
	for (; *variable; variable++)
		free(*variable);
}

static double seconds_allowed(void)
{
	const char *text = getenv("HANDOFF_TOOL_SECONDS");
	double s;

	if (!text || !*text)
		return TOOL_SECONDS;
	if (units_parse_duration(text, &s) || !(s > 0 && s <= 86400))
		die_usage("HANDOFF_TOOL_SECONDS=%.40s: how long gnuplot and "
			  "lstopo may take: give seconds, such as 60",
			  text);
	return s;
}

/* -------------------------------------------------------------- in a child */

/* Ends with errno sent to the parent by `report`. */
static void give_up(int report)
{
	int error = errno;

	if (write(report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* Moves a descriptor out of the way of those that the program shall have. */
static int lift(int fd, int report)
{
	int lifted = fcntl(fd, F_DUPFD_CLOEXEC, TOOL_FD_FIRST + TOOL_FDS);

	if (lifted < 0)
		give_up(report);
	return lifted;
}

static void set_signals(int report)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL))
		give_up(report);
}

static void become(const struct tool *tool, pid_t parent, int out, int said,
		   int report, double seconds, char **environment)
{
	struct rlimit files = { TOOL_OUTPUT_MAX, TOOL_OUTPUT_MAX };
	struct rlimit cpu = { (rlim_t)seconds + 5, (rlim_t)seconds + 5 };
	int fd[TOOL_FDS], null;

	report = lift(report, STDERR_FILENO);
	/* what it starts itself may lose us by this; see the limits */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(126);
	if (setpgid(0, 0))
		give_up(report);
	out = lift(out, report);
	said = lift(said, report);
	for (size_t i = 0; i < tool->fds; i++)
		fd[i] = lift(tool->fd[i], report);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || (null && dup2(null, STDIN_FILENO) < 0) ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0)
		give_up(report);
	for (size_t i = 0; i < tool->fds; i++)
		if (dup2(fd[i], TOOL_FD_FIRST + (int)i) < 0)
			give_up(report);
	setrlimit(RLIMIT_FSIZE, &files);
	setrlimit(RLIMIT_CPU, &cpu);
	set_signals(report);
	environ = environment;
	execvp(tool->argv[0], (char *const *)(uintptr_t)tool->argv);
	give_up(report);
}

/* ------------------------------------------------------------- the parent */

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void end_with(struct child *c, enum tool_state state, const char *format,
		     ...) __attribute__((format(printf, 3, 4)));

/* The first end stays. */
static void end_with(struct child *c, enum tool_state state, const char *format,
		     ...)
{
	va_list args;

	if (c->tool->why[0])
		return;
	c->tool->state = state;
	va_start(args, format);
	vsnprintf(c->tool->why, sizeof(c->tool->why), format, args);
	va_end(args);
}

static void close_pair(int *fd)
{
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

/* errno of the child's that could not become the program; 0: it has. */
static int await_exec(int report)
{
	int error = 0;
	ssize_t got;

	do
		got = read(report, &error, sizeof(error));
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(error) ? error : 0;
}

static void start(struct child *c, double seconds, char **environment)
{
	int out[2] = { -1, -1 }, said[2] = { -1, -1 }, report[2] = { -1, -1 };
	pid_t parent = getpid(), pid = -1;
	int error;

	if (!pipe2(out, O_CLOEXEC) && !pipe2(said, O_CLOEXEC) &&
	    !pipe2(report, O_CLOEXEC))
		pid = fork();
	if (!pid)
		become(c->tool, parent, out[1], said[1], report[1], seconds,
		       environment);
	error = pid < 0 ? errno : 0;
	if (pid > 0) {
		setpgid(pid, pid); /* as it does: whoever comes first */
		close(report[1]);
		report[1] = -1;
		error = await_exec(report[0]);
		c->pid = pid;
	}
	c->out.fd = error ? -1 : out[0];
	c->said.fd = error ? -1 : said[0];
	if (error) {
		end_with(c, TOOL_NOT_THERE, "%s cannot be started: %s",
			 c->tool->argv[0], strerror(error));
	} else {
		fcntl(out[0], F_SETFL, O_NONBLOCK);
		fcntl(said[0], F_SETFL, O_NONBLOCK);
		out[0] = said[0] = -1;
	}
	close_pair(out);
	close_pair(said);
	close_pair(report);
}

static void end_stream(struct stream *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* Takes some of what has come. False: there is no more for now, or ever. */
static bool take_some(struct stream *s)
{
	ssize_t got;

	if (s->size + 1 >= s->room) {
		size_t room = s->room ? 2 * s->room : 64 << 10;
		char *larger = realloc(s->text, room);

		if (!larger)
			die("out of memory for a chart");
		s->text = larger;
		s->room = room;
	}
	got = read(s->fd, s->text + s->size, s->room - s->size - 1);
	if (got < 0)
		return errno == EINTR;
	if (!got) {
		end_stream(s);
		return false;
	}
	s->size += (size_t)got;
	return true;
}

static void take_output(struct child *c)
{
	while (c->out.fd >= 0 && c->out.size <= TOOL_OUTPUT_MAX &&
	       take_some(&c->out))
		;
	if (c->out.size > TOOL_OUTPUT_MAX) {
		end_stream(&c->out);
		end_with(c, TOOL_TOO_LARGE, "%s wrote more than %zu MiB",
			 c->tool->argv[0], TOOL_OUTPUT_MAX >> 20);
	}
}

/* What goes beyond is read, or the program would wait, and dropped. */
static void take_said(struct child *c)
{
	while (c->said.fd >= 0 && c->dropped <= SAID_ALL_MAX &&
	       take_some(&c->said)) {
		if (c->said.size > SAID_MAX) {
			c->dropped += c->said.size - SAID_MAX;
			c->said.size = SAID_MAX;
		}
	}
	if (c->dropped > SAID_ALL_MAX) {
		end_stream(&c->said);
		end_with(c, TOOL_TOO_LARGE,
			 "%s wrote more than %d MiB of messages",
			 c->tool->argv[0], SAID_ALL_MAX >> 20);
	}
}

/* Kills what is left of a program's group, then takes its status. */
static void reap(struct child *c)
{
	int status = 0;

	if (!c->pid)
		return;
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR) {
			status = -1;
			break;
		}
	c->pid = 0;
	if (status == -1)
		end_with(c, TOOL_FAILED, "how %s ended is not known",
			 c->tool->argv[0]);
	else if (WIFSIGNALED(status))
		end_with(c, TOOL_FAILED, "%s was killed by signal %d (%s)",
			 c->tool->argv[0], WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		end_with(c, TOOL_FAILED, "%s failed with exit code %d",
			 c->tool->argv[0], WEXITSTATUS(status));
}

/* Whether it has ended, its status still to be taken. */
static bool has_ended(const struct child *c)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)c->pid, &info,
		      WEXITED | WNOHANG | WNOWAIT) ||
	       info.si_pid == c->pid;
}

static bool is_alive(const struct child *c)
{
	return c->pid && !c->tool->why[0] && !has_ended(c);
}

/* Waits until one writes, the signal comes or a look is due. */
static void wait_for_news(const struct child *child, size_t count, int signals,
			  double left_s)
{
	struct pollfd fd[2 * TOOL_MOST + 1];
	nfds_t fds = 0;
	int ms = left_s < LOOK_MS / 1e3 ? (int)(left_s * 1e3) + 1 : LOOK_MS;

	for (size_t i = 0; i < count; i++) {
		if (child[i].out.fd >= 0)
			fd[fds++] = (struct pollfd){ child[i].out.fd, POLLIN };
		if (child[i].said.fd >= 0)
			fd[fds++] = (struct pollfd){ child[i].said.fd, POLLIN };
	}
	/* neither writes any more: its end is all that is awaited */
	if (!fds && ms > 2)
		ms = 2;
	if (signals >= 0)
		fd[fds++] = (struct pollfd){ signals, POLLIN };
	poll(fd, fds, ms);
}

static void wait_for_all(struct child *child, size_t count, int signals,
			 double seconds)
{
	double deadline = now_s() + seconds;

	for (;;) {
		double left = deadline - now_s();
		bool alive = false;

		for (size_t i = 0; i < count; i++) {
			bool is = is_alive(&child[i]);

			take_output(&child[i]);
			take_said(&child[i]);
			alive = alive || is;
		}
		if (!alive)
			return;
		for (size_t i = 0; i < count; i++) {
			if (!is_alive(&child[i]))
				continue;
			if (interrupt_came())
				end_with(&child[i], TOOL_INTERRUPTED,
					 "interrupted");
			else if (left <= 0)
				end_with(&child[i], TOOL_LATE,
					 "%s was not done after %g s and was "
					 "ended",
					 child[i].tool->argv[0], seconds);
		}
		if (left > 0)
			wait_for_news(child, count, signals, left);
	}
}

/* stderr in lines that a terminal only shows. */
static char *clean(struct stream *s)
{
	for (size_t i = 0; i < s->size; i++)
		if (s->text[i] != '\n' && iscntrl((unsigned char)s->text[i]))
			s->text[i] = ' ';
	while (s->size && isspace((unsigned char)s->text[s->size - 1]))
		s->size--;
	if (s->text)
		s->text[s->size] = '\0';
	return s->text;
}

static void finish(struct child *c)
{
	struct tool *tool = c->tool;

	reap(c);
	end_stream(&c->out);
	end_stream(&c->said);
	tool->said = clean(&c->said);
	if (tool->state == TOOL_DONE && c->out.text) {
		c->out.text[c->out.size] = '\0';
		tool->output = c->out.text;
		tool->size = c->out.size;
	} else {
		free(c->out.text);
	}
}

bool tool_run(struct tool *tool, size_t count)
{
	char *environment[VARIABLES + 1];
	double seconds = seconds_allowed();
	struct child child[TOOL_MOST];
	sigset_t before;
	int signals;
	bool done = true;

	interrupt_hold(&before);
	signals = interrupt_open();
	make_environment(environment);
	for (size_t i = 0; i < count; i++) {
		tool[i].state = TOOL_DONE;
		tool[i].output = tool[i].said = NULL;
		tool[i].size = 0;
		tool[i].why[0] = '\0';
		child[i] = (struct child){ .tool = &tool[i] };
		start(&child[i], seconds, environment);
	}
	wait_for_all(child, count, signals, seconds);
	for (size_t i = 0; i < count; i++) {
		finish(&child[i]);
		done = done && tool[i].state == TOOL_DONE;
	}
	free_environment(environment);
	if (signals >= 0)
		close(signals);
	interrupt_release(&before);
	return done;
}

void tool_check(void)
{
	seconds_allowed();
}

void tool_free(struct tool *tool)
{
	free(tool->output);
	free(tool->said);
	tool->output = tool->said = NULL;
}

int tool_open_regular(const char *path, size_t most)
{
	/* a FIFO would be waited for */
	int error, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st))
		error = errno;
	else if (!S_ISREG(st.st_mode))
		error = EINVAL;
	else if (st.st_size < 0 || (size_t)st.st_size > most)
		error = EFBIG;
	else
		return fd;
	close(fd);
	errno = error;
	return -1;
}
