/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts: what a thread and what a process shares with the one that made it;
 * found out, not timed. */
#include "bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "party.h"
#include "topo.h"

enum { MOST_FACTS = 6 };

/* What the first party asks of the second. */
enum question { LEAVE, INTRODUCE, TRY_DESCRIPTOR, WRITE, READ, FRAMES };

/* What is passed between them, in memory that is shared anyway. */
struct table {
	sem_t asked, answered;
	enum question question;
	/* the second party's answers: */
	pid_t pid, tid;
	int descriptor;
	char *mapping;
	bool usable; /* the first party's descriptor is */
	uint64_t private_word, shared_word;
	uint64_t private_frame, shared_frame;
	/* the first party's: */
	int first_descriptor;
	int refused; /* an errno: it could not start the second */
};

struct state;

/* One variant: finds out its facts, in the order of its metrics. */
struct inquiry {
	void (*find)(struct state *s, double *fact);
	/* by the second party; NULL: it answers nothing */
	void (*answer)(struct state *s);
};

static struct state {
	struct run *r;
	const struct inquiry *inquiry;
	const struct metric *metrics;
	struct table *table;
	struct party second;
	/* a word each, made before the second party; those of pages have them
	 * for themselves */
	volatile uint64_t *private, *shared, *heap;
	size_t page;
	/* of a batch: */
	double fact[MOST_FACTS];
	bool known;
	const char *changed; /* the metric that did not stay the same */
} state;

static volatile uint64_t static_word;

/* ---------------------------------------------- questions and answers */

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem))
		if (errno != EINTR)
			die_errno("wait for the other party");
}

static int second_main(void *arg)
{
	struct state *s = arg;

	for (;;) {
		wait_for(&s->table->asked);
		if (s->table->question == LEAVE)
			return 0;
		s->inquiry->answer(s);
		sem_post(&s->table->answered);
	}
}

static void ask(struct state *s, enum question question)
{
	s->table->question = question;
	sem_post(&s->table->asked);
	if (question != LEAVE)
		wait_for(&s->table->answered);
}

static void begin(struct state *s)
{
	if (!party_start(&s->second, s->r->peer, s->r->pu_b, second_main, s))
		return;
	die_refused(errno, "%s", party_call(s->r));
}

static void end(struct state *s)
{
	int result;

	ask(s, LEAVE);
	result = party_join(&s->second);
	if (result)
		die("the second party ended with %d", result);
}

/* ------------------------------------------------------------- identity */

enum { SAME_PID, SAME_TID, SAME_DESCRIPTORS, SAME_MAPS, TASKS };

static const struct metric identity_metrics[] = {
	{ "same_pid", "bool" },
	{ "same_tid", "bool" },
	/* one that was opened after the start is usable by the other */
	{ "same_descriptors", "bool" },
	/* what the second maps after its start, the first has there too */
	{ "same_maps", "bool" },
	{ "tasks", "count" }, /* of the first's process while both live */
	{ NULL, NULL },
};

/* The files the parties open, and what stands in them: a descriptor's number
 * alone may mean another file to the other. */
#define FIRST_FILE "handoff-facts-first"
#define SECOND_FILE "handoff-facts-second"

static int open_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	ssize_t size = (ssize_t)strlen(name);

	if (fd < 0 || write(fd, name, (size_t)size) != size)
		die_errno("memfd_create");
	return fd;
}

static bool is_file(int fd, const char *name)
{
	char text[sizeof(SECOND_FILE)] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 && !strcmp(text, name);
}

/* Whether this process has that file mapped there. */
static bool is_mapped(const char *at, const char *name)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	size_t from, to;
	bool found = false;
	char line[512];

	while (maps && !found && fgets(line, sizeof(line), maps))
		found = sscanf(line, "%zx-%zx ", &from, &to) == 2 &&
			(uintptr_t)at >= from && (uintptr_t)at < to &&
			strstr(line, name);
	if (!maps || fclose(maps))
		die_errno("/proc/self/maps");
	return found;
}

static unsigned count_tasks(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned tasks = 0;
	struct dirent *entry;

	if (!dir)
		die_errno("/proc/self/task");
	while ((entry = readdir(dir)))
		tasks += entry->d_name[0] != '.';
	closedir(dir);
	return tasks;
}

/* A joined thread is still among the tasks for a moment: the kernel tells who
 * joins it before it takes it off the list. */
static void wait_till_gone(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d", tid);
	while (!access(path, F_OK))
		usleep(50);
}

static void answer_identity(struct state *s)
{
	struct table *t = s->table;

	if (t->question == INTRODUCE) {
		t->pid = getpid();
		t->tid = gettid();
		t->descriptor = open_file(SECOND_FILE);
		t->mapping = mmap(NULL, s->page, PROT_READ, MAP_SHARED,
				  t->descriptor, 0);
		if (t->mapping == MAP_FAILED)
			die_errno("map a memfd");
		return;
	}
	t->usable = is_file(t->first_descriptor, FIRST_FILE);
	munmap(t->mapping, s->page);
	close(t->descriptor);
}

static void find_identity(struct state *s, double *fact)
{
	struct table *t = s->table;

	begin(s);
	ask(s, INTRODUCE);
	fact[SAME_PID] = t->pid == getpid();
	fact[SAME_TID] = t->tid == gettid();
	fact[SAME_MAPS] = is_mapped(t->mapping, SECOND_FILE);
	fact[SAME_DESCRIPTORS] = is_file(t->descriptor, SECOND_FILE);
	fact[TASKS] = count_tasks();
	t->first_descriptor = open_file(FIRST_FILE);
	ask(s, TRY_DESCRIPTOR);
	close(t->first_descriptor);
	if (t->usable != (fact[SAME_DESCRIPTORS] == 1))
		die("descriptors are seen by one of the parties only");
	end(s);
	wait_till_gone(t->tid);
}

/* --------------------------------------------------------------- memory */

enum { PRIVATE, PRIVATE_BACK, SHARED, SHARED_BACK, HEAP, STATIC };

/* The second's writes, seen by the first; back: the first's, by the second. */
static const struct metric memory_metrics[] = {
	{ "private_seen", "bool" }, /* anonymous memory */
	{ "private_seen_back", "bool" },
	{ "shared_seen", "bool" }, /* MAP_SHARED */
	{ "shared_seen_back", "bool" },
	{ "heap_seen", "bool" },
	{ "static_seen", "bool" },
	{ NULL, NULL },
};

enum { BEFORE = 1, BY_SECOND, BY_FIRST };

/* What a word holds once it has been written, to one who looks. */
static bool seen(uint64_t word, uint64_t before, uint64_t written)
{
	if (word != before && word != written)
		die("a word holds %llu, which nobody wrote",
		    (unsigned long long)word);
	return word == written;
}

static void answer_memory(struct state *s)
{
	if (s->table->question == WRITE) {
		*s->private = *s->shared = BY_SECOND;
		*s->heap = static_word = BY_SECOND;
		return;
	}
	s->table->private_word = *s->private;
	s->table->shared_word = *s->shared;
}

static void find_memory(struct state *s, double *fact)
{
	*s->private = *s->shared = *s->heap = static_word = BEFORE;
	begin(s);
	ask(s, WRITE);
	fact[PRIVATE] = seen(*s->private, BEFORE, BY_SECOND);
	fact[SHARED] = seen(*s->shared, BEFORE, BY_SECOND);
	fact[HEAP] = seen(*s->heap, BEFORE, BY_SECOND);
	fact[STATIC] = seen(static_word, BEFORE, BY_SECOND);
	*s->private = *s->shared = BY_FIRST;
	ask(s, READ);
	fact[PRIVATE_BACK] = seen(s->table->private_word, BY_SECOND, BY_FIRST);
	fact[SHARED_BACK] = seen(s->table->shared_word, BY_SECOND, BY_FIRST);
	end(s);
}

/* ---------------------------------------------------------- page frames */

enum { PRIVATE_FRAME, PRIVATE_FRAME_AFTER, SHARED_FRAME };

static const struct metric frame_metrics[] = {
	/* before anyone writes to it, and after the second has */
	{ "same_private_frame", "bool" },
	{ "same_private_frame_after_write", "bool" },
	{ "same_shared_frame", "bool" },
	{ NULL, NULL },
};

/* The number of the page frame that a page lies in, for this process; 0: the
 * kernel does not tell. -1: it has no such file. */
static int64_t page_frame(const volatile uint64_t *page)
{
	const uint64_t present = UINT64_C(1) << 63,
		       number = (UINT64_C(1) << 55) - 1;
	uint64_t entry = 0, size = (uint64_t)sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -1;
	(void)*page; /* so that it is there */
	got = pread(fd, &entry, sizeof(entry),
		    (off_t)((uintptr_t)page / size * sizeof(entry)));
	close(fd);
	return got == sizeof(entry) && entry & present ?
		       (int64_t)(entry & number) :
		       -1;
}

static bool frames_told(char *why, size_t size, bool *denied)
{
	static volatile uint64_t word = 1;
	int64_t frame;

	errno = 0;
	frame = page_frame(&word);
	if (frame > 0)
		return true;
	*denied = !frame || errno == EACCES || errno == EPERM;
	if (*denied)
		snprintf(why, size,
			 "page frame numbers are told to CAP_SYS_ADMIN only "
			 "(/proc/self/pagemap)");
	else
		snprintf(why, size, "/proc/self/pagemap: %s",
			 errno ? strerror(errno) : "knows no page frame");
	return false;
}

static void answer_frames(struct state *s)
{
	if (s->table->question == WRITE) {
		*s->private = BY_SECOND;
		return;
	}
	s->table->private_frame = (uint64_t)page_frame(s->private);
	s->table->shared_frame = (uint64_t)page_frame(s->shared);
}

/* The kernel may move a page meanwhile: then once more. */
static void compare_frames(struct state *s, double *private, double *shared)
{
	uint64_t private_frame, shared_frame;

	do {
		private_frame = (uint64_t)page_frame(s->private);
		shared_frame = (uint64_t)page_frame(s->shared);
		ask(s, FRAMES);
	} while (private_frame != (uint64_t)page_frame(s->private) ||
		 shared_frame != (uint64_t)page_frame(s->shared));
	*private = private_frame == s->table->private_frame;
	*shared = shared_frame == s->table->shared_frame;
}

static void find_frames(struct state *s, double *fact)
{
	double shared;

	*s->private = *s->shared = BEFORE;
	begin(s);
	compare_frames(s, &fact[PRIVATE_FRAME], &fact[SHARED_FRAME]);
	ask(s, WRITE);
	compare_frames(s, &fact[PRIVATE_FRAME_AFTER], &shared);
	if (shared != fact[SHARED_FRAME])
		die("the frame of a shared page is the same only now and then");
	end(s);
}

/* ---------------------------------------------------------- containment */

static const struct metric containment_metrics[] = {
	{ "survives", "bool" }, /* the first, the second's crash */
	{ NULL, NULL },
};

enum { SURVIVED = 42, NOT_STARTED, NOT_CRASHED };

/* What sanitizers would report instead. */
__attribute__((no_sanitize("address", "thread", "undefined"))) static int
crash(void *nowhere)
{
	/* whoever finds it in the kernel's log knows what it was */
	prctl(PR_SET_NAME, "handoff-crash");
	*(volatile int *)nowhere = 1;
	return 0;
}

static bool was_killed(pid_t pid, int signal)
{
	siginfo_t info = { .si_pid = 0 };

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		if (errno != EINTR)
			return false;
	return info.si_code != CLD_EXITED && info.si_status == signal;
}

/* A first party of its own, so that the one that asks survives in any case. */
static void sacrifice(const struct state *s)
{
	const struct rlimit none = { 0, 0 };
	struct party second;
	bool crashed = true;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* neither a core dump nor a handler of a sanitizer */
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL);
	if (party_start(&second, s->r->peer, s->r->pu_b, crash, NULL)) {
		s->table->refused = errno;
		_exit(NOT_STARTED);
	}
	if (second.kind == PEER_PROCESS)
		crashed = was_killed(second.pid, SIGSEGV);
	_exit(party_join(&second) == -1 && crashed ? SURVIVED : NOT_CRASHED);
}

static void find_containment(struct state *s, double *fact)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die_refused(errno, "fork");
	if (!pid)
		sacrifice(s);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die_errno("wait for the first party");
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED)
		die_refused(s->table->refused, "%s", party_call(s->r));
	*fact = WIFEXITED(status) && WEXITSTATUS(status) == SURVIVED;
	if (!*fact && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV))
		die("the first party ended with status %#x, neither as a "
		    "survivor nor by the second's crash",
		    (unsigned)status);
}

/* -------------------------------------------------------- the benchmark */

static int setup(struct run *r)
{
	struct state *s = &state;
	char why[128];
	bool denied = false;

	s->r = r;
	s->inquiry = r->variant->arg;
	s->metrics = r->variant->metrics;
	s->page = (size_t)sysconf(_SC_PAGESIZE);
	if (s->inquiry->find == find_frames &&
	    !frames_told(why, sizeof(why), &denied))
		return denied ? bench_denied(r, "%s", why) :
				bench_absent(r, "%s", why);
	s->table = party_shared(sizeof(*s->table), r->pu_a);
	s->shared = party_shared(s->page, r->pu_a);
	s->private = mmap(NULL, s->page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s->heap = malloc(sizeof(*s->heap));
	if (!s->table || !s->shared || (void *)s->private == MAP_FAILED ||
	    !s->heap || sem_init(&s->table->asked, 1, 0) ||
	    sem_init(&s->table->answered, 1, 0))
		return bench_errno(r, "mmap of shared memory");
	if (bench_bind(r, r->pu_a))
		return -1;
	return 0;
}

static void arm(struct run *r, uint64_t n)
{
	(void)r;
	(void)n;
	state.known = false;
	state.changed = NULL;
}

static uint64_t run(struct run *r, uint64_t n)
{
	struct state *s = &state;

	for (uint64_t i = 0; i < n; i++) {
		double fact[MOST_FACTS];

		s->inquiry->find(s, fact);
		if (bench_broken("facts") && i)
			fact[0] = !fact[0];
		for (unsigned k = 0; s->metrics[k].name; k++) {
			if (s->known && fact[k] != s->fact[k])
				s->changed = s->metrics[k].name;
			s->fact[k] = fact[k];
			run_value(r, k, fact[k]);
		}
		s->known = true;
	}
	return n;
}

static int settle(struct run *r, uint64_t n)
{
	if (state.changed)
		return bench_fail(r, "%s: it was not the same %llu times",
				  state.changed, (unsigned long long)n);
	return 0;
}

static int teardown(struct run *r)
{
	struct state *s = &state;

	(void)r;
	party_unshare(s->table, sizeof(*s->table));
	party_unshare((void *)s->shared, s->page);
	munmap((void *)s->private, s->page);
	free((void *)s->heap);
	return 0;
}

static const struct need need_frames = { frames_told };
static const struct need *const for_frames[] = { &need_frames, NULL };

static const struct inquiry identity = { find_identity, answer_identity },
			    memory = { find_memory, answer_memory },
			    page_frames = { find_frames, answer_frames },
			    containment = { find_containment, NULL };

enum { BOTH = PEER_THREAD | PEER_PROCESS };

static const struct variant variants[] = {
	{ "identity", &identity, BOTH, PLACE_ANY, .metrics = identity_metrics },
	{ "memory", &memory, BOTH, PLACE_ANY, .metrics = memory_metrics },
	{ "page_frames", &page_frames, BOTH, PLACE_ANY, for_frames,
	  .metrics = frame_metrics },
	{ "containment", &containment, BOTH, PLACE_ANY,
	  .metrics = containment_metrics },
	{ NULL },
};

/* Stands for those of a case that has found out nothing. */
static const struct metric any_metric[] = { { "fact", "bool" },
					    { NULL, NULL } };

const struct bench bench_facts = {
	.name = "facts",
	.title = "what is shared and what is not: found out, not timed",
	.unit = "bool",
	.variants = variants,
	.metrics = any_metric,
	.spawns = true,
	.setup = setup,
	.arm = arm,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
