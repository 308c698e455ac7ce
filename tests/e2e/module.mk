# SPDX-License-Identifier: Apache-2.0
# The whole thing in network namespaces, cgroups and real eBPF: end-to-end tests and the demo. Both need root.
E2E_ENV = SOCKMESHD=$(abspath $(O)/sockmeshd) SOCKMESHCTL=$(abspath $(O)/sockmeshctl) PYTHONDONTWRITEBYTECODE=1
DEMO = $(E2E_ENV) $(PYTHON) tests/demo/demo.py
MANIFESTS ?= configs/demo

.PHONY: test-e2e demo demo-up demo-down
test-e2e: programs ## end-to-end tests over network namespaces and eBPF (root); T=pattern for some cases
	$(Q)$(E2E_ENV) $(PYTHON) tests/e2e/run.py $(if $(T),-k "$(T)")

demo: deps-demo ## the Sock Shop on two emulated nodes, walked through: install, build, run (root)
	$(Q)$(SUBMAKE) programs
	$(Q)$(DEMO) walk --manifests $(MANIFESTS)

demo-up: deps-demo ## start the demo and leave it running to play with (root)
	$(Q)$(SUBMAKE) programs
	$(Q)$(DEMO) up --manifests $(MANIFESTS)

demo-down: ## remove what demo-up started (root)
	$(Q)$(DEMO) down
