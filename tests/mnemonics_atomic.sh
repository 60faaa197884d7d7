#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Is each operation that bench/atomic.c and bench/visible.c name in the code that
# is measured, and no other? As built here, by gcc and clang, and for the other
# architectures where a cross compiler is at hand.
# The checks are called by the names of their architectures.
# shellcheck disable=SC2317
# shellcheck source=/dev/null
. tests/mnemonics.inc

# A 64-bit register from and to memory; what orders memory beside it.
x86_load='^mov +[-0-9a-fx]*\(%r[^)]*\),%r'
x86_store='^mov +%r[a-z0-9]+,[-0-9a-fx]*\(%r'
x86_xchg='^xchg +(%r[a-z0-9]+,[-0-9a-fx]*\(%r|[-0-9a-fx]*\(%r[a-z0-9]+\),%r)'
x86_lock='^lock |^xchg .*\('
x86_fence='fence'

x86_atomic() {
	none="!$x86_fence"
	has mov_load_times "$x86_load" "!$x86_lock" "$none"
	has mov_store_times "$x86_store" "!$x86_lock" "$none"
	has xchg_times "$x86_xchg" '!^lock' "$none"
	has lock_xadd_times '^lock xadd +%r' '!^lock [^x]' "$none"
	has lock_add_times '^lock add +%r' '!^lock [^a]' "$none"
	has lock_cmpxchg_times '^lock cmpxchg +%r' '!^lock [^c]' "$none"
	has plain_add_times '^add +%r[a-z0-9]+,\(%r' "!$x86_lock" "$none"
	for order in relaxed acquire seq_cst; do
		has "c11_load_${order}_times" "$x86_load" "!$x86_lock" "$none"
	done
	has c11_store_relaxed_times "$x86_store" "!$x86_lock" "$none"
	has c11_store_release_times "$x86_store" "!$x86_lock" "$none"
	has c11_store_seq_cst_times "$x86_xchg|^mfence"
	for order in relaxed acquire release acq_rel seq_cst; do
		has "c11_exchange_${order}_times" "$x86_xchg" "$none"
		has "c11_fetch_add_${order}_times" '^lock xadd' "$none"
		has "c11_cas_${order}_times" '^lock cmpxchg' "$none"
	done
	# the address of each waits for the one before
	# shellcheck disable=SC2016 # the disassembler's dollar
	chained='^and[q]? +\$0x0,%r'
	has mov_load_each "$chained" "$x86_load" "!$x86_lock" "$none"
	has xchg_each "$chained" "$x86_xchg" "$none"
	has lock_xadd_each "$chained" '^lock xadd' "$none"
	has lock_cmpxchg_each "$chained" '^lock cmpxchg' "$none"
}

# There are lfences, around the clock.
x86_visible() {
	has mov_drive "$x86_store" "!$x86_lock" '!^[ms]fence' '!pause'
	has xchg_drive "$x86_xchg" '!^[ms]fence' '!pause'
	has mov_mfence_drive "$x86_store" '^mfence' "!$x86_lock" '!pause'
	has mov_serve "$x86_store" '!^xchg .*\(' '!fence' '!pause'
	has xchg_serve "$x86_xchg" '!fence' '!pause'
	has mov_mfence_serve "$x86_store" '^mfence' '!^xchg .*\('
	has mov_drive_wakes "$x86_store" '!^[ms]fence'
}

# Loads and stores of one register; what orders memory.
arm_load='^ldr[[:space:]]+x[0-9]+, \[x'
arm_store='^str[[:space:]]+x[0-9]+, \[x'
arm_order='^(ldap?r|ldar|stlr|swp|ldadd|cas|ld[a]?xr|st[l]?xr|dmb|dsb)[a-z]*[[:space:]]'

arm_atomic() {
	has ldr_times "$arm_load" '!^(ldar|ldapr|dmb|dsb)'
	has ldar_times '^ldar[[:space:]]+x' '!^(dmb|dsb)'
	has ldapr_times '^ldapr[[:space:]]+x' '!^(ldar|dmb|dsb)'
	has str_times "$arm_store" "!$arm_order"
	has stlr_times '^stlr[[:space:]]+x' '!^(dmb|dsb)'
	for op in swp swpal ldadd ldaddal cas casal; do
		has "${op}_times" "^${op}[[:space:]]+x" '!^(dmb|dsb)'
	done
	has ldxr_stxr_times '^ldxr[[:space:]]+x' '^stxr[[:space:]]+w' \
		'!^(dmb|dsb)'
	has plain_add_times "$arm_load" "$arm_store" "!$arm_order"
	has c11_load_relaxed_times "$arm_load" "!$arm_order"
	has c11_load_seq_cst_times '^ldar[[:space:]]+x'
	has c11_store_relaxed_times "$arm_store" "!$arm_order"
	has c11_store_release_times '^stlr[[:space:]]+x'
	has c11_store_seq_cst_times '^stlr[[:space:]]+x'
	chained='^eor[[:space:]]+x([0-9]+), x\1, x\1$'
	has ldr_each "$chained" "$arm_load"
	has ldaddal_each "$chained" '^ldaddal[[:space:]]+x'
	has casal_each "$chained" '^casal[[:space:]]+x'
}

# The clock's isb is no barrier of memory.
arm_visible() {
	for party in drive serve; do
		has "str_$party" "$arm_store" '!^(stlr|swp|dsb|yield|dmb[[:space:]]+ish$)'
		has "stlr_$party" '^stlr[[:space:]]+x' '!^(swp|dsb|yield)'
		has "swpal_$party" '^swpal[[:space:]]+x' '!^(dsb|yield)'
		has "str_dmb_ish_$party" "$arm_store" '^dmb[[:space:]]+ish$' \
			'!^(swp|dsb|yield)'
	done
}

rv_atomic() {
	has ld_times '^ld[[:space:]]' '!^(amo|lr|sc|fence)'
	has sd_times '^sd[[:space:]]' '!^(amo|lr|sc|fence)'
	has amoswap_times '^amoswap\.d[[:space:]]' '!^fence'
	has amoswap_aqrl_times '^amoswap\.d\.aqrl[[:space:]]' '!^fence'
	has amoadd_times '^amoadd\.d[[:space:]]' '!^fence'
	has amoadd_aqrl_times '^amoadd\.d\.aqrl[[:space:]]' '!^fence'
	has lr_sc_add_times '^lr\.d[[:space:]]' '^sc\.d[[:space:]]' \
		'!^(amo|fence)'
	has lr_sc_cas_times '^lr\.d\.aqrl' '^sc\.d\.rl' '!^(amo|fence)'
	has plain_add_times '^ld[[:space:]]' '^sd[[:space:]]' \
		'!^(amo|lr|sc|fence)'
	has amoadd_aqrl_each '^and[i]?[[:space:]].*,[[:space:]]*0$' \
		'^amoadd\.d\.aqrl'
}

# The clock and the acquire of the look have fences of their own.
rv_visible() {
	for party in drive serve; do
		has "sd_$party" '^sd[[:space:]]' '!^amoswap'
		has "amoswap_aqrl_$party" '^amoswap\.d\.aqrl'
		has "sd_fence_$party" '^sd[[:space:]]' '^fence[[:space:]]+rw, ?rw$' \
			'!^amoswap'
	done
}

check_x86_64() { x86_"$bench"; }
check_aarch64() { arm_"$bench"; }
check_riscv64() { rv_"$bench"; }

for bench in atomic visible; do
	everywhere "bench/$bench.c"
done
exit "${failed:-1}"
