# SPDX-License-Identifier: Apache-2.0
"""One connect(2) by io_uring, with nothing but system calls."""
import ctypes
import mmap
import os
import socket
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
SETUP, ENTER = 425, 426
OP_CONNECT = 16
GET_EVENTS = 1
OFF_RING, OFF_ENTRIES = 0, 0x10000000
SINGLE_MMAP = 1


def call(number, *arguments):
    result = LIBC.syscall(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def connect(fd, family, host, port):
    """0, or minus the errno. Raises OSError when the kernel has no io_uring for us."""
    parameters = ctypes.create_string_buffer(120)
    ring = call(SETUP, 4, parameters)
    try:
        fields = struct.unpack("=30I", parameters.raw)
        features, sq, cq = fields[5], fields[10:20], fields[20:30]
        if not features & SINGLE_MMAP:
            raise OSError(38, "io_uring of before Linux 5.4")
        size = max(sq[6] + fields[0] * 4, cq[5] + fields[1] * 16)
        with mmap.mmap(ring, size, offset=OFF_RING) as rings, mmap.mmap(ring, fields[0] * 64, offset=OFF_ENTRIES) as entries:
            where = struct.pack("=H", family) + struct.pack("!H", port)
            if family == socket.AF_INET:
                where += socket.inet_aton(host) + bytes(8)
            else:
                where += bytes(4) + socket.inet_pton(socket.AF_INET6, host) + bytes(4)
            buffer = ctypes.create_string_buffer(where, len(where))
            entries[0:64] = struct.pack("=BBHiQQIIQ", OP_CONNECT, 0, 0, fd, len(where), ctypes.addressof(buffer), 0, 0, 1) + bytes(24)
            rings[sq[6]:sq[6] + 4] = struct.pack("=I", 0)  # the array's first: entry 0
            rings[sq[1]:sq[1] + 4] = struct.pack("=I", 1)  # the tail
            call(ENTER, ring, 1, 1, GET_EVENTS, None, 0)
            return struct.unpack("=Qi", rings[cq[5]:cq[5] + 12])[1]
    finally:
        os.close(ring)
