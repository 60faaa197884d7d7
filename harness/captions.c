/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to see in a chart: a sentence for each. */
#include "captions.h"

#include <stddef.h>
#include <string.h>

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
	  "What the sender pays is the call; the rest of the way to the other "
	  "party is the kernel's wake-up, and mostly the same for all." },
	{ "startup",
	  "Each bar adds a layer: most of a start is not the thread or the "
	  "process but what is built in it before it answers." },
	{ "message",
	  "Where a curve is flat the wake-up is paid for; where it rises the "
	  "copies are." },
	{ "streaming",
	  "With messages on their way at the same time wake-ups are shared, "
	  "so that one costs a fraction of a round trip." },
	{ "share",
	  "What is passed by reference stays flat however large the buffer "
	  "is; what is copied grows with it." },
	{ "idle_gap",
	  "The longer the sleeper has slept, the deeper its PU may have gone "
	  "to sleep as well, and the longer the wake-up takes." },
	{ "waterfall",
	  "From left to right each layer of an event loop's message adds its "
	  "part to the one below it." },
	{ "matrix",
	  "Light and dark blocks are the machine's own: pairs that share a "
	  "cache, a package, a node." },
	{ "fence",
	  "What waits for outstanding stores rises with their number, what "
	  "does not stays flat." },
	{ "waiters",
	  "One call wakes them all, but each runs in its turn: the first "
	  "after a wake-up's time, the last the later the more wait." },
	{ "lock",
	  "A lock that nobody contends costs a few ns; what contention adds "
	  "depends on whether the waiter spins or sleeps." },
	{ "atomic",
	  "Alone an atomic operation costs a few ns; what makes it dear is "
	  "that another PU had the line, even for another word in it." },
	{ "contention",
	  "Each PU more has to wait for the line longer: all together they do "
	  "hardly more than two of them." },
	{ "visible",
	  "If the curves lie on each other, a fence makes a store no sooner "
	  "visible: it makes the storing party wait." },
	{ "litmus",
	  "An arrow is a bound: not seen in so many tries. Where the control "
	  "beside it is seen, the fence is what forbids it." },
	{ "store_buffer_depth",
	  "Until the store buffer is full, stores behind a long wait cost "
	  "nothing; where the curve jumps is how many it holds." },
	{ "fork_memory",
	  "fork's time rises with the written memory whose page tables it "
	  "copies; the ways that copy none stay flat." },
	{ "page",
	  "What touching a page for the first time costs, by where the page "
	  "comes from and whether it has to be copied." },
};

const char *caption_of(const char *chart, const char *text)
{
	for (size_t i = 0; i < sizeof(caption) / sizeof(*caption); i++)
		if (!strcmp(caption[i].chart, chart))
			return caption[i].see;
	return text;
}
