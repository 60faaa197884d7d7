#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Charts: the same from every summary.csv that the reader takes, in whatever
# directory and with whatever settings of the user's; of every two PUs; and a
# gnuplot or lstopo that hangs, writes without end or fails costs its picture.
# shellcheck source=/dev/null
. tests/e2e.inc

if ! have gnuplot; then
	skipped "charts" "gnuplot is not installed"
	finish
fi
cd "$WORK" || exit 2
touched() # what a shell would have made
{
	find "$WORK" "$ROOT" -maxdepth 3 -name 'P*' -newer start \
		-not -path '*/charts/*' 2>/dev/null | grep -E '/P$'
}
: >start

row() # case metric value
{
	echo "1,m,r,$1,$2,ns,ok,,10,100,$3,$(($3 - 1)),$(($3 + 1)),,,,,,,single,"
}

# A run of two mechanisms, with a name that is no word.
plain=$WORK/plain
mkdir "$plain"
{
	echo "$SUMMARY_HEADER"
	for place in pu core any; do
		for peer in thread process; do
			row "roundtrip,futex,$peer,$place,-" latency 5001
			row "roundtrip,pipe,$peer,$place,-" latency 7001
		done
	done
	row message,pipe,thread,pu,size=1KiB latency 8001
	row message,pipe,thread,pu,size=64KiB latency 9001
} | sed "s/,m,r,/,\"it's a \"\"\\\`id\\\`\"\" \$(id); machine\",r,/" \
	>"$plain/summary.csv"
{
	echo "bench,variant,peer,place,param,metric,unit,low,high,count"
	for way in futex pipe; do
		for i in 1 2 3 4; do
			echo "roundtrip,$way,thread,pu,-,latency,ns,${i}000,${i}010,25"
		done
	done
} >"$plain/histogram.csv"
attempt "$PROGRAM" report "$plain"
expect "a report of a made-up run exits 0" exits 0
expect "and gnuplot has nothing to warn of" [ ! -s "$WORK/err" ]
expect "and there are its charts" [ "$(cd "$plain/charts" && echo ./*)" = \
	"./distribution.png ./distribution.svg ./message.png ./message.svg ./roundtrip.png ./roundtrip.svg" ]
expect "and the machine's name is text" \
	grep -q "it's a .*; machine" "$plain/charts/roundtrip.svg"

# shellcheck disable=SC2317
same_charts() # as those of the plain run
{
	[ "$(cd "$plain/charts" && cksum ./*)" = "$(cd "$1/charts" && cksum ./*)" ]
}

# ----------------------------------------- files that read alike draw alike

# Every field quoted, the columns from last to first, and a byte order mark.
upset() # file: to stdout
{
	printf '\357\273\277'
	csv "$1" | awk -F "$US" '{
		for (i = NF; i; i--) {
			gsub(/"/, "\"\"", $i)
			printf "\"%s\"%s", $i, (i > 1 ? "," : "\r\n")
		}
	}'
}
other=$WORK/other
mkdir "$other"
upset "$plain/summary.csv" >"$other/summary.csv"
upset "$plain/histogram.csv" >"$other/histogram.csv"
attempt "$PROGRAM" report "$other"
expect "one with a byte order mark, quotes and columns reversed: exit 0" exits 0
expect "and it draws the same charts, byte by byte" same_charts "$other"

# ------------------------------------------------------- names of directories

mkdir names
# shellcheck disable=SC2016
for name in '|touch P;' '<touch P;' '~' '$HOME' -x \
	"it's \"; system('touch P')\" \`touch P\` \$(touch P) %s"; do
	rm -rf "names/$name"
	cp -r "$plain" "names/$name"
	rm -r "names/$name/charts"
	(
		cd names || exit
		attempt "$PROGRAM" report -- "$name"
		echo "$CODE" >../code
	)
	expect "a run in $name: report exits 0" [ "$(cat code)" -eq 0 ]
	expect "and has its charts there" same_charts "names/$name"
	case $name in "~" | \$HOME) continue ;; esac # as report does
	(
		cd names || exit
		attempt "$PROGRAM" compare -o "$name/of" -- "$name" "$name"
		echo "$CODE" >../code
	)
	expect "and compare -o into it exits 0" [ "$(cat code)" -eq 0 ]
	expect "with its charts" [ -s "names/$name/of/charts/compare_bars.svg" ]
done
expect_none "and no name has run a command" "$(touched)"

# ------------------------------------------------------- settings of the user's

mkdir home
cat >home/.gnuplot <<'END'
set title "from the user"
set linetype 1 lc rgb "red"
system("touch P")
END
cp home/.gnuplot home/gnuplotrc
mine=$WORK/mine
cp -r "$plain" "$mine"
rm -r "$mine/charts"
attempt env HOME="$WORK/home" GNUPLOT_LIB="$WORK/home" GNUTERM=dumb \
	GNUPLOT_FONTPATH=/nonexistent "$PROGRAM" report "$mine"
expect "with a ~/.gnuplot and settings, report exits 0" exits 0
expect "and its charts are the same" same_charts "$mine"
expect_none "and nothing of it was run" "$(touched)"

# ------------------------------------------------------------ every two PUs

pairs() # PUs dir
{
	mkdir "$2"
	awk -v n="$1" -v header="$SUMMARY_HEADER" 'BEGIN {
		print header
		for (peer = 0; peer < 2; peer++)
		for (a = 0; a < n; a++)
		for (b = 0; b < n; b++) {
			if (a == b)
				continue
			id = "1,m,r,roundtrip,futex," \
				(peer ? "process" : "thread") \
				",pu" a "-pu" b ",-"
			if (a == 1 && b == 2) {
				print id ",latency,ns,failed,it broke,,,,,,,,,,,,,"
				continue
			}
			v = 500 + 10 * a + b
			print id ",syscalls,count,ok,,2,100,2,2,2,,,,,,,slope,"
			print id ",latency,ns,ok,,10,100," v "," v - 1 "," \
				v + 1 ",,,,,,,single,"
		}
		if (n == 12)
			print "1,m,r,roundtrip,futex,thread,core,-,latency,ns," \
				"ok,,10,100,700,699,701,,,,,,,single,"
	}' >"$2/summary.csv"
	awk -v n="$1" 'BEGIN {
		print "name,value,source"
		for (i = 0; i < n; i++)
			printf "topology.pu.%d,package %d core %d node %d,x\n",
				i, i % 2, i % (n / 2), i % 2
	}' >"$2/env.csv"
}

too_wide() # file: tables' lines of more than 200 columns, claims aside
{
	sed -n '/^## roundtrip/,$p' "$1" | LC_ALL=C.UTF-8 awk '
	{ gsub(/·|×|µ|÷/, "x") }
	/^\|/ && length($0) > 200 { print FNR ": " length($0) }'
}

for pus in 12 64; do
	run=$WORK/pairs$pus
	pairs "$pus" "$run"
	attempt env HANDOFF_TOOL_SECONDS=100 "$PROGRAM" report "$run"
	expect "all pairs of $pus PUs: report exits 0" exits 0
	expect "and says nothing" [ ! -s "$WORK/err" ]
	expect "with a matrix" [ -s "$run/charts/matrix.png" ]
	expect_none "and tables of at most 200 columns" \
		"$(too_wide "$run/tables.md")"
	for text in 'one PU with itself' failed 'package 1' futex/process; do
		expect "in whose legend or axis is: $text" \
			grep -qF "$text" "$run/charts/matrix.svg"
	done
done
expect "pairs alone have no other chart" [ "$(cd pairs64/charts && echo ./*)" = \
	"./matrix.png ./matrix.svg" ]
expect "a place beside them has its own" [ -s pairs12/charts/roundtrip.svg ]
expect_none "without the pairs" "$(grep -F pu0-pu1 pairs12/charts/roundtrip.svg)"
expect "64 PUs are told by what two share" \
	grep -q '64 × 64 are too many for a table' pairs64/tables.md

# --------------------------------------------------------- more than has room

many=$WORK/many
mkdir "$many"
{
	echo "$SUMMARY_HEADER"
	for i in $(seq 40); do
		row "roundtrip,futex,thread,l3:kind$i,-" latency 5001
	done
} >"$many/summary.csv"
attempt "$PROGRAM" report "$many"
expect "a run of 40 places exits 0" exits 0
expect "and what has no room is said" says "16 of 40 places"
expect "in the chart, too" grep -q "16 of 40 places" \
	"$many/charts/roundtrip.svg"
expect "and places that nobody knew are drawn" \
	grep -q "l3:kind24: shared L3 cache" "$many/charts/roundtrip.svg"

# ------------------------------------------------------ histograms of a million

for way in $(seq 60); do
	row "message,w$way,thread,pu,-" latency 5001
done | sed 's/,100,5001/,5000,5001/' >more.csv
{
	echo "$SUMMARY_HEADER"
	cat more.csv
	row roundtrip,pipe,thread,pu,- latency 5001 | sed 's/,100,5001/,5000,5001/'
} >"$other/summary.csv"
awk 'BEGIN {
	print "bench,variant,peer,place,param,metric,unit,low,high,count"
	for (way = 1; way <= 61; way++)
		for (i = 1; i <= 5000; i++)
			printf "%s,thread,pu,-,latency,ns,%d,%d,1\n",
				(way > 60 ? "roundtrip,pipe" : "message,w" way),
				i, i + 1
}' >"$other/histogram.csv"
attempt "$PROGRAM" report "$other"
expect "a histogram.csv of 305 000 rows: report exits 0 in time" exits 0
expect "with its chart" [ -s "$other/charts/distribution.svg" ]

# -------------------------------------- amounts that are numbers of PUs

as_pus=$WORK/as_pus
mkdir "$as_pus"
{
	echo "$SUMMARY_HEADER"
	for parties in 1 4 pus 2pus; do
		row "lock,spinlock,thread,package,parties=$parties" latency 501
	done
	# and times that have no interval
	for size in 4MiB 16MiB; do
		row "fork_memory,dirty,process,pu,rss=$size" "done" 5001 |
			sed 's/,5000,5002,/,,,/'
	done
} >"$as_pus/summary.csv"
attempt "$PROGRAM" report "$as_pus"
expect "parties as many as PUs, and twice: report exits 0" exits 0
expect "with its chart" [ -s "$as_pus/charts/lock.svg" ]
expect "and one of times without intervals" \
	[ -s "$as_pus/charts/fork_memory.svg" ]
expect "and gnuplot has nothing to warn of" [ ! -s "$WORK/err" ]

# ------------------------------------------------- programs that do not end

bad=$WORK/bad
fresh() # a run without anything made of it
{
	rm -rf "$bad"
	mkdir "$bad"
	cp "$plain"/*.csv "$bad"
}
spoiled() # what why
{
	expect "$1: report exits 1" exits 1
	expect "and says why" says "$2"
	expect "and the tables are there" grep -q '^| roundtrip latency' \
		"$bad/tables.md"
	expect "and the page" grep -q '</html>' "$bad/report.html"
	expect_none "and no picture, nor anything temporary" \
		"$(find "$bad" -name '*.tmp*' -o -name '*.svg' -o -name '*.png')"
}

echo 'trap "" TERM INT; sleep 300 & wait; sleep 300' | make_gnuplot hangs
fresh
attempt env HANDOFF_TOOL_SECONDS=1 PATH="$WORK/hangs:$PATH" "$PROGRAM" \
	report "$bad"
spoiled "a gnuplot that hangs" "was not done after 1 s"
expect "and after two charts no more are tried" says "no further charts"

echo 'exec cat /dev/zero' | make_gnuplot endless
fresh
attempt env PATH="$WORK/endless:$PATH" "$PROGRAM" report "$bad"
spoiled "one that writes without end" "wrote more than 64 MiB"

echo 'echo "cannot open font" >&2; exit 1' | make_gnuplot fails
fresh
attempt env PATH="$WORK/fails:$PATH" "$PROGRAM" report "$bad"
spoiled "one that fails" "exit code 1"
expect "with what it said" says "cannot open font"

make_cutting_gnuplot half
fresh
attempt env PATH="$WORK/half:$PATH" "$PROGRAM" report "$bad"
spoiled "one that draws a half" "a part of it alone"

# Only the second of the charts.
real=$(command -v gnuplot)
cat <<END | make_gnuplot one
case "\$*" in *message.gp) exit 7 ;; esac
exec "$real" "\$@"
END
fresh
attempt env PATH="$WORK/one:$PATH" "$PROGRAM" report "$bad"
expect "one chart that fails: exit 1" exits 1
expect "and the others are drawn" [ "$(cd "$bad/charts" && echo ./*)" = \
	"./distribution.png ./distribution.svg ./roundtrip.png ./roundtrip.svg" ]
attempt env HANDOFF_TOOL_SECONDS=soon "$PROGRAM" report "$bad"
expect "a deadline that is none is refused" exits 2
expect "by its name" says HANDOFF_TOOL_SECONDS=soon
attempt env HANDOFF_TOOL_SECONDS=0 "$PROGRAM" run getppid -o unmeasured
expect "before anything is measured" [ "$CODE" = 2 ]
expect "or made" [ ! -e unmeasured ]

# The machine is drawn as boxes instead.
for what in 'sleep 300' 'exec cat /dev/zero'; do
	mkdir -p lstopo
	printf '#!/bin/sh\n%s\n' "$what" >lstopo/lstopo-no-graphics
	chmod +x lstopo/lstopo-no-graphics
	cp lstopo/lstopo-no-graphics lstopo/lstopo
	fresh
	cp "$ROOT/results/reference/kvm-2pu-zen3/topology.xml" "$bad"
	attempt env HANDOFF_TOOL_SECONDS=2 PATH="$WORK/lstopo:$WORK/fails:$PATH" \
		"$PROGRAM" report "$bad"
	expect "a lstopo that does '$what': the machine is drawn as boxes" \
		grep -q 'class="box' "$bad/report.html"
done
fresh
mkfifo "$bad/topology.xml"
attempt env PATH="$WORK/fails:$PATH" "$PROGRAM" report "$bad"
expect "a topology.xml that is a FIFO is not waited for" [ "$CODE" -lt 124 ]
expect "and is named" says "topology.xml"

# --------------------------------------------------------- signals, and kill -9

make_gnuplot naps <<'END'
: >"$0.began"
exec sleep 300
END
for signal in INT TERM; do
	fresh
	rm -f naps/gnuplot.began
	start env PATH="$WORK/naps:$PATH" "$PROGRAM" report "$bad"
	within 60 [ -e naps/gnuplot.began ]
	kill -"$signal" "$SESSION"
	collect
	expect "SIG$signal while charts are drawn: exit 130" exits 130
	expect "and it says where the rest is" says "interrupted; what was measured"
	expect "and nothing runs on" within 20 session_is_empty
	expect_none "nor is anything temporary left" "$(find "$bad" -name '*.tmp*')"
	expect "and the data is as it was" \
		cmp "$bad/summary.csv" "$plain/summary.csv"
done
rm -f naps/gnuplot.began
start env PATH="$WORK/naps:$PATH" "$TEST_PROGRAM" run \
	'roundtrip/pipe/thread/any/-' --budget 1s --invocations 2 -o ran
within 60 [ -e naps/gnuplot.began ]
kill -TERM "$SESSION"
collect
expect "SIGTERM while a run draws its charts: exit 130" exits 130
expect "and what was measured is kept" [ -s ran/summary.csv ]
expect "and nothing runs on" within 20 session_is_empty
fresh
rm -f naps/gnuplot.began
start env PATH="$WORK/naps:$PATH" "$PROGRAM" report "$bad"
within 60 [ -e naps/gnuplot.began ]
kill -KILL "$SESSION"
wait "$SESSION" 2>/dev/null
expect "killed itself, it leaves no gnuplot" within 20 session_is_empty
SESSION=
finish
