# SPDX-License-Identifier: Apache-2.0
# What the project needs from Debian 12, by package name. `make deps` installs what is missing and nothing else: see
# tests/deps.sh. A bare Debian has a shell, git and make.

# Compilers and libraries of the two programs and the eBPF programs.
DEPS_BUILD := g++ clang llvm libclang-rt-14-dev bpftool ccache \
  libbpf-dev linux-libc-dev libuv1-dev node-llhttp libyaml-cpp-dev libre2-dev \
  libspdlog-dev libfmt-dev nlohmann-json3-dev libssl-dev

# The unit tests' framework, the lab's tools (Python, namespaces, curl, strace), and the linters.
DEPS_TEST := doctest-dev python3 python3-yaml iproute2 util-linux procps curl strace nftables iptables \
  openssl tcpdump clang-format clang-tidy

# The demo: the lab without the test framework.
DEPS_DEMO := python3 python3-yaml iproute2 util-linux procps curl

# `make bench` only: the proxies we compare with and the load generator.
DEPS_BENCH := haproxy nginx-light wrk python3 python3-yaml iproute2 util-linux

CCACHE ?= $(if $(wildcard /usr/bin/ccache),ccache)
# Objects are found again by another checkout of the same sources.
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1

.PHONY: deps deps-build deps-demo deps-bench
deps: ## install the Debian packages that building and testing need (root)
	$(Q)sh tests/deps.sh $(DEPS_BUILD) $(DEPS_TEST)
deps-build:
	$(Q)sh tests/deps.sh $(DEPS_BUILD)
deps-demo:
	$(Q)sh tests/deps.sh $(DEPS_BUILD) $(DEPS_DEMO)
deps-bench:
	$(Q)sh tests/deps.sh $(DEPS_BUILD) $(DEPS_BENCH)
