# SPDX-License-Identifier: Apache-2.0
"""MongoDB's wire protocol: BSON of the types the shop uses, OP_MSG with one body section."""
import struct

OP_MSG = 2013
LIMIT_BYTES = 1 << 24


def encode(document):
    return pack(document.items())


def pack(items):
    data = b"".join(element(name, value) for name, value in items)
    return struct.pack("<i", len(data) + 5) + data + b"\0"


def element(name, value):
    key = name.encode() + b"\0"
    if isinstance(value, bool):
        return b"\x08" + key + bytes([value])
    if isinstance(value, int):
        return b"\x12" + key + struct.pack("<q", value)
    if isinstance(value, float):
        return b"\x01" + key + struct.pack("<d", value)
    if isinstance(value, str):
        data = value.encode() + b"\0"
        return b"\x02" + key + struct.pack("<i", len(data)) + data
    if isinstance(value, dict):
        return b"\x03" + key + pack(value.items())
    if isinstance(value, list):
        return b"\x04" + key + pack((str(i), item) for i, item in enumerate(value))
    if value is None:
        return b"\x0a" + key
    raise ValueError(f"no BSON type for {value!r}")


def decode(data, at=0):
    return dict(items_of(data, at))


def items_of(data, at):
    end = at + struct.unpack_from("<i", data, at)[0] - 1
    at += 4
    while at < end:
        kind = data[at]
        stop = data.index(0, at + 1)
        name, at = data[at + 1:stop].decode(), stop + 1
        if kind in (0x03, 0x04):
            size = struct.unpack_from("<i", data, at)[0]
            inner = decode(data, at)
            value = inner if kind == 0x03 else list(inner.values())
        elif kind == 0x02:
            size = 4 + struct.unpack_from("<i", data, at)[0]
            value = data[at + 4:at + size - 1].decode()
        elif kind == 0x01:
            size, value = 8, struct.unpack_from("<d", data, at)[0]
        elif kind == 0x12:
            size, value = 8, struct.unpack_from("<q", data, at)[0]
        elif kind == 0x10:
            size, value = 4, struct.unpack_from("<i", data, at)[0]
        elif kind == 0x08:
            size, value = 1, data[at] == 1
        elif kind == 0x0A:
            size, value = 0, None
        else:
            raise ValueError(f"BSON type {kind:#x} is not used here")
        at += size
        yield name, value


def exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise ConnectionError("the peer closed the connection")
        data += piece
    return data


def read(sock):
    """(request id, document) of one OP_MSG."""
    length, number, _, operation = struct.unpack("<iiii", exactly(sock, 16))
    if operation != OP_MSG or not 21 <= length <= LIMIT_BYTES:
        raise ValueError("no OP_MSG")
    payload = exactly(sock, length - 16)
    return number, decode(payload, 5)


def write(sock, number, in_reply_to, document):
    body = b"\0\0\0\0\0" + encode(document)
    sock.sendall(struct.pack("<iiii", 16 + len(body), number, in_reply_to, OP_MSG) + body)


class Client:
    """Speaks first, with `hello`."""

    def __init__(self, sock):
        self.sock, self.number = sock, 0
        self.command({"hello": 1, "$db": "admin"})

    def command(self, document):
        self.number += 1
        write(self.sock, self.number, 0, document)
        _, reply = read(self.sock)
        if not reply.get("ok"):
            raise ValueError(reply.get("errmsg", "command failed"))
        return reply

    def find(self, collection, condition):
        reply = self.command({"find": collection, "filter": condition, "$db": "data"})
        return reply["cursor"]["firstBatch"]

    def insert(self, collection, document):
        self.command({"insert": collection, "documents": [document], "$db": "data"})

    def delete(self, collection, condition):
        return self.command({"delete": collection, "deletes": [{"q": condition, "limit": 0}], "$db": "data"})["n"]
