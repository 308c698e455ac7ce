# SPDX-License-Identifier: Apache-2.0
"""MySQL's client/server protocol, as far as a text query needs it: packets, the server's greeting, a result set."""
import struct

OK, EOF, ERROR = 0x00, 0xFE, 0xFF
QUERY, QUIT = 0x03, 0x01
PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH = 0x200, 0x8000, 0x80000
CAPABILITIES = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH
STRING_COLUMN, UTF8 = 0xFD, 33


class Packets:
    """Packets over a socket: three bytes of length, one of sequence, the payload."""

    def __init__(self, sock):
        self.sock, self.sequence = sock, 0

    def exactly(self, size):
        data = b""
        while len(data) < size:
            piece = self.sock.recv(size - len(data))
            if not piece:
                raise ConnectionError("the peer closed the connection")
            data += piece
        return data

    def read(self):
        head = self.exactly(4)
        self.sequence = (head[3] + 1) & 0xFF
        return self.exactly(int.from_bytes(head[:3], "little"))

    def write(self, *payloads):
        data = b""
        for payload in payloads:
            data += len(payload).to_bytes(3, "little") + bytes([self.sequence]) + payload
            self.sequence = (self.sequence + 1) & 0xFF
        self.sock.sendall(data)


def text(value):
    """A length-encoded string; the lab's values are short."""
    data = str(value).encode()
    if len(data) < 251:
        return bytes([len(data)]) + data
    return b"\xfc" + struct.pack("<H", len(data)) + data


def texts(payload):
    """All length-encoded strings of a row."""
    values, at = [], 0
    while at < len(payload):
        size, at = payload[at], at + 1
        if size == 0xFC:
            size, at = struct.unpack_from("<H", payload, at)[0], at + 2
        values.append(payload[at:at + size].decode())
        at += size
    return values


def greeting(connection_id):
    """Protocol::HandshakeV10: what the server says first, unasked."""
    return (b"\x0a5.7.0-sock\0" + struct.pack("<I", connection_id) + b"saltsalt\0"
            + struct.pack("<HBHH", CAPABILITIES & 0xFFFF, UTF8, 2, CAPABILITIES >> 16) + bytes([21]) + b"\0" * 10
            + b"saltsaltsalt\0" + b"mysql_native_password\0")


def login(user, database):
    """Protocol::HandshakeResponse41 with an empty password."""
    return (struct.pack("<IIB23x", CAPABILITIES | 8, 1 << 24, UTF8) + user.encode() + b"\0\0" + database.encode()
            + b"\0mysql_native_password\0")


def ok():
    return bytes([OK, 0, 0, 2, 0, 0, 0])


def error(code, message):
    return bytes([ERROR]) + struct.pack("<H", code) + b"#42000" + message.encode()


def result_set(columns, rows):
    """The packets of a text result set."""
    eof = bytes([EOF, 0, 0, 2, 0])
    definitions = [b"".join(map(text, ("def", "socksdb", "sock", "sock", name, name))) + bytes([0x0C])
                   + struct.pack("<HIBHBH", UTF8, 1024, STRING_COLUMN, 0, 0, 0) for name in columns]
    return [bytes([len(columns)]), *definitions, eof, *(b"".join(map(text, row)) for row in rows), eof]


class Client:
    """Waits for the server's greeting, logs in, then asks."""

    def __init__(self, sock, user="catalogue", database="socksdb"):
        self.packets = Packets(sock)
        hello = self.packets.read()
        if hello[0] != 0x0A:
            raise ConnectionError("no MySQL server")
        self.packets.write(login(user, database))
        if self.packets.read()[0] != OK:
            raise ConnectionError("the login was refused")

    def query(self, statement):
        """Rows as dictionaries."""
        self.packets.sequence = 0
        self.packets.write(bytes([QUERY]) + statement.encode())
        first = self.packets.read()
        if first[0] == ERROR:
            raise ValueError(first[9:].decode())
        # of a definition: catalogue, schema, table, original table, then the name
        names = [texts_first(self.packets.read(), 5)[4] for _ in range(first[0])]
        self.packets.read()
        rows = []
        while (row := self.packets.read())[0] != EOF:
            rows.append(dict(zip(names, texts(row))))
        return rows


def texts_first(payload, count):
    values, at = [], 0
    for _ in range(count):
        size = payload[at]
        values.append(payload[at + 1:at + 1 + size].decode())
        at += 1 + size
    return values
