# Shows the round trip between every two PUs as a heat map, a panel for each mechanism and peer.
# SPDX-License-Identifier: GPL-3.0-or-later
# Reads dir/summary.csv (places pu<a>-pu<b>, of `handoff run --places all-pairs`) and dir/env.csv (topology.pu.<n>).
# Rows drive, columns answer: both halves of the matrix are measured.
reset
set decimalsign "."
set encoding utf8
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen("matrix.gp")])."text.gp"
summary = quoted(dir."/summary.csv")
env = quoted(dir."/env.csv")
rows = 'NR > 1 && $4 == "roundtrip" && $9 == "latency" && $11 == "ok" && $7 ~ /^pu[0-9]+-pu[0-9]+$/'
cut = '{ split(substr($7, 3), p, "-pu") }'
panels = system("awk -F, '".rows." { k = $5 \"/\" $6; if (!s[k]++) printf \"%s \", k }' ".summary)
pus = system("awk -F, '".rows." ".cut." ".rows." { for (i = 1; i <= 2; i++) if (!s[p[i]]++) print p[i] }' ".summary." | sort -n | tr '\\n' ' '")
machine = system("awk -F, 'NR == 2 { print $2 }' ".summary)
edge(pu) = system("awk -F, '$1 == \"topology.pu.".pu."\" { sub(/package /, \"P\", $2); sub(/ core /, \" C\", $2); sub(/ node .*/, \"\", $2); print $2 }' 2>/dev/null ".env)
n = words(pus)
count = words(panels)
columns = count < 3 ? count : 3
lines = (count + columns - 1) / (columns > 0 ? columns : 1)
side = n <= 4 ? 300 : n <= 16 ? 420 : 640
scale = term eq "png" ? 1.6 : 1.0
W = count ? 110 + columns * (side + 130) : 900
H = count ? 90 + lines * (side + 90) : 150
if (term eq "png") {
	set terminal pngcairo noenhanced background rgb "white" size W * scale, H * scale font face.",12" fontscale 0.75 * scale
} else {
	set terminal svg noenhanced background rgb "white" size W, H font face.",12" name "matrix"
}
set output out.".".term
heading = "Round trip between every two PUs"
set label 1 heading at screen 16.0 / W, 1 - 25.0 / H font face.",17" textcolor rgb "#222222"
set label 2 machine at screen 16.0 / W, 1 - 48.0 / H textcolor rgb "#666666"
if (!count) {
	set label 3 "no data: summary.csv has no ok row of roundtrip between two named PUs (run --places all-pairs)" \
		at screen 16.0 / W, 1 - 96.0 / H font face.",14" textcolor rgb "#222222"
	unset border; unset tics; set xrange [0:1]; set yrange [0:1]
	plot NaN notitle
	unset output
	exit gnuplot
}
data(panel) = "< awk -F, '".rows." && $5 \"/\" $6 == \"".panel."\" ".cut." ".rows." && $5 \"/\" $6 == \"".panel."\" { print p[1], p[2], $15 }' ".summary
set multiplot
set palette defined (0 "#F7FBFF", 0.35 "#9ECAE1", 0.7 "#3182BD", 1 "#08306B")
set xrange [0.5:n + 0.5]
set yrange [n + 0.5:0.5]
set size ratio -1
set tics scale 0 textcolor rgb "#222222" font face.",".(n <= 16 ? 11 : 7)
set border 31 lc rgb "#999999"
set xtics () rotate by 90 right
set ytics ()
every_nth = n <= 64 ? 1 : n / 64 + 1
do for [i = 1:n:every_nth] {
	name = "pu".word(pus, i)." ".edge(word(pus, i))
	set xtics add (name i)
	set ytics add (name i)
}
do for [k = 1:count] {
	panel = word(panels, k)
	left = 110.0 + (k - 1) % columns * (side + 130)
	top = 90.0 + (k - 1) / columns * (side + 90)
	set lmargin at screen left / W; set rmargin at screen (left + side) / W
	set tmargin at screen 1 - top / H; set bmargin at screen 1 - (top + side) / H
	set label 3 panel at graph 0, 1 offset 0, 0.8 font face.",13" textcolor rgb "#222222"
	set colorbox user origin (left + side + 14) / W, 1 - (top + side) / H size 14.0 / W, real(side) / H
	lowest = 1e300; highest = 0
	set table $nothing
	plot data(panel) using (lowest = $3 < lowest ? $3 : lowest, highest = $3 > highest ? $3 : highest, 0) with table
	unset table
	set cbrange [lowest:highest > lowest * 1.1 ? highest : lowest * 1.1]
	set cbtics ()
	do for [q = 0:4] { v = lowest + q / 4.0 * ((highest > lowest * 1.1 ? highest : lowest * 1.1) - lowest); set cbtics add (time_text(v) v) }
	dark(v) = v > (lowest + highest) / 2 && highest > lowest * 1.1
	if (n <= 16) {
		plot data(panel) using (index_of(pus, strcol(2))):(index_of(pus, strcol(1))):(0.5):(0.5):3 with boxxyerror fillstyle solid noborder linecolor palette notitle, \
			data(panel) using (index_of(pus, strcol(2))):(index_of(pus, strcol(1))):(dark($3) ? "" : time_text($3)) with labels font face.",10" textcolor rgb "#222222" notitle, \
			data(panel) using (index_of(pus, strcol(2))):(index_of(pus, strcol(1))):(dark($3) ? time_text($3) : "") with labels font face.",10" textcolor rgb "white" notitle
	} else {
		plot data(panel) using (index_of(pus, strcol(2))):(index_of(pus, strcol(1))):(0.5):(0.5):3 with boxxyerror fillstyle solid noborder linecolor palette notitle
	}
}
unset multiplot
unset output
