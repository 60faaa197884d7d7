# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Completion of handoff's commands, options, cases and runs for bash. What there
# is to complete is asked of the program, so that it is what this one has.

# The long options of a command, or of the program; those with a value end in =.
_handoff_options() { # program [command]
	"$@" --help 2>/dev/null | grep -oE -e '--[a-z-]+=?' | sort -u
}

# bench, bench/variant and whole ids of this machine's cases.
_handoff_cases() { # program
	"$1" list 2>/dev/null | awk -F'[/ ]' '
	{ print $1; print $1 "/" $2; print $1 "/" $2 "/" $3 "/" $4 "/" $5 }' |
		sort -u
}

# The places of this machine.
_handoff_places() { # program
	"$1" list getppid 2>&1 >/dev/null | awk '$2 == "place" { print $3 }'
	echo all-pairs
}

# The values of an option; nothing: files and directories.
_handoff_values() { # option
	case $1 in
	--places) _handoff_places "$program" ;;
	--peers) echo thread process ;;
	--tune) echo fifo cpu-dma-latency fifo,cpu-dma-latency ;;
	--fail-on | --verdict)
		echo slower faster different equivalent inconclusive differs \
			same missing
		;;
	--format) echo table markdown csv json ;;
	--group) echo machine run ;;
	--match) echo same nearest ;;
	--budget | --deadline) echo 30s 60s 180s 5m ;;
	--precision | --threshold) echo 1% 2% 5% ;;
	esac
}

_handoff() {
	local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]}
	local before=${COMP_WORDS[COMP_CWORD - 1]} command='' i

	# bash makes a word of its own of the "=" in --option=value
	[ "$word" = = ] && word=
	[ "$before" = = ] && before=${COMP_WORDS[COMP_CWORD - 2]}
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	COMPREPLY=()
	if [ -n "$(_handoff_values "$before")" ]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_handoff_values "$before")" -- "$word")
	elif [ "$before" = -o ] || [ "$before" = --output ]; then
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		compopt -o filenames
	elif [[ $word == -* ]]; then
		# shellcheck disable=SC2086 # no command, no word
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_handoff_options "$program" $command)" -- "$word")
		[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] &&
			compopt -o nospace
	elif [ -z "$command" ]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"list run compare report doctor selftest help version" -- "$word")
	else
		case $command in
		list | run)
			mapfile -t COMPREPLY < <(compgen -W \
				"$(_handoff_cases "$program")" -- "$word")
			;;
		compare | report)
			mapfile -t COMPREPLY < <(compgen -d -- "$word")
			compopt -o filenames
			;;
		esac
	fi
}

complete -F _handoff handoff
