# SPDX-License-Identifier: Apache-2.0
# What the project needs from Debian 12, by package name. `make deps` installs what is missing and nothing else.
CCACHE ?= $(if $(wildcard /usr/bin/ccache),ccache)
