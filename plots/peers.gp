# Shows how far ten runs of a measurement lie apart: ours beside each peer's.
# SPDX-License-Identifier: GPL-3.0-or-later
# Reads dir/peers.csv, which scripts/versus-peers writes.
set datafile separator comma
set encoding utf8
file = dir."/peers.csv"
stats file using 0 skip 1 nooutput
rows = int(STATS_records)
face = term eq "png" ? "DejaVu Sans" : "sans-serif"
if (term eq "png") {
	set terminal pngcairo noenhanced size 1600, 240 + 110 * rows font face.",18"
} else {
	set terminal svg noenhanced size 1000, 150 + 70 * rows font face.",13"
}
set output out.".".term
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
set for [i = 1:rows] label i system(sprintf("awk -F'\"' 'NR == %d { print $2 }' '%s'", i + 1, file)) \
	at graph -0.02, first i - 1 right
plot file skip 1 using (percent(6)):($0 - 0.12) with points pointtype 7 pointsize 1.6 linecolor rgb "#0072B2" title "handoff", \
	file skip 1 using (percent(7)):($0 + 0.12) with points pointtype 13 pointsize 1.8 linecolor rgb "#D55E00" title "peer", \
	file skip 1 using (percent(6)):($0 - 0.12):(sprintf("  %.1f %%", percent(6))) with labels left notitle, \
	file skip 1 using (percent(7)):($0 + 0.12):(sprintf("  %.1f %%", percent(7))) with labels left notitle
