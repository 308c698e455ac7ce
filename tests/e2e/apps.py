# SPDX-License-Identifier: Apache-2.0
"""Applications of the tests' pods: servers on sockets of the pods, which remember what reached them.

They run as threads of the test, so a case can look at what the application saw without asking anybody.
"""
from __future__ import annotations

import base64
import hashlib
import json
import random
import socket
import struct
import threading
from dataclasses import dataclass, field

BANNER = b"220 welcome\r\n"
BLOCK = random.Random(7).randbytes(1_000_003)  # a prime number of bytes: a shift or a repetition shows


def pattern(size: int) -> bytes:
    return (BLOCK * (size // len(BLOCK) + 1))[:size]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Seen:
    """One connection as the application saw it."""
    peer: tuple[str, int]
    local: tuple[str, int]
    sock: socket.socket
    requests: list[dict] = field(default_factory=list)
    received: int = 0
    sent: int = 0
    end: str = "open"  # open | eof | reset | closed


class App:
    """Listens on one port of a pod from the moment it is made, until the pod goes."""

    def __init__(self, pod, port: int, host: str = "0.0.0.0"):
        self.pod, self.port = pod, port
        self.seen: list[Seen] = []
        self.go = threading.Event()  # what a stalled handler waits for
        self.listener = pod.listen(port, host)
        threading.Thread(target=self.x_accept, daemon=True).start()

    def x_accept(self) -> None:
        while True:
            try:
                sock, peer = self.listener.accept()
            except OSError:
                return
            # The time-out is for the whole test: nothing here waits longer.
            sock.settimeout(120)
            seen = Seen(peer[:2], sock.getsockname()[:2], sock)
            self.seen.append(seen)
            threading.Thread(target=self.x_one, args=[seen], daemon=True).start()

    def x_one(self, seen: Seen) -> None:
        try:
            self.serve(seen, seen.sock)
            if seen.end == "open":
                seen.end = "closed"
        except ConnectionResetError:
            seen.end = "reset"
        except (OSError, ValueError):
            if seen.end == "open":
                seen.end = "closed"
        finally:
            seen.sock.close()

    def serve(self, seen: Seen, sock: socket.socket) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def forget(self) -> None:
        """Forgets what came. A connection that is still open stays: a pool may use it again."""
        self.seen = [seen for seen in self.seen if seen.end == "open"]
        for seen in self.seen:
            seen.requests, seen.received, seen.sent = [], 0, 0

    def new(self) -> list[Seen]:
        """Connections that something came on, or went out on, since the last forget()."""
        return [seen for seen in self.seen if seen.requests or seen.received or seen.sent]

    def requests(self) -> list[dict]:
        return [request for seen in self.seen for request in seen.requests]


class Echo(App):
    """Sends back what comes; after the client's FIN it says "bye" and closes. "RESET" at the start of what comes makes it
    reset the connection."""

    def serve(self, seen: Seen, sock: socket.socket) -> None:
        while data := sock.recv(65536):
            seen.received += len(data)
            if data.startswith(b"RESET"):
                reset(sock)
                return
            sock.sendall(data)
            seen.sent += len(data)
        seen.end = "eof"
        sock.sendall(b"bye")


class First(App):
    """Speaks first, then echoes."""

    def serve(self, seen: Seen, sock: socket.socket) -> None:
        sock.sendall(BANNER)
        while data := sock.recv(65536):
            seen.received += len(data)
            sock.sendall(data)


class Mute(App):
    """Accepts and reads nothing until told to go; then counts."""

    def serve(self, seen: Seen, sock: socket.socket) -> None:
        self.go.wait(120)
        while data := sock.recv(1 << 20):
            seen.received += len(data)
        seen.end = "eof"


class Web(App):
    """HTTP/1.1. The path says what to do:

    /bytes/N, /chunked/N   that many bytes of the pattern      /stream/N   the same, sent in pieces and counted
    /status/N              that status, no body                /early      answers before it reads the body
    /stall                 reads the body only when told       /hangup     answers, then closes without saying so
    /reset                 resets                              /ws         becomes a WebSocket that echoes
    anything else          JSON: who was asked, by whom, with which headers and which body
    """

    def serve(self, seen: Seen, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = sock.makefile("rb", buffering=262144)
        while line := stream.readline(65536):
            method, target, version = line.decode("latin-1").rstrip("\r\n").split(" ")
            headers = []
            while (line := stream.readline(65536)) not in (b"\r\n", b""):
                name, _, value = line.decode("latin-1").rstrip("\r\n").partition(":")
                headers.append((name, value.strip()))
            request = {"pod": self.pod.name, "port": self.port, "method": method, "target": target, "version": version,
                       "headers": headers, "peer": list(seen.peer), "local": list(seen.local)}
            seen.requests.append(request)
            if not self.answer(seen, sock, stream, request):
                return
        seen.end = "eof"

    def answer(self, seen: Seen, sock: socket.socket, stream, request: dict) -> bool:
        fields = {k.lower(): v for k, v in request["headers"]}
        path = request["target"].partition("?")[0]
        word, _, rest = path.strip("/").partition("/")
        if word == "ws" and fields.get("upgrade", "").lower() == "websocket":
            return self.websocket(seen, sock, stream, fields)
        if word == "early":
            self.head(sock, 413, [("content-length", "5"), ("connection", "close")])
            sock.sendall(b"early")
            self.go.wait(20)
            return False
        if word == "stall":
            self.go.wait(120)
        if word == "reset":
            reset(sock)
            return False
        self.read_body(seen, stream, fields, request)
        silent = request["method"] == "HEAD"
        if word in ("bytes", "stream", "chunked"):
            self.bulk(seen, sock, word, int(rest), silent)
        elif word == "status":
            self.head(sock, int(rest), [] if rest in ("204", "304") else [("content-length", "0")])
        else:
            body = json.dumps(request).encode()
            self.head(sock, 200, [("content-type", "application/json"), ("content-length", str(len(body))), ("X-Pod", self.pod.name)])
            sock.sendall(b"" if silent else body)
        return word != "hangup" and fields.get("connection", "").lower() != "close"

    def head(self, sock: socket.socket, status: int, headers: list[tuple[str, str]]) -> None:
        lines = [f"HTTP/1.1 {status} Tested", *(f"{k}: {v}" for k, v in headers)]
        sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def bulk(self, seen: Seen, sock: socket.socket, word: str, size: int, silent: bool) -> None:
        chunked = word == "chunked"
        self.head(sock, 200, [("transfer-encoding", "chunked") if chunked else ("content-length", str(size))])
        if silent:
            return
        view = memoryview(pattern(min(size, 32 << 20)))
        step, at = 50_000, 0
        while at < size:
            start = at % len(view) if word == "stream" else at
            piece = view[start:start + min(step, size - at)]
            sock.sendall(b"%x\r\n%s\r\n" % (len(piece), bytes(piece)) if chunked else piece)
            at += len(piece)
            seen.sent = at
        if chunked:
            sock.sendall(b"0\r\n\r\n")

    def read_body(self, seen: Seen, stream, fields: dict, request: dict) -> None:
        digest, length = hashlib.sha256(), 0

        def exactly(size: int) -> None:
            nonlocal length
            while size:
                piece = stream.read(min(size, 262144))
                if not piece:
                    raise ValueError("the body ended early")
                digest.update(piece)
                length += len(piece)
                seen.received += len(piece)
                size -= len(piece)

        if fields.get("transfer-encoding", "").lower() == "chunked":
            while size := int(stream.readline(100).split(b";")[0], 16):
                exactly(size)
                stream.read(2)
            while stream.readline(1000) not in (b"\r\n", b""):
                pass
        else:
            exactly(int(fields.get("content-length", "0")))
        request.update(length=length, sha256=digest.hexdigest())

    def websocket(self, seen: Seen, sock: socket.socket, stream, fields: dict) -> bool:
        """101 with the key's answer, then everything is echoed, and after the client's FIN "bye"."""
        accept = hashlib.sha1((fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.head(sock, 101, [("upgrade", "websocket"), ("connection", "Upgrade"),
                              ("sec-websocket-accept", base64.b64encode(accept).decode())])
        while data := stream.read1(65536):
            seen.received += len(data)
            sock.sendall(data)
        seen.end = "eof"
        sock.sendall(b"bye")
        return False


def reset(sock: socket.socket) -> None:
    """Closes with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
