#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `handoff compare`: runs made up from a few rows, every format, what is
# refused and with which line, exit codes, charts.
# shellcheck source=/dev/null
. tests/e2e.inc

SUMMARY=$SUMMARY_HEADER
INVOCATIONS=bench,variant,peer,place,param,metric,unit,value

# A run of two timed cases, a count and one that is absent; the factor is of
# slow/, and the values are spread over 1 %.
make_run() # dir machine run factor
{
	mkdir -p "$1"
	awk -v dir="$1" -v machine="$2" -v run="$3" -v factor="$4" \
		-v summary="$SUMMARY" -v invocations="$INVOCATIONS" '
	function row(names, value, low, high) {
		printf "1,%s,%s,%s,ok,,16,16,%.6g,%.6g,%.6g,,,,,,,batch,\n", \
			machine, run, names, value, low, high \
			>dir "/summary.csv"
	}
	function timed(names, value,	i) {
		row(names, value, 0.998 * value, 1.002 * value)
		for (i = 0; i < 16; i++)
			printf "%s,%.6g\n", names, \
				value * (0.995 + i / 1500) \
				>dir "/invocations.csv"
	}
	function counted(names, value,	i) {
		row(names, value, value, value)
		for (i = 0; i < 16; i++)
			print names "," value >dir "/invocations.csv"
	}
	function fact(name, value) {
		printf "%s,\"%s\",test\n", name, value >dir "/env.csv"
	}
	BEGIN {
		print summary >dir "/summary.csv"
		print invocations >dir "/invocations.csv"
		print "name,value,source" >dir "/env.csv"
		timed("slow,v,thread,pu,-,latency,ns", 1000 * factor)
		timed("same,v,process,pu,size=1KiB,latency,ns", 5000)
		counted("same,v,process,pu,size=1KiB,syscalls,count", 4)
		counted("facts,v,-,-,-,seen,bool", 1)
		printf "1,%s,%s,none,v,thread,core,-,latency,ns,absent," \
			"\"no \"\"SMT\"\", here\",,,,,,,,,,,,,\n", machine, \
			run >dir "/summary.csv"
		fact("clock.step_ns", 10)
		fact("kernel.release", "6." factor)
		fact("handoff.commit", "abc" (factor > 1 ? "-dirty" : ""))
	}'
}

cd "$WORK" || exit 2
make_run a box 20260101T000000Z 1
make_run b box 20260102T000000Z 1.05
make_run c other 20260103T000000Z 0.9
CASES="slow/v/thread/pu/- same/v/process/pu/size=1KiB facts/v/-/-/-
none/v/thread/core/-"

shows() # text on stdout
{
	grep -qF -e "$1" "$WORK/out"
}

verdict_of() # id metric: of the last attempt, in CSV
{
	fields "$WORK/out" "$1" "$2" verdict | one_line
}

compare()
{
	attempt "$PROGRAM" compare "$@"
}

# ----------------------------------------------------------------- verdicts

compare a b --format csv
expect "comparing two runs exits 0" exits 0
expect "and says nothing on stderr" [ ! -s "$WORK/err" ]
expect "a case that takes 5 % more is slower" \
	[ "$(verdict_of slow/v/thread/pu/- latency)" = "slower " ]
expect "one that takes the same is equivalent" \
	[ "$(verdict_of same/v/process/pu/size=1KiB latency)" = "equivalent " ]
expect "a count that is the same is the same" \
	[ "$(verdict_of same/v/process/pu/size=1KiB syscalls)" = "same " ]
expect "what both lack is missing" \
	[ "$(verdict_of none/v/thread/core/- latency)" = "missing " ]
expect "with its reason" [ "$(fields "$WORK/out" none/v/thread/core/- latency \
	b_reason)" = 'no "SMT", here' ]
expect_none "and each row is whole" "$(csv_flaws "$WORK/out")"
compare b a --format csv
expect "the other way round it is faster" \
	[ "$(verdict_of slow/v/thread/pu/- latency)" = "faster " ]
compare a b --threshold 10% --format csv
expect "within --threshold it is equivalent" \
	[ "$(verdict_of slow/v/thread/pu/- latency)" = "equivalent " ]
compare a/summary.csv b/summary.csv
expect "two summary.csv files are compared" exits 0
expect "and it is said that it is by intervals alone" \
	shows "unsafe: compared by intervals alone"
expect "and what is slower is slower" \
	grep -q '^slow/v/thread/pu/- latency .* slower$' "$WORK/out"

# --------------------------------------------------------------- exit codes

fails_on() # list code a b
{
	compare --fail-on "$1" "$3" "$4"
	expect "--fail-on $1 of $3 and $4 exits $2" exits "$2"
}
fails_on slower 1 a b
fails_on slower 0 b a
fails_on faster 1 b a
fails_on faster 0 a b
fails_on different 1 b a
fails_on faster,slower 1 a b
fails_on slower 0 a a
compare --fail-on slower a b --threshold 10%
expect "--fail-on of what is within --threshold exits 0" exits 0
compare --fail-on slower a b --case 'same/*'
expect "--fail-on of a case that --case leaves out exits 0" exits 0

# One case, ten times as slow among a thousand, in eight processes each.
lone=getppid/-/-/-/-
cp -r "$OLDPWD/results/reference/kvm-2pu-zen3" whole
mkdir -p changed
for file in summary invocations; do
	awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		$at["bench"] == "getppid" && $at["metric"] == "latency" {
			split("value ci_low ci_high min p50 p90 p99 p999 max",
				times, " ")
			for (i in times)
				if (times[i] in at && $at[times[i]] != "")
					$at[times[i]] *= 10
		} 1' "whole/$file.csv" >"changed/$file.csv"
done
cp whole/env.csv changed
compare whole changed --format csv
expect "a lone change in a whole run is slower" \
	[ "$(verdict_of "$lone" latency)" = "slower " ]
expect "and nothing else is" [ "$(grep -c ,slower, "$WORK/out")" -eq 1 ]
fails_on slower 1 whole changed
fails_on slower 0 changed whole

# ------------------------------------------------------------------- unsafe

compare a b
expect "a dirty build is unsafe" \
	shows "unsafe: built from changed sources"
expect "so are different commits" \
	shows "unsafe: different commits of handoff: A abc, B abc-dirty"
expect "and the kernels are shown to differ" \
	grep -q '^kernel.release  *6.1  *6.1.05$' "$WORK/out"
expect "of one machine nothing is said of platforms" \
	[ -z "$(grep platform "$WORK/out")" ]
compare a c
expect "two machines cannot be told from platforms" shows \
	"unsafe: one machine per platform: platform and machine cannot be told"
compare a b c
expect "two runs of a machine and another machine are two machines" \
	shows "note: each group is one machine"
compare a b c --group run
expect "--group run makes three of them" grep -q '^C: ' "$WORK/out"

# ------------------------------------------------------------------ formats

lacks()
{
	for id in $CASES; do
		grep -qF -e "$id" "$WORK/out" || echo "$id"
	done
}

for format in table markdown json; do
	compare a c --format $format
	expect "--format $format exits 0" exits 0
	expect_none "and has every case" "$(lacks)"
	expect "and why one is missing" grep -q SMT "$WORK/out"
done
if have python3; then
	expect "JSON is read by python3" sh -c \
		"python3 -m json.tool '$WORK/out' >'$WORK/json'"
elif have node; then
	expect "JSON is read by node" node -e \
		"JSON.parse(require('fs').readFileSync('$WORK/out'))"
elif have jq; then
	expect "JSON is read by jq" jq -e .results "$WORK/out"
else
	skipped "JSON is read" "there is no python3, node or jq"
fi
compare a c --format markdown
expect "Markdown has the claims, machine beside machine" \
	grep -q '^| claim .*| A measured .*| B measured ' "$WORK/out"
compare a b --verdict slower
expect "--verdict shows such cases" shows slow/v/thread/pu/-
expect "and no others" [ -z "$(grep size=1KiB "$WORK/out")" ]
compare a b --metric syscalls --format csv
expect "--metric compares such metrics alone" [ "$(csv "$WORK/out" |
	cut -d"$US" -f7 | sort -u | one_line)" = "metric syscalls " ]

# -------------------------------------------------------------------- files

compare a b c -o deep/er
if have gnuplot; then
	expect "-o DIR makes DIR and exits 0" exits 0
	for chart in forest bars; do
		for type in svg png; do
			expect "with charts/compare_$chart.$type" \
				[ -s deep/er/charts/compare_$chart.$type ]
		done
	done
	expect "and no chart of distributions, of which there are none" \
		[ ! -e deep/er/charts/compare_cdf.svg ]
	compare a b --metric syscalls -o counts
	expect "charts of counts alone say that there is nothing to draw" \
		grep -q 'nothing to draw' counts/charts/compare_forest.svg
	compare a b --case slow -o one
	expect "a chart of one case is drawn" exits 0
	expect "and gnuplot has nothing to warn of" [ ! -s "$WORK/err" ]
	expect "nor has it left anything temporary" \
		[ -z "$(find one -name '*.tmp*')" ]
	{
		echo "bench,variant,peer,place,param,metric,unit,low,high,count"
		echo "roundtrip,pipe,thread,pu,-,latency,ns,100,101,8"
		echo "roundtrip,pipe,thread,pu,-,latency,ns,200,202,8"
	} | tee a/histogram.csv >c/histogram.csv
	for run in a c; do
		sed -i '/^slow,v,/{p;s/slow,v/roundtrip,pipe/}' \
			$run/invocations.csv
		sed -i '2{p;s/slow,v/roundtrip,pipe/}' $run/summary.csv
	done
	compare a c -o deep
	expect "of runs with histogram.csv there is one" \
		[ -s deep/charts/compare_cdf.svg ]
	expect "which compare.md shows" \
		grep -q charts/compare_cdf.svg deep/compare.md
	cp -r c torn
	refuses_histogram() # what line
	{
		attempt "$PROGRAM" compare a torn -o torn/out
		expect "a histogram.csv $1 is refused with exit 2" exits 2
		expect "and its line" says "torn/histogram.csv:$2: "
	}
	head -c -1 c/histogram.csv >torn/histogram.csv
	refuses_histogram "cut within its last field" 3
	{
		cat c/histogram.csv
		sed 1d c/histogram.csv
	} >torn/histogram.csv
	refuses_histogram "with its buckets twice" 4
	awk 'NR == 1; NR == 2 {
		for (i = 0; i < 20000; i++) {
			sub(/[0-9]*,[0-9]*,8$/, 2 * i "," 2 * i + 1 ",8")
			print
		}
	}' c/histogram.csv >torn/histogram.csv
	refuses_histogram "with more buckets than there are" 10243
	ln -sf histogram.csv torn
	refuses_histogram "that is a loop of links" 1
else
	skipped "charts" "gnuplot is not installed"
fi
expect_none "compare.csv is whole" "$(csv_flaws deep/er/compare.csv)"
expect "and compare.md is there" [ -s deep/er/compare.md ]
page=deep/er/compare.html
expect "and compare.html is there" [ -s "$page" ]
expect_none "which fetches nothing" "$(grep -noE \
	'(src|href|action|data)="[^#d"][^"]*"|url\([^#]|@import|https?://' \
	"$page" | cut -c1-200)"
expect_none "has no id twice" "$(grep -o ' id="[^"]*"' "$page" | sort |
	uniq -d)"
expect "has the claims" grep -q '<h2[^>]*>Claims' "$page"
expect "has every case" [ "$(sed -n '/id="result-table"/,/<\/table>/p' "$page" |
	grep -c '^<tr><th scope="row"')" -eq \
	"$(($(wc -l <deep/er/compare.csv) - 1))" ]
if have tidy; then
	attempt tidy -q -e "$page"
	expect_none "and tidy finds no error in it" "$(grep ' - Error: ' \
		"$WORK/err")"
fi
make_cutting_gnuplot full-disk
attempt env PATH="$WORK/full-disk:$PATH" "$PROGRAM" compare a b -o cut
expect "charts that gnuplot cuts off: exit 1" exits 1
for chart in forest bars; do
	expect "and compare_$chart is named" \
		says "cut/charts/compare_$chart.svg could not be drawn"
done
expect "and none is kept" [ -z "$(find cut/charts -type f)" ]
expect_none "nor shown by compare.md" "$(grep charts/ cut/compare.md)"
expect "and compare.html says so" \
	grep -q 'No chart could be drawn' cut/compare.html
: >file
compare a b -o file
expect "-o of a file is refused" exits 2
expect "and it is named" says file
if has_ordinary; then
	mkdir -m 555 closed
	attempt_ordinary "$PROGRAM" compare a b -o closed/deep/er
	expect "-o where an ordinary user may not write is refused" refused \
		"closed/deep/er: cannot be written: Permission denied"
else
	skipped "-o where an ordinary user may not write" \
		"setpriv is not there, or another user cannot reach $BUILD"
fi

# ----------------------------------------------------------------- refusals

refuses() # what text arguments…
{
	what=$1
	text=$2
	shift 2
	compare "$@"
	expect "$what is refused with exit 2 and one line: $text" \
		refused "$text"
}

refuses "nothing to compare" "two or more runs"
refuses "a run with nothing beside it" "two or more runs" a
refuses "a run that is not there" nowhere a nowhere
refuses "an unknown verdict to fail on" "'worse'" a b --fail-on slower,worse
refuses "an unknown verdict to show" "'worse'" a b --verdict worse
refuses "an empty list of verdicts" --verdict a b --verdict ''
refuses "an unknown metric" "'speed'" a b --metric latency,speed
refuses "a case that is in no run" "'nothing/*'" a b --case 'nothing/*'
refuses "an unknown format" "'xml'" a b --format xml
refuses "an unknown grouping" "'colour'" a b --group colour
refuses "--group machine of one machine" "box" a b --group machine
for value in 0 -1% abc ''; do
	refuses "--threshold '$value'" --threshold a b --threshold="$value"
done

damaged() # file what: a copy of run b whose file comes from stdin
{
	rm -rf damaged
	cp -r b damaged
	cat >"damaged/$1"
}
{
	echo "bench,variant,peer,place,param,metric,unit,low,high,count"
	echo "slow,v,thread,pu,-,latency,ns,100,101,8"
	echo "slow,v,thread,pu,-,latency,ns,200,202,0000008"
} >b/histogram.csv
for file in summary invocations env histogram; do
	lines=$(wc -l <b/$file.csv)
	head -c -9 b/$file.csv | sed '$s/,[^,]*$//' | damaged $file.csv
	refuses "a $file.csv cut within a row" damaged/$file.csv:"$lines" \
		a damaged -o none
	printf 'city,mayor\nUtrecht,Dijksma\n' | damaged $file.csv
	refuses "somebody else's $file.csv" damaged/$file.csv:1 \
		a damaged -o none
	: | damaged $file.csv
	refuses "an empty $file.csv" damaged/$file.csv \
		a damaged -o none
done
head -c -3 b/histogram.csv | damaged histogram.csv
refuses "a histogram.csv cut within a number" damaged/histogram.csv:3 \
	a damaged -o none
expect "and nothing is made" [ ! -e none ]
for file in summary invocations env; do
	head -c -1 b/$file.csv | damaged $file.csv
	refuses "a $file.csv cut within its last field" \
		"damaged/$file.csv:$(wc -l <b/$file.csv): the last line has no" \
		a damaged
	ln -sfn $file.csv damaged/$file.csv
	refuses "a loop of links for $file.csv" damaged/$file.csv:1 a damaged
done
{ # none of them says by itself that it is not whole
	cat b/invocations.csv
	sed 1d b/invocations.csv
	sed 1d b/invocations.csv
} | damaged invocations.csv
refuses "an invocations.csv with its rows three times" \
	"damaged/invocations.csv:193: slow/v/thread/pu/- latency has 48 rows" \
	a damaged
head -n 40 b/invocations.csv | damaged invocations.csv
refuses "one without its last third" "syscalls has 7 rows here and 16 inv" \
	a damaged
head -n 1 b/invocations.csv | damaged invocations.csv
refuses "one of a header only" damaged/invocations.csv:1 a damaged
sed 's/$/,1/;1s/,1$/,order/' b/invocations.csv | damaged invocations.csv
refuses "one with an invocation twice" \
	"invocations.csv:3: slow/v/thread/pu/- latency of invocation 1 " \
	a damaged
sed '2p' b/env.csv | damaged env.csv
refuses "a fact given twice" \
	"damaged/env.csv:3: 'clock.step_ns' is given on line 2" a damaged
rm damaged/invocations.csv
cp b/env.csv damaged
compare a damaged
expect "a run without an invocations.csv is compared" exits 0
expect "by intervals alone" shows "unsafe: compared by intervals alone"
sed '3s/,[^,]*$/,twelve/' b/invocations.csv | damaged invocations.csv
refuses "a word for a number" damaged/invocations.csv:3 a damaged
refuses "a file that is no summary.csv" b/env.csv:1 a b/env.csv
mkdir empty
refuses "an empty directory" empty/summary.csv a empty

if [ -c /dev/full ]; then
	for format in table markdown csv json; do
		attempt_into /dev/full "$PROGRAM" compare a b --format $format
		expect "--format $format into a full device exits 1" exits 1
		expect "and says so" says "standard output"
	done
else
	skipped "into a full device" "there is no /dev/full"
fi
finish
