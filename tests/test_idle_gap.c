/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the schedule wait for nobody, are wake-ups counted from when they were
 * due, and is a schedule that cannot be kept found out? */
#include <math.h>
#include <sys/stat.h>

#include "cases.h"
#include "idle_states.h"
#include "machine.h"
#include "pace.h"
#include "pair.h"
#include "sample.h"
#include "stream.h"
#include "topo.h"

extern const struct bench bench_idle_gap;

static struct clock_offset between; /* topo_pu(0) and topo_pu(1) */

/* --------------------------------------------------------- the schedule */

static void check_pace(bool sleeps)
{
	const double gap_ns = 300000;
	struct pace pace;
	uint64_t before = clock_now(), last = 0;

	pace_open(&pace, &ticks, gap_ns, sleeps);
	assert_true(fabs((double)pace.gap * ticks.ns_per_tick - gap_ns) <=
		    ticks.ns_per_tick);
	for (uint64_t i = 0; i <= 20; i++) {
		uint64_t now = pace_wait(&pace, i);

		/* never early, and every one is due where it always was */
		assert_true(now >= pace.start + i * pace.gap);
		assert_true(now <= clock_now());
		assert_true(now >= last);
		assert_true(pace.start >= before);
		if (!i)
			assert_true(now == pace.start);
		last = now;
	}
}

static void test_pace(void **state)
{
	(void)state;
	check_pace(false);
	check_pace(true);
}

/* Those that were due meanwhile come at once, and then it is on time again. */
static void test_pace_catches_up(void **state)
{
	const double gap_ns = 2e6;
	struct pace pace;
	uint64_t start, late;

	(void)state;
	pace_open(&pace, &ticks, gap_ns, false);
	start = pace_wait(&pace, 0);
	while (clock_now() < start + 5 * pace.gap + pace.gap / 2)
		;
	for (uint64_t i = 1; i <= 5; i++)
		late = pace_wait(&pace, i);
	assert_true(late >= start + 5 * pace.gap + pace.gap / 2);
	assert_true(pace_wait(&pace, 6) >= start + 6 * pace.gap);
	assert_true(pace.start == start);
	assert_true(pace_due(&pace, 6) == start + 6 * pace.gap);
}

static void test_pace_starts_anew(void **state)
{
	struct pace pace;
	uint64_t first;

	(void)state;
	pace_open(&pace, &ticks, 1000, false);
	first = pace_wait(&pace, 0);
	pace_wait(&pace, 3);
	assert_true(pace_wait(&pace, 0) >= first + 3 * pace.gap);
	assert_true(pace.start > first);
}

/* ------------------------------------------------------------ every case */

struct setting {
	const struct variant *variant;
	enum peer peer;
	int pu_b;
	uint64_t gap;
	struct clock_offset offset;
	const char
		*absent; /* must be found in the reason; NULL: it may be ok */
};

static struct run make_run(const struct setting *s, struct child *child)
{
	return (struct run){
		.bench = &bench_idle_gap,
		.variant = s->variant,
		.value = s->gap,
		.peer = s->peer,
		.pu_a = topo_pu(0),
		.pu_b = s->pu_b,
		.mode = RUN_MEASURE,
		.clock = ticks,
		.offset = s->offset,
		.counts = COUNTS_DENIED,
		.traced = &child->traced,
		.reason = child->reason,
		.reason_size = sizeof(child->reason),
	};
}

/* What holds by construction: nothing is woken before it was due, none is left
 * out, and a batch is as long as its gaps. */
static int check_sample(struct child *child, const struct run *r,
			const struct sample *sample)
{
	const struct measured *wake = &sample->metric[0],
			      *late = &sample->metric[1];
	const struct evidence *e = &sample->evidence;
	double most = fabs(r->offset.offset_ns) + r->offset.bound_ns;

	if (sample->metrics < 2 || strcmp(wake->name, "wake") ||
	    strcmp(late->name, "late"))
		return child_fail(child, "other metrics");
	if (wake->samples < 5 || wake->samples != e->operations ||
	    late->samples != e->operations)
		return child_fail(child, "%d wake-ups, %d late, of %d",
				  (int)wake->samples, (int)late->samples,
				  (int)e->operations);
	if (late->hist.min < -most - ticks.step_ns - ticks.cost_ns)
		return child_fail(child, "woken %g ns before it was due",
				  -late->hist.min);
	if (hist_mean(&late->hist) < hist_mean(&wake->hist))
		return child_fail(child, "signalled before it was due");
	if (!r->value && hist_mean(&late->hist) > hist_mean(&wake->hist))
		return child_fail(child, "late, with nothing to be late for");
	if (e->elapsed_ns < 0.999 * (double)(e->operations * r->value))
		return child_fail(child, "%d gaps took only %g ns",
				  (int)e->operations, e->elapsed_ns);
	/* an idle PU was not taken by others */
	if (r->value && r->pu_a == r->pu_b && (e->disturbed || e->lost_ns > 0))
		return child_fail(child, "idling passes for a disturbance");
	return 0;
}

static int case_body(struct child *child, void *arg)
{
	const struct sample_plan shortest = { .method = -1, .seed = 1 };
	const struct setting *s = arg;
	static struct sample sample;
	struct run r = make_run(s, child);

	if (!sample_run(&r, &shortest, &sample))
		return s->absent ? child_fail(child, "not absent") :
				   check_sample(child, &r, &sample);
	if (!r.absent)
		return child_fail(child, "failed without a reason");
	child->number[0] = 1;
	if (!child->reason[0] ||
	    (s->absent && !strstr(child->reason, s->absent)))
		return -1;
	return 0;
}

static void expect_case(const struct setting *s)
{
	char what[96];
	struct child child;

	snprintf(what, sizeof(what), "%s, %s, PU %d, %d ns", s->variant->name,
		 s->peer == PEER_THREAD ? "thread" : "process", s->pu_b,
		 (int)s->gap);
	expect_child(what, case_body, (void *)(uintptr_t)s, false, &child);
	if (child.number[0] > 0 && !s->absent)
		print_message("%s: %s\n", what, child.reason);
}

static void test_every_case(void **state)
{
	(void)state;
	for (const struct variant *v = bench_idle_gap.variants; v->name; v++)
		for (unsigned peer = PEER_THREAD; peer <= PEER_PROCESS;
		     peer <<= 1)
			for (const uint64_t *gap = bench_idle_gap.values;
			     *gap != PARAM_END; gap++) {
				struct setting s = { v, (enum peer)peer,
						     topo_pu(0), *gap };

				expect_case(&s);
				if (topo_pu_count() < 2)
					continue;
				s.pu_b = topo_pu(1);
				s.offset = between;
				expect_case(&s);
			}
}

static void test_offset_too_wide(void **state)
{
	struct setting s = { bench_idle_gap.variants, PEER_THREAD, topo_pu(0),
			     100000 };

	(void)state;
	s.offset = (struct clock_offset){ 0, 1e9 };
	s.absent = "clock offset of the PUs is known to 0.00 ns ± 1.00 s, more "
		   "than a tenth of a wake-up of";
	expect_case(&s);
}

/* ------------------------------------ a schedule that cannot be kept */

static void answer_slowly(struct end *e)
{
	uint64_t from = clock_now();

	while (clock_diff_ns(&ticks, from, clock_now()) < 300000)
		;
	stream_signal(e);
}

static uint64_t serve_slowly(struct end *e, uint64_t n)
{
	return pair_serve_halves(e, n, stream_await, answer_slowly);
}

static void test_saturated(void **state)
{
	struct channel slow = via_pipe;
	struct variant variant = { .name = "slow", .arg = &slow };
	struct setting s = { &variant, PEER_PROCESS, topo_pu(0), 100000 };

	(void)state;
	slow.serve_halves = serve_slowly;
	s.absent = "due every 100 µs, but a wake-up is answered only after ";
	expect_case(&s);
	/* back to back there is nothing to keep */
	s.gap = 0;
	s.absent = NULL;
	expect_case(&s);
}

/* ----------------------------------------------------------------- ids */

static void test_ids(void **state)
{
	static const char *const gap[] = { "gap=0", "gap=10us", "gap=100us",
					   "gap=1ms", "gap=10ms" };
	char *const pattern[] = { (char *)(uintptr_t) "idle_gap/eventfd/thread/"
						      "pu" };
	const struct case_filter filter = { .patterns = pattern,
					    .pattern_count = 1 };
	char err[256], id[CASE_ID];
	size_t count;
	struct test_case *c = cases_select(&filter, &count, err, sizeof(err));

	(void)state;
	if (!c)
		fail_msg("%s", err);
	assert_int_equal(count, COUNT(gap));
	for (size_t i = 0; i < count; i++) {
		snprintf(id, sizeof(id), "idle_gap/eventfd/thread/pu/%s",
			 gap[i]);
		assert_string_equal(c[i].id, id);
	}
	free(c);
}

/* --------------------------------------------------------- idle states */

static void write_usage(const char *root, int pu, int idle_state,
			const char *text)
{
	static const char *const parts[] = { "sys", "devices", "system",
					     "cpu" };
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s", root);
	for (size_t i = 0; i < COUNT(parts); i++) {
		snprintf(path + strlen(path), sizeof(path) - strlen(path),
			 "/%s", parts[i]);
		mkdir(path, 0700);
	}
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/cpu%d",
		 pu);
	mkdir(path, 0700);
	strcat(path, "/cpuidle");
	mkdir(path, 0700);
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/state%d",
		 idle_state);
	mkdir(path, 0700);
	strcat(path, "/usage");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_idle_states(void **state)
{
	char root[] = "/tmp/handoff-idle-XXXXXX", command[64];
	uint64_t entries = 1;

	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(idle_states(root, 3, &entries), 0);
	assert_int_equal(entries, 0);
	write_usage(root, 3, 0, "17\n");
	write_usage(root, 3, 1, "25\n");
	write_usage(root, 3, 2, "18446744073709551000\n");
	write_usage(root, 4, 0, "1000\n");
	assert_int_equal(idle_states(root, 3, &entries), 3);
	assert_true(entries == UINT64_C(18446744073709551000) + 42);
	assert_int_equal(idle_states(root, 4, &entries), 1);
	assert_int_equal(entries, 1000);
	write_usage(root, 3, 1, "none\n");
	/* a state that cannot be read is not one that is not there */
	assert_int_equal(idle_states(root, 3, &entries), -1);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

/* The variant that counts them is there or says why it is not. */
static void test_idle_entries(void **state)
{
	const struct variant *v = bench_idle_gap.variants;
	char why[128] = "";
	bool denied = false;
	uint64_t entries;

	(void)state;
	while (v->name && strcmp(v->name, "eventfd_idle_states"))
		v++;
	assert_non_null(v->name);
	assert_string_equal(v->metrics[2].name, "idle_entries");
	if (idle_states("", topo_pu(0), &entries)) {
		assert_true(v->needs[0]->met(why, sizeof(why), &denied));
		return;
	}
	assert_false(v->needs[0]->met(why, sizeof(why), &denied));
	assert_string_equal(why, "no cpuidle driver in this (virtual) machine");
	assert_false(denied);
}

static int open_all(void **state)
{
	(void)state;
	return machine_open_apart(&between);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_pace_catches_up),
		cmocka_unit_test(test_pace_starts_anew),
		cmocka_unit_test(test_every_case),
		cmocka_unit_test(test_offset_too_wide),
		cmocka_unit_test(test_saturated),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_idle_states),
		cmocka_unit_test(test_idle_entries),
	};

	return cmocka_run_group_tests(tests, open_all, machine_close);
}
