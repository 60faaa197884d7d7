#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# System calls that a seccomp filter or a limit refuses: every row is ok,
# absent or denied, with the call in the reason, or nothing is measured; never
# failed, never a hang.
# shellcheck source=/dev/null
. tests/e2e.inc

REFUSE=$BUILD/tests/refuse
run=$WORK/run

if is_emulated || ! "$REFUSE" getppid=ENOSYS -- true 2>/dev/null; then
	skipped "system calls that are refused" "no seccomp filter can be had"
	finish
fi
if is_sanitized; then
	skipped "system calls that are refused" \
		"a sanitizer makes calls of its own, and dies of their refusal"
	finish
fi

# A short run with these calls refused; without gnuplot, which takes longest.
refused_run() # calls pattern…
{
	calls=$1
	shift
	rm -rf "$run"
	# shellcheck disable=SC2086
	attempt env PATH="$WORK" "$REFUSE" $calls -- "$TEST_PROGRAM" run "$@" \
		--full --no-counts --places pu,any --budget 1s \
		--invocations 1 -o "$run"
}

# Rows whose status is neither ok, absent nor denied.
bad_rows()
{
	csv "$run/summary.csv" | awk -F "$US" 'NR > 1 && \
		$11 != "ok" && $11 != "absent" && $11 != "denied" {
		print $4 "/" $5 "/" $6 "/" $7 " " $11 ": " $12
	}'
}

# What a case became, and that its reason names the call.
became() # calls id metric status text
{
	status=$(fields "$run/summary.csv" "$2" "$3" status)
	reason=$(fields "$run/summary.csv" "$2" "$3" reason)
	case $status:$reason in
	"$4:"*"$5"*) ok "$1: $2 is $4${5:+: $5}" ;;
	*) failed "$1: $2 is $4${5:+: $5}" "'$status', '$reason'; $(seen)" ;;
	esac
}

# With these calls refused each case becomes what its line says: "id metric
# status text", and none fails.
table() # calls; lines on stdin
{
	cat >"$WORK/lines"
	# shellcheck disable=SC2046
	refused_run "$1" $(sed 's/ .*//' "$WORK/lines")
	expect_none "$1: no row failed" "$(bad_rows)"
	while read -r id metric status text; do
		became "$1" "$id" "$metric" "$status" "$text"
	done <"$WORK/lines"
}

# --------------------------------------------- what no run can do without

for call in wait4 sched_getaffinity memfd_create prctl wait4=kill \
	memfd_create=kill clone3=kill; do
	refused_run "$call" getppid
	expect "$call: refused before anything is measured" exits 2
	expect "$call: by name" says "without ${call%=*}()"
	expect "$call: and nothing was" measured_nothing
done
attempt "$REFUSE" sched_getaffinity -- "$TEST_PROGRAM" list getppid
expect "list without sched_getaffinity ends, too" exits 2

# ------------------------------------------- what only some cases need

table sched_setaffinity <<'EOF'
getppid/-/-/-/- latency denied sched_setaffinity to PU
roundtrip/eventfd/thread/pu/- latency denied sched_setaffinity to PU
roundtrip/eventfd/process/any/- latency ok
EOF
table sched_setaffinity=ENOSYS <<'EOF'
getppid/-/-/-/- latency absent sched_setaffinity to PU
EOF
# Calls that do not get in each other's way.
many='socketpair signalfd4 semctl mq_open madvise membarrier pidfd_open'
table "$many futex_waitv=ENOSYS process_vm_readv=kill" <<'EOF'
getppid/-/-/-/- latency ok
roundtrip/socketpair/thread/pu/- latency denied socketpair
roundtrip/seqpacket/process/pu/- latency denied socketpair
roundtrip/uv_pipe/process/pu/- latency denied socketpair
worker/socketpair/process/pu/- ready denied socketpair
roundtrip/signalfd/process/pu/- latency denied signalfd
roundtrip/sysv_semaphore/thread/pu/- latency denied semctl
roundtrip/mqueue/thread/pu/- latency denied mq_open
page/touch_private/-/pu/- latency denied madvise
fence/membarrier/-/-/- latency denied membarrier
futex/wake_to_run_waitv_private/thread/pu/- latency absent futex_waitv
roundtrip/pidfd_signal/process/pu/- latency denied pidfd_open
share/process_vm_readv/process/pu/size=1KiB latency denied process_vm_readv
EOF
table 'epoll_ctl semget=ENOSYS io_uring_setup=kill pidfd_open=kill' <<'EOF'
roundtrip/uv_async/thread/pu/- latency denied epoll_ctl
roundtrip/epoll_pipe/process/pu/- latency denied epoll_ctl
create/uv_spawn/process/pu/- call denied epoll_ctl
worker/uv_loop/thread/pu/- ready denied epoll_ctl
roundtrip/sysv_semaphore/thread/pu/- latency absent semget
roundtrip/pidfd_signal/process/pu/- latency denied SIGSYS
EOF
table 'epoll_create1=ENOSYS pipe2 eventfd2=EMFILE' <<'EOF'
roundtrip/uv_async/thread/pu/- latency absent epoll_create1
roundtrip/pipe/process/pu/- latency denied pipe2
roundtrip/eventfd/thread/pu/- latency denied RLIMIT_NOFILE
EOF
table 'eventfd2=kill clone' <<'EOF'
roundtrip/eventfd/thread/pu/- latency denied SIGSYS
roundtrip/pipe/process/pu/- latency denied fork
create/fork/process/pu/- call denied fork
worker/fork/process/pu/- ready denied fork
EOF
# Older filters know no clone3(), and say so by EPERM: glibc gives up.
table clone3 <<'EOF'
getppid/-/-/-/- latency ok
roundtrip/pipe/thread/pu/- latency denied pthread_create
roundtrip/pipe/process/pu/- latency ok
EOF

# Counting is tried by calls that a filter may kill for, too.
rm -rf "$run"
attempt env PATH="$WORK" "$REFUSE" perf_event_open=kill ptrace=kill -- \
	"$TEST_PROGRAM" run getppid --budget 1s --invocations 2 -o "$run"
became "perf_event_open=kill ptrace=kill" getppid/-/-/-/- syscalls denied \
	"a seccomp filter kills"

# --------------------------------------------------------------- limits

limited() # what-of-ulimit number pattern
{
	rm -rf "$run"
	# The script within expands its own arguments.
	# shellcheck disable=SC2016
	attempt env PATH="$WORK" /bin/sh -c \
		'ulimit $1 $2 && shift 2 && exec "$@"' - "$1" "$2" \
		"$TEST_PROGRAM" run "$3" --full --no-counts --budget 1s \
		--invocations 1 -o "$run"
}
id=roundtrip/uv_pipe/thread/pu/-
limited -n 12 $id
became "ulimit -n 12" $id latency denied "RLIMIT_NOFILE 12"
limited -f 200 getppid
expect "files that may not grow: refused, not killed" exits 2
expect "with the limit and how to raise it" says "RLIMIT_FSIZE"
finish
