# Shows the round trip between every two PUs as a heat map, a panel for each mechanism and peer.
# SPDX-License-Identifier: GPL-3.0-or-later
# Rows drive, columns answer: both halves of the matrix are measured. Besides what text.gp names, from the caller come
#   panels               mechanism/peer, a word each
#   blocks               four for each panel: the indices in `data` of its cells that are measured, that are one PU with
#                        itself, that failed, and that are not measured; -1: it has none
#   data                 column, row, ns
#   axis                 a line for each row: number, first and last PU, package, node, core, and what ends behind it:
#                        3 a package, 2 a node, 1 a core, 0 nothing
#   side, block          rows, and how many PUs each is of
#   lowest, highest      ns
#   failed_within        how many pairs failed whose cell has others
reset
set decimalsign "."
set encoding utf8
load (exists("plots") ? plots."/" : ARG0[1:strlen(ARG0) - strlen("matrix.gp")])."text.gp"
n = int(side)
count = words(panels)

# --- the axis: names of rows, and where groups end ------------------------------------------------------------------

array first[n]; array last[n]; array package[n]; array node[n]; array core[n]; array ends[n]
set table $nothing
plot axis using (i = int($1), first[i] = int($2), last[i] = int($3), package[i] = int($4), node[i] = int($5), \
	core[i] = int($6), ends[i] = int($7), 0) with table
unset table
known = package[1] >= 0
packages = 1; nodes = 1; shared = 0
do for [i = 1:n - 1] {
	packages = packages + (ends[i] == 3)
	nodes = nodes + (ends[i] >= 2)
	shared = shared || (known && ends[i] == 0)
}
group_level = packages > 1 || nodes > 1 ? 2 : 4
group_text(i) = (packages > 1 ? sprintf("package %d", package[i]) : "").(nodes > packages && node[i] >= 0 ? \
	(packages > 1 ? ", " : "").sprintf("node %d", node[i]) : "")
row_text(i) = block > 1 ? sprintf("%d–%d", first[i], last[i]) : n <= 16 && known ? \
	sprintf("pu%d P%d C%d", first[i], package[i], core[i]) : n <= 16 ? sprintf("pu%d", first[i]) : sprintf("%d", first[i])

# --- layout ---------------------------------------------------------------------------------------------------------

cell = n <= 4 ? 75 : n <= 16 ? 46 : n <= 32 ? 20 : n <= 64 ? 13 : 9
px = cell * n
tick_px = n <= 16 ? 11 : 9
tick_every = int(ceil((tick_px + 2.0) / cell))
left = n <= 16 ? 110 : block > 1 ? 80 : 50
right = group_level == 2 ? 120 : 30
below = n <= 16 ? 90 : block > 1 ? 70 : 50
columns = int(min(count, max(1, min(3, 2700 / (left + px + right)))))
lines = (count + columns - 1) / columns
top = 150
scale = term eq "png" ? 1.6 : 1.0
W = max(900, 16 + columns * (left + px + right))
H = top + lines * (px + below + 40) + 10
# a bitmap has an end, see style.gp
if (term eq "png") { scale = min(scale, min(30000.0 / W, 30000.0 / H)) }
font(size) = sprintf("%s,%g", face, size)
if (term eq "png") {
	set terminal pngcairo noenhanced background rgb "white" size W * scale, H * scale font font(12) fontscale 0.75 * scale lw scale
} else {
	set terminal svg noenhanced background rgb "white" size W, H font font(12) name "matrix"
}
x_at(x) = real(x) / W
y_at(y) = 1 - real(y) / H
box_px(x, y, w, h) = sprintf("set lmargin at screen %g; set rmargin at screen %g; set tmargin at screen %g; ".\
	"set bmargin at screen %g", x_at(x), x_at(x + w), y_at(y), y_at(y + h))

# --- colours: one scale over all panels, and what is no time beside it ----------------------------------------------

kind_colour = "- #BDBDBD #D55E00 #FFFFFF"
array kind_text[4] = ["", "one PU with itself", "failed", "not measured"]
has_kind(kind) = sum [k = 1:count] (word(blocks, 4 * (k - 1) + kind) + 0 >= 0)
low = lowest
high = max(highest, lowest * 1.1)
set palette defined (0 "#D6E6F4", 0.35 "#9ECAE1", 0.7 "#3182BD", 1 "#08306B")
set logscale cb
set cbrange [low:high]
dark(v) = log(v / low) > 0.55 * log(high / low)

set multiplot
set label 1 "Round trip between every two PUs: rows drive, columns answer" at screen x_at(16), y_at(25) font font(17) \
	textcolor rgb ink
set label 2 machine at screen x_at(16), y_at(48) textcolor rgb faint
note = block > 1 ? sprintf("Each cell is the mean of %d × %d pairs; summary.csv has all.", block, block) : ""
if (failed_within > 0) { note = note.sprintf(" %d pairs that failed are not in it.", failed_within) }
note = note.(known ? (note eq "" ? "" : " ")."Lines part packages (thick), nodes".(shared ? " and cores (thin)." : ".") : "")
set label 3 noted(note) at screen x_at(16), y_at(H - 13) font font(11) textcolor rgb faint
x = 490
do for [kind = 2:4] {
	if (has_kind(kind)) {
		set object 10 + kind rectangle from screen x_at(x), y_at(92) to screen x_at(x + 16), y_at(76) \
			fillcolor rgb word(kind_colour, kind) fillstyle solid border lc rgb "#999999"
		set label 10 + kind kind_text[kind] at screen x_at(x + 23), y_at(84) font font(11) textcolor rgb ink
		x = x + 50 + 6.5 * strlen(kind_text[kind])
	}
}
# the scale itself, as a plot of its own, so that it stands once
set colorbox horizontal user origin x_at(44), y_at(92) size x_at(390), 16.0 / H
tick_font = font(11)
unset border; unset tics
set cbtics () scale 0.5 offset 0, 0.4 font tick_font textcolor rgb ink
unset mcbtics
do for [q = 0:4] { v = low * (high / low)**(q / 4.0); set cbtics add (time_text(v) v) }
set xrange [0:1]; set yrange [0:1]
eval box_px(0, 0, W, H)
plot "+" using (-1):(-1):(low) every ::0::0 with points palette notitle
unset colorbox
unset label
unset object

# --- panels ---------------------------------------------------------------------------------------------------------

set xrange [0.5:n + 0.5]
set yrange [n + 0.5:0.5]
set border 31 lc rgb "#999999"
axis_font = font(tick_px)
set tics scale 0 textcolor rgb ink font axis_font
set xtics () rotate by 90 right
set ytics ()
do for [i = 1:n:tick_every] {
	set xtics add (row_text(i) i)
	set ytics add (row_text(i) i)
}
tag = 1
do for [i = 1:n - 1] {
	if (known && (ends[i] >= 2 || (ends[i] == 1 && shared))) {
		width = ends[i] == 3 ? 2.2 : ends[i] == 2 ? 1.3 : 0.5
		shade = ends[i] == 1 ? "#888888" : "#000000"
		set arrow tag from first i + 0.5, graph 0 to first i + 0.5, graph 1 nohead front lw width lc rgb shade
		set arrow tag + 1 from graph 0, first i + 0.5 to graph 1, first i + 0.5 nohead front lw width lc rgb shade
		tag = tag + 2
	}
}
if (known && group_level == 2) {
	from = 1
	do for [i = 1:n] {
		if (i == n || ends[i] >= 2) {
			set label 100 + i group_text(i) at graph 1, first (from + i) / 2.0 offset 0.6, 0 font font(10) \
				textcolor rgb faint
			from = i + 1
		}
	}
}
set style fill solid noborder
colour_of(kind) = word(kind_colour, kind)
drawn(k, kind) = word(blocks, 4 * (k - 1) + kind) + 0 < 0 ? "" : sprintf("data index %s using 1:2:(0.5):(0.5)%s", \
	word(blocks, 4 * (k - 1) + kind), kind == 1 ? ":3 with boxxyerror lc palette notitle, " \
	: sprintf(" with boxxyerror lc rgb '%s' notitle, ", colour_of(kind)))
text_px = 10
texts(k) = word(blocks, 4 * (k - 1) + 1) + 0 < 0 || n > 16 || block > 1 ? "" : sprintf(\
	"data index %s using 1:2:(time_text($3)):(dark($3) ? 0xFFFFFF : 0x222222) with labels font font(text_px) textcolor rgb variable notitle, ", \
	word(blocks, 4 * (k - 1) + 1))
do for [k = 1:count] {
	eval box_px(16 + left + (k - 1) % columns * (left + px + right), top + (k - 1) / columns * (px + below + 40), px, px)
	set label 3 word(panels, k) at graph 0, 1 offset 0, 0.8 font font(13) textcolor rgb ink
	eval "plot ".drawn(k, 1).drawn(k, 2).drawn(k, 3).drawn(k, 4).texts(k)."NaN notitle"
}
unset multiplot
