# Shows what a store and its fence take while earlier stores are still outstanding.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "fence"
bench = "fence"
metrics = "latency"
keep(param) = param[1:12] eq "outstanding="
kind = "curves"
order = "mov xchg mov_mfence mov_lock_add"
linear = 1
heading = "What a fence costs, by how many stores are outstanding before it"
x_text = "stores outstanding"
y_text = "time per operation, median (ns)"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
