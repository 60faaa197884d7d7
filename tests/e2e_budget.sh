#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A run's budget: what does not fit is refused or left out and said so, the end
# is kept, progress is honest. Bounds are wide: a busy machine is no failure.
# shellcheck source=/dev/null
. tests/e2e.inc

export HANDOFF_PATIENCE=0
run=$WORK/run

# Runs, and leaves in LASTED how many seconds passed until everything was
# measured: charts and tables come after that.
timed() # argument…
{
	rm -rf "$run"
	began=$(date +%s)
	attempt "$TEST_PROGRAM" run "$@" -o "$run"
	ended=$(stat -c %Y "$run/summary.csv" 2>/dev/null || date +%s)
	LASTED=$((ended - began))
}

lasted() # at-most
{
	[ "$LASTED" -le "$1" ]
}

# The budget that a refusal names.
named()
{
	sed -n 's/.* needs\{0,1\} at least \([0-9]*m\{0,1\}s\{0,1\}\), the budget is .*/\1/p' \
		"$WORK/err"
}

refused_with_a_budget()
{
	exits 2 && [ -n "$(named)" ] && [ ! -e "$run" ] && measured_nothing
}

# What is wrong with the lines a block: a percentage that falls, a block beyond
# their number, nothing left though it goes on.
progress_flaws()
{
	sed -n 's/^block \([0-9]*\) of \([0-9]*\): *\([0-9]*\) %, /\1 \2 \3 /p' \
		"$WORK/err" | awk '
	$1 > $2 { print "block " $1 " of " $2 }
	$3 < last || $3 > 99 { print $3 " % after " last " %" }
	$4 $5 == "0s" { print "0 s left in block " $1 }
	{ last = $3 }'
}

ids() # status-and-reason, as basic regular expression: whose rows are so
{
	csv "$run/summary.csv" | sed 1d | awk -F "$US" '{
		print $4 "/" $5 "/" $6 "/" $7 "/" $8 "\037" $9 "\037" $11 ":" $12
	}' | grep "$1" | cut -d"$US" -f1 | sort -u
}

# ------------------------------------------------------- everything, in 3 s

timed --full --budget 3s
if exits 0; then
	expect "everything in 3 s: ends in time" lasted 13
else
	expect "everything in 3 s: refused, and a budget that would do is named" \
		refused_with_a_budget
fi

# --------------------------------------------------------- what does not fit

set -- --places pu,any --full 'message/*'
timed "$@" --budget 2s
expect "a budget for some cases: exit 0" exits 0
expect "and it ends in time" lasted 12
# cases, of which are measured, of which are left out; a slow machine leaves out
# headline cases too
line=$(sed -n 's/^handoff: \([0-9]*\) cases need at least [0-9]*m\{0,1\}s\{0,1\}; measuring the \([0-9]*\) that fit into 2 s, left out: \(.*\)/\1 \2 \3/p' \
	"$WORK/err" | awk '{
		left = 0
		for (i = 3; i <= NF; i++)
			if ($i ~ /^\(/)
				left += substr($i, 2)
		print $1, $2, left
	}')
expect "and says first which are left out" [ -n "$line" ]
expect "and the numbers add up" \
	[ "$(echo "$line" | awk '{ print $1 - $2 - $3 }')" = 0 ]
expect_none "and its files are whole" "$(run_flaws "$run")"
asked=$("$TEST_PROGRAM" list "$@" | cut -d' ' -f1 | sort)
expect "and every case that was asked for has a row" \
	[ "$asked" = "$(ids .)" ]
expect "and those left out say why" [ \
	"$(ids 'absent:left out: the budget of 2 s is too short' | wc -l)" = \
	"$(echo "$line" | cut -d' ' -f3)" ]
expect_none "and progress is honest" "$(progress_flaws)"
"$TEST_PROGRAM" list --places pu,any 'message/*' | cut -d' ' -f1 | sort \
	>"$WORK/headline"
untimed=$(ids "${US}latency${US}absent:left out" |
	comm -12 - "$WORK/headline")
more=$(ids "${US}latency${US}ok:" | comm -23 - "$WORK/headline")
if [ -n "$untimed" ]; then
	expect_none "and headline cases come first" "$more"
else
	ok "and headline cases come first"
fi

expect "and nothing is counted before all can be timed" [ \
	"$(csv "$run/invocations.csv" | sed 1d | cut -d"$US" -f11 | sort -u)" = \
	time ]

# ------------------------------------------------------------ next to nothing

timed roundtrip/pipe --budget 10ms
expect "next to nothing fits: refused" refused_with_a_budget
timed getppid --budget 1ms --no-counts
expect "not one case fits: refused" refused_with_a_budget
timed getppid --budget "$(named)" --no-counts
expect "and the budget that was named will do" exits 0
expect "to time it once" [ "$(fields "$run/summary.csv" getppid/-/-/-/- \
	latency status)" = ok ]

# ------------------------------------------------ one end for every kind of run

timed misbehave/hang misbehave/fine --budget 1s
expect "a case that hangs as the budget ends: exit 0" exits 0
expect "it ends in time" lasted 12
expect "and is not blamed for it" [ "$(fields "$run/summary.csv" \
	misbehave/hang/-/-/- latency reason)" = \
	"left out: the budget of 1 s ended first" ]
expect_none "its files are whole" "$(run_flaws "$run")"
expect "and the end is said" says "the budget of 1 s ended: "

timed misbehave/absent --invocations 1000000 --budget 5s
expect "nothing left to measure: exit 0" exits 0
expect "it ends at once" lasted 10

timed 'roundtrip/[ep][vi]*/*/pu/-' --budget 0.3s --invocations 6
expect "a budget too short for counting: exit 0" exits 0
expect "it is said" says "is for times first; counted in fewer processes"
expect "and the counts say so too" [ "$(ids \
	':left out: the budget of 0.3 s is for times first' | wc -l)" -gt 0 ]
expect_none "and progress is honest" "$(progress_flaws)"

timed getppid --budget 1.5s --no-counts --invocations 2 --precision 0.0001%
expect "a precision that is not reached: exit 0" exits 0
expect "it ends in time" lasted 12
expect "blocks are added without a number of them" \
	grep -q '^block [0-9]*, added: ' "$WORK/err"
expect "and it is said" says "as narrow as asked"
expect_none "and progress is honest" "$(progress_flaws)"

# ------------------------------------------------- more rows than can be read

timed --full --invocations 1000000 --budget 1000h --no-counts
expect "more rows than report reads: refused" \
	refused "that report and compare read"
expect "before anything is made" [ ! -e "$run" ]
finish
