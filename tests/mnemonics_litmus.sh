#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Do a litmus test's two accesses stand in the code in their order, with the
# fence that bench/litmus_fences.h names between them, and no other?
# The checks are called by the names of their architectures.
# shellcheck disable=SC2034,SC2154,SC2317
# shellcheck source=/dev/null
. tests/mnemonics.inc

# One word for each access and fence of $1, between the call that begins a try
# and the jump to the next: "S mfence L S S". S and L: stores and loads, those
# of results among them, not those of the stack (-).
words() {
	exists "$1" || return
	awk -v call="$call" -v jump="$jump" -v words="$words" '
	BEGIN { count = split(words, word, ";") }
	$0 ~ call { line = ""; inside = 1; next }
	inside && $0 ~ jump { inside = 0 }
	inside {
		for (i = 1; i < count; i += 2)
			if ($0 ~ word[i + 1]) {
				if (word[i] != "-")
					line = line word[i] " "
				break
			}
	}
	END { print line }' "$work/body" >"$work/words"
}

# is FUNCTION WORDS: these, and then nothing but stores of results.
is() {
	words "$1" || return
	rest=$(sed "s/^$2 //" "$work/words")
	case "$(cat "$work/words")" in
	"$2 "*) [ -z "$(echo "$rest" | tr -d 'S ')" ] &&
		echo "ok $what: $1: $2" && return ;;
	esac
	echo "FAILED $what: $1 is $(cat "$work/words"), not $2"
	sed 's/^/    /' "$work/body"
	failed=1
}

# fence NAME STORE LOAD AFTER_STORE AFTER_LOAD: all that a party may do.
fence() {
	is "write_read_$1" "$2${4:+ $4} $3"
	is "write_write_$1" "$2${4:+ $4} $2"
	is "read_read_$1" "$3${5:+ $5} $3"
	is "read_write_$1" "$3${5:+ $5} $2"
	is "write_$1" "$2"
}

# free NAME: the compiler may put its accesses in any order, and adds nothing.
free() {
	for kind in write_read write_write read_read read_write write; do
		words "${kind}_$1" || continue
		if grep -Eq '^([SL] )+$' "$work/words"; then
			echo "ok $what: ${kind}_$1: $(cat "$work/words")"
		else
			echo "FAILED $what: ${kind}_$1: $(cat "$work/words")"
			failed=1
		fi
	done
}

check_x86_64() {
	call='^call' jump='^j'
	words='xchg;^xchg .*\(;lock_add;^lock add;lock;^lock'
	words="$words;mfence;^mfence;sfence;^sfence;lfence;^lfence"
	words="$words;-;\(%rsp|-0x[0-9a-f]+\(%rbp\)"
	words="$words;S;^mov +%r[a-z0-9]+,.*\(;L;^mov +[-0-9a-fx]*\(.*,%r"
	free plain
	fence compiler S L
	fence xchg xchg L
	for name in mfence lock_add sfence lfence; do
		fence "$name" S L "$name" "$name"
	done
}

check_aarch64() {
	call='^bl[[:space:]]' jump='^(b\.|cbn?z|tbn?z|b[[:space:]])'
	words='stlr;^stlr;ldar;^ldar;swpal;^swpal'
	words="$words;dmb_ish;^dmb[[:space:]]+ish\$"
	words="$words;dmb_ishst;^dmb[[:space:]]+ishst\$"
	words="$words;dmb_ishld;^dmb[[:space:]]+ishld\$"
	words="$words;other;^(dmb|dsb|swp|ldadd|st[lx]|ld[ax])"
	words="$words;-;\[(sp|x29)"
	words="$words;S;^stu?r[[:space:]]+x.*\[x;L;^ldu?r[[:space:]]+x.*\[x"
	free plain
	fence compiler S L
	fence stlr_ldar stlr ldar
	for name in dmb_ish dmb_ishst dmb_ishld; do
		fence "$name" S L "$name" "$name"
	done
	fence dmb_ishst_ishld S L dmb_ishst dmb_ishld
	fence swpal swpal L
}

check_riscv64() {
	# a call is two instructions until it is linked
	call='^(auipc|jalr?)[[:space:]]' jump='^(b|j|c\.b|c\.j)'
	words='amoswap_aqrl;^amoswap\.d\.aqrl'
	words="$words;fence_rw_rw;^fence[[:space:]]+rw, ?rw"
	words="$words;fence_w_w;^fence[[:space:]]+w, ?w"
	words="$words;fence_r_rw;^fence[[:space:]]+r, ?rw"
	words="$words;other;^(fence|amo|lr|sc)"
	words="$words;-;\(sp\);S;^sd[[:space:]];L;^ld[[:space:]]"
	free plain
	fence compiler S L
	for name in fence_rw_rw fence_w_w fence_r_rw; do
		fence "$name" S L "$name" "$name"
	done
	fence fence_w_w_r_rw S L fence_w_w fence_r_rw
	fence amoswap_aqrl amoswap_aqrl L
}

everywhere bench/litmus.c
exit "$failed"
