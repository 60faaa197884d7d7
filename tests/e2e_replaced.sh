#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Programs that are replaced or removed while a run goes on, and a runner that
# is killed at whatever moment: no two builds in one result, nobody left behind.
# shellcheck source=/dev/null
. tests/e2e.inc

if ! have setsid; then
	skipped "a program that is replaced" "setsid is not there"
	finish
fi
patience=5
is_sanitized && patience=20

bin=$WORK/bin
mkdir "$bin"
printf '#!/bin/sh\nexit 1\n' >"$WORK/gnuplot" # charts take longest
cp "$WORK/gnuplot" "$WORK/lstopo"
chmod +x "$WORK/gnuplot" "$WORK/lstopo"
PATH=$WORK:$PATH

# A run by copies of the programs, in the background, that has begun to time.
start_copies() # name pattern…
{
	name=$1
	shift
	cp "$TEST_PROGRAM" "$BUILD/handoff-child" \
		"$BUILD/handoff-child-dynamic" "$bin"
	start "$bin/handoff" run "$@" --no-counts --budget 2s \
		--invocations 400 -o "$WORK/$name"
	within 60 grep -q '^block [3-9]' "$WORK/err"
}

# As `make` does it: another file of the same name.
replace() # name
{
	printf '#!/bin/sh\nexit 3\n' >"$bin/new"
	chmod +x "$bin/new"
	mv "$bin/new" "$bin/$1"
}

measured() # name id metric
{
	[ "$(fields "$WORK/$1/summary.csv" "$2" "$3" status)" = ok ]
}

start_copies program getppid
if is_emulated; then
	replace handoff
	collect
	expect "an emulated program that is replaced ends the run" exits 1
	expect "by name" says "$bin/handoff has been replaced"
else
	replace handoff
	collect
	expect "a program that is replaced: the run goes on as it began" \
		measured program getppid/-/-/-/- latency
	expect_none "and none of its cases failed" "$(grep -e ' failed: ' \
		-e 'has been replaced' "$WORK/err")"
fi
end_session

if is_emulated; then
	skipped "a helper that is replaced" "create is slow there"
else
	start_copies helper getppid create/posix_spawn/process/pu/-
	replace handoff-child
	collect
	expect "a helper that is replaced ends the run" exits 1
	expect "by name" says "$bin/handoff-child has been replaced"
	expect "what was measured is kept" measured helper getppid/-/-/-/- \
		latency
	expect_none "and its case has no time of another build, nor fails" \
		"$(grep ' failed: ' "$WORK/err")"
	expect_none "the files are whole" "$(run_flaws "$WORK/helper")"
	end_session

	start_copies removed getppid create/posix_spawn/process/pu/-
	rm "$bin/handoff-child"
	collect
	expect "a helper that is removed does so, too" exits 1
	end_session
fi

# ------------------------------------------------- killed at some moment

# Planning, between two processes, while they are many: each 0.2 s later.
for tenths in 1 3 5 8 12; do
	start "$TEST_PROGRAM" run create worker 'roundtrip/*/process/pu/-' \
		'lock/futex_mutex/process/pu/*' --places pu,any \
		--budget 60s -o "$WORK/killed$tenths"
	sleep "$((tenths / 10)).$((tenths % 10))"
	kill -KILL "$SESSION"
	expect "killed after $tenths tenths of a second: nobody is left" \
		within $patience session_is_empty
	end_session
done

# --------------------------------------------- INT and TERM in every phase

# While a gnuplot draws that does not end.
printf '#!/bin/sh\necho begun >%s\nexec sleep 30\n' "$WORK/drawing" \
	>"$WORK/gnuplot"
for signal in INT TERM; do
	: >"$WORK/drawing"
	start "$TEST_PROGRAM" run getppid 'roundtrip/pipe/*/pu/-' \
		'roundtrip/eventfd/*/pu/-' --no-counts --budget 1s \
		--invocations 2 -o "$WORK/drawing$signal"
	within 60 grep -q begun "$WORK/drawing"
	kill -s $signal "$SESSION"
	expect "SIG$signal while charts are made ends the run at once" \
		within $patience leader_ended
	collect
	expect "SIG$signal: with exit code 130" exits 130
	expect "SIG$signal: and says where its results are" says interrupted
	expect_none "SIG$signal: which are whole" \
		"$(summary_flaws "$WORK/drawing$signal/summary.csv")"
	end_session
done
finish
