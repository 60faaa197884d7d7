# Shows how the round trip of a message grows with its size, by mechanism and place.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "message"
bench = "message"
metrics = "latency"
keep(param) = param[1:5] eq "size=" && bytes(amount(param)) > 0  # no place for 0 on a log axis
kind = "curves"
order = "pipe socketpair queue_eventfd queue_uv_async port port_pipe uv_pipe"
heading = "Round trip of a message to another thread or process, by its size, mechanism and place"
x_text = "message size (log scale)"
y_text = "round trip latency, median (log scale)"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
