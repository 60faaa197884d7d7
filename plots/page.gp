# Shows what a page's first touch takes by kind, and how many faults it takes for it.
# SPDX-License-Identifier: GPL-3.0-or-later
# What comes from the caller is in text.gp. It is no chart of style.gp's, for beside each
# time stands a count.

set datafile separator comma
set datafile missing NaN
set encoding utf8
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen("page.gp")])."text.gp"
order = "shared_after_fork read_private touch_private touch_memfd touch_shared reuse_parent cow_parent cow_child ".\
	"touch_private_huge cow_parent_huge cow_child_huge"
text_touch_private = "first write, private"
text_touch_shared = "first write, shared"
text_touch_memfd = "first write, shared file"
text_read_private = "first read, private"
text_cow_parent = "parent writes after fork"
text_cow_child = "child writes after fork"
text_reuse_parent = "parent writes, child is gone"
text_shared_after_fork = "parent writes after fork"
text_touch_private_huge = "first write, huge"
text_cow_parent_huge = "parent writes after fork, huge"
text_cow_child_huge = "child writes after fork, huge"

# --- quantities

fault_text(n) = sprintf("%.4g fault%s", n, n == 1 ? "" : "s")
bound(name) = strcol(name) eq "" ? column("value") : column(name)

# --- reading: $rows has variant, value, low, high; faults_<variant> is the count

of_page(metric) = strcol("bench") eq "page" && strcol("metric") eq metric && strcol("status") eq "ok"
present = ""; low = 1e300; high = 0
set datafile columnheaders
set table $nothing
if (data_rows) {
	plot data using (of_page("latency") ? (present = present." ".strcol("variant"), \
		low = min(low, bound("ci_low")), high = max(high, bound("ci_high")), 0) : 0) with table
}
unset table
set table $counts
if (words(present)) { plot data using (strcol("variant")):(column("value")) with table if (of_page("faults")) }
unset table
set table $rows
if (words(present)) {
	plot data using (strcol("variant")):(column("value")):(bound("ci_low")):(bound("ci_high")) \
		with table if (of_page("latency"))
}
unset table
set datafile nocolumnheaders
set datafile separator whitespace

# --- rows: in their order, then those that it does not name

rows = ""
do for [v in order] { if (has(present, v)) { rows = rows." ".v } }
do for [v in present] { if (!has(rows, v)) { rows = rows." ".v } }
name_of(v) = v.(exists("text_".v) ? ": ".value("text_".v) : "")
is_huge(v) = strlen(v) > 5 && v[strlen(v) - 4:*] eq "_huge"
array faults[max(1, words(rows))]
do for [k = 1:words(rows)] {
	set table $nothing
	faults[k] = NaN
	plot $counts using (strcol(1) eq word(rows, k) ? (faults[k] = $2, 0) : 0) with table
	unset table
}
beside(v) = faults[index_of(rows, v)] == faults[index_of(rows, v)] ? ", ".fault_text(faults[index_of(rows, v)]) : ""

# --- canvas

png = term eq "png"
font(px) = sprintf("%s,%g", face, px)
H = words(rows) ? 190 + 34 * words(rows) : 150
y_at(px) = 1 - real(px) / H
if (png) {
	set terminal pngcairo noenhanced background rgb "white" size 1600, 1.6 * H font font(12) \
		fontscale 1.2 lw 1.6 pointscale 1.9
} else {
	set terminal svg noenhanced background rgb "white" size 1000, H font font(12) lw 1 name "page"
}
ink = "#222222"; faint = "#666666"
set label 1 "Touching a page: what it takes, and how many faults" at screen 0.016, y_at(25) \
	font png ? face.":Bold,17" : face.",17" textcolor rgb ink
set label 2 machine at screen 0.016, y_at(48) textcolor rgb faint
unset key
if (!words(rows)) {
	set label 3 "no data: summary.csv has no ok row of page (latency)" at screen 0.016, y_at(96) \
		font font(14) textcolor rgb ink
	unset border; unset tics
	set xrange [0:1]; set yrange [0:1]
	plot NaN notitle
	unset output
	exit gnuplot
}
set label 3 noted("Point: median over invocations; bar: its 95 % interval (from six on). ".\
	"huge: per huge page, every small one of which is written.") at screen 0.016, y_at(H - 13) \
	font font(11) textcolor rgb faint
set lmargin at screen 0.36; set rmargin at screen 0.98
set tmargin at screen y_at(80); set bmargin at screen y_at(H - 78)
set border 1 lc rgb "#999999" lw 0.8
set xlabel "time per page, median (log scale)" textcolor rgb ink
set logscale x
# at least a decade, and room for the texts right of the points
low = low / 1.5
high = max(10 * low, high) * 1.25
high = high * (high / low)**0.33
set xrange [low:high]
set yrange [words(rows) + 0.5:0.5]
tick_font = font(11)
set xtics nomirror out scale 0.5 font tick_font textcolor rgb ink
set ytics nomirror scale 0 textcolor rgb ink
set xtics ()
set ytics ()
do for [e = 0:9] { set xtics add (tick_text(10.0**e) 10.0**e) }
do for [k = 1:words(rows)] { set ytics add (name_of(word(rows, k)) k) }
set grid xtics noytics back lt 1 lc rgb "#DCDCDC" lw 0.6
do for [k = 1:words(rows):2] {
	set object k rectangle from graph 0, first k - 0.5 to graph 1, first k + 0.5 fillcolor rgb "#F4F4F4" \
		fillstyle solid noborder behind
}
set errorbars 0.6

# --- drawing: huge pages in a colour and a shape of their own

# gnuplot warns of a plot without points
least = 1; most = 0
do for [v in rows] { least = min(least, is_huge(v)); most = max(most, is_huge(v)) }
plot for [huge = least:most] $rows using (is_huge(strcol(1)) == huge ? $2 : NaN):(index_of(rows, strcol(1))):3:4 with xerrorbars \
		lw 1.4 pt huge ? 5 : 7 ps 0.9 lc rgb huge ? "#D55E00" : "#0072B2", \
	$rows using 4:(index_of(rows, strcol(1))):(time_text($2).beside(strcol(1))) \
		with labels left offset 1.1, 0 font font(11) textcolor rgb ink
unset output
