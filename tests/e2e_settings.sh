#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Words that set something: of --tune and of the HANDOFF_ variables. What does
# nothing is refused, by name and with what there is.
# shellcheck source=/dev/null
. tests/e2e.inc

run=$WORK/run

for list in f fif 'fifo,' ',' '' ',fifo' 'fifo,f' cpu-dma \
	'cpu-dma-latency,,fifo' nice; do
	attempt "$TEST_PROGRAM" run getppid --tune "$list" -o "$run"
	expect "--tune '$list' is refused" refused "there are: fifo"
	expect "--tune '$list': before anything is measured" measured_nothing
done

setting() # assignment text
{
	attempt env "$1" "$TEST_PROGRAM" list getppid
	expect "$1 is refused" refused "$2"
}
setting HANDOFF_CLOCK=foo "there is kernel"
setting HANDOFF_CLOCK= "there is kernel"
setting HANDOFF_CLOCK=kernel2 "there is kernel"
setting HANDOFF_COUNT=pref "perf, ptrace, none"
setting 'HANDOFF_EMULATED=a b' HANDOFF_EMULATED
attempt env HANDOFF_CLOCK=kernel HANDOFF_COUNT=none HANDOFF_EMULATED=fpga \
	"$TEST_PROGRAM" list getppid
expect "those that there are are taken" exits 0
expect_none "without a word" "$(grep -v '^# ' "$WORK/err")"
attempt env HANDOFF_CLOKC=kernel "$TEST_PROGRAM" list getppid
expect "a name that sets nothing is no error" exits 0
expect "but is said" says "HANDOFF_CLOKC sets nothing"

# ------------------------------------------------------------ --tune fifo

# Asked for and refused: nothing is measured as if it had been given.
if ! has_ordinary; then
	skipped "--tune fifo of an ordinary user" "there is none"
elif ! grep -q '^Max realtime priority  *0  *0 ' /proc/self/limits; then
	skipped "--tune fifo of an ordinary user" "RLIMIT_RTPRIO allows it"
else
	chmod 777 "$WORK"
	attempt_ordinary "$TEST_PROGRAM" run getppid --tune fifo -o "$run"
	expect "--tune fifo of an ordinary user is refused in one line" \
		refused "RLIMIT_RTPRIO"
	expect "and measures nothing" measured_nothing
fi

# Parties that contend until they are told to stop would do so for good.
crew=lock/futex_mutex/thread/pu/parties=2
place=$(two_pu_place)
apart=barrier/futex_barrier/thread/${place:-pu}/parties=2
attempt env PATH="$WORK" "$TEST_PROGRAM" run $crew "$apart" getppid --full \
	--tune fifo --no-counts --budget 1s --invocations 2 -o "$run"
if exits 2 && says "--tune fifo"; then
	skipped "--tune fifo" "$(cat "$WORK/err")"
else
	expect "--tune fifo: a crew on one PU is absent" [ "$(fields \
		"$run/summary.csv" $crew latency status)" = absent ]
	expect "with the reason" [ -n "$(fields "$run/summary.csv" $crew \
		latency reason | grep SCHED_FIFO)" ]
	expect "one that all can work off is measured: $apart" [ "$(fields \
		"$run/summary.csv" "$apart" latency status)" = ok ]
	expect "and what needs no other party is measured" [ "$(fields \
		"$run/summary.csv" getppid/-/-/-/- latency status)" = ok ]
fi
finish
