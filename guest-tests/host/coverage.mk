# SPDX-License-Identifier: BSD-2-Clause
# `make coverage`: what the host tests run of hyp/lend, stage2 and dt. Built by gcc with counters and without
# optimisation, each test apart, so that no two write the same counts. Included after host.mk.

COV_OUT := build/coverage
COV_CFLAGS := -std=gnu11 -g -O0 --coverage -fprofile-update=single -I.
COV_ROOMS := hyp/lend stage2 dt
# Per cent of lines, in each room.
COV_MIN := 95
# Of the random tests: more reach nothing new.
COV_STEPS := 200000
# The tests that have something of a room among their sources.
COV_NAMES = $(foreach n,$(HOST_NAMES),$(if $(filter $(COV_ROOMS:%=%/%),$(HOST_SRCS_$(n))),$(n)))
COV_LOGS = $(COV_NAMES:%=$(COV_OUT)/%/log)

.PHONY: coverage coverage-steps

coverage:
	@rm -rf build/check/coverage
	@$(MAKE) --no-print-directory coverage-steps
	@cat build/check/coverage/coverage.log
	@scripts/check-summary build/check/coverage

# For `make check`: no summary of its own.
coverage-steps: $(COV_LOGS)
	@scripts/check-step build/check/coverage/coverage.log $(HOST_DIR)/coverage.py \
		--min $(COV_MIN) --counts $(COV_OUT) $(COV_ROOMS)

.SECONDEXPANSION:
$(COV_OUT)/%/log: $(HOST_DIR)/test_%.c $(HOST_DIR)/support.c $$(HOST_SRCS_%) \
		$(wildcard dt/*.h hyp/*/*.h stage2/*.h $(HOST_DIR)/*.h) | build/.setup-host
	@rm -rf $(@D)
	@mkdir -p $(@D)
	@echo "  COV   $*"
	@gcc $(COV_CFLAGS) $(filter %.c,$^) -o $(@D)/test -lcmocka -lfdt
	@STEPS=$(COV_STEPS) $(@D)/test >$@ 2>&1 || touch $(@D)/failed
