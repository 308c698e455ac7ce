# SPDX-License-Identifier: Apache-2.0
"""What an application notices of being captured: nothing but that it works."""
from __future__ import annotations

import ctypes
import errno
import json
import os
import select
import socket
import struct

from lab import kernel
from lab.http1 import Connection, fetch
from lab.pod import SocketMaker, enter_command

from .apps import Echo, Web
from .harness import suite
from .world import ECHO_PORT, WEB_PORT, World

CASES, case = suite()
CAPTURE_ADDRESS = "127.169.254.77"
CAPTURE_PORT = 15001
SYN, ACK = 0x02, 0x10


def world(direct: bool) -> World:
    return World("capture", direct)


def asked(response) -> dict:
    assert response.status == 200, f"{response.status} {response.body[:200]!r}"
    return json.loads(response.body)


def mapped(address: str) -> str:
    return f"::ffff:{address}"


def request_on(sock: socket.socket, host: str = "b") -> dict:
    return asked(Connection(sock).request("GET", "/", host))


@case("each destination that is dialled is the one that answers (T1)", direct=True)
def destinations(w: World) -> None:
    for service in ("b", "c"):
        assert asked(w.get(w.a1, service))["pod"] == service
        with w.a1.connect(w.to(service, 9000)) as sock:
            sock.sendall(b"ping")
            assert sock.recv(100) == b"ping"
    assert w.on_b.echo.new() and w.on_c.echo.new()


@case("an application sees the addresses it dialled and its own: IPv4 and v4-mapped IPv6 (T3)", direct=True)
def names(w: World) -> None:
    for service in ("b", "c"):
        address = w.to(service)
        with w.a1.connect(address) as sock:
            assert sock.getpeername() == address, f"getpeername {sock.getpeername()}, dialled {address}"
            assert sock.getsockname()[0] == w.a1.ip, f"getsockname {sock.getsockname()}, pod {w.a1.ip}"
            asked(Connection(sock).request("GET", "/", service))
        six = w.a1.socket(socket.AF_INET6)
        with six:
            six.connect((mapped(address[0]), address[1]))
            assert six.getpeername()[:2] == (mapped(address[0]), address[1]), six.getpeername()
            assert six.getsockname()[0] == mapped(w.a1.ip), six.getsockname()
            assert asked(Connection(six).request("GET", "/", service))["pod"] == service


@case("a non-blocking connect with edge-triggered epoll completes and delivers (T5)", direct=True)
def non_blocking(w: World) -> None:
    sock = w.a1.socket()
    with sock:
        sock.setblocking(False)
        assert sock.connect_ex(w.to("b")) == errno.EINPROGRESS
        poller = select.epoll()
        poller.register(sock, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
        events = poller.poll(10)
        assert events and events[0][1] & select.EPOLLOUT, events
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        sock.send(b"GET /bytes/300000 HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n")
        got = b""
        while True:
            assert poller.poll(10), f"no edge after {len(got)} bytes"
            try:
                while data := sock.recv(65536):
                    got += data
                break
            except BlockingIOError:
                continue
        assert got.startswith(b"HTTP/1.1 200") and len(got) > 300000, got[:80]


@case("bind to the pod's address, to its device, and to both, before connect (T7)", direct=True)
def bound(w: World) -> None:
    for address, device in ((True, False), (False, True), (True, True)):
        sock = w.a1.socket()
        with sock:
            if address:
                sock.bind((w.a1.ip, 0))
            if device:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
            sock.connect(w.to("b"))
            answer = request_on(sock)
            assert answer["peer"][0] == w.a1.ip, answer


@case("connect(AF_UNSPEC) and another connect on the same socket reach the other service (T8)", direct=True)
def reconnect(w: World) -> None:
    sock = w.a1.socket()
    with sock:
        sock.connect(w.to("b"))
        assert request_on(sock)["pod"] == "b"
        libc = ctypes.CDLL(None, use_errno=True)
        nobody = struct.pack("=H14x", socket.AF_UNSPEC)
        assert libc.connect(sock.fileno(), nobody, len(nobody)) == 0, os.strerror(ctypes.get_errno())
        sock.connect(w.to("c"))
        assert request_on(sock, "c")["pod"] == "c"
        assert sock.getpeername() == w.to("c")


@case("localhost, the pod's own address and its own port 15001 are left alone (T10, T15)", direct=True)
def local_untouched(w: World) -> None:
    before = len(w.node_a.access_log())
    for bind, dial, port, family in (("127.0.0.1", "127.0.0.1", 7000, socket.AF_INET), (w.a1.ip, w.a1.ip, 7001, socket.AF_INET),
                                     ("0.0.0.0", w.a1.ip, CAPTURE_PORT, socket.AF_INET), ("0.0.0.0", "127.0.0.1", CAPTURE_PORT, socket.AF_INET),
                                     ("::1", "::1", 7002, socket.AF_INET6)):
        listener, client = w.a1.socket(family), w.a1.socket(family)
        with listener, client:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((bind, port))
            listener.listen()
            client.connect((dial, port))
            accepted, peer = listener.accept()
            with accepted:
                # the very socket of the client, not one of a proxy
                assert peer[:2] == client.getsockname()[:2], f"{dial}:{port}: {peer} is not {client.getsockname()}"
                client.sendall(b"x")
                assert accepted.recv(10) == b"x"
    assert len(w.node_a.access_log()) == before


@case("a socket of another pod's cgroup in this pod's namespace is this pod's; so is one made before a fork (T12)")
def by_namespace(w: World) -> None:
    maker = SocketMaker(enter_command(w.b.cgroup, w.a1.netns_path, "-"), w.b.popen, False, "a1 in b's cgroup")
    sock = maker.socket()
    with sock:
        sock.connect(w.to("c"))
        answer = asked(Connection(sock).request("GET", "/mixed-cgroup", "c"))
        assert answer["peer"][0] == w.a1.ip, answer
    maker.close()
    record = next(r for r in w.records(w.node_a, "/mixed-cgroup", 1) if r.cluster.startswith("outbound|"))
    assert record.downstream_remote.startswith(w.a1.ip + ":"), record.line
    program = ("import os,socket,sys\ns=socket.socket()\nif os.fork()==0:\n s.connect((sys.argv[1],int(sys.argv[2])))\n"
               " s.sendall(b'GET / HTTP/1.1\\r\\nhost: b\\r\\nconnection: close\\r\\n\\r\\n')\n"
               " data=b''\n while True:\n  d=s.recv(65536)\n  if not d: break\n  data+=d\n"
               " sys.stdout.write(data.decode().split('\\r\\n\\r\\n',1)[1]);sys.stdout.flush();os._exit(0)\nos.wait()\n")
    done = w.a1.run("/usr/bin/python3", "-c", program, *map(str, w.to("b")))
    assert f'"peer": ["{w.a1.ip}"' in done.stdout, done


@case("accept() and getpeername() show the application its client: same node, other node, outside (T13)", direct=True)
def client_address(w: World) -> None:
    for client, service in ((w.a1, "b"), (w.a2, "b"), (w.d, "b"), (w.a1, "c"), (w.d, "c")):
        w.forget()
        answer = asked(w.get(client, service))
        assert answer["peer"][0] == client.ip, f"{client} to {service}: the application sees {answer['peer']}"
        server = {"b": w.on_b, "c": w.on_c}[service]
        with client.connect(w.to(service, 9000)) as sock:
            sock.sendall(b"x")
            assert sock.recv(10) == b"x"
            seen = server.echo.seen[-1]
            # From another node the port is that of the proxy's dial in the client's namespace.
            same_node = client.node == server.pod.node or w.direct
            expected = sock.getsockname() if same_node else (client.ip, seen.peer[1])
            assert seen.peer == expected, f"accept says {seen.peer}, the client is {sock.getsockname()}"
            assert seen.sock.getpeername() == seen.peer
    answer = asked(fetch(w.out, (w.b.ip, WEB_PORT), "/", "b"))
    assert answer["peer"][0] == w.out.ip, answer


@case("an arrival keeps its local address and port, whatever the port (T14)", direct=True)
def arrivals(w: World) -> None:
    extra = Web(w.b, 18181)
    for port in (WEB_PORT, extra.port):
        answer = asked(fetch(w.out, (w.b.ip, port), "/", "b"))
        assert answer["local"] == [w.b.ip, port] and answer["peer"][0] == w.out.ip, answer
    with w.out.connect((w.b.ip, ECHO_PORT)) as sock:
        sock.sendall(b"x")
        assert sock.recv(10) == b"x"
        assert w.on_b.echo.seen[-1].local == (w.b.ip, ECHO_PORT)
    extra.close()


@case("a squatter on the capture port gets nothing, and a direct dial of the capture address is refused (T16)")
def squatter(w: World) -> None:
    for squatted in ((CAPTURE_ADDRESS, "127.169.254.1"), ("0.0.0.0",)):
        apps = [Echo(w.a1, CAPTURE_PORT, address) for address in squatted]
        try:
            for _ in range(20):
                assert asked(w.get(w.a1))["pod"] == "b"
            for address in (CAPTURE_ADDRESS, "127.169.254.1", "127.169.254.254"):
                try:
                    w.a1.connect((address, CAPTURE_PORT), 3).close()
                    raise AssertionError(f"a direct dial of {address} was accepted")
                except ConnectionRefusedError:
                    pass
            assert not [s for app in apps for s in app.seen], "the squatter was reached"
        finally:
            for app in apps:
                app.close()


@case("two pods with equal source ports and equal destinations never cross (T17)", direct=True)
def equal_tuples(w: World) -> None:
    for number in range(10):
        sockets = []
        for pod in (w.a1, w.a2):
            sock = pod.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("0.0.0.0", 41000 + number))
            sock.connect(w.to("b"))
            sockets.append((pod, sock))
        for pod, sock in reversed(sockets):
            with sock:
                answer = asked(Connection(sock).request("GET", f"/{pod.name}", "b"))
                assert answer["peer"] == [pod.ip, 41000 + number] or answer["peer"][0] == pod.ip, answer
                assert answer["target"] == f"/{pod.name}"


@case("one source port serves two destinations at once (T42)", direct=True)
def one_port_twice(w: World) -> None:
    sockets = {}
    for service in ("b", "c"):
        sock = sockets[service] = w.a1.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((w.a1.ip, 42000))
        sock.connect(w.to(service))
    for service, sock in sockets.items():
        with sock:
            assert request_on(sock, service)["pod"] == service


@case("a pod's own Service picks the pod itself (T43)", direct=True)
def own_service(w: World) -> None:
    answer = asked(w.get(w.b))
    assert answer["pod"] == "b" and answer["peer"][0] == w.b.ip, answer
    with w.b.connect(w.to("b", 9000)) as sock:
        sock.sendall(b"self")
        assert sock.recv(10) == b"self"


@case("a gateway's ports are the daemon's, its other ports are closed (T44)")
def gateway_ports(w: World) -> None:
    from .world import gateway, to_host, virtual_service
    w.configure(gateway(), virtual_service("front", ["*"], [{"route": [to_host("b")]}], ["public"]))
    assert asked(w.through_gateway())["pod"] == "b"
    for port in (80, 8081, 15001, 22):
        try:
            w.out.connect((w.gw.ip, port), 3).close()
            raise AssertionError(f"port {port} of the gateway accepts")
        except (ConnectionRefusedError, TimeoutError):
            pass
    w.configure()


@case("no application sees a connection but its clients': the admission probe stops at the daemon (T40)")
def no_probe_seen(w: World) -> None:
    fresh = Echo(w.b, 18282)
    for client in (w.a1, w.a2, w.d):
        for _ in range(3):
            with client.connect((w.b.ip, fresh.port)) as sock:
                sock.sendall(b"x")
                assert sock.recv(10) == b"x"
    assert len(fresh.seen) == 9, f"{len(fresh.seen)} connections for 9 of the clients: {[s.peer for s in fresh.seen]}"
    assert {s.peer[0] for s in fresh.seen} == {w.a1.ip, w.a2.ip, w.d.ip}
    fresh.close()


@case("a namespace below the node's cgroup that no Pod describes is denied, and none of its SYNs leaves")
def unknown_denied(w: World) -> None:
    with w.lab.sniffer(w.stranger) as tap:
        for address in ((w.b.ip, WEB_PORT), w.to("b"), (w.out.ip, 80)):
            try:
                w.stranger.connect(address, 3).close()
                raise AssertionError(f"the stranger reached {address}")
            except PermissionError:
                pass
        assert not syns(tap), "a SYN left the stranger's namespace"


@case("IPv6 of an enrolled pod is denied, not let through")
def ipv6_denied(w: World) -> None:
    sock = w.a1.socket(socket.AF_INET6)
    with sock:
        try:
            sock.connect(("fd00:60::1", 80))
            raise AssertionError("an IPv6 connect was let through")
        except PermissionError:
            pass


@case("strace of curl shows a plain connect to the Service's address, and no preload")
def plain_connect(w: World) -> None:
    address, port = w.to("b")
    done = w.a1.run("strace", "-f", "-e", "trace=connect,setsockopt", "curl", "-sS", f"http://b/strace")
    calls = [line for line in done.stderr.splitlines() if "connect(" in line and f"htons({port})" in line]
    assert len(calls) == 1 and f'inet_addr("{address}")' in calls[0], done.stderr[-1500:]
    assert json.loads(done.stdout)["pod"] == "b", done.stdout
    environment = w.a1.run("env").stdout
    assert "LD_PRELOAD" not in environment


@case("there is no iptables or nftables rule in any network namespace", direct=True)
def no_rules(w: World) -> None:
    for pod in w.lab.pods.values():
        assert not kernel.nft_tables(pod.socket), f"nftables tables in {pod}"
        assert not kernel.iptables_tables(pod.pid), f"iptables tables in {pod}"


def syns(tap: socket.socket) -> list[bytes]:
    """The SYNs (without ACK) among the packets that the sniffer has got."""
    found = []
    tap.setblocking(False)
    while True:
        try:
            packet = tap.recv(65536)
        except BlockingIOError:
            return found
        if packet[12:14] != b"\x08\x00" or packet[23] != 6:
            continue
        flags = packet[14 + (packet[14] & 15) * 4 + 13]
        if flags & SYN and not flags & ACK:
            found.append(packet)
