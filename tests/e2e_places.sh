#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Places end to end: a PU that is not there is absent rather than unbound,
# kinds of PUs by name, pairs by hand, all pairs of very many PUs.
# shellcheck source=/dev/null
. tests/e2e.inc

# Whatever a topology claims to be, for one command.
on_topology() # synthetic thissystem command…
{
	synthetic=$1 this=$2
	shift 2
	attempt env HWLOC_SYNTHETIC="$synthetic" HWLOC_THISSYSTEM="$this" "$@"
}

# The PUs that a run's parties were on, one pair a line.
# Of bound cases: at `any` they run wherever the scheduler has put them.
pus_of() # dir
{
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["place"] != "any" { print $at["pu_a"], $at["pu_b"] }' "$1/invocations.csv" |
		sort -u
}

first=$(allowed_pus | head -n 1)

# ------------------------------------- two packages, of which one is allowed
if [ "$first" = 0 ] && have taskset; then
	on_topology 'pack:2 [numa] core:1 pu:1' 1 taskset -c 0 \
		"$PROGRAM" list 'roundtrip/pipe/thread/*'
	expect "a PU that is not allowed makes no place" exits 0
	expect "and the reason is said" grep -q \
		'machine/- .*absent: needs two PUs; only PU 0 is allowed' \
		"$WORK/out"
	expect "one PU and any are there" \
		[ "$(grep -vc ' absent: ' "$WORK/out")" -eq 2 ]
	on_topology 'pack:2 [numa] core:1 pu:1' 1 taskset -c 0 \
		"$PROGRAM" run --no-counts --invocations 2 --budget 2s \
		-o "$WORK/one" 'roundtrip/pipe/thread/*'
	expect "such a run is done" exits 0
	expect "with that place absent" grep -q \
		'thread,machine,.*,absent,' "$WORK/one/summary.csv"
	expect "and env.csv names what was bound" grep -q \
		'^topology.place.pu,pu 0,' "$WORK/one/env.csv"
	expect "tables.md, too" grep -q '^| *pu *| *pu 0 *|' \
		"$WORK/one/tables.md"
	expect_none "and nothing of the absent one" \
		"$(grep '^topology.place.machine' "$WORK/one/env.csv")"
else
	skipped "one PU of two" "CPU 0 is not allowed, or there is no taskset"
fi

# ------------------------------------------------------------ pairs by hand
two=$(allowed_pus | sed -n 2p)
if [ -n "$two" ]; then
	pair="pu$two-pu$first"
	attempt "$PROGRAM" list --places "$pair" roundtrip/pipe/thread
	expect "two PUs by hand are a place" exits 0
	expect "that and nothing else" \
		[ "$(cat "$WORK/out")" = "roundtrip/pipe/thread/$pair/-" ]
	attempt "$PROGRAM" run --no-counts --invocations 2 --budget 2s \
		-o "$WORK/pair" --places "$pair" roundtrip/pipe/thread
	expect "which can be run" exits 0
	expect "on those two" \
		[ "$(pus_of "$WORK/pair")" = "$two $first" ]
else
	skipped "two PUs by hand" "only one PU is allowed"
fi
attempt "$PROGRAM" list --places "pu$first-pu99999"
expect "a PU that is not allowed is refused by name" \
	refused "pu$first-pu99999 is no pair of two allowed PUs; allowed are"

# ------------------------------------------------------------ kinds of PUs
if [ "$first $two" = "0 1" ] && [ -s "$WORK/pair/topology.xml" ]; then
	sed -e '/<cpukind/,/<\/cpukind>/d' -e "s|^</topology>|\
<cpukind cpuset=\"0x1\"><info name=\"CoreType\" value=\"IntelAtom\"/></cpukind>\
<cpukind cpuset=\"0x2\"><info name=\"CoreType\" value=\"IntelCore\"/></cpukind>\
&|" "$WORK/pair/topology.xml" >"$WORK/hybrid.xml"
	on_hybrid() # command…
	{
		attempt env HWLOC_XMLFILE="$WORK/hybrid.xml" \
			HWLOC_THISSYSTEM=1 taskset -c 0,1 "$@"
	}
	on_hybrid "$PROGRAM" list --places pu roundtrip/pipe/thread
	expect "one PU of each kind is a place" [ "$(cat "$WORK/out")" = \
		"roundtrip/pipe/thread/pu:p/-
roundtrip/pipe/thread/pu:e/-" ]
	expect "whose PUs are said" says "# place pu:p         pu 1 (p)"
	expect "and whose kinds" says \
		"# kind  e            pu 0: CoreType=IntelAtom"
	on_hybrid "$PROGRAM" run --no-counts --invocations 6 --budget 3s \
		-o "$WORK/hybrid" --places pu,any roundtrip/pipe/thread
	expect "they can be run" exits 0
	expect "each on its own PU" [ "$(pus_of "$WORK/hybrid" | tr '\n' ';' |
		grep -c '^0 0;1 1;')" -eq 1 ]
	expect "env.csv has the kinds" grep -q \
		'^topology.kind.p,CoreType=IntelCore; pus 1,' \
		"$WORK/hybrid/env.csv"
	expect "and each PU's" grep -q '^topology.pu.0,.* kind e,' \
		"$WORK/hybrid/env.csv"
	expect "the tables have them" grep -q \
		'^| *e *| *CoreType=IntelAtom; pus 0 *|' \
		"$WORK/hybrid/tables.md"
	expect "and report.html" grep -q 'CoreType=IntelAtom; pus 0' \
		"$WORK/hybrid/report.html"
	expect "and places by kind" grep -q \
		'^topology.place.pu:p,pu 1 (p),' "$WORK/hybrid/env.csv"

	# the same run of a machine whose kinds are the other way round
	cp -r "$WORK/hybrid" "$WORK/other"
	sed -i -e 's/IntelAtom/Intel?/;s/IntelCore/IntelAtom/;s/Intel?/IntelCore/' \
		-e 's/^topology.place.pu:p,pu 1 (p)/topology.place.pu:p,pu 1 (e)/' \
		"$WORK/other/env.csv"
	attempt "$PROGRAM" compare "$WORK/hybrid" "$WORK/other"
	expect "compare calls unequal kinds unsafe" grep -q \
		'unequal kinds of PUs: .* p CoreType=IntelAtom' "$WORK/out"
	expect "with a case measured on them" grep -q \
		'measured on unequal kinds of PUs: 1, such as .*/pu:p/-' \
		"$WORK/out"
	attempt "$PROGRAM" compare "$WORK/hybrid" "$WORK/hybrid"
	expect_none "and equal ones not" \
		"$(grep 'unequal kinds' "$WORK/out")"
else
	skipped "kinds of PUs" "PUs 0 and 1 are not the first two"
fi

# -------------------------------------------------------- very many PUs
on_topology 'pack:64 core:64 pu:1' 0 sh -c "ulimit -v 2000000
	exec timeout 60 '$PROGRAM' list --places all-pairs \
		'roundtrip/spin/thread/*'"
if is_sanitized; then
	skipped "all pairs of 4096 PUs" "a sanitizer takes all addresses"
else
	expect "all pairs of 4096 PUs are soon listed" exits 0
	expect "as a whole, which is a pattern" grep -q \
		'^roundtrip/spin/thread/pu\*-pu\*/-  *ok; 16773120 of 4096 PUs' \
		"$WORK/out"
fi
on_topology 'pack:4 core:16 pu:1' 0 "$PROGRAM" list --places all-pairs \
	roundtrip/spin/thread
expect "those of 64 PUs one by one" [ "$(wc -l <"$WORK/out")" -eq 4032 ]
on_topology 'pack:5 core:13 pu:1' 0 "$PROGRAM" list --each \
	--places all-pairs roundtrip/spin/thread
expect "and of more with --each" [ "$(wc -l <"$WORK/out")" -eq 4160 ]

finish
