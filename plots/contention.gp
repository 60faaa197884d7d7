# Shows what an atomic operation takes over the parties that want the same word.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "contention"
bench = "atomic"
metrics = "latency"
# C11's orders are the same instructions again: tables.md has them.
keep(param) = param[1:8] eq "parties=" && strcol("variant")[1:4] ne "c11_"
kind = "curves"
heading = "Atomic operations on one word, over the parties that want it"
place_none = "all on one word"
x_text = "parties, each on a PU of its own (log scale)"
y_text = "time of an operation, median (log scale)"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
