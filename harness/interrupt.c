/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIGINT, SIGTERM and SIGHUP while files are made: kept waiting, and looked for
 * between steps, so that nothing half made is left behind. */
#include "interrupt.h"

#include <stddef.h>
#include <sys/signalfd.h>

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

enum { SIGNALS = sizeof(signals) / sizeof(*signals) };

static bool is_ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) &&
	       action.sa_handler == SIG_IGN;
}

void interrupt_hold(sigset_t *before)
{
	sigset_t held;

	sigemptyset(&held);
	for (int i = 0; i < SIGNALS; i++)
		if (!is_ignored(signals[i]))
			sigaddset(&held, signals[i]);
	sigprocmask(SIG_BLOCK, &held, before);
}

void interrupt_release(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

/* The ones that are blocked, be it by interrupt_hold() or before. */
static void get_held(sigset_t *held)
{
	sigset_t blocked;

	sigemptyset(held);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int i = 0; i < SIGNALS; i++)
		if (sigismember(&blocked, signals[i]))
			sigaddset(held, signals[i]);
}

int interrupt_open(void)
{
	sigset_t held;

	get_held(&held);
	return signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool interrupt_came(void)
{
	sigset_t held, pending;

	get_held(&held);
	if (sigpending(&pending))
		return false;
	for (int i = 0; i < SIGNALS; i++)
		if (sigismember(&held, signals[i]) &&
		    sigismember(&pending, signals[i]))
			return true;
	return false;
}
