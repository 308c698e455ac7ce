# SPDX-License-Identifier: Apache-2.0
"""enter.py CGROUP NETNS RESOLV_CONF -- PROGRAM ARGS...: becomes PROGRAM inside a pod.

What a container runtime does, in the order that matters: first the cgroup, then the network namespace, then a
mount namespace of its own with the pod's resolv.conf over the machine's. "-" leaves one of them as it is.
(`ip netns exec` is not used: it mounts a new /sys, which hides bpffs.)
"""
import ctypes
import os
import sys

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18


def must(libc, result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter(cgroup, netns, resolv_conf):
    libc = ctypes.CDLL(None, use_errno=True)
    if cgroup != "-":
        with open(os.path.join(cgroup, "cgroup.procs"), "w") as procs:
            procs.write(str(os.getpid()))
    if netns != "-":
        descriptor = os.open(netns, os.O_RDONLY | os.O_CLOEXEC)
        must(libc, libc.setns(descriptor, CLONE_NEWNET), f"setns {netns}")
        os.close(descriptor)
    if resolv_conf != "-":
        must(libc, libc.unshare(CLONE_NEWNS), "unshare")
        must(libc, libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount --make-rprivate /")
        source = os.fsencode(resolv_conf)
        must(libc, libc.mount(source, b"/etc/resolv.conf", None, MS_BIND, None), "mount --bind resolv.conf")


if __name__ == "__main__":
    enter(*sys.argv[1:4])
    os.execvp(sys.argv[5], sys.argv[5:])
