# SPDX-License-Identifier: BSD-2-Clause
# The benchmarks (docs/benchmarks.md). Guests: guest-tests/bench/<name>.c -> build/bench/<name>.bin, most of them
# with the library of the bare guests. Included by the root Makefile after bare.mk and linux.mk.

BENCH_DIR := guest-tests/bench
BENCH_GUESTS := traps lend holes
BENCH_FLAT := floor entry
BENCH_PROGRAMS := mark seed occupy
BENCH_BINS := $(patsubst %,build/bench/%.bin,$(BENCH_GUESTS) $(BENCH_FLAT))

.PHONY: bench bench-steps bench-guests
bench-guests: $(BENCH_BINS) build/bench/sizes build/bench/count.so

# A few minutes on two CPUs. QUICK=1: half of that. STORE=1: the figures become the new baseline. PROFILE=1: no figures,
# but where EL2's instructions go.
bench:
	@scripts/setup build run linux-6.1
	@$(SUBMAKE) bench-steps

bench-steps: all bare bench-guests build/bench/initramfs.cpio.gz
	@$(SUBMAKE) MEASURE=1 hypervisor
	@scripts/bench $(if $(QUICK),--quick) $(if $(STORE),--store) $(if $(PROFILE),--profile)

build/bench/sizes: $(BENCH_DIR)/sizes.c | $(OUT)lendvisor.elf
	@mkdir -p $(@D)
	@$(CROSS)gcc $(EL2_CFLAGS) -MT $@ -MF $@.d -S $< -o - | sed -n 's/^#size \([a-z]*\) #*\([0-9]*\)$$/\1 \2/p' >$@

build/bench/%.c.o: $(BENCH_DIR)/%.c
	@mkdir -p $(@D)
	$(BARE_CROSS)gcc $(BARE_CFLAGS) -c $< -o $@

build/bench/%.S.o: $(BENCH_DIR)/%.S
	@mkdir -p $(@D)
	$(BARE_CROSS)gcc $(BARE_CFLAGS) -D__ASSEMBLY__ -c $< -o $@

BENCH_LINK = $(BARE_CROSS)gcc -nostdlib -static -no-pie -Wl,--build-id=none \
	-Wl,--no-warn-rwx-segments -Wl,-T,guest-tests/bare/bare.ld $(filter %.o,$^) -lgcc -o $@

$(BENCH_GUESTS:%=build/bench/%.elf): build/bench/%.elf: build/bench/%.c.o $(BARE_LIB_OBJS) guest-tests/bare/bare.ld
	$(BENCH_LINK)

# Programs that take the machine as they find it: neither FDT nor MMU nor interrupts.
$(BENCH_FLAT:%=build/bench/%.elf): build/bench/%.elf: build/bench/flat.S.o build/bench/%.c.o \
		build/bare/lib/print.c.o build/bare/lib/string.c.o guest-tests/bare/bare.ld
	$(BENCH_LINK)

build/bench/%.bin: build/bench/%.elf
	$(BARE_CROSS)objcopy -O binary $< $@

# What counts instructions: QEMU's plugin; the programs and the script in the guests that go with it,
# appended to their initramfs. A login shell reads /etc/profile; MOVE is a word of the kernel's command line.

build/bench/count.so: $(addprefix $(BENCH_DIR)/,count.c functions.c functions.h plugin.h)
	@mkdir -p $(@D)
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden $(filter %.c,$^) -o $@

build/bench/occupy: $(addprefix $(LINUX_TOOLS)/,pagemap.c parse_memory.c pagemap.h parse_memory.h)
$(BENCH_PROGRAMS:%=build/bench/%): build/bench/%: $(BENCH_DIR)/%.c
	@mkdir -p $(@D)
	$(LINUX_CROSS)gcc $(LINUX_TOOL_CFLAGS) -I. -o $@ $(filter %.c,$^)

build/bench/profile.sh:
	@mkdir -p $(@D)
	@echo '[ -z "$$MOVE" ] || move "$$MOVE"' >$@

build/bench/contents: $(BENCH_DIR)/bench.mk
	@mkdir -p $(@D)
	@printf '%s\n' 'dir /etc 0755' 'file /etc/profile 0644 build/bench/profile.sh' \
		'file /bin/move 0755 $(BENCH_DIR)/move' $(foreach p,$(BENCH_PROGRAMS),'file /bin/$p 0755 build/bench/$p') >$@

build/bench/initramfs.cpio.gz: build/linux/6.1/initramfs.cpio.gz $(INITRAMFS)/mkcpio \
		$(addprefix build/bench/,contents profile.sh $(BENCH_PROGRAMS)) $(BENCH_DIR)/move
	@$(INITRAMFS)/mkcpio build/bench/contents 6.1 | gzip -n -9 | cat $< - >$@

.SECONDARY: $(patsubst %,build/bench/%.c.o,$(BENCH_GUESTS) $(BENCH_FLAT)) build/bench/flat.S.o \
	$(patsubst %,build/bench/%.elf,$(BENCH_GUESTS) $(BENCH_FLAT))
-include $(wildcard build/bench/*.d)
