/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The runner: cases in randomised blocks, each invocation a fresh process
 * with a deadline, results and environment into a directory. */
#include "runner.h"

#include <fcntl.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "counts.h"
#include "essential.h"
#include "inherit.h"
#include "invocation.h"
#include "journal.h"
#include "launch.h"
#include "noise.h"
#include "platform.h"
#include "progress.h"
#include "refusal.h"
#include "results.h"
#include "rundir.h"
#include "topo.h"
#include "units.h"

/* One thing to do within a block. */
struct job {
	size_t index; /* of the case */
	enum run_mode mode;
	int arm; /* of an A/A run: 0 or 1 */
};

struct runner {
	const struct run_options *options;
	struct test_case *cases;
	size_t count;
	struct results results;
	struct platform platform;
	struct rundir dir;
	bool homeless;           /* dir was removed, and there is no other */
	struct journal *journal; /* NULL once it has given up */
	struct invocation *shared;
	int shared_fd;
	struct launcher launcher;
	struct job *job;
	size_t jobs;
	int *method; /* per case, as the first invocation decided */
	double start_s, checkpoint_s;
	double overhead_s[RUN_MODES]; /* of an invocation beside measuring */
	double settled_s;             /* when tracing no longer slows */
	size_t begun[RUN_MODES];
	uint64_t cut[RUN_MODES]; /* blocks of a mode at most */
	size_t order;            /* invocations begun */
	int *pus, *used;         /* all that are allowed; room for a job's */
	size_t pu_count;
	int latency_fd; /* /dev/cpu_dma_latency while held, or -1 */
	struct progress progress;
	sigset_t waited;
};

enum ending { ENDED, HUNG, INTERRUPTED };

/* Invocations that count rather than time; 6 give an interval. */
static const uint64_t count_invocations = 6;
/* So many there are, however long they take. */
static const uint64_t fewest_counted = 2;
/* So many times go before a third count; 6 give an interval. */
static const uint64_t enough_timed = 7;
static const double shortest_s = 0.005, longest_s = 0.5, precise_s = 0.05;
/* Spinning before and after each timed block, to see gaps. */
static const double gap_s = 0.1;
enum { MOST_GAP_PUS = 8 };
static const double checkpoint_every_s = 10;

/* ---------------------------------------------------- one invocation */

/* The i-th number that a seed gives: splitmix64; Steele, Lea and Flood 2014. */
static uint64_t drawn(uint64_t seed, uint64_t i)
{
	uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void ask(struct runner *run, const struct job *job, double measure_s)
{
	struct invocation *inv = run->shared;
	const struct test_case *c = &run->cases[job->index];

	memset(inv, 0, sizeof(*inv));
	snprintf(inv->bench, sizeof(inv->bench), "%s", c->bench->name);
	snprintf(inv->variant, sizeof(inv->variant), "%s", c->variant->name);
	inv->peer = c->peer;
	inv->value = c->value;
	inv->pu_a = c->place ? c->place->pu_a : topo_pu(0);
	inv->pu_b = c->place ? c->place->pu_b : TOPO_ANY_PU;
	inv->mode = job->mode;
	inv->plan.measure_ns = measure_s * 1e9;
	inv->plan.warm_ns = fmax(measure_s * 1e8, 3e6);
	inv->plan.method = run->method[job->index];
	inv->plan.seed = drawn(run->options->seed, run->order);
	inv->counts =
		job->mode == RUN_NAMES ? COUNTS_PTRACE : run->platform.counts;
	inv->clock = run->platform.clock;
	inv->clocks_agree = run->platform.clocks_agree;
	inv->offset = platform_offset(c->place);
	inv->runner = getpid();
	inv->fifo = run->options->tune &&
		    cases_list_names(run->options->tune, "fifo");
	snprintf(inv->helper, sizeof(inv->helper), "%s",
		 run->launcher.helper[0].path);
	/* read even if somebody removes the directory */
	inv->topology_fd = run->dir.topology_fd;
	snprintf(inv->topology, sizeof(inv->topology), "/proc/self/fd/%d",
		 inv->topology_fd);
}

/* A process group of its own: Ctrl-C on the terminal reaches the runner
 * alone, and everything an invocation started can be ended with it. */
static pid_t launch(struct runner *run)
{
	return launch_start(&run->launcher, INVOCATION_ARGUMENT, run->shared_fd,
			    &run->shared->died_of);
}

/* Ends whatever is left of an invocation's group and reaps it. */
static void sweep(pid_t group)
{
	int status;

	kill(-group, SIGKILL);
	while (waitpid(-group, &status, __WALL) > 0 || errno == EINTR)
		;
}

static bool by_ptrace(const struct invocation *inv)
{
	return run_is_traced(inv->mode, inv->counts);
}

/* Takes in what there is to know of children; 1 once `pid` has ended. */
static int reap(struct runner *run, pid_t pid, int *status)
{
	struct counts_traced *traced =
		by_ptrace(run->shared) ? &run->shared->traced : NULL;
	int ended = 0, seen;
	pid_t who;

	while ((who = waitpid(-1, &seen, WNOHANG | __WALL)) > 0) {
		if (who == pid && !WIFSTOPPED(seen)) {
			*status = seen;
			ended = 1;
		} else if (traced) {
			counts_trace_event(who, seen, traced);
		}
	}
	return ended;
}

/* Waits for a signal, so many seconds at most: its number, or what
 * sigtimedwait() returns without one. */
static int wait_for_signal(const struct runner *run, double seconds)
{
	struct timespec timeout = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - floor(seconds)) * 1e9),
	};

	return sigtimedwait(&run->waited, NULL, &timeout);
}

static enum ending wait_for_end(struct runner *run, pid_t pid,
				double deadline_s, int *status)
{
	double end = progress_seconds() + deadline_s;

	for (;;) {
		double left = end - progress_seconds();
		int signal;

		if (reap(run, pid, status))
			return ENDED;
		if (left <= 0)
			return HUNG;
		signal = wait_for_signal(run, left);
		if (signal > 0 && signal != SIGCHLD)
			return INTERRUPTED;
	}
}

/* Where the system is short of processes or memory, some may be free a moment
 * later: tried for a second and a half. *ending: INTERRUPTED by a signal. */
static pid_t launch_patiently(struct runner *run, enum ending *ending)
{
	pid_t pid = launch(run);

	for (int i = 0; i < 5; i++) {
		int error = errno, signal;

		if (pid >= 0 || (error != EAGAIN && error != ENOMEM &&
				 error != ETXTBSY))
			break;
		signal = wait_for_signal(run, 0.05 * (double)(1 << i));
		if (signal > 0 && signal != SIGCHLD) {
			*ending = INTERRUPTED;
			errno = error;
			break;
		}
		pid = launch(run);
	}
	return pid;
}

static void blame(struct invocation *inv, enum status status,
		  const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void blame(struct invocation *inv, enum status status,
		  const char *format, ...)
{
	va_list args;

	inv->status = status;
	if (inv->reason[0])
		return; /* the invocation said more before it died */
	va_start(args, format);
	vsnprintf(inv->reason, sizeof(inv->reason), format, args);
	va_end(args);
}

/* Why an invocation ended without an answer. */
static void judge_end(struct invocation *inv, int status)
{
	char why[CASE_REASON];
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (inv->died_of) { /* a party was refused a call, and said which */
		refusal_say(why, sizeof(why), "exec of this program",
			    inv->died_of);
		blame(inv, refusal_status(inv->died_of), "%s", why);
	} else if (refusal_by_signal(why, sizeof(why), signal)) {
		blame(inv, STATUS_DENIED, "%s", why);
	} else if (signal) {
		blame(inv, STATUS_FAILED, "killed by signal %d (%s)", signal,
		      strsignal(signal));
	} else {
		blame(inv, STATUS_FAILED,
		      "ended with %d before it had a result",
		      WEXITSTATUS(status));
	}
}

static double deadline(const struct runner *run, double measure_s)
{
	if (run->options->deadline_s > 0)
		return run->options->deadline_s;
	return fmax(20, 20 * measure_s);
}

/* The PUs a job runs on; all that are allowed where it is not bound. */
static size_t pus_used(const struct runner *run, const struct invocation *inv,
		       int *pu)
{
	if (inv->pu_a == TOPO_ANY_PU) {
		memcpy(pu, run->pus, run->pu_count * sizeof(*pu));
		return run->pu_count;
	}
	pu[0] = inv->pu_a;
	pu[1] = inv->pu_b;
	return inv->pu_b == TOPO_ANY_PU || inv->pu_b == inv->pu_a ? 1 : 2;
}

/* Where all that is traced is on one PU, so is the tracer meanwhile: it would
 * be woken on another one for each stop, at ten times the cost. */
static enum ending trace(struct runner *run, pid_t pid, double deadline_s,
			 int *status)
{
	bool one = pus_used(run, run->shared, run->used) == 1;
	enum ending ending;

	if (one)
		topo_bind(run->used[0]);
	ending = wait_for_end(run, pid, deadline_s, status);
	if (one)
		topo_bind(TOPO_ANY_PU);
	return ending;
}

/* What the PUs were busy with beside the invocation, whose own time is that of
 * the processes reaped meanwhile. */
static void book(struct runner *run, const struct noise_books *before,
		 double own_before_s, double wall_s)
{
	struct invocation *inv = run->shared;
	struct noise_books after;
	size_t count = pus_used(run, inv, run->used);

	noise_read_books(run->used, count, &after);
	inv->wall_s = wall_s;
	inv->books.busy_s = after.busy_s - before->busy_s;
	inv->books.steal_s = after.steal_s - before->steal_s;
	inv->books.interrupts = after.interrupts - before->interrupts;
	inv->foreign_s = fmax(
		0, inv->books.busy_s - (1e-9 * (double)counts_family_cpu_ns() -
					own_before_s));
}

/* Runs one job; what it answered, or why not, is in run->shared. */
static enum ending run_job(struct runner *run, const struct job *job,
			   double measure_s)
{
	struct invocation *inv = run->shared;
	double limit = deadline(run, measure_s);
	double own_before_s, start_s;
	struct noise_books before;
	enum ending ending = ENDED;
	int status = 0;
	pid_t pid;

	ask(run, job, measure_s);
	noise_read_books(run->used, pus_used(run, inv, run->used), &before);
	own_before_s = 1e-9 * (double)counts_family_cpu_ns();
	start_s = progress_seconds();
	pid = launch_patiently(run, &ending);
	if (pid < 0) {
		int error = errno;

		inv->outside = true;
		refusal_say(inv->reason, sizeof(inv->reason),
			    "start an invocation", error);
		blame(inv, refusal_status(error), "%s", inv->reason);
		return ending;
	}
	if (by_ptrace(inv) && counts_trace_attach(pid)) {
		inv->outside = true;
		sweep(pid);
		blame(inv, STATUS_DENIED, "ptrace: %s", strerror(errno));
		return ENDED;
	}
	ending = by_ptrace(inv) ? trace(run, pid, limit, &status) :
				  wait_for_end(run, pid, limit, &status);
	sweep(pid);
	book(run, &before, own_before_s, progress_seconds() - start_s);
	if (ending == HUNG)
		blame(inv, STATUS_TIMEOUT, "no result within %g s", limit);
	else if (ending == ENDED && !inv->answered)
		judge_end(inv, status);
	return ending;
}

/* ------------------------------------------------------------ blocks */

static bool has_job(const struct runner *run, size_t index, enum run_mode mode)
{
	unsigned counts = run->cases[index].bench->counts;

	if (run->results.of[index].status != STATUS_OK ||
	    (run->options->no_counts && mode != RUN_MEASURE))
		return false;
	/* what is the same each time is not counted six times */
	if ((mode == RUN_TRACE || mode == RUN_COUNT) &&
	    results_agree(&run->results, index, mode))
		return false;
	if (mode == RUN_TRACE)
		return counts & COUNT_SYSCALLS &&
		       run->platform.counts != COUNTS_DENIED;
	if (mode == RUN_NAMES)
		return counts & COUNT_NAMES && run->platform.can_name;
	return mode == RUN_MEASURE ||
	       counts & ~(unsigned)(COUNT_SYSCALLS | COUNT_NAMES);
}

/* The passes follow each other: while system calls are traced, those of every
 * process on the machine are slower, so tracing comes first and alone. */
static uint64_t pass_blocks(const struct runner *run, enum run_mode mode)
{
	uint64_t k = run->options->invocations;

	if (mode != RUN_MEASURE && run->options->no_counts)
		return 0;
	if (mode == RUN_NAMES)
		return 1;
	if (mode != RUN_MEASURE && k > count_invocations)
		k = count_invocations;
	return k < run->cut[mode] ? k : run->cut[mode];
}

static uint64_t first_block(const struct runner *run, enum run_mode mode)
{
	uint64_t first = 0;

	for (enum run_mode m = RUN_TRACE; m < mode; m++)
		first += pass_blocks(run, m);
	return first;
}

/* What comes after the last pass times, too. */
static enum run_mode block_mode(const struct runner *run, uint64_t block)
{
	enum run_mode mode = RUN_TRACE;

	while (mode < RUN_MEASURE && block >= first_block(run, mode + 1))
		mode++;
	return mode;
}

/* An A/A run times every case twice a block. */
static int arms(const struct runner *run, enum run_mode mode)
{
	return run->options->aa && mode == RUN_MEASURE ? 2 : 1;
}

/* The nth block of a pass is in an order of its own, so that it does not
 * depend on how many blocks the time sufficed for before. */
static void shuffle(struct runner *run, enum run_mode mode, uint64_t nth)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

	gsl_rng_set(random, drawn(drawn(run->options->seed, mode), nth) >> 32);
	/* GSL draws from an empty range for none, and aborts */
	if (run->jobs)
		gsl_ran_shuffle(random, run->job, run->jobs, sizeof(*run->job));
	gsl_rng_free(random);
}

/* Every case once, in shuffled order; after the last pass, those whose interval
 * is wider than asked. How many. */
static size_t fill_block(struct runner *run, uint64_t block)
{
	enum run_mode mode = block_mode(run, block);
	bool wide = block >= first_block(run, RUN_MODES);

	run->jobs = 0;
	for (size_t i = 0; i < run->count; i++)
		for (int arm = 0; arm < arms(run, mode); arm++)
			if (has_job(run, i, mode) &&
			    (!wide || results_width(&run->results, i) >
					      run->options->precision))
				run->job[run->jobs++] =
					(struct job){ i, mode, arm };
	shuffle(run, mode, block - first_block(run, mode));
	return run->jobs;
}

static size_t block_jobs(const struct runner *run, enum run_mode mode)
{
	size_t cases = 0;

	for (size_t i = 0; i < run->count; i++)
		cases += has_job(run, i, mode);
	return cases * (size_t)arms(run, mode);
}

/* Invocations left to do by mode, if nothing fails any more. */
struct rest {
	size_t jobs[RUN_MODES];
	size_t looks; /* for gaps */
};

/* `done` jobs of block `block` have been done. */
static struct rest rest(const struct runner *run, uint64_t block, size_t done)
{
	struct rest left = { .looks = 1 };

	for (enum run_mode m = RUN_TRACE; m < RUN_MODES; m++) {
		uint64_t from = first_block(run, m),
			 end = from + pass_blocks(run, m);

		if (block + 1 > from)
			from = block + 1;
		left.jobs[m] =
			end > from ? block_jobs(run, m) * (end - from) : 0;
		if (m == RUN_MEASURE && end > from)
			left.looks += end - from;
	}
	for (size_t i = done; i < run->jobs; i++)
		left.jobs[run->job[i].mode] +=
			has_job(run, run->job[i].index, run->job[i].mode);
	return left;
}

static size_t all_jobs(struct rest left)
{
	size_t all = 0;

	for (enum run_mode m = RUN_TRACE; m < RUN_MODES; m++)
		all += left.jobs[m];
	return all;
}

/* Of looking for gaps once. */
static double look_s(const struct runner *run)
{
	return fmin(gap_s, run->options->budget_s / 200);
}

/* Seconds that will not be spent measuring. */
static double overhead(const struct runner *run, struct rest left)
{
	double seconds = (double)left.looks * look_s(run);

	for (enum run_mode m = RUN_TRACE; m < RUN_MODES; m++)
		seconds += (double)left.jobs[m] * run->overhead_s[m];
	if (left.jobs[RUN_TRACE])
		return seconds + counts_settle_s(run->platform.counts);
	return seconds + fmax(0, run->settled_s - progress_seconds());
}

/* How long each timed invocation may measure, so that the rest fits into the
 * rest of the budget, with a little to spare. Warm-up is a tenth of it. */
static double share(const struct runner *run, struct rest left)
{
	double seconds = run->start_s + 0.98 * run->options->budget_s -
			 progress_seconds();
	double each = (seconds - overhead(run, left)) /
		      fmax(1, (double)left.jobs[RUN_MEASURE]) / 1.1;
	/* with a precision to reach, more blocks are worth more than longer
	 * ones */
	double most = run->options->precision > 0 ? precise_s : longest_s;

	return fmin(fmax(each, shortest_s), most);
}

static double estimate_s(const struct runner *run, struct rest left,
			 double measure_s)
{
	double budget =
		run->start_s + run->options->budget_s - progress_seconds();
	double work = overhead(run, left) +
		      (double)left.jobs[RUN_MEASURE] * 1.1 * measure_s;

	return fmax(0, fmin(work, budget));
}

/* Sees to it that there is a directory for the run's files, and its journal in
 * it. */
static void mend_directory(struct runner *run)
{
	int mended = rundir_mend(&run->dir);

	if (mended)
		progress_pause(&run->progress);
	run->homeless = mended < 0;
	if (mended > 0 && run->journal &&
	    journal_move(run->journal, run->dir.fd))
		warn("%s/" JOURNAL_NAME ": %s", run->dir.path, strerror(errno));
}

/* The files as they are so far. What results_write() returned. */
static int write_results(struct runner *run)
{
	char err[PATH_MAX + 128];
	int result;

	mend_directory(run);
	run->checkpoint_s = progress_seconds();
	result = results_write(&run->results, run->dir.path, err, sizeof(err));
	if (result) {
		progress_pause(&run->progress);
		warn("%s", err);
		return result;
	}
	/* one that lacks invocations would be taken for all there is */
	if (run->journal && !journal_is_whole(run->journal)) {
		journal_close(run->journal, true);
		run->journal = NULL;
	}
	return 0;
}

/* Kept where nothing that happens to this process can lose it. */
static void enter(struct runner *run, const struct job *job, uint64_t block)
{
	if (!run->homeless)
		mend_directory(run);
	if (!run->journal || !journal_is_whole(run->journal) ||
	    !journal_add(run->journal, job->index, run->shared, block,
			 run->order, job->arm, run->results.gap_ns[block]))
		return;
	progress_pause(&run->progress);
	warn("%s/" JOURNAL_NAME ": %s: from now on a run that is killed loses "
	     "up to %g s",
	     run->dir.path, strerror(errno), checkpoint_every_s);
	write_results(run);
}

/* One invocation's answer into the results. 0, or -1: stop. */
static int take(struct runner *run, const struct job *job, uint64_t block)
{
	const struct invocation *inv = run->shared;

	if (inv->outside) {
		/* said once: it may be so for all that follow */
		if (!run->results.of[job->index].outside[0]) {
			progress_pause(&run->progress);
			warn("%s: not measured this time: %s",
			     run->cases[job->index].id, inv->reason);
		}
	} else if (inv->status != STATUS_OK) {
		progress_pause(&run->progress);
		warn("%s: %s: %s", run->cases[job->index].id,
		     status_name(inv->status), inv->reason);
	} else if (job->mode == RUN_MEASURE && run->method[job->index] < 0) {
		/* later invocations measure the same way */
		run->method[job->index] = (int)inv->sample.metric[0].method;
	}
	if (results_add(&run->results, job->index, inv, block, run->order,
			job->arm)) {
		warn("out of memory for results");
		return -1;
	}
	if (!inv->outside)
		enter(run, job, block);
	return 0;
}

static bool still_ok(const struct runner *run, const struct job *job)
{
	return run->results.of[job->index].status == STATUS_OK;
}

/* Of the budget. */
static double spent_s(const struct runner *run)
{
	return progress_seconds() - run->start_s;
}

static bool over_budget(const struct runner *run)
{
	return spent_s(run) > run->options->budget_s;
}

/* A moving mean over a block's invocations: they differ much. */
static void learn_overhead(struct runner *run, enum run_mode mode,
			   double seconds)
{
	size_t n = ++run->begun[mode];
	size_t window = run->count > 100 ? run->count : 100;

	run->overhead_s[mode] += (seconds - run->overhead_s[mode]) /
				 (double)(n < window ? n : window);
}

static void say_budget_ended(struct runner *run, uint64_t block)
{
	double budget_s = run->options->budget_s;

	progress_pause(&run->progress);
	if (block >= first_block(run, RUN_MODES))
		warn("the budget of %g s ended before every interval was as "
		     "narrow as asked: flag `wide` says how wide they are",
		     budget_s);
	else
		warn("the budget of %g s ended in block %llu of %llu: cases "
		     "have fewer invocations than asked; a larger --budget "
		     "lets them have all",
		     budget_s, (unsigned long long)block + 1,
		     (unsigned long long)first_block(run, RUN_MODES));
}

/* Two builds are not to be mixed in one result: what was replaced while a job
 * ran, or before, leaves no answer of it. 0, or -1: stop. */
static int refuse_mixture(struct runner *run, const struct job *job)
{
	const struct bench *bench = run->cases[job->index].bench;
	const char *changed = launch_changed(&run->launcher, bench->spawns);

	if (!changed)
		return 0;
	progress_pause(&run->progress);
	warn("%s has been replaced or removed since the run began: the run "
	     "ends here, so that two builds are not mixed; what was measured "
	     "is kept; run again, with no `make` beside it",
	     changed);
	return -1;
}

/* One block. 0, or the exit code with which to stop. */
static int run_block(struct runner *run, uint64_t block)
{
	struct rest left = rest(run, block, 0);

	progress_block(&run->progress, block, all_jobs(left),
		       estimate_s(run, left, share(run, left)));
	for (size_t i = 0; i < run->jobs; i++) {
		const struct job *job = &run->job[i];
		double before = progress_seconds(), measure_s, spent;
		enum ending ending;

		if (!still_ok(run, job))
			continue; /* failed earlier in this block */
		if (over_budget(run) && block > first_block(run, RUN_MEASURE)) {
			say_budget_ended(run, block);
			return -1;
		}
		left = rest(run, block, i);
		measure_s = share(run, left);
		progress_case(&run->progress, run->cases[job->index].id,
			      estimate_s(run, left, measure_s));
		ending = run_job(run, job, measure_s);
		if (ending == INTERRUPTED)
			return EXIT_INT;
		if (refuse_mixture(run, job))
			return EXIT_CASE_FAILED;
		run->order++;
		if (take(run, job, block))
			return EXIT_CASE_FAILED;
		spent = progress_seconds() - before;
		if (job->mode == RUN_MEASURE)
			spent -= 1.1 * measure_s;
		learn_overhead(run, job->mode, spent);
	}
	return 0;
}

/* Adds a PU that is not among them yet, if there is room. */
static void add_gap_pu(struct noise_gaps *gaps, size_t *count, int pu)
{
	for (size_t i = 0; i < *count; i++)
		if (gaps[i].pu == pu)
			return;
	if (*count < MOST_GAP_PUS)
		gaps[(*count)++].pu = pu;
}

/* The longest gap that a spinning thread sees now on the PUs of the cases,
 * as block `block` begins (or the last has ended). */
static int look_for_gaps(struct runner *run, uint64_t block, bool look)
{
	struct noise_gaps gaps[MOST_GAP_PUS];
	double longest = 0;
	double *larger =
		realloc(run->results.gap_ns, (block + 2) * sizeof(*larger));
	size_t count = 0;

	if (!larger)
		return -1;
	run->results.gap_ns = larger;
	larger[block] = larger[block + 1] = NAN;
	if (!look)
		return 0;
	for (size_t i = 0; i < run->count; i++) {
		const struct place *place = run->cases[i].place;

		if (place && place->present && place->pu_a != TOPO_ANY_PU) {
			add_gap_pu(gaps, &count, place->pu_a);
			add_gap_pu(gaps, &count, place->pu_b);
		}
	}
	for (size_t i = 0; i < run->pu_count; i++)
		add_gap_pu(gaps, &count, run->pus[i]);
	if (noise_find_gaps(&run->platform.clock, look_s(run), gaps, count))
		return 0;
	for (size_t i = 0; i < count; i++)
		longest = fmax(longest, gaps[i].longest_ns);
	larger[block] = longest;
	return 0;
}

/* Until tracing no longer slows the scheduler. 0, or EXIT_INT. */
static int settle(const struct runner *run)
{
	double left;

	while ((left = run->settled_s - progress_seconds()) > 0) {
		int signal = wait_for_signal(run, left);

		if (signal > 0 && signal != SIGCHLD)
			return EXIT_INT;
	}
	return 0;
}

/* Whether every case can still be timed often enough, if one more block counts
 * and what follows counts as little as it may. A later pass is taken to be no
 * faster than this one. */
static bool times_fit(const struct runner *run, enum run_mode mode)
{
	double seconds = (double)block_jobs(run, mode) * run->overhead_s[mode];

	for (enum run_mode m = mode + 1; m < RUN_MODES; m++) {
		uint64_t most = m == RUN_MEASURE ? enough_timed :
						   fewest_counted,
			 blocks = pass_blocks(run, m);
		double each = fmax(run->overhead_s[m], run->overhead_s[mode]);

		if (m == RUN_MEASURE)
			each += 1.1 * shortest_s;
		seconds += (double)block_jobs(run, m) * each *
			   (double)(blocks < most ? blocks : most);
	}
	return spent_s(run) + seconds < run->options->budget_s;
}

/* Counting leaves most of the budget to the times: as block `block` begins, the
 * rest of its pass is left out if the pass has had its part, or if the times
 * would not get theirs. */
static void cut_counting(struct runner *run, uint64_t block)
{
	enum run_mode mode = block_mode(run, block);
	uint64_t done = block - first_block(run, mode);
	double part = mode == RUN_TRACE ? 0.2 : 0.4;

	if ((mode != RUN_TRACE && mode != RUN_COUNT) || done < fewest_counted ||
	    (spent_s(run) < part * run->options->budget_s &&
	     times_fit(run, mode)))
		return;
	progress_pause(&run->progress);
	warn("%s had its part of the budget of %g s: %llu invocations a case "
	     "instead of %llu; a larger --budget lets it have all",
	     mode == RUN_TRACE ? "tracing" : "counting", run->options->budget_s,
	     (unsigned long long)done,
	     (unsigned long long)pass_blocks(run, mode));
	run->cut[mode] = done;
	run->progress.blocks = first_block(run, RUN_MODES);
}

static int one_block(struct runner *run, uint64_t block)
{
	bool timed = block >= first_block(run, RUN_MEASURE);
	int result;

	if (block >= first_block(run, RUN_COUNT) && settle(run))
		return EXIT_INT;
	if (look_for_gaps(run, block, timed))
		return EXIT_CASE_FAILED;
	result = run_block(run, block);
	if (progress_seconds() - run->checkpoint_s > checkpoint_every_s)
		write_results(run);
	return result;
}

static int run_blocks(struct runner *run)
{
	int result = 0, held = -1;
	uint64_t b;

	fill_block(run, 0);
	progress_start(&run->progress, first_block(run, RUN_MODES));
	run->start_s = run->checkpoint_s = progress_seconds();
	if (!run->options->no_counts)
		held = counts_hold(run->platform.counts);
	for (b = 0; b < first_block(run, RUN_MODES) && !result; b++) {
		cut_counting(run, b);
		if (b == first_block(run, RUN_NAMES)) {
			counts_release(held);
			held = -1;
			run->settled_s = progress_seconds() +
					 counts_settle_s(run->platform.counts);
		}
		if (b)
			fill_block(run, b);
		result = one_block(run, b);
	}
	counts_release(held);
	while (run->options->precision > 0 && !result && fill_block(run, b))
		result = one_block(run, b++);
	if (look_for_gaps(run, b, result != EXIT_INT) && !result)
		result = EXIT_CASE_FAILED;
	progress_pause(&run->progress);
	return result < 0 ? 0 : result;
}

/* ------------------------------------------------ before anything else */

/* SCHED_FIFO is tried on a thread of no importance, the runner's, and undone.
 * It is asked for, so where it is refused nothing is measured. */
static void require_fifo(const struct run_options *options)
{
	const struct sched_param lowest = { .sched_priority = 1 };
	struct sched_param was = { 0 };
	int policy = sched_getscheduler(0);

	if (!options->tune || !cases_list_names(options->tune, "fifo"))
		return;
	sched_getparam(0, &was);
	if (sched_setscheduler(0, SCHED_FIFO, &lowest))
		die_usage("--tune fifo: %s: needs root, CAP_SYS_NICE or "
			  "RLIMIT_RTPRIO (ulimit -r) of 1, and of a cgroup "
			  "with a real-time budget of its own some of that "
			  "(cpu.rt_runtime_us)",
			  strerror(errno));
	sched_setscheduler(0, policy, &was);
}

static noreturn void refuse_shared(void)
{
	char why[CASE_REASON];

	refusal_say(why, sizeof(why), "memory to share with invocations",
		    errno);
	die_usage("%s", why);
}

static void open_shared(struct runner *run)
{
	/* inherited by invocations: no MFD_CLOEXEC */
	run->shared_fd = memfd_create("handoff-invocation", 0);
	if (run->shared_fd < 0 ||
	    ftruncate(run->shared_fd, sizeof(*run->shared)))
		refuse_shared();
	run->shared = mmap(NULL, sizeof(*run->shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED, run->shared_fd, 0);
	if (run->shared == MAP_FAILED)
		refuse_shared();
}

/* --------------------------------------------------------- signals */

/* What a signal that ends the run says, outside of measuring. */
static char farewell[PATH_MAX + 64];

static void end_at_once(int signal)
{
	ssize_t said = write(STDERR_FILENO, farewell, strlen(farewell));

	(void)signal;
	(void)said;
	_exit(EXIT_INT);
}

/* All that would end this process and need not; under nohup a hang-up ends
 * nothing. */
static void ending_signals(sigset_t *set)
{
	static const int ending[] = { SIGINT,  SIGTERM, SIGQUIT,   SIGUSR1,
				      SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF,
				      SIGXCPU, SIGIO,   SIGPWR };
	struct sigaction hangup;

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(ending) / sizeof(*ending); i++)
		sigaddset(set, ending[i]);
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN)
		sigaddset(set, SIGHUP);
}

/* While nothing is measured, in planning as in reports, they end the run at
 * once, with this last word and exit code 130. */
static void obey_signals(const char *format, const char *what)
	__attribute__((format(printf, 1, 0)));

static void obey_signals(const char *format, const char *what)
{
	struct sigaction end = { .sa_handler = end_at_once };
	sigset_t set;

	snprintf(farewell, sizeof(farewell), format, what);
	ending_signals(&set);
	for (int i = 1; i < SIGRTMIN; i++)
		if (sigismember(&set, i))
			sigaction(i, &end, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* While measuring they are waited for together with SIGCHLD; a child that is
 * orphaned by its parent's death becomes ours to reap. */
static void take_signals(struct runner *run)
{
	ending_signals(&run->waited);
	sigaddset(&run->waited, SIGCHLD);
	sigprocmask(SIG_BLOCK, &run->waited, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* --------------------------------------------------- before and after */

/* What `--tune` asked for: set here or in each invocation, undone at the end,
 * and written to env.csv. */
static void begin_tuning(struct runner *run)
{
	const char *tune = run->options->tune;
	const int32_t none = 0;

	run->latency_fd = -1;
	if (!tune)
		return;
	if (cases_list_names(tune, "fifo"))
		rundir_note_text(&run->dir, "tune.fifo",
				 "SCHED_FIFO 1 in each invocation");
	if (!cases_list_names(tune, "cpu-dma-latency"))
		return;
	/* held as long as the descriptor is open; the kernel restores it */
	run->latency_fd = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
	if (run->latency_fd >= 0 &&
	    write(run->latency_fd, &none, sizeof(none)) == sizeof(none)) {
		rundir_note_text(&run->dir, "tune.cpu-dma-latency",
				 "0 us while measuring, restored");
		return;
	}
	warn("--tune cpu-dma-latency: /dev/cpu_dma_latency: %s",
	     strerror(errno));
	rundir_note_text(&run->dir, "tune.cpu-dma-latency", strerror(errno));
}

static void end_tuning(struct runner *run)
{
	if (run->latency_fd >= 0)
		close(run->latency_fd);
	run->latency_fd = -1;
}

/* All files but env.csv; what results_write() returned. Where there is no room
 * for them beside a journal that lacks a part, it goes first. */
static int write_last(struct runner *run)
{
	char err[PATH_MAX + 128];
	int result = write_results(run);

	if (result && run->journal && !journal_is_whole(run->journal)) {
		journal_close(run->journal, true);
		run->journal = NULL;
		result = write_results(run);
	}
	if (result >= 0 && run->options->aa &&
	    results_write_noise(&run->results, run->dir.path, err,
				sizeof(err))) {
		warn("%s", err);
		result = result ? result : 1;
	}
	if (result && run->journal)
		warn("all that was measured is in %s/" JOURNAL_NAME
		     ": make room, then `handoff report %s`",
		     run->dir.path, run->dir.path);
	journal_close(run->journal, !result);
	run->journal = NULL;
	return result;
}

/* dir: where the run's files are, or "": they could not be written. */
static int conclude(struct runner *run, int result, char *dir)
{
	int last = write_last(run);
	bool written = !last;

	obey_signals("handoff: interrupted; what was measured is in %s\n",
		     run->dir.path);
	end_tuning(run);
	if (rundir_finish(&run->dir, &run->platform))
		written = false;
	/* it may be another than at the start */
	snprintf(dir, PATH_MAX, "%s", last < 0 ? "" : run->dir.path);
	if (result == EXIT_INT) {
		fprintf(stderr,
			"handoff: interrupted; what was measured is "
			"in %s\n",
			run->dir.path);
		return EXIT_INT;
	}
	if (!written)
		return EXIT_CASE_FAILED;
	if (results_with(&run->results, STATUS_FAILED) ||
	    results_with(&run->results, STATUS_TIMEOUT))
		return EXIT_CASE_FAILED;
	return result;
}

/* The matrix of a large machine takes hours: said before it begins. */
static void say_plan(const struct runner *run)
{
	struct rest all = rest(run, 0, 0);
	double least_s = overhead(run, all) +
			 (double)all.jobs[RUN_MEASURE] * 1.1 * shortest_s;

	fprintf(stderr,
		"handoff: all pairs of %zu PUs: %zu cases, %zu invocations: "
		"%.0f s at least, the budget is %.0f s%s\n",
		run->pu_count, run->count, all_jobs(all), least_s,
		run->options->budget_s,
		least_s > run->options->budget_s ?
			", which will not do: raise --budget or pick fewer" :
			"");
}

int runner_run(const struct run_options *options, char *dir)
{
	static struct runner run;
	char err[PATH_MAX + 256];
	int result;

	run.options = options;
	obey_signals("handoff: interrupted; nothing was measured%s\n", "");
	inherit_close_on_exec();
	if (essential_calls(err, sizeof(err)))
		die_usage("%s", err);
	require_fifo(options);
	if (topo_open(NULL, err, sizeof(err)))
		die_usage("%s", err);
	if (!topo_is_this_system())
		die_usage("the topology is not this machine's "
			  "(HWLOC_SYNTHETIC, HWLOC_XMLFILE?): nothing can be "
			  "bound to it; only `handoff list` works");
	run.cases =
		cases_select(&options->filter, &run.count, err, sizeof(err));
	if (!run.cases)
		die_usage("%s", err);
	platform_open(&run.platform, !options->no_counts);
	if (launch_open(&run.launcher, run.platform.emulated))
		die_usage("/proc/self/exe: %s: /proc is needed, to start "
			  "this program again for each case",
			  strerror(errno));
	if (rundir_open(&run.dir, options->dir, &run.platform, err,
			sizeof(err)))
		die_usage("%s", err);
	snprintf(dir, PATH_MAX, "%s", run.dir.path);
	open_shared(&run);
	if (results_open(&run.results, run.cases, run.count))
		die("out of memory");
	snprintf(run.results.machine, sizeof(run.results.machine), "%s",
		 run.platform.machine);
	snprintf(run.results.run, sizeof(run.results.run), "%s", run.dir.run);
	run.results.emulated = run.platform.emulated;
	run.results.clock_step_ns = run.platform.clock.step_ns;
	if (run.platform.counts == COUNTS_DENIED)
		run.results.counts_why = run.platform.counts_why;
	if (!run.platform.can_name)
		run.results.names_why = run.platform.names_why;
	run.results.uncounted = options->no_counts;
	rundir_note(&run.dir, "run.seed", options->seed);
	rundir_note(&run.dir, "run.invocations", options->invocations);
	rundir_note(&run.dir, "run.budget_s", (uint64_t)options->budget_s);
	run.job = calloc(2 * run.count, sizeof(*run.job));
	run.method = malloc(run.count * sizeof(*run.method));
	if (!run.job || !run.method)
		die("out of memory");
	for (size_t i = 0; i < run.count; i++)
		run.method[i] = -1;
	run.pu_count = topo_pu_count();
	run.pus = calloc(run.pu_count + 2, sizeof(*run.pus));
	run.used = calloc(run.pu_count + 2, sizeof(*run.used));
	if (!run.pus || !run.used)
		die("out of memory");
	for (size_t i = 0; i < run.pu_count; i++)
		run.pus[i] = topo_pu(i);
	run.results.precision = options->precision;
	begin_tuning(&run);
	for (int m = 0; m < RUN_MODES; m++) {
		run.overhead_s[m] = 0.02; /* until some have been seen */
		run.cut[m] = UINT64_MAX;
	}
	if (cases_all_pairs(&options->filter))
		say_plan(&run);
	run.journal = journal_create(run.dir.fd, &run.results, options->aa);
	if (!run.journal)
		die_usage("%s/" JOURNAL_NAME ": cannot be written: %s; choose "
			  "another directory with -o",
			  run.dir.path, strerror(errno));

	take_signals(&run);
	result = run_blocks(&run);
	result = conclude(&run, result, dir);
	results_close(&run.results);
	free(run.job);
	free(run.pus);
	free(run.used);
	free(run.method);
	free(run.cases);
	return result;
}
