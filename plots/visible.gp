# Shows how the time is distributed until a store is seen and answered by another that spins, by kind of store.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "visible"
bench = "visible"
metrics = "round_trip"
keep(param) = param eq "-"
kind = "cdf"
order = "mov xchg mov_mfence str stlr swpal str_dmb_ish sd amoswap_aqrl sd_fence"
heading = "A store is seen by another PU, and its answer here: while both spin, by kind of store"
x_text = "round trip, means of 64: twice the time until a store is seen (log scale)"
y_text = "share of round trips at most this long"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
