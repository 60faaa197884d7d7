/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a POSIX message queue each way, with the number of the signal as
 * its message. */
#include "pair.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void mqueue_signal(struct end *e)
{
	uint32_t number = ++e->sent;

	if (mq_send(e->out, (const char *)&number, sizeof(number), 0))
		die_errno("mq_send");
}

static void mqueue_await(struct end *e)
{
	uint32_t number;

	if (mq_receive(e->in, (char *)&number, sizeof(number), NULL) !=
	    sizeof(number))
		die_errno("mq_receive");
	if (number != ++e->received)
		die("signal %u lost or doubled: number %u came", e->received,
		    number);
}

/* A name is unlinked as soon as it is open, so that nothing is left behind by
 * a case that is killed. The descriptor is inherited by a forked party. */
static mqd_t open_queue(const char *direction)
{
	struct mq_attr attr = { .mq_maxmsg = 1,
				.mq_msgsize = sizeof(uint32_t) };
	char name[64];
	mqd_t queue;

	snprintf(name, sizeof(name), "/handoff-%d-%s", getpid(), direction);
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600,
			&attr);
	if (queue >= 0)
		mq_unlink(name);
	return queue;
}

/* Its EMFILE is of bytes in queues, its ENOSPC of queues. */
static int refused(struct run *r)
{
	struct rlimit limit;

	if (errno != EMFILE || getrlimit(RLIMIT_MSGQUEUE, &limit))
		return bench_errno(r, "mq_open (fs.mqueue.queues_max)");
	return bench_denied(r,
			    "mq_open: %s (RLIMIT_MSGQUEUE %llu: raise it with "
			    "ulimit -q)",
			    strerror(EMFILE),
			    (unsigned long long)limit.rlim_cur);
}

static int mqueue_open(struct run *r, struct end *driver, struct end *server)
{
	driver->out = server->in = open_queue("there");
	if (driver->out < 0)
		return refused(r);
	driver->in = server->out = open_queue("back");
	return driver->in < 0 ? refused(r) : 0;
}

static void mqueue_close(struct end *driver, struct end *server)
{
	(void)server;
	mq_close(driver->in);
	mq_close(driver->out);
}

static uint64_t mqueue_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, mqueue_signal, mqueue_await);
}

static uint64_t mqueue_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, mqueue_await, mqueue_signal);
}

const struct channel via_mqueue = {
	.name = "mqueue",
	.open = mqueue_open,
	.drive = mqueue_drive,
	.serve = mqueue_serve,
	.close = mqueue_close,
};
