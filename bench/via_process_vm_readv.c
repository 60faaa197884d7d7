/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a message stays in its sender's private memory; its address is
 * passed by an eventfd, and the receiver, another process, copies it out of
 * there by process_vm_readv(). */
#include "pair.h"

#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eventfds.h"

static pid_t sender;

/* What the kernel says to a child that reads a word of ours: 0 or an errno.
 * Asked beforehand, as a refusal is no failure. */
static int ask_kernel(void)
{
	static int word;
	int status, copy;
	struct iovec to = { &copy, sizeof(copy) },
		     from = { &word, sizeof(word) };
	pid_t child = fork();

	if (child < 0)
		return errno;
	if (!child)
		_exit(process_vm_readv(sender, &to, 1, &from, 1, 0) ==
				      sizeof(copy) ?
			      0 :
			      errno);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	/* else a seccomp filter has killed it for asking */
	return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

static int readv_open(struct run *r, struct end *driver, struct end *server)
{
	int error;

	sender = getpid();
	/* for Yama (ptrace_scope 1), which lets a process read only what it
	 * started; without Yama there is no such call, and no need of it */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	error = ask_kernel();
	errno = error;
	if (error == EPERM || error == EACCES)
		return bench_denied(r,
				    "process_vm_readv: %s "
				    "(kernel.yama.ptrace_scope, or a seccomp "
				    "filter)",
				    strerror(error));
	if (error)
		return bench_errno(r, "process_vm_readv");
	return eventfds_open(r, driver, server, EFD_CLOEXEC);
}

static void readv_send(struct end *e)
{
	message_number(e->payload, e->size, ++e->sent);
	eventfds_put(e, (uint64_t)(uintptr_t)e->payload);
}

/* /proc/PID/io does not account it: what the call returns is counted as
 * copied, the kernel's one copy. */
static void readv_receive(struct end *e)
{
	char *there = (char *)(uintptr_t)eventfds_take(e);
	uint64_t done = 0;

	while (done < e->size) {
		struct iovec to = { e->inbox + done, e->size - done };
		struct iovec from = { there + done, e->size - done };
		ssize_t got = process_vm_readv(sender, &to, 1, &from, 1, 0);

		if (got <= 0)
			die_errno("read the sender's memory");
		done += (uint64_t)got;
	}
	e->copied += done;
	message_received(e, e->inbox);
}

static uint64_t readv_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, readv_send, eventfds_await);
}

static uint64_t readv_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, readv_receive, eventfds_signal);
}

static void readv_close(struct end *driver, struct end *server)
{
	(void)server;
	eventfds_close(driver);
}

const struct channel via_process_vm_readv = {
	.name = "process_vm_readv",
	.open = readv_open,
	.drive_message = readv_drive,
	.serve_message = readv_serve,
	.close = readv_close,
	.token_bytes = EVENTFDS_BYTES,
};
