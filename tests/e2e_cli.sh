#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The command line: what is refused and how, help, and `list` here and on a
# machine of 1024 PUs.
# shellcheck source=/dev/null
. tests/e2e.inc

# ------------------------------------------------------------------ refused

refuses() # what text arguments…
{
	refuses=$1
	text=$2
	shift 2
	attempt "$TEST_PROGRAM" "$@"
	expect "$refuses is refused with exit 2 and one line" refused "$text"
}

cd "$WORK" || exit 2
commands=$("$PROGRAM" --help | sed -n 's/^ *handoff \([a-z][a-z]*\).*/\1/p')
refuses "no command" command
refuses "an unknown command" frobnicate frobnicate
refuses "an unknown option before the command" --frob --frob list
for command in $commands; do
	refuses "an unknown option of $command" --frob "$command" --frob
done
for value in 0 -5s abc 5parsecs 1e999s nan inf ''; do
	refuses "--budget '$value'" --budget run getppid --budget="$value"
done
for value in 0 -1 1.5 abc 99999999999999999999 ''; do
	refuses "--invocations '$value'" --invocations \
		run getppid --invocations="$value"
done
for value in -1 1.5 abc 99999999999999999999 ''; do
	refuses "--seed '$value'" --seed run getppid --seed="$value"
done
for value in 0 -1s never; do
	refuses "--deadline '$value'" --deadline \
		run getppid --deadline="$value"
done
refuses "an option without its value" budget run getppid --budget
refuses "an unknown place" "'nowhere'" list --places nowhere
refuses "an unknown place to run at" "'nowhere'" \
	run --places pu,nowhere roundtrip
expect "and the places that there are, are named" says "pu core"
refuses "an unknown peer" "'nobody'" list --peers nobody
refuses "an unknown peer to run with" "'nobody'" \
	run --peers thread,nobody roundtrip
expect "and the peers that there are, are named" says "thread process"
refuses "report without a directory" directory report
refuses "report of two runs that are not there" a: report a b

refuses "an unknown pattern" "'roundtrip/pip'" list roundtrip/pip
expect "and the nearest ids are named" says "nearest: roundtrip/pipe,"
refuses "an unknown pattern beside a known one" "'getpid'" \
	run getppid getpid -o "$WORK/none"
expect "and the nearest id is named" says "nearest: getppid "
refuses "an unknown glob" "'*/nothing/*'" list '*/nothing/*'
refuses "patterns and filters that meet in no case" "no case" \
	list 'roundtrip/*/thread' --peers process

left=$(find . -mindepth 1 ! -name out ! -name err)
expect_none "what is refused leaves nothing behind" "$left"

# --------------------------------------------------------------------- help

helps() # what text arguments…
{
	helps=$1
	text=$2
	shift 2
	attempt "$PROGRAM" "$@"
	if exits 0 && [ ! -s "$WORK/err" ] && grep -qF -e "$text" "$WORK/out"
	then
		ok "$helps"
	else
		failed "$helps" "$(seen)"
	fi
}

for command in list run compare report doctor selftest; do
	helps "--help names $command" "handoff $command" --help
done
for command in $commands; do
	helps "$command --help" "handoff $command" "$command" --help
done
helps "list --help names --places" --places list --help
helps "run --help names --budget" --budget run --help
helps "report --help names DIR" DIR report --help
version=$(sed -n 's/^VERSION *:= *//p' "$ROOT/Makefile")
helps "--version is the Makefile's" "handoff $version" --version
helps "--usage" COMMAND --usage

# --------------------------------------------------------------------- list

attempt "$PROGRAM" list
expect "list exits 0" exits 0
strange=$(grep -v -E \
	-e '^[^ /]+(/[^ /]+){4} *$' \
	-e '^[^ /]+(/[^ /]+){4} +(absent|denied): .+' "$WORK/out")
expect_none "list: each line is an id, or an id and why it is absent" "$strange"
expect "list names getppid" grep -q '^getppid/-/-/-/-' "$WORK/out"
expect_none "list knows no bench of the tests" \
	"$(grep ^misbehave "$WORK/out")"
repeated=$(cut -d' ' -f1 "$WORK/out" | sort | uniq -d)
expect_none "list names no case twice" "$repeated"
all=$(wc -l <"$WORK/out")
attempt "$PROGRAM" list --full
expect "list --full names no fewer" [ "$(wc -l <"$WORK/out")" -ge "$all" ]

attempt "$PROGRAM" list roundtrip/pipe --places pu,any --peers thread
expect "list narrows by pattern, place and peer" \
	[ "$(one_line <"$WORK/out")" = \
	"roundtrip/pipe/thread/pu/- roundtrip/pipe/thread/any/- " ]
attempt "$PROGRAM" list 'roundtrip/pi?e/*/pu/-'
expect "list takes globs" [ "$(one_line <"$WORK/out")" = \
	"roundtrip/pipe/thread/pu/- roundtrip/pipe/process/pu/- " ]

if [ -c /dev/full ]; then
	attempt_into /dev/full "$PROGRAM" list
	expect "list fails when its output cannot be written" fails
	expect "and says so" [ -s "$WORK/err" ]
else
	skipped "list into a full device" "there is no /dev/full"
fi

# ----------------------------------------------- a machine that is not here

HWLOC_THISSYSTEM=0
HWLOC_SYNTHETIC="pack:8 numa:1 l3:8 core:8 pu:2"
export HWLOC_THISSYSTEM HWLOC_SYNTHETIC

limit=1
is_sanitized && limit=10
try=1
until attempt timeout $limit "$PROGRAM" list && exits 0; do
	[ $try -lt 3 ] || break # someone else's work may have been in the way
	try=$((try + 1))
done
expect "list of 1024 PUs ends within $limit s" exits 0
present=$(grep -v ' absent: ' "$WORK/out" | grep '^roundtrip/pipe/thread/' |
	cut -d/ -f4 | one_line)
for place in pu core l3 machine; do
	case " $present" in
	*" $place "*) ok "1024 PUs: $place is a place" ;;
	*) failed "1024 PUs: $place is a place" "$present" ;;
	esac
done
case " $present" in
*" package "* | *" node "*) ok "1024 PUs: package or node is a place" ;;
*) failed "1024 PUs: package or node is a place" "$present" ;;
esac

HWLOC_SYNTHETIC="core:1 pu:2"
attempt "$PROGRAM" list
expect "two SMT siblings: core is a place" \
	grep -q '^roundtrip/pipe/thread/core/-$' "$WORK/out"
for place in l3 package machine; do
	expect "two SMT siblings: $place is absent, with a reason" grep -q \
		"^roundtrip/pipe/thread/$place/- *absent: .* PU" "$WORK/out"
done

attempt "$TEST_PROGRAM" run getppid --budget 1s --invocations 2 \
	-o "$WORK/synthetic"
expect "run on a topology that is not this machine's is refused" \
	refused topology
expect "and makes no directory" [ ! -e "$WORK/synthetic" ]
finish
