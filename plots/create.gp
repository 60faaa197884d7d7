# Shows what creating a thread and a process takes: until the call returns, the child runs, and it is done.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "create"
bench = "create"
metrics = "call first done"
keep(param) = param eq "-"
kind = "dots"
split = "metric"
order = metrics
heading = "Creating a thread or process: call returns, child's first instruction, joined or reaped"
x_text = "time since the create call, median (log scale)"
place_pu = "pu: bound like the creator"
place_any = "any: free among the allowed PUs"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
