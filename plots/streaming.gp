# Shows what a message of a stream takes when the next waits for it, and when many may be on their way.
# SPDX-License-Identifier: GPL-3.0-or-later
chart = "streaming"
bench = "streaming"
metrics = "per_message"
keep(param) = param eq "in_flight=1" || param eq "in_flight=64"
kind = "dots"
split = "param"
peer_rows = 1
order = "in_flight=1 in_flight=64"
heading = "Messages one way to another thread or process: time per message and bandwidth"
x_text = "time per message, median (log scale); of larger messages the bandwidth too"
size_of(variant) = ends(variant, "_64KiB") ? 65536 : ends(variant, "_4KiB") ? 4096 : 0
rate_text(b) = b < 1023.5 * 2**20 ? digits(b / 2**20)." MiB/s" : digits(b / 2**30)." GiB/s"
dot_text(ns) = time_text(ns).(size_of(strcol(2)) ? ", ".rate_text(size_of(strcol(2)) * 1e9 / ns) : "")
text_room = 130
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."style.gp"
