#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Is each fence that bench/fences.h names in the code that bench/fence.c
# measures, and no other, and does each sequence of bench/store_buffer_depth.c
# hold what it is named for? Disassembled as built here, by gcc and clang, and
# for the other architectures where a cross compiler is at hand.
# The checks are called by the names of their architectures.
# shellcheck disable=SC2034,SC2154,SC2317
# shellcheck source=/dev/null
. tests/mnemonics.inc

# follows FUNCTION FIRST SECOND: an instruction right behind another.
follows() {
	exists "$1" || return
	awk -v first="$2" -v second="$3" '
	seen && $0 ~ second { print "yes" }
	{ seen = $0 ~ first }' "$work/body" >"$work/found"
	if [ -s "$work/found" ]; then
		echo "ok $what: $1: $3 behind $2"
	else
		echo "FAILED $what: $1 has no $3 behind $2"
		sed 's/^/    /' "$work/body"
		failed=1
	fi
}

# readings FUNCTION COUNTER: what it does between its two readings of the
# counter, to $work/between; less the fence that is the second reading's own.
readings() {
	exists "$1" || return
	if grep -q 'clock_counter' "$work/body"; then
		echo "skipped $what: $1: nothing is inlined"
		return 1
	fi
	if [ "$(grep -Ec "$2" "$work/body")" -ne 2 ]; then
		echo "FAILED $what: $1 does not read the counter twice"
		failed=1
		return 1
	fi
	awk -v counter="$2" '
	$0 ~ counter { seen++; held = ""; next }
	seen != 1 { next }
	held != "" { print held }
	{ held = $0 }' "$work/body" >"$work/between"
}

# between FUNCTION COUNTER PATTERN…: of what stands there behind the stores
# that go before, which are a call.
between() {
	readings "$1" "$2" || return
	name=$1
	shift 2
	awk '
	/^(call|bl|jal|auipc)/ { n = 0; next }
	{ line[n++] = $0 }
	END { for (i = 0; i < n; i++) print line[i] }' \
		"$work/between" >"$work/behind"
	judge "$name" "$work/behind" "$@"
}

# numbers FUNCTION COUNTER PATTERN NUMBER…: so many of each between.
numbers() {
	readings "$1" "$2" || return
	name=$1
	shift 2
	while [ $# -gt 0 ]; do
		number=$(grep -Ec "$1" "$work/between")
		if [ "$number" -ne "$2" ]; then
			echo "FAILED $what: $name has $number of $1, not $2"
			sed 's/^/    /' "$work/between"
			failed=1
			return
		fi
		shift 2
	done
	echo "ok $what: $name"
}

# both OPERATION COUNTER PATTERN…: back to back, and behind other stores.
both() {
	operation=$1 counter=$2
	shift 2
	has "${operation}_alone" "$@"
	between "${operation}_bracket" "$counter" "$@"
}

# A 64-bit register to memory; an exchange with memory; the fences.
x86_store='^mov +%r[a-z0-9]+,[-0-9a-fx]*\(%r'
x86_xchg='^xchg +(%r[a-z0-9]+,[-0-9a-fx]*\(%r|[-0-9a-fx]*\(%r[a-z0-9]+\),%r)'
# shellcheck disable=SC2016 # the disassembler's dollar
x86_add='^lock add[lq]? +\$0x0,'
x86_lock='^lock |^xchg .*\('
# by its bytes where the disassembler does not know it
x86_serialize='^(serialize|\(bad\)|\.byte +0x0?f)'

x86_fences() {
	both mov rdtsc "$x86_store" '!mfence' '!sfence' "!$x86_lock"
	both xchg rdtsc "$x86_xchg" '!mfence' '!sfence' "!$x86_add"
	both mov_mfence rdtsc "$x86_store" '^mfence' '!sfence' "!$x86_lock"
	both mov_lock_add rdtsc "$x86_store" "$x86_add" '!mfence' '!sfence' \
		'!^xchg .*\('
	both mov_sfence rdtsc "$x86_store" '^sfence' '!mfence' "!$x86_lock"
	both mov_lfence rdtsc "$x86_store" '^lfence' '!mfence' '!sfence' \
		"!$x86_lock"
	# the clock has some of its own: those of back to back are told by place
	follows mov_lfence_alone "$x86_store" '^lfence'
	both mov_serialize rdtsc "$x86_store" "$x86_serialize" '!mfence' \
		'!sfence' "!$x86_lock"
	for name in empty mov xchg mov_mfence mov_lock_add mov_sfence; do
		between "${name}_bracket" rdtsc '!^lfence'
	done
	between empty_bracket rdtsc '!mfence' '!sfence' "!$x86_lock" \
		"!$x86_store"
}

x86_sequences() {
	numbers stores_64 rdtsc "$x86_store" 64 '^imul' 52 '^divsd' 32 \
		'^nop' 0
	numbers nops_64 rdtsc "$x86_store" 0 '^imul' 52 '^divsd' 32 '^nop' 64
}

arm_store='^str[[:space:]]+x[0-9]+, \[x'
arm_other='^(stlr|swp|ldadd|stlxr|stxr|ldar|dmb|dsb)'

arm_fences() {
	arm=cntvct_el0
	both str "$arm" "$arm_store" "!$arm_other"
	both stlr "$arm" '^stlr[[:space:]]+x[0-9]+, \[x' '!^(swp|ldar|dmb|dsb)'
	for kind in ish ishst ishld; do
		both "str_dmb_$kind" "$arm" "$arm_store" \
			"^dmb[[:space:]]+$kind\$" '!^(stlr|swp|ldar|dsb)'
	done
	both swpal "$arm" '^swpal[[:space:]]+x[0-9]+, x[0-9]+, \[x' \
		'!^(stlr|ldar|dmb|dsb)'
	both str_ldar "$arm" "$arm_store" '^ldar[[:space:]]+x' \
		'!^(stlr|swp|dmb|dsb)'
	both stlr_ldar "$arm" '^stlr[[:space:]]+x[0-9]+, \[x' \
		'^ldar[[:space:]]+x' '!^(swp|dmb|dsb)'
	between empty_bracket "$arm" "!$arm_store" "!$arm_other"
}

arm_sequences() {
	numbers stores_64 cntvct_el0 "$arm_store" 64 '^mul' 52 '^fdiv' 32 \
		'^nop' 0
	numbers nops_64 cntvct_el0 "$arm_store" 0 '^mul' 52 '^fdiv' 32 \
		'^nop' 64
}

rv_time='^(rdtime|csrr.*,[[:space:]]*time)'

# Around each reading of the counter stand the clock's own fences, of device
# input: none that waits for stores.
rv_fences() {
	rv_any='!^fence([[:space:]]+[rw]+, ?[rw]+)?$'
	both sd "$rv_time" '^sd[[:space:]]' '!^amo' "$rv_any"
	both sd_fence_w_w "$rv_time" '^sd[[:space:]]' \
		'^fence[[:space:]]+w, ?w$' '!^amo'
	both sd_fence_w_r "$rv_time" '^sd[[:space:]]' \
		'^fence[[:space:]]+w, ?r$' '!^amo'
	both sd_fence_rw_rw "$rv_time" '^sd[[:space:]]' \
		'^fence[[:space:]]+rw, ?rw$' '!^amo'
	both amoswap_aqrl "$rv_time" '^amoswap\.d\.aqrl' "$rv_any"
	between empty_bracket "$rv_time" '!^amo' "$rv_any"
}

rv_sequences() {
	numbers stores_64 "$rv_time" '^sd[[:space:]]' 64 '^mul' 52 \
		'^fdiv' 32 '^nop' 0
	numbers nops_64 "$rv_time" '^sd[[:space:]]' 0 '^mul' 52 '^fdiv' 32 \
		'^nop' 64
}

check_x86_64() { x86_"$part"; }
check_aarch64() { arm_"$part"; }
check_riscv64() { rv_"$part"; }

part=fences
everywhere bench/fence.c
part=sequences
everywhere bench/store_buffer_depth.c
exit "$failed"
