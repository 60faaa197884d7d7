#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Several runs of a machine in one report.
# shellcheck source=/dev/null
. tests/e2e.inc

# Two runs made of a part of one that is kept: in the second every time is 3 %
# longer, and one case is missing.
kept=results/reference/kvm-2pu-zen3
part() # factor pattern dir
{
	mkdir "$WORK/$3" || exit 2
	cp "$kept/env.csv" "$kept/topology.xml" "$WORK/$3"
	awk -v factor="$1" -v pattern="$2" 'BEGIN { FS = OFS = "," }
		NR > 1 && $4 !~ pattern { next }
		NR > 1 && factor != 1 { sub(/T205546Z/, "T215546Z", $3) }
		NR > 1 && factor != 1 && $10 == "ns" && $11 == "ok" {
			for (i = 15; i <= 23; i++)
				if ($i != "")
					$i = sprintf("%.10g", $i * factor)
		}
		{ print }' "$kept/summary.csv" >"$WORK/$3/summary.csv"
	awk -v factor="$1" -v pattern="$2" 'BEGIN { FS = OFS = "," }
		NR > 1 && $1 !~ pattern { next }
		NR > 1 && factor != 1 && $7 == "ns" {
			$12 = sprintf("%.10g", $12 * factor)
		}
		{ print }' "$kept/invocations.csv" >"$WORK/$3/invocations.csv"
}
part 1 '^(getppid|roundtrip|litmus)$' a
part 1.03 '^(getppid|roundtrip)$' b
cd "$WORK" || exit 2

# ----------------------------------------------------------- what is refused

attempt "$PROGRAM" report a a
expect "a run given twice is refused" refused "same run"
attempt "$PROGRAM" report a "$ROOT/results/reference/kvm-2pu-emerald-rapids"
expect "and one of another machine" refused \
	"intel-r-xeon-r-processor-2pu-ee2120f1"
mkdir bare
cp b/summary.csv bare
attempt "$PROGRAM" report a bare
expect "and one without invocations" refused "bare: no invocations.csv"
attempt "$PROGRAM" report a b -o a
expect "and a directory that holds a run" refused "holds a run"
attempt "$PROGRAM" report a -o c
expect "and -o for one run" refused "single run"
attempt "$PROGRAM" report --json a b
expect "and --json for two" refused "directory of one run"
expect "and nothing is written" [ ! -e c ]

# ------------------------------------------------------------- on a terminal

attempt "$PROGRAM" report a b
expect "two runs are printed as one" exits 0
expect "it says of which" grep -q "^Pooled of 2 runs: .*T205546Z, .*T215546Z" \
	out
expect "and that some of it is one's" grep -q 'from some of the runs' out
expect "and that nothing was written" grep -q '^Nothing was written: -o' out
expect "nor is it" [ -z "$(find . -newer err -name '*.md')" ]

# ------------------------------------------------------------------- as a run

attempt "$PROGRAM" report a b -o both
expect "two runs are written as one" exits 0
for file in summary.csv invocations.csv env.csv claims.csv tables.md \
	report.html topology.xml; do
	expect "with $file" [ -s "both/$file" ]
done
expect "tables.md says so" grep -q '^Pooled of 2 runs' both/tables.md
expect "and report.html" grep -q '<p>Pooled of 2 runs' both/report.html

value() # dir bench metric column
{
	csv "$1/summary.csv" | awk -F "$US" -v bench="$2" -v metric="$3" \
		-v column="$4" '$4 == bench && $9 == metric { print $column }' |
		head -n 1
}
calc() # expression
{
	awk "BEGIN { exit !($1) }"
}
a=$(value a getppid latency 15)
b=$(value b getppid latency 15)
both=$(value both getppid latency 15)
low=$(value both getppid latency 16)
high=$(value both getppid latency 17)
expect "a value is the geometric mean of both" calc \
	"($both / sqrt($a * $b) - 1) ^ 2 < 1e-14"
expect "its interval holds both runs" calc "$low < $a && $high > $b"
expect "and is that of two runs: 12.7 times the standard error" calc \
	"(log($high / $both) - 12.7062047 * log(1.03) / 2) ^ 2 < 1e-10"
expect "counts that agree stay exact" [ "$(value both getppid syscalls 15) \
$(value both getppid syscalls 16) $(value both getppid syscalls 17)" = "1 1 1" ]
expect "invocations are those of all" calc "$(value both getppid latency 13) == \
	$(value a getppid latency 13) + $(value b getppid latency 13)"
expect "what one run has is marked" \
	grep -q '^1,[^,]*,[^,]*,litmus,.*runs:1/2' both/summary.csv

attempt "$PROGRAM" report both
expect "its report can be made again" exits 0
attempt "$PROGRAM" compare a both
expect "it can be compared with one of its own" exits 0
attempt "$PROGRAM" report --json both
expect "and given as JSON" exits 0
finish
