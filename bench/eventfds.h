/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What channels over an eventfd each way share. */
#ifndef HANDOFF_EVENTFDS_H
#define HANDOFF_EVENTFDS_H

#include <sys/eventfd.h>
#include <unistd.h>

#include "pair.h"

/* Bytes accounted for a word there and one back, each written and read. */
enum { EVENTFDS_BYTES = 4 * sizeof(uint64_t) };

/* One eventfd a direction: on a single one a party could read its own token.
 * flags: eventfd()'s. */
PAIR_INLINE int eventfds_open(struct run *r, struct end *driver,
			      struct end *server, int flags)
{
	driver->in = server->out = eventfd(0, flags);
	driver->out = server->in = eventfd(0, flags);
	return driver->in < 0 || driver->out < 0 ? bench_errno(r, "eventfd") :
						   0;
}

PAIR_INLINE void eventfds_close(struct end *driver)
{
	close(driver->in);
	close(driver->out);
}

/* value: not 0, which would wake nobody. */
PAIR_INLINE void eventfds_put(struct end *e, uint64_t value)
{
	if (write(e->out, &value, sizeof(value)) != sizeof(value))
		die_errno("write to an eventfd");
}

/* What was put since; waits for it. */
PAIR_INLINE uint64_t eventfds_take(struct end *e)
{
	uint64_t value;

	if (read(e->in, &value, sizeof(value)) != sizeof(value))
		die_errno("read from an eventfd");
	return value;
}

PAIR_INLINE void eventfds_signal(struct end *e)
{
	eventfds_put(e, 1);
}

PAIR_INLINE void eventfds_await(struct end *e)
{
	uint64_t value = eventfds_take(e);

	if (value != 1)
		die("an eventfd holds %llu signals, not 1",
		    (unsigned long long)value);
}

#endif
