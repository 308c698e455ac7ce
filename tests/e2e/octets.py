# SPDX-License-Identifier: Apache-2.0
"""Relayed TCP is TCP to the application: receive flags, splice, endings with bytes under way, random conversations."""
from __future__ import annotations

import array
import fcntl
import os
import random
import select
import signal
import socket
import subprocess
import termios
import threading
from pathlib import Path

from lab.pod import PYTHON, Pod
from lab.poll import until

from .apps import App, Seen, pattern, reset, sha256
from .harness import suite
from .streams import read_all
from .world import World

CASES, case = suite()
PENDING = 100_000
EXCHANGES, CONNECTIONS = 2400, 24
PROCESS_PORT, SPLICE_PORT = 9199, 9198


def world(direct: bool) -> World:
    return World("octets", direct)


def waiting(sock: socket.socket) -> int:
    """FIONREAD."""
    size = array.array("i", [0])
    fcntl.ioctl(sock.fileno(), termios.FIONREAD, size)
    return size[0]


@case("MSG_WAITALL, MSG_PEEK, MSG_TRUNC, FIONREAD and SO_RCVLOWAT do on a captured socket what they do on any", direct=True)
def receive_flags(w: World) -> None:
    for service in ("b", "c"):
        with w.a1.connect(w.to(service, 9000)) as sock:
            text = pattern(5000)
            sock.settimeout(None)
            sock.sendall(text)
            assert sock.recv(5000, socket.MSG_WAITALL) == text
            sock.sendall(text[:400])
            until(lambda: waiting(sock) == 400, 10, "FIONREAD tells what came")
            assert sock.recv(100, socket.MSG_PEEK) == sock.recv(100, socket.MSG_PEEK) == text[:100]
            assert waiting(sock) == 400, "a peek took something away"
            assert len(sock.recv(100, socket.MSG_TRUNC)) == 100
            assert sock.recv(300, socket.MSG_WAITALL) == text[100:400], "MSG_TRUNC did not take what it skipped"
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1000)
            sock.sendall(text[:999])
            until(lambda: waiting(sock) == 999, 10, "999 bytes came")
            assert select.select([sock], [], [], 0) == ([], [], []), "readable below SO_RCVLOWAT"
            sock.sendall(b"!")
            assert select.select([sock], [], [], 10)[0] == [sock], "not readable at SO_RCVLOWAT"


@case("an urgent byte comes in its place in the stream, none before or after it is lost")
def urgent(w: World) -> None:
    for service in ("b", "c"):
        with w.a1.connect(w.to(service, 9000)) as sock:
            sock.sendall(b"abc")
            sock.send(b"!", socket.MSG_OOB)
            sock.sendall(b"def")
            sock.settimeout(10)
            got = b""
            while len(got) < 7:
                got += sock.recv(10)
            assert got == b"abc!def", got


class Splicer(App):
    """Echoes without looking: splice(2) from the socket to a pipe and from there back to it, as Go's io.Copy does."""

    def serve(self, seen: Seen, sock: socket.socket) -> None:
        sock.settimeout(None)
        take, put = os.pipe()
        try:
            while size := os.splice(sock.fileno(), put, 65536):
                seen.received += size
                while size:
                    size -= os.splice(take, sock.fileno(), size)
            seen.end = "eof"
            sock.shutdown(socket.SHUT_WR)
        finally:
            os.close(take)
            os.close(put)


@case("sendfile and splice of the applications at both ends: 5 MB come back byte for byte", direct=True)
def splicing(w: World) -> None:
    payload = pattern(5_000_000)
    source = w.lab.dir / "payload"
    source.write_bytes(payload)
    app = Splicer(w.b, SPLICE_PORT)
    address = (w.lab.add_service("shop", "splicer", [("tcp-splice", 9101, SPLICE_PORT)], {"app": "b"}), 9101)
    w.lab.sync()
    try:
        for client in (w.a1, w.d):
            with client.connect((w.b.ip, SPLICE_PORT) if w.direct else address) as sock, source.open("rb") as file:
                sock.settimeout(None)

                def send() -> None:
                    at = 0
                    while at < len(payload):
                        at += os.sendfile(sock.fileno(), file.fileno(), at, len(payload) - at)
                    sock.shutdown(socket.SHUT_WR)

                sender = threading.Thread(target=send, daemon=True)
                sender.start()
                assert sha256(spliced(sock)) == sha256(payload)
                sender.join(10)
    finally:
        app.close()


def spliced(sock: socket.socket) -> bytes:
    """All that comes, taken by splice(2)."""
    take, put = os.pipe()
    parts = []
    try:
        while size := os.splice(sock.fileno(), put, 65536):
            while size:
                parts.append(os.read(take, size))
                size -= len(parts[-1])
    finally:
        os.close(take)
        os.close(put)
    return b"".join(parts)


# ---- ends that are killed --------------------------------------------------------------------------------------

CLIENT = """
import socket, sys, time
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
sock.sendall(b"c" * int(sys.argv[3]))
if sys.argv[4] == "unread":
    sock.recv(1, socket.MSG_PEEK)
print("ready", flush=True)
sys.stdin.read()
"""
SERVER = """
import socket, sys
listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))
print("listens", flush=True)
sock, _ = listener.accept()
if sys.argv[3] == "unread":
    sock.recv(1, socket.MSG_PEEK)
sock.sendall(b"s" * int(sys.argv[2]))
print("ready", flush=True)
sys.stdin.read()
"""


def program(pod: Pod, text: str, *args: str) -> subprocess.Popen:
    return pod.spawn([*PYTHON, "-c", text, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(10)


@case("kill -9 of a client with 100 kB under way: the server gets all of it and the end, or a reset if the client had not read", direct=True)
def client_killed(w: World) -> None:
    for service, servers in (("b", w.on_b), ("c", w.on_c)):
        for unread, end in (("read", "eof"), ("unread", "reset")):
            servers.mute.go.clear()
            before = len(servers.mute.seen)
            process = program(w.a1, CLIENT, *map(str, w.to(service, 9002)), str(PENDING), unread)
            seen = until(lambda: servers.mute.seen[before:], 10, "the server accepts")[0]
            if unread == "unread":
                seen.sock.sendall(b"nobody reads this")
            assert process.stdout.readline() == "ready\n"
            kill(process)
            servers.mute.go.set()
            until(lambda: seen.end != "open", 20, "the server's connection ends")
            assert seen.end == end, f"{service}, {unread}: {seen.end}"
            assert end == "reset" or seen.received == PENDING, f"{service}: {seen.received} bytes of {PENDING}"
            servers.mute.go.clear()


@case("kill -9 of a server with 100 kB under way: the client gets all of it and the end, or a reset if the server had not read", direct=True)
def server_killed(w: World) -> None:
    address = (w.lab.add_service("shop", "process", [("tcp-process", 9100, PROCESS_PORT)], {"app": "b"}), 9100)
    w.lab.sync()
    for client in (w.a1, w.d):
        for unread in ("read", "unread"):
            process = program(w.b, SERVER, str(PROCESS_PORT), str(PENDING), unread)
            assert process.stdout.readline() == "listens\n"
            with client.connect((w.b.ip, PROCESS_PORT) if w.direct else address) as sock:
                if unread == "unread":
                    sock.sendall(b"c" * 1000)
                first = sock.recv(PENDING, socket.MSG_WAITALL | socket.MSG_PEEK if unread == "read" else 0)
                assert process.stdout.readline() == "ready\n"
                kill(process)
                if unread == "read":
                    assert read_all(sock) == b"s" * PENDING and first
                    continue
                try:
                    while sock.recv(65536):
                        pass
                    raise AssertionError("the end of the stream instead of a reset")
                except ConnectionResetError:
                    pass


# ---- a reader that does not read -------------------------------------------------------------------------------


def kernel_tcp_bytes() -> int:
    """What the kernel holds in TCP queues, of all namespaces."""
    line = next(x for x in Path("/proc/net/sockstat").read_text().splitlines() if x.startswith("TCP:"))
    return int(line.split("mem ")[1]) * os.sysconf("SC_PAGE_SIZE")


def queue_bytes() -> int:
    """The most that one connection may have queued: what its two ends may."""
    return sum(int(Path(f"/proc/sys/net/ipv4/tcp_{way}mem").read_text().split()[2]) for way in "rw")


@case("readers that do not read: their senders get EAGAIN, never ENOMEM, and what kernel and daemon hold is bounded")
def stalled(w: World) -> None:
    w.on_b.mute.go.clear()
    count, block = 8, pattern(1 << 20)
    kernel, daemon = kernel_tcp_bytes(), w.node_a.rss_bytes()
    socks = [w.a1.connect(w.to("b", 9002)) for _ in range(count)]
    try:
        for sock in socks:
            sock.setblocking(False)
        sent, quiet = [0] * count, 0
        while quiet < 25:
            moved = False
            for number, sock in enumerate(socks):
                try:
                    sent[number] += sock.send(block)
                    moved = True
                except BlockingIOError:  # anything else, ENOMEM and ENOBUFS too, fails the case
                    pass
            quiet = 0 if moved else quiet + 1
            select.select([], socks, [], 0.02)
        held = kernel_tcp_bytes() - kernel
        # Two connections for each, and slack for what else lives on this machine.
        assert held <= 2 * count * queue_bytes() + (16 << 20), f"{held} bytes in the kernel's queues"
        assert w.node_a.rss_bytes() - daemon < 16 << 20, "the daemon holds what nobody reads"
        w.on_b.mute.go.set()
        for number, sock in enumerate(socks):
            sock.settimeout(30)
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(10) == b""
        until(lambda: sum(s.received for s in w.on_b.mute.seen[-count:]) == sum(sent), 30, "not a byte is lost")
    finally:
        for sock in socks:
            sock.close()
        w.on_b.mute.go.clear()


# ---- random conversations --------------------------------------------------------------------------------------


def converse(w: World, seed: int, faults: list[str]) -> None:
    rng = random.Random(seed)
    client, service = rng.choice([(w.a1, "b"), (w.a2, "c"), (w.d, "b"), (w.d, "c")])
    sock = client.connect(w.to(service, 9000))
    sock.settimeout(30)
    try:
        for number in range(EXCHANGES // CONNECTIONS):
            size = rng.randrange(1, 2_000_000) if rng.random() < 0.03 else rng.randrange(1, 300)
            text = rng.randbytes(size)

            def send() -> None:
                at = 0
                while at < size:
                    step = rng_out.randrange(1, 300) if size < 3000 else rng_out.randrange(1, 60_000)
                    sock.sendall(text[at:at + step])
                    at += step

            rng_out = random.Random(seed * 1000 + number)
            sender = threading.Thread(target=send, daemon=True)
            sender.start()
            got = bytearray()
            while len(got) < size:
                piece = sock.recv(rng.randrange(1, 300) if rng.random() < 0.5 else 65536)
                if not piece:
                    raise AssertionError("the stream ended")
                got += piece
            sender.join(30)
            if got != text:
                raise AssertionError(f"exchange {number} of {size} bytes came back changed")
        if rng.random() < 0.3:
            reset(sock)
            return
        sock.shutdown(socket.SHUT_WR)
        if read_all(sock) != b"bye":
            raise AssertionError("no last word after the half close")
    except Exception as error:
        faults.append(f"seed {seed}, {client} to {service}: {type(error).__name__}: {error}")
    finally:
        sock.close()


@case("thousands of exchanges of random sizes with readers of random speed come back byte for byte", direct=True)
def random_exchanges(w: World) -> None:
    base, faults = random.SystemRandom().randrange(1 << 30), []
    print(f"      seeds {base} to {base + CONNECTIONS - 1}", flush=True)
    threads = [threading.Thread(target=converse, args=[w, base + n, faults], daemon=True) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert not faults and not any(t.is_alive() for t in threads), faults[:3]
