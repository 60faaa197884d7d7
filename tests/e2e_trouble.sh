#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What goes wrong: benches that misbehave, output that cannot be written, a
# full disk, a single PU, an ordinary user.
# shellcheck source=/dev/null
. tests/e2e.inc

# ------------------------------------------------------- benches that misbehave

deadline=1s
is_sanitized && deadline=4s
run=$WORK/misbehave
start "$TEST_PROGRAM" run misbehave --deadline $deadline --budget 2s \
	--invocations 2 -o "$run"
collect
expect "a run of cases that fail exits 1" exits 1
expect "and leaves no process behind" within 2 session_is_empty
end_session
expect_none "and whole files that keep the contract" "$(run_flaws "$run")"

became() # variant status text-of-the-reason
{
	status=$(fields "$run/summary.csv" "misbehave/$1/-/-/-" latency status)
	reason=$(fields "$run/summary.csv" "misbehave/$1/-/-/-" latency reason)
	became="misbehave/$1 is $2${3:+: $3}"
	case $status:$reason in
	"$2:"*"$3"*) ok "$became" ;;
	*) failed "$became" "'$status', '$reason'" ;;
	esac
}

became fine ok ""
if is_sanitized; then
	became crash failed "" # the sanitizer catches the signal
else
	became crash failed "signal 11"
fi
became hang timeout "${deadline%s} s"
became die failed "something impossible"
became lie failed "did "
became exit failed "7"
became absent absent "a unicorn"
became denied denied "the unicorn says no"
expect "the warnings name the case" says misbehave/crash/-/-/-
expect "and why" says "no result within"
expect "tables.md has what was not measured" \
	grep -q 'something impossible' "$run/tables.md"

attempt "$TEST_PROGRAM" run misbehave/fine misbehave/absent misbehave/denied \
	--budget 1s --invocations 2 -o "$WORK/lacking"
expect "a run of which cases are absent or denied exits 0" exits 0
attempt "$TEST_PROGRAM" run misbehave/absent --budget 1s --invocations 2 \
	-o "$WORK/nothing"
expect "a run of which every case is absent exits 0" exits 0
expect_none "and leaves whole files" "$(run_flaws "$WORK/nothing")"

# ---------------------------------------------- output that cannot be written

refuses() # what dir
{
	attempt "$TEST_PROGRAM" run getppid --budget 1s --invocations 2 -o "$2"
	expect "$1 is refused with exit 2 and a line that names it" refused "$2"
	expect "before anything is measured" measured_nothing
}

: >"$WORK/file"
refuses "-o where a file is" "$WORK/file"
refuses "-o below a file" "$WORK/file/below"
refuses "-o where nothing can be made" /proc/nope
expect "the file in the way is as it was" [ ! -s "$WORK/file" ]

# --------------------------------------------------------------- a full disk

# On a disk of 1 MiB with so much room, WORK/disk; a copy of what is left there
# goes to WORK/name.
small_disk() # name room-in-KiB command…
{
	name=$1 room=$2
	shift 2
	# The script within expands its own arguments.
	# shellcheck disable=SC2016
	attempt unshare "$how" sh -c '
		disk=$1 copy=$2 room=$3
		shift 3
		mount -t tmpfs -o size=1024k none "$disk" || exit 99
		head -c $(((1024 - room) * 1024)) /dev/zero >"$disk/filler"
		"$@"
		code=$?
		cp -R "$disk" "$copy" && rm "$copy/filler"
		exit $code' - "$WORK/disk" "$WORK/$name" "$room" "$@"
}

how= # set by can_mount
if can_mount; then
	small_disk full 4 "$TEST_PROGRAM" run getppid --budget 1s \
		--invocations 2 -o "$WORK/disk/run"
	expect "a full disk is refused with exit 2" exits 2
	expect "says so" says "No space left on device"
	expect "before anything is measured" measured_nothing
	expect_none "and leaves nothing half-written" \
		"$(find "$WORK/full" -name '*.csv*' -o -name '*.tmp*')"

	# Room for the files at the start, and two pages more.
	used=0
	for file in env.csv topology.xml; do
		bytes=$(wc -c <"$WORK/misbehave/$file")
		pages=$(((bytes + 4095) / 4096))
		used=$((used + 4 * pages))
	done
	small_disk filled $((used + 8)) "$TEST_PROGRAM" run getppid \
		roundtrip/pipe/thread/pu roundtrip/eventfd/thread/pu \
		message/pipe/thread/pu --budget 2s --invocations 2 \
		-o "$WORK/disk/run"
	expect "a disk that fills while measuring: exit 1" exits 1
	expect "says which file and why" \
		grep -q '\.csv: No space left on device' "$WORK/err"
	for file in "$WORK"/filled/run/*.csv; do
		bad=$(csv_flaws "$file")
		expect_none "leaves a whole ${file##*/}" "$bad"
	done
	expect_none "and nothing temporary" \
		"$(find "$WORK/filled" -name '*.tmp*')"
else
	# A limit that the program meets even before, in shared memory.
	trap '' XFSZ
	mkdir "$WORK/limited"
	# The script within expands its own arguments.
	# shellcheck disable=SC2016
	attempt sh -c 'ulimit -f 8 && exec "$@"' - "$TEST_PROGRAM" run getppid \
		--budget 1s --invocations 2 -o "$WORK/limited/run"
	trap - XFSZ
	expect "files that may not grow: the run fails" fails
	expect "says so" says "File too large"
	flaws=$(for file in "$WORK"/limited/run/*.csv; do
		[ ! -e "$file" ] || csv_flaws "$file"
	done)
	expect_none "and leaves no half-written CSV" "$flaws"
	skipped "a disk that fills while measuring" "nothing can be mounted"
fi

# ------------------------------------------------------------------- one PU

# The last of those allowed, so that PU 0 is not needed.
pu=$(allowed_pus | tail -n 1)
run=$WORK/one
if have taskset && taskset -c "$pu" true 2>/dev/null; then
	attempt taskset -c "$pu" "$TEST_PROGRAM" run getppid \
		'roundtrip/eventfd/thread/*/-' 'roundtrip/spin/thread/*/-' \
		misbehave/fine --budget 2s --invocations 2 -o "$run"
	expect "with PU $pu alone a run exits 0" exits 0
	expect_none "and keeps the contract" "$(run_flaws "$run")"
	for id in getppid/-/-/-/- roundtrip/eventfd/thread/pu/- \
		roundtrip/eventfd/thread/any/- misbehave/fine/-/-/-; do
		expect "$id is ok on one PU" [ "$(fields "$run/summary.csv" \
			"$id" latency status)" = ok ]
	done
	two=$(csv "$run/summary.csv" | sed 1d |
		awk -F "$US" '$4 == "roundtrip" && $7 != "pu" && $7 != "any"')
	lively=$(printf '%s\n' "$two" | awk -F "$US" '$11 != "absent"')
	expect "the places of two PUs have rows" [ -n "$two" ]
	expect_none "all absent" "$lively"
	expect_none "because only PU $pu is allowed" \
		"$(printf '%s\n' "$two" | grep -v "only PU $pu is allowed")"
	off=$(csv "$run/invocations.csv" | awk -F "$US" -v pu="$pu" '
		NR == 1 {
			for (i = 1; i <= NF; i++)
				at[$i] = i
			next
		}
		$at["pass"] == "time" && $at["pu_a"] != pu')
	expect_none "and nothing ran elsewhere" "$off"
else
	skipped "one PU" "taskset is not there or not allowed"
fi

# -------------------------------------------------------- an ordinary user

run=$WORK/user/run
id=roundtrip/eventfd/thread/pu/-
mkdir -m 777 "$WORK/user"
if ! has_ordinary; then
	skipped "an ordinary user" \
		"setpriv is not there, or another user cannot reach $BUILD"
else
	attempt_ordinary "$TEST_PROGRAM" run getppid "$id" \
		--budget 2s --invocations 2 -o "$run"
	expect "an ordinary user's run exits 0" exits 0
	expect_none "and keeps the contract" "$(run_flaws "$run")"
	expect "and times" \
		[ "$(fields "$run/summary.csv" "$id" latency status)" = ok ]
	status=$(fields "$run/summary.csv" "$id" syscalls status)
	counted=$(fields "$run/summary.csv" "$id" syscalls value)
	case $status:$counted in
	ok:4 | denied: | absent:) ok "system calls are 4, or denied" ;;
	*) failed "system calls are 4, or denied" "'$status', '$counted'" ;;
	esac
	mkdir -m 555 "$WORK/closed"
	attempt_ordinary "$TEST_PROGRAM" run getppid --budget 1s \
		--invocations 2 -o "$WORK/closed"
	expect "a directory that may not be written is refused" \
		refused "$WORK/closed"
	expect "before anything is measured" measured_nothing
fi
finish
