# Shows what a store and its fence take while earlier stores are outstanding, by where the lines stored to are.
# SPDX-License-Identifier: GPL-3.0-or-later
# What comes from the caller is in text.gp. It is no chart of style.gp's, for its panels are
# parts of variants' names, each with a scale of its own, and its axis doubles from 1 on and begins with 0.

set datafile separator comma
set datafile missing NaN
set encoding utf8
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen("fence.gp")])."text.gp"
order = "mov xchg mov_mfence mov_lock_add mov_sfence mov_lfence mov_serialize str stlr str_dmb_ish str_dmb_ishst ".\
	"str_dmb_ishld swpal str_ldar stlr_ldar sd sd_fence_w_w sd_fence_w_r sd_fence_rw_rw amoswap_aqrl"
near_to_missing = "same_line l1 l2 l3 missing"
text_same_line = "stores to one line, the fenced store's own"
text_l1 = "stores to lines in L1"
text_l2 = "stores to lines in L2"
text_l3 = "stores to lines in L3"
text_missing = "stores to flushed lines: all miss"

# --- a variant: the instruction, and where the lines are; membarrier is a system call, a scale beyond

tail(v, place) = strlen(v) > strlen(place) + 1 && v[strlen(v) - strlen(place):*] eq "_".place
where(v) = tail(v, "same_line") ? "same_line" : tail(v, "l1") ? "l1" : tail(v, "l2") ? "l2" : tail(v, "l3") ? "l3" : "missing"
what(v) = where(v) eq "missing" ? v : v[1:strlen(v) - strlen(where(v)) - 1]
wanted(x) = strcol("bench") eq "fence" && strcol("metric") eq "latency" && strcol("status") eq "ok" \
	&& strstrt(strcol("param"), "outstanding=") == 1 && strstrt(strcol("variant"), "membarrier") != 1
bounded(x) = strcol("ci_low") ne "" && strcol("ci_high") ne ""
bound(name) = bounded(0) ? strcol(name) + 0 : column("value")
at(n) = n > 0 ? 1 + log(n) / log(2) : 0

# --- reading: $rows has where, what, stores, value, low, high

adding(list, name) = has(list, name) ? list : list." ".name
places = ""; found = ""; numbers = ""; cells = ""
set datafile columnheaders
set table $nothing
if (data_rows) {
	plot data using (wanted(0) ? (places = adding(places, where(strcol("variant"))), \
		found = adding(found, what(strcol("variant"))), \
		cells = adding(cells, where(strcol("variant"))."/".what(strcol("variant"))), numbers = adding(numbers, amount(strcol("param"))), 0) : 0) with table
}
unset table
set table $rows
if (words(found)) {
	plot data using (where(strcol("variant"))):(what(strcol("variant"))):(amount(strcol("param"))) \
		:(column("value")):(bound("ci_low")):(bound("ci_high")) with table if (wanted(0))
}
unset table
set datafile nocolumnheaders
set datafile separator whitespace
ops = ""; panels = ""
do for [v in order] { if (has(found, v)) { ops = ops." ".v } }
do for [v in found] { if (!has(ops, v)) { ops = ops." ".v } }
do for [p in near_to_missing] { if (has(places, p)) { panels = panels." ".p } }

# --- canvas and frame; lengths are px of a canvas 1000 px wide

png = term eq "png"
W = 1000
count = words(panels)
columns = min(2, max(1, count))
body = 250
pitch = body + 74
legend_rows = (words(ops) + 5) / 6
top = 78 + 20 * legend_rows + 22
H = count ? top + pitch * ((count + columns - 1) / columns) + 24 : 150
font(px) = sprintf("%s,%g", face, px)
x_at(px) = real(px) / W
y_at(px) = 1 - real(px) / H
if (png) {
	set terminal pngcairo noenhanced background rgb "white" size 1.6 * W, 1.6 * H font font(12) \
		fontscale 1.2 lw 1.6 pointscale 1.9
} else {
	set terminal svg noenhanced background rgb "white" size W, H font font(12) lw 1 name "fence"
}
unset key
shapes = "7 13 5 9 11 15 6 12"
shape(v) = int(word(shapes, (index_of(ops, v) - 1) % words(shapes) + 1))
colour(v) = word(colours, (index_of(ops, v) - 1) % words(colours) + 1)
set multiplot
set label 1 "What a fence costs, by how many stores are outstanding before it and where they go" at screen 0.016, y_at(25) \
	font png ? face.":Bold,17" : face.",17" textcolor rgb ink
set label 2 machine at screen 0.016, y_at(48) textcolor rgb faint
unset border
unset tics
set xrange [0:1]
set yrange [0:1]
set lmargin at screen 0; set rmargin at screen 1; set tmargin at screen 1; set bmargin at screen 0
if (!count) {
	set label 3 "no data: summary.csv has no ok row of fence (latency, outstanding=N)" at screen 0.016, y_at(96) \
		font font(14) textcolor rgb ink
	plot NaN notitle
	unset multiplot
	unset output
	exit gnuplot
}
set label 3 noted("Point: median over invocations; bar: its 95 % interval (from six on). Each panel has a scale of its own. ".\
	"A plain store waits for none of them.") at screen 0.016, y_at(H - 13) font font(11) textcolor rgb faint
do for [k = 1:words(ops)] {
	v = word(ops, k)
	x = 16 + (k - 1) % 6 * 162
	y = y_at(76 + 20 * ((k - 1) / 6))
	set arrow k from screen x_at(x), y to screen x_at(x + 30), y nohead lw 1.6 lc rgb colour(v)
	set label 100 + k "" at screen x_at(x + 15), y point pt shape(v) ps 0.9 lc rgb colour(v)
	set label 200 + k v at screen x_at(x + 38), y textcolor rgb ink
}
plot NaN notitle
unset label
unset arrow

# --- panels

set border 1 lc rgb "#999999" lw 0.8
tick_font = font(11)
set xtics nomirror out scale 0.5 font tick_font textcolor rgb ink
set ytics nomirror scale 0 font tick_font textcolor rgb ink
set xtics ()
do for [n in numbers] { set xtics add (n at(n + 0)) }
set xrange [-0.3:8.4]
set grid ytics noxtics back lt 1 lc rgb grid lw 0.6
set xzeroaxis lt 1 lc rgb "#999999"
set errorbars 0.6
width = (W - 78 - 20 - 70 * (columns - 1)) / columns
of(v) = strcol(1) eq place && strcol(2) eq v
do for [k = 1:count] {
	place = word(panels, k)
	left = 78 + (k - 1) % columns * (width + 70)
	above = top + (k - 1) / columns * pitch
	set lmargin at screen x_at(left); set rmargin at screen x_at(left + width)
	set tmargin at screen y_at(above); set bmargin at screen y_at(above + body)
	# bars that are much longer than the curves are high go beyond
	lowest = 0; highest = 1; value_low = 0; value_high = 1
	set table $nothing
	set yrange [*:*]
	plot $rows using (strcol(1) eq place ? (lowest = min(lowest, $5), highest = max(highest, $6), \
		value_low = min(value_low, $4), value_high = max(value_high, $4), 0) : 0) with table
	unset table
	span = value_high - value_low
	lowest = max(lowest, value_low - 0.3 * span)
	highest = min(highest, value_high + 0.5 * span)
	air = (highest - lowest) * 0.05
	set yrange [(lowest < 0 ? lowest - air : 0):(highest + air)]
	set label 1 value("text_".place) at graph 0, 1 offset 0, 0.8 font png ? face.":Bold,13" : face.",13" textcolor rgb ink
	set xlabel "stores outstanding (log scale from 1 on)" font tick_font textcolor rgb ink
	set ylabel "time per operation, median (ns)" font tick_font textcolor rgb ink
	inside = ""
	do for [v in ops] { if (has(cells, place."/".v)) { inside = inside." ".v } }
	plot for [v in inside] $rows using (of(v) ? at($3) : NaN):4 smooth unique with lines lw 1.6 lc rgb colour(v) notitle, \
		for [v in inside] $rows using (of(v) ? at($3) : NaN):4:5:6 with yerrorbars lw 1.4 pt shape(v) ps 0.9 \
		lc rgb colour(v) notitle
}
unset multiplot
unset output
