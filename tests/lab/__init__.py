# SPDX-License-Identifier: Apache-2.0
"""Emulated nodes on one machine: pods are network namespaces with a cgroup, nodes are real daemons."""
