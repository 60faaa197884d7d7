#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What report and compare make of a run that a spreadsheet, an editor or a full
# disk has had in hand: read as it was, or refused by name.
# shellcheck source=/dev/null
. tests/e2e.inc

kept=results/reference/qemu-aarch64
cp -r "$kept" "$WORK/run"
cd "$WORK" || exit 2
rm -rf run/charts run/claims.csv run/tables.md

afresh() # name: a copy of the run
{
	rm -rf "$1"
	cp -r run "$1"
}

# All that reads a run refuses this one, with one line and exit 2, and makes
# nothing.
refuses() # what directory text
{
	left=$(find "$2" | sort)
	attempt "$PROGRAM" report "$2"
	expect "$1: report refuses it: $3" refused "$3"
	attempt "$PROGRAM" compare run "$2" -o made
	expect "$1: and so does compare" refused "$3"
	expect "$1: and nothing is made" [ "$(find "$2" made 2>/dev/null |
		sort)" = "$left" ]
}

# Rows with every field in quotes and another separator, from `csv`.
rewritten() # file separator: to stdout
{
	csv "$1" | awk -F "$US" -v separator="$2" '
	{
		for (i = 1; i <= NF; i++) {
			gsub(/"/, "\"\"", $i)
			printf("%s\"%s\"", (i > 1) ? separator : "", $i)
		}
		printf "\n"
	}'
}

# --------------------------------------------------------- by a spreadsheet

for file in summary invocations env; do
	afresh semicolons
	rewritten run/$file.csv ';' >semicolons/$file.csv
	refuses "a $file.csv with ';'" semicolons \
		"semicolons/$file.csv:1: fields are separated by ';'"
	afresh tabs
	tr ',' '\t' <run/$file.csv >tabs/$file.csv
	refuses "a $file.csv with tabs" tabs \
		"tabs/$file.csv:1: fields are separated by tabs"
done
afresh semicolons
echo 'bench;variant;peer;place;param;metric;unit;low;high;count' \
	>semicolons/histogram.csv
refuses "a histogram.csv with ';'" semicolons \
	"semicolons/histogram.csv:1: fields are separated by ';'"
afresh semicolons
echo 'machine;run;bench;variant;peer;place;param;metric;spread' \
	>semicolons/noise.csv
refuses "a noise.csv with ';'" semicolons \
	"semicolons/noise.csv:1: fields are separated by ';'"
if have iconv; then
	afresh wide
	iconv -f UTF-8 -t UTF-16 run/summary.csv >wide/summary.csv
	refuses "a summary.csv in UTF-16" wide "wide/summary.csv:1: UTF-16"
else
	skipped "a summary.csv in UTF-16" "iconv is not installed"
fi
afresh comma
awk -F, -v OFS=, 'NR > 1 && $11 == "ok" { sub(/[.]/, ",", $15)
	if ($15 ~ /,/) $15 = "\"" $15 "\"" } 1' run/summary.csv \
	>comma/summary.csv
refuses "a summary.csv with decimal commas" comma "write decimal points"

afresh saved
for file in summary invocations env; do
	{
		printf '\357\273\277'
		rewritten run/$file.csv , | sed "s/\$/$(printf '\r')/"
	} >saved/$file.csv
done
attempt "$PROGRAM" report --json run
sed 's|"run", *$||' "$WORK/out" >before.json
attempt "$PROGRAM" report --json saved
expect "a run saved with a mark, CRLF and quotes is read" exits 0
expect "and says the same" [ "$(grep '"name"' before.json)" = \
	"$(grep '"name"' "$WORK/out")" ]
attempt "$PROGRAM" compare run saved --format csv
expect "and is compared" exits 0

# Columns in another order, one of them unknown.
afresh moved
for file in summary invocations; do
	csv run/$file.csv | awk -F "$US" '
	{
		for (i = NF; i >= 1; i--) {
			gsub(/"/, "\"\"", $i)
			printf "\"%s\",", $i
		}
		print NR == 1 ? "note" : "<any>"
	}' >moved/$file.csv
done
attempt "$PROGRAM" report --json moved
expect "a run with columns moved and one more is read" exits 0
expect "and says the same" [ "$(grep '"name"' before.json)" = \
	"$(grep '"name"' "$WORK/out")" ]

# ----------------------------------------------------------- cut at a row's end

rows=$(grep -c '' run/summary.csv)
for lines in 2 $((rows / 2)) $((rows - 12)); do
	afresh cut
	head -n "$lines" run/summary.csv >cut/summary.csv
	refuses "a summary.csv of $lines rows of $rows" cut \
		"is not in summary.csv: that file is cut off"
done
afresh cut
head -n 100 run/invocations.csv >cut/invocations.csv
refuses "an invocations.csv of 100 rows" cut "cut/invocations.csv:100: "

# ------------------------------------------------------- runs beside each other

attempt "$PROGRAM" compare run run --format csv
expect "a run is compared with itself" exits 0
expect "and differs in nothing" [ "$(csv "$WORK/out" |
	grep -c -e "${US}faster$US" -e "${US}slower$US")" -eq 0 ]
afresh other
sed '2,$s/^1,/2,/' run/summary.csv >other/summary.csv
refuses "a run of another schema" other "other/summary.csv:2: schema '2'"
afresh other
cp "$ROOT/results/reference/kvm-2pu-zen3/invocations.csv" other
refuses "a run with another's invocations" other "other/invocations.csv:"

# ------------------------------------------------------------ numbers of JSON

# What the kernel would not tell is left out, and is no NaN.
afresh unknown
awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
	NR > 1 { $at["cpu_ns"] = $at["peer_cpu_ns"] = "" } 1' \
	run/invocations.csv >unknown/invocations.csv
for run in run unknown; do
	attempt "$PROGRAM" report --json $run
	expect "report --json of the $run exits 0" exits 0
	expect_none "and has no NaN" \
		"$(grep -nwiE 'nan|inf|infinity' "$WORK/out" | head -n 3)"
	if have python3; then
		expect "and is JSON" python3 -c 'import json, sys
json.load(open(sys.argv[1]))' "$WORK/out"
	fi
done
finish
