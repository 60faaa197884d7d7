# Shows the times of each bench's cases, group beside group with their intervals.
# SPDX-License-Identifier: GPL-3.0-or-later
# The rows of compare.csv, which stand in the order of the effects. A panel for each bench, with the cases that
# differ most.
chart = "compare_bars"
heading = "Times, bench by bench"
source = "compare.csv"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."compare.gp"
W = 1600


text_of(r) = (path_of(r) eq "-" ? bench_of(r) : path_of(r)).(metric_of(r) eq "latency" ? "" : " ".metric_of(r))
rows = ""; benches = ""; full = ""; limit = 0; hidden = 0
counted(bench) = (counted_n = 0, sum [counted_i = 1:words(rows)] \
	(counted_n = counted_n + (bench_of(word(rows, counted_i)) eq bench), 0), counted_n)
taking(r, bench) = has(full, bench) ? (hidden = hidden || !has(rows, r), 0) : has(rows, r) ? 0 \
	: (rows = rows." ".r, benches = adding(benches, bench), \
	counted(bench) == limit ? (full = full." ".bench, 0) : 0)
if (words(groups)) {
	labels = sorted(groups)
	# points of a row stand below each other, and fewer rows are drawn where there are many
	row_px = max(20, 6 * words(labels) + 8)
	limit = max(3, int(320.0 / row_px))
	set table $nothing
	plot $all using (metric_of(strcol(1)) eq "cpu_time" ? 0 : taking(strcol(1), bench_of(strcol(1)))) with table
	unset table
}
if (!words(rows)) {
	eval nothing
	exit gnuplot
}
set table $points
plot $all using (strcol(1)):(strcol(2)):3:4:5:6:7:8 with table if (has(rows, strcol(1)))
unset table
first_label = word(labels, 2)

# --- layout: two columns of panels, each as high as its rows ---------------------------------------------------------

left = 330
gap = 24
half = (W - gap) / 2
width = half - left - 20
top = names_top + names_height(words(labels)) + 44
array tops[words(benches)]
array sides[words(benches)]
array heights[2]
heights[1] = top; heights[2] = top
do for [i = 1:words(benches)] {
	side = heights[1] <= heights[2] ? 1 : 2
	sides[i] = side
	tops[i] = heights[side]
	heights[side] = heights[side] + row_px * counted(word(benches, i)) + 74
}
note = "Point: median over invocations; bar: its 95 % interval.".(hidden ? sprintf(" Of each bench the %d cases that ".\
	"differ most; compare.csv has all of them.", limit) : "")
eval canvas(max(heights[1], heights[2]) + 20)
set multiplot
eval frame(0)
do for [i = 1:words(labels)] {
	label = word(labels, i)
	set label 10 + i label.": ".short(name_of(label), 42) at screen x_at(name_x(i) + 16), y_at(name_y(i)) textcolor rgb ink
	set label 40 + i "" at screen x_at(name_x(i) + 6), y_at(name_y(i)) point pt group_shape(i) ps group_size(i) \
		lc rgb group_colour(i)
}
plot NaN notitle
unset label

# --- panels ----------------------------------------------------------------------------------------------------------

set border 1 lc rgb "#999999" lw 0.8
set logscale x
tick_font = font(11)
label_font = font(10)
set xtics nomirror out scale 0.5 offset 0, 0.3 textcolor rgb ink font tick_font
set ytics nomirror scale 0 textcolor rgb ink font label_font
set grid xtics noytics back lt 1 lc rgb grid lw 0.6
set errorbars 0.4
do for [k = 1:words(benches)] {
	bench = word(benches, k)
	here = ""
	do for [r in rows] { if (bench_of(r) eq bench) { here = here." ".r } }
	n = words(here)
	low = 1e300; high = 0
	set table $nothing
	plot $points using (has(here, strcol(1)) ? (low = min(low, min($4 > 0 ? $4 : $3, $7 > 0 ? $7 : $6)), \
		high = max(high, max($5, $8)), 0) : 0) with table
	unset table
	axis_low = aired_low(low, high)
	axis_high = aired_high(low, high)
	at = (sides[k] - 1) * (half + gap) + left
	eval box(at, tops[k], at + width, tops[k] + row_px * n)
	unset object
	do for [i = 1:n:2] {
		set object i rectangle from graph 0, first i - 0.5 to graph 1, first i + 0.5 fillcolor rgb band \
			fillstyle solid noborder behind
	}
	set xrange [axis_low:axis_high]
	set yrange [n + 0.5:0.5]
	eval "set xtics ".time_ticks(axis_low, axis_high, width)
	set ytics ()
	do for [i = 1:n] { set ytics add (short(text_of(word(here, i)), 52) i) }
	set label 1 bench at graph 0, 1 offset 0, 0.7 font bold(13) textcolor rgb ink
	dodge(i) = (i - (words(labels) + 1) / 2.0) * 0.8 / words(labels)
	y_of(i) = index_of(here, strcol(1)) + dodge(i)
	plot $points using (has(here, strcol(1)) && strcol(2) eq first_label ? $6 : NaN):(y_of(1)):(max($7, axis_low)):8 \
		with xerrorbars lw 1.3 pt group_shape(1) ps 0.8 * group_size(1) lc rgb group_colour(1) notitle, \
		for [i = 2:words(labels)] $points using (has(here, strcol(1)) && strcol(2) eq word(labels, i) ? $3 : NaN) \
		:(y_of(i)):(max($4, axis_low)):5 with xerrorbars lw 1.3 pt group_shape(i) ps 0.8 * group_size(i) \
		lc rgb group_colour(i) notitle
}
unset multiplot
unset output
