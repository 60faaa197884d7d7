#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a program inherits: closed descriptors, signals, the umask, limits, an
# empty or huge environment. A run is as good as any other in all of it.
# shellcheck source=/dev/null
. tests/e2e.inc

run=$WORK/run
CASES="roundtrip/uv_async/thread/pu/- roundtrip/pipe/process/pu/- \
create/posix_spawn/process/pu/-"
if is_emulated; then
	CASES="roundtrip/uv_async/thread/pu/- roundtrip/pipe/process/pu/-"
fi

# Rows that say nothing of what they should measure.
bad_rows()
{
	csv "$run/summary.csv" | awk -F "$US" '
		NR > 1 && ($9 == "latency" || $9 == "call") {
		seen++
		if ($11 != "ok" && $12 !~ /clocks that agree/)
			print $4 "/" $5 " " $11 ": " $12
	}
	END { if (seen < 2) print "rows are missing" }'
}

# A run by a shell that does `how` first, then exec "$@".
inherits() # what how
{
	rm -rf "$run"
	# shellcheck disable=SC2086
	attempt env PATH="$WORK:/usr/bin:/bin" /bin/sh -c "$2" - \
		"$TEST_PROGRAM" run $CASES --no-counts --budget 1s \
		--invocations 2 -o "$run"
	expect_none "$1: every case is measured" "$(bad_rows)"
	expect_none "$1: the files are whole" "$(run_flaws "$run")"
	expect "$1: and can be read" test -r "$run/summary.csv"
}

# No charts here: they take longest.
printf '#!/bin/sh\nexit 1\n' >"$WORK/gnuplot"
cp "$WORK/gnuplot" "$WORK/lstopo"
chmod +x "$WORK/gnuplot" "$WORK/lstopo"

# The shells within expand their own arguments.
# shellcheck disable=SC2016
{
	inherits "stdin closed" 'exec "$@" <&-'
	inherits "stdin, stdout and stderr closed" 'exec "$@" <&- >&- 2>&-'
	inherits "umask 0777" 'umask 0777; exec "$@"'
	inherits "a stack of 256 KiB" 'ulimit -S -s 256; exec "$@"'
	inherits "no environment" 'exec env -i "$@"'
	inherits "an environment of 1 MB" '
		big=$(head -c 100000 /dev/zero | tr "\0" x)
		for i in 0 1 2 3 4 5 6 7 8 9; do
			export "BIG$i=$big"
		done
		exec "$@"'
	inherits "other descriptors" 'exec "$@" 3</dev/null 5>/dev/null 9<&0'
	inherits "signals ignored" '
		trap "" PIPE USR1 USR2 ALRM XCPU XFSZ VTALRM PROF
		exec "$@"'
}
# A stack for each thread that no machine has room for.
if sh -c 'ulimit -S -s 1000000000' 2>/dev/null; then
	# shellcheck disable=SC2016
	inherits "a stack of 1 TB" 'ulimit -S -s 1000000000; exec "$@"'
else
	skipped "a stack of 1 TB" "the hard limit forbids it"
fi

# Ignored by whoever started it, or blocked: a run waits for its children.
if env --ignore-signal=CHLD --block-signal=CHLD true 2>/dev/null; then
	# shellcheck disable=SC2016
	inherits "SIGCHLD ignored" 'exec env --ignore-signal=CHLD "$@"'
	# shellcheck disable=SC2016
	inherits "every signal blocked" 'exec env --block-signal "$@"'
else
	skipped "SIGCHLD ignored, signals blocked" "env cannot do so"
fi

# What was asked for on stdout and does not get there is an error; that there
# is no stdin is none.
attempt sh -c 'exec "$@" >&-' - "$TEST_PROGRAM" list getppid
expect "list to a closed stdout fails" exits 1
expect "says so" says "standard output"
attempt sh -c 'exec "$@" <&-' - "$TEST_PROGRAM" list getppid
expect "list without stdin does not" exits 0
attempt sh -c 'exec "$@" 2>&-' - "$TEST_PROGRAM" list getppid
expect "nor without stderr" exits 0
finish
