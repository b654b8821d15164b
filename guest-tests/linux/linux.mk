# SPDX-License-Identifier: BSD-2-Clause
# The Linux guests: Debian's kernels, our modules for each, what runs in them, an initramfs of these
# for each. Included by the root Makefile; `linux` builds it all.

LINUX_FLAVOURS := 6.1 6.12 6.12-16k

LINUX_CROSS ?= aarch64-linux-gnu-
LINUX_TOOL_CFLAGS := -std=gnu11 -O2 -Wall -Wextra -Werror -static -s
LINUX_TOOLS := guest-tests/linux/tools
LINUX_LENDCTL := $(addprefix $(LINUX_TOOLS)/,lendctl.c device.c interrupt.c json.c lend.c list.c loan.c map.c online.c \
	parse.c report.c slot.c status.c sysfs.c target.c uevent.c unload.c wait.c watch.c)
LINUX_MEMFILL := $(addprefix $(LINUX_TOOLS)/,memfill.c pagemap.c parse_memory.c)
LINUX_MEMCHECK := $(addprefix $(LINUX_TOOLS)/,memcheck.c memcheck_areas.c pagemap.c parse_memory.c)
LINUX_PROGRAMS := $(addprefix build/linux/,lendctl memfill memcheck dumpcheck)
LINUX_MODULES := $(notdir $(patsubst %/Kbuild,%,$(wildcard guest-tests/linux/*/Kbuild)))
INITRAMFS := guest-tests/linux/initramfs

.PHONY: linux
linux: $(foreach f,$(LINUX_FLAVOURS),$(addprefix build/linux/$f/,initramfs.cpio.gz Image.gz)) \
	build/linux/initramfs-plain.cpio.gz

build/linux/busybox build/linux/util-linux build/linux/kexec-tools &:
	scripts/setup linux-common

define linux_kernel
$(addprefix build/linux/$(1)/,Image version modules-extra) &:
	scripts/setup linux-$(1)
endef
$(foreach f,$(LINUX_FLAVOURS),$(eval $(call linux_kernel,$f)))

# kbuild for a flavour and a module's copy below it.
kbuild = env -u MAKEFLAGS -u MFLAGS $(MAKE) -s -j2 -C build/linux/$(1)/headers \
	M=$(CURDIR)/build/linux/$(1)/$(2) ARCH=arm64 CROSS_COMPILE=$(LINUX_CROSS) KCFLAGS=-Werror W=1 \
	CONFIG_DEBUG_INFO_BTF_MODULES=

# A module is built on a copy, since kbuild writes beside the sources; with the kernel's own flags, not
# ours. $(1) is the flavour, $(2) the module, which is its directory's name too. Sources that are gone
# leave the copy too.
define linux_module
build/linux/$(1)/$(2).ko: $$(wildcard guest-tests/linux/$(2)/*) hyp/lend/abi.h build/linux/$(1)/version
	@mkdir -p build/linux/$(1)/$(2)/hyp/lend
	@rm -f build/linux/$(1)/$(2)/*.[ch]
	@cp -p $$(wildcard guest-tests/linux/$(2)/*) build/linux/$(1)/$(2)/
	@cp -p hyp/lend/abi.h build/linux/$(1)/$(2)/hyp/lend/
	$$(call kbuild,$(1),$(2)) modules
	@$$(LINUX_CROSS)strip --strip-debug -o $$@ build/linux/$(1)/$(2)/$(2).ko
endef
$(foreach f,$(LINUX_FLAVOURS),$(foreach m,$(LINUX_MODULES),$(eval $(call linux_module,$f,$m))))

# lendmem for a kernel whose headers differ in nothing but its name, as those of two updates of a stable
# kernel may: for test_wrong_headers.py. sed -i writes a new file, and leaves alone what it was linked to.
define linux_neighbour
build/linux/$(1)/neighbour.ko: build/linux/$(1)/lendmem.ko
	@rm -rf build/linux/$(1)/neighbour build/linux/$(1)/usr/src/neighbour
	@cp -al build/linux/$(1)/headers/ build/linux/$(1)/usr/src/neighbour
	@sed -i -E 's/[0-9](\+|-arm64)/x\1/' build/linux/$(1)/usr/src/neighbour/include/generated/utsrelease.h
	@mkdir -p build/linux/$(1)/neighbour
	@cp -a build/linux/$(1)/lendmem/*.[ch] build/linux/$(1)/lendmem/Kbuild build/linux/$(1)/lendmem/hyp \
		build/linux/$(1)/neighbour/
	@rm build/linux/$(1)/neighbour/*.mod.c
	$$(subst /headers,/usr/src/neighbour,$$(call kbuild,$(1),neighbour)) modules
	@$$(LINUX_CROSS)strip --strip-debug -o $$@ build/linux/$(1)/neighbour/lendmem.ko
endef
$(foreach f,$(LINUX_FLAVOURS),$(eval $(call linux_neighbour,$f)))

.PHONY: neighbours
neighbours: $(LINUX_FLAVOURS:%=build/linux/%/neighbour.ko)

build/linux/lendctl: $(LINUX_LENDCTL) $(wildcard $(LINUX_TOOLS)/*.h)
	@mkdir -p $(@D)
	$(LINUX_CROSS)gcc $(LINUX_TOOL_CFLAGS) -o $@ $(LINUX_LENDCTL)

build/linux/memfill: $(LINUX_MEMFILL) $(wildcard $(LINUX_TOOLS)/*.h)
	@mkdir -p $(@D)
	$(LINUX_CROSS)gcc $(LINUX_TOOL_CFLAGS) -o $@ $(LINUX_MEMFILL)

build/linux/memcheck: $(LINUX_MEMCHECK) $(wildcard $(LINUX_TOOLS)/*.h)
	@mkdir -p $(@D)
	$(LINUX_CROSS)gcc $(LINUX_TOOL_CFLAGS) -o $@ $(LINUX_MEMCHECK)

build/linux/dumpcheck: $(LINUX_TOOLS)/dumpcheck.c guest-tests/linux/lendtest/pattern.h
	@mkdir -p $(@D)
	$(LINUX_CROSS)gcc $(LINUX_TOOL_CFLAGS) -o $@ $<

build/linux/%/initramfs.cpio.gz: $(INITRAMFS)/init $(INITRAMFS)/contents $(INITRAMFS)/mkcpio \
		$(LINUX_TOOLS)/kdump-load $(LINUX_TOOLS)/wrong-map \
		build/linux/busybox build/linux/util-linux build/linux/kexec-tools $(LINUX_PROGRAMS) \
		build/linux/%/modules-extra $(LINUX_MODULES:%=build/linux/\%/%.ko)
	$(INITRAMFS)/mkcpio $(INITRAMFS)/contents $* >$(basename $@)
	@gzip -n -9 -f $(basename $@)

# The same without what knows of lending, for a next kernel that does not; nothing in it is for one kernel.
build/linux/initramfs-plain.cpio.gz: build/linux/6.1/initramfs.cpio.gz
	@grep -v '/lend\|/modules-extra/' $(INITRAMFS)/contents >$(basename $@).contents
	$(INITRAMFS)/mkcpio $(basename $@).contents - >$(basename $@)
	@rm $(basename $@).contents
	@gzip -n -9 -f $(basename $@)

# lendmem-dkms and lendmem-tools, for Debian guests.
.PHONY: deb
deb: build/linux/lendctl
	guest-tests/linux/packages/build $< build/packages
	@ls build/packages/*.deb

# For kexec: what has to travel in an initramfs is better small.
build/linux/%/Image.gz: build/linux/%/Image
	gzip -n -6 -c $< >$@.new
	@mv $@.new $@
