# SPDX-License-Identifier: Apache-2.0
"""HTTP through the mesh: bodies, framing, pools, errors, WebSocket, back-pressure."""
from __future__ import annotations

import base64
import json
import os
import socket
import time

from lab.http1 import Broken, Connection, fetch
from lab.poll import settled, until

from .apps import pattern, sha256
from .harness import suite
from .world import World, gateway, to_host, virtual_service

CASES, case = suite()
SIZES = (1, 2, 1000, 16_384, 65_537, 1_000_000, 20_000_000)
MEBIBYTE = 1 << 20


def world(direct: bool) -> World:
    return World("http", direct)


def body_of(response) -> dict:
    assert response.status == 200, f"{response.status} {response.body[:200]!r}"
    return json.loads(response.body)


@case("bodies from 1 byte to 20 MB reach the client byte for byte, by length and in chunks", direct=True)
def downloads(w: World) -> None:
    for service in ("b", "c"):
        for kind, framing in (("bytes", "length"), ("chunked", "chunked")):
            for size in SIZES:
                answer = w.get(w.a1, service, f"/{kind}/{size}", keep_body=False)
                assert answer.status == 200 and answer.framing == framing, (service, kind, size, answer)
                assert (answer.length, answer.sha256) == (size, sha256(pattern(size))), f"{service} /{kind}/{size}: {answer.length} bytes"


@case("bodies from 1 byte to 20 MB reach the application byte for byte, by length and in chunks", direct=True)
def uploads(w: World) -> None:
    for service in ("b", "c"):
        for chunked in (False, True):
            for size in SIZES:
                body = pattern(size)
                got = body_of(w.get(w.a1, service, "/upload", method="POST", body=body, chunked=chunked))
                assert (got["length"], got["sha256"]) == (size, sha256(body)), f"{service} {size} chunked={chunked}: {got['length']}"


@case("HEAD, 204 and 304 have no body, and the connection goes on", direct=True)
def no_body(w: World) -> None:
    with w.open(w.a1) as connection:
        answer = connection.request("HEAD", "/bytes/1234", "b")
        assert answer.status == 200 and answer.header("content-length") == "1234", answer
        for status in (204, 304):
            answer = connection.request("GET", f"/status/{status}", "b")
            assert answer.status == status and answer.header("transfer-encoding") is None, answer
        body_of(connection.request("GET", "/after", "b"))


@case("an answer that comes before the request's body ends reaches the client", direct=True)
def early(w: World) -> None:
    with w.open(w.a1) as connection:
        connection.send_head("POST", "/early", {"host": "b", "content-length": str(5 * MEBIBYTE)})
        connection.sock.sendall(pattern(100_000))
        answer = connection.response("POST")
        assert answer.status == 413 and answer.body == b"early", answer
    w.on_b.web.go.set()
    w.on_b.web.go.clear()


@case("keep-alive on both sides: many requests of one client use few connections of the application", direct=True)
def pooled(w: World) -> None:
    w.forget()
    with w.open(w.a1) as connection:
        for number in range(50):
            body_of(connection.request("GET", f"/{number}", "b"))
    assert len(w.on_b.web.new()) <= 4, f"{len(w.on_b.web.new())} connections for 50 requests in a row"
    assert [r["target"] for r in w.on_b.web.requests()] == [f"/{n}" for n in range(50)]


@case("a connection to the application carries the requests of one client only", direct=True)
def honest_pools(w: World) -> None:
    w.forget()
    for number in range(20):
        for client in (w.a1, w.a2, w.d):
            body_of(w.get(client, headers={"x-client": client.ip}))
    for seen in w.on_b.web.seen:
        clients = {value for r in seen.requests for name, value in r["headers"] if name.lower() == "x-client"}
        assert clients <= {seen.peer[0]}, f"the application's peer is {seen.peer[0]}, the requests came from {clients}"


@case("the application behind a gateway sees no address on a connection but the one its requests came from")
def honest_gateway_pools(w: World) -> None:
    second = w.lab.add_pod("lab", "out2")
    for service, servers in (("b", w.on_b), ("c", w.on_c)):
        w.configure(gateway(), virtual_service("front", ["*"], [{"route": [to_host(service)]}], ["public"]))
        w.forget()
        for _ in range(10):
            for client in (w.out, second):
                body_of(fetch(client, (w.gw.ip, 8080), "/", "shop", headers={"x-client": client.ip}))
        assert len(servers.web.requests()) == 20
        for seen in servers.web.new():
            clients = {value for r in seen.requests for name, value in r["headers"] if name.lower() == "x-client"}
            assert seen.peer[0] == w.gw.ip or clients == {seen.peer[0]}, f"{service}: the peer is {seen.peer[0]}, the requests came from {clients}"
    w.configure()
    w.lab.remove_pod(second)


@case("an application that closes an idle connection costs no request", direct=True)
def idle_close(w: World) -> None:
    for number in range(20):
        body_of(w.get(w.a1, target="/hangup"))
        body_of(w.get(w.a1, target=f"/{number}"))


@case("Connection: close is honoured and answered", direct=True)
def close(w: World) -> None:
    with w.open(w.a1) as connection:
        answer = connection.request("GET", "/", "b", {"connection": "close"})
        body_of(answer)
        assert connection.sock.recv(10) == b"", "the connection is still open"


@case("headers that belong to one hop stay there; x-request-id, server and service time are Istio's")
def headers(w: World) -> None:
    answer = w.get(w.a1, headers={"connection": "x-hop, keep-alive", "x-hop": "1", "keep-alive": "timeout=5",
                                  "proxy-connection": "keep-alive", "te": "trailers", "x-kept": "1"})
    got = {k.lower(): v for k, v in body_of(answer)["headers"]}
    assert got.get("x-kept") == "1" and not {"x-hop", "keep-alive", "proxy-connection"} & set(got), got
    assert len(got.get("x-request-id", "")) == 36, got
    assert answer.all("server") == ["envoy"] and answer.header("date"), answer.headers
    assert (answer.header("x-envoy-upstream-service-time") or "").isdigit(), answer.headers
    kept = body_of(w.get(w.a1, headers={"x-request-id": "kept-as-it-is"}))
    assert ["x-request-id", "kept-as-it-is"] in [[k.lower(), v] for k, v in kept["headers"]], kept


@case("a request in single bytes, and two in one packet, are answered in order", direct=True)
def pieces(w: World) -> None:
    with w.open(w.a1) as connection:
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"POST /slowly HTTP/1.1\r\nhost: b\r\ncontent-length: 3\r\n\r\nabc":
            connection.sock.sendall(bytes([byte]))
        assert body_of(connection.response())["sha256"] == sha256(b"abc")
        connection.sock.sendall(b"".join(b"GET /%d HTTP/1.1\r\nhost: b\r\n\r\n" % n for n in range(5)))
        assert [body_of(connection.response())["target"] for _ in range(5)] == [f"/{n}" for n in range(5)]


@case("what is no proper HTTP/1.1 is refused and never reaches the application")
def refused(w: World) -> None:
    rows = ((b"GET / HTTP/1.0\r\nhost: b\r\n\r\n", 426), (b"GET / HTTP/1.1\r\n\r\n", 400), (b"nonsense\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nhost: b\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nhost: b\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc", 400),
            (b"POST / HTTP/1.1\r\nhost: b\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
            (b"GET / HTTP/1.1\nhost: b\n\n", 400), (b"GET / HTTP/1.1\r\nhost: b\r\nbad header: 1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nhost: b\r\nx: " + b"y" * 70_000 + b"\r\n\r\n", 431))
    w.forget()
    for text, status in rows:
        with w.open(w.a1) as connection:
            connection.sock.sendall(text)
            answer = connection.response()
            assert answer.status == status, f"{text[:60]!r}: {answer.status}, expected {status}"
            assert connection.sock.recv(10) == b"", f"{text[:60]!r}: the connection stays open"
    assert not w.on_b.web.requests(), w.on_b.web.requests()


@case("an application that resets gives 503 UC with Istio's text, and the client's connection goes on")
def upstream_reset(w: World) -> None:
    with w.open(w.a1) as connection:
        answer = connection.request("GET", "/reset?mark-reset", "b")
        assert answer.status == 503 and b"upstream connect error or disconnect/reset before headers" in answer.body, answer
        body_of(connection.request("GET", "/after", "b"))
    records = {r.cluster.split("|")[0]: r for r in w.records(w.node_a, "mark-reset", 2)}
    # As of two sidecars: the server's side saw the reset, the client's side got an answer.
    assert (records["inbound"].code, records["inbound"].flags) == ("503", "UC"), records["inbound"].line
    assert (records["outbound"].code, records["outbound"].flags) == ("503", "-"), records["outbound"].line


@case("an application that does not listen gives 503 UF")
def upstream_absent(w: World) -> None:
    address = w.lab.add_service("shop", "absent", [("http-web", 80, 8999)], {"app": "b"})
    w.lab.sync()
    answer = fetch(w.a1, (address, 80), "/mark-absent", "absent")
    assert answer.status == 503, answer
    records = {r.cluster.split("|")[0]: r for r in w.records(w.node_a, "mark-absent", 2)}
    assert "UF" in records["inbound"].flags, records["inbound"].line


@case("a WebSocket passes both ways, with what the client sent before the 101", direct=True)
def websocket(w: World) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    for service in ("b", "c"):
        with w.open(w.a1, service) as connection:
            head = f"GET /ws HTTP/1.1\r\nhost: {service}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n\r\n"
            connection.sock.sendall(head.encode() + b"early bytes")
            answer = connection.response()
            assert answer.status == 101 and (answer.header("upgrade") or "").lower() == "websocket", answer
            received = connection.buffer
            payload = pattern(300_000)
            connection.sock.sendall(payload)
            connection.sock.shutdown(socket.SHUT_WR)
            while data := connection.sock.recv(65536):
                received += data
            assert received == b"early bytes" + payload + b"bye", f"{service}: {len(received)} bytes came back"


@case("a reader that stalls stops its sender and nobody else, and memory stays bounded")
def stalled_reader(w: World) -> None:
    size = 300 * MEBIBYTE
    base = w.node_a.rss_bytes()
    w.forget()
    with w.open(w.a1) as connection:
        connection.send_head("GET", f"/stream/{size}", {"host": "b"})
        seen = until(lambda: next((s for s in w.on_b.web.seen if s.sent), None), 10, "the application sends")
        stopped = settled(lambda: seen.sent, 1.0, 30, "the application's sending")
        assert stopped < 24 * MEBIBYTE, f"{stopped} bytes were taken from the application though nobody reads"
        worst = 0.0
        for number in range(50):
            started = time.monotonic()
            body_of(w.get(w.a2, target=f"/{number}"))
            body_of(w.get(w.a1, target=f"/{number}"))
            worst = max(worst, time.monotonic() - started)
        assert worst < 2, f"others waited {worst:.2f} s"
        grown = w.node_a.rss_bytes() - base
        assert grown < 16 * MEBIBYTE, f"the daemon grew by {grown} bytes"
        answer = connection.response(keep_body=False)
        assert answer.length == size


@case("an application that stalls stops its client's upload, and memory stays bounded")
def stalled_application(w: World) -> None:
    size = 200 * MEBIBYTE
    base = w.node_a.rss_bytes()
    block, sent = pattern(MEBIBYTE), 0
    with w.open(w.a1) as connection:
        connection.send_head("POST", "/stall", {"host": "b", "content-length": str(size)})
        connection.sock.settimeout(1.5)
        try:
            while sent < size:
                sent += connection.sock.send(block[:size - sent])
        except TimeoutError:
            pass
        assert sent < 24 * MEBIBYTE, f"{sent} bytes were taken from the client though nobody reads"
        body_of(w.get(w.a1, target="/meanwhile"))
        grown = w.node_a.rss_bytes() - base
        assert grown < 16 * MEBIBYTE, f"the daemon grew by {grown} bytes"
        w.on_b.web.go.set()
        connection.sock.settimeout(20)
        while sent < size:
            sent += connection.sock.send(block[:size - sent])
        assert body_of(connection.response("POST"))["length"] == size
    w.on_b.web.go.clear()


@case("200 clients at once get their own answers", direct=True)
def many(w: World) -> None:
    connections = [(number, w.open(w.a1, "b" if number % 2 else "c")) for number in range(200)]
    for number, connection in connections:
        connection.send_head("GET", f"/{number}", {"host": "b" if number % 2 else "c"})
    for number, connection in connections:
        with connection:
            assert body_of(connection.response())["target"] == f"/{number}"


@case("a client that goes away in the middle of an answer leaves the application's connection closed", direct=True)
def client_leaves(w: World) -> None:
    w.forget()
    connection = w.open(w.a1)
    connection.send_head("GET", f"/stream/{300 * MEBIBYTE}", {"host": "b"})
    seen = until(lambda: next((s for s in w.on_b.web.seen if s.sent), None), 10, "the application sends")
    connection.fill()
    connection.sock.close()
    until(lambda: seen.end != "open", 10, "the application's connection ends")
    try:
        body_of(w.get(w.a1))
    except Broken as error:
        raise AssertionError(f"the next request failed: {error}") from None
