# SPDX-License-Identifier: Apache-2.0
"""Opaque TCP through the mesh: bytes, half-close, reset, who speaks first, back-pressure."""
from __future__ import annotations

import socket
import threading

from lab.poll import settled, until

from .apps import BANNER, pattern, reset, sha256
from .harness import suite
from .world import World

CASES, case = suite()
MEBIBYTE = 1 << 20


def world(direct: bool) -> World:
    return World("streams", direct)


def read_all(sock: socket.socket) -> bytes:
    parts = []
    while data := sock.recv(262144):
        parts.append(data)
    return b"".join(parts)


@case("20 MB come back byte for byte, and the server's last word after the client's FIN", direct=True)
def echo(w: World) -> None:
    payload = pattern(20_000_000)
    for client, service in ((w.a1, "b"), (w.a1, "c"), (w.d, "b")):
        with client.connect(w.to(service, 9000)) as sock:
            def send() -> None:
                sock.sendall(payload)
                sock.shutdown(socket.SHUT_WR)
            sender = threading.Thread(target=send, daemon=True)
            sender.start()
            got = read_all(sock)
            sender.join(20)
            assert sha256(got) == sha256(payload + b"bye"), f"{service}: {len(got)} bytes"


@case("half-close: after the client's FIN the server still answers", direct=True)
def half_close(w: World) -> None:
    for service in ("b", "c"):
        with w.a1.connect(w.to(service, 9000)) as sock:
            sock.sendall(b"last words")
            sock.shutdown(socket.SHUT_WR)
            assert read_all(sock) == b"last wordsbye"


@case("half-close: after the server's FIN the client can still send", direct=True)
def half_close_server(w: World) -> None:
    for service, servers in (("b", w.on_b), ("c", w.on_c)):
        servers.mute.go.clear()
        before = len(servers.mute.seen)
        with w.a1.connect(w.to(service, 9002)) as sock:
            seen = until(lambda: servers.mute.seen[before:], 10, "accepted")[0]
            seen.sock.shutdown(socket.SHUT_WR)
            assert sock.recv(10) == b""
            sock.sendall(b"still here")
            servers.mute.go.set()
            sock.shutdown(socket.SHUT_WR)
            until(lambda: seen.end == "eof" and seen.received == 10, 10, "the server gets it and the FIN")
        servers.mute.go.clear()


@case("a client's reset reaches the server as a reset", direct=True)
def client_resets(w: World) -> None:
    for service, servers in (("b", w.on_b), ("c", w.on_c)):
        servers.echo.forget()
        sock = w.a1.connect(w.to(service, 9000))
        sock.sendall(b"hello")
        assert sock.recv(10) == b"hello"
        seen = servers.echo.new()[-1]
        reset(sock)
        until(lambda: seen.end != "open", 10, "the server's connection ends")
        assert seen.end == "reset", seen.end


@case("a server's reset reaches the client as a reset", direct=True)
def server_resets(w: World) -> None:
    for service in ("b", "c"):
        with w.a1.connect(w.to(service, 9000)) as sock:
            sock.sendall(b"RESET")
            try:
                got = sock.recv(10)
                raise AssertionError(f"the client got {got!r} instead of a reset")
            except ConnectionResetError:
                pass


@case("a server that speaks first is heard at once, on this node and on the other", direct=True)
def server_first(w: World) -> None:
    for client, service in ((w.a1, "b"), (w.a1, "c"), (w.d, "c"), (w.d, "b")):
        with client.connect(w.to(service, 9001)) as sock:
            sock.settimeout(3)
            assert sock.recv(100) == BANNER
            sock.sendall(b"thanks")
            assert sock.recv(100) == b"thanks"


@case("nobody listens: the client's connection is reset, not closed as if all were well")
def nobody(w: World) -> None:
    address = w.lab.add_service("shop", "nobody", [("tcp-nothing", 9100, 9199)], {"app": "b"})
    w.lab.sync()
    try:
        with w.a1.connect((address, 9100)) as sock:
            got = sock.recv(10)
            raise AssertionError(f"the client got {got!r}")
    except (ConnectionResetError, ConnectionRefusedError):
        pass


@case("a server that reads nothing stops its client, memory stays bounded, and no byte is lost")
def stalled_server(w: World) -> None:
    w.on_b.mute.go.clear()
    before = len(w.on_b.mute.seen)
    base = w.node_a.rss_bytes()
    block, progress, total = pattern(MEBIBYTE), [0], 100 * MEBIBYTE
    with w.a1.connect(w.to("b", 9002)) as sock:
        sock.settimeout(60)

        def send() -> None:
            while progress[0] < total:
                progress[0] += sock.send(block)
            sock.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        stopped = settled(lambda: progress[0], 1.0, 30, "the client's sending")
        assert stopped < 24 * MEBIBYTE, f"{stopped} bytes were taken from the client though nobody reads"
        with w.a2.connect(w.to("b", 9000)) as other:
            other.settimeout(3)
            other.sendall(b"others")
            assert other.recv(10) == b"others"
        grown = w.node_a.rss_bytes() - base
        assert grown < 16 * MEBIBYTE, f"the daemon grew by {grown} bytes"
        w.on_b.mute.go.set()
        sender.join(60)
        seen = w.on_b.mute.seen[before]
        until(lambda: seen.end == "eof", 30, "the server has read all of it")
        assert seen.received == progress[0]
    w.on_b.mute.go.clear()


@case("500 connections at once keep their bytes to themselves", direct=True)
def many(w: World) -> None:
    sockets = [w.a1.connect(w.to("b" if number % 2 else "c", 9000)) for number in range(500)]
    for number, sock in enumerate(sockets):
        sock.sendall(b"%d" % number)
    for number, sock in enumerate(sockets):
        with sock:
            assert sock.recv(100) == b"%d" % number
