# SPDX-License-Identifier: BSD-2-Clause
# Static checks, a target each: static-<word> for the words in STATIC_CHECKS.

STATIC_CHECKS := format shell cppcheck warnings tree fp sparse checkpatch
# The tracepoints' macros are laid out as the formatter does it, which checkpatch does not know.
C_FILES = $(shell git ls-files '*.c' '*.h' ':!:*_trace.h')
MODULE_FILES = $(filter guest-tests/linux/lend%,$(C_FILES))
SHELL_FILES = $(shell git grep -lE '^\#!(/bin/(ba)?sh|/usr/bin/env bash)' -- scripts .ci guest-tests)

.PHONY: $(STATIC_CHECKS:%=static-%)

static-format:
	clang-format --dry-run -Werror $(C_FILES) $(shell git ls-files "*_trace.h")

static-shell:
	shellcheck $(SHELL_FILES)

static-cppcheck:
	cppcheck -q --error-exitcode=1 --std=c11 --enable=warning,portability --inline-suppr \
		--suppress=missingInclude -I. -U__KERNEL__ boot dt hyp stage2

# What gcc 12 for arm64 lets pass, clang may not.
static-warnings:
	@for f in $$(git ls-files 'dt/*.c' 'hyp/lend/*.c' 'stage2/*.c' 'hyp/lib/*.c' 'hyp/gic/vgic*.c'); do \
		clang -fsyntax-only -std=gnu11 -Wall -Wextra -Wshadow -Werror -I. $$f || exit 1; done

# Nothing at all from sparse, on the modules and the kernels' headers they include; it is told to look at
# every file, also where there is nothing to compile any more.
static-sparse: $(foreach f,$(LINUX_FLAVOURS),$(LINUX_MODULES:%=build/linux/$f/%.ko))
	@mkdir -p build/check
	@for flavour in $(LINUX_FLAVOURS); do for module in $(LINUX_MODULES); do \
		echo "sparse: $$module for $$flavour"; \
		$(call kbuild,$$flavour,$$module) C=2 CHECK=sparse modules >build/check/sparse.txt 2>&1 || \
			{ cat build/check/sparse.txt; exit 1; }; \
		! grep . build/check/sparse.txt || exit 1; \
	done; done

# Left out: MACRO_ARG_*, since a macro that declares a sysfs file pastes and repeats its argument, a name;
# LONG_LINE_COMMENT, since clang-format leaves comments alone; OPEN_ENDED_LINE, which it writes before a
# long message.
static-checkpatch: build/checkpatch
	@perl build/checkpatch/checkpatch.pl --no-tree --strict --terse --show-types --no-summary \
		--max-line-length=100 --ignore MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE,LONG_LINE_COMMENT,OPEN_ENDED_LINE \
		-f $(MODULE_FILES)

build/checkpatch:
	scripts/setup check

# Nothing but what the design allows at the top level, and no file that holds two ideas.
static-tree:
	@scripts/sloc boot hyp stage2 dt
	@! git ls-files | cut -d/ -f1 | sort -u | \
		grep -vxE '\..*|LICENSE|README\.md|Makefile|boot|hyp|stage2|dt|guest-tests|scripts|docs'
	@! git ls-files 'boot/*' 'hyp/*' 'stage2/*' 'dt/*' 'guest-tests/linux/*' 'scripts/*' | xargs wc -l | awk '$$2 != "total" && $$1 > 400' | grep .
	@! git grep -nIE '\b(TO''DO|FIX''ME)\b' -- '*.c' '*.h' '*.S' '*.py' Makefile

# libfdt is called while a guest's FP registers are live.
static-fp: build/lendvisor.elf
	scripts/fp-check $<
