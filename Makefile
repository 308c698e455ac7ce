# SPDX-License-Identifier: Apache-2.0
# The one Makefile of sockmesh. Bare `make` prints what it can do; rules for each part are in its module.mk.
#   MODE=release|dev|asan|tsan|cov|fuzz   how it is compiled; everything lands in build/$(MODE)
#   V=1                                   show the commands
MODE ?= release
O ?= build/$(MODE)
PYTHON ?= /usr/bin/python3
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
JOBS ?= $(shell nproc)
# A second make that uses all cores, unless the caller has chosen how many already.
SUBMAKE = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

ifeq ($(V),1)
  Q :=
  say = @:
else
  Q := @
  say = @printf '  %-7s %s\n'
endif

include tests/deps.mk
include bpf/module.mk
include userspace/module.mk
include tests/module.mk

.PHONY: help
help: ## this list
	@grep -shE '^[a-z][a-z-]*:.*##' Makefile bpf/module.mk userspace/module.mk tests/*.mk tests/*/module.mk | sed -E 's/^([a-z-]+):[^#]*## */  \1\t/' | expand -t 18

# Two steps: what deps installs has to be there before the lists of sources and tools are looked at.
.PHONY: build
build: deps-build ## build sockmeshd and sockmeshctl (MODE=release|dev|asan|tsan|cov|fuzz)
	$(Q)$(SUBMAKE) programs

.PHONY: check
check: ## exactly what CI runs
	$(Q)bash .ci/run

.PHONY: clean
clean: ## remove everything that was built
	$(Q)rm -rf build
