/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are system calls, switches and bytes counted as they are made? */
#include "counts.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>

#include "support.h"

enum { N = 1000 };

/* ------------------------------------------------------------ methods */

/* HANDOFF_COUNT narrows; NULL does not. */
static enum counts_method probe(const char *wish, char *why, size_t size)
{
	enum counts_method method;

	if (wish)
		setenv("HANDOFF_COUNT", wish, 1);
	else
		unsetenv("HANDOFF_COUNT");
	why[0] = '\0';
	method = counts_probe(why, size);
	unsetenv("HANDOFF_COUNT");
	assert_int_not_equal(why[0], '\0');
	assert_null(strchr(why, '\n'));
	return method;
}

static void need(enum counts_method method)
{
	const char *wish = method == COUNTS_PERF ? "perf" : "ptrace";
	char why[160];

	if (probe(wish, why, sizeof(why)) != method)
		skip_because("%s", why);
}

static void test_probe(void **state)
{
	enum counts_method perf, ptrace, found;
	char why[160];

	(void)state;
	perf = probe("perf", why, sizeof(why));
	assert_true(perf == COUNTS_PERF || perf == COUNTS_DENIED);
	assert_non_null(strstr(why, "perf"));
	ptrace = probe("ptrace", why, sizeof(why));
	assert_true(ptrace == COUNTS_PTRACE || ptrace == COUNTS_DENIED);
	assert_non_null(strstr(why, "ptrace"));
	/* it may be refused, but where it is not it counts right */
	assert_null(strstr(why, "ptrace: saw"));
	found = probe(NULL, why, sizeof(why));
	assert_int_equal(found, perf == COUNTS_PERF ? perf : ptrace);
}

static void test_probe_denied(void **state)
{
	char why[160];

	(void)state;
	assert_int_equal(probe("none", why, sizeof(why)), COUNTS_DENIED);
	/* each method has its say */
	assert_non_null(strstr(why, "perf"));
	assert_non_null(strstr(why, "ptrace"));
}

/* As in a container: tracefs is nowhere to be seen, yet root may count. */
static int probe_without_tracefs(struct child *child, void *arg)
{
	char why[160];

	(void)arg;
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/sys/kernel", "tmpfs", 0, NULL)) {
		child_fail(child, "cannot mount: %s", strerror(errno));
		return 0;
	}
	if (!access("/sys/kernel/tracing", F_OK))
		return child_fail(child, "tracefs is still there");
	setenv("HANDOFF_COUNT", "perf", 1);
	if (counts_probe(why, sizeof(why)) != COUNTS_PERF)
		return child_fail(child, "%s", why);
	return 0;
}

static void test_without_tracefs(void **state)
{
	struct child child;

	(void)state;
	need(COUNTS_PERF);
	expect_child("a machine without tracefs", probe_without_tracefs, NULL,
		     false, &child);
	if (child.reason[0])
		skip_because("%s", child.reason);
}

/* What was not counted is not 0: it is not known. */
static void test_denied_counts_nothing(void **state)
{
	struct tally before, after;

	(void)state;
	assert_int_equal(counts_thread(COUNTS_DENIED, NULL, 0), 0);
	assert_int_equal(counts_hold(COUNTS_DENIED), -1);
	counts_release(-1);
	tally_begin(&before, TALLY_COUNTING);
	for (int i = 0; i < N; i++)
		syscall(SYS_getppid);
	tally_end(&after, TALLY_COUNTING);
	assert_true(isnan(after.syscalls - before.syscalls));
}

/* ------------------------------------------------------- system calls */

static uint64_t count_getppid(uint64_t n)
{
	struct tally before, after;

	tally_begin(&before, TALLY_COUNTING);
	for (uint64_t i = 0; i < n; i++)
		syscall(SYS_getppid);
	tally_end(&after, TALLY_COUNTING);
	return after.syscalls - before.syscalls;
}

/* By slope, as the program counts: the reading itself is a constant. */
static int getppid_body(struct child *child, void *arg)
{
	const enum counts_method *method = arg;
	uint64_t none, once, thrice;

	if (counts_thread(*method, &child->traced, 0))
		return child_fail(child, "counts_thread: %s", strerror(errno));
	none = count_getppid(0);
	once = count_getppid(N);
	thrice = count_getppid(3 * N);
	if (thrice - once != 2 * N || once - none != N)
		return child_fail(child, "%d calls are %d, %d are %d", N,
				  (int)(once - none), 2 * N,
				  (int)(thrice - once));
	return 0;
}

struct helper {
	enum counts_method method;
	struct counts_traced *traced;
	uint64_t calls, counted;
	int error;
};

static void *count_in_thread(void *arg)
{
	struct helper *h = arg;
	uint64_t none;

	h->error = counts_thread(h->method, h->traced, 0) ? errno : 0;
	if (h->error)
		return NULL;
	none = count_getppid(0);
	h->counted = count_getppid(h->calls) - none;
	return NULL;
}

/* Each thread brackets its own calls, whatever the others do meanwhile. */
static int threads_body(struct child *child, void *arg)
{
	const enum counts_method *method = arg;
	struct helper helper[3];
	pthread_t thread[COUNT(helper)];
	uint64_t none, own;

	if (counts_thread(*method, &child->traced, 0))
		return child_fail(child, "counts_thread: %s", strerror(errno));
	none = count_getppid(0);
	for (size_t i = 0; i < COUNT(helper); i++) {
		helper[i] = (struct helper){ *method, &child->traced,
					     N + 100 * i, 0, 0 };
		if (pthread_create(&thread[i], NULL, count_in_thread,
				   &helper[i]))
			return child_fail(child, "pthread_create");
	}
	own = count_getppid(N / 2) - none;
	for (size_t i = 0; i < COUNT(helper); i++)
		pthread_join(thread[i], NULL);
	if (own != N / 2)
		return child_fail(child, "the first thread's %d calls are %d",
				  N / 2, (int)own);
	for (size_t i = 0; i < COUNT(helper); i++)
		if (helper[i].error || helper[i].counted != helper[i].calls)
			return child_fail(
				child, "a thread's %d calls are %d (%s)",
				(int)helper[i].calls, (int)helper[i].counted,
				strerror(helper[i].error));
	return 0;
}

/* A forked party counts its own. */
static int fork_body(struct child *child, void *arg)
{
	const enum counts_method *method = arg;
	int status;
	pid_t pid;

	if (counts_thread(*method, &child->traced, 0))
		return child_fail(child, "counts_thread: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		uint64_t none;

		if (counts_thread(*method, &child->traced, 0))
			_exit(2);
		none = count_getppid(0);
		_exit(count_getppid(N) - none == N ? 0 : 3);
	}
	for (int i = 0; i < N; i++)
		syscall(SYS_getppid);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return child_fail(child, "the forked party: %s",
				  pid < 0 ? strerror(errno) :
					    child_end(status));
	return 0;
}

static void expect_counts(enum counts_method method, child_body *body)
{
	need(method);
	expect_child("counting", body, &method, method == COUNTS_PTRACE, NULL);
}

static void test_getppid_by_perf(void **state)
{
	(void)state;
	expect_counts(COUNTS_PERF, getppid_body);
}

static void test_getppid_by_ptrace(void **state)
{
	(void)state;
	expect_counts(COUNTS_PTRACE, getppid_body);
}

static void test_threads_by_perf(void **state)
{
	(void)state;
	expect_counts(COUNTS_PERF, threads_body);
}

static void test_threads_by_ptrace(void **state)
{
	(void)state;
	expect_counts(COUNTS_PTRACE, threads_body);
}

static void test_fork_by_perf(void **state)
{
	(void)state;
	expect_counts(COUNTS_PERF, fork_body);
}

static void test_fork_by_ptrace(void **state)
{
	(void)state;
	expect_counts(COUNTS_PTRACE, fork_body);
}

/* ------------------------------------------------------------ families */

/* What a family's member does; 0, or an errno. */
static void *call_getppid(void *n)
{
	for (uint64_t i = 0; i < *(const uint64_t *)n; i++)
		syscall(SYS_getppid);
	return NULL;
}

static int by_thread(void *(*work)(void *), void *arg)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, work, arg);

	return error ? error : pthread_join(thread, NULL);
}

static int by_process(void *(*work)(void *), void *arg)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		work(arg);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return errno;
	return status ? ECHILD : 0;
}

typedef int member_fn(void *(*work)(void *), void *arg);
static member_fn *const members[] = { by_thread, by_process };
static const char *const member_name[] = { "thread", "process" };

struct family {
	enum counts_method method;
	int family;
	member_fn *member;
};

/* Calls in a bracket within which a member makes n. */
static int64_t count_member(const struct family *f, uint64_t n)
{
	struct tally before, after;
	unsigned what = TALLY_COUNTING | (f->family ? TALLY_FAMILY : 0);
	int error;

	tally_begin(&before, what);
	error = f->member(call_getppid, &n);
	tally_end(&after, what);
	return error ? -error : (int64_t)(after.syscalls - before.syscalls);
}

/* All of the member's calls are the family's, none are the thread's. */
static int family_body(struct child *child, void *arg)
{
	const struct family *f = arg;
	int64_t warm, once, thrice, off;

	if (counts_thread(f->method, &child->traced, f->family))
		return child_fail(child, "counts_thread: %s", strerror(errno));
	warm = count_member(f, 1); /* the next one finds a stack */
	once = count_member(f, N);
	thrice = count_member(f, 3 * N);
	off = thrice - once - (f->family ? 2 * N : 0);
	/* who joins too late to wait for it makes one call less */
	if (warm < 0 || once < 0 || off < -1 || off > 1)
		return child_fail(child, "%d calls more are %d", 2 * N,
				  (int)(thrice - once));
	return 0;
}

static void expect_family(enum counts_method method)
{
	need(method);
	if (SANITIZED)
		skip_because("a sanitizer makes calls of its own");
	for (size_t i = 0; i < COUNT(members); i++)
		for (int family = 0; family <= 1; family++) {
			struct family f = { method, family, members[i] };

			expect_child(member_name[i], family_body, &f,
				     method == COUNTS_PTRACE, NULL);
		}
}

static void test_family_by_perf(void **state)
{
	(void)state;
	expect_family(COUNTS_PERF);
}

static void test_family_by_ptrace(void **state)
{
	(void)state;
	expect_family(COUNTS_PTRACE);
}

/* --------------------------------------------------------- calls by name */

static uint64_t called(const struct child *child, size_t number)
{
	return atomic_load(&child->traced.calls[number]);
}

static uint64_t all_called(const struct child *child)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < COUNTS_CALLS; i++)
		sum += called(child, i);
	return sum;
}

static int expect_called(struct child *child, uint64_t getppids,
			 uint64_t getuids, uint64_t others)
{
	if (called(child, SYS_getppid) != getppids ||
	    called(child, SYS_getuid) != getuids ||
	    all_called(child) != getppids + getuids + others)
		return child_fail(
			child, "%d getppid, %d getuid, %d in all, not %d %d %d",
			(int)called(child, SYS_getppid),
			(int)called(child, SYS_getuid), (int)all_called(child),
			(int)getppids, (int)getuids,
			(int)(getppids + getuids + others));
	return 0;
}

static void three_and_one(int n)
{
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < 3; k++)
			syscall(SYS_getppid);
		syscall(SYS_getuid);
	}
}

/* Those of the tally and no other: neither what the reading itself does nor
 * what comes before it and after. */
static int names_body(struct child *child, void *arg)
{
	struct tally tally;

	(void)arg;
	if (counts_thread(COUNTS_PTRACE, &child->traced, 0))
		return child_fail(child, "counts_thread: %s", strerror(errno));
	three_and_one(10);
	if (expect_called(child, 0, 0, 0))
		return -1;
	for (int batch = 1; batch <= 2; batch++) {
		tally_begin(&tally, TALLY_COUNTING);
		three_and_one(N);
		tally_end(&tally, TALLY_COUNTING);
		three_and_one(10);
		if (expect_called(child, 3 * N * (uint64_t)batch,
				  N * (uint64_t)batch, 0))
			return -1;
	}
	return 0;
}

static void expect_names(child_body *body, void *arg)
{
	need(COUNTS_PTRACE);
	if (SANITIZED)
		skip_because("a sanitizer makes calls of its own");
	expect_child("names", body, arg, true, NULL);
}

static void test_names(void **state)
{
	(void)state;
	expect_names(names_body, NULL);
}

/* Whoever the family's members are: theirs count while a tally of it is open,
 * and what making them takes, too. */
static int family_names_body(struct child *child, void *arg)
{
	member_fn *const *member = arg;
	uint64_t n = N, others;
	struct tally tally;

	if (counts_thread(COUNTS_PTRACE, &child->traced, 1))
		return child_fail(child, "counts_thread: %s", strerror(errno));
	if ((*member)(call_getppid, &n) || expect_called(child, 0, 0, 0))
		return -1;
	tally_begin(&tally, TALLY_FAMILY | TALLY_COUNTING);
	if ((*member)(call_getppid, &n))
		return child_fail(child, "no member");
	tally_end(&tally, TALLY_FAMILY | TALLY_COUNTING);
	others = all_called(child) - called(child, SYS_getppid);
	if (others < 3 || others > 30)
		return child_fail(child, "made of %d calls", (int)others);
	return expect_called(child, N, 0, others);
}

static void test_names_of_families(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(members); i++)
		expect_names(family_names_body, (void *)(uintptr_t)&members[i]);
}

/* Two threads that wait for each other without system calls. */
static atomic_int turn;

static void *call_in_turn(void *arg)
{
	while (atomic_load(&turn) != 1)
		;
	call_getppid(arg);
	atomic_store(&turn, 2);
	return NULL;
}

/* One thread's tally knows nothing of the other's calls. */
static int others_names_body(struct child *child, void *arg)
{
	struct tally tally;
	pthread_t thread;
	uint64_t n = N;

	(void)arg;
	if (counts_thread(COUNTS_PTRACE, &child->traced, 0) ||
	    pthread_create(&thread, NULL, call_in_turn, &n))
		return child_fail(child, "no thread to be counted");
	tally_begin(&tally, TALLY_COUNTING);
	atomic_store(&turn, 1);
	while (atomic_load(&turn) != 2)
		;
	three_and_one(1);
	tally_end(&tally, TALLY_COUNTING);
	pthread_join(thread, NULL);
	return expect_called(child, 3, 1, 0);
}

static void test_names_of_others(void **state)
{
	(void)state;
	expect_names(others_names_body, NULL);
}

static void test_call_names(void **state)
{
	enum { FITS = 22 }; /* into a metric's name, after "syscalls." */
	size_t known = 0;

	(void)state;
	assert_string_equal(counts_call_name(SYS_getppid), "getppid");
	assert_string_equal(counts_call_name(SYS_read), "read");
	assert_string_equal(counts_call_name(SYS_futex), "futex");
	assert_string_equal(counts_call_name(SYS_execve), "execve");
	assert_string_equal(counts_call_name(SYS_clone3), "clone3");
	assert_null(counts_call_name(COUNTS_CALLS - 1));
	assert_null(counts_call_name(COUNTS_CALLS));
	assert_null(counts_call_name(SIZE_MAX));
	/* cut to what fits, none is taken for another */
	for (size_t i = 0; i < COUNTS_CALLS; i++) {
		const char *name = counts_call_name(i);

		known += name != NULL;
		for (size_t k = 0; name && k < i; k++)
			if (counts_call_name(k) &&
			    !strncmp(name, counts_call_name(k), FITS))
				fail_msg("%s and %s", name,
					 counts_call_name(k));
	}
	assert_true(known > 250);
}

/* Wherever ptrace counts, it can name. */
static void test_can_name(void **state)
{
	char why[160] = "", why_not[160];

	(void)state;
	assert_int_equal(counts_can_name(why, sizeof(why)) != 0,
			 probe("ptrace", why_not, sizeof(why_not)) ==
				 COUNTS_PTRACE);
	assert_int_not_equal(why[0], '\0');
	assert_null(strchr(why, '\n'));
}

/* The tracer hands signals on: one that is caught, and one that kills. */
static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

static int signal_body(struct child *child, void *arg)
{
	(void)arg;
	if (counts_thread(COUNTS_PTRACE, &child->traced, 0))
		return child_fail(child, "counts_thread: %s", strerror(errno));
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	if (caught != SIGUSR1)
		return child_fail(child, "the tracer swallowed a signal");
	raise(SIGTERM);
	return child_fail(child, "SIGTERM did not end a traced child");
}

static void test_traced_signals(void **state)
{
	struct child child;
	int status;

	(void)state;
	need(COUNTS_PTRACE);
	status = run_child(signal_body, NULL, true, &child);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
		fail_msg("%s: %s", child_end(status), child.reason);
}

static void test_hold(void **state)
{
	int held;

	(void)state;
	need(COUNTS_PERF);
	held = counts_hold(COUNTS_PERF);
	assert_true(held >= 0);
	counts_release(held);
	assert_int_equal(counts_hold(COUNTS_PTRACE), -1);
}

/* -------------------------------------------------- what /proc accounts */

static uint64_t count_bytes(uint64_t n, size_t size)
{
	static char buffer[4096];
	struct tally before, after;
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	tally_begin(&before, TALLY_COUNTING);
	for (uint64_t i = 0; i < n; i++) {
		assert_int_equal(write(fd[1], buffer, size), size);
		assert_int_equal(read(fd[0], buffer, size), size);
	}
	tally_end(&after, TALLY_COUNTING);
	close(fd[0]);
	close(fd[1]);
	return after.io_bytes - before.io_bytes;
}

static void test_io_bytes(void **state)
{
	static const size_t sizes[] = { 1, 64, 4096 };

	(void)state;
	if (!counts_have_io())
		skip_because("the kernel does not account I/O of a task");
	for (size_t i = 0; i < COUNT(sizes); i++) {
		int64_t more = (int64_t)count_bytes(3 * N, sizes[i]) -
			       (int64_t)count_bytes(N, sizes[i]);

		assert_int_equal(more, 2 * N * 2 * (int64_t)sizes[i]);
	}
}

static void test_io_only_when_counting(void **state)
{
	struct tally tally;

	(void)state;
	tally_begin(&tally, TALLY_THREAD);
	assert_int_equal(tally.io_bytes, 0);
	assert_int_equal(tally.syscalls, 0);
	tally_end(&tally, TALLY_THREAD);
	assert_int_equal(tally.io_bytes, 0);
	assert_int_equal(tally.syscalls, 0);
}

/* -------------------------------------------------- what getrusage says */

/* Fresh pages, sleeps and processor time that are known. */
enum { PAGES = 64, NAPS = 50, BUSY_NS = 20000000 };

static void test_switches(void **state)
{
	const struct timespec nap = { .tv_nsec = 100000 };
	struct tally before, after;

	(void)state;
	tally_begin(&before, TALLY_THREAD);
	for (int i = 0; i < NAPS; i++)
		nanosleep(&nap, NULL);
	tally_end(&after, TALLY_THREAD);
	assert_true(after.voluntary - before.voluntary >= NAPS);
	assert_true(after.voluntary - before.voluntary < NAPS + 20);

	/* what never sleeps never switches of its own accord */
	tally_begin(&before, TALLY_THREAD);
	for (int i = 0; i < N; i++)
		syscall(SYS_getppid);
	tally_end(&after, TALLY_THREAD);
	assert_true(after.voluntary - before.voluntary <= 2);
}

static void *sleep_in_thread(void *arg)
{
	const struct timespec nap = { .tv_nsec = 100000 };

	for (int i = 0; i < NAPS; i++)
		nanosleep(&nap, NULL);
	return arg;
}

/* Of the calling thread alone. */
static void test_switches_of_others(void **state)
{
	struct tally before, after;
	pthread_t thread;

	(void)state;
	skip_if_emulated("waits for locks of its own");
	tally_begin(&before, TALLY_THREAD);
	assert_int_equal(pthread_create(&thread, NULL, sleep_in_thread, NULL),
			 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	tally_end(&after, TALLY_THREAD);
	assert_true(after.voluntary - before.voluntary < NAPS / 2);
}

static uint64_t own_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void touch_pages(size_t pages)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die_errno("map %d pages", (int)pages);
	madvise(memory, pages * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++)
		((volatile char *)memory)[i * page] = 1;
	munmap(memory, pages * page);
}

static void *work(void *arg)
{
	uint64_t from = own_cpu_ns();

	touch_pages(PAGES);
	sleep_in_thread(NULL);
	while (own_cpu_ns() - from < BUSY_NS)
		;
	return arg;
}

static void expect_work(const char *who, const struct tally *before,
			const struct tally *after, bool counted)
{
	uint64_t faults = after->faults - before->faults,
		 switches = after->voluntary - before->voluntary,
		 cpu_ns = after->cpu_ns - before->cpu_ns;

	/* getrusage() knows a child's time in µs */
	if (counted ? faults < PAGES || switches < NAPS ||
			      cpu_ns < BUSY_NS - 10000 :
		      switches >= NAPS || cpu_ns >= BUSY_NS / 2)
		fail_msg("%s: %d faults, %d switches, %d ns", who, (int)faults,
			 (int)switches, (int)cpu_ns);
}

/* What its threads and children used is the family's, once they are gone. */
static void test_family(void **state)
{
	static const unsigned what[] = { TALLY_THREAD, TALLY_FAMILY };

	(void)state;
	for (size_t i = 0; i < COUNT(members); i++)
		for (size_t k = 0; k < COUNT(what); k++) {
			struct tally before, after;

			tally_begin(&before, what[k]);
			assert_int_equal(members[i](work, NULL), 0);
			tally_end(&after, what[k]);
			expect_work(member_name[i], &before, &after,
				    what[k] == TALLY_FAMILY);
		}
}

static void test_unreaped(void **state)
{
	struct tally before, between, after;
	siginfo_t info;
	pid_t pid;

	(void)state;
	tally_begin(&before, TALLY_FAMILY);
	pid = fork();
	if (!pid) {
		work(NULL);
		_exit(0);
	}
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	tally_begin(&between, TALLY_FAMILY);
	expect_work("not reaped", &before, &between, false);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	tally_end(&after, TALLY_FAMILY);
	expect_work("reaped", &between, &after, true);
}

static void test_cpu_time(void **state)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	struct timespec from, to;
	struct tally before, after;
	double wall_ns;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &from);
	tally_begin(&before, TALLY_THREAD);
	for (int i = 0; i < 20 * N; i++)
		syscall(SYS_getppid);
	tally_end(&after, TALLY_THREAD);
	clock_gettime(CLOCK_MONOTONIC, &to);
	wall_ns = (double)(to.tv_sec - from.tv_sec) * 1e9 +
		  (double)(to.tv_nsec - from.tv_nsec);
	assert_true(after.cpu_ns > before.cpu_ns);
	assert_true((double)(after.cpu_ns - before.cpu_ns) <= wall_ns);

	/* sleep is not processor time */
	tally_begin(&before, TALLY_THREAD);
	nanosleep(&nap, NULL);
	tally_end(&after, TALLY_THREAD);
	assert_true(after.cpu_ns - before.cpu_ns < 10000000);
}

static void test_faults(void **state)
{
	struct tally before, after;

	(void)state;
	tally_begin(&before, TALLY_THREAD);
	touch_pages(PAGES);
	tally_end(&after, TALLY_THREAD);
	assert_true(after.faults - before.faults >= PAGES);
	/* a sanitizer touches memory of its own for each */
	assert_true(SANITIZED || after.faults - before.faults < 2 * PAGES);
}

static void test_add(void **state)
{
	const struct tally from = { 1, 2, 3, 4, 5, 6 },
			   to = { 11, 22, 33, 44, 55, 66 };
	struct tally into = { 100, 100, 100, 100, 100, 100 };

	(void)state;
	tally_add(&into, &from, &to);
	assert_int_equal(into.voluntary, 110);
	assert_int_equal(into.involuntary, 120);
	assert_int_equal(into.faults, 130);
	assert_int_equal(into.cpu_ns, 140);
	assert_int_equal(into.io_bytes, 150);
	assert_int_equal(into.syscalls, 160);
}

static int begin_all(void **state)
{
	(void)state;
	end_if_it_hangs();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_probe_denied),
		cmocka_unit_test(test_without_tracefs),
		cmocka_unit_test(test_denied_counts_nothing),
		cmocka_unit_test(test_getppid_by_perf),
		cmocka_unit_test(test_getppid_by_ptrace),
		cmocka_unit_test(test_threads_by_perf),
		cmocka_unit_test(test_threads_by_ptrace),
		cmocka_unit_test(test_fork_by_perf),
		cmocka_unit_test(test_fork_by_ptrace),
		cmocka_unit_test(test_family_by_perf),
		cmocka_unit_test(test_family_by_ptrace),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_of_families),
		cmocka_unit_test(test_names_of_others),
		cmocka_unit_test(test_call_names),
		cmocka_unit_test(test_can_name),
		cmocka_unit_test(test_traced_signals),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_io_bytes),
		cmocka_unit_test(test_io_only_when_counting),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_switches_of_others),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_unreaped),
		cmocka_unit_test(test_cpu_time),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_add),
	};

	return cmocka_run_group_tests(tests, begin_all, NULL);
}
