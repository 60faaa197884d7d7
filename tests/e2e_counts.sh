#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Exact counts: system calls by tracepoint and by ptrace, copies; and that
# what cannot be counted is said to be so, never 0.
# shellcheck source=/dev/null
. tests/e2e.inc

place=$(two_pu_place)
eventfd=roundtrip/eventfd/thread/pu/-
pipe=message/pipe/process/pu/size=64KiB
spin=${place:+roundtrip/spin/thread/$place/-}

count() # directory way-of-counting, "" for the program's choice
{
	attempt env ${2:+"HANDOFF_COUNT=$2"} "$TEST_PROGRAM" run \
		"$eventfd" "$pipe" getppid ${spin:+"$spin"} \
		--budget 2s --invocations 2 -o "$WORK/$1"
}

method() # directory: how its system calls were counted
{
	csv "$WORK/$1/env.csv" |
		awk -F "$US" '$1 == "counts.syscalls" { print $2 }'
}

value() # directory id metric
{
	fields "$WORK/$1/summary.csv" "$2" "$3" value
}

is_near() # number wanted tolerance
{
	awk -v x="$1" -v y="$2" -v by="$3" 'BEGIN {
		exit x == "" || x - y > by || y - x > by
	}'
}

counted() # directory id metric wanted tolerance
{
	got=$(value "$1" "$2" "$3")
	counted="$1: $3 of $2 are $4"
	if is_near "$got" "$4" "$5"; then
		ok "$counted"
	else
		failed "$counted" "'$got'; $(seen)"
	fi
}

# The exact ones, by the way of counting that the run itself chose.
exact() # directory
{
	expect_none "$1: every row keeps the contract" \
		"$(summary_flaws "$WORK/$1/summary.csv")"
	counted "$1" "$eventfd" syscalls 4 0.005
	counted "$1" getppid/-/-/-/- syscalls 1 0.005
	if [ -n "$spin" ]; then
		counted "$1" "$spin" syscalls 0 0.005
	else
		skipped "$1: spinning makes no system call" \
			"only one PU is allowed"
	fi
}

# What a bench counts has a row, with a number or with a reason.
answered() # directory id metric
{
	status=$(fields "$WORK/$1/summary.csv" "$2" "$3" status)
	number=$(value "$1" "$2" "$3")
	reason=$(fields "$WORK/$1/summary.csv" "$2" "$3" reason)
	answered="$1: $3 of $2 have a number or a reason"
	case $status:$number:$reason in
	ok:?*: | absent::?* | denied::?*) ok "$answered" ;;
	*) failed "$answered" "status '$status', value '$number', reason '$reason'" ;;
	esac
}

all_answered() # directory
{
	for metric in syscalls switches cpu_time; do
		answered "$1" "$eventfd" $metric
	done
	answered "$1" "$pipe" copies
}

# ------------------------------------------------------------------ default

count default
expect "counting exits 0" exits 0
case $(method default) in
perf | ptrace) exact default ;;
*) skipped "default: exact system calls" "$(grep counts.syscalls \
	"$WORK/default/env.csv")" ;;
esac
if [ "$(fields "$WORK/default/summary.csv" $pipe copies status)" = ok ]; then
	counted default $pipe copies 2 0.05
else
	skipped "default: copies of a message" \
		"$(fields "$WORK/default/summary.csv" $pipe copies reason)"
fi
all_answered default

# ------------------------------------------------------------------- ptrace

count ptrace ptrace
expect "counting by ptrace exits 0" exits 0
if [ "$(method ptrace)" = ptrace ]; then
	exact ptrace
else
	skipped "ptrace: exact system calls" \
		"$(grep counts.syscalls "$WORK/ptrace/env.csv")"
fi
all_answered ptrace

# --------------------------------------------------------------------- none

count none none
expect "a run that may not count exits 0" exits 0
expect_none "none: every row keeps the contract" \
	"$(summary_flaws "$WORK/none/summary.csv")"
for id in $eventfd getppid/-/-/-/-; do
	status=$(fields "$WORK/none/summary.csv" "$id" syscalls status)
	case $status in
	absent | denied) ok "none: system calls of $id are $status" ;;
	*) failed "none: system calls of $id are absent or denied" \
		"status '$status', value '$(value none "$id" syscalls)'" ;;
	esac
	expect "none: and say why" [ \
		"$(fields "$WORK/none/summary.csv" "$id" syscalls reason)" ]
	expect "none: and $id is timed all the same" \
		[ "$(fields "$WORK/none/summary.csv" "$id" latency status)" = ok ]
done
all_answered none
finish
