# SPDX-License-Identifier: Apache-2.0
# bpf/NAME.bpf.c -> $(O)/bpf/NAME.bpf.o -> $(O)/gen/NAME.skel.h
BPF_SOURCES := $(wildcard bpf/*.bpf.c)
SKELETONS := $(patsubst bpf/%.bpf.c,$(O)/gen/%.skel.h,$(BPF_SOURCES))
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Werror -Ibpf/include -Ibpf/lib -I/usr/include/$(shell uname -m)-linux-gnu
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)

$(O)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/lib/*.h) $(wildcard bpf/include/sockmesh/*.h)
	$(say) BPF $<
	$(Q)mkdir -p $(@D)
	$(Q)clang $(BPF_CFLAGS) -c $< -o $@
	$(Q)llvm-strip -g $@

$(O)/gen/%.skel.h: $(O)/bpf/%.bpf.o
	$(say) SKEL $@
	$(Q)mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< > $@

.PHONY: bpf
bpf: $(SKELETONS) ## compile the eBPF programs and their skeletons
.SECONDARY: $(patsubst bpf/%.bpf.c,$(O)/bpf/%.bpf.o,$(BPF_SOURCES))
