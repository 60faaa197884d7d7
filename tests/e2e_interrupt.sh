#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A run that is interrupted, terminated, hung up or killed: what was measured
# is kept, files are whole, and no process stays behind.
# shellcheck source=/dev/null
. tests/e2e.inc

if ! have setsid; then
	skipped "a run that is interrupted" "setsid is not there"
	finish
fi
patience=5
is_sanitized && patience=20

# A run of a minute and more, unless someone ends it.
start_long() # name pattern…
{
	name=$1
	shift
	start "$TEST_PROGRAM" run "$@" --budget 90s --invocations 100 \
		--seed 1 -o "$WORK/$name"
}

# Every case has been timed: of "block 14 of 112" all but the last 100 count,
# and the first of those 100 is behind.
progressed()
{
	sed -n 's/^block \([0-9]*\) of \([0-9]*\):.*/\1 \2/p' "$WORK/err" |
		awk '$1 > $2 - 100 + 1 { seen = 1 } END { exit !seen }'
}

# After a signal that ends a run: the exit code, the files, the processes.
kept() # what dir code
{
	expect "$1: exit $3" exits "$3"
	expect "$1: says so, and where the results are" says "interrupted"
	expect_none "$1: the files are whole" "$(run_flaws "$2")"
	expect "$1: no process stays behind" \
		within $patience session_is_empty
	end_session
}

for signal in INT TERM; do
	start_long $signal getppid roundtrip/pipe/process/pu/- misbehave/fine
	if ! within 60 progressed; then
		end_session
		failed "SIG$signal: a run gets going" "$(seen)"
		continue
	fi
	# A terminal sends SIGINT to the whole group, `kill` to one process.
	case $signal in
	INT) kill -s INT -- "-$SESSION" ;;
	*) kill -s $signal "$SESSION" ;;
	esac
	collect
	kept "SIG$signal" "$WORK/$signal" 130
	for id in getppid/-/-/-/- misbehave/fine/-/-/-; do
		expect "SIG$signal: what $id has is kept" [ "$(fields \
			"$WORK/$signal/summary.csv" $id latency status)" = ok ]
	done
	mv "$WORK/$signal/tables.md" "$WORK/tables.md"
	attempt "$TEST_PROGRAM" report "$WORK/$signal"
	expect "SIG$signal: and can be reported again" \
		cmp -s "$WORK/tables.md" "$WORK/$signal/tables.md"
done

# Before anything is measured: no row may look as if it were.
start_long early misbehave/hang misbehave/fine
within 60 session_has 2
within 60 grep -q '^block ' "$WORK/err"
kill -INT "$SESSION"
collect
kept "SIGINT before the first result" "$WORK/early" 130
expect "and a case that has none is not ok" [ \
	"$(fields "$WORK/early/summary.csv" misbehave/hang/-/-/- '*' status)" \
	!= ok ]

# nohup: the terminal goes, the run does not.
if have nohup; then
	start nohup "$TEST_PROGRAM" run getppid --budget 3s --invocations 4 \
		-o "$WORK/nohup"
	within 60 grep -q '^block ' "$WORK/err"
	kill -HUP "$SESSION"
	collect
	expect "nohup: a hang-up does not end a run" exits 0
	expect_none "nohup: and its files are whole" \
		"$(run_flaws "$WORK/nohup")"
	end_session
else
	skipped "nohup" "nohup is not there"
fi

# Killed outright: no last words, but nobody is left running either.
killed() # name least-number-of-processes pattern…
{
	name=$1 least=$2
	shift 2
	start_long "$name" "$@"
	within 60 session_has "$least"
	within 60 grep -q '^block ' "$WORK/err"
	kill -KILL "$SESSION"
	limit=1
	is_sanitized && limit=5
	expect "SIGKILL of the runner ends $name within $limit s" \
		within $limit session_is_empty
	end_session
	# A journal may end in what was being written: e2e_files.sh.
	flaws=$(for file in "$WORK/$name"/*.csv; do
		[ "${file##*/}" = journal.csv ] || csv_flaws "$file"
	done)
	expect_none "and leaves whole files" "$flaws"
}

killed a-case-that-hangs 2 misbehave/hang
killed two-processes 3 roundtrip/pipe/process/pu/-
killed two-threads 2 roundtrip/pipe/thread/pu/-
HANDOFF_COUNT=ptrace
export HANDOFF_COUNT
killed a-traced-case 3 roundtrip/eventfd/process/pu/-
finish
