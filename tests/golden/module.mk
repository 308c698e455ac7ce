# SPDX-License-Identifier: Apache-2.0
.PHONY: golden golden-update
golden: programs ## what the programs print and the chart renders, against tests/golden
	$(Q)$(PYTHON) tests/run_all.py "cli=$(PYTHON) tests/golden/run.py" "chart=$(PYTHON) tests/golden/chart.py"
golden-update: programs ## rewrite tests/golden from what is printed now; look at the diff
	$(Q)$(PYTHON) tests/golden/run.py --update; $(PYTHON) tests/golden/chart.py --update
