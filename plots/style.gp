# Palette, canvas, reading of CSV and the four kinds of panel that the charts beside this file share.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A chart says what it is about in the variables below, then loads this file, which reads, draws and writes it:
#   data, machine, term …   from the caller: see text.gp
#   plots                   the same: this directory
#   kind                    "dots": a row for each variant; "curves": over the swept quantity; "cdf": over latency;
#                           "stack": a bar for each peer, of what each variant takes more than the one before it
#   chart, heading          its name, for messages, and its title
#   bench, metrics, keep(p) what is drawn; keep says whether param p is
#   split                   "dots": the column, peer, metric or param, whose values share a row
#   peer_rows               "dots": with another split than "peer", a row for each variant and peer
#   dot_text(ns), text_room "dots": what stands right of a point, and the px that it needs
#   metric_panels           "curves": a panel for each place and metric, rather than one metric
#   x_text, y_text          axis titles; "dots" and "stack" have no y_text
#   linear                  "curves": linear axes instead of logarithmic ones, on which 0 stands left of all else, as
#                           "stack" has them always
#   order                   names that come first, in this order, where the data has them
#   hidden                  "cdf": from the caller: how many variants the rows leave out
#   layers_<peer>           "stack": its variants, from the first; each does what those before it do and more. They are
#                           measured by the first metric, and the last one's end by the second
#   end_<peer>              "stack": what that end is
#   place_<name>            the title of that place's panel, where the one below does not fit; place_none: of "-"
# Times in the CSV are ns. Lengths here are px of a canvas 1000 px wide, from its top left corner.

reset
set decimalsign "."
load ARG0[1:strlen(ARG0) - strlen("style.gp")]."text.gp"
if (!exists("split")) split = "peer"
if (!exists("peer_rows")) peer_rows = 0
if (!exists("text_room")) text_room = 66
if (!exists("metric_panels")) metric_panels = 0
if (!exists("linear")) linear = kind eq "stack"
if (!exists("order")) order = ""
if (!exists("hidden")) hidden = 0
if (!exists("y_text")) y_text = ""

# --- lists: strings of words, since no name in a case holds a space ------------------------------------------------

adding(list, name) = has(list, name) ? list : list." ".name
only(list, other, present) = (only_s = "", sum [only_i = 1:words(list)] \
	(has(other, word(list, only_i)) == present ? (only_s = only_s." ".word(list, only_i), 0) : 0), only_s)
ordered(first, list) = only(first, list, 1).only(list, first, 0)
longest(list) = (longest_n = 0, sum [longest_i = 1:words(list)] \
	(longest_n = max(longest_n, strlen(word(list, longest_i))), 0), longest_n)

# What a panel holds is a list of paths place/part or place/variant/peer; `under` keeps those of one place, without it.
first(path) = path[1:strstrt(path, "/") - 1]
rest(path) = path[strstrt(path, "/") + 1:*]
under(place, paths) = (under_s = "", sum [under_i = 1:words(paths)] \
	(first(word(paths, under_i)) eq place ? (under_s = under_s." ".rest(word(paths, under_i)), 0) : 0), under_s)

# --- quantities ----------------------------------------------------------------------------------------------------

if (!exists("GPFUN_dot_text")) dot_text(ns) = time_text(ns)

# The argument of `set xtics` for a logarithmic time axis, lo to hi over px, whose texts touch neither each other nor,
# being left out within `margin` px of the right end (and, there being a gap, a little less of the left), a neighbour's.
mantissas(px_a_decade) = px_a_decade > 180 ? "1 2 5" : px_a_decade > 105 ? "1 3" : "1"
crowded(ns, lo, hi, margin) = tick_px * log10(hi / ns) < margin || tick_px * log10(ns / lo) < margin - 14
tick(ns, lo, hi, margin) = ns < lo || ns > hi ? "" : sprintf('%s"%s" %g', tick_s eq "" ? "" : ", ", \
	crowded(ns, lo, hi, margin) ? "" : tick_text(ns), ns)
time_ticks(lo, hi, px, margin) = (tick_s = "", tick_px = px / log10(hi / lo), tick_step = int(ceil(50 / tick_px)), \
	sum [tick_e = floor(log10(lo)):ceil(log10(hi))] (tick_e % tick_step ? 0 : \
	sum [tick_m = 1:words(mantissas(tick_px))] \
	(tick_s = tick_s.tick(word(mantissas(tick_px), tick_m) * 10.0**tick_e, lo, hi, margin), 0)), "(".tick_s.")")

# The same for a linear one from 0 to hi, in one unit, of five to twelve texts.
step_of(hi) = (step_e = 10.0**floor(log10(hi / 5)), step_m = hi / 5 / step_e, step_e * (step_m < 2 ? 1 : step_m < 5 ? 2 : 5))
even_ticks(hi) = (tick_s = "", sum [tick_i = 0:int(hi / step_of(hi))] (tick_v = tick_i * step_of(hi), \
	tick_s = tick_s.sprintf('%s"%g %s" %g', tick_i ? ", " : "", tick_v / (hi < 2e6 ? 1e3 : 1e6), \
	hi < 2e6 ? "µs" : "ms", tick_v), 0), "(".tick_s.")")

# --- a shape for each colour, so that colour never speaks alone --------------

filled = "7 13 5 9 11 15"
hollow = "6 12 4 8 10 14"
sizes = term eq "png" ? "0.9 1.2 0.8 1 1 1" : "0.9 0.8 0.8 0.9 0.9 0.9"
turn(list, i) = word(list, (i - 1) % words(list) + 1)
translucent(rgb) = "#80".rgb[2:*]

# --- places, from near to far, and what each means to a reader -----------------------------------------------------

if (metric_panels) {
	near = near_to_far
	near_to_far = ""
	do for [metric in metrics] { do for [place in near] { near_to_far = near_to_far." ".place."@".metric } }
}
panel_key(x) = strcol("place").(metric_panels ? "@".strcol("metric") : "")
if (!exists("place_pu")) place_pu = "pu: one hardware thread"
if (!exists("place_core")) place_core = "core: SMT siblings"
if (!exists("place_node")) place_node = "node: same NUMA node"
if (!exists("place_package")) place_package = "package: same socket"
if (!exists("place_machine")) place_machine = "machine: nothing closer"
if (!exists("place_any")) place_any = "any: not bound"
# l3:p-e is L3, between two kinds of core
cache(s) = strstrt(s, ":") ? s[1:strstrt(s, ":") - 1] : s
place_text(p) = p eq "-" ? (exists("place_none") ? place_none : "") : exists("place_".p) ? value("place_".p) : p[1:1] eq "l" ? p.": shared L".cache(p[2:*])." cache" : p
spelled(key) = place_text(key[1:strstrt(key, "@") - 1]).", ".key[strstrt(key, "@") + 1:*]
short(key) = key[1:strstrt(key, "@") - 1].":".key[strstrt(key, "@") + 1:*]
panel_text(key) = !metric_panels ? place_text(key) : 8 * strlen(spelled(key)) < width ? spelled(key) : short(key)

# --- reading -------------------------------------------------------------------------------------------------------

wanted(x) = strcol("bench") eq bench && has(metrics, strcol("metric")) && strcol("unit") eq "ns" \
	&& keep(strcol("param")) && (kind eq "cdf" || strcol("status") eq "ok" && (linear || column("value") > 0))
bounded(x) = strcol("ci_low") ne "" && strcol("ci_high") ne ""
bound(name) = bounded(0) ? strcol(name) + 0 : column("value")

# $rows: place variant peer param metric, then value low high bounded, or a bucket's low high count 1.
found = 0
set datafile separator comma
set datafile columnheaders
set table $nothing
if (data_rows) { plot data using (found = found + wanted(0), 0) with table }
unset table
set table $rows
if (found) {
	if (kind eq "cdf") {
		plot data using (strcol("place")):(strcol("variant")):(strcol("peer")):(strcol("param")) \
			:(strcol("metric")):(column("low")):(column("high")):(column("count")):(1) with table if (wanted(0))
	} else {
		plot data using (panel_key(0)):(strcol("variant")):(strcol("peer")):(strcol("param")) \
			:(strcol("metric")):(column("value")):(bound("ci_low")):(bound("ci_high")):(bounded(0)) \
			with table if (wanted(0))
	}
}
unset table
set datafile separator whitespace
set datafile nocolumnheaders
set datafile missing NaN

# --- canvas and frame ----------------------------------------------------------------------------------------------

W = 1000
scale = term eq "png" ? 1.6 : 1.0
font_scale = term eq "png" ? 0.75 * scale : 1.0  # pngcairo takes a size for points of 1/72 inch, at 96 px an inch
font(px) = sprintf("%s,%g", face, px)
bold(px) = sprintf("%s%s,%g", face, term eq "png" ? ":Bold" : "", px)
x_at(px) = real(px) / W
y_at(px) = 1 - real(px) / H
canvas(h) = (H = h, sprintf(term eq "png" \
	? 'set terminal pngcairo noenhanced background rgb "white" size %d,%d font "%s" fontscale %g lw %g pointscale %g' \
	: 'set terminal svg noenhanced background rgb "white" size %d,%d font "%s" fontscale %g lw %g name "'.chart.'"', \
	W * scale, H * scale, font(12), font_scale, scale, 1.2 * scale))
box(left, top, right, bottom) = sprintf("set lmargin at screen %g; set rmargin at screen %g; ".\
	"set tmargin at screen %g; set bmargin at screen %g", x_at(left), x_at(right), y_at(top), y_at(bottom))

# The frame is a plot without axes over the whole canvas, for the titles, the legend and the note.
frame(x) = "unset border; unset tics; set xrange [0:1]; set yrange [0:1]; ".box(0, 0, W, H)."; ".\
	"set label 1 heading at screen x_at(16), y_at(25) font bold(17) textcolor rgb ink; ".\
	"set label 2 machine at screen x_at(16), y_at(48) textcolor rgb faint; ".\
	"set label 3 note at screen x_at(16), y_at(H - 13) font font(11) textcolor rgb faint"

if (!found) {
	note = ""
	eval canvas(150)
	eval frame(0)
	set label 4 sprintf("no data: %s.csv has no%s row of %s (%s)", kind eq "cdf" ? "histogram" : "summary", \
		kind eq "cdf" ? "" : " ok", bench, metrics) \
		at screen x_at(16), y_at(96) font font(14) textcolor rgb ink
	plot NaN notitle
	unset output
	exit gnuplot
}

# --- what the data has ---------------------------------------------------------------------------------------------

row(x) = strcol(2).(peer_rows ? "/".strcol(3) : "").(strcol(4) eq "-" || split eq "param" ? "" : "/".strcol(4))
part(x) = kind ne "dots" ? strcol(2)."/".strcol(3) : split eq "metric" ? strcol(5) : split eq "param" ? strcol(4) : strcol(3)
places = ""; variants = ""; peers = ""; amounts = ""; rows = ""; cells = ""; parts = ""
lowest = 1e300; highest = -1e300; unbounded = 0
set table $nothing
plot $rows using (places = adding(places, strcol(1)), variants = adding(variants, strcol(2)), \
	peers = adding(peers, strcol(3)), amounts = adding(amounts, amount(strcol(4))), rows = adding(rows, row(0)), \
	parts = adding(parts, part(0)), cells = adding(cells, strcol(1)."/".part(0)), \
	lowest = min(lowest, linear || $7 > 0 ? $7 : $6), highest = max(highest, $8), \
	unbounded = unbounded + ($9 == 0), 0) with table
unset table
places = ordered(near_to_far, places)
variants = ordered(order, variants)
peers = ordered("thread process", peers)
parts = ordered(order." thread process", parts)

if (kind ne "dots") {
	# Threads are drawn first, so that processes lie upon them.
	present = cells
	cells = ""
	do for [place in places] { do for [peer in peers] { do for [variant in variants] {
		cell = place."/".variant."/".peer
		if (has(present, cell)) { cells = cells." ".cell }
	} } }
	present = places
	places = ""
	do for [place in present] { if (words(under(place, cells))) { places = places." ".place } }
}

if (kind eq "dots") {
	# Rows from fast to slow, by the fastest of their values: a mean would depend on which places a row has.
	array speed[words(rows)]
	do for [i = 1:words(rows)] {
		stats $rows using (row(0) eq word(rows, i) ? log($6) : NaN) nooutput
		speed[i] = STATS_min
	}
	sorted = ""
	do for [n = 1:words(rows)] {
		do for [i = 1:words(rows)] {
			if (n == sum [j = 1:words(rows)] (speed[j] < speed[i] || speed[j] == speed[i] && j <= i)) {
				sorted = sorted." ".word(rows, i)
			}
		}
	}
	rows = sorted
	legend = parts
	left = 28 + 7.3 * longest(rows)
	body = words(rows) * (8 + 15 * words(parts))
	note = "Point: median over invocations; bar: its 95 % interval."
}
if (kind eq "curves") {
	legend = variants.(words(peers) > 1 ? peers : "")
	left = 92
	body = 320
	note = "Point: median over invocations; bar: its 95 % interval."
}
if (kind eq "stack") {
	# $segments: place peer layer from to, and the difference, which noise can make negative: then it has no length.
	# $totals: place peer value low high bounded missing; the latter the first layer that is, or "-".
	layer_count(peer) = words(value("layers_".peer))
	layer_text(peer, i) = i > layer_count(peer) ? value("end_".peer) : (i > 1 ? "+ " : "").word(value("layers_".peer), i)
	at = 0; at_low = 0; at_high = 0; at_bounded = 0; at_found = 0
	taking(x) = strcol(1) eq place && strcol(2) eq variant && strcol(3) eq peer && strcol(5) eq metric ? \
		(at = $6, at_low = $7, at_high = $8, at_bounded = $9, at_found = 1) : 0
	set print $segments
	print "# place peer layer from to difference"
	set print $totals
	print "# place peer value low high bounded missing"
	negative = 0
	unbounded = 0
	highest = 0
	do for [place in places] { do for [peer in peers] {
		edge = 0.0
		missing = "-"
		do for [i = 1:layer_count(peer) + 1] {
			variant = word(value("layers_".peer), min(i, layer_count(peer)))
			metric = word(metrics, i > layer_count(peer) ? 2 : 1)
			at_found = 0
			set table $nothing
			plot $rows using (taking(0)) with table
			unset table
			if (missing eq "-" && !at_found) { missing = variant }
			if (missing eq "-") {
				set print $segments append
				print place, peer, i, edge, max(edge, at), at - edge
				negative = negative + (at < edge)
				edge = max(edge, at)
			}
		}
		set print $totals append
		print place, peer, edge, at_low, at_high, at_bounded, missing
		highest = max(highest, missing eq "-" ? max(edge, at_high) : edge)
		unbounded = unbounded + (missing eq "-" && at_bounded == 0)
	} }
	unset print
	highest = max(highest, 1e3)
	legend = ""
	do for [peer in peers] { do for [i = 1:layer_count(peer) + 1] { legend = legend.sprintf(" %s/%d", peer, i) } }
	left = 28 + 7.3 * longest(peers)
	body = 58 * words(peers)
	note = "Segment: a layer's median less that of the one before; whisker: the total's 95 % interval."
	if (negative) { note = note." ▼: less than the one before (noise), drawn as 0." }
}
if (kind ne "cdf" && unbounded) {
	note = note.(kind ne "curves" ? " *: too few invocations for an interval." \
		: sprintf(" %d points had too few invocations for an interval.", unbounded))
}
if (kind eq "cdf") {
	# $cdf: an index for each cell, in their order, straight from the low to the high side of a bucket; so each bucket
	# counts 0 at the one and all at the other. A case's buckets follow each other: look its index up once.
	# $quantiles: path latency share.
	known = ""
	cell_of(path) = path eq known ? known_i : (known = path, known_i = index_of(cells, path))
	set table $buckets
	plot for [side = 6:7] $rows using (cell_of(strcol(1)."/".part(0))):(column(side)):(side == 6 ? 0 : $8) \
		with table if (has(variants, strcol(2)))
	set xrange [-1e18:1e18]
	set yrange [0:2]
	set table $cdf
	plot for [i = 1:words(cells)] $buckets using ($1 == i ? $2 : NaN):3 smooth cnormal
	unset table
	lowest = 1e300; highest = 0
	crossed(share) = (before = column(0) == 0 ? 0 : after, after = $2, before < share && share <= after)
	set table $quantiles
	plot for [share in "0.1 0.5 0.9"] $cdf using (word(cells, column(-2) + 1)):1:(share + 0) \
		with table if (crossed(share))
	set table $nothing
	plot $cdf using (lowest = min(lowest, $1 > 0 ? $1 : lowest), \
		highest = max(highest, crossed(0.999) ? $1 : 0), 0) with table
	unset table
	legend = variants.(words(peers) > 1 ? peers : "")
	left = 86
	body = 300
	note = "Marks at 10, 50 and 90 %. Beyond the axis lies at most 0.1 % of any case."
	if (hidden) { note = note.sprintf(" Not shown: %d further mechanisms.", hidden) }
}
note = noted(note)

# --- how each is drawn: a process thin, dashed and hollow, so that it can be seen upon a thread that it equals -------

line_colour(rgb, peer) = peer eq "thread" ? translucent(rgb) : rgb
line_width(peer) = peer eq "thread" ? 3.2 : 1.5
line_dash(peer) = peer eq "process" ? 2 : 1
mark(i, peer) = int(turn(peer eq "process" ? hollow : filled, i))
mark_size(i, peer) = turn(sizes, i) * (peer eq "process" ? 0.7 : 1.0)
variant_index(path) = index_of(variants, first(path))
variant_colour(path) = turn(colours, variant_index(path))

# --- layout and frame ----------------------------------------------------------------------------------------------

count = words(places)
columns = kind eq "stack" ? 1 : metric_panels && count <= 4 * words(metrics) ? count / words(metrics) \
	: count <= 4 ? count : count <= 6 ? 3 : 4
gap = 14.0
width = (W - left - 20 - gap * (columns - 1)) / columns
legend_top = 70
array legend_x[words(legend)]
array legend_y[words(legend)]
sample = kind eq "dots" ? 12 : kind eq "stack" ? 20 : 34
legend_text(name) = kind eq "stack" ? layer_text(first(name), rest(name) + 0) : name
x = 16
y = legend_top
do for [i = 1:words(legend)] {
	needed = sample + 28 + 7.3 * strlen(word(legend, i))
	if (x > 16 && x + needed > W) { x = 16; y = y + 19 }
	legend_x[i] = x
	legend_y[i] = y
	x = x + needed
}
if (kind eq "stack") {
	# A row for each peer, layer below layer.
	do for [i = 1:words(legend)] {
		legend_x[i] = left + 150 * (rest(word(legend, i)) - 1)
		legend_y[i] = legend_top + 19 * (index_of(peers, first(word(legend, i))) - 1)
	}
	y = legend_top + 19 * (words(peers) - 1)
}
top = y + 44
pitch = body + 60
bottom = top + pitch * ((count + columns - 1) / columns) - 60
left_of(k) = left + (k - 1) % columns * (width + gap)
top_of(k) = top + (k - 1) / columns * pitch
panel(k) = box(left_of(k), top_of(k), left_of(k) + width, top_of(k) + body)

eval canvas(bottom + 74)
set multiplot
eval frame(0)
set label 4 x_text at screen x_at((left + W - 20) / 2), y_at(bottom + 40) center textcolor rgb ink
set label 5 y_text at screen x_at(20), y_at((top + bottom) / 2) center rotate textcolor rgb ink
do for [i = 1:words(legend)] {
	name = word(legend, i)
	peer = i > words(variants) ? name : "-"
	rgb = peer eq "-" ? turn(colours, i) : faint
	x = legend_x[i]
	y = y_at(legend_y[i])
	if (kind eq "stack") {
		rgb = turn(colours, rest(name) + 0)
		set object i rectangle from screen x_at(x), y_at(legend_y[i] - 6) to screen x_at(x + sample), \
			y_at(legend_y[i] + 6) fillcolor rgb rgb fillstyle solid noborder
		if (rest(name) + 0 == 1) { set label 300 + i first(name) at screen x_at(16), y textcolor rgb ink }
	}
	if (kind eq "dots") {
		set label 100 + i "" at screen x_at(x + sample / 2), y point pt mark(i, "-") ps mark_size(i, "-") \
			lc rgb turn(colours, i)
	}
	if (kind eq "curves" || kind eq "cdf") {
		set arrow i from screen x_at(x), y to screen x_at(x + sample), y nohead \
			lw line_width(peer) dt line_dash(peer) lc rgb line_colour(rgb, peer)
		set label 100 + i "" at screen x_at(x + sample / 2), y point pt mark(peer eq "-" ? i : 1, peer) \
			ps mark_size(peer eq "-" ? i : 1, peer) lc rgb rgb
	}
	set label 200 + i legend_text(name) at screen x_at(x + sample + 7), y textcolor rgb ink
}
plot NaN notitle
unset label
unset arrow
unset object

# --- panels --------------------------------------------------------------------------------------------------------

# The sides of a logarithmic time axis: some air, and at least one decade, so that it always has texts.
aired_low(lo, hi) = min(lo / 1.25, sqrt(lo * hi / 10))
aired_high(lo, hi) = max(hi * 1.25, sqrt(lo * hi * 10))
low = aired_low(lowest, highest)
high = aired_high(lowest, highest)

set border 1 lc rgb "#999999" lw 0.8
tick_font = font(11)
set xtics nomirror out scale 0.5 offset 0, 0.3 textcolor rgb ink font tick_font
set ytics nomirror out scale 0.5 textcolor rgb ink font tick_font
set grid back lt 1 lc rgb grid lw 0.6
set errorbars 0.6

if (kind eq "dots") {
	# Room for the texts right of the points.
	high = high * (high / low)**(text_room / (width - text_room))
	set logscale x
	set xrange [low:high]
	set yrange [words(rows) + 0.5:0.5]
	do for [i = 1:words(rows):2] {
		set object i rectangle from graph 0, first i - 0.5 to graph 1, first i + 0.5 \
			fillcolor rgb band fillstyle solid noborder behind
	}
	eval "set xtics ".time_ticks(low, high, width, columns > 1 ? 20 : 0)
	set grid xtics noytics
	step = 15.0 / (8 + 15 * words(parts))
	part_index(p) = index_of(parts, p)
	y_of(p) = index_of(rows, row(0)) + step * (part_index(p) - (words(parts) + 1) / 2.0)
}
if (kind eq "curves") {
	x_low = 1e300; x_high = 0; zero = 0
	do for [a in amounts] {
		x = quantity(a)
		if (x > 0 || linear) { x_low = min(x_low, x); x_high = max(x_high, x) } else { zero = 1 }
	}
	if (zero) { zero = x_high > 0 ? x_low / 10 : 1; x_low = zero; x_high = max(x_high, zero) }
	x_of(a) = (x_s = quantity(a), x_s > 0 || linear ? x_s : zero)
	joined(a) = linear || quantity(a) > 0  # no line to 0, which is farther away than a logarithmic axis can show
	if (linear) {
		air = max(1, x_high - x_low) * 0.03
		x_low = x_low - air
		x_high = x_high + air
		set yrange [min(0, lowest * 1.1):max(highest, 1) * 1.05]
		set xzeroaxis lt 1 lc rgb "#999999"
	} else {
		x_low = x_low / 1.4
		x_high = x_high * 1.4
		set logscale xy
		set yrange [low:high]
		eval "set ytics ".time_ticks(low, high, body, 0)
	}
	set xrange [x_low:x_high]
	px_of(x) = width * (linear ? (x - x_low) / (x_high - x_low) : log(x / x_low) / log(x_high / x_low))
	set xtics ()
	last = -1e9
	while (1) {
		next = ""
		do for [a in amounts] {
			far = px_of(x_of(a)) >= last + 10 + 7 * longest(amounts)
			if (far && (next eq "" || x_of(a) < x_of(next))) { next = a }
		}
		if (next eq "") { break }
		set xtics add (next x_of(next))
		last = px_of(x_of(next))
	}
}
if (kind eq "cdf") {
	set logscale x
	set xrange [low:high]
	set yrange [-1:101]
	set ytics (0, 10, 25, 50, 75, 90, 100)
	eval "set xtics ".time_ticks(low, high, width, columns > 1 ? 20 : 0)
}
if (kind eq "stack") {
	# Room for the texts right of the bars.
	high = highest / (1 - 80.0 / width)
	set xrange [0:high]
	set yrange [words(peers) + 0.5:0.5]
	set grid xtics noytics
	eval "set xtics ".even_ticks(high)
	set style fill solid noborder
	thick = 0.25
	# What is not to be drawn is put aside, out of range: gnuplot warns where no row is left.
	aside = -9
	level(drawn) = drawn && strcol(1) eq place ? index_of(peers, strcol(2)) : aside
	rgb_of(i) = int("0x".turn(colours, int(i))[2:*])
	# Dark text where the colour is bright.
	rgb_on(i) = has("4 5 7", sprintf("%d", i)) ? 0x222222 : 0xFFFFFF
	total_text(x) = strcol(7) ne "-" ? "no ok row of ".strcol(7) : time_text($3).($6 == 1 ? "" : "*")
	difference_text(ns) = ns < 0 ? "−".time_text(-ns) : time_text(ns)
	extent(text) = (6.2 * strlen(text) - 4) * high / width
	fits(from, to, text) = to - from > extent(text)
	# What has no room within its segment stands below, from left to right, as near as its neighbours let it.
	has_room(x) = fits($4, $5, difference_text($6))
	below(x) = (below_at = max($4, $3 == 1 || below_next < $4 ? $4 : below_next), below_next = has_room(0) ? below_next \
		: below_at + extent(difference_text($6)) + 7.0 * high / width, below_at)
	below_next = 0.0
}
if (kind ne "dots" && kind ne "stack") { set border 3 }

here(p) = strcol(1) eq place && part(0) eq p
do for [k = 1:count] {
	place = word(places, k)
	inside = under(place, cells)
	eval panel(k)
	set label 1 panel_text(place) at graph 0, 1 offset 0, 0.8 font bold(13) textcolor rgb ink
	leftmost = (k - 1) % columns == 0
	if (kind eq "dots") {
		set ytics ()
		do for [i = 1:words(rows)] { set ytics add ((leftmost ? word(rows, i) : "") i) }
		plot for [p in inside] $rows using (here(p) ? $6 : NaN):(y_of(p)):(max($7, low)):8 with xerrorbars \
			lw 1.4 pt mark(part_index(p), "-") ps mark_size(part_index(p), "-") lc rgb turn(colours, part_index(p)) \
			notitle, \
			for [p in inside] $rows using (here(p) ? $8 : NaN):(y_of(p)):(dot_text($6).($9 == 1 ? "" : "*")) \
			with labels left offset 1.1, 0 font font(10) textcolor rgb ink notitle
	}
	if (kind eq "curves") {
		if (linear) { set format y (leftmost ? "%g" : "") } else {
			eval "set ytics ".time_ticks(low, high, body, leftmost ? 0 : body)
		}
		plot for [p in inside] $rows using (here(p) && joined(amount(strcol(4))) ? x_of(amount(strcol(4))) : NaN) \
			:6 smooth unique with lines \
			lw line_width(rest(p)) dt line_dash(rest(p)) lc rgb line_colour(variant_colour(p), rest(p)) notitle, \
			for [p in inside] $rows using (here(p) ? x_of(amount(strcol(4))) : NaN):6:(linear ? $7 : max($7, low)):8 \
			with yerrorbars lw 1.4 pt mark(variant_index(p), rest(p)) ps mark_size(variant_index(p), rest(p)) \
			lc rgb variant_colour(p) notitle
	}
	if (kind eq "cdf") {
		set format y (leftmost ? "%g %%" : "")
		plot for [p in inside] $cdf index index_of(cells, place."/".p) - 1 using 1:(100 * $2) with lines \
			lw line_width(rest(p)) dt line_dash(rest(p)) lc rgb line_colour(variant_colour(p), rest(p)) notitle, \
			for [p in inside] $quantiles using (strcol(1) eq place."/".p ? $2 : NaN):(100 * $3) with points \
			pt mark(variant_index(p), rest(p)) ps mark_size(variant_index(p), rest(p)) lc rgb variant_colour(p) notitle
	}
	if (kind eq "stack") {
		set ytics ()
		do for [i = 1:words(peers)] { set ytics add (word(peers, i) i) }
		plot $segments using 4:(level(1)):4:5:(level(1) - thick):(level(1) + thick):(rgb_of($3)) with boxxyerror \
			fillcolor rgb variable notitle, \
			$segments using (($4 + $5) / 2):(level(has_room(0))):(difference_text($6)):(rgb_on($3)) with labels \
			center font font(10) textcolor rgb variable notitle, \
			$segments using (below(0)):(level(!has_room(0)) + thick + 0.13):(difference_text($6)):(rgb_of($3)) with \
			labels left font font(10) textcolor rgb variable notitle, \
			$segments using 4:(level($6 < 0) - thick - 0.07):(rgb_of($3)) with points pt 11 ps 0.9 lc rgb variable \
			notitle, \
			$totals using 3:(level(strcol(7) eq "-" && $6 == 1) + 0.7 * thick):4:5 with xerrorbars lw 1.4 pt -1 \
			lc rgb ink notitle, \
			$totals using (strcol(7) eq "-" ? max($3, $5) : $3):(level(1)):(total_text(0)) with labels left \
			offset 1.1, 0 font font(11) textcolor rgb ink notitle
	}
}
unset multiplot
unset output
