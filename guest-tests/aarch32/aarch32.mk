# SPDX-License-Identifier: BSD-2-Clause
# 32-bit guests: guest-tests/aarch32/test_<name>.c -> build/aarch32/<name>.bin, a raw image for 0x40010000.
# Included by the root Makefile; `aarch32` builds them all.

ARM32_CROSS ?= arm-none-eabi-
ARM32_DIR := guest-tests/aarch32
ARM32_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes \
	-march=armv8-a -marm -mfloat-abi=soft -mno-unaligned-access -ffreestanding -fno-pic \
	-fno-stack-protector -I. -MMD -MP
ARM32_NAMES := $(patsubst $(ARM32_DIR)/test_%.c,%,$(sort $(wildcard $(ARM32_DIR)/test_*.c)))
ARM32_LIB_SRCS := $(sort $(wildcard $(ARM32_DIR)/lib/*.c $(ARM32_DIR)/*.S))
ARM32_LIB_OBJS := $(ARM32_LIB_SRCS:$(ARM32_DIR)/%=build/aarch32/%.o) build/aarch32/string.c.o

.PHONY: aarch32
aarch32: $(ARM32_NAMES:%=build/aarch32/%.bin)

build/aarch32/%.c.o: $(ARM32_DIR)/%.c
	@mkdir -p $(@D)
	$(ARM32_CROSS)gcc $(ARM32_CFLAGS) -c $< -o $@

build/aarch32/string.c.o: guest-tests/bare/lib/string.c
	@mkdir -p $(@D)
	$(ARM32_CROSS)gcc $(ARM32_CFLAGS) -c $< -o $@

build/aarch32/%.S.o: $(ARM32_DIR)/%.S
	@mkdir -p $(@D)
	$(ARM32_CROSS)gcc $(ARM32_CFLAGS) -c $< -o $@

build/aarch32/%.elf: build/aarch32/test_%.c.o $(ARM32_LIB_OBJS) $(ARM32_DIR)/aarch32.ld
	$(ARM32_CROSS)gcc -nostdlib -static -Wl,--build-id=none -Wl,--no-warn-rwx-segments \
		-Wl,-T,$(ARM32_DIR)/aarch32.ld $(filter %.o,$^) -lgcc -o $@

build/aarch32/%.bin: build/aarch32/%.elf
	$(ARM32_CROSS)objcopy -O binary $< $@

.SECONDARY: $(ARM32_LIB_OBJS) $(ARM32_NAMES:%=build/aarch32/test_%.c.o) $(ARM32_NAMES:%=build/aarch32/%.elf)
-include $(ARM32_LIB_OBJS:.o=.d) $(ARM32_NAMES:%=build/aarch32/test_%.c.d)
