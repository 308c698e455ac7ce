# SPDX-License-Identifier: Apache-2.0
# The kernel side under real traffic: own network namespaces, own cgroups, own bpffs directory, real attachments (root).
BPF_TEST_LIBS := $(foreach f,capture io telemetry base,$(call lib_of,$(f)))

AGENT_OBJ := $(patsubst %.cc,$(O)/obj/%.o,$(wildcard tests/bpf/*.cc))
$(O)/tests/capture_agent: $(AGENT_OBJ) $(BPF_TEST_LIBS)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(LDFLAGS) $(AGENT_OBJ) -Wl,--start-group $(BPF_TEST_LIBS) -Wl,--end-group $(LDLIBS) -o $@
-include $(AGENT_OBJ:.o=.d)

.PHONY: test-bpf
test-bpf: $(O)/tests/capture_agent ## eBPF programs under real traffic (root); T=pattern for some cases
	$(Q)$(PYTHON) tests/bpf/capture_test.py --agent $< $(if $(T),--only "$(T)")

.PHONY: test-bpf-mutants
test-bpf-mutants: ## takes each mechanism of the kernel side out; its case in test-bpf must fail (slow)
	$(Q)$(PYTHON) tests/bpf/mutants.py
