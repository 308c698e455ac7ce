# SPDX-License-Identifier: Apache-2.0
# The kernel side under real traffic: own network namespaces, own cgroups, own bpffs directory, real attachments (root).
BPF_TEST_LIBS := $(foreach f,capture io telemetry base,$(call lib_of,$(f)))

AGENT_OBJ := $(patsubst %.cc,$(O)/obj/%.o,$(wildcard tests/bpf/*.cc))
$(O)/tests/capture_agent: $(AGENT_OBJ) $(BPF_TEST_LIBS)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(LDFLAGS) $(AGENT_OBJ) -Wl,--start-group $(BPF_TEST_LIBS) -Wl,--end-group $(LDLIBS) -o $@
-include $(AGENT_OBJ:.o=.d)

# A node of version 1 to take over from.
$(O)/tests/v1.bpf.o: tests/bpf/v1/v1.bpf.c tests/bpf/v1/abi1.h
	$(say) BPF $<
	$(Q)mkdir -p $(@D)
	$(Q)clang $(BPF_CFLAGS) -c $< -o $@
	$(Q)llvm-strip -g $@
$(O)/tests/v1_node: $(O)/obj/tests/bpf/v1/v1_node.o
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(LDFLAGS) $< -lbpf -o $@
-include $(O)/obj/tests/bpf/v1/v1_node.d

BPF_TEST_PROGRAMS := $(addprefix $(O)/tests/,capture_agent v1_node v1.bpf.o)
.PHONY: test-bpf test-bpf-crash
test-bpf: $(BPF_TEST_PROGRAMS) ## eBPF programs under real traffic (root); T=pattern for some cases
	$(Q)$(PYTHON) tests/bpf/capture_test.py --agent $< $(if $(T),--only "$(T)")
test-bpf-crash: $(BPF_TEST_PROGRAMS) ## the crash and error cases of test-bpf at every single call, instead of one of a kind (slow)
	$(Q)$(PYTHON) tests/bpf/capture_test.py --agent $< --only "$(or $(T),crash)" --every-call

.PHONY: test-mutate
test-mutate: ## takes each mechanism of the kernel side out; its case in test-bpf must fail (slow); T=pattern for some
	$(Q)$(PYTHON) tests/bpf/mutants.py $(if $(T),--only "$(T)")
