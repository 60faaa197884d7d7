/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What channels over an eventfd each way share. */
#ifndef HANDOFF_EVENTFDS_H
#define HANDOFF_EVENTFDS_H

#include <sys/eventfd.h>
#include <unistd.h>

#include "pair.h"

/* One eventfd a direction: on a single one a party could read its own token.
 * flags: eventfd()'s. */
PAIR_INLINE int eventfds_open(struct end *driver, struct end *server, int flags)
{
	driver->in = server->out = eventfd(0, flags);
	driver->out = server->in = eventfd(0, flags);
	return driver->in < 0 || driver->out < 0 ? -1 : 0;
}

PAIR_INLINE void eventfds_close(struct end *driver)
{
	close(driver->in);
	close(driver->out);
}

PAIR_INLINE void eventfds_signal(struct end *e)
{
	const uint64_t one = 1;

	if (write(e->out, &one, sizeof(one)) != sizeof(one))
		die_errno("write to an eventfd");
}

PAIR_INLINE void eventfds_await(struct end *e)
{
	uint64_t value;

	if (read(e->in, &value, sizeof(value)) != sizeof(value))
		die_errno("read from an eventfd");
	if (value != 1)
		die("an eventfd holds %llu signals, not 1",
		    (unsigned long long)value);
}

#endif
