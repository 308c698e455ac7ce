# SPDX-License-Identifier: Apache-2.0
# What a machine can judge about the sources without running them.
.PHONY: lint layers tidy format-check format headers clang-tidy docs-check
lint: deps ## format-check, layers, tidy, headers, clang-tidy on what changed
	$(Q)$(MAKE) --no-print-directory format-check layers tidy
	$(Q)$(SUBMAKE) headers
	$(Q)$(MAKE) --no-print-directory clang-tidy

layers: ## folders include only what userspace/LAYERS allows; no orphan tests, no file above 400 lines
	$(Q)$(PYTHON) tests/lint/layers.py

tidy: ## banned words and symbols, each outside its one home
	$(Q)$(PYTHON) tests/lint/tidy.py

FORMATTED = $(shell git ls-files --cached --others --exclude-standard 'userspace/*.h' 'userspace/*.cc' 'tests/*.h' 'tests/*.cc' 'bpf/*.h' 'bpf/*.c')
format-check: ## clang-format has nothing to change
	$(Q)clang-format --dry-run --Werror $(wildcard $(FORMATTED)) && echo "format: ok"
format: ## let clang-format change it
	$(Q)clang-format -i $(wildcard $(FORMATTED))

# Each header compiles alone, so that no file leans on what another happened to include first.
HEADER_STAMPS := $(patsubst userspace/%.h,$(O)/headers/%.ok,$(wildcard userspace/*/*.h))
headers: $(HEADER_STAMPS) ## every header compiles alone
	@echo "headers: ok ($(words $(HEADER_STAMPS)))"
$(O)/headers/%.ok: userspace/%.h | $(SKELETONS)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(CXXFLAGS) -Wno-unused -O0 -U_FORTIFY_SOURCE -fsyntax-only -MMD -MP -MF $(@:.ok=.d) -MT $@ -x c++ -include $(abspath $<) /dev/null && touch $@
-include $(HEADER_STAMPS:.ok=.d)

# FILES=all looks at every file; otherwise at those that differ from BASE (a commit), the last merge point by default.
clang-tidy: $(SKELETONS) ## clang-tidy on what changed since BASE=commit; FILES=all for everything
	$(Q)$(PYTHON) tests/lint/clang_tidy.py --jobs $(JOBS) $(if $(FILES),--files "$(FILES)") $(if $(BASE),--base $(BASE)) -- $(filter-out -g,$(CXXFLAGS))

docs-check: ## every command in README and docs exists or runs
	$(Q)$(PYTHON) tests/lint/docs.py
