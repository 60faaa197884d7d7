# Shows the two halves of a round trip: what the signal takes, and how long until the other party runs.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "oneway"
bench = "oneway"
metrics = "call wake"
keep(param) = param eq "-"
kind = "dots"
split = "metric"
peer_rows = 1
order = metrics
heading = "One way to another thread or process: the call returns, and the other has woken up"
x_text = "time since just before the signal, median (log scale)"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
