# SPDX-License-Identifier: BSD-2-Clause
# The demo, the on-target tests, and the sum of all checks. Included by the root Makefile, which says how
# things are built: `all` (build/lendvisor.img), `bare`, `linux`; and gives in HOST_TESTS the host
# tests' programs, in STATIC_CHECKS words that make targets `static-<word>`.

CHECK := build/check
RUN_PYTEST := env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider
CASES := $(patsubst guest-tests/cases/test_%.py,%,$(sort $(wildcard guest-tests/cases/test_*.py)))
BARE_CASES := refusals boot bare
HOST_CASES := scripts

# Runs the named cases, one step each.
run_cases = for name in $(1); do \
	scripts/check-step $(CHECK)/cases/$$name.log $(RUN_PYTEST) \
		--junit-xml=$(CHECK)/cases/$$name.xml guest-tests/cases/test_$$name.py; done

.PHONY: demo check check-host check-bare check-begin check-host-steps check-static-steps

demo: all linux
	@scripts/demo

check-begin:
	@rm -rf $(CHECK)

check-host-steps: check-begin $(HOST_TESTS)
	@echo "host tests"
	@for test in $(HOST_TESTS); do scripts/check-step $(CHECK)/host/$${test##*/}.log $$test; done
	@$(call run_cases,$(HOST_CASES))

check-static-steps: check-begin
	@echo "static checks"
	@for word in $(STATIC_CHECKS); do scripts/check-step $(CHECK)/static/$$word.log \
		$(MAKE) --no-print-directory static-$$word; done

check-host: check-host-steps
	@scripts/check-summary $(CHECK)

check-bare: check-begin all bare
	@$(call run_cases,$(BARE_CASES))
	@scripts/check-summary $(CHECK)

check: check-static-steps check-host-steps all bare linux
	@echo "on-target tests"
	@$(call run_cases,$(filter-out $(HOST_CASES),$(CASES)))
	@scripts/check-summary $(CHECK)
