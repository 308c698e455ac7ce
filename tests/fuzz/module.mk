# SPDX-License-Identifier: Apache-2.0
# Fuzz targets: tests/fuzz/NAME_fuzz.cc with the corpus folder tests/fuzz/corpus/NAME and, where it helps, tests/fuzz/NAME.dict.
# They are built with libFuzzer in MODE=fuzz, whatever MODE make was called with.
FUZZ_NAMES := $(patsubst tests/fuzz/%_fuzz.cc,%,$(wildcard tests/fuzz/*_fuzz.cc))
FUZZ_SECONDS ?= 20
FUZZ_PROGRAMS := $(foreach n,$(FUZZ_NAMES),$(O)/fuzz/$(n))
FUZZ_O := $(if $(filter fuzz,$(MODE)),$(O),$(O)-fuzz)
FUZZ_MAKE := $(MAKE) --no-print-directory MODE=fuzz O=$(FUZZ_O)
FUZZ_LIBS := $(call lib_of,config) $(call lib_of,http) $(call lib_of,telemetry) $(call lib_of,base)

# Finds of a run go to $(FUZZ_O)/found; the corpora of the tree are only read.
# $(1): name, $(2): seconds
run_fuzz = $(FUZZ_O)/fuzz/$(1) -max_total_time=$(2) -max_len=4096 -timeout=10 -print_final_stats=0 -verbosity=0 \
  $(if $(wildcard tests/fuzz/$(1).dict),-dict=tests/fuzz/$(1).dict) -artifact_prefix=$(FUZZ_O)/found/$(1)- \
  $(FUZZ_O)/found/$(1) tests/fuzz/corpus/$(1)

define fuzz_rules
$(O)/fuzz/$(1): $(O)/obj/tests/fuzz/$(1)_fuzz.o $(FUZZ_LIBS)
	$$(say) LINK $$@
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CXX) $$(LDFLAGS) -fsanitize=fuzzer $$< -Wl,--start-group $(FUZZ_LIBS) -Wl,--end-group $$(LDLIBS) -o $$@
-include $(O)/obj/tests/fuzz/$(1)_fuzz.d
endef
$(foreach n,$(FUZZ_NAMES),$(eval $(call fuzz_rules,$(n))))

.PHONY: fuzz fuzz-smoke fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS)
fuzz-smoke: ## every fuzz target over its corpus, FUZZ_SECONDS (20) each
	$(Q)$(FUZZ_MAKE) fuzz-programs
	$(Q)$(foreach n,$(FUZZ_NAMES),mkdir -p $(FUZZ_O)/found/$(n) && echo "  FUZZ    $(n)" && $(call run_fuzz,$(n),$(FUZZ_SECONDS)) &&) echo "fuzz-smoke: $(words $(FUZZ_NAMES)) targets, nothing found"
fuzz: ## one fuzz target until it finds something: F=config_yaml|decide|h1_request|h1_response|path
	$(Q)$(if $(filter $(F),$(FUZZ_NAMES)),$(FUZZ_MAKE) $(FUZZ_O)/fuzz/$(F),echo "F= one of: $(FUZZ_NAMES)"; exit 1)
	$(Q)mkdir -p $(FUZZ_O)/found/$(F) && $(call run_fuzz,$(F),$(or $(T),0))
