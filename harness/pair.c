/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The round-trip engine: two parties, a channel between them, and the timed
 * loops, which stand here once and are inlined into each channel. */
#include "pair.h"

#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counts.h"
#include "memory.h"
#include "party.h"
#include "topo.h"

enum {
	FLOW_INBOX = 64 << 10,   /* of small messages, several at a time */
	LARGE_MESSAGE = 1 << 20, /* beyond it few are counted */
};

/* What both parties see of the engine itself. Each word on lines of its own;
 * nothing here is touched between two stamps. */
struct pair_shared {
	struct word batch;   /* number of the batch; the driver's */
	struct word ready;   /* the batch the server is ready for */
	struct word over;    /* the batch that is over for the driver, and */
	struct word done;    /* for the server, checked */
	struct word mine[2]; /* the channel's: driver's, server's */
	_Alignas(CACHE_LINES) uint64_t n; /* of the batch; 0: leave */
	uint64_t served;
	uint64_t checksum;  /* of the message last received */
	int pu;             /* where the server ended the batch */
	struct tally used;  /* by the server in the batch */
	uint64_t settle_ns; /* processor time that it took after the batch */
	int64_t copied;     /* by the server in the batch */
	uint64_t wakeups;   /* the same */
	struct queue queue;
};

struct pair {
	struct run *run;
	const struct channel *channel;
	channel_drive *drive;
	channel_serve *serve;
	channel_serve *drive_halves; /* instead of drive; or NULL */
	struct party party;
	struct pair_shared *shared;
	size_t shared_size;
	struct end driver, server;
	struct tally used; /* the server's, of the batch last settled */
	uint32_t batch;
};

static long futex(_Atomic uint32_t *word, int op, uint32_t value)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

/* Untimed, so it may sleep: the parties may share one PU. */
static void wait_for(struct word *word, uint32_t value)
{
	uint32_t seen;

	while ((seen = atomic_load(&word->value)) != value)
		futex(&word->value, FUTEX_WAIT, seen);
}

static void announce(struct word *word, uint32_t value)
{
	atomic_store(&word->value, value);
	futex(&word->value, FUTEX_WAKE, 1);
}

/* No word of a message is like another, or parts that changed places would
 * pass. The last may be cut. */
static uint64_t pattern_word(uint64_t size, uint64_t i)
{
	uint64_t whole = (i + 1) * 0x9e3779b97f4a7c15ULL, word = 0;

	memcpy(&word, &whole, size - 8 * i < 8 ? size - 8 * i : 8);
	return word;
}

/* What a word adds to the checksum, by where it stands. It is a sum, so that
 * words can be exchanged in it: a whole message is only ever read where it
 * arrives. */
static uint64_t part(uint64_t i, uint64_t word)
{
	uint64_t x = word + i * 0xd1b54a32d192ed03ULL;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

static uint64_t checksum(const char *data, uint64_t size)
{
	uint64_t sum = 0, word, i;

	for (i = 0; 8 * i + 8 <= size; i++) {
		memcpy(&word, data + 8 * i, 8);
		sum += part(i, word);
	}
	if (8 * i < size) {
		word = 0;
		memcpy(&word, data + 8 * i, size - 8 * i);
		sum += part(i, word);
	}
	return sum;
}

static uint64_t pattern_checksum(uint64_t size)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; 8 * i < size; i++)
		sum += part(i, pattern_word(size, i));
	return sum;
}

static void fill_payload(char *payload, uint64_t size)
{
	for (uint64_t i = 0; 8 * i < size; i++) {
		uint64_t word = pattern_word(size, i);

		memcpy(payload + 8 * i, &word,
		       size - 8 * i < 8 ? size - 8 * i : 8);
	}
}

/* The checksum of the message of that number: the pattern with the number in
 * it; in place, with the numbers before it too where they were put. */
static uint64_t expected_checksum(const struct end *e, uint32_t number)
{
	uint64_t sum = e->pattern_checksum;
	bool spread = e->in_place && message_place(e->size, 1);
	uint32_t numbers = !spread                 ? 1 :
			   number < MESSAGE_PLACES ? number :
						     MESSAGE_PLACES;

	for (; numbers; numbers--, number--) {
		uint64_t place = spread ? message_place(e->size, number) : 0;
		uint64_t word = pattern_word(e->size, place / 8);

		sum -= part(place / 8, word);
		message_number((char *)&word, e->size, number);
		sum += part(place / 8, word);
	}
	return sum;
}

void message_check_whole(struct end *e, const char *message)
{
	if (checksum(message, e->size) != expected_checksum(e, e->received))
		die("message %u of %llu bytes arrived damaged", e->received,
		    (unsigned long long)e->size);
}

/* With room for the jitter and the operation that primes; the driver has three
 * times an operation. */
static size_t stamps_size(const struct end *e)
{
	size_t operations = PAIR_HALVES + PAIR_HALVES / 4 + 1;

	return operations * sizeof(*e->stamps) * (e->is_driver ? 3 : 1);
}

static void *private_memory(uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die_errno("%llu bytes for a message", (unsigned long long)size);
	memset(memory, 0, size); /* in the party that will use it */
	return memory;
}

/* In the party itself, so that its memory is its own and touched by it. */
static void enter_end(struct pair *pair, struct end *e)
{
	const struct channel *channel = pair->channel;

	if (e->size && e->is_driver) {
		if (!e->in_place)
			e->payload = private_memory(e->size);
		fill_payload(e->payload, e->size);
	}
	if (e->size && !e->is_driver && !e->in_place && !channel->queues)
		e->inbox = private_memory(e->inbox_size);
	/* a process maps each page of shared memory for itself */
	if (e->stamps)
		memset(e->stamps, 0, stamps_size(e));
	if (channel->enter && channel->enter(e))
		die("%s: a party cannot enter the channel", channel->name);
}

static void leave_end(struct pair *pair, struct end *e)
{
	if (pair->channel->leave)
		pair->channel->leave(e);
	if (e->payload && !e->in_place)
		munmap(e->payload, e->size);
	if (e->inbox)
		munmap(e->inbox, e->inbox_size);
}

/* The server: one batch after the other, until told to leave. The tally is
 * taken right around the loop, before `ready` and after the last signal. */
static int server_main(void *arg)
{
	struct pair *pair = arg;
	struct pair_shared *shared = pair->shared;
	struct run *r = pair->run;
	struct end *e = &pair->server;
	unsigned what = r->mode == RUN_MEASURE ? TALLY_THREAD : TALLY_COUNTING;

	if ((r->mode == RUN_TRACE || r->mode == RUN_NAMES) &&
	    counts_thread(r->counts, r->traced, 0))
		die_errno("counting the second party's system calls");
	enter_end(pair, e);
	for (uint32_t batch = 1;; batch++) {
		struct tally before, after, used = { 0 };
		uint64_t served;

		wait_for(&shared->batch, batch);
		if (!shared->n)
			break;
		tally_begin(&before, what);
		/* no wake-up, which would be a system call within the tally:
		 * the driver looks */
		atomic_store(&shared->ready.value, batch);
		served = pair->serve(e, shared->n);
		tally_end(&after, what);
		tally_add(&used, &before, &after);
		shared->pu = sched_getcpu();
		/* on one PU the checksum would delay the driver's way out of
		 * its last await() */
		wait_for(&shared->over, batch);
		shared->used = used;
		shared->served = served;
		shared->copied = e->copied;
		e->copied = 0;
		shared->wakeups = e->wakeups;
		e->wakeups = 0;
		if (e->last)
			shared->checksum = checksum(e->last, e->size);
		shared->settle_ns = counts_thread_cpu_ns() - after.cpu_ns;
		announce(&shared->done, batch);
	}
	leave_end(pair, e);
	return 0;
}

/* Whether memory lies where it was asked to; 0 or -1. */
static int check_node(struct pair *pair, void *memory, int pu)
{
	int node = topo_node(pu);
	int is = memory_is_on(memory, pair->shared->queue.size, node);

	if (is == 1)
		return 0;
	return bench_absent(pair->run,
			    is ? "where memory lies cannot be told "
				 "(move_pages); node %d was asked for" :
				 "memory does not lie on node %d, where it was "
				 "asked for (mbind refused, or no room there)",
			    node);
}

static int open_queue(struct pair *pair, uint64_t size)
{
	struct queue *q = &pair->shared->queue;
	enum queue_at at = pair->channel->at;
	int pu =
		at == QUEUE_ON_READERS_NODE ? pair->run->pu_b : pair->run->pu_a;

	q->size = size;
	q->slots = pair->driver.window ? pair->driver.window : QUEUE_SLOTS;
	if (q->slots > QUEUE_MOST_SLOTS || q->slots & (q->slots - 1)) {
		errno = EINVAL;
		return -1;
	}
	for (uint32_t i = 0; i < q->slots; i++) {
		q->slot[i] = party_shared(size, pu);
		if (!q->slot[i])
			return -1;
		if (at != QUEUE_NEAR_WRITER && check_node(pair, q->slot[i], pu))
			return -1;
	}
	pair->driver.queue = pair->server.queue = q;
	return 0;
}

static int open_stamps(struct pair *pair)
{
	struct end *driver = &pair->driver, *server = &pair->server;
	struct run *r = pair->run;

	if (!pair->channel->drive_halves)
		return bench_fail(r, "%s cannot stamp its halves",
				  pair->channel->name);
	pair->drive_halves = pair->channel->drive_halves;
	pair->serve = pair->channel->serve_halves;
	driver->stamps = party_shared(stamps_size(driver), r->pu_a);
	server->stamps = party_shared(stamps_size(server), r->pu_b);
	if (!driver->stamps || !server->stamps)
		return bench_errno(r, "mmap of memory for time stamps");
	r->most_n = PAIR_HALVES;
	return 0;
}

/* window: of a flow; 0: round trips. size 0: signals. halves: stamp both of
 * each round trip. */
static int setup(struct run *r, const struct channel *channel, uint64_t size,
		 uint32_t window, bool halves)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		return bench_fail(r, "out of memory");
	r->pair = pair;
	pair->run = r;
	pair->channel = channel;
	pair->drive = window ? channel->drive_flow :
		      size   ? channel->drive_message :
			       channel->drive;
	pair->serve = window ? channel->serve_flow :
		      size   ? channel->serve_message :
			       channel->serve;
	pair->shared_size = sizeof(*pair->shared);
	pair->shared = party_shared(pair->shared_size, r->pu_a);
	if (!pair->shared)
		return bench_errno(r, "mmap of shared memory");

	struct end *driver = &pair->driver, *server = &pair->server;
	driver->is_driver = true;
	driver->other = server;
	server->other = driver;
	driver->in = driver->out = server->in = server->out = -1;
	driver->mine = server->theirs = &pair->shared->mine[0];
	driver->theirs = server->mine = &pair->shared->mine[1];
	driver->size = server->size = r->payload_bytes = size;
	driver->window = server->window = window;
	server->inbox_size = window && size < FLOW_INBOX ? FLOW_INBOX : size;
	/* of a flow it would change who waits for whom */
	server->verify_each =
		r->verify_all || (r->mode == RUN_COUNT && !window);
	r->counts_whole = window > 0;
	driver->in_place = server->in_place = channel->in_place;
	driver->pattern_checksum = server->pattern_checksum =
		pattern_checksum(size);
	if (halves && open_stamps(pair))
		return -1;
	if (size && channel->queues && open_queue(pair, size))
		return bench_errno(r, "a queue of %llu-byte messages",
				   (unsigned long long)size);
	if (channel->open && channel->open(r, driver, server))
		return bench_errno(r, "%s", channel->name);
	r->token_bytes = window ? 0 : channel->token_bytes;
	if (bench_bind(r, r->pu_a))
		return -1;
	if (party_start(&pair->party, r->peer, r->pu_b, server_main, pair))
		return party_refused(r);
	enter_end(pair, driver);
	return 0;
}

int pair_setup(struct run *r)
{
	return setup(r, r->variant->arg, 0, 0, false);
}

int pair_setup_message(struct run *r)
{
	if (r->value > LARGE_MESSAGE) {
		/* each party has it, and a queue or the kernel's buffers */
		if (bench_needs_memory(r, 8 * r->value))
			return -1;
		r->count_n = 4; /* each takes tens of milliseconds */
	}
	return setup(r, r->variant->arg, r->value, 0, false);
}

int pair_setup_flow(struct run *r, const struct channel *channel, uint64_t size,
		    uint32_t window)
{
	return setup(r, channel, size, window, false);
}

int pair_setup_halves(struct run *r, struct pace *pace)
{
	if (setup(r, r->variant->arg, 0, 0, true))
		return -1;
	r->pair->driver.pace = pace;
	return 0;
}

struct halves pair_halves(const struct run *r, uint64_t i)
{
	const struct pair *pair = r->pair;

	return (struct halves){
		.before = pair->driver.stamps[3 * i],
		.returned = pair->driver.stamps[3 * i + 1],
		.answered = pair->driver.stamps[3 * i + 2],
		.ran = pair->server.stamps[i],
	};
}

static uint64_t with_primer(const struct run *r, uint64_t n)
{
	return n + (r->stamps || r->pair->drive_halves);
}

void pair_arm(struct run *r, uint64_t n)
{
	struct pair *pair = r->pair;

	if (pair->drive_halves && n > PAIR_HALVES + PAIR_HALVES / 4)
		die("no room to stamp %llu operations", (unsigned long long)n);
	pair->shared->n = with_primer(r, n);
	announce(&pair->shared->batch, ++pair->batch);
	while (atomic_load(&pair->shared->ready.value) != pair->batch)
		sched_yield(); /* both may be on one PU */
}

uint64_t pair_run(struct run *r, uint64_t n)
{
	struct pair *pair = r->pair;
	uint64_t all = with_primer(r, n);

	if (pair->drive_halves)
		return pair->drive_halves(&pair->driver, all) - (all - n);
	return pair->drive(&pair->driver, all, r->stamps) - (all - n);
}

int pair_settle(struct run *r, uint64_t n)
{
	struct pair *pair = r->pair;
	struct pair_shared *shared = pair->shared;
	struct end *e = &pair->driver;

	announce(&shared->over, pair->batch);
	wait_for(&shared->done, pair->batch);
	pair->used = shared->used;
	r->peer_tally = &pair->used;
	r->peer_settle_ns = (double)shared->settle_ns;
	r->peer_pu = shared->pu;
	r->user_copies = e->copied + shared->copied;
	e->copied = 0;
	if (shared->served != with_primer(r, n))
		return bench_fail(r, "the other party served %llu of %llu",
				  (unsigned long long)shared->served,
				  (unsigned long long)with_primer(r, n));
	if (r->pu_b >= 0 && shared->pu != r->pu_b)
		return bench_fail(r, "the other party ran on PU %d, not %d",
				  shared->pu, r->pu_b);
	if (e->size && shared->checksum != expected_checksum(e, e->sent))
		return bench_fail(r, "a message's checksum differs at its "
				     "receiver");
	return 0;
}

uint64_t pair_wakeups(const struct run *r)
{
	return r->pair->shared->wakeups;
}

int pair_teardown(struct run *r)
{
	struct pair *pair = r->pair;
	int result;

	pair->shared->n = 0;
	announce(&pair->shared->batch, ++pair->batch);
	leave_end(pair, &pair->driver);
	result = party_join(&pair->party);
	if (pair->channel->close)
		pair->channel->close(&pair->driver, &pair->server);
	struct queue *q = pair->driver.queue;
	for (uint32_t i = 0; q && i < q->slots; i++)
		party_unshare(q->slot[i], q->size);
	if (pair->drive_halves) {
		party_unshare(pair->driver.stamps, stamps_size(&pair->driver));
		party_unshare(pair->server.stamps, stamps_size(&pair->server));
	}
	party_unshare(pair->shared, pair->shared_size);
	free(pair);
	r->pair = NULL;
	r->peer_tally = NULL;
	return result ? bench_fail(r, "the other party ended with %d", result) :
			0;
}
