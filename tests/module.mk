# SPDX-License-Identifier: Apache-2.0
# Unit tests: one program a folder, tests/unit/FOLDER/*_test.cc, linked with doctest's main and every library.
UNIT_FOLDERS := $(notdir $(patsubst %/,%,$(sort $(dir $(wildcard tests/unit/*/*_test.cc)))))

$(O)/obj/tests/%.o: tests/%.cc
	$(say) CXX $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(CXXFLAGS) -Itests -MMD -MP -c $< -o $@

define unit_rules
UNIT_OBJ_$(1) := $$(patsubst tests/%.cc,$(O)/obj/tests/%.o,$$(wildcard tests/unit/$(1)/*_test.cc))
$(O)/tests/unit-$(1): $$(UNIT_OBJ_$(1)) $(O)/obj/tests/support/doctest_main.o $(LIBS)
	$$(say) LINK $$@
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CXX) $$(LDFLAGS) $$(UNIT_OBJ_$(1)) $(O)/obj/tests/support/doctest_main.o -Wl,--start-group $(LIBS) -Wl,--end-group $$(LDLIBS) -o $$@
-include $$(UNIT_OBJ_$(1):.o=.d)
endef
$(foreach f,$(UNIT_FOLDERS),$(eval $(call unit_rules,$(f))))

.PHONY: test-unit
test-unit: $(foreach f,$(or $(F),$(UNIT_FOLDERS)),$(O)/tests/unit-$(f)) ## unit tests; F=folder for one folder, T=pattern for some cases
	$(Q)for t in $^; do $$t $(if $(T),-tc="*$(T)*") || exit 1; done
