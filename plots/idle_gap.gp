# Shows how long a wake-up takes by how long the sleeper has slept, alone and counted from when it was due.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "idle_gap"
bench = "idle_gap"
metrics = "wake late"
keep(param) = param[1:4] eq "gap="
kind = "curves"
metric_panels = 1
order = "eventfd futex pipe"
heading = "Waking a sleeper, by the gap between wake-ups: from the signal (wake), from when it was due (late)"
x_text = "gap between wake-ups (log scale); 0: as soon as the last is answered"
y_text = "until the other party runs, median (log scale)"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
