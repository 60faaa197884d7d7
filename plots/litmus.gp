# Shows how often litmus tests saw what no interleaving explains, or how rare it must be, beside their control.
# SPDX-License-Identifier: GPL-3.0-or-later
# What comes from the caller is in text.gp. It is no chart of style.gp's, for its rows are
# shares of counts, and what was not seen has a bound instead of a point.

set datafile separator comma
set datafile missing NaN
set encoding utf8
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen("litmus.gp")])."text.gp"

# --- quantities: shares

share_text(x) = x == 0 ? "0" : x >= 0.999e-3 ? digits(100 * x)." %" : sprintf("%.3g ppm", 1e6 * x)
share_tick(e) = e >= -3 ? sprintf("%g %%%%", 100 * 10.0**e) : sprintf("%g ppm", 1e6 * 10.0**e)

# --- reading: a case's metrics follow each other in the file, tries first

most = max(1, data_rows)  # a case has a row of tries, and others
array id[most]; array tries[most]; array weak[most]; array control[most]; array of[most]; array forbidden[most]
array place[most]
n = 0
of_litmus(x) = strcol("bench") eq "litmus" && strcol("status") eq "ok" \
	&& (strcol("metric") eq "tries" || n > 0)
name_of(x) = strcol("variant").(strcol("peer") eq "-" ? "" : ", ".strcol("peer")).\
	(strcol("place") eq "-" ? "" : ", ".strcol("place"))
take(metric) = metric eq "tries" ? (n = n + 1, id[n] = name_of(0), place[n] = strcol("place"), \
	tries[n] = column("value")) : metric eq "weak" ? (weak[n] = column("value")) \
	: metric eq "control" ? (control[n] = column("value")) : metric eq "control_tries" ? (of[n] = column("value")) \
	: metric eq "forbidden" ? (forbidden[n] = column("value")) : 0
set datafile columnheaders
set table $nothing
if (data_rows) {
	plot data using (of_litmus(0) ? (take(strcol("metric")), 0) : 0) with table
}
unset table
set datafile nocolumnheaders
set datafile separator whitespace

# --- rows: what is drawn of each, in its kind: 1 seen, not seen: 2 forbidden, 3 allowed, 4 on one PU,
# 5 without anything seen in the control

kind(i) = weak[i] > 0 ? 1 : place[i] eq "pu" ? 4 : control[i] == 0 ? 5 : forbidden[i] == 1 ? 2 : 3
share(i) = (weak[i] > 0 ? weak[i] : 3) / tries[i]
text_1 = ""; text_2 = "forbidden"; text_3 = "allowed"; text_4 = "one PU"; text_5 = "cannot tell"
said(i) = kind(i) == 1 ? share_text(share(i)) : "< ".share_text(share(i)).", ".value(sprintf("text_%d", kind(i)))
controlled(i) = control[i] > 0 ? control[i] / of[i] : NaN
text_at(i) = kind(i) == 1 && controlled(i) > share(i) ? controlled(i) : share(i)
low = 1e-4; kinds = ""; any_control = 0
set print $rows
do for [i = 1:n] {
	low = min(low, share(i))
	if (control[i] > 0) { low = min(low, controlled(i)); any_control = 1 }
	if (kind(i) > 1 && !has(kinds, "".kind(i))) { kinds = kinds." ".kind(i) }
	print sprintf("%d %.9g %.9g %d %.9g \"%s\"", i, share(i), controlled(i), kind(i), text_at(i), said(i))
}
unset print

# --- canvas

png = term eq "png"
font(px) = sprintf("%s,%g", face, px)
H = n ? 220 + 24 * n : 150
y_at(px) = 1 - real(px) / H
if (png) {
	set terminal pngcairo noenhanced background rgb "white" size 1600, 1.6 * H font font(12) \
		fontscale 1.2 lw 1.6 pointscale 1.9
} else {
	set terminal svg noenhanced background rgb "white" size 1000, H font font(12) lw 1 name "litmus"
}
set label 1 "Litmus tests: how often parties saw what no interleaving explains" at screen 0.016, y_at(25) \
	font png ? face.":Bold,17" : face.",17" textcolor rgb ink
set label 2 machine at screen 0.016, y_at(48) textcolor rgb faint
if (!n) {
	set label 3 "no data: summary.csv has no ok row of litmus (tries)" at screen 0.016, y_at(96) \
		font font(14) textcolor rgb ink
	unset key; unset border; unset tics
	set xrange [0:1]; set yrange [0:1]
	plot NaN notitle
	unset output
	exit gnuplot
}
set label 3 noted("Point: share of all tries; arrow: not seen, so with 95 % rarer than 3 in the tries made. ".\
	"Control: plain store buffering, in between on the same PUs.") at screen 0.016, y_at(H - 13) \
	font font(11) textcolor rgb faint
set lmargin at screen 0.26; set rmargin at screen 0.98
set tmargin at screen y_at(112); set bmargin at screen y_at(H - 78)
set key at screen 0.98, y_at(74) right top horizontal samplen 1.5 width 1 textcolor rgb ink
set border 1 lc rgb "#999999" lw 0.8
set xlabel "share of the tries (log scale)" textcolor rgb ink
set logscale x
# room for the arrows, and for the texts right of the points
low = low / 20
set xrange [low:1 * (1 / low)**0.14]
set yrange [n + 0.5:0.5]
tick_font = font(11)
set xtics nomirror out scale 0.5 font tick_font textcolor rgb ink
set ytics nomirror scale 0 textcolor rgb ink
set xtics ()
set ytics ()
do for [e = -9:0] { if (10.0**e >= low) { set xtics add (share_tick(e) 10.0**e) } }
do for [i = 1:n] { set ytics add (id[i] i) }
set grid xtics noytics back lt 1 lc rgb grid lw 0.6
do for [i = 1:n:2] {
	set object i rectangle from graph 0, first i - 0.5 to graph 1, first i + 0.5 fillcolor rgb band \
		fillstyle solid noborder behind
}

# --- drawing

colour_1 = "#D55E00"; colour_2 = "#009E73"; colour_3 = "#56B4E9"; colour_4 = "#7A7A7A"; colour_5 = "#CC79A7"
# --- what there is none of is not plotted: gnuplot would warn

controls = any_control ? '$rows using 3:1 with points pt 12 ps 0.9 lw 1.2 lc rgb faint title "control", ' : ""
seen = (sum [i = 1:n] (kind(i) == 1)) \
	? '$rows using ($4 == 1 ? $2 : NaN):1 with points pt 7 ps 0.9 lc rgb colour_1 title "seen", ' : ""
arrows = words(kinds) \
	? 'for [k in kinds] $rows using ($4 == k ? $2 : NaN):1:(-0.75 * $2):(0) with vectors head size screen 0.008, 25 '.\
	'filled lw 1.6 lc rgb value("colour_".k) title "not seen, ".value("text_".k), ' : ""
eval "plot ".controls.seen.arrows.\
	"$rows using 5:1:6 with labels left offset 1.1, 0 font font(11) textcolor rgb ink notitle"
unset output
