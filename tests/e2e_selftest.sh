#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Breaks truths on purpose, in the tests' own build: selftest must name them
# and fail.
set -u
: "${BUILD:=build}"
failed=0

# selftest NAME LINE: with truth NAME broken, exit 1 and a line that says so
broken() {
	# the budget is left to tests of budgets: a slow machine needs more
	output=$(HANDOFF_BREAK=$1 HANDOFF_PATIENCE=90 "$BUILD/tests/handoff" \
		selftest --budget 12s 2>/dev/null)
	code=$?
	if [ "$code" -eq 1 ] &&
		echo "$output" | grep "^$2" | grep -q 'NOT RECOVERED'; then
		echo "ok selftest finds a broken truth: $1"
	else
		echo "FAILED selftest finds a broken truth: $1: exit $code"
		echo "$output"
		failed=1
	fi
}

if [ -n "${HANDOFF_EMULATED:-}" ]; then
	broken wait_half 'waits of' # its clock is too coarse for an eighth
	echo "skipped selftest finds a broken truth: syscalls: an emulator counts none"
else
	broken wait 'waits of'
	broken syscalls 'system calls: eventfd'
fi

# What is not broken is recovered even in so short a run.
case $output in
*'copies: pipe'*' ok'*) echo "ok and a truth that is not broken is recovered" ;;
*)
	echo "FAILED and a truth that is not broken is recovered:"
	echo "$output"
	failed=1
	;;
esac
exit $failed
