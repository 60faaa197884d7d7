/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The benches of the tests: each goes wrong in its own way. */
BENCH(misbehave)
