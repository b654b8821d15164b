# SPDX-License-Identifier: BSD-2-Clause
# The Linux guest: Debian's kernel, lendmem.ko for it, lendctl and memfill, an initramfs of these.
# Included by the root Makefile; `linux` builds it all, LINUX_FILES lists what a bundle takes.

LINUX_SERIES := 6.1
LINUX_KERNEL := build/linux/$(LINUX_SERIES)
LINUX_FILES := $(LINUX_KERNEL)/Image build/linux/initramfs.cpio.gz

LINUX_CROSS ?= aarch64-linux-gnu-
LINUX_TOOL_CFLAGS := -std=gnu11 -O2 -Wall -Wextra -Werror -static -s
LINUX_TOOLS := guest-tests/linux/tools
LINUX_LENDCTL := $(addprefix $(LINUX_TOOLS)/,lendctl.c device.c json.c lend.c list.c loan.c online.c parse.c \
	report.c slot.c status.c sysfs.c target.c uevent.c unload.c wait.c watch.c)
LINUX_MEMFILL := $(addprefix $(LINUX_TOOLS)/,memfill.c pagemap.c)
LENDMEM_FILES := $(sort $(wildcard guest-tests/linux/lendmem/*))
LENDMEM_DIR := $(LINUX_KERNEL)/lendmem
INITRAMFS := guest-tests/linux/initramfs

.PHONY: linux
linux: $(LINUX_FILES)

$(LINUX_KERNEL)/Image $(LINUX_KERNEL)/version build/linux/busybox &:
	scripts/setup linux

# Built on a copy, since kbuild writes beside the sources; with the kernel's own flags, not ours.
build/linux/lendmem.ko: $(LENDMEM_FILES) hyp/lend/abi.h $(LINUX_KERNEL)/version
	@mkdir -p $(LENDMEM_DIR)/hyp/lend
	@cp -p $(LENDMEM_FILES) $(LENDMEM_DIR)/
	@cp -p hyp/lend/abi.h $(LENDMEM_DIR)/hyp/lend/
	env -u MAKEFLAGS -u MFLAGS $(MAKE) -s -j2 -C $(LINUX_KERNEL)/headers \
		M=$(CURDIR)/$(LENDMEM_DIR) ARCH=arm64 CROSS_COMPILE=$(LINUX_CROSS) KCFLAGS=-Werror W=1 \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules
	@$(LINUX_CROSS)strip --strip-debug -o $@ $(LENDMEM_DIR)/lendmem.ko

build/linux/lendctl: $(LINUX_LENDCTL) $(wildcard $(LINUX_TOOLS)/*.h)
	@mkdir -p $(@D)
	$(LINUX_CROSS)gcc $(LINUX_TOOL_CFLAGS) -o $@ $(LINUX_LENDCTL)

build/linux/memfill: $(LINUX_MEMFILL) $(wildcard $(LINUX_TOOLS)/*.h)
	@mkdir -p $(@D)
	$(LINUX_CROSS)gcc $(LINUX_TOOL_CFLAGS) -o $@ $(LINUX_MEMFILL)

build/linux/initramfs.cpio.gz: $(INITRAMFS)/init $(INITRAMFS)/contents $(INITRAMFS)/mkcpio \
		build/linux/busybox build/linux/lendctl build/linux/memfill build/linux/lendmem.ko
	$(INITRAMFS)/mkcpio $(INITRAMFS)/contents >$(basename $@)
	@gzip -n -9 -f $(basename $@)
