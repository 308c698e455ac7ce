# SPDX-License-Identifier: Apache-2.0
"""Looking at the kernel from outside the product: attached programs, netfilter tables, a detached link."""
from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
from pathlib import Path

SYS_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
BPF_OBJ_GET, BPF_PROG_QUERY, BPF_LINK_DETACH = 7, 16, 34
# bpf_attach_type of what the product may attach
CGROUP_TYPES = {"ingress": 0, "egress": 1, "sock_ops": 3, "connect4": 10, "connect6": 11, "getpeername4": 29,
                "getpeername6": 30, "getsockname4": 31, "getsockname6": 32}
SK_LOOKUP = 36
NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETTABLE = 12, 10, 1
NLM_F_REQUEST, NLM_F_DUMP, NLMSG_ERROR, NLMSG_DONE = 1, 0x300, 2, 3


def bpf(command: int, attributes: bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(attributes, 128)
    result = libc.syscall(SYS_BPF, command, buffer, 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def attached(target: Path, attach_type: int) -> int:
    """How many programs of a type are attached to a cgroup directory or a namespace file."""
    descriptor = os.open(target, os.O_RDONLY)
    try:
        # target_fd, attach_type, query_flags, attach_flags, prog_ids, prog_cnt: the kernel writes the count
        buffer = ctypes.create_string_buffer(struct.pack("=IIIIQI", descriptor, attach_type, 0, 0, 0, 0), 128)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(SYS_BPF, BPF_PROG_QUERY, buffer, 128) < 0 and ctypes.get_errno() != errno.ENOSPC:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return struct.unpack_from("=I", buffer.raw, 24)[0]
    finally:
        os.close(descriptor)


def attached_to_cgroup(cgroup: Path) -> dict[str, int]:
    found = {name: attached(cgroup, number) for name, number in CGROUP_TYPES.items()}
    return {name: count for name, count in found.items() if count}


def detach(pin: Path) -> None:
    """Takes a pinned link's program out of the kernel's path; the pin stays."""
    path = ctypes.create_string_buffer(os.fsencode(pin) + b"\0")
    descriptor = bpf(BPF_OBJ_GET, struct.pack("=QII", ctypes.addressof(path), 0, 0))
    try:
        bpf(BPF_LINK_DETACH, struct.pack("=I", descriptor))
    finally:
        os.close(descriptor)


def nft_tables(make_socket) -> int | None:
    """Number of nftables tables in the namespace of `make_socket`; None when the kernel has no nftables."""
    try:
        link = make_socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    except OSError:
        return None
    with link:
        link.bind((0, 0))
        link.send(struct.pack("=IHHII", 20, (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETTABLE,
                              NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + b"\0\0\0\0")
        tables = 0
        while True:
            data = link.recv(65536)
            while data:
                length, kind = struct.unpack_from("=IH", data)
                if kind == NLMSG_DONE:
                    return tables
                if kind == NLMSG_ERROR:
                    return None
                tables += 1
                data = data[(length + 3) & ~3:]


def iptables_tables(pid: int) -> list[str]:
    """Legacy tables that were ever used in the namespace of a process."""
    names = []
    for file in ("ip_tables_names", "ip6_tables_names", "arp_tables_names"):
        path = Path(f"/proc/{pid}/net/{file}")
        if path.exists():
            names += path.read_text().split()
    return names
