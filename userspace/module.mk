# SPDX-License-Identifier: Apache-2.0
# One static library a folder of userspace/, then the two programs. MODE chooses compiler and flags.
FOLDERS := base io http telemetry config analysis capture plan upstream proxy admin daemon ctl

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast -Werror
CXXFLAGS_common := -std=c++20 $(WARN) -D_GLIBCXX_ASSERTIONS -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL -g -fno-omit-frame-pointer -pthread
CXX_release := $(CCACHE) g++
CXX_dev := $(CCACHE) g++
CXX_asan := $(CCACHE) clang++
CXX_tsan := $(CCACHE) clang++
CXX_cov := $(CCACHE) g++
CXX_fuzz := $(CCACHE) clang++
FLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
FLAGS_dev := -O0
FLAGS_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS_tsan := -O1 -fsanitize=thread
FLAGS_cov := -O0 --coverage
FLAGS_fuzz := -O1 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
LINK_release := -pie
CXX := $(CXX_$(MODE))
ifeq ($(CXX),)
  $(error MODE=$(MODE) is none of release dev asan tsan cov fuzz)
endif
CXXFLAGS := $(CXXFLAGS_common) $(FLAGS_$(MODE)) -Iuserspace -Ibpf/include -isystem /usr/share/include/llhttp -I$(O)/gen
LDFLAGS := $(FLAGS_$(MODE)) $(LINK_$(MODE)) -pthread
LDLIBS := -lbpf -luv -lyaml-cpp -lre2 -lspdlog -lfmt -lssl -lcrypto

# What a folder may lean on, from the table that the layer check enforces, and all that those lean on in turn.
folder_row = $(shell sed -nE 's/^$(1) +[0-9]+:([^|]*)\|.*/\1/p' userspace/LAYERS)
$(foreach f,$(FOLDERS),$(eval ROW_$(f) := $(call folder_row,$(f))))
with_below = $(sort $(1) $(foreach d,$(ROW_$(1)),$(call with_below,$(d))))

lib_of = $(O)/lib/lib$(1).a
LIBS := $(foreach f,$(FOLDERS),$(call lib_of,$(f)))
LLHTTP_OBJS := $(patsubst %,$(O)/llhttp/%.o,llhttp api http)

$(O)/llhttp/%.o: /usr/share/llhttp/%.c
	$(say) CC $(notdir $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CCACHE) cc -O2 -g -fPIC -DLLHTTP_STRICT_MODE=1 -I/usr/share/include/llhttp -c $< -o $@

# Each folder: its .cc files (the two programs' mains are not part of a library) into one archive.
define folder_rules
SRC_$(1) := $(filter-out %/main.cc,$(wildcard userspace/$(1)/*.cc))
OBJ_$(1) := $$(patsubst userspace/%.cc,$(O)/obj/%.o,$$(SRC_$(1)))
$(call lib_of,$(1)): $$(OBJ_$(1)) $(if $(filter http,$(1)),$(LLHTTP_OBJS))
	$$(say) AR lib$(1).a
	$$(Q)mkdir -p $$(@D)
	$$(Q)rm -f $$@ && ar rcs $$@ $$^
-include $$(OBJ_$(1):.o=.d)
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rules,$(f))))

# Skeletons are made before anything of capture/ compiles.
$(OBJ_capture): | $(SKELETONS)

$(O)/obj/%.o: userspace/%.cc
	$(say) CXX $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(O)/sockmeshd: $(O)/obj/daemon/main.o $(LIBS)
$(O)/sockmeshctl: $(O)/obj/ctl/main.o $(LIBS)
$(O)/sockmeshd $(O)/sockmeshctl:
	$(say) LINK $@
	$(Q)$(CXX) $(LDFLAGS) $< -Wl,--start-group $(LIBS) -Wl,--end-group $(LDLIBS) -o $@
-include $(O)/obj/daemon/main.d $(O)/obj/ctl/main.d

.PHONY: programs
programs: $(O)/sockmeshd $(O)/sockmeshctl
	$(Q)mkdir -p build
	$(Q)if [ "$(O)" = build/release ]; then ln -sfn "$(abspath $(O))/sockmeshd" build/sockmeshd; ln -sfn "$(abspath $(O))/sockmeshctl" build/sockmeshctl; fi
