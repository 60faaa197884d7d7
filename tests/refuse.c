/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a command to which some system calls are refused, as a container's
 * seccomp filter does: refuse CALL[=ERROR] … -- COMMAND [ARGUMENT…]. ERROR is
 * EPERM (the default), ENOSYS, EACCES, ENOMEM, EMFILE, or kill. Exits with 77
 * where no filter can be had, or this architecture has no such call. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST = 32, SKIPPED = 77, USAGE = 2 };

static const struct {
	const char *name;
	int number;
} calls[] = {
#define CALL(name) { #name, __NR_##name },
#include "syscalls.h"
#undef CALL
};

static const struct {
	const char *name;
	unsigned result;
} results[] = {
	{ "EPERM", SECCOMP_RET_ERRNO | EPERM },
	{ "ENOSYS", SECCOMP_RET_ERRNO | ENOSYS },
	{ "EACCES", SECCOMP_RET_ERRNO | EACCES },
	{ "ENOMEM", SECCOMP_RET_ERRNO | ENOMEM },
	{ "EMFILE", SECCOMP_RET_ERRNO | EMFILE },
	{ "kill", SECCOMP_RET_KILL_PROCESS },
};

static struct sock_filter code[2 + 2 * MOST] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
};
static unsigned short length = 1;

static int number_of(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (strlen(calls[i].name) == size &&
		    !strncmp(calls[i].name, name, size))
			return calls[i].number;
	return -1;
}

static unsigned result_of(const char *name)
{
	for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++)
		if (!strcmp(results[i].name, name))
			return results[i].result;
	return 0;
}

/* "CALL" or "CALL=ERROR"; 0, or an exit code. */
static int add(const char *word)
{
	size_t size = strcspn(word, "=");
	int number = number_of(word, size);
	unsigned result = result_of(word[size] ? word + size + 1 : "EPERM");

	if (number < 0) {
		fprintf(stderr, "refuse: no call %.*s\n", (int)size, word);
		return SKIPPED;
	}
	if (!result || length > 2 * MOST - 1)
		return USAGE;
	code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						      (unsigned)number, 0, 1);
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, result);
	return 0;
}

int main(int argc, char **argv)
{
	struct sock_fprog program = { .filter = code };
	int i, bad;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if ((bad = add(argv[i])))
			return bad;
	if (i + 1 >= argc)
		return USAGE;
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						      SECCOMP_RET_ALLOW);
	program.len = length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		fprintf(stderr, "refuse: seccomp: %s\n", strerror(errno));
		return SKIPPED;
	}
	execvp(argv[i + 1], argv + i + 1);
	fprintf(stderr, "refuse: %s: %s\n", argv[i + 1], strerror(errno));
	return 127;
}
