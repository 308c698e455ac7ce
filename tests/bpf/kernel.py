# SPDX-License-Identifier: Apache-2.0
"""bpf(2), as far as the cases need it: to fill maps, to look at links, and to attach programs that are not ours."""
import ctypes
import os
import platform
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
SYS_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
(UPDATE, DELETE, NEXT_KEY, PROG_LOAD, OBJ_GET, PROG_ATTACH, PROG_DETACH, INFO) = (2, 3, 4, 5, 7, 8, 9, 15)
(UPDATE_BATCH, DELETE_BATCH, LINK_CREATE, LINK_UPDATE, LINK_DETACH) = (26, 27, 28, 29, 34)
LOOKUP = 1
CGROUP_SOCK_ADDR, SK_LOOKUP_PROG = 18, 30
INET4_CONNECT, INET6_CONNECT, SK_LOOKUP = 10, 11, 36
EXCLUSIVE, OVERRIDE, MULTI = 0, 1, 2


def bpf(command, form, *values):
    """One call; the attribute is packed by `form`."""
    data = struct.pack(form, *values)
    attribute = ctypes.create_string_buffer(data + bytes(128 - len(data)))
    result = LIBC.syscall(SYS_BPF, command, attribute, 128)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, "bpf(%d): %s" % (command, os.strerror(number)))
    return result


def address(buffer):
    return ctypes.addressof(buffer)


class Fd:
    def __init__(self, fd):
        self.fd = fd

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def info(self, size=128):
        buffer = ctypes.create_string_buffer(size)
        bpf(INFO, "=IIQ", self.fd, size, address(buffer))
        return buffer.raw


def pinned(path):
    text = ctypes.create_string_buffer(path.encode())
    return bpf(OBJ_GET, "=QII", address(text), 0, 0)


class Map(Fd):
    """A pinned map. Keys and values are bytes."""

    def __init__(self, path):
        super().__init__(pinned(path))
        self.kind, self.id, self.key_size, self.value_size, self.capacity = struct.unpack("=IIIII", self.info()[:20])

    def get(self, key):
        key, value = ctypes.create_string_buffer(key, len(key)), ctypes.create_string_buffer(self.value_size)
        bpf(LOOKUP, "=IxxxxQQQ", self.fd, address(key), address(value), 0)
        return value.raw

    def put(self, key, value):
        key, value = (ctypes.create_string_buffer(one, len(one)) for one in (key, value))
        bpf(UPDATE, "=IxxxxQQQ", self.fd, address(key), address(value), 0)

    def delete(self, key):
        key = ctypes.create_string_buffer(key, len(key))
        bpf(DELETE, "=IxxxxQQQ", self.fd, address(key), 0, 0)

    def keys(self):
        found, previous = [], 0
        while len(found) < self.capacity:
            key = ctypes.create_string_buffer(self.key_size)
            try:
                bpf(NEXT_KEY, "=IxxxxQQQ", self.fd, previous and address(previous), address(key), 0)
            except FileNotFoundError:
                break
            found.append(key.raw)
            previous = key
        return found

    def fill(self, make_key, value):
        """Adds rows until the map is full; what takes them out again."""
        room = self.capacity - len(self.keys())
        keys = b"".join(make_key(number) for number in range(room))
        self._batch(UPDATE_BATCH, keys, value * room, room)
        return lambda: self._batch(DELETE_BATCH, keys, b"", room)

    def _batch(self, command, keys, values, count):
        keys, values = (ctypes.create_string_buffer(one, max(len(one), 1)) for one in (keys, values))
        bpf(command, "=QQQQIIQQ", 0, 0, address(keys), address(values) if command == UPDATE_BATCH else 0, count, self.fd, 0, 0)


class Link(Fd):
    def __init__(self, path):
        super().__init__(pinned(path))

    @property
    def id(self):
        return struct.unpack("=II", self.info()[:8])[1]

    @property
    def program(self):
        return struct.unpack("=III", self.info()[:12])[2]

    @property
    def attached(self):
        """To a cgroup or netns that is there."""
        return struct.unpack("=I", self.info()[16:20])[0] != 0

    def detach(self):
        bpf(LINK_DETACH, "=I", self.fd)

    def update(self, program):
        bpf(LINK_UPDATE, "=IIII", self.fd, program.fd, 0, 0)


def instruction(code, registers=0, offset=0, value=0):
    return struct.pack("=BBhi", code, registers, offset, value)


RETURN = instruction(0x95)


def answer(value):
    """r0 = value; exit"""
    return instruction(0xB7, 0, 0, value) + RETURN


def if_word(offset, mask, wanted, then, otherwise):
    """Returns `then` when the context's 32-bit word at `offset`, and-ed with `mask`, is `wanted`."""
    return (instruction(0x61, 0x12, offset) + instruction(0x57, 2, 0, mask) + instruction(0x56, 2, 2, wanted) +
            answer(then) + answer(otherwise))


class Program(Fd):
    """A program that is not sockmesh's."""

    def __init__(self, kind, attach_type, code):
        self.attach_type = attach_type
        text, licence, log = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(b"GPL"), ctypes.create_string_buffer(4096)
        try:
            fd = bpf(PROG_LOAD, "=IIQQIIQII16sII", kind, len(code) // 8, address(text), address(licence), 1, len(log), address(log),
                     0, 0, b"foreign", 0, attach_type)
        except OSError as error:
            raise RuntimeError("%s: %s" % (error, log.value.decode())) from error
        super().__init__(fd)

    def attach(self, cgroup, flags):
        """What takes it off again."""
        directory = os.open(cgroup, os.O_RDONLY)
        bpf(PROG_ATTACH, "=IIII", directory, self.fd, self.attach_type, flags)

        def detach():
            bpf(PROG_DETACH, "=IIII", directory, self.fd, self.attach_type, 0)
            os.close(directory)
        return detach

    def link(self, place):
        """A link to a cgroup or netns, by its path, for as long as it is open."""
        where = os.open(place, os.O_RDONLY)
        try:
            return Fd(bpf(LINK_CREATE, "=IIII", self.fd, where, self.attach_type, 0))
        finally:
            os.close(where)
