# Shows how the time to give a buffer to another party grows with its size, by reference and by each kind of copy.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "share"
bench = "share"
metrics = "latency"
# One PU, and the nearest place of two that do not share a core; its siblings where there is no other.
two_pus = ""
nearest(place) = (place ne "pu" && strcol("status") eq "ok" && (two_pus eq "" || two_pus eq "core") \
	? (two_pus = place) : two_pus, place eq "pu" || place eq two_pus)
keep(param) = param[1:5] eq "size=" && strcol("peer") ne "-" && nearest(strcol("place"))
kind = "curves"
order = "reference memfd queue process_vm_readv pipe socketpair"
heading = "A buffer given to another thread or process until it answers, by reference or by copy"
x_text = "buffer size (log scale)"
y_text = "round trip latency, median (log scale)"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
