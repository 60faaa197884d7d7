#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion for bash and zsh: commands, options, values and cases, as the
# program itself has them.
# shellcheck source=/dev/null
. tests/e2e.inc

if ! have bash; then
	skipped "completion for bash" "there is no bash"
else
	# complete WORD…: what is offered for the last one, a line each
	cat >"$WORK/complete.bash" <<-'SCRIPT'
		. "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		compopt() { :; }
		_handoff
		printf '%s\n' "${COMPREPLY[@]}"
	SCRIPT
	offers() # expected word…
	{
		expected=$1
		shift
		bash "$WORK/complete.bash" \
			"$ROOT/scripts/completion/handoff.bash" "$PROGRAM" \
			"$@" >"$WORK/out" 2>"$WORK/err"
		# shellcheck disable=SC2034 # seen() says it
		CODE=$?
		expect "bash offers $expected for '$*'" \
			grep -qxF -e "$expected" "$WORK/out"
		expect_none "and says nothing else" "$(cat "$WORK/err")"
	}
	offers compare com
	offers selftest ''
	offers --budget= run --bu
	offers --threshold= compare --
	offers --help ''-
	offers roundtrip run round
	offers roundtrip/pipe run roundtrip/pi
	offers getppid/-/-/-/- run getppid/-/
	offers thread run --peers th
	offers thread run --peers = th
	offers slower compare --fail-on ''
	offers nearest compare --match ''
	offers tests report te
fi

if ! have zsh; then
	skipped "completion for zsh" "there is no zsh"
	finish
fi
# A terminal is needed to press Tab in.
cat >"$WORK/complete.zsh" <<-'SCRIPT'
	zmodload zsh/zpty
	zpty shell zsh -f -i
	read_all() { local text; while zpty -r -t shell text; do print -rn -- $text; done }
	type_in() { zpty -w -n shell "$1"; sleep 1; read_all }
	zpty -w shell "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -d $2"
	sleep 2
	read_all >/dev/null
	type_in "$3 com"$'\t'
	type_in $'\C-u'"$3 run --"$'\t'
	type_in $'\C-u'"$3 run getppi"$'\t'
	type_in $'\C-u'"$3 compare --"$'\t'
SCRIPT
mkdir "$WORK/bin"
ln -s "$PROGRAM" "$WORK/bin/handoff"
attempt env PATH="$WORK/bin:$PATH" TERM=dumb zsh -f "$WORK/complete.zsh" \
	"$ROOT/scripts/completion" "$WORK/zcompdump" handoff
for word in 'compare' '--budget=' 'getppid' '--threshold='; do
	expect "zsh offers $word" grep -qF -e "$word" "$WORK/out"
done
finish
