# Shows how long one wake of many who sleep on a futex takes until the first of them runs, and until the last.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "waiters"
bench = "waiters"
metrics = "first last"
metric_panels = 1
keep(param) = param[1:8] eq "waiters="
kind = "curves"
order = "wake_all_private wake_all_shared requeue_private requeue_shared"
heading = "One wake for many threads or processes that sleep on a futex: the first and the last of them runs"
x_text = "waiters (log scale)"
y_text = "time since just before the wake, median (log scale)"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
