# SPDX-License-Identifier: Apache-2.0
# tests/regress/issue_N_test.cc: one file for each fault that was found after it had landed, named by its issue.
REGRESS_OBJ := $(patsubst tests/%.cc,$(O)/obj/tests/%.o,$(wildcard tests/regress/*_test.cc))
REGRESS_PROGRAM := $(if $(REGRESS_OBJ),$(O)/tests/regress)
$(O)/tests/regress: $(REGRESS_OBJ) $(DOCTEST_MAIN) $(SUPPORT_LIB) $(LIBS)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(LDFLAGS) $(REGRESS_OBJ) $(DOCTEST_MAIN) -Wl,--start-group $(SUPPORT_LIB) $(LIBS) -Wl,--end-group $(LDLIBS) -o $@
-include $(REGRESS_OBJ:.o=.d)
