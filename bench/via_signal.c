/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channel: a real-time signal to the other party's thread each way, awaited
 * with sigwaitinfo(). */
#include "pair.h"

#include "signals.h"

static uint64_t signal_drive(struct end *e, uint64_t n, uint64_t *stamps)
{
	return pair_drive(e, n, stamps, signals_queue, signals_await);
}

static uint64_t signal_serve(struct end *e, uint64_t n)
{
	return pair_serve(e, n, signals_await, signals_queue);
}

const struct channel via_signal = {
	.name = "signal",
	.open = signals_open,
	.enter = signals_enter,
	.drive = signal_drive,
	.serve = signal_serve,
	.leave = signals_leave,
};
