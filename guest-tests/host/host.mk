# SPDX-License-Identifier: BSD-2-Clause
# Host tests: guest-tests/host/test_<name>.c with the pure sources of its row -> build/host/<name>.
# Under ASan and UBSan. Included by the root Makefile; HOST_TESTS lists the programs.

HOST_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -I. -MMD -MP
HOST_DIR := guest-tests/host

STAGE2_PURE := stage2/stage2.c stage2/walk.c guest-tests/host/tlb_fake.c
VGIC_PURE := hyp/gic/vgic.c hyp/gic/vgic_lr.c hyp/gic/vgic_regs.c
DT_PURE := $(wildcard dt/*.c)
LEND_PURE := $(wildcard hyp/lend/*.c) $(STAGE2_PURE) $(wildcard $(HOST_DIR)/lend_*.c)

HOST_SRCS_stage2 := $(STAGE2_PURE)
HOST_SRCS_stage2_random := $(STAGE2_PURE)
HOST_SRCS_stage2_tlb := $(STAGE2_PURE)
HOST_SRCS_stage2_walk := $(STAGE2_PURE)
HOST_SRCS_vgic := $(VGIC_PURE)
HOST_SRCS_vgic_random := $(VGIC_PURE)
HOST_SRCS_psr32 := hyp/trap/psr32.c hyp/trap/decode32.c
HOST_SRCS_pl011 := hyp/dev/pl011.c
HOST_SRCS_console := hyp/dev/console.c hyp/dev/text_filter.c
HOST_SRCS_platform := $(DT_PURE) hyp/lib/print.c
HOST_SRCS_bundle := $(DT_PURE) hyp/lib/print.c
HOST_SRCS_guest_fdt := $(DT_PURE) hyp/lib/print.c $(HOST_DIR)/fdt_text.c
HOST_SRCS_guest_map := $(HOST_SRCS_guest_fdt)
HOST_SRCS_bootargs := dt/bootargs.c hyp/lib/print.c
HOST_SRCS_hash := dt/hash.c dt/sha256.c
HOST_SRCS_print := hyp/lib/print.c
HOST_SRCS_string := hyp/lib/types.h # the test includes string.c under other names
HOST_SRCS_slot_info := $(LEND_PURE)
HOST_SRCS_found := $(LEND_PURE)
HOST_SRCS_calls := $(LEND_PURE)
HOST_SRCS_scrub := $(LEND_PURE)
HOST_SRCS_life := $(LEND_PURE)
HOST_SRCS_table := $(LEND_PURE)
HOST_SRCS_loans := $(LEND_PURE)
HOST_SRCS_window := $(LEND_PURE)
HOST_SRCS_repeats := $(LEND_PURE)
HOST_SRCS_lend_random := $(LEND_PURE)
HOST_SRCS_lend_check := $(LEND_PURE)
HOST_SRCS_physmem := boot/physmem.c
HOST_SRCS_monitor_parse := hyp/monitor_parse.c hyp/lib/print.c

HOST_NAMES := $(patsubst $(HOST_DIR)/test_%.c,%,$(sort $(wildcard $(HOST_DIR)/test_*.c)))
HOST_TESTS := $(HOST_NAMES:%=build/host/%)

.PHONY: host-tests
host-tests: $(HOST_TESTS)

.SECONDEXPANSION:
$(HOST_TESTS): build/host/%: $(HOST_DIR)/test_%.c $(HOST_DIR)/support.c $$(HOST_SRCS_%) \
		| build/.setup-host
	@mkdir -p $(@D)
	@$(if $(HOST_SRCS_$*),,echo "$(HOST_DIR)/host.mk: no row for test_$*.c"; exit 1)
	@echo "  HOST  $@"
	@gcc $(HOST_CFLAGS) $(filter %.c,$^) -o $@ -lcmocka -lfdt

build/.setup-host:
	@scripts/setup host
	@touch $@

-include $(HOST_TESTS:%=%.d)

# Not a test: what guest-tests/cases/test_binding.py has the hypervisor's code write.
build/host/write_fdts: $(HOST_DIR)/write_fdts.c $(DT_PURE) hyp/lib/print.c | build/.setup-host
	@mkdir -p $(@D)
	@echo "  HOST  $@"
	@gcc $(HOST_CFLAGS) $(filter %.c,$^) -o $@ -lfdt
