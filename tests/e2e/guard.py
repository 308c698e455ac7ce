# SPDX-License-Identifier: Apache-2.0
"""What keeps pods captured when something is taken away, hangs, is replaced, or is not known yet."""
from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from pathlib import Path

from lab import kernel
from lab.http1 import Broken, Connection, fetch
from lab.poll import until
from lab.ptrace import StoppedThread

from .apps import Echo
from .capture import syns
from .harness import suite
from .life import closed, works
from .world import ECHO_PORT, WEB_PORT, World

CASES, case = suite()
WATCH_SECONDS = 10  # the watchdog looks every second, at pods every five


def world(direct: bool) -> World:
    return World("guard", direct)


def pins(node) -> Path:
    return node.bpffs / next(name for name in sorted(os.listdir(node.bpffs)) if name.startswith("v"))


def programs(node) -> list[dict]:
    return node.status()["programs"]


def all_attached(node) -> bool:
    return all(row["attached"] and row["pin"] and Path(row["pin"]).exists() for row in programs(node))


def watch(node) -> dict:
    return node.status()["watch"]


def row(node, pod) -> dict:
    return next(p for p in node.json("pods") if p["name"] == pod.name)


@case("each pod's capture is tested again and again, and what went past it is counted: nothing")
def self_test(w: World) -> None:
    for pod in (w.a1, w.a2, w.b, w.gw):
        test = until(lambda pod=pod: row(w.node_a, pod)["selfTest"]["passed"] and row(w.node_a, pod)["selfTest"],
                     WATCH_SECONDS, f"the first test of {pod}")
        assert test["failed"] == 0, test
    assert w.node_a.status()["unmeshedConnections"] == 0
    with w.lab.sniffer(w.a1) as tap:
        before = row(w.node_a, w.a1)["selfTest"]["passed"]
        until(lambda: row(w.node_a, w.a1)["selfTest"]["passed"] > before, 40, "another test")
        assert not syns(tap), "the test itself left the pod"


@case("links that are detached come back by themselves (T25)")
def detached(w: World) -> None:
    names = [row["name"] for row in programs(w.node_a) if "sk_lookup" not in row["hook"]]
    assert len(names) >= 9, names
    for name in names:
        before = watch(w.node_a)["found"]
        kernel.detach(pins(w.node_a) / "links" / name)
        until(lambda: watch(w.node_a)["found"] > before and all_attached(w.node_a), WATCH_SECONDS, f"{name} is back")
    for pin in (pins(w.node_a) / "pods").iterdir():
        kernel.detach(pin)
    until(lambda: all_attached(w.node_a), WATCH_SECONDS, "every sk_lookup is back")
    assert works(w, w.a1) and works(w, w.a1, "c") and works(w, w.d)
    assert any("sm_connect4" in line for line in watch(w.node_a)["last"]), watch(w.node_a)


@case("pins that are removed detach nothing and come back (T25)")
def unpinned(w: World) -> None:
    where = pins(w.node_a)
    def ids() -> set:
        return {(r["name"], r["id"]) for r in programs(w.node_a)}
    before = ids()
    for part in ("links", "maps", "pods"):
        for pin in (where / part).iterdir():
            pin.unlink()
    assert works(w, w.a1) and works(w, w.d), "a removed pin took something out of force"
    until(lambda: all_attached(w.node_a) and ids() == before and len(list((where / "maps").iterdir())) > 8, WATCH_SECONDS,
          "the pins of the same programs are back")
    shutil.rmtree(where, ignore_errors=True)
    until(lambda: where.exists() and all_attached(w.node_a) and ids() == before, WATCH_SECONDS, "the whole directory is back")
    w.node_a.kill()
    closed(w, "after the pins were removed and put back")
    w.node_a.start()
    w.node_a.sync()
    assert works(w, w.a1)


@case("a worker that hangs loses its slots: its pods are refused, others served; it gets them back")
def stuck(w: World) -> None:
    owners = {pod.name: row(w.node_a, pod)["workers"] for pod in (w.a1, w.a2, w.b)}
    worker = owners["a1"][0]
    assert works(w, w.a1)
    with StoppedThread(w.node_a.pid(), f"worker-{worker}"):
        until(lambda: watch(w.node_a)["stuckWorkers"] == [worker], 20, "the worker is found to hang")
        try:
            w.a1.connect(w.to("b"), 3).close()
            raise AssertionError("a worker that hangs still gets connections")
        except ConnectionRefusedError:
            pass
    until(lambda: watch(w.node_a)["stuckWorkers"] == [] and works(w, w.a1), 20, "it answers again")


class Load(threading.Thread):
    """One request a connection, one after the other, from one pod; remembers what went wrong."""

    def __init__(self, w: World, pod, service: str):
        super().__init__(daemon=True)
        self.w, self.pod, self.service = w, pod, service
        self.done, self.wrong, self.ending = 0, [], threading.Event()

    def run(self) -> None:
        while not self.ending.is_set():
            try:
                answer = self.w.get(self.pod, self.service, timeout=10)
                if answer.status != 200 or json.loads(answer.body)["pod"] != self.service:
                    self.wrong.append(f"{answer.status} {answer.body[:100]!r}")
            except (OSError, Broken) as error:
                self.wrong.append(repr(error))
            self.done += 1

    def stop(self) -> None:
        self.ending.set()
        self.join(20)


@case("the daemon is replaced four times under load, by one that takes over: no request fails (T21)")
def handover(w: World) -> None:
    loads = [Load(w, w.a1, "b"), Load(w, w.a2, "c"), Load(w, w.d, "b")]
    kept = Connection(w.a1.connect(w.to("b")))
    for load in loads:
        load.start()
    try:
        for _ in range(4):
            count = [load.done for load in loads]
            old = w.node_a.process
            answer = w.node_a.json("handover")
            assert answer == {"handingOver": True}, answer
            kept.request("GET", "/kept", "b")
            until(lambda: not (w.node_a.run_dir / "admin.sock").exists(), 5, "the old daemon lets go")
            w.node_a.start()
            w.node_a.sync()
            assert w.node_a.pid() == w.node_a.process.pid != old.pid
            assert old.wait(20) == 0, "the old one did not end well"
            until(lambda: all(load.done > before + 5 for load, before in zip(loads, count)), 20, "requests go on")
            kept = Connection(w.a1.connect(w.to("b")))
    finally:
        for load in loads:
            load.stop()
    assert not [x for load in loads for x in load.wrong], [load.wrong[:3] for load in loads]
    assert all_attached(w.node_a)


@case("a handover that nobody takes up ends with the same daemon serving")
def not_taken(w: World) -> None:
    empty = w.lab.add_node("node-e", **w.node_options)  # without pods there is nothing that a successor could have
    empty.start()
    empty.sync()
    nodes = (w.node_a, empty)
    pids = [node.pid() for node in nodes]
    for node in nodes:
        node.json("handover")
    for node in nodes:
        until(lambda node=node: not (node.run_dir / "admin.sock").exists(), 5, "it lets go")
    assert works(w, w.a1)
    for node in nodes:
        until(lambda node=node: (node.run_dir / "admin.sock").exists(), 45, "it goes on")
        node.sync()
    assert [node.pid() for node in nodes] == pids and works(w, w.a1)
    empty.terminate()


@case("the pods' cgroup is removed and made again: what runs there then is captured within seconds (T25)")
def recreated(w: World) -> None:
    node = w.lab.add_node("node-c", **w.node_options)
    node.start()
    node.sync()
    path = w.lab.cgroup / "node-c"
    for child in path.iterdir():
        if child.is_dir():
            child.rmdir()
    path.rmdir()
    until(lambda: any("does not exist" in line for line in watch(node)["last"]), WATCH_SECONDS, "it is noticed")
    path.mkdir()
    until(lambda: all_attached(node) and kernel.attached(path, kernel.CGROUP_TYPES["connect4"]) == 1, WATCH_SECONDS,
          "the programs hang there again")
    late = w.lab.add_pod("shop", "late", "node-c")
    node.sync()
    assert works(w, late)
    node.terminate()
    w.lab.remove_pod(late)


def dialling(pod, address: tuple[str, int], seconds: float) -> tuple[threading.Thread, list]:
    """A request that another thread makes; the list gets the answer."""
    answers: list = []

    def run() -> None:
        try:
            answers.append(fetch(pod, address, "/", "b", timeout=seconds))
        except (OSError, Broken) as error:
            answers.append(error)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, answers


@case("hold: connections of a pod that is not known yet wait, and go on as meshed once it is; inbound too (T22)")
def hold(_: World) -> None:
    with World("hold", unknownPods="hold") as w:
        new, gone = w.stranger, w.lab.add_pod("shop", "gone", "node-a", listed=False)
        served = Echo(new, ECHO_PORT)
        with w.lab.sniffer(new) as tap:
            out, got_out = dialling(new, w.to("b"), 20)
            never, got_never = dialling(gone, w.to("b"), 4)
            inbound = w.out.socket()
            inbound.setblocking(False)
            inbound.connect_ex((new.ip, ECHO_PORT))
            with new.connect(("127.0.0.1", ECHO_PORT)) as local:
                local.sendall(b"own")
                assert local.recv(10) == b"own", "loopback waits too"
            until(lambda: w.node_a.json("bpf")["counters"]["hold.out"] >= 2 and w.node_a.json("bpf")["counters"]["hold.in"] >= 1,
                  10, "both directions are held")
            assert not got_out and len(served.seen) == 1
            assert not [s for s in syns(tap) if s[26:30] == socket.inet_aton(new.ip)], "a SYN left the pod"
        w.lab.store.put(new.document())
        w.node_a.sync()
        out.join(20)
        assert got_out and getattr(got_out[0], "status", 0) == 200, got_out
        inbound.setblocking(True)
        inbound.settimeout(20)
        inbound.sendall(b"late")
        assert inbound.recv(10) == b"late"
        assert served.seen[-1].peer[0] == w.out.ip, served.seen[-1]
        never.join(10)
        assert isinstance(got_never[0], OSError), got_never
        assert w.node_a.status()["unmeshedConnections"] == 0


@case("onProxyDown: open: with the daemon away pods talk as without a mesh; with it they are captured; status says it")
def open_when_down(_: World) -> None:
    with World("open", onProxyDown="open") as w:
        assert json.loads(w.get(w.a1).body)["pod"] == "b"
        assert w.node_a.status()["onProxyDown"] == "open"
        w.node_a.kill()
        for client, server in ((w.a1, w.on_b), (w.out, w.on_b), (w.a1, w.on_c)):
            answer = fetch(client, (server.pod.ip, WEB_PORT), "/", "b")
            assert json.loads(answer.body)["peer"][0] == client.ip, answer
        w.node_a.start()
        w.node_a.sync()
        assert works(w, w.a1)
        counters = w.node_a.json("bpf")["counters"]
        assert counters["connect.open"] and counters["arrive.open"], counters


@case("connections older than a pod's enrolment are listed and live; when its policy becomes strict they are destroyed")
def old_connections(_: World) -> None:
    with World("old", unknownPods="allow") as w:
        pod = w.stranger
        server, far = Echo(pod, ECHO_PORT), Echo(w.out, 9191)
        with w.out.connect((pod.ip, ECHO_PORT)) as arriving, pod.connect((w.out.ip, 9191)) as leaving:
            def talk() -> None:
                for sock in (arriving, leaving):
                    sock.sendall(b"x")
                    assert sock.recv(10) == b"x"
            talk()
            w.lab.store.put(pod.document())
            w.node_a.sync()
            listed = row(w.node_a, pod)["oldConnections"]
            out = f"{w.out.ip}:"
            assert len(listed) == 2 and all(one["remote"].startswith(out) and not one["destroyed"] for one in listed), listed
            talk()
            with pod.connect(w.to("b", 9000)) as meshed:
                meshed.sendall(b"x")
                assert meshed.recv(10) == b"x"
                assert len(row(w.node_a, pod)["oldConnections"]) == 2
            strict = {"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
                      "metadata": {"name": "strict", "namespace": "shop"},
                      "spec": {"selector": {"matchLabels": pod.labels}, "mtls": {"mode": "STRICT"}}}
            w.lab.place("60-strict.yaml", [strict])
            w.node_a.sync()
            assert all(one["destroyed"] for one in row(w.node_a, pod)["oldConnections"])
            for sock in (arriving, leaving):
                try:
                    sock.sendall(b"x")
                    assert not sock.recv(10), "an older connection lives on beside a strict policy"
                except OSError:
                    pass
        server.close()
        far.close()
