# SPDX-License-Identifier: Apache-2.0
"""The daemon's and the pods' lives: kill, restart, stop, uninstall; pods that come and go."""
from __future__ import annotations

import json
import subprocess

from lab import kernel
from lab.http1 import Broken, fetch
from lab.poll import until

from .apps import Echo
from .capture import syns
from .harness import suite
from .world import WEB_PORT, World, to_host, virtual_service

CASES, case = suite()
POD_CYCLES = 30


class Own(World):
    """Daemons in cgroups of their own, so that what they attach there can be told from other tests'."""

    def build(self) -> None:
        add_node = self.lab.add_node

        def add(name: str, **options):
            node = add_node(name, **options)
            node.own_cgroup = True
            return node
        self.lab.add_node = add
        super().build()


def world(direct: bool) -> Own:
    return Own("life", direct)


def works(w: World, pod, service: str = "b") -> bool:
    try:
        return w.get(pod, service, timeout=3).status == 200
    except (OSError, Broken):
        return False


def closed(w: World, why: str) -> None:
    """Nothing meshed on node-a gets out or in, nothing leaks, and what is local to a pod still works."""
    squatters = [Echo(w.a1, 15001), Echo(w.b, 15006)]
    w.forget()
    with w.lab.sniffer(w.a1) as tap:
        for address in (w.to("b"), w.to("c"), (w.b.ip, WEB_PORT), (w.c.ip, WEB_PORT), (w.out.ip, 80)):
            try:
                answer = fetch(w.a1, address, "/", "b", timeout=3)
                raise AssertionError(f"{why}: a1 got {answer.status} from {address}")
            except (OSError, Broken):
                pass
        assert not syns(tap), f"{why}: a SYN left a1"
    for outsider in (w.out, w.d):
        for port in (WEB_PORT, 9000):
            try:
                with outsider.connect((w.b.ip, port), 3) as sock:
                    sock.sendall(b"GET / HTTP/1.1\r\nhost: b\r\n\r\n")
                    got = sock.recv(100)
                    assert not got or b" 503 " in got, f"{why}: {outsider} got {got!r} from b:{port}"
            except OSError:
                pass
    assert not w.on_b.web.requests() and not w.on_b.echo.new(), f"{why}: an application was reached"
    assert not [s for app in squatters for s in app.seen], f"{why}: a squatter was reached"
    for address in ("127.0.0.1", w.b.ip):
        with w.b.connect((address, 9000), 3) as sock:
            sock.sendall(b"local")
            assert sock.recv(10) == b"local", f"{why}: what is local to a pod does not work"
    for app in squatters:
        app.close()


@case("kill -9: pods can neither send nor receive, nothing leaks, local traffic works (T19)")
def killed(w: World) -> None:
    assert works(w, w.a1)
    w.node_a.kill()
    closed(w, "after kill -9")
    assert works(w, w.d, "c"), "the other node suffers"


@case("a restart recovers without touching the pods")
def restarted(w: World) -> None:
    pids = [pod.pid for pod in (w.a1, w.b)]
    w.node_a.start()
    w.node_a.sync()
    assert works(w, w.a1) and works(w, w.a1, "c") and works(w, w.d) and works(w, w.b)
    assert json.loads(w.get(w.a1).body)["peer"][0] == w.a1.ip
    assert [pod.pid for pod in (w.a1, w.b)] == pids


@case("the last good version of a broken document survives a restart")
def last_good(w: World) -> None:
    w.configure(virtual_service("b", ["b"], [{"route": [to_host("c")]}]))
    w.configure(virtual_service("b", ["b"], [{"match": [{"uri": {"regex": "("}}], "route": [to_host("b")]}]))
    w.node_a.kill()
    w.node_a.start()
    assert w.node_a.sync()["quarantined"] == 1
    assert json.loads(w.get(w.a1).body)["pod"] == "c"
    w.configure()
    assert json.loads(w.get(w.a1).body)["pod"] == "b"


@case("the daemon killed in the middle of anything starts again, five times over")
def killed_often(w: World) -> None:
    for _ in range(5):
        w.node_a.kill()
        w.node_a.start()
        w.node_a.sync()
        assert works(w, w.a1) and works(w, w.a2) and works(w, w.d)


@case("SIGTERM ends with 0 and leaves everything closed; requests that are under way end")
def terminated(w: World) -> None:
    with w.open(w.a1) as connection:
        connection.send_head("GET", "/bytes/3000000", {"host": "b"})
        answer = connection.response()
        assert answer.status == 200 and answer.length == 3_000_000
        assert w.node_a.terminate() == 0
    closed(w, "after SIGTERM")
    w.node_a.start()
    w.node_a.sync()
    assert works(w, w.a1)


@case("a pod that appears at run time is enrolled, one that is deleted is let go: 30 times, nothing is left (T28)")
def cycles(w: World) -> None:
    lab = w.lab

    def once(number: int) -> None:
        pod = lab.add_pod("shop", f"cycle-{number}", "node-a")
        w.node_a.sync()
        assert works(w, pod), f"cycle {number}"
        lab.remove_pod(pod)
        w.node_a.sync()
        until(lambda: not cable(lab, pod), 10, f"the namespace of cycle {number} is freed")

    once(0)
    before = w.node_a.descriptors()
    for number in range(1, POD_CYCLES + 1):
        once(number)
    until(lambda: w.node_a.descriptors() <= before + 3, 10, f"descriptors come back to {before} (now {w.node_a.descriptors()})")
    def left() -> list[dict]:
        return [p for p in w.node_a.json("pods") if p["name"].startswith("cycle-")]

    until(lambda: not left(), 10, f"no deleted pod is told of any more (now {left()})")


def cable(lab, pod) -> bool:
    """The fabric's end of the pod's cable goes when nobody holds the pod's namespace."""
    return subprocess.run(["ip", "-n", lab.fabric, "link", "show", pod.veth], capture_output=True).returncode == 0


@case("a pod whose processes are gone is let go though its object is still there")
def orphan(w: World) -> None:
    pod = w.lab.add_pod("shop", "orphan", "node-a")
    w.node_a.sync()
    assert works(w, pod)
    document = pod.document()
    w.lab.remove_pod(pod, keep_object=True)
    until(lambda: not cable(w.lab, pod), 15, "the namespace is freed")
    assert works(w, w.a1)
    w.lab.store.remove(document)
    w.node_a.sync()


@case("a Pod object that changes is followed: out of the mesh by its annotation, and in again")
def changed(w: World) -> None:
    out = {"sidecar.istio.io/inject": "false"}
    pod = w.lab.add_pod("shop", "turncoat", "node-a", annotations=dict(out))
    w.node_a.sync()
    assert not works(w, pod), "an un-meshed pod reaches a clusterIP that nothing routes"
    with pod.connect((w.b.ip, 9000), 3) as sock:
        sock.sendall(b"x")
        assert sock.recv(10) == b"x", "its plain traffic does not work"
    pod.annotations = {}
    w.lab.store.put(pod.document())
    w.node_a.sync()
    assert works(w, pod), "it is not in the mesh again"
    w.lab.remove_pod(pod)
    w.node_a.sync()


@case("uninstall leaves no pin, no link, no program, and plain traffic")
def uninstalled(w: World) -> None:
    places = {"pods' cgroup": w.lab.cgroup / "node-a", "daemon's cgroup": w.lab.cgroup / "daemon-node-a"}
    assert kernel.attached_to_cgroup(places["pods' cgroup"]), "the look itself finds nothing while it runs"
    assert kernel.attached(w.a1.netns_path, kernel.SK_LOOKUP) == 1
    assert w.node_a.terminate() == 0
    assert kernel.attached_to_cgroup(places["pods' cgroup"]), "SIGTERM detached the programs"
    done = w.node_a.ctl("uninstall")
    assert done.returncode == 0, done.stderr
    for name, cgroup in places.items():
        assert not kernel.attached_to_cgroup(cgroup), (name, kernel.attached_to_cgroup(cgroup))
    for pod in w.lab.pods.values():
        if pod.node == "node-a":
            assert kernel.attached(pod.netns_path, kernel.SK_LOOKUP) == 0, f"sk_lookup in {pod}"
    left = list(w.node_a.bpffs.rglob("*")) if w.node_a.bpffs.exists() else []
    assert not left and not w.node_a.bpffs.is_dir(), left or "the pins' directory is left"
    with w.a1.connect((w.b.ip, 9000), 3) as sock:
        sock.sendall(b"plain")
        assert sock.recv(10) == b"plain"
    assert w.node_a.ctl("uninstall").returncode == 0, "a second uninstall fails"
    w.node_a.start()
    w.node_a.sync()
    assert works(w, w.a1), "it does not start again"
