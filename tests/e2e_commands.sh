#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Commands that are not there, and what is said of those that are.
# shellcheck source=/dev/null
. tests/e2e.inc

refuses() # what text arguments…
{
	refuses=$1
	text=$2
	shift 2
	attempt "$PROGRAM" "$@"
	expect "$refuses is refused with exit 2 and one line" refused "$text"
}

refuses "a mistyped command" "'runn'; nearest: run" runn
refuses "another" "nearest: compare" comapre a b
refuses "one that is no command's" \
	"there are: list run compare report doctor selftest" frobnicate
refuses "a bench for a command" "handoff run roundtrip/pipe" roundtrip/pipe
refuses "help of a mistyped command" "nearest: report" help reprot
refuses "help of two" "one command" help run list
refuses "version of something" arguments version run
refuses "a format that there is not" "table markdown csv json" \
	compare --format tabel a b

for command in '' list run compare report doctor selftest; do
	# shellcheck disable=SC2086 # no command, no word
	attempt "$PROGRAM" $command --help
	mv "$WORK/out" "$WORK/asked"
	# shellcheck disable=SC2086
	attempt "$PROGRAM" help $command
	expect "help $command is what --help says" \
		cmp -s "$WORK/out" "$WORK/asked"
	expect "and exits 0" exits 0
done
attempt "$PROGRAM" --version
mv "$WORK/out" "$WORK/asked"
attempt "$PROGRAM" version
expect "version is what --version says" cmp -s "$WORK/out" "$WORK/asked"
expect "and exits 0" exits 0
finish
