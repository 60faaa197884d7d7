#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Exact counts: system calls by tracepoint and by ptrace and by name, copies;
# and that what cannot be counted, or shall not be, is said to be so, never 0.
# shellcheck source=/dev/null
. tests/e2e.inc

place=$(two_pu_place)
eventfd=roundtrip/eventfd/thread/pu/-
pipe=message/pipe/process/pu/size=64KiB
spin=${place:+roundtrip/spin/thread/$place/-}
made=create/pthread/thread/pu/-
slack=0.005
is_sanitized && slack=0.05 # it makes calls of its own, now and then

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
	counted "$1" "$eventfd" syscalls 4 $slack
	counted "$1" getppid/-/-/-/- syscalls 1 $slack
	if [ -n "$spin" ]; then
		counted "$1" "$spin" syscalls 0 $slack
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

# ------------------------------------------------------------------ by name

metrics_like() # directory id regular-expression: metric and status, a line each
{
	csv "$WORK/$1/summary.csv" | awk -F "$US" -v id="$2" -v like="$3" '
	($4 "/" $5 "/" $6 "/" $7 "/" $8) == id && $9 ~ like {
		print $9, $11
	}'
}

sum_named() # directory id
{
	csv "$WORK/$1/summary.csv" | awk -F "$US" -v id="$2" '
	($4 "/" $5 "/" $6 "/" $7 "/" $8) == id && $9 ~ /^syscalls[.]/ {
		sum += $15
	}
	END { print sum + 0 }'
}

# A C library before 2.34 makes threads by clone.
made_once() # directory
{
	clones=$(value "$1" $made syscalls.clone3)$(value "$1" $made \
		syscalls.clone)
	is_near "$clones" 1 0.005
}

attempt "$TEST_PROGRAM" run $made --budget 2s --invocations 2 \
	-o "$WORK/named"
expect "a run that names calls exits 0" exits 0
expect_none "named: every row keeps the contract" \
	"$(summary_flaws "$WORK/named/summary.csv")"
expect "named: a rate is of a batch" [ "$(fields "$WORK/named/summary.csv" $made \
	rate method)" = batch ]
if [ -n "$(metrics_like named $made '^syscalls[.]by_name$')" ]; then
	skipped "named: calls by name" "$(fields "$WORK/named/summary.csv" \
		$made syscalls.by_name reason)"
elif is_sanitized; then
	skipped "named: calls by name" "a sanitizer makes calls of its own"
else
	expect "named: a thread is cloned once" made_once named
	counted named $made syscalls.exit 1 0.005
	counted named $made syscalls.getcpu 1 0.005
	if [ "$(fields "$WORK/named/summary.csv" $made syscalls status)" = ok ]
	then
		all=$(value named $made syscalls)
		expect "named: the names add up to $all" \
			is_near "$(sum_named named $made)" "$all" 0.5
	else
		skipped "named: they add up" "system calls are not counted"
	fi
fi

attempt "$TEST_PROGRAM" run $made --no-counts --budget 1s --invocations 2 \
	-o "$WORK/uncounted"
expect "a run without counts exits 0" exits 0
expect_none "uncounted: every row keeps the contract" \
	"$(summary_flaws "$WORK/uncounted/summary.csv")"
expect "uncounted: it is timed" \
	[ "$(fields "$WORK/uncounted/summary.csv" $made "done" status)" = ok ]
expect "uncounted: and what is not asked for is absent, no name among it" \
	[ "$(metrics_like uncounted $made \
	'^(syscalls|switches|cpu_time|faults)' | sort | tr '\n' ';')" = \
	"cpu_time absent;faults absent;switches absent;syscalls absent;\
syscalls.by_name absent;" ]
expect "uncounted: and says why" \
	[ "$(fields "$WORK/uncounted/summary.csv" $made syscalls.by_name \
	reason)" = "not asked for (--no-counts)" ]
finish
