/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do fork_memory and page do what they say: memory of the kind that was asked
 * for, faults where there must be some and none where there must be none? */
#include "sample.h"

#include <math.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "lacks.h"
#include "machine.h"
#include "needs.h"
#include "region.h"
#include "topo.h"

#define MIB(n) ((uint64_t)(n) << 20)

enum verdict { OK, ABSENT, DENIED, FAILED };

/* A case, what it runs under, and what it answers. */
struct trial {
	const char *bench, *variant;
	uint64_t value;
	const char *helper;     /* NULL: the one beside this program */
	uint64_t address_space; /* RLIMIT_AS; 0: as it is */
	bool no_processes;      /* RLIMIT_NPROC, and nobody to ignore it */
	bool clocks_differ;
	double measure_ns; /* 0: one batch */
};

/* Of struct child's numbers. */
enum { VERDICT, FIRST_METRIC, FASTEST = 7 };

static enum verdict verdict_of(const struct child *child)
{
	return (enum verdict)child->number[VERDICT];
}

static const struct bench *find_bench(const char *name)
{
	size_t count;
	const struct bench *const *all = bench_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}

static const struct variant *find_variant(const struct bench *b,
					  const char *name)
{
	const struct variant *v = b->variants;

	while (v->name && strcmp(v->name, name))
		v++;
	return v->name ? v : NULL;
}

static struct run make_run(struct child *child, const struct bench *b,
			   const struct variant *v, uint64_t value)
{
	return (struct run){
		.bench = b,
		.variant = v,
		.value = value,
		.peer = (enum peer)v->peers,
		.pu_a = topo_pu(0),
		.pu_b = topo_pu(0),
		.mode = RUN_MEASURE,
		.clock = ticks,
		.clocks_agree = true,
		.counts = COUNTS_DENIED,
		.traced = &child->traced,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};
}

/* As short as it is asked to be. */
static int measure(struct child *child, const struct trial *t)
{
	const struct sample_plan plan = { .measure_ns = t->measure_ns,
					  .method = -1,
					  .seed = 1 };
	const struct bench *b = find_bench(t->bench);
	const struct variant *v = b ? find_variant(b, t->variant) : NULL;
	static struct sample sample;
	char helper[4096];

	if (!v)
		return child_fail(child, "no %s/%s", t->bench, t->variant);
	find_helper(helper, sizeof(helper));
	struct run r = make_run(child, b, v, t->value);

	r.helper = t->helper ? t->helper : helper;
	r.clocks_agree = !t->clocks_differ;
	if (sample_run(&r, &plan, &sample)) {
		child->number[VERDICT] = r.absent ? ABSENT :
					 r.denied ? DENIED :
						    FAILED;
		return 0;
	}
	for (unsigned i = 0; i < sample.metrics; i++) {
		if (!isfinite(sample.metric[i].value))
			return child_fail(child, "%s has no value",
					  sample.metric[i].name);
		child->number[FIRST_METRIC + i] = sample.metric[i].value;
	}
	/* of the first: the fastest, to which others have added the least */
	child->number[FASTEST] = sample.metric[0].hist.min;
	child->number[VERDICT] = OK;
	return r.peer == PEER_NONE || r.peer_pu == r.pu_b ?
		       0 :
		       child_fail(child, "the other one ran on PU %d",
				  r.peer_pu);
}

static int trial_body(struct child *child, void *arg)
{
	const struct trial *t = arg;
	struct rlimit limit = { t->address_space, t->address_space };

	if (topo_bind(topo_pu(0)))
		return child_fail(child, "bind");
	if (t->address_space && setrlimit(RLIMIT_AS, &limit))
		return child_fail(child, "RLIMIT_AS");
	limit = (struct rlimit){ 0, 0 };
	if (t->no_processes && (setrlimit(RLIMIT_NPROC, &limit) ||
				(!geteuid() && setresuid(65534, 65534, 65534))))
		return child_fail(child, "RLIMIT_NPROC");
	return measure(child, t);
}

static void run_trial(const struct trial *t, struct child *out)
{
	char what[128];

	snprintf(what, sizeof(what), "%s/%s of %llu", t->bench, t->variant,
		 (unsigned long long)t->value);
	expect_child(what, trial_body, (void *)(uintptr_t)t, false, out);
	assert_int_equal(out->number[VERDICT] == OK, out->reason[0] == '\0');
}

static void expect_verdict(const struct trial *t, enum verdict verdict,
			   const char *reason)
{
	struct child child;

	run_trial(t, &child);
	if (verdict_of(&child) != verdict || !strstr(child.reason, reason))
		fail_msg("%s/%s: verdict %g, \"%s\", not %d, \"%s\"", t->bench,
			 t->variant, child.number[VERDICT], child.reason,
			 verdict, reason);
}

/* ------------------------------------------------------- each variant runs */

/* False, said aloud, for huge pages that are lacking: nothing else may be. */
static bool ran(const struct trial *t, const struct child *child)
{
	if (verdict_of(child) == OK)
		return true;
	if (verdict_of(child) != ABSENT || !strstr(t->variant, "huge"))
		fail_msg("%s/%s: %s", t->bench, t->variant, child->reason);
	print_message("skipped: %s/%s: %s\n", t->bench, t->variant,
		      child->reason);
	return false;
}

static void test_fork_memory(void **state)
{
	static const uint64_t sizes[] = { 0, MIB(16) };
	const struct variant *v = find_bench("fork_memory")->variants;

	(void)state;
	for (; v->name; v++)
		for (size_t i = 0; has_needs(v) && i < COUNT(sizes); i++) {
			struct trial t = { "fork_memory", v->name, sizes[i] };
			struct child child;

			run_trial(&t, &child);
			ran(&t, &child);
		}
}

/* ---------------------------------------------------------- faults, exactly */

/* A page. */
static const struct {
	const char *variant;
	double faults;
} exact[] = {
	{ "touch_private", 1 },      { "touch_shared", 1 },
	{ "touch_memfd", 1 },        { "read_private", 1 },
	{ "cow_parent", 1 },         { "cow_child", 1 },
	{ "reuse_parent", 1 },       { "shared_after_fork", 0 },
	{ "touch_private_huge", 1 },
};

/* After a fork a huge page is copied whole, or is split and each small page
 * copied: as the kernel does it, but nothing between. */
static void check_split(const char *variant, double faults)
{
	double small =
		(double)region_huge_page() / (double)sysconf(_SC_PAGESIZE);

	if (faults != 1 && fabs(faults / small - 1) > 0.001)
		fail_msg("%s: %.6f faults a huge page", variant, faults);
}

static void check_faults(const char *variant, double faults)
{
	for (size_t i = 0; i < COUNT(exact); i++) {
		if (strcmp(exact[i].variant, variant))
			continue;
		/* an emulator's own */
		if (emulated() && fabs(faults - exact[i].faults) < 0.02)
			return;
		if (faults != exact[i].faults)
			fail_msg("%s: %.6f faults a page, not %g", variant,
				 faults, exact[i].faults);
		return;
	}
	check_split(variant, faults);
}

/* Of small pages the median of several rounds: in one of many a fault is tried
 * again by the kernel, and counted once more. */
static void test_page(void **state)
{
	const struct variant *v = find_bench("page")->variants;

	(void)state;
	for (; v->name; v++) {
		bool huge = strstr(v->name, "huge");
		struct trial t = { "page", v->name, PARAM_NONE,
				   .measure_ns = huge ? 0 : 60e6 };
		struct child child;

		if (!has_needs(v))
			continue;
		run_trial(&t, &child);
		if (ran(&t, &child))
			check_faults(v->name, child.number[FIRST_METRIC + 1]);
	}
}

/* ------------------------------------------------------ what fork separates */

static const struct variant made_up = { .name = "made_up" };
static const struct bench none = { .name = "none" };

/* A region as the benches have it; 0 or -1. */
static int map_region(struct run *r, struct region *region, uint64_t size,
		      int flags)
{
	return region_reserve(r, region, size) ||
			       region_map(r, region, flags | MAP_ANONYMOUS, -1,
					  false) ?
		       -1 :
		       0;
}

/* How many pages of it each side finds as the other one wrote them. */
static int separation_body(struct child *child, void *arg)
{
	const int *flags = arg;
	struct run r = make_run(child, &none, &made_up, 0);
	struct region region;
	int status;
	pid_t pid;

	if (map_region(&r, &region, MIB(1), *flags))
		return -1;
	region_write(&region, 1000);
	pid = fork();
	if (!pid) {
		bool had = region_count(&region, 1000) == region.pages;

		region_write(&region, 2000);
		_exit(had && region_count(&region, 2000) == region.pages);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 1)
		return child_fail(child, "the child has other contents");
	child->number[0] = (double)region_count(&region, 1000);
	child->number[1] = (double)region_count(&region, 2000);
	child->number[2] = (double)region.pages;
	return 0;
}

static void test_separation(void **state)
{
	int private = MAP_PRIVATE, shared = MAP_SHARED;
	struct child child;

	(void)state;
	expect_child("private", separation_body, &private, false, &child);
	assert_true(child.number[0] == child.number[2]);
	assert_true(child.number[1] == 0);
	expect_child("shared", separation_body, &shared, false, &child);
	assert_true(child.number[0] == 0);
	assert_true(child.number[1] == child.number[2]);
}

/* ------------------------------------------- pages that are not of the kind */

struct misfit {
	const char *what;
	int flags;
	bool half_written, half_read; /* else none of it */
	bool all_written, all_read;
	enum pages pages;
	enum verdict verdict;
	const char *reason;
};

static const struct misfit misfits[] = {
	{ "small, written", MAP_PRIVATE, false, false, true, false, PAGES_SMALL,
	  OK, "" },
	{ "shared, written", MAP_SHARED, false, false, true, false,
	  PAGES_SHARED, OK, "" },
	{ "private, read", MAP_PRIVATE, false, false, false, true, PAGES_ZERO,
	  OK, "" },
	{ "half written", MAP_PRIVATE, true, false, false, false, PAGES_SMALL,
	  FAILED, "of 4096 KiB 2048 are resident" },
	{ "half written, shared", MAP_SHARED, true, false, false, false,
	  PAGES_SHARED, FAILED, "of 4096 KiB 2048 are resident" },
	{ "only read", MAP_PRIVATE, false, false, false, true, PAGES_SMALL,
	  FAILED, "of 4096 KiB 0 are resident" },
	{ "half read", MAP_PRIVATE, false, true, false, false, PAGES_ZERO,
	  FAILED, "2048 are mapped" },
	{ "written, not read", MAP_PRIVATE, false, false, true, false,
	  PAGES_ZERO, FAILED, "4096 are memory of their own" },
	{ "small, not huge", MAP_PRIVATE, false, false, true, false, PAGES_HUGE,
	  ABSENT, "0 of 4096 KiB are huge pages" },
};

static int misfit_body(struct child *child, void *arg)
{
	const struct misfit *m = arg;
	struct run r = make_run(child, &none, &made_up, 0);
	struct region region, half;

	if (map_region(&r, &region, MIB(4), m->flags))
		return -1;
	half = region;
	half.pages /= 2;
	if (m->half_written)
		region_write(&half, 1);
	if (m->half_read)
		region_read(&half);
	if (m->all_written)
		region_write(&region, 1);
	if (m->all_read)
		region_read(&region);
	child->number[VERDICT] = !region_check(&r, &region, m->pages) ? OK :
				 r.absent                             ? ABSENT :
									FAILED;
	return 0;
}

static void test_misfits(void **state)
{
	char why[128];
	bool denied = false;
	bool zeroes = need_zero_page.met(why, sizeof(why), &denied);

	(void)state;
	for (size_t i = 0; i < COUNT(misfits); i++) {
		const struct misfit *m = &misfits[i];
		struct child child;

		/* only reading maps nothing but pages of their own */
		if ((m->half_read || m->all_read) && !zeroes) {
			print_message("skipped: %s: %s\n", m->what, why);
			continue;
		}
		expect_child(m->what, misfit_body, (void *)(uintptr_t)m, false,
			     &child);
		if (verdict_of(&child) != m->verdict ||
		    !strstr(child.reason, m->reason))
			fail_msg("%s: verdict %g, \"%s\"", m->what,
				 child.number[VERDICT], child.reason);
	}
}

/* ---------------------------------------------------------- what is amiss */

static void test_short_of_memory(void **state)
{
	static const char *const variants[] = { "dirty", "shared", "huge" };
	struct child child;

	(void)state;
	if (SANITIZED)
		skip_because("a sanitizer's shadow needs address space");
	skip_if_emulated("sets no limits of memory");
	for (size_t i = 0; i < COUNT(variants); i++) {
		struct trial t = { "fork_memory", variants[i], MIB(1024),
				   .address_space = MIB(512) };

		run_trial(&t, &child);
		if (verdict_of(&child) != ABSENT ||
		    !strstr(child.reason, "MiB of memory; RLIMIT_AS"))
			fail_msg("%s: verdict %g, \"%s\"", variants[i],
				 child.number[VERDICT], child.reason);
	}
}

static void test_no_helper(void **state)
{
	static const char *const variants[] = { "vfork_exec", "posix_spawn" };

	(void)state;
	skip_if_emulated("a child cannot tell why exec() failed");
	for (size_t i = 0; i < COUNT(variants); i++) {
		struct trial t = { "fork_memory", variants[i], 0,
				   .helper = "/nonexistent/handoff-child" };

		expect_verdict(&t, FAILED, "No such file or directory");
	}
}

static void test_no_processes(void **state)
{
	static const char *const variants[] = { "dirty", "posix_spawn",
						"pthread" };

	(void)state;
	for (size_t i = 0; i < COUNT(variants); i++) {
		struct trial t = { "fork_memory", variants[i], 0,
				   .no_processes = true };

		expect_verdict(&t, DENIED, "RLIMIT_NPROC 0");
	}
}

static void test_clocks_differ(void **state)
{
	struct trial t = { "fork_memory", "dirty", 0, .clocks_differ = true };

	(void)state;
	expect_verdict(&t, ABSENT, "clocks that agree");
}

/* No huge page is smaller than the memory that is to consist of them. */
static void test_no_whole_huge_page(void **state)
{
	struct trial t = { "fork_memory", "huge", region_huge_page() / 2 };

	(void)state;
	if (!t.value)
		skip_because("this kernel has no transparent huge pages");
	expect_verdict(&t, ABSENT, "not a whole number of huge pages");
}

/* ---------------------------------------------------------- the one ratio */

/* The fastest of several takes of each, by turns and in processes of their own:
 * others only add to a time, and what one has touched the next would copy. On a
 * busy machine it takes more of them to have had one undisturbed. */
static void test_memory_costs(void **state)
{
	const struct trial trial[] = { { "fork_memory", "dirty", 0 },
				       { "fork_memory", "dirty", MIB(256) } };
	double least[] = { INFINITY, INFINITY };

	(void)state;
	if (SANITIZED)
		skip_because("a sanitizer's own memory is forked, too");
	skip_if_emulated("its own memory is forked, too");
	for (int i = 0; i < 6 || (i < 24 && least[1] < 5 * least[0]); i++) {
		struct child child;

		run_trial(&trial[i % 2], &child);
		if (verdict_of(&child) == ABSENT)
			skip_because("%s", child.reason);
		if (verdict_of(&child) != OK)
			fail_msg("%s", child.reason);
		least[i % 2] = fmin(least[i % 2], child.number[FASTEST]);
	}
	if (!(least[1] >= 5 * least[0]))
		fail_msg("fork takes %g ns over 256 MiB, and %g over none",
			 least[1], least[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_memory),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_separation),
		cmocka_unit_test(test_misfits),
		cmocka_unit_test(test_short_of_memory),
		cmocka_unit_test(test_no_helper),
		cmocka_unit_test(test_no_processes),
		cmocka_unit_test(test_clocks_differ),
		cmocka_unit_test(test_no_whole_huge_page),
		cmocka_unit_test(test_memory_costs),
	};

	return cmocka_run_group_tests(tests, machine_open, machine_close);
}
