# Shows how round trips are distributed, one group's over the others'.
# SPDX-License-Identifier: GPL-3.0-or-later
# The rows of compare_cdf.csv. A panel for each case.
chart = "compare_cdf"
heading = "Distribution of round trips, group over group"
source = "compare_cdf.csv"
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen(chart.".gp")])."compare.gp"

set datafile separator comma
set datafile columnheaders
cases = ""
if (!empty) {
	set table $nothing
	plot data using (named(strcol("group")), cases = adding(cases, strcol("case")), 0) with table
	unset table
}
if (!words(cases)) {
	eval nothing
	exit gnuplot
}
set table $points
plot data using (strcol("group")):(strcol("case")):(column("latency")):(column("share")) with table
unset table
set datafile separator whitespace
set datafile nocolumnheaders
set datafile missing NaN

labels = sorted(groups)
rank(label) = strlen(label) == 1 ? strstrt("ABCDEFGHIJKLMNOPQRSTUVWXYZ", label) : 26 + index_of(labels, label)

# --- layout ----------------------------------------------------------------------------------------------------------

count = words(cases)
columns = min(3, count)
left = 56
gap = 20.0
width = (W - left - 20 - gap * (columns - 1)) / columns
body = 220
pitch = body + 66
top = names_top + names_height(words(labels)) + 40
rows = (count + columns - 1) / columns
note = "Marks at 10, 50 and 90 %. Beyond an axis lies at most 0.5 % of any group's."
eval canvas(top + pitch * rows + 30)
set multiplot
eval frame(0)
do for [i = 1:words(labels)] {
	label = word(labels, i)
	set label 10 + i label.": ".short(name_of(label), 36) at screen x_at(name_x(i) + 40), y_at(name_y(i)) textcolor rgb ink
	set arrow i from screen x_at(name_x(i)), y_at(name_y(i)) to screen x_at(name_x(i) + 32), y_at(name_y(i)) nohead \
		lw 1.8 dt group_dash(rank(label)) lc rgb group_colour(rank(label))
	set label 40 + i "" at screen x_at(name_x(i) + 16), y_at(name_y(i)) point pt group_shape(rank(label)) \
		ps group_size(rank(label)) lc rgb group_colour(rank(label))
}
set label 3 "latency (log scale)" at screen x_at((left + W - 20) / 2), y_at(top + pitch * rows - 22) center \
	textcolor rgb ink
plot NaN notitle
unset label
unset arrow

# --- panels ----------------------------------------------------------------------------------------------------------

set border 3 lc rgb "#999999" lw 0.8
set logscale x
tick_font = font(10)
set xtics nomirror out scale 0.5 offset 0, 0.3 textcolor rgb ink font tick_font
set ytics nomirror out scale 0.5 (0, 25, 50, 75, 100) textcolor rgb ink font tick_font
set grid back lt 1 lc rgb grid lw 0.6
set yrange [-1:101]
crossed(share) = (before = known eq strcol(1) ? after : 0, known = strcol(1), after = $4, before < share && share <= after)
do for [k = 1:count] {
	case = word(cases, k)
	low = 1e300; high = 0; known = ""; after = 0
	set table $nothing
	plot $points using (strcol(2) eq case ? (low = $4 > 0.005 ? min(low, $3) : low, \
		high = crossed(0.995) ? max(high, $3) : high, 0) : 0) with table
	unset table
	array marks[3] = [0.1, 0.5, 0.9]
	known = ""; after = 0
	set table $marks
	do for [share in "0.1 0.5 0.9"] {
		known = ""; after = 0
		plot $points using (strcol(1)):3:(share + 0.0):(0) with table if (strcol(2) eq case && crossed(share))
	}
	unset table
	axis_low = aired_low(low, high)
	axis_high = aired_high(low, high)
	column_of = (k - 1) % columns
	row_of = (k - 1) / columns
	eval box(left + column_of * (width + gap), top + row_of * pitch, left + column_of * (width + gap) + width, \
		top + row_of * pitch + body)
	set xrange [axis_low:axis_high]
	eval "set xtics ".time_ticks(axis_low, axis_high, width)
	set format y (column_of ? "" : "%g %%")
	set label 1 case at graph 0, 1 offset 0, 0.7 font bold(11) textcolor rgb ink
	plot for [label in labels] $points using (strcol(1) eq label && strcol(2) eq case ? $3 : NaN):(100 * $4) with lines \
		lw 1.6 dt group_dash(rank(label)) lc rgb group_colour(rank(label)) notitle, \
		for [label in labels] $marks using (strcol(1) eq label ? $2 : NaN):(100 * $3) with points \
		pt group_shape(rank(label)) ps 0.9 * group_size(rank(label)) lc rgb group_colour(rank(label)) notitle
}
unset multiplot
unset output
