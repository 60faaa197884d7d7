#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Is each fence that bench/fence.c names in the code that is measured, and no
# other? Disassembled as built here, by gcc and clang, and for the other
# architectures where a cross compiler is at hand.
# The checks are called by the names of their architectures.
# shellcheck disable=SC2034,SC2154,SC2317
# shellcheck source=/dev/null
. tests/mnemonics.inc

# between FUNCTION COUNTER PATTERN…: between its two readings of the counter.
# What comes before is no part of it: the flushes end with a fence.
between() {
	exists "$1" || return
	name=$1 counter=$2
	shift 2
	if grep -q 'clock_counter' "$work/body"; then
		echo "skipped $what: $name: nothing is inlined"
		return
	fi
	if [ "$(grep -Ec "$counter" "$work/body")" -ne 2 ]; then
		echo "FAILED $what: $name does not read the counter twice"
		failed=1
		return
	fi
	awk -v counter="$counter" '
	$0 ~ counter { seen++; next }
	seen == 1' "$work/body" >"$work/between"
	judge "$name" "$work/between" "$@"
}

# A 64-bit register to memory; an exchange with memory; the fences.
x86_store='^mov +%r[a-z0-9]+,[-0-9a-fx]*\(%r'
x86_xchg='^xchg +(%r[a-z0-9]+,[-0-9a-fx]*\(%r|[-0-9a-fx]*\(%r[a-z0-9]+\),%r)'
# shellcheck disable=SC2016 # the disassembler's dollar
x86_add='^lock add[lq]? +\$0x0,'
x86_lock='^lock |^xchg .*\('

check_x86_64() {
	has mov_alone "$x86_store" '!mfence' '!sfence' "!$x86_lock"
	has xchg_alone "$x86_xchg" '!mfence' '!sfence' "!$x86_add"
	has mov_mfence_alone "$x86_store" '^mfence' '!sfence' "!$x86_lock"
	has mov_lock_add_alone "$x86_store" "$x86_add" '!mfence' '!sfence' \
		'!^xchg .*\('
	between mov_bracket rdtsc "$x86_store" '!mfence' '!sfence' "!$x86_lock"
	between xchg_bracket rdtsc "$x86_xchg" '!mfence' '!sfence' "!$x86_add"
	between mov_mfence_bracket rdtsc "$x86_store" '^mfence' '!sfence' \
		"!$x86_lock"
	between mov_lock_add_bracket rdtsc "$x86_store" "$x86_add" '!mfence' \
		'!sfence' '!^xchg .*\('
}

arm_store='^str[[:space:]]+x[0-9]+, \[x'
arm_other='^(stlr|swp|ldadd|stlxr|stxr|dmb|dsb)'

check_aarch64() {
	for kind in alone bracket; do
		check=has counter=
		[ "$kind" = alone ] || { check=between counter=cntvct_el0; }
		# shellcheck disable=SC2086 # no counter, no word
		{
			$check str_$kind $counter "$arm_store" "!$arm_other"
			$check stlr_$kind $counter \
				'^stlr[[:space:]]+x[0-9]+, \[x' '!^(swp|dmb|dsb)'
			$check str_dmb_ish_$kind $counter "$arm_store" \
				'^dmb[[:space:]]+ish$' '!^(stlr|swp|dsb)'
			$check swpal_$kind $counter \
				'^swpal[[:space:]]+x[0-9]+, x[0-9]+, \[x' \
				'!^(stlr|dmb|dsb)'
		}
	done
}

rv_time='^(rdtime|csrr.*,[[:space:]]*time)'

check_riscv64() {
	# around each reading of the counter stands the clock's own fence
	has sd_alone '^sd[[:space:]]' '!^amo'
	has sd_fence_rw_rw_alone '^sd[[:space:]]' '^fence[[:space:]]+rw, ?rw$' \
		'!^amo'
	has amoswap_aqrl_alone '^amoswap\.d\.aqrl'
	between sd_bracket "$rv_time" '^sd[[:space:]]' '!^amo'
	between sd_fence_rw_rw_bracket "$rv_time" '^sd[[:space:]]' \
		'^fence[[:space:]]+rw, ?rw$' '!^amo'
	between amoswap_aqrl_bracket "$rv_time" '^amoswap\.d\.aqrl'
}

everywhere bench/fence.c
exit "$failed"
