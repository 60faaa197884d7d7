# Shows what fork, exit and reap take by the memory that the parent has, and what copies no page tables beside it.
# SPDX-License-Identifier: GPL-3.0-or-later
# What comes from the caller is in text.gp. It is no chart of style.gp's, for its logarithmic
# axis has a place for 0: left of a line where the axis is broken.

set datafile separator comma
set datafile missing NaN
set encoding utf8
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen("fork_memory.gp")])."text.gp"
all = "dirty huge clean shared dontfork vfork_exec posix_spawn pthread"
colours = "#D55E00 #E69F00 #0072B2 #009E73 #CC79A7 #000000 #56B4E9 #7A7A7A"
marks = "7 5 9 11 13 6 4 8"

# --- quantities

MiB = 2.0**20
nothing = 0.25 * MiB  # where 0 is drawn
broken = 0.5 * MiB    # where the axis is
place_of(param) = max(bytes(amount(param)), nothing)
size_text(b) = b < 2**30 ? sprintf("%.0f MiB", b / MiB) : sprintf("%.0f GiB", b / 2**30)
bound(name) = strcol(name) eq "" ? column("value") : column(name)

# --- reading: $rows has variant, bytes, value, low, high

wanted(x) = strcol("bench") eq "fork_memory" && strcol("metric") eq "done" && strcol("status") eq "ok"
present = ""; found = 0; low = 1e300; high = 0; largest = 0
set datafile columnheaders
set table $nothing
if (data_rows) {
	plot data using (wanted(0) ? \
		(found = found + 1, largest = max(largest, place_of(strcol("param"))), low = min(low, bound("ci_low")), \
		high = max(high, bound("ci_high")), strstrt(present." ", " ".strcol("variant")." ") ? 0 : \
		(present = present." ".strcol("variant"), 0)) : 0) with table
}
unset table
set table $rows
if (found) {
	plot data using (strcol("variant")):(wanted(0) ? place_of(strcol("param")) : 0):(column("value")):(bound("ci_low")) \
		:(bound("ci_high")) with table if (wanted(0))
}
unset table
set datafile nocolumnheaders
set datafile separator whitespace

# --- canvas

png = term eq "png"
scale = png ? 1.6 : 1.0
font(px) = sprintf("%s,%g", face, px)
if (png) {
	set terminal pngcairo noenhanced background rgb "white" size 1600, 960 font font(12) \
		fontscale 1.2 lw 1.6 pointscale 1.9
} else {
	set terminal svg noenhanced background rgb "white" size 1000, 600 font font(12) lw 1 name "fork_memory"
}
set label 1 "fork, exit and reap over resident memory; and what copies no page tables" at screen 0.016, 0.958 \
	font png ? face.":Bold,17" : face.",17" textcolor rgb ink
set label 2 machine at screen 0.016, 0.92 textcolor rgb faint
if (!found) {
	set label 3 "no data: summary.csv has no ok row of fork_memory (done)" at screen 0.016, 0.84 \
		font font(14) textcolor rgb ink
	unset border; unset tics; unset key
	set xrange [0:1]; set yrange [0:1]
	plot NaN notitle
	unset output
	exit gnuplot
}
set label 3 noted("Point: median over invocations; bar: its 95 % interval (from six on). ".\
	"Memory is beside what a small program has anyway.") at screen 0.016, 0.022 font font(11) textcolor rgb faint
set lmargin at screen 0.09; set rmargin at screen 0.98; set tmargin at screen 0.79; set bmargin at screen 0.15
set border 3 lc rgb "#999999" lw 0.8
set grid back lt 1 lc rgb "#DCDCDC" lw 0.6
set key at screen 0.98, 0.89 right top horizontal Left reverse maxrows 2 samplen 2.5 width 1 textcolor rgb ink
set xlabel "resident memory of the parent (log scale)" textcolor rgb ink
set ylabel "until the new one is reaped or joined, median (log scale)" offset 0.5, 0 textcolor rgb ink
set logscale xy
set xrange [nothing / 1.4:largest * 1.4]
set yrange [low / 1.3:high * 1.4]
tick_font = font(11)
set xtics nomirror out scale 0.5 font tick_font textcolor rgb ink
set ytics nomirror out scale 0.5 font tick_font textcolor rgb ink
set xtics ()
set ytics ()
set xtics add ("0" nothing)
do for [e = 0:7] { set xtics add (size_text(4.0**e * MiB) 4.0**e * MiB) }
do for [e = 0:10] { do for [m in "1 3"] { set ytics add (tick_text(m * 10.0**e) m * 10.0**e) } }
set arrow 1 from broken, graph 0 to broken, graph 1 nohead dt 3 lw 0.8 lc rgb "#999999"
set errorbars 0.6

# --- drawing

drawn = ""
do for [v in all] { if (has(present, v)) { drawn = drawn." ".v } }
do for [v in present] { if (!has(drawn, v)) { drawn = drawn." ".v; all = all." ".v } }
turned(list, v) = word(list, (index_of(all, v) - 1) % words(list) + 1)
colour(v) = turned(colours, v)
is_fork(v) = index_of(all, v) <= 5
plot for [v in drawn] $rows using (strcol(1) eq v ? $2 : NaN):3 smooth unique with lines lw is_fork(v) ? 1.8 : 1.2 \
		dt is_fork(v) ? 1 : 2 lc rgb colour(v) notitle, \
	for [v in drawn] $rows using (strcol(1) eq v ? $2 : NaN):3:4:5 with yerrorbars lw 1.2 \
		pt int(turned(marks, v)) ps 0.8 lc rgb colour(v) notitle, \
	for [v in drawn] NaN with linespoints lw is_fork(v) ? 1.8 : 1.2 dt is_fork(v) ? 1 : 2 \
		pt int(turned(marks, v)) ps 0.8 lc rgb colour(v) title (is_fork(v) ? "fork, ".v : v)
unset output
