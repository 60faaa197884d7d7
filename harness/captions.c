/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to see in a chart: how it is read, and what this run's figures are. */
#include "captions.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "param_order.h"

/* How it is read: true of every run. */
static const struct {
	const char *chart, *see;
} caption[] = {
	{ "roundtrip",
	  "Within a row, the distance between the two marks is what a process "
	  "costs beside a thread; from panel to panel, what their placement "
	  "costs." },
	{ "distribution",
	  "A steep curve is a mechanism that takes the same time whenever it "
	  "is used; a foot or a step far to the right is what its slowest "
	  "round trips cost." },
	{ "create",
	  "How far the first instruction and the end lie behind the call is "
	  "what the creator does not see of a new thread or process." },
	{ "oneway",
	  "What the sender pays is the call; from there to the other mark it "
	  "is the way to the other party, which the kernel wakes up." },
	{ "startup",
	  "Each segment is a layer more than those before it: first the thread "
	  "or process itself, then what is built in it until it answers." },
	{ "message",
	  "Where a curve is flat the wake-up is paid for; where it rises the "
	  "copies are." },
	{ "streaming",
	  "One message on its way at a time beside 64 of them: how far the "
	  "marks lie apart is what messages save that share a wake-up." },
	{ "share",
	  "Where a curve is flat the size of the buffer costs nothing; where "
	  "it rises bytes are copied or touched." },
	{ "idle_gap",
	  "Where a curve rises with the gap, the PU has gone to sleep as well, "
	  "or what the sleeper needs has left its caches." },
	{ "waterfall",
	  "From top to bottom each layer of an event loop's message: orange is "
	  "what it takes more than the one above it, green what it takes "
	  "less." },
	{ "matrix",
	  "Blocks of one shade are pairs that are equally near to each other; "
	  "lines part packages, NUMA nodes and cores. All panels have one "
	  "scale." },
	{ "fence",
	  "What waits for outstanding stores rises with their number, what "
	  "does not stays flat." },
	{ "waiters",
	  "One call wakes them all: from when the first of them runs to when "
	  "the last does is what waiting for a PU and for each other costs." },
	{ "lock",
	  "At one party nobody contends; what more of them add depends on "
	  "whether a waiter spins or sleeps." },
	{ "atomic",
	  "Beside an operation's time on a line of one's own stands what it "
	  "takes when another PU wrote the line, or wants it as well." },
	{ "contention",
	  "Where the time of each grows as fast as the number of parties, all "
	  "together do no more than one." },
	{ "visible",
	  "If the curves lie on each other, a fence makes a store no sooner "
	  "visible: it makes the storing party wait." },
	{ "litmus",
	  "An arrow is a bound: not seen in so many tries. Where the control "
	  "beside it is seen, the fence is what forbids it." },
	{ "store_buffer_depth",
	  "Where the curve of stores bends and that of other instructions does "
	  "not, the store buffer is full." },
	{ "fork_memory",
	  "A way whose curve rises with the written memory copies its page "
	  "tables; one that stays flat does not." },
	{ "page",
	  "What touching a page for the first time costs, by where the page "
	  "comes from and whether it has to be copied." },
};

/* A part of something: the metric of one variant over that of another. */
static const struct {
	const char *chart, *peer, *part, *metric, *whole, *of, *what, *all;
} share[] = {
	{ "startup", "thread", "pthread", "ready", "answered", "done",
	  "the thread itself (pthread)", "a worker's whole life" },
	{ "startup", "process", "exec", "ready", "answered", "done",
	  "the process itself (fork and exec)", "a child's" },
};

/* How a way of doing it grows from its least parameter to its largest. */
static const struct {
	const char *chart, *bench, *variant, *peer, *metric;
} growth[] = {
	{ "message", "message", "pipe", "thread", "latency" },
	{ "share", "share", "reference", "thread", "latency" },
	{ "share", "share", "pipe", "thread", "latency" },
	{ "idle_gap", "idle_gap", "eventfd", "thread", "wake" },
	{ "waiters", "waiters", "wake_all_private", "thread", "last" },
	{ "lock", "lock", "pthread_mutex", "thread", "latency" },
	{ "fork_memory", "fork_memory", "dirty", "process", "done" },
	{ "fork_memory", "fork_memory", "posix_spawn", "process", "done" },
};

static bool is_row(const struct summary_row *row, const char *bench,
		   const char *variant, const char *peer, const char *metric)
{
	return row->ok && row->value > 0 && !strcmp(row->bench, bench) &&
	       !strcmp(row->variant, variant) && !strcmp(row->peer, peer) &&
	       !strcmp(row->metric, metric);
}

/* A caption as it grows. */
struct caption_text {
	char *buf;
	size_t size;
	bool begun; /* figures have come */
};

static void add(struct caption_text *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct caption_text *t, const char *format, ...)
{
	size_t used = strlen(t->buf);
	va_list args;

	va_start(args, format);
	vsnprintf(t->buf + used, t->size - used, format, args);
	va_end(args);
}

/* Begins the sentence of figures, or goes on in it. */
static void begin(struct caption_text *t)
{
	add(t, "%s", t->begun ? "; " : " In this run ");
	t->begun = true;
}

static void say_shares(const struct summary *s, const char *chart,
		       struct caption_text *t)
{
	for (size_t k = 0; k < sizeof(share) / sizeof(*share); k++) {
		const struct summary_row *part = NULL, *whole = NULL;

		if (strcmp(share[k].chart, chart))
			continue;
		for (size_t i = 0; i < s->count && !whole; i++) {
			if (!is_row(&s->row[i], "worker", share[k].part,
				    share[k].peer, share[k].metric))
				continue;
			part = &s->row[i];
			whole = summary_beside(
				s, part,
				(struct summary_other){
					.variant = share[k].whole },
				share[k].of);
		}
		if (!whole || !whole->ok || !(whole->value > 0))
			continue;
		begin(t);
		add(t, "%s is %.0f %% of %s (%s)", share[k].what,
		    100 * part->value / whole->value, share[k].all,
		    part->place);
	}
}

/* The rows of least and largest parameter, at the first place that has both. */
static bool find_ends(const struct summary *s, size_t k,
		      const struct summary_row **least,
		      const struct summary_row **largest)
{
	const struct summary_row *first = NULL;
	char *name[128];
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];

		if (!is_row(row, growth[k].bench, growth[k].variant,
			    growth[k].peer, growth[k].metric) ||
		    !strchr(row->param, '='))
			continue;
		first = first ? first : row;
		if (strcmp(row->place, first->place) || count == 128)
			continue;
		name[count++] = (char *)(uintptr_t)row->param;
	}
	if (count < 2)
		return false;
	param_sort(name, count);
	*least = summary_beside(
		s, first, (struct summary_other){ .param = name[0] }, NULL);
	*largest = summary_beside(
		s, first, (struct summary_other){ .param = name[count - 1] },
		NULL);
	return *least && *largest && *least != *largest;
}

static void say_growth(const struct summary *s, const char *chart,
		       struct caption_text *t)
{
	for (size_t k = 0; k < sizeof(growth) / sizeof(*growth); k++) {
		const struct summary_row *least, *largest;
		double times;

		if (strcmp(growth[k].chart, chart) ||
		    !find_ends(s, k, &least, &largest))
			continue;
		times = largest->value / least->value;
		begin(t);
		add(t, "%s (%s%s%s) takes %.*f times as long at %s as at %s",
		    least->variant, least->peer,
		    strcmp(least->place, "-") ? ", " : "",
		    strcmp(least->place, "-") ? least->place : "",
		    times < 10 ? 2 : 0, times, largest->param, least->param);
	}
}

char *caption_of(const struct summary *s, const char *chart, const char *text,
		 char *buf, size_t size)
{
	struct caption_text t = { buf, size, false };

	snprintf(buf, size, "%s", text);
	for (size_t i = 0; i < sizeof(caption) / sizeof(*caption); i++)
		if (!strcmp(caption[i].chart, chart))
			snprintf(buf, size, "%s", caption[i].see);
	say_shares(s, chart, &t);
	say_growth(s, chart, &t);
	if (t.begun)
		add(&t, ".");
	return buf;
}
