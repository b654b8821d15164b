# SPDX-License-Identifier: BSD-2-Clause
# `make mutants`: each fault of guest-tests/host/mutants/list is caught by some host test. After host.mk.

MUTANTS_DIR := $(HOST_DIR)/mutants
# In the order in which they are tried, where any may catch it.
MUTANTS_PROGRAMS := stage2_walk stage2_tlb stage2 stage2_random found slot_info loans repeats calls life scrub window table lend_random
empty :=
space := $(empty) $(empty)
comma := ,
MUTANTS_SRCS = $(HOST_DIR)/test_$(1).c $(HOST_DIR)/support.c $(filter %.c,$(HOST_SRCS_$(1)))
MUTANTS_LOG := build/check/mutants/mutants.log
ONLY ?=

.PHONY: mutants check-mutants-steps
mutants:
	@scripts/setup host
	@rm -rf $(dir $(MUTANTS_LOG))
	@$(MAKE) --no-print-directory check-mutants-steps V=1
	@scripts/check-summary $(dir $(MUTANTS_LOG))

# For `make check`: no summary of its own.
check-mutants-steps:
	@scripts/check-step $(MUTANTS_LOG) $(MUTANTS_DIR)/mutants.py $(if $(ONLY),--only $(ONLY)) \
		$(foreach name,$(MUTANTS_PROGRAMS),$(name)=$(subst $(space),$(comma),$(strip $(call \
		MUTANTS_SRCS,$(name)))))
