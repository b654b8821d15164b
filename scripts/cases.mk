# SPDX-License-Identifier: BSD-2-Clause
# The demo, the on-target tests, and the sum of all checks. Included by the root Makefile, which says how
# things are built: `all` (build/lendvisor.img), `bare`, `linux`; and gives in HOST_TESTS the host
# tests' programs, in STATIC_CHECKS words that make targets `static-<word>`.

CHECK := build/check
CASES := $(patsubst guest-tests/cases/test_%.py,%,$(sort $(wildcard guest-tests/cases/test_*.py)))
BARE_CASES := refusals boot bare run aarch32 map lending hostile monitor time
SUBMAKE := $(MAKE) --no-print-directory
# The scenarios are a step for each rotation of the kernels.
ROTATIONS := scenarios-0 scenarios-1 scenarios-2

# Runs the named cases, one step each, and two at a time since they wait much; what takes longest first, so that
# it is not left alone at the end.
LONGEST := $(ROTATIONS) packages hostile monitor kexec kdump lending console
in_order = $(filter $(1),$(LONGEST)) $(filter-out $(LONGEST),$(1))
run_cases = printf '%s\n' $(call in_order,$(patsubst scenarios,$(ROTATIONS),$(1))) | \
	xargs -P 2 -n 1 scripts/check-case $(CHECK)/cases

.PHONY: soak variants kexec-check kexec-steps check-proof-steps demo check check-host check-bare check-all check-begin check-host-steps check-static-steps

# On a fresh Debian the tools have to be there before make looks at what to build.
demo:
	@scripts/setup build run linux-6.1
	@$(SUBMAKE) all build/linux/6.1/initramfs.cpio.gz
	@scripts/demo

check:
	@scripts/setup
	@$(SUBMAKE) check-all

check-host:
	@scripts/setup host
	@$(SUBMAKE) check-host-steps
	@scripts/check-summary $(CHECK)

check-bare: check-begin all variants bare aarch32
	@$(call run_cases,$(BARE_CASES))
	@scripts/check-summary $(CHECK)

# Images with instruments in them that some cases look through.
variants:
	@for variant in DEBUG=1 MEASURE=1 ERRATA_REPEAT_TLBI=1; do $(SUBMAKE) $$variant hypervisor || exit 1; done

# Some hours, half of them kexecs, with another seed each time: make soak [T=600] [SEED=n].
SOAK_SEED = $(or $(SEED),$(shell od -An -N3 -tu4 /dev/urandom | tr -d ' '))
soak: check-begin $(HOST_TESTS) all variants bare linux
	@seed=$(SOAK_SEED); echo "seed $$seed"; \
	export STEP_TIMEOUT=14400; \
	SEED=$$seed STEPS=100000000 scripts/check-step $(CHECK)/host/lend_random.log build/host/lend_random; \
	$(SUBMAKE) fuzz-steps T=$(or $(filter-out 20,$(T)),600) SEED=$$seed; \
	export LV_SEED=$$seed LV_OPS=5000000 LV_ROUNDS=1000; $(call run_cases,hostile monitor scenarios driver-1 driver-2); \
	LV_KEXECS=1000 STEP_TIMEOUT=43200 $(SUBMAKE) kexec-steps KEXEC_PART='--only none-of-them --out build/kexec'
	@scripts/check-summary $(CHECK)

# The kexec matrix. QUICK=1: the part in `check`; KERNELS="a=path/Image b=path/Image": your own.
kexec-check:
	@scripts/setup
	@$(SUBMAKE) all linux
	@$(SUBMAKE) DEBUG=1 hypervisor
	@QUICK="$(QUICK)" KERNELS="$(KERNELS)" scripts/kexec-check

kexec-steps:
	@rm -rf build/kexec
	@scripts/check-step $(CHECK)/kexec/kexec.log scripts/kexec-check $(KEXEC_PART)
	@-cp build/kexec/results.xml $(CHECK)/kexec/kexec.xml

check-begin:
	@rm -rf $(CHECK)

check-host-steps: check-begin $(HOST_TESTS)
	@echo "host tests"
	@for test in $(HOST_TESTS); do scripts/check-step $(CHECK)/host/$${test##*/}.log $$test; done

# What takes longer than check-host is for, and needs no QEMU either. The fuzzers run briefly and from a
# fixed seed: `make fuzz T=600` is the one to find something with.
check-proof-steps: check-begin
	@echo "proofs on the host"
	@scripts/check-step $(CHECK)/trace/trace.log $(SUBMAKE) trace-check
	@$(SUBMAKE) fuzz-steps T=5 SEED=1
	@$(SUBMAKE) coverage-steps
	@$(SUBMAKE) check-model-steps
	@$(SUBMAKE) check-mutants-steps

check-static-steps: check-begin
	@echo "static checks"
	@for word in $(STATIC_CHECKS); do scripts/check-step $(CHECK)/static/$$word.log \
		$(SUBMAKE) static-$$word; done

check-all: check-static-steps check-host-steps check-proof-steps all variants bare bench-guests aarch32 linux \
		build/host/write_fdts deb neighbours
	@echo "tests of the scripts and on target"
	@$(call run_cases,$(CASES))
	@$(SUBMAKE) kexec-steps KEXEC_PART=--quick
	@scripts/check-summary $(CHECK)
