# Shows how far ten runs of a measurement lie apart: ours beside each peer's.
# SPDX-License-Identifier: GPL-3.0-or-later
# From the caller, scripts/versus-peers: data, its peers.csv; and term, svg or png. The picture goes to stdout.
set encoding utf8
# A name may hold commas, at which gnuplot would end it: here a row is one field, and its quoted part the name.
set datafile separator "\n"
stats data using 0 skip 1 nooutput
rows = int(STATS_records)
array peer[rows]
set table $nothing
plot data skip 1 using (peer[int($0) + 1] = strcol(1), 0) with table
unset table
set datafile separator comma
face = term eq "png" ? "DejaVu Sans" : "sans-serif"
if (term eq "png") {
	set terminal pngcairo noenhanced size 1600, 240 + 110 * rows font face.",18"
} else {
	set terminal svg noenhanced size 1000, 150 + 70 * rows font face.",13"
}
set title "Run-to-run spread: handoff beside its peers, interleaved on the same PUs" left
set key outside bottom horizontal
set xlabel "(longest − shortest) / median over runs (%, log scale)"
set logscale x
set grid xtics linecolor rgb "#DCDCDC"
set border 1
set tics nomirror scale 0.5
set lmargin 36
set rmargin 12
set yrange [rows - 0.4 : -0.6] noreverse
unset ytics
percent(c) = 100 * column(c)
set for [i = 1:rows] label i peer[i] \
	at graph -0.02, first i - 1 right
plot data skip 1 using (percent(6)):($0 - 0.12) with points pointtype 7 pointsize 1.6 linecolor rgb "#0072B2" title "handoff", \
	data skip 1 using (percent(7)):($0 + 0.12) with points pointtype 13 pointsize 1.8 linecolor rgb "#D55E00" title "peer", \
	data skip 1 using (percent(6)):($0 - 0.12):(sprintf("  %.1f %%", percent(6))) with labels left notitle, \
	data skip 1 using (percent(7)):($0 + 0.12):(sprintf("  %.1f %%", percent(7))) with labels left notitle
