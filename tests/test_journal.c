/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are the files of a run that was cut those that the run would have left? */
#include "journal.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "csv.h"
#include "recover.h"
#include "rundir.h"
#include "summary.h"
#include "support.h"

/* ------------------------------------------------------- calls that fail */

static unsigned calls, fail_at; /* 0: none fails */
static bool for_good;           /* and all that follow */

static bool fails(void)
{
	if (!fail_at)
		return false;
	calls++;
	return for_good ? calls >= fail_at : calls == fail_at;
}

/* In place of libc's for what is linked here: a full disk. */
ssize_t write(int fd, const void *text, size_t size)
{
	if (fails()) {
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_write, fd, text, size);
}

/* ------------------------------------------------------------ made-up run */

static const struct metric own[] = { { "call", "ns" },
				     { "rate", "1/s" },
				     { NULL, NULL } };
static const struct bench alpha = { .name = "alpha",
				    .unit = "ns",
				    .counts = COUNT_SYSCALLS | COUNT_COPIES |
					      COUNT_NAMES },
			  beta = { .name = "beta",
				   .unit = "ns",
				   .metrics = own,
				   .counts = COUNT_FAULTS };
static const struct variant only = { .name = "-" }, piped = { .name = "pipe" };
static const struct place l3 = { .name = "l3", .present = true };
enum { ALPHA, BETA, LACKING, LAST, CASES };
static const struct test_case cases[CASES] = {
	[ALPHA] = { .bench = &alpha,
		    .variant = &piped,
		    .peer = PEER_PROCESS,
		    .place = &l3,
		    .value = 65536,
		    .param = "size=64KiB" },
	[BETA] = { .bench = &beta,
		   .variant = &only,
		   .value = PARAM_NONE,
		   .param = "-" },
	[LACKING] = { .bench = &beta,
		      .variant = &piped,
		      .peer = PEER_THREAD,
		      .value = PARAM_NONE,
		      .param = "-",
		      .status = STATUS_ABSENT,
		      .reason = "no \"unicorn\",\nhere" },
	[LAST] = { .bench = &alpha,
		   .variant = &only,
		   .value = PARAM_NONE,
		   .param = "-" },
};
enum { BLOCKS = 4 };
static const char *const file[] = { "summary.csv", "invocations.csv",
				    "histogram.csv" };
static struct results results;
static struct invocation inv;
static struct journal *journal;
static int dir_fd;
static char err[1024];

/* Every answer is another; all of its fields are. */
static void answer(enum run_mode mode, unsigned seed)
{
	struct evidence *e = &inv.sample.evidence;
	double odd = 1.0 / (3 + seed); /* needs all its digits */

	memset(&inv, 0, sizeof(inv));
	inv.mode = mode;
	inv.answered = true;
	*e = (struct evidence){
		.operations = 1000 + seed,
		.batches = 100,
		.batch_n = 77,
		.elapsed_ns = 1e6 + odd,
		.driver = { 1, 2, 3, 4 + seed, 5, 6 },
		.peer = { 7, 8, 9, 10 + seed, 11, 12 },
		.off_pu = 1,
		.disturbed = seed % 3 ? 0 : 20,
		.moves = 2,
		.lost_ns = 12 + odd,
		.pu_a = 0,
		.pu_b = seed % 2 ? -1 : 3,
		.drift = seed % 2,
	};
	inv.books = (struct noise_books){ 0.25 + odd, 0.01, 17 };
	inv.foreign_s = 0.001 + odd / 100;
	inv.wall_s = 0.5;
}

static struct measured *metric(const char *name, const char *unit,
			       enum method method, double value)
{
	struct measured *m = &inv.sample.metric[inv.sample.metrics++];

	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->unit, sizeof(m->unit), "%s", unit);
	m->method = method;
	m->value = value;
	m->samples = 100;
	m->sum = value * 3;
	return m;
}

static void take(size_t index, size_t block, size_t order, int arm)
{
	assert_int_equal(results_add(&results, index, &inv, block, order, arm),
			 0);
	if (journal)
		assert_int_equal(journal_add(journal, index, &inv, block, order,
					     arm, results.gap_ns[block]),
				 0);
}

/* Two cases counted and timed, one that fails, one that is never reached. */
static void measure(void)
{
	static double gap[BLOCKS + 1];
	size_t order = 0;

	for (size_t b = 0; b < BLOCKS; b++)
		gap[b] = 1000.0 / (double)(b + 3);
	gap[BLOCKS] = NAN; /* nobody looked when it was cut */
	results.gap_ns = gap;
	answer(RUN_NAMES, 0);
	snprintf(inv.sample.call[0].name, SAMPLE_NAME, "syscalls.futex");
	inv.sample.call[0].value = 2.5;
	inv.sample.call[0].samples = 200;
	inv.sample.calls = 1;
	take(ALPHA, 0, order++, 0);
	answer(RUN_COUNT, 1);
	metric("copies", "count", METHOD_BATCH, 2.00001)->is_count = true;
	take(ALPHA, 0, order++, 0);
	for (size_t b = 1; b < BLOCKS; b++)
		for (unsigned i = 0; i < 4; i++) {
			struct measured *m;

			answer(RUN_MEASURE, (unsigned)order);
			m = metric("latency", "ns", METHOD_SINGLE,
				   4210 + 1.0 / (double)(order + 7));
			for (unsigned k = 0; k < 300 + order; k++)
				hist_add(&m->hist, 4000.5 + k * (i + 1));
			take(ALPHA, b, order++, (int)(i % 2));
			answer(RUN_MEASURE, (unsigned)order);
			m = metric("call", "ns", METHOD_BATCH,
				   -3.0 / (double)(order + 7));
			hist_add(&m->hist, -0.1);
			hist_add(&m->hist, 0);
			hist_add(&m->hist, 1e12);
			hist_add(&m->hist, NAN);
			m = metric("rate", "1/s", METHOD_EXACT, (double)order);
			m->is_count = m->total = true;
			take(BETA, b, order++, (int)(i % 2));
		}
	answer(RUN_MEASURE, 99);
	inv.status = STATUS_FAILED;
	inv.sample.metrics = 0;
	snprintf(inv.reason, sizeof(inv.reason), "it broke, \"badly\"");
	take(LAST, BLOCKS - 1, order, 0);
}

enum { MEASURED = 2 + 8 * (BLOCKS - 1) + 1 };

static void begin_run(void)
{
	memset(&results, 0, sizeof(results));
	assert_int_equal(results_open(&results, cases, CASES), 0);
	snprintf(results.machine, sizeof(results.machine), "box-1234");
	snprintf(results.run, sizeof(results.run), "20260131T120000Z");
	results.clock_step_ns = 10.0 / 3;
	results.counts_why = "perf: no; ptrace: no";
	results.emulated = true;
	results.precision = 0.001;
}

/* ------------------------------------------------------------------ help */

static char *slurp(const char *path, size_t *length)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(text);
	if (!f)
		fail_msg("%s is not there", path);
	*length = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	return text;
}

static void lay(const char *path, const char *text, size_t length)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, length, f), length);
	assert_int_equal(fclose(f), 0);
}

static bool is_there(const char *path)
{
	return !access(path, F_OK);
}

static void expect_same(const char *a, const char *b)
{
	size_t length[2];
	char *text[2] = { slurp(a, &length[0]), slurp(b, &length[1]) };

	if (strcmp(text[0], text[1]))
		fail_msg("%s and %s differ:\n%s\n%s", a, b, text[0], text[1]);
	free(text[0]);
	free(text[1]);
}

/* A run in "cut", that was killed; what it would have left is in "whole". */
static int make_run(void **state)
{
	char path[64];

	(void)state;
	assert_int_equal(mkdir("whole", 0777), 0);
	assert_int_equal(mkdir("cut", 0777), 0);
	dir_fd = open("cut", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir_fd >= 0);
	begin_run();
	journal = journal_create(dir_fd, &results, true);
	assert_non_null(journal);
	measure();
	journal_close(journal, false);
	journal = NULL;
	if (results_write(&results, "whole", err, sizeof(err)) ||
	    results_write_noise(&results, "whole", err, sizeof(err)))
		fail_msg("%s", err);
	/* the checkpoint of a moment ago */
	for (size_t i = 0; i < COUNT(file); i++) {
		snprintf(path, sizeof(path), "cut/%s", file[i]);
		lay(path, "old\n", 4);
	}
	return 0;
}

static int remove_run(void **state)
{
	(void)state;
	results_close(&results);
	close(dir_fd);
	nftw("cut", scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
	return nftw("whole", scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* recover_run(), which ends the process on bad input: its exit code. */
static int recover_in_child(const char *dir)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(STDERR_FILENO);
		_exit(recover_run(dir) ? EXIT_CASE_FAILED : EXIT_DONE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ----------------------------------------------------------------- tests */

static void test_same_bytes(void **state)
{
	char path[2][64];

	(void)state;
	lay("cut/summary.csv.7-0.tmp", "half", 4);
	assert_int_equal(recover_run("cut"), 0);
	for (size_t i = 0; i <= COUNT(file); i++) {
		const char *name = i < COUNT(file) ? file[i] : "noise.csv";

		snprintf(path[0], sizeof(path[0]), "whole/%s", name);
		snprintf(path[1], sizeof(path[1]), "cut/%s", name);
		expect_same(path[0], path[1]);
	}
	assert_false(is_there("cut/" JOURNAL_NAME));
	assert_false(is_there("cut/summary.csv.7-0.tmp"));
	assert_int_equal(recover_run("cut"), 0); /* nothing left to do */
	assert_int_equal(recover_run("no such"), 0);
	assert_int_equal(recover_run("cut/summary.csv"), 0);
}

/* The locale's decimal comma is not the file's. */
static void test_comma(void **state)
{
	char dir[] = ".";

	if (!scratch_comma_locale(dir))
		skip_because("no locale with a decimal comma");
	remove_run(state);
	make_run(state);
	assert_int_equal(recover_run("cut"), 0);
	expect_same("whole/summary.csv", "cut/summary.csv");
	setlocale(LC_ALL, "C");
}

/* Cut anywhere: what had ended is read, and no more. */
static void test_torn(void **state)
{
	size_t length, last = 0, begin, step = SANITIZED ? 97 : 13;
	char *text = slurp("cut/" JOURNAL_NAME, &length);
	struct journal_run run;

	(void)state;
	begin = (size_t)(strstr(text, "\nbegin,") - text);
	for (size_t cut = 0; cut <= length; cut += cut < begin ? 50 : step) {
		size_t ended = 0;

		lay("cut/" JOURNAL_NAME, text, cut);
		if (journal_read(&run, "cut", err, sizeof(err))) {
			assert_true(cut <= begin + 80);
			assert_null(strchr(err, '\n'));
			continue;
		}
		for (const char *at = text;
		     (at = strstr(at, "\nend,")) && at < text + cut; at++) {
			size_t row = strcspn(at + 1, "\n");

			ended += at + 1 + row <= text + cut;
		}
		assert_int_equal(run.invocations, ended);
		assert_true(run.invocations >= last);
		last = run.invocations;
		journal_free(&run);
	}
	lay("cut/" JOURNAL_NAME, text, length);
	assert_int_equal(journal_read(&run, "cut", err, sizeof(err)), 0);
	assert_int_equal(run.invocations, MEASURED);
	assert_string_equal(run.cut, "");
	journal_free(&run);
	free(text);
}

/* Damaged anywhere: read up to there, or refused; never more than was. */
static void test_damaged(void **state)
{
	static const char damage[] = { '\0', '"', ',', '\n', '-', 'x', '9' };
	size_t length, step = SANITIZED ? 331 : 41;
	char *text = slurp("cut/" JOURNAL_NAME, &length);
	struct journal_run run;

	(void)state;
	for (size_t at = 0; at < length; at += step) {
		char old = text[at];

		text[at] = damage[(at / step) % sizeof(damage)];
		lay("cut/" JOURNAL_NAME, text, length);
		text[at] = old;
		if (journal_read(&run, "cut", err, sizeof(err)))
			continue;
		assert_true(run.invocations <= MEASURED);
		assert_true(!run.cut[0] || strstr(run.cut, JOURNAL_NAME ":"));
		journal_free(&run);
	}
	free(text);
}

/* Nothing was measured: rows say so; not even begun: bad input. */
static void test_early(void **state)
{
	size_t length;
	char *text = slurp("cut/" JOURNAL_NAME, &length), *begin;
	struct summary summary;

	(void)state;
	begin = strstr(text, "\nbegin,");
	assert_non_null(begin);
	begin = strchr(begin + 1, '\n');
	lay("cut/" JOURNAL_NAME, text, (size_t)(begin + 1 - text));
	assert_int_equal(recover_run("cut"), 0);
	assert_int_equal(summary_read(&summary, "cut", err, sizeof(err)), 0);
	assert_int_equal(summary.count, CASES);
	for (size_t i = 0; i < summary.count; i++)
		assert_string_equal(summary.row[i].status, "absent");
	summary_free(&summary);
	/* with a summary.csv of before, that is shown; without, nothing can */
	lay("cut/" JOURNAL_NAME, text, 40);
	assert_int_equal(recover_in_child("cut"), EXIT_CASE_FAILED);
	assert_int_equal(unlink("cut/summary.csv"), 0);
	assert_int_equal(recover_in_child("cut"), EXIT_USAGE);
	assert_true(is_there("cut/" JOURNAL_NAME));
	free(text);
}

/* While the run goes on nobody else makes its files. */
static void test_going_on(void **state)
{
	long writer;
	int fd = rundir_lock("cut", &writer);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(recover_in_child("cut"), EXIT_DONE);
	assert_true(is_there("cut/" JOURNAL_NAME));
	assert_int_equal(unlink("cut/summary.csv"), 0);
	assert_int_equal(recover_in_child("cut"), EXIT_USAGE);
	close(fd);
	assert_int_equal(recover_in_child("cut"), EXIT_DONE);
	expect_same("whole/summary.csv", "cut/summary.csv");
}

/* A journal that may not grow gives up, and what it has is whole. */
static void test_journal_full(void **state)
{
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	struct rlimit old, less;
	struct journal_run run;
	size_t taken = 0;

	(void)state;
	assert_int_equal(unlink("cut/" JOURNAL_NAME), 0);
	journal = journal_create(dir_fd, &results, false);
	assert_non_null(journal);
	fflush(NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	less = old;
	less.rlim_cur = 20000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	answer(RUN_MEASURE, 1);
	for (int k = 0; k < 300; k++)
		hist_add(&metric("latency", "ns", METHOD_SINGLE, 1)->hist,
			 100 * k),
			inv.sample.metrics = 1;
	while (taken < 100 &&
	       !journal_add(journal, ALPHA, &inv, 0, taken, 0, NAN))
		taken++;
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, handler);
	assert_in_range(taken, 1, 99);
	assert_false(journal_is_whole(journal));
	assert_int_equal(journal_add(journal, ALPHA, &inv, 0, 0, 0, NAN), -1);
	assert_int_equal(errno, EFBIG);
	journal_close(journal, false);
	journal = NULL;
	assert_int_equal(journal_read(&run, "cut", err, sizeof(err)), 0);
	assert_int_equal(run.invocations, taken);
	assert_string_equal(run.cut, "");
	journal_free(&run);
}

/* Where its directory was removed, all of it goes to another. */
static void test_moved(void **state)
{
	struct journal_run run;
	int other;

	(void)state;
	assert_int_equal(unlink("cut/" JOURNAL_NAME), 0);
	journal = journal_create(dir_fd, &results, false);
	assert_non_null(journal);
	assert_null(journal_create(dir_fd, &results, false));
	assert_int_equal(errno, EEXIST);
	answer(RUN_MEASURE, 1);
	metric("latency", "ns", METHOD_BATCH, 5);
	take(ALPHA, 0, 100, 0);
	assert_int_equal(unlink("cut/" JOURNAL_NAME), 0);
	assert_int_equal(mkdir("cut/other", 0777), 0);
	other = open("cut/other", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(other >= 0);
	assert_int_equal(journal_move(journal, other), 0);
	take(ALPHA, 0, 101, 0);
	assert_int_equal(journal_read(&run, "cut/other", err, sizeof(err)), 0);
	assert_int_equal(run.invocations, 2);
	journal_free(&run);
	journal_close(journal, true);
	journal = NULL;
	assert_false(is_there("cut/other/" JOURNAL_NAME));
	close(other);
}

/* --------------------------------------------- files of one moment, or none */

/* 'o'ld, 'n'ew, '-' not there, '?' anything else; of the files in "cut". */
static void look(char seen[COUNT(file) + 1])
{
	for (size_t i = 0; i < COUNT(file); i++) {
		size_t length[2];
		char path[64], wanted[64], *text[2];

		snprintf(path, sizeof(path), "cut/%s", file[i]);
		snprintf(wanted, sizeof(wanted), "whole/%s", file[i]);
		seen[i] = '-';
		if (!is_there(path))
			continue;
		text[0] = slurp(path, &length[0]);
		text[1] = slurp(wanted, &length[1]);
		seen[i] = !strcmp(text[0], "old\n") ? 'o' :
			  !strcmp(text[0], text[1]) ? 'n' :
						      '?';
		free(text[0]);
		free(text[1]);
	}
	seen[COUNT(file)] = '\0';
}

/* A disk that is full for the nth write alone, or from it on. */
static void fill_disk(bool stays)
{
	unsigned n;
	bool gave_way = false;

	for (n = 1; n < 200; n++) {
		char seen[COUNT(file) + 1], command[64];
		int result;

		for (size_t i = 0; i < COUNT(file); i++) {
			char path[64];

			snprintf(path, sizeof(path), "cut/%s", file[i]);
			lay(path, "old\n", 4);
		}
		calls = 0;
		fail_at = n;
		for_good = stays;
		err[0] = '\0';
		result = results_write(&results, "cut", err, sizeof(err));
		fail_at = 0;
		look(seen);
		snprintf(command, sizeof(command),
			 "test -z \"$(find cut -name '*.tmp')\"");
		assert_int_equal(system(command), 0);
		if (!result) {
			assert_string_equal(seen, "nnn");
			break;
		}
		assert_non_null(strstr(err, "No space left"));
		assert_non_null(strstr(err, "cut/"));
		if (result > 0) {
			assert_string_equal(seen, "nn-");
			assert_non_null(strstr(err, "cut/histogram.csv: "));
			gave_way = true;
		} else if (strcmp(seen, "oo-")) {
			fail_msg("write %u: %s (%s)", n, seen, err);
		}
	}
	assert_in_range(n, 3, 199);
	assert_true(gave_way);
}

static void test_full_disk(void **state)
{
	(void)state;
	fill_disk(false);
	fill_disk(true);
}

/* ------------------------------------------------- failures from outside */

static const char *status_of(const struct summary *summary, const char *id,
			     const char *name)
{
	const struct summary_row *row = summary_find(summary, id, name);

	assert_non_null(row);
	return row->status;
}

/* They take nothing from a case that has been timed; a mismatch does. */
static void test_outside(void **state)
{
	struct summary summary;

	(void)state;
	answer(RUN_MEASURE, 3);
	inv.status = STATUS_FAILED;
	inv.outside = true;
	snprintf(inv.reason, sizeof(inv.reason), "cannot start: no processes");
	take(ALPHA, 1, 900, 0);
	assert_int_equal(results_with(&results, STATUS_FAILED), 1);
	results_close(&results);
	begin_run();
	take(BETA, 1, 901, 0);
	assert_int_equal(results_with(&results, STATUS_FAILED), 1);
	if (results_write(&results, "cut", err, sizeof(err)))
		fail_msg("%s", err);
	assert_int_equal(summary_read(&summary, "cut", err, sizeof(err)), 0);
	assert_string_equal(status_of(&summary, "beta/-/-/-/-", "call"),
			    "failed");
	assert_string_equal(
		summary_find(&summary, "beta/-/-/-/-", "call")->reason,
		"cannot start: no processes");
	summary_free(&summary);

	answer(RUN_MEASURE, 4);
	hist_add(&metric("call", "ns", METHOD_BATCH, 5)->hist, 5);
	take(BETA, 1, 902, 0);
	assert_int_equal(results_with(&results, STATUS_FAILED), 0);
	if (results_write(&results, "cut", err, sizeof(err)))
		fail_msg("%s", err);
	assert_int_equal(summary_read(&summary, "cut", err, sizeof(err)), 0);
	assert_string_equal(status_of(&summary, "beta/-/-/-/-", "call"), "ok");
	summary_free(&summary);

	answer(RUN_MEASURE, 5);
	inv.status = STATUS_FAILED;
	snprintf(inv.reason, sizeof(inv.reason), "did 3 of 4");
	take(BETA, 1, 903, 0);
	assert_int_equal(results_with(&results, STATUS_FAILED), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_run, remove_run)
	const struct CMUnitTest tests[] = {
		TEST(test_same_bytes),   TEST(test_comma), TEST(test_torn),
		TEST(test_damaged),      TEST(test_early), TEST(test_going_on),
		TEST(test_journal_full), TEST(test_moved), TEST(test_full_disk),
		TEST(test_outside),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
