/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One invocation: a fresh process that measures one case. What the runner asks
 * of it and what it answers, in memory both map. */
#include "invocation.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static int find(struct invocation *inv, struct run *r)
{
	static const struct variant only = { .name = "-" };
	size_t count;
	const struct bench *const *bench = bench_all(&count);

	for (size_t i = 0; i < count; i++) {
		const struct variant *v = bench[i]->variants;

		if (strcmp(bench[i]->name, inv->bench))
			continue;
		r->bench = bench[i];
		if (!v) {
			r->variant = &only;
			return 0;
		}
		for (; v->name; v++) {
			if (strcmp(v->name, inv->variant))
				continue;
			r->variant = v;
			return 0;
		}
	}
	return bench_fail(r, "no bench %s with variant %s", inv->bench,
			  inv->variant);
}

static int measure(struct invocation *inv, struct run *r)
{
	char err[CASE_REASON];

	if (find(inv, r))
		return -1;
	if (topo_open(inv->topology, err, sizeof(err)))
		return bench_fail(r, "%s", err);
	if (inv->topology_fd >= 0)
		close(inv->topology_fd);
	/* A case of one party runs on one PU too; a pair binds itself. */
	if (bench_bind(r, inv->pu_a))
		return -1;
	const struct sched_param lowest = { .sched_priority = 1 };
	/* the second party inherits it */
	if (inv->fifo && sched_setscheduler(0, SCHED_FIFO, &lowest))
		return bench_denied(r, "--tune fifo: %s", strerror(errno));
	return sample_run(r, &inv->plan, &inv->sample);
}

int invocation_main(int fd)
{
	struct invocation *inv = mmap(
		NULL, sizeof(*inv), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (inv == MAP_FAILED)
		die_errno("map the runner's memory");
	close(fd);
	/* started by a descriptor, it would be called by its number */
	prctl(PR_SET_NAME, "handoff");
	signal(SIGPIPE, SIG_DFL);
	/* Nothing outlives the runner. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != inv->runner)
		return EXIT_CASE_FAILED;
	die_into(inv->reason, sizeof(inv->reason));
	die_tell(&inv->died_of);

	struct run r = {
		.value = inv->value,
		.peer = inv->peer,
		.pu_a = inv->pu_a,
		.pu_b = inv->pu_b,
		.mode = inv->mode,
		.clock = inv->clock,
		.clocks_agree = inv->clocks_agree,
		.offset = inv->offset,
		.counts = inv->counts,
		.traced = &inv->traced,
		.helper = inv->helper,
		.reason = inv->reason,
		.reason_size = sizeof(inv->reason),
	};
	int result = measure(inv, &r);

	inv->status = !result  ? STATUS_OK :
		      r.absent ? STATUS_ABSENT :
		      r.denied ? STATUS_DENIED :
				 STATUS_FAILED;
	inv->answered = true;
	/* What a failed case left behind (a waiting party) goes with it. */
	if (result)
		kill(0, SIGKILL);
	return EXIT_DONE;
}
