# SPDX-License-Identifier: Apache-2.0
"""What is denied: security policies that are not enforced yet, and what the CNI does not admit."""
from __future__ import annotations

import json
import socket
import subprocess
import time

import yaml

from lab.http1 import Broken
from lab.poll import until

from .harness import suite
from .world import World, destination_rule

CASES, case = suite()
CUT_SECONDS = 12  # an admission lapses 9 s after the last probe that got through


def world(direct: bool) -> World:
    return World("policy", direct)


def authorization(spec: dict) -> dict:
    return {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": "p", "namespace": "shop"},
            "spec": spec}


def outcome(w: World, pod, service: str = "b") -> str:
    """The status of a request, or how it failed."""
    try:
        return str(w.get(pod, service).status)
    except (Broken, OSError) as error:
        return type(error).__name__


def findings(w: World, kind: str) -> list[dict]:
    status = w.node_a.status()
    return [f for f in status.get("findings", []) if f["kind"] == kind]


@case("a workload selected by an AuthorizationPolicy is denied, and a finding says why; others are served")
def selected_denied(w: World) -> None:
    w.forget()
    w.configure(authorization({"selector": {"matchLabels": {"app": "b"}}, "action": "ALLOW",
                               "rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]}))
    for client in (w.a1, w.d, w.b):
        got = outcome(w, client)
        assert got != "200", f"{client} was served"
    try:
        with w.a1.connect(w.to("b", 9000)) as sock:
            sock.sendall(b"x")
            assert sock.recv(10) == b"", "a TCP client was served"
    except OSError:
        pass
    assert not w.on_b.web.requests() and not w.on_b.echo.new(), "the application was reached"
    assert outcome(w, w.a1, "c") == "200"
    found = findings(w, "AuthorizationPolicy")
    assert found and found[0]["message"] and found[0]["line"] > 0 and found[0]["remedy"], found
    w.configure()
    assert outcome(w, w.a1) == "200"


@case("a policy that allows everything allows; one without rules denies everybody")
def allow_all(w: World) -> None:
    w.configure(authorization({"rules": [{}]}))
    assert outcome(w, w.a1) == "200" and outcome(w, w.d) == "200"
    w.configure(authorization({}))
    assert outcome(w, w.a1) != "200" and outcome(w, w.a1, "c") != "200"
    w.configure()
    assert outcome(w, w.a1) == "200"


@case("STRICT mutual TLS cannot be met between nodes: that leg is denied, not left in plaintext")
def strict(w: World) -> None:
    w.forget()
    w.configure({"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": {"name": "default", "namespace": "shop"},
                 "spec": {"mtls": {"mode": "STRICT"}}})
    got = outcome(w, w.d)
    assert got != "200" and not w.on_b.web.requests(), got
    assert findings(w, "PeerAuthentication"), "no finding says why"
    w.configure()
    assert outcome(w, w.d) == "200"


@case("a policy that gets stricter cuts the connections that are open")
def stricter(w: World) -> None:
    with w.a1.connect(w.to("b", 9000)) as sock:
        sock.sendall(b"x")
        assert sock.recv(10) == b"x"
        w.configure(authorization({"selector": {"matchLabels": {"app": "b"}}}))
        sock.settimeout(5)
        try:
            got = sock.recv(10)
        except ConnectionResetError:
            got = b""
        assert got == b""
    w.configure()


@case("ISTIO_MUTUAL in a DestinationRule is refused, and the finding gives that reason")
def istio_mutual(w: World) -> None:
    w.configure(destination_rule("b", "b", {"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}))
    documents = [d for d in w.node_a.status()["documents"] if d["kind"] == "DestinationRule"]
    assert [d["state"] for d in documents] == ["quarantined"], documents
    found = findings(w, "DestinationRule")
    assert found and "ISTIO_MUTUAL" in json.dumps(found) and found[0]["path"].startswith("spec.trafficPolicy"), found
    w.configure()


@case("`sameNode: encrypt` is refused with its reason, by --check and at the start")
def same_node_encrypt(w: World) -> None:
    path = w.lab.dir / "encrypt.yaml"
    path.write_text(yaml.safe_dump({**w.node_a.options, "sameNode": "encrypt", "runDir": str(w.lab.dir / "encrypt-run")}))
    for argv in (["--check", "--config", str(path)], ["--config", str(path)]):
        done = subprocess.run([w.lab.sockmeshd, *argv], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and "sameNode" in done.stderr + done.stdout, (argv, done)


@case("a drop on the bridge keeps A from B though both are meshed, and nobody else (T40)")
def network_policy(w: World) -> None:
    assert outcome(w, w.a1) == "200"
    w.lab.isolate(w.a1, True)
    w.lab.isolate(w.b, True)
    try:
        # What was admitted before lapses; until then nothing new is asked of the network.
        got = until(lambda: (o := outcome(w, w.a1)) != "200" and o, CUT_SECONDS, "a1 is kept from b")
        assert got == "503", got
        w.forget()
        assert outcome(w, w.a1) == "503" and not w.on_b.web.requests()
        assert outcome(w, w.a2) == "200" and outcome(w, w.d) == "200" and outcome(w, w.a1, "c") == "200"
    finally:
        w.lab.isolate(w.a1, False)
        w.lab.isolate(w.b, False)
    until(lambda: outcome(w, w.a1) == "200", 10, "a1 reaches b again")


@case("a drop on the bridge cuts a connection that is open, within about 10 s (T40)")
def network_policy_open(w: World) -> None:
    with w.a1.connect(w.to("b", 9000)) as sock, w.a2.connect(w.to("b", 9000)) as other:
        for one in (sock, other):
            one.sendall(b"x")
            assert one.recv(10) == b"x"
        w.lab.isolate(w.a1, True)
        w.lab.isolate(w.b, True)
        try:
            started = time.monotonic()

            def cut() -> bool:
                sock.settimeout(0.2)
                try:
                    sock.sendall(b"y")
                    return sock.recv(10) == b""
                except TimeoutError:
                    return False
                except (ConnectionResetError, BrokenPipeError):
                    return True

            until(cut, CUT_SECONDS, "the open pair is cut")
            assert time.monotonic() - started > 1, "it was cut at once: by something else than the lapse"
            other.sendall(b"z")
            assert other.recv(10) == b"z", "another pair was cut as well"
        finally:
            w.lab.isolate(w.a1, False)
            w.lab.isolate(w.b, False)
    until(lambda: outcome(w, w.a1) == "200", 10, "a1 reaches b again")


@case("a pair that is in use stays admitted")
def stays_admitted(w: World) -> None:
    with w.a1.connect(w.to("b", 9000)) as sock:
        deadline = time.monotonic() + CUT_SECONDS
        while time.monotonic() < deadline:
            sock.sendall(b"x")
            assert sock.recv(10) == b"x"
            sock.settimeout(0.1)
            try:
                assert sock.recv(1), "cut though the network admits the pair"
            except TimeoutError:
                pass
            sock.settimeout(5)


@case("what B's application gets on its connection cannot come from a packet that A makes by hand (T40)")
def injected(w: World) -> None:
    with w.a1.connect(w.to("b", 9000)) as sock, w.b.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as tap:
        tap.bind(("lo", 0))
        sock.sendall(b"first")
        assert sock.recv(10) == b"first"
        tap.settimeout(5)
        # The last data segment to the application on b's loopback gives the real ports and sequence numbers.
        frame = until(lambda: data_segment(tap.recv(65536), 9000), 5, "the segment inside b")
        forged = bytearray(frame)
        forged_payload = b"EVIL!"
        head = 14 + 20 + (frame[14 + 20 + 12] >> 4) * 4
        forged[head:] = forged_payload
        sequence = int.from_bytes(frame[38:42], "big") + len(frame) - head
        forged[38:42] = (sequence & 0xFFFFFFFF).to_bytes(4, "big")
        mac = json.loads(subprocess.run(["ip", "-n", w.b.netns, "-j", "link", "show", "eth0"], capture_output=True, text=True).stdout)[0]["address"]
        forged[0:6] = bytes.fromhex(mac.replace(":", ""))
        forged[16:18] = (len(forged) - 14).to_bytes(2, "big")
        fix_checksums(forged)
        with w.a1.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as raw:
            raw.bind(("eth0", 0))
            for _ in range(5):
                raw.send(bytes(forged))
        sock.sendall(b"second")
        got = b""
        while len(got) < 6:
            got += sock.recv(100)
        assert got == b"second", f"the application got {got!r}"


def data_segment(frame: bytes, port: int) -> bytes | None:
    """The frame, if it is TCP with data to that port."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 6 or int.from_bytes(frame[36:38], "big") != port:
        return None
    total = int.from_bytes(frame[16:18], "big")
    head = 20 + (frame[14 + 20 + 12] >> 4) * 4
    return frame[:14 + total] if total > head else None


def fix_checksums(frame: bytearray) -> None:
    def folded(data: bytes) -> int:
        total = sum(int.from_bytes(data[i:i + 2].ljust(2, b"\0"), "big") for i in range(0, len(data), 2))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        return total ^ 0xFFFF
    frame[24:26] = b"\0\0"
    frame[24:26] = folded(bytes(frame[14:34])).to_bytes(2, "big")
    frame[50:52] = b"\0\0"
    pseudo = bytes(frame[26:34]) + b"\0\x06" + (len(frame) - 34).to_bytes(2, "big")
    frame[50:52] = folded(pseudo + bytes(frame[34:])).to_bytes(2, "big")
