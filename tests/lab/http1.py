# SPDX-License-Identifier: Apache-2.0
"""A small HTTP/1.1 client over any socket. It shows an answer as it came: header lines in order, and how it was framed."""
from __future__ import annotations

import hashlib
import socket
from dataclasses import dataclass, field


class Broken(Exception):
    """The connection ended, or what came is no HTTP."""


@dataclass
class Response:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    framing: str = "none"  # none | length | chunked | close
    length: int = 0
    sha256: str = ""
    interim: list[int] = field(default_factory=list)

    def header(self, name: str) -> str | None:
        values = self.all(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Connection:
    """One connection; requests go one after the other. `keep_body=False` only counts and hashes the body."""

    def __init__(self, sock: socket.socket):
        self.sock, self.buffer = sock, b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.sock.close()

    def send_head(self, method: str, target: str, headers: dict[str, str]) -> None:
        lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def request(self, method: str, target: str, host: str, headers: dict[str, str] | None = None,
                body: bytes | None = None, chunked: bool = False, keep_body: bool = True) -> Response:
        head = {"host": host, **(headers or {})}
        if body is not None:
            head.update({"transfer-encoding": "chunked"} if chunked else {"content-length": str(len(body))})
        self.send_head(method, target, head)
        if body is not None:
            self.send_body(body, chunked)
        return self.response(method, keep_body)

    def send_body(self, body: bytes, chunked: bool) -> None:
        if not chunked:
            self.sock.sendall(body)
            return
        step = 60_000
        for at in range(0, len(body), step):
            piece = body[at:at + step]
            self.sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.sock.sendall(b"0\r\n\r\n")

    # ---- reading -------------------------------------------------------------------------------------------

    def fill(self) -> None:
        data = self.sock.recv(262144)
        if not data:
            raise Broken(f"the connection ended after {self.buffer[:80]!r}")
        self.buffer += data

    def until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self.fill()
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def response(self, method: str = "GET", keep_body: bool = True) -> Response:
        interim: list[int] = []
        while True:
            answer = self.head()
            if answer.status >= 200 or answer.status == 101:
                break
            interim.append(answer.status)
        answer.interim = interim
        digest, kept = hashlib.sha256(), []

        def take(data: bytes) -> None:
            answer.length += len(data)
            digest.update(data)
            if keep_body:
                kept.append(data)

        if method == "HEAD" or answer.status in (101, 204, 304):
            pass
        elif (answer.header("transfer-encoding") or "").lower() == "chunked":
            answer.framing = "chunked"
            while size := int(self.until(b"\r\n").split(b";")[0], 16):
                self.take(size, take)
                if self.until(b"\r\n"):
                    raise Broken("a chunk is longer than it said")
            while self.until(b"\r\n"):
                pass
        elif answer.header("content-length") is not None:
            answer.framing = "length"
            self.take(int(answer.header("content-length")), take)
        else:
            answer.framing = "close"
            take(self.buffer)
            while data := self.sock.recv(262144):
                take(data)
            self.buffer = b""
        answer.body, answer.sha256 = b"".join(kept), digest.hexdigest()
        return answer

    def head(self) -> Response:
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        if version != "HTTP/1.1":
            raise Broken(f"no HTTP/1.1 status line: {lines[0]!r}")
        code, _, reason = rest.partition(" ")
        headers = [(k, v.strip()) for k, _, v in (line.partition(":") for line in lines[1:])]
        return Response(int(code), reason, headers)

    def take(self, size: int, sink) -> None:
        while size:
            if not self.buffer:
                self.fill()
            piece, self.buffer = self.buffer[:size], self.buffer[size:]
            size -= len(piece)
            sink(piece)


def fetch(pod, address: tuple[str, int], target: str = "/", host: str = "", method: str = "GET", timeout: float | None = None,
          **keywords) -> Response:
    """One request on a connection of its own."""
    with Connection(pod.connect(address, timeout)) as connection:
        return connection.request(method, target, host or address[0], **keywords)
