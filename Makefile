# SPDX-License-Identifier: BSD-2-Clause
# The only entry point. `make help` lists what it can do.

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
BUILD := build
CROSS ?= aarch64-linux-gnu-
PYTHON := /usr/bin/python3
PYTEST := PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -q -p no:cacheprovider

# ---- The hypervisor, and its variants: each with objects and image in a directory of its own

VARIANT := $(if $(DEBUG),debug/)$(if $(MEASURE),measure/)$(if $(ERRATA_REPEAT_TLBI),repeat-tlbi/)
OUT := $(BUILD)/$(VARIANT)
EL2_VARIANT := $(if $(DEBUG),-DLEND_CHECK) $(if $(MEASURE),-DMEASURE) $(if $(ERRATA_REPEAT_TLBI),-DS2_TLBI_TIMES=2)

EL2_DIRS := boot hyp hyp/cpu hyp/dev hyp/gic hyp/lend hyp/lib hyp/trap hyp/vm stage2 dt
EL2_NOT := boot/offsets.c
EL2_SRCS := $(filter-out $(EL2_NOT),$(sort $(foreach d,$(EL2_DIRS),$(wildcard $(d)/*.c $(d)/*.S))))
EL2_SRCS += $(addprefix guest-tests/host/,$(if $(DEBUG),lend_check.c check_on_target.c) \
	$(if $(MEASURE),masked_on_target.c))
EL2_OBJS := $(EL2_SRCS:%=$(OUT)el2/%.o)
SYSROOT := $(BUILD)/sysroot

EL2_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes \
	-ffreestanding -fno-stack-protector -fno-omit-frame-pointer -mgeneral-regs-only \
	-mstrict-align -mno-outline-atomics -fpie -fvisibility=hidden \
	$(EL2_VARIANT) -I. -I$(OUT)el2 -isystem $(SYSROOT)/include -MMD -MP
EL2_LDFLAGS := -nostdlib -static-pie -Wl,-T,boot/lendvisor.ld -Wl,--build-id=none -Wl,-z,text \
	-Wl,--no-warn-rwx-segments -Wl,-z,noexecstack

$(OUT)el2/offsets.h: boot/offsets.c | $(SYSROOT)/libfdt.a
	@mkdir -p $(@D)
	@$(CROSS)gcc $(EL2_CFLAGS) -MT $@ -MF $(OUT)el2/offsets.d -S $< -o $(OUT)el2/offsets.s
	@sed -n 's/^#define \([A-Z0-9_]*\) #*\(.*\)$$/#define \1 \2/p' $(OUT)el2/offsets.s >$@

$(OUT)el2/%.c.o: %.c | $(SYSROOT)/libfdt.a
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CROSS)gcc $(EL2_CFLAGS) -c $< -o $@

# Or gcc recognises the loops and turns memset() into a call of memset().
$(OUT)el2/hyp/lib/string.c.o: EL2_CFLAGS += -fno-tree-loop-distribute-patterns

$(OUT)el2/%.S.o: %.S $(OUT)el2/offsets.h
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CROSS)gcc $(EL2_CFLAGS) -c $< -o $@

$(OUT)lendvisor.elf: $(EL2_OBJS) boot/lendvisor.ld
	@echo "  LD    $@"
	@$(CROSS)gcc $(EL2_LDFLAGS) $(EL2_OBJS) $(SYSROOT)/libfdt.a -o $@

$(OUT)lendvisor.img: $(OUT)lendvisor.elf
	@$(CROSS)objcopy -O binary $< $@

$(SYSROOT)/libfdt.a:
	scripts/setup build

-include $(EL2_OBJS:.o=.d) $(OUT)el2/offsets.d

.PHONY: hypervisor
hypervisor: $(OUT)lendvisor.img

include guest-tests/bare/bare.mk
include guest-tests/aarch32/aarch32.mk
include guest-tests/linux/linux.mk
include guest-tests/bench/bench.mk
include guest-tests/host/host.mk
include guest-tests/host/trace/trace.mk
include guest-tests/host/fuzz/fuzz.mk
include guest-tests/host/model/model.mk
include guest-tests/host/mutants/mutants.mk
include guest-tests/host/coverage.mk
include scripts/static.mk
include scripts/cases.mk

.PHONY: all size clean help setup
all: hypervisor

setup:
	@scripts/setup

# Lines of C and assembly without blank lines and comments; libfdt is Debian's and not counted.
size: $(OUT)lendvisor.elf
	@$(CROSS)size -A -d $< | awk '/^\.(text|rodata)/ { n += $$2 } \
		END { printf "image: %d KiB text and read-only data\n", n / 1024 }'
	@scripts/sloc boot hyp stage2 dt

clean:
	rm -rf $(BUILD)

help:
	@echo "make demo         two Debian guests lend a block of memory and take it back"
	@echo "                  V=1: with their consoles; BOOT=uboot: by U-Boot"
	@echo "make check        all tests; ends in 'N passed, N failed'"
	@echo "make soak         the random ones of them for some hours: T=600 for each fuzzer"
	@echo "make kexec-check  kexec from kernel to kernel in every state of lending: build/kexec/index.html"
	@echo "                  QUICK=1: the part in check; KERNELS=\"a=path/Image b=path/Image\": your own"
	@echo "make check-host   the tests that need no QEMU, in seconds once built"
	@echo "make check-bare   the tests on bare-metal guests"
	@echo "make model | fuzz T=600 | coverage | trace-check | mutants   proofs on the host"
	@echo "make all          the hypervisor alone: build/lendvisor.img"
	@echo "                  ERRATA_REPEAT_TLBI=1 | MEASURE=1 | DEBUG=1: a variant, see docs/guide.md"
	@echo "make deb          packages for Debian guests: build/packages/*.deb"
	@echo "make bench        figures against their bounds, in docs/benchmarks.md; QUICK=1: in five minutes"
	@echo "make size         lines of code, bytes of image"
	@echo "make clean        removes build/, downloads included"
	@echo "scripts/run MY.its   runs your own guests; see docs/guide.md"
