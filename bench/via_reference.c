/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a message lies in memory that both parties share; what is passed is
 * where in it to look, as the value of an eventfd. */
#include "pair.h"

#include "eventfds.h"
#include "party.h"

static int reference_open(struct run *r, struct end *driver, struct end *server)
{
	driver->payload = server->payload = party_shared(driver->size, r->pu_a);
	if (!driver->payload)
		return bench_errno(r, "mmap of shared memory");
	return eventfds_open(r, driver, server, EFD_CLOEXEC);
}

static void reference_send(struct end *e)
{
	uint64_t place = message_place(e->size, ++e->sent);

	message_number(e->payload + place, e->size, e->sent);
	eventfds_put(e, place + 1);
}

static void reference_receive(struct end *e)
{
	message_received_in_place(e, e->payload, eventfds_take(e) - 1);
}

static uint64_t reference_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, reference_send, eventfds_await);
}

static uint64_t reference_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, reference_receive, eventfds_signal);
}

static void reference_close(struct end *driver, struct end *server)
{
	(void)server;
	eventfds_close(driver);
	party_unshare(driver->payload, driver->size);
}

const struct channel via_reference = {
	.name = "reference",
	.open = reference_open,
	.drive_message = reference_drive,
	.serve_message = reference_serve,
	.close = reference_close,
	.in_place = true,
	.token_bytes = EVENTFDS_BYTES,
};
