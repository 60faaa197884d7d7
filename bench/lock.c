/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lock: what mutual exclusion costs, an acquisition of a lock that nobody else
 * wants and of one that several do; and a turn that is passed on, strictly from
 * one party to the next. */
#include "bench.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crew.h"
#include "relax.h"

enum { LATENCY, CHANGES, FAIRNESS };

/* The looks before it parks, as many as of glibc's adaptive mutexes. */
enum { LOOKS = 100 };

/* A lock of any kind, or what one party waits for, on lines of its own. */
struct lock {
	union {
		_Alignas(CACHE_LINES) _Atomic uint32_t word;
		struct {
			_Atomic uint32_t next, serving;
		} ticket;
		pthread_mutex_t mutex;
		sem_t semaphore;
		pthread_cond_t cond;
	};
	int futex_flags; /* private among threads, as in every library */
};

/* In memory that all share. */
struct shared {
	struct lock lock;
	struct lock turn[CREW_MOST]; /* of each party, to wait for its own */

	/* What is guarded: plain, so that an update is lost where two are
	 * inside at once. */
	_Alignas(CACHE_LINES) uint64_t count; /* acquisitions, or turns */
	_Atomic uint64_t limit;               /* that ends the batch */
	uint64_t changes; /* of them by another party than the one before */
	unsigned last;    /* who that was */
};

static struct state {
	struct crew crew;
	struct shared *shared;
	unsigned parties;
	bool cut; /* the batch was, before all n acquisitions were made */
} s;

struct kind {
	crew_work *work;
	/* of the lock, and of a turn's; NULL: zeroes will do. 0 or an errno */
	int (*open)(struct lock *lock, const struct kind *kind, bool processes);
	int (*open_turn)(struct lock *turn, bool processes);
	void (*begin)(void); /* gives the first party its turn */
	int protocol, type;  /* of a mutex */
};

/* Of calls that return an error. */
static inline void must(int error, const char *what)
{
	/* EPERM of these is a mistake, not a refusal */
	if (__builtin_expect(error, 0))
		die("%s: %s", what, strerror(error));
}

/* -------------------------------------------------------------- the locks */

static inline void park(struct lock *l, uint32_t value)
{
	if (syscall(SYS_futex, &l->word, FUTEX_WAIT | l->futex_flags, value,
		    NULL, NULL, 0) < 0 &&
	    errno != EAGAIN && errno != EINTR)
		die_errno("FUTEX_WAIT");
}

static inline void unpark_one(struct lock *l)
{
	if (syscall(SYS_futex, &l->word, FUTEX_WAKE | l->futex_flags, 1, NULL,
		    NULL, 0) < 0)
		die_errno("FUTEX_WAKE");
}

/* The third mutex of Drepper's "Futexes are tricky" (2011). */
enum { FREE, TAKEN, WANTED };

static inline void lock_or_park(struct lock *l)
{
	uint32_t seen = FREE;

	if (atomic_compare_exchange_strong_explicit(&l->word, &seen, TAKEN,
						    memory_order_acquire,
						    memory_order_relaxed))
		return;
	if (seen != WANTED)
		seen = atomic_exchange_explicit(&l->word, WANTED,
						memory_order_acquire);
	while (seen != FREE) {
		park(l, WANTED);
		seen = atomic_exchange_explicit(&l->word, WANTED,
						memory_order_acquire);
	}
}

static inline void unlock_and_unpark(struct lock *l)
{
	if (atomic_fetch_sub_explicit(&l->word, 1, memory_order_release) ==
	    TAKEN)
		return;
	atomic_store_explicit(&l->word, FREE, memory_order_release);
	unpark_one(l);
}

/* Looks without writing, and tries where it looks free; then as above. */
static inline void lock_spin_or_park(struct lock *l)
{
	for (int i = 0; i < LOOKS; i++) {
		uint32_t seen =
			atomic_load_explicit(&l->word, memory_order_relaxed);

		if (seen == FREE &&
		    atomic_compare_exchange_strong_explicit(
			    &l->word, &seen, TAKEN, memory_order_acquire,
			    memory_order_relaxed))
			return;
		relax();
	}
	lock_or_park(l);
}

/* Test and test-and-set (Rudolph & Segall 1984). */
static inline void lock_spin(struct lock *l)
{
	while (atomic_exchange_explicit(&l->word, TAKEN, memory_order_acquire))
		while (atomic_load_explicit(&l->word, memory_order_relaxed))
			relax();
}

static inline void unlock_spin(struct lock *l)
{
	atomic_store_explicit(&l->word, FREE, memory_order_release);
}

/* First come, first served (Mellor-Crummey & Scott 1991). */
static inline void lock_ticket(struct lock *l)
{
	uint32_t mine = atomic_fetch_add_explicit(&l->ticket.next, 1,
						  memory_order_relaxed);

	while (atomic_load_explicit(&l->ticket.serving, memory_order_acquire) !=
	       mine)
		relax();
}

static inline void unlock_ticket(struct lock *l)
{
	uint32_t mine =
		atomic_load_explicit(&l->ticket.serving, memory_order_relaxed);

	atomic_store_explicit(&l->ticket.serving, mine + 1,
			      memory_order_release);
}

static inline void lock_mutex(struct lock *l)
{
	must(pthread_mutex_lock(&l->mutex), "lock a mutex");
}

static inline void unlock_mutex(struct lock *l)
{
	must(pthread_mutex_unlock(&l->mutex), "unlock a mutex");
}

static inline void lock_semaphore(struct lock *l)
{
	while (__builtin_expect(sem_wait(&l->semaphore), 0))
		if (errno != EINTR)
			die_errno("wait for a semaphore");
}

static inline void unlock_semaphore(struct lock *l)
{
	if (__builtin_expect(sem_post(&l->semaphore), 0))
		die_errno("post a semaphore");
}

static inline void lock_nothing(struct lock *l)
{
	(void)l;
	__asm__ volatile("" ::: "memory");
}

static int open_mutex(struct lock *l, const struct kind *kind, bool processes)
{
	pthread_mutexattr_t attr;
	int error;

	pthread_mutexattr_init(&attr);
	error = pthread_mutexattr_setpshared(
		&attr,
		processes ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
	if (!error)
		error = pthread_mutexattr_setprotocol(&attr, kind->protocol);
	if (!error)
		error = pthread_mutexattr_settype(&attr, kind->type);
	if (!error)
		error = pthread_mutex_init(&l->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return error;
}

static int open_semaphore(struct lock *l, const struct kind *kind,
			  bool processes)
{
	(void)kind;
	return sem_init(&l->semaphore, processes, 1) ? errno : 0;
}

/* ------------------------------------------------------------- contention */

/*
 * All take the lock and free it, with nothing in between but the count, until
 * that says that enough acquisitions were made: so who gets the lock more often
 * does more of the batch, and none is left alone at its end.
 */
static inline __attribute__((always_inline)) uint64_t
contend(struct shared *shared, unsigned me, void (*lock)(struct lock *),
	void (*unlock)(struct lock *))
{
	uint64_t mine = 0;

	for (;;) {
		lock(&shared->lock);
		if (shared->count >=
		    atomic_load_explicit(&shared->limit, memory_order_relaxed))
			break;
		shared->count++;
		shared->changes += shared->last != me;
		shared->last = me;
		unlock(&shared->lock);
		mine++;
	}
	unlock(&shared->lock);
	return mine;
}

#define CONTEND(name, lock, unlock)                                        \
	static uint64_t contend_##name(void *arg, unsigned me, uint64_t n) \
	{                                                                  \
		(void)n;                                                   \
		return contend(arg, me, lock, unlock);                     \
	}

CONTEND(futex_mutex, lock_or_park, unlock_and_unpark)
CONTEND(spin_park, lock_spin_or_park, unlock_and_unpark)
CONTEND(spinlock, lock_spin, unlock_spin)
CONTEND(ticket, lock_ticket, unlock_ticket)
CONTEND(mutex, lock_mutex, unlock_mutex)
CONTEND(semaphore, lock_semaphore, unlock_semaphore)
CONTEND(unlocked, lock_nothing, lock_nothing)

/* What any of them is when it is broken on purpose: another is let in between
 * reading the count and writing it. */
static uint64_t contend_broken(void *arg, unsigned me, uint64_t n)
{
	volatile struct shared *shared = arg;
	uint64_t mine = 0, seen;

	(void)me;
	while ((seen = shared->count) < n) {
		sched_yield();
		shared->count = seen + 1;
		mine++;
	}
	return mine;
}

/* --------------------------------------------------------- passing a turn */

/* Turns are numbered; whose each is follows from that. */
static inline bool is_mine(const struct shared *shared, uint64_t turn)
{
	return shared->count == turn;
}

static inline void take_turn(struct shared *shared, uint64_t turn)
{
	if (!is_mine(shared, turn))
		die("turn %llu was given when it was %llu's",
		    (unsigned long long)turn,
		    (unsigned long long)shared->count);
	shared->count = turn + 1;
}

/* await() waits for this party's turn, pass() gives the next party its own.
 * Nobody is given one after the last. */
static inline __attribute__((always_inline)) uint64_t
pass_turns(struct shared *shared, unsigned me, uint64_t n,
	   void (*await)(struct lock *turn, uint64_t number),
	   void (*pass)(struct lock *turn, uint64_t number))
{
	unsigned parties = s.parties, next = (me + 1) % parties;
	uint64_t mine = 0;

	for (uint64_t turn = me; turn < n; turn += parties) {
		await(&shared->turn[me], turn);
		take_turn(shared, turn);
		if (turn + 1 < n)
			pass(&shared->turn[next], turn + 1);
		mine++;
	}
	return mine;
}

/* Words hold one more than the number of the turn that was given last. */
static inline void await_futex(struct lock *turn, uint64_t number)
{
	uint32_t seen, want = (uint32_t)number + 1;

	while ((seen = atomic_load_explicit(&turn->word,
					    memory_order_acquire)) != want)
		park(turn, seen);
}

static inline void give_word(struct lock *turn, uint64_t number)
{
	atomic_store_explicit(&turn->word, (uint32_t)number + 1,
			      memory_order_release);
}

static inline void pass_futex(struct lock *turn, uint64_t number)
{
	give_word(turn, number);
	unpark_one(turn);
}

static inline void await_spin(struct lock *turn, uint64_t number)
{
	while (atomic_load_explicit(&turn->word, memory_order_acquire) !=
	       (uint32_t)number + 1)
		relax();
}

static inline void await_semaphore(struct lock *turn, uint64_t number)
{
	(void)number;
	lock_semaphore(turn);
}

static inline void pass_semaphore(struct lock *turn, uint64_t number)
{
	(void)number;
	unlock_semaphore(turn);
}

static uint64_t pass_by_futex(void *arg, unsigned me, uint64_t n)
{
	return pass_turns(arg, me, n, await_futex, pass_futex);
}

static uint64_t pass_by_spin(void *arg, unsigned me, uint64_t n)
{
	return pass_turns(arg, me, n, await_spin, give_word);
}

static uint64_t pass_by_semaphore(void *arg, unsigned me, uint64_t n)
{
	return pass_turns(arg, me, n, await_semaphore, pass_semaphore);
}

/* One mutex guards the turn; each party has a condition variable of its own,
 * so that only the next is woken, and after the unlock: else it would only meet
 * the mutex. */
static uint64_t pass_by_condvar(void *arg, unsigned me, uint64_t n)
{
	struct shared *shared = arg;
	unsigned parties = s.parties, next = (me + 1) % parties;
	uint64_t mine = 0;

	for (uint64_t turn = me; turn < n; turn += parties) {
		lock_mutex(&shared->lock);
		while (!is_mine(shared, turn))
			must(pthread_cond_wait(&shared->turn[me].cond,
					       &shared->lock.mutex),
			     "wait for a condition variable");
		take_turn(shared, turn);
		unlock_mutex(&shared->lock);
		must(pthread_cond_signal(&shared->turn[next].cond),
		     "signal a condition variable");
		mine++;
	}
	return mine;
}

static int open_turn_semaphore(struct lock *turn, bool processes)
{
	return sem_init(&turn->semaphore, processes, 0) ? errno : 0;
}

static int open_turn_cond(struct lock *turn, bool processes)
{
	pthread_condattr_t attr;
	int error;

	pthread_condattr_init(&attr);
	error = pthread_condattr_setpshared(
		&attr,
		processes ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
	if (!error)
		error = pthread_cond_init(&turn->cond, &attr);
	pthread_condattr_destroy(&attr);
	return error;
}

/* Words of the batch before would be taken for this one's. */
static void begin_words(void)
{
	for (unsigned i = 0; i < s.parties; i++)
		atomic_store(&s.shared->turn[i].word, 0);
	give_word(&s.shared->turn[0], 0);
}

static void begin_semaphore(void)
{
	unlock_semaphore(&s.shared->turn[0]);
}

/* -------------------------------------------------------- the benchmark */

static const struct kind *kind_of(const struct run *r)
{
	return r->variant->arg;
}

static bool passes_turns(const struct run *r)
{
	return r->variant->metrics;
}

/* 0 or an errno. */
static int open_locks(const struct kind *kind, bool processes)
{
	int flags = processes ? 0 : FUTEX_PRIVATE_FLAG, error = 0;

	s.shared->lock.futex_flags = flags;
	if (kind->open)
		error = kind->open(&s.shared->lock, kind, processes);
	for (unsigned i = 0; i < s.parties && !error; i++) {
		s.shared->turn[i].futex_flags = flags;
		if (kind->open_turn)
			error = kind->open_turn(&s.shared->turn[i], processes);
	}
	return error;
}

static void arm(struct run *r, uint64_t n)
{
	s.shared->count = 0;
	atomic_store(&s.shared->limit, n);
	s.shared->changes = 0;
	s.shared->last = s.parties; /* the first comes from nobody */
	if (kind_of(r)->begin)
		kind_of(r)->begin();
}

/* Several contend for one lock, in no order. */
static bool contends(const struct run *r)
{
	return s.parties > 1 && !passes_turns(r);
}

/* The scheduler gives each of those on a PU a turn of some milliseconds: a time
 * in which each may have one, unless they are very many. */
static double window_ns(const struct run *r)
{
	unsigned pus = r->pu_a == r->pu_b ? 1 : 2;
	unsigned on_one = (s.parties + pus - 1) / pus;
	double ns = 5e6 * on_one;

	return ns < 20e6 ? ns : 20e6;
}

/*
 * From one moment to the next a lock may cost a thousand times as much, and for
 * long: when its holder was pushed off and all the others have come to sleep
 * for it, each is woken for a single acquisition. So a batch is cut that takes
 * too long.
 */
static void finish_within(double ns)
{
	s.cut = !crew_is_over_within(&s.crew, ns);
	if (s.cut)
		atomic_store(&s.shared->limit, 1);
	crew_finish(&s.crew);
}

/* A batch is as many acquisitions as are made in that time. */
static void find_least_n(struct run *r)
{
	arm(r, UINT64_MAX);
	crew_start(&s.crew, UINT64_MAX);
	finish_within(window_ns(r));
	r->least_n = s.shared->count;
}

static int setup(struct run *r)
{
	const struct kind *kind = kind_of(r);
	bool broken = bench_broken("lock");
	int error;

	s.parties = (unsigned)run_count(r);
	if (s.parties > CREW_MOST)
		return bench_absent(r, "no more than %d parties, of %u",
				    CREW_MOST, s.parties);
	s.shared = party_shared(sizeof(*s.shared), r->pu_a);
	if (!s.shared)
		return bench_errno(r, "mmap of shared memory");
	if (contends(r) && crew_is_stuck(r, s.parties))
		return bench_absent(r,
				    "%u parties contend until they are told to "
				    "stop: under SCHED_FIFO they leave no PU "
				    "to who does",
				    s.parties);
	error = open_locks(kind, r->peer == PEER_PROCESS);
	errno = error;
	if (error)
		return bench_errno(r, "%s", r->variant->name);
	if (crew_setup(r, &s.crew, s.parties,
		       broken ? contend_broken : kind->work, s.shared))
		return -1;
	/* no party waits for the others' last turns: they must be few of it */
	if (passes_turns(r))
		r->least_n = 100 * s.parties;
	if (!contends(r) || broken)
		return 0;
	/* such batches differ by more than their lengths: no slope */
	r->counts_whole = true;
	find_least_n(r);
	return 0;
}

/* The least served party's acquisitions of the most served one's. */
static double fairness(void)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (unsigned i = 0; i < s.parties; i++) {
		uint64_t did = crew_member(&s.crew, i)->did;

		least = did < least ? did : least;
		most = did > most ? did : most;
	}
	return (double)least / (double)most;
}

static uint64_t run(struct run *r, uint64_t n)
{
	double done;

	crew_start(&s.crew, n);
	if (contends(r))
		finish_within(4 * window_ns(r));
	else
		crew_finish(&s.crew);
	done = (double)s.shared->count;
	run_mean(r, LATENCY, s.crew.ns / done);
	if (passes_turns(r))
		return n;
	run_value(r, CHANGES, (double)(s.shared->changes - 1) / done);
	run_value(r, FAIRNESS, fairness());
	return n;
}

/* Counts are of an acquisition: of n, what as many would have taken. */
static void scale(struct tally *t, double factor)
{
	t->syscalls = (uint64_t)((double)t->syscalls * factor);
	t->voluntary = (uint64_t)((double)t->voluntary * factor);
	t->involuntary = (uint64_t)((double)t->involuntary * factor);
	t->cpu_ns = (uint64_t)((double)t->cpu_ns * factor);
}

/* What the parties counted, each for itself, and what they counted together
 * differ if two ever were inside at once. */
static int settle(struct run *r, uint64_t n)
{
	uint64_t did = crew_did(&s.crew), count = s.shared->count;

	if (did != count || (count != n && !s.cut))
		return bench_fail(r,
				  "no mutual exclusion: of %llu acquisitions "
				  "%llu were counted, %llu wanted",
				  (unsigned long long)did,
				  (unsigned long long)count,
				  (unsigned long long)n);
	if (crew_settle(&s.crew))
		return -1;
	if (s.cut && r->mode != RUN_MEASURE)
		scale(&s.crew.used, (double)n / (double)count);
	return 0;
}

static int teardown(struct run *r)
{
	int result = crew_teardown(&s.crew);

	(void)r;
	party_unshare(s.shared, sizeof(*s.shared));
	return result;
}

/* ------------------------------------------------------------- the table */

static const struct kind futex_mutex = { contend_futex_mutex },
			 spin_park = { contend_spin_park },
			 spinlock = { contend_spinlock },
			 ticket = { contend_ticket },
			 unlocked = { contend_unlocked },
			 mutex = { contend_mutex, open_mutex },
			 mutex_pi = { contend_mutex, open_mutex,
				      .protocol = PTHREAD_PRIO_INHERIT },
			 mutex_adaptive = { contend_mutex, open_mutex,
					    .type = PTHREAD_MUTEX_ADAPTIVE_NP },
			 semaphore = { contend_semaphore, open_semaphore },
			 turn_condvar = { pass_by_condvar, open_mutex,
					  open_turn_cond },
			 turn_semaphore = { pass_by_semaphore, NULL,
					    open_turn_semaphore,
					    begin_semaphore },
			 turn_futex = { pass_by_futex, .begin = begin_words },
			 turn_spin = { pass_by_spin, .begin = begin_words };

enum {
	THREAD = PEER_THREAD,
	PROCESS = PEER_PROCESS,
	BOTH = PEER_THREAD | PEER_PROCESS,
	TWO = PLACES_TWO_PUS,
};

/* parties= */
static const uint64_t one[] = { 1, PARAM_END }, two[] = { 2, PARAM_END },
		      four[] = { 4, PARAM_END }, many[] = { 16, PARAM_END },
		      two_four_many[] = { 2, 4, 16, PARAM_TWICE_PUS,
					  PARAM_END };

/* Only latency: by construction all are served alike. */
static const struct metric turn_metrics[] = {
	{ "latency", "ns" },
	{ NULL, NULL },
};

/*
 * A variant's rows: who is in `make bench` with how many differs. A lock of one
 * party has no place for a second; one that spins without end may spin for a
 * holder that it keeps from running, unless each has a PU of its own.
 */
#define ROW(name, kind, peers, places, tier, values, ...)                     \
	{                                                                     \
		name, &(kind), peers, places, NULL, tier, values, __VA_ARGS__ \
	}
#define ALONE(name, kind, thread)                                 \
	ROW(name, kind, THREAD, PLACE_ONE_PU, thread, one, NULL), \
		ROW(name, kind, PROCESS, PLACE_ONE_PU, FULL, one, NULL)
#define APART(name, kind, thread, process, metrics)         \
	ROW(name, kind, THREAD, TWO, thread, two, metrics), \
		ROW(name, kind, PROCESS, TWO, process, two, metrics)
#define CROWD(name, kind, thread, metrics)                               \
	ROW(name, kind, THREAD, TWO, thread, four, metrics),             \
		ROW(name, kind, PROCESS, TWO, FULL, four, metrics),      \
		ROW(name, kind, THREAD, TWO, FULL, many, metrics),       \
		ROW(name, kind, THREAD, PLACE_ANY, FULL, two_four_many,  \
		    metrics),                                            \
		ROW(name, kind, BOTH, PLACE_ONE_PU, FULL, two, metrics), \
		ROW(name, kind, THREAD, PLACE_ONE_PU, FULL, many, metrics)

static const struct variant variants[] = {
	ROW("unlocked", unlocked, THREAD, PLACE_ONE_PU, FULL, one, NULL),

	ALONE("futex_mutex", futex_mutex, HEADLINE),
	APART("futex_mutex", futex_mutex, HEADLINE, FULL, NULL),
	CROWD("futex_mutex", futex_mutex, FULL, NULL),

	ALONE("spin_park", spin_park, FULL),
	APART("spin_park", spin_park, HEADLINE, FULL, NULL),
	CROWD("spin_park", spin_park, FULL, NULL),

	ALONE("spinlock", spinlock, FULL),
	APART("spinlock", spinlock, HEADLINE, FULL, NULL),

	ALONE("ticket", ticket, FULL),
	APART("ticket", ticket, FULL, FULL, NULL),

	ALONE("pthread_mutex", mutex, HEADLINE),
	APART("pthread_mutex", mutex, HEADLINE, HEADLINE, NULL),
	CROWD("pthread_mutex", mutex, HEADLINE, NULL),

	ALONE("pthread_mutex_pi", mutex_pi, FULL),
	APART("pthread_mutex_pi", mutex_pi, FULL, FULL, NULL),
	CROWD("pthread_mutex_pi", mutex_pi, FULL, NULL),

	ALONE("pthread_mutex_adaptive", mutex_adaptive, FULL),
	APART("pthread_mutex_adaptive", mutex_adaptive, FULL, FULL, NULL),
	CROWD("pthread_mutex_adaptive", mutex_adaptive, FULL, NULL),

	ALONE("semaphore", semaphore, FULL),
	APART("semaphore", semaphore, FULL, FULL, NULL),
	CROWD("semaphore", semaphore, FULL, NULL),

	APART("condvar_handoff", turn_condvar, HEADLINE, FULL, turn_metrics),
	CROWD("condvar_handoff", turn_condvar, FULL, turn_metrics),

	APART("semaphore_handoff", turn_semaphore, FULL, FULL, turn_metrics),
	CROWD("semaphore_handoff", turn_semaphore, FULL, turn_metrics),

	APART("futex_handoff", turn_futex, FULL, FULL, turn_metrics),
	CROWD("futex_handoff", turn_futex, FULL, turn_metrics),

	APART("spin_handoff", turn_spin, FULL, FULL, turn_metrics),
	{ NULL },
};

static const struct metric metrics[] = {
	{ "latency", "ns" },     /* of an acquisition, whoever's it is */
	{ "changes", "count" },  /* of one, how often the last was another's */
	{ "fairness", "count" }, /* least served party to most served, 0 … 1 */
	{ NULL, NULL },
};

const struct bench bench_lock = {
	.name = "lock",
	.title = "mutual exclusion: a lock taken and freed, a turn passed on",
	.unit = "ns",
	.variants = variants,
	.param = "parties",
	.values = one, /* a row of the table has its own */
	.metrics = metrics,
	/* not by name: who is stopped at each call contends no more */
	.counts = COUNT_SYSCALLS | COUNT_SWITCHES | COUNT_CPU_TIME,
	.setup = setup,
	.arm = arm,
	.run = run,
	.settle = settle,
	.teardown = teardown,
};
