# What the charts of a comparison share: its canvas, frame, marks of groups, ticks and reading of names.
# SPDX-License-Identifier: GPL-3.0-or-later
# A chart sets chart, heading and source, then loads this file. What comes from the caller is in text.gp; names, too: a
# list of |label=name, and a bar at the end. Lengths are px from the canvas' top left corner.

set decimalsign "."
unset key
load ARG0[1:strlen(ARG0) - strlen("compare.gp")]."text.gp"
empty = data_rows == 0
adding(list, name) = has(list, name) ? list : list." ".name
turn(list, i) = word(list, (i - 1) % words(list) + 1)

# --- a shape and a colour for each group, so that colour never speaks alone; twelve shapes, eight colours ------------

shapes = "7 13 5 9 11 15 6 12 4 8 10 14"
shape_sizes = "0.8 1.0 0.7 0.9 0.9 0.9 0.8 1.0 0.7 0.9 0.9 0.9"
dashes = "1 2 4 3 5"
group_shape(i) = int(turn(shapes, i))
group_size(i) = turn(shape_sizes, i) + 0.0
group_colour(i) = turn(colours, i)
group_dash(i) = int(turn(dashes, 1 + (i - 1) / words(colours)))

# --- canvas and frame ------------------------------------------------------------------------------------------------

W = 1000
scale = term eq "png" ? 1.6 : 1.0
font(px) = sprintf("%s,%g", face, px)
bold(px) = sprintf("%s%s,%g", face, term eq "png" ? ":Bold" : "", px)
x_at(px) = real(px) / W
y_at(px) = 1 - real(px) / H
canvas(h) = (H = h, sprintf(term eq "png" \
	? 'set terminal pngcairo noenhanced background rgb "white" size %d,%d font "%s" fontscale %g lw %g pointscale %g' \
	: 'set terminal svg noenhanced background rgb "white" size %d,%d font "%s" fontscale %g lw %g name "'.chart.'"', \
	W * scale, H * scale, font(12), term eq "png" ? 0.75 * scale : 1.0, scale, 1.2 * scale))
box(left, top, right, bottom) = sprintf("set lmargin at screen %g; set rmargin at screen %g; ".\
	"set tmargin at screen %g; set bmargin at screen %g", x_at(left), x_at(right), y_at(top), y_at(bottom))
frame(x) = "unset border; unset tics; set xrange [0:1]; set yrange [0:1]; ".box(0, 0, W, H)."; ".\
	"set label 1 heading at screen x_at(16), y_at(25) font bold(17) textcolor rgb ink; ".\
	"set label 2 note at screen x_at(16), y_at(H - 13) font font(11) textcolor rgb faint"
nothing = "eval canvas(150); note = ''; eval frame(0); ".\
	"set label 4 'no data: '.source.' has nothing to draw' at screen x_at(16), y_at(96) font font(14) ".\
	"textcolor rgb ink; plot NaN notitle; unset output"

# --- names of the groups, in columns below the heading --------------------------------------------------------------

groups = ""
named(label) = (groups = adding(groups, label), 0)
after(s, text) = s[strstrt(s, text) + strlen(text):*]
name_of(label) = (name_s = after(names, "|".label."="), name_s[1:strstrt(name_s, "|") - 1])
short(s, n) = strlen(s) > n ? s[1:n - 1]."…" : s
names_top = 50
name_columns(x) = int(max(1, (W - 32) / 320))
names_height(n) = 19 * int(ceil(n / (1.0 * name_columns(0))))
name_x(i) = 16 + ((i - 1) % name_columns(0)) * 320
name_y(i) = names_top + 19 * ((i - 1) / name_columns(0))

# --- ticks of a logarithmic time axis: decades, with what stands between where there is room ------------------------

mantissas(px) = px > 180 ? "1 2 5" : px > 105 ? "1 3" : "1"
tick(ns, lo, hi) = ns < lo || ns > hi ? "" : sprintf('%s"%s" %g', tick_s eq "" ? "" : ", ", tick_text(ns), ns)
time_ticks(lo, hi, px) = (tick_s = "", tick_px = px / log10(hi / lo), tick_step = int(ceil(50 / tick_px)), \
	sum [tick_e = floor(log10(lo)):ceil(log10(hi))] (tick_e % tick_step ? 0 : \
	sum [tick_m = 1:words(mantissas(tick_px))] \
	(tick_s = tick_s.tick(word(mantissas(tick_px), tick_m) * 10.0**tick_e, lo, hi), 0)), "(".tick_s.")")
aired_low(lo, hi) = min(lo / 1.15, sqrt(lo * hi / 10))
aired_high(lo, hi) = max(hi * 1.15, sqrt(lo * hi * 10))

# --- compare.csv: $all is what of it can be drawn, the largest effects first -----------------------------------------

# row group, b's value low high, a's, the ratio's, verdict, delta; a row is bench|variant/…|metric
verdicts = "faster slower equivalent inconclusive"
either(name, other) = strcol(name) eq "" ? column(other) : column(name)
part(name) = strcol(name) eq "-" ? "" : "/".strcol(name)
path(x) = strcol("variant").part("peer").part("place").part("param")
row(x) = strcol("bench")."|".path(0)."|".strcol("metric")
bench_of(r) = r[1:strstrt(r, "|") - 1]
path_of(r) = (path_s = after(r, "|"), path_s[1:strstrt(path_s, "|") - 1])
metric_of(r) = after(after(r, "|"), "|")
is_time(x) = strcol("unit") eq "ns" && strcol("ratio") ne "" && column("a_value") > 0 && column("b_value") > 0
if (source eq "compare.csv" && !empty) {
	set datafile separator comma
	set datafile columnheaders
	set table $nothing
	plot data using (is_time(0) ? (named(strcol("a")), named(strcol("b"))) : 0) with table
	unset table
}
if (words(groups)) {
	set table $all
	plot data using (row(0)):(strcol("b")) \
		:(column("b_value")):(either("b_ci_low", "b_value")):(either("b_ci_high", "b_value")):(column("a_value")) \
		:(either("a_ci_low", "a_value")):(either("a_ci_high", "a_value")):(column("ratio")) \
		:(strcol("ratio_ci_low") eq "" ? 0 : column("ratio_ci_low")) \
		:(strcol("ratio_ci_high") eq "" ? 0 : column("ratio_ci_high")) \
		:(index_of(verdicts, strcol("verdict"))):(column("delta")) with table if (is_time(0))
	unset table
	set datafile separator whitespace
	set datafile nocolumnheaders
}
# The groups in the order of their letters, which is not that of the effects.
letters = "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z"
sorted(list) = (sorted_s = "", sum [sorted_i = 1:26] (has(list, word(letters, sorted_i)) \
	? (sorted_s = sorted_s." ".word(letters, sorted_i), 0) : 0), sum [sorted_i = 1:words(list)] \
	(strlen(word(list, sorted_i)) > 1 ? (sorted_s = sorted_s." ".word(list, sorted_i), 0) : 0), sorted_s)
