/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether what a variant needs is there, asked once and in a child: a seccomp
 * filter may kill who makes the system call that would tell. */
#include "need.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "refusal.h"

struct answer {
	const struct need *need;
	bool met, denied;
	char why[CASE_REASON];
};

enum { MOST = 64 }; /* what comes after is asked each time */
static struct answer kept[MOST];
static size_t count;

void need_forget(void)
{
	count = 0;
}

static void ask(struct answer *a)
{
	a->met = a->need->met(a->why, sizeof(a->why), &a->denied);
}

/* 0, or -1: its end cannot be learned. */
static int await(pid_t pid, int *status)
{
	pid_t who;

	do
		who = waitpid(pid, status, 0);
	while (who < 0 && errno == EINTR);
	return who == pid ? 0 : -1;
}

/* The child's answer, or what its end says. */
static void take(struct answer *a, const struct answer *said, int status)
{
	if (WIFEXITED(status)) {
		*a = *said;
		return;
	}
	a->met = false;
	a->denied = refusal_by_signal(a->why, sizeof(a->why), WTERMSIG(status));
	if (!a->denied)
		snprintf(a->why, sizeof(a->why),
			 "the probe for it was ended by signal %d",
			 WTERMSIG(status));
}

static void ask_in_child(struct answer *a)
{
	struct answer *said = mmap(NULL, sizeof(*said), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	if (said == MAP_FAILED) {
		ask(a);
		return;
	}
	*said = *a;
	pid = fork();
	if (!pid) {
		ask(said);
		_exit(0);
	}
	if (pid > 0 && !await(pid, &status))
		take(a, said, status);
	else
		ask(a); /* no child is to be had */
	munmap(said, sizeof(*said));
}

bool need_met(const struct need *need, char *why, size_t size, bool *denied)
{
	struct answer now = { .need = need }, *a = NULL;

	for (size_t i = 0; i < count; i++)
		if (kept[i].need == need)
			a = &kept[i];
	if (!a) {
		a = count < MOST ? &kept[count++] : &now;
		*a = now;
		ask_in_child(a);
	}
	*denied = a->denied;
	if (!a->met)
		snprintf(why, size, "%s", a->why);
	return a->met;
}
