# SPDX-License-Identifier: BSD-2-Clause
# The Promela model of the lending protocol. Included by the root Makefile.
#	make model		every configuration and every seeded fault, about a minute
#	make check-model-steps	the same as a step of `make check`: no summary of its own

MODEL_LOG := build/check/model/model.log

.PHONY: model check-model-steps
model:
	@scripts/setup host
	@rm -rf $(dir $(MODEL_LOG))
	@scripts/check-step $(MODEL_LOG) guest-tests/host/model/run
	@scripts/check-summary $(dir $(MODEL_LOG))

check-model-steps:
	@echo "model"
	@scripts/check-step $(MODEL_LOG) guest-tests/host/model/run
