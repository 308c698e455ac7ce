# SPDX-License-Identifier: Apache-2.0
"""Very many connections of one pod at once."""
from __future__ import annotations

import re
import resource
import time

from bench.meter import cpu_ns
from lab.crowd import Crowd, serve_in
from lab.lab import Lab
from lab.poll import stays, until

from .harness import suite

CASES, case = suite()
PROMISED = 40_000
PORTS = [7001, 7002, 7003, 7004]
SAID, ACCEPT_PAUSE_SECONDS = "Too many open files; tried again", 0.1
DEFAULT_PORT_RANGE = 28_232  # ports of net.ipv4.ip_local_port_range as the kernel has it


class Crowded:
    """One client, one server, and a neighbour of the client, on one node."""

    def __init__(self, direct: bool):
        self.lab = Lab("e2e-crowd", direct=direct)

    def __enter__(self) -> "Crowded":
        lab = self.lab.__enter__()
        try:
            self.node = lab.add_node("node-a", workers=2)
            self.client, self.neighbour, self.server = (lab.add_pod("shop", n, "node-a") for n in ("client", "neighbour", "server"))
            self.address = lab.add_service("shop", "server", [(f"tcp-{p}", p, p) for p in PORTS])
            serve_in(self.server, "echo", PORTS)
            lab.start_nodes()
            lab.sync()
        except BaseException:
            lab.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.lab.__exit__()

    def room(self) -> int:
        """How many relayed connections one pod may have of this daemon, by what it says at its start."""
        said = re.search(r"one pod at most (\d+), for at most (\d+) connections", self.node.log_path.read_text())
        return min(int(said[1]) // 2, int(said[2]))

    def wishes(self) -> int:
        return next(m["entries"] for m in self.node.json("bpf")["maps"] if m["name"] == "sm_wishes")

    def sessions(self) -> int:
        return sum(w["sessions"] or 0 for w in self.node.status()["workers"])


def world(direct: bool) -> Crowded:
    return Crowded(direct)


def narrow_ports(pod, count: int) -> None:
    """As many client ports for `count` connections as the kernel's default has for the promised ones: fewer."""
    ports = count * DEFAULT_PORT_RANGE // PROMISED
    done = pod.run("sh", "-c", f"echo 30000 {30000 + ports - 1} > /proc/sys/net/ipv4/ip_local_port_range")
    assert done.returncode == 0, done.stderr


@case("40 000 connections of one pod at once, fewer where RLIMIT_NOFILE has no room, by shared client ports; each carries "
      "its byte, and nothing is left of them")
def crowd(w: Crowded) -> None:
    count = min(PROMISED, w.room() - 10)
    print(f"      {count} connections (hard limit of descriptors)", flush=True)
    narrow_ports(w.client, count)
    crowd = Crowd(w.client, "echo", count, w.address, PORTS)
    opened, errors = crowd.tell("open")
    assert (opened, errors) == (count, {}), f"{opened} of {count} opened: {errors}"
    until(lambda: w.sessions() == count, 20, "every connection has its session")
    assert w.wishes() == count
    assert crowd.tell("exchange") == (count, {}), "not every connection got its byte back"
    with w.neighbour.connect((w.address, PORTS[0])) as sock:
        sock.sendall(b"beside")
        assert sock.recv(10) == b"beside"
    assert crowd.tell("close") == (count, {})
    until(lambda: w.sessions() == 0, 20, "every session ends")
    until(lambda: w.wishes() == 0, 20, "the kernel forgets every wish")
    refused = w.node.status()["metrics"]["pod_connections_refused"]
    assert refused == 0, refused
    crowd.end()


@case("one pod takes all the connections that it may have: further ones are reset and counted, its neighbour is served")
def noisy(w: Crowded) -> None:
    room = w.room()
    if room > PROMISED:
        room = PROMISED  # the machine has room for more than this case has time for: only the neighbour is looked at
    crowd = Crowd(w.client, "echo", room + 500, w.address, PORTS)
    crowd.tell("open")
    if room < PROMISED:
        until(lambda: sum(w.node.status()["metrics"][m] for m in ("pod_connections_refused", "pod_dials_refused")) >= 500, 20, "refusals are counted")
    with w.neighbour.connect((w.address, PORTS[0])) as sock:
        sock.sendall(b"beside")
        assert sock.recv(10) == b"beside"
    crowd.tell("close")
    crowd.end()
    until(lambda: w.sessions() == 0, 20, "every session ends")
    with w.client.connect((w.address, PORTS[0])) as sock:
        sock.sendall(b"again")
        assert sock.recv(10) == b"again"


@case("a daemon that is out of descriptors waits without spinning, says so once, and goes on when there are some")
def out_of_descriptors(_: Crowded) -> None:
    with Lab("e2e-shortage") as lab:
        node = lab.add_node("node-a", workers=1)
        pods = [lab.add_pod("shop", n, "node-a") for n in ("one", "two", "server")]
        address = lab.add_service("shop", "server", [("tcp-7001", 7001, 7001)])
        serve_in(pods[2], "echo", [7001])
        lab.start_nodes()
        lab.sync()
        first, second = (Crowd(pod, "echo", 40, address, [7001]) for pod in pods[:2])
        assert first.tell("open") == (40, {}) and first.tell("exchange") == (40, {})
        before = resource.prlimit(node.pid(), resource.RLIMIT_NOFILE)
        resource.prlimit(node.pid(), resource.RLIMIT_NOFILE, (20, before[1]))  # every number below is taken
        began = time.monotonic()
        assert second.tell("open") == (40, {})  # the kernel takes them; the daemon has not accepted them yet
        until(lambda: SAID in node.log_path.read_text(), 10, "the daemon says that it has no descriptor")
        spent = cpu_ns(node.pid())
        stays(lambda: cpu_ns(node.pid()) - spent < 200_000_000, 1.0, "the daemon does not spin")
        assert first.tell("exchange") == (40, {}), "those that are open suffer"
        resource.prlimit(node.pid(), resource.RLIMIT_NOFILE, before)
        assert second.tell("exchange") == (40, {}), "those that waited are not served"
        tries = node.status()["metrics"]["accept_failed"]
        assert 3 <= tries <= 2 + (time.monotonic() - began) / ACCEPT_PAUSE_SECONDS, tries
        assert node.log_path.read_text().count(SAID) == 1
        for crowd in (first, second):
            crowd.tell("close")
            crowd.end()
