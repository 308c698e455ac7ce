# SPDX-License-Identifier: Apache-2.0
"""Redis's RESP2 over a socket."""


class Resp:
    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def fill(self):
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("the peer closed the connection")
        self.buffer += data

    def line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line.decode()

    def value(self):
        """One value: a string, a number, None, or a list of these. An error is raised."""
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind == "+":
            return rest
        if kind == "-":
            raise ValueError(rest)
        if kind == ":":
            return int(rest)
        if kind == "*":
            return [self.value() for _ in range(int(rest))]
        if kind != "$":
            raise ValueError(f"no RESP: {line!r}")
        size = int(rest)
        if size < 0:
            return None
        while len(self.buffer) < size + 2:
            self.fill()
        data, self.buffer = self.buffer[:size], self.buffer[size + 2:]
        return data.decode()

    def command(self, *words):
        parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
        self.sock.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
        return self.value()
