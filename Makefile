# SPDX-License-Identifier: GPL-3.0-or-later
# handoff: `make deps bench` measures this machine, `make deps test` tests.

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
PKG_CONFIG ?= pkg-config
V       ?= 0

# The user's flags, kept apart from ours.
CFLAGS   ?= -O2 -g
CPPFLAGS ?=
LDFLAGS  ?=
# WERROR=-Werror in CI only: a new compiler's warning is no user's problem.
WERROR   ?=
SANITIZE ?=

# For another architecture: CROSS=aarch64-linux-gnu, and in SYSROOT its
# libraries. EMULATED: its programs shall run here, with those libraries.
ifneq ($(CROSS),)
CC := $(CROSS)-gcc$(if $(SYSROOT), --sysroot=$(SYSROOT))
ifneq ($(SYSROOT),)
PKG_CONFIG := env PKG_CONFIG_SYSROOT_DIR=$(SYSROOT) \
	PKG_CONFIG_LIBDIR=$(SYSROOT)/usr/lib/$(CROSS)/pkgconfig:$(SYSROOT)/usr/lib/pkgconfig:$(SYSROOT)/usr/share/pkgconfig \
	pkg-config
endif
ifneq ($(EMULATED),)
CC += -Wl,--disable-new-dtags,-rpath,$(SYSROOT)/lib/$(CROSS):$(SYSROOT)/usr/lib/$(CROSS):/usr/$(CROSS)/lib \
	-Wl,--dynamic-linker,$(EMULATED)
endif
endif

MODULES := hwloc numa libuv gsl md4c
NEEDED  := $(MODULES) cmocka
# Without it what needs it is absent.
OPTIONAL = $(shell $(PKG_CONFIG) --exists 'liburing >= 2.2' && echo liburing)

# Goals that need no library.
FREE_GOALS := deps dev-deps help clean format emulated
ifneq ($(filter-out $(FREE_GOALS),$(or $(MAKECMDGOALS),all)),)
# `make deps bench` on a fresh machine installs first and asks afterwards.
ifeq ($(filter deps,$(MAKECMDGOALS)),)
ifneq ($(shell $(PKG_CONFIG) --exists $(MODULES) && echo yes),yes)
$(shell scripts/deps --check >&2)
$(error a library is missing: run `make deps`, or the command named above)
endif
endif
endif

# Evaluated when used, so after `deps` has run.
PKG_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(MODULES) $(OPTIONAL))
PKG_LIBS   = $(shell $(PKG_CONFIG) --libs $(MODULES) $(OPTIONAL))

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wvla -Wundef \
	-Wno-missing-field-initializers
# Numbers are the same where a processor would fuse a * b + c.
OUR_CFLAGS = -std=gnu11 -D_GNU_SOURCE -ffp-contract=off -pthread -Iharness -Ibench \
	-I$(BUILD) $(WARNINGS) $(WERROR) $(SANITIZE) $(PKG_CFLAGS)
OUR_LDFLAGS = -pthread $(SANITIZE)
# mq_open() was in librt until glibc 2.34.
LIBS = $(PKG_LIBS) -lrt -lm

ifeq ($(V),0)
Q := @
say = @printf '  %-7s %s\n' "$(1)" "$(2)";
endif

HARNESS := $(filter-out harness/main.c harness/registry.c, \
	$(wildcard harness/*.c))
BENCHES := $(filter-out bench/exec_child%.c,$(wildcard bench/*.c))
OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(HARNESS) $(BENCHES))
PROGRAM := $(BUILD)/handoff
HELPER  := $(BUILD)/handoff-child
HELPERS := $(HELPER) $(HELPER)-dynamic

.PHONY: all deps dev-deps bench bench-full plots compare test asan tsan lint \
	format install clean help FORCE
.DELETE_ON_ERROR:
all: $(PROGRAM) $(HELPERS)

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make deps        install the distribution's packages that are needed
deps:
	$(Q)scripts/deps
dev-deps:
	$(Q)scripts/deps --dev

## make bench       measure this machine (five minutes), tables and charts
bench: all
	$(Q)$(PROGRAM) run --budget 260s --invocations 8 $(BENCH_OPTIONS)

## make bench-full  the same with every case
bench-full: all
	$(Q)$(PROGRAM) run --full --budget 30m

## make compare     the reference runs side by side; A=RUN B=RUN RUNS="…": yours
ifeq ($(A)$(B)$(RUNS),)
COMPARED = $(addprefix results/reference/,kvm-2pu-zen3 \
	kvm-2pu-emerald-rapids qemu-2s4c2t-4numa qemu-aarch64)
else
COMPARED = $(A) $(B) $(RUNS)
endif
compare: all
	$(Q)$(PROGRAM) compare $(COMPARE_OPTIONS) $(COMPARED)

## make peers       beside perf bench, libuv, stress-ng and rt-tests (ten minutes)
.PHONY: peers
peers: all $(BUILD)/async_pingpong
	$(Q)HANDOFF=$(PROGRAM) scripts/versus-peers

RUN ?= results/latest
## make plots       charts and tables of RUN (default results/latest) again
plots: all
	$(Q)$(PROGRAM) report $(RUN)

# ---------------------------------------------------------------- building

$(PROGRAM): $(OBJECTS) $(BUILD)/harness/main.o $(BUILD)/harness/registry.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Static and without a C library: exec, and nothing after it.
$(HELPER): bench/exec_child.c bench/exec_child.h | $(BUILD)/bench
	$(call say,LINK,$@)
	$(Q)$(CC) -std=gnu11 -O2 $(WARNINGS) $(WERROR) -Ibench -static \
		-nostdlib -ffreestanding -fno-stack-protector \
		-fno-asynchronous-unwind-tables -o $@ $<

# The same as an ordinary program; never sanitized, which would be measured.
$(HELPER)-dynamic: bench/exec_child_dynamic.c bench/exec_child.h \
		harness/clock.h | $(BUILD)/bench
	$(call say,LINK,$@)
	$(Q)$(CC) -std=gnu11 -O2 $(WARNINGS) $(WERROR) -D_GNU_SOURCE -Ibench \
		-Iharness -o $@ $<

# A peer of libuv's own, for scripts/versus-peers; nothing of ours in it.
$(BUILD)/async_pingpong: scripts/peers/async_pingpong.c | $(BUILD)/bench
	$(call say,LINK,$@)
	$(Q)$(CC) $(OUR_CFLAGS) $(CFLAGS) -o $@ $< $(LDFLAGS) \
		$(shell $(PKG_CONFIG) --libs libuv)

# Libraries must be there before the first object: order-only, and empty
# unless `deps` is asked for in the same call.
FIRST := $(filter deps,$(MAKECMDGOALS))

$(BUILD)/%.o: %.c | $(BUILD)/version.h $(FIRST)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_CFLAGS) -MMD -MP $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# Of what the program is made from: results change without it.
COMMIT = $$(git describe --always 2>/dev/null || echo unknown)
DIRTY = $$(git diff --quiet HEAD -- Makefile bench harness plots 2>/dev/null; \
	[ $$? -ne 1 ] || echo -dirty)

# Rewritten only when it changes, so that a commit rebuilds few files.
$(BUILD)/version.h: FORCE | $(FIRST)
	$(Q)mkdir -p $(@D)
	$(Q){ echo '#define HANDOFF_VERSION "$(VERSION)"'; \
	echo "#define HANDOFF_COMMIT \"$(COMMIT)$(DIRTY)\""; \
	echo '#define HANDOFF_CFLAGS "$(strip $(SANITIZE) $(CFLAGS))"'; \
	echo '#define HANDOFF_PLOTS "$(CURDIR)/plots"'; \
	echo '#define HANDOFF_INSTALLED_PLOTS "$(PREFIX)/share/handoff/plots"'; \
	echo '#define HANDOFF_LIBURING $(if $(OPTIONAL),1,0)'; \
	} > $@.new; cmp -s $@.new $@ && rm $@.new || mv $@.new $@
FORCE:

# Every system call that the headers know: CALL(read) and so on.
$(BUILD)/syscalls.h:
	$(Q)mkdir -p $(@D)
	$(Q)echo '#include <asm/unistd.h>' | $(CC) $(CPPFLAGS) -E -dM - | \
		sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/CALL(\1)/p' | \
		grep -v -e '(syscalls)' -e '(arch_specific_syscall)' | \
		sort >$@
$(BUILD)/harness/counts.o: | $(BUILD)/syscalls.h

$(BUILD)/bench:
	$(Q)mkdir -p $@

# ----------------------------------------------------------------- testing

# The tests link the program's own objects, and a handoff that knows the
# tests' benches too (one that crashes, one that hangs, …).
UNIT_TESTS  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
TEST_BENCHES := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench_*.c))
TEST_REGISTRY := $(BUILD)/tests/registry.o
TEST_PROGRAM := $(BUILD)/tests/handoff
CMOCKA_LIBS = $(shell $(PKG_CONFIG) --libs cmocka)

$(TEST_REGISTRY): harness/registry.c bench/list.h $(wildcard tests/list.h) \
		| $(BUILD)/version.h $(FIRST)
	$(call say,CC,$< (with the tests' benches))
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_CFLAGS) -DHANDOFF_TEST_BENCHES $(CPPFLAGS) $(CFLAGS) \
		-c -o $@ $<

$(TEST_PROGRAM): $(OBJECTS) $(BUILD)/harness/main.o $(TEST_REGISTRY) \
		$(TEST_BENCHES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Refuses system calls to what it runs; not sanitized, nor linked with ours.
REFUSE := $(BUILD)/tests/refuse
$(REFUSE): tests/refuse.c $(BUILD)/syscalls.h
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 $(WARNINGS) $(WERROR) -D_GNU_SOURCE -I$(BUILD) \
		-o $@ $<

$(BUILD)/tests/handoff-child%: $(BUILD)/handoff-child%
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@
$(BUILD)/tests/handoff-child: $(HELPER)
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(OBJECTS) $(TEST_REGISTRY) \
		$(TEST_BENCHES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(CMOCKA_LIBS) $(LIBS)

.SECONDARY:
TEST_DEPENDS := $(UNIT_TESTS) $(TEST_PROGRAM) $(BUILD)/tests/handoff-child \
	$(BUILD)/tests/handoff-child-dynamic $(PROGRAM) $(HELPERS) $(REFUSE)

## make test        all tests; says how many ran (TESTS="csv units": only these)
test: $(TEST_DEPENDS)
	$(Q)BUILD=$(BUILD) CC="$(CC)" tests/run $(TESTS)

SANITIZED_FLAGS := -O1 -g -fno-omit-frame-pointer

## make asan        the tests under AddressSanitizer and UBSan
asan:
	$(Q)HANDOFF_SIM_SCALE=10 ASAN_OPTIONS=detect_leaks=0 \
		UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		$(MAKE) BUILD=build/asan CFLAGS="$(SANITIZED_FLAGS)" \
		SANITIZE="-fsanitize=address,undefined" test

## make tsan        the tests under ThreadSanitizer
tsan:
	$(Q)HANDOFF_SIM_SCALE=10 \
		TSAN_OPTIONS="die_after_fork=0 halt_on_error=1 \
		suppressions=$(CURDIR)/tests/tsan.supp" \
		$(MAKE) BUILD=build/tsan CFLAGS="$(SANITIZED_FLAGS)" \
		SANITIZE="-fsanitize=thread" test

# What reads files is fed with what no file should hold (libFuzzer: clang). New
# inputs stay in the build's directory; one that breaks a reader is named. The
# targets share the time.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/*.c))
FUZZERS := $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz_%)
FUZZ_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined

$(BUILD)/tests/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(OBJECTS) \
		$(TEST_REGISTRY) $(TEST_BENCHES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

.PHONY: fuzzers-built
fuzzers-built: $(FUZZERS)

## make fuzz        readers of CSV and tables, fuzzed for a minute (FUZZ_SECONDS)
.PHONY: fuzz
fuzz:
	$(Q)$(MAKE) BUILD=build/fuzz CC=clang CFLAGS="$(SANITIZED_FLAGS)" \
		SANITIZE="$(FUZZ_FLAGS) -fsanitize=fuzzer-no-link" fuzzers-built
	$(Q)for fuzzer in $(FUZZ_TARGETS); do \
		mkdir -p build/fuzz/corpus/$$fuzzer; \
		build/fuzz/tests/fuzz_$$fuzzer \
			-max_total_time=$$(($(FUZZ_SECONDS) / $(words $(FUZZ_TARGETS)) + 1)) \
			-timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
			-dict=tests/fuzz/$$fuzzer.dict \
			-artifact_prefix=build/fuzz/$$fuzzer- \
			build/fuzz/corpus/$$fuzzer tests/fuzz/$$fuzzer || exit 1; \
	done

ARCH ?= aarch64
## make emulated    the tests as ARCH (aarch64, riscv64), by qemu-user
.PHONY: emulated
emulated:
	$(Q)scripts/emulate $(ARCH) test $(TESTS)

SOURCES := $(wildcard harness/*.[ch] bench/*.[ch] tests/*.[ch] tests/fuzz/*.[ch])
SCRIPTS := scripts/deps scripts/emulate scripts/keep scripts/unpack \
	scripts/vm \
	scripts/versus-peers scripts/completion/handoff.bash tests/run \
	tests/check_run $(wildcard tests/*.sh) .ci/run

## make lint        clang-format, clang-tidy, cppcheck, shellcheck, warnings
lint: $(BUILD)/version.h $(BUILD)/syscalls.h
	clang-format --dry-run --Werror $(SOURCES)
	shellcheck $(SCRIPTS)
	cppcheck --quiet --std=c11 --enable=warning,portability \
		--error-exitcode=1 --inline-suppr -j2 -Iharness -Ibench \
		-I$(BUILD) --suppressions-list=tests/cppcheck.supp \
		$(filter %.c,$(SOURCES))
	printf '%s\n' $(filter harness/%.c bench/%.c,$(SOURCES)) | \
		xargs -P2 -n4 sh -c 'clang-tidy --quiet \
		--warnings-as-errors="*" "$$@" -- $(filter-out \
		$(WARNINGS),$(OUR_CFLAGS)) 2>/dev/null' tidy
	$(MAKE) BUILD=build/lint-gcc CC=gcc WERROR=-Werror all tests-built
	$(MAKE) BUILD=build/lint-clang CC=clang WERROR=-Werror all tests-built

.PHONY: tests-built
tests-built: $(TEST_DEPENDS)

## make format      clang-format over every source
format:
	clang-format -i $(SOURCES)

# --------------------------------------------------------------- installing

## make install     into PREFIX (default /usr/local), under DESTDIR
install: all
	install -d $(DESTDIR)$(PREFIX)/bin \
		$(DESTDIR)$(PREFIX)/share/handoff/plots \
		$(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions
	install $(PROGRAM) $(HELPERS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 plots/*.gp $(DESTDIR)$(PREFIX)/share/handoff/plots
	install -m 644 handoff.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 scripts/completion/handoff.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/handoff
	install -m 644 scripts/completion/_handoff \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions

clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/harness/*.d $(BUILD)/bench/*.d $(BUILD)/tests/*.d)
