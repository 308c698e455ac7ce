# SPDX-License-Identifier: Apache-2.0
.PHONY: bench bench-quick bench-idle
bench: deps-bench ## direct, sockmesh, HAProxy and nginx, interleaved: requests/s and CPU per request (root)
	$(Q)$(SUBMAKE) programs
	$(Q)$(PYTHON) tests/bench/bench.py $(BENCH_ARGS)
bench-quick: deps-bench ## the same in less than a minute, less sure
	$(Q)$(SUBMAKE) programs
	$(Q)$(PYTHON) tests/bench/bench.py --rounds 3 --seconds 2 $(BENCH_ARGS)
bench-idle: programs ## memory of the daemon for an idle connection, TCP and HTTP (root); prints JSON
	$(Q)$(E2E_ENV) $(PYTHON) tests/bench/idle.py $(BENCH_ARGS)
