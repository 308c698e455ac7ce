# SPDX-License-Identifier: Apache-2.0
# One program of whole workers over test transports: every library, no root.
COMPONENT_OBJ := $(patsubst tests/%.cc,$(O)/obj/tests/%.o,$(wildcard tests/component/*.cc))
COMPONENT_PROGRAM := $(if $(COMPONENT_OBJ),$(O)/tests/component)
$(O)/tests/component: $(COMPONENT_OBJ) $(DOCTEST_MAIN) $(SUPPORT_LIB) $(LIBS)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(LDFLAGS) $(COMPONENT_OBJ) $(DOCTEST_MAIN) -Wl,--start-group $(SUPPORT_LIB) $(LIBS) -Wl,--end-group $(LDLIBS) -o $@
-include $(COMPONENT_OBJ:.o=.d)

.PHONY: test-component
test-component: $(COMPONENT_PROGRAM) ## component tests: whole workers without root
	$(Q)for t in $^; do $$t $(if $(T),-tc="*$(T)*") || exit 1; done
