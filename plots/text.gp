# Words, quantities and colours that every chart beside this file writes alike: load it first.
# SPDX-License-Identifier: GPL-3.0-or-later
# Lists are strings of words, since no name in a case holds a space. From the caller come
#   data         a file of rows in CSV, under a header of the columns' names, no field quoted
#   data_rows    how many rows it has
#   machine      whose they are
#   term         svg or png
#   left_out     what of the run there is no room for, as a sentence, or ""
# and the picture goes to stdout.

if (!exists("data") || !exists("term") || (term ne "svg" && term ne "png")) {
	print "usage: gnuplot -d -e \"data='ROWS.csv'; term='svg'; plots='DIRECTORY'\" CHART.gp (term: svg or png)"
	exit status 2
}
if (!exists("data_rows")) { data_rows = 1 }
if (!exists("machine")) { machine = "" }
if (!exists("left_out")) { left_out = "" }
noted(s) = left_out eq "" ? s : s." ".left_out

max(a, b) = a > b ? a : b
min(a, b) = a < b ? a : b
has(list, name) = strstrt(" ".list." ", " ".name." ") > 0
index_of(list, name) = sum [index_i = 1:words(list)] (word(list, index_i) eq name ? index_i : 0)

# --- quantities: a param's amount; times in ns -------------------------------------------------------------------

ends(s, tail) = strlen(s) > strlen(tail) && s[strlen(s) - strlen(tail) + 1:*] eq tail
number(s, tail) = s[1:strlen(s) - strlen(tail)] + 0.0
bytes(s) = ends(s, "GiB") ? number(s, "GiB") * 2**30 : ends(s, "MiB") ? number(s, "MiB") * 2**20 \
	: ends(s, "KiB") ? number(s, "KiB") * 2**10 : ends(s, "B") ? number(s, "B") : number(s, "")
duration(s) = ends(s, "ns") ? number(s, "ns") : ends(s, "us") ? number(s, "us") * 1e3 \
	: ends(s, "ms") ? number(s, "ms") * 1e6 : number(s, "s") * 1e9
if (!exists("pus")) pus = 1  # as many as the run was allowed
quantity(s) = s eq "pus" ? pus : ends(s, "pus") ? number(s, "pus") * pus : s[strlen(s):*] eq "s" ? duration(s) : bytes(s)
amount(param) = param[strstrt(param, "=") + 1:*]
digits(x) = x < 9.995 ? sprintf("%.2f", x) : x < 99.95 ? sprintf("%.1f", x) : sprintf("%.0f", x)
time_text(ns) = ns < 999.5 ? digits(ns)." ns" : ns < 999.5e3 ? digits(ns / 1e3)." µs" \
	: ns < 999.5e6 ? digits(ns / 1e6)." ms" : digits(ns / 1e9)." s"
tick_text(ns) = ns < 0.9e3 ? sprintf("%g ns", ns) : ns < 0.9e6 ? sprintf("%g µs", ns / 1e3) \
	: ns < 0.9e9 ? sprintf("%g ms", ns / 1e6) : sprintf("%g s", ns / 1e9)

# --- palette: Okabe and Ito's without its yellow ------------------------------------------------------------------

colours = "#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #000000 #56B4E9 #7A7A7A"
ink = "#222222"
faint = "#666666"
grid = "#DCDCDC"
band = "#F4F4F4"
face = term eq "png" ? "DejaVu Sans" : "sans-serif"

# --- places, from near to far -------------------------------------------------------------------------------------

near_to_far = "pu core l1 l2 l3 l4 l5 die node package machine any -"
