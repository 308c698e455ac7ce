# SPDX-License-Identifier: Apache-2.0
"""What a pod's owner leaves out of the mesh with traffic.sidecar.istio.io annotations, also while it runs; and whether a
pod is in the mesh at all."""
from __future__ import annotations

import json
import socket

from lab.http1 import Broken, fetch
from lab.poll import until

from .apps import Echo, Web
from .harness import suite
from .policy import authorization, findings, outcome
from .world import ECHO_PORT, FIRST_PORT, WEB_PORT, World, gateway, to_host, virtual_service

CASES, case = suite()
TRAFFIC = "traffic.sidecar.istio.io/"
SERVICES = "10.97.0.0/16"  # of the lab


class Lists(World):
    """With two servers outside the mesh."""

    def build(self) -> None:
        super().build()
        self.far, self.second = Echo(self.out, ECHO_PORT), Echo(self.out, FIRST_PORT)
        self.far6, self.b6 = Echo(self.out, ECHO_PORT, self.out.ip6), Echo(self.b, ECHO_PORT, self.b.ip6)


def world(direct: bool) -> Lists:
    return Lists("lists", direct, dual=True)


def leave_out(w: World, pod, **lists: str) -> None:
    """These are the pod's annotations now, in force on both nodes."""
    pod.annotations = {TRAFFIC + name: value for name, value in lists.items()}
    w.lab.store.put(pod.document())
    w.lab.sync()


def counter(w: World, name: str) -> int:
    return w.node_a.json("bpf")["counters"][name]


def says(sock: socket.socket, text: bytes = b"x") -> bytes:
    sock.sendall(text)
    return sock.recv(100)


def is_direct(pod, address: tuple[str, int], app: Echo, answer: bytes = b"x") -> bool:
    """Whether the very connection that the client makes is the one that the application accepts."""
    with pod.connect(address, 5) as sock:
        assert says(sock).startswith(answer), f"{pod} gets nothing from {address}"
        assert app.seen[-1].peer[0] in (pod.ip, pod.ip6), f"{app.seen[-1].peer} is not {pod}"
        return app.seen[-1].peer == sock.getsockname()[:2]


def arrives_direct(w: World, port: int, app: Echo, answer: bytes = b"x", ip: str = "") -> bool:
    """Whether what comes to b from outside goes straight to the application. The application sees the client either way,
    so the kernel's counters have to tell."""
    before = {name: counter(w, name) for name in ("arrive.excluded", "arrive.in")}
    assert is_direct(w.out, (ip or w.b.ip, port), app, answer)
    grown = {name for name, value in before.items() if counter(w, name) > value}
    assert len(grown) == 1, f"{grown or 'nothing'} was counted"
    return grown == {"arrive.excluded"}


def fails(pod, address: tuple[str, int]) -> bool:
    try:
        pod.connect(address, 2).close()
        return False
    except OSError:
        return True


def records_of(w: World, mark: str) -> list[str]:
    return [line for line in w.node_a.access_log() if mark in line]


@case("an excluded outbound port goes past the mesh: the server sees the client's own socket; other ports do not")
def excluded_port(w: Lists) -> None:
    assert not is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far), "it was past the mesh before"
    leave_out(w, w.a1, excludeOutboundPorts=f" {ECHO_PORT}, 3306")
    before = counter(w, "connect.excluded")
    assert is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far), "it was captured"
    assert counter(w, "connect.excluded") == before + 1
    assert not is_direct(w.a1, (w.out.ip, FIRST_PORT), w.second), "another port went past"
    assert not is_direct(w.a2, (w.out.ip, ECHO_PORT), w.far), "another pod's went past"
    assert outcome(w, w.a1) == "200" and outcome(w, w.a1, "c") == "200"
    leave_out(w, w.a1)
    assert not is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far), "it stayed excluded"


@case("an excluded outbound range goes past the mesh, all else is captured")
def excluded_range(w: Lists) -> None:
    leave_out(w, w.a1, excludeOutboundIPRanges=f"192.0.2.0/24,{w.out.ip}/32, fd00::/8")
    for address, app in (((w.out.ip, ECHO_PORT), w.far), ((w.out.ip, FIRST_PORT), w.second)):
        assert is_direct(w.a1, address, app), address
    assert outcome(w, w.a1) == "200" and outcome(w, w.a1, "c") == "200"
    leave_out(w, w.a1)


@case("only what is included is captured; an exclusion counts for more")
def included(w: Lists) -> None:
    leave_out(w, w.a1, includeOutboundIPRanges=SERVICES)
    assert is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far)
    assert outcome(w, w.a1) == "200" and outcome(w, w.a1, "c") == "200"
    leave_out(w, w.a1, includeOutboundIPRanges=SERVICES, includeOutboundPorts=str(ECHO_PORT))
    assert not is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far), "an included port was not captured"
    assert is_direct(w.a1, (w.out.ip, FIRST_PORT), w.second)
    leave_out(w, w.a1, includeOutboundIPRanges=SERVICES, includeOutboundPorts=str(ECHO_PORT),
              excludeOutboundPorts=str(ECHO_PORT))
    assert is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far), "an excluded port was captured"
    leave_out(w, w.a1)


@case("an empty includeOutboundIPRanges captures nothing that leaves, and everything that arrives")
def nothing_out(w: Lists) -> None:
    leave_out(w, w.b, includeOutboundIPRanges="")
    assert is_direct(w.b, (w.out.ip, ECHO_PORT), w.far)
    assert fails(w.b, w.to("c")), "an address that nothing routes was reached"
    assert outcome(w, w.a1) == "200" and outcome(w, w.d) == "200"
    assert not arrives_direct(w, ECHO_PORT, w.on_b.echo)
    leave_out(w, w.b)


@case("an excluded inbound port reaches the application itself: from outside, from another node, from the same node")
def excluded_inbound(w: Lists) -> None:
    assert not arrives_direct(w, ECHO_PORT, w.on_b.echo)
    leave_out(w, w.b, excludeInboundPorts=str(ECHO_PORT))
    assert arrives_direct(w, ECHO_PORT, w.on_b.echo), "it was captured"
    w.forget()
    for client in (w.a1, w.d):
        with client.connect(w.to("b", ECHO_PORT), 5) as sock:
            assert says(sock) == b"x", f"{client} is not served"
            assert w.on_b.echo.seen[-1].peer[0] == client.ip
    # The records of one connection are written together, the client's first.
    sides = [len(records_of(w, f"{side}|{ECHO_PORT}|")) for side in ("outbound", "inbound")]
    with w.a1.connect(w.to("b", ECHO_PORT), 5) as sock:
        assert says(sock) == b"x"
    until(lambda: len(records_of(w, f"outbound|{ECHO_PORT}|")) > sides[0], 5, "the client's record is there")
    assert len(records_of(w, f"inbound|{ECHO_PORT}|")) == sides[1], "the server's side was asked"
    assert not arrives_direct(w, FIRST_PORT, w.on_b.first, b"220 welcome"), "another port is not captured any more"
    leave_out(w, w.b)
    assert not arrives_direct(w, ECHO_PORT, w.on_b.echo)


@case("a pod reaches itself through its own Service at a port that it leaves out, and so does a gateway's route")
def own_and_gateway(w: Lists) -> None:
    leave_out(w, w.b, excludeInboundPorts=f"{WEB_PORT},{ECHO_PORT}")
    with w.b.connect(w.to("b", ECHO_PORT), 5) as sock:
        assert says(sock) == b"x"
    assert outcome(w, w.b) == "200"
    w.configure(gateway(), virtual_service("front", ["*"], [{"route": [to_host("b")]}], ["public"]))
    answer = w.through_gateway()
    assert answer.status == 200 and json.loads(answer.body)["peer"][0] == w.gw.ip, answer
    w.configure()
    leave_out(w, w.b)


@case("the policy of a pod is not asked at a port that it leaves out, and is at all others")
def policy_at_ports(w: Lists) -> None:
    leave_out(w, w.b, excludeInboundPorts=str(ECHO_PORT))
    w.configure(authorization({"selector": {"matchLabels": {"app": "b"}}}))
    for client in (w.a1, w.out):
        address = w.to("b", ECHO_PORT) if client.node else (w.b.ip, ECHO_PORT)
        with client.connect(address, 5) as sock:
            assert says(sock) == b"x", f"{client} is denied at the port that is left out"
    assert outcome(w, w.a1) != "200"
    assert outcome_of_fetch(w) != "200"
    w.configure()
    leave_out(w, w.b)


def outcome_of_fetch(w: World) -> str:
    try:
        return str(fetch(w.out, (w.b.ip, WEB_PORT), "/", "b").status)
    except (Broken, OSError) as error:
        return type(error).__name__


@case("only included inbound ports are captured")
def included_inbound(w: Lists) -> None:
    leave_out(w, w.b, includeInboundPorts=str(WEB_PORT))
    assert arrives_direct(w, ECHO_PORT, w.on_b.echo)
    before = counter(w, "arrive.in")
    assert fetch(w.out, (w.b.ip, WEB_PORT), "/included-port", "b").status == 200
    assert counter(w, "arrive.in") == before + 1
    leave_out(w, w.b, includeInboundPorts="")
    assert arrives_direct(w, ECHO_PORT, w.on_b.echo)
    assert fetch(w.out, (w.b.ip, WEB_PORT), "/none", "b").status == 200
    assert counter(w, "arrive.in") == before + 1, "something was captured"
    leave_out(w, w.b)


@case("lists that change while the pod runs leave meshed connections that are open alone, both ways")
def changed(w: Lists) -> None:
    cookies = {p["name"]: p["netnsCookie"] for p in w.node_a.json("pods")}
    with w.a1.connect(w.to("b", ECHO_PORT)) as meshed, w.open(w.a1) as http:
        assert says(meshed) == b"x"
        assert http.request("GET", "/", "b").status == 200
        leave_out(w, w.a1, excludeOutboundPorts=str(ECHO_PORT), excludeOutboundIPRanges=f"{w.out.ip}/32")
        leave_out(w, w.b, excludeInboundPorts=f"{ECHO_PORT},{WEB_PORT}")
        assert says(meshed, b"after") == b"after", "the change cut it"
        assert http.request("GET", "/", "b").status == 200
        with w.a1.connect((w.out.ip, ECHO_PORT)) as past:
            assert says(past) == b"x"
            assert w.far.seen[-1].peer == past.getsockname()[:2]
            leave_out(w, w.a1)
            leave_out(w, w.b)
            assert says(past, b"still") == b"still", "the way back cut what went past"
        assert says(meshed, b"back") == b"back"
        assert http.request("GET", "/", "b").status == 200
    after = {p["name"]: p["netnsCookie"] for p in w.node_a.json("pods")}
    assert cookies == after, "a pod was released"
    assert not is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far)


@case("IPv6 destinations and arrivals are left out like those of IPv4, each family by its own ranges")
def six(w: Lists) -> None:
    far6 = (w.out.ip6, ECHO_PORT)
    assert not is_direct(w.a1, far6, w.far6)
    leave_out(w, w.a1, excludeOutboundIPRanges=f"{w.out.ip6}/128")
    assert is_direct(w.a1, far6, w.far6) and not is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far)
    leave_out(w, w.a1, includeOutboundIPRanges="0.0.0.0/0")
    assert is_direct(w.a1, far6, w.far6) and not is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far)
    leave_out(w, w.a1, includeOutboundIPRanges="::/0")
    assert not is_direct(w.a1, far6, w.far6) and is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far)
    leave_out(w, w.a1, excludeOutboundIPRanges="::/0")
    assert is_direct(w.a1, far6, w.far6) and not is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far)
    leave_out(w, w.a1, excludeOutboundPorts=str(ECHO_PORT))
    assert is_direct(w.a1, far6, w.far6)
    leave_out(w, w.a1)
    assert not arrives_direct(w, ECHO_PORT, w.b6, ip=w.b.ip6)
    leave_out(w, w.b, excludeInboundPorts=str(ECHO_PORT))
    assert arrives_direct(w, ECHO_PORT, w.b6, ip=w.b.ip6)
    with w.a1.connect((w.b.ip6, ECHO_PORT), 5) as sock:
        assert says(sock) == b"x" and w.b6.seen[-1].peer[0] == w.a1.ip6
    leave_out(w, w.b)


@case("an annotation that cannot be read captures everything, and the finding says where it is")
def unreadable(w: Lists) -> None:
    leave_out(w, w.a1, excludeOutboundPorts=str(ECHO_PORT), excludeInboundPorts="http")
    assert not is_direct(w.a1, (w.out.ip, ECHO_PORT), w.far), "half of what was asked for is in force"
    found = [f for f in findings(w, "Pod") if f["name"] == "a1"]
    assert len(found) == 1 and found[0]["code"] == "IST0125" and found[0]["severity"] == "warning", found
    assert "excludeInboundPorts" in found[0]["path"] and found[0]["line"] > 1 and found[0]["remedy"], found
    assert next(p for p in w.node_a.json("pods") if p["name"] == "a1")["state"] == "Ready"
    leave_out(w, w.a1)
    assert not [f for f in findings(w, "Pod") if f["name"] == "a1"]


@case("pods, proxy-config and explain show what is left out")
def shown(w: Lists) -> None:
    leave_out(w, w.a1, excludeOutboundPorts=str(ECHO_PORT))
    pod = next(p for p in w.node_a.json("pods") if p["name"] == "a1")
    assert pod["lists"]["excludeOutboundPorts"] == [ECHO_PORT] and pod["lists"]["includeInboundPorts"] == ["*"], pod
    assert f"to {ECHO_PORT}" in w.node_a.ctl("pods").stdout
    rows = w.node_a.json("proxy-config", "listeners", "shop/a1")
    assert [r for r in rows if r["port"] == ECHO_PORT and r["match"] == "outbound, excluded"], rows
    answer = w.node_a.json("explain", "--from", "shop/a1", f"tcp://{w.out.ip}:{ECHO_PORT}")
    assert (answer["verdict"], answer["details"]) == ("passthrough", "not_captured"), answer
    answer = w.node_a.json("explain", "--from", "shop/a1", "GET", "http://b/")
    assert answer["verdict"] == "route", answer
    leave_out(w, w.a1)
    assert next(p for p in w.node_a.json("pods") if p["name"] == "a1")["lists"]["excludeOutboundPorts"] == []


@case("status says that nothing went past the mesh, how the node fares without a daemon, and that capture works")
def status(w: Lists) -> None:
    answer = w.node_a.status()
    assert (answer["onProxyDown"], answer["unknownPods"]) == ("closed", "deny"), answer
    assert answer["unmeshedConnections"] == 0, answer["counters"]

    def tested() -> bool:
        pods = {p["name"]: p for p in w.node_a.json("pods") if p["name"] in ("a1", "b")}
        return all(p["selfTest"]["passed"] > 0 and not p["selfTest"]["lastFailure"] for p in pods.values())
    until(tested, 45, f"the self-test of each pod passes: {[p.get('selfTest') for p in w.node_a.json('pods')]}")
    assert "0 connections of pods in the mesh went past it" in w.node_a.ctl("status").stdout


def space(**labels: str) -> dict:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}}


def meshed(w: World, pod) -> bool:
    """A Service's address is routed by the mesh only."""
    return not fails(pod, w.to("b")) and outcome(w, pod) == "200"


@case("a namespace that gets, loses or changes its label takes its pods along, and so does the object itself")
def namespace_labels(w: Lists) -> None:
    label = "istio-injection"
    steps = [([], True), ([space(**{label: "enabled"})], True), ([space()], False), ([space(**{label: "enabled"})], True),
             ([space(**{label: "disabled"})], False), ([], True)]
    for documents, expected in steps:
        w.configure(*documents)
        assert meshed(w, w.a1) == expected, documents
        # Whatever it is, its plain traffic to the pods' own addresses works.
        assert is_direct(w.a1, (w.b.ip, ECHO_PORT), w.on_b.echo) or expected, documents
        states = {p["name"]: p["state"] for p in w.node_a.json("pods") if p["name"] in ("a1", "a2", "b")}
        assert set(states.values()) == {"Ready" if expected else "NotEnrolled"}, states


@case("a pod's label and annotation take it out of the mesh and in again, in every order")
def pod_labels(w: Lists) -> None:
    name = "sidecar.istio.io/inject"
    labels = dict(w.a2.labels)
    for label, annotation, namespace, expected in (
            (None, "false", None, False), (None, None, None, True), ("false", None, None, False), ("true", "false", None, True),
            ("true", None, {}, True), (None, None, {}, False), (None, "true", {}, True), (None, None, None, True)):
        w.a2.labels = {**labels, **({name: label} if label else {})}
        w.a2.annotations = {name: annotation} if annotation else {}
        w.lab.store.put(w.a2.document())
        w.configure(*([space(**namespace)] if namespace is not None else []))
        assert meshed_pod(w, w.a2) == expected, (label, annotation, namespace)
    assert meshed(w, w.a2)


def meshed_pod(w: World, pod) -> bool:
    return next(p for p in w.node_a.json("pods") if p["name"] == pod.name)["state"] == "Ready" and \
        not is_direct(pod, (w.out.ip, ECHO_PORT), w.far)


@case("a connection that is older than its pod's enrolment is told of; where the policy is strict it is ended")
def older(w: Lists) -> None:
    for strict in (False, True):
        pod = w.lab.add_pod("shop", f"late-{strict}".lower(), "node-a", annotations={"sidecar.istio.io/inject": "false"})
        w.node_a.sync()
        if strict:
            w.configure({"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
                         "metadata": {"name": "p", "namespace": "shop"},
                         "spec": {"selector": {"matchLabels": pod.labels}, "mtls": {"mode": "STRICT"}}})
        with pod.connect((w.out.ip, ECHO_PORT)) as old:
            assert says(old) == b"x"
            local, remote = (f"{a}:{p}" for a, p in (old.getsockname(), old.getpeername()))
            pod.annotations = {}
            w.lab.store.put(pod.document())
            w.node_a.sync()
            found = next(p for p in w.node_a.json("pods") if p["name"] == pod.name)["oldConnections"]
            assert [(c["local"], c["remote"], c["destroyed"]) for c in found] == [(local, remote, strict)], found
            if strict:
                try:
                    assert says(old) == b"", "it is still served"
                except OSError:
                    pass
            else:
                assert says(old) == b"x", "it was cut"
        w.configure()
        w.lab.remove_pod(pod)
        w.node_a.sync()


@case("of two servers of a pod, one is left out and leaves no record, the other is in the mesh")
def one_port_only(w: Lists) -> None:
    extra = Web(w.b, 18383)
    leave_out(w, w.b, excludeInboundPorts="18383")
    assert fetch(w.out, (w.b.ip, 18383), "/extra", "b").status == 200
    assert fetch(w.out, (w.b.ip, WEB_PORT), "/first", "b").status == 200
    until(lambda: records_of(w, "/first"), 5, "the first is still in the mesh")
    assert not records_of(w, "/extra")
    leave_out(w, w.b)
    extra.close()
