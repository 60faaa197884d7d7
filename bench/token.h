/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What channels share that hand over no bytes but a word that says where they
 * are: an eventfd each way, whose value is that word. */
#ifndef HANDOFF_TOKEN_H
#define HANDOFF_TOKEN_H

#include <sys/eventfd.h>
#include <unistd.h>

#include "pair.h"

/* Bytes accounted for a token there and one back, each written and read. */
enum { TOKEN_BYTES = 4 * sizeof(uint64_t) };

/* value: not 0, which would wake nobody. */
PAIR_INLINE void token_send(struct end *e, uint64_t value)
{
	if (write(e->out, &value, sizeof(value)) != sizeof(value))
		die_errno("write to an eventfd");
}

PAIR_INLINE uint64_t token_receive(struct end *e)
{
	uint64_t value;

	if (read(e->in, &value, sizeof(value)) != sizeof(value))
		die_errno("read from an eventfd");
	return value;
}

PAIR_INLINE void token_answer(struct end *e)
{
	token_send(e, 1);
}

PAIR_INLINE void token_await_answer(struct end *e)
{
	if (token_receive(e) != 1)
		die("an answer that is none");
}

/* One eventfd a direction: on a single one a party could read its own token. */
static inline int token_open(struct end *driver, struct end *server)
{
	driver->in = server->out = eventfd(0, EFD_CLOEXEC);
	driver->out = server->in = eventfd(0, EFD_CLOEXEC);
	return driver->in < 0 || driver->out < 0 ? -1 : 0;
}

static inline void token_close(struct end *driver)
{
	close(driver->in);
	close(driver->out);
}

#endif
