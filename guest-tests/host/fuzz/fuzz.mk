# SPDX-License-Identifier: BSD-2-Clause
# Fuzz targets: fuzz_<name>.c with the sources of its row -> build/fuzz/<name>. By clang, whose libFuzzer
# gcc has no match for. Included by the root Makefile, after host.mk.
#
#	make fuzz T=600 [SEED=1]	each target for T seconds
#	make fuzz-corpus T=600		the same, and then takes what was found into the corpus

FUZZ_DIR := guest-tests/host/fuzz
FUZZ_OUT := build/fuzz
FUZZ_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all -I.
T ?= 20
SEED ?=
FUZZ_JOBS ?= $(shell nproc)

FUZZ_SRCS_calls := $(LEND_PURE)
FUZZ_SRCS_bundle := $(DT_PURE) hyp/lib/print.c $(FUZZ_DIR)/fdt_mutate.c
FUZZ_SRCS_platform := $(DT_PURE) hyp/lib/print.c $(FUZZ_DIR)/fdt_mutate.c
FUZZ_SRCS_guest_fdt := $(DT_PURE) hyp/lib/print.c

FUZZ_NAMES := $(patsubst $(FUZZ_DIR)/fuzz_%.c,%,$(sort $(wildcard $(FUZZ_DIR)/fuzz_*.c)))
FUZZ_TARGETS := $(FUZZ_NAMES:%=$(FUZZ_OUT)/%)
# clang leaves the dependencies of one source only when it is given several.
FUZZ_HEADERS := $(wildcard dt/*.h hyp/lend/*.h hyp/lib/*.h hyp/cpu/*.h stage2/*.h \
	$(HOST_DIR)/*.h $(FUZZ_DIR)/*.h)

.PHONY: fuzz fuzz-steps fuzz-corpus

fuzz:
	@rm -rf build/check/fuzz
	@$(MAKE) --no-print-directory fuzz-steps
	@scripts/check-summary build/check/fuzz

# For `make check`: no summary of its own.
fuzz-steps: $(FUZZ_TARGETS)
	@echo "fuzzing, $(T) s per target"
	@printf '%s\n' $(FUZZ_NAMES) | xargs -P $(FUZZ_JOBS) -I{} scripts/check-step \
		build/check/fuzz/{}.log $(FUZZ_DIR)/run {} $(T) $(SEED)

fuzz-corpus: $(FUZZ_TARGETS)
	@for name in $(FUZZ_NAMES); do $(FUZZ_DIR)/run --merge $$name $(T) $(SEED) || exit 1; done

.SECONDEXPANSION:
$(FUZZ_TARGETS): $(FUZZ_OUT)/%: $(FUZZ_DIR)/fuzz_%.c $(HOST_DIR)/support.c $$(FUZZ_SRCS_%) \
		$(FUZZ_HEADERS) | build/.setup-host
	@mkdir -p $(@D)
	@echo "  FUZZ  $@"
	@clang-14 $(FUZZ_CFLAGS) $(filter %.c,$^) -o $@ -lcmocka -lfdt
