#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Is each fence that bench/fence.c names in the code that is measured, and no
# other? Disassembled as built here, by gcc and clang, and for the other
# architectures where a cross compiler is at hand.
set -u
: "${BUILD:=build}"
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

# body FUNCTION: its instructions in $object, without addresses and bytes.
# Compilers add to the names of functions they clone (.constprop.0), and put
# labels of their own (.LBB0_9) into them.
body() {
	# shellcheck disable=SC2086 # a disassembler and its arguments
	$objdump -d --no-show-raw-insn "$object" | awk -v name="$1" '
	/^[0-9a-f]+ <.*>:$/ {
		gsub(/^[0-9a-f]+ <|>:$/, "")
		if (/^\./)
			next
		sub(/\..*/, "")
		inside = $0 == name
		next
	}
	inside && /^ +[0-9a-f]+:/ {
		sub(/^ +[0-9a-f]+:[ \t]*/, "")
		print tolower($0)
	}' >"$work/body"
}

# judge FUNCTION FILE PATTERN…: each pattern ("!pattern": none) is in the code.
judge() {
	function=$1 file=$2
	shift 2
	for pattern in "$@"; do
		plain=${pattern#!}
		found=no
		grep -Eq "$plain" "$file" && found=yes
		if [ "$pattern" = "$plain" ] && [ "$found" = no ]; then
			echo "FAILED $what: $function has no $plain"
		elif [ "$pattern" != "$plain" ] && [ "$found" = yes ]; then
			echo "FAILED $what: $function has $plain"
		else
			continue
		fi
		sed 's/^/    /' "$file"
		failed=1
		return
	done
	echo "ok $what: $function"
}

exists() { # FUNCTION: is it in the object, under this name?
	body "$1"
	[ -s "$work/body" ] && return 0
	echo "FAILED $what: there is no function $1"
	failed=1
	return 1
}

# has FUNCTION PATTERN…: in all of it.
has() {
	exists "$1" || return
	name=$1
	shift
	judge "$name" "$work/body" "$@"
}

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

# check NAME ARCH OBJDUMP OBJECT
check() {
	what=$1 objdump=$3 object=$4
	case $2 in
	x86_64) check_x86_64 ;;
	aarch64) check_aarch64 ;;
	riscv64) check_riscv64 ;;
	esac
}

# compiled NAME ARCH COMPILER OBJDUMP: bench/fence.c by another compiler. At
# -O3 some duplicate the code between the readings: -O2, as in the Makefile.
compiled() {
	for program in "$3" "$4"; do
		command -v "${program%% *}" >/dev/null 2>&1 || {
			echo "skipped $1: no ${program%% *} here"
			return
		}
	done
	# shellcheck disable=SC2086 # a compiler and its arguments
	if $3 -std=gnu11 -D_GNU_SOURCE -Iharness -Ibench -O2 -c \
		-o "$work/fence.o" bench/fence.c 2>"$work/errors"; then
		check "$1" "$2" "$4" "$work/fence.o"
	elif grep -Eq 'file not found|No such file|unable to create target' \
		"$work/errors"; then # no headers, no such target
		echo "skipped $1: $(head -n 1 "$work/errors")"
	else
		echo "FAILED $1: does not compile"
		sed 's/^/    /' "$work/errors"
		failed=1
	fi
}

# crossed ARCH FLAG: by the cross compiler, and by clang with its headers, whose
# disassembler knows the instructions with FLAG alone. Any
# 64-bit glibc's headers do: nothing is linked.
crossed() {
	[ "$arch" = "$1" ] && return
	compiled "$1 gcc" "$1" "$1-linux-gnu-gcc" "$1-linux-gnu-objdump"
	for headers in "/usr/$1-linux-gnu/include" \
		/usr/aarch64-linux-gnu/include; do
		[ -d "$headers" ] || continue
		compiled "$1 clang" "$1" \
			"clang --target=$1-linux-gnu -isystem $headers" \
			"llvm-objdump $2"
		return
	done
	echo "skipped $1 clang: no headers of a 64-bit cross compiler here"
}

# The architecture of an object: its e_machine.
built_for() { # OBJECT
	case $(od -An -tu2 -j18 -N2 "$1" | tr -d ' ') in
	62) echo x86_64 ;;
	183) echo aarch64 ;;
	243) echo riscv64 ;;
	esac
}

arch=$(uname -m)
built=$(built_for "$BUILD/bench/fence.o")
if [ -n "$built" ] && [ "$built" != "$arch" ]; then
	if command -v "$built-linux-gnu-objdump" >/dev/null 2>&1; then
		check "as built" "$built" "$built-linux-gnu-objdump" \
			"$BUILD/bench/fence.o"
	else
		echo "skipped as built: no $built-linux-gnu-objdump here"
	fi
fi
case $arch in
x86_64 | aarch64 | riscv64)
	if command -v objdump >/dev/null 2>&1; then
		[ "$built" != "$arch" ] ||
			check "as built" "$arch" objdump "$BUILD/bench/fence.o"
		compiled gcc "$arch" gcc objdump
		compiled clang "$arch" clang objdump
	else
		echo "skipped as built: no objdump here"
	fi
	;;
*) echo "skipped as built: nothing is known of $arch" ;;
esac
crossed aarch64 --mattr=+lse
crossed riscv64 --mattr=+a
exit $failed
