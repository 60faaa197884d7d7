# Shows how long a sequence takes by how many of its stores cannot retire, beside one without stores, and where it bends.
# SPDX-License-Identifier: GPL-3.0-or-later
# What comes from the caller is in text.gp. It is no chart of style.gp's, for the knee is a
# case of its own, drawn across the curves.

set datafile separator comma
set datafile missing NaN
set encoding utf8
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen("store_buffer_depth.gp")])."text.gp"
order = "stores nops"
text_stores = "stores"
text_nops = "instructions that do nothing in their place"

# --- reading: $rows has variant, number, value, low, high; depth is NaN where none was found

ours(x) = strcol("bench") eq "store_buffer_depth" && strcol("status") eq "ok"
curve(x) = ours(0) && strcol("metric") eq "latency"
bounded(x) = strcol("ci_low") ne "" && strcol("ci_high") ne ""
bound(name) = bounded(0) ? strcol(name) + 0 : column("value")
adding(list, name) = has(list, name) ? list : list." ".name
present = ""; low = 1e300; high = 0; depth = NaN; depth_low = NaN; depth_high = NaN
set datafile columnheaders
set table $nothing
if (data_rows) {
	plot data using (ours(0) && strcol("metric") eq "depth" ? (depth = column("value"), \
		depth_low = bound("ci_low"), depth_high = bound("ci_high"), 0) : 0, \
		curve(0) ? (present = adding(present, strcol("variant")), low = min(low, column("value")), \
		high = max(high, column("value")), 0) : 0) with table
}
unset table
set table $rows
if (words(present)) {
	plot data using (strcol("variant")):(amount(strcol("param"))):(column("value")):(bound("ci_low")) \
		:(bound("ci_high")) with table if (curve(0))
}
unset table
set datafile nocolumnheaders
set datafile separator whitespace

# --- canvas; lengths are px of a canvas 1000 px wide

png = term eq "png"
font(px) = sprintf("%s,%g", face, px)
H = words(present) ? 470 : 150
x_at(px) = px / 1000.0
y_at(px) = 1 - real(px) / H
if (png) {
	set terminal pngcairo noenhanced background rgb "white" size 1600, 1.6 * H font font(12) \
		fontscale 1.2 lw 1.6 pointscale 1.9
} else {
	set terminal svg noenhanced background rgb "white" size 1000, H font font(12) lw 1 name "store_buffer_depth"
}
set label 1 "Stores that cannot retire, behind a chain of divisions: where the next one has to wait" at screen 0.016, y_at(25) \
	font png ? face.":Bold,17" : face.",17" textcolor rgb ink
set label 2 machine at screen 0.016, y_at(48) textcolor rgb faint
unset key
if (!words(present)) {
	set label 3 "no data: summary.csv has no ok row of store_buffer_depth (latency)" at screen 0.016, y_at(96) \
		font font(14) textcolor rgb ink
	unset border; unset tics
	set xrange [0:1]; set yrange [0:1]
	plot NaN notitle
	unset output
	exit gnuplot
}
set label 3 noted("Point: median over invocations; bar: its 95 % interval (from six on). The line: the depth found, its interval shaded.") \
	at screen 0.016, y_at(H - 13) font font(11) textcolor rgb faint

# --- legend: a shape for each curve

shape(v) = v eq "stores" ? 7 : 13
colour(v) = word(colours, v eq "stores" ? 1 : 2)
rows = ""
do for [v in order] { if (has(present, v)) { rows = rows." ".v } }
do for [k = 1:words(rows)] {
	v = word(rows, k)
	set arrow k from screen x_at(16 + 100 * (k - 1)), y_at(76) to screen x_at(46 + 100 * (k - 1)), y_at(76) nohead \
		lw 1.6 lc rgb colour(v)
	set label 100 + k "" at screen x_at(31 + 100 * (k - 1)), y_at(76) point pt shape(v) ps 0.9 lc rgb colour(v)
	set label 200 + k value("text_".v) at screen x_at(54 + 100 * (k - 1)), y_at(76) textcolor rgb ink
}

# --- drawing: the knee behind the curves

set lmargin at screen x_at(78); set rmargin at screen x_at(980)
set tmargin at screen y_at(100); set bmargin at screen y_at(H - 82)
set border 1 lc rgb "#999999" lw 0.8
tick_font = font(11)
set xtics nomirror out scale 0.5 font tick_font textcolor rgb ink
set ytics nomirror scale 0 font tick_font textcolor rgb ink
set grid ytics noxtics back lt 1 lc rgb grid lw 0.6
set xtics 16
set xrange [-2:130]
# a bar that is much longer than the curves are high goes beyond
air = max((high - low) * 0.3, high * 0.01)
set yrange [low - air:high + air]
set errorbars 0.6
set xlabel "stores behind the chain" textcolor rgb ink
set ylabel "time of the sequence, median (ns)" textcolor rgb ink
if (depth == depth) {
	set object 1 rectangle from first depth_low, graph 0 to first depth_high, graph 1 fillcolor rgb band fillstyle solid \
		noborder behind
	set arrow 10 from first depth, graph 0 to first depth, graph 1 nohead dt 2 lw 1.4 lc rgb faint
	set label 10 sprintf("depth %g", depth) at first depth, graph 1 offset 0.6, -0.7 textcolor rgb ink
}
plot for [v in rows] $rows using (strcol(1) eq v ? $2 : NaN):3 smooth unique with lines lw 1.6 lc rgb colour(v) notitle, \
	for [v in rows] $rows using (strcol(1) eq v ? $2 : NaN):3:4:5 with yerrorbars lw 1.4 pt shape(v) ps 0.9 \
	lc rgb colour(v) notitle
unset output
