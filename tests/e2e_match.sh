#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Machines whose places have different names, side by side.
# shellcheck source=/dev/null
. tests/e2e.inc

near=$ROOT/results/reference/kvm-2pu-zen3
far=$ROOT/results/reference/qemu-2s4c2t-4numa
cd "$WORK" || exit 2

attempt "$PROGRAM" compare "$near" "$far"
mv out default
attempt "$PROGRAM" compare --match same "$near" "$far"
expect "--match same is the default" cmp -s out default
attempt "$PROGRAM" compare --match=nearly "$near" "$far"
expect "another is refused" refused "there are: same nearest"

for format in table markdown csv json; do
	attempt "$PROGRAM" compare --match nearest --format "$format" \
		"$near" "$far"
	expect "l3 beside node in $format" grep -q 'nearest(l3=node)' out
	expect "and l3 beside machine" grep -q 'farthest(l3=machine)' out
done
attempt "$PROGRAM" compare --match nearest --case '*/nearest*/-' \
	--metric latency "$near" "$far"
expect "a case is picked by its class" grep -q \
	'^roundtrip/pipe/thread/nearest(l3=node)/- latency' out
expect_none "and no other" "$(grep -F 'farthest(l3=machine)/' out)"
expect "it is said what is beside what" grep -q \
	'^note: nearest(l3=node): A l3, B node$' out
expect "and what is left out" grep -q '^note: left out of B.*package$' out

# A machine of one PU.
mkdir one
awk -F, '$7 != "l3"' "$near/summary.csv" >one/summary.csv
cp "$near/env.csv" one
sed -i '/^topology\.place\./d' one/env.csv
attempt "$PROGRAM" compare --match nearest "$far" one
expect "without a second core there is nothing to match" refused \
	"between two cores"
finish
