/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Benches that crash, hang, die, lie, or lack something: what a runner must
 * survive and report. */
#include "bench.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static uint64_t work(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		getppid();
	return n;
}

/* Measures well: what goes wrong beside it must not touch it. */
static uint64_t run_fine(uint64_t n)
{
	return work(n);
}

static uint64_t run_crash(uint64_t n)
{
	raise(SIGSEGV);
	return n;
}

static uint64_t run_hang(uint64_t n)
{
	for (;;)
		pause();
	return n;
}

static uint64_t run_die(uint64_t n)
{
	die("the bench met something impossible");
	return n;
}

static uint64_t run_lie(uint64_t n)
{
	return work(n) - 1;
}

static uint64_t run_exit(uint64_t n)
{
	_exit(7);
	return n;
}

static uint64_t run(struct run *r, uint64_t n)
{
	uint64_t (*const *misdeed)(uint64_t n) = r->variant->arg;

	return (*misdeed)(n);
}

static int setup(struct run *r)
{
	if (!strcmp(r->variant->name, "absent"))
		return bench_absent(r, "this machine lacks a unicorn");
	if (!strcmp(r->variant->name, "denied"))
		return bench_denied(r, "the unicorn says no");
	return 0;
}

#define DEED(name) static uint64_t (*const deed_##name)(uint64_t) = run_##name;
DEED(fine)
DEED(crash)
DEED(hang)
DEED(die)
DEED(lie)
DEED(exit)

static const struct variant variants[] = {
	{ "fine", &deed_fine },
	{ "crash", &deed_crash },
	{ "hang", &deed_hang },
	{ "die", &deed_die },
	{ "lie", &deed_lie },
	{ "exit", &deed_exit },
	{ "absent", &deed_fine },
	{ "denied", &deed_fine },
	{ NULL },
};

const struct bench bench_misbehave = {
	.name = "misbehave",
	.title = "goes wrong",
	.unit = "ns",
	.variants = variants,
	.setup = setup,
	.run = run,
};
