# SPDX-License-Identifier: Apache-2.0
# Unit tests: one program a folder, tests/unit/FOLDER/*_test.cc, linked with doctest's main, tests/support and what the
# folder may lean on. Suites of their own folder bring their own module.mk.
UNIT_FOLDERS := $(notdir $(patsubst %/,%,$(sort $(dir $(wildcard tests/unit/*/*_test.cc)))))
UNIT_PROGRAMS := $(foreach f,$(UNIT_FOLDERS),$(O)/tests/unit-$(f))

# Tests are compiled without optimising: they are many and each runs once.
TEST_CXXFLAGS := $(CXXFLAGS) -Itests -U_FORTIFY_SOURCE -O0

$(O)/obj/tests/%.o: tests/%.cc
	$(say) CXX $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(TEST_CXXFLAGS) -MMD -MP -c $< -o $@

# Doubles and manual clocks that several suites share.
SUPPORT_OBJ := $(patsubst tests/%.cc,$(O)/obj/tests/%.o,$(filter-out %/doctest_main.cc,$(wildcard tests/support/*.cc)))
SUPPORT_LIB := $(O)/lib/libsupport.a
DOCTEST_MAIN := $(O)/obj/tests/support/doctest_main.o
$(SUPPORT_LIB): $(SUPPORT_OBJ)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^
-include $(SUPPORT_OBJ:.o=.d)

# $(1): folder. tests/unit/bpf is about bpf/lib, through the values of capture/.
unit_libs = $(foreach l,$(call with_below,$(if $(filter bpf,$(1)),capture,$(1))),$(call lib_of,$(l)))
define unit_rules
UNIT_OBJ_$(1) := $$(patsubst tests/%.cc,$(O)/obj/tests/%.o,$$(wildcard tests/unit/$(1)/*_test.cc))
$(O)/tests/unit-$(1): $$(UNIT_OBJ_$(1)) $(DOCTEST_MAIN) $(SUPPORT_LIB) $(call unit_libs,$(1))
	$$(say) LINK $$@
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CXX) $$(LDFLAGS) $$(UNIT_OBJ_$(1)) $(DOCTEST_MAIN) -Wl,--start-group $(SUPPORT_LIB) $(call unit_libs,$(1)) -Wl,--end-group $$(LDLIBS) -o $$@
-include $$(UNIT_OBJ_$(1):.o=.d)
endef
$(foreach f,$(UNIT_FOLDERS),$(eval $(call unit_rules,$(f))))

.PHONY: test-unit
test-unit: $(foreach f,$(or $(F),$(UNIT_FOLDERS)),$(O)/tests/unit-$(f)) ## unit tests; F=folder for one folder, T=pattern for some cases
	$(Q)for t in $^; do $$t $(if $(T),-tc="*$(T)*") || exit 1; done

-include tests/component/module.mk
-include tests/regress/module.mk
-include tests/bpf/module.mk
-include tests/e2e/module.mk
-include tests/golden/module.mk
-include tests/fuzz/module.mk
-include tests/bench/module.mk
-include tests/lint/module.mk

# Every suite as NAME=COMMAND; the runner reads each closing line and prints one for all.
QUICK_PROGRAMS = $(UNIT_PROGRAMS) $(COMPONENT_PROGRAM) $(REGRESS_PROGRAM)
SUITES = $(foreach p,$(QUICK_PROGRAMS),$(notdir $(p))=$(p)) \
  "lint-rules=$(PYTHON) tests/lint/test_lint.py" \
  $(if $(wildcard tests/golden/module.mk),"golden=$(MAKE) --no-print-directory golden") \
  "docs=$(MAKE) --no-print-directory docs-check" \
  $(if $(wildcard tests/bpf/module.mk),"bpf=$(MAKE) --no-print-directory test-bpf") \
  $(if $(wildcard tests/e2e/module.mk),"e2e=$(MAKE) --no-print-directory test-e2e")

.PHONY: test test-run test-programs test-quick
test: deps ## install what is missing, build, run every test (root); closes with N passed, N failed
	$(Q)$(SUBMAKE) programs test-programs
	$(Q)$(MAKE) --no-print-directory test-run
test-run:
	$(Q)$(PYTHON) tests/run_all.py $(SUITES)
test-programs: $(QUICK_PROGRAMS)
# What needs neither root nor the network, for the sanitizers: MODE=asan or tsan; ONLY=... picks programs by pattern.
test-quick: test-programs ## unit, component and regress programs in this MODE, without root
	$(Q)ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1 \
	  $(PYTHON) tests/run_all.py $(foreach p,$(QUICK_PROGRAMS),$(notdir $(p))=$(p))
