#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A run's files: the CSV contract, what is in each file, the order a seed
# gives, where files go without -o, and a locale with a decimal comma.
# shellcheck source=/dev/null
. tests/e2e.inc

place=$(two_pu_place)
set -- getppid 'roundtrip/eventfd/thread/*/-' \
	'message/pipe/process/pu/size=64KiB' misbehave/fine misbehave/absent

# ------------------------------------------------------------- what is left

run=$WORK/run
attempt "$TEST_PROGRAM" run "$@" --budget 10s --invocations 3 --seed 7 -o "$run"
expect "a run exits 0" exits 0
expect "tables go to stdout" grep -q roundtrip "$WORK/out"
expect "a line a block goes to stderr" grep -q '^block 3 of ' "$WORK/err"
for file in summary.csv invocations.csv histogram.csv env.csv topology.xml \
	tables.md; do
	expect "$file is there and not empty" [ -s "$run/$file" ]
done
expect_none "every row of summary.csv keeps the contract" \
	"$(summary_flaws "$run/summary.csv")"
expect_none "every file is whole, and nothing temporary is left" \
	"$(run_flaws "$run")"

status_of() # id metric
{
	fields "$run/summary.csv" "$1" "$2" status
}

for id in getppid/-/-/-/- roundtrip/eventfd/thread/pu/- \
	message/pipe/process/pu/size=64KiB misbehave/fine/-/-/-; do
	expect "$id has a latency" [ "$(status_of $id latency)" = ok ]
done
expect "a lacking unicorn is absent" \
	[ "$(status_of misbehave/absent/-/-/- latency)" = absent ]
expect "and its reason is in the CSV" \
	[ "$(fields "$run/summary.csv" misbehave/absent/-/-/- latency reason)" = \
	"this machine lacks a unicorn" ]
asked=$("$TEST_PROGRAM" list "$@" | cut -d' ' -f1 | sort)
rows=$(csv "$run/summary.csv" | sed 1d |
	awk -F "$US" '{ print $4 "/" $5 "/" $6 "/" $7 "/" $8 }' | sort -u)
expect "each case that was asked for has a row" [ "$asked" = "$rows" ]
doubles=$(csv "$run/summary.csv" | sed 1d | cut -d"$US" -f4-9 | sort | uniq -d)
expect_none "and no metric of a case has two" "$doubles"

# ------------------------------------------------------------- invocations

timed() # id column: of the invocations that timed a case
{
	csv "$run/invocations.csv" | awk -F "$US" -v id="$1" -v column="$2" '
	NR == 1 {
		for (i = 1; i <= NF; i++)
			at[$i] = i
		next
	}
	$1 "/" $2 "/" $3 "/" $4 "/" $5 == id && $at["pass"] == "time" {
		print $at[column]
	}'
}

for id in getppid/-/-/-/- roundtrip/eventfd/thread/pu/- \
	${place:+roundtrip/eventfd/thread/$place/-}; do
	expect "$id was timed in 3 invocations" \
		[ "$(timed "$id" value | grep -c .)" -eq 3 ]
done
strange=$(timed roundtrip/eventfd/thread/pu/- pu_a | sort -u |
	grep -vxF "$(allowed_pus)")
expect_none "the PUs are among those allowed" "$strange"
expect "both parties on one PU ran on one PU" [ \
	"$(timed roundtrip/eventfd/thread/pu/- pu_a)" = \
	"$(timed roundtrip/eventfd/thread/pu/- pu_b)" ]
if [ -n "$place" ]; then
	pu_a=$(timed "roundtrip/eventfd/thread/$place/-" pu_a | sort -u)
	pu_b=$(timed "roundtrip/eventfd/thread/$place/-" pu_b | sort -u)
	expect "at place $place each stayed on one PU" \
		looks_like "$pu_a/$pu_b" '[0-9][0-9]*/[0-9][0-9]*'
	expect "and the two PUs differ" [ "$pu_a" != "$pu_b" ]
else
	skipped "two parties ran on two PUs" "only one PU is allowed"
fi

# --------------------------------------------------------- the other files

spread() # samples of a case in histogram.csv
{
	fields "$run/histogram.csv" "$1" latency count |
		awk '{ sum += $1 } END { print sum + 0 }'
}
for id in getppid/-/-/-/- roundtrip/eventfd/thread/pu/-; do
	expect "histogram.csv holds every sample of $id" [ "$(spread $id)" = \
		"$(fields "$run/summary.csv" $id latency samples)" ]
done
expect "env.csv is name, value, source" \
	[ "$(head -n 1 "$run/env.csv")" = name,value,source ]
env_value() # name
{
	csv "$run/env.csv" | awk -F "$US" -v name="$1" '$1 == name { print $2 }'
}
expect "env.csv records the seed" [ "$(env_value run.seed)" = 7 ]
expect "env.csv records the invocations" [ "$(env_value run.invocations)" = 3 ]
expect "env.csv records the version" [ "$(env_value handoff.version)" = \
	"$(sed -n 's/^VERSION *:= *//p' "$ROOT/Makefile")" ]
expect "env.csv records before and after" [ \
	"$(csv "$run/env.csv" | cut -d"$US" -f1 |
		grep -cE '^loadavg|\.(before|after)$')" -ge 2 ]
doubles=$(csv "$run/env.csv" | cut -d"$US" -f1 | sort | uniq -d)
expect_none "env.csv names nothing twice" "$doubles"
expect "topology.xml is hwloc's" grep -q '<topology' "$run/topology.xml"
expect "tables.md has a table" grep -q '^|' "$run/tables.md"

if have gnuplot; then
	charts=$(find "$run/charts" -name '*.svg' | wc -l)
	expect "there are charts" [ "$charts" -ge 1 ]
	expect "each as SVG and as PNG" \
		[ "$(find "$run/charts" -name '*.png' | wc -l)" -eq "$charts" ]
	bad=$(find "$run/charts" -type f -size -1)
	for chart in "$run"/charts/*.svg; do
		grep -q '</svg>' "$chart" || bad="$bad $chart"
	done
	for chart in "$run"/charts/*.png; do
		[ "$(od -An -tx1 -N4 "$chart" | tr -d ' ')" = 89504e47 ] ||
			bad="$bad $chart"
	done
	expect_none "each chart is whole" "$bad"
	lost=$(sed -n 's/.*](\(charts\/[^)]*\)).*/\1/p' "$run/tables.md" |
		while read -r chart; do
			[ -s "$run/$chart" ] || echo "$chart"
		done)
	expect_none "tables.md shows no chart that is not there" "$lost"
else
	skipped "charts" "gnuplot is not installed"
fi

# --------------------------------------------- a directory that holds a run

before=$(find "$run" -type f -exec cksum {} + | sort)
attempt "$TEST_PROGRAM" run getppid --budget 1s --invocations 2 -o "$run"
expect "-o into a run's directory is refused" refused "already holds a run"
expect "and nothing in it has changed" \
	[ "$(find "$run" -type f -exec cksum {} + | sort)" = "$before" ]

# -------------------------------------------------------- order by the seed

order() # dir: each case that ran, by pass and order: pass, place in it, id
{
	csv "$1/invocations.csv" | awk -F "$US" '
	NR == 1 {
		for (i = 1; i <= NF; i++)
			at[$i] = i
		next
	}
	{
		print $at["order"], $at["pass"], $1 "/" $2 "/" $3 "/" $4 "/" $5
	}' | sort -n -u | awk '{ print $2, ++nth[$2], $3 }' | sort
}

seeded() # seed budget invocations dir [option]
{
	attempt "$TEST_PROGRAM" run getppid roundtrip/pipe/thread/pu \
		roundtrip/eventfd/thread/pu misbehave/fine \
		--seed "$1" --budget "$2" --invocations "$3" -o "$4" ${5+"$5"}
}

for seed in 11 11 12; do
	seeded $seed 4s 4 "$WORK/seed$seed.$((number = ${number:-0} + 1))"
done
# In each pass as far as both came within their budgets.
same_order() # dir dir
{
	order "$1" >"$WORK/order.a"
	order "$2" >"$WORK/order.b"
	awk 'NR == FNR { id[$1, $2] = $3; next }
		($1, $2) in id { both++; other += id[$1, $2] != $3 }
		END { exit both < 6 || other }' \
		"$WORK/order.a" "$WORK/order.b"
}

expect "the same seed gives the same order" \
	same_order "$WORK/seed11.1" "$WORK/seed11.2"
seeded 11 4s 6 "$WORK/brief" --no-counts
expect "even where nothing was counted" same_order "$WORK/seed11.1" "$WORK/brief"
if same_order "$WORK/seed11.1" "$WORK/seed12.3"; then
	failed "another seed gives another order" "$(one_line <"$WORK/order.b")"
else
	ok "another seed gives another order"
fi

# ---------------------------------------------------------------- without -o

mkdir "$WORK/cwd" && cd "$WORK/cwd" || exit 2
attempt "$TEST_PROGRAM" run misbehave/fine --budget 1s --invocations 2
expect "a run without -o exits 0" exits 0
first=$(readlink results/latest)
expect "results/latest points to results/<machine>/<UTC time>" \
	looks_like "$first" \
	'[a-z0-9-]*/[0-9]\{8\}T[0-9]\{6\}Z\(-[0-9]*\)\{0,1\}'
expect "and holds the run" [ -s results/latest/summary.csv ]
attempt "$TEST_PROGRAM" run misbehave/fine --budget 1s --invocations 2
expect "a second one exits 0" exits 0
second=$(readlink results/latest)
expect "and latest points to it" [ "$second" != "$first" ]
expect "while the first is still there" [ -s "results/$first/summary.csv" ]
expect "the machine's name is the same in both" \
	looks_like "$second" "${first%%/*}/.*"
names=$(csv results/latest/summary.csv | sed 1d | cut -d"$US" -f2,3 | sort -u)
expect "and its rows name machine and run as the path does" \
	[ "$names" = "$(echo "$second" | tr / "$US")" ]
expect "nothing else is in results/" \
	[ "$(find results -mindepth 1 -maxdepth 1 | wc -l)" -eq 2 ]
cd "$ROOT" || exit 2

# ------------------------------------------------------------ decimal comma

# A locale of this machine, or one made here of a comma and little else.
comma_locale()
{
	for LC_ALL in $(locale -a 2>/dev/null | grep -E '^(de|fr|nl)_'); do
		[ "$(locale decimal_point)" = , ] || continue
		echo "$LC_ALL"
		return
	done
	printf '%s\n' 'comment_char %' 'escape_char /' LC_NUMERIC \
		'decimal_point ","' 'thousands_sep "."' 'grouping 3;3' \
		'END LC_NUMERIC' >"$WORK/comma"
	localedef -c -i "$WORK/comma" "$WORK/xx_XX" >/dev/null 2>&1
	LC_ALL=xx_XX
	export LC_ALL
	[ "$(LOCPATH=$WORK locale decimal_point 2>/dev/null)" != , ] ||
		echo xx_XX
}

comma=$(comma_locale)
if [ -n "$comma" ]; then
	path=$WORK
	[ "$comma" = xx_XX ] || path=${LOCPATH:-}
	attempt env ${path:+"LOCPATH=$path"} LC_ALL="$comma" \
		"$TEST_PROGRAM" run misbehave/fine roundtrip/eventfd/thread/pu \
		--budget 1.5s --invocations 2 -o "$WORK/comma.run"
	expect "a locale with a decimal comma: exit 0" exits 0
	expect_none "and decimal points in the CSV" \
		"$(run_flaws "$WORK/comma.run")"
	expect "a fraction among them" grep -q '[0-9]\.[0-9]' \
		"$WORK/comma.run/summary.csv"
	mv "$WORK/comma.run/tables.md" "$WORK/comma.md"
	attempt "$PROGRAM" report "$WORK/comma.run"
	expect "and tables as everywhere" \
		cmp "$WORK/comma.md" "$WORK/comma.run/tables.md"
else
	skipped "a locale with a decimal comma" \
		"none is installed, nor can localedef make one"
fi
finish
