# SPDX-License-Identifier: Apache-2.0
"""IPv6: what holds for IPv4 holds for it, in pods of two families and of one."""
from __future__ import annotations

import errno
import ipaddress
import json
import os
import socket

from lab.http1 import Broken, Connection, fetch
from lab.lab import service_ip6
from lab.poll import until

from .apps import Echo, Web
from .harness import suite
from .world import ECHO_PORT, WEB_PORT, World, gateway, to_host, virtual_service

CASES, case = suite()
ETHERTYPE_IPV6, TCP = 0x86DD, 6
SYN, ACK = 0x02, 0x10


class Dual(World):
    SERVER_HOST = "::"

    def build(self) -> None:
        super().build()
        self.six = self.lab.add_pod("shop", "six", "node-a", family=6)
        self.four = self.lab.add_pod("shop", "four", "node-a", family=4)
        self.lab.sync()

    def to6(self, service: str, port: int = 80) -> tuple[str, int]:
        return str(ipaddress.ip_address(service_ip6(self.services[service]))), port


def world(direct: bool) -> Dual:
    return Dual("families", direct, dual=True)


def asked(response) -> dict:
    assert response.status == 200, f"{response.status} {response.body[:200]!r}"
    return json.loads(response.body)


def syns6(tap: socket.socket) -> list[bytes]:
    """IPv6 SYNs that the tap has seen so far."""
    found = []
    tap.setblocking(False)
    while True:
        try:
            frame = tap.recv(2048)
        except BlockingIOError:
            return found
        if int.from_bytes(frame[12:14], "big") == ETHERTYPE_IPV6 and frame[20] == TCP and frame[67] & (SYN | ACK) == SYN:
            found.append(frame)


@case("a Service's IPv6 address is served, on this node and on the other, HTTP and TCP (T2)")
def services(w: Dual) -> None:
    for client in (w.a1, w.d, w.six):
        for service in ("b", "c"):
            assert asked(fetch(client, w.to6(service), "/", service))["pod"] == service, (client, service)
            with client.connect(w.to6(service, 9000)) as sock:
                sock.sendall(b"six")
                assert sock.recv(10) == b"six"


@case("getpeername and getsockname of an IPv6 connection are what the application dialled and its own (T3)")
def names(w: Dual) -> None:
    for client in (w.a1, w.six):
        with client.connect(w.to6("b")) as sock:
            assert sock.getpeername()[:2] == w.to6("b"), sock.getpeername()
            assert sock.getsockname()[0] == client.ip6, sock.getsockname()
            asked(Connection(sock).request("GET", "/", "b"))


@case("an application sees its IPv6 client: same node, other node, outside (T13); also at a dual-stack listener", direct=True)
def client_address(w: Dual) -> None:
    for client in (w.a1, w.d, w.six, w.out):
        for server in (w.on_b, w.on_c):
            seen = asked(fetch(client, (server.pod.ip6, WEB_PORT), "/", "x"))
            assert seen["pod"] == server.pod.name and seen["peer"][0] == client.ip6, (client, seen)
    for client in (w.a1, w.d, w.out):
        seen = asked(fetch(client, (w.b.ip, WEB_PORT), "/", "x"))
        assert seen["peer"][0] == f"::ffff:{client.ip}", (client, seen)


@case("a Service of both families is reached in the one that the client dialled")
def crossing(w: Dual) -> None:
    seen = asked(fetch(w.a1, w.to6("b"), "/", "b"))
    assert seen["peer"][0] == w.a1.ip6, seen


@case("an IPv6 arrival keeps its local address and port, whatever the port (T14)", direct=True)
def arrivals(w: Dual) -> None:
    extra = Echo(w.b, 18686, "::")
    try:
        with w.out.connect((w.b.ip6, 18686)) as sock:
            sock.sendall(b"x")
            assert sock.recv(10) == b"x"
        assert extra.seen[-1].local == (w.b.ip6, 18686), extra.seen[-1].local
    finally:
        extra.close()


@case("[::1], the pod's own IPv6 address and its own ports of the capture range are left alone (T10, T15)", direct=True)
def local_untouched(w: Dual) -> None:
    for port in (15001, 15100, 15254):
        own = Echo(w.a1, port, "::")
        try:
            for address in ("::1", w.a1.ip6):
                with w.a1.connect((address, port)) as sock:
                    assert sock.getpeername()[:2] == (address, port)
                    sock.sendall(b"own")
                    assert sock.recv(10) == b"own"
            if not w.direct:
                for _ in range(20):
                    assert asked(fetch(w.a1, w.to6("b"), "/", "b"))["pod"] == "b"
            assert len(own.seen) == 2, own.seen
        finally:
            own.close()


@case("an IPv6-only pod has services of IPv4 pods, and an IPv4-only pod is refused an IPv6 connect at once")
def single(w: Dual) -> None:
    only = Web(w.six, WEB_PORT, "::")
    try:
        assert asked(fetch(w.a1, (w.six.ip6, WEB_PORT), "/", "x"))["peer"][0] == w.a1.ip6
        assert asked(w.get(w.six, "b"))["pod"] == "b"
        assert asked(w.get(w.four, "b"))["pod"] == "b"
        sock = w.four.socket(socket.AF_INET6)
        with sock:
            assert sock.connect_ex((w.b.ip6, WEB_PORT)) == errno.EPERM
    finally:
        only.close()


@case("a gateway serves its IPv6 address, and drops its other ports (T44)")
def gateways(w: Dual) -> None:
    w.configure(gateway(), virtual_service("front", ["*"], [{"route": [to_host("b")]}], ["public"]))
    assert asked(fetch(w.out, (w.gw.ip6, 8080), "/", "shop.example.com"))["pod"] == "b"
    try:
        w.out.connect((w.gw.ip6, 8081), 3).close()
        raise AssertionError("another port of the gateway accepts")
    except ConnectionRefusedError:
        pass
    w.configure()


@case("a link-local destination is refused, and one that arrives at a link-local address is dropped")
def link_local(w: Dual) -> None:
    def index(pod) -> int:
        return int(pod.run("ip", "-o", "link", "show", "dev", "eth0").stdout.split(":")[0])
    peers = w.b.run("ip", "-6", "-o", "addr", "show", "dev", "eth0", "scope", "link").stdout.split()
    address = next(word.split("/")[0] for word in peers if word.startswith("fe80"))
    sock = w.a1.socket(socket.AF_INET6)
    with sock:
        assert sock.connect_ex((address, WEB_PORT, 0, index(w.a1))) == errno.EPERM
    sock = w.out.socket(socket.AF_INET6)
    with sock:
        failed = sock.connect_ex((address, WEB_PORT, 0, index(w.out)))
        assert failed == errno.ECONNREFUSED, os.strerror(failed)


@case("the network that keeps A from B keeps them apart over IPv6 too (T40)")
def admission(w: Dual) -> None:
    assert asked(fetch(w.a2, (w.b.ip6, WEB_PORT), "/", "x"))["pod"] == "b"
    w.lab.isolate(w.a2, True)
    w.lab.isolate(w.b, True)
    try:
        def refused() -> bool:
            try:
                return fetch(w.a2, (w.b.ip6, WEB_PORT), "/", "x", timeout=15).status == 503
            except (OSError, Broken):
                return True
        assert until(refused, 25, "the pair is cut")
    finally:
        w.lab.isolate(w.a2, False)
        w.lab.isolate(w.b, False)


@case("kill -9 closes IPv6 like IPv4: nothing out, no SYN, nothing in (T19)")
def killed(w: Dual) -> None:
    w.node_a.kill()
    try:
        with w.lab.sniffer(w.a1) as tap:
            for address in (w.to6("b"), (w.b.ip6, WEB_PORT), (w.out.ip6, 80)):
                sock = w.a1.socket(socket.AF_INET6)
                with sock:
                    assert sock.connect_ex(address) == errno.ECONNREFUSED, address
            assert not syns6(tap), "a SYN left a1"
        w.forget()
        for port in (WEB_PORT, ECHO_PORT):
            sock = w.out.socket(socket.AF_INET6)
            with sock:
                assert sock.connect_ex((w.b.ip6, port)) == errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED)
        assert not w.on_b.web.requests()
        with w.b.connect(("::1", ECHO_PORT), 3) as sock:
            sock.sendall(b"local")
            assert sock.recv(10) == b"local"
    finally:
        w.node_a.start()
        w.node_a.sync()
    assert asked(fetch(w.a1, w.to6("b"), "/", "b"))["pod"] == "b"
