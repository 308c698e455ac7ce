# SPDX-License-Identifier: Apache-2.0
# The one Makefile of sockmesh. Bare `make` prints what it can do; rules for each part are in its module.mk.
MODE ?= release
O ?= build/$(MODE)
PYTHON ?= /usr/bin/python3
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
JOBS ?= $(shell nproc)

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
	@grep -hE '^[a-z][a-z-]*:.*##' Makefile bpf/module.mk userspace/module.mk tests/*.mk | sed -E 's/^([a-z-]+):[^#]*## */  \1\t/' | expand -t 18

.PHONY: clean
clean: ## remove everything that was built
	$(Q)rm -rf build
