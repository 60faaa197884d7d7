# Shows what each layer adds, from a bare futex to a message between two libuv loops and to another process.
# SPDX-License-Identifier: GPL-3.0-or-later
# Medians of round trips at one PU and at the nearest place with two; what comes from the caller is in text.gp.
reset
set decimalsign "."
set encoding utf8
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen("waterfall.gp")])."text.gp"
# those with two PUs
apart = near_to_far[4:strstrt(near_to_far, " any")]

# --- reading

id(x) = strcol("bench")."/".strcol("variant")."/".strcol("peer")."/".strcol("place")."/".strcol("param")
of_futex(x) = strcol("bench") eq "roundtrip" && strcol("variant") eq "futex" && strcol("peer") eq "thread"
found = ""
set datafile separator comma
set datafile columnheaders
set table $nothing
if (data_rows) { plot data using (of_futex(0) ? (found = found." ".strcol("place"), 0) : 0) with table }
unset table
places = has(found, "pu") ? "pu" : ""
do for [p in found] { if (!has(apart." pu any", p)) { apart = apart." ".p } }
do for [p in apart] { if (has(found, p)) { places = places." ".p; break } }

# case of each step (P: the place), and its name
array step = ["roundtrip/futex/thread/P/-", "roundtrip/eventfd/thread/P/-", "roundtrip/epoll_eventfd/thread/P/-", \
	"roundtrip/uv_async/thread/P/-", "message/queue_uv_async/thread/P/size=1KiB", "message/port/thread/P/size=1KiB", \
	"message/port_pipe/process/P/size=1KiB"]
array label_of = ["futex", "eventfd instead", "+ epoll", "+ libuv loop (uv_async)", "+ queue, 1 KiB copied", "+ port: owned nodes", \
	"a process: libuv IPC, 1 KiB"]
steps = |step|
with_place(id, place) = id[1:strstrt(id, "/P/")].place.id[strstrt(id, "/P/") + 2:*]
panels = words(places)
array values[max(1, panels * steps)]
do for [k = 1:panels] {
	do for [i = 1:steps] {
		case = with_place(step[i], word(places, k))
		taken = 0.0
		set table $nothing
		plot data using (id(0) eq case ? (taken = column("value"), 0) : 0) with table
		unset table
		values[(k - 1) * steps + i] = taken
	}
}
set datafile nocolumnheaders
set datafile separator whitespace
W = 1000.0
H = panels ? 80.0 + panels * (70 + 34 * steps) + 40 : 150.0
scale = term eq "png" ? 1.6 : 1.0
if (term eq "png") {
	set terminal pngcairo noenhanced background rgb "white" size W * scale, H * scale font face.",12" fontscale 0.75 * scale lw scale
} else {
	set terminal svg noenhanced background rgb "white" size W, H font face.",12" name "waterfall"
}
set label 1 "From a bare futex to a message between event loops: what each layer adds" at screen 16 / W, 1 - 25 / H \
	font face.",17" textcolor rgb "#222222"
set label 2 machine at screen 16 / W, 1 - 48 / H textcolor rgb "#666666"
if (!panels) {
	set label 3 "no data: summary.csv has no ok row of roundtrip/futex/thread" at screen 16 / W, 1 - 96 / H font face.",14"
	unset border; unset tics; set xrange [0:1]; set yrange [0:1]
	plot NaN notitle
	unset output
	exit gnuplot
}
set label 3 noted("Round trip, median. Blue: what it takes; orange: what the layer adds to the one above; green: less than above; grey: in all.") \
	at screen 16 / W, 14 / H font face.",11" textcolor rgb "#666666"
set multiplot
set border 1 lc rgb "#999999"
set xtics nomirror out scale 0.5 textcolor rgb "#222222" font face.",11"
set grid xtics lt 1 lc rgb "#DCDCDC"
set style fill solid noborder
set yrange [steps + 0.6:0.4]
do for [k = 1:panels] {
	place = word(places, k)
	top = 80 + (k - 1) * (70 + 34.0 * steps)
	set lmargin at screen 215 / W; set rmargin at screen 930 / W
	set tmargin at screen 1 - (top + 24) / H; set bmargin at screen 1 - (top + 24 + 34.0 * steps) / H
	array v[steps]
	highest = 0
	do for [i = 1:steps] { v[i] = values[(k - 1) * steps + i]; highest = v[i] > highest ? v[i] : highest }
	set xrange [0:highest * 1.12]
	spacing = highest < 2e4 ? 2e3 : highest < 5e4 ? 5e3 : highest < 1.2e5 ? 1e4 : 10**ceil(log10(highest / 10))
	set xtics ()
	do for [i = 0:int(highest * 1.12 / spacing)] { set xtics add (i ? time_text(i * spacing) : "0" i * spacing) }
	set ytics () scale 0
	unset object
	do for [i = 10:99] { unset label i }
	do for [i = 1:steps] {
		set ytics add (label_of[i] i)
		if (v[i] > 0) {
			from = i == 1 || i == steps || v[i - 1] <= 0 ? 0 : v[i - 1]
			set object 10 + i rectangle from 0, i - 0.3 to (v[i] < from ? v[i] : from), i + 0.3 fillcolor rgb "#D0D0D0"
			set object 40 + i rectangle from (v[i] < from ? v[i] : from), i - 0.3 to (v[i] < from ? from : v[i]), i + 0.3 \
				fillcolor rgb (from == 0 ? "#0072B2" : v[i] < from ? "#009E73" : "#D55E00")
			set label 10 + i sprintf("%s%s", time_text(v[i]), from == 0 ? "" : sprintf("  (%s%s)", v[i] < from ? "−" : "+", time_text(abs(v[i] - from)))) \
				at first (v[i] < from ? from : v[i]), first i offset 0.8, 0 font face.",10" textcolor rgb "#222222"
		} else {
			set label 10 + i "no ok row" at first 0, first i offset 0.8, 0 font face.",10" textcolor rgb "#666666"
		}
	}
	set label 4 (place eq "pu" ? "pu: both on one hardware thread" : place.": on two") at graph 0, 1 offset 0, 0.8 font face.",13" textcolor rgb "#222222"
	plot NaN notitle
}
unset multiplot
unset output
