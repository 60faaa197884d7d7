# Shows each case's ratio to the first group's with its interval and verdict, the largest effects first.
# SPDX-License-Identifier: GPL-3.0-or-later
# The rows of compare.csv, which stand in the order of the effects. A panel for each group but the first one.
chart = "compare_forest"
heading = "Times over those of A, the largest effects first"
source = "compare.csv"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."compare.gp"
most = 60
verdict_shapes = "11 9 5 6"
verdict_colours = "#0072B2 #D55E00 #009E73 #7A7A7A"
verdict_sizes = "1.0 1.0 0.7 0.8"


rows = ""; all = 0; low = 1.0; high = 1.0; delta = 1e9
taking(r) = words(rows) < most ? (rows = adding(rows, r), 0) : 0
if (words(groups)) {
	groups = sorted(groups)
	baseline = word(groups, 1)
	groups = groups[strlen(baseline) + 2:*]
	first_label = word(groups, 1)
	set table $nothing
	plot $all using ($10 > 0 ? (taking(strcol(1)), all = all + (strcol(2) eq first_label), delta = min(delta, $13), 0) : 0) \
		with table
	unset table
}
if (!words(rows)) {
	eval nothing
	exit gnuplot
}
# group, place among the rows, ratio, its interval, verdict
set table $points
plot $all using (strcol(2)):(index_of(rows, strcol(1))):9:10:11:12 with table if ($10 > 0 && has(rows, strcol(1)))
unset table
set table $nothing
plot $points using (low = min(low, $4), high = max(high, $5), 0) with table
unset table

# --- layout: labels, then a panel a group; wider where there are many ------------------------------------------------

count = words(groups)
longest = 0
do for [r in rows] { longest = max(longest, strlen(r)) }
left = 20 + 6.1 * longest
gap = 12.0
width = max(96, (1000 - left - 24 - gap * (count - 1)) / count)
W = left + 24 + width * count + gap * (count - 1)
row_px = 15
top = names_top + names_height(count + 1) + 58
bottom = top + row_px * words(rows)
note = "Point: ratio to A; bar: its 95 % interval; band: a difference of none (±".sprintf("%.3g", 100 * delta)." %). "\
	.(all > words(rows) || words(rows) == most ? sprintf("The %d largest effects; compare.csv has all of them.", \
	words(rows)) : "All cases with an interval.")
eval canvas(bottom + 70)
set multiplot
eval frame(0)
set label 10 baseline.": ".short(name_of(baseline), 42) at screen x_at(name_x(1)), y_at(name_y(1)) textcolor rgb ink
do for [i = 1:count] {
	set label 10 + i word(groups, i).": ".short(name_of(word(groups, i)), 42) at screen x_at(name_x(i + 1)), \
		y_at(name_y(i + 1)) textcolor rgb ink
}
legend_y = names_top + names_height(count + 1) + 6
do for [i = 1:words(verdicts)] {
	set label 40 + i word(verdicts, i) at screen x_at(16 + 130 * (i - 1) + 16), y_at(legend_y) textcolor rgb ink
	set label 50 + i "" at screen x_at(16 + 130 * (i - 1) + 6), y_at(legend_y) point pt int(word(verdict_shapes, i)) \
		ps word(verdict_sizes, i) + 0.0 lc rgb word(verdict_colours, i)
}
set label 60 "time over A's (log scale): left of 1 is faster" at screen x_at((left + W - 20) / 2), y_at(bottom + 40) \
	center textcolor rgb ink
plot NaN notitle
unset label

# --- panels ----------------------------------------------------------------------------------------------------------

span = max(high, 1 / low)
low = min(low / 1.02, 1 / (1 + 0.6 * (span - 1)))
high = max(high * 1.02, 1 + 0.6 * (span - 1))
px(r) = width * log(r / low) / log(high / low)
candidates = span < 1.08 ? "0.9 0.95 0.98 1.02 1.05 1.1" : span < 1.35 ? "0.7 0.8 0.9 0.95 1.05 1.1 1.2 1.3" \
	: span < 3 ? "0.3 0.5 0.7 0.8 0.9 1.1 1.2 1.5 2 3" : span < 20 ? "0.05 0.1 0.2 0.5 0.7 1.5 2 5 10 20" \
	: "0.001 0.01 0.1 0.5 2 10 100 1000"
set border 1 lc rgb "#999999" lw 0.8
set logscale x
set xrange [low:high]
set yrange [words(rows) + 0.5:0.5]
tick_font = font(width < 150 ? 9 : 11)
set xtics nomirror out scale 0.5 offset 0, 0.3 textcolor rgb ink font tick_font
set xtics ("1" 1)
far = 0
last_low = px(1); last_high = px(1); apart = width < 150 ? 26 : 38
do for [i = words(candidates):1:-1] {
	r = word(candidates, i) + 0.0
	if (r < 1 && r > low && last_low - px(r) >= apart) { set xtics add (word(candidates, i) r); last_low = px(r) }
}
do for [i = 1:words(candidates)] {
	r = word(candidates, i) + 0.0
	if (r > 1 && r < high && px(r) - last_high >= apart) { set xtics add (word(candidates, i) r); last_high = px(r) }
}
label_font = font(10)
set ytics nomirror scale 0 textcolor rgb ink font label_font
set grid xtics noytics back lt 1 lc rgb grid lw 0.6
set errorbars 0.4
do for [i = 1:words(rows):2] {
	set object i rectangle from graph 0, first i - 0.5 to graph 1, first i + 0.5 fillcolor rgb band \
		fillstyle solid noborder behind
}
set object 1000 rectangle from first max(low, 1 / (1 + delta)), graph 0 to first min(high, 1 + delta), graph 1 \
	fillcolor rgb "#E2E8EE" fillstyle solid noborder behind
set arrow 1 from first 1, graph 0 to first 1, graph 1 nohead lc rgb "#666666" lw 0.8 back
row_text(r) = bench_of(r)."/".path_of(r)." ".metric_of(r)
set ytics ()
do for [i = 1:words(rows)] { set ytics add (row_text(word(rows, i)) i) }
do for [k = 1:count] {
	label = word(groups, k)
	eval box(left + (k - 1) * (width + gap), top, left + (k - 1) * (width + gap) + width, bottom)
	set label 1 label at graph 0.5, 1 offset 0, 0.6 center font bold(13) textcolor rgb ink
	if (k == 2) { unset ytics }
	plot for [v = 1:words(verdicts)] $points using (strcol(1) eq label && $6 == v ? $3 : NaN):2:4:5 with xerrorbars \
		lw 1.3 pt int(word(verdict_shapes, v)) ps 0.85 * word(verdict_sizes, v) lc rgb word(verdict_colours, v) notitle
}
unset multiplot
unset output
