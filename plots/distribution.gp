# Shows how round trip latency is distributed, for the headline mechanisms at each place.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "distribution"
bench = "roundtrip"
metrics = "latency"
keep(param) = param eq "-"
kind = "cdf"
order = "pipe socketpair eventfd futex uv_async spin"
heading = "Distribution of round trip latency, by mechanism and place"
x_text = "round trip latency (log scale)"
y_text = "share of round trips at most this long"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
