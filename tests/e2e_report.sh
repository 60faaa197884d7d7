#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `handoff report`: the same tables from CSV alone, refusals that name the
# line, no gnuplot, and output that cannot be written.
# shellcheck source=/dev/null
. tests/e2e.inc

fails_to_find() # text file-that-is-there
{
	[ -s "$2" ] && ! grep -qF -e "$1" "$2"
}

run=$WORK/run
attempt "$TEST_PROGRAM" run getppid roundtrip/eventfd/thread/pu \
	'message/pipe/process/pu/size=64KiB' misbehave/fine misbehave/lie \
	misbehave/absent --budget 2s --invocations 2 -o "$run"
expect "a run to report on exits 1, for one case lies" exits 1
mv "$WORK/out" "$WORK/run.out"

# ------------------------------------------------------------ from CSV alone

again=$WORK/again
mkdir "$again"
cp "$run"/*.csv "$again"
before=$(cksum "$again"/*.csv)
attempt "$PROGRAM" report "$again"
expect "report of a run's CSV files exits 0" exits 0
expect "and names what it made, at the end" [ "$(tail -n 1 "$WORK/out")" = \
	"$again: report.html, tables.md, charts/, summary.csv, claims.csv" ]
expect "and tables.md is the same" cmp "$run/tables.md" "$again/tables.md"
expect "and so are the tables on stdout" [ \
	"$(grep -v "^$run" "$WORK/run.out")" = \
	"$(grep -v "^$again" "$WORK/out")" ]
expect "and no CSV file has changed" \
	[ "$(cksum "$again"/*.csv)" = "$before" ]
if have gnuplot; then
	here=$(cd "$run/charts" && find . -type f -size +0 | sort)
	there=$(cd "$again/charts" && find . -type f -size +0 | sort)
	expect "and there are the same charts" [ "$here" = "$there" ]
else
	skipped "the same charts" "gnuplot is not installed"
fi
attempt "$PROGRAM" report "$again"
expect "report a second time gives the same" \
	cmp "$run/tables.md" "$again/tables.md"

# -------------------------------------------------- what there is data for

charts() # of a run: the names of those drawn
{
	find "$1/charts" -type f 2>/dev/null |
		sed 's|.*/||; s|\.[a-z]*$||' | sort -u | tr '\n' ' '
}

expect "one peer alone is not divided by another" fails_to_find \
	'process ÷ thread' "$run/tables.md"
if have gnuplot; then
	expect "charts are of benches with data, and no others" [ \
		"$(charts "$run")" = "distribution message roundtrip " ]
else
	skipped "charts of benches with data" "gnuplot is not installed"
fi

both=$WORK/both
attempt "$TEST_PROGRAM" run 'roundtrip/eventfd/*/pu/-' --budget 1s \
	--invocations 2 -o "$both"
expect "a run with both peers exits 0" exits 0
expect "and tables.md has process ÷ thread" \
	grep -qF '| roundtrip: process ÷ thread ' "$both/tables.md"
expect "with a row of what both can do" [ "$(sed -n \
	'/process ÷ thread/,/^$/p' "$both/tables.md" |
	grep -c '^| eventfd *| [0-9]*\.[0-9][0-9]')" -eq 1 ]

alone=$WORK/alone
attempt "$TEST_PROGRAM" run getppid --budget 1s --invocations 2 -o "$alone"
expect "a run without anything to draw exits 0" exits 0
rm -rf "$alone/charts"
attempt "$PROGRAM" report "$alone"
expect "and so does its report" exits 0
expect "and it has no charts" [ -z "$(charts "$alone")" ]
expect "and names none" fails_to_find 'charts/' "$alone/tables.md"
expect "nor divides anything" fails_to_find '÷ thread' "$alone/tables.md"

# What is kept of a run says the same as on the day it was made.
for kept in kvm-2pu-zen3 qemu-aarch64; do
	cp -r "results/reference/$kept" "$WORK/$kept"
	attempt "$PROGRAM" report "$WORK/$kept"
	expect "the report of $kept, which has no histogram.csv, exits 0" exits 0
	expect "with the same claims" cmp -s "$WORK/$kept/claims.csv" \
		"results/reference/$kept/claims.csv"
	expect "and the same tables" cmp -s "$WORK/$kept/tables.md" \
		"results/reference/$kept/tables.md"
done

# More columns than any table had room for.
many=$WORK/many
mkdir "$many"
awk -v header="$(head -n 1 "$both/summary.csv")" 'BEGIN {
	print header
	for (a = 0; a < 20; a++)
		for (b = 0; b < 20; b++)
			if (a != b)
				printf "1,m,r,roundtrip,pipe,thread,at%d-%d," \
					"-,latency,ns,ok,,8,9,%d,,,,,,,,,single," \
					"\n", a, b, 1000 * a + 10 * b
}' >"$many/summary.csv"
cp "$both/env.csv" "$many"
attempt "$PROGRAM" report "$many"
expect "380 places are reported" exits 0
expect "each in its column" [ "$(awk -F '|' '
	/^\| roundtrip latency/ { for (i = 3; i < NF; i++) name[i] = $i }
	/^\| pipe thread/ {
		for (i = 3; i < NF; i++) {
			split(name[i], pu, /[^0-9]+/)
			ns = $i * ($i ~ /µs/ ? 1000 : 1)
			off = ns - 1000 * pu[2] - 10 * pu[3]
			wrong += off * off > (0.006 * ns) ^ 2
			columns++
		}
	}
	END { print columns, wrong + 0 }' "$many/tables.md")" = "380 0" ]

# ----------------------------------------------------------------- refusals

# The directory is left as it was, too.
refuses() # what directory text
{
	left=$(find "$2" 2>&1 | sort)
	attempt "$PROGRAM" report "$2"
	expect "$1 is refused with exit 2 and one line: $3" refused "$3"
	expect "and nothing is made" [ "$(find "$2" 2>&1 | sort)" = "$left" ]
}

cd "$WORK" || exit 2
refuses "a directory that is not there" nowhere nowhere
mkdir empty
refuses "an empty directory" empty empty/summary.csv

damaged() # name: reads its summary.csv from stdin
{
	mkdir "$1"
	cat >"$1/summary.csv"
}
lines=$(wc -l <"$run/summary.csv")

head -c -60 "$run/summary.csv" | damaged truncated
refuses "a summary.csv cut within a row" truncated \
	"truncated/summary.csv:$lines"
head -n 1 "$run/summary.csv" | damaged header
refuses "a summary.csv of a header alone" header header/summary.csv:1
: | damaged nil
refuses "an empty summary.csv" nil nil/summary.csv
printf 'city,mayor\nUtrecht,Dijksma\n' | damaged foreign
refuses "somebody else's CSV" foreign foreign/summary.csv:1
head -c 4096 "$TEST_PROGRAM" | damaged binary
refuses "a program for a CSV" binary binary/summary.csv:1
sed '2,$s/^1,/2,/' "$run/summary.csv" | damaged future
refuses "a future schema" future future/summary.csv:2
expect "and it says which schema" says "'2'"
awk -F , -v OFS=, 'NR == 3 { $15 = "twelve" } { print }' "$run/summary.csv" |
	damaged wordy
refuses "a word for a number" wordy wordy/summary.csv:3
awk 'NR == 2 { sub(/,ok,/, ",\"ok,") } { print }' "$run/summary.csv" |
	damaged unclosed
refuses "a quote that is never closed" unclosed unclosed/summary.csv:2
sed 's/,value,/,worth,/' "$run/summary.csv" | damaged renamed
refuses "a column that is missing" renamed renamed/summary.csv:1
expect "and it is named" says value
mkdir -p directory/summary.csv
refuses "a directory for a summary.csv" directory directory/summary.csv
refuses "a file of a run" run/summary.csv "run/summary.csv: cannot be written"
expect "and it says what to name" says "name the directory of a run"
if has_ordinary; then
	mkdir closed
	cp "$run"/*.csv closed
	chmod 555 closed
	left=$(find closed | sort)
	attempt_ordinary "$PROGRAM" report closed
	expect "a run that may not be written is refused" \
		refused "closed: cannot be written: Permission denied"
	expect "and nothing is made" [ "$(find closed | sort)" = "$left" ]
	chmod 755 closed
else
	skipped "a run that may not be written" \
		"setpriv is not there, or another user cannot reach $BUILD"
fi
damaged part <"$run/summary.csv"
head -c -1 "$run/invocations.csv" >part/invocations.csv
refuses "an invocations.csv cut within its last field" part \
	"part/invocations.csv:$(wc -l <"$run/invocations.csv"): "
damaged twice <"$run/summary.csv"
sed 2p "$run/invocations.csv" >twice/invocations.csv
refuses "an invocations.csv with a row twice" twice twice/invocations.csv:3
damaged short <"$run/summary.csv"
head -n 2 "$run/invocations.csv" >short/invocations.csv
refuses "an invocations.csv of one row" short short/invocations.csv:2
cd "$ROOT" || exit 2

# ------------------------------------------------------- numbers that are whole

# 080384 would be octal to gnuplot, and no number
whole=$WORK/whole
mkdir "$whole"
cp "$run"/*.csv "$whole"
rm "$whole/invocations.csv" "$whole/histogram.csv" # they are of other cases
row() # case metric value
{
	echo "1,m,r,$1,$2,ns,ok,,10,100,$3,$3,$3,,,,,,,single,"
}
{
	head -n 1 "$run/summary.csv"
	for way in futex eventfd epoll_eventfd uv_async; do
		row "roundtrip,$way,thread,pu,-" latency 80384
	done
	row message,port,thread,pu,size=1KiB latency 90384
} >"$whole/summary.csv"
if command -v gnuplot >/dev/null; then
	attempt "$PROGRAM" report "$whole"
	expect "a report of whole numbers exits 0" exits 0
	expect "and its charts show them" \
		grep -q '90.4 µs' "$whole/charts/waterfall.svg"
else
	skipped "whole numbers" "gnuplot is not installed"
fi

# ---------------------------------------------------- what a report can lack

plain=$WORK/plain
mkdir "$plain" "$WORK/bin"
cp "$run"/*.csv "$plain"
attempt env PATH="$WORK/bin" "$PROGRAM" report "$plain"
expect "without gnuplot report exits 1" exits 1
if is_emulated; then
	skipped "and says so" "an emulator does not tell why exec failed"
else
	expect "and says so" says gnuplot
fi
expect "and not that all is made" fails_to_find 'report.html, ' "$WORK/out"
expect "and tables.md is there all the same" \
	[ -s "$plain/tables.md" ]
expect "and has the tables" [ "$(grep '^|' "$run/tables.md")" = \
	"$(grep '^|' "$plain/tables.md")" ]

cut=$WORK/cut
mkdir -p "$cut/charts"
cp "$run"/*.csv "$cut"
echo old >"$cut/charts/message.svg"
make_cutting_gnuplot "$WORK/full-disk"
attempt env PATH="$WORK/full-disk:$PATH" "$PROGRAM" report "$cut"
expect "charts that gnuplot cuts off: report exits 1" exits 1
for chart in roundtrip distribution message; do
	for type in svg png; do
		expect "and $chart.$type is named" \
			says "charts/$chart.$type could not be drawn"
	done
done
expect "and none is kept, nor anything temporary" [ \
	"$(cd "$cut/charts" && find . -type f)" = ./message.svg ]
expect "and what was there is as it was" [ \
	"$(cat "$cut/charts/message.svg")" = old ]
expect "and not that all is made" fails_to_find 'report.html, ' "$WORK/out"

if [ -c /dev/full ]; then
	attempt_into /dev/full "$PROGRAM" report "$again"
	expect "report into a full device exits 1" exits 1
	expect "and says so" says "standard output"
else
	skipped "report into a full device" "there is no /dev/full"
fi
rm "$again/tables.md"
mkdir "$again/tables.md"
attempt "$PROGRAM" report "$again"
expect "a tables.md that cannot be written: exit 1" exits 1
expect "and says which" says "$again/tables.md"
expect "and not that all is made" fails_to_find 'report.html, ' "$WORK/out"
expect "and nothing temporary is left" \
	[ -z "$(find "$again" -name '*.tmp*')" ]
finish
