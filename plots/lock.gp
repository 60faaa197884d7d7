# Shows what an acquisition of a lock takes, and a turn passed on, over the parties that want it.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "lock"
bench = "lock"
metrics = "latency"
keep(param) = 1
kind = "curves"
order = "unlocked futex_mutex pthread_mutex spin_park spinlock pthread_mutex_pi condvar_handoff"
heading = "A lock, contended by so many: time per acquisition; handoff: per turn passed to the next"
x_text = "parties, bound by turns to the PUs of the place (log scale)"
y_text = "time per acquisition or turn, median (log scale)"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
