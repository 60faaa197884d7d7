/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The benchmarks, in the order they are listed: one line each. */
BENCH(getppid)
BENCH(create)
BENCH(roundtrip)
BENCH(message)
BENCH(futex)
BENCH(fence)
