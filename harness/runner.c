/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The runner: cases in randomised blocks, each invocation a fresh process
 * with a deadline, results and environment into a directory. */
#include "runner.h"

#include <fcntl.h>
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
#include "disturbance.h"
#include "essential.h"
#include "inherit.h"
#include "invocation.h"
#include "journal.h"
#include "launch.h"
#include "noise.h"
#include "plan.h"
#include "platform.h"
#include "progress.h"
#include "refusal.h"
#include "results.h"
#include "row_check.h"
#include "row_count.h"
#include "rundir.h"
#include "topo.h"
#include "units.h"

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
	struct plan plan;
	int *method; /* per case, as the first invocation decided */
	double start_s, checkpoint_s;
	bool clamped;    /* the budget ends before the job's deadline */
	size_t order;    /* invocations begun */
	size_t rows;     /* of invocations.csv so far */
	int *pus, *used; /* all that are allowed; room for a job's */
	size_t pu_count;
	int latency_fd; /* /dev/cpu_dma_latency while held, or -1 */
	struct disturbance disturbance;
	struct progress progress;
	sigset_t waited;
};

enum ending { ENDED, HUNG, INTERRUPTED };

enum { MOST_GAP_PUS = 8 };
static const double checkpoint_every_s = 10;

/* ---------------------------------------------------- one invocation */

static void ask(struct runner *run, const struct plan_job *job,
		double measure_s)
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
	inv->plan.seed = plan_drawn(run->options->seed, run->order);
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

		if (pid >= 0 ||
		    (error != EAGAIN && error != ENOMEM && error != ETXTBSY))
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

/* Of the budget. */
static double spent_s(const struct runner *run)
{
	return progress_seconds() - run->start_s;
}

/* Of an invocation that begins now; nothing goes on long after the budget. */
static double deadline(struct runner *run, double measure_s)
{
	double asked = run->options->deadline_s, limit;

	if (!(asked > 0))
		asked = fmax(20, 20 * measure_s);
	limit = plan_limit_s(&run->plan, spent_s(run), asked);
	run->clamped = limit < asked;
	return limit;
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

/* Runs one job; what it answered, or why not, is in run->shared. */
static enum ending run_job(struct runner *run, const struct plan_job *job,
			   double measure_s)
{
	struct invocation *inv = run->shared;
	double limit = deadline(run, measure_s);
	struct disturbance_mark before;
	enum ending ending = ENDED;
	size_t pus;
	int status = 0;
	pid_t pid;

	ask(run, job, measure_s);
	pus = pus_used(run, inv, run->used);
	disturbance_begin(&run->disturbance, run->used, pus, &before);
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
	disturbance_end(&run->disturbance, run->used, pus, &before, inv);
	if (ending == HUNG)
		blame(inv, STATUS_TIMEOUT, "no result within %g s", limit);
	else if (ending == ENDED && !inv->answered)
		judge_end(inv, status);
	return ending;
}

/* ------------------------------------------------------------ blocks */

/* Whether a case has something to do in a pass. */
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

/* What a case has to do, for the plan. */
static unsigned passes(const struct runner *run, size_t index)
{
	double precision = run->options->precision;
	unsigned mask = 0;

	for (enum run_mode m = RUN_TRACE; m < RUN_MODES; m++)
		mask |= (unsigned)has_job(run, index, m) << m;
	if (precision > 0 && mask >> RUN_MEASURE & 1 &&
	    results_width(&run->results, index) > precision)
		mask |= PLAN_WIDE;
	return mask;
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
static void enter(struct runner *run, const struct plan_job *job,
		  uint64_t block)
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
static int take(struct runner *run, const struct plan_job *job, uint64_t block)
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
	run->rows += inv->sample.metrics + inv->sample.calls;
	plan_update(&run->plan, job->index, passes(run, job->index));
	return 0;
}

/* Two builds are not to be mixed in one result: what was replaced while a job
 * ran, or before, leaves no answer of it. 0, or -1: stop. */
static int refuse_mixture(struct runner *run, const struct plan_job *job)
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

/* Places, and how many parties there are, follow from the PUs allowed as the
 * run began: with others it would go on to measure something else. */
static bool lost_pus(struct runner *run)
{
	if (!disturbance_moved(&run->disturbance))
		return false;
	progress_pause(&run->progress);
	warn("%s: it ends here, with what was measured before; leave its "
	     "cpuset and affinity alone, and its PUs online",
	     run->disturbance.changed);
	run->results.ended_why = run->disturbance.changed;
	return true;
}

/* One block. 0, or the exit code with which to stop. */
static int run_block(struct runner *run)
{
	struct plan *plan = &run->plan;
	const struct plan_job *job;

	progress_block(&run->progress, plan->block + 1,
		       plan->added ? 0 : plan_blocks(plan),
		       plan_left_s(plan, spent_s(run)));
	while ((job = plan_next(plan, spent_s(run)))) {
		double before_s = spent_s(run), took_s;
		double measure_s = plan_measure_s(plan, before_s);
		enum ending ending;

		if (lost_pus(run))
			return EXIT_CASE_FAILED;
		progress_case(&run->progress, run->cases[job->index].id,
			      plan_left_s(plan, before_s));
		ending = run_job(run, job, measure_s);
		if (ending == INTERRUPTED)
			return EXIT_INT;
		if (refuse_mixture(run, job))
			return EXIT_CASE_FAILED;
		run->order++;
		/* what it answered was measured on both sides of the change */
		if (lost_pus(run))
			return EXIT_CASE_FAILED;
		/* it was not given the time that it may take */
		if (ending == HUNG && run->clamped) {
			plan->ended = true;
			return 0;
		}
		if (take(run, job, plan->block))
			return EXIT_CASE_FAILED;
		took_s = spent_s(run) - before_s;
		if (job->mode == RUN_MEASURE)
			took_s -= 1.1 * measure_s;
		/* what failed is not done again */
		if (ending == ENDED && run->shared->status == STATUS_OK)
			plan_learn(plan, job, took_s);
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
	double longest = NAN;
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
	if (noise_find_gaps(&run->platform.clock, plan_look_s(&run->plan), gaps,
			    count))
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

	while ((left = run->plan.settled_s - spent_s(run)) > 0) {
		int signal = wait_for_signal(run, left);

		if (signal > 0 && signal != SIGCHLD)
			return EXIT_INT;
	}
	return 0;
}

static const char *const pass_text[RUN_MEASURE] = {
	"system calls", "system calls by name", "switches, time and copies"
};

/* What was counted less often than asked for, as timing begins. */
static void say_cut(struct runner *run)
{
	char text[256] = "";
	size_t used = 0;

	for (enum run_mode m = RUN_TRACE; m < RUN_MEASURE; m++) {
		uint64_t asked = plan_asked(&run->plan, m);

		if (run->plan.cut[m] >= asked)
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s%s %llu of %llu", used ? ", " : "",
					 pass_text[m],
					 (unsigned long long)run->plan.cut[m],
					 (unsigned long long)asked);
	}
	if (!used)
		return;
	progress_pause(&run->progress);
	warn("the budget of %g s is for times first; counted in fewer "
	     "processes than asked: %s; a larger --budget lets them have all",
	     run->options->budget_s, text);
}

/* Why cases have fewer invocations than asked, or none. */
static void say_budget_ended(struct runner *run)
{
	size_t fewer = 0, none = 0;

	for (size_t i = 0; i < run->count; i++) {
		const struct case_result *c = &run->results.of[i];
		size_t asked =
			run->options->invocations * (run->options->aa ? 2 : 1);

		if (c->status != STATUS_OK || run->plan.left_out[i])
			continue;
		none += !c->timed;
		fewer += c->timed && c->timed < asked;
	}
	if (none || fewer)
		warn("the budget of %g s ended: %zu cases have fewer "
		     "invocations than asked, %zu were not timed; a larger "
		     "--budget lets them have all",
		     run->options->budget_s, fewer, none);
	else if (run->plan.added)
		warn("the budget of %g s ended before every interval was as "
		     "narrow as asked: flag `wide` says how wide they are",
		     run->options->budget_s);
}

/* Cases that the budget left without a time, and counts, say so. */
static void give_reasons(struct runner *run)
{
	static char counting[CASE_REASON];

	for (size_t i = 0; i < run->count; i++) {
		struct case_result *c = &run->results.of[i];

		if (c->status == STATUS_OK && !c->timed && run->plan.ended &&
		    !c->reason[0])
			snprintf(c->reason, sizeof(c->reason),
				 "left out: the budget of %g s ended first",
				 run->options->budget_s);
	}
	for (enum run_mode m = RUN_TRACE; m < RUN_MEASURE; m++)
		if (run->plan.cut[m] < plan_asked(&run->plan, m))
			run->results.uncounted_why = counting;
	snprintf(counting, sizeof(counting),
		 "left out: the budget of %g s is for times first",
		 run->options->budget_s);
}

static int one_block(struct runner *run)
{
	bool timed = run->plan.mode == RUN_MEASURE;
	int result;

	if (run->plan.mode >= RUN_COUNT && settle(run))
		return EXIT_INT;
	if (look_for_gaps(run, run->plan.block, timed))
		return EXIT_CASE_FAILED;
	result = run_block(run);
	if (progress_seconds() - run->checkpoint_s > checkpoint_every_s)
		write_results(run);
	return result;
}

/* Whether invocations.csv can take another block and still be read. */
static bool has_room(const struct runner *run)
{
	return run->rows + run->plan.due_all[RUN_MODES] * SAMPLE_MAX_METRICS <
	       INVOCATION_ROWS_MAX;
}

/* The benches of which cases are left out, with how many; the rest in one. */
static void name_left_out(const struct runner *run, bool headline, char *text,
			  size_t size)
{
	size_t benches, shown = 0, others = 0, used = 0;
	const struct bench *const *bench = bench_all(&benches);

	text[0] = '\0';
	for (size_t b = 0; b < benches; b++) {
		size_t count = 0;

		for (size_t i = 0; i < run->count; i++)
			count += run->cases[i].bench == bench[b] &&
				 run->plan.left_out[i] &&
				 headline == run->plan.cases[i].headline;
		if (!count)
			continue;
		if (shown++ >= 8) {
			others += count;
			continue;
		}
		used += (size_t)snprintf(text + used, size - used, "%s%s (%zu)",
					 used ? ", " : "", bench[b]->name,
					 count);
	}
	if (others)
		snprintf(text + used, size - used, " and %zu of others",
			 others);
}

/* A budget in which something takes so long, rounded up. */
static const char *budget_text(double seconds)
{
	static char text[32];

	if (seconds < 1)
		snprintf(text, sizeof(text), "%.0fms", ceil(1000 * seconds));
	else if (seconds < 600)
		snprintf(text, sizeof(text), "%.0fs", ceil(seconds));
	else
		snprintf(text, sizeof(text), "%.0fm", ceil(seconds / 60));
	return text;
}

/* How fast this machine starts and ends processes now, where that decides what
 * fits. 0, or EXIT_INT. */
static int probe(struct runner *run)
{
	size_t index = plan_probe(&run->plan);
	const struct plan_job job = { index, RUN_MEASURE, 0 };
	const double measure_s = 0.005, began_s = spent_s(run);

	for (int i = 0; index < run->count && i < 3; i++) {
		double before_s = spent_s(run);

		if (before_s - began_s > 0.03 * run->options->budget_s)
			break;
		if (run_job(run, &job, measure_s) == INTERRUPTED)
			return EXIT_INT;
		if (run->shared->status != STATUS_OK)
			break;
		plan_learn_pace(&run->plan, index,
				spent_s(run) - before_s - 1.1 * measure_s);
	}
	return 0;
}

/* Cases that the budget does not suffice for are left out, and named. */
static void leave_out(struct runner *run)
{
	struct plan_fit fit = plan_fit(&run->plan);
	size_t all = fit.headline + fit.full;
	size_t kept = fit.headline_kept + fit.full_kept;
	char headline[512], full[512];

	if (kept == all)
		return;
	name_left_out(run, true, headline, sizeof(headline));
	name_left_out(run, false, full, sizeof(full));
	fprintf(stderr,
		"handoff: %zu cases need at least %s; measuring the %zu that "
		"fit into %g s, left out: %s%s%s%s\n",
		all, budget_text(fit.all_s), kept, run->options->budget_s,
		headline, *headline && *full ? "; " : "",
		*full ? "of --full " : "", full);
	for (size_t i = 0; i < run->count; i++)
		if (run->plan.left_out[i])
			snprintf(run->results.of[i].reason,
				 sizeof(run->results.of[i].reason),
				 "left out: the budget of %g s is too short",
				 run->options->budget_s);
}

static int run_blocks(struct runner *run)
{
	struct plan *plan = &run->plan;
	bool timing = false;
	int result = 0, held = -1;

	progress_start(&run->progress);
	run->checkpoint_s = progress_seconds();
	/* getting ready counts as far as it is no large part of it */
	run->start_s = fmax(run->start_s,
			    run->checkpoint_s - 0.1 * run->options->budget_s);
	result = probe(run);
	if (!result)
		leave_out(run);
	while (!result && plan_begin_block(plan, spent_s(run))) {
		if (plan->mode == RUN_TRACE && held < 0)
			held = counts_hold(run->platform.counts);
		if (plan->mode > RUN_TRACE) {
			counts_release(held);
			held = -1;
		}
		if (plan->mode == RUN_MEASURE && !timing)
			say_cut(run);
		timing = plan->mode == RUN_MEASURE;
		if (plan->added && !has_room(run)) {
			warn("no more blocks are added: invocations.csv would "
			     "have more than the %d rows that are read",
			     INVOCATION_ROWS_MAX);
			break;
		}
		result = one_block(run);
	}
	counts_release(held);
	if (plan->begun &&
	    look_for_gaps(run, plan->block + 1, result != EXIT_INT) && !result)
		result = EXIT_CASE_FAILED;
	progress_pause(&run->progress);
	if (plan->ended)
		say_budget_ended(run);
	give_reasons(run);
	return result;
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
	disturbance_conclude(&run->disturbance, &run->results, &run->dir);
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

/* A run that its own report would refuse is refused before it begins. */
static void check_rows(const struct runner *run)
{
	const struct row_count_options options = {
		.invocations = run->options->invocations,
		.arms = run->options->aa ? 2 : 1,
		.no_counts = run->options->no_counts,
		.budget_s = run->options->budget_s,
	};
	char err[512];

	if (row_count_check(run->cases, run->count, &options, err, sizeof(err)))
		die_usage("%s", err);
}

/* A run that would show next to nothing is refused. */
static void check_budget(struct runner *run)
{
	struct plan_fit fit = plan_fit(&run->plan);
	size_t cases = fit.headline ? fit.headline : fit.full;

	if (!fit.sensible)
		die_usage("%zu %scase%s at least %s, the budget is %g s: "
			  "raise --budget to that, or name fewer (a pattern, "
			  "--places)",
			  cases, fit.headline && fit.full ? "headline " : "",
			  cases == 1 ? " needs" : "s need",
			  budget_text(fit.least_s), run->options->budget_s);
}

/* All pairs of a large machine are many: said before it begins. */
static void say_pairs(const struct runner *run)
{
	fprintf(stderr,
		"handoff: all pairs of %zu PUs: %zu cases, at most %zu "
		"invocations each in %g s\n",
		run->pu_count, run->count, (size_t)run->options->invocations,
		run->options->budget_s);
}

static void open_plan(struct runner *run)
{
	const struct plan_options options = {
		.budget_s = run->options->budget_s,
		.end_s = bench_patience_s(),
		.invocations = run->options->invocations,
		.seed = run->options->seed,
		.arms = run->options->aa ? 2 : 1,
		.add_blocks = run->options->precision > 0,
		.settle_s = counts_settle_s(run->platform.counts),
	};
	struct plan_case *cases = calloc(run->count, sizeof(*cases));
	size_t benches;
	const struct bench *const *bench = bench_all(&benches);

	if (!cases)
		die("out of memory");
	for (size_t i = 0; i < run->count; i++) {
		const struct test_case *c = &run->cases[i];

		cases[i].headline = c->tier != FULL;
		while (bench[cases[i].group] != c->bench)
			cases[i].group++;
		cases[i].group %= PLAN_GROUPS;
		cases[i].least_s = c->bench->least_s;
		cases[i].passes = passes(run, i);
	}
	if (plan_open(&run->plan, &options, cases, run->count))
		die("out of memory");
	free(cases);
}

int runner_run(const struct run_options *options, char *dir)
{
	static struct runner run;
	char err[PATH_MAX + 256];
	int result;

	run.options = options;
	run.start_s = progress_seconds();
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
	if (results_open(&run.results, run.cases, run.count))
		die("out of memory");
	open_plan(&run);
	check_rows(&run);
	check_budget(&run);
	if (rundir_open(&run.dir, options->dir, &run.platform, err,
			sizeof(err)))
		die_usage("%s", err);
	snprintf(dir, PATH_MAX, "%s", run.dir.path);
	open_shared(&run);
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
	run.method = malloc(run.count * sizeof(*run.method));
	if (!run.method)
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
	disturbance_open(&run.disturbance);
	begin_tuning(&run);
	if (cases_all_pairs(&options->filter))
		say_pairs(&run);
	run.journal = journal_create(run.dir.fd, &run.results, options->aa);
	if (!run.journal)
		die_usage("%s/" JOURNAL_NAME ": cannot be written: %s; choose "
			  "another directory with -o",
			  run.dir.path, strerror(errno));

	take_signals(&run);
	result = run_blocks(&run);
	result = conclude(&run, result, dir);
	results_close(&run.results);
	plan_close(&run.plan);
	free(run.pus);
	free(run.used);
	free(run.method);
	free(run.cases);
	return result;
}
