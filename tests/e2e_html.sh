#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# report.html, the JSON and the CSV of a run, as other people's programs read
# them: validators, a browser, Google Benchmark's compare.py, CSV readers.
# shellcheck source=/dev/null
. tests/e2e.inc

run=$WORK/run
attempt "$TEST_PROGRAM" run getppid 'roundtrip/eventfd/*/pu/-' \
	'message/pipe/process/pu/size=64KiB' misbehave/fine misbehave/lie \
	misbehave/absent --budget 5s --invocations 3 -o "$run"
expect "a run of which one case lies exits 1" exits 1
page=$run/report.html
expect "and leaves report.html" [ -s "$page" ]
[ -s "$page" ] || finish
expect "and claims.csv" [ -s "$run/claims.csv" ]
expect "and says so" grep -q 'report\.html, tables\.md' "$WORK/out"

# -------------------------------------------------------------- the page

count() # basic-regular-expression
{
	grep -c -e "$1" "$page"
}

expect "the answer is first, in three sentences" [ "$(sed -n \
	'/class="answer"/,/<\/section>/s/^<p>[A-Z].*\.<\/p>$/x/p' "$page" |
	wc -l)" -eq 3 ]
expect_none "nothing is fetched" "$(grep -noE \
	'(src|href|action|data)="[^#d"][^"]*"|url\([^#]|@import|https?://' \
	"$page" | cut -c1-200)"
expect "the one script is the page's own" [ "$(count '<script')" -eq 1 ]
ids=$(grep -o ' id="[^"]*"' "$page" | sort | uniq -d)
expect_none "no id is there twice" "$ids"
expect_none "and what is pointed at is there" "$(
	grep -oE ' (href|for|aria-labelledby|data-table)="#?[^"]*"' "$page" |
		sed 's/.*="#*//; s/"$//' | sort -u | while read -r id; do
		case $id in data:*) continue ;; esac
		grep -q " id=\"$id\"" "$page" || echo "$id"
	done)"
levels=$(grep -oE '<h[1-6]' "$page" | tr -d '<h' | awk '
	NR == 1 && $1 != 1 { print "begins with " $1 }
	NR > 1 && $1 > last + 1 { print last " before " $1 }
	{ last = $1 }')
expect_none "headings are in order" "$levels"
expect "every picture has a name" [ "$(count '<svg ')" -eq \
	"$(grep -c '<svg role="img" aria-labelledby="\([^"]*\)".*<title id="\1">..*</title>' "$page")" ]
expect "every table has a caption" [ "$(count '<table')" -eq \
	"$(count '<caption>..*</caption>')" ]
expect "every chart says what to see in it" [ \
	"$(count '<figcaption>..*</figcaption>')" -eq "$(count '<figure')" ]
expect "the case that failed is in it" grep -q 'misbehave/lie/.*failed: ' \
	"$page"
attempt "$PROGRAM" report "$run"
cp "$page" "$WORK/first.html"
attempt "$PROGRAM" report "$run"
expect "made again it is the same" cmp -s "$page" "$WORK/first.html"

if have lstopo-no-graphics || have lstopo; then
	expect "lstopo's drawing has the PUs marked" \
		grep -q 'id="machine-view-PU_[0-9]*_rect" style=' "$page"
else
	skipped "lstopo's drawing" "lstopo is not installed"
fi
mkdir "$WORK/bin"
attempt env PATH="$WORK/bin" "$PROGRAM" report "$run"
expect "without lstopo the machine is drawn all the same" \
	grep -q '<div class="box used">PU' "$page"
attempt "$PROGRAM" report "$run"

if have vnu; then
	attempt vnu --errors-only "$page"
	expect "vnu finds no error in it" exits 0
else
	skipped "valid HTML, says vnu" "vnu is not installed"
fi
if have tidy; then
	attempt tidy -q -e "$page"
	# It knows no title within svg, and widths in pixels only.
	expect_none "tidy finds no error in it" "$(grep ' - Error: ' \
		"$WORK/err")"
	expect_none "and warns of nothing but SVG" "$(grep ' - Warning: ' \
		"$WORK/err" | grep -v -e '<title> proprietary attribute' \
		-e '<svg> attribute' -e 'trimming empty <')"
else
	skipped "valid HTML, says tidy" "tidy is not installed"
fi

# Chromium says on stderr what a page's console does.
if have chromium; then
	attempt chromium --headless --no-sandbox --disable-gpu \
		--user-data-dir="$WORK/chromium" --enable-logging=stderr \
		--window-size=390,800 --dump-dom "file://$page"
	expect "a browser shows it" exits 0
	expect "and its script runs" grep -q '<form class="filter"[^>]*>' \
		"$WORK/out"
	expect "and shows the filter" [ "$(grep '<form class="filter"' \
		"$WORK/out" | grep -c hidden)" -eq 0 ]
	expect_none "without a word on its console" \
		"$(grep 'CONSOLE' "$WORK/err")"
else
	skipped "in a browser" "chromium is not installed"
fi

# ------------------------------------------------------------------- JSON

json=$WORK/run.json
left=$(find "$run" | sort; cksum "$run"/*.*)
attempt_into "$json" "$PROGRAM" report --json "$run"
expect "report --json exits 0" exits 0
expect "and makes nothing" [ "$(find "$run" | sort; cksum "$run"/*.*)" = \
	"$left" ]
expect "and says what it leaves out" says "rows have no number"

if have node; then
	# What continuous-benchmark actions make of it.
	cat >"$WORK/entries.js" <<-'END'
		const d = JSON.parse(require("fs").readFileSync(process.argv[2]));
		const seen = d.benchmarks.map(b => [b.name, b.real_time,
			b.time_unit + "/iter", b.iterations, b.cpu_time, b.threads]);
		const bad = seen.filter(e => e.some(x =>
			x === undefined || x === null || Number.isNaN(x)));
		if (!seen.length || bad.length)
			throw new Error(seen.length + ": " + bad);
	END
	attempt node "$WORK/entries.js" "$json"
	expect "node reads every entry of it" exits 0
else
	skipped "JSON, by node" "node is not installed"
fi

if have python3; then
	cat >"$WORK/check.py" <<-'END'
		import csv, json, sys
		d = json.load(open(sys.argv[1]))
		rows = [r for r in csv.DictReader(open(sys.argv[2], newline=""))
		        if r["status"] == "ok" and r["unit"] == "ns"
		        and r["metric"] != "cpu_time"]
		assert rows
		of = {b["name"]: b for b in d["benchmarks"]}
		for r in rows:
		    name = "/".join(r[k] for k in ("bench", "variant", "peer",
		                                   "place", "param", "metric"))
		    median = of[name + "_median"]
		    assert abs(median["real_time"] / float(r["value"]) - 1) < 1e-6
		    assert median["run_type"] == "aggregate", median
		    repetitions = [b for b in d["benchmarks"]
		                   if b["name"] == name]
		    assert len(repetitions) == int(r["invocations"]), name
		    assert [b["repetition_index"] for b in repetitions] == \
		        list(range(len(repetitions)))
		assert len({b["run_name"] for b in d["benchmarks"]}) == len(rows)
		assert d["context"]["num_cpus"] >= 1
	END
	attempt python3 "$WORK/check.py" "$json" "$run/summary.csv"
	expect "it has every time of summary.csv and its invocations" exits 0
else
	skipped "JSON, by python3" "python3 is not installed"
fi

compare=/usr/share/benchmark/compare.py
python=
for candidate in python3 /usr/bin/python3; do
	[ -z "$python" ] && "$candidate" -c 'import scipy' 2>/dev/null &&
		python=$candidate
done
if [ -f "$compare" ] && [ -n "$python" ]; then
	cp "$json" "$WORK/other.json"
	attempt "$python" "$compare" --no-color benchmarks "$json" \
		"$WORK/other.json"
	expect "Google Benchmark's compare.py reads it" exits 0
	expect "and finds each time the same as itself" grep -q \
		'^getppid/-/-/-/-/latency_median  *+0.0000  *+0.0000' \
		"$WORK/out"
	n=$(fields "$run/summary.csv" getppid/-/-/-/- latency invocations)
	if [ "$n" -ge 2 ]; then
		expect "and tests the repetitions" grep -q \
			"^getppid/.*_pvalue .*U Test, Repetitions: $n vs $n" \
			"$WORK/out"
	else
		skipped "a test of repetitions" \
			"a busy machine: there was time for $n only"
	fi
else
	skipped "compare.py of Google Benchmark" \
		"it, or scipy, is not installed"
fi

cd "$WORK" || exit 2
attempt "$PROGRAM" report --json
expect "report --json without a run here: exit 2" refused results/latest
mkdir results && ln -s "$run" results/latest
attempt_into "$WORK/latest.json" "$PROGRAM" report --json
expect "with one it is the newest's" cmp -s "$WORK/latest.json" "$json"
attempt "$PROGRAM" report --json "$run" "$run"
expect "two runs are refused" refused directory
if [ -c /dev/full ]; then
	attempt_into /dev/full "$PROGRAM" report --json "$run"
	expect "JSON into a full device: exit 1" exits 1
else
	skipped "JSON into a full device" "there is no /dev/full"
fi
cd "$ROOT" || exit 2

# -------------------------------------------------------------------- CSV

# Rows of a file, its header included, by our own counting.
rows() # file
{
	csv "$1" | wc -l
}

read_by() # reader command…
{
	reader=$1
	shift
	for name in summary claims invocations env; do
		attempt "$@" "$run/$name.csv"
		expect "$reader reads $name.csv, every row whole" [ \
			"$(cat "$WORK/out")" = "$(rows "$run/$name.csv")" ]
	done
}

if have python3; then
	read_by "python3's csv" python3 -c 'import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline=""), strict=True))
assert all(len(r) == len(rows[0]) for r in rows)
print(len(rows))'
	if python3 -c 'import pandas' 2>/dev/null; then
		read_by pandas python3 -c 'import pandas, sys
print(len(pandas.read_csv(sys.argv[1])) + 1)'
	else
		skipped "CSV, by pandas" "it is not installed"
	fi
else
	skipped "CSV, by python3" "python3 is not installed"
fi
if have Rscript; then
	read_by R Rscript -e 'f <- commandArgs(TRUE)[1]
cat(nrow(read.csv(f, quote = "\"", stringsAsFactors = FALSE)) + 1)'
else
	skipped "CSV, by R" "R is not installed"
fi

# A parser of the npm registry's, where it can be had.
if have npm && have node && (cd "$WORK" &&
	timeout 60 npm install --no-audit --no-fund --ignore-scripts \
		papaparse@5 >/dev/null 2>&1); then
	# The file is the last word, as above.
	cat >"$WORK/parse.js" <<-'END'
		const parsed = require("papaparse").parse(
			require("fs").readFileSync(process.argv[2], "utf8"),
			{ skipEmptyLines: true });
		if (parsed.errors.length)
			throw new Error(JSON.stringify(parsed.errors[0]));
		console.log(parsed.data.length);
	END
	read_by "Papa Parse" node "$WORK/parse.js"
else
	skipped "CSV, by Papa Parse" "npm cannot install it here"
fi

expect "claims.csv has the header that is promised" [ \
	"$(head -n 1 "$run/claims.csv")" = "schema,machine,run,table,id,claim,\
claimed,measured,value,unit,ci_low,ci_high,verdict,why,case,metric" ]
verdicts=$(csv "$run/claims.csv" | awk -F "$US" 'NR > 1 { print $13 }' |
	sort -u | grep -vx -e holds -e differs -e 'cannot tell' -e 'not run')
expect_none "and no verdict but the four" "$verdicts"
finish
