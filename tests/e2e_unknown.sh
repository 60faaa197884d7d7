#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a run cannot read is unknown, and what disturbs it is said: counters that
# are refused, /proc/stat hidden, a CPU quota, PUs taken away.
# shellcheck source=/dev/null
. tests/e2e.inc

pipe=roundtrip/pipe/thread/pu/-
alone=getppid/-/-/-/-

row() # id metric column
{
	fields "$run/summary.csv" "$1" "$2" "$3"
}

is() # what got wanted
{
	if [ "$2" = "$3" ]; then ok "$1"; else failed "$1" "'$2', not '$3'"; fi
}

flagged() # flag id metric
{
	case ";$(row "$2" "$3" flags);" in
	*";$1;"*) ok "$2 $3 is $1" ;;
	*) failed "$2 $3 is $1" "$(row "$2" "$3" flags); $(seen)" ;;
	esac
}

# Disturbed, or it cannot be told whether: never plain.
watched_or_says_so() # id metric
{
	case ";$(row "$1" "$2" flags);" in
	*";unwatched;"* | *";disturbed;"*) ok "$1 $2 does not look clean" ;;
	*) failed "$1 $2 does not look clean" "$(row "$1" "$2" flags)" ;;
	esac
}

# ------------------------------------------------------ counters that refuse

refuse=$WORK/refuse.so
short="--budget 1s --invocations 2"

with_refusals()
{
	is_sanitized && {
		skipped "counters that are refused" \
			"a sanitizer wants to be the first library"
		return
	}
	is_emulated && {
		skipped "counters that are refused" "no library to preload"
		return
	}
	# shellcheck disable=SC2086
	${CC:-cc} -D_GNU_SOURCE -shared -fPIC -o "$refuse" \
		tests/preload/refuse.c 2>"$WORK/err" || {
		skipped "counters that are refused" "no compiler: $(seen)"
		return
	}
	without_getrusage
	without_cpu_time
	without_io
	with_io_at_times
}

refusing() # words case…
{
	words=$1
	shift
	run=$WORK/$words
	# shellcheck disable=SC2086
	attempt env LD_PRELOAD="$refuse" REFUSE="$words" "$TEST_PROGRAM" run "$@" \
		$short -o "$run"
	expect "a run without $words ends well" exits 0
	expect_none "and its files are whole" "$(run_flaws "$run")"
}

without_getrusage()
{
	refusing getrusage "$pipe" "page/touch_private/-/pu/-"
	is "switches are denied" "$(row $pipe switches status)" denied
	is "by name" "$(row $pipe switches reason)" \
		"getrusage(): Operation not permitted"
	watched_or_says_so $pipe latency
	is "what needs it to verify is denied too" \
		"$(row page/touch_private/-/pu/- latency status)" denied
	is "invocations.csv has none" \
		"$(fields "$run/invocations.csv" $pipe latency voluntary |
			sort -u)" ""
	expect "the run says that others cannot be told" says "cannot be told"
}

without_cpu_time()
{
	refusing cpu_time "$pipe"
	expect "why others cannot be told" says "(clock_gettime() of processor"
	is "processor time is absent" "$(row $pipe cpu_time status)" absent
	is "and switches are there" "$(row $pipe switches status)" ok
	watched_or_says_so $pipe latency
}

bytes=message/pipe/thread/pu/size=64KiB

without_io()
{
	refusing io $bytes
	is "copies are absent" "$(row $bytes copies status)" absent
}

# One reading in three fails: each count is what it is, or there is none.
with_io_at_times()
{
	refusing io_sometimes $bytes
	copies=$(fields "$run/invocations.csv" $bytes copies value)
	expect_none "copies read at times are 2, or none" \
		"$(echo "$copies" | awk 'NF && ($1 < 1.9 || $1 > 2.1)')"
}

with_refusals

# ----------------------------------------------------------- hidden /proc/stat

run=$WORK/hidden
: >"$WORK/nothing"
if ! unshare -m mount --bind "$WORK/nothing" /proc/stat 2>/dev/null; then
	skipped "a hidden /proc/stat" "nothing can be mounted here"
else
	# shellcheck disable=SC2016
	attempt unshare -m sh -c 'mount --bind "$1" /proc/stat
		shift
		PATH= exec "$@"' sh "$WORK/nothing" "$TEST_PROGRAM" run $alone \
		parallel/compute/thread/any/workers=1 --no-counts --budget 1s \
		--invocations 2 -o "$run"
	expect "a run without /proc/stat ends well" exits 0
	expect_none "and its files are whole" "$(run_flaws "$run")"
	expect "it says that others cannot be told" says "/proc/stat"
	expect "once" [ "$(grep -c "cannot be told" "$WORK/err")" -eq 1 ]
	watched_or_says_so $alone latency
	watched_or_says_so parallel/compute/thread/any/workers=1 rate
	watched_or_says_so parallel/compute/thread/any/workers=1 speedup
	is "foreign time is empty, not 0" "$(fields "$run/invocations.csv" \
		$alone latency foreign_s | sort -u)" ""
	is "and so is stolen time" "$(fields "$run/invocations.csv" \
		$alone latency steal_s | sort -u)" ""
	expect "env.csv says why" grep -q '^noise.unknown,/proc/stat' \
		"$run/env.csv"
	expect "and the report" grep -q 'unwatched.*/proc/stat' \
		"$run/tables.md"
fi

# --------------------------------------------------------------- a CPU quota

# A group of a tenth of a PU, in either hierarchy; sets group.
make_group()
{
	for top in /sys/fs/cgroup/cpu /sys/fs/cgroup; do
		group=$top/handoff-test-$$
		mkdir "$group" 2>/dev/null || continue
		if [ -w "$group/cpu.max" ]; then
			echo 10000 100000 >"$group/cpu.max" && return 0
		elif [ -w "$group/cpu.cfs_quota_us" ]; then
			echo 100000 >"$group/cpu.cfs_period_us" &&
				echo 10000 >"$group/cpu.cfs_quota_us" &&
				return 0
		fi 2>/dev/null
		rmdir "$group"
	done
	group=
	return 1
}

# On a host busier than the quota is tight nothing is ever stopped.
expect_throttled()
{
	if grep -qx 'nr_throttled 0' "$group/cpu.stat"; then
		skipped "what a CPU quota stops" "it never did: too busy here"
		return
	fi
	expect "it says that it was stopped" says "by the cgroup's CPU quota"
	expect "and by what" says "$group"
	flagged disturbed parallel/compute/thread/any/workers=1 piece
	flagged disturbed parallel/compute/thread/any/workers=1 speedup
	expect "the terminal says so" grep -q '^Noise: .*quota' "$WORK/out"
	expect "tables.md too" grep -q 'Noise.*quota' "$run/tables.md"
	expect "and report.html" grep -q 'stopped by the cgroup' \
		"$run/report.html"
	expect_none "its doctor counts what happened meanwhile" \
		"$(grep -o 'stopped [0-9]* times so far' "$run/report.html")"
	stopped=$(fields "$run/invocations.csv" \
		parallel/compute/thread/any/workers=1 piece throttled |
		head -n 1)
	expect "invocations.csv has how often" [ "${stopped:-0}" -gt 0 ]
}

run=$WORK/quota
group=
trap '[ -z "$group" ] || rmdir "$group" 2>/dev/null; clean_up' EXIT
if is_emulated || is_sanitized; then
	skipped "a CPU quota" "it would take too long"
elif ! make_group; then
	skipped "a CPU quota" "no control group can be made here"
elif ! sh -c 'echo $$ >"$1/cgroup.procs"' sh "$group" 2>/dev/null; then
	skipped "a CPU quota" "no process can be put into a group"
else
	# without gnuplot, which would take most of what the group may use; no
	# chart shows the case
	# shellcheck disable=SC2016
	attempt sh -c 'echo $$ >"$1/cgroup.procs"; shift; PATH= exec "$@"' sh \
		"$group" "$TEST_PROGRAM" run parallel/compute/thread/any/workers=1 \
		--no-counts --budget 2s --invocations 2 -o "$run"
	expect "a run under a quota ends well" exits 0
	expect_none "and its files are whole" "$(run_flaws "$run")"
	expect_throttled
fi

# ------------------------------------------------------------ PUs taken away

run=$WORK/moved
first=$(allowed_pus | head -n 1)
if [ "$(allowed_pus | wc -l)" -lt 2 ] || ! have taskset; then
	skipped "PUs taken away" "one PU only, or no taskset"
elif is_emulated; then
	skipped "PUs taken away" "the emulator's affinity is another"
else
	start "$TEST_PROGRAM" run parallel/compute/thread/any/workers=2 $alone \
		--no-counts --budget 40s --invocations 40 -o "$run"
	within 30 grep -q '^block ' "$WORK/err" || :
	taskset -pc "$first" "$SESSION" >/dev/null
	collect
	expect "a run whose PUs are taken away fails" exits 1
	expect "it says so" says "the allowed PUs changed from "
	expect "once" [ "$(grep -c "the allowed PUs" "$WORK/err")" -eq 1 ]
	expect "and leaves no process behind" within 2 session_is_empty
	expect_none "its files are whole" "$(run_flaws "$run")"
	expect "env.csv says it" grep -q '^noise.allowed,' "$run/env.csv"
	end_session
fi

finish
