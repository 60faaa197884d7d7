#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What somebody new does: `scripts/deps --check`, and `make install` into a
# directory, from which the program lists, runs and reports.
# shellcheck source=/dev/null
. tests/e2e.inc

attempt "$ROOT/scripts/deps" --check
expect "scripts/deps --check exits 0 where this was built" exits 0
attempt "$ROOT/scripts/deps" --no-such-option
expect "scripts/deps refuses an unknown option" exits 2

if [ ! -e "$ROOT/handoff.1" ]; then
	skipped "make install" "there is no handoff.1 yet"
	finish
fi
if is_sanitized; then
	skipped "make install" "nobody installs a build with sanitizers"
	finish
fi
if is_emulated; then
	skipped "make install" "it installs what the native compiler has built"
	finish
fi

# A copy of the build, for another PREFIX is another version.h: what includes
# it is built again, in the copy alone.
cp -a "$BUILD" "$WORK/build"
find "$WORK/build" -name '*.d' -exec grep -l 'version\.h' {} + |
	while read -r depends; do
		rm -f "${depends%.d}.o"
	done
dest=$WORK/dest
attempt make -C "$ROOT" BUILD="$WORK/build" PREFIX=/usr DESTDIR="$dest" install
expect "make install exits 0" exits 0
exits 0 || finish
for file in bin/handoff bin/handoff-child share/man/man1/handoff.1 \
	share/handoff/plots/style.gp \
	share/bash-completion/completions/handoff \
	share/zsh/site-functions/_handoff; do
	expect "it installs $file" [ -s "$dest/usr/$file" ]
done
outside=$(find "$dest" -type f ! -path "$dest/usr/bin/*" \
	! -path "$dest/usr/share/handoff/*" ! -path "$dest/usr/share/man/*" \
	! -path "$dest/usr/share/bash-completion/*" \
	! -path "$dest/usr/share/zsh/*")
expect_none "and nothing elsewhere" "$outside"
if have man; then
	attempt env LC_ALL=C.UTF-8 man --warnings -l \
		"$dest/usr/share/man/man1/handoff.1"
	expect "man shows its page" exits 0
	expect_none "without a warning" "$(cat "$WORK/err")"
fi
if have mandoc; then
	attempt mandoc -Tlint -W warning "$dest/usr/share/man/man1/handoff.1"
	expect_none "mandoc finds nothing in it" "$(cat "$WORK/out")"
fi

installed=$dest/usr/bin/handoff
cd "$WORK" || exit 2
attempt "$installed" --version
expect "the installed program says its version" grep -q '^handoff [0-9]' \
	"$WORK/out"
attempt "$installed" list
expect "and lists" grep -q '^getppid/-/-/-/-' "$WORK/out"
attempt "$installed" run getppid create/vfork_exec/process/pu \
	--budget 15s --invocations 2 -o "$WORK/run"
expect "and runs" exits 0
expect_none "and its files are whole" "$(run_flaws "$WORK/run")"
expect "and finds its helper" [ "$(fields "$WORK/run/summary.csv" \
	create/vfork_exec/process/pu/- '*' status | sort -u)" = ok ]
ln -s "$installed" "$WORK/link"
attempt "$WORK/link" report "$WORK/run"
expect "and reports, by a link to it" exits 0
finish
