# SPDX-License-Identifier: BSD-2-Clause
# Bare guests: guest-tests/bare/test_<name>.c -> build/bare/<name>.bin, a raw image for 0x40080000.
# Included by the root Makefile; `bare` builds them all, BARE_BINS lists them.

BARE_CROSS ?= aarch64-linux-gnu-
BARE_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes \
	-ffreestanding -fno-pic -fno-stack-protector -mgeneral-regs-only -mstrict-align \
	-mno-outline-atomics -I. -MMD -MP
BARE_NAMES := $(patsubst guest-tests/bare/test_%.c,%,$(sort $(wildcard guest-tests/bare/test_*.c)))
BARE_LIB_SRCS := $(sort $(wildcard guest-tests/bare/lib/*.c)) guest-tests/bare/start.S \
	guest-tests/bare/vectors.S
BARE_LIB_OBJS := $(patsubst guest-tests/bare/%,build/bare/%.o,$(BARE_LIB_SRCS))
BARE_BINS := $(BARE_NAMES:%=build/bare/%.bin)

.PHONY: bare
bare: $(BARE_BINS)

build/bare/%.c.o: guest-tests/bare/%.c
	@mkdir -p $(@D)
	$(BARE_CROSS)gcc $(BARE_CFLAGS) -c $< -o $@

build/bare/%.S.o: guest-tests/bare/%.S
	@mkdir -p $(@D)
	$(BARE_CROSS)gcc $(BARE_CFLAGS) -D__ASSEMBLY__ -c $< -o $@

build/bare/%.elf: build/bare/test_%.c.o $(BARE_LIB_OBJS) guest-tests/bare/bare.ld
	$(BARE_CROSS)gcc -nostdlib -static -no-pie -Wl,--build-id=none -Wl,--no-warn-rwx-segments \
		-Wl,-T,guest-tests/bare/bare.ld $(filter %.o,$^) -lgcc -o $@

build/bare/%.bin: build/bare/%.elf
	$(BARE_CROSS)objcopy -O binary $< $@

.SECONDARY: $(BARE_LIB_OBJS) $(BARE_NAMES:%=build/bare/test_%.c.o) $(BARE_NAMES:%=build/bare/%.elf)
-include $(BARE_LIB_OBJS:.o=.d) $(BARE_NAMES:%=build/bare/test_%.c.d)
