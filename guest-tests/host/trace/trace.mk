# SPDX-License-Identifier: BSD-2-Clause
# The stage-2 trace: host tests built once more with their locks and stage-2 trees traced, the traces in
# build/trace/*.trace, and the checker over them and over seeded faults. After host.mk.

TRACE_DIR := $(HOST_DIR)/trace
TRACE_NAMES := stage2 stage2_random stage2_tlb table calls scrub life lend_random
TRACE_TESTS := $(TRACE_NAMES:%=build/trace/%)
TRACE_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -Werror -I. -include $(TRACE_DIR)/trace_locks.h \
	-Wl,--wrap=s2_init
# gcc leaves the dependencies of one source only when it is given several.
TRACE_DEPS := $(TRACE_DIR)/trace.mk \
	$(wildcard hyp/*/*.h stage2/*.h $(HOST_DIR)/*.h $(TRACE_DIR)/*.h)
# As much of each as a trace of some 300,000 records holds: fewer steps, or one in so many machines.
# The random one runs once more as on a CPU with FEAT_TLBIRANGE.
TRACE_SHARE_stage2 := S2_TRACE_LIMIT=100000
TRACE_SHARE_table := S2_TRACE_EVERY=50
TRACE_SHARE_scrub := S2_TRACE_EVERY=4
TRACE_SHARE_life := S2_TRACE_EVERY=3
TRACE_SHARE_lend_random := STEPS=6000
TRACE_RANGE := build/trace/lend_random,STEPS=6000,S2_TRACE_RANGE=1
TRACE_RUNS := $(foreach name,$(TRACE_NAMES),build/trace/$(name),$(TRACE_SHARE_$(name))) $(TRACE_RANGE)

.PHONY: trace-check
trace-check: $(TRACE_TESTS) build/trace/faults
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 $(TRACE_DIR)/trace_test.py build/trace \
		build/trace/faults $(TRACE_RUNS)

.SECONDEXPANSION:
$(TRACE_TESTS): build/trace/%: $(HOST_DIR)/test_%.c $(HOST_DIR)/support.c $(TRACE_DIR)/trace.c \
		$$(HOST_SRCS_%) $(TRACE_DEPS)
	@mkdir -p $(@D)
	@echo "  TRACE $@"
	@gcc $(TRACE_CFLAGS) $(filter %.c,$^) -o $@ -lcmocka

build/trace/faults: $(TRACE_DIR)/faults.c $(TRACE_DIR)/trace.c $(HOST_DIR)/support.c $(STAGE2_PURE) \
		$(TRACE_DEPS)
	@mkdir -p $(@D)
	@echo "  TRACE $@"
	@gcc $(TRACE_CFLAGS) $(filter %.c,$^) -o $@
