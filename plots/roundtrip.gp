# Shows what a round trip to another thread and to another process takes, by mechanism and place.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "roundtrip"
bench = "roundtrip"
metrics = "latency"
keep(param) = param eq "-"
kind = "dots"
split = "peer"
heading = "Round trip to another thread or process, by mechanism and place"
x_text = "round trip latency, median (log scale)"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
