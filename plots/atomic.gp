# Shows what each atomic operation takes: alone, on a line that another PU wrote, and while others want it.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "atomic"
bench = "atomic"
metrics = "latency"
# C11's orders are the same instructions again: tables.md has them.
keep(param) = param eq "-" && strcol("variant")[1:4] ne "c11_"
kind = "dots"
heading = "Atomic operations: on one's own line, on a line that another PU wrote, and contended"
place_none = "one party, its own line"
x_text = "time of an operation to the party that does it, median (log scale)"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
