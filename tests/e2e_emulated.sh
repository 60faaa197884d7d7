#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Built for aarch64 and run by qemu-user: does it work there, and say that what
# it timed is an emulator? `make emulated` runs all tests so.
# shellcheck source=/dev/null
. tests/e2e.inc

sysroot=${SYSROOT:-$ROOT/build/sysroot-aarch64}
why=
if is_emulated; then
	why="this is it"
elif is_sanitized; then
	why="it is the same without sanitizers"
elif [ "$(uname -m)" = aarch64 ]; then
	why="this is one"
elif ! have aarch64-linux-gnu-gcc; then
	why="no aarch64-linux-gnu-gcc here"
elif ! have qemu-aarch64-static && ! have qemu-aarch64; then
	why="no qemu-aarch64-static here"
elif [ ! -e "$sysroot/usr/include/hwloc.h" ]; then
	why="no libraries: scripts/emulate aarch64 sysroot fetches them"
fi
if [ -n "$why" ]; then
	skipped "aarch64" "$why"
	finish
fi

BUILD=$BUILD/aarch64
export BUILD
attempt "$ROOT/scripts/emulate" aarch64 build CFLAGS=-O1
expect "it builds for aarch64" exits 0
exits 0 || finish

emulated() # argument…
{
	attempt "$ROOT/scripts/emulate" aarch64 run "$BUILD/handoff" "$@"
}

emulated list
if exits 77; then
	skipped "aarch64 by qemu-user" "$(one_line <"$WORK/err")"
	finish
fi
expect "list exits 0" exits 0
expect "and names getppid" grep -q '^getppid/-/-/-/-' "$WORK/out"

run=$WORK/run
emulated run getppid roundtrip/futex/thread/pu roundtrip/pipe/process/pu \
	fence/stlr/-/-/- page/touch_shared create/vfork_exec/process/pu \
	--budget 40s --invocations 2 -o "$run"
expect "a run exits 0" exits 0
expect_none "its files keep the contract" "$(run_flaws "$run")"
rows=$(csv "$run/summary.csv" | sed 1d)
expect "each bench has rows that are ok" [ "$(printf '%s\n' "$rows" |
	awk -F "$US" '$11 == "ok" { print $4 }' | sort -u | one_line)" = \
	"create fence getppid page roundtrip " ]
bad=$(printf '%s\n' "$rows" | awk -F "$US" '
	$11 != "ok" && !($9 ~ /^syscalls/ && $11 == "denied") {
		print $4 "/" $5 " " $9 ": " $11 ": " $12
	}')
expect_none "and what is not was counted by a tracer" "$bad"
unmarked=$(printf '%s\n' "$rows" | awk -F "$US" '
	$11 == "ok" && $24 ~ /^(single|batch)$/ &&
		$25 !~ /(^|;)emulated(;|$)/ { print $4 "/" $5 " " $9 }')
expect_none "every time is marked as emulated" "$unmarked"
expect "env.csv says by what" grep -q '^emulation,qemu-user,/proc/' \
	"$run/env.csv"
expect "and so does the machine's name" [ -z "$(printf '%s\n' "$rows" |
	awk -F "$US" '$2 !~ /-emulated$/')" ]
expect "and the head of tables.md" grep -q '^\*\*Emulated\*\*' "$run/tables.md"
finish
