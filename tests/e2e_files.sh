#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Files of a run: what is kept of one that is killed, links and odd files in its
# directory, two runs in one, a directory that goes away, and what of a file
# reaches a terminal.
# shellcheck source=/dev/null
. tests/e2e.inc

if ! have setsid; then
	skipped "a run that is killed" "setsid is not there"
	finish
fi

# --------------------------------------------------------------------- killed

# A run of a minute and more, unless someone ends it.
start_long() # dir
{
	start "$TEST_PROGRAM" run getppid misbehave/fine misbehave/die \
		--no-counts --budget 90s --invocations 2000 --seed 1 -o "$1"
}

# So many invocations have ended.
has_ended() # dir count
{
	[ -e "$1/journal.csv" ] &&
		[ "$(grep -c '^end,' "$1/journal.csv")" -ge "$2" ]
}

for count in 1 4 12; do
	run=$WORK/killed$count
	start_long "$run"
	within 60 has_ended "$run" "$count"
	kill -KILL "$SESSION"
	within 20 session_is_empty
	end_session
	kept=$(grep -c '^end,' "$run/journal.csv")
	attempt "$TEST_PROGRAM" report "$run"
	what="SIGKILL after $count invocations"
	expect "$what: report exits 0" exits 0
	expect "$what: and says what it read" \
		says "the run in $run was cut; $kept invocations read from its journal"
	expect_none "$what: the files keep the contract" "$(run_flaws "$run")"
	rows=$(csv "$run/invocations.csv" | sed 1d | wc -l)
	failures=$(grep -c '^invocation,.*,failed,' "$run/journal.csv" 2>/dev/null)
	expect "$what: every invocation that ended is there" \
		[ "$rows" -ge $((kept - 1 - ${failures:-0})) ]
	expect "$what: the journal is gone" [ ! -e "$run/journal.csv" ]
	attempt "$TEST_PROGRAM" report "$run"
	expect "$what: a second report says nothing of it" \
		[ "$CODE" -eq 0 -a -z "$(grep 'was cut' "$WORK/err")" ]
done
expect "what was measured is ok" [ "$(fields "$WORK/killed12/summary.csv" \
	getppid/-/-/-/- latency status)" = ok ]
expect "what failed is failed" [ "$(fields "$WORK/killed12/summary.csv" \
	misbehave/die/-/-/- latency status)" = failed ]

# A last record that was being written; others that read runs.
run=$WORK/torn
start_long "$run"
within 60 has_ended "$run" 6
kill -KILL "$SESSION"
within 20 session_is_empty
end_session
printf 'invocation,0,,,,"half a' >>"$run/journal.csv"
cp -R "$run" "$WORK/torn2"
cp -R "$run" "$WORK/torn3"
cp -R "$run" "$WORK/torn4"
attempt "$TEST_PROGRAM" report --json "$run"
expect "report --json reads a run whose journal was torn" exits 0
expect "and says so" says "what stands before it is taken"
attempt "$TEST_PROGRAM" compare "$WORK/torn2" "$WORK/torn3"
expect "compare reads two" exits 0
expect "both are whole then" [ -s "$WORK/torn2/summary.csv" \
	-a -s "$WORK/torn3/summary.csv" ]
# Where there is no room for all, histogram.csv gives way, and the journal stays
# until there is.
pages() # file…: KiB that they take
{
	sum=0
	for file in "$@"; do
		sum=$((sum + ($(wc -c <"$file") + 4095) / 4096))
	done
	echo $((4 * sum))
}

how= # set by can_mount
if can_mount; then
	room=$(($(pages "$WORK/torn4"/*) + $(pages "$WORK/torn2/summary.csv" \
		"$WORK/torn2/invocations.csv")))
	# The script within expands its own arguments.
	# shellcheck disable=SC2016
	attempt unshare "$how" sh -c '
		mount -t tmpfs -o size="$3k" none "$1" && cp -R "$2" "$1/run" ||
			exit 99
		"$4" report "$1/run" >&2
		cp -R "$1/run" "$2.short" &&
			mount -o remount,size=16m "$1" || exit 99
		"$4" report "$1/run" >/dev/null 2>&1
		code=$?
		cp -R "$1/run" "$2.long"
		exit $code' - "$WORK/disk" "$WORK/torn4" "$room" "$TEST_PROGRAM"
	short=$WORK/torn4.short long=$WORK/torn4.long
	expect "no room: histogram.csv is left out, and named" grep -q \
		'/histogram.csv: No space left on device; what was measured' \
		"$WORK/err"
	expect "the others are those of the run" \
		cmp "$WORK/torn2/summary.csv" "$short/summary.csv"
	expect "and what it measured stays" \
		[ -s "$short/journal.csv" -a ! -e "$short/histogram.csv" ]
	expect_none "nothing temporary is left" "$(find "$short" -name '*.tmp*')"
	expect "with more room, report exits 0" exits 0
	expect "and makes it" cmp "$WORK/torn2/histogram.csv" \
		"$long/histogram.csv"
	expect "and the journal is gone" [ ! -e "$long/journal.csv" ]
else
	skipped "no room for all" "nothing can be mounted"
fi

mkdir "$WORK/empty"
head -n 3 "$WORK/torn2/summary.csv" | tail -n 2 >"$WORK/empty/journal.csv"
attempt "$TEST_PROGRAM" report "$WORK/empty"
expect "what is no journal is refused" refused "$WORK/empty/journal.csv"

# A run that ends by itself leaves none.
attempt "$TEST_PROGRAM" run getppid --no-counts --budget 1s --invocations 2 \
	-o "$WORK/ended"
expect "a run that ends leaves no journal" \
	[ "$CODE" -eq 0 -a ! -e "$WORK/ended/journal.csv" ]

# Signals that would end the process: the files are written first.
for signal in QUIT USR1 XCPU; do
	run=$WORK/$signal
	start_long "$run"
	within 60 has_ended "$run" 4
	kill -s $signal "$SESSION"
	collect
	expect "SIG$signal: exit 130" exits 130
	expect_none "SIG$signal: the files are whole" "$(run_flaws "$run")"
	end_session
done
run=$WORK/XFSZ
start_long "$run"
within 60 has_ended "$run" 4
kill -s XFSZ "$SESSION"
kept=$(grep -c '^end,' "$run/journal.csv")
expect "SIGXFSZ: the run goes on" within 60 has_ended "$run" $((kept + 3))
kill -s TERM "$SESSION"
collect
end_session

# ------------------------------------------------------- two runs, one directory

run=$WORK/shared
start_long "$run"
within 60 has_ended "$run" 1
mv "$WORK/err" "$WORK/err.first" # it goes on there
attempt "$TEST_PROGRAM" run getppid --budget 1s --invocations 2 -o "$run"
expect "a second run in the same directory is refused" refused "$run"
expect "and told who is writing there" says "process $SESSION"
expect "before anything is measured" measured_nothing
attempt "$TEST_PROGRAM" report "$run"
expect "a report of what is still going on exits 1 or 2" fails
expect "and leaves the journal to the run" [ -e "$run/journal.csv" ]
kill -KILL "$SESSION"
within 20 session_is_empty
end_session
attempt "$TEST_PROGRAM" run getppid --budget 1s --invocations 2 -o "$run"
expect "a killed run is not overwritten" refused "was cut"
attempt "$TEST_PROGRAM" report "$run"
expect "its lock blocks nobody" exits 0

# ---------------------------------------------- a directory that goes away

run=$WORK/removed
start "$TEST_PROGRAM" run getppid misbehave/fine --no-counts --budget 4s \
	--invocations 10 -o "$run"
within 60 has_ended "$run" 4
kept=$(grep -c '^end,' "$run/journal.csv")
rm -rf "$run"
collect
expect "the directory was removed: the run ends well" exits 0
expect "and says what it did" grep -q 'removed; it is made again' "$WORK/err"
expect_none "its files are whole" "$(run_flaws "$run")"
expect "with the environment and the topology" \
	[ -s "$run/env.csv" -a -s "$run/topology.xml" ]
expect "and all that was measured before" \
	[ "$(csv "$run/invocations.csv" | sed 1d | wc -l)" -ge "$kept" ]
end_session

# ----------------------------------------------------- links that are planted

# Files that are somebody else's, and a directory with links to them.
plant() # dir name…
{
	dir=$1
	shift
	mkdir -p "$WORK/victims/charts" "$dir"
	for name in "$@" charts/kept; do
		echo mine >"$WORK/victims/$name"
	done
	for name in "$@" charts; do
		rm -rf "${dir:?}/$name"
		ln -s "$WORK/victims/$name" "$dir/$name"
	done
}

# What of them is no longer as it was.
touched()
{
	find "$WORK/victims" -type f -exec grep -L -x mine {} +
	find "$WORK/victims/charts" -type f ! -name kept
}

plant "$WORK/planted" topology.xml tables.md tables.md.tmp report.html \
	report.html.tmp claims.csv histogram.csv noise.csv topology.xml.tmp
attempt "$TEST_PROGRAM" run getppid roundtrip/pipe/thread/pu/- --aa \
	--no-counts --budget 1s --invocations 2 -o "$WORK/planted"
expect "links to others' files: the run fails for charts/ alone" exits 1
expect "in one line" says "$WORK/planted/charts: Not a directory"
expect_none "what they point at is as it was" "$(touched)"
for name in topology.xml tables.md report.html claims.csv histogram.csv \
	noise.csv; do
	expect "$name is the run's own file" \
		[ -s "$WORK/planted/$name" -a ! -L "$WORK/planted/$name" ]
done

plant "$WORK/planted" tables.md tables.md.tmp report.html report.html.tmp \
	claims.csv
attempt "$TEST_PROGRAM" report "$WORK/planted"
expect_none "after report, too" "$(touched)"

plant "$WORK/side" compare.html compare.md compare.csv compare_cdf.csv \
	compare.html.tmp compare.md.tmp
attempt "$TEST_PROGRAM" compare "$WORK/ended" "$WORK/ended" -o "$WORK/side"
expect_none "and after compare -o" "$(touched)"
expect "which has its own files" [ -s "$WORK/side/compare.html" \
	-a ! -L "$WORK/side/compare.html" -a ! -L "$WORK/side/compare.csv" ]

# ------------------------------------------------ what is not a regular file

# A copy of a run where a FIFO, or a link to a device that never ends, stands in
# place of a file.
odd=$WORK/odd
make_odd() # kind name
{
	rm -rf "$odd"
	cp -R "$WORK/ended" "$odd"
	rm -f "$odd/$2"
	case $1 in
	fifo) mkfifo "$odd/$2" ;;
	zero) ln -s /dev/zero "$odd/$2" ;;
	esac
}

for odd_file in fifo:summary.csv fifo:invocations.csv fifo:histogram.csv \
	fifo:noise.csv fifo:env.csv fifo:journal.csv fifo:topology.xml \
	zero:summary.csv zero:invocations.csv zero:topology.xml; do
	make_odd "${odd_file%:*}" "${odd_file#*:}"
	attempt "$TEST_PROGRAM" report "$odd"
	expect "$odd_file is refused" \
		refused "$odd/${odd_file#*:}: not a regular file"
done
for odd_file in fifo:histogram.csv zero:env.csv; do
	make_odd "${odd_file%:*}" "${odd_file#*:}"
	for command in "report --json" "compare $WORK/ended"; do
		# Words of a command.
		# shellcheck disable=SC2086
		attempt "$TEST_PROGRAM" $command "$odd"
		expect "by ${command%% /*}, too" \
			refused "$odd/${odd_file#*:}: not a regular file"
	done
done
make_odd fifo summary.csv
attempt "$TEST_PROGRAM" compare "$odd/summary.csv" "$WORK/ended"
expect "and as a file to compare" refused "$odd/summary.csv"

# ---------------------------------------------------------- terminal escapes

# The name of a machine and of a run, an environment and a reason, all of which
# clear the screen, set the title, and say CSI in one byte and in two.
esc=$(printf '\033[2J\033]0;x\007')
csi=$(printf '\23331m\302\23331m\177')
evil=$WORK/evil
cp -R "$WORK/killed12" "$evil"
rm -rf "$evil/charts"
machine=$(csv "$evil/summary.csv" | awk -F "$US" 'NR == 2 { print $2 }')
sed -e "s/,$machine,/,m$esc$csi,/" -e "s/something impossible/$esc$csi/" \
	"$WORK/killed12/summary.csv" >"$evil/summary.csv"
sed -e "2,\$s/^\\([^,]*\\),[^,]*,/\\1,$esc$csi,/" "$WORK/killed12/env.csv" \
	>"$evil/env.csv"

controls() # file…: those with a control character
{
	grep -l -e "$(printf '[\001-\010\013-\037\177]')" -e "$(printf '\302[\200-\237]')" \
		-e "$(printf '\23331m')" "$@"
}

expect "the files do have escapes" [ -n "$(controls "$evil/summary.csv")" \
	-a -n "$(controls "$evil/env.csv")" ]
for command in report "report --json" "compare $WORK/ended" \
	"compare --format markdown $WORK/ended" \
	"compare --claims --format csv $WORK/ended" \
	"compare -o $WORK/beside $WORK/ended"; do
	# shellcheck disable=SC2086
	attempt "$TEST_PROGRAM" $command "$evil"
	expect "escapes: ${command%% /*} ends" [ "$CODE" -le 2 ]
	expect_none "and lets none through" \
		"$(controls "$WORK/out" "$WORK/err")"
done
for file in "$evil/tables.md" "$WORK/beside/compare.md"; do
	[ ! -e "$file" ] || expect_none "nor has ${file##*/}" \
		"$(controls "$file")"
done
attempt "$TEST_PROGRAM" report "$WORK/no$esc$csi"
expect "nor a name that is refused" [ "$CODE" -eq 2 -a -s "$WORK/err" -a \
	-z "$(controls "$WORK/err")" ]
attempt "$TEST_PROGRAM" "no$esc$csi"
expect "nor a command that is none" [ "$CODE" -eq 2 -a -s "$WORK/err" -a \
	-z "$(controls "$WORK/err")" ]
finish
